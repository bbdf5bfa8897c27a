-- Salesforce by Fivetran (schema salesforce, snake case), attached.
--
--     psql -d warehouse -v ON_ERROR_STOP=1 -f salesforce_fivetran.sql
--
-- What is a lead: a row of salesforce.lead that is not deleted (is_deleted: a
-- delete is an update here).  In history mode attach salesforce_history.lead
-- with filter => '_fivetran_active' and key => '{id}' instead.
--
-- Mode: queued.  Fivetran upserts in bulk; a re-sync writes every row again with
-- a new _fivetran_synced, which no role maps: no news.  Run reconcile after a
-- historical re-sync, which may swap tables.
--
-- Write-back: refused by sense: the next sync overwrites it.  Bring scores to
-- Salesforce by events (revops.event) and its API.
--
-- What stays the host's: everything; this is a copy.  Times lag by the sync.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('salesforce');

INSERT INTO revops.rep (rep, active)
SELECT u.id, coalesce(u.is_active, false) AND NOT coalesce(u._fivetran_deleted, false) FROM salesforce."user" u;

SELECT revops.draft_agreement(note => 'moves that Salesforce makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM unnest(ARRAY['lead', 'mql', 'sql', 'disqualified']) AS f (stage),
     unnest(ARRAY['lead', 'sql', 'opportunity', 'disqualified']) AS t (stage)
WHERE f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'salesforce.lead',
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
        'owner',      $$CASE WHEN owner_id LIKE '005%' THEN owner_id END$$,     -- 00G: a queue
        'created_at', 'created_date',
        'updated_at', 'last_modified_date',
        'amount',     'annual_revenue'),
    filter => 'NOT coalesce(is_deleted, false)', mode => 'queued',
    stage_map => '{"Open - Not Contacted": "lead", "Working - Contacted": "sql",
                   "Closed - Converted": "opportunity", "Closed - Not Converted": "disqualified"}');

SELECT revops.attach_opportunity('deals', 'salesforce.opportunity', 'leads',
    roles => jsonb_build_object(
        'lead',      '(SELECT l.id FROM salesforce.lead l WHERE l.converted_opportunity_id = opportunity.id ORDER BY l.id LIMIT 1)',
        'won',       'is_won',
        'lost',      'is_closed AND NOT is_won',
        'amount',    'amount',
        'opened_at', 'created_date',
        'closed_at', 'CASE WHEN is_closed THEN close_date END'),
    filter => 'NOT coalesce(is_deleted, false)');

SELECT revops.attach_touch('tasks', 'salesforce.task', 'leads',
    roles => jsonb_build_object(
        'lead',        'who_id',
        'signal',      $$CASE task_subtype WHEN 'Email' THEN 'email' ELSE 'call' END$$,
        'occurred_at', 'completed_date_time'),
    filter => $$who_id LIKE '00Q%' AND is_closed AND completed_date_time IS NOT NULL AND NOT coalesce(is_deleted, false)$$);

-- History mode beside it: each row is a lead from a moment on.
SELECT to_regclass('salesforce_history.lead') IS NOT NULL AS history \gset
\if :history
CALL revops.adopt_history('leads', 'salesforce_history.lead',
    roles => jsonb_build_object('lead', 'id', 'stage', 'status', 'at', '_fivetran_start'));
\endif
CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('tasks');
