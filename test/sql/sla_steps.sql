-- What is done about a promise that is not kept: warnings, escalation, another rep, the queue, another
-- stage; each once, in order, and not on trial (F2, F4, F6, F9, E5).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('main', 'UTC', 'EUR');
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('office', 'UTC');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
SELECT calendar_id, d, '09:00', '17:00' FROM revops.calendar, generate_series(1, 5) d;
INSERT INTO revops.rep (rep) VALUES ('boss'), ('ann'), ('bob'), ('cid');
UPDATE revops.rep SET manager_id = 1 WHERE rep <> 'boss';
INSERT INTO revops.team (team) VALUES ('sales'), ('desk');
INSERT INTO revops.team_member (team_id, rep_id) VALUES (1, 2), (1, 3), (1, 4);
INSERT INTO revops.route (route, position, team_id) VALUES ('all', 1, 1);
CREATE TABLE person (id int PRIMARY KEY, stage text DEFAULT 'lead', source text, reason text);
CREATE TABLE activity (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"stage": "stage", "source": "source", "reason": "reason"}') > 0 AS attached;
SELECT revops.attach_touch('activity', 'activity', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
CREATE PROCEDURE try(query text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    RAISE NOTICE 'done';
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '% %', sqlstate, sqlerrm;
END $$;

-- who is whose manager
CALL try('UPDATE revops.rep SET manager_id = 99 WHERE rep = ''ann''');
CALL try('UPDATE revops.rep SET manager_id = rep_id WHERE rep = ''ann''');
CALL try('DELETE FROM revops.rep WHERE rep = ''boss''');

SELECT revops.draft_agreement() AS draft \gset
DELETE FROM revops.sla_policy WHERE agreement_id = :draft;
INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, condition, target, calendar_id) VALUES
    (:draft, 'answer', 1, 'first_response', 'source = ''demo''', '4 hours', 1),
    (:draft, 'answer others', 2, 'first_response', 'source = ''web''', '24 hours', NULL),
    (:draft, 'try it', 3, 'first_response', 'source = ''trial''', '1 hour', NULL),
    (:draft, 'decide', 4, 'acceptance', 'source = ''web''', '48 hours', NULL);
-- what is no step
CALL try(format('INSERT INTO revops.sla_step (agreement_id, policy, position, step, after, action) VALUES (%s, ''answer'', 1, ''x'', ''-1 day'', ''tell'')', :draft));
CALL try(format('INSERT INTO revops.sla_step (agreement_id, policy, position, step, action) VALUES (%s, ''answer'', 1, ''x'', ''move'')', :draft));
CALL try(format('INSERT INTO revops.sla_step (agreement_id, policy, position, step, action, to_stage) VALUES (%s, ''answer'', 1, ''x'', ''move'', ''nowhere'')', :draft));
CALL try(format('INSERT INTO revops.sla_step (agreement_id, policy, position, step, action, rep_id) VALUES (%s, ''answer'', 1, ''x'', ''reassign'', 1)', :draft));
CALL try(format('INSERT INTO revops.sla_step (agreement_id, policy, position, step, action, reason) VALUES (%s, ''answer'', 1, ''x'', ''reassign'', ''whim'')', :draft));
CALL try(format('INSERT INTO revops.sla_step (agreement_id, policy, position, step, action) VALUES (%s, ''nothing'', 1, ''x'', ''tell'')', :draft));
INSERT INTO revops.sla_step (agreement_id, policy, position, step, after, action, team_id, to_stage, at_most) VALUES
    (:draft, 'answer', 1, 'soon', '-1 hour', 'tell', NULL, NULL, NULL),
    (:draft, 'answer', 2, 'much too soon', '-5 hours', 'tell', NULL, NULL, NULL),
    (:draft, 'answer', 3, 'tell the manager', '0', 'escalate', NULL, NULL, NULL),
    (:draft, 'answer', 4, 'somebody else', '0', 'reassign', NULL, NULL, 2),
    (:draft, 'answer others', 1, 'to the desk', '1 hour', 'queue', 2, NULL, NULL),
    (:draft, 'decide', 1, 'drop it', '0', 'move', NULL, 'nurture', NULL),
    (:draft, 'try it', 1, 'never', '0', 'reassign', NULL, NULL, NULL);
UPDATE revops.sla_policy SET on_trial = true WHERE agreement_id = :draft AND policy = 'try it';
SELECT policy, on_trial, trial_until FROM revops.sla_policy WHERE agreement_id = :draft AND on_trial;
SELECT object, problem FROM revops.agreement_problems(:draft);
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
SELECT line FROM regexp_split_to_table(revops.sla_document(1), E'\n') AS line WHERE line ~ 'answer|decide|try it';
SELECT revops.draft_agreement() AS next \gset
SELECT count(*) FROM revops.diff_agreement(:draft, :next);
UPDATE revops.sla_step SET after = '-2 hours' WHERE agreement_id = :next AND step = 'soon';
DELETE FROM revops.sla_step WHERE agreement_id = :next AND step = 'drop it';
SELECT part, name, change, what, in_a, in_b FROM revops.diff_agreement(:draft, :next);
DELETE FROM revops.agreement WHERE agreement_id = :next;

CREATE FUNCTION pg_temp.id(key int) RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id('person', $1::text) $$;
CREATE VIEW clocks AS SELECT l.key::int AS key, c.seq, p.policy, r.rep, c.started_at, c.due_at, c.fires_at, c.steps, c.breached_at, c.stopped_at, c.outcome
FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) JOIN revops.sla_policy p USING (policy_id) LEFT JOIN revops.rep r ON r.rep_id = c.rep_id;
CREATE VIEW taken AS SELECT l.key::int AS key, h.no, h.seq, h.change, s.step, s.action, h.at
FROM revops.sla_clock_change h JOIN revops.lead l USING (lead_id) JOIN revops.sla_policy p USING (policy_id)
LEFT JOIN revops.sla_step s ON s.agreement_id = p.agreement_id AND s.policy = p.policy AND s.position = h.position;
CREATE VIEW told AS SELECT l.key::int AS key, e.event, e.at, revops.event_payload(e.event, e.lead_id, e.seq) ->> 'step' AS step,
    revops.event_payload(e.event, e.lead_id, e.seq) ->> 'to_rep' AS to_rep, revops.event_payload(e.event, e.lead_id, e.seq) ->> 'to_team' AS to_team, e.event_id
FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE e.event LIKE 'sla%';

-- Monday 15:00: four business hours are over on Tuesday at 11:00; the warning is an hour before; a step before the start is none (its bit is set)
SET pg_revops.now = '2026-03-02 15:00+00';
INSERT INTO person VALUES (1, 'lead', 'demo'), (2, 'lead', 'demo'), (3, 'lead', 'web'), (4, 'lead', 'trial');
UPDATE person SET stage = 'mql';
SELECT key, seq, policy, rep, due_at, fires_at, steps FROM clocks ORDER BY key, seq;
-- lead 2 is answered before anybody is warned
INSERT INTO activity VALUES (1, 2, 'call', '2026-03-02 16:00+00');
SET pg_revops.now = '2026-03-03 09:59:59+00';
SELECT revops.run_due() > 0 AS trial_too;
SET pg_revops.now = '2026-03-03 10:00+00';
SELECT revops.run_due() AS warned, revops.run_due() AS again;
SELECT key, event, at, step, to_rep, to_team FROM told ORDER BY event_id;
SELECT key, fires_at, steps FROM clocks WHERE key = 1;
-- due: the breach is told, then the manager, then somebody else has it, to whom the four hours are promised anew
SET pg_revops.now = '2026-03-03 11:00+00';
SELECT revops.run_due() AS breached, revops.run_due() AS again;
SELECT key, event, at, step, to_rep, to_team FROM told WHERE key = 1 ORDER BY event_id;
SELECT key, seq, policy, rep, started_at, due_at, breached_at, stopped_at, outcome FROM clocks WHERE key = 1 ORDER BY seq;
SELECT cause, count(*), count(DISTINCT rep_id) AS reps FROM revops.assignment WHERE lead_id = pg_temp.id(1) GROUP BY 1 ORDER BY 1;
-- the first rep's breach counts, the second's clock runs
SELECT policy, rep, clocks, kept, breached, running FROM revops.kpi_sla_compliance('month') WHERE policy = 'answer' ORDER BY rep;
-- twice at most while it is in one stage: the third who does not answer keeps it, and it is told so
SET pg_revops.now = '2026-03-03 16:00+00';
SELECT revops.run_due() > 0 AS due;
SET pg_revops.now = '2026-03-05 16:00+00';
SELECT revops.run_due() > 0 AS due;
SET pg_revops.now = '2026-03-10 16:00+00';
SELECT revops.run_due() > 0 AS due;
SELECT no, seq, change, step, action, at FROM taken WHERE key = 1 ORDER BY no;
SELECT count(DISTINCT rep_id) AS reps, count(*) AS given FROM revops.assignment WHERE lead_id = pg_temp.id(1);
SELECT seq, rep, breached_at, stopped_at, outcome, fires_at FROM clocks WHERE key = 1 ORDER BY seq;

