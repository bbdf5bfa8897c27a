-- Several promises at once: kinds of promise, each with a clock of its own (F2, F3; peers' bugs 26 to 29, 34, 36).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('main', 'UTC', 'EUR');
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('office', 'UTC');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
SELECT calendar_id, d, '09:00', '17:00' FROM revops.calendar, generate_series(1, 5) d;
INSERT INTO revops.rep (rep) VALUES ('ann');
INSERT INTO revops.team (team) VALUES ('ann');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;

CREATE PROCEDURE try(query text) LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
    EXECUTE query;
    RAISE NOTICE 'done';
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '% %', sqlstate, sqlerrm;
END $$;

-- what a policy must say of its kind, and what it must not
SELECT revops.draft_agreement() AS draft \gset
DELETE FROM revops.sla_policy WHERE agreement_id = :draft;
CALL try(format('INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, target) VALUES (%s, ''x'', 9, ''stage_time'', ''1 hour'')', :draft));
CALL try(format('INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, target, stage) VALUES (%s, ''x'', 9, ''next_touch'', ''1 hour'', ''mql'')', :draft));
CALL try(format('INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, target) VALUES (%s, ''x'', 9, ''attempts'', ''1 hour'')', :draft));
CALL try(format('INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, target) VALUES (%s, ''x'', 9, ''resolution'', ''1 hour'')', :draft));
INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, target, stage) VALUES (:draft, 'x', 9, 'stage_time', '1 hour', 'nowhere');
SELECT object, problem FROM revops.agreement_problems(:draft) WHERE object LIKE 'SLA%';
DELETE FROM revops.sla_policy WHERE agreement_id = :draft;
INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, condition, target, calendar_id, stage, attempts) VALUES
    (:draft, 'answer a demo', 1, 'first_response', 'source = ''demo''', '30 minutes', NULL, NULL, NULL),
    (:draft, 'answer', 2, 'first_response', NULL, '4 hours', 1, NULL, NULL),
    (:draft, 'decide', 3, 'acceptance', NULL, '8 hours', 1, NULL, NULL),
    (:draft, 'try three times', 4, 'attempts', 'source = ''demo''', '48 hours', NULL, NULL, 3),
    (:draft, 'stay in touch', 5, 'next_touch', 'source = ''demo''', '24 hours', NULL, NULL, NULL),
    (:draft, 'work it', 6, 'stage_time', NULL, '72 hours', NULL, 'sql', NULL),
    (:draft, 'decide in any case', 7, 'stage_time', 'source = ''slow''', '100 hours', NULL, 'mql', NULL);
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
-- the next draft has them, too
SELECT revops.draft_agreement() AS next \gset
SELECT count(*) FROM revops.diff_agreement(:draft, :next);
DELETE FROM revops.agreement WHERE agreement_id = :next;

CREATE TABLE person (id int PRIMARY KEY, source text, stage text DEFAULT 'lead', reason text);
CREATE TABLE activity (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"source": "source", "stage": "stage", "reason": "reason"}') > 0 AS attached;
SELECT revops.attach_touch('activity', 'activity', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
CREATE FUNCTION pg_temp.id(key int) RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id('person', $1::text) $$;
CREATE VIEW clocks AS SELECT l.key::int AS key, c.seq, p.policy, c.promise, c.started_at, c.due_at, c.stopped_at, c.outcome, c.breached_at
FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) JOIN revops.sla_policy p USING (policy_id);

-- nothing is promised before the handoff; then each kind's first policy that holds, at once
INSERT INTO person VALUES (1, 'demo'), (2, 'web'), (3, 'slow'), (4, 'demo'), (5, 'web'), (6, 'web'), (7, 'web');
SELECT count(*) AS promised FROM clocks;
SET pg_revops.now = '2026-03-02 10:00+00';
UPDATE person SET stage = 'mql';
SELECT key, seq, policy, promise, due_at FROM clocks WHERE key <= 3 ORDER BY key, seq;
SELECT key, running, clocks FROM revops.lead WHERE key::int <= 3 ORDER BY key;
SELECT key, sla_due_at FROM revops.lead_status WHERE key::int <= 3 ORDER BY key;

