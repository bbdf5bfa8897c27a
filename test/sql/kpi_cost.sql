-- What marketing spends and what sales sells (K, K7, K8, J3), on facts made by
-- hand: every figure below can be checked with a pencil.
\pset null -
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET session_replication_role = replica;
SET pg_revops.now = '2026-05-16 00:00+00';
-- written by hand, not by the engine: the views are to go through the facts
SELECT revops.discard_rollups() \g /dev/null

-- empty tables give no rows and no errors
SELECT count(*) FROM revops.kpi_cost_week;
SELECT count(*) FROM revops.kpi_work_rate('day');
SELECT count(*) FROM revops.kpi_segment_month;
SELECT count(*) FROM revops.kpi_retention('quarter');
SELECT count(*) FROM revops.kpi_content('year', '-infinity', 'infinity');
SELECT count(*) FROM revops.kpi_quota;
SELECT count(*) FROM revops.required_volume();
SELECT count(*) FROM revops.review_sample();
SELECT count(*) FROM revops.hygiene;

INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency)
VALUES (1, 'berlin', 'Europe/Berlin', 'EUR'), (2, 'auckland', 'Pacific/Auckland', 'NZD');
INSERT INTO revops.agreement (agreement_id, workspace_id, version, status) VALUES (1, 1, 1, 'active'), (2, 2, 1, 'active');
INSERT INTO revops.stage (agreement_id, stage, position, purpose)
VALUES (1, 'lead', 1, 'entry'), (1, 'mql', 2, 'qualified'), (1, 'sql', 3, 'accepted'), (1, 'opportunity', 4, 'opportunity'),
       (1, 'customer', 5, 'won'), (1, 'nurture', 8, 'nurture'), (1, 'disqualified', 9, 'disqualified'), (2, 'new', 1, 'entry');
INSERT INTO revops.team (team_id, workspace_id, team) VALUES (1, 1, 'inside'), (2, 2, 'inside');
INSERT INTO revops.rep (rep_id, workspace_id, rep) VALUES (1, 1, 'ada'), (2, 1, 'ben'), (3, 2, 'cai');
INSERT INTO revops.signal (signal_id, workspace_id, signal, direction, answers)
VALUES (1, 1, 'visit', 'inbound', false), (2, 1, 'mail', 'outbound', false), (3, 1, 'reply', 'inbound', true);
INSERT INTO revops.exchange_rate (workspace_id, currency, valid_from, rate)
VALUES (1, 'USD', '2026-01-01', 0.5), (1, 'USD', '2026-04-02', 0.8);

