-- Atomic CRM (Marmelab, on Supabase; June 2026; schema public), attached.
--
--     psql -d postgres -v ON_ERROR_STOP=1 -f atomic_crm.sql
--
-- What is a lead: a row of contacts, with its company looked up, and the newest
-- deal that names it (deals.contact_ids, an array) for the outcome.
--
-- Mode: inline.  One request is one statement (PostgREST), under READ
-- COMMITTED.  Its own triggers update the contact when a note is written
-- (depth 2): that is seen like any update.
--
-- Write-back: possible into a column of your own on contacts, and off.  The
-- host has no rule of its own for updates (last_seen is set by notes).
--
-- What stays the host's: row-level security (the role authenticated needs no
-- right on ours), defaults for the owner, lower-casing of e-mails.
-- merge_contacts deletes the loser: its lead is gone, its history stays with it.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('atomic');

INSERT INTO revops.rep (rep, active) SELECT s.id::text, NOT s.disabled FROM public.sales s;

-- A contact's status is a temperature (cold, warm, hot), not a stage: only
-- "in-contract" says where it is.
SELECT revops.draft_agreement(note => 'deals carry contacts along') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
VALUES (:draft, 'lead', 'customer'), (:draft, 'mql', 'customer'), (:draft, 'sql', 'customer'), (:draft, 'nurture', 'customer')
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'public.contacts',
    roles => jsonb_build_object(
        'email',      $$email_jsonb #>> '{0,email}'$$,
        'company',    '(SELECT c.name FROM public.companies c WHERE c.id = contacts.company_id)',
        'title',      'title',
        'country',    '(SELECT c.country FROM public.companies c WHERE c.id = contacts.company_id)',
        'industry',   '(SELECT c.sector FROM public.companies c WHERE c.id = contacts.company_id)',
        'size',       '(SELECT c.size::text FROM public.companies c WHERE c.id = contacts.company_id)',
        'stage',      'status',
        'outcome',    $$(SELECT CASE WHEN d.stage IN ('won', 'lost') THEN d.stage END FROM public.deals d
                         WHERE d.contact_ids @> ARRAY[contacts.id] ORDER BY d.id DESC LIMIT 1)$$,
        'owner',      'sales_id',
        'created_at', 'first_seen',             -- may be NULL: then it is when the row was first read
        'updated_at', 'last_seen'),
    mode => 'inline',
    stage_map => '{"cold": null, "warm": null, "hot": null, "in-contract": "customer"}');

SELECT revops.attach_lookup('companies', 'public.companies', 'leads',
    roles => jsonb_build_object('lead', 'ARRAY(SELECT c.id::text FROM public.contacts c WHERE c.company_id = companies.id)'));
SELECT revops.attach_lookup('deals of contacts', 'public.deals', 'leads',
    roles => jsonb_build_object('lead', 'contact_ids::text[]'));

-- A deal names several contacts; it moves the first.
SELECT revops.attach_opportunity('deals', 'public.deals', 'leads',
    roles => jsonb_build_object(
        'lead',      'contact_ids[1]',
        'won',       $$stage = 'won'$$,
        'lost',      $$stage = 'lost'$$,
        'amount',    'amount',
        'opened_at', 'created_at',
        'closed_at', $$CASE WHEN stage IN ('won', 'lost') THEN updated_at END$$),
    filter => 'archived_at IS NULL');

SELECT revops.attach_touch('notes', 'public.contact_notes', 'leads',
    roles => jsonb_build_object('lead', 'contact_id', 'signal', $$'call'$$, 'occurred_at', 'date'));
SELECT revops.attach_touch('tasks', 'public.tasks', 'leads',
    roles => jsonb_build_object(
        'lead',        'contact_id',
        'signal',      $$CASE type WHEN 'Email' THEN 'email' WHEN 'Meeting' THEN 'meeting' ELSE 'call' END$$,
        'occurred_at', 'done_date'),
    filter => 'done_date IS NOT NULL');

CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('notes');
CALL revops.backfill('tasks');
