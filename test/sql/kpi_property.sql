-- Each KPI against a naive reference that walks through every lead, move by
-- move, on histories made by hashing: all differences must be zero.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET session_replication_role = replica;
SET pg_revops.now = '2026-04-20 12:00+00';
-- written by hand, not by the engine: the views are to go through the facts
SELECT revops.discard_rollups() \g /dev/null

INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency)
VALUES (1, 'berlin', 'Europe/Berlin', 'EUR'), (2, 'newfoundland', 'America/St_Johns', 'CAD');
INSERT INTO revops.agreement (agreement_id, workspace_id, version, status)
VALUES (1, 1, 1, 'retired'), (2, 1, 2, 'active'), (3, 2, 1, 'active');
INSERT INTO revops.stage (agreement_id, stage, position, purpose)
SELECT a, s, CASE a WHEN 1 THEN p ELSE 10 * p END, u
FROM generate_series(1, 3) AS a,
     (VALUES ('lead', 1, 'entry'), ('mql', 2, 'qualified'), ('trial', 3, NULL), ('sql', 4, 'accepted'), ('opportunity', 5, 'opportunity'),
             ('customer', 6, 'won'), ('fan', 7, NULL), ('nurture', 8, 'nurture'), ('disqualified', 9, 'disqualified')) AS v (s, p, u)
-- the version before had no trial, and called fan something else
WHERE NOT (a = 1 AND s = 'trial');
UPDATE revops.stage SET stage = 'evangelist' WHERE agreement_id = 1 AND stage = 'fan';
INSERT INTO revops.team (team_id, workspace_id, team) VALUES (1, 1, 'inside'), (2, 1, 'field'), (3, 2, 'inside'), (4, 2, 'field');
INSERT INTO revops.rep (rep_id, workspace_id, rep) SELECT n, 1 + n % 2, 'rep' || n FROM generate_series(1, 6) AS n;
INSERT INTO revops.reason (workspace_id, reason, label) SELECT w, r, upper(r) FROM generate_series(1, 2) AS w, unnest('{timing,no_budget}'::text[]) AS r;
INSERT INTO revops.sla_policy (policy_id, agreement_id, policy, position, target)
VALUES (1, 1, 'first', 1, '1 hour'), (2, 2, 'first', 1, '1 hour'), (3, 2, 'hot', 2, '1 hour'), (4, 3, 'first', 1, '1 hour');
INSERT INTO revops.calendar (calendar_id, workspace_id, calendar, time_zone) VALUES (1, 1, 'office', 'Europe/Berlin'), (2, 2, 'nights', 'America/St_Johns');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
SELECT c, d, CASE c WHEN 1 THEN time '09:00' ELSE time '22:00' END, CASE c WHEN 1 THEN time '17:30' ELSE time '06:00' END
FROM generate_series(1, 2) AS c, generate_series(1, 5) AS d;

-- a number from 0 to bound - 1 for a place in the data
CREATE FUNCTION pg_temp.dice(bound int, VARIADIC place int[]) RETURNS int LANGUAGE sql
    RETURN (hashtextextended(place::text, 4711) & 9007199254740991) % bound;

-- 4000 leads of 1 to 8 moves, from December to April: both changes of the clocks and of the year
INSERT INTO revops.stage_change (lead_id, seq, workspace_id, agreement_id, at, recorded_at, lead_created_at, spent, team_id, rep_id,
                                 fit, intent, score, violation, from_stage, to_stage, cause, reason, actor, source, campaign, segment)
SELECT lead_id, seq, ws, agreement, at, at, created, at - lag(at) OVER w, NULLIF(ws * 2 - 1 + pg_temp.dice(3, i, seq, 1), ws * 2 + 1),
       NULLIF(pg_temp.dice(7, i, seq, 2), 0), 0, 0, 0, false, lag(stage) OVER w, stage,
       CASE WHEN seq = 1 THEN 'entry'
            ELSE (ARRAY['score', 'accept', 'reject', 'recycle', 'host', 'host', 'disqualifier', 'due', 'opportunity', 'advance'])[1 + pg_temp.dice(10, i, seq, 3)] END,
       (ARRAY['timing', 'no_budget', 'other', NULL])[1 + pg_temp.dice(4, i, seq, 4)], 'engine',
       (ARRAY['web', 'fair', 'mail', NULL])[1 + pg_temp.dice(4, i, 0, 5)], (ARRAY['spring', NULL])[1 + pg_temp.dice(2, i, seq, 6)], (ARRAY['smb', 'large'])[1 + pg_temp.dice(2, i, 0, 7)]
