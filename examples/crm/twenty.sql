-- Twenty (standard objects, late 2025 and 2026; one schema for each of its
-- workspaces, listed in core.workspace), attached.
--
--     psql -d twenty -v ON_ERROR_STOP=1 -f twenty.sql
--
-- What is a lead: an opportunity that is not deleted ("deletedAt" IS NULL), with
-- the person it names for the e-mail and the company for the rest.  Twenty has
-- no lead object; attach "person" in the same way if persons are what you work.
-- Each workspace of Twenty's becomes one of ours, with bindings of its own:
-- "leads Acme", "deals Acme" ...  A new workspace is attached by running the
-- same calls for it.
--
-- Mode: queued.  Twenty alters its tables while it runs: editing a select field
-- adds a column with the default, fills it, drops the old one.  What is settled
-- after the commit reads the row as it is by then; in doubt, reconcile.
--
-- Write-back: into a custom field of type number, and off.  "updatedAt" is
-- bumped by Twenty itself; timelineActivity and its webhooks are made by the
-- application only, so use its API for stage and owner.  Generated columns
-- ("searchVector") and the enum types are read-only to us.
--
-- What stays the host's: everything that metadata says; we bind columns by
-- name and follow a rename by number.

CREATE EXTENSION IF NOT EXISTS pg_revops;

CREATE PROCEDURE pg_temp.attach_workspace(name text, host_schema text)
LANGUAGE plpgsql AS $do$
DECLARE
    ours int := revops.create_workspace(name);
    draft int;
    own_columns boolean := EXISTS (SELECT FROM pg_attribute WHERE attname = 'ownerId' AND NOT attisdropped
                                   AND attrelid = format('%I.opportunity', host_schema)::regclass);
