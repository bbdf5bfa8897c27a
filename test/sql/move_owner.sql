-- C4, E: a row that names another stage and another owner at once says both: who
-- it names has the lead after that move.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme', 'UTC', 'EUR') AS workspace;
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('dach'), ('nordic');
CREATE SCHEMA crm;
CREATE TABLE crm.person (id int PRIMARY KEY, stage text, owner text, team text);
SELECT revops.attach_lead('people', 'crm.person', '{"stage": "stage", "owner": "owner", "team": "team"}') AS people;
CREATE VIEW moves AS
SELECT l.key, m.seq, m.from_stage, m.to_stage, m.cause, t.team, r.rep
FROM revops.stage_change m JOIN revops.lead l USING (lead_id) LEFT JOIN revops.team t ON t.team_id = m.team_id
LEFT JOIN revops.rep r ON r.rep_id = m.rep_id ORDER BY l.key, m.seq;

INSERT INTO crm.person VALUES (1, 'mql', 'ann', 'dach'), (2, 'lead', NULL, NULL), (3, 'mql', 'ann', 'dach'), (4, 'mql', 'ann', 'dach');
UPDATE crm.person SET stage = 'sql', owner = 'bob', team = 'nordic' WHERE id = 1;
UPDATE crm.person SET stage = 'mql', owner = 'ann' WHERE id = 2;
UPDATE crm.person SET stage = 'sql' WHERE id = 3;
UPDATE crm.person SET stage = 'sql', owner = NULL WHERE id = 4;
SELECT * FROM moves;
SELECT l.key, a.seq, t.team, r.rep, a.cause FROM revops.assignment a JOIN revops.lead l USING (lead_id)
LEFT JOIN revops.team t ON t.team_id = a.team_id LEFT JOIN revops.rep r ON r.rep_id = a.rep_id ORDER BY 1, 2;
SELECT key, stage, team, rep FROM revops.lead_status ORDER BY key;
SELECT * FROM revops.verify();
