-- A1: keys as hosts have them: not unique, NULL for a while, of every type; names
-- of every kind.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme') AS workspace;
CREATE SCHEMA host;
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
CREATE VIEW leads AS SELECT b.binding, l.key, l.stage, p.profile ->> 'company' AS company, l.gone_at IS NOT NULL AS gone
    FROM revops.lead l JOIN revops.binding b USING (binding_id) JOIN revops.profile_change p ON p.change_id = l.profile_id ORDER BY 1, l.key COLLATE "C";

-- ----- a key that two rows may have ------------------------------------------------
CREATE TABLE host.sync (sfid text, company text, stage text, spam boolean NOT NULL DEFAULT false, modified timestamptz);
CALL try($$SELECT revops.attach_lead('sync', 'host.sync', '{}')$$);
CALL try($$SELECT revops.attach_lead('sync', 'host.sync', '{}', key => '{sfid}')$$);
CALL try($$SELECT revops.attach_lead('sync', 'host.sync', '{}', mode => 'queued')$$);
SELECT revops.attach_lead('sync', 'host.sync', '{"company": "company", "stage": "stage", "updated_at": "modified"}',
    filter => 'NOT spam', key => '{sfid}', mode => 'queued') AS sync \gset
SELECT binding, key_unique FROM revops.binding;
CALL try($$SELECT revops.attach_touch('calls', 'host.sync', 'sync', '{"lead": "sfid", "signal": "''call''"}', key => '{sfid}')$$);
CALL try($$SELECT revops.attach_opportunity('deals', 'host.sync', 'sync', '{"lead": "sfid"}', key => '{sfid}')$$);
-- what the leads should be
CREATE VIEW wanted AS SELECT DISTINCT ON (sfid) sfid AS key, stage, company FROM host.sync
    WHERE NOT spam AND sfid IS NOT NULL ORDER BY sfid, modified DESC NULLS LAST, ctid DESC;
CREATE VIEW difference AS
    (SELECT 'wanted' AS only, w.* FROM wanted w EXCEPT ALL SELECT 'wanted', key, stage, company FROM leads WHERE binding = 'sync' AND NOT gone)
    UNION ALL (SELECT 'known', key, stage, company FROM leads WHERE binding = 'sync' AND NOT gone EXCEPT ALL SELECT 'known', w.* FROM wanted w);
INSERT INTO host.sync VALUES
    ('a', 'first', 'lead', false, '2026-01-01'), ('a', 'second', 'mql', false, '2026-01-03'), ('a', 'third', 'lead', false, '2026-01-02'),
    ('b', 'never', 'lead', false, NULL), ('b', 'once', 'lead', false, '2020-01-01'),
    ('c', 'spam', 'lead', true, '2026-01-09'), ('c', 'ham', 'lead', false, '2026-01-01'),
    ('d', 'upper', 'lead', false, NULL), ('d', 'lower', 'lead', false, NULL),
    ('e', 'only spam', 'lead', true, '2026-01-09'), (NULL, 'not yet', 'lead', false, '2026-01-09');
SELECT what, key FROM revops.inbox ORDER BY inbox_id;
CALL revops.settle();
SELECT key, stage, company, gone FROM leads;
TABLE difference;
-- the winner goes: the next one is the lead; the last goes: the lead is gone
DELETE FROM host.sync WHERE company = 'second';
UPDATE host.sync SET spam = true WHERE company = 'ham';
UPDATE host.sync SET modified = '2026-02-01' WHERE company = 'upper';
UPDATE host.sync SET spam = false WHERE company = 'only spam';
CALL revops.settle();
SELECT key, stage, company, gone FROM leads;
TABLE difference;
-- a move is dated by the statement that made it the newest
SET pg_revops.now = '2026-03-02 10:00+00';
UPDATE host.sync SET modified = '2026-03-02', company = 'one' WHERE company = 'once';
SET pg_revops.now = '2026-03-02 11:00+00';
UPDATE host.sync SET modified = '2026-03-03', stage = 'mql' WHERE company = 'never';
SET pg_revops.now = '2026-03-02 12:00+00';
CALL revops.settle();
SELECT seq, to_stage, at FROM revops.stage_change JOIN revops.lead USING (lead_id) WHERE key = 'b' ORDER BY seq;
-- keys that are changed in place: another lead
UPDATE host.sync SET sfid = 'f' WHERE company = 'never';
CALL revops.settle();
SELECT key, stage, company, gone FROM leads WHERE key IN ('b', 'f');
-- random histories
CREATE FUNCTION pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS
    'SELECT choices[1 + floor(random() * cardinality(choices))::int]';
