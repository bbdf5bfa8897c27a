-- B2, B4: touches of capped rules, told late, out of order, edited, deleted, in every mode: after each step state is what
-- verify() recomputes, lead_status shows what the touches say one by one, and that is what a naive sum of the host's rows gives.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-30 10:00+00';
SELECT revops.create_workspace('main', 'Europe/Berlin');
CREATE TABLE person (id int PRIMARY KEY, country text);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz);
CREATE TABLE mail (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"country": "country"}') > 0 AS attached;
SELECT revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
SELECT revops.attach_touch('mail', 'mail', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}', mode => 'queued') > 0 AS attached;
INSERT INTO person SELECT n, 'DE' FROM generate_series(1, 12) n;

-- a number from 0 to n - 1 that depends on its names alone
CREATE FUNCTION rnd(seed int, what text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
    $$ SELECT (('x' || substr(md5(seed || ':' || what), 1, 7))::bit(28)::int % n) $$;
CREATE FUNCTION random_kind(seed int) RETURNS text LANGUAGE sql AS $$
    SELECT ('{webinar,page_visit,page_visit,unsubscribe,call,email_click,email_reply}'::text[])[1 + rnd(seed, 'k', 7)] $$;
-- few moments in two months, over the change to summer time (29 March in Berlin)
CREATE FUNCTION random_time(seed int) RETURNS timestamptz LANGUAGE sql AS $$
    SELECT timestamptz '2026-03-30 10:00+00' - make_interval(hours => CASE rnd(seed, 'late', 3) WHEN 0 THEN rnd(seed, 't', 1440) ELSE rnd(seed, 't', 48) END) $$;
CREATE FUNCTION random_cap(seed int, what text, most int) RETURNS int LANGUAGE sql AS $$
    SELECT CASE WHEN rnd(seed, what, 3) > 0 THEN 1 + rnd(seed, what || 'n', most) END $$;
CREATE FUNCTION random_period(seed int, what text) RETURNS text LANGUAGE sql AS $$
    SELECT ('{day,week,month,NULL}'::text[])[1 + rnd(seed, what || 'p', 4)] $$;
CREATE FUNCTION new_version(seed int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    UPDATE revops.score_model SET zone = ('{Europe/Berlin,UTC,America/New_York}'::text[])[1 + rnd(seed, 'zone', 3)],
        half_life = ('{7 days,12 hours,1000 years}'::interval[])[1 + rnd(seed, 'half', 3)] WHERE agreement_id = v;
    UPDATE revops.score_rule SET score_group = NULL WHERE agreement_id = v;
    DELETE FROM revops.score_group WHERE agreement_id = v;
    INSERT INTO revops.score_group
    SELECT v, n, 'intent', cap, CASE WHEN cap IS NOT NULL THEN random_period(seed, n) END
    FROM unnest('{web,mail}'::text[]) n, random_cap(seed, n, 40) cap;
    UPDATE revops.score_rule r SET cap = c.cap, cap_period = CASE WHEN c.cap IS NOT NULL THEN random_period(seed, r.rule) END,
        score_group = ('{web,mail,NULL}'::text[])[1 + rnd(seed, 'g' || r.rule, 3)]
    FROM revops.score_rule x, random_cap(seed, x.rule, 30) c (cap) WHERE x.rule_id = r.rule_id AND r.agreement_id = v AND r.kind = 'intent';
    PERFORM revops.adopt_agreement(v);
END $$;

CREATE FUNCTION step(seed int, queued boolean DEFAULT true) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    p int := 1 + rnd(seed, 'p', 12);
    what int := rnd(seed, 'do', 8);
BEGIN
    IF what = 4 AND NOT queued THEN
        what := 0;
    END IF;
    CASE what
    WHEN 0, 1, 2 THEN                   -- one touch, mostly in order
        INSERT INTO act VALUES (seed * 10, p, random_kind(seed), random_time(seed));
    WHEN 3 THEN                         -- several of one lead
        INSERT INTO act SELECT seed * 10 + n, p, random_kind(seed + n), random_time(seed + n) FROM generate_series(1, 2 + rnd(seed, 'n', 5)) n;
    WHEN 4 THEN
        INSERT INTO mail SELECT seed * 10 + n, 1 + (p + n) % 12, random_kind(seed + n), random_time(seed + n) FROM generate_series(1, 3) n;
    WHEN 5 THEN
        UPDATE act SET kind = random_kind(seed + id), at = random_time(seed + id) WHERE person = p AND id % 3 = rnd(seed, 'third', 3);
    WHEN 6 THEN
        DELETE FROM act WHERE person = p AND id % 5 = rnd(seed, 'fifth', 5);
    WHEN 7 THEN
        UPDATE act SET person = 1 + (person + 1) % 12 WHERE id % 19 = rnd(seed, 'mod', 19);
    END CASE;
END $$;

-- What a lead's activities count, each by looking at all the others: no window, no running sum.
CREATE VIEW told AS
SELECT 'act' AS source, a.id, a.person, a.kind, a.at FROM act a
UNION ALL SELECT 'mail', m.id, m.person, m.kind, m.at FROM mail m;
CREATE VIEW naive AS
WITH rules AS (
    SELECT r.rule_id, r.signal, r.points, abs(r.points) AS amount, r.cap, r.cap_period, r.score_group, g.cap AS gcap, g.cap_period AS gperiod, m.zone, m.half_life
    FROM revops.agreement a JOIN revops.score_model m USING (agreement_id) JOIN revops.score_rule r USING (agreement_id)
    LEFT JOIN revops.score_group g USING (agreement_id, score_group) WHERE a.status = 'active' AND r.kind = 'intent'
), t AS MATERIALIZED (
    SELECT t.*, r.*, coalesce(date_trunc(cap_period, at AT TIME ZONE zone)::text, '') AS p, coalesce(date_trunc(gperiod, at AT TIME ZONE zone)::text, '') AS gp
    FROM told t JOIN rules r ON r.signal = t.kind
), ruled AS MATERIALIZED (
    SELECT t.*, CASE WHEN cap IS NULL THEN amount ELSE greatest(0, least(amount, cap - (
        SELECT count(*) * t.amount FROM t o WHERE o.person = t.person AND o.rule_id = t.rule_id AND o.p = t.p AND (o.at, o.source, o.id) < (t.at, t.source, t.id)))) END AS allowed
    FROM t
)
SELECT person, sum(sign(points) * power(2.0::float8, CASE WHEN half_life >= '1000 years' THEN 0 ELSE -extract(epoch FROM revops.engine_now() - at) / extract(epoch FROM half_life) END)
    * CASE WHEN gcap IS NULL THEN allowed ELSE greatest(0, least(allowed, gcap - (
        SELECT coalesce(sum(o.allowed), 0) FROM ruled o WHERE o.person = r.person AND o.score_group = r.score_group AND (o.points > 0) = (r.points > 0) AND o.gp = r.gp
           AND (o.at, o.rule_id, o.source, o.id) < (r.at, r.rule_id, r.source, r.id)))) END) AS intent
FROM ruled r GROUP BY person;
-- what differs, by what finds it out: nothing is expected
CREATE FUNCTION wrong(seed int) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('step %s: verify: lead %s %s is %s, not %s', seed, lead_id, field, stored, recomputed) FROM revops.verify()
    UNION ALL
    SELECT format('step %s: lead %s shows %s, not %s', seed, s.key, s.intent, round(least(greatest(n.intent, 0), 100)::numeric, 6))
    FROM revops.lead_status s LEFT JOIN naive n ON n.person::text = s.key
    WHERE s.intent <> revops.whole_points(coalesce(n.intent, 0))
    UNION ALL
    SELECT format('step %s: lead %s: its touches sum up to %s, not %s', seed, s.key, e.value, n.intent)
    FROM revops.lead_status s LEFT JOIN naive n ON n.person::text = s.key,
         LATERAL (SELECT coalesce(sum(value), 0) AS value FROM revops.explain_touches(s.lead_id)) e
    WHERE abs(e.value - coalesce(n.intent, 0)) > 1e-6 $$;

-- each step a transaction of its own: leads settled at once, without a lock where they can be
DO $$
DECLARE
    found text;
BEGIN
    FOR seed IN 1 .. 200 LOOP
        IF seed % 50 = 1 THEN
            PERFORM new_version(seed);
        END IF;
        PERFORM step(seed);
        COMMIT;
        IF seed % 50 = 1 THEN
            CALL revops.rescore();
        END IF;
        PERFORM revops.read_inbox(0, 1000);
        COMMIT;
        IF seed % 3 = 0 THEN
            FOR found IN SELECT wrong(seed) LOOP
                RAISE WARNING '%', found;
            END LOOP;
        END IF;
    END LOOP;
END $$;
SELECT count(*) > 150 AS many_touches, count(*) FILTER (WHERE sign < 0) > 30 AS many_taken_back FROM revops.touch;
SELECT count(*) > 20 AS many_capped FROM revops.lead l, revops.explain_touches(l.lead_id) t WHERE t.counted <> t.points;
SELECT count(*) > 0 AS some_in_part FROM revops.lead l, revops.explain_touches(l.lead_id) t WHERE t.counted <> t.points AND t.counted <> 0;
-- blocks: leads settled at commit, savepoints undone
CREATE PROCEDURE check_step(seed int) LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    FOR found IN SELECT wrong(seed) LOOP
        RAISE WARNING '%', found;
    END LOOP;
END $$;
\set ECHO none
SELECT unnest(ARRAY['BEGIN',
    format('DO $d$ BEGIN PERFORM step(%s, false); END $d$', n * 10 + 1),
    'SAVEPOINT s', format('DO $d$ BEGIN PERFORM step(%s, false); END $d$', n * 10 + 2),
    CASE WHEN rnd(n, 'undo', 2) = 0 THEN 'ROLLBACK TO s' ELSE 'RELEASE s' END,
    format('CALL check_step(%s)', n * 10 + 2),
    format('DO $d$ BEGIN PERFORM step(%s, false); END $d$', n * 10 + 3),
    CASE WHEN rnd(n, 'end', 5) = 0 THEN 'ROLLBACK' ELSE 'COMMIT' END, format('CALL check_step(%s)', n * 10 + 3)])
FROM generate_series(100, 118) n \gexec
\set ECHO all
-- REPEATABLE READ: all waits as deltas, is shown at once, and folded later
\set ECHO none
SELECT unnest(ARRAY['BEGIN ISOLATION LEVEL REPEATABLE READ',
    format('DO $d$ BEGIN PERFORM step(%s, false); PERFORM step(%s, false); END $d$', n * 10 + 1, n * 10 + 2),
    format('CALL check_step(%s)', n * 10 + 2), 'COMMIT', format('CALL check_step(%s)', n * 10 + 2)])
FROM generate_series(200, 215) n \gexec
\set ECHO all
SELECT count(*) > 0 AS some_wait FROM revops.lead_delta WHERE recount;
CALL revops.settle();
SELECT count(*) AS waiting FROM revops.lead_delta;
SELECT * FROM wrong(0);
-- the same touches told all at once to new leads, or in the order of time, or the other way round: the same state
CREATE TABLE again (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_touch('again', 'again', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
INSERT INTO person SELECT 100 * k + n, 'DE' FROM generate_series(1, 12) n, generate_series(1, 3) k;
INSERT INTO again SELECT row_number() OVER (), 100 + person, kind, at FROM act;
DO $$
DECLARE
    a act;
BEGIN
    FOR a IN SELECT * FROM act ORDER BY at, id LOOP
        INSERT INTO again SELECT max(id) + 1, 200 + a.person, a.kind, a.at FROM again;
        COMMIT;
    END LOOP;
    FOR a IN SELECT * FROM act ORDER BY at DESC, id LOOP
        INSERT INTO again SELECT max(id) + 1, 300 + a.person, a.kind, a.at FROM again;
        COMMIT;
    END LOOP;
END $$;
SELECT count(*) AS leads, count(*) FILTER (WHERE many > 1) AS differ
FROM (SELECT count(DISTINCT (round(revops.decayed(intent_pos, '14 days', '2026-03-30')::numeric, 6), round(revops.decayed(intent_neg, '14 days', '2026-03-30')::numeric, 6), touches)) AS many
      FROM revops.lead WHERE key::int > 100 GROUP BY key::int % 100) l;
SELECT * FROM revops.verify();
SELECT object, message FROM revops.fault;
