-- Turns of a team: within 1 of the weights at every lead, whatever is rolled back (E3, E4).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');
CREATE TABLE person (id int PRIMARY KEY, team text, stage text DEFAULT 'mql');
SELECT revops.attach_lead('person', 'person', '{"campaign": "team", "stage": "stage"}') > 0 AS attached;
-- a team for each list of weights, and a route to it
CREATE PROCEDURE pg_temp.team(name text, weights int[]) LANGUAGE plpgsql AS $$
DECLARE
    id int;
BEGIN
    INSERT INTO revops.team (team) VALUES (name) RETURNING team_id INTO id;
    INSERT INTO revops.rep (rep) SELECT name || '.' || n FROM generate_subscripts(weights, 1) n;
    INSERT INTO revops.team_member SELECT id, rep_id, weights[split_part(rep, '.', 2)::int] FROM revops.rep
        WHERE rep LIKE name || '.%';
    INSERT INTO revops.route (route, position, condition, team_id) VALUES (name, id, format('campaign = %L', name), id);
END $$;
CALL pg_temp.team('usual', '{5,2,1,1,1,1}');
CALL pg_temp.team('hundred', '{100}' || array_fill(1, ARRAY[100]));
CALL pg_temp.team('steep', '{1000,1}');
CALL pg_temp.team('equal', '{3,3,3}');
CALL pg_temp.team('lone', '{9}');
-- Farthest that any member is from its share, over all prefixes of the leads from one on.
CREATE FUNCTION pg_temp.unfair(wanted text, since int DEFAULT 0) RETURNS TABLE (leads bigint, worst numeric) LANGUAGE sql AS $$
    WITH turns AS (SELECT a.rep_id, row_number() OVER (ORDER BY a.lead_id) AS n FROM revops.assignment a JOIN revops.team t USING (team_id)
                   JOIN revops.lead l USING (lead_id) WHERE t.team = $1 AND a.cause = 'route' AND l.key::int >= $2),
    share AS (SELECT rep_id, weight::numeric / sum(weight) OVER () AS part FROM revops.team_member JOIN revops.team t USING (team_id) WHERE t.team = $1),
    counted AS (SELECT t.n, s.part, count(*) FILTER (WHERE t.rep_id = s.rep_id) OVER (PARTITION BY s.rep_id ORDER BY t.n) AS got
                FROM turns t CROSS JOIN share s)
    SELECT max(n), round(max(abs(got - n * part)), 3) FROM counted $$;

-- one statement; one lead a statement; several a statement, with other teams between
INSERT INTO person (id, team) SELECT n, team FROM generate_series(1, 1100) n, unnest('{usual}'::text[]) team;
DO $$ BEGIN
    FOR n IN 1 .. 150 LOOP
        INSERT INTO person (id, team) VALUES (2000 + n, 'usual');
    END LOOP;
    FOR n IN 1 .. 60 LOOP
        INSERT INTO person (id, team) SELECT 10000 + 100 * n + i, (array['usual', 'hundred', 'steep', 'equal', 'lone'])[1 + (n * i) % 5] FROM generate_series(1, 30) i;
    END LOOP;
END $$;
INSERT INTO person (id, team) SELECT 20000 + n, (array['hundred', 'steep', 'equal', 'lone'])[1 + n % 4] FROM generate_series(1, 6000) n;
SELECT team, u.*, worst < 1 AS within FROM unnest('{usual,hundred,steep,equal,lone}'::text[]) team, pg_temp.unfair(team) u;
-- one row a team: nobody was there at the same time; none for who is alone
SELECT team, count(turns) AS rows, max(turns) AS turns, sum((SELECT count(*) FROM unnest(accounts) a WHERE abs(a) >= 1)) AS far
FROM revops.turn RIGHT JOIN revops.team USING (team_id) GROUP BY team ORDER BY team;

