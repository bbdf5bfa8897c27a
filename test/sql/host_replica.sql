-- A2: rows written where session_replication_role is replica (logical replication,
-- AWS DMS, pg_restore --disable-triggers): seen by a binding that says replicated.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme') AS workspace;
CREATE SCHEMA rep;
CREATE TABLE rep.lead (id int PRIMARY KEY, stage text, size int, note text);
CREATE TABLE rep.call (id int PRIMARY KEY, lead int);
CREATE TABLE rep.deal (id int PRIMARY KEY, lead int, won boolean);
CREATE TABLE rep.plain (id int PRIMARY KEY, stage text);
CREATE TABLE rep.part (id int PRIMARY KEY, stage text) PARTITION BY RANGE (id);
CREATE TABLE rep.part_1 PARTITION OF rep.part FOR VALUES FROM (0) TO (100);
CREATE TABLE rep.part_2 (stage text, id int NOT NULL);
ALTER TABLE rep.part ATTACH PARTITION rep.part_2 FOR VALUES FROM (100) TO (200);
CREATE TABLE rep.child (extra text, PRIMARY KEY (id)) INHERITS (rep.plain);
CREATE PROCEDURE try(statement text) LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE WARNING '% %', SQLSTATE, SQLERRM USING DETAIL = detail, HINT = hint;
END
$$;
CREATE VIEW triggers AS SELECT tgrelid::regclass AS host, regexp_replace(tgname, '_\d+_', '_N_') AS trigger, tgenabled AS enabled,
    CASE tgtype & 1 WHEN 1 THEN 'row' ELSE 'statement' END AS for_each, tgparentid <> 0 AS cloned
    FROM pg_trigger WHERE NOT tgisinternal AND tgname ~ '^revops_\d' ORDER BY 1, 2;
CREATE VIEW leads AS SELECT b.binding, l.key, l.stage, l.touches, l.gone_at IS NOT NULL AS gone, l.moves
    FROM revops.lead l JOIN revops.binding b USING (binding_id) ORDER BY 1, l.key COLLATE "C";

-- ----- attach --------------------------------------------------------------------
CALL try($$SELECT revops.attach_lead('leads', 'rep.lead', '{"stage": "stage"}', replicated => true)$$);
CALL try($$SELECT revops.attach_lead('leads', 'rep.lead', '{"stage": "stage"}', mode => 'scan', replicated => true)$$);
SELECT revops.attach_lead('leads', 'rep.lead', '{"stage": "stage", "company_size": "size"}', mode => 'queued', replicated => true) AS leads \gset
CALL try($$SELECT revops.attach_touch('calls', 'rep.call', 'leads', '{"lead": "lead", "signal": "''call''"}', mode => 'inline')$$);
SELECT revops.attach_touch('calls', 'rep.call', 'leads', '{"lead": "lead", "signal": "''call''"}') > 0 AS calls,
       revops.attach_opportunity('deals', 'rep.deal', 'leads', '{"lead": "lead", "won": "won"}') > 0 AS deals,
       revops.attach_lead('parts', 'rep.part', '{"stage": "stage"}', mode => 'queued', replicated => true) > 0 AS parts,
       revops.attach_lead('family', 'rep.plain', '{"stage": "stage"}', mode => 'queued', replicated => true) > 0 AS family;
CALL try($$UPDATE revops.binding SET replicated = false WHERE binding = 'leads'$$);
SELECT binding, mode, replicated FROM revops.binding ORDER BY binding_id;
SELECT * FROM triggers WHERE host::text !~ 'call|deal';