-- a step after the due time: to the desk's queue an hour later (Tuesday 16:00), a new promise with it; on Wednesday at 15:00 the decision is
-- overdue, and the lead goes to nurture, where nothing is promised
SELECT seq, change, step, action, at FROM taken WHERE key = 3 ORDER BY no;
SELECT a.seq, t.team, a.rep_id, a.cause, a.at FROM revops.assignment a JOIN revops.team t USING (team_id) WHERE a.lead_id = pg_temp.id(3) ORDER BY 1;
SELECT seq, to_stage, cause, at FROM revops.stage_change WHERE lead_id = pg_temp.id(3) ORDER BY 1;
SELECT seq, policy, started_at, due_at, breached_at, stopped_at, outcome FROM clocks WHERE key = 3 ORDER BY seq;

-- on trial: measured, and neither told nor done
SELECT seq, policy, due_at, breached_at, steps, fires_at FROM clocks WHERE key = 4;
SELECT count(*) AS told FROM told WHERE key = 4;
SELECT policy, breached FROM revops.kpi_sla_compliance('month') WHERE policy = 'try it';
-- the trial is over
SET pg_revops.now = '2026-04-06 09:00+00';
INSERT INTO person VALUES (5, 'mql', 'trial');
SET pg_revops.now = '2026-04-06 10:00+00';
SELECT revops.run_due() > 0 AS due;
SELECT key, event, step FROM told WHERE key = 5 ORDER BY event_id;
SELECT change, step FROM taken WHERE key = 5;

-- an answer that is told at the same moment as the breach falls due keeps it, and nothing is done
SET pg_revops.now = '2026-04-06 12:00+00';
INSERT INTO person VALUES (6, 'mql', 'demo');
SET pg_revops.now = '2026-04-07 09:00+00';
INSERT INTO activity VALUES (6, 6, 'call', '2026-04-06 15:59+00');
SELECT revops.run_due() >= 0 AS ran;
SELECT key, event FROM told WHERE key = 6;
-- a lead that is gone is nobody's promise
INSERT INTO person VALUES (7, 'mql', 'demo');
DELETE FROM person WHERE id = 7;
SET pg_revops.now = '2026-04-09 09:00+00';
SELECT revops.run_due() >= 0 AS ran;
SELECT key, event FROM told WHERE key = 7;
-- a move that the stage's guard holds back is passed over, and the lead is held
SELECT revops.draft_agreement() AS next \gset
UPDATE revops.stage SET condition = 'reason IS NOT NULL' WHERE agreement_id = :next AND stage = 'nurture';
SELECT revops.adopt_agreement(:next) IS NOT NULL AS adopted;
INSERT INTO person VALUES (8, 'mql', 'web');
SET pg_revops.now = '2026-04-12 09:00+00';
SELECT revops.run_due() > 0 AS due;
SELECT change, step, action FROM taken WHERE key = 8 ORDER BY no;
SELECT to_stage, cause FROM revops.held_lead WHERE lead_id = pg_temp.id(8);
SELECT * FROM revops.verify();
