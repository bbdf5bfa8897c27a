-- HubSpot by dlt's verified source (July 2026; here schema hubspot_dataset),
-- attached.
--
--     psql -d warehouse -v ON_ERROR_STOP=1 -f hubspot_dlt.sql
--
-- What is a lead: a contact that is not deleted.  Its id is text; no constraint
-- makes it unique (only _dlt_id is, and it changes with each load).
--
-- Mode: queued.  dlt merges: DELETE and INSERT of what changed, in one
-- transaction, which counts as one change of one lead.  With the strategies
-- "replace" or "staging-optimized" use scan, as salesforce_dlt.sql does.
--
-- Write-back: refused by sense: the next run overwrites it.
--
-- What stays the host's: everything; this is a copy.  Contacts that HubSpot
-- merges vanish: their leads are gone, and the survivor's is changed.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('hubspot');

INSERT INTO revops.rep (rep, active) SELECT o.id, NOT bool_and(coalesce(o.archived, false)) FROM hubspot_dataset.owners o GROUP BY o.id;

-- HubSpot's lifecycle is ours; it may be set by hand from any stage to any.
SELECT revops.draft_agreement(note => 'moves that HubSpot makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM unnest(ARRAY['subscriber', 'lead', 'mql', 'sql', 'opportunity', 'customer', 'evangelist']) AS f (stage),
     unnest(ARRAY['subscriber', 'lead', 'mql', 'sql', 'opportunity', 'customer', 'evangelist']) AS t (stage)
WHERE f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'hubspot_dataset.contacts', key => '{id}',
    roles => jsonb_build_object(
        'email',      'lower(email)',
        'company',    'company',
        'title',      'jobtitle',
        'country',    'country',
        'source',     'hs_analytics_source',
        'stage',      'lifecyclestage',
        'outcome',    $$CASE WHEN lifecyclestage = 'customer' THEN 'won' END$$,
        'owner',      $$NULLIF(hubspot_owner_id, '')$$,
        'created_at', 'createdate',
        'updated_at', 'lastmodifieddate'),
    filter => 'NOT coalesce(is_deleted, false)', mode => 'queued',
    stage_map => '{"marketingqualifiedlead": "mql", "salesqualifiedlead": "sql", "other": null}');

-- A deal is tied to contacts by a child table of contacts: the first is its lead.
-- The key of deals (and touches) must be unique: it is _dlt_id, found by itself;
-- a deal that is loaded again is one that is gone and one that is new.
SELECT revops.attach_opportunity('deals', 'hubspot_dataset.deals', 'leads',
    roles => jsonb_build_object(
        'lead',      '(SELECT c.id FROM hubspot_dataset.contacts__deals d JOIN hubspot_dataset.contacts c ON c._dlt_id = d._dlt_parent_id
                       WHERE d.deals_id = deals.id ORDER BY c.createdate, c.id LIMIT 1)',
        'won',       $$dealstage = 'closedwon'$$,
        'lost',      $$dealstage = 'closedlost'$$,
        'amount',    'amount',
        'opened_at', 'createdate',
        'closed_at', $$CASE WHEN dealstage LIKE 'closed%' THEN closedate END$$));

CALL revops.backfill('leads');
CALL revops.backfill('deals');
