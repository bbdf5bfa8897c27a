-- A3: what the host's stages are called is translated; the profile keeps the host's word.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme');
CREATE SCHEMA host;
CREATE TYPE host.status AS ENUM ('Open', 'Working', 'Nurturing', 'Qualified', 'Unqualified', 'On hold', 'mql');
CREATE TABLE host.lead (id int PRIMARY KEY, status host.status, stage_id int, country text);

-- before there is an agreement in force any code is taken
INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency) VALUES (2, 'early', 'UTC', 'EUR');
SELECT revops.attach_lead('early', 'host.lead', '{"stage": "status"}', workspace_id => 2, stage_map => '{"Open": "not yet"}') IS NOT NULL AS attached;
SELECT revops.detach('early');
SELECT revops.draft_agreement() AS draft \gset
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS active;

-- refused: no object, no text, no such stage
\set SHOW_CONTEXT never
SELECT revops.attach_lead('leads', 'host.lead', '{"stage": "status"}', stage_map => '["Open"]');
SELECT revops.attach_lead('leads', 'host.lead', '{"stage": "status"}', stage_map => '{"Open": 1, "Working": ""}');
SELECT revops.attach_lead('leads', 'host.lead', '{"stage": "status"}',
    stage_map => '{"Open": "lead", "Working": "workin", "Qualified": "qualified", "On hold": null}');

SELECT revops.attach_lead('leads', 'host.lead', '{"stage": "status", "country": "country"}',
    stage_map => '{"Open": "lead", "Working": "lead", "Nurturing": "nurture", "Qualified": "sql", "Unqualified": "disqualified", "On hold": null}') AS leads \gset
CREATE VIEW told AS SELECT key, stage, p.profile ->> 'stage' AS word, moves,
    (SELECT string_agg(c.to_stage || '/' || c.cause || CASE WHEN c.violation THEN '!' ELSE '' END, ' ' ORDER BY c.seq)
     FROM revops.stage_change c WHERE c.lead_id = l.lead_id) AS went
FROM revops.lead l JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id;

-- a word, a synonym, none, one that says nothing, one that is a code itself
INSERT INTO host.lead VALUES (1, 'Open'), (2, 'Working'), (3, NULL), (4, 'On hold'), (5, 'mql'), (6, 'Nurturing');
SELECT * FROM told ORDER BY key;
-- a synonym is no move, and says nothing is none either; the profile has the word all the same
UPDATE host.lead SET status = 'Working' WHERE id = 1;
UPDATE host.lead SET status = 'On hold' WHERE id = 6;
UPDATE host.lead SET status = 'Qualified' WHERE id = 5;
SELECT * FROM told ORDER BY key;
SELECT count(*) AS faults FROM revops.fault;

-- a word that nothing defines is a fault, as ever
ALTER TYPE host.status ADD VALUE 'Later';
UPDATE host.lead SET status = 'Later' WHERE id = 2;
SELECT * FROM told WHERE key = '2';
SELECT object, sqlstate, message FROM revops.fault;
-- until it is mapped: sessions take up the new map at once
UPDATE revops.binding SET stage_map = stage_map || '{"Later": "nurture"}' WHERE binding_id = :leads;
UPDATE host.lead SET status = 'Open' WHERE id = 2;
UPDATE host.lead SET status = 'Later' WHERE id = 2;
SELECT * FROM told WHERE key = '2';
UPDATE revops.binding SET stage_map = '{"Later": "later"}' WHERE binding_id = :leads;

-- an agreement that drops a stage: what is mapped to it is a fault from then on
SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.stage SET stage = 'parked' WHERE agreement_id = :draft AND stage = 'nurture';
DELETE FROM host.lead WHERE id IN (2, 6);
UPDATE revops.lead SET stage = 'lead' WHERE stage = 'nurture';
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS active;
INSERT INTO host.lead VALUES (7, 'Nurturing');
SELECT * FROM told WHERE key = '7';
SELECT object, message, detail FROM revops.fault ORDER BY fault_id DESC LIMIT 1;

-- numbers of a stage table, in a queued binding
SELECT revops.detach('leads');
SELECT revops.attach_lead('numbered', 'host.lead', '{"stage": "stage_id"}', mode => 'queued',
    stage_map => '{"1": "lead", "2": "mql", "0": null, "": null}') AS numbered \gset
INSERT INTO host.lead (id, stage_id) VALUES (11, 1), (12, 2), (13, 0), (14, NULL);
CALL revops.settle();
SELECT * FROM told WHERE length(key) = 2 ORDER BY key;
UPDATE host.lead SET stage_id = stage_id - 1 WHERE id IN (11, 12);
CALL revops.settle();
SELECT * FROM told WHERE length(key) = 2 ORDER BY key;

-- only leads have stages
CREATE TABLE host.deal (id int PRIMARY KEY, lead_id int);
SELECT revops.attach_opportunity('deals', 'host.deal', 'numbered', '{"lead": "lead_id"}') AS deals \gset
UPDATE revops.binding SET stage_map = '{}' WHERE binding_id = :deals;
SELECT lead_id, field FROM revops.verify() WHERE field NOT IN ('stage', 'rep_id');
