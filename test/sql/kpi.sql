-- The KPIs on facts made by hand: every figure below can be checked with a pencil.
\pset null -
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
-- facts are written as the engine would: no trigger, no key into a host table
SET session_replication_role = replica;
SET pg_revops.now = '2026-04-20 12:00+00';
-- written by hand, not by the engine: the views are to go through the facts
SELECT revops.discard_rollups() \g /dev/null

-- empty tables give no rows and no errors
SELECT count(*) FROM revops.kpi_stage_conversion_week;
SELECT count(*) FROM revops.kpi_source_month;
SELECT count(*) FROM revops.kpi_acceptance('day');
SELECT count(*) FROM revops.kpi_rejection_reasons('quarter');
SELECT count(*) FROM revops.kpi_response_time('year', '-infinity', 'infinity');
SELECT count(*) FROM revops.kpi_sla_compliance_week;

INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency)
VALUES (1, 'berlin', 'Europe/Berlin', 'EUR'), (2, 'auckland', 'Pacific/Auckland', 'NZD');
INSERT INTO revops.agreement (agreement_id, workspace_id, version, status)
VALUES (1, 1, 1, 'retired'), (2, 1, 2, 'active'), (3, 2, 1, 'active');
-- version 2 puts trial between mql and sql, and renumbers
INSERT INTO revops.stage (agreement_id, stage, position, purpose)
VALUES (1, 'lead', 1, 'entry'), (1, 'mql', 2, 'qualified'), (1, 'sql', 3, 'accepted'), (1, 'opportunity', 4, 'opportunity'),
       (1, 'customer', 5, 'won'), (1, 'nurture', 8, 'nurture'), (1, 'disqualified', 9, 'disqualified'),
       (2, 'lead', 10, 'entry'), (2, 'mql', 20, 'qualified'), (2, 'trial', 25, NULL), (2, 'sql', 30, 'accepted'),
       (2, 'opportunity', 40, 'opportunity'), (2, 'customer', 50, 'won'), (2, 'nurture', 80, 'nurture'), (2, 'disqualified', 90, 'disqualified'),
       (3, 'new', 1, 'entry'), (3, 'ready', 2, 'qualified'), (3, 'taken', 3, 'accepted');
INSERT INTO revops.team (team_id, workspace_id, team) VALUES (1, 1, 'inside'), (2, 1, 'field'), (3, 2, 'inside');
INSERT INTO revops.rep (rep_id, workspace_id, rep) VALUES (1, 1, 'ada'), (2, 1, 'ben'), (3, 2, 'cai');
INSERT INTO revops.reason (workspace_id, reason, label) VALUES (1, 'no_budget', 'No budget'), (1, 'timing', 'Timing');
INSERT INTO revops.sla_policy (policy_id, agreement_id, policy, position, target, calendar_id)
VALUES (1, 1, 'first contact', 1, '4 hours', 1), (2, 2, 'first contact', 1, '4 hours', 1), (3, 2, 'hot', 2, '5 minutes', NULL), (4, 3, 'any', 1, '1 hour', NULL);
INSERT INTO revops.calendar (calendar_id, workspace_id, calendar, time_zone) VALUES (1, 1, 'office', 'Europe/Berlin');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
SELECT 1, d, '09:00', '17:00' FROM generate_series(1, 5) AS d;

