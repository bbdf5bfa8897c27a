-- B2, G2: what is planned has not happened; it counts, and answers, when its time has come.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme');
CREATE SCHEMA host;
CREATE TABLE host.lead (id int PRIMARY KEY, country text);
CREATE TABLE host.activity (id int PRIMARY KEY, lead_id int, kind text, at timestamptz);
SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.score_model SET mql_fit = 0, mql_intent = 20, fit_base = 50 WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS active;
SELECT revops.attach_lead('leads', 'host.lead', '{"country": "country"}') > 0 AS attached;
SELECT revops.attach_touch('activities', 'host.activity', 'leads',
    '{"lead": "lead_id", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;

INSERT INTO host.lead VALUES (1, 'DE');
INSERT INTO host.activity VALUES
    (1, 1, 'demo_request', '2026-03-02 09:00+00'),
    (2, 1, 'call', '2026-03-03 09:00+00'),
    (3, 1, 'demo_request', '2026-05-02 09:00+00'),
    (4, 1, 'page_visit', '2026-03-02 09:04+00');
-- one demo request made it an MQL; a clock four minutes ahead is no plan
SELECT key, stage, intent, touches FROM revops.lead_status;
SELECT key, at FROM revops.inbox ORDER BY at;
-- the call that is planned for tomorrow answers nothing today
SELECT due_at, stopped_at, outcome FROM revops.sla_clock;
SELECT revops.run_due();

-- it is put off by an hour, the far one is called off
UPDATE host.activity SET at = '2026-03-03 10:00+00' WHERE id = 2;
DELETE FROM host.activity WHERE id = 3;
SET pg_revops.now = '2026-03-03 09:30+00';
SELECT revops.run_due();
SELECT touches FROM revops.lead_status;
SET pg_revops.now = '2026-03-03 10:00+00';
SELECT revops.run_due() > 0 AS fired;
SELECT touches FROM revops.lead_status;
SELECT due_at, stopped_at, outcome FROM revops.sla_clock;
SET pg_revops.now = '2026-06-01 09:00+00';
SELECT revops.run_due() > 0 AS fired;
SELECT touches FROM revops.lead_status;
SELECT key FROM revops.inbox;
SELECT * FROM revops.verify();

-- by hand nothing is recorded before it happened
\set VERBOSITY default
SELECT revops.record_touch(1, 'call', '2026-06-01 09:06+00');
SELECT revops.record_touch(1, 'call', 'infinity');
SELECT revops.record_touch(1, 'call', '2026-06-01 09:05+00');
