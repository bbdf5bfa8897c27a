-- What came of it, from pg_revops's own tables and views alone: the desk's tables
-- are not read.  A sub status is a stage; a touch is an event of the log.

CREATE VIEW vinst.cases AS
SELECT lead_id, key AS number, stage, stage_since, created_at, last_touch_at, segment AS impact, source AS product
FROM revops.lead_status WHERE binding = 'incidents';

CREATE VIEW vinst.moves AS
SELECT c.number, m.lead_id, m.agreement_id, m.seq, m.at, m.from_stage, m.to_stage, m.spent, m.reason, m.violation, m.violated, m.team_id, m.rep_id,
       m.from_stage LIKE 'Completed/%' AND m.to_stage NOT LIKE 'Completed/%' AS reopens
FROM vinst.cases c JOIN revops.stage_change m USING (lead_id);

CREATE VIEW vinst.handovers AS
SELECT c.lead_id, a.seq, a.team_id, a.rep_id,
       a.from_team_id <> a.team_id AS other_team, a.from_rep_id <> a.rep_id AS other_rep
FROM vinst.cases c JOIN revops.assignment a USING (lead_id);

CREATE VIEW vinst.events AS
SELECT t.lead_id, t.occurred_at, s.signal AS stage
FROM vinst.cases c JOIN revops.touch t USING (lead_id) JOIN revops.signal s USING (signal_id) WHERE t.sign = 1;

CREATE FUNCTION vinst.hours(span interval) RETURNS float8
LANGUAGE sql IMMUTABLE AS 'SELECT extract(epoch FROM span)::float8 / 3600';

CREATE FUNCTION vinst.rounded(value float8, digits int) RETURNS numeric
LANGUAGE sql IMMUTABLE AS 'SELECT round(value::numeric, digits)';

-- ----- figures that the data set's reference sheet has ------------------------------

CREATE VIEW vinst.shape AS
SELECT 'cases' AS check, count(*)::text AS ours FROM vinst.cases
UNION ALL SELECT 'events', count(*)::text FROM vinst.events
UNION ALL SELECT 'mean case duration s', vinst.rounded(avg(vinst.hours(last_touch_at - created_at)) * 3600, 3)::text FROM vinst.cases
UNION ALL SELECT 'total duration s', vinst.rounded(sum(vinst.hours(last_touch_at - created_at)) * 3600, 0)::text FROM vinst.cases
UNION ALL SELECT 'distinct groups', count(DISTINCT team_id)::text FROM vinst.handovers
UNION ALL SELECT 'distinct resources', count(DISTINCT rep_id)::text FROM vinst.handovers
UNION ALL SELECT 'distinct products', count(DISTINCT product)::text FROM vinst.cases;

CREATE VIEW vinst.events_by_status AS
SELECT split_part(stage, '/', 1) AS status, count(*) AS events FROM vinst.events GROUP BY 1;

CREATE VIEW vinst.events_by_sub_status AS
SELECT split_part(stage, '/', 1) AS status, split_part(stage, '/', 2) AS sub_status, count(*) AS events
FROM vinst.events GROUP BY 1, 2;

CREATE VIEW vinst.end_state AS
SELECT split_part(stage, '/', 1) AS status, split_part(stage, '/', 2) AS sub_status, count(*) AS cases
FROM vinst.cases GROUP BY 1, 2;

CREATE VIEW vinst.completed AS
SELECT c.lead_id, c.impact, vinst.hours(c.last_touch_at - c.created_at) AS whole, vinst.hours(m.at - c.created_at) AS gross,
       -- the clock that stops while the user is waited for
       vinst.hours(m.at - c.created_at)
       - coalesce((SELECT sum(vinst.hours(w.spent)) FROM revops.stage_change w
                   WHERE w.lead_id = c.lead_id AND w.seq <= m.seq AND w.from_stage = 'Accepted/Wait - User'), 0) AS net
FROM vinst.cases c
LEFT JOIN LATERAL (SELECT m.seq, m.at FROM revops.stage_change m
                   WHERE m.lead_id = c.lead_id AND m.to_stage LIKE 'Completed/%' ORDER BY m.seq LIMIT 1) m ON true;

CREATE VIEW vinst.time_to_complete AS
SELECT coalesce(impact, 'all') AS impact, count(*) AS cases, count(gross) AS completed,
       vinst.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY gross), 3) AS median,
       vinst.rounded(avg(gross), 3) AS mean,
       vinst.rounded(percentile_cont(0.9) WITHIN GROUP (ORDER BY gross), 3) AS p90,
       vinst.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY whole), 3) AS median_case,
       vinst.rounded(avg(whole), 3) AS mean_case
FROM vinst.completed GROUP BY GROUPING SETS ((impact), ());

