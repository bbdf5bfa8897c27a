-- Dolibarr 20 and later on PostgreSQL (schema public, prefix llx_), attached.
--
--     psql -d dolibarr -v ON_ERROR_STOP=1 -f dolibarr.sql
--
-- What is a lead: a third party that is a prospect (client 2, or 3: prospect
-- and customer), active (status 1), of one entity (multi-company).  Another
-- entity is another workspace: the same calls with entity = 2.
--
-- Mode: inline.  PHP under READ COMMITTED, short transactions.
-- dol_util_triggerall() disables and enables all triggers of all tables, which
-- some of Dolibarr's tools do: what is written meanwhile, reconcile finds.
--
-- Zone: timestamps are the server's local time or GMT, by a setting: give yours.
--
-- Write-back: into an extra field (llx_societe_extrafields is a table of its
-- own), so none here.  tms is set by Dolibarr's own trigger.
--
-- What stays the host's: 0 means none in references (fk_pays, fk_effectif).
-- Owners are many-to-many (llx_societe_commerciaux): the first by rowid.

CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('dolibarr');

INSERT INTO revops.rep (rep, active) SELECT u.rowid::text, u.statut = 1 FROM public.llx_user u WHERE u.entity IN (0, 1);

SELECT revops.draft_agreement(note => 'moves of a prospect') AS draft \gset
INSERT INTO revops.transition (agreement_id, from_stage, to_stage)
SELECT :draft, f.stage, t.stage
FROM unnest(ARRAY['lead', 'mql', 'sql', 'opportunity', 'disqualified']) AS f (stage),
     unnest(ARRAY['lead', 'sql', 'disqualified']) AS t (stage)
WHERE f.stage <> t.stage
ON CONFLICT DO NOTHING;
SELECT revops.adopt_agreement(:draft);

SELECT revops.attach_lead('leads', 'public.llx_societe',
    roles => jsonb_build_object(
        'email',      $$NULLIF(lower(email), '')$$,
        'company',    'nom',
        'country',    'NULLIF(fk_pays, 0)',
        'industry',   $$NULLIF(fk_prospectlevel, '')$$,
        'size',       'NULLIF(fk_effectif, 0)::text',
        'stage',      '(SELECT s.code FROM public.llx_c_stcomm s WHERE s.id = llx_societe.fk_stcomm)',
        'outcome',    $$CASE WHEN client IN (1, 3) THEN 'won' WHEN fk_stcomm = -1 THEN 'lost' END$$,
        'owner',      '(SELECT c.fk_user FROM public.llx_societe_commerciaux c WHERE c.fk_soc = llx_societe.rowid ORDER BY c.rowid LIMIT 1)',
        'created_at', 'datec',
        'updated_at', 'tms'),
    filter => 'client IN (2, 3) AND status = 1 AND entity = 1', mode => 'inline', zone => 'UTC',
    stage_map => '{"ST_NO": "disqualified", "ST_NEVER": "lead", "ST_TODO": "lead", "ST_PEND": "sql", "ST_DONE": "sql"}');

SELECT revops.attach_lookup('owners', 'public.llx_societe_commerciaux', 'leads',
    roles => jsonb_build_object('lead', 'fk_soc'));

-- Opportunities are projects.
SELECT revops.attach_opportunity('deals', 'public.llx_projet', 'leads',
    roles => jsonb_build_object(
        'lead',      'fk_soc',
        'won',       $$(SELECT s.code = 'WON' FROM public.llx_c_lead_status s WHERE s.rowid = llx_projet.fk_opp_status)$$,
        'lost',      $$(SELECT s.code = 'LOST' FROM public.llx_c_lead_status s WHERE s.rowid = llx_projet.fk_opp_status)$$,
        'amount',    'opp_amount',
        'opened_at', 'datec',
        'closed_at', 'date_close'),
    filter => 'usage_opportunity = 1 AND fk_opp_status IS NOT NULL AND entity = 1');

-- Events that are done (percent 100); those that Dolibarr writes itself are none.
SELECT revops.attach_touch('events', 'public.llx_actioncomm', 'leads',
    roles => jsonb_build_object(
        'lead',        'fk_soc',
        'signal',      $$CASE code WHEN 'AC_EMAIL' THEN 'email' WHEN 'AC_RDV' THEN 'meeting' ELSE 'call' END$$,
        'occurred_at', 'datep'),
    filter => $$code IN ('AC_TEL', 'AC_EMAIL', 'AC_RDV') AND percent = 100 AND entity = 1$$);

CALL revops.backfill('leads');
CALL revops.backfill('deals');
CALL revops.backfill('events');
