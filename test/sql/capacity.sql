-- How much a rep can take: places of open leads, of a day, a week, a month; the least loaded (E3).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-04 10:00+00';
SELECT revops.create_workspace('main', 'Europe/Berlin');
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob'), ('cid'), ('dee'), ('eve');
INSERT INTO revops.team (team, when_away, mode) VALUES ('capped', 'hold', 'turns'), ('free', 'queue', 'turns'), ('least', 'queue', 'least_loaded');
INSERT INTO revops.team_member (team_id, rep_id, weight) SELECT team_id, rep_id, weight FROM (VALUES
    ('capped', 'ann', 2), ('capped', 'bob', 1), ('capped', 'cid', 1), ('free', 'dee', 1), ('least', 'dee', 1), ('least', 'eve', 3)) AS m (team, rep, weight)
    JOIN revops.team USING (team) JOIN revops.rep USING (rep);
INSERT INTO revops.route (route, position, condition, team_id) SELECT team, team_id, format('source = %L', team), team_id FROM revops.team;
CREATE TABLE person (id int PRIMARY KEY, source text, owner text, stage text DEFAULT 'mql');
SELECT revops.attach_lead('person', 'person', '{"source": "source", "stage": "stage", "owner": "owner"}') > 0 AS attached;
CREATE FUNCTION pg_temp.rep(text) RETURNS int LANGUAGE sql AS 'SELECT rep_id FROM revops.rep WHERE rep = $1';
CREATE FUNCTION pg_temp.lead(int) RETURNS bigint LANGUAGE sql AS 'SELECT revops.lead_id(''person'', $1::text)';
CREATE VIEW load AS SELECT coalesce(p.rep, '(nobody)') AS rep, count(*) AS leads FROM revops.lead l LEFT JOIN revops.rep p USING (rep_id)
    WHERE l.stage IN ('mql', 'sql') AND l.gone_at IS NULL GROUP BY 1;
CREATE VIEW places AS SELECT rep, period, count(*) AS places, count(*) FILTER (WHERE lead_id IS NOT NULL) AS taken, count(*) FILTER (WHERE extra) AS extra
    FROM revops.place JOIN revops.rep USING (rep_id) GROUP BY 1, 2;
-- does each open lead of who is counted have a place, and nothing else?
CREATE VIEW wrong AS SELECT coalesce(p.lead_id, o.lead_id) AS lead_id, p.rep_id FROM (SELECT * FROM revops.place WHERE period = 'open' AND lead_id IS NOT NULL) p
    FULL JOIN (SELECT r.rep_id, o.lead_id FROM revops.rep r CROSS JOIN revops.open_leads_of(r.rep_id) AS o (lead_id)
        WHERE EXISTS (SELECT FROM revops.place q WHERE q.rep_id = r.rep_id AND q.period = 'open')) o ON o.lead_id = p.lead_id AND o.rep_id = p.rep_id
    WHERE p.lead_id IS NULL OR o.lead_id IS NULL;

-- open leads: the others take what one can't, in their turns; then they wait
INSERT INTO revops.rep_cap VALUES (pg_temp.rep('ann'), 'open', 4), (pg_temp.rep('bob'), 'open', 5), (pg_temp.rep('cid'), 'open', 3);
INSERT INTO person (id, source) SELECT n, 'capped' FROM generate_series(1, 10) n;
SELECT * FROM load ORDER BY rep;
INSERT INTO person (id, source) SELECT n, 'capped' FROM generate_series(11, 15) n;
SELECT * FROM load ORDER BY rep;
SELECT * FROM places ORDER BY rep, period;
SELECT l.key, t.timer, t.due_at FROM revops.timer t JOIN revops.lead l USING (lead_id) WHERE timer = 'route_waiting' ORDER BY l.key::int;
-- who is done with one has room again, and who waits gets it: rejected, recycled, won, gone, reassigned
SELECT revops.reject(lead_id, 'no_active_need') FROM revops.lead WHERE rep_id = pg_temp.rep('ann') ORDER BY lead_id LIMIT 1;
SELECT revops.recycle(lead_id, 'timing', '2026-06-01') FROM revops.lead WHERE rep_id = pg_temp.rep('bob') ORDER BY lead_id LIMIT 1;
SELECT * FROM places ORDER BY rep, period;
SET pg_revops.now = '2026-03-04 10:20+00';
SELECT revops.run_due();
SELECT * FROM load ORDER BY rep;
DELETE FROM person WHERE id = (SELECT key::int FROM revops.lead WHERE rep_id = pg_temp.rep('cid') ORDER BY lead_id LIMIT 1);
SET pg_revops.now = '2026-03-04 10:40+00';
SELECT revops.run_due();
SELECT * FROM load ORDER BY rep;
SELECT * FROM wrong;
-- by hand a rep may be given more; those places end with their leads
SELECT revops.assign(lead_id, 'ann') FROM revops.lead WHERE rep_id = pg_temp.rep('bob') ORDER BY lead_id LIMIT 2;
SELECT * FROM places ORDER BY rep, period;
SELECT revops.reject(lead_id, 'no_active_need') FROM revops.lead WHERE rep_id = pg_temp.rep('ann') AND stage = 'mql' ORDER BY lead_id LIMIT 1;
SELECT * FROM places ORDER BY rep, period;
-- a cap is lowered below what there is, taken away, and set again
UPDATE revops.rep_cap SET leads = 2 WHERE rep_id = pg_temp.rep('ann');
SELECT * FROM places WHERE rep = 'ann';
SELECT revops.reject(lead_id, 'no_active_need') FROM revops.lead WHERE rep_id = pg_temp.rep('ann') AND stage = 'mql' ORDER BY lead_id LIMIT 4;
SELECT * FROM places WHERE rep = 'ann';
DELETE FROM revops.rep_cap WHERE rep_id = pg_temp.rep('ann');
SELECT * FROM places WHERE rep = 'ann';
INSERT INTO revops.rep_cap VALUES (pg_temp.rep('ann'), 'open', 3);
SELECT * FROM places WHERE rep = 'ann';
UPDATE revops.rep_cap SET leads = 6 WHERE rep_id = pg_temp.rep('bob');
SELECT * FROM places WHERE rep = 'bob';
SELECT * FROM wrong;