-- one lead's moves: stage, moment, cause, reason; spent follows from the moments
CREATE FUNCTION pg_temp.moves(id bigint, src text, tm int, rp int, agreement int, VARIADIC moves text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO revops.stage_change (lead_id, seq, workspace_id, agreement_id, at, recorded_at, lead_created_at, spent, team_id, rep_id,
                                     fit, intent, score, violation, from_stage, to_stage, cause, reason, actor, source, campaign, segment)
    SELECT id, n, CASE WHEN agreement = 3 THEN 2 ELSE 1 END, agreement, at, at, first_value(at) OVER (ORDER BY n), at - lag(at) OVER (ORDER BY n),
           tm, rp, 0, 0, 0, false, lag(m[1]) OVER (ORDER BY n), m[1], m[3], m[4], 'engine', src, 'spring', 'smb'
    FROM unnest(moves) WITH ORDINALITY AS u (move, n), string_to_array(move, ' ', '-') AS m,
         LATERAL (SELECT (m[2] || '+00')::timestamptz AS at) AS t
$$;
-- lead created on Monday 30 March 2026
SELECT pg_temp.moves(1, 'web', 1, 1, 2, 'lead 2026-03-30T08:00 entry', 'mql 2026-03-30T10:00 score', 'sql 2026-03-30T14:00 accept',
                     'opportunity 2026-04-02T14:00 opportunity', 'customer 2026-04-09T14:00 won'),
       -- rejected after 6 hours
       pg_temp.moves(2, 'web', 1, 1, 2, 'lead 2026-03-30T08:00 entry', 'mql 2026-03-30T12:00 score', 'disqualified 2026-03-30T18:00 reject no_budget'),
       -- recycled, back, accepted: two handoffs, two entries into mql
       pg_temp.moves(3, 'web', 1, 1, 2, 'lead 2026-03-31T08:00 entry', 'mql 2026-03-31T09:00 score', 'nurture 2026-04-01T09:00 recycle timing',
                     'mql 2026-04-08T09:00 due', 'sql 2026-04-08T19:00 accept'),
       -- waits
       pg_temp.moves(4, 'web', 1, 2, 2, 'lead 2026-04-01T08:00 entry', 'mql 2026-04-01T09:00 score'),
       -- won without ever having been an MQL
       pg_temp.moves(5, 'fair', NULL, NULL, 2, 'lead 2026-04-01T08:00 entry', 'customer 2026-04-03T20:00 won'),
       -- a stage without purpose between handoff and acceptance; back to lead; under the version before
       pg_temp.moves(6, 'fair', 1, 1, 2, 'lead 2026-04-01T08:00 entry', 'mql 2026-04-01T09:00 score', 'trial 2026-04-02T09:00 host', 'sql 2026-04-03T09:00 accept'),
       pg_temp.moves(7, 'fair', 1, 1, 1, 'lead 2026-04-01T08:00 entry', 'mql 2026-04-01T09:00 score', 'lead 2026-04-02T09:00 host timing'),
       -- a disqualifying rule took it away; a host that speaks through its stage column
       pg_temp.moves(8, 'fair', 1, 1, 2, 'lead 2026-04-01T08:00 entry', 'mql 2026-04-01T09:00 score', 'disqualified 2026-04-02T09:00 disqualifier'),
       pg_temp.moves(9, 'fair', 1, 1, 2, 'lead 2026-04-01T08:00 entry', 'mql 2026-04-01T09:00 score', 'disqualified 2026-04-02T09:00 host'),
       pg_temp.moves(10, 'fair', 1, 1, 2, 'lead 2026-04-01T08:00 entry', 'mql 2026-04-01T09:00 score', 'nurture 2026-04-02T09:00 host'),
       pg_temp.moves(11, 'fair', 1, 1, 2, 'lead 2026-04-01T08:00 entry', 'mql 2026-04-01T09:00 score', 'opportunity 2026-04-02T09:00 opportunity'),
       -- deleted by the host while it waited
       pg_temp.moves(16, 'show', 1, 1, 2, 'lead 2026-04-13T08:00 entry', 'mql 2026-04-13T09:00 score'),
       -- no source; created on both sides of Berlin's midnight from Sunday to Monday, hours after the change of clocks
       pg_temp.moves(12, NULL, NULL, NULL, 2, 'lead 2026-03-29T21:59 entry'),
       pg_temp.moves(13, NULL, NULL, NULL, 2, 'lead 2026-03-29T22:00 entry'),
       -- the other workspace: 31 March 11:00 UTC is 1 April 00:00 in Auckland
       pg_temp.moves(14, 'web', 3, 3, 3, 'new 2026-03-31T10:59 entry'),
       pg_temp.moves(15, 'web', 3, 3, 3, 'new 2026-03-31T11:00 entry', 'ready 2026-04-04T13:30 score', 'taken 2026-04-04T14:30 accept');
-- who had the lead: 3 went from ada to ben before the second decision, 4 waits with ben in the field,
-- 2 changed hands after the decision
INSERT INTO revops.assignment (lead_id, seq, workspace_id, at, team_id, rep_id, cause, actor)
VALUES (1, 1, 1, '2026-03-30 10:00+00', 1, 1, 'route', 'engine'), (2, 1, 1, '2026-03-30 12:00+00', 1, 1, 'route', 'engine'),
       (2, 2, 1, '2026-03-30 18:01+00', 2, 2, 'assign', 'boss'), (3, 1, 1, '2026-03-31 09:00+00', 1, 1, 'route', 'engine'),
       (3, 2, 1, '2026-04-08 09:00+00', 1, 1, 'kept', 'engine'), (3, 3, 1, '2026-04-08 12:00+00', 2, 2, 'assign', 'boss'),
       (4, 1, 1, '2026-04-01 09:00+00', 1, 1, 'route', 'engine'), (4, 2, 1, '2026-04-02 09:00+00', 2, 2, 'assign', 'boss'),
       (4, 3, 1, '2026-04-21 09:00+00', 1, 1, 'assign', 'boss'), (6, 1, 1, '2026-04-01 09:00+00', 1, NULL, 'route', 'engine'),
       -- taken by ben and rejected in one statement
       (9, 1, 1, '2026-04-01 09:00+00', 1, 1, 'route', 'engine'), (9, 2, 1, '2026-04-02 09:00+00', 2, 2, 'host', 'engine'),
       -- loaded after the fact: what the move says counts
       (11, 1, 1, '2026-04-15 09:00+00', 2, 2, 'host', 'engine');
INSERT INTO revops.lead (lead_id, workspace_id, binding_id, agreement_id, created_at, settled_at, stage_since, gone_at, profile_id, intent_pos, intent_neg,
                         moves, assignments, clocks, touches, running, fit, disqualified, handed_over, stage, key)
VALUES (16, 1, 1, 2, '2026-04-13 08:00+00', '2026-04-14 09:00+00', '2026-04-13 09:00+00', '2026-04-14 09:00+00', 0, '-Infinity', '-Infinity',
        2, 0, 0, 0, 0, 0, false, false, 'mql', 'x');
INSERT INTO revops.opportunity (opportunity_id, workspace_id, binding_id, lead_id, opened_at, closed_at, status, amount, currency, base_amount, key)
VALUES (1, 1, 1, 1, '2026-04-02', '2026-04-09', 'won', 1000, 'EUR', 1000.50, '1'), (2, 1, 1, 1, '2026-04-02', '2026-04-09', 'won', 500, 'XXX', NULL, '2'),
       (3, 1, 1, 1, '2026-04-02', '2026-04-09', 'lost', 700, 'EUR', 700, '3'), (4, 1, 1, 5, '2026-04-02', '2026-04-09', 'won', 20, 'EUR', 20, '4'),
       (5, 1, 1, NULL, '2026-04-02', '2026-04-09', 'won', 9999, 'EUR', 9999, '5');
INSERT INTO revops.sla_clock (lead_id, seq, workspace_id, agreement_id, policy_id, calendar_id, team_id, rep_id, started_at, due_at, stopped_at, outcome, promise, source)
VALUES -- Thursday 2 April, 16:00 in Berlin; answered on Friday at 10:00: 2 business hours, 18 wall hours
       (1, 1, 1, 2, 2, 1, 1, 1, '2026-04-02 14:00+00', '2026-04-03 10:00+00', '2026-04-03 08:00+00', 'kept', 'first_response', 'web'),
       -- the version before, the same policy by name; 6 business hours, 6 wall hours, late
       (2, 1, 1, 1, 1, 1, 1, 1, '2026-04-01 07:00+00', '2026-04-01 11:00+00', '2026-04-01 13:00+00', 'late', 'first_response', 'web'),
       -- without calendar: 3 minutes, kept
       (3, 1, 1, 2, 3, NULL, 1, 1, '2026-04-01 20:00+00', '2026-04-01 20:05+00', '2026-04-01 20:03+00', 'kept', 'first_response', 'web'),
       -- running: past due, due this very moment, not due
       (4, 1, 1, 2, 2, 1, 1, 1, '2026-04-01 07:00+00', '2026-04-01 11:00+00', NULL, NULL, 'first_response', 'web'),
       (5, 1, 1, 2, 2, 1, 1, 1, '2026-04-01 07:00+00', '2026-04-20 12:00+00', NULL, NULL, 'first_response', 'web'),
       (6, 1, 1, 2, 2, 1, 1, 1, '2026-04-01 07:00+00', '2026-04-20 12:01+00', NULL, NULL, 'first_response', 'web'),
       -- void: before due, at due, after due
       (7, 1, 1, 2, 2, 1, 1, 1, '2026-04-01 07:00+00', '2026-04-01 11:00+00', '2026-04-01 10:59+00', 'void', 'first_response', 'web'),
       (8, 1, 1, 2, 2, 1, 1, 1, '2026-04-01 07:00+00', '2026-04-01 11:00+00', '2026-04-01 11:00+00', 'void', 'first_response', 'web'),
       (9, 1, 1, 2, 2, 1, 1, 1, '2026-04-01 07:00+00', '2026-04-01 11:00+00', '2026-04-01 12:00+00', 'void', 'first_response', 'web'),
       -- nobody has it; the other workspace, where 1 April begins at 11:00 UTC of 31 March
       (10, 1, 1, 2, 2, 1, NULL, NULL, '2026-04-01 07:00+00', '2026-04-01 11:00+00', '2026-04-01 08:00+00', 'kept', 'first_response', NULL),
       (15, 1, 2, 3, 4, NULL, 3, 3, '2026-03-31 10:59:59+00', '2026-03-31 11:30+00', '2026-03-31 11:00:59+00', 'kept', 'first_response', 'web'),
       (15, 2, 2, 3, 4, NULL, 3, 3, '2026-03-31 11:00+00', '2026-03-31 11:30+00', '2026-03-31 11:00:30+00', 'kept', 'first_response', 'web');

-- stages entered, by month
SELECT workspace, period, stage, stage_position AS pos, source, team, rep, entered, advanced, won, moved_forward AS fwd, moved_back AS back,
       recycled, disqualified AS disq, still_there AS stay, conversion_rate, median_hours, p90_hours
FROM revops.kpi_stage_conversion_month;
-- the two entries of lead 3 into mql are in two weeks
SELECT period, source, team, rep, entered, advanced, recycled, median_hours FROM revops.kpi_stage_conversion_week WHERE stage = 'mql';
SELECT workspace, period, grain, source, campaign, segment, entered FROM revops.kpi_stage_conversion('quarter') WHERE stage IN ('lead', 'new') ORDER BY 1, 2, 4, 7;

-- where leads come from
SELECT workspace, period, source, leads, mqls, sqls, opportunities AS opps, won, mqls_accepted AS both, won_not_mql, lead_to_mql, mql_to_sql,
       lead_to_won, deals_won, deals_without_amount AS no_amount, won_amount, currency, median_days_to_won AS days
FROM revops.kpi_source_month;
SELECT workspace, period, source, leads FROM revops.kpi_source_week;
-- from since (included) until until (not included)
SELECT period, source, leads FROM revops.kpi_source('week', '2026-03-29 22:00+00', '2026-03-31 08:00+00');
SELECT sum(leads) FROM revops.kpi_source('year', NULL, '2026-03-31 08:00+00');
SELECT sum(leads) FROM revops.kpi_source('year', '2026-03-31 08:00+00', NULL);
SELECT sum(leads) FROM revops.kpi_source('year', since => '2026-03-31 08:00+00', until => '2026-03-31 08:00+00');

-- each KPI, from the very moment of a fact, and up to it
SELECT (SELECT sum(entered) FROM revops.kpi_stage_conversion('day', '2026-03-30 12:00+00', '2026-03-30 12:00:00.000001+00')) AS entered,
       (SELECT sum(leads) FROM revops.kpi_source('day', '2026-03-29 22:00+00', '2026-03-29 22:00:00.000001+00')) AS leads,
       (SELECT sum(handed_over) FROM revops.kpi_acceptance('day', '2026-03-30 12:00+00', '2026-03-30 12:00:00.000001+00')) AS handed_over,
       (SELECT sum(n) FROM revops.kpi_rejection_reasons('day', '2026-03-30 12:00+00', '2026-03-30 12:00:00.000001+00')) AS reasons,
       (SELECT sum(started) FROM revops.kpi_response_time('day', '2026-04-02 14:00+00', '2026-04-02 14:00:00.000001+00')) AS started,
       (SELECT sum(clocks) FROM revops.kpi_sla_compliance('day', '2026-04-03 10:00+00', '2026-04-03 10:00:00.000001+00')) AS due;
SELECT (SELECT sum(entered) FROM revops.kpi_stage_conversion('day', '2026-03-30 11:59:59+00', '2026-03-30 12:00+00')) AS entered,
       (SELECT sum(leads) FROM revops.kpi_source('day', '2026-03-29 21:59:59.9+00', '2026-03-29 22:00+00')) AS leads,
       (SELECT sum(handed_over) FROM revops.kpi_acceptance('day', '2026-03-30 11:59:59+00', '2026-03-30 12:00+00')) AS handed_over,
       (SELECT sum(n) FROM revops.kpi_rejection_reasons('day', '2026-03-30 11:59:59+00', '2026-03-30 12:00+00')) AS reasons,
       (SELECT sum(started) FROM revops.kpi_response_time('day', '2026-04-02 13:59:59+00', '2026-04-02 14:00+00')) AS started,
       (SELECT sum(clocks) FROM revops.kpi_sla_compliance('day', '2026-04-03 09:59:59+00', '2026-04-03 10:00+00')) AS due;

-- handoffs
SELECT lead_id, seq, ended_at - handed_over_at AS took, outcome, reason, team_id, rep_id FROM revops.handoff ORDER BY 1, 2;
SELECT workspace, period, source, team, rep, handed_over AS n, accepted AS acc, rejected AS rej, recycled AS rec, withdrawn AS wdr, pending AS pen,
       acceptance_rate, decided_share, median_hours_to_decision AS hours
FROM revops.kpi_acceptance_week;
SELECT period, outcome, reason, label, source, team, rep, n FROM revops.kpi_rejection_reasons_month;

-- response times
\x on
SELECT * FROM revops.kpi_response_time_month;
\x off
SELECT workspace, period, started FROM revops.kpi_response_time('day') ORDER BY 1, 2, 3;
-- promises
SELECT workspace, period, policy, promise, source, team, rep, clocks, kept, breached, running, void, compliance
FROM revops.kpi_sla_compliance_week;

-- one definition for one number: both views say the same of the same clocks
SELECT sum(within_sla) = (SELECT sum(kept) FROM revops.kpi_sla_compliance('year')) AS same_kept,
       sum(breached) = (SELECT sum(breached) FROM revops.kpi_sla_compliance('year')) AS same_breached
FROM revops.kpi_response_time('year');

-- every grain says its name and begins where the calendar says
SELECT g AS grain, array_agg(DISTINCT k.grain) = ARRAY[g] AS named, array_agg(DISTINCT k.period ORDER BY k.period) AS periods
FROM unnest('{day,week,month,quarter,year}'::text[]) AS g, revops.kpi_source(g) AS k WHERE k.workspace_id = 2 GROUP BY g ORDER BY g;

-- the plain views are the functions
SELECT count(*) AS differences FROM (TABLE revops.kpi_stage_conversion_week EXCEPT ALL SELECT * FROM revops.kpi_stage_conversion('week')) AS d;
SELECT count(*) AS differences FROM (TABLE revops.kpi_source_week EXCEPT ALL SELECT * FROM revops.kpi_source('week')) AS d;
SELECT count(*) AS differences FROM (TABLE revops.kpi_acceptance_month EXCEPT ALL SELECT * FROM revops.kpi_acceptance('month')) AS d;
SELECT count(*) AS differences FROM (TABLE revops.kpi_rejection_reasons_week EXCEPT ALL SELECT * FROM revops.kpi_rejection_reasons('week')) AS d;
SELECT count(*) AS differences FROM (TABLE revops.kpi_response_time_week EXCEPT ALL SELECT * FROM revops.kpi_response_time('week')) AS d;
SELECT count(*) AS differences FROM (TABLE revops.kpi_sla_compliance_month EXCEPT ALL SELECT * FROM revops.kpi_sla_compliance('month')) AS d;

-- bad input
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.refused(call text) RETURNS TABLE (code text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT * FROM ' || call;
    message := 'no error';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    code := SQLSTATE;
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
SELECT * FROM pg_temp.refused($$revops.kpi_stage_conversion('hour')$$);
SELECT * FROM pg_temp.refused($$revops.kpi_source('Week')$$);
SELECT * FROM pg_temp.refused($$revops.kpi_acceptance(NULL)$$);
SELECT * FROM pg_temp.refused($$revops.kpi_rejection_reasons('')$$);
SELECT * FROM pg_temp.refused($$revops.kpi_response_time('week', '2026-04-01', '2026-03-31')$$);
SELECT * FROM pg_temp.refused($$revops.kpi_sla_compliance('month''')$$);

-- every KPI by period says whether the period is over by the workspace's clock, and is right
CREATE FUNCTION pg_temp.incomplete(kpi text, grain text) RETURNS TABLE (name text, over bigint, going_on bigint, wrong bigint) LANGUAGE plpgsql AS $$
BEGIN
    name := kpi;
    EXECUTE format('SELECT count(*) FILTER (WHERE k.complete), count(*) FILTER (WHERE NOT k.complete),
                           count(*) FILTER (WHERE k.complete IS DISTINCT FROM
                               (CASE %2$L WHEN ''day'' THEN k.period + 1 WHEN ''week'' THEN k.period + 7 WHEN ''year'' THEN make_date(extract(year FROM k.period)::int + 1, 1, 1)
                                     ELSE (k.period + interval ''31 days'' * %3$s)::date - extract(day FROM k.period + interval ''31 days'' * %3$s)::int + 1 END::timestamp
                                <= timestamptz ''2026-04-20 12:00+00'' AT TIME ZONE w.time_zone))
                    FROM revops.%1$I(%2$L) k JOIN revops.workspace w USING (workspace_id)', kpi, grain, CASE grain WHEN 'quarter' THEN 3 ELSE 1 END)
    INTO over, going_on, wrong;
    RETURN NEXT;
END $$;
SELECT i.name, sum(over) > 0 AS over, sum(going_on) > 0 AS going_on, sum(wrong) AS wrong
FROM unnest('{day,week,month,quarter,year}'::text[]) g,
     unnest('{kpi_stage_conversion,kpi_source,kpi_acceptance,kpi_rejection_reasons,kpi_response_time,kpi_sla_compliance}'::text[]) k,
     LATERAL pg_temp.incomplete(k, g) i
GROUP BY 1 ORDER BY 1;
SELECT c.relname AS without_complete FROM pg_class c
WHERE c.relnamespace = 'revops'::regnamespace AND c.relname LIKE 'kpi\_%'
  AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'period')
  AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'complete');

-- to compile takes longer than to answer: none of them is compiled
SELECT p.proname AS compiled FROM pg_proc p
WHERE p.pronamespace = 'revops'::regnamespace AND p.proretset AND (p.proname LIKE 'kpi\_%' OR p.proname IN ('hygiene_found', 'required_volume'))
  AND (p.proconfig @> '{jit=off}') IS NOT TRUE;

-- who may: a role with the right on the functions sees totals and no lead
RESET session_replication_role;
CREATE ROLE regress_kpi_reader;
GRANT USAGE ON SCHEMA revops TO regress_kpi_reader;
GRANT SELECT ON revops.kpi_source_week TO regress_kpi_reader;
SET ROLE regress_kpi_reader;
SELECT count(*) FROM revops.kpi_source_week;
RESET ROLE;
GRANT EXECUTE ON FUNCTION revops.kpi_source_rolled(text) TO regress_kpi_reader;
SET ROLE regress_kpi_reader;
SELECT sum(leads) FROM revops.kpi_source_week;
SELECT count(*) FROM revops.stage_change;
RESET ROLE;
DROP OWNED BY regress_kpi_reader;
DROP ROLE regress_kpi_reader;
