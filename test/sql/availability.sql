-- Who is there: the switch, time off, hours; what becomes of a lead when nobody is; routes to a rep, a team,
-- a queue, for a time (E1, E3).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('berlin', 'Europe/Berlin'), ('new york', 'America/New_York'), ('never', 'UTC');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
    SELECT calendar_id, day, '09:00', '17:00' FROM revops.calendar, generate_series(1, 5) AS day WHERE calendar <> 'never';
INSERT INTO revops.rep (rep, calendar_id) SELECT rep, calendar_id FROM (VALUES
    ('ann', 'berlin'), ('bob', 'berlin'), ('cid', 'new york'), ('dee', NULL), ('eve', NULL)) AS r (rep, calendar)
    LEFT JOIN revops.calendar USING (calendar);
INSERT INTO revops.team (team, only_in_hours, when_away) VALUES ('office', true, 'hold'), ('any time', false, 'queue'), ('night', false, 'queue');
INSERT INTO revops.team_member (team_id, rep_id) SELECT team_id, rep_id FROM (VALUES
    ('office', 'ann'), ('office', 'bob'), ('office', 'cid'), ('any time', 'ann'), ('any time', 'dee'), ('night', 'eve')) AS m (team, rep)
    JOIN revops.team USING (team) JOIN revops.rep USING (rep);
CREATE FUNCTION pg_temp.team(text) RETURNS int LANGUAGE sql AS 'SELECT team_id FROM revops.team WHERE team = $1';
CREATE FUNCTION pg_temp.rep(text) RETURNS int LANGUAGE sql AS 'SELECT rep_id FROM revops.rep WHERE rep = $1';
INSERT INTO revops.route (route, position, condition, team_id) VALUES ('office', 10, 'source = ''office''', pg_temp.team('office')),
    ('any time', 20, 'source = ''any''', pg_temp.team('any time'));
INSERT INTO revops.route (route, position, team_id) VALUES ('fallback', 1000, pg_temp.team('night'));
CREATE TABLE person (id int PRIMARY KEY, source text, country text, segment text, stage text DEFAULT 'mql');
SELECT revops.attach_lead('person', 'person', '{"source": "source", "country": "country", "segment": "segment", "stage": "stage"}') > 0 AS attached;
CREATE VIEW given AS
SELECT l.key::int AS key, a.seq, t.team, p.rep, r.route, a.cause, a.at
FROM revops.assignment a JOIN revops.lead l USING (lead_id) LEFT JOIN revops.team t ON t.team_id = a.team_id
LEFT JOIN revops.rep p ON p.rep_id = a.rep_id LEFT JOIN revops.route r ON r.route_id = a.route_id;

-- Monday 10:00 UTC: Berlin is there, New York is not; an hour after noon UTC it is
INSERT INTO person (id, source) SELECT n, 'office' FROM generate_series(1, 6) n;
SET pg_revops.now = '2026-03-02 15:30+00';
INSERT INTO person (id, source) SELECT n, 'office' FROM generate_series(11, 19) n;
SELECT key / 10 AS decade, rep, count(*) FROM given GROUP BY 1, 2 ORDER BY 1, 2;

-- time off: from its beginning to its end; the switch
SET pg_revops.now = '2026-03-03 10:00+00';
INSERT INTO revops.time_off (rep_id, starts_at, ends_at, note) VALUES
    (pg_temp.rep('bob'), '2026-03-03 09:00+01', '2026-03-05 00:00+01', 'training'), (pg_temp.rep('bob'), '2026-03-05 00:00+01', '2026-03-06 00:00+01', NULL);
INSERT INTO person (id, source) SELECT n, 'office' FROM generate_series(21, 24) n;
SELECT rep, count(*) FROM given WHERE key BETWEEN 21 AND 24 GROUP BY 1;
UPDATE revops.rep SET active = false WHERE rep = 'ann';

