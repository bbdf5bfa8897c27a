-- F5: what both teams committed to by period, with pace and attainment; the
-- denominator of a share leaves out what is not decided, or not due, yet.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET pg_revops.now = '2026-03-02 08:00+00';	-- a Monday

CREATE TABLE lead (id bigint PRIMARY KEY, stage text, email text, source text, segment text);
CREATE TABLE act (id bigint PRIMARY KEY, lead_id bigint NOT NULL, kind text NOT NULL);
SELECT revops.create_workspace('main', 'Europe/Berlin') \g /dev/null
SELECT revops.attach_lead('lead', 'lead', '{"stage": "stage", "email": "email", "source": "source", "segment": "segment"}') \g /dev/null
SELECT revops.attach_touch('act', 'act', 'lead', '{"lead": "lead_id", "signal": "kind"}') \g /dev/null
SELECT count(*) FROM revops.kpi_commitment;

-- what can't be committed to
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.commitment (agreement_id, commitment, position, measure, period, target) VALUES (:draft, 'none', 1, 'mqls', 'week', 0);
INSERT INTO revops.commitment (agreement_id, commitment, position, measure, period, target) VALUES (:draft, 'percent', 1, 'accepted_share', 'week', 70);
INSERT INTO revops.commitment (agreement_id, commitment, position, measure, period, target) VALUES (:draft, 'half a lead', 1, 'mqls', 'week', 2.5);
INSERT INTO revops.commitment (agreement_id, commitment, position, measure, period, target) VALUES (:draft, 'endless', 1, 'mqls', 'week', 'NaN');
INSERT INTO revops.commitment (agreement_id, commitment, position, measure, period, target, promise) VALUES (:draft, 'mixed', 1, 'mqls', 'week', 2, 'acceptance');

INSERT INTO revops.commitment (agreement_id, commitment, position, measure, period, target, source, promise) VALUES
    (:draft, 'volume', 1, 'mqls', 'week', 4, NULL, NULL),
    (:draft, 'from the web', 2, 'mqls', 'month', 5, 'web', NULL),
    (:draft, 'quality', 3, 'accepted_share', 'week', 0.7, NULL, NULL),
    (:draft, 'complete', 4, 'complete_share', 'week', 0.9, NULL, NULL),
    (:draft, 'speed', 5, 'kept_share', 'week', 0.5, NULL, 'first_response');
UPDATE revops.stage SET needs = '{email}' WHERE agreement_id = :draft AND purpose = 'qualified';
UPDATE revops.sla_policy SET target = '24 hours' WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) \g /dev/null
-- a version in force stays as it is, and the next one begins as its copy
UPDATE revops.commitment SET target = 1 WHERE commitment = 'volume';
SELECT revops.sla_document() AS document \gset
SELECT line FROM string_to_table(:'document', E'\n') AS line WHERE line ~ 'volume|web|quality|complete|speed|commits';

-- Monday: nothing yet; no share of nothing
SELECT commitment, side, grain, period, complete, target, counted, of, open, actual, attainment, elapsed, pace, met FROM revops.kpi_commitment;

-- five handoffs in the first week, one without an e-mail; one lead twice: four leads, five handoffs
SET pg_revops.now = '2026-03-03 08:00+00';
INSERT INTO lead VALUES (1, 'mql', 'a@x.example', 'web'), (2, 'mql', 'b@x.example', 'fair'), (3, 'mql', NULL, 'web');
SELECT revops.reject(revops.lead_id('lead', '1'), 'wrong_contact') \g /dev/null
SET pg_revops.now = '2026-03-03 09:00+00';
UPDATE lead SET stage = 'lead' WHERE id = 1;
UPDATE lead SET stage = 'mql' WHERE id = 1;
-- answered within 24 hours: 2; late: 3; never: 1
INSERT INTO act VALUES (1, 2, 'call');
SELECT revops.accept(revops.lead_id('lead', '2')) \g /dev/null
SET pg_revops.now = '2026-03-05 08:00+00';
INSERT INTO act VALUES (2, 3, 'call');
SELECT revops.accept(revops.lead_id('lead', '3')) \g /dev/null
INSERT INTO lead VALUES (4, 'mql', 'd@x.example', 'web');
SELECT commitment, period, complete, target, counted, of, open, actual, attainment, elapsed, pace, met FROM revops.kpi_commitment;
-- the shares as pencil has them: accepted 2 of 3 decided (1 rejected; 1 again and 4 pending); complete 4 of 5
SELECT key, handed_over_at, outcome FROM revops.handoff JOIN revops.lead USING (lead_id) ORDER BY key, handed_over_at;
SELECT l.key, c.promise, c.due_at, c.outcome FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) WHERE c.promise = 'first_response' ORDER BY l.key, c.due_at;

-- the next week: the week before is over; another version with a higher target counts from its week on
SET pg_revops.now = '2026-03-10 12:00+00';
SELECT revops.draft_agreement() AS draft \gset
SELECT commitment, position, measure, period, target, source, promise FROM revops.commitment WHERE agreement_id = :draft ORDER BY position;
UPDATE revops.commitment SET target = 10 WHERE agreement_id = :draft AND commitment = 'volume';
SELECT revops.adopt_agreement(:draft) \g /dev/null
INSERT INTO lead VALUES (5, 'mql', 'e@x.example', 'web');
SELECT commitment, period, complete, version, target, counted, of, open, actual, attainment, elapsed, pace, met FROM revops.kpi_commitment;
-- equal to the shared KPIs
SELECT k.period, k.counted = a.accepted AS accepted, k.of = a.accepted + a.rejected + a.recycled AS decided, k.open = a.pending AS pending
FROM revops.kpi_commitment k
JOIN (SELECT period, sum(accepted) AS accepted, sum(rejected) AS rejected, sum(recycled) AS recycled, sum(pending) AS pending
      FROM revops.kpi_acceptance_week GROUP BY period) a USING (period)
WHERE k.measure = 'accepted_share';
SELECT k.period, k.counted = s.kept AS kept, k.of = s.kept + s.breached AS due, k.open = s.running AS running
FROM revops.kpi_commitment k
JOIN (SELECT period, sum(kept) AS kept, sum(breached) AS breached, sum(running) AS running
      FROM revops.kpi_sla_compliance_week WHERE promise = 'first_response' GROUP BY period) s USING (period)
WHERE k.measure = 'kept_share';
-- some periods
SELECT commitment, period FROM revops.kpi_commitment('2026-03-08', '2026-03-16');
SELECT * FROM revops.kpi_commitment('2026-03-08', '2026-03-01');

-- a reader sees it, and may not write it
SET ROLE revops_reader;
SELECT count(*) FROM revops.kpi_commitment;
DELETE FROM revops.commitment;
RESET ROLE;
SELECT * FROM revops.verify();
