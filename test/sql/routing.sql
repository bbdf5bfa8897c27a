-- Routing: first match wins, fallback, weighted round robin, owners of the host (E1, E3, E4).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');
INSERT INTO revops.rep (rep, active) VALUES ('ann', true), ('bob', true), ('cid', true), ('dee', true), ('eve', true), ('fay', true), ('gus', false), ('hal', true);
INSERT INTO revops.team (team) VALUES ('big'), ('us'), ('rest'), ('nobody'), ('asleep');
INSERT INTO revops.team_member SELECT team_id, rep_id, weight FROM (VALUES
    ('big', 'ann', 5), ('big', 'bob', 2), ('big', 'cid', 1), ('big', 'dee', 1), ('big', 'eve', 1), ('big', 'fay', 1),
    ('us', 'ann', 1), ('us', 'gus', 3), ('us', 'hal', 1), ('rest', 'hal', 1), ('asleep', 'gus', 1)) AS m (team, rep, weight)
    JOIN revops.team USING (team) JOIN revops.rep USING (rep);
INSERT INTO revops.route (route, position, condition, team_id, active)
SELECT route, position, condition, team_id, active FROM (VALUES
    ('off', 1, NULL, 'rest', false),
    ('big accounts', 10, 'company_size >= 1000', 'big', true),
    ('US', 20, 'country = ''US''', 'us', true),
    ('US again', 30, 'country = ''US''', 'rest', true),
    ('asleep', 35, 'country = ''FR''', 'asleep', true),
    ('no member', 36, 'country = ''IT''', 'nobody', true),
    ('raises', 37, '1 / (company_size - 7) > 0 and country = ''DE''', 'rest', true),
    ('named', 40, 'source in (''web'', ''fair'')', 'rest', true)) AS r (route, position, condition, team, active)
    JOIN revops.team USING (team);
CREATE TABLE person (id int PRIMARY KEY, country text, size int, source text, owner text, team text, stage text DEFAULT 'mql');
SELECT revops.attach_lead('person', 'person', '{"country": "country", "company_size": "size", "source": "source", "owner": "owner", "team": "team", "stage": "stage"}') > 0 AS attached;
CREATE VIEW given AS
SELECT l.key::int AS key, a.seq, t.team, p.rep, f.rep AS from_rep, r.route, a.cause, a.at
FROM revops.assignment a JOIN revops.lead l USING (lead_id) LEFT JOIN revops.team t ON t.team_id = a.team_id
LEFT JOIN revops.rep p ON p.rep_id = a.rep_id LEFT JOIN revops.rep f ON f.rep_id = a.from_rep_id LEFT JOIN revops.route r ON r.route_id = a.route_id;

-- E1: first match wins; NULL is no match; a team without anybody keeps the lead in its queue; no route: told as unrouted
INSERT INTO person (id, country, size, source) VALUES (1, 'US', 1000, NULL), (2, 'US', 999, 'web'), (3, NULL, NULL, 'fair'),
    (4, 'FR', 1, 'web'), (5, 'IT', 1, 'web'), (6, 'ES', 1, NULL), (7, 'DE', 7, 'web'), (8, 'DE', 6, 'web'), (9, 'DE', 8, 'web');
SELECT key, seq, team, rep, route, cause FROM given ORDER BY key, seq;
SELECT object, sqlstate, message, occurrences FROM revops.fault;
-- a route that fails does not fail the others, nor lose what was decided; the promise runs for the unrouted too
SELECT key, stage, team, rep, sla_due_at FROM revops.lead_status WHERE key IN ('6', '7') ORDER BY key;
-- the fallback, once there is one
INSERT INTO revops.route (route, position, team_id) SELECT 'fallback', 1000, team_id FROM revops.team WHERE team = 'rest';
INSERT INTO person (id, country) VALUES (10, 'ES');
SELECT key, team, rep, route, cause FROM given WHERE key = 10;

-- E3, E4: over any prefix each rep is within 1 of its share; inserts of any size
UPDATE revops.route SET active = false WHERE route = 'raises';
CREATE FUNCTION pg_temp.unfair(wanted text) RETURNS TABLE (leads bigint, reps bigint, worst numeric) LANGUAGE sql AS $$
    WITH turns AS (SELECT rep, row_number() OVER (ORDER BY key) AS n FROM given WHERE team = $1 AND cause = 'route'),
    share AS (SELECT r.rep, m.weight::numeric / sum(m.weight) OVER () AS part FROM revops.team_member m JOIN revops.rep r USING (rep_id)
              JOIN revops.team t USING (team_id) WHERE t.team = $1 AND r.active),
    counted AS (SELECT t.n, s.rep, s.part, count(*) FILTER (WHERE t.rep = s.rep) OVER (PARTITION BY s.rep ORDER BY t.n) AS got
                FROM turns t CROSS JOIN share s)
    SELECT max(n), count(DISTINCT rep), round(max(abs(got - n * part)), 3) FROM counted $$;
DELETE FROM person WHERE id = 1;
INSERT INTO person (id, size) SELECT n, 5000 FROM generate_series(101, 430) n;
INSERT INTO person (id, size) VALUES (431, 5000);
INSERT INTO person (id, size) VALUES (432, 5000), (433, 5000);
SELECT rep, count(*) FROM given WHERE key BETWEEN 101 AND 430 GROUP BY rep ORDER BY rep;
-- an inactive member gets none
INSERT INTO person (id, country) SELECT n, 'US' FROM generate_series(501, 540) n;
SELECT rep, count(*) FROM given WHERE key BETWEEN 501 AND 540 GROUP BY rep ORDER BY rep;
-- other weights, each its own team; the reps of a team differ from one another
INSERT INTO revops.rep (rep) SELECT 'r' || n FROM generate_series(1, 9) n;
DO $$
DECLARE
    weights int[];
    w int;
    n int := 0;
    id int;
