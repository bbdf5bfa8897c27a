-- Touches of a transaction block are settled at its commit: whatever that sets
-- off, however the block goes on, and however many there are.
SET datestyle = 'ISO';
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION pg_revops;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('acme');
CREATE TABLE lead (id int PRIMARY KEY, country text);
CREATE TABLE act (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lead_id int, kind text);
SELECT revops.attach_lead('crm', 'lead', '{"country": "country"}');
SELECT revops.attach_touch('acts', 'act', 'crm', '{"lead": "lead_id", "signal": "kind"}');
DO $$
DECLARE v int := revops.draft_agreement();
BEGIN
    UPDATE revops.score_model SET half_life = '1000 years' WHERE agreement_id = v;
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (v, 'home', 'fit', 'country = ''US''', 60);
    PERFORM revops.adopt_agreement(v);
END $$;
INSERT INTO lead SELECT n, 'US' FROM generate_series(1, 9) n;
CREATE VIEW shown AS SELECT key, stage, intent, touches FROM revops.lead_status;

-- what a settle sets off at the commit is settled too, once
CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.cause <> 'entry' THEN INSERT INTO public.act (lead_id, kind) VALUES (1, 'page_visit'); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_move AFTER INSERT ON revops.stage_change FOR EACH ROW EXECUTE FUNCTION note_move();
BEGIN;
INSERT INTO act (lead_id, kind) VALUES (2, 'demo_request');
COMMIT;
SELECT * FROM shown WHERE key IN ('1', '2') ORDER BY key;
SELECT * FROM revops.verify();
DROP TRIGGER note_move ON revops.stage_change;
CREATE CONSTRAINT TRIGGER note_move AFTER INSERT ON revops.stage_change DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION note_move();
BEGIN;
INSERT INTO act (lead_id, kind) VALUES (3, 'demo_request');
COMMIT;
INSERT INTO act (lead_id, kind) VALUES (4, 'demo_request');
SELECT * FROM shown WHERE key IN ('1', '3', '4') ORDER BY key;
SELECT * FROM revops.verify();
DROP TRIGGER note_move ON revops.stage_change;

-- a trigger that touches a lead each time a lead gets one: the commit ends
CREATE FUNCTION for_ever() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.act (lead_id, kind) VALUES (5, 'page_visit');
    RETURN NULL;
END $$;
CREATE TRIGGER for_ever AFTER INSERT ON revops.lead_delta FOR EACH ROW EXECUTE FUNCTION for_ever();
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO act (lead_id, kind) VALUES (5, 'page_visit');
COMMIT;
DROP TRIGGER for_ever ON revops.lead_delta;
CALL revops.rescore();
CALL revops.settle();
SELECT l.touches = (SELECT count(*) FROM act WHERE lead_id = 5) AS counted FROM revops.lead l WHERE key = '5';
SELECT * FROM revops.verify();

-- read only from its middle on: what was written before is settled
BEGIN;
INSERT INTO act (lead_id, kind) VALUES (6, 'demo_request');
SET TRANSACTION READ ONLY;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO act (lead_id, kind) VALUES (6, 'page_visit');
SET TRANSACTION READ ONLY;
COMMIT;
SELECT * FROM shown WHERE key = '6';

-- a lead that can't be settled is a fault of its own: the others are moved
ALTER TABLE revops.stage_change ADD CONSTRAINT no_seven CHECK (lead_id <> 7) NOT VALID;
BEGIN;
INSERT INTO act (lead_id, kind) VALUES (7, 'demo_request'), (8, 'demo_request'), (9, 'page_visit');
COMMIT;
SELECT * FROM shown WHERE key IN ('7', '8', '9') ORDER BY key;
SELECT l.key, count(*) AS deltas FROM revops.lead_delta JOIN revops.lead l USING (lead_id) GROUP BY 1;
SELECT lead_id, object, sqlstate, message FROM revops.fault;
ALTER TABLE revops.stage_change DROP CONSTRAINT no_seven;
CALL revops.settle();
SELECT * FROM shown WHERE key = '7';
SELECT * FROM revops.verify();

