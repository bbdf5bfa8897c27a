-- A service desk's incidents under declared promises: a first touch within four hours, and a solution within a time by
-- priority, in which waiting for the user does not count.  What the desk itself says of its SLA (made_sla) stands beside.
-- Data: Amaral, Fantinato, Peres, "Incident management process enriched event log", UCI Machine Learning Repository (2018),
-- CC BY 4.0.  Run by examples/uci_incidents.sh in an empty database; the log comes as CSV on stdin.

CREATE EXTENSION pg_revops;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, DMY';
SET pg_revops.now = '2016-02-29 00:00+00';

CREATE SCHEMA desk;
CREATE TABLE desk.incident
(
    number    text PRIMARY KEY,
    state     text NOT NULL,
    touched   boolean NOT NULL,
    priority  text NOT NULL,
    made_sla  boolean NOT NULL,
    opened_at timestamptz NOT NULL
);

-- The log as it is, and the tape to play: an incident is opened, and its row is changed.
CREATE UNLOGGED TABLE desk.log
(
    id bigint GENERATED ALWAYS AS IDENTITY,
    number text, incident_state text, active text, reassignment_count text, reopen_count text, sys_mod_count text, made_sla text,
    caller_id text, opened_by text, opened_at timestamptz, sys_created_by text, sys_created_at text, sys_updated_by text,
    sys_updated_at timestamptz, contact_type text, location text, category text, subcategory text, u_symptom text, cmdb_ci text,
    impact text, urgency text, priority text, assignment_group text, assigned_to text, knowledge text,
    u_priority_confirmation text, notify text, problem_id text, rfc text, vendor text, caused_by text, closed_code text,
    resolved_by text, resolved_at text, closed_at text
);
\copy desk.log (number, incident_state, active, reassignment_count, reopen_count, sys_mod_count, made_sla, caller_id, opened_by, opened_at, sys_created_by, sys_created_at, sys_updated_by, sys_updated_at, contact_type, location, category, subcategory, u_symptom, cmdb_ci, impact, urgency, priority, assignment_group, assigned_to, knowledge, u_priority_confirmation, notify, problem_id, rfc, vendor, caused_by, closed_code, resolved_by, resolved_at, closed_at) FROM pstdin WITH (FORMAT csv, HEADER)
DELETE FROM desk.log WHERE opened_at >= :'before'::timestamptz;
-- Minutes are all that the log knows: of one minute the order of the file counts.
CREATE UNLOGGED TABLE desk.tape AS
SELECT number, incident_state AS state, priority, made_sla::boolean AS made_sla, at,
       row_number() OVER (PARTITION BY number, at ORDER BY id) AS turn
FROM (SELECT id, number, incident_state, priority, made_sla, greatest(sys_updated_at, opened_at) AS at FROM desk.log
      UNION ALL
      (SELECT DISTINCT ON (number) 0, number, 'opened', priority, 'true', opened_at FROM desk.log ORDER BY number, id)) e;
CREATE INDEX ON desk.tape (at, turn);
ANALYZE desk.tape;

SELECT revops.create_workspace('service desk', 'UTC', 'EUR', bare => true) AS desk \gset
SELECT agreement_id AS draft FROM revops.agreement WHERE workspace_id = :desk AND status = 'draft' \gset
INSERT INTO revops.score_model (agreement_id) VALUES (:draft);
INSERT INTO revops.stage (agreement_id, stage, position, purpose, owner_team) VALUES
    (:draft, 'open', 10, 'entry', 'sales'), (:draft, 'solved', 20, 'won', 'sales');
INSERT INTO revops.transition (agreement_id, from_stage, to_stage) VALUES (:draft, 'open', 'solved'), (:draft, 'solved', 'open');
SELECT revops.attach_lead('incidents', 'desk.incident', $roles${
    "created_at": "opened_at",
    "stage": "CASE WHEN state IN ('Resolved', 'Closed') THEN 'solved' ELSE 'open' END",
    "state": "state",
    "touched": "touched",
    "priority": "priority",
    "segment": "priority"
}$roles$, workspace_id => :desk) IS NOT NULL AS attached \gset
INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, condition, kept_when, target) VALUES
    (:draft, 'touched', 1, 'criteria', 'NOT touched', 'touched', '4 hours');
INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, stage, condition, pauses_when, target)
SELECT :draft, 'solved: ' || p.priority, 1 + p.n, 'stage_time', 'open', format('priority = %L', p.priority),
       $$state = 'Awaiting User Info'$$, p.target::interval
FROM (VALUES (1, '1 - Critical', '24 hours'), (2, '2 - High', '48 hours'), (3, '3 - Moderate', '72 hours'), (4, '4 - Low', '120 hours'))
     AS p (n, priority, target);
SELECT revops.adopt_agreement(:draft) AS adopted \gset

CREATE PROCEDURE desk.play()
LANGUAGE plpgsql AS $$
DECLARE
    here record;
