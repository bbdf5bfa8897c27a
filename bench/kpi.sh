#!/bin/bash
#
# kpi.sh: how long each shared KPI takes, over all time by month, read straight
# from the facts: BENCH_KPI_LEADS leads (100,000), five times as many moves, ten
# times as many touches, half as many clocks, a tenth as many deals, of two
# years.  Wall time, medians of BENCH_KPI_ROUNDS (3) rounds, milliseconds.
# BENCH_KPI_LEADS=1000000 is the size of a company that has sold for years.
#
# Facts are written by bulk SQL, as the engine would, without it.
#
# Needs a server with the extension installed, given by PGHOST, PGPORT and so
# on, and a superuser.  Makes and drops a database of its own.  Prints lines to
# standard error and JSON objects to standard output.
#
set -euo pipefail

leads=${BENCH_KPI_LEADS:-100000}
rounds=${BENCH_KPI_ROUNDS:-3}
database=bench_kpi_$$
admin="psql -Xq -v ON_ERROR_STOP=1 -d ${PGDATABASE:-postgres}"

cleanup()
{
	$admin -c "DROP DATABASE IF EXISTS $database" || true
}
trap cleanup EXIT

$admin -c "CREATE DATABASE $database"
psql -Xq -v ON_ERROR_STOP=1 -v leads="$leads" -v rounds="$rounds" -d "$database" -At <<'SQL'
SET client_min_messages = warning;
SET timezone = 'UTC';
SET pg_revops.now = '2026-01-10 00:00+00';
CREATE EXTENSION pg_revops;
SET session_replication_role = replica;
INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency) VALUES (1, 'main', 'Europe/Berlin', 'EUR');
INSERT INTO revops.agreement (agreement_id, workspace_id, version, status) VALUES (1, 1, 1, 'active');
INSERT INTO revops.stage (agreement_id, stage, position, purpose)
VALUES (1, 'lead', 1, 'entry'), (1, 'mql', 2, 'qualified'), (1, 'sql', 3, 'accepted'), (1, 'opportunity', 4, 'opportunity'),
       (1, 'customer', 5, 'won'), (1, 'nurture', 8, 'nurture'), (1, 'disqualified', 9, 'disqualified');
INSERT INTO revops.team (team_id, team) SELECT n, 'team' || n FROM generate_series(1, 4) AS n;
INSERT INTO revops.rep (rep_id, rep) SELECT n, 'rep' || n FROM generate_series(1, 20) AS n;
INSERT INTO revops.reason (reason, label) VALUES ('timing', 'Timing');
INSERT INTO revops.signal (signal_id, signal, direction, answers) VALUES (1, 'visit', 'inbound', false), (2, 'call', 'outbound', true);
INSERT INTO revops.sla_policy (policy_id, agreement_id, policy, position, target) VALUES (1, 1, 'first', 1, '4 hours');

-- two of five leads get no further than mql and back; one of ten is won
INSERT INTO revops.stage_change (lead_id, seq, workspace_id, agreement_id, at, recorded_at, lead_created_at, spent, team_id, rep_id,
                                 fit, intent, score, violation, from_stage, to_stage, cause, reason, actor, source, campaign, segment)
SELECT i, s, 1, 1, created + (s - 1) * step, created + (s - 1) * step, created, CASE WHEN s > 1 THEN step END, 1 + i % 4, 1 + i % 20,
       i % 100, i % 90, i % 100, false, CASE WHEN s > 1 THEN path[s - 1] END, path[s],
       (ARRAY['entry', 'score', 'accept', 'opportunity', 'won'])[s], CASE WHEN path[s] IN ('nurture', 'disqualified') THEN 'timing' END, 'engine',
       'source' || i % 8, 'campaign' || i % 30, 'segment' || i % 5
FROM (SELECT i, '2024-01-01 00:00+00'::timestamptz + interval '1 second' * (hashint8extended(i, 1) & 62899999) AS created,
             interval '1 hour' * (1 + i % 200) AS step,
             CASE i % 10 WHEN 0 THEN '{lead,mql,sql,opportunity,customer}'::text[]
                         WHEN 1 THEN '{lead,mql,sql,opportunity,disqualified}' WHEN 2 THEN '{lead,mql,sql,mql,sql}'
                         WHEN 3 THEN '{lead,mql,nurture,mql,sql}' WHEN 4 THEN '{lead,mql,nurture,mql,nurture}'
                         WHEN 5 THEN '{lead,mql,disqualified,lead,mql}' ELSE '{lead,mql,lead,mql,sql}' END AS path
      FROM generate_series(1, :leads) AS i) AS l, generate_series(1, 5) AS s;
INSERT INTO revops.lead (lead_id, workspace_id, binding_id, agreement_id, created_at, settled_at, stage_since, profile_id, intent_pos, intent_neg,
                         moves, assignments, clocks, touches, running, fit, disqualified, handed_over, stage, key)
SELECT i, 1, 1, 1, '2025-01-01', '2025-01-01', '2025-01-01', 0, '-Infinity', '-Infinity', 5, 1, 1, 10, 0, 50, false, false, 'mql', i::text
FROM generate_series(1, :leads) AS i;
INSERT INTO revops.assignment (lead_id, seq, workspace_id, at, team_id, rep_id, cause, actor)
SELECT i, 1, 1, '2024-01-01', 1 + i % 4, 1 + i % 20, 'route', 'engine' FROM generate_series(1, :leads) AS i;
INSERT INTO revops.touch (lead_id, occurred_at, touch_id, recorded_at, workspace_id, signal_id, sign, source_key, source, campaign, content)
SELECT i, at, i * 10 + n, at, 1, 1 + (n = 7)::int, 1, (i * 10 + n)::text, 'source' || i % 8, 'campaign' || i % 30, CASE WHEN n > 7 THEN 'asset' || i % 50 ELSE '' END
FROM generate_series(1, :leads) AS i, generate_series(1, 10) AS n,
     LATERAL (SELECT '2024-01-01 00:00+00'::timestamptz + interval '1 second' * ((hashint8extended(i, 1) & 62899999) + n * 90000) AS at) AS t;
