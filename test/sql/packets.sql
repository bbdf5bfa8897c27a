-- Packets of the inbox (A8: capture that is only appended): what is packed and what
-- is not, whatever a row holds, roles that change between capture and settle, an
-- entry that fails among others, erasure, bytes that are no packet.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
SELECT revops.create_workspace('acme', 'UTC', 'EUR') AS workspace;
CREATE TABLE person (id int PRIMARY KEY, stage text, email text, size int, note text);
SELECT revops.attach_lead('people', 'person', '{"stage": "stage", "email": "email", "company_size": "size", "note": "note"}', mode => 'queued') AS people;
CREATE VIEW packed AS SELECT count(*) AS packets, sum(entries) AS entries, count(DISTINCT statement) AS statements, bool_and(octet_length(body) <= 8000) AS fit FROM revops.inbox_packet;
CREATE VIEW waiting AS SELECT what, key, old_key, roles, personal, tries FROM revops.inbox_entry ORDER BY inbox_id;
CREATE VIEW profile AS SELECT l.key, p.profile, i.personal FROM revops.lead l JOIN revops.profile_change p ON p.change_id = l.profile_id LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id;

-- ----- many in a packet, in order, each with a number of its own -----------------
INSERT INTO person SELECT i, 'lead', 'p' || i || '@acme.example', i, repeat('x', i % 300) FROM generate_series(1, 1000) AS i;
SELECT entries = 1000 AS all_packed, packets < 50 AS few, statements, fit FROM packed;
SELECT count(*) AS rows FROM revops.inbox;
SELECT count(DISTINCT inbox_id) AS numbers, bool_and(what = 'written' AND txid IS NOT NULL AND actor = session_user AND told_at = revops.engine_now()) AS told FROM revops.inbox_entry;
SELECT bool_and(key::int = n) AS in_order FROM (SELECT key, row_number() OVER (ORDER BY inbox_id) AS n FROM revops.inbox_entry) AS e;
UPDATE person SET note = NULL, email = NULL, stage = NULL;
SELECT count(*) AS moved, count(DISTINCT inbox_id) AS numbers FROM revops.inbox_entry WHERE what = 'moved';
CALL revops.settle(batch => 70);
SELECT count(*) AS left_over FROM revops.inbox_entry;
SELECT count(*) AS leads, count(DISTINCT key) AS keys, sum(moves) AS moves FROM revops.lead;
SELECT bool_and((profile ->> 'company_size')::int = key::int AND NOT profile ? 'note') AS as_told FROM profile;
-- short ones: no more than there are numbers for
DELETE FROM person WHERE id > 5;
SELECT array_agg(entries ORDER BY inbox_id) AS entries FROM revops.inbox_packet;
CALL revops.settle();
SELECT count(*) FILTER (WHERE gone_at IS NULL) AS there FROM revops.lead;

-- ----- a row that is larger than a page goes by itself, in its turn -----------------
INSERT INTO person SELECT i, 'lead', NULL, i, CASE WHEN i % 2 = 0 THEN (SELECT string_agg(md5(n::text), '') FROM generate_series(1, CASE i WHEN 12 THEN 100000 ELSE 400 END) AS n) ELSE 'small' END FROM generate_series(11, 15) AS i;
SELECT e.key, p.inbox_id IS NULL AS a_row, length(e.roles ->> 'note') AS note FROM revops.inbox_entry e LEFT JOIN revops.inbox_packet p ON e.inbox_id BETWEEN p.inbox_id AND p.inbox_id + p.entries - 1 ORDER BY e.inbox_id;
CALL revops.settle();
SELECT key, length(profile ->> 'note') AS note, md5(profile ->> 'note') = md5((SELECT note FROM person WHERE id = key::int)) AS same FROM profile WHERE key BETWEEN '11' AND '15' AND length(key) = 2 ORDER BY key;
-- one that is as large as fits, and those about as large
INSERT INTO person SELECT 7000 + i, NULL, NULL, NULL, repeat('y', i) FROM generate_series(7880, 8020) AS i;
SELECT count(*) AS rows FROM revops.inbox \gset
SELECT :rows > 20 AS some_rows, :rows + (SELECT entries FROM packed) AS entries, (SELECT fit FROM packed);
CALL revops.settle();
SELECT count(*) AS there, bool_and(length(profile ->> 'note') = key::int - 7000) AS as_told FROM profile WHERE key > '14000' AND length(key) = 5;

-- ----- values of every kind ------------------------------------------------------------
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE TABLE odd (id text PRIMARY KEY, t text, v varchar(10), c char(4), b boolean, i2 smallint, i4 int, i8 bigint, n numeric, f4 real, f8 float8,
    d date, ti time, tz timetz, ts timestamp, tstz timestamptz, iv interval, u uuid, j jsonb, a int[], r int4range, m mood, p positive, x bytea);
