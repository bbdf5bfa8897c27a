-- Chatwoot 4 (Rails 7.1, schema of August 2025; schema public), attached.
--
--     psql -d chatwoot_production -v ON_ERROR_STOP=1 -f chatwoot.sql
--
-- What is a lead: a conversation, with the contact's e-mail and company.  All
-- accounts share one table: each account becomes a workspace of ours, with
-- bindings of its own that a filter keeps apart ("leads 1", "leads 2" ...).
--
-- Mode: queued.  Rails under READ COMMITTED with Sidekiq beside it: one
-- message updates its conversation several times in a transaction, and jobs
-- write the same row at the same time.  That counts as one change.
--
-- Zone: UTC.
--
-- Write-back: into conversations.custom_attributes by the API, and off.
-- Chatwoot caches rows, and broadcasts changes from Ruby only.  Its own SLA
-- tables (sla_policies, applied_slas) are for comparison: don't write them.
--
-- What stays the host's: display_id (its own BEFORE trigger), assignment,
-- labels, and agents' availability.

CREATE EXTENSION IF NOT EXISTS pg_revops;

CREATE PROCEDURE pg_temp.attach_account(account int)
LANGUAGE plpgsql AS $do$
DECLARE
    ours int := revops.create_workspace('chatwoot ' || account);
    leads text := 'leads ' || account;
    draft int;
BEGIN
    -- Its agents, and whoever has a conversation of it all the same.
    INSERT INTO revops.rep (workspace_id, rep, active)
    SELECT ours, u.id::text, EXISTS (SELECT FROM public.account_users a WHERE (a.account_id, a.user_id) = (account, u.id))
    FROM public.users u
    WHERE EXISTS (SELECT FROM public.account_users a WHERE (a.account_id, a.user_id) = (account, u.id))
       OR EXISTS (SELECT FROM public.conversations v WHERE (v.account_id, v.assignee_id) = (account, u.id));

    draft := revops.draft_agreement(ours, 'an inbox answers at once');
    INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
    VALUES (draft, 'lead', 'sql'), (draft, 'sql', 'lead'), (draft, 'customer', 'sql'),
           (draft, 'lead', 'customer'), (draft, 'sql', 'customer'), (draft, 'mql', 'customer')
    ON CONFLICT DO NOTHING;
    PERFORM revops.adopt_agreement(draft);

    -- The status is a code: its words stand in the application.  "pending" is
    -- with a bot, "snoozed" waits: neither says where the lead is.
    PERFORM revops.attach_lead(leads, 'public.conversations',
        roles => jsonb_build_object(
            'email',      '(SELECT lower(c.email) FROM public.contacts c WHERE c.id = conversations.contact_id)',
            'company',    $$(SELECT c.additional_attributes ->> 'company_name' FROM public.contacts c WHERE c.id = conversations.contact_id)$$,
            'country',    $$(SELECT NULLIF(c.country_code, '') FROM public.contacts c WHERE c.id = conversations.contact_id)$$,
            'source',     $$'inbox ' || inbox_id$$,
            'campaign',   'campaign_id',
            'stage',      $$(ARRAY['open', 'resolved', 'pending', 'snoozed'])[status + 1]$$,
            'outcome',    $$CASE status WHEN 1 THEN 'won' END$$,
            'owner',      'assignee_id',
            'created_at', 'created_at',
            'updated_at', 'updated_at'),
        filter => format('account_id = %s', account), mode => 'queued', zone => 'UTC', workspace_id => ours,
        stage_map => '{"open": "sql", "resolved": "customer", "pending": null, "snoozed": null}');

    PERFORM revops.attach_lookup('contacts ' || account, 'public.contacts', leads,
        roles => jsonb_build_object('lead', 'ARRAY(SELECT v.id::text FROM public.conversations v WHERE v.contact_id = contacts.id)'),
        filter => format('account_id = %s', account));

    -- 0 came in, 1 went out; 2 is Chatwoot's own note of what happened.
    PERFORM revops.attach_touch('messages ' || account, 'public.messages', leads,
        roles => jsonb_build_object(
            'lead',        'conversation_id',
            'signal',      $$CASE message_type WHEN 0 THEN 'email_reply' ELSE 'email' END$$,
            'occurred_at', 'created_at'),
        filter => format('account_id = %s AND message_type IN (0, 1) AND NOT private', account));
END
$do$;

SELECT format('CALL pg_temp.attach_account(%s)', id) FROM public.accounts WHERE status = 0 ORDER BY id \gexec
SELECT format('CALL revops.backfill(%L)', binding)
FROM revops.binding WHERE kind <> 'lookup' AND detached_at IS NULL ORDER BY binding_id \gexec