CREATE FUNCTION one_row() RETURNS tid LANGUAGE sql VOLATILE AS 'SELECT ctid FROM host.sync ORDER BY random() LIMIT 1';
CREATE PROCEDURE history(seed float) LANGUAGE plpgsql AS $$
DECLARE
    n int;
    row tid;
BEGIN
    PERFORM setseed(seed);
    FOR i IN 1 .. 60 LOOP
        row := one_row();
        CASE floor(random() * 8)::int
        WHEN 0, 1, 2 THEN INSERT INTO host.sync SELECT pick('a', 'b', 'c', 'd', 'e', NULL), 'co ' || i || x, pick('lead', 'mql', 'nurture'),
            random() < 0.2, CASE WHEN random() < 0.8 THEN timestamptz '2026-01-01' + floor(random() * 20) * interval '1 day' END FROM generate_series(1, 2) x;
        WHEN 3 THEN UPDATE host.sync SET spam = NOT spam WHERE ctid = row;
        WHEN 4 THEN UPDATE host.sync SET modified = '2026-01-05', stage = pick('lead', 'sql') WHERE ctid = row;
        WHEN 5 THEN UPDATE host.sync SET sfid = pick('a', 'f', NULL) WHERE ctid = row;
        WHEN 6 THEN DELETE FROM host.sync WHERE ctid = row;
        ELSE
            IF random() < 0.1 THEN TRUNCATE host.sync; END IF;
        END CASE;
        IF random() < 0.2 THEN ROLLBACK; ELSE COMMIT; END IF;
        IF random() < 0.2 THEN CALL revops.settle(1 + floor(random() * 5)::int); END IF;
    END LOOP;
    CALL revops.settle();
    SELECT count(*) INTO n FROM difference;
    RAISE WARNING '% leads, % differ', (SELECT count(*) FROM wanted) > 2, n;
END
$$;
CALL history(0.1);
CALL history(0.2);
CALL history(0.3);
CALL history(0.4);
-- once there is a unique index, it may be inline; should that be dropped, it stays
DELETE FROM host.sync s WHERE ctid <> (SELECT max(ctid) FROM host.sync x WHERE x.sfid = s.sfid);
CALL revops.settle();
SELECT revops.detach('sync');
CREATE UNIQUE INDEX sync_sfid ON host.sync (sfid);
SELECT revops.attach_lead('sync', 'host.sync', '{"company": "company", "stage": "stage"}', filter => 'NOT spam', key => '{sfid}') = :sync AS same;
SELECT binding, mode, key_unique FROM revops.binding;
DROP INDEX host.sync_sfid;
INSERT INTO host.sync VALUES ('z', 'inline', 'lead');
UPDATE revops.binding SET on_error = 'raise' WHERE binding = 'sync';
UPDATE host.sync SET company = 'goes on' WHERE sfid = 'z';
SELECT key, company, gone FROM leads WHERE key = 'z';
CALL try($$UPDATE revops.binding SET key_columns = '{company}' WHERE binding = 'sync'$$);

-- ----- a key that is NULL for a while: not yet a lead ---------------------------------------
CREATE TABLE host.heroku (id int PRIMARY KEY, sfid varchar(18) COLLATE ucs_basic UNIQUE, company text, stage text, createddate timestamp);
SELECT revops.attach_lead('heroku', 'host.heroku', '{"company": "company", "stage": "stage", "created_at": "createddate AT TIME ZONE ''UTC''"}',
    key => '{sfid}') AS heroku \gset
