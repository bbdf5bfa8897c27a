-- Scores: fit rules, intent of touches, negatives, disqualifiers, grades, floors, decay (B1 to B5, A4).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');

CREATE TABLE person (id int PRIMARY KEY, country text, size int, ratio text, zero int, email text);
CREATE TABLE activity (id int PRIMARY KEY, person int, kind text, at timestamptz);

-- 70 rules: more than fit into one word of bits; half_lives, base and bounds of our own
CREATE FUNCTION pg_temp.new_version(body text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    EXECUTE replace(body, ':v', v::text);
    PERFORM revops.adopt_agreement(v);
END $$;
SELECT pg_temp.new_version($$
    UPDATE revops.score_model SET half_life = '10 days', fit_base = 5, fit_share = 0.25,
        mql_fit = 50, mql_intent = 20, grade_fit = '{75,50,25}', grade_intent = '{60,40,20}' WHERE agreement_id = :v;
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
        (:v, 'home', 'fit', 'country = ''US''', 45),
        (:v, 'middle', 'fit', 'company_size between 50 and 500', 30),
        (:v, 'free mail', 'negative', 'email ~ ''@(gmail|gmx)[.]''', -40),
        (:v, 'embargo', 'disqualify', 'country = ''XX''', 0);
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
    SELECT :v, 'size ' || n, 'fit', 'company_size = ' || n, n - 1000 FROM generate_series(1001, 1066) n$$);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "company_size": "size", "email": "email", "language": "ratio"}') > 0 AS attached;