-- who touched is who moved the lead, at the commit as at a statement's end
INSERT INTO lead VALUES (11, 'US'), (12, 'US');
CREATE ROLE regress_pending_app;
GRANT INSERT ON act TO regress_pending_app;
CREATE FUNCTION visit(lead int) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
    INSERT INTO public.act (lead_id, kind) VALUES (lead, 'demo_request') $$;
ALTER FUNCTION visit OWNER TO regress_pending_app;
SELECT visit(11);
BEGIN;
SELECT visit(12);
COMMIT;
SELECT l.key, c.actor FROM revops.stage_change c JOIN revops.lead l USING (lead_id)
WHERE l.key IN ('11', '12') AND c.cause = 'score' ORDER BY 1;

-- a touch, then a verb, in one block: the touch moves the lead before the verb does
INSERT INTO lead VALUES (13, 'US');
BEGIN;
INSERT INTO act (lead_id, kind) VALUES (13, 'demo_request');
SELECT revops.accept(revops.lead_id('crm', '13'));
COMMIT;
SELECT c.seq, c.to_stage, c.cause, c.intent FROM revops.stage_change c JOIN revops.lead l USING (lead_id) WHERE l.key = '13' ORDER BY 1;
SELECT * FROM revops.verify();

-- savepoints, each way, over many statements of few leads: one entry a lead and level
BEGIN;
DO $$
BEGIN
    FOR i IN 1 .. 3000 LOOP
        BEGIN
            INSERT INTO public.act (lead_id, kind) VALUES (1 + i % 3, 'page_visit');
            IF i % 5 = 0 THEN RAISE EXCEPTION 'undone'; END IF;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
    END LOOP;
END $$;
SELECT count(*) AS leads, sum(touches) AS touches FROM revops.own_touches();
SAVEPOINT a;
SELECT revops.accept(revops.lead_id('crm', '2'));
SELECT revops.recycle(revops.lead_id('crm', '2'), 'timing', '2026-04-01');
SELECT revops.record_touch(revops.lead_id('crm', '2'), 'page_visit') FROM generate_series(1, 2000) \g /dev/null
SELECT count(*) AS leads, sum(touches) AS touches FROM revops.own_touches();
ROLLBACK TO a;
SELECT count(*) AS leads, sum(touches) AS touches FROM revops.own_touches();
COMMIT;
SELECT count(*) FROM revops.own_touches();
SELECT s.key, s.touches, (SELECT count(*) FROM act WHERE lead_id::text = s.key) AS acts FROM shown s WHERE key IN ('1', '2', '3') ORDER BY 1;
SELECT * FROM revops.verify();

-- more leads than memory should hold are settled before the commit
INSERT INTO lead SELECT n, 'FR' FROM generate_series(1001, 71000) n;
BEGIN;
INSERT INTO act (lead_id, kind) SELECT n, 'page_visit' FROM generate_series(1001, 71000) n;
SELECT count(*) AS pending FROM revops.own_touches();
SELECT count(*) AS settled FROM revops.lead WHERE touches = 1 AND key::int > 1000;
SAVEPOINT a;
INSERT INTO act (lead_id, kind) SELECT n, 'page_visit' FROM generate_series(1001, 71000) n;
SELECT count(*) AS settled FROM revops.lead WHERE touches = 2 AND key::int > 1000;
ROLLBACK TO a;
INSERT INTO act (lead_id, kind) SELECT n, 'page_visit' FROM generate_series(1001, 1500) n;
COMMIT;
SELECT touches, count(*) FROM revops.lead WHERE key::int > 1000 GROUP BY 1 ORDER BY 1;
SELECT * FROM revops.verify();

-- the extension is dropped, or made anew, before the commit
BEGIN;
INSERT INTO act (lead_id, kind) VALUES (1, 'page_visit');
DROP EXTENSION pg_revops CASCADE;
CREATE EXTENSION pg_revops;
COMMIT;
SELECT count(*) FROM revops.lead;
