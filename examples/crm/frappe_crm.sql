-- Frappe CRM (frappe 15 and later on PostgreSQL; August 2026; schema public),
-- attached.
--
--     psql -d site -v ON_ERROR_STOP=1 -f frappe_crm.sql
--
-- What is a lead: a row of "tabCRM Lead".  Its key, name, is readable and can
-- be changed (rename): the lead is the same under its new name.
--
-- Mode: queued.  "modified" is Frappe's optimistic lock (a save fails when it
-- changed), and a save writes child tables, comments and the timeline in one
-- transaction.
--
-- Zone: timestamps are in the site's time zone (System Settings): give yours.
--
-- Write-back: into a custom field (custom_score), and off.  Without bump the
-- next save of an open form overwrites it; with bump => '{"modified":
-- "pg_catalog.now() AT TIME ZONE ''UTC''"}' that save fails with "Document has been
-- modified": choose which you prefer.  lead_owner has a mirror (_assign, a JSON
-- text) that only Frappe keeps in step.
--
-- What stays the host's: its own SLA columns (sla_status, response_by), to be
-- compared; "owner" is who made the row, lead_owner who has it.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('frappe');

-- A user's key is the e-mail address.
INSERT INTO revops.rep (rep, active)
SELECT u.name, u.enabled = 1 FROM public."tabUser" u WHERE u.user_type = 'System User';

SELECT revops.draft_agreement(note => 'moves that Frappe CRM makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM unnest(ARRAY['lead', 'nurture', 'mql', 'sql', 'disqualified']) AS f (stage),
     unnest(ARRAY['lead', 'nurture', 'sql', 'opportunity', 'disqualified']) AS t (stage)
WHERE f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

-- The status is the key of "tabCRM Lead Status", where its type says whether it
-- is won or lost.  Sizes are words, such as 11-50.
SELECT revops.attach_lead('leads', 'public."tabCRM Lead"',
    roles => jsonb_build_object(
        'email',      $$NULLIF(lower(email), '')$$,
        'company',    'organization',
        'title',      $$NULLIF(job_title, '')$$,
        'country',    'territory',
        'industry',   'industry',
        'size',       $$NULLIF(no_of_employees, '')$$,
        'source',     'source',
        'stage',      'status',
        'outcome',    $$(SELECT CASE WHEN "tabCRM Lead".converted = 1 THEN 'converted'
                                     WHEN s.type IN ('Won', 'Lost') THEN lower(s.type) END
                         FROM (SELECT) AS one LEFT JOIN public."tabCRM Lead Status" s ON s.name = "tabCRM Lead".status)$$,
        'owner',      $$NULLIF(lead_owner, '')$$,
        'created_at', 'creation',
        'updated_at', 'modified',
        'amount',     'annual_revenue'),
    mode => 'queued', zone => 'UTC',
    stage_map => '{"New": "lead", "Contacted": "sql", "Nurture": "nurture", "Qualified": "opportunity",
                   "Unqualified": "disqualified", "Junk": "disqualified"}');

SELECT revops.attach_opportunity('deals', 'public."tabCRM Deal"', 'leads',
    roles => jsonb_build_object(
        'lead',      'lead',
        'won',       $$(SELECT s.type = 'Won' FROM public."tabCRM Deal Status" s WHERE s.name = "tabCRM Deal".status)$$,
        'lost',      $$(SELECT s.type = 'Lost' FROM public."tabCRM Deal Status" s WHERE s.name = "tabCRM Deal".status)$$,
        'amount',    'deal_value',
        'currency',  'currency',
        'opened_at', 'creation',
        'closed_at', 'closed_date'));

SELECT revops.attach_touch('communications', 'public."tabCommunication"', 'leads',
    roles => jsonb_build_object(
        'lead',        'reference_name',
        'signal',      $$CASE sent_or_received WHEN 'Received' THEN 'email_reply' ELSE 'email' END$$,
        'occurred_at', 'communication_date'),
    filter => $$reference_doctype = 'CRM Lead'$$);
SELECT revops.attach_touch('tasks', 'public."tabCRM Task"', 'leads',
    roles => jsonb_build_object('lead', 'reference_docname', 'signal', $$'call'$$, 'occurred_at', 'modified'),
    filter => $$reference_doctype = 'CRM Lead' AND status = 'Done'$$);

-- The CRM's own log of the statuses: each entry is what a lead became.
CALL revops.adopt_history('leads', 'public."tabCRM Status Change Log"',
    roles => jsonb_build_object('lead', 'parent', 'stage', '"to"', 'at', 'coalesce(to_date, from_date)', 'actor', 'log_owner'),
    filter => $$parenttype = 'CRM Lead' AND "to" <> ''$$);
CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('communications');
CALL revops.backfill('tasks');