-- rollbacks and savepoints give places back
BEGIN;
INSERT INTO person (id, source) SELECT n, 'capped' FROM generate_series(21, 40) n;
SELECT sum(taken) AS taken FROM places;
ROLLBACK;
BEGIN;
SAVEPOINT one;
INSERT INTO person (id, source) SELECT n, 'capped' FROM generate_series(21, 40) n;
ROLLBACK TO one;
INSERT INTO person (id, source) SELECT n, 'capped' FROM generate_series(41, 42) n;
COMMIT;
SELECT sum(taken) AS taken, sum(places) AS places FROM places;
SELECT * FROM wrong;

-- a day, a week, a month in the workspace's zone: 23:30 in Berlin and half an hour after midnight
TRUNCATE person;
DELETE FROM revops.rep_cap;
SET pg_revops.now = '2026-03-04 22:30+00';
INSERT INTO revops.rep_cap VALUES (pg_temp.rep('ann'), 'day', 2), (pg_temp.rep('ann'), 'week', 5), (pg_temp.rep('ann'), 'month', 8);
UPDATE revops.rep SET active = rep = 'ann';
UPDATE revops.team SET when_away = 'queue';
CREATE PROCEDURE pg_temp.day(at timestamptz, first int) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pg_revops.now', at::text, false);
    INSERT INTO person (id, source) SELECT first + n, 'capped' FROM generate_series(1, 4) n;
END $$;
CALL pg_temp.day('2026-03-04 22:30+00', 100);
CALL pg_temp.day('2026-03-04 23:30+00', 110);
CALL pg_temp.day('2026-03-05 23:30+00', 120);
CALL pg_temp.day('2026-03-06 23:30+00', 130);
CALL pg_temp.day('2026-03-08 23:30+00', 140);
CALL pg_temp.day('2026-03-10 12:00+00', 150);
CALL pg_temp.day('2026-03-31 22:30+00', 160);
SELECT key::int / 10 * 10 AS day, count(*) FILTER (WHERE rep_id IS NOT NULL) AS given FROM revops.lead WHERE key::int >= 100 AND gone_at IS NULL GROUP BY 1 ORDER BY 1;
SELECT * FROM places ORDER BY rep, period;

-- the least loaded, for the weight; what is open counts, whoever gave it
UPDATE revops.rep SET active = true;
INSERT INTO person (id, source, owner) SELECT 200 + n, 'free', 'dee' FROM generate_series(1, 6) n;
SELECT * FROM load WHERE rep IN ('dee', 'eve') ORDER BY rep;
INSERT INTO person (id, source) SELECT 300 + n, 'least' FROM generate_series(1, 18) n;
SELECT * FROM load WHERE rep IN ('dee', 'eve') ORDER BY rep;
INSERT INTO person (id, source) SELECT 400 + n, 'least' FROM generate_series(1, 16) n;
SELECT * FROM load WHERE rep IN ('dee', 'eve') ORDER BY rep;
SELECT revops.reject(lead_id, 'no_active_need') FROM revops.lead WHERE rep_id = pg_temp.rep('dee') AND stage = 'mql' ORDER BY lead_id LIMIT 3;
DO $$ BEGIN FOR n IN 1 .. 3 LOOP INSERT INTO person (id, source) VALUES (500 + n, 'least'); END LOOP; END $$;
SELECT rep, count(*) FROM revops.lead JOIN revops.rep USING (rep_id) WHERE key::int BETWEEN 501 AND 503 GROUP BY rep;
SELECT * FROM wrong;
-- counted anew, it is the same
SELECT revops.recount_places() = count(*) AS same FROM revops.place WHERE lead_id IS NOT NULL;
SELECT * FROM wrong;
DELETE FROM revops.place WHERE period = 'open';
SELECT revops.recount_places() > 0 AS counted;
SELECT * FROM wrong;
SELECT * FROM revops.verify();
