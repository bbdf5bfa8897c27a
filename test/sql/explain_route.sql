-- Why this rep: routes tried, reps passed over and why, for a lead and for one that is made up; nothing is
-- touched (E6). Who has a lead, changed: by hand, in bulk, back to the pool; a turn given back (E5).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('late', 'UTC');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes) SELECT 1, day, '14:00', '22:00' FROM generate_series(1, 5) AS day;
INSERT INTO revops.rep (rep, active, calendar_id) VALUES ('ann', true, NULL), ('bob', false, NULL), ('cid', true, NULL), ('dee', true, 1), ('eve', true, NULL), ('fay', true, NULL);
INSERT INTO revops.team (team, only_in_hours, when_away) VALUES ('big', true, 'queue'), ('small', false, 'hold');
INSERT INTO revops.team_member (team_id, rep_id) SELECT 1, rep_id FROM revops.rep WHERE rep <> 'fay';
INSERT INTO revops.team_member (team_id, rep_id) SELECT 2, rep_id FROM revops.rep WHERE rep IN ('ann', 'eve', 'fay');
INSERT INTO revops.time_off (rep_id, starts_at, ends_at) VALUES (3, '2026-03-01', '2026-03-08');
INSERT INTO revops.rep_skill VALUES (5, 'german');
INSERT INTO revops.skill_need (skill, condition, team_id) VALUES ('german', 'country = ''DE''', 1);
INSERT INTO revops.route (route, position, condition, team_id, valid_from, calendar_id) VALUES
    ('later', 1, NULL, 2, '2026-04-01', NULL), ('at night', 2, NULL, 2, NULL, 1), ('raises', 3, '1 / (company_size - 7) > 100', 2, NULL, NULL),
    ('big', 10, 'company_size > 100', 1, NULL, NULL), ('rest', 20, NULL, 2, NULL, NULL);
INSERT INTO revops.route (route, position, condition, rep_id) VALUES ('cid''s', 5, 'source = ''cid''', 3);
CREATE TABLE person (id int PRIMARY KEY, country text, size int, source text, stage text DEFAULT 'mql', email text);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "company_size": "size", "source": "source", "stage": "stage", "email": "email"}') > 0 AS attached;
CREATE FUNCTION pg_temp.lead(int) RETURNS bigint LANGUAGE sql AS 'SELECT revops.lead_id(''person'', $1::text)';
CREATE FUNCTION pg_temp.digest() RETURNS text LANGUAGE sql AS $$
    SELECT md5((SELECT string_agg(t::text, ',' ORDER BY t::text) FROM (SELECT to_jsonb(x) AS t FROM revops.turn x UNION ALL SELECT to_jsonb(x) FROM revops.place x
        UNION ALL SELECT to_jsonb(x) FROM revops.lead x UNION ALL SELECT to_jsonb(x) FROM revops.assignment x UNION ALL SELECT to_jsonb(x) FROM revops.fault x
        UNION ALL SELECT to_jsonb(x) FROM revops.event x) q)) $$;
CREATE VIEW given AS SELECT l.key::int AS key, a.seq, t.team, p.rep, f.rep AS from_rep, a.cause, a.reason FROM revops.assignment a JOIN revops.lead l USING (lead_id)
    LEFT JOIN revops.team t ON t.team_id = a.team_id LEFT JOIN revops.rep p ON p.rep_id = a.rep_id LEFT JOIN revops.rep f ON f.rep_id = a.from_rep_id;

INSERT INTO person (id, country, size, source) VALUES (1, 'DE', 500, 'web'), (2, 'US', 500, 'web'), (3, 'US', 5, 'cid');
SELECT * FROM revops.explain_route(pg_temp.lead(1));
SELECT pg_temp.digest() AS before \gset
SELECT * FROM revops.explain_route_of('{"country": "US", "company_size": 500}');
SELECT * FROM revops.explain_route_of('{"company_size": 7, "source": "cid"}', 'person');
SELECT * FROM revops.explain_route_of('{}') WHERE kind = 'result';
SELECT pg_temp.digest() = :'before' AS untouched;
-- what it says is what happens
CREATE FUNCTION pg_temp.agree(n int) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    SELECT e.rep INTO told FROM revops.explain_route_of(jsonb_build_object('country', CASE n % 2 WHEN 0 THEN 'DE' ELSE 'US' END, 'company_size', n * 37 % 200)) e WHERE kind = 'result';
    INSERT INTO person (id, country, size) VALUES (1000 + n, CASE n % 2 WHEN 0 THEN 'DE' ELSE 'US' END, n * 37 % 200);
    RETURN told IS NOT DISTINCT FROM (SELECT rep FROM revops.lead_status WHERE key = (1000 + n)::text);
