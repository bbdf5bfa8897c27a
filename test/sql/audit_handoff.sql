-- D4: the five questions, answered from what is configured and what has happened; each gap named.
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.audit_handoff(9);
SELECT revops.create_workspace('main', 'UTC', 'EUR');
-- what is shipped: the lifecycle is sound, and nobody's ideal customer and reps are a default
SELECT severity, question, object, finding, evidence FROM revops.audit_handoff();
-- a model check of the shipped lifecycle: every state can be reached, no trap, each has one owner team
SELECT count(*) FILTER (WHERE question = 'is the lifecycle sound') AS unsound FROM revops.audit_handoff();
SELECT count(*) AS stages, count(*) FILTER (WHERE owner_team IN ('marketing', 'sales')) AS owned FROM revops.stage;

-- set up as a company would: what is left are answers
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('inbound'), ('ghosts');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep WHERE team = 'inbound' AND rep = 'ann';
INSERT INTO revops.route (route, position, condition, team_id) SELECT 'all', 20, NULL, team_id FROM revops.team WHERE team = 'inbound';
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'home', 'fit', 'country = ''US''', 60);
UPDATE revops.stage SET needs = '{country}' WHERE agreement_id = :draft AND purpose = 'qualified';
INSERT INTO revops.question (agreement_id, question, label, kind, position) VALUES (:draft, 'budget', 'Is there a budget?', 'yes_no', 1);
UPDATE revops.transition SET needs_answers = '{budget}' WHERE agreement_id = :draft AND to_stage = 'sql';
UPDATE revops.handoff_rule SET sample_size = 5 WHERE agreement_id = :draft;
UPDATE revops.reason SET applies_to = array_remove(applies_to, 'reject') WHERE applies_to @> '{reject,recycle}';
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CREATE TABLE person (id int PRIMARY KEY, country text, stage text);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "stage": "stage"}') > 0
   AND revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
SELECT severity, question, object, finding, evidence FROM revops.audit_handoff();

-- and what goes wrong with time is named
INSERT INTO revops.route (route, position, condition, team_id) SELECT 'late', 30, 'country = ''FR''', team_id FROM revops.team WHERE team = 'ghosts';
INSERT INTO revops.signal (signal, nature) VALUES ('price_list', 'buying');
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'moon', 'negative', 'country = ''MOON''', -10);
INSERT INTO revops.sla_policy (agreement_id, policy, position, target) VALUES (:draft, 'second', 20, '1 hour');
UPDATE revops.handoff_rule SET sample_size = NULL, accept_within = NULL WHERE agreement_id = :draft;
UPDATE revops.nurture_track SET back_after = NULL, back_intent = NULL WHERE agreement_id = :draft AND track = 'use_case';
UPDATE revops.nurture_track SET purpose = NULL, reasons = '{timing}' WHERE agreement_id = :draft AND purpose = 'recycled';
UPDATE revops.stage SET owner_team = NULL WHERE agreement_id = :draft AND stage = 'evangelist';
UPDATE revops.transition SET needs_reason = false WHERE agreement_id = :draft AND to_stage = 'disqualified' AND from_stage = 'lead';
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
INSERT INTO person SELECT n, 'US', CASE WHEN n < 7 THEN 'mql' END FROM generate_series(1, 8) n;
INSERT INTO act SELECT n, n, 'page_visit', '2026-03-02 09:00+00' FROM generate_series(1, 8) n;
UPDATE person SET stage = 'disqualified' WHERE id = 1;
UPDATE person SET stage = 'customer' WHERE id = 7;
UPDATE revops.rep SET active = false WHERE rep = 'bob';
SELECT revops.override_score(revops.lead_id('person', '8'), 'fit', 80, 'strategic_account');
SELECT revops.assign(revops.lead_id('person', '2'), 'bob');
SET pg_revops.now = '2026-03-12 10:00+00';
SELECT severity, question, object, finding, evidence, way_out FROM revops.audit_handoff() WHERE severity <> 'answer' AND finding NOT LIKE 'none of the latest%';
SELECT count(*) AS silent_signals FROM revops.audit_handoff() WHERE finding LIKE 'none of the latest%';
-- what counts as too much is the asker's
SELECT count(*) AS exceptions FROM revops.audit_handoff(most_exceptions => 0.99) WHERE question = 'are exceptions the rule';
SELECT revops.run_due() > 0 AS ran;
SELECT count(*) AS unnoticed FROM revops.audit_handoff() WHERE finding LIKE '%nothing has noticed%';
-- no version in force
SELECT revops.create_workspace('bare', bare => true);
SELECT * FROM revops.audit_handoff(2);