-- E4 what is rolled back leaves nothing: transactions, savepoints, statements that fail
DO $$ BEGIN
    FOR n IN 1 .. 200 LOOP
        BEGIN
            INSERT INTO person (id, team) SELECT 30000 + 10 * n + i, 'usual' FROM generate_series(1, 1 + n % 5) i;
            IF n % 3 = 0 THEN
                RAISE EXCEPTION 'rolled back';
            END IF;
        EXCEPTION WHEN raise_exception THEN
        END;
    END LOOP;
END $$;
BEGIN;
INSERT INTO person (id, team) SELECT 40000 + n, 'usual' FROM generate_series(1, 5) n;
SAVEPOINT one;
INSERT INTO person (id, team) SELECT 40010 + n, 'usual' FROM generate_series(1, 7) n;
ROLLBACK TO one;
INSERT INTO person (id, team) SELECT 40020 + n, 'usual' FROM generate_series(1, 3) n;
COMMIT;
BEGIN;
INSERT INTO person (id, team) SELECT 40030 + n, 'usual' FROM generate_series(1, 4) n;
ROLLBACK;
INSERT INTO person (id, team) VALUES (40040, 'usual'), (40040, 'usual');
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO person (id, team) SELECT 40050 + n, 'usual' FROM generate_series(1, 5) n;
COMMIT;
SELECT u.*, worst < 1 AS within FROM pg_temp.unfair('usual') u;

-- other weights are another epoch, which begins at nothing; so are other members
UPDATE revops.team_member SET weight = weight + 1 WHERE team_id = (SELECT team_id FROM revops.team WHERE team = 'usual');
INSERT INTO person (id, team) SELECT 50000 + n, 'usual' FROM generate_series(1, 777) n;
SELECT u.*, worst < 1 AS within FROM pg_temp.unfair('usual', 50000) u;
INSERT INTO revops.rep (rep) VALUES ('new');
INSERT INTO revops.team_member SELECT team_id, rep_id, 3 FROM revops.team, revops.rep WHERE team = 'usual' AND rep = 'new';
INSERT INTO person (id, team) SELECT 60000 + n, 'usual' FROM generate_series(1, 777) n;
SELECT u.*, worst < 1 AS within FROM pg_temp.unfair('usual', 60000) u;
-- ... and one who joins gets no more than the share at first
SELECT count(*) AS of_twenty FROM (SELECT a.rep_id FROM revops.assignment a JOIN revops.lead USING (lead_id) WHERE key::int BETWEEN 60001 AND 60020) a
JOIN revops.rep USING (rep_id) WHERE rep = 'new';

-- switched off for long, then on again: no burst, and nobody else is taken turns from for good
UPDATE revops.rep SET active = false WHERE rep = 'new';
INSERT INTO person (id, team) SELECT 70000 + n, 'usual' FROM generate_series(1, 500) n;
UPDATE revops.rep SET active = true WHERE rep = 'new';
INSERT INTO person (id, team) SELECT 71000 + n, 'usual' FROM generate_series(1, 40) n;
SELECT key::int / 1000 AS thousand, count(*) AS leads, count(*) FILTER (WHERE rep = 'new') AS of_the_new,
    round(count(*) * 3 / 20.0, 1) AS share
FROM revops.assignment a JOIN revops.lead USING (lead_id) JOIN revops.rep r ON r.rep_id = a.rep_id WHERE key::int > 70000 GROUP BY 1 ORDER BY 1;

-- rows that somebody deleted, or wrote nonsense into, begin anew
UPDATE revops.turn SET members = '{}';
INSERT INTO person (id, team) SELECT 80000 + n, 'equal' FROM generate_series(1, 60) n;
DELETE FROM revops.turn;
INSERT INTO person (id, team) SELECT 81000 + n, 'equal' FROM generate_series(1, 60) n;
SELECT rep, count(*) FROM revops.assignment a JOIN revops.lead USING (lead_id) JOIN revops.rep r ON r.rep_id = a.rep_id WHERE key::int > 80000 GROUP BY rep ORDER BY rep;
SELECT * FROM revops.verify();
