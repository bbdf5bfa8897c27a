-- Salesforce by dlt's verified source (July 2026; here schema salesforce_data),
-- attached.  Stitch's tables are alike.
--
--     psql -d warehouse -v ON_ERROR_STOP=1 -f salesforce_dlt.sql
--
-- What is a lead: an id.  No constraint makes it unique (only _dlt_id is, and it
-- changes with each load).
--
-- Mode: scan for leads, whose table is replaced by each run: emptied and filled
-- again, or dropped, and the staging table moved into its place.  After each run
--     CALL revops.reconcile('leads');
-- Deals and tasks are merged (DELETE and INSERT of what changed, in one
-- transaction), in place: queued.  Their key must be unique: it is _dlt_id, found by
-- itself; one that is loaded again is taken back and recorded anew.
--
-- Write-back: refused by sense: the next run overwrites it.
--
-- What stays the host's: everything; this is a copy.  A column that is NULL in
-- all rows does not exist: a role that names it is refused at attach; leave it
-- out until there is a value.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('salesforce');

INSERT INTO revops.rep (rep, active) SELECT u.id, bool_or(coalesce(u.is_active, false)) FROM salesforce_data.sf_user u GROUP BY u.id;

SELECT revops.draft_agreement(note => 'moves that Salesforce makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM unnest(ARRAY['lead', 'mql', 'sql', 'disqualified']) AS f (stage),
     unnest(ARRAY['lead', 'sql', 'opportunity', 'disqualified']) AS t (stage)
WHERE f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'salesforce_data.lead', key => '{id}',
    roles => jsonb_build_object(
        'email',      'lower(email)',
        'company',    'company',
        'title',      'title',
        'country',    'country',
        'industry',   'industry',
        'size',       'number_of_employees::text',
        'source',     'lead_source',
        'stage',      'status',
        'outcome',    $$CASE WHEN is_converted THEN 'converted' WHEN status = 'Closed - Not Converted' THEN 'lost' END$$,
        'owner',      'owner_id',
        'created_at', 'created_date',
        'updated_at', 'last_modified_date'),
    filter => 'NOT coalesce(is_deleted, false)', mode => 'scan',
    stage_map => '{"Open - Not Contacted": "lead", "Working - Contacted": "sql",
                   "Closed - Converted": "opportunity", "Closed - Not Converted": "disqualified"}');

SELECT revops.attach_opportunity('deals', 'salesforce_data.opportunity', 'leads',
    roles => jsonb_build_object(
        'lead',      '(SELECT l.id FROM salesforce_data.lead l WHERE l.converted_opportunity_id = opportunity.id ORDER BY l.id LIMIT 1)',
        'won',       'is_won',
        'lost',      'is_closed AND NOT is_won',
        'amount',    'amount',
        'opened_at', 'created_date',
        'closed_at', 'CASE WHEN is_closed THEN close_date END'),
    mode => 'queued');

SELECT revops.attach_touch('tasks', 'salesforce_data.task', 'leads',
    roles => jsonb_build_object(
        'lead',        'who_id',
        'signal',      $$CASE task_subtype WHEN 'Email' THEN 'email' ELSE 'call' END$$,
        'occurred_at', 'activity_date'),
    filter => $$who_id LIKE '00Q%' AND status = 'Completed'$$, mode => 'queued');

CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('tasks');