FROM (SELECT i, i AS lead_id, seq, 1 + i % 2 AS ws,
             CASE WHEN i % 2 = 1 THEN 3 WHEN seq > pg_temp.dice(8, i, 0, 8) THEN 2 ELSE 1 END AS agreement,
             '2025-12-20 00:00+00'::timestamptz + interval '1 second' * pg_temp.dice(9500000, i, 0, 9) AS created,
             -- now and then two moves in one moment, or a first move dated before the lead
             '2025-12-20 00:00+00'::timestamptz
                 + interval '1 second' * (pg_temp.dice(9500000, i, 0, 9)
                                          + sum(CASE WHEN seq = 1 THEN 0 WHEN pg_temp.dice(20, i, seq, 10) = 0 THEN 0
                                                     WHEN seq = 2 AND i % 50 = 0 THEN -pg_temp.dice(100000, i, seq, 11)
                                                     ELSE pg_temp.dice(600000, i, seq, 11) END) OVER (PARTITION BY i ORDER BY seq)) AS at
      FROM generate_series(1, 4000) AS i, generate_series(1, 8) AS seq
      WHERE seq <= 1 + pg_temp.dice(8, i, 0, 12)) AS m,
     LATERAL (SELECT CASE WHEN seq = 1 AND i % 10 > 0 THEN 'lead'
                          ELSE (CASE WHEN agreement = 1 THEN '{lead,mql,mql,mql,sql,opportunity,customer,nurture,disqualified,evangelist,unheard}'
                                     ELSE '{lead,mql,mql,mql,sql,opportunity,customer,nurture,disqualified,trial,fan}' END::text[])
                               [1 + pg_temp.dice(CASE WHEN i % 100 = 0 THEN 11 ELSE 10 END, i, seq, 13)] END AS stage) AS s
WINDOW w AS (PARTITION BY lead_id ORDER BY seq);
INSERT INTO revops.assignment (lead_id, seq, workspace_id, at, team_id, rep_id, cause, actor)
SELECT i, seq, 1 + i % 2,
       '2025-12-25 00:00+00'::timestamptz + interval '1 second' * sum(CASE WHEN pg_temp.dice(6, i, seq, 20) = 0 THEN 0 ELSE pg_temp.dice(6000000, i, seq, 21) END)
                                                                OVER (PARTITION BY i ORDER BY seq),
       NULLIF((1 + i % 2) * 2 - 1 + pg_temp.dice(3, i, seq, 22), (1 + i % 2) * 2 + 1), NULLIF(pg_temp.dice(7, i, seq, 23), 0), 'route', 'engine'
FROM generate_series(1, 4000) AS i, generate_series(1, 4) AS seq WHERE seq <= pg_temp.dice(5, i, 0, 24);
INSERT INTO revops.opportunity (opportunity_id, workspace_id, binding_id, lead_id, opened_at, status, amount, currency, base_amount, key)
SELECT i, 1 + i % 2, 1, NULLIF(pg_temp.dice(4000, i, 0, 30), 0), '2026-01-01', (ARRAY['open', 'won', 'won', 'lost', 'gone'])[1 + pg_temp.dice(5, i, 0, 31)],
       i, 'EUR', CASE WHEN pg_temp.dice(5, i, 0, 32) > 0 THEN i * 1.01 END, i::text
FROM generate_series(1, 3000) AS i;
INSERT INTO revops.sla_clock (lead_id, seq, workspace_id, agreement_id, policy_id, calendar_id, team_id, rep_id, started_at, due_at, stopped_at, outcome, promise, source, campaign, segment)
SELECT i, seq, ws, CASE WHEN ws = 2 THEN 3 ELSE 2 END, CASE WHEN ws = 2 THEN 4 ELSE 1 + pg_temp.dice(3, i, seq, 40) END,
       CASE WHEN pg_temp.dice(3, i, seq, 41) > 0 THEN ws END, NULLIF(ws * 2 - 1 + pg_temp.dice(3, i, seq, 42), ws * 2 + 1), NULLIF(pg_temp.dice(7, i, seq, 43), 0),
       started, due,
       CASE o WHEN 'kept' THEN started + (due - started) * (pg_temp.dice(5, i, seq, 44) / 4.0)
              WHEN 'late' THEN due + interval '1 second' * (1 + pg_temp.dice(300000, i, seq, 44))
              WHEN 'void' THEN due + interval '1 second' * (pg_temp.dice(3, i, seq, 44) - 1) END,
       o, 'first_response', (ARRAY['web', 'fair', NULL])[1 + pg_temp.dice(3, i, 0, 45)], NULL, 'smb'
