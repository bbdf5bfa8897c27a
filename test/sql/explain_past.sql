-- B5: a score explained as of a past moment is what lead_status showed then: across versions with other rules, caps and
-- half-lives, changed rows, touches told late, edited and taken back.
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');
CREATE TABLE person (id int PRIMARY KEY, country text, size int, email text);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "company_size": "size", "email": "email"}') > 0 AS attached;
SELECT revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
CREATE FUNCTION new_version(body text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    EXECUTE replace(body, ':v', v::text);
    PERFORM revops.adopt_agreement(v);
END $$;
-- what lead_status shows at a moment, while it is the present
CREATE TABLE shown (at timestamptz, lead_id bigint, key text, fit int, intent int, score int, grade text, touches int, agreement int);
CREATE FUNCTION keep() RETURNS void LANGUAGE sql AS $$
    INSERT INTO shown SELECT revops.engine_now(), lead_id, key, fit, intent, score, grade, touches, agreement FROM revops.lead_status $$;

SELECT new_version($$
    UPDATE revops.score_model SET half_life = '7 days', fit_base = 5 WHERE agreement_id = :v;
    INSERT INTO revops.score_group VALUES (:v, 'web', 'intent', 30, 'week'), (:v, 'firm', 'fit', 30, NULL);
    UPDATE revops.score_rule SET cap = 6, cap_period = 'day', score_group = 'web' WHERE agreement_id = :v AND rule = 'page_visit';
    UPDATE revops.score_rule SET score_group = 'web' WHERE agreement_id = :v AND rule IN ('webinar', 'email_click');
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points, score_group) VALUES
        (:v, 'home', 'fit', 'country = ''DE''', 20, NULL), (:v, 'big', 'fit', 'company_size > 50', 20, 'firm'),
        (:v, 'very big', 'fit', 'company_size > 500', 20, 'firm')$$);
SET pg_revops.now = '2026-03-03 10:00+00';
INSERT INTO person SELECT n, ('{DE,FR,US}'::text[])[1 + n % 3], ('{3,60,600}'::int[])[1 + n % 3], 'a@firm.example' FROM generate_series(1, 6) n;
INSERT INTO act SELECT n, 1 + n % 6, ('{webinar,page_visit,page_visit,email_click,unsubscribe}'::text[])[1 + n % 5], timestamptz '2026-03-03 09:00+00' - n * interval '2 hours'
FROM generate_series(1, 60) n;
SELECT keep();
SET pg_revops.now = '2026-03-05 10:00+00';
SELECT keep();
-- told late, edited, deleted
SET pg_revops.now = '2026-03-06 10:00+00';
INSERT INTO act SELECT 100 + n, 1 + n % 6, 'page_visit', timestamptz '2026-03-01 09:00+00' + n * interval '1 hour' FROM generate_series(1, 20) n;
SELECT keep();
SET pg_revops.now = '2026-03-07 10:00+00';
DELETE FROM act WHERE id % 7 = 0;
UPDATE act SET kind = 'webinar' WHERE id % 11 = 0;
SELECT keep();
-- rows change
SET pg_revops.now = '2026-03-09 10:00+00';
UPDATE person SET size = size * 10, country = CASE WHEN id = 2 THEN 'DE' ELSE country END WHERE id % 2 = 0;
SELECT keep();
-- a version with other points, caps, half-life
SET pg_revops.now = '2026-03-10 10:00+00';
SELECT new_version($$
    UPDATE revops.score_model SET half_life = '1000 years', fit_base = 0, fit_share = 0.3, zone = 'Asia/Tokyo' WHERE agreement_id = :v;
    UPDATE revops.score_group SET cap = 20 WHERE agreement_id = :v;
    UPDATE revops.score_rule SET points = 7, cap = 20, cap_period = 'month' WHERE agreement_id = :v AND rule = 'page_visit';
    DELETE FROM revops.score_rule WHERE agreement_id = :v AND rule = 'home';
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:v, 'abroad', 'negative', 'country <> ''DE''', -5)$$);
CALL revops.rescore();
SELECT keep();
SET pg_revops.now = '2026-03-12 10:00+00';
INSERT INTO act VALUES (201, 1, 'demo_request', '2026-03-12 09:00+00'), (202, 2, 'page_visit', '2026-03-11 09:00+00');
DELETE FROM act WHERE id BETWEEN 50 AND 60;
UPDATE person SET country = 'DE' WHERE id = 3;
SELECT keep();
SET pg_revops.now = '2026-06-01 10:00+00';
DELETE FROM act WHERE id < 30;
UPDATE person SET size = 1;
SELECT keep();