BEGIN
    FOREACH weights SLICE 1 IN ARRAY '{{1,1,1,0,0,0,0,0,0},{7,3,1,1,0,0,0,0,0},{100,1,1,1,1,1,1,1,1},{1000,999,0,0,0,0,0,0,0},{13,11,7,5,3,2,1,1,1},{6,4,2,0,0,0,0,0,0},{5,2,1,1,1,1,0,0,0}}'::int[] LOOP
        n := n + 1;
        INSERT INTO revops.team (team) VALUES ('w' || n) RETURNING team_id INTO id;
        FOR w IN 1 .. 9 LOOP
            CONTINUE WHEN weights[w] = 0;
            INSERT INTO revops.team_member SELECT id, rep_id, weights[w] FROM revops.rep WHERE rep = 'r' || w;
        END LOOP;
        INSERT INTO revops.route (route, position, condition, team_id) VALUES ('w' || n, 100 + n, format('source = %L', 'w' || n), id);
    END LOOP;
    INSERT INTO person (id, source) SELECT 1000 * t + i, 'w' || t FROM generate_series(1, 7) t, generate_series(1, 450) i;
END $$;
SELECT team, u.*, u.worst <= 1 - 1.0 / (2 * u.reps - 2) AS within FROM (SELECT 'w' || n AS team FROM generate_series(1, 7) n) t, pg_temp.unfair(team) u ORDER BY team;
-- a member who leaves, and comes back: no burst on return
UPDATE revops.rep SET active = false WHERE rep = 'r1';
INSERT INTO person (id, source) SELECT 10000 + n, 'w1' FROM generate_series(1, 20) n;
UPDATE revops.rep SET active = true WHERE rep = 'r1';
INSERT INTO person (id, source) SELECT 11000 + n, 'w1' FROM generate_series(1, 30) n;
SELECT key / 1000 AS thousand, rep, count(*) FROM given WHERE key > 10000 GROUP BY 1, 2 ORDER BY 1, 2;
-- a rollback may lose turns, never a lead
BEGIN;
INSERT INTO person (id, source) SELECT 12000 + n, 'w1' FROM generate_series(1, 5) n;
ROLLBACK;
INSERT INTO person (id, source) SELECT 12000 + n, 'w1' FROM generate_series(1, 30) n;
SELECT rep, count(*) FROM given WHERE key > 12000 GROUP BY rep ORDER BY rep;

-- who comes back goes to the rep who had it; if that one is away, to the next by route
SELECT revops.recycle(revops.lead_id('person', k::text), 'timing', '2026-04-01') FROM unnest('{3,431}'::int[]) k;
UPDATE revops.rep SET active = false WHERE rep_id = (SELECT rep_id FROM revops.lead WHERE key = '431');
SELECT revops.advance(revops.lead_id('person', k::text), 'mql') FROM unnest('{3,431}'::int[]) k;
SELECT key, seq, team, rep = from_rep AS same_rep, route, cause FROM given WHERE key IN (3, 431) AND seq > 1 ORDER BY key;
UPDATE revops.rep SET active = true WHERE rep <> 'gus';

-- the host's own owner and team: taken from the start, followed, emptied; unknown codes are told and change nothing
DELETE FROM revops.fault;
INSERT INTO person (id, country, owner, team) VALUES (21, 'US', 'dee', NULL), (22, 'US', NULL, 'rest'), (23, 'US', 'zoe', 'nowhere'), (24, 'US', '', ''), (25, 'US', 'eve', 'big');
INSERT INTO person (id, country, owner, stage) VALUES (26, 'US', 'dee', 'lead'), (27, 'US', NULL, 'lead');
SELECT key, seq, team, rep, from_rep, route, cause FROM given WHERE key BETWEEN 21 AND 27 ORDER BY key, seq;
SELECT object, message FROM revops.fault ORDER BY message;
UPDATE person SET owner = 'eve' WHERE id = 21;
UPDATE person SET owner = 'zoe' WHERE id = 22;
UPDATE person SET owner = 'ann', team = 'big' WHERE id = 23;
UPDATE person SET owner = NULL WHERE id = 25;
UPDATE person SET owner = 'gus' WHERE id = 24;
UPDATE person SET stage = 'mql' WHERE id IN (26, 27);
SELECT key, seq, team, rep, from_rep, route, cause FROM given WHERE key BETWEEN 21 AND 27 AND seq > 1 OR key = 27 ORDER BY key, seq;
SELECT key, stage, team, rep FROM revops.lead_status WHERE key::int BETWEEN 21 AND 27 ORDER BY key;
-- one promise a handoff, whoever gets the lead
SELECT l.key, count(*) AS clocks, min(c.started_at), bool_and(c.stopped_at IS NULL) AS run FROM revops.sla_clock c JOIN revops.lead l USING (lead_id)
WHERE l.key::int BETWEEN 21 AND 27 GROUP BY l.key ORDER BY l.key;
-- an edit of something else changes no owner; by hand, then the host says nothing new
UPDATE person SET country = 'DE' WHERE id BETWEEN 21 AND 27;
SELECT revops.assign(revops.lead_id('person', '21'), 'fay');
UPDATE person SET country = 'US' WHERE id = 21;
SELECT key, team, rep FROM revops.lead_status WHERE key = '21';
-- the assignment of a lead that is there no more
SELECT count(*) AS events, (SELECT count(*) FROM revops.assignment) AS assignments FROM revops.event WHERE event = 'assigned';
SELECT * FROM revops.verify();
