-- Django-CRM / BottleCRM (MicroPyramid, August 2026; schema public), attached.
--
--     psql -d bottlecrm -v ON_ERROR_STOP=1 -f django_crm.sql
--
-- What is a lead: a row of lead that is active and no sample.  The tenant's
-- column is org_id: each organization becomes a workspace of ours, with
-- bindings of its own that a filter keeps apart.
--
-- Run it as a role that bypasses row-level security (a superuser, or one with
-- BYPASSRLS that owns the tables): every table has policies that are forced
-- upon the owner too, on the setting app.current_org, and the binding's
-- expressions run as the role that attaches.  check_attachment() tells when it
-- would see nothing.
--
-- Mode: queued.  Django writes the lead first and its owners (many-to-many)
-- after it in the same transaction, with deferred foreign keys.
--
-- Owner: lead_assigned_to holds any number; the first by id is the owner.
-- Stage: the stage's name, else the status (a lead that is on no board).
--
-- Write-back: possible into a column of your own, and off.  updated_at is set by
-- Django's save(): bump => '{"updated_at": "pg_catalog.now()"}'.  A session that
-- writes must set app.current_org unless it bypasses the policies.
--
-- What stays the host's: policies, kanban order, conversion to accounts (the
-- opportunity does not say which lead it came from, so deals are not attached).

CREATE EXTENSION IF NOT EXISTS pg_revops;

CREATE PROCEDURE pg_temp.attach_organization(org uuid, name text)
LANGUAGE plpgsql AS $do$
DECLARE
    ours int := revops.create_workspace(name);
    leads text := 'leads ' || name;
    mine text := format('org_id = %L', org);
    draft int;
BEGIN
    INSERT INTO revops.rep (workspace_id, rep, active)
    SELECT ours, p.id::text, p.is_active FROM public.profile p WHERE p.org_id = org;

    draft := revops.draft_agreement(ours, 'moves that the board and the list make');
    INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
    SELECT draft, f.stage, t.stage
    FROM unnest(ARRAY['lead', 'nurture', 'mql', 'sql', 'opportunity', 'disqualified']) AS f (stage),
         unnest(ARRAY['lead', 'nurture', 'sql', 'opportunity', 'disqualified']) AS t (stage)
    WHERE f.stage <> t.stage
    ON CONFLICT DO NOTHING;
    PERFORM revops.adopt_agreement(draft);

    PERFORM revops.attach_lead(leads, 'public.lead',
        roles => jsonb_build_object(
            'email',      $$NULLIF(lower(email), '')$$,
            'company',    'company_name',
            'title',      'job_title',
            'country',    'country',
            'industry',   'industry',
            'size',       $$custom_fields ->> 'employees'$$,
            'source',     'source',
            'stage',      '(SELECT coalesce((SELECT s.name FROM public.lead_stage s WHERE s.id = lead.stage_id), lead.status))',
            'outcome',    $$CASE coalesce((SELECT s.stage_type FROM public.lead_stage s WHERE s.id = lead.stage_id),
                                          CASE status WHEN 'converted' THEN 'won' WHEN 'closed' THEN 'lost' END)
                            WHEN 'won' THEN 'won' WHEN 'lost' THEN 'lost' END$$,
            'owner',      '(SELECT a.profile_id FROM public.lead_assigned_to a WHERE a.lead_id = lead.id ORDER BY a.id LIMIT 1)',
            'created_at', 'created_at',
            'updated_at', 'updated_at',
            'amount',     'opportunity_amount',
            'currency',   'currency'),
        filter => 'is_active AND NOT is_sample AND ' || mine, mode => 'queued', workspace_id => ours,
        stage_map => '{"New": "lead", "Working": "sql", "Won": "opportunity", "Lost": "disqualified",
                       "assigned": "lead", "in process": "sql", "converted": "opportunity", "recycled": "nurture", "closed": "disqualified"}');

    PERFORM revops.attach_lookup('owners ' || name, 'public.lead_assigned_to', leads,
        roles => jsonb_build_object('lead', 'lead_id'));

    -- What users wrote about a lead, and tasks that are done.
    PERFORM revops.attach_touch('comments ' || name, 'public.activity', leads,
        roles => jsonb_build_object('lead', 'entity_id', 'signal', $$'call'$$, 'occurred_at', 'created_at'),
        filter => $$entity_type = 'Lead' AND action = 'COMMENT' AND $$ || mine);
    PERFORM revops.attach_touch('tasks ' || name, 'public.task', leads,
        roles => jsonb_build_object('lead', 'lead_id', 'signal', $$'call'$$, 'occurred_at', 'updated_at'),
        filter => $$status = 'Completed' AND lead_id IS NOT NULL AND $$ || mine);
END
$do$;

SELECT format('CALL pg_temp.attach_organization(%L, %L)', id, name) FROM public.organization WHERE is_active ORDER BY name \gexec
SELECT format('CALL revops.backfill(%L)', binding)
FROM revops.binding WHERE kind <> 'lookup' AND detached_at IS NULL ORDER BY binding_id \gexec
