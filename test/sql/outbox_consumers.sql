-- F6: consumers of the outbox read at their own pace, lose nothing, and know
-- each event by its key.
SET datestyle = 'ISO';
SET timezone = 'UTC';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('acme');
SELECT revops.create_workspace('other');
CREATE TABLE lead (id int PRIMARY KEY, owner text);
SELECT revops.attach_lead('leads', 'lead', jsonb_build_object('owner', 'owner')) > 0 AS attached;
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO lead VALUES (1, 'ann');

-- registered: from now on, or from the beginning of what is kept
SELECT revops.register_consumer('mailer', note => 'sends mail');
SELECT revops.register_consumer('archive', from_beginning => true);
SELECT revops.register_consumer('abroad', 2, from_beginning => true);
SELECT revops.register_consumer('breaches', kinds => '{sla_breached}', from_beginning => true);
SELECT consumer, state, events_behind, seconds_behind FROM revops.event_consumers ORDER BY consumer;
SELECT event, lead_key FROM revops.read_events('mailer');
SELECT token, event, binding, lead_key, version, payload FROM revops.read_events('archive');
SELECT event, lead_key FROM revops.read_events('abroad');
SELECT event, lead_key FROM revops.read_events('breaches');

-- what is wrong is said
\set SHOW_CONTEXT never
CREATE PROCEDURE try(statement text) LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RAISE NOTICE 'done: %', statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE NOTICE USING MESSAGE = format('%s: %s', state, message), DETAIL = detail, HINT = hint;
END
$$;
CALL try($$SELECT revops.register_consumer('mailer')$$);
CALL try($$SELECT revops.register_consumer('x', 3)$$);
CALL try($$SELECT revops.register_consumer('')$$);
CALL try($$SELECT revops.register_consumer('x', kinds => '{assigned,exploded}')$$);
CALL try($$SELECT revops.register_consumer('x', kinds => '{}')$$);
CALL try($$SELECT revops.register_consumer('x', reader => 'nobody_there')$$);
CALL try($$SELECT revops.drop_consumer('x')$$);
CALL try($$SELECT revops.read_events('x')$$);
CALL try($$SELECT revops.read_events('mailer', 0)$$);
CALL try($$SELECT revops.commit_events('mailer', 1)$$);
CALL try($$SELECT revops.commit_events('mailer', NULL)$$);
CALL try($$SELECT revops.commit_events('archive', 1, 100000)$$);

-- not committed: it comes again, with the same key; the older token is void
SELECT key AS first_key FROM revops.read_events('archive') \gset
SELECT token, key = :'first_key' AS same_key FROM revops.read_events('archive');
SELECT revops.commit_events('archive', 1);
SELECT revops.commit_events('archive', 3);
SELECT revops.commit_events('archive', 3);
SELECT count(*) FROM revops.read_events('archive');

-- more than is taken at once: in pieces, each once, in order
INSERT INTO lead SELECT n, 'ann' FROM generate_series(2, 8) n;
SELECT event, lead_key FROM revops.read_events('archive', 3);
SELECT events_behind, handed_out, state FROM revops.event_consumers WHERE consumer = 'archive';
SELECT revops.commit_events('archive', 4);
INSERT INTO lead VALUES (9, 'ann');
SELECT event, lead_key FROM revops.read_events('archive', 3);
SELECT revops.commit_events('archive', 5);
SELECT event, lead_key FROM revops.read_events('archive', 3);
SELECT revops.commit_events('archive', 6);
SELECT event, lead_key FROM revops.read_events('archive', 3);
SELECT revops.commit_events('archive', 7);
SELECT state, events_behind, committed FROM revops.event_consumers WHERE consumer = 'archive';
SELECT count(*) AS put_aside FROM revops.event_unread;

-- a part of what was handed out, event by event
SELECT array_agg(event_id ORDER BY event_id) AS ids, min(token) AS token FROM revops.read_events('mailer') \gset
SELECT revops.commit_events('mailer', :token, (:'ids'::bigint[])[2]);
SELECT revops.commit_events('mailer', :token, (:'ids'::bigint[])[2]);
SELECT revops.commit_events('mailer', :token, (:'ids'::bigint[])[3]);
SELECT event, lead_key FROM revops.read_events('mailer', 2);
SELECT revops.commit_events('mailer', :token + 1);
SELECT lead_key FROM revops.read_events('mailer');
SELECT revops.commit_events('mailer', :token + 2);
SELECT state, committed FROM revops.event_consumers WHERE consumer = 'mailer';

