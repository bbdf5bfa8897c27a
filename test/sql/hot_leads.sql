-- B4: hot_leads() has the leads of lead_status in the order of their score, at any moment and for any number;
-- touches, deltas, deleted leads and versions as they come.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
SET jit = off;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');
SELECT revops.create_workspace('other');
INSERT INTO revops.rep (rep) SELECT 'rep ' || n FROM generate_series(1, 3) n;
INSERT INTO revops.team (team) VALUES ('one'), ('two');
INSERT INTO revops.team_member SELECT team_id, rep_id, 1 FROM revops.team, revops.rep WHERE (team = 'one') = (rep <> 'rep 3');
INSERT INTO revops.route (route, position, condition, team_id)
SELECT team, team_id, CASE team WHEN 'one' THEN 'company_size % 2 = 0' END, team_id FROM revops.team;
DO $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    UPDATE revops.score_model SET half_life = '7 days', mql_fit = 40, mql_intent = 30 WHERE agreement_id = v;
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
    SELECT v, 'size ' || n, 'fit', 'company_size >= ' || n, 7 FROM generate_series(10, 100, 10) n;
    PERFORM revops.adopt_agreement(v);
END $$;
CREATE TABLE person (id int PRIMARY KEY, size int);
CREATE TABLE deal (id int PRIMARY KEY, size int);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"company_size": "size"}') > 0 AS attached;
SELECT revops.attach_lead('deal', 'deal', '{"company_size": "size"}') > 0 AS attached;
SELECT revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;

