-- K: the funnel's KPIs on facts made by hand: every figure can be checked with a pencil.
\pset null -
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET session_replication_role = replica;
SET pg_revops.now = '2026-05-10 12:00+00';
-- written by hand, not by the engine: the views are to go through the facts
SELECT revops.discard_rollups() \g /dev/null

-- empty tables give no rows and no errors
SELECT (SELECT count(*) FROM revops.kpi_entry_week) + (SELECT count(*) FROM revops.kpi_funnel_month)
       + (SELECT count(*) FROM revops.kpi_stage_volume('day')) + (SELECT count(*) FROM revops.kpi_lead_velocity('month'))
       + (SELECT count(*) FROM revops.kpi_leakage('quarter')) + (SELECT count(*) FROM revops.kpi_stage_time('year', '-infinity', 'infinity'))
       + (SELECT count(*) FROM revops.kpi_recycle_week) AS rows;

INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency) VALUES (1, 'main', 'UTC', 'EUR'), (2, 'auckland', 'Pacific/Auckland', 'NZD');
INSERT INTO revops.agreement (agreement_id, workspace_id, version, status) VALUES (1, 1, 1, 'active'), (2, 2, 1, 'active');
INSERT INTO revops.stage (agreement_id, stage, position, purpose)
VALUES (1, 'lead', 10, 'entry'), (1, 'mql', 20, 'qualified'), (1, 'trial', 25, NULL), (1, 'sql', 30, 'accepted'), (1, 'opportunity', 40, 'opportunity'),
       (1, 'customer', 50, 'won'), (1, 'fan', 60, NULL), (1, 'nurture', 80, 'nurture'), (1, 'disqualified', 90, 'disqualified'),
       (2, 'new', 1, 'entry'), (2, 'ready', 2, 'qualified'), (2, 'taken', 3, 'accepted');
INSERT INTO revops.team (team_id, workspace_id, team) VALUES (1, 1, 'inside'), (2, 2, 'inside');

\echo C3: stages without a purpose are as far as the last one before them; what is aside is beside the funnel
SELECT stage, purpose, aside, level FROM revops.funnel_stage WHERE agreement_id = 1 ORDER BY position;

CREATE FUNCTION pg_temp.moves(id bigint, ws int, src text, VARIADIC moves text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO revops.stage_change (lead_id, seq, workspace_id, agreement_id, at, recorded_at, lead_created_at, spent, team_id,
                                     fit, intent, score, violation, from_stage, to_stage, cause, reason, actor, source, campaign, segment)
    SELECT id, n, ws, ws, at, at, first_value(at) OVER (ORDER BY n), at - lag(at) OVER (ORDER BY n),
           CASE WHEN n > 1 THEN ws END, 0, 0, 0, false, lag(m[1]) OVER (ORDER BY n), m[1], 'host', m[3], 'engine', src, 'spring', 'smb'
    FROM unnest(moves) WITH ORDINALITY AS u (move, n), string_to_array(move, ' ', '-') AS m,
         LATERAL (SELECT (m[2] || '+00')::timestamptz AS at) AS t
$$;
SELECT pg_temp.moves(1, 1, 'web', 'lead 2026-03-02T00:00', 'mql 2026-03-04T00:00', 'sql 2026-03-05T00:00', 'opportunity 2026-03-09T00:00', 'customer 2026-04-08T00:00'),
       -- recycled twice, came back once, disqualified in the end: its furthest step was SQL
       pg_temp.moves(2, 1, 'web', 'lead 2026-03-02T00:00', 'mql 2026-03-10T00:00', 'nurture 2026-03-20T00:00 timing', 'mql 2026-03-30T00:00',
                     'sql 2026-04-01T00:00', 'nurture 2026-04-11T00:00 timing', 'disqualified 2026-04-20T00:00 no_budget'),
       -- straight from lead to opportunity: MQL and SQL skipped
       pg_temp.moves(3, 1, 'fair', 'lead 2026-03-15T00:00', 'opportunity 2026-03-25T00:00', 'lead 2026-04-02T00:00 mistake'),
       -- into a stage without purpose behind MQL
       pg_temp.moves(4, 1, 'fair', 'lead 2026-04-01T00:00', 'trial 2026-04-02T00:00'),
       -- a form made an MQL at once
       pg_temp.moves(5, 1, NULL, 'mql 2026-05-01T00:00'),
       -- an MQL dated before its creation
       pg_temp.moves(6, 1, 'web', 'lead 2026-05-03T00:00', 'mql 2026-05-02T00:00'),
       -- still April in UTC, May in Auckland
       pg_temp.moves(7, 2, 'web', 'new 2026-04-30T12:30', 'ready 2026-04-30T13:00') \g /dev/null

\echo K: where leads enter
SELECT workspace, period, complete, source, stage, leads, share FROM revops.kpi_entry('month');
\echo C2, K: the funnel of distinct leads
SELECT workspace, period, complete, source, leads, mqls, sqls, opportunities AS opps, customers, skipped_mql, skipped_sql, skipped_opportunity AS skipped_opp,
       now_nurture, now_disqualified FROM revops.kpi_funnel('month');
SELECT workspace, period, source, lead_to_mql, mql_to_sql, sql_to_opportunity, opportunity_to_won, lead_to_won FROM revops.kpi_funnel('quarter');
\echo K: by volume, which may exceed 1
SELECT period, source, team, leads, mqls, sqls, opportunities AS opps, customers FROM revops.kpi_stage_volume('month') WHERE workspace_id = 1;
SELECT period, sum(leads) AS leads, sum(mqls) AS mqls, sum(sqls) AS sqls, revops.kpi_share(sum(sqls)::bigint, sum(mqls)::bigint) AS mql_to_sql_by_volume
FROM revops.kpi_stage_volume_month WHERE workspace_id = 1 GROUP BY 1 ORDER BY 1;
\echo K: lead velocity; a month without MQLs has a row
SELECT workspace, period, complete, mqls, mqls_before, lead_velocity_rate FROM revops.kpi_lead_velocity('month');
SELECT period, mqls, mqls_before, lead_velocity_rate FROM revops.kpi_lead_velocity('week', '2026-03-01', '2026-04-01');
\echo K: leaks
SELECT period, source, from_stage, to_stage, way, reason, moves, leads, share_of_leaving FROM revops.kpi_leakage('month');
\echo K: time between the points
SELECT period, source, from_point, to_point, leads, out_of_order, days, mean_days, median_days, p90_days FROM revops.kpi_stage_time('quarter') WHERE workspace_id = 1;
\echo K: recycled and come back
SELECT period, source, reason, recycled, returned, mql_again, accepted, won, return_rate, median_days FROM revops.kpi_recycle('month');
\echo periods are those of the workspace: what can not be is refused
SELECT * FROM revops.kpi_funnel('fortnight');
SELECT * FROM revops.kpi_stage_time('week', '2026-04-01', '2026-03-01');
\echo every column of every KPI has a comment
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'revops'::regnamespace AND c.relname LIKE 'kpi\_%' AND c.relkind IN ('c', 'v') AND col_description(c.oid, a.attnum) IS NULL;