-- Time is booked on the stage left, and up to the last event on the one that the
-- case is in; an event that leaves its case in the stage begins an interval, too.
CREATE VIEW vinst.waiting AS
SELECT stage, intervals, vinst.rounded(hours, 2) AS hours, vinst.rounded(hours / sum(hours) OVER (), 4) AS share
FROM (SELECT stage, sum(hours) AS hours
      FROM (SELECT from_stage AS stage, vinst.hours(spent) AS hours FROM vinst.moves WHERE from_stage IS NOT NULL
            UNION ALL
            SELECT stage, vinst.hours(last_touch_at - stage_since) FROM vinst.cases) AS stay
      GROUP BY stage) AS booked
JOIN (SELECT stage, count(*) - (SELECT count(*) FROM vinst.cases c WHERE c.stage = e.stage) AS intervals
      FROM vinst.events e GROUP BY stage) AS counted USING (stage)
WHERE intervals > 0;

CREATE VIEW vinst.clock AS
SELECT k.clock, count(k.hours) AS n,
       vinst.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY k.hours), 3) AS median,
       vinst.rounded(avg(k.hours), 3) AS mean,
       vinst.rounded(percentile_cont(0.9) WITHIN GROUP (ORDER BY k.hours), 3) AS p90,
       count(*) FILTER (WHERE k.hours <= 4) AS within_4, count(*) FILTER (WHERE k.hours <= 24) AS within_24,
       count(*) FILTER (WHERE k.hours <= 72) AS within_72
FROM vinst.completed c CROSS JOIN LATERAL (VALUES ('gross', c.gross), ('net of Wait - User', c.net)) AS k (clock, hours)
GROUP BY k.clock;

-- The same from the clocks that ran: the first of each case, without its pauses.  A case that was completed as it
-- was opened was promised nothing, and took no time.  What is past due is not paused any more: so there is no mean here.
CREATE VIEW vinst.promised AS
SELECT c.lead_id, c.outcome, extract(epoch FROM c.stopped_at - c.started_at) / 3600 AS gross,
       extract(epoch FROM c.stopped_at - c.started_at - coalesce(p.paused, '0')) / 3600 AS net
FROM revops.sla_clock c
LEFT JOIN LATERAL (SELECT sum(coalesce(h.until, c.stopped_at) - h.at) AS paused
                   FROM (SELECT k.change, k.at, lead(k.at) OVER (ORDER BY k.no) AS until
                         FROM revops.sla_clock_change k WHERE k.lead_id = c.lead_id AND k.seq = c.seq AND k.change IN ('paused', 'resumed')) h
                   WHERE h.change = 'paused') p ON true
WHERE c.seq = 1 AND c.promise = 'criteria' AND c.stopped_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM revops.stage_change s WHERE s.lead_id = c.lead_id AND s.seq = 1 AND s.to_stage LIKE 'Completed/%')
UNION ALL
SELECT s.lead_id, 'kept', 0, 0 FROM revops.stage_change s WHERE s.seq = 1 AND s.to_stage LIKE 'Completed/%';

CREATE VIEW vinst.sla_clock AS
SELECT k.clock, count(k.hours) AS n,
       vinst.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY k.hours), 3) AS median,
       count(*) FILTER (WHERE k.hours <= 4) AS within_4, count(*) FILTER (WHERE k.hours <= 24) AS within_24,
       count(*) FILTER (WHERE k.hours <= 72) AS within_72
FROM vinst.promised c CROSS JOIN LATERAL (VALUES ('gross', c.gross), ('net of Wait - User', c.net)) AS k (clock, hours)
GROUP BY k.clock;

CREATE VIEW vinst.handed AS
SELECT lead_id, count(*) FILTER (WHERE other_team) AS teams, count(*) FILTER (WHERE other_rep) AS reps,
       -- a group has the case again that had it before
       count(*) FILTER (WHERE other_team) >= count(DISTINCT team_id) AS ping_pong,
       bool_or(team ~ ' (2nd|3rd)') AS left_first_line
FROM vinst.handovers JOIN revops.team USING (team_id) GROUP BY lead_id;

CREATE VIEW vinst.routing AS
SELECT 'mean group handovers' AS measure, vinst.rounded(avg(teams), 4)::text AS value FROM vinst.handed
UNION ALL SELECT 'cases without group handover', count(*)::text FROM vinst.handed WHERE teams = 0
UNION ALL SELECT 'max group handovers', max(teams)::text FROM vinst.handed
UNION ALL SELECT 'cases with ping-pong (a group comes back)', count(*)::text FROM vinst.handed WHERE ping_pong
UNION ALL SELECT 'mean resource handovers', vinst.rounded(avg(reps), 4)::text FROM vinst.handed
UNION ALL SELECT 'cases that never leave first line (no group ending 2nd/3rd)', count(*)::text FROM vinst.handed WHERE NOT left_first_line
UNION ALL SELECT 'share never leaving first line', vinst.rounded(avg(CASE WHEN left_first_line THEN 0 ELSE 1 END), 4)::text FROM vinst.handed;