-- All leads of lead_status at this moment, in order; what is not rounded comes from state and deltas, as it does there.
CREATE FUNCTION sorted(at timestamptz, how_many int) RETURNS TABLE (place int, lead_id bigint, binding text, key text, stage text, fit int,
        intent int, score int, grade text, team text, rep text, last_touch_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    before text := current_setting('pg_revops.now');
BEGIN
    PERFORM set_config('pg_revops.now', at::text, false);
    RETURN QUERY
        SELECT (row_number() OVER w)::int, s.lead_id, s.binding, s.key, s.stage, s.fit, s.intent, s.score, s.grade, s.team, s.rep, s.last_touch_at
        FROM revops.lead_status s
        JOIN revops.lead l USING (lead_id)
        JOIN revops.score_model m USING (agreement_id)
        LEFT JOIN revops.lead_unfolded u USING (lead_id)
        CROSS JOIN LATERAL (SELECT greatest(coalesce(u.intent_anew,
                                revops.decayed(l.intent_pos, m.half_life, revops.engine_now())
                                - revops.decayed(l.intent_neg, m.half_life, revops.engine_now()) + coalesce(u.intent_more, 0.0)), 0.0) AS exact) e
        WHERE s.workspace_id = 1
        WINDOW w AS (ORDER BY m.fit_share * s.fit + (1.0 - m.fit_share) * least(e.exact, 100.0) DESC, e.exact DESC, s.lead_id DESC)
        ORDER BY 1 LIMIT how_many;
    PERFORM set_config('pg_revops.now', before, false);
END $$;
-- How many lists differ, over many moments and numbers.
CREATE FUNCTION differences(OUT asked int, OUT differ int) LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
    n int;
    wanted text[];
BEGIN
    asked := 0;
    differ := 0;
    FOR moment IN SELECT timestamptz '2026-03-02 10:00+00' + make_interval(days => d) FROM unnest('{-400,-30,-3,0,1,7,30,90,400}'::int[]) d LOOP
        wanted := ARRAY(SELECT s::text FROM sorted(moment, NULL) s ORDER BY s.place);
        FOREACH n IN ARRAY '{0,1,2,10,57,100,NULL}'::int[] LOOP
            asked := asked + 1;
            differ := differ + (wanted[:coalesce(n, cardinality(wanted))] IS DISTINCT FROM
                                ARRAY(SELECT h::text FROM revops.hot_leads(n, moment) h ORDER BY h.place))::int;
        END LOOP;
    END LOOP;
END $$;
CREATE FUNCTION rnd(seed int, what text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
    $$ SELECT (('x' || substr(md5(seed || ':' || what), 1, 7))::bit(28)::int % n) $$;

-- nobody there; then leads without intent: the better fit, and the newer first
SELECT * FROM revops.hot_leads();
INSERT INTO person SELECT n, rnd(n, 's', 110) FROM generate_series(1, 300) n;
INSERT INTO deal SELECT n, rnd(n, 's', 110) FROM generate_series(1, 30) n;
SELECT place, binding, key, fit, intent, score, grade FROM revops.hot_leads(3);
SELECT * FROM differences();

-- touches, of a year; some far beyond 100 points, some equal in all
INSERT INTO act SELECT n, 1 + rnd(n, 'p', 200) * rnd(n, 'q', 200) / 200,
                       ('{demo_request,webinar,page_visit,unsubscribe,call,email_click}'::text[])[1 + rnd(n, 'k', 6)],
                       timestamptz '2026-03-02 10:00+00' - make_interval(hours => rnd(n, 't', 10000) * rnd(n, 'u', 10000) / 10000)
FROM generate_series(1, 2000) n;
INSERT INTO act SELECT 3000 + n, 250 + n % 20, 'demo_request', '2026-03-01 10:00+00' FROM generate_series(1, 200) n;
SELECT count(*) FILTER (WHERE intent = 100) > 10 AS some_full, count(*) FILTER (WHERE intent = 0) > 10 AS some_empty FROM revops.lead_status;
SELECT * FROM differences();

-- touches taken back, leads deleted, back, and changed
DELETE FROM act WHERE id % 11 = 0;
UPDATE act SET kind = 'webinar', person = person + 1 WHERE id % 13 = 0;
DELETE FROM person WHERE id % 9 = 0;
INSERT INTO person SELECT n, 101 FROM generate_series(9, 120, 9) n;
UPDATE person SET size = size + 25 WHERE id % 5 = 0;
SELECT * FROM differences();
SELECT * FROM revops.verify();

ANALYZE revops.lead, revops.touch, revops.signal, revops.score_rule;
-- what the present transaction's touches will do counts, and what waits to be folded
BEGIN;
INSERT INTO act SELECT 4000 + n, 1 + n * 3, 'demo_request', now_at FROM generate_series(1, 60) n, revops.engine_now() now_at;
SELECT * FROM differences();
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO act SELECT 5000 + n, 1 + n * 2, ('{demo_request,unsubscribe}'::text[])[1 + n % 2], revops.engine_now() FROM generate_series(1, 80) n;
DELETE FROM act WHERE id % 17 = 0;
DELETE FROM person WHERE id BETWEEN 60 AND 70;
SELECT * FROM differences();
COMMIT;
SELECT count(*) > 50 AS many_wait FROM revops.lead_delta;
SELECT * FROM differences();

-- another version: another half-life and share; leads go over to it one by one
DO $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    UPDATE revops.score_model SET half_life = '60 days', fit_share = 0.2 WHERE agreement_id = v;
    PERFORM revops.adopt_agreement(v);
END $$;
SELECT * FROM differences();
INSERT INTO act SELECT 6000 + n, n, 'webinar', revops.engine_now() FROM generate_series(1, 100) n;
SELECT agreement, count(*) > 50 AS many FROM revops.lead_status GROUP BY agreement ORDER BY agreement;
SELECT * FROM differences();
CALL revops.rescore();
CALL revops.settle();
SELECT agreement, count(*) > 50 AS many FROM revops.lead_status GROUP BY agreement ORDER BY agreement;
SELECT * FROM differences();
-- score of fit alone; nothing fades
DO $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    UPDATE revops.score_model SET half_life = '1000 years', fit_share = 1 WHERE agreement_id = v;
    PERFORM revops.adopt_agreement(v);
END $$;
CALL revops.rescore();
SELECT * FROM differences();
SELECT * FROM revops.verify();

-- filters: those who pass, in the same order
SELECT count(*) > 5 AS some, bool_and(h.place = s.place) AS the_same
FROM (SELECT row_number() OVER (ORDER BY place) AS place, lead_id FROM sorted(revops.engine_now(), NULL) WHERE stage = 'mql' AND team = 'one') s
FULL JOIN revops.hot_leads(NULL, only_stage => 'mql', only_team => 'one') h USING (lead_id);
SELECT count(*) > 5 AS some, bool_and(h.place = s.place) AS the_same
FROM (SELECT row_number() OVER (ORDER BY place) AS place, lead_id FROM sorted(revops.engine_now(), NULL) WHERE rep = 'rep 2' AND binding = 'person') s
FULL JOIN revops.hot_leads(NULL, only_rep => 'rep 2', only_binding => 'person') h USING (lead_id);
SELECT count(*) FROM revops.hot_leads(only_team => 'none of ours');
SELECT count(*) FROM revops.hot_leads(only_binding => 'deal');
-- another workspace has leads of its own: none
SELECT count(*) FROM revops.hot_leads(workspace_id => 2);

SELECT revops.hot_leads(-1);
SELECT revops.hot_leads(at => 'infinity');
SELECT revops.hot_leads(workspace_id => 99);