SELECT revops.attach_touch('activity', 'activity', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
CREATE VIEW scores AS
SELECT key, stage, fit, intent, score, grade, touches, disqualified AS disq FROM revops.lead_status;

-- B1: fit: base, sums, NULL is no match; B3: negatives; clamped to 0 and 100; 66 further rules
INSERT INTO person (id, country, size, email) VALUES
    (1, NULL, NULL, NULL), (2, 'US', NULL, 'a@firm.example'), (3, 'US', 50, 'b@firm.example'),
    (4, 'DE', 500, 'c@gmail.com'), (5, 'US', 501, 'd@gmx.de'), (6, 'XX', 100, NULL),
    (7, NULL, 1001, NULL), (8, NULL, 1066, NULL), (9, 'US', 1066, NULL);
SELECT * FROM scores ORDER BY key;
SELECT rule, points, matched, value FROM revops.explain_score(revops.lead_id('person', '9')) WHERE part IN ('fit', 'negative') AND matched;
-- the disqualified one left at once, and says why
SELECT seq, from_stage, to_stage, cause, fit, intent, score FROM revops.stage_change
WHERE lead_id = revops.lead_id('person', '6') ORDER BY seq;

-- grades at their borders
SELECT f AS fit, i AS intent, revops.grade(f, i, '{75,50,25}', '{60,40,20}')
FROM (VALUES (0, 0), (24, 19), (25, 20), (49, 39), (50, 40), (74, 59), (75, 60), (100, 100)) AS b (f, i);

-- B4: both floors: fit alone and intent alone never promote, whatever the total; demo_request is 40, email_click 5
INSERT INTO person (id, country, size) VALUES (11, 'US', 100), (12, 'DE', 40), (13, 'US', 100), (14, 'US', 40), (15, 'US', NULL);
INSERT INTO activity VALUES (1, 12, 'demo_request', '2026-03-02 10:00+00'), (2, 12, 'demo_request', '2026-03-02 10:00+00'),
    (3, 12, 'trial_start', '2026-03-02 10:00+00'), (4, 13, 'webinar', '2026-03-02 10:00+00'),
    (5, 14, 'pricing_visit', '2026-03-02 10:00+00');
SELECT * FROM scores WHERE key IN ('11', '12', '13', '14') ORDER BY key;
-- 13 lacks 5 points
INSERT INTO activity VALUES (6, 13, 'email_click', '2026-03-02 10:00+00');
SELECT * FROM scores WHERE key = '13';
-- a touch told late is worth less: 19.4 points are shown as 19, and are less than 20
INSERT INTO activity VALUES (7, 15, 'pricing_visit', '2026-03-01 23:30+00');
SELECT * FROM scores WHERE key = '15';
-- a floor of fit that is reached by a change of the row
UPDATE person SET size = 50 WHERE id = 12;
SELECT * FROM scores WHERE key = '12';
UPDATE person SET country = 'US' WHERE id = 12;
SELECT * FROM scores WHERE key = '12';

-- touches in any order, in one statement or many, give the same state
INSERT INTO person (id, country) SELECT n, 'DE' FROM generate_series(21, 24) n;
INSERT INTO activity SELECT 100 + n, 21, kind, at FROM (VALUES
    (1, 'webinar', timestamptz '2026-02-20 10:00+00'), (2, 'page_visit', '2026-02-10 10:00+00'),
    (3, 'unsubscribe', '2026-02-25 10:00+00'), (4, 'demo_request', '2026-03-01 10:00+00'), (5, 'page_visit', '2026-02-10 10:00+00')) AS t (n, kind, at);
INSERT INTO activity SELECT 110 + n, 22, kind, at FROM (VALUES
    (1, 'demo_request', timestamptz '2026-03-01 10:00+00'), (2, 'unsubscribe', '2026-02-25 10:00+00'),
    (3, 'page_visit', '2026-02-10 10:00+00'), (4, 'page_visit', '2026-02-10 10:00+00'), (5, 'webinar', '2026-02-20 10:00+00')) AS t (n, kind, at);
INSERT INTO activity VALUES (121, 23, 'page_visit', '2026-02-10 10:00+00');
INSERT INTO activity VALUES (122, 23, 'demo_request', '2026-03-01 10:00+00');
INSERT INTO activity VALUES (123, 23, 'webinar', '2026-02-20 10:00+00'), (124, 23, 'page_visit', '2026-02-10 10:00+00');
INSERT INTO activity VALUES (125, 23, 'unsubscribe', '2026-02-25 10:00+00');
SELECT key, fit, intent, score, touches, last_touch_at FROM revops.lead_status WHERE key IN ('21', '22', '23') ORDER BY key;
SELECT count(DISTINCT round(intent_pos::numeric, 9)) AS pos, count(DISTINCT round(intent_neg::numeric, 9)) AS neg
FROM revops.lead WHERE key IN ('21', '22', '23');
-- the very sum by hand, at three moments
CREATE FUNCTION pg_temp.by_hand(person int, at timestamptz) RETURNS numeric LANGUAGE sql AS $$
    SELECT round(sum(r.points * power(2.0::float8, -extract(epoch FROM $2 - a.at)::float8 / 864000))::numeric, 6)
    FROM activity a JOIN revops.score_rule r ON r.signal = a.kind AND r.kind = 'intent'
    JOIN revops.agreement g ON g.agreement_id = r.agreement_id AND g.status = 'active' WHERE a.person = $1 $$;
CREATE FUNCTION pg_temp.explained(key text, wanted text DEFAULT 'intent') RETURNS numeric LANGUAGE sql AS $$
    SELECT round(sum(value)::numeric, 6) FROM revops.explain_score(revops.lead_id('person', $1)) WHERE part = $2 AND rule <> '(total)' $$;
SELECT pg_temp.by_hand(21, '2026-03-02 10:00+00') AS by_hand, pg_temp.explained('21') AS explained,
       intent FROM revops.lead_status WHERE key = '21';
SET pg_revops.now = '2026-03-12 10:00+00';
SELECT pg_temp.by_hand(21, '2026-03-12 10:00+00') AS by_hand, pg_temp.explained('21') AS explained,
       intent FROM revops.lead_status WHERE key = '21';
SET pg_revops.now = '2026-04-11 10:00+00';
SELECT pg_temp.by_hand(21, '2026-04-11 10:00+00') AS by_hand, pg_temp.explained('21') AS explained,
       intent, grade FROM revops.lead_status WHERE key = '21';
-- B5: the parts add up to the totals, and these are what lead_status shows
SELECT l.key, f.value AS fit, l.fit = revops.whole_points(f.value) AS same_fit, l.intent = revops.whole_points(i.value) AS same_intent,
       l.score = s.value AS same_score, l.grade = g.because AS same_grade,
       round(f.value::numeric, 6) = least(greatest((SELECT sum(value) FROM revops.explain_score(l.lead_id)
                                                  WHERE part IN ('fit', 'negative', 'disqualify') AND rule <> '(total)'), 0), 100)::numeric AS fit_adds_up
FROM revops.lead_status l
CROSS JOIN LATERAL (SELECT value FROM revops.explain_score(l.lead_id) WHERE part = 'fit' AND rule = '(total)') f
CROSS JOIN LATERAL (SELECT value FROM revops.explain_score(l.lead_id) WHERE part = 'intent' AND rule = '(total)') i
CROSS JOIN LATERAL (SELECT value FROM revops.explain_score(l.lead_id) WHERE part = 'score') s
CROSS JOIN LATERAL (SELECT because FROM revops.explain_score(l.lead_id) WHERE part = 'grade') g
ORDER BY l.key::int;

-- what happened late changes the score, never a past stage: 40 old points are worth 2.5 now
INSERT INTO person (id, country, size) VALUES (31, 'US', 100);
INSERT INTO activity VALUES (301, 31, 'demo_request', '2026-03-02 10:00+00');
SELECT key, stage, intent FROM scores WHERE key = '31';
SELECT to_stage FROM revops.stage_change WHERE lead_id = revops.lead_id('person', '31');

-- unsubscribe takes intent, never below 0, and what comes later counts against it
INSERT INTO person (id) VALUES (32);
INSERT INTO activity VALUES (311, 32, 'unsubscribe', '2026-04-11 10:00+00');
SELECT key, intent FROM scores WHERE key = '32';
INSERT INTO activity VALUES (312, 32, 'demo_request', '2026-04-11 10:00+00');
SELECT key, intent FROM scores WHERE key = '32';

-- edited, deleted, taken back: as if never
INSERT INTO person (id) VALUES (41), (42), (43), (44);
INSERT INTO activity SELECT 400 + n, 41 + n % 3, 'demo_request', timestamptz '2026-04-01 10:00+00' + n * interval '1 day' FROM generate_series(1, 6) n;
INSERT INTO activity VALUES (451, 44, 'demo_request', '2026-04-05 10:00+00');
UPDATE activity SET kind = 'page_visit' WHERE id = 401;
UPDATE activity SET at = at - interval '10 days' WHERE id = 402;
UPDATE activity SET person = 44 WHERE id = 403;
DELETE FROM activity WHERE id = 404;
SELECT key, touches, intent, round(revops.decayed(intent_pos, '10 days', '2026-04-11 10:00+00')::numeric, 6) AS stored,
       coalesce(pg_temp.by_hand(key::int, '2026-04-11 10:00+00'), 0) AS by_hand, pg_temp.explained(key) AS explained
FROM revops.lead_status JOIN revops.lead USING (lead_id, key, touches) WHERE key IN ('41', '42', '43', '44') ORDER BY key;
-- an edit that changes nothing is taken back and told again: the sum is as it was
UPDATE activity SET kind = kind WHERE person = 44;
SELECT key, touches, intent FROM scores WHERE key = '44';
SELECT sign, count(*) FROM revops.touch WHERE lead_id = revops.lead_id('person', '44') GROUP BY sign ORDER BY sign;
BEGIN;
TRUNCATE activity;
SELECT count(*) AS with_intent FROM scores WHERE intent > 0 OR touches <> 0;
SELECT count(*) AS recounts FROM revops.own_touches() WHERE recount;
ROLLBACK;
CREATE TEMP TABLE saved AS TABLE activity;
TRUNCATE activity;
SELECT count(*) AS sums FROM revops.lead WHERE intent_pos <> '-Infinity' OR intent_neg <> '-Infinity' OR touches <> 0 OR last_touch_at IS NOT NULL;
INSERT INTO activity SELECT * FROM saved;
SELECT count(*) AS with_intent FROM scores WHERE touches <> 0;
-- loaded anew: as before
CREATE TEMP TABLE before AS SELECT * FROM scores;
CREATE TEMP TABLE kept AS SELECT * FROM activity;
BEGIN;
TRUNCATE activity;
INSERT INTO activity SELECT * FROM kept;
COMMIT;
SELECT count(*) AS differ FROM before FULL JOIN scores USING (key)
WHERE (before.fit, before.intent, before.touches, before.stage) IS DISTINCT FROM (scores.fit, scores.intent, scores.touches, scores.stage);

-- touches that no definition or no lead knows: told, never lost silently, the statement goes on
INSERT INTO activity VALUES (501, 41, 'teleport', '2026-04-10 10:00+00'), (502, 9999, 'demo_request', '2026-04-10 10:00+00'),
    (503, 41, NULL, '2026-04-10 10:00+00'), (504, NULL, 'demo_request', '2026-04-10 10:00+00'), (505, 41, 'page_visit', NULL);
SELECT key, object, sqlstate, message, occurrences FROM revops.fault ORDER BY message;
SELECT signal_id IS NULL AS unknown, occurred_at, sign FROM revops.touch WHERE source_key IN ('501', '502', '503', '504', '505') ORDER BY source_key;
SELECT key, touches FROM scores WHERE key = '41';

-- half-life forever: nothing fades, and the sum is plain
SELECT pg_temp.new_version($$UPDATE revops.score_model SET half_life = '1000 years' WHERE agreement_id = :v$$);
CALL revops.rescore();
SELECT key, touches, intent, score, grade FROM scores WHERE key IN ('21', '22', '23', '42', '43', '44') ORDER BY key;
SET pg_revops.now = '2031-04-11 10:00+00';
SELECT key, touches, intent, score, grade FROM scores WHERE key IN ('21', '22', '23', '42', '43', '44') ORDER BY key;
-- a day long gone counts; a day to come does not yet
INSERT INTO activity VALUES (601, 21, 'webinar', '1970-01-01'), (602, 22, 'webinar', '2031-04-12');
SELECT key, intent FROM scores WHERE key IN ('21', '22') ORDER BY key;
SELECT * FROM revops.verify();

-- A4: a rule that raises counts as not matched, is told, and loses no lead; others still count
TRUNCATE revops.fault;
SELECT pg_temp.new_version($$INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:v, 'one over', 'fit', '100 / (company_size - 7) > 10', 20),
    (:v, 'cast', 'fit', 'language::int = 1', 10),
    (:v, 'not mapped', 'fit', 'industry = ''software''', 10)$$);