CREATE VIEW vinst.reopened AS
SELECT count(DISTINCT lead_id) AS cases FROM vinst.moves WHERE reopens;

CREATE VIEW vinst.top_products AS
SELECT source AS product, sum(leads)::bigint AS cases FROM revops.kpi_source('year') WHERE workspace = 'service desk'
GROUP BY 1 ORDER BY 2 DESC, source COLLATE "C" LIMIT 10;

CREATE VIEW vinst.top_groups AS
SELECT team, count(*) AS cases FROM vinst.handovers JOIN revops.team USING (team_id) WHERE seq = 1
GROUP BY 1 ORDER BY 2 DESC, team COLLATE "C" LIMIT 10;

-- who and where it was at first: the first values of the case's roles
CREATE VIEW vinst.first_profile AS
SELECT DISTINCT ON (p.lead_id) p.lead_id, p.profile ->> 'country' AS country, p.profile ->> 'organization' AS organization
FROM vinst.cases JOIN revops.profile_change p USING (lead_id) ORDER BY p.lead_id, p.change_id;

CREATE VIEW vinst.top_countries AS
SELECT country, count(*) AS cases FROM vinst.first_profile GROUP BY 1 ORDER BY 2 DESC, country COLLATE "C" LIMIT 10;

CREATE VIEW vinst.top_organizations AS
SELECT organization, count(*) AS cases FROM vinst.first_profile GROUP BY 1 ORDER BY 2 DESC, organization COLLATE "C" LIMIT 10;

-- ----- and figures of the lifecycle ----------------------------------------------------

CREATE VIEW vinst.moves_between AS
SELECT from_stage, to_stage, coalesce(violated, 'allowed') AS verdict, coalesce(reason, '') AS reason, count(*) AS moves
FROM vinst.moves WHERE from_stage IS NOT NULL GROUP BY 1, 2, 3, 4;

CREATE VIEW vinst.back AS
SELECT CASE WHEN m.reopens THEN 'reopened' ELSE 'sent back' END AS what, count(*) AS moves
FROM vinst.moves m
JOIN revops.stage f ON f.agreement_id = m.agreement_id AND f.stage = m.from_stage
JOIN revops.stage t ON t.agreement_id = m.agreement_id AND t.stage = m.to_stage
WHERE t.position < f.position GROUP BY 1;

CREATE VIEW vinst.stays AS
SELECT from_stage AS stage, count(*) AS stays,
       vinst.rounded(avg(vinst.hours(spent)), 3) AS mean,
       vinst.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY vinst.hours(spent)), 3) AS median,
       vinst.rounded(percentile_cont(0.9) WITHIN GROUP (ORDER BY vinst.hours(spent)), 3) AS p90
FROM vinst.moves WHERE from_stage IS NOT NULL GROUP BY 1;

CREATE VIEW vinst.conversion AS
SELECT stage, sum(entered)::bigint AS entered, sum(advanced)::bigint AS advanced, sum(won)::bigint AS won,
       sum(moved_forward)::bigint AS moved_forward, sum(moved_back)::bigint AS moved_back,
       sum(disqualified)::bigint AS disqualified, sum(still_there)::bigint AS still_there
FROM revops.kpi_stage_conversion('year') WHERE workspace = 'service desk' GROUP BY stage;

CREATE VIEW vinst.refusals AS
SELECT from_stage, to_stage, CASE WHEN message LIKE '% needs a reason %' OR message LIKE '% for this reason' THEN 'reason'
            WHEN message LIKE '% may not move %' THEN 'transition' END AS what,
       sqlstate, count(*) AS moves
FROM vinst.refused GROUP BY 1, 2, 3, 4;

\echo 'Cases by end state'
SELECT * FROM vinst.end_state ORDER BY cases DESC;
\echo 'Hours in each stage, of the stays that ended'
SELECT * FROM vinst.stays ORDER BY stays DESC;
\echo 'Moves that the declared lifecycle does not know, or that nobody gave a reason for (let through, and written down)'
SELECT violated, count(*) AS moves, count(DISTINCT lead_id) AS cases FROM vinst.moves WHERE violation GROUP BY 1 ORDER BY 2 DESC;
\if :strict
\echo 'Moves that were refused'
SELECT what, sqlstate, sum(moves) AS moves FROM vinst.refusals GROUP BY 1, 2 ORDER BY 3 DESC;
\endif
\echo 'Hand-overs between groups'
SELECT * FROM vinst.routing;
\echo 'Cases that were completed and opened again'
SELECT * FROM vinst.reopened;