INSERT INTO host.heroku VALUES (1, NULL, 'new', 'lead', '2026-02-01'), (2, '00Q2', 'old', 'lead', '2026-01-01');
UPDATE host.heroku SET company = 'newer' WHERE id = 1;
SELECT key, company, gone FROM leads WHERE binding = 'heroku';
-- synced: born, created when the host says
UPDATE host.heroku SET sfid = '00Q1' WHERE id = 1;
SELECT key, created_at FROM revops.lead WHERE binding_id = :heroku ORDER BY key;
-- turned NULL: gone; the same one again: back
UPDATE host.heroku SET sfid = NULL WHERE id = 2;
SELECT key, company, gone FROM leads WHERE binding = 'heroku';
DELETE FROM host.heroku WHERE sfid IS NULL;
INSERT INTO host.heroku VALUES (3, '00Q2', 'again', 'lead', '2026-01-01');
SELECT key, company, gone FROM leads WHERE binding = 'heroku';
INSERT INTO host.heroku VALUES (4, NULL, 'x', 'lead'), (5, NULL, 'y', 'lead') ON CONFLICT DO NOTHING;
-- queued as well, and one part of several
CREATE TABLE host.pair (a int, b text, company text, stage text, UNIQUE (a, b));
SELECT revops.attach_lead('pair', 'host.pair', '{"company": "company"}', key => '{a,b}', mode => 'queued') > 0 AS attached;
INSERT INTO host.pair VALUES (1, NULL, 'half', NULL), (NULL, NULL, 'none', NULL), (1, 'x', 'whole', NULL);
CALL revops.settle();
UPDATE host.pair SET b = 'y' WHERE company = 'half';
UPDATE host.pair SET a = NULL WHERE company = 'whole';
SELECT what, key, old_key FROM revops.inbox_entry ORDER BY inbox_id;
CALL revops.settle();
SELECT key, company, gone FROM leads WHERE binding = 'pair';
SELECT count(*) AS faults FROM revops.fault;

-- ----- keys of every type: the same text whatever the session's settings, found again -------
CREATE EXTENSION citext SCHEMA host;
CREATE TYPE host.colour AS ENUM ('red', 'Größe "x"');
CREATE DOMAIN host.code AS char(15) NOT NULL;
CREATE TYPE host.both AS (a int, b text);
CREATE TABLE host.kinds (kind text PRIMARY KEY, type text, sample text, same text);
INSERT INTO host.kinds VALUES
    ('int2', 'int2', '-7', NULL), ('int4', 'int4', '7', NULL), ('int8', 'int8', '9007199254740993', NULL),
    ('numeric', 'numeric(20,4)', '1.5', '1.50'), ('uuid', 'uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc999c0b4ef8bb6d6bb9bd380a11'),
    ('varchar', 'varchar(18)', 'Äb|c', NULL), ('text', 'text', E'a\\b "c"', NULL), ('bpchar', 'char(6)', 'ab', 'ab  '),
    ('domain', 'host.code', 'K1', NULL), ('citext', 'host.citext', 'MiXed', NULL), ('enum', 'host.colour', 'Größe "x"', NULL),
    ('timestamptz', 'timestamptz', '2026-03-01 12:00+00', '2026-03-01 13:00+01'), ('timestamp', 'timestamp(0)', '2026-03-01 12:00', NULL),
    ('date', 'date', '2026-03-01', NULL), ('bytea', 'bytea', '\x00ff5c7c', NULL), ('float8', 'float8', '0.1', NULL), ('bool', 'boolean', 't', NULL),
    ('interval', 'interval', '1 mon 2 days 03:04:05', NULL), ('inet', 'inet', '10.0.0.1/8', NULL), ('array', 'timestamptz[]', '{2026-03-01 12:00+00}', NULL),
    ('range', 'tstzrange', '[2026-03-01 12:00+00,2026-03-02 00:00+00)', NULL), ('row', 'host.both', '(1,x)', NULL), ('name', 'name', 'n', NULL);
DO $$
DECLARE
    k host.kinds;
BEGIN
    FOR k IN SELECT * FROM host.kinds LOOP
        EXECUTE format('CREATE TABLE host.k_%s (id %s PRIMARY KEY, company text)', k.kind, k.type);
        PERFORM revops.attach_lead('k_' || k.kind, ('host.k_' || k.kind)::regclass, '{"company": "company"}',
            mode => CASE WHEN k.kind < 'i' THEN 'queued' ELSE 'inline' END);
        EXECUTE format('INSERT INTO host.k_%s VALUES (%L, ''first'')', k.kind, k.sample);
    END LOOP;