SELECT revops.attach_lead('odd_' || mode, 'odd', (SELECT jsonb_object_agg('r_' || column_name, column_name) FROM information_schema.columns WHERE table_name = 'odd' AND column_name <> 'id'),
    filter => CASE mode WHEN 'inline' THEN 'id IS NOT NULL' END, mode => mode) > 0 AS attached FROM unnest('{queued,inline}'::text[]) AS mode;
SET datestyle = 'German';
SET timezone = 'Asia/Kolkata';
SET intervalstyle = 'sql_standard';
INSERT INTO odd VALUES ('', '', '', '', false, -32768, -2147483648, -9223372036854775808, -0.0, '-Infinity', 'NaN',
    '-infinity', '00:00', '00:00+00', '-infinity', 'infinity', '-1 day 2 hours', '00000000-0000-0000-0000-000000000000', 'null', '{}', 'empty', 'sad', 1, ''),
    (E'a|b\\c', E'\u00e9\U0001F600', 'vc', 'ch', true, 1, 2, 3, 'NaN', 1.5, 1e300, '2026-02-28', '23:59:59.999999', '12:00+05:30', '2026-02-28 12:00', '2026-02-28 12:00+00',
     '1 mon', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, "x"]}', '{1,NULL,3}', '[1,5)', 'glad', 7, '\x00ff'),
    ('none', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 12345678901234567890.1234567890, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SET datestyle = 'ISO';
SET timezone = 'UTC';
RESET intervalstyle;
SELECT entries FROM packed;
CALL revops.settle();
SELECT key, count(*) AS sides, count(DISTINCT p.profile) AS said FROM revops.lead l JOIN revops.profile_change p USING (lead_id) WHERE l.binding_id > 1 GROUP BY key ORDER BY key;
SELECT p.profile - 'r_f8' AS profile FROM revops.lead JOIN revops.profile_change p USING (lead_id) JOIN revops.binding b ON b.binding_id = p.binding_id WHERE b.binding = 'odd_queued' AND key LIKE 'a%';

-- ----- roles that change between capture and settle: read by name --------------------------
INSERT INTO person VALUES (20, 'lead', 'eva@acme.example', 20, '42');
SELECT revops.detach('people');
SELECT revops.attach_lead('people', 'person', '{"stage": "stage", "company": "email", "company_size": "size", "note": "note::int", "other": "note"}', mode => 'queued') AS people;
SELECT * FROM waiting;
CALL revops.settle();
SELECT profile, personal FROM profile WHERE key = '20';
-- a role that has become personal since
INSERT INTO person VALUES (21, 'lead', 'ida@acme.example', 21, '43');
SELECT revops.detach('people');
SELECT revops.attach_lead('people', 'person', '{"stage": "stage", "company": "email", "company_size": "size"}', personal => '{company}', mode => 'queued') AS people;
CALL revops.settle();
SELECT profile, personal FROM profile WHERE key = '21';

-- ----- one that fails among others --------------------------------------------------------------
ALTER TABLE revops.profile_change ADD CONSTRAINT small CHECK ((profile ->> 'company_size')::int IS DISTINCT FROM 33) NOT VALID;
INSERT INTO person SELECT i, 'lead', NULL, i, NULL FROM generate_series(31, 35) AS i;
SELECT inbox_id AS first FROM revops.inbox_packet \gset
CALL revops.settle();
SELECT key FROM revops.lead WHERE key BETWEEN '31' AND '35' AND length(key) = 2 ORDER BY key;
SELECT inbox_id - :first AS n, what, key, tries FROM revops.inbox_entry;
SELECT count(*) AS packets FROM revops.inbox_packet;
SELECT object, key, sqlstate, occurrences FROM revops.fault WHERE object = 'inbox';
-- a later packet tells the row whole: the one to be read again is passed over
UPDATE person SET stage = 'mql' WHERE id = 33;
UPDATE person SET stage = 'sql', size = 34 WHERE id = 33;
UPDATE person SET stage = 'nurture' WHERE id = 33;
ALTER TABLE revops.profile_change DROP CONSTRAINT small;
CALL revops.settle();
SELECT from_stage, to_stage FROM revops.stage_change JOIN revops.lead USING (lead_id) WHERE key = '33' ORDER BY seq;
SELECT count(*) AS left_over FROM revops.inbox_entry;

-- ----- erasure -----------------------------------------------------------------------------------
SELECT revops.detach('people');
SELECT revops.attach_lead('people', 'person', '{"stage": "stage", "email": "email", "company_size": "size"}', mode => 'queued') AS people;
INSERT INTO person SELECT i, 'lead', 'secret' || i || '@acme.example', i, NULL FROM generate_series(41, 43) AS i;
CALL revops.settle();
UPDATE person SET email = 'new ' || email, size = size + 100 WHERE id BETWEEN 41 AND 43;
UPDATE person SET id = id + 10 WHERE id BETWEEN 41 AND 43;
UPDATE person SET size = 1 WHERE id BETWEEN 51 AND 53;
SELECT revops.forget(revops.lead_id('people', '42'));
SELECT * FROM waiting;
SELECT bool_or(position('secret42' IN encode(body, 'escape')) > 0) AS named FROM revops.inbox_packet;
CALL revops.settle();
SELECT key, personal FROM profile WHERE key IN ('51', '52', '53') ORDER BY key;

-- ----- deals and touches: packed, but for what takes back ------------------------------------------
CREATE TABLE act (id int PRIMARY KEY, person int, kind text);
CREATE TABLE deal (id int PRIMARY KEY, person int, amount numeric);
SELECT revops.attach_touch('acts', 'act', 'people', '{"lead": "person", "signal": "kind"}') > 0 AS attached,
       revops.attach_opportunity('deals', 'deal', 'people', '{"lead": "person", "amount": "amount"}') > 0 AS attached;
INSERT INTO act SELECT i, 51 + i % 3, 'call' FROM generate_series(1, 9) AS i;
INSERT INTO act VALUES (10, 9999, 'call'), (11, 9999, 'call'), (12, 51, 'call');
UPDATE act SET kind = 'demo_request' WHERE id IN (1, 10);
DELETE FROM act WHERE id IN (2, 11);
INSERT INTO deal VALUES (1, 51, 10), (2, 9999, 20), (3, 9999, 30);
UPDATE deal SET amount = amount + 1;
DELETE FROM deal WHERE id = 3;
SELECT b.binding, e.what, p.inbox_id IS NULL AS a_row, count(*) FROM revops.inbox_entry e JOIN revops.binding b USING (binding_id)
LEFT JOIN revops.inbox_packet p ON e.inbox_id BETWEEN p.inbox_id AND p.inbox_id + p.entries - 1 GROUP BY 1, 2, 3 ORDER BY 1, 2;
CALL revops.settle(batch => 2);
SELECT b.binding, e.what, e.key, e.lead_key FROM revops.inbox_entry e JOIN revops.binding b USING (binding_id) ORDER BY inbox_id;
INSERT INTO person VALUES (9999, 'lead', NULL, NULL, NULL);
CALL revops.settle();
SELECT key, touches FROM revops.lead WHERE key IN ('51', '52', '53', '9999') ORDER BY key;
SELECT o.key, l.key AS lead, o.status, o.amount FROM revops.opportunity o LEFT JOIN revops.lead l USING (lead_id) ORDER BY o.key;
SELECT count(*) AS left_over FROM revops.inbox_entry;

-- ----- a packet of another machine, and what is none ------------------------------------------------
-- bytes in another order: the keys tell which rows to read again
INSERT INTO person VALUES (61, 'mql', 'new61@acme.example', 61, NULL), (62, 'lead', NULL, 62, NULL);
UPDATE revops.inbox_packet SET body = set_byte(body, 0, 3 - get_byte(body, 0));
SELECT * FROM waiting;
SELECT revops.forget(revops.lead_id('people', '51'));
CALL revops.settle();
SELECT key, profile, personal FROM profile WHERE key IN ('61', '62') ORDER BY key;
INSERT INTO person VALUES (63, 'lead', 'new63@acme.example', 63, NULL), (64, 'lead', NULL, 64, NULL);
-- cut anywhere, or with any byte changed, it is read, or refused; nothing worse
CREATE FUNCTION entries_of(bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM revops.packet_entries($1));
EXCEPTION WHEN SQLSTATE 'RV004' THEN
    RETURN 'no packet';
WHEN OTHERS THEN
    RETURN 'odd value';
END
$$;
SELECT bool_and(entries_of(substr(body, 1, n)) IN ('no packet', '0', '1')) AS none_read
FROM revops.inbox_packet, generate_series(0, length(body) - 1) AS n;
SELECT entries_of(body) AS entries, count(entries_of(set_byte(body, n, (get_byte(body, n) + by) % 256))) = 4 * length(body) AS survived
FROM revops.inbox_packet, generate_series(0, length(body) - 1) AS n, unnest('{1,37,128,255}'::int[]) AS by GROUP BY 1, body;
SELECT * FROM revops.packet_entries('');
UPDATE revops.inbox_packet SET body = 'abc';
CALL revops.settle();
DELETE FROM revops.inbox_packet;
CALL revops.settle();
SELECT * FROM revops.verify();
