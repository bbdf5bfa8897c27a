-- One team of eight whose weights are 5, 2, 1 ... and one of 82, as Odoo's
-- benchmark has; the same leads with the owner given by whoever writes them, by
-- the engine's turns, and by the counter that people write.
SET client_min_messages = warning;
CREATE EXTENSION pg_revops;
SELECT revops.create_workspace('bench') \g /dev/null
INSERT INTO revops.rep (rep) SELECT 'rep ' || n FROM generate_series(1, 90) n;
INSERT INTO revops.team (team) VALUES ('eight'), ('many');
INSERT INTO revops.team_member SELECT 1, n, (array[5, 2, 1, 1, 1, 1, 1, 1])[n] FROM generate_series(1, 8) n;
INSERT INTO revops.team_member SELECT 2, n, 1 + n % 4 FROM generate_series(9, 90) n;
INSERT INTO revops.route (route, position, condition, team_id) VALUES ('many', 1, 'source = ''many''', 2), ('eight', 2, NULL, 1);
CREATE TABLE person (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source text, country text, owner text, stage text DEFAULT 'mql');
SELECT revops.attach_lead('person', 'person', '{"source": "source", "country": "country", "owner": "owner", "stage": "stage"}') \g /dev/null

-- the usual round robin: the team's next turn in a row that is locked to commit
CREATE TABLE counter (team_id int PRIMARY KEY, turn bigint NOT NULL);
INSERT INTO counter VALUES (1, 0);
CREATE TABLE rota AS
SELECT row_number() OVER (ORDER BY r.n) - 1 AS turn, 'rep ' || m.rep_id AS rep, sum(1) OVER () AS turns
FROM revops.team_member m CROSS JOIN LATERAL generate_series(1, m.weight) AS r (n) WHERE m.team_id = 1;
CREATE TABLE counted (LIKE person INCLUDING ALL);
SELECT revops.attach_lead('counted', 'counted', '{"source": "source", "country": "country", "owner": "owner", "stage": "stage"}') \g /dev/null
CREATE FUNCTION give_owner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mine bigint;
BEGIN
    UPDATE counter SET turn = turn + 1 WHERE team_id = 1 RETURNING turn INTO mine;
    SELECT rep INTO NEW.owner FROM rota WHERE rota.turn = mine % turns;
    RETURN NEW;
END $$;
CREATE TRIGGER give_owner BEFORE INSERT ON counted FOR EACH ROW EXECUTE FUNCTION give_owner();
VACUUM ANALYZE;