SELECT object, message FROM revops.fault;
INSERT INTO person (id, country, size, ratio) VALUES (51, 'US', 7, NULL), (52, 'US', 8, 'many'), (53, 'US', 50, '1');
SELECT * FROM scores WHERE key IN ('51', '52', '53') ORDER BY key;
SELECT object, sqlstate, message, occurrences, lead_id IS NOT NULL AS lead FROM revops.fault ORDER BY object;
UPDATE person SET size = 7 WHERE id = 53;
UPDATE person SET size = 9 WHERE id = 51;
SELECT * FROM scores WHERE key IN ('51', '53') ORDER BY key;
SELECT rule, matched FROM revops.explain_score(revops.lead_id('person', '53')) WHERE rule IN ('one over', 'home');
SELECT * FROM revops.verify();
-- a touch of such a lead, a verb on it, and a rescore work too
INSERT INTO activity VALUES (701, 53, 'demo_request', '2031-04-11 10:00+00');
SELECT revops.accept(revops.lead_id('person', '53'));
CALL revops.rescore();
SELECT * FROM scores WHERE key IN ('51', '53') ORDER BY key;
-- under raise the statement fails, and nothing is left of it
SELECT revops.detach('activity'), revops.detach('person');
SELECT revops.attach_lead('person', 'person', '{"country": "country", "company_size": "size", "email": "email", "language": "ratio"}', on_error => 'raise') > 0 AS attached;
TRUNCATE revops.fault;
INSERT INTO person (id, country, size) VALUES (61, 'US', 60), (62, 'US', 7);
SELECT count(*) FROM person WHERE id > 60;
SELECT count(*) FROM revops.lead WHERE key IN ('61', '62');
INSERT INTO person (id, country, size) VALUES (61, 'US', 60);
UPDATE person SET size = 7 WHERE id = 61;
SELECT key, fit, company_size FROM revops.lead JOIN (SELECT DISTINCT ON (lead_id) lead_id, profile ->> 'company_size' AS company_size
    FROM revops.profile_change ORDER BY lead_id, change_id DESC) p USING (lead_id) WHERE key = '61';
SELECT count(*) AS faults FROM revops.fault;