FROM (SELECT i, seq, 1 + i % 2 AS ws, '2025-12-25 00:00+00'::timestamptz + interval '1 second' * pg_temp.dice(11000000, i, seq, 46) AS started,
             '2025-12-25 00:00+00'::timestamptz + interval '1 second' * (pg_temp.dice(11000000, i, seq, 46) + 4 * pg_temp.dice(60000, i, seq, 47)) AS due,
             (ARRAY['kept', 'kept', 'late', 'void', NULL])[1 + pg_temp.dice(5, i, seq, 48)] AS o
      FROM generate_series(1, 4000) AS i, generate_series(1, 2) AS seq WHERE seq <= pg_temp.dice(3, i, 0, 49)) AS c;
-- every ninth lead was deleted at the end
INSERT INTO revops.lead (lead_id, workspace_id, binding_id, agreement_id, created_at, settled_at, stage_since, gone_at, profile_id, intent_pos, intent_neg,
                         moves, assignments, clocks, touches, running, fit, disqualified, handed_over, stage, key)
SELECT i, 1 + i % 2, 1, 2, '2026-01-01', '2026-01-01', '2026-01-01', CASE WHEN i % 9 = 0 THEN '2026-04-01 00:00+00'::timestamptz + interval '1 hour' * (i % 100) END,
       0, '-Infinity', '-Infinity', 1, 0, 0, 0, 0, 0, false, false, 'mql', i::text
FROM generate_series(1, 4000) AS i;
ANALYZE;

-- ----- the reference: one lead after the other, one move after the other ------

CREATE FUNCTION pg_temp.team(int) RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT team FROM revops.team WHERE team_id = $1; END;
CREATE FUNCTION pg_temp.rep(int) RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT rep FROM revops.rep WHERE rep_id = $1; END;
CREATE FUNCTION pg_temp.seconds(interval) RETURNS numeric LANGUAGE sql RETURN extract(epoch FROM $1);

-- the period by the calendar on the wall, without date_trunc
CREATE FUNCTION pg_temp.period(grain text, at timestamptz, workspace int) RETURNS date LANGUAGE plpgsql AS $$
DECLARE
    day date := (at AT TIME ZONE CASE workspace WHEN 1 THEN 'Europe/Berlin' ELSE 'America/St_Johns' END)::date;
BEGIN
    RETURN CASE grain WHEN 'day' THEN day
                      WHEN 'week' THEN day - (extract(isodow FROM day)::int - 1)
                      WHEN 'month' THEN make_date(extract(year FROM day)::int, extract(month FROM day)::int, 1)
                      WHEN 'quarter' THEN make_date(extract(year FROM day)::int, extract(quarter FROM day)::int * 3 - 2, 1)
                      ELSE make_date(extract(year FROM day)::int, 1, 1) END;
END $$;
-- linear interpolation between the two nearest values, in seconds; told in a longer unit
CREATE FUNCTION pg_temp.quantile(v numeric[], p numeric, unit int) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    s numeric[] := ARRAY(SELECT x FROM unnest(v) AS x WHERE x IS NOT NULL ORDER BY x);
    n int := cardinality(s);
    place numeric := p * (n - 1);
    low int := floor(place);
BEGIN
    IF n = 0 THEN
        RETURN NULL;
    END IF;
    RETURN round((s[low + 1] + (place - low) * (s[LEAST(low + 2, n)] - s[low + 1])) / unit, 4);
END $$;
CREATE FUNCTION pg_temp.rate(part bigint, whole bigint) RETURNS numeric LANGUAGE sql
    RETURN CASE WHEN whole > 0 THEN round(part * 1.0 / whole, 4) END;

CREATE TEMPORARY TABLE entry (ws int, at timestamptz, stage text, source text, campaign text, segment text, team text, rep text,
                              advanced boolean, won boolean, fate text, seconds numeric);
CREATE TEMPORARY TABLE cohort (ws int, created timestamptz, source text, mql boolean, sql boolean, opp boolean, won boolean, seconds numeric,
                               deals int, unpriced int, amount numeric);