BEGIN
    FOR here IN SELECT at, turn, row_number() OVER (ORDER BY at, turn) % 5000 = 0 AS rests FROM desk.tape GROUP BY 1, 2 ORDER BY 1, 2 LOOP
        PERFORM set_config('pg_revops.now', here.at::text, false);
        UPDATE desk.incident i
        SET state = t.state, touched = i.touched OR t.state IN ('Active', 'Resolved', 'Closed'), priority = t.priority, made_sla = t.made_sla
        FROM desk.tape t WHERE t.at = here.at AND t.turn = here.turn AND t.state <> 'opened' AND i.number = t.number;
        INSERT INTO desk.incident
        SELECT number, 'New', false, priority, made_sla, at FROM desk.tape WHERE at = here.at AND turn = here.turn AND state = 'opened';
        IF here.rests THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$;
CALL desk.play();
ANALYZE;

-- ----- what the views say -----------------------------------------------------------

-- from the opening to the first state in which somebody was at it
CREATE VIEW desk.first_touch AS
SELECT 'first Active/Resolved/Closed' AS measure, count(*) AS n,
       to_char(percentile_cont(0.25) WITHIN GROUP (ORDER BY h.hours), 'FM999990.000') AS p25,
       to_char(percentile_cont(0.5) WITHIN GROUP (ORDER BY h.hours), 'FM999990.000') AS median,
       to_char(percentile_cont(0.9) WITHIN GROUP (ORDER BY h.hours), 'FM999990.000') AS p90,
       count(*) FILTER (WHERE h.hours <= 1) AS within_1, count(*) FILTER (WHERE h.hours <= 4) AS within_4,
       count(*) FILTER (WHERE h.hours <= 24) AS within_24
FROM (SELECT extract(epoch FROM c.stopped_at - c.started_at) / 3600.0 AS hours
      FROM revops.sla_clock c WHERE c.promise = 'criteria' AND c.stopped_at IS NOT NULL) h;

-- the desk's own word beside what was declared here: of the first solution of each incident
CREATE VIEW desk.sla AS
SELECT i.priority, count(*) AS incidents, count(*) FILTER (WHERE i.made_sla) AS made_sla,
       to_char(avg(i.made_sla::int), 'FM0.0000') AS their_rate, count(*) FILTER (WHERE c.outcome = 'kept') AS kept
FROM desk.incident i
JOIN revops.lead l ON l.key = i.number
LEFT JOIN LATERAL (SELECT k.outcome FROM revops.sla_clock k
                   WHERE k.lead_id = l.lead_id AND k.promise = 'stage_time' ORDER BY k.seq LIMIT 1) c ON true
GROUP BY i.priority;

-- what was declared, from the tape alone: time until the first solution, without waiting for the user; what begins when
-- the time is over comes too late, waiting too
CREATE VIEW desk.sla_naive AS
SELECT policy, count(*) FILTER (WHERE solved AND counted <= target AND NOT over_before) AS kept, count(*) AS clocks
FROM (SELECT c.number, 'solved: ' || min(c.opened_as) AS policy, min(c.target) AS target, bool_or(c.solves) AS solved,
             sum(c.counts) AS counted, bool_or(NOT c.solves AND c.before >= c.target) AS over_before
      FROM (SELECT e.*, coalesce(sum(e.counts) OVER (PARTITION BY e.number ORDER BY e.at, e.turn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), '0') AS before
            FROM (SELECT t.*,
                         CASE t.opened_as WHEN '1 - Critical' THEN interval '24 hours' WHEN '2 - High' THEN interval '48 hours'
                                          WHEN '3 - Moderate' THEN interval '72 hours' ELSE interval '120 hours' END AS target,
                         CASE WHEN t.state = 'Awaiting User Info' OR t.solves THEN interval '0' ELSE t.until - t.at END AS counts
                  FROM (SELECT number, state, at, turn, state IN ('Resolved', 'Closed') AS solves,
                               lead(at) OVER w AS until, first_value(priority) OVER w AS opened_as,
                               count(*) FILTER (WHERE state IN ('Resolved', 'Closed')) OVER (w ROWS UNBOUNDED PRECEDING) AS solutions
                        FROM desk.tape WINDOW w AS (PARTITION BY number ORDER BY at, turn)) t
                  WHERE t.solutions = 0 OR (t.solutions = 1 AND t.solves)) e) c
      GROUP BY c.number) i
GROUP BY policy;

-- the first of each incident, as the clocks have it
CREATE VIEW desk.sla_clocks AS
SELECT p.policy, count(*) FILTER (WHERE c.outcome = 'kept') AS kept, count(*) AS clocks
FROM (SELECT DISTINCT ON (k.lead_id) k.* FROM revops.sla_clock k WHERE k.promise = 'stage_time' ORDER BY k.lead_id, k.seq) c
JOIN revops.sla_policy p USING (policy_id) GROUP BY 1;