END
$$;
CALL revops.settle();
SELECT binding, key FROM leads WHERE binding LIKE 'k\_%';
SET datestyle = 'German';
SET timezone = 'Asia/Tokyo';
SET intervalstyle = 'iso_8601';
SET bytea_output = 'escape';
SET extra_float_digits = -15;
DO $$
DECLARE
    k host.kinds;
BEGIN
    FOR k IN SELECT * FROM host.kinds LOOP
        EXECUTE format('UPDATE host.k_%s SET company = ''changed'' WHERE id = %L::%s', k.kind, coalesce(k.same, k.sample), k.type);
        -- to be read again, by the text
        INSERT INTO revops.inbox (binding_id, at, key)
            SELECT l.binding_id, '2020-01-01', l.key FROM revops.lead l JOIN revops.binding b USING (binding_id) WHERE b.binding = 'k_' || k.kind;
    END LOOP;
END
$$;
RESET datestyle;
SET timezone = 'UTC';
RESET intervalstyle;
RESET bytea_output;
RESET extra_float_digits;
CALL revops.settle();
SELECT company, gone, count(*) FROM leads WHERE binding LIKE 'k\_%' GROUP BY company, gone;
SELECT object, message, detail FROM revops.fault;
SELECT count(*) AS waiting FROM revops.inbox;

-- ----- names of every kind ----------------------------------------------------------------------
CREATE SCHEMA odd;
CREATE SCHEMA "Grüße.""x"" y";
CREATE TABLE odd."Lead ""Table"".v2" ("Lead-ID" int PRIMARY KEY, "E Mail" text, "Zuständig" text, "Stufe" text,
    "a_very_long_column_name_that_is_exactly_sixty_three_bytes_long_x" text, "user" text, "from.to" text);
CREATE TABLE "Grüße.""x"" y"."order" ("primary" uuid, "select""" text, "default" text, "ctid " text, PRIMARY KEY ("select""", "primary"));
SELECT revops.attach_lead('Odd "one".v2', 'odd."Lead ""Table"".v2"', $${"email": "\"E Mail\"", "owner": "\"Zuständig\"", "stage": "\"Stufe\"",
    "company": "\"a_very_long_column_name_that_is_exactly_sixty_three_bytes_long_x\"", "City of x": "\"user\" || \"from.to\""}$$,
    filter => '"user" IS DISTINCT FROM ''postgres'' AND "Lead-ID" > 0') > 0 AS attached,
    revops.attach_lead('reserved', '"Grüße.""x"" y"."order"', '{"company": "\"default\"", "city": "\"ctid \""}', mode => 'queued') > 0 AS attached;
SELECT binding, host, host_name, key_columns, filter_columns FROM revops.binding WHERE binding IN ('Odd "one".v2', 'reserved') ORDER BY 1;
INSERT INTO odd."Lead ""Table"".v2" VALUES (1, 'q1@odd.example', 'Jörg', 'lead', 'Firma', 'u', '-f'), (2, NULL, NULL, NULL, NULL, 'postgres', NULL), (-1, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "Grüße.""x"" y"."order" VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a|"b"\', 'Co', 'c');
UPDATE "Grüße.""x"" y"."order" SET "default" = 'Ko';
INSERT INTO revops.inbox (binding_id, at, key) SELECT binding_id, '2020-01-01', k FROM revops.binding,
    LATERAL (VALUES ('Odd "one".v2', '1'), ('reserved', 'a\|"b"\\|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')) AS v (b, k) WHERE binding = b;
CALL revops.settle();
SELECT binding, key, stage, company, gone FROM leads WHERE binding IN ('Odd "one".v2', 'reserved');
SELECT profile, personal FROM revops.profile_change JOIN revops.lead_identity USING (lead_id) JOIN revops.lead USING (lead_id) WHERE key = '1' AND profile ? 'City of x';
SELECT object, message, detail FROM revops.fault;
SELECT count(*) AS waiting FROM revops.inbox;
SELECT count(revops.detach(binding)) AS detached FROM revops.binding WHERE binding IN ('Odd "one".v2', 'reserved');
SELECT count(*) AS triggers FROM pg_trigger t WHERE tgrelid IN ('odd."Lead ""Table"".v2"'::regclass, '"Grüße.""x"" y"."order"'::regclass);
SELECT * FROM revops.verify();
