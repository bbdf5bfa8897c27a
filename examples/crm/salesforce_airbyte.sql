-- Salesforce by Airbyte (PostgreSQL destination 2 and 3; here schema
-- airbyte_sf; names keep their capitals), attached.
--
--     psql -d warehouse -v ON_ERROR_STOP=1 -f salesforce_airbyte.sql
--
-- What is a lead: an "Id".  No constraint makes it unique, and in append mode
-- one lead is several rows: the one written last ("updated_at") is the lead.
--
-- Mode: scan.  A full refresh builds another table and renames it over the old
-- one: triggers go with the old one.  So there are none; after each sync
--     CALL revops.reconcile('leads');
-- and the same for deals and tasks, from whatever runs when a sync has ended.
--
-- Write-back: refused by sense: the next sync overwrites it.
--
-- What stays the host's: everything; this is a copy.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('salesforce');

INSERT INTO revops.rep (rep, active) SELECT DISTINCT ON (u."Id") u."Id", coalesce(u."IsActive", false)
FROM airbyte_sf."User" u ORDER BY u."Id", u."SystemModstamp" DESC NULLS LAST, u._airbyte_extracted_at DESC;

SELECT revops.draft_agreement(note => 'moves that Salesforce makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM unnest(ARRAY['lead', 'mql', 'sql', 'disqualified']) AS f (stage),
     unnest(ARRAY['lead', 'sql', 'opportunity', 'disqualified']) AS t (stage)
WHERE f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'airbyte_sf."Lead"', key => '{Id}',
    roles => jsonb_build_object(
        'email',      'lower("Email")',
        'company',    '"Company"',
        'title',      '"Title"',
        'country',    '"Country"',
        'industry',   '"Industry"',
        'size',       '"NumberOfEmployees"::text',
        'source',     '"LeadSource"',
        'stage',      '"Status"',
        'outcome',    $$CASE WHEN "IsConverted" THEN 'converted' WHEN "Status" = 'Closed - Not Converted' THEN 'lost' END$$,
        'owner',      $$CASE WHEN "OwnerId" LIKE '005%' THEN "OwnerId" END$$,   -- 00G: a queue
        'created_at', '"CreatedDate"',
        'updated_at', '"LastModifiedDate"',
        'amount',     '"AnnualRevenue"'),
    filter => 'NOT coalesce("IsDeleted", false)', mode => 'scan',
    stage_map => '{"Open - Not Contacted": "lead", "Working - Contacted": "sql",
                   "Closed - Converted": "opportunity", "Closed - Not Converted": "disqualified"}');

SELECT revops.attach_opportunity('deals', 'airbyte_sf."Opportunity"', 'leads', key => '{Id}',
    roles => jsonb_build_object(
        'lead',      '(SELECT l."Id" FROM airbyte_sf."Lead" l WHERE l."ConvertedOpportunityId" = "Opportunity"."Id" ORDER BY l."Id" LIMIT 1)',
        'won',       '"IsWon"',
        'lost',      '"IsClosed" AND NOT "IsWon"',
        'amount',    '"Amount"',
        'opened_at', '"CreatedDate"',
        'closed_at', 'CASE WHEN "IsClosed" THEN "CloseDate" END'),
    filter => 'NOT coalesce("IsDeleted", false)');

SELECT revops.attach_touch('tasks', 'airbyte_sf."Task"', 'leads', key => '{Id}',
    roles => jsonb_build_object(
        'lead',        '"WhoId"',
        'signal',      $$CASE "TaskSubtype" WHEN 'Email' THEN 'email' ELSE 'call' END$$,
        'occurred_at', '"CompletedDateTime"'),
    filter => $$"WhoId" LIKE '00Q%' AND "Status" = 'Completed' AND "CompletedDateTime" IS NOT NULL AND NOT coalesce("IsDeleted", false)$$);

CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('tasks');