-- bug 29: a touch that keeps one promise leaves the others alone; it tells of itself when it was
SET pg_revops.now = '2026-03-02 12:00+00';
INSERT INTO activity VALUES (1, 1, 'call', '2026-03-02 10:20+00');
SELECT seq, policy, started_at, due_at, stopped_at, outcome FROM clocks WHERE key = 1 ORDER BY seq;
-- automatic mail is no answer, and no visit of theirs is an attempt
INSERT INTO activity VALUES (2, 1, 'page_visit', '2026-03-02 11:00+00');
-- acceptance: sales says yes, no, or not now; the host may say it; what happens by itself is no word of anybody's
SET pg_revops.now = '2026-03-02 14:00+00';
SELECT revops.accept(pg_temp.id(2));
SELECT revops.reject(pg_temp.id(4), 'no_budget');
SELECT revops.recycle(pg_temp.id(5), 'timing', '2026-04-01');
UPDATE person SET stage = 'sql' WHERE id = 6;
DELETE FROM person WHERE id = 7;
SELECT key, promise, stopped_at, outcome FROM clocks WHERE key IN (2, 4, 5, 6, 7) ORDER BY key, seq;
-- bug 36: the time in a stage counts from the entry there, not from the lead's creation
SELECT key, policy, started_at, due_at FROM clocks WHERE promise = 'stage_time' ORDER BY key;
-- two more attempts, the third of them told before the second
SET pg_revops.now = '2026-03-03 12:00+00';
INSERT INTO activity VALUES (3, 1, 'call', '2026-03-03 09:00+00');
INSERT INTO activity VALUES (4, 1, 'call', '2026-03-02 15:00+00');
SELECT seq, policy, started_at, due_at, stopped_at, outcome FROM clocks WHERE key = 1 ORDER BY seq;

-- bug 27: the breach says which promise it is; each is told once
SET pg_revops.now = '2026-03-03 12:30+00';
SELECT revops.run_due() > 0 AS told, revops.run_due() AS again;
SELECT l.key, e.seq, c.promise, c.due_at FROM revops.event e JOIN revops.lead l USING (lead_id) JOIN revops.sla_clock c USING (lead_id, seq)
WHERE e.event = 'sla_breached' ORDER BY l.key, e.seq;
-- what is past due is breached at once, told or not
SET pg_revops.now = '2026-03-06 15:00+00';
SELECT key, policy, time_left, breached FROM revops.sla_due WHERE key::int IN (2, 3) ORDER BY key, seq;

SET pg_revops.now = '2026-03-06 15:00+00';
SELECT revops.advance(pg_temp.id(2), 'opportunity');
UPDATE person SET stage = 'opportunity' WHERE id = 6;
SELECT key, stopped_at, outcome FROM clocks WHERE promise = 'stage_time' ORDER BY key;

-- bug 26: what has ended is not counted anew by what comes later
SELECT md5(string_agg(c::text, ',' ORDER BY key, seq)) AS before FROM clocks c WHERE key = 6 AND stopped_at IS NOT NULL \gset
INSERT INTO activity VALUES (20, 6, 'page_visit', '2026-03-02 10:00+00');
SELECT count(*), md5(string_agg(c::text, ',' ORDER BY key, seq)) = :'before' AS same FROM clocks c WHERE key = 6 AND stopped_at IS NOT NULL;

-- the rate says what it is of: what runs and is not due yet is not counted as kept
SELECT policy, promise, sum(clocks) AS clocks, sum(kept) AS kept, sum(breached) AS breached, sum(running) AS running, sum(void) AS void
FROM revops.kpi_sla_compliance('year') GROUP BY 1, 2 ORDER BY 1, 2;
-- the page says it, too
SELECT line FROM regexp_split_to_table(revops.sla_document(1), E'\n') AS line WHERE line ~ 'answer|decide|try|touch|work it|of each kind';
SELECT * FROM revops.verify();
