-- F4: what fell due while nothing ran is handled in order of its moments, once,
-- each in one transaction with what it sets off.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('acme');
CREATE TABLE lead (id int PRIMARY KEY, size int);
CREATE TABLE act (id int PRIMARY KEY, lead int, kind text, at timestamptz);
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'mid-size', 'fit', 'company_size > 10', 80);
-- a lead stays an MQL for three days at most, and is promised a contact within one
UPDATE revops.stage SET longest_stay = '3 days', stay_to = 'nurture', stay_reason = 'timing' WHERE agreement_id = :draft AND stage = 'mql';
SELECT revops.adopt_agreement(:draft) \g /dev/null
SELECT revops.attach_lead('leads', 'lead', '{"company_size": "size"}') > 0 AS leads,
       revops.attach_touch('acts', 'act', lead_binding => 'leads', roles => '{"lead": "lead", "signal": "kind", "occurred_at": "at"}') > 0 AS acts;
-- the later a lead's number, the earlier it fell due
INSERT INTO lead VALUES (1, 100), (2, 100), (3, 100);
SET pg_revops.now = '2026-03-02 09:00+00';
INSERT INTO act VALUES (3, 3, 'demo_request', '2026-03-02 09:00+00');
SET pg_revops.now = '2026-03-02 10:00+00';
INSERT INTO act VALUES (2, 2, 'demo_request', '2026-03-02 10:00+00');
SET pg_revops.now = '2026-03-02 11:00+00';
INSERT INTO act VALUES (1, 1, 'demo_request', '2026-03-02 11:00+00');
SELECT timer, count(*) FROM revops.timer GROUP BY timer ORDER BY timer;
-- nothing ran for days: each promise was broken before its lead was moved away, and is told
SET pg_revops.now = '2026-03-06 09:00+00';
SELECT revops.run_due() > 0 AS fired;
SELECT l.key, e.event FROM revops.event e JOIN revops.lead l USING (lead_id)
WHERE e.event IN ('sla_breached', 'stay_over') ORDER BY e.event_id;
SELECT key, stage FROM revops.lead ORDER BY key;
SELECT l.key, c.breached_at, c.outcome FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) ORDER BY 1;
-- once
SELECT revops.run_due();
SELECT event, count(*) FROM revops.event WHERE event IN ('sla_breached', 'stay_over') GROUP BY event ORDER BY event;
SELECT count(*) AS drift FROM revops.verify();
