-- Fat Free CRM (Rails 7.1, schema of August 2025; schema public), attached.
--
--     psql -d fat_free_crm -v ON_ERROR_STOP=1 -f fatfree.sql
--
-- What is a lead: a row of leads that is not deleted (deleted_at IS NULL).
-- acts_as_paranoid deletes by UPDATE: the lead is gone, and back when
-- deleted_at is NULL again.
--
-- Mode: inline.  Rails under READ COMMITTED, short transactions, no optimistic
-- lock.  Rails prepares "SELECT leads.*": we add no column, so its plans stay.
--
-- Zone: Rails' timestamps have no zone and are UTC.
--
-- Write-back: possible into a custom field (cf_score), and off;
-- bump => '{"updated_at": "pg_catalog.now() AT TIME ZONE ''UTC''"}' does what
-- Rails does.  PaperTrail's rows (versions) and subscribers' mails are made by
-- the application only, so don't write stage or owner.
--
-- What stays the host's: user_id is who made the row, assigned_to who has it.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('fat free');

INSERT INTO revops.rep (rep, active)
SELECT u.id::text, u.suspended_at IS NULL AND u.deleted_at IS NULL FROM public.users u;

-- Sales works a lead from "contacted" on; "converted" has made a contact and,
-- perhaps, an opportunity.  Nobody qualifies here, so sales may take a lead.
SELECT revops.draft_agreement(note => 'moves that Fat Free CRM makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, m.from_stage, m.to_stage
FROM (VALUES ('lead', 'sql'), ('lead', 'opportunity'), ('mql', 'opportunity'), ('disqualified', 'sql')) AS m (from_stage, to_stage)
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

-- Statuses are those of config/settings.default.yml; yours may have others.
SELECT revops.attach_lead('leads', 'public.leads',
    roles => jsonb_build_object(
        'email',      $$NULLIF(email, '')$$,
        'company',    $$NULLIF(company, '')$$,
        'title',      $$NULLIF(title, '')$$,
        'country',    $$(SELECT a.country FROM public.addresses a
                         WHERE a.addressable_type = 'Lead' AND a.addressable_id = leads.id AND a.deleted_at IS NULL
                         ORDER BY a.id LIMIT 1)$$,
        'source',     'source',
        'campaign',   'campaign_id',
        'stage',      'status',
        'outcome',    $$CASE status WHEN 'converted' THEN 'converted' WHEN 'rejected' THEN 'lost' END$$,
        'owner',      'assigned_to',
        'created_at', 'created_at',
        'updated_at', 'updated_at'),
    filter => 'deleted_at IS NULL', mode => 'inline', zone => 'UTC',
    stage_map => '{"new": "lead", "contacted": "sql", "converted": "opportunity", "rejected": "disqualified"}');

-- The address is a row of its own, written after the lead.
SELECT revops.attach_lookup('lead addresses', 'public.addresses', 'leads',
    roles => jsonb_build_object('lead', 'addressable_id'),
    filter => $$addressable_type = 'Lead'$$);

-- An opportunity is tied to a lead by the contact that the lead became.
SELECT revops.attach_opportunity('deals', 'public.opportunities', 'leads',
    roles => jsonb_build_object(
        'lead',      $$(SELECT c.lead_id::text FROM public.contact_opportunities o JOIN public.contacts c ON c.id = o.contact_id
                        WHERE o.opportunity_id = opportunities.id AND o.deleted_at IS NULL AND c.lead_id IS NOT NULL
                        ORDER BY o.id LIMIT 1)$$,
        'won',       $$stage = 'won'$$,
        'lost',      $$stage = 'lost'$$,
        'amount',    'amount',
        'opened_at', 'created_at',
        'closed_at', $$CASE WHEN stage IN ('won', 'lost') THEN updated_at END$$),
    filter => 'deleted_at IS NULL');

-- Activities: a task that is done, by its category; a comment is a note of a
-- call here, as the CRM has no other place for one.
SELECT revops.attach_touch('tasks', 'public.tasks', 'leads',
    roles => jsonb_build_object(
        'lead',        'asset_id',
        'signal',      $$CASE category WHEN 'email' THEN 'email' WHEN 'meeting' THEN 'meeting' ELSE 'call' END$$,
        'occurred_at', 'completed_at'),
    filter => $$asset_type = 'Lead' AND completed_at IS NOT NULL AND deleted_at IS NULL$$);
SELECT revops.attach_touch('comments', 'public.comments', 'leads',
    roles => jsonb_build_object('lead', 'commentable_id', 'signal', $$'call'$$, 'occurred_at', 'created_at'),
    filter => $$commentable_type = 'Lead'$$);

-- PaperTrail's audit rows tell what the status became, in YAML.
CALL revops.adopt_history('leads', 'public.versions',
    roles => jsonb_build_object(
        'lead',  'item_id',
        'stage', $$substring(object_changes FROM 'status:\n- [^\n]*\n- ([^\n]*)')$$,
        'at',    'created_at',
        'actor', 'whodunnit'),
    filter => $$item_type = 'Lead' AND event = 'update' AND object_changes LIKE '%status:%'$$);
CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('tasks');
CALL revops.backfill('comments');
