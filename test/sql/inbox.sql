-- Host rows that a fault kept from being settled: read again in batches, those
-- that fail again hold up nobody.
\set SHOW_CONTEXT never
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme', 'UTC', 'EUR') AS workspace;

CREATE TABLE person (id int PRIMARY KEY, size int, is_lead boolean DEFAULT true);
CREATE TABLE visit (id int PRIMARY KEY, person int, counts boolean DEFAULT true);
SELECT revops.attach_lead('people', 'person', '{"company_size": "size"}', filter => 'is_lead');
SELECT revops.attach_touch('visits', 'visit', 'people', '{"lead": "person", "signal": "''page_visit''"}', filter => 'counts');
INSERT INTO person VALUES (0, 10);

-- both filters lose their column: nothing is settled, nothing is lost
ALTER TABLE visit DROP COLUMN counts;
ALTER TABLE person DROP COLUMN is_lead;
INSERT INTO visit SELECT i, 0 FROM generate_series(1, 5) AS i;
INSERT INTO person SELECT i, 10 FROM generate_series(1, 20) AS i;
SELECT count(*) AS leads FROM revops.lead;
SELECT binding_id, count(*) AS waiting FROM revops.inbox GROUP BY binding_id ORDER BY binding_id;

-- the people's filter is mended; the visits before them in the inbox still fail
UPDATE revops.binding SET filter = NULL WHERE binding = 'people';
DELETE FROM person WHERE id = 20;
UPDATE person SET size = 99 WHERE id = 19;
CALL revops.settle(batch => 2);
SELECT count(*) AS leads FROM revops.lead;
SELECT profile FROM revops.profile_change p JOIN revops.lead l ON p.change_id = l.profile_id WHERE l.key = '19';
SELECT binding_id, count(*) AS waiting FROM revops.inbox GROUP BY binding_id ORDER BY binding_id;
SELECT object, sqlstate, message, occurrences FROM revops.fault WHERE object = 'inbox' ORDER BY fault_id;

-- and those too
UPDATE revops.binding SET filter = NULL WHERE binding = 'visits';
CALL revops.settle();
CALL revops.settle();
SELECT touches FROM revops.lead_status WHERE key = '0';
SELECT count(*) AS waiting FROM revops.inbox;
SELECT * FROM revops.verify();

-- a row that was there before the table was attached is taken in at its next
-- update, whatever that changes
CREATE TABLE old_lead (id int PRIMARY KEY, size int, note text);
INSERT INTO old_lead VALUES (1, 10), (2, 10), (3, 10);
SELECT revops.attach_lead('old', 'old_lead', '{"company_size": "size"}');
UPDATE old_lead SET note = 'seen' WHERE id = 1;
UPDATE old_lead SET id = id WHERE id = 2;
SELECT key, stage FROM revops.lead_status WHERE binding = 'old' ORDER BY key;
UPDATE old_lead SET note = 'seen again';
SELECT l.key, count(*) AS profiles FROM revops.profile_change p JOIN revops.lead l USING (lead_id)
WHERE l.key IN ('1', '2', '3') AND p.binding_id = l.binding_id AND l.binding_id = 3 GROUP BY l.key ORDER BY l.key;

-- keys of several columns, of types that print one value in more than one way:
-- each is found in its own type, and no lead is taken for gone
CREATE TABLE odd_key (n numeric(10,2), "When" timestamptz, t text, c char(6), size int, is_lead boolean DEFAULT true,
                      PRIMARY KEY (n, "When", t, c));
SELECT revops.attach_lead('odd', 'odd_key', '{"company_size": "size"}', filter => 'is_lead') > 0 AS attached;
INSERT INTO odd_key VALUES (1.50, '2026-03-01 09:00+00', 'a|b\c', 'x', 1), (2.00, '2026-03-01 09:00+00', '', 'y|', 1),
                           (3.00, '2026-03-01 09:00+00', 'gone', '\', 1);
ALTER TABLE odd_key DROP COLUMN is_lead;
SET timezone = 'Asia/Kolkata';
SET datestyle = 'German';
UPDATE odd_key SET size = 2;
DELETE FROM odd_key WHERE n = 3;
UPDATE revops.binding SET filter = NULL WHERE binding = 'odd';
-- the same value, written otherwise
UPDATE revops.inbox SET key = replace(key, '1.5|', '1.50|');
SELECT DISTINCT key FROM revops.inbox JOIN revops.binding USING (binding_id) WHERE binding = 'odd' ORDER BY key;
CALL revops.settle();
RESET datestyle;
SET timezone = 'UTC';
SELECT l.key, l.gone_at IS NOT NULL AS gone, p.profile FROM revops.lead l JOIN revops.binding USING (binding_id)
JOIN revops.profile_change p ON p.change_id = l.profile_id WHERE binding = 'odd' ORDER BY l.key;
SELECT count(*) AS waiting FROM revops.inbox;
SELECT object, sqlstate, message, detail FROM revops.fault WHERE object = 'inbox' AND at = revops.engine_now() AND key LIKE '%|%';
-- an equal key of another text is another key; one of too few parts is told
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE site (name text COLLATE any_case PRIMARY KEY, size int, is_lead boolean DEFAULT true);
SELECT revops.attach_lead('sites', 'site', '{"company_size": "size"}', filter => 'is_lead') > 0 AS attached;
INSERT INTO site VALUES ('acme', 1);
ALTER TABLE site DROP COLUMN is_lead;
UPDATE site SET name = 'ACME';
UPDATE revops.binding SET filter = NULL WHERE binding = 'sites';
CALL revops.settle();
SELECT l.key, l.gone_at IS NOT NULL AS gone FROM revops.lead l JOIN revops.binding USING (binding_id) WHERE binding = 'sites' ORDER BY l.key;
INSERT INTO revops.inbox (binding_id, at, key) SELECT binding_id, revops.engine_now(), '2' FROM revops.binding WHERE binding = 'odd';
CALL revops.settle();
SELECT object, sqlstate, message, detail FROM revops.fault WHERE key = '2';
SELECT * FROM revops.verify();
