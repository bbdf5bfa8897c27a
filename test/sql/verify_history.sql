-- C4, issue of the lifecycle 8: history is tamper-evident: what an owner changes with the triggers off is named.
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main', 'UTC', 'EUR');
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('inbound');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep WHERE rep = 'ann';
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'home', 'fit', 'country = ''US''', 60);
INSERT INTO revops.question (agreement_id, question, label, kind, position) VALUES (:draft, 'budget', 'Is there a budget?', 'yes_no', 1), (:draft, 'need', 'What is needed?', 'text', 2);
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CREATE TABLE person (id int PRIMARY KEY, country text, industry text, stage text);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz);
CREATE TABLE deal (id int PRIMARY KEY, person int, amount numeric);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "industry": "industry", "stage": "stage"}') > 0
   AND revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0
   AND revops.attach_opportunity('deal', 'deal', 'person', '{"lead": "person", "amount": "amount"}') > 0 AS attached;
CREATE FUNCTION pg_temp.id(key int) RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id('person', $1::text) $$;
INSERT INTO person SELECT n, 'US', NULL, CASE WHEN n < 6 THEN 'mql' END FROM generate_series(1, 9) n;
INSERT INTO act SELECT n, n, CASE n % 2 WHEN 0 THEN 'demo_request' ELSE 'page_visit' END, '2026-03-02 09:00+00' FROM generate_series(1, 9) n;
SELECT revops.answer_question(pg_temp.id(n), 'budget', 'yes'), revops.answer_question(pg_temp.id(n), 'need', 'peace') FROM generate_series(1, 3) n;
SELECT revops.enrich(pg_temp.id(1), '{"industry": "retail"}', 'a provider'), revops.override_score(pg_temp.id(7), 'fit', 70, 'wrong_data');
SELECT revops.record_touch(pg_temp.id(1), 'call');
INSERT INTO deal VALUES (1, 5, 100);
SET pg_revops.now = '2026-03-03 10:00+00';
SELECT revops.reject(pg_temp.id(1), 'no_budget'), revops.recycle(pg_temp.id(2), 'timing', '2026-05-01'), revops.accept(pg_temp.id(3)), revops.assign(pg_temp.id(4), 'bob');
SELECT revops.correct_stage_change(pg_temp.id(1), 2, 'competitor', 'x');
SELECT * FROM revops.verify_history();
-- a seal of it; of what has not changed the next one says nothing
SET pg_revops.now = '2026-03-04 10:00+00';
SELECT length(revops.seal_history()) AS digest;
SELECT length(revops.seal_history()) AS digest;
SELECT seal_id, until, parts, previous IS NOT DISTINCT FROM lag(digest) OVER (ORDER BY seal_id) AS chained FROM revops.history_seal ORDER BY seal_id;
SELECT fact, bucket, cardinality(ids) AS leads FROM revops.history_seal_part ORDER BY fact;
SELECT revops.seal_history('2027-01-01');
SELECT * FROM revops.verify_history();
-- life goes on: what is new is no tampering, and forget() is the one exception
INSERT INTO act VALUES (20, 1, 'page_visit', '2026-03-01 09:00+00');
DELETE FROM act WHERE id = 2;
UPDATE person SET country = 'FR' WHERE id = 9;
SELECT revops.forget(pg_temp.id(2)), revops.forget(pg_temp.id(1));
SELECT because FROM revops.correction;
SELECT answer FROM revops.answer WHERE lead_id = pg_temp.id(2) ORDER BY seq;
SELECT * FROM revops.verify_history();
SET pg_revops.now = '2026-03-05 10:00+00';
SELECT length(revops.seal_history()) AS digest;
SELECT fact, count(*) FROM revops.history_seal_part WHERE seal_id = 3 GROUP BY 1 ORDER BY 1;