END $$;
SELECT pg_temp.agree(n), count(*) FROM generate_series(1, 100) n GROUP BY 1;
INSERT INTO revops.rep_cap VALUES (5, 'open', 80), (1, 'day', 60);
SELECT pg_temp.agree(n), count(*) FROM generate_series(101, 200) n GROUP BY 1;
SELECT * FROM revops.explain_route_of('{"country": "US", "company_size": 500}') WHERE kind <> 'route';
SELECT * FROM revops.explain_route(-1);
SELECT * FROM revops.explain_route_of('{}', 'nowhere');
DELETE FROM revops.rep_cap;

-- E5 another rep: of its own team; not who had it before; until nobody is left
INSERT INTO person (id, country, size) VALUES (50, 'US', 5);
UPDATE revops.reason SET applies_to = applies_to || '{assign}'::text[] WHERE reason = 'timing';
SELECT pg_temp.lead(50) AS fifty \gset
SELECT revops.assign(:fifty, 'ann');
SELECT revops.reassign(:fifty, 'timing', 'small') IN ('eve', 'fay') AS another;
SELECT revops.reassign(:fifty, cool_down => '1 hour') IN ('eve', 'fay') AS stays;
SET pg_revops.now = '2026-03-02 11:00+00';
SELECT revops.reassign(:fifty, cool_down => '1 hour') IN ('eve', 'fay') AS another;
SELECT count(*), count(DISTINCT rep), count(*) FILTER (WHERE cause = 'reassigned') AS reassigned, max(reason) AS reason FROM given WHERE key = 50;
SELECT l.rep AS has_it FROM revops.lead_status l WHERE key = '50' \gset
SELECT revops.reassign(:fifty) = :'has_it' AS nobody_is_left;
-- ... who is away loses it all the same
UPDATE revops.rep SET active = false WHERE rep = :'has_it';
SELECT revops.reassign(:fifty) <> :'has_it' AS another;
UPDATE revops.rep SET active = false WHERE rep <> 'bob';
SELECT revops.reassign(:fifty);
SELECT key, stage, team, rep FROM revops.lead_status WHERE key = '50';
UPDATE revops.rep SET active = rep <> 'bob';
-- back to the pool, and taken from it
SELECT revops.reassign(:fifty) IS NOT NULL AS given;
SELECT revops.return_to_pool(:fifty, 'timing', 'big');
SELECT team, rep, cause, reason FROM given WHERE key = 50 ORDER BY seq DESC LIMIT 1;
SELECT revops.accept(:fifty, 'ann');
SELECT team, rep FROM revops.lead_status WHERE key = '50';
SELECT revops.reassign(:fifty, 'because');
SELECT revops.reassign(:fifty, team => 'nowhere');
SELECT revops.reassign(-1);
SELECT revops.return_to_pool(-1);

-- a rep leaves: in bulk, by the weights of who is left
UPDATE revops.team_member SET weight = CASE rep_id WHEN 5 THEN 3 ELSE 1 END WHERE team_id = 2;
INSERT INTO person (id, country, size) SELECT 2000 + n, 'US', 5 FROM generate_series(1, 100) n;
SELECT count(*) AS had FROM revops.open_leads_of(1) \gset
UPDATE revops.rep SET active = false WHERE rep = 'ann';
SELECT revops.reassign_leads_of('ann', 'timing', 'small') = :had AS all_of_them;
SELECT count(*) AS left_with_ann FROM revops.open_leads_of(1);
SELECT rep, round(count(*)::numeric / :had, 1) AS share FROM given WHERE cause = 'reassigned' AND from_rep = 'ann' AND key > 100 GROUP BY 1 ORDER BY 1;
SELECT revops.reassign_leads_of('nobody');

-- a lead that was junk: a turn is given back, once
INSERT INTO revops.rep_cap SELECT rep_id, 'week', 1 FROM revops.rep WHERE rep = 'fay';
INSERT INTO person (id, country, size) SELECT 3000 + n, 'US', 5 FROM generate_series(1, 8) n;
SELECT count(*) AS of_fay FROM given WHERE key > 3000 AND rep = 'fay';
SELECT revops.credit_lead(pg_temp.lead(key), 'junk') AS credited FROM given WHERE key > 3000 AND rep = 'fay';
SELECT revops.credit_lead(pg_temp.lead(key), 'junk') AS credited FROM given WHERE key > 3000 AND rep = 'fay';
INSERT INTO person (id, country, size) SELECT 4000 + n, 'US', 5 FROM generate_series(1, 8) n;
SELECT count(*) AS of_fay FROM given WHERE key > 4000 AND rep = 'fay';
SELECT rep_id, team_id, at, reason FROM revops.turn_credit;
DELETE FROM revops.turn_credit;
INSERT INTO person (id, source) VALUES (5000, NULL);
SELECT revops.return_to_pool(pg_temp.lead(5000));
SELECT revops.credit_lead(-1, 'junk');
SELECT * FROM revops.verify();
