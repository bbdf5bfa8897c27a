-- A1, A2: partitioned hosts and inheritance: rows written straight into a partition
-- or child, moved between them, partitions that come and go.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme') AS workspace;
CREATE SCHEMA part;
CREATE TABLE part.lead (id int NOT NULL, region text NOT NULL, stage text, size int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE part.lead_eu PARTITION OF part.lead FOR VALUES IN ('de', 'fr') PARTITION BY LIST (region);
CREATE TABLE part.lead_de PARTITION OF part.lead_eu FOR VALUES IN ('de');
-- its columns have other numbers, and one that was dropped among them
CREATE TABLE part.lead_fr (gone text, size int, stage text, region text NOT NULL, id int NOT NULL);
ALTER TABLE part.lead_fr DROP gone;
ALTER TABLE part.lead_eu ATTACH PARTITION part.lead_fr FOR VALUES IN ('fr');
CREATE TABLE part.lead_rest PARTITION OF part.lead DEFAULT;
CREATE VIEW triggers AS SELECT tgrelid::regclass AS host, regexp_replace(tgname, '_\d+_', '_N_') AS trigger, tgenabled AS enabled
    FROM pg_trigger WHERE NOT tgisinternal AND tgname ~ '^revops_\d' ORDER BY 1, 2;
CREATE VIEW leads AS SELECT b.binding, l.key, l.stage, p.profile ->> 'company_size' AS size, l.gone_at IS NOT NULL AS gone, l.moves
    FROM revops.lead l JOIN revops.binding b USING (binding_id) JOIN revops.profile_change p ON p.change_id = l.profile_id ORDER BY 1, l.key COLLATE "C";

-- ----- attach ------------------------------------------------------------------
SELECT revops.attach_lead('leads', 'part.lead', '{"stage": "stage", "company_size": "size"}') AS leads \gset
SELECT host, count(*) FROM triggers GROUP BY host ORDER BY host;
SELECT * FROM revops.family('part.lead');
SELECT revops.repair_capture(:leads) AS nothing_to_repair;

-- ----- rows written into the parent, a partition, one between ----------------------
INSERT INTO part.lead VALUES (1, 'de', 'lead', 1), (2, 'fr', 'lead', 2), (3, 'us', 'lead', 3);
INSERT INTO part.lead_de VALUES (4, 'de', 'lead', 4);
INSERT INTO part.lead_fr (id, region, stage, size) VALUES (5, 'fr', 'mql', 5);
INSERT INTO part.lead_eu VALUES (6, 'fr', 'lead', 6), (7, 'de', 'lead', 7);
COPY part.lead_fr (id, size, stage, region) FROM stdin;
8	8	lead	fr
9	9	nurture	fr
\.
SELECT key, stage, size, gone, moves FROM leads;
UPDATE part.lead_fr SET stage = 'mql' WHERE id = 8;
UPDATE part.lead_eu SET size = 70 WHERE id = 7;
DELETE FROM part.lead_fr WHERE id = 9;
MERGE INTO part.lead_fr f USING (VALUES (2, 22), (10, 10)) AS s (id, size) ON f.id = s.id
    WHEN MATCHED THEN UPDATE SET size = s.size WHEN NOT MATCHED THEN INSERT (id, region, stage, size) VALUES (s.id, 'fr', 'lead', s.size);
INSERT INTO part.lead_fr (id, region, stage, size) VALUES (5, 'fr', 'sql', 55) ON CONFLICT (id, region) DO UPDATE SET stage = excluded.stage, size = excluded.size;
SELECT key, stage, size, gone, moves FROM leads;
-- nothing was told twice
SELECT l.key, count(*) FROM revops.stage_change c JOIN revops.lead l USING (lead_id) GROUP BY l.key HAVING count(*) > 1 ORDER BY 1;

-- ----- rows that move ----------------------------------------------------------------
-- the key has the region in it: the lead's key is renamed, its history stays
UPDATE part.lead SET region = 'fr' WHERE id = 4;
UPDATE part.lead_eu SET region = 'de' WHERE id = 5;
SELECT key, stage, size, gone, moves FROM leads WHERE key ~ '^[45]\|';
-- a partition keeps its rows to itself
UPDATE part.lead_de SET region = 'fr' WHERE id = 5;
UPDATE part.lead_de SET region = 'us' WHERE id = 5;
SELECT key, gone FROM leads WHERE key ~ '^5\|';

-- ----- TRUNCATE -------------------------------------------------------------------------
-- of one partition: who is gone is found when the inbox is read
TRUNCATE part.lead_de;
SELECT what, key FROM revops.inbox_entry;
CALL revops.settle();
SELECT key, gone FROM leads;
-- of the parent: all, at once; loaded anew they are the same leads
CREATE TEMP TABLE was AS SELECT * FROM leads;
CREATE TEMP TABLE rows AS SELECT * FROM part.lead;
BEGIN;
TRUNCATE part.lead;
SELECT count(*) FILTER (WHERE gone) AS gone, count(*) AS all FROM leads;
INSERT INTO part.lead SELECT * FROM rows;
COMMIT;
CALL revops.settle();
TABLE was EXCEPT TABLE leads;

-- ----- partitions come and go ---------------------------------------------------------------
CREATE TABLE part.lead_uk PARTITION OF part.lead FOR VALUES IN ('uk');
CREATE TABLE part.lead_it (stage text, size int, id int NOT NULL, region text NOT NULL);
ALTER TABLE part.lead ATTACH PARTITION part.lead_it FOR VALUES IN ('it');
INSERT INTO part.lead VALUES (20, 'uk', 'lead', 20);
INSERT INTO part.lead_uk VALUES (21, 'uk', 'lead', 21);
SELECT key FROM leads WHERE key LIKE '%uk';
SELECT revops.repair_capture(:leads) AS made, revops.repair_capture(:leads) AS made_again;
INSERT INTO part.lead_uk VALUES (22, 'uk', 'lead', 22);
INSERT INTO part.lead_it (id, region, stage, size) VALUES (23, 'it', 'mql', 23);
SELECT key, stage, size FROM leads WHERE key ~ 'uk|it';
-- a detached partition is a table like any other: its rows are no leads any more,
-- and whoever writes it is not bothered, whatever the binding says of errors
UPDATE revops.binding SET on_error = 'raise' WHERE binding_id = :leads;
ALTER TABLE part.lead DETACH PARTITION part.lead_uk;
INSERT INTO part.lead_uk VALUES (24, 'uk', 'lead', 24);
UPDATE part.lead_uk SET size = 0;
TRUNCATE part.lead_uk;
SELECT key, size, gone FROM leads WHERE key ~ 'uk';
SELECT count(*) FROM revops.fault;
SELECT count(*) AS stale FROM revops.captures(:leads) WHERE host = 'part.lead_uk'::regclass;
SELECT revops.repair_capture(:leads) AS made;
SELECT count(*) AS stale FROM revops.captures(:leads) WHERE host = 'part.lead_uk'::regclass;
UPDATE revops.binding SET on_error = 'record' WHERE binding_id = :leads;
-- touches that are partitioned
CREATE TABLE part.touch (id int, lead text, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE part.touch_01 PARTITION OF part.touch FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-02-01 00:00+00');
CREATE TABLE part.touch_02 (at timestamptz NOT NULL, lead text, id int NOT NULL);
ALTER TABLE part.touch ATTACH PARTITION part.touch_02 FOR VALUES FROM ('2026-02-01 00:00+00') TO ('2026-03-01 00:00+00');
SELECT revops.attach_touch('touches', 'part.touch', 'leads', '{"lead": "lead", "signal": "''call''", "occurred_at": "at"}') > 0 AS attached;
INSERT INTO part.touch VALUES (1, '1|de', '2026-01-05 00:00+00'), (2, '2|fr', '2026-02-05 00:00+00'), (3, '2|fr', '2026-01-06 00:00+00');
INSERT INTO part.touch_01 VALUES (4, '2|fr', '2026-01-07 00:00+00');
INSERT INTO part.touch_02 (id, lead, at) VALUES (5, '2|fr', '2026-02-07 00:00+00');
DELETE FROM part.touch_02 WHERE id = 2;
SELECT key, touches FROM revops.lead_status WHERE key ~ '^2' ORDER BY 1;
TRUNCATE part.touch_01;
CALL revops.settle();
SELECT key, touches FROM revops.lead_status WHERE key ~ '^2' ORDER BY 1;
SELECT source_key, sum(sign) FROM revops.touch GROUP BY 1 ORDER BY 1;

-- ----- detach leaves nothing --------------------------------------------------------------------
SELECT revops.detach('touches'), revops.detach('leads');
SELECT * FROM triggers;

-- ----- inheritance -------------------------------------------------------------------------------
CREATE SCHEMA inh;
CREATE TABLE inh.lead (id int PRIMARY KEY, stage text, size int);
CREATE TABLE inh.lead_eu (vat text, PRIMARY KEY (id)) INHERITS (inh.lead);
CREATE TABLE inh.lead_de (land text, PRIMARY KEY (id)) INHERITS (inh.lead_eu);
CREATE TABLE inh.lead_us (state text, size int, id int PRIMARY KEY, stage text);
ALTER TABLE inh.lead_us INHERIT inh.lead;
SELECT revops.attach_lead('inherited', 'inh.lead', '{"stage": "stage", "company_size": "size"}') AS inherited \gset
SELECT host, count(*) FROM triggers GROUP BY host ORDER BY host;
INSERT INTO inh.lead VALUES (1, 'lead', 1);
INSERT INTO inh.lead_eu VALUES (2, 'lead', 2, 'v');
INSERT INTO inh.lead_de VALUES (3, 'lead', 3, 'v', 'l');
INSERT INTO inh.lead_us VALUES ('tx', 4, 4, 'lead');
SELECT key, stage, size, gone, moves FROM leads WHERE binding = 'inherited';
-- a statement on the parent reaches the children's rows: told once
UPDATE inh.lead SET stage = 'mql', size = size * 10;
UPDATE ONLY inh.lead SET size = 11;
UPDATE inh.lead_eu SET size = 21 WHERE id = 2;
UPDATE inh.lead_us SET size = 41;
DELETE FROM inh.lead WHERE id = 3;
SELECT key, stage, size, gone, moves FROM leads WHERE binding = 'inherited';
SELECT l.key, c.seq, c.from_stage, c.to_stage FROM revops.stage_change c JOIN revops.lead l USING (lead_id)
    WHERE l.binding_id = :inherited ORDER BY l.key, c.seq;
SELECT count(*) AS profiles FROM revops.profile_change p JOIN revops.lead l USING (lead_id) WHERE l.binding_id = :inherited;
-- TRUNCATE ONLY, of a child, of all: the rows that are left say who is gone
TRUNCATE ONLY inh.lead;
CALL revops.settle();
SELECT key, gone FROM leads WHERE binding = 'inherited';
TRUNCATE inh.lead_us;
CALL revops.settle();
SELECT key, gone FROM leads WHERE binding = 'inherited';
TRUNCATE inh.lead;
CALL revops.settle();
SELECT count(*) FILTER (WHERE NOT gone) AS there FROM leads WHERE binding = 'inherited';
-- children come and go
CREATE TABLE inh.lead_jp (PRIMARY KEY (id)) INHERITS (inh.lead);
ALTER TABLE inh.lead_us NO INHERIT inh.lead;
INSERT INTO inh.lead_us VALUES ('tx', 5, 5, 'lead');
SELECT revops.repair_capture(:inherited) AS made;
SELECT host, count(*) FROM triggers GROUP BY host ORDER BY host;
INSERT INTO inh.lead_jp VALUES (6, 'lead', 6);
SELECT key, gone FROM leads WHERE binding = 'inherited';
SELECT revops.detach('inherited');
SELECT * FROM triggers;
SELECT object, message FROM revops.fault;
SELECT * FROM revops.verify();
