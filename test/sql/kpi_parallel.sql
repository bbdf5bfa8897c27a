-- K, L: parallel workers read the same engine time as their leader, whoever is the first
-- of the session to need the library; every KPI says the same by a parallel plan.
SET client_min_messages = warning;
CREATE FUNCTION public.moment(int) RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN revops.engine_now(); END';
CREATE TABLE public.one AS SELECT 1 AS n;
SELECT current_database() AS here \gset

\echo the setting waits for the library, which a worker loads
\connect :here
SET timezone = 'UTC';
SET pg_revops.now = '2026-04-15 12:00 CEST';
SET force_parallel_mode = on;
SELECT public.moment(n) FROM public.one;
SELECT public.moment(n) FROM public.one;

\echo the same, and the leader does the work in the parallel operation
\connect :here
SET timezone = 'UTC';
SET pg_revops.now = '2026-04-15 12:00';
SET force_parallel_mode = on;
SET max_parallel_workers = 0;
SELECT public.moment(n) FROM public.one;
RESET max_parallel_workers;
SELECT public.moment(n) FROM public.one;
SHOW pg_revops.now;

\echo what is no moment is refused then too
\connect :here
SET timezone = 'UTC';
SET pg_revops.now = 'next spring';
SET force_parallel_mode = on;
SELECT public.moment(n) > '2026-01-01' AS real FROM public.one;

\echo the KPIs by serial and by parallel plans
\connect :here
SET timezone = 'UTC';
SET client_min_messages = warning;
SET session_replication_role = replica;
SET pg_revops.now = '2026-04-20 12:00+00';
INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency) VALUES (1, 'berlin', 'Europe/Berlin', 'EUR'), (2, 'newfoundland', 'America/St_Johns', 'CAD');
INSERT INTO revops.agreement (agreement_id, workspace_id, version, status) VALUES (1, 1, 1, 'active'), (2, 2, 1, 'active');
INSERT INTO revops.stage (agreement_id, stage, position, purpose)
SELECT a, s, p, u FROM generate_series(1, 2) a,
     (VALUES ('lead', 1, 'entry'), ('mql', 2, 'qualified'), ('sql', 4, 'accepted'), ('opportunity', 5, 'opportunity'),
             ('customer', 6, 'won'), ('nurture', 8, 'nurture'), ('disqualified', 9, 'disqualified')) v (s, p, u);
INSERT INTO revops.team (team_id, workspace_id, team) VALUES (1, 1, 'inside'), (2, 2, 'inside');
INSERT INTO revops.rep (rep_id, workspace_id, rep) VALUES (1, 1, 'ann'), (2, 2, 'bob');
INSERT INTO revops.signal (signal_id, workspace_id, signal, direction, answers) SELECT 10 * w + d, w, 's' || d, CASE d WHEN 1 THEN 'outbound' ELSE 'inbound' END, d = 2
FROM generate_series(1, 2) w, generate_series(1, 3) d;
INSERT INTO revops.calendar (calendar_id, workspace_id, calendar, time_zone) VALUES (1, 1, 'office', 'Europe/Berlin'), (2, 2, 'office', 'America/St_Johns');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes) SELECT c, d, '09:00', '17:00' FROM generate_series(1, 2) c, generate_series(1, 5) d;
INSERT INTO revops.sla_policy (policy_id, agreement_id, policy, position, target) VALUES (1, 1, 'first', 1, '1 hour'), (2, 2, 'first', 1, '1 hour');
INSERT INTO revops.stage_change (lead_id, seq, workspace_id, agreement_id, at, recorded_at, lead_created_at, spent, team_id, rep_id,
                                 fit, intent, score, violation, from_stage, to_stage, cause, reason, actor, source, campaign, segment)
SELECT i, s, 1 + i % 2, 1 + i % 2, t + s * interval '30 hours', t, t, CASE WHEN s > 1 THEN interval '30 hours' END, 1 + i % 2, 1 + i % 2,
       i % 100, 0, i % 100, false, CASE WHEN s > 1 THEN 'lead' END,
       CASE WHEN s = 1 THEN 'lead' ELSE ('{mql,sql,opportunity,customer,nurture,disqualified,lead,mql}'::text[])[1 + (i * 7 + s * 5) % 8] END,
       CASE WHEN s = 1 THEN 'entry' ELSE 'host' END, 'timing', 'engine', 'src' || i % 3, 'cmp' || i % 2, 'seg' || i % 2
