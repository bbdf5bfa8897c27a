-- A5, C4: a CRM that remembers whole days tells of leads that went there and back
-- in one moment: each of these moves is one, however often and in whatever
-- batches they are loaded.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
SELECT revops.create_workspace('acme', 'UTC', 'EUR') AS workspace;
CREATE SCHEMA crm;
CREATE TABLE crm.person (id int PRIMARY KEY, stage text, created date);
INSERT INTO crm.person VALUES (1, 'sql', '2026-01-05'), (2, 'mql', '2026-01-05'), (3, 'lead', '2026-01-05');
-- a row fills its page, so that a batch of 1 is a row
CREATE TABLE crm.log (id int PRIMARY KEY, person int, stage text, day date, padding text DEFAULT repeat('x', 5000));
ALTER TABLE crm.log ALTER padding SET STORAGE PLAIN;
INSERT INTO crm.log (id, person, stage, day) VALUES
    (1, 1, 'lead', '2026-01-05'), (2, 1, 'mql', '2026-01-05'), (3, 1, 'lead', '2026-01-05'), (4, 1, 'mql', '2026-01-05'),
    (5, 1, 'sql', '2026-01-07'), (6, 1, 'mql', '2026-01-07'), (7, 1, 'sql', '2026-01-07'),
    (8, 2, 'nurture', '2026-01-01'), (9, 2, 'lead', '2026-01-05'), (10, 2, 'mql', '2026-01-06'), (11, 2, 'mql', '2026-01-06'),
    (12, 3, 'lead', '2026-01-05');
SELECT revops.attach_lead('people', 'crm.person', '{"stage": "stage", "created_at": "created"}') AS people;
CREATE VIEW told AS SELECT key, at::date AS day, stage, nth FROM revops.adopted_move ORDER BY key, at, move_id;

-- ----- a call that fails in the middle, and the next that goes through ----------
\set roles '{"lead": "person / CASE WHEN id = 4 AND current_setting(''test.fails'', true) = ''yes'' THEN 0 ELSE 1 END", "stage": "stage", "at": "day"}'
SET test.fails = 'yes';
CALL revops.adopt_history('people', 'crm.log', :'roles', batch => 1);
SELECT * FROM told;
RESET test.fails;
CALL revops.adopt_history('people', 'crm.log', :'roles', batch => 1);
SELECT * FROM told;

-- ----- in other batches: nothing is new -----------------------------------------
CALL revops.adopt_history('people', 'crm.log', '{"lead": "person", "stage": "stage", "at": "day"}');
CALL revops.adopt_history('people', 'crm.log', '{"lead": "person", "stage": "stage", "at": "day"}', batch => 1);
-- a row that the host adds is a move, also where an equal one is known
INSERT INTO crm.log (id, person, stage, day) VALUES (13, 1, 'mql', '2026-01-07'), (14, 1, 'sql', '2026-01-07');
CALL revops.adopt_history('people', 'crm.log', '{"lead": "person", "stage": "stage", "at": "day"}', batch => 1);
CALL revops.adopt_history('people', 'crm.log', '{"lead": "person", "stage": "stage", "at": "day"}');
-- what was told by hand is known
INSERT INTO revops.adopted_move (binding_id, key, at, stage) SELECT binding_id, '3', '2026-02-01', 'nurture' FROM revops.binding;
INSERT INTO crm.log (id, person, stage, day) VALUES (15, 3, 'nurture', '2026-02-01'), (16, 3, 'lead', '2026-02-01');
CALL revops.adopt_history('people', 'crm.log', '{"lead": "person", "stage": "stage", "at": "day"}', batch => 1);

-- ----- the history that is made of them --------------------------------------------
CALL revops.backfill('people');
SELECT l.key, m.seq, m.at, m.from_stage, m.to_stage, m.cause, m.spent
FROM revops.stage_change m JOIN revops.lead l USING (lead_id) ORDER BY 1, 2;
SELECT key, stage, stage_since, created_at FROM revops.lead_status ORDER BY key;
SELECT * FROM revops.verify();