CREATE TEMPORARY TABLE handoff (ws int, at timestamptz, source text, campaign text, segment text, team text, rep text, outcome text, reason text, seconds numeric);
CREATE TEMPORARY TABLE clock (ws int, started timestamptz, due timestamptz, policy text, source text, campaign text, segment text, team text, rep text,
                              state text, breached boolean, kept boolean, business numeric, wall numeric);

CREATE FUNCTION pg_temp.purpose(m revops.stage_change) RETURNS text LANGUAGE sql
BEGIN ATOMIC SELECT purpose FROM revops.stage WHERE agreement_id = m.agreement_id AND stage = m.to_stage; END;
CREATE FUNCTION pg_temp.pos(m revops.stage_change) RETURNS int LANGUAGE sql
BEGIN ATOMIC SELECT CASE WHEN purpose IN ('nurture', 'disqualified') THEN 0 ELSE position END
             FROM revops.stage WHERE agreement_id = m.agreement_id AND stage = m.to_stage; END;

CREATE FUNCTION pg_temp.walk(lead bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m revops.stage_change[] := ARRAY(SELECT s FROM revops.stage_change AS s WHERE lead_id = lead ORDER BY seq);
    n int := cardinality(m);
    purpose text[];
    pos int[];
    e entry;
    c cohort;
    h handoff;
    owner record;
    asked timestamptz;
    deal record;
    won_at timestamptz;
BEGIN
    FOR i IN 1 .. n LOOP
        purpose[i] := pg_temp.purpose(m[i]);
        pos[i] := pg_temp.pos(m[i]);
    END LOOP;
    c := ROW(m[1].workspace_id, m[1].lead_created_at, m[1].source, false, false, false, false, NULL, 0, 0, NULL);
    FOR i IN 1 .. n LOOP
        e := ROW(m[i].workspace_id, m[i].at, m[i].to_stage, m[i].source, m[i].campaign, m[i].segment,
                 pg_temp.team(m[i].team_id), pg_temp.rep(m[i].rep_id), false, COALESCE(purpose[i] = 'won', false), 'stays', NULL);
        FOR j IN i + 1 .. n LOOP
            e.advanced := e.advanced OR COALESCE(pos[j] > pos[i], false);
            e.won := e.won OR COALESCE(purpose[j] = 'won', false);
        END LOOP;
        IF i < n THEN
            e.seconds := pg_temp.seconds(m[i + 1].spent);
            IF purpose[i + 1] = 'nurture' OR purpose[i + 1] = 'disqualified' THEN
                e.fate := purpose[i + 1];
            ELSIF pos[i + 1] > pos[i] THEN
                e.fate := 'forward';
            ELSE
                e.fate := 'back';
            END IF;
        END IF;
        INSERT INTO entry SELECT e.*;

        c.mql := c.mql OR COALESCE(purpose[i] = 'qualified', false);
        c.sql := c.sql OR COALESCE(purpose[i] = 'accepted', false);
        c.opp := c.opp OR COALESCE(purpose[i] = 'opportunity', false);
        IF purpose[i] = 'won' THEN
            c.won := true;
            won_at := LEAST(won_at, m[i].at);
        END IF;

        IF purpose[i] = 'qualified' THEN
            h := ROW(m[i].workspace_id, m[i].at, m[i].source, m[i].campaign, m[i].segment, pg_temp.team(m[i].team_id), pg_temp.rep(m[i].rep_id), 'pending', NULL, NULL);
            SELECT l.gone_at INTO asked FROM revops.lead AS l WHERE l.lead_id = lead;
            IF asked IS NULL THEN
                asked := '2026-04-20 12:00+00';
            ELSE
                h.outcome := 'withdrawn';
            END IF;
            IF i < n THEN
                asked := m[i + 1].at;
                h.reason := m[i + 1].reason;
                h.seconds := pg_temp.seconds(m[i + 1].at - m[i].at);
                IF m[i + 1].cause = 'reject' THEN h.outcome := 'rejected';
                ELSIF m[i + 1].cause = 'recycle' THEN h.outcome := 'recycled';
                ELSIF m[i + 1].cause = 'accept' THEN h.outcome := 'accepted';
                ELSIF m[i + 1].cause = 'disqualifier' AND COALESCE(purpose[i + 1] NOT IN ('accepted', 'opportunity', 'won'), true) THEN h.outcome := 'withdrawn';
                ELSIF purpose[i + 1] = 'disqualified' THEN h.outcome := 'rejected';
                ELSIF purpose[i + 1] = 'nurture' THEN h.outcome := 'recycled';
                ELSIF pos[i + 1] > pos[i] OR purpose[i + 1] IN ('accepted', 'opportunity', 'won') THEN h.outcome := 'accepted';
                ELSE h.outcome := 'withdrawn';
                END IF;
            END IF;
            FOR owner IN SELECT * FROM revops.assignment AS a WHERE a.lead_id = lead ORDER BY a.at, a.seq LOOP
                EXIT WHEN owner.at > asked;
                h.team := pg_temp.team(owner.team_id);
                h.rep := pg_temp.rep(owner.rep_id);
            END LOOP;
            INSERT INTO handoff SELECT h.*;
        END IF;
    END LOOP;
    FOR deal IN SELECT * FROM revops.opportunity AS o WHERE o.lead_id = lead AND o.status = 'won' LOOP
        c.deals := c.deals + 1;
        IF deal.base_amount IS NULL THEN
            c.unpriced := c.unpriced + 1;
        ELSE
            c.amount := COALESCE(c.amount, 0) + deal.base_amount;
        END IF;
    END LOOP;
    c.seconds := pg_temp.seconds(won_at - c.created);
    INSERT INTO cohort SELECT c.*;
END $$;
SELECT count(pg_temp.walk(lead_id)) AS leads FROM generate_series(1::bigint, 4000) AS lead_id;

DO $$
DECLARE
    k revops.sla_clock;
    c clock;
    now timestamptz := '2026-04-20 12:00+00';
BEGIN
    FOR k IN SELECT * FROM revops.sla_clock LOOP
        c := ROW(k.workspace_id, k.started_at, k.due_at, CASE k.policy_id WHEN 3 THEN 'hot' ELSE 'first' END, k.source, k.campaign, k.segment,
                 pg_temp.team(k.team_id), pg_temp.rep(k.rep_id), COALESCE(k.outcome, 'running'), false, false, NULL, NULL);
        IF k.outcome = 'kept' OR k.outcome = 'late' THEN
            c.kept := k.outcome = 'kept';
            c.breached := NOT c.kept;
            c.wall := pg_temp.seconds(k.stopped_at - k.started_at);
            c.business := c.wall;
            IF k.calendar_id IS NOT NULL THEN
                c.business := pg_temp.seconds(revops.business_between(k.calendar_id, k.started_at, k.stopped_at));
            END IF;
        ELSIF k.outcome = 'void' THEN
            c.breached := NOT k.stopped_at < k.due_at;
        ELSE
            c.breached := NOT k.due_at > now;
        END IF;
        INSERT INTO clock SELECT c.*;
    END LOOP;
END $$;

-- the material has every kind of case
SELECT count(*) > 10000 AS entries, count(*) FILTER (WHERE advanced) > 1000 AS advanced, count(*) FILTER (WHERE won) > 1000 AS won,
       count(DISTINCT fate) AS fates, count(*) FILTER (WHERE seconds < 0) > 0 AS negative_times FROM entry;
SELECT outcome, count(*) > 100 AS many FROM handoff GROUP BY 1 ORDER BY 1;
SELECT state, breached, count(*) > 50 AS many FROM clock GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) > 500 AS won, count(*) FILTER (WHERE NOT mql) > 100 AS without_mql, count(*) FILTER (WHERE deals > 0) > 500 AS with_deals FROM cohort WHERE won OR deals > 0;

