-- Bindings of mode queued: what is refused, what a statement leaves in the inbox,
-- how it is settled; and touches and deals whose lead is not known yet.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme', 'UTC', 'EUR') AS workspace;
CREATE TABLE person (id int PRIMARY KEY, stage text, owner text, size int, email text, note text);
CREATE TABLE activity (id int PRIMARY KEY, person int, kind text, at timestamptz);
CREATE TABLE deal (id int PRIMARY KEY, person int, won boolean, amount numeric);
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
CREATE VIEW waiting AS SELECT b.binding, i.what, i.key, i.old_key, i.roles, i.personal, i.tries, i.lead_key
    FROM revops.inbox_entry i JOIN revops.binding b USING (binding_id) ORDER BY inbox_id;

-- ----- attach ----------------------------------------------------------------
CALL try($$SELECT revops.attach_lead('people', 'person', '{"stage": "stage"}', mode => 'queued', on_violation => 'strict')$$);
CALL try($$SELECT revops.attach_lead('people', 'person', '{"stage": "stage"}', mode => 'later')$$);
CALL try($$SELECT revops.attach_lead('people', 'person', '{"stage": "stage"}', mode => NULL)$$);
SELECT revops.attach_lead('people', 'person', '{"stage": "stage", "owner": "owner", "company_size": "100 / size", "email": "email"}', mode => 'queued') AS people,
       revops.attach_touch('activities', 'activity', 'people', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') AS activities,
       revops.attach_opportunity('deals', 'deal', 'people', '{"lead": "person", "won": "won", "amount": "amount"}', mode => 'inline') AS deals;
SELECT binding, mode FROM revops.binding ORDER BY binding_id;
CALL try($$UPDATE revops.binding SET on_violation = 'strict' WHERE binding = 'people'$$);
CALL try($$UPDATE revops.binding SET mode = 'inline' WHERE binding = 'people'$$);

-- ----- what a statement says ---------------------------------------------------
INSERT INTO person VALUES (1, 'lead', NULL, 10, 'mia@acme.example', NULL);
UPDATE person SET stage = 'mql' WHERE id = 1;
-- no role changed, and the lead is not settled yet: the row may be older than the binding
UPDATE person SET note = 'called' WHERE id = 1;
-- in one transaction: of changes that follow each other the last counts, moves all do
BEGIN;
UPDATE person SET size = 20;
UPDATE person SET size = 25;
SAVEPOINT s;
UPDATE person SET stage = 'nurture', size = 50;
ROLLBACK TO s;
UPDATE person SET stage = 'sql';
UPDATE person SET stage = 'mql';
COMMIT;
UPDATE person SET id = 2;
INSERT INTO activity VALUES (1, 2, 'call', NULL);
SELECT * FROM waiting;
SELECT count(*) AS leads FROM revops.lead;
SET pg_revops.now = '2026-03-02 10:00+00';
CALL revops.settle();
SELECT key, stage, touches FROM revops.lead_status;
SELECT seq, from_stage, to_stage, at FROM revops.stage_change ORDER BY seq;
SELECT at, profile FROM revops.profile_change ORDER BY change_id;
SELECT occurred_at, recorded_at FROM revops.touch;
SELECT count(*) AS waiting FROM waiting;
-- now it is known: nothing to say
UPDATE person SET note = 'called again';
SELECT count(*) AS waiting FROM waiting;
DELETE FROM person;
TRUNCATE activity;
SELECT what, key FROM waiting;
CALL revops.settle();
SELECT key, gone_at, touches FROM revops.lead;
SELECT count(*) AS waiting FROM waiting;

-- ----- a whole table ------------------------------------------------------------
INSERT INTO person SELECT i, 'lead', NULL, 1 + i % 50, NULL, NULL FROM generate_series(5001, 6200) AS i;
TRUNCATE person;
COPY person FROM stdin;
101	mql	\N	10	a@b.example	\N
102	lead	\N	10	c@d.example	\N
\.
SELECT count(*) AS waiting FROM waiting;
CALL revops.settle(batch => 77);
SELECT count(*) AS waiting FROM waiting;
SELECT count(*) AS leads, count(*) FILTER (WHERE gone_at IS NOT NULL) AS gone FROM revops.lead WHERE key ~ '^[56]...$';
SELECT key, stage FROM revops.lead_status WHERE key IN ('101', '102') ORDER BY key;
-- keys that are swapped in one statement of many, a page at a time
CREATE TABLE pair (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, tag text);
SELECT revops.attach_lead('pairs', 'pair', '{"tag": "tag"}', key => '{id}', mode => 'queued') > 0 AS attached;
INSERT INTO pair SELECT i, 'was ' || i FROM generate_series(1, 20) AS i;
UPDATE pair SET id = 21 - id;
CALL revops.settle(batch => 3);
SELECT count(*) AS leads, count(*) FILTER (WHERE p.profile ->> 'tag' = 'was ' || 21 - l.key::int) AS right_ones
FROM revops.lead l JOIN revops.profile_change p ON p.change_id = l.profile_id
JOIN revops.binding b ON b.binding_id = l.binding_id WHERE b.binding = 'pairs';

-- ----- what fails -----------------------------------------------------------------
-- a role that raises: the others are told
UPDATE person SET size = 0, stage = 'sql' WHERE id = 101;
SELECT what, key, roles FROM waiting;
SELECT object, sqlstate, message FROM revops.fault;
CALL revops.settle();
SELECT key, stage FROM revops.lead_status WHERE key = '101';
-- settling that raises: the entry becomes a row to be read again, later each time; others go on
ALTER TABLE revops.profile_change ADD CONSTRAINT small CHECK ((profile ->> 'company_size')::int IS DISTINCT FROM 5) NOT VALID;
UPDATE person SET size = 20, email = 'new@b.example' WHERE id = 101;
UPDATE person SET size = 25 WHERE id = 102;
CALL revops.settle();
SELECT what, key, personal, tries FROM waiting;
SELECT at FROM revops.inbox;
SELECT revops.read_inbox(0, 10, only_due => true) IS NULL AS not_due;
CALL revops.settle();
SELECT at, tries FROM revops.inbox;
SELECT profile ->> 'company_size' AS size FROM revops.profile_change p JOIN revops.lead l ON profile_id = change_id WHERE key = '102';
SELECT key, object, sqlstate, occurrences FROM revops.fault WHERE object = 'inbox' ORDER BY fault_id;
ALTER TABLE revops.profile_change DROP CONSTRAINT small;
CALL revops.settle();
SELECT count(*) AS waiting FROM waiting;
SELECT personal FROM revops.lead_identity JOIN revops.lead USING (lead_id) WHERE key = '101';

-- ----- forget -----------------------------------------------------------------------
UPDATE person SET email = 'secret@b.example' WHERE id = 101;
UPDATE person SET id = 103 WHERE id = 101;
SELECT key, personal FROM waiting;
SELECT revops.forget(revops.lead_id('people', '101'));
SELECT key, personal FROM waiting;
CALL revops.settle();
SELECT count(*) AS known FROM revops.lead_identity WHERE personal::text LIKE '%secret%';

-- ----- leads that are not known yet ---------------------------------------------------
SELECT revops.detach('activities'), revops.detach('people'), revops.detach('deals');
INSERT INTO revops.inbox (binding_id, at, what) SELECT binding_id, revops.engine_now(), 'truncated' FROM revops.binding WHERE binding = 'activities';
CALL try($$SELECT revops.attach_touch('activities', 'activity', 'people', '{"lead": "person", "signal": "kind", "occurred_at": "at"}')$$);
SELECT revops.attach_lead('people', 'person', '{"stage": "stage", "email": "email"}') > 0 AS attached;
CALL try($$SELECT revops.attach_touch('activities', 'activity', 'people', '{"lead": "person", "signal": "kind", "occurred_at": "at"}')$$);
CALL revops.settle();
SELECT revops.attach_touch('activities', 'activity', 'people', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached,
       revops.attach_opportunity('deals', 'deal', 'people', '{"lead": "person", "won": "won", "amount": "amount"}') > 0 AS attached;
SELECT binding, mode FROM revops.binding ORDER BY binding_id;
SET pg_revops.now = '2026-03-03 09:00+00';
INSERT INTO activity VALUES (11, 201, 'demo_request', NULL), (12, 201, 'page_visit', NULL), (13, 202, 'page_visit', NULL), (14, 203, 'call', NULL), (15, NULL, 'call', NULL);
INSERT INTO deal VALUES (1, 201, false, 10);
UPDATE deal SET amount = 20;
DELETE FROM activity WHERE id = 12;
UPDATE activity SET person = 204 WHERE id = 13;
SELECT binding, what, key, tries, lead_key FROM waiting;
SELECT key, message FROM revops.fault WHERE at >= '2026-03-03' ORDER BY key;
SET pg_revops.now = '2026-03-03 10:00+00';
INSERT INTO person VALUES (201, 'lead', NULL, 1, NULL, NULL), (202, 'lead', NULL, 1, NULL, NULL);
SELECT key, stage, touches FROM revops.lead_status WHERE key LIKE '20_' ORDER BY key;
SELECT source_key, occurred_at, recorded_at, sign FROM revops.touch WHERE recorded_at >= '2026-03-03' ORDER BY touch_id;
SELECT l.key, o.status, o.amount FROM revops.opportunity o LEFT JOIN revops.lead l USING (lead_id);
UPDATE person SET id = 204 WHERE id = 202;
CALL revops.settle();
SELECT key, stage, touches FROM revops.lead_status WHERE key LIKE '20_' ORDER BY key;
SELECT binding, what, key, tries, lead_key FROM waiting;
-- it waits twice as long each time, and is told as a fault once, after a day
DO $$
BEGIN
    FOR i IN 1 .. 40 LOOP
        PERFORM set_config('pg_revops.now', min(at)::text, false) FROM revops.inbox;
        PERFORM revops.read_inbox(0, 100, true);
    END LOOP;
END
$$;
SELECT tries, extract(day FROM at - revops.engine_now()) AS days FROM revops.inbox;
SELECT key, object, sqlstate, message, detail, occurrences FROM revops.fault WHERE at > '2026-03-03 10:00+00';
TRUNCATE activity;
SELECT binding, what, key, lead_key FROM waiting;
CALL revops.settle();
SELECT count(*) AS waiting FROM waiting;
INSERT INTO person VALUES (203, 'lead', NULL, 1, NULL, NULL);
SELECT key, touches FROM revops.lead WHERE key LIKE '20_' ORDER BY key;
SELECT * FROM revops.verify();
