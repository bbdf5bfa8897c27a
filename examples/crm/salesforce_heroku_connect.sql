-- Salesforce by Heroku Connect (schema salesforce), attached.
--
--     psql -d app -v ON_ERROR_STOP=1 -f salesforce_heroku_connect.sql
--
-- What is a lead: a row of salesforce.lead that Salesforce knows.  The key is
-- sfid: "id" is the primary key, but changes when the mapping is reloaded.
-- sfid is NULL from an insert here until Salesforce has answered: such a row is
-- not yet a lead, and becomes one with its sfid.
--
-- Mode: queued.  Connect writes in bulk; a conflict of its own is retried, and a
-- queued statement takes no part in it.  Its sessions are ordinary ones, so
-- triggers fire; xmlbinary makes no difference to us.
--
-- Zone: timestamps have no zone and are UTC.
--
-- Write-back: possible, and off.  What any session writes with xmlbinary =
-- base64 (PostgreSQL's default) is sent to Salesforce and costs API calls: map a
-- custom field that is writable there (score__c), and write no standard field.
--
-- What stays the host's: _trigger_log, _hc_lastop, _hc_err; owners that are
-- queues (00G...) are nobody here.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('salesforce');

INSERT INTO revops.rep (rep, active)
SELECT u.sfid, coalesce(u.isactive, false) FROM salesforce."user" u WHERE u.sfid IS NOT NULL;

SELECT revops.draft_agreement(note => 'moves that Salesforce makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM unnest(ARRAY['lead', 'mql', 'sql', 'disqualified']) AS f (stage),
     unnest(ARRAY['lead', 'sql', 'opportunity', 'disqualified']) AS t (stage)
WHERE f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'salesforce.lead', key => '{sfid}',
    roles => jsonb_build_object(
        'email',      'lower(email)',
        'company',    'company',
        'title',      'title',
        'country',    'country',
        'industry',   'industry',
        'size',       'numberofemployees::text',
        'source',     'leadsource',
        'stage',      'status',
        'outcome',    $$CASE WHEN isconverted THEN 'converted' WHEN status = 'Closed - Not Converted' THEN 'lost' END$$,
        'owner',      $$CASE WHEN ownerid LIKE '005%' THEN ownerid END$$,
        'created_at', 'createddate',
        'updated_at', 'systemmodstamp',
        'amount',     'annualrevenue'),
    filter => 'NOT coalesce(isdeleted, false)', mode => 'queued', zone => 'UTC',
    stage_map => '{"Open - Not Contacted": "lead", "Working - Contacted": "sql",
                   "Closed - Converted": "opportunity", "Closed - Not Converted": "disqualified"}');

-- sfid is compared byte by byte (COLLATE ucs_basic); a reference to it is not
-- declared so, and says how to compare.
SELECT revops.attach_opportunity('deals', 'salesforce.opportunity', 'leads', key => '{sfid}',
    roles => jsonb_build_object(
        'lead',      $$(SELECT l.sfid FROM salesforce.lead l
                        WHERE l.convertedopportunityid = opportunity.sfid COLLATE pg_catalog.ucs_basic ORDER BY l.id LIMIT 1)$$,
        'won',       'iswon',
        'lost',      'isclosed AND NOT iswon',
        'amount',    'amount',
        'opened_at', 'createddate',
        'closed_at', 'CASE WHEN isclosed THEN closedate END'),
    filter => 'NOT coalesce(isdeleted, false)');

-- whoid is a lead (00Q) or a contact (003).
SELECT revops.attach_touch('tasks', 'salesforce.task', 'leads', key => '{sfid}',
    roles => jsonb_build_object(
        'lead',        'whoid',
        'signal',      $$CASE tasksubtype WHEN 'Email' THEN 'email' ELSE 'call' END$$,
        'occurred_at', 'completeddatetime'),
    filter => $$whoid LIKE '00Q%' AND isclosed AND completeddatetime IS NOT NULL AND NOT coalesce(isdeleted, false)$$);

CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('tasks');
