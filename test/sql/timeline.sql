-- J1: one lead from its first touch to its close, every fact in order.
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main', 'UTC', 'EUR');
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('inbound');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep WHERE rep = 'ann';
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'home', 'fit', 'country = ''US''', 60);
INSERT INTO revops.question (agreement_id, question, label, kind, position) VALUES (:draft, 'budget', 'Is there a budget?', 'yes_no', 1);
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CREATE TABLE person (id int PRIMARY KEY, name text, country text, industry text, made timestamptz);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz);
CREATE TABLE deal (id int PRIMARY KEY, person int, state text, amount numeric, opened timestamptz, closed timestamptz);
SELECT revops.attach_lead('person', 'person', '{"person_name": "name", "country": "country", "industry": "industry", "created_at": "made"}') > 0
   AND revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0
   AND revops.attach_opportunity('deal', 'deal', 'person', '{"lead": "person", "won": "state = ''won''", "lost": "state = ''lost''",
       "amount": "amount", "opened_at": "opened", "closed_at": "closed"}') > 0 AS attached;

INSERT INTO person VALUES (1, 'Mia', 'FR', NULL, '2026-03-01 09:00+00'), (2, 'Tom', 'FR', NULL, '2026-03-01 09:00+00');
SELECT revops.lead_id('person', '1') AS id, revops.lead_id('person', '2') AS other \gset
INSERT INTO act VALUES (1, 1, 'page_visit', '2026-03-01 09:00+00'), (2, 1, 'demo_request', '2026-03-02 10:00+00'), (3, 1, 'page_visit', '2026-03-02 09:00+00');
SET pg_revops.now = '2026-03-02 11:00+00';
DELETE FROM act WHERE id = 3;
UPDATE person SET country = 'US' WHERE id = 1;
SET pg_revops.now = '2026-03-03 12:00+00';
SELECT revops.enrich(:id, '{"industry": "retail"}', 'a provider');
SELECT revops.answer_question(:id, 'budget', 'no');
SET pg_revops.now = '2026-03-03 12:05+00';
SELECT revops.answer_question(:id, 'budget', 'yes');
SELECT revops.assign(:id, 'bob');
SELECT revops.record_touch(:id, 'call');
SELECT revops.recycle(:id, 'timing', '2026-03-10 09:00+00');
SET pg_revops.now = '2026-03-10 09:00+00';
SELECT revops.run_due() > 0 AS ran;
SELECT revops.override_score(:id, 'fit', 80, 'strategic_account', '2026-04-01');
SELECT revops.withdraw_override(:id, 'fit', 'strategic_account');
SET pg_revops.now = '2026-03-11 09:00+00';
INSERT INTO deal VALUES (7, 1, 'open', 1000, '2026-03-11 08:00+00', NULL);
SET pg_revops.now = '2026-03-20 09:00+00';
UPDATE deal SET state = 'won', closed = '2026-03-19 17:00+00' WHERE id = 7;

SELECT at, recorded_at, kind, what, before, after, CASE who WHEN current_user THEN 'me' ELSE who END AS who FROM revops.timeline(:id);
SELECT kind, what, detail FROM revops.timeline(:id);
-- nothing else of this lead, and nothing of another: each fact has its row
SELECT (SELECT count(*) FROM revops.timeline(:id) WHERE kind LIKE 'touch%') = (SELECT count(*) FROM revops.touch WHERE lead_id = :id) AS touches,
       (SELECT count(*) FROM revops.timeline(:id) WHERE kind = 'stage') = (SELECT count(*) FROM revops.stage_change WHERE lead_id = :id) AS moves,
       (SELECT count(*) FROM revops.timeline(:id) WHERE kind = 'assignment') = (SELECT count(*) FROM revops.assignment WHERE lead_id = :id) AS assignments,
       (SELECT count(*) FROM revops.timeline(:id) WHERE kind = 'clock started') = (SELECT count(*) FROM revops.sla_clock WHERE lead_id = :id) AS clocks,
       (SELECT count(*) FROM revops.timeline(:id) WHERE kind = 'nurture') = (SELECT count(*) FROM revops.nurture_change WHERE lead_id = :id) AS nurture,
       (SELECT count(*) FROM revops.timeline(:id) WHERE kind = 'profile') = (SELECT count(*) FROM revops.profile_change WHERE lead_id = :id) AS profiles;
-- a part of it: since is included, until is not
SELECT at, kind, what FROM revops.timeline(:id, '2026-03-02 09:00+00', '2026-03-02 11:00+00');
-- the same order every time
SELECT array_agg(t::text) = (SELECT array_agg(t::text) FROM revops.timeline(:id) t) AS stable FROM revops.timeline(:id) t;
SELECT at, kind, what FROM revops.timeline(:other);
SELECT * FROM revops.timeline(4711);
