-- lead_status, handoff_queue, sla_due: state, deltas and time, from rows made by hand.
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
-- rows are written as the engine would: no trigger, no key into a host table
SET session_replication_role = replica;
SET pg_revops.now = '2026-03-31 12:00+00';

INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency)
VALUES (1, 'north', 'Europe/Berlin', 'EUR'), (2, 'south', 'America/New_York', 'USD');
INSERT INTO revops.calendar (calendar_id, workspace_id, calendar, time_zone) VALUES (1, 1, 'office', 'Europe/Berlin');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
SELECT 1, d, '09:00', '17:00' FROM generate_series(1, 5) AS d;
INSERT INTO revops.agreement (agreement_id, workspace_id, version, status)
VALUES (1, 1, 1, 'retired'), (2, 1, 2, 'active'), (3, 2, 1, 'active');
INSERT INTO revops.score_model (agreement_id, half_life, fit_share)
VALUES (1, '5 days', 0.5), (2, '10 days', 0.2), (3, '1000 years', 0.5);
INSERT INTO revops.signal (signal_id, workspace_id, signal, answers)
VALUES (1, 1, 'form', false), (2, 1, 'unsubscribe', false), (3, 1, 'call', true), (4, 2, 'form', false);
INSERT INTO revops.score_rule (agreement_id, rule, kind, signal, points)
VALUES (1, 'form', 'intent', 'form', 99), (2, 'form', 'intent', 'form', 40), (2, 'unsubscribe', 'intent', 'unsubscribe', -10),
       (3, 'form', 'intent', 'form', 30);
INSERT INTO revops.stage (agreement_id, stage, position, purpose)
VALUES (1, 'lead', 1, 'qualified'), (2, 'lead', 1, 'entry'), (2, 'mql', 2, 'qualified'), (2, 'sql', 3, 'accepted'),
       (3, 'mql', 1, 'entry'), (3, 'handed', 2, 'qualified');
INSERT INTO revops.sla_policy (policy_id, agreement_id, policy, position, target, calendar_id)
VALUES (1, 2, 'first contact', 1, '1 hour', 1);
INSERT INTO revops.team (team_id, workspace_id, team) VALUES (1, 1, 'inside'), (2, 2, 'inside');
INSERT INTO revops.rep (rep_id, workspace_id, rep) VALUES (1, 1, 'ada'), (2, 1, 'ben');
INSERT INTO revops.binding (binding_id, workspace_id, binding, kind, host, host_name, key_columns, owner)
VALUES (1, 1, 'crm', 'lead', 'revops.workspace', 'none', '{id}', current_user::regrole);

-- the forward-decay sum of one touch
CREATE FUNCTION pg_temp.touched(points float8, at timestamptz, half_life interval) RETURNS float8 LANGUAGE sql
    RETURN CASE WHEN points = 0 THEN '-Infinity'::float8
                ELSE ln(points) / ln(2.0::float8)
                     + extract(epoch FROM at - '2000-01-01 00:00+00')::float8 / extract(epoch FROM half_life)::float8 END;