INSERT INTO revops.sla_clock (lead_id, seq, workspace_id, agreement_id, policy_id, team_id, rep_id, started_at, due_at, stopped_at, outcome, promise, source, campaign, segment)
SELECT i, 1, 1, 1, 1, 1 + i % 4, 1 + i % 20, at, at + interval '4 hours', at + interval '1 minute' * (i % 300),
       CASE WHEN i % 300 < 240 THEN 'kept' ELSE 'late' END, 'first_response', 'source' || i % 8, 'campaign' || i % 30, 'segment' || i % 5
FROM generate_series(1, :leads, 2) AS i,
     LATERAL (SELECT '2024-01-01 00:00+00'::timestamptz + interval '1 second' * (hashint8extended(i, 1) & 62899999) AS at) AS t;
INSERT INTO revops.opportunity (opportunity_id, workspace_id, binding_id, lead_id, opened_at, closed_at, status, amount, currency, base_amount, key, product)
SELECT i, 1, 1, i, at, CASE WHEN i % 3 < 2 THEN at + interval '1 day' * (i % 90) END, (ARRAY['won', 'lost', 'open'])[1 + i % 3], i % 5000, 'EUR', i % 5000, i::text, 'product' || i % 6
FROM generate_series(10, :leads, 10) AS i,
     LATERAL (SELECT '2024-01-20 00:00+00'::timestamptz + interval '1 second' * (hashint8extended(i, 1) & 62899999) AS at) AS t;
INSERT INTO revops.spend (day, campaign, source, amount)
SELECT date '2024-01-01' + d, 'campaign' || c, 'source' || c % 8, 50 FROM generate_series(0, 729) AS d, generate_series(0, 29) AS c;
INSERT INTO revops.quota (quarter, amount) VALUES ('2026-01-01', 1000000);
VACUUM ANALYZE;

-- these rows were not written by the engine
SELECT revops.discard_rollups() \g /dev/null
CREATE TABLE took (what text, raw boolean, round int, ms float8, rows bigint);
CREATE PROCEDURE roll_up_all() LANGUAGE plpgsql AS $$
DECLARE
    n int;
BEGIN
    LOOP
        n := revops.roll_up(10000);
        COMMIT;
        EXIT WHEN n = 0;
    END LOOP;
END $$;
SELECT clock_timestamp() AS began \gset
CALL roll_up_all();
SELECT round(1000000 * date_part('epoch', clock_timestamp() - :'began') / :leads) AS per_lead,
       pg_size_pretty(pg_total_relation_size('revops.rollup') + pg_total_relation_size('revops.rolled_lead')) AS size \gset
\warn roll-ups made anew: :per_lead microseconds a lead; :size
VACUUM ANALYZE;
CREATE PROCEDURE measure(rounds int, raw boolean) LANGUAGE plpgsql AS $$
DECLARE
    what text;
    began timestamptz;
    n bigint;
BEGIN
    FOR round IN 1 .. rounds LOOP
        FOR what IN SELECT name || CASE WHEN raw THEN '(''month'')' WHEN name <> 'kpi_quota' THEN '_month' ELSE '' END
                    FROM revops.kpi_catalogue WHERE NOT raw OR name <> 'kpi_quota'
                    UNION ALL SELECT unnest('{hygiene,required_volume()}'::text[]) WHERE NOT raw LOOP
            began := clock_timestamp();
            EXECUTE format('SELECT count(*) FROM revops.%s', what) INTO n;
            INSERT INTO took VALUES (regexp_replace(what, '_month|\(.*', ''), raw, round, 1000 * date_part('epoch', clock_timestamp() - began), n);
            COMMIT;
        END LOOP;
    END LOOP;
END $$;
-- in turn, so that both meet the same caches
CALL measure(1, true);
CALL measure(:rounds, false);
CALL measure(:rounds - 1, true);
CREATE VIEW medians AS
SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE NOT raw) AS ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE raw) AS raw_ms, max(rows) AS rows
FROM took GROUP BY what;
SELECT string_agg(format('%s %s ms, facts %s ms, %s times; %s rows', rpad(what, 24), lpad(round(ms::numeric, 1)::text, 8),
                         lpad(round(raw_ms::numeric)::text, 7), lpad(round((raw_ms / ms)::numeric, 1)::text, 6), rows), E'\n' ORDER BY ms) AS lines
FROM medians \gset
\warn KPIs by month over :leads leads (medians of :rounds rounds): view, function over the facts:
\warn :lines
SELECT json_build_object('bench', what || '_ms', 'value', round(ms::numeric, 1), 'bar', CASE WHEN :leads >= 1000000 THEN 100 END, 'sense', '<=')
FROM medians ORDER BY what;
SELECT json_build_object('bench', 'kpi_stage_conversion_vs_facts', 'value', round((raw_ms / ms)::numeric, 1), 'bar', 100, 'sense', '>=')
FROM medians WHERE what = 'kpi_stage_conversion';
SELECT json_build_object('bench', 'kpi_sla_compliance_vs_facts', 'value', round((raw_ms / ms)::numeric, 1), 'bar', 50, 'sense', '>=')
FROM medians WHERE what = 'kpi_sla_compliance';
SQL