-- an owner who switches the triggers off: each column that nothing repeats, and each that something does
CREATE FUNCTION pg_temp.tamper(statement text) RETURNS TABLE (fact text, id bigint, mark bigint, problem text) LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE statement;
    SET LOCAL session_replication_role = origin;
    RETURN QUERY SELECT * FROM revops.verify_history();
END $$;
CREATE PROCEDURE pg_temp.try(statement text) LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    BEGIN
        SELECT coalesce(string_agg(concat_ws(' ', t.fact, t.id, t.mark, t.problem), E'\n    ' ORDER BY t.fact, t.id, t.mark, t.problem), 'UNNOTICED') INTO found
        FROM pg_temp.tamper(statement) t;
        RAISE EXCEPTION 'undo' USING ERRCODE = 'RV999';
    EXCEPTION WHEN SQLSTATE 'RV999' THEN
        RAISE INFO E'%\n    %', statement, found;
    END;
END $$;
\set VERBOSITY terse
CALL pg_temp.try('UPDATE revops.stage_change SET reason = ''timing'' WHERE lead_id = 1 AND seq = 2');
CALL pg_temp.try('UPDATE revops.stage_change SET actor = ''nobody'' WHERE lead_id = 3 AND seq = 2');
CALL pg_temp.try('UPDATE revops.stage_change SET to_stage = ''nurture'' WHERE lead_id = 3 AND seq = 2');
CALL pg_temp.try('UPDATE revops.stage_change SET at = at - interval ''1 hour'' WHERE lead_id = 3 AND seq = 2');
CALL pg_temp.try('DELETE FROM revops.stage_change WHERE lead_id = 3 AND seq = 1');
CALL pg_temp.try('DELETE FROM revops.stage_change WHERE lead_id = 3 AND seq = 2');
CALL pg_temp.try('UPDATE revops.assignment SET rep_id = 1 WHERE lead_id = 4 AND seq = 2');
CALL pg_temp.try('UPDATE revops.assignment SET cause = ''host'' WHERE lead_id = 4 AND seq = 2');
CALL pg_temp.try('DELETE FROM revops.assignment WHERE lead_id = 4 AND seq = 1');
CALL pg_temp.try('DELETE FROM revops.touch WHERE lead_id = 9');
CALL pg_temp.try('UPDATE revops.touch SET source_key = ''77'' WHERE lead_id = 9');
CALL pg_temp.try('UPDATE revops.touch SET signal_id = (SELECT signal_id FROM revops.signal WHERE signal = ''webinar'') WHERE lead_id = 9');
CALL pg_temp.try('UPDATE revops.answer SET answer = ''no'' WHERE lead_id = 1 AND seq = 1');
CALL pg_temp.try('DELETE FROM revops.answer WHERE lead_id = 1 AND seq = 1');
CALL pg_temp.try('UPDATE revops.profile_change SET profile = profile || ''{"title": "boss"}'' WHERE lead_id = 8');
CALL pg_temp.try('UPDATE revops.enrichment SET source = ''hearsay''');
CALL pg_temp.try('UPDATE revops.score_override SET reason = ''not_needed''');
CALL pg_temp.try('UPDATE revops.opportunity_change SET amount = 900');
CALL pg_temp.try('UPDATE revops.nurture_change SET reason = ''no_budget'' WHERE seq = 1');
CALL pg_temp.try('UPDATE revops.correction SET after = ''timing''');
CALL pg_temp.try('UPDATE revops.history_seal SET until = until + interval ''1 day'' WHERE seal_id = 1');
CALL pg_temp.try('DELETE FROM revops.history_seal WHERE seal_id = 2');
CALL pg_temp.try('DELETE FROM revops.history_seal_part WHERE fact = ''touch'' AND seal_id = 1');
CALL pg_temp.try('ALTER TABLE revops.answer DISABLE TRIGGER append_only');
-- nothing is left of it; a seal does not cover tampering up
SELECT * FROM revops.verify_history();
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE revops.stage_change SET reason = 'timing' WHERE lead_id = 1 AND seq = 2;
SELECT revops.seal_history();
ROLLBACK;
