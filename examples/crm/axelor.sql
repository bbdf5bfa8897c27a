-- Axelor Open Suite 6.3 to 8 (module crm; schema public), attached.
--
--     psql -d axelor -v ON_ERROR_STOP=1 -f axelor.sql
--
-- What is a lead: a row of crm_lead that is not archived (NULL and false both
-- mean that it is not).  The e-mail address is a row of
-- message_email_address, the status one of crm_lead_status.
--
-- Mode: queued.  Hibernate writes UPDATE ... WHERE id = ? AND version = ?, and
-- fails the user's save where the version changed in between.
--
-- Zone: timestamp(6) without zone in the server's zone: give yours.
--
-- Write-back: only with the version: bump => '{"version": "coalesce(version, 0) + 1",
-- "updated_on": "pg_catalog.now() AT TIME ZONE ''UTC''"}', into a column of your
-- own, and off.  A user who has the lead open then gets Axelor's own message
-- that the record was changed.
--
-- What stays the host's: keys come from sequences in steps of 5, attrs (custom
-- fields) are JSON, mails and conversion are made by the application.
-- Before 6.3 the status is an integer: map "stage" to a CASE over status_select.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('axelor');

INSERT INTO revops.rep (rep, active)
SELECT u.id::text, NOT coalesce(u.blocked, false) AND NOT coalesce(u.archived, false) FROM public.auth_user u;

SELECT revops.draft_agreement(note => 'moves that Axelor makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM unnest(ARRAY['lead', 'mql', 'sql', 'opportunity', 'disqualified']) AS f (stage),
     unnest(ARRAY['lead', 'sql', 'opportunity', 'disqualified']) AS t (stage)
WHERE f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'public.crm_lead',
    roles => jsonb_build_object(
        'email',      '(SELECT lower(e.address) FROM public.message_email_address e WHERE e.id = crm_lead.email_address)',
        'company',    'enterprise_name',
        'industry',   '(SELECT i.name FROM public.base_industry_sector i WHERE i.id = crm_lead.industry_sector)',
        'source',     '(SELECT s.name FROM public.base_source s WHERE s.id = crm_lead.source)',
        'stage',      '(SELECT s.name FROM public.crm_lead_status s WHERE s.id = crm_lead.lead_status)',
        'outcome',    $$CASE WHEN (SELECT s.is_open FROM public.crm_lead_status s WHERE s.id = crm_lead.lead_status) THEN NULL
                             WHEN lost_reason IS NOT NULL THEN 'lost' ELSE 'converted' END$$,
        'owner',      'user_id',
        'created_at', 'created_on',
        'updated_at', 'updated_on',
        'amount',     'estimated_budget'),
    filter => 'archived IS NOT TRUE', mode => 'queued', zone => 'UTC',
    stage_map => '{"New": "lead", "Assigned": "lead", "In process": "sql", "Converted": "opportunity", "Lost": "disqualified"}');

SELECT revops.attach_lookup('addresses', 'public.message_email_address', 'leads',
    roles => jsonb_build_object('lead', 'ARRAY(SELECT l.id::text FROM public.crm_lead l WHERE l.email_address = message_email_address.id)'));

SELECT revops.attach_opportunity('deals', 'public.crm_opportunity', 'leads',
    roles => jsonb_build_object(
        'lead',      'lead',
        'won',       $$(SELECT s.name = 'Won' FROM public.crm_opportunity_status s WHERE s.id = crm_opportunity.opportunity_status)$$,
        'lost',      'lost_reason IS NOT NULL',
        'amount',    'amount',
        'opened_at', 'created_on',
        'closed_at', '(SELECT crm_opportunity.updated_on FROM public.crm_opportunity_status s
                       WHERE s.id = crm_opportunity.opportunity_status AND NOT s.is_open)'),
    filter => 'archived IS NOT TRUE');

SELECT revops.attach_touch('events', 'public.base_icalendar_event', 'leads',
    roles => jsonb_build_object(
        'lead',        'event_lead',
        'signal',      $$CASE type_select WHEN 2 THEN 'meeting' ELSE 'call' END$$,
        'occurred_at', 'start_date_time'),
    filter => $$dtype = 'Event' AND type_select IN (1, 2) AND event_lead IS NOT NULL AND archived IS NOT TRUE$$);

CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('events');
