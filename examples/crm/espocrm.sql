-- EspoCRM 7 to 9 on PostgreSQL (schema public), attached.
--
--     psql -d espocrm -v ON_ERROR_STOP=1 -f espocrm.sql
--
-- What is a lead: a row of lead that is not deleted (a boolean, set by UPDATE).
-- Its e-mail address is no column of it: entity_email_address names the
-- address that is primary, email_address holds it.  Both are looked up, and
-- both are attached as lookups, because Espo writes them after the lead.
--
-- Mode: queued.  Espo saves an entity in several statements, and accounts and
-- opportunities have an optimistic lock (version_number).
--
-- Zone: Espo's timestamp(0) have no zone and are UTC.
--
-- Write-back: into a field of your own on lead (c_score), and off.  Lead has no
-- version_number; bump modified_at as Espo does: bump => '{"modified_at":
-- "pg_catalog.now() AT TIME ZONE ''UTC''"}'.  The stream (table note) is written
-- by the application only, so set status and assigned_user_id through its API.
--
-- What stays the host's: teams (entity_team), the stream, conversion.
-- A rebuild of Espo's ("Administration > Rebuild") may alter columns: nothing of
-- ours stands in its way.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('espo');

INSERT INTO revops.rep (rep, active)
SELECT u.id, coalesce(u.is_active, false) AND NOT coalesce(u.deleted, false) FROM public."user" u WHERE u.type IN ('regular', 'admin');

-- "Assigned" has an owner, "In Process" is worked by sales.
SELECT revops.draft_agreement(note => 'moves that EspoCRM makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, m.from_stage, m.to_stage
FROM (VALUES ('lead', 'sql'), ('lead', 'opportunity'), ('mql', 'opportunity'), ('nurture', 'sql'), ('disqualified', 'sql')) AS m (from_stage, to_stage)
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'public.lead',
    roles => jsonb_build_object(
        'email',      $$(SELECT a.lower FROM public.entity_email_address e JOIN public.email_address a ON a.id = e.email_address_id
                         WHERE e.entity_id = lead.id AND e.entity_type = 'Lead' AND e."primary" AND NOT e.deleted AND NOT a.deleted
                         ORDER BY e.id LIMIT 1)$$,
        'company',    'account_name',
        'title',      'title',
        'country',    $$NULLIF(address_country, '')$$,
        'industry',   $$NULLIF(industry, '')$$,
        'source',     $$NULLIF(source, '')$$,
        'campaign',   'campaign_id',
        'stage',      'status',
        'outcome',    $$CASE status WHEN 'Converted' THEN 'converted' WHEN 'Dead' THEN 'lost' END$$,
        'owner',      'assigned_user_id',
        'created_at', 'created_at',
        'updated_at', 'modified_at',
        'amount',     'opportunity_amount',
        'currency',   'opportunity_amount_currency'),
    filter => 'NOT deleted', mode => 'queued', zone => 'UTC',
    stage_map => '{"New": "lead", "Assigned": "lead", "In Process": "sql", "Converted": "opportunity",
                   "Recycled": "nurture", "Dead": "disqualified"}');

SELECT revops.attach_lookup('lead addresses', 'public.entity_email_address', 'leads',
    roles => jsonb_build_object('lead', 'entity_id'),
    filter => $$entity_type = 'Lead'$$);
SELECT revops.attach_lookup('addresses', 'public.email_address', 'leads',
    roles => jsonb_build_object('lead', $$ARRAY(SELECT e.entity_id::text FROM public.entity_email_address e
                                             WHERE e.email_address_id = email_address.id AND e.entity_type = 'Lead')$$));

-- The lead names its opportunity, written after it: see doc/crm.md.
SELECT revops.attach_opportunity('deals', 'public.opportunity', 'leads',
    roles => jsonb_build_object(
        'lead',      $$(SELECT l.id FROM public.lead l WHERE l.created_opportunity_id = opportunity.id ORDER BY l.created_at LIMIT 1)$$,
        'won',       $$stage = 'Closed Won'$$,
        'lost',      $$stage = 'Closed Lost'$$,
        'amount',    'amount',
        'currency',  'amount_currency',
        'opened_at', 'created_at',
        'closed_at', $$CASE WHEN stage IN ('Closed Won', 'Closed Lost') THEN close_date END$$),
    filter => 'NOT deleted');

SELECT revops.attach_touch('calls', 'public.call', 'leads',
    roles => jsonb_build_object(
        'lead',        'parent_id',
        'signal',      $$CASE direction WHEN 'Inbound' THEN 'inbound_call' ELSE 'call' END$$,
        'occurred_at', 'date_start'),
    filter => $$parent_type = 'Lead' AND status = 'Held' AND NOT deleted$$);
SELECT revops.attach_touch('emails', 'public.email', 'leads',
    roles => jsonb_build_object(
        'lead',        'parent_id',
        'signal',      $$CASE status WHEN 'Sent' THEN 'email' ELSE 'email_reply' END$$,
        'occurred_at', 'date_sent'),
    filter => $$parent_type = 'Lead' AND status IN ('Sent', 'Archived') AND NOT deleted$$);

-- The stream remembers each change of the status, as JSON in a text.
CALL revops.adopt_history('leads', 'public.note',
    roles => jsonb_build_object('lead', 'parent_id', 'stage', $$data::jsonb ->> 'value'$$, 'at', 'created_at', 'actor', 'created_by_id'),
    filter => $$type = 'Status' AND parent_type = 'Lead' AND NOT deleted$$);
CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('calls');
CALL revops.backfill('emails');
