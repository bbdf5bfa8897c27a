-- What a row looked up may go in the very statement that makes the row name it
-- no more (ON DELETE SET NULL): both versions of the row then look the same, and
-- the lead has to learn it all the same, in either mode.
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('acme');
CREATE TABLE stage (id int PRIMARY KEY, name text);
CREATE TABLE inline_lead (id int PRIMARY KEY, stage_id int REFERENCES stage ON DELETE SET NULL ON UPDATE CASCADE, note text);
CREATE TABLE queued_lead (LIKE inline_lead INCLUDING ALL, FOREIGN KEY (stage_id) REFERENCES stage ON DELETE SET NULL ON UPDATE CASCADE);
SELECT revops.attach_lead('inline', 'inline_lead', '{"segment": "(SELECT s.name FROM public.stage s WHERE s.id = inline_lead.stage_id)"}') > 0 AS attached;
SELECT revops.attach_lead('queued', 'queued_lead', '{"segment": "(SELECT s.name FROM public.stage s WHERE s.id = queued_lead.stage_id)"}',
    mode => 'queued') > 0 AS attached;
INSERT INTO stage VALUES (1, 'new'), (2, 'working'), (3, 'working');
INSERT INTO inline_lead VALUES (1, 1), (2, 2);
INSERT INTO queued_lead VALUES (1, 1), (2, 2);
CALL revops.settle();

CREATE VIEW known AS
SELECT b.binding, l.key, p.profile ->> 'segment' AS segment,
       (SELECT count(*) FROM revops.profile_change c WHERE c.lead_id = l.lead_id) AS profiles
FROM revops.lead l JOIN revops.binding b USING (binding_id)
JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id ORDER BY 1, 2;
TABLE known;

-- the stage goes, and takes its name along
DELETE FROM stage WHERE id = 1;
CALL revops.settle();
TABLE known;

-- another stage of the same name: nothing new
UPDATE inline_lead SET stage_id = 3 WHERE id = 2;
UPDATE queued_lead SET stage_id = 3 WHERE id = 2;
-- its key changes, and with it the rows that name it
UPDATE stage SET id = 30 WHERE id = 3;
-- a column that nothing is looked up by
UPDATE inline_lead SET note = 'x';
UPDATE queued_lead SET note = 'x';
SELECT count(*) AS waiting_for_nothing FROM revops.inbox i JOIN revops.binding b USING (binding_id) WHERE b.binding = 'inline';
CALL revops.settle();
TABLE known;
SELECT * FROM revops.verify();
SELECT count(*) AS faults FROM revops.fault;