FROM (SELECT i, timestamptz '2026-01-01 00:00+00' + i * interval '12 hours' AS t FROM generate_series(1, 200) i) l, generate_series(1, 5) s WHERE s <= 1 + i % 5;
INSERT INTO revops.opportunity (opportunity_id, workspace_id, binding_id, lead_id, opened_at, closed_at, status, amount, currency, base_amount, key, nature)
SELECT i, 1 + i % 2, 1, i, timestamptz '2026-01-05 00:00+00' + i * interval '12 hours',
       CASE WHEN i % 3 > 0 THEN timestamptz '2026-01-25 00:00+00' + i * interval '12 hours' END, ('{open,won,lost}'::text[])[1 + i % 3], i, 'EUR', i, i::text, 'new'
FROM generate_series(1, 200) i;
INSERT INTO revops.sla_clock (lead_id, seq, workspace_id, agreement_id, policy_id, calendar_id, team_id, rep_id, started_at, due_at, stopped_at, outcome, promise, source, segment)
SELECT i, 1, 1 + i % 2, 1 + i % 2, 1 + i % 2, 1 + i % 2, 1 + i % 2, 1 + i % 2, t, t + interval '1 hour',
       CASE i % 3 WHEN 0 THEN t + interval '50 minutes' WHEN 1 THEN t + interval '99 hours' END, ('{kept,late}'::text[])[1 + i % 3], 'first_response', 'src' || i % 3, 'seg1'
FROM (SELECT i, timestamptz '2026-01-02 00:00+00' + i * interval '12 hours' AS t FROM generate_series(1, 200) i) c;
INSERT INTO revops.touch (lead_id, occurred_at, touch_id, recorded_at, workspace_id, signal_id, sign, source, campaign, content)
SELECT i % 200 + 1, timestamptz '2026-01-03 00:00+00' + i * interval '5 hours', i, now(), 1 + (i + 1) % 2, 10 * (1 + (i + 1) % 2) + 1 + i % 3, 1, 'src' || i % 3, '', 'page' || i % 5
FROM generate_series(1, 400) i;
INSERT INTO revops.spend (workspace_id, day, campaign, amount) SELECT 1 + i % 2, date '2026-01-01' + i, 'cmp' || i % 2, i FROM generate_series(1, 100) i;
INSERT INTO revops.quota (workspace_id, quarter, amount) VALUES (1, '2026-01-01', 10000), (2, '2026-01-01', 10000), (1, '2026-04-01', 10000);
ANALYZE;
-- each as it is called, once by each kind of plan
CREATE TEMPORARY TABLE answer (call text, plan text, lines bigint, digest text);
CREATE PROCEDURE pg_temp.ask(kind text) LANGUAGE plpgsql AS $$
DECLARE
    question text;
BEGIN
    FOR question IN SELECT format('revops.%I(%L)', p.proname, g) FROM pg_proc p, unnest('{week,month}'::text[]) g
                    WHERE p.pronamespace = 'revops'::regnamespace AND p.proname IN (SELECT name FROM revops.kpi_catalogue)
                      AND p.proargnames[1] = 'grain' ORDER BY 1 LOOP
        EXECUTE format('INSERT INTO answer SELECT %L, %L, count(*), md5(string_agg(k::text, '';'')) FROM %s k', question, kind, question);
    END LOOP;
    FOREACH question IN ARRAY '{revops.hygiene,revops.kpi_quota,revops.required_volume(),revops.handoff,revops.deal}'::text[] LOOP
        EXECUTE format('INSERT INTO answer SELECT %L, %L, count(*), md5(string_agg(k::text, '';'' ORDER BY k::text)) FROM %s k', question, kind, question);
    END LOOP;
END $$;
CALL pg_temp.ask('serial');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
CALL pg_temp.ask('parallel');
SET force_parallel_mode = on;
CALL pg_temp.ask('forced');
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE lines = 0) AS empty, count(DISTINCT plan) AS plans FROM answer;
SELECT s.call, p.plan FROM answer s JOIN answer p ON p.call = s.call AND p.plan <> 'serial' WHERE s.plan = 'serial' AND (p.lines, p.digest) IS DISTINCT FROM (s.lines, s.digest) ORDER BY 1, 2;