-- ----- as a replica, and as anybody else ----------------------------------------------
SET session_replication_role = replica;
INSERT INTO rep.lead VALUES (1, 'lead', 1), (2, 'lead', 2), (3, 'mql', 3);
COPY rep.lead FROM stdin;
4	lead	4	\N
\.
UPDATE rep.lead SET stage = 'mql' WHERE id IN (1, 4);
UPDATE rep.lead SET id = 5 WHERE id = 2;
UPDATE rep.lead SET note = 'seen';
DELETE FROM rep.lead WHERE id = 3;
INSERT INTO rep.call VALUES (1, 1), (2, 1), (3, 4);
UPDATE rep.call SET lead = 4 WHERE id = 2;
DELETE FROM rep.call WHERE id = 3;
INSERT INTO rep.deal VALUES (1, 4, false);
UPDATE rep.deal SET won = true;
INSERT INTO rep.part VALUES (1, 'lead'), (101, 'lead');
INSERT INTO rep.part_2 (id, stage) VALUES (102, 'mql');
-- for each row, a move to another partition is a DELETE and an INSERT: with another key it is another lead
UPDATE rep.part SET id = id + 99 WHERE id = 1;
INSERT INTO rep.plain VALUES (1, 'lead');
INSERT INTO rep.child VALUES (2, 'lead', 'x');
UPDATE rep.plain SET stage = 'mql';
RESET session_replication_role;
SELECT b.binding, i.what, i.key, i.old_key FROM revops.inbox_entry i JOIN revops.binding b USING (binding_id)
    WHERE b.kind = 'lead' ORDER BY b.binding, i.inbox_id;
CALL revops.settle();
SELECT * FROM leads;
SELECT o.key, l.key AS lead, o.status FROM revops.opportunity o JOIN revops.lead l USING (lead_id);
INSERT INTO rep.lead VALUES (6, 'lead', 6);
UPDATE rep.part SET stage = 'sql' WHERE id = 101;
CALL revops.settle();
SELECT * FROM leads WHERE key IN ('6', '101');
-- TRUNCATE is told as well
SET session_replication_role = replica;
TRUNCATE rep.lead;
TRUNCATE rep.part_2;
TRUNCATE rep.plain;
RESET session_replication_role;
CALL revops.settle();
SELECT * FROM leads;

-- ----- host triggers that write the same row again: read anew, by key ---------------------
CREATE FUNCTION rep.complete() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN UPDATE rep.lead SET stage = 'mql' WHERE id = NEW.id AND stage = 'lead'; RETURN NULL; END$$;
CREATE TRIGGER complete AFTER INSERT ON rep.lead FOR EACH ROW EXECUTE FUNCTION rep.complete();
INSERT INTO rep.lead VALUES (10, 'lead', 1), (11, 'lead', 2), (12, 'nurture', 1);
CALL revops.settle();
SELECT * FROM leads WHERE key IN ('10', '11', '12');

-- ----- Dolibarr's ENABLE TRIGGER ALL turns an ALWAYS trigger into an ordinary one -----------
ALTER TABLE rep.lead DISABLE TRIGGER ALL;
INSERT INTO rep.lead VALUES (20, 'lead', 1);
ALTER TABLE rep.lead ENABLE TRIGGER ALL;
SELECT DISTINCT enabled FROM triggers WHERE host = 'rep.lead'::regclass;
SELECT revops.repair_capture(:leads) AS mended;
SELECT DISTINCT enabled FROM triggers WHERE host = 'rep.lead'::regclass;
SET session_replication_role = replica;
UPDATE rep.lead SET size = 2 WHERE id = 20;
RESET session_replication_role;
CALL revops.settle();
SELECT * FROM leads WHERE key = '20';

-- ----- a binding that is not replicated sees nothing of it, and says so ---------------------
SELECT revops.detach('family');
SELECT revops.attach_lead('family', 'rep.plain', '{"stage": "stage"}') > 0 AS family;
SET session_replication_role = replica;
INSERT INTO rep.plain VALUES (30, 'lead');
RESET session_replication_role;
SELECT * FROM leads WHERE key = '30';
SELECT DISTINCT host, enabled FROM triggers WHERE host IN ('rep.plain'::regclass, 'rep.child'::regclass);

SELECT revops.detach(binding) FROM revops.binding ORDER BY binding_id;
SELECT * FROM triggers;
SELECT object, message FROM revops.fault;
SELECT * FROM revops.verify();