-- a reader that is rolled back has read nothing
INSERT INTO lead VALUES (10, 'ann');
BEGIN;
SELECT lead_key, token FROM revops.read_events('mailer') \gset
SELECT revops.commit_events('mailer', :token);
ROLLBACK;
SELECT lead_key, token FROM revops.read_events('mailer');
SELECT revops.commit_events('mailer', :token);

-- what a transaction writes around its own reading comes, once
BEGIN;
INSERT INTO lead VALUES (11, 'ann');
SELECT count(*) AS read_before FROM revops.read_events('mailer');
INSERT INTO lead VALUES (12, 'ann');
SAVEPOINT s;
INSERT INTO lead VALUES (13, 'ann');
RELEASE s;
COMMIT;
SELECT lead_key, token FROM revops.read_events('mailer');
SELECT revops.commit_events('mailer', token) FROM revops.event_consumer WHERE consumer = 'mailer';
BEGIN;
INSERT INTO lead VALUES (14, 'ann');
-- others commit meanwhile, with higher numbers
CREATE EXTENSION IF NOT EXISTS dblink;
SELECT dblink_exec(format('host=%s port=%s dbname=%s user=%s', split_part(current_setting('unix_socket_directories'), ',', 1),
                          current_setting('port'), current_database(), current_user),
                   'SET pg_revops.now = ''2026-03-02 09:00+00''; INSERT INTO lead VALUES (15, ''ann''); INSERT INTO lead VALUES (16, ''ann'')');
SELECT lead_key, token FROM revops.read_events('mailer') ORDER BY lead_key;
SELECT revops.commit_events('mailer', token) FROM revops.event_consumer WHERE consumer = 'mailer';
INSERT INTO lead VALUES (17, 'ann');
COMMIT;
SELECT lead_key FROM revops.read_events('mailer');
SELECT revops.commit_events('mailer', token) FROM revops.event_consumer WHERE consumer = 'mailer';
SELECT lead_key FROM revops.read_events('mailer');

-- looking often writes nothing: one read in ten seconds is noted
SELECT xmin AS before FROM revops.event_consumer WHERE consumer = 'mailer' \gset
SELECT count(*) FROM revops.read_events('mailer');
SELECT xmin = :before AS as_before FROM revops.event_consumer WHERE consumer = 'mailer';
SET pg_revops.now = '2026-03-02 09:00:11+00';
SELECT count(*) FROM revops.read_events('mailer');
SELECT last_read_at FROM revops.event_consumers WHERE consumer = 'mailer';

-- the key is of what the row says
SELECT count(*) = count(DISTINCT revops.event_key(e)) AS keys_differ FROM revops.event e;
SELECT revops.event_key(ROW('737', 1, 1, 1, '2026-03-02 09:00+00', 1, 'assigned')::revops.event);
SET timezone = 'Asia/Tokyo';
SELECT revops.event_key(ROW('737', 1, 1, 1, '2026-03-02 09:00+00', 1, 'assigned')::revops.event);
RESET timezone;
SET timezone = 'UTC';

-- who may read: who has the reader's role, which the caller's is by default
CREATE ROLE outbox_mail; GRANT revops_reader TO outbox_mail;
CREATE ROLE outbox_sales; GRANT revops_sales TO outbox_sales;
CREATE ROLE outbox_admin; GRANT revops_admin TO outbox_admin;
SET ROLE outbox_sales;
SELECT revops.register_consumer('mine');
SELECT revops.read_events('mailer');
SELECT revops.commit_events('mailer', 1);
SELECT consumer FROM revops.event_consumers;
SET ROLE outbox_admin;
SELECT revops.register_consumer('crm', reader => 'outbox_mail', from_beginning => true) > 0 AS registered;
SELECT reader FROM revops.event_consumers WHERE consumer = 'crm';
UPDATE revops.event_consumer SET kinds = '{assigned,stage_changed}' WHERE consumer = 'crm';
UPDATE revops.event_consumer SET kinds = '{nothing}' WHERE consumer = 'crm';
UPDATE revops.event_consumer SET seen = '1:1:' WHERE consumer = 'crm';
SET ROLE outbox_mail;
SELECT count(*), min(payload ->> 'rep') AS rep FROM revops.read_events('crm');
SELECT revops.commit_events('crm', 1);
SELECT consumer, state FROM revops.event_consumers;
SELECT count(*) FROM revops.event;
RESET ROLE;
SELECT revops.drop_consumer('crm');
DROP ROLE outbox_mail, outbox_sales, outbox_admin;