-- one lead's moves: stage, moment, cause, score
CREATE FUNCTION pg_temp.moves(id bigint, src text, camp text, seg text, rp int, VARIADIC moves text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO revops.stage_change (lead_id, seq, workspace_id, agreement_id, at, recorded_at, lead_created_at, spent, team_id, rep_id,
                                     fit, intent, score, violation, from_stage, to_stage, cause, actor, source, campaign, segment)
    SELECT id, n, CASE WHEN rp = 3 THEN 2 ELSE 1 END, CASE WHEN rp = 3 THEN 2 ELSE 1 END, at, at, first_value(at) OVER (ORDER BY n),
           at - lag(at) OVER (ORDER BY n), CASE WHEN rp = 3 THEN 2 ELSE 1 END, rp,
           coalesce(m[4]::int, 0), 0, coalesce(m[4]::int, 0), false, lag(m[1]) OVER (ORDER BY n), m[1], m[3], 'engine', src, camp, seg
    FROM unnest(moves) WITH ORDINALITY AS u (move, n), string_to_array(move, ' ', '-') AS m,
         LATERAL (SELECT (m[2] || '+00')::timestamptz AS at) AS t;
    INSERT INTO revops.lead (lead_id, workspace_id, binding_id, agreement_id, created_at, settled_at, stage_since, profile_id, intent_pos, intent_neg,
                             moves, assignments, clocks, touches, running, fit, disqualified, handed_over, stage, key)
    SELECT id, CASE WHEN rp = 3 THEN 2 ELSE 1 END, 1, 1, '2026-04-01', '2026-04-01', '2026-04-01', 0, '-Infinity', '-Infinity', 1, 0, 0, 0, 0, 0, false, false, 'lead', id::text
$$;
SELECT pg_temp.moves(1, 'ads', 'spring', 'smb', 1, 'lead 2026-04-01T08:00 entry', 'mql 2026-04-02T08:00 score 85', 'sql 2026-04-03T08:00 accept 80',
                     'customer 2026-04-11T08:00 won 90'),
       pg_temp.moves(2, 'ads', 'spring', 'smb', 1, 'lead 2026-04-01T08:00 entry', 'mql 2026-04-02T08:00 score 79', 'disqualified 2026-04-05T08:00 reject 40'),
       pg_temp.moves(3, 'ads', 'Spring', 'large', 2, 'lead 2026-04-10T08:00 entry', 'mql 2026-04-12T08:00 score 100'),
       -- handed over twice: the first time nobody cared
       pg_temp.moves(4, 'fair', NULL, 'large', 2, 'lead 2026-04-10T08:00 entry', 'mql 2026-04-13T08:00 score 20', 'nurture 2026-04-20T08:00 recycle 20',
                     'mql 2026-05-04T08:00 due 20', 'sql 2026-05-05T08:00 accept 20', 'customer 2026-05-10T08:00 won 20'),
       -- 30 April 22:30 UTC is in May in Berlin; in the other workspace nothing is sold
       pg_temp.moves(5, NULL, NULL, NULL, 2, 'lead 2026-04-30T22:30 entry'),
       pg_temp.moves(6, 'ads', 'spring', NULL, 3, 'new 2026-04-15T08:00 entry');
INSERT INTO revops.touch (lead_id, occurred_at, touch_id, recorded_at, workspace_id, signal_id, sign, source_key, source, campaign, content)
VALUES (1, '2026-04-01 09:00+00', 1, '2026-04-01', 1, 1, 1, 'a', 'ads', 'spring', 'guide'),
       (1, '2026-04-02 09:00+00', 2, '2026-04-02', 1, 2, 1, 'b', '', '', 'deck'),
       -- an inbound visit is no contact, a mail that was taken back is none either
       (2, '2026-04-02 10:00+00', 3, '2026-04-02', 1, 1, 1, 'c', 'ads', 'spring', 'guide'),
       (2, '2026-04-02 11:00+00', 4, '2026-04-02', 1, 2, 1, 'd', '', '', 'deck'),
       (2, '2026-04-02 11:00+00', 5, '2026-04-02', 1, 2, -1, 'd', '', '', 'deck'),
       -- a reply in the moment of the handoff was before it
       (3, '2026-04-12 08:00+00', 8, '2026-04-12', 1, 3, 1, 'g', '', '', ''),
       (4, '2026-05-04 09:00+00', 6, '2026-05-04', 1, 3, 1, 'e', '', '', ''),
       (4, '2026-04-12 09:00+00', 7, '2026-04-12', 1, 1, 1, 'f', 'ads', 'spring', 'guide');
INSERT INTO revops.opportunity (opportunity_id, workspace_id, binding_id, lead_id, opened_at, closed_at, status, amount, currency, base_amount, key, owner, nature, reason, competitor)
VALUES (1, 1, 2, 1, '2026-04-05 08:00+00', '2026-04-11 08:00+00', 'won', 1000, 'EUR', 1000, 'd1', 'ada', NULL, 'price', 'Rival'),
       (2, 1, 2, 1, '2026-04-20 08:00+00', '2026-04-25 08:00+00', 'won', 500, 'EUR', 500, 'd2', 'ada', NULL, NULL, NULL),
       (3, 1, 2, 1, '2026-05-01 08:00+00', '2026-05-08 08:00+00', 'won', 800, 'EUR', 800, 'd3', 'ada', 'renewal', NULL, NULL),
       (4, 1, 2, 4, '2026-05-05 08:00+00', '2026-05-10 08:00+00', 'won', NULL, 'EUR', NULL, 'd4', 'ben', NULL, NULL, NULL),
       (5, 1, 2, 4, '2026-05-11 08:00+00', '2026-05-12 08:00+00', 'lost', 700, 'EUR', 700, 'd5', 'ben', 'renewal', 'timing', NULL),
       (6, 1, 2, NULL, '2026-05-13 08:00+00', '2026-05-12 08:00+00', 'lost', 9, 'GBP', NULL, 'd6', 'ben', NULL, NULL, NULL);
-- rates by day: 400 USD are 200 EUR on the first, 80 are 64 on the second; nobody knows what a pound is worth
INSERT INTO revops.spend (workspace_id, day, campaign, source, amount, currency, paid)
VALUES (1, '2026-04-01', 'spring', 'ads', 400, 'USD', true), (1, '2026-04-02', NULL, 'ads', 80, 'USD', true),
       (1, '2026-04-30', 'spring', 'ads', 36, NULL, true), (1, '2026-04-15', NULL, NULL, 1000, 'EUR', false),
       (1, '2026-04-16', 'spring', NULL, 7, 'GBP', true), (1, '2026-05-01', 'summer', 'ads', 50, 'EUR', true),
       (2, '2026-04-01', 'spring', 'ads', 10, NULL, true);

-- K: cost by volume; payback by cohort
SELECT workspace, period, complete, dimension, value, spend, paid_spend, spend_without_rate AS no_rate, leads, mqls, accepted, customers AS won, paid_customers AS paid_won
FROM revops.kpi_cost_month;
SELECT workspace, period, dimension, value, cost_per_lead AS lead, cost_per_mql AS mql, cost_per_accepted AS accepted, cac_blended, cac_paid
FROM revops.kpi_cost('month') WHERE workspace_id = 1;
SELECT period, dimension, value, deals_won, deals_without_amount AS unpriced, won_amount, return_on_spend, cohort_amount, payback_days, currency
FROM revops.kpi_cost('quarter') WHERE workspace_id = 1;
-- days of the workspace: since midnight of Berlin
SELECT period, spend, leads FROM revops.kpi_cost('day', '2026-04-29 22:00+00', '2026-05-01 22:00+00') WHERE dimension = 'all';
-- each dimension has all of it
SELECT workspace_id, period, count(DISTINCT (s, p, l, m, a, c, d, w)) AS different
FROM (SELECT workspace_id, period, dimension, sum(spend) AS s, sum(paid_spend) AS p, sum(leads) AS l, sum(mqls) AS m, sum(accepted) AS a,
             sum(customers) AS c, sum(deals_won) AS d, sum(won_amount) AS w FROM revops.kpi_cost_week GROUP BY 1, 2, 3) AS x
GROUP BY 1, 2 HAVING count(DISTINCT (s, p, l, m, a, c, d, w)) > 1;

-- K7: a lead that is handed over twice counts twice; a contact before the handoff is none
SELECT period, score_band, source, team, rep, handed_over, contacted, never_contacted AS never, decided_unworked, waiting, work_rate, never_contacted_share AS never_share
FROM revops.kpi_work_rate_month;

-- segment, retention, content
SELECT period, segment, leads, mean_fit, median_fit, mqls, accepted, won, disqualified, lead_to_mql, mql_to_sql, lead_to_won, deals_won, won_amount
FROM revops.kpi_segment_month WHERE workspace_id = 1;
SELECT period, source, customers, retained, renewed, expanded, lost_renewal, first_amount, renewal_amount, expansion_amount, deals_without_amount AS unpriced,
       retention_rate, renewal_rate, expansion_share
FROM revops.kpi_retention_month;
SELECT period, content, source, campaign, touches, outbound, leads, leads_mql, leads_won, deals_won, won_amount FROM revops.kpi_content_month;

-- K8: quotas
INSERT INTO revops.quota (workspace_id, quarter, team_id, rep_id, amount)
VALUES (1, '2026-04-01', NULL, NULL, 4600), (1, '2026-04-01', 1, NULL, 3000), (1, '2026-04-01', NULL, 1, 2300), (1, '2026-04-01', NULL, 2, 1000),
       (1, '2026-07-01', NULL, NULL, 5000), (2, '2026-04-01', NULL, NULL, 100);
SELECT workspace, period, complete, scope, team, rep, quota, won, deals_without_amount AS unpriced, won_amount, attainment, elapsed, pace, still_to_win, currency
FROM revops.kpi_quota;
-- 4 MQLs, 2 won, deals of 766.67 on average: 2300 are 6 MQLs more
SELECT workspace, quarter, still_to_win, weeks_left, mqls, mqls_won, mql_to_won, deals, average_deal, required_mqls, required_per_week,
       arriving_per_week, reps, workable_per_week, bottleneck
FROM revops.required_volume('70 days');
-- nobody became an MQL for the first time: not known
SELECT workspace, mqls, arriving_per_week, required_mqls, bottleneck FROM revops.required_volume('28 days');

-- J3: a sample, the same each time
SELECT outcome, place, key, days, amount, source, rep, reason, competitor, jsonb_array_length(timeline) > 3 AS told
FROM revops.review_sample(2);
SELECT count(*) FILTER (WHERE outcome = 'won') AS won, count(*) FILTER (WHERE outcome = 'lost') AS lost, count(DISTINCT opportunity_id) AS deals
FROM revops.review_sample(100);
SELECT key FROM revops.review_sample(10, '2026-05-01', '2026-05-10 08:00+00');
SELECT count(DISTINCT key) > 1 AS another FROM generate_series(1, 20) AS d, revops.review_sample(1, draw => d) WHERE outcome = 'won';
SELECT * FROM revops.review_sample(0);
SELECT * FROM revops.review_sample(1, '2026-02-01', '2026-01-01');

-- what is wrong is shown
INSERT INTO revops.stage_change (lead_id, seq, workspace_id, agreement_id, at, recorded_at, lead_created_at, fit, intent, score, violation, to_stage, cause, actor, source, campaign)
VALUES (7, 1, 1, 1, '1970-01-01', '1970-01-01', '1970-01-01', 0, 0, 0, false, 'lead', 'entry', 'engine', ' Ads', '(not set)'),
       (8, 1, 1, 1, '2026-06-01', '2026-05-01', '2026-06-01', 0, 0, 0, false, 'lead', 'entry', 'engine', 'N/A', NULL),
       (5, 2, 1, 1, '2026-04-29', '2026-05-01', '2026-04-30 22:30+00', 0, 0, 0, false, 'mql', 'host', 'engine', NULL, NULL);
INSERT INTO revops.opportunity (opportunity_id, workspace_id, binding_id, lead_id, opened_at, closed_at, status, amount, currency, base_amount, key)
VALUES (7, 1, 2, 1, '1900-01-01', NULL, 'open', 0, 'EUR', 0, 'd7'), (8, 1, 2, 1, '2026-05-01', '2026-12-01', 'won', 0, 'EUR', 0, 'd8'),
       (9, 1, 2, 1, '2026-05-01', NULL, 'lost', 0, 'EUR', 0, 'd9');
SELECT workspace, problem, n, example, meaning FROM revops.hygiene;

-- wrong questions
SELECT * FROM revops.kpi_cost('fortnight');
SELECT * FROM revops.kpi_content('week', '2026-02-01', '2026-01-01');

-- who may: marketing spends, sales sets quotas, readers see neither leads nor samples
SET session_replication_role = origin;
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN EXECUTE statement; GET DIAGNOSTICS n = ROW_COUNT; RETURN n; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM; END $$;
CREATE TABLE attempt (n int, statement text);
GRANT SELECT ON attempt TO PUBLIC;
INSERT INTO attempt VALUES
    (1, 'INSERT INTO revops.spend (day, campaign, amount) VALUES (''2026-05-02'', ''summer'', 5)'),
    (2, 'INSERT INTO revops.quota (quarter, rep_id, amount) VALUES (''2026-10-01'', 1, 5)'),
    (3, 'INSERT INTO revops.quota (quarter, rep_id, amount) VALUES (''2026-10-01'', 3, 5)'),
    (4, 'INSERT INTO revops.quota (quarter, amount) VALUES (''2026-10-02'', 5)'),
    (5, 'SELECT * FROM revops.review_sample(1)'),
    (6, 'SELECT * FROM revops.deal'),
    (7, 'SELECT * FROM revops.required_volume()'),
    (8, 'SELECT * FROM revops.hygiene');
SET ROLE revops_reader;
SELECT n, pg_temp.try(statement) AS reader FROM attempt ORDER BY n;
RESET ROLE;
SET ROLE revops_marketing;
SELECT n, pg_temp.try(statement) AS marketing FROM attempt ORDER BY n;
RESET ROLE;
SET ROLE revops_sales;
SELECT n, pg_temp.try(statement) AS sales FROM attempt ORDER BY n;
RESET ROLE;
SELECT definition, operation, after ->> 'amount' AS amount FROM revops.definition_change WHERE definition IN ('spend', 'quota') ORDER BY change_id;

-- every KPI is in the catalogue, and has what the catalogue says
SELECT proname FROM pg_proc
WHERE pronamespace = 'revops'::regnamespace AND proname LIKE 'kpi\_%' AND proretset AND regexp_replace(proname, '_rolled$', '') NOT IN (SELECT name FROM revops.kpi_catalogue);
SELECT relname FROM pg_class
WHERE relnamespace = 'revops'::regnamespace AND relkind = 'v' AND relname LIKE 'kpi\_%' AND relname <> 'kpi_catalogue'
  AND regexp_replace(relname, '_(week|month)$', '') NOT IN (SELECT name FROM revops.kpi_catalogue);
SELECT name FROM revops.kpi_catalogue
WHERE to_regclass('revops.' || name || CASE WHEN name IN ('kpi_quota', 'kpi_commitment') THEN '' ELSE '_week' END) IS NULL
   OR (name NOT IN ('kpi_quota', 'kpi_commitment') AND to_regprocedure(format('revops.%s(text, timestamptz, timestamptz)', name)) IS NULL);
