-- Krayin CRM 2 (Laravel, March 2025; schema public), attached.
--
--     psql -d krayin -v ON_ERROR_STOP=1 -f krayin.sql
--
-- What is a lead: a row of leads.  Its person has the e-mail (the first of a
-- json array of {value, label}) and, over the organization, company and country.
--
-- Mode: inline.  Laravel under READ COMMITTED, no optimistic lock.  Activities
-- are scanned: the table that ties them to leads has no key, and whether one is
-- done stands in another.  Each hour or so
--     CALL revops.reconcile('activities');
--
-- Zone: timestamp(0), UTC (config app.timezone; give yours if it is another).
--
-- Write-back: into a column of your own, and off; bump => '{"updated_at":
-- "pg_catalog.now() AT TIME ZONE ''UTC''"}'.  Deleting a stage sets the lead's to
-- NULL, and deleting a pipeline deletes its leads: both are seen.
--
-- What stays the host's: custom attributes (attribute_values: here number 40,
-- an integer, is the size), pipelines, workflows.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('krayin');

INSERT INTO revops.rep (rep, active) SELECT u.id::text, u.status FROM public.users u;

SELECT revops.draft_agreement(note => 'moves that the board makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM unnest(ARRAY['lead', 'mql', 'sql', 'opportunity', 'customer', 'disqualified']) AS f (stage),
     unnest(ARRAY['lead', 'sql', 'opportunity', 'customer', 'disqualified']) AS t (stage)
WHERE f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'public.leads',
    roles => jsonb_build_object(
        'email',      $$(SELECT lower(p.emails #>> '{0,value}') FROM public.persons p WHERE p.id = leads.person_id)$$,
        'company',    $$(SELECT o.name FROM public.persons p JOIN public.organizations o ON o.id = p.organization_id WHERE p.id = leads.person_id)$$,
        'title',      '(SELECT p.job_title FROM public.persons p WHERE p.id = leads.person_id)',
        'country',    $$(SELECT o.address ->> 'country' FROM public.persons p JOIN public.organizations o ON o.id = p.organization_id
                         WHERE p.id = leads.person_id)$$,
        'size',       $$(SELECT v.integer_value::text FROM public.attribute_values v
                         WHERE v.entity_type = 'leads' AND v.entity_id = leads.id AND v.attribute_id = 40)$$,
        'source',     '(SELECT s.name FROM public.lead_sources s WHERE s.id = leads.lead_source_id)',
        'stage',      '(SELECT s.name FROM public.lead_pipeline_stages s WHERE s.id = leads.lead_pipeline_stage_id)',
        'outcome',    $$(SELECT s.code FROM public.lead_pipeline_stages s
                         WHERE s.id = leads.lead_pipeline_stage_id AND s.code IN ('won', 'lost'))$$,
        'owner',      'user_id',
        'created_at', 'created_at',
        'updated_at', 'updated_at',
        'amount',     'lead_value'),
    mode => 'inline', zone => 'UTC',
    stage_map => '{"New": "lead", "Follow Up": "lead", "Prospect": "sql", "Negotiation": "opportunity", "Won": "customer", "Lost": "disqualified"}');

-- What the roles look up, and whose rows change by themselves.
SELECT revops.attach_lookup('persons', 'public.persons', 'leads',
    roles => jsonb_build_object('lead', 'ARRAY(SELECT l.id::text FROM public.leads l WHERE l.person_id = persons.id)'));
SELECT revops.attach_lookup('organizations', 'public.organizations', 'leads',
    roles => jsonb_build_object('lead', 'ARRAY(SELECT l.id::text FROM public.leads l JOIN public.persons p ON p.id = l.person_id
                                              WHERE p.organization_id = organizations.id)'));
SELECT revops.attach_lookup('attributes', 'public.attribute_values', 'leads',
    roles => jsonb_build_object('lead', 'entity_id'),
    filter => $$entity_type = 'leads' AND attribute_id = 40$$);

-- A lead of Krayin's is its deal, too: from the negotiation on.
SELECT revops.attach_opportunity('deals', 'public.leads', 'leads',
    roles => jsonb_build_object(
        'lead',      'id',
        'won',       $$(SELECT s.code = 'won' FROM public.lead_pipeline_stages s WHERE s.id = leads.lead_pipeline_stage_id)$$,
        'amount',    'lead_value',
        'opened_at', 'created_at',
        'closed_at', 'closed_at'),
    filter => $$closed_at IS NOT NULL AND lost_reason IS NULL$$);

-- The link table says which lead an activity is about; it has no key at all.
-- A filter reads its own row only, so what is not done, and what is no contact,
-- has a signal of its own, which scores nothing.
INSERT INTO revops.signal (signal, direction) VALUES ('no contact', 'outbound');
SELECT revops.attach_touch('activities', 'public.lead_activities', 'leads',
    roles => jsonb_build_object(
        'lead',        'lead_id',
        'signal',      $$(SELECT CASE WHEN a.is_done AND a.type IN ('call', 'meeting', 'email') THEN a.type ELSE 'no contact' END
                          FROM public.activities a WHERE a.id = lead_activities.activity_id)$$,
        'occurred_at', '(SELECT a.schedule_from FROM public.activities a WHERE a.id = lead_activities.activity_id)'),
    key => '{activity_id,lead_id}', mode => 'scan');

-- Krayin notes a change of stage as an activity of its own.
CALL revops.adopt_history('leads', 'public.activities',
    roles => jsonb_build_object(
        'lead',  '(SELECT l.lead_id FROM public.lead_activities l WHERE l.activity_id = activities.id LIMIT 1)',
        'stage', $$additional #>> '{new,label}'$$,
        'at',    'created_at',
        'actor', 'user_id'),
    filter => $$type = 'system' AND additional ->> 'attribute' = 'Stage'$$);
CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('activities');