CREATE FUNCTION pg_temp.lead(id bigint, fit int, pos float8, neg float8, VARIADIC more text[] DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO revops.lead (lead_id, workspace_id, binding_id, agreement_id, created_at, settled_at, stage_since,
                             gone_at, last_touch_at, profile_id, intent_pos, intent_neg, team_id, rep_id,
                             moves, assignments, clocks, touches, running, fit, disqualified, handed_over,
                             stage, key, source, campaign, segment)
    SELECT id, COALESCE((j ->> 'workspace')::int, 1), 1, COALESCE((j ->> 'agreement')::int, 2),
           '2026-03-01 08:00+00', '2026-03-30 08:00+00', COALESCE((j ->> 'since')::timestamptz, '2026-03-30 08:00+00'),
           (j ->> 'gone')::timestamptz, (j ->> 'touched')::timestamptz, COALESCE((j ->> 'profile')::bigint, 0), pos, neg,
           (j ->> 'team')::int, (j ->> 'rep')::int,
           1, CASE WHEN j ?| '{team,rep}' THEN 1 ELSE 0 END, 0, COALESCE((j ->> 'touches')::int, 0), COALESCE((j ->> 'running')::int, 0), fit,
           false, false, COALESCE(j ->> 'stage', 'lead'), 'key' || id, 'web', 'spring', 'smb'
    FROM jsonb_object(more) AS j;
    INSERT INTO revops.assignment (lead_id, seq, workspace_id, at, team_id, rep_id, cause, actor)
    SELECT id, 1, COALESCE((j ->> 'workspace')::int, 1), '2026-03-30 08:00+00', (j ->> 'team')::int, (j ->> 'rep')::int, 'route', 'test'
    FROM jsonb_object(more) AS j WHERE j ?| '{team,rep}';
END $$;
CREATE FUNCTION pg_temp.delta(id bigint, delta bigint, pos float8, neg float8, VARIADIC more text[] DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO revops.lead_delta (lead_id, delta_id, workspace_id, agreement_id, at, last_touch_at, answers,
                                   intent_pos, intent_neg, touches, recount, gone)
    SELECT id, delta, 1, COALESCE((j ->> 'agreement')::int, 2), COALESCE((j ->> 'at')::timestamptz, '2026-03-31 11:00+00'),
           (j ->> 'touched')::timestamptz, (j ->> 'answered') IS NOT NULL, pos, neg,
           COALESCE((j ->> 'touches')::int, 0), COALESCE((j ->> 'recount')::boolean, false), (j ->> 'gone')::boolean
    FROM jsonb_object(more) AS j;
END $$;
CREATE FUNCTION pg_temp.touch(id bigint, at timestamptz, signal int, sign int DEFAULT 1) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO revops.touch (lead_id, occurred_at, touch_id, recorded_at, workspace_id, signal_id, sign)
    VALUES (id, at, nextval('revops.touch_id'), at, 1, signal, sign);
END $$;

DO $$
DECLARE
    none float8 := '-Infinity';
    h interval := '10 days';
    ago10 timestamptz := '2026-03-21 12:00+00';
    ago20 timestamptz := '2026-03-11 12:00+00';
    now timestamptz := '2026-03-31 12:00+00';
BEGIN
    -- 40 points, one half-life old
    PERFORM pg_temp.lead(1, 80, pg_temp.touched(40, ago10, h), none, 'stage', 'mql', 'team', '1', 'rep', '1',
                         'touched', ago10::text, 'touches', '1', 'profile', '7');
    -- the same, and 30 - 4 points that nothing has folded
    PERFORM pg_temp.lead(2, 80, pg_temp.touched(40, ago10, h), none, 'touched', ago10::text, 'touches', '1', 'stage', 'mql',
                         'since', '2026-03-30 07:00+00', 'team', '1', 'profile', '8');
    PERFORM pg_temp.delta(2, 1, pg_temp.touched(20, now, h), none, 'touches', '1', 'touched', now::text);
    PERFORM pg_temp.delta(2, 2, pg_temp.touched(20, ago10, h), pg_temp.touched(4, now, h), 'touches', '2', 'touched', ago10::text);
    -- a touch was taken back: the sums do not hold, the touches do: 40 / 2 + 40 / 4 - 10 = 20
    PERFORM pg_temp.lead(3, 0, pg_temp.touched(90, now, h), none, 'touched', now::text, 'touches', '5');
    PERFORM pg_temp.delta(3, 3, none, none, 'touches', '-1', 'recount', 'true');
    PERFORM pg_temp.touch(3, ago10, 1), pg_temp.touch(3, ago20, 1), pg_temp.touch(3, now, 2), pg_temp.touch(3, now - interval '1 day', 3),
            pg_temp.touch(3, now + interval '1 hour', 1), pg_temp.touch(3, now + interval '1 hour', 1, -1);
    -- every touch was taken back
    PERFORM pg_temp.lead(4, 0, pg_temp.touched(90, now, h), none, 'touched', now::text, 'touches', '1');
    PERFORM pg_temp.delta(4, 4, none, none, 'touches', '-1', 'recount', 'true');
    PERFORM pg_temp.touch(4, now, 1), pg_temp.touch(4, now, 1, -1);
    -- a delta weighed by the version before: the lead's own version counts its touches, 40 / 2 + 40 = 60
    PERFORM pg_temp.lead(5, 0, pg_temp.touched(40, ago10, h), none, 'touched', ago10::text, 'touches', '1');
    PERFORM pg_temp.delta(5, 5, pg_temp.touched(99, now, '5 days'), none, 'touches', '1', 'touched', now::text, 'agreement', '1');
    PERFORM pg_temp.touch(5, ago10, 1), pg_temp.touch(5, now, 1);
    -- gone; gone by a delta; back by the later of two deltas
    PERFORM pg_temp.lead(6, 0, none, none, 'gone', now::text);
    PERFORM pg_temp.lead(7, 0, none, none);
    PERFORM pg_temp.delta(7, 6, none, none, 'gone', 'true');
    PERFORM pg_temp.lead(8, 0, none, none, 'gone', now::text);
    PERFORM pg_temp.delta(8, 7, none, none, 'gone', 'true');
    PERFORM pg_temp.delta(8, 8, none, none, 'gone', 'false');
    -- intent stays within 0 and 100, and so does its part of the score
    PERFORM pg_temp.lead(9, 40, pg_temp.touched(500, now, h), none);
    PERFORM pg_temp.lead(10, 40, pg_temp.touched(5, now, h), pg_temp.touched(50, now, h));
    -- whole points: 19.6 is shown as 20, 19.4 as 19
    PERFORM pg_temp.lead(11, 0, pg_temp.touched(19.6, now, h), none);
    PERFORM pg_temp.lead(12, 0, pg_temp.touched(19.4, now, h), none);
    -- another workspace, interest that never fades, sums made anew
    PERFORM pg_temp.lead(13, 100, none, none, 'workspace', '2', 'agreement', '3', 'stage', 'mql');
    PERFORM pg_temp.delta(13, 9, none, none, 'recount', 'true', 'agreement', '3');
    PERFORM pg_temp.touch(13, '2001-01-01 00:00+00', 4);
    PERFORM pg_temp.lead(14, 50, none, none, 'workspace', '2', 'agreement', '3', 'stage', 'handed', 'team', '2');
    -- scored under the version before, waits in the stage of the active one
    PERFORM pg_temp.lead(15, 50, none, none, 'agreement', '1', 'stage', 'mql');
    -- clocks: two run; one answered by a touch that waits; one that ended
    PERFORM pg_temp.lead(16, 10, none, none, 'running', '2', 'stage', 'mql', 'rep', '1');
    PERFORM pg_temp.lead(17, 10, none, none, 'running', '1');
    PERFORM pg_temp.delta(17, 10, none, none, 'touches', '1', 'answered', '2026-03-31 09:00+00');
    PERFORM pg_temp.touch(17, '2026-03-31 09:00+00', 3);
    -- the call came before the clock started, a form after it
    PERFORM pg_temp.lead(18, 10, none, none, 'running', '1');
    PERFORM pg_temp.delta(18, 11, none, none, 'touches', '2', 'answered', '2026-03-31 09:00+00');
    PERFORM pg_temp.touch(18, '2026-03-31 07:59+00', 3), pg_temp.touch(18, '2026-03-31 09:00+00', 1);
    -- the call was taken back
    PERFORM pg_temp.lead(21, 10, none, none, 'running', '1');
    PERFORM pg_temp.delta(21, 12, none, none, 'touches', '1', 'answered', '2026-03-31 09:00+00', 'recount', 'true');
    PERFORM pg_temp.touch(21, '2026-03-31 09:00+00', 3), pg_temp.touch(21, '2026-03-31 09:00+00', 3, -1);
    PERFORM pg_temp.lead(19, 10, none, none, 'running', '1');
    PERFORM pg_temp.lead(20, 10, none, none, 'running', '1', 'gone', now::text);
END $$;
INSERT INTO revops.sla_clock (lead_id, seq, workspace_id, agreement_id, policy_id, calendar_id, team_id, rep_id,
                              started_at, due_at, stopped_at, outcome, promise, source)
VALUES (16, 1, 1, 2, 1, NULL, 1, 1, '2026-03-31 08:00+00', '2026-03-31 12:30+00', NULL, NULL, 'first_response', 'web'),
       -- Monday 30 March 16:00 in Berlin; now is Tuesday 14:00 there, six business hours later
       (16, 2, 1, 2, 1, 1, 1, 2, '2026-03-30 13:00+00', '2026-03-30 14:00+00', NULL, NULL, 'first_response', 'web'),
       (17, 1, 1, 2, 1, NULL, 1, 1, '2026-03-31 08:00+00', '2026-03-31 13:00+00', NULL, NULL, 'first_response', 'web'),
       (18, 1, 1, 2, 1, NULL, 1, 1, '2026-03-31 08:00+00', '2026-03-31 12:00+00', NULL, NULL, 'first_response', 'web'),
       -- due on Wednesday at 10:00 in Berlin: three hours left today, one tomorrow
       (19, 1, 1, 2, 1, 1, NULL, NULL, '2026-03-31 08:00+00', '2026-04-01 08:00+00', NULL, NULL, 'first_response', 'web'),
       (19, 2, 1, 2, 1, 1, NULL, NULL, '2026-03-31 08:00+00', '2026-03-31 09:00+00', '2026-03-31 08:30+00', 'kept', 'first_response', 'web'),
       (21, 1, 1, 2, 1, NULL, 1, 1, '2026-03-31 08:00+00', '2026-03-31 14:00+00', NULL, NULL, 'first_response', 'web'),
       (20, 1, 1, 2, 1, NULL, 1, 1, '2026-03-31 08:00+00', '2026-03-31 13:00+00', NULL, NULL, 'first_response', 'web');
INSERT INTO revops.profile_change (lead_id, change_id, at, workspace_id, binding_id, profile)
VALUES (1, 6, '2026-03-01', 1, 1, '{"company": "old name"}'), (1, 7, '2026-03-02', 1, 1, '{"company": "acme"}'),
       (2, 8, '2026-03-02', 1, 1, '{"company": "hidden"}');
INSERT INTO revops.lead_identity (lead_id, workspace_id, personal)
VALUES (1, 1, '{"email": "ann@acme.test", "person_name": "Ann", "phone": "123"}'), (2, 1, '{"company": "sole trader"}');

SELECT lead_id, fit, intent, score, grade, touches, last_touch_at FROM revops.lead_status ORDER BY lead_id;
SELECT lead_id, sla_due_at, sla_left, breached FROM revops.lead_status WHERE sla_due_at IS NOT NULL ORDER BY 1;
\x on
SELECT * FROM revops.lead_status WHERE lead_id = 1;
\x off
SELECT lead_id, round(intent_anew::numeric, 6) AS intent_anew, round(intent_more::numeric, 6) AS intent_more, touches, last_touch_at, may_answer, gone FROM revops.lead_unfolded ORDER BY 1;

-- the queue, hottest first
SELECT workspace, lead_id, score, grade, waiting_since, age, team, rep, person_name, email, phone, company, sla_due_at, breached
FROM revops.handoff_queue;
-- promises, earliest first
SELECT lead_id, seq, policy, promise, calendar, started_at, due_at, time_left, breached, team, rep FROM revops.sla_due;

-- a moment later, with nothing written: interest fades, promises break
SET pg_revops.now = '2026-04-10 12:00+00';
SELECT lead_id, intent, score, grade, sla_left, breached FROM revops.lead_status WHERE lead_id IN (1, 2, 3, 5, 13, 19) ORDER BY 1;
SELECT lead_id, seq, time_left, breached FROM revops.sla_due;

-- In one snapshot the order of folding does not show: the touches of a lead
-- are split between state and deltas by chance, and the answer is the same as
-- adding up the touches one by one.
SET pg_revops.now = '2026-03-31 12:00+00';
CREATE TEMPORARY TABLE split AS
SELECT lead_id, n, CASE WHEN h % 3 = 0 THEN -10 ELSE 40 END AS points, CASE WHEN h % 3 = 0 THEN 2 ELSE 1 END AS signal_id,
       '2026-03-31 12:00+00'::timestamptz - make_interval(secs => abs(hashint8(lead_id * 31 + n)) % 5000000) AS at,
       -- 0: folded; 1, 2: in one of two deltas
       abs(hashint8(lead_id * 17 + n)) % 3 AS place
FROM generate_series(1001::bigint, 1400) AS lead_id, generate_series(1, 6) AS n, LATERAL (SELECT abs(hashint8(lead_id * 7 + n)) AS h) AS x
WHERE h % 5 > 0;
INSERT INTO revops.touch (lead_id, occurred_at, touch_id, recorded_at, workspace_id, signal_id, sign)
SELECT lead_id, at, n, at, 1, signal_id, 1 FROM split;
CREATE TEMPORARY TABLE sums AS
SELECT lead_id, place, count(*) AS touches, max(at) AS touched,
       COALESCE(ln(sum(2 ^ (pg_temp.touched(abs(points), at, '10 days') - 900)) FILTER (WHERE points > 0)) / ln(2.0::float8) + 900, '-Infinity') AS pos,
       COALESCE(ln(sum(2 ^ (pg_temp.touched(abs(points), at, '10 days') - 900)) FILTER (WHERE points < 0)) / ln(2.0::float8) + 900, '-Infinity') AS neg
FROM split GROUP BY lead_id, place;
SELECT count(pg_temp.lead(l, (l % 101)::int, COALESCE(s.pos, '-Infinity'), COALESCE(s.neg, '-Infinity'),
                          'touched', s.touched::text, 'touches', COALESCE(s.touches, 0)::text)) AS leads
FROM generate_series(1001::bigint, 1400) AS l LEFT JOIN sums AS s ON s.lead_id = l AND s.place = 0;
-- every tenth lead is to be counted anew, whatever its deltas say
SELECT count(pg_temp.delta(lead_id, 10000 + lead_id * 10 + place, pos, neg, 'touched', touched::text, 'touches', touches::text,
                           'recount', (lead_id % 10 = 0)::text)) > 300 AS deltas
FROM sums WHERE place > 0;
WITH naive AS
     (SELECT lead_id, count(*) AS touches, max(at) AS touched,
             LEAST(GREATEST(sum(points * 0.5 ^ (extract(epoch FROM '2026-03-31 12:00+00' - at)::float8 / 864000)), 0), 100) AS intent
      FROM split GROUP BY lead_id)
SELECT count(*) AS leads, count(*) FILTER (WHERE s.intent > 0) > 100 AS many_with_intent,
       count(*) FILTER (WHERE s.touches IS DISTINCT FROM COALESCE(n.touches, 0)) AS wrong_touches,
       count(*) FILTER (WHERE s.last_touch_at IS DISTINCT FROM n.touched) AS wrong_last_touch,
       count(*) FILTER (WHERE s.intent IS DISTINCT FROM floor(COALESCE(n.intent, 0) + 0.5)::int) AS wrong_intent,
       count(*) FILTER (WHERE s.score IS DISTINCT FROM floor(0.2 * (s.lead_id % 101) + 0.8 * COALESCE(n.intent, 0) + 0.5)::int) AS wrong_score
FROM revops.lead_status s LEFT JOIN naive n ON n.lead_id = s.lead_id
WHERE s.lead_id > 1000;