-- every moment, from the future of all of them, and at the last one itself
SELECT s.at, count(*) AS leads, min(s.agreement) AS version,
       count(*) FILTER (WHERE (s.fit, s.intent, s.score, s.grade) IS DISTINCT FROM
           (revops.whole_points(f.value), revops.whole_points(i.value), sc.value::int, g.because)) AS differ,
       count(*) FILTER (WHERE abs(f.value - f.parts) > 1e-9 OR abs(i.value - i.parts) > 1e-6) AS do_not_add_up,
       count(*) FILTER (WHERE abs(i.parts - t.value) > 1e-6 OR s.touches <> t.n) AS touches_differ
FROM shown s
CROSS JOIN LATERAL (SELECT max(value) FILTER (WHERE rule = '(total)') AS value, least(greatest(sum(value) FILTER (WHERE rule <> '(total)'), 0), 100) AS parts
                    FROM revops.explain_score(s.lead_id, s.at) WHERE part IN ('fit', 'negative', 'disqualify')) f
CROSS JOIN LATERAL (SELECT max(value) FILTER (WHERE rule = '(total)') AS value, least(greatest(sum(value) FILTER (WHERE rule <> '(total)'), 0), 100) AS parts
                    FROM revops.explain_score(s.lead_id, s.at) WHERE part = 'intent') i
CROSS JOIN LATERAL (SELECT value FROM revops.explain_score(s.lead_id, s.at) WHERE part = 'score') sc
CROSS JOIN LATERAL (SELECT because FROM revops.explain_score(s.lead_id, s.at) WHERE part = 'grade') g
CROSS JOIN LATERAL (SELECT least(greatest(coalesce(sum(value), 0), 0), 100) AS value, count(*) AS n FROM revops.explain_touches(s.lead_id, s.at)) t
GROUP BY s.at ORDER BY s.at;
-- not the same all along, that is
SELECT count(DISTINCT (fit, intent)) > 12 AS many_scores FROM shown;
SELECT part, rule, score_group, points, matched, touches, earned, capped, round(value::numeric, 4) AS value, because
FROM revops.explain_score(revops.lead_id('person', '2'), '2026-03-09 10:00+00') WHERE matched OR rule = '(total)';
SELECT rule, signal, occurred_at, binding, source_key, points, counted, round(value::numeric, 4) AS value
FROM revops.explain_touches(revops.lead_id('person', '2'), '2026-03-09 10:00+00');
-- version by version
SELECT at, part, rule, points FROM unnest('{2026-03-09 10:00+00,2026-03-10 09:59:59+00,2026-03-10 10:00+00}'::timestamptz[]) AS at,
    revops.explain_score(revops.lead_id('person', '3'), at) WHERE matched AND part <> 'intent';
-- before it was known; moments to come
\set SHOW_CONTEXT never
SELECT * FROM revops.explain_score(revops.lead_id('person', '2'), '2026-03-03 09:59+00');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM revops.explain_touches(revops.lead_id('person', '2'), '-infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM revops.explain_score(revops.lead_id('person', '2'), '2026-06-01 10:00:01+00');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM revops.explain_touches(revops.lead_id('person', '2'), 'infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM revops.explain_score(77, '2026-03-09 10:00+00');
\echo :LAST_ERROR_SQLSTATE
-- a signal that scores nothing is a touch all the same
INSERT INTO act VALUES (301, 6, 'call', '2026-06-01 09:00+00'), (302, 6, 'teleport', '2026-06-01 09:30+00');
SELECT rule, signal, occurred_at, points, counted, value FROM revops.explain_touches(revops.lead_id('person', '6')) WHERE occurred_at > '2026-05-01';
SELECT * FROM revops.verify();
