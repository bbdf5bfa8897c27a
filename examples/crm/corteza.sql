-- Corteza 2024.9 with its CRM application (schema public), attached.
--
--     psql -d corteza -v ON_ERROR_STOP=1 -f corteza.sql
--
-- What is a lead: a row of compose_record whose rel_module is the Lead module of
-- the CRM namespace, and that is not deleted.  All modules of all namespaces
-- share this one table, and a field is an array in "values": {"Email": ["a@b"]}.
-- The modules' numbers differ in each installation: they are looked up here.
--
-- Mode: inline.  Corteza writes one record a statement, under READ COMMITTED,
-- with no lock of its own; "revision" counts for its history only.
--
-- Write-back: none.  A record's fields are one JSON value, and revisions are
-- made by the application: use its API.
--
-- What stays the host's: owned_by is 0 for nobody; created_by is not the owner.
-- Keys are numeric.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('corteza');

-- The numbers of the modules, by their handles.
SELECT max(m.id) FILTER (WHERE m.handle = 'Lead') AS lead_module,
       max(m.id) FILTER (WHERE m.handle = 'Opportunity') AS deal_module,
       max(m.id) FILTER (WHERE m.handle = 'Task') AS task_module
FROM public.compose_module m JOIN public.compose_namespace n ON n.id = m.rel_namespace
WHERE n.slug = 'crm' AND m.deleted_at IS NULL \gset

INSERT INTO revops.rep (rep, active)
SELECT u.id::text, u.suspended_at IS NULL AND u.deleted_at IS NULL FROM public.users u WHERE u.kind = '';

SELECT revops.draft_agreement(note => 'moves that the CRM application makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM unnest(ARRAY['lead', 'mql', 'sql', 'disqualified']) AS f (stage),
     unnest(ARRAY['lead', 'sql', 'opportunity', 'disqualified']) AS t (stage)
WHERE f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'public.compose_record',
    roles => jsonb_build_object(
        'email',      $$lower("values" #>> '{Email,0}')$$,
        'company',    $$"values" #>> '{Company,0}'$$,
        'title',      $$NULLIF("values" #>> '{Title,0}', '')$$,
        'industry',   $$"values" #>> '{Industry,0}'$$,
        'source',     $$"values" #>> '{LeadSource,0}'$$,
        'stage',      $$"values" #>> '{Status,0}'$$,
        'outcome',    $$CASE "values" #>> '{Status,0}' WHEN 'Converted' THEN 'converted' WHEN 'Lost' THEN 'lost' END$$,
        'owner',      'NULLIF(owned_by, 0)',
        'created_at', 'created_at',
        'updated_at', 'updated_at'),
    filter => format('rel_module = %s AND deleted_at IS NULL', :'lead_module'), mode => 'inline',
    stage_map => '{"New": "lead", "Contacted": "sql", "Qualified": "sql", "Converted": "opportunity", "Lost": "disqualified"}');

-- The same table again: a record of another module names its lead as text.
SELECT revops.attach_opportunity('deals', 'public.compose_record', 'leads',
    roles => jsonb_build_object(
        'lead',      $$"values" #>> '{LeadId,0}'$$,
        'won',       $$"values" #>> '{StageName,0}' = 'Closed Won'$$,
        'lost',      $$"values" #>> '{StageName,0}' = 'Closed Lost'$$,
        'amount',    $$("values" #>> '{Amount,0}')::numeric$$,
        'opened_at', 'created_at',
        'closed_at', $$CASE WHEN "values" #>> '{StageName,0}' LIKE 'Closed%' THEN coalesce(updated_at, created_at) END$$),
    filter => format('rel_module = %s AND deleted_at IS NULL', :'deal_module'));
SELECT revops.attach_touch('tasks', 'public.compose_record', 'leads',
    roles => jsonb_build_object(
        'lead',        $$"values" #>> '{LeadId,0}'$$,
        'signal',      $$CASE "values" #>> '{Subject,0}' WHEN 'Email' THEN 'email' WHEN 'Meeting' THEN 'meeting' ELSE 'call' END$$,
        'occurred_at', 'created_at'),
    filter => format($$rel_module = %s AND deleted_at IS NULL AND "values" #>> '{Status,0}' = 'Completed'$$, :'task_module'));

-- Revisions, where they are switched on, tell what was changed.
CALL revops.adopt_history('leads', 'public.compose_record_revisions',
    roles => jsonb_build_object('lead', 'rel_resource', 'stage', $$delta #>> '{Status,new,0}'$$, 'at', 'ts', 'actor', 'NULLIF(rel_user, 0)'),
    filter => $$delta ? 'Status'$$);
CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('tasks');