-- retention: what is older than is kept, and what no consumer waits for
SELECT count(*) AS there FROM revops.event;
SELECT revops.drop_consumer('breaches'), revops.drop_consumer('abroad');
SELECT count(*) AS unread FROM revops.read_events('archive', 4);
\set VERBOSITY terse
DELETE FROM revops.event;
\set VERBOSITY default
SET pg_revops.now = '2026-03-05 09:00+00';
SELECT revops.run_due();
SELECT count(*) AS without_a_setting FROM revops.event;
INSERT INTO revops.event_retention (workspace_id, keep) VALUES (1, '2 days');
SELECT revops.run_due();
-- archive has yet to read the last
SELECT count(*) AS waited_for FROM revops.event;
SELECT purged, purged_unread FROM revops.event_retention;
SELECT consumer, state, events_behind FROM revops.event_consumers ORDER BY consumer;
SELECT revops.commit_events('archive', token) FROM revops.event_consumer WHERE consumer = 'archive';
SET pg_revops.now = '2026-03-05 09:11+00';
SELECT revops.run_due(2);
SELECT revops.run_due(2);
SELECT revops.run_due(2);
SELECT count(*) AS after_two_a_call FROM revops.event;
INSERT INTO lead VALUES (20, 'bob');
SELECT revops.run_due();
SELECT count(*) AS with_a_young_one FROM revops.event;

-- a consumer that has not read for too long is named, and holds nothing back
SET pg_revops.now = '2026-03-12 09:12+00';
SELECT consumer, state, events_behind FROM revops.event_consumers ORDER BY consumer;
SELECT count(*) FROM revops.read_events('mailer');
SELECT revops.run_due();
SELECT count(*) AS one_still_waits FROM revops.event;
SELECT revops.commit_events('mailer', token) FROM revops.event_consumer WHERE consumer = 'mailer';
SET pg_revops.now = '2026-03-12 09:23+00';
SELECT revops.run_due();
SELECT count(*) AS nobody_waits FROM revops.event;
SELECT consumer, state, events_behind, missed, missed_until FROM revops.event_consumers ORDER BY consumer;
SELECT count(*) FROM revops.read_events('archive');
SELECT count(*) FROM revops.read_events('archive');
SELECT purged, purged_unread FROM revops.event_retention;
SELECT count(*) AS facts_stay FROM revops.assignment;
SELECT count(*) AS faults FROM revops.fault;
SELECT count(*) AS drift FROM revops.verify();

-- who registered, changed and dropped is written down, reading is not
SELECT definition, operation, count(*) FROM revops.definition_change WHERE definition LIKE 'event%' GROUP BY 1, 2 ORDER BY 1, 2;

-- the catalogue: every kind has fields, and the payload has those and no others, whatever is not there
SELECT k.event AS differs, p.keys, f.fields
FROM revops.event_kind k,
     LATERAL (SELECT array_agg(j ORDER BY j COLLATE "C") AS keys FROM jsonb_object_keys(revops.event_payload(k.event, -1, -1)) j) p,
     LATERAL (SELECT array_agg(field ORDER BY field COLLATE "C") AS fields FROM revops.event_field WHERE event = k.event) f
WHERE p.keys IS DISTINCT FROM f.fields;
SELECT count(*) AS kinds, count(DISTINCT event) AS different, min(version) FROM revops.event_kind;
SELECT event, field FROM revops.event_field GROUP BY event, field HAVING count(*) > 1;
