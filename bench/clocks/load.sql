-- load.sql: so many leads with a clock that runs, straight into the state tables, as the
-- engine would have left them.  Variables: clocks, reps.
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SET maintenance_work_mem = '1GB';
SET jit = off;
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('office', 'Europe/Berlin');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
SELECT calendar_id, d, '09:00', '17:00' FROM revops.calendar, generate_series(1, 5) d;
INSERT INTO revops.rep (rep) SELECT 'rep ' || n FROM generate_series(1, :reps) n;
INSERT INTO revops.lead (lead_id, profile_id, created_at, settled_at, stage_since, intent_pos, intent_neg, workspace_id,
                         binding_id, agreement_id, rank, moves, assignments, clocks, touches, fit, running,
                         disqualified, handed_over, key, stage, team_id, rep_id, assigned_at, source)
SELECT n, n, '2026-10-14 09:00+00', '2026-10-14 09:00+00', '2026-10-14 09:00+00', '-Infinity', '-Infinity', 1, b.binding_id,
       a.agreement_id, -2147483647, 2, 1, 1, 0, 60, 1, false, true, n::text, 'mql', 1, 1 + n % :reps, '2026-10-14 09:00+00', 'web'
FROM generate_series(1, :clocks) n
CROSS JOIN (SELECT agreement_id FROM revops.agreement WHERE status = 'active') a
CROSS JOIN (SELECT binding_id FROM revops.binding WHERE kind = 'lead') b;
INSERT INTO revops.sla_clock (lead_id, seq, workspace_id, agreement_id, policy_id, calendar_id, team_id, rep_id, started_at, due_at,
                              promise, source)
SELECT l.lead_id, 1, 1, l.agreement_id, p.policy_id,
       CASE WHEN l.lead_id % 2 = 0 THEN (SELECT calendar_id FROM revops.calendar) END, 1, l.rep_id, l.assigned_at,
       l.assigned_at + make_interval(mins => (l.lead_id * 7919 % 5000)::int), 'first_response', 'web'
FROM revops.lead l JOIN revops.sla_policy p USING (agreement_id);
VACUUM ANALYZE revops.lead, revops.sla_clock, revops.rep;
