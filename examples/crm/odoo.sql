-- Odoo 14 to 19 (crm, sales_team, utm, mail; schema public), attached.
--
--     psql -d odoo -v ON_ERROR_STOP=1 -f odoo.sql
--
-- What is a lead: each row of crm_lead, leads and opportunities alike; a lost
-- one stays a lead (Odoo keeps its stage, sets active to false, and the role
-- "outcome" says lost).
--
-- Mode: queued.  Odoo runs every transaction as REPEATABLE READ, and repeats
-- one that fails with 40001 at most five times; a queued statement locks and
-- updates nothing of ours.  One save of Odoo's is several UPDATEs of one row
-- (computed fields, tracking): they count as one change.
--
-- Zone: Odoo's timestamps have no zone and are UTC.
--
-- Write-back: possible, and off.  Odoo keeps stage_id, date_last_stage_update,
-- write_date and the chatter in step in Python: let the CRM be told by events
-- (revops.event) through its own API.  A field of your own (x_score integer)
-- may be written: write_back => '{"score": "x_score"}', with
-- bump => '{"write_date": "pg_catalog.now() AT TIME ZONE ''UTC''"}'.
--
-- What stays Odoo's: assignment (crm_team_member), probabilities, activities.
-- A module upgrade may change the type of a column: our triggers name no
-- columns, so they don't stand in its way.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('odoo');

-- Reps: the people who can own a lead, by the number that crm_lead.user_id
-- holds.  Their names are in res_partner.
INSERT INTO revops.rep (rep, active)
SELECT u.id::text, coalesce(u.active, false) FROM public.res_users u WHERE NOT coalesce(u.share, false);

-- The host's own moves.  Odoo has no stage of acceptance: a lead becomes an
-- opportunity (crm_lead.type), from wherever it was.
SELECT revops.draft_agreement(note => 'moves that Odoo''s pipeline makes') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, m.from_stage, m.to_stage
FROM (VALUES ('lead', 'opportunity'), ('nurture', 'opportunity'), ('mql', 'opportunity'),
             ('lead', 'customer'), ('mql', 'customer'), ('sql', 'customer'), ('customer', 'opportunity')) AS m (from_stage, to_stage)
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

-- A new database has the four stages below; map those that you made, too.
-- "New" says nothing: a new row is a lead until it is an opportunity (deals).
SELECT revops.attach_lead('leads', 'public.crm_lead',
    roles => jsonb_build_object(
        'email',      'email_normalized',       -- computed by Odoo; email_from may be "Name" <a@b>
        'company',    'partner_name',
        'title',      'function',
        'country',    '(SELECT c.code FROM public.res_country c WHERE c.id = crm_lead.country_id)',
        'industry',   $$lead_properties #>> '{0,value}'$$,      -- the first property of the team's
        'source',     '(SELECT s.name FROM public.utm_source s WHERE s.id = crm_lead.source_id)',
        'campaign',   '(SELECT c.name FROM public.utm_campaign c WHERE c.id = crm_lead.campaign_id)',
        'stage',      $$(SELECT s.name ->> 'en_US' FROM public.crm_stage s WHERE s.id = crm_lead.stage_id)$$,
        'outcome',    $$NULLIF(won_status, 'pending')$$,        -- before 19: see doc/crm.md
        'owner',      'user_id',
        'created_at', 'create_date',
        'updated_at', 'write_date',
        'amount',     'expected_revenue'),
    mode => 'queued', zone => 'UTC',
    stage_map => '{"New": null, "Qualified": "opportunity", "Proposition": "opportunity", "Won": "customer"}');

-- Deals are the same rows, once they are opportunities.
SELECT revops.attach_opportunity('deals', 'public.crm_lead', 'leads',
    roles => jsonb_build_object(
        'lead',      'id',
        'won',       $$won_status = 'won'$$,
        'lost',      $$won_status = 'lost'$$,
        'amount',    'expected_revenue',
        'opened_at', 'coalesce(date_conversion, create_date)',
        'closed_at', 'date_closed'),
    filter => $$type = 'opportunity'$$);

-- Activities: the chatter.  What the lead wrote, and what a user sent; notes
-- and tracking ("notification") are none.
SELECT revops.attach_touch('messages', 'public.mail_message', 'leads',
    roles => jsonb_build_object(
        'lead',        'res_id',
        'signal',      $$CASE WHEN message_type = 'email' THEN 'email_reply' ELSE 'email' END$$,
        'occurred_at', 'date'),
    filter => $$model = 'crm.lead' AND (message_type IN ('email', 'email_outgoing')
              OR message_type = 'comment' AND NOT coalesce(is_internal, false))$$);
-- A planned activity counts when it is done: Odoo 17 and later archive it with
-- date_done, older ones delete it and leave a message.
SELECT revops.attach_touch('done activities', 'public.mail_activity', 'leads',
    roles => jsonb_build_object(
        'lead',        'res_id',
        'signal',      $$'call'$$,
        'occurred_at', 'date_done'),
    filter => $$res_model = 'crm.lead' AND NOT coalesce(active, true) AND date_done IS NOT NULL$$);

-- Labels change seldom, and of many leads at once: reconcile finds them.
CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('messages');
CALL revops.backfill('done activities');