BEGIN
    -- A workspace's members are its reps, by the key that "ownerId" holds.
    EXECUTE format('INSERT INTO revops.rep (workspace_id, rep, active)
                    SELECT %s, m.id::text, m."deletedAt" IS NULL FROM %I."workspaceMember" m', ours, host_schema);

    draft := revops.draft_agreement(ours, 'moves that Twenty''s board makes');
    INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
    SELECT draft, f.stage, t.stage
    FROM unnest(ARRAY['lead', 'mql', 'sql', 'opportunity', 'customer']) AS f (stage),
         unnest(ARRAY['lead', 'sql', 'opportunity', 'customer']) AS t (stage)
    WHERE f.stage <> t.stage
    ON CONFLICT DO NOTHING;
    PERFORM revops.adopt_agreement(draft);

    -- %1$I: the schema.  Before 2026 an opportunity had no owner of its own.
    PERFORM revops.attach_lead('leads ' || name, format('%I.opportunity', host_schema)::regclass,
        roles => jsonb_build_object(
            'email',      format('(SELECT p."emailsPrimaryEmail" FROM %I.person p WHERE p.id = opportunity."pointOfContactId")', host_schema),
            'company',    format('(SELECT c.name FROM %I.company c WHERE c.id = opportunity."companyId")', host_schema),
            'title',      format($$(SELECT NULLIF(p."jobTitle", '') FROM %I.person p WHERE p.id = opportunity."pointOfContactId")$$, host_schema),
            'country',    format($$(SELECT NULLIF(c."addressAddressCountry", '') FROM %I.company c WHERE c.id = opportunity."companyId")$$, host_schema),
            'size',       format('(SELECT c.employees::text FROM %I.company c WHERE c.id = opportunity."companyId")', host_schema),
            'source',     '"createdBySource"',
            'stage',      'stage',
            'outcome',    $$CASE stage::text WHEN 'CUSTOMER' THEN 'won' END$$,
            'owner',      format(CASE WHEN own_columns THEN 'coalesce("ownerId", %1$s)' ELSE '%1$s' END,
                                 format('(SELECT c."accountOwnerId" FROM %I.company c WHERE c.id = opportunity."companyId")', host_schema)),
            'created_at', '"createdAt"',
            'updated_at', '"updatedAt"',
            'amount',     '"amountAmountMicros" / 1000000',
            'currency',   '"amountCurrencyCode"'),
        filter => '"deletedAt" IS NULL', mode => 'queued', workspace_id => ours,
        stage_map => '{"NEW": "lead", "SCREENING": "lead", "MEETING": "sql", "PROPOSAL": "opportunity", "CUSTOMER": "customer"}');

    -- What the roles look up is a person's or a company's row.
    PERFORM revops.attach_lookup('persons ' || name, format('%I.person', host_schema)::regclass, 'leads ' || name,
        roles => jsonb_build_object('lead', format(
            'ARRAY(SELECT o.id::text FROM %I.opportunity o WHERE o."pointOfContactId" = person.id)', host_schema)));
    PERFORM revops.attach_lookup('companies ' || name, format('%I.company', host_schema)::regclass, 'leads ' || name,
        roles => jsonb_build_object('lead', format(
            'ARRAY(SELECT o.id::text FROM %I.opportunity o WHERE o."companyId" = company.id)', host_schema)));

    -- The same rows are deals from the proposal on; money is in millionths.
    PERFORM revops.attach_opportunity('deals ' || name, format('%I.opportunity', host_schema)::regclass, 'leads ' || name,
        roles => jsonb_build_object(
            'lead',      'id',
            'won',       $$stage::text = 'CUSTOMER'$$,
            'amount',    '"amountAmountMicros" / 1000000',
            'currency',  '"amountCurrencyCode"',
            'opened_at', '"createdAt"',
            'closed_at', $$CASE stage::text WHEN 'CUSTOMER' THEN "updatedAt" END$$),
        filter => $$"deletedAt" IS NULL AND stage::text IN ('PROPOSAL', 'CUSTOMER')$$);

    -- Activities: a task that is done (two tables: the link, and the task, which
    -- a filter cannot read: what is not done is a signal that scores nothing),
    -- and a message or meeting that Twenty linked to the opportunity.
    INSERT INTO revops.signal (workspace_id, signal, direction) VALUES (ours, 'planned', 'outbound');
    PERFORM revops.attach_touch('tasks ' || name, format('%I."taskTarget"', host_schema)::regclass, 'leads ' || name,
        roles => jsonb_build_object(
            'lead',        '"targetOpportunityId"',
            'signal',      format($$(SELECT CASE t.status::text WHEN 'DONE' THEN 'call' ELSE 'planned' END
                                    FROM %I.task t WHERE t.id = "taskTarget"."taskId")$$, host_schema),
            'occurred_at', format('(SELECT t."updatedAt" FROM %I.task t WHERE t.id = "taskTarget"."taskId")', host_schema)),
        filter => '"targetOpportunityId" IS NOT NULL AND "deletedAt" IS NULL');
    PERFORM revops.attach_touch('timeline ' || name, format('%I."timelineActivity"', host_schema)::regclass, 'leads ' || name,
        roles => jsonb_build_object(
            'lead',        '"targetOpportunityId"',
            'signal',      $$CASE name WHEN 'linked-message.created' THEN 'email_reply' ELSE 'meeting' END$$,
            'occurred_at', '"happensAt"'),
        filter => $$"targetOpportunityId" IS NOT NULL AND name IN ('linked-message.created', 'linked-calendarEvent.created')$$);
END
$do$;

SELECT format('CALL pg_temp.attach_workspace(%L, %L)', "displayName", "databaseSchema")
FROM core.workspace WHERE "deletedAt" IS NULL AND "activationStatus" = 'ACTIVE' ORDER BY id \gexec
-- Twenty's timeline tells what the stage became.
SELECT format('CALL revops.adopt_history(%L, %L, %L, %L)', 'leads ' || "displayName", format('%I."timelineActivity"', "databaseSchema"),
              jsonb_build_object('lead', '"targetOpportunityId"', 'stage', $$properties #>> '{diff,stage,after}'$$, 'at', '"happensAt"'),
              $$name = 'opportunity.updated' AND properties #> '{diff,stage}' IS NOT NULL$$)
FROM core.workspace WHERE "deletedAt" IS NULL AND "activationStatus" = 'ACTIVE' ORDER BY id \gexec
SELECT format('CALL revops.backfill(%L)', binding)
FROM revops.binding WHERE kind <> 'lookup' AND detached_at IS NULL ORDER BY binding_id \gexec