-- nobody is there: held until somebody is (New York opens first, at 9:00 of a winter's morning there)
INSERT INTO person (id, source) VALUES (31, 'office');
SELECT key, team, rep, cause FROM given WHERE key = 31;
SELECT timer, due_at FROM revops.timer WHERE timer = 'route_waiting';
SELECT key, stage, team, rep, sla_due_at FROM revops.lead_status WHERE key = '31';
SET pg_revops.now = '2026-03-03 13:59:59+00';
SELECT revops.run_due();
SET pg_revops.now = '2026-03-03 14:00+00';
SELECT revops.run_due();
SELECT key, seq, team, rep, cause, at FROM given WHERE key = 31;
SELECT count(*) FROM revops.timer WHERE timer = 'route_waiting';
-- what was given by hand meanwhile is not given again; who comes back later waits on
SET pg_revops.now = '2026-03-03 23:00+00';
INSERT INTO person (id, source) VALUES (32, 'office'), (33, 'office');
SELECT revops.assign(revops.lead_id('person', '32'), 'eve');
INSERT INTO revops.time_off (rep_id, starts_at, ends_at) VALUES (pg_temp.rep('cid'), '2026-03-04 00:00+00', '2026-03-04 18:00+00');
SET pg_revops.now = '2026-03-04 14:00+00';
SELECT revops.run_due();
SELECT key, seq, team, rep, cause, at FROM given WHERE key IN (32, 33) ORDER BY key, seq;
SELECT l.key, due_at FROM revops.timer JOIN revops.lead l USING (lead_id) WHERE timer = 'route_waiting';
SET pg_revops.now = '2026-03-04 18:00+00';
SELECT revops.run_due();
SELECT key, seq, team, rep, cause, at FROM given WHERE key IN (32, 33) ORDER BY key, seq;

-- another team stands in, and another for that one; a circle ends
UPDATE revops.team SET when_away = 'team', other_team_id = pg_temp.team('any time') WHERE team = 'office';
UPDATE revops.team SET when_away = 'team', other_team_id = pg_temp.team('night') WHERE team = 'any time';
SET pg_revops.now = '2026-03-05 02:00+00';
INSERT INTO person (id, source) VALUES (41, 'office'), (42, 'office');
UPDATE revops.rep SET active = false WHERE rep = 'dee';
INSERT INTO person (id, source) VALUES (43, 'office');
UPDATE revops.team SET when_away = 'team', other_team_id = pg_temp.team('office') WHERE team = 'night';
UPDATE revops.rep SET active = false WHERE rep = 'eve';
INSERT INTO person (id, source) VALUES (44, 'office');
SELECT key, team, rep, route, cause FROM given WHERE key BETWEEN 41 AND 44 ORDER BY key;
INSERT INTO revops.team (team) VALUES ('spare');
UPDATE revops.team SET other_team_id = pg_temp.team('spare') WHERE team = 'night';
DELETE FROM revops.team WHERE team = 'spare';
UPDATE revops.team SET other_team_id = 4711 WHERE team = 'night';
UPDATE revops.team SET when_away = 'team', other_team_id = NULL WHERE team = 'night';
UPDATE revops.team SET other_team_id = team_id WHERE team = 'night';
UPDATE revops.team SET when_away = 'queue', other_team_id = NULL;
DELETE FROM revops.team WHERE team = 'spare';
UPDATE revops.rep SET active = true;

-- E1 routes to a rep, with and without a team behind; to a queue; for a time; by hours
INSERT INTO revops.route (route, position, condition, rep_id, team_id) VALUES ('named', 1, 'source = ''named''', pg_temp.rep('bob'), NULL),
    ('account', 2, 'source = ''account''', pg_temp.rep('bob'), pg_temp.team('night'));
INSERT INTO revops.route (route, position, condition, team_id, to_queue) VALUES ('pool', 3, 'source = ''pool''', pg_temp.team('any time'), true);
INSERT INTO revops.route (route, position, condition, rep_id, valid_from, valid_until) VALUES ('fair', 4, 'source = ''fair''', pg_temp.rep('ann'), '2026-03-09', '2026-03-11');
INSERT INTO revops.route (route, position, condition, rep_id, calendar_id, in_hours) VALUES
    ('by day', 5, 'source = ''phone''', pg_temp.rep('ann'), (SELECT calendar_id FROM revops.calendar WHERE calendar = 'berlin'), true),
    ('by night', 6, 'source = ''phone''', pg_temp.rep('cid'), (SELECT calendar_id FROM revops.calendar WHERE calendar = 'berlin'), false);
SET pg_revops.now = '2026-03-05 12:00+00';
INSERT INTO person (id, source) VALUES (51, 'named'), (52, 'account'), (53, 'pool'), (54, 'fair'), (55, 'phone');
SET pg_revops.now = '2026-03-09 00:00+00';
INSERT INTO person (id, source) VALUES (61, 'named'), (62, 'account'), (63, 'pool'), (64, 'fair'), (65, 'phone');
SET pg_revops.now = '2026-03-11 00:00+00';
INSERT INTO person (id, source) VALUES (74, 'fair');
SELECT key, team, rep, route, cause FROM given WHERE key BETWEEN 51 AND 74 ORDER BY key;
SELECT revops.accept(revops.lead_id('person', '53'), 'dee');
SELECT key, team, rep FROM revops.lead_status WHERE key = '53';

-- who comes back goes to who had it, unless that one is away for days
SELECT revops.recycle(revops.lead_id('person', k::text), 'timing', '2026-04-01') FROM unnest('{61,62}'::int[]) k;
INSERT INTO revops.time_off (rep_id, starts_at, ends_at) VALUES (pg_temp.rep('bob'), '2026-03-11', '2026-03-20');
SELECT revops.advance(revops.lead_id('person', '61'), 'mql');
SET pg_revops.now = '2026-03-20 00:00+00';
SELECT revops.advance(revops.lead_id('person', '62'), 'mql');
SELECT key, seq, team, rep, cause FROM given WHERE key IN (61, 62) AND seq > 1 ORDER BY key;

-- E3 skills: what a lead needs, by conditions over its roles
INSERT INTO revops.rep_skill SELECT pg_temp.rep(rep), skill FROM (VALUES ('ann', 'german'), ('dee', 'enterprise'), ('dee', 'german'), ('ann', 'unused')) AS s (rep, skill);
INSERT INTO revops.skill_need (skill, condition, team_id) VALUES ('german', 'country in (''DE'', ''AT'')', NULL), ('enterprise', 'segment = ''enterprise''', pg_temp.team('any time'));
INSERT INTO person (id, source, country, segment) SELECT 100 + n, 'any', (array['DE', 'US'])[1 + n % 2], (array['enterprise', 'smb', 'smb'])[1 + n % 3] FROM generate_series(1, 60) n;
SELECT p.country, p.segment, g.rep, count(*) FROM given g JOIN person p ON p.id = g.key WHERE key > 100 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT rep, count(*) FROM given WHERE key > 100 GROUP BY 1 ORDER BY 1;
-- nobody can: it waits in the team
DELETE FROM revops.rep_skill WHERE skill = 'german';
INSERT INTO person (id, source, country) VALUES (201, 'any', 'AT');
SELECT key, team, rep, cause FROM given WHERE key = 201;
-- what is refused
INSERT INTO revops.skill_need (skill, condition) VALUES ('german', 'countri = ''DE''');
INSERT INTO revops.route (route, position, condition) VALUES ('nowhere', 7, NULL);
INSERT INTO revops.route (route, position, rep_id, to_queue) VALUES ('queue of a rep', 7, 1, true);
INSERT INTO revops.time_off (rep_id, starts_at, ends_at) VALUES (1, '2026-03-05', '2026-03-05');
-- a calendar that is broken keeps nobody away
UPDATE revops.rep SET calendar_id = (SELECT calendar_id FROM revops.calendar WHERE calendar = 'never') WHERE rep = 'ann';
UPDATE revops.rep SET active = rep = 'ann';
DELETE FROM revops.skill_need;
DELETE FROM revops.fault;
INSERT INTO person (id, source) VALUES (301, 'office');
SELECT key, team, rep, cause FROM given WHERE key = 301;
SELECT object, sqlstate FROM revops.fault;
SELECT * FROM revops.verify();
