-- C4, D4: corrections are facts: the corrected reading is what views and KPIs show, what was written stays visible.
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main', 'UTC', 'EUR');
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'home', 'fit', 'country = ''US''', 60);
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CREATE TABLE person (id int PRIMARY KEY, country text, stage text);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "stage": "stage"}') > 0
   AND revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
CREATE FUNCTION pg_temp.id(key int) RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id('person', $1::text) $$;
INSERT INTO person SELECT n, 'US', CASE WHEN n < 4 THEN 'mql' END FROM generate_series(1, 4) n;
SET pg_revops.now = '2026-03-03 10:00+00';
SELECT revops.reject(pg_temp.id(1), 'no_budget'), revops.recycle(pg_temp.id(2), 'timing', '2026-05-01'), revops.accept(pg_temp.id(3));

-- the reason of a move
SET pg_revops.now = '2026-03-04 10:00+00';
SELECT revops.correct_stage_change(pg_temp.id(1), 2, 'competitor', 'wrong line of the list');
SELECT revops.correct_stage_change(pg_temp.id(2), 2, 'no_urgency', 'they said so');
SET pg_revops.now = '2026-03-05 10:00+00';
SELECT revops.correct_stage_change(pg_temp.id(1), 2, 'wrong_segment', 'looked again');
SELECT l.key, s.seq, s.reason FROM revops.stage_change s JOIN revops.lead l USING (lead_id) WHERE s.reason IS NOT NULL ORDER BY 1;
SELECT l.key, h.outcome, h.reason FROM revops.handoff h JOIN revops.lead l USING (lead_id) ORDER BY 1;
SELECT outcome, reason, n FROM revops.kpi_rejection_reasons('month') ORDER BY 1, 2;
SELECT l.key, y.reason FROM revops.recycling y JOIN revops.lead l USING (lead_id);
SELECT objections FROM revops.handoff_brief(pg_temp.id(1));
SELECT l.key, r.reason FROM revops.rejection r JOIN revops.lead l USING (lead_id);
SELECT at, kind, what, before, after, detail ->> 'because' AS because, detail ->> 'reason' AS reason FROM revops.timeline(pg_temp.id(1)) WHERE kind IN ('stage', 'correction');
-- refused
SELECT revops.correct_stage_change(4711, 1, 'timing', 'x');
SELECT revops.correct_stage_change(pg_temp.id(1), 9, 'competitor', 'x');
SELECT revops.correct_stage_change(pg_temp.id(1), 2, 'competitor', ' ');
SELECT revops.correct_stage_change(pg_temp.id(1), 2, 'wrong_segment', 'again');
SELECT revops.correct_stage_change(pg_temp.id(1), 2, 'bad_breath', 'x');
SELECT revops.correct_stage_change(pg_temp.id(1), 2, NULL, 'x');
SELECT revops.correct_stage_change(pg_temp.id(1), 2, 'no_response', 'x');
SELECT revops.correct_stage_change(pg_temp.id(1), 2, 'duplicate', 'x');
SELECT revops.correct_stage_change(pg_temp.id(2), 2, 'competitor', 'x');

-- a touch that somebody recorded
SELECT revops.record_touch(pg_temp.id(4), 'demo_request', '2026-03-05 09:00+00');
SELECT stage, intent, touches FROM revops.lead_status WHERE key = '4';
SELECT touch_id AS demo FROM revops.touch WHERE lead_id = pg_temp.id(4) \gset
SELECT revops.correct_touch(pg_temp.id(4), :demo, 'it was a page only', signal => 'page_visit');
SELECT intent, touches FROM revops.lead_status WHERE key = '4';
SELECT max(touch_id) AS page FROM revops.touch WHERE lead_id = pg_temp.id(4) \gset
SELECT revops.correct_touch(pg_temp.id(4), :page, 'it was the day before', occurred_at => '2026-03-04 09:00+00');
SELECT last_touch_at, touches FROM revops.lead_status WHERE key = '4';
SELECT max(touch_id) AS page FROM revops.touch WHERE lead_id = pg_temp.id(4) \gset
BEGIN;
SELECT revops.correct_touch(pg_temp.id(4), :page, 'it was somebody else');
SELECT touches FROM revops.lead_status WHERE key = '4';
COMMIT;
SELECT intent, touches, last_touch_at FROM revops.lead_status WHERE key = '4';
SELECT at, kind, what, before, after, detail ->> 'because' AS because FROM revops.timeline(pg_temp.id(4)) WHERE kind LIKE 'touch%' OR kind = 'correction';
-- refused: done already, the host's, none, unknown
SELECT revops.correct_touch(pg_temp.id(4), :page, 'again');
INSERT INTO act VALUES (1, 4, 'page_visit', '2026-03-05 08:00+00');
SELECT max(touch_id) AS host FROM revops.touch WHERE lead_id = pg_temp.id(4) \gset
\set VERBOSITY terse
SELECT revops.correct_touch(pg_temp.id(4), :host, 'x');
\set VERBOSITY default
SELECT revops.correct_touch(pg_temp.id(4), 0, 'x');
SELECT revops.record_touch(pg_temp.id(4), 'page_visit');
SELECT max(touch_id) AS page FROM revops.touch WHERE lead_id = pg_temp.id(4) \gset
SELECT revops.correct_touch(pg_temp.id(4), :page, NULL);
SELECT revops.correct_touch(pg_temp.id(4), :page, 'x', signal => 'nonsense');
SELECT revops.correct_touch(pg_temp.id(4), :page, 'x', occurred_at => '2027-01-01');
SELECT count(*) FROM revops.correction;
-- a correction is a fact itself
DELETE FROM revops.correction WHERE fact_id = 2;
SELECT * FROM revops.verify();
