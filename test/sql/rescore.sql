-- rescore(): all leads computed anew, in bulk, equals one by one (B8): touches taken back, deltas that
-- wait, several bindings, personal roles, rules that raise; resumable, online, told as it goes.
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');
CREATE TABLE person (id int PRIMARY KEY, country text, size int, email text, stage text);
CREATE TABLE firm (LIKE person INCLUDING ALL);
CREATE TABLE act (id int PRIMARY KEY, lead_id int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "company_size": "size", "email": "email", "stage": "stage"}') > 0 AS attached,
       revops.attach_lead('firm', 'firm', '{"country": "country", "company_size": "size", "email": "upper(email)"}') > 0 AS attached,
       revops.attach_touch('act', 'act', 'person', '{"lead": "lead_id", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
CREATE FUNCTION new_version(body text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    EXECUTE replace(body, ':v', v::text);
    PERFORM revops.adopt_agreement(v);
END $$;
SELECT new_version($$
    UPDATE revops.score_model SET mql_fit = 60, mql_intent = 30 WHERE agreement_id = :v;
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
        (:v, 'home', 'fit', 'country = ''US''', 45), (:v, 'middle', 'fit', 'company_size between 50 and 500', 30),
        (:v, 'mail', 'negative', 'email ~* ''@gmail''', -20), (:v, 'odd', 'fit', '60 / (company_size - 13) > 0', 5)$$);
SELECT setseed(0.4);
INSERT INTO person SELECT n, (ARRAY['US', 'DE', 'XX'])[1 + n % 3], n % 7 * 100, 'a' || n || (ARRAY['@gmail.com', '@firm.example'])[1 + n % 2]
FROM generate_series(1, 400) n;
INSERT INTO firm SELECT n, (ARRAY['US', 'DE'])[1 + n % 2], n % 5 * 100, 'b' || n || '@gmail.com' FROM generate_series(1, 100) n;
INSERT INTO act SELECT n, 1 + (random() * 399)::int, (ARRAY['webinar', 'pricing_visit', 'email_click', 'unsubscribe', 'nobody knows'])[1 + n % 5],
                       '2026-03-02 10:00+00'::timestamptz - floor(random() * 300) * interval '2 hours'
FROM generate_series(1, 4000) n;
-- some at one and the same moment, some taken back, some moved
UPDATE act SET at = '2026-02-20 00:00+00' WHERE id % 10 = 3;
DELETE FROM act WHERE id % 7 = 0;
UPDATE act SET kind = 'webinar' WHERE id % 11 = 0;
SELECT count(*) FROM revops.verify();

CREATE VIEW state AS
SELECT l.lead_id, l.stage, l.fit, l.disqualified, l.touches, l.last_touch_at, l.intent_pos, l.intent_neg, l.team_id, l.rep_id,
       l.moves, l.assignments, l.clocks, l.running, l.handed_over
FROM revops.lead l;
-- nothing to do: no row is written
CALL revops.rescore();
SELECT state, percent, leads_seen, leads_changed > 0 AS some_written, leads_failed, leads_busy FROM revops.rescore_progress;
CALL revops.rescore();
SELECT state, percent, leads_seen, leads_changed, leads_failed, leads_busy, version FROM revops.rescore_progress;

-- another version: other points, half-life, rules, caps; deltas wait for some leads
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO act SELECT 5000 + n, 1 + n % 50, 'webinar', '2026-03-02 09:00+00' FROM generate_series(1, 90) n;
UPDATE person SET size = 77 WHERE id BETWEEN 40 AND 60;
COMMIT;
SELECT count(*) > 0 AS deltas_wait FROM revops.lead_delta;
SET pg_revops.now = '2026-03-03 10:00+00';
SELECT new_version($$
    UPDATE revops.score_model SET half_life = '30 days', mql_fit = 70, mql_intent = 90 WHERE agreement_id = :v;
    UPDATE revops.score_rule SET points = points + 3 WHERE agreement_id = :v AND kind = 'fit';
    UPDATE revops.score_rule SET points = 8, cap = 20, cap_period = 'week' WHERE agreement_id = :v AND signal = 'webinar';
    UPDATE revops.score_rule SET cap = 30 WHERE agreement_id = :v AND signal = 'pricing_visit';
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:v, 'out', 'disqualify', 'country = ''XX'' AND company_size > 500', 0)$$);
CALL revops.rescore(batch => 37);
SELECT state, percent, leads_seen, leads_failed, leads_busy, version FROM revops.rescore_progress;
SELECT count(*) FROM revops.verify();
SELECT count(DISTINCT agreement_id) AS versions, count(*) FILTER (WHERE stage = 'disqualified') > 0 AS some_out FROM revops.lead;
SELECT count(*) AS deltas FROM revops.lead_delta;
CREATE TABLE in_bulk AS SELECT * FROM state;

-- the same rules again, and a lead with which one of them raises: the leads of its page are taken one by one
SELECT new_version('SELECT');
INSERT INTO person VALUES (1000, 'DE', 13, 'x@firm.example');
CALL revops.rescore();
SELECT count(*) AS faults FROM revops.fault WHERE message = 'division by zero';
SELECT count(*) FROM revops.verify();
(TABLE in_bulk EXCEPT SELECT * FROM state) UNION ALL (SELECT * FROM state WHERE lead_id <> revops.lead_id('person', '1000') EXCEPT TABLE in_bulk);

-- who crosses a floor moves, once, as ever
DELETE FROM person WHERE id = 1000;
SELECT count(*) AS mqls FROM revops.lead WHERE stage = 'mql' \gset before_
SELECT new_version('UPDATE revops.score_model SET mql_fit = 30, mql_intent = 10 WHERE agreement_id = :v');
CALL revops.rescore();
SELECT count(*) > :before_mqls AS more FROM revops.lead WHERE stage = 'mql';
SELECT count(*) FROM revops.verify();
CALL revops.rescore();
SELECT leads_changed, leads_seen FROM revops.rescore_progress;

-- a run that stopped goes on behind its last lead; one that another version came between begins anew
UPDATE revops.rescore_run SET finished_at = NULL, all_seen = false, last_lead = (SELECT lead_id FROM revops.lead ORDER BY 1 OFFSET 449 LIMIT 1), leads_seen = 450;
SELECT state, percent FROM revops.rescore_progress;
CALL revops.rescore();
SELECT state, leads_seen, leads_estimated FROM revops.rescore_progress;
UPDATE revops.rescore_run SET finished_at = NULL, all_seen = false, last_lead = 100000;
SELECT new_version('SELECT');
CALL revops.rescore();
SELECT state, leads_seen, leads_changed, version = (SELECT max(version) FROM revops.agreement) AS newest FROM revops.rescore_progress;
-- and leads that stayed busy are all that is left to the next call
UPDATE revops.rescore_run SET finished_at = NULL;
INSERT INTO revops.rescore_left SELECT 1, min(lead_id) FROM revops.lead;
SELECT state, leads_busy FROM revops.rescore_progress;
CALL revops.rescore();
SELECT state, leads_busy, leads_seen FROM revops.rescore_progress;

-- temporary files in place of memory
SET maintenance_work_mem = '1MB';
SELECT new_version('UPDATE revops.score_rule SET points = 9 WHERE agreement_id = :v AND signal = ''webinar''');
INSERT INTO act SELECT 100000 + n, 1 + n % 400, 'page_visit', '2026-03-01 00:00+00' FROM generate_series(1, 40000) n;
CALL revops.rescore();
SELECT count(*) FROM revops.verify();
RESET maintenance_work_mem;

\set SHOW_CONTEXT never
BEGIN;
CALL revops.rescore();
ROLLBACK;
SELECT revops.rescore_step(1);
CALL revops.rescore();