CREATE FUNCTION pg_temp.differences(grain text, since timestamptz, until timestamptz)
    RETURNS TABLE (kpi text, groups bigint, differences bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    f timestamptz := COALESCE(since, '-infinity');
    u timestamptz := COALESCE(until, 'infinity');
BEGIN
    CREATE TEMPORARY TABLE want ON COMMIT DROP AS
    SELECT ws, pg_temp.period($1, at, ws) AS period, stage, source, campaign, segment, team, rep, count(*) AS entered,
           sum(advanced::int) AS advanced, sum(won::int) AS won, sum((fate = 'forward')::int) AS fwd, sum((fate = 'back')::int) AS back,
           sum((fate = 'nurture')::int) AS recycled, sum((fate = 'disqualified')::int) AS disqualified, sum((fate = 'stays')::int) AS stays,
           pg_temp.rate(sum(advanced::int), count(*)), pg_temp.quantile(array_agg(seconds), 0.5, 3600) AS p50, pg_temp.quantile(array_agg(seconds), 0.9, 3600) AS p90
    FROM entry WHERE at >= f AND at < u GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
    CREATE TEMPORARY TABLE have ON COMMIT DROP AS
    SELECT workspace_id, period, stage, source, campaign, segment, team, rep, entered, advanced, won, moved_forward, moved_back, recycled, disqualified,
           still_there, conversion_rate, median_hours, p90_hours FROM revops.kpi_stage_conversion($1, $2, $3);
    RETURN QUERY SELECT 'stage_conversion', (SELECT count(*) FROM want), (SELECT count(*) FROM ((TABLE want EXCEPT ALL TABLE have) UNION ALL (TABLE have EXCEPT ALL TABLE want)) AS d);
    DROP TABLE want, have;

    CREATE TEMPORARY TABLE want ON COMMIT DROP AS
    SELECT ws, pg_temp.period($1, created, ws) AS period, source, count(*) AS leads, sum(mql::int) AS mqls, sum(sql::int) AS sqls, sum(opp::int) AS opps, sum(won::int) AS won,
           sum((mql AND sql)::int) AS both, sum((won AND NOT mql)::int) AS strict, pg_temp.rate(sum(mql::int), count(*)) AS r1, pg_temp.rate(sum((mql AND sql)::int), sum(mql::int)) AS r2,
           pg_temp.rate(sum(won::int), count(*)) AS r3, sum(deals) AS deals, sum(unpriced) AS unpriced, sum(amount) AS amount,
           CASE ws WHEN 1 THEN 'EUR' ELSE 'CAD' END AS currency, pg_temp.quantile(array_agg(seconds), 0.5, 86400) AS days
    FROM cohort WHERE created >= f AND created < u GROUP BY 1, 2, 3;
    CREATE TEMPORARY TABLE have ON COMMIT DROP AS
    SELECT workspace_id, period, source, leads, mqls, sqls, opportunities, won, mqls_accepted, won_not_mql, lead_to_mql, mql_to_sql, lead_to_won, deals_won,
           deals_without_amount, won_amount, currency, median_days_to_won FROM revops.kpi_source($1, $2, $3);
    RETURN QUERY SELECT 'source', (SELECT count(*) FROM want), (SELECT count(*) FROM ((TABLE want EXCEPT ALL TABLE have) UNION ALL (TABLE have EXCEPT ALL TABLE want)) AS d);
    DROP TABLE want, have;

    CREATE TEMPORARY TABLE want ON COMMIT DROP AS
    SELECT ws, pg_temp.period($1, at, ws) AS period, source, campaign, segment, team, rep, count(*) AS n, sum((outcome = 'accepted')::int) AS acc, sum((outcome = 'rejected')::int) AS rej,
           sum((outcome = 'recycled')::int) AS rec, sum((outcome = 'withdrawn')::int) AS wdr, sum((outcome = 'pending')::int) AS pen,
           pg_temp.rate(sum((outcome = 'accepted')::int), count(*)) AS r1, pg_temp.rate(sum((outcome NOT IN ('withdrawn', 'pending'))::int), count(*)) AS r2,
           pg_temp.quantile(array_agg(CASE WHEN outcome NOT IN ('withdrawn', 'pending') THEN seconds END), 0.5, 3600) AS p50
    FROM handoff WHERE at >= f AND at < u GROUP BY 1, 2, 3, 4, 5, 6, 7;
    CREATE TEMPORARY TABLE have ON COMMIT DROP AS
    SELECT workspace_id, period, source, campaign, segment, team, rep, handed_over, accepted, rejected, recycled, withdrawn, pending, acceptance_rate, decided_share,
           median_hours_to_decision FROM revops.kpi_acceptance($1, $2, $3);
    RETURN QUERY SELECT 'acceptance', (SELECT count(*) FROM want), (SELECT count(*) FROM ((TABLE want EXCEPT ALL TABLE have) UNION ALL (TABLE have EXCEPT ALL TABLE want)) AS d);
    DROP TABLE want, have;

    CREATE TEMPORARY TABLE want ON COMMIT DROP AS
    SELECT ws, pg_temp.period($1, at, ws) AS period, outcome, reason, CASE WHEN reason <> 'other' THEN upper(reason) END AS label, source, campaign, segment, team, rep, count(*) AS n
    FROM handoff WHERE at >= f AND at < u AND outcome IN ('rejected', 'recycled') GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
    CREATE TEMPORARY TABLE have ON COMMIT DROP AS
    SELECT workspace_id, period, outcome, reason, label, source, campaign, segment, team, rep, n FROM revops.kpi_rejection_reasons($1, $2, $3);
    RETURN QUERY SELECT 'rejection_reasons', (SELECT count(*) FROM want), (SELECT count(*) FROM ((TABLE want EXCEPT ALL TABLE have) UNION ALL (TABLE have EXCEPT ALL TABLE want)) AS d);
    DROP TABLE want, have;

    CREATE TEMPORARY TABLE want ON COMMIT DROP AS
    SELECT ws, pg_temp.period($1, started, ws) AS period, source, campaign, segment, team, rep, count(*) AS n, sum((state IN ('kept', 'late'))::int) AS answered,
           sum((state = 'running')::int) AS running, sum((state = 'void')::int) AS void, sum(kept::int) AS kept, sum(breached::int) AS breached,
           pg_temp.rate(sum(kept::int), sum((kept OR breached)::int)) AS r, pg_temp.quantile(array_agg(business), 0.5, 60) AS b50, pg_temp.quantile(array_agg(business), 0.9, 60) AS b90,
           round(avg(business) / 60, 4) AS b, round(sum(business) / 60, 4) AS bsum, pg_temp.quantile(array_agg(wall), 0.5, 60) AS w50, pg_temp.quantile(array_agg(wall), 0.9, 60) AS w90,
           round(avg(wall) / 60, 4) AS w, round(sum(wall) / 60, 4) AS wsum
    FROM clock WHERE started >= f AND started < u GROUP BY 1, 2, 3, 4, 5, 6, 7;
    CREATE TEMPORARY TABLE have ON COMMIT DROP AS
    SELECT workspace_id, period, source, campaign, segment, team, rep, started, answered, unanswered, void, within_sla, breached, share_within_sla, median_business_minutes,
           p90_business_minutes, mean_business_minutes, sum_business_minutes, median_wall_minutes, p90_wall_minutes, mean_wall_minutes, sum_wall_minutes
    FROM revops.kpi_response_time($1, $2, $3);
    RETURN QUERY SELECT 'response_time', (SELECT count(*) FROM want), (SELECT count(*) FROM ((TABLE want EXCEPT ALL TABLE have) UNION ALL (TABLE have EXCEPT ALL TABLE want)) AS d);
    DROP TABLE want, have;

    CREATE TEMPORARY TABLE want ON COMMIT DROP AS
    SELECT ws, pg_temp.period($1, due, ws) AS period, policy, source, team, rep, count(*) AS n, sum(kept::int) AS kept, sum(breached::int) AS breached,
           sum((state = 'running' AND NOT breached)::int) AS running, sum((state = 'void' AND NOT breached)::int) AS void,
           pg_temp.rate(sum(kept::int), sum((kept OR breached)::int)) AS r
    FROM clock WHERE due >= f AND due < u GROUP BY 1, 2, 3, 4, 5, 6;
    CREATE TEMPORARY TABLE have ON COMMIT DROP AS
    SELECT workspace_id, period, policy, source, team, rep, clocks, kept, breached, running, void, compliance FROM revops.kpi_sla_compliance($1, $2, $3);
    RETURN QUERY SELECT 'sla_compliance', (SELECT count(*) FROM want), (SELECT count(*) FROM ((TABLE want EXCEPT ALL TABLE have) UNION ALL (TABLE have EXCEPT ALL TABLE want)) AS d);
    DROP TABLE want, have;
END $$;
SET client_min_messages = warning;
SELECT kpi, g AS grain, r AS range, groups > 0 AS compared, differences
FROM (VALUES ('open', NULL::timestamptz, NULL::timestamptz), ('until', NULL, '2026-03-29 01:00+00'), ('both', '2026-01-01 03:30+00', '2026-03-31 22:00+00')) AS v (r, since, until),
     unnest('{day,week,month,quarter,year}'::text[]) AS g, LATERAL pg_temp.differences(g, since, until)
WHERE r = 'open' OR g IN ('week', 'year')
ORDER BY 1, 2, 3;
