-- load.sql: so many leads, straight into the state table, as the engine would have
-- left them.  Variables: leads, shape (realistic, recent or uniform), moment.
--
-- realistic  fit around 40 in steps of 5, two leads of three without any touch,
--            points by a power law, the last touch some months ago
-- recent     every lead was touched within the last half-life, points alike
-- uniform    any fit, any points up to 100, any time within three years
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SET work_mem = '512MB';
SET maintenance_work_mem = '1GB';
SET jit = off;
SELECT setseed(0.42) \g /dev/null
CREATE TEMP TABLE drawn AS
SELECT n AS lead_id,
       CASE :'shape'
           WHEN 'uniform' THEN floor(random() * 101)
           ELSE least(greatest(round((40 + 20 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) / 5) * 5, 0), 100)
       END::smallint AS fit,
       -- days since its last touch; points that it had then
       CASE :'shape' WHEN 'realistic' THEN CASE WHEN random() < 0.35 THEN -ln(1 - random()) * 120 END
                     WHEN 'recent' THEN random() * 14
                     ELSE random() * 1095 END AS days,
       CASE :'shape' WHEN 'realistic' THEN 2 * power(1 - random(), -1 / 1.3)
                     WHEN 'recent' THEN 20 + random() * 10
                     ELSE 1 + random() * 99 END AS points
FROM generate_series(1, :leads) AS n;
CREATE TEMP TABLE summed AS
SELECT lead_id, fit, timestamptz :'moment' - make_interval(secs => days * 86400) AS touched_at,
       coalesce(ln(points) / ln(2.0::float8)
                + extract(epoch FROM timestamptz :'moment' - timestamptz '2000-01-01 00:00+00')::float8 / (14 * 86400.0) - days / 14,
                '-Infinity'::float8) AS pos
FROM drawn;
ANALYZE summed;
-- ranks: ahead of the sums by up to one and a half, but little for the thousand hottest of a fit
CREATE TEMP TABLE hottest AS
SELECT fit, ceil(16 * pos)::int AS rank
FROM (SELECT fit, pos, row_number() OVER (PARTITION BY fit ORDER BY pos DESC) AS place
      FROM summed WHERE pos > '-Infinity') p
WHERE place = 1000;
-- what has no order is made at the end
DROP INDEX revops.lead_rank;
INSERT INTO revops.lead (lead_id, profile_id, created_at, settled_at, stage_since, intent_pos, intent_neg, workspace_id,
                         binding_id, agreement_id, rank, moves, assignments, clocks, touches, fit, running,
                         disqualified, handed_over, key, stage, last_touch_at, team_id, source)
SELECT s.lead_id, s.lead_id, :'moment', :'moment', :'moment', s.pos, '-Infinity', 1, b.binding_id, a.agreement_id,
       CASE WHEN s.pos = '-Infinity' THEN -2147483647
            WHEN ceil(16 * s.pos) >= h.rank THEN ceil(16 * s.pos) + s.lead_id % 3
            ELSE least(ceil(16 * s.pos) + s.lead_id % 25, greatest(coalesce(h.rank, 2147483647), ceil(16 * s.pos) + 2)) END,
       1, 0, 0, (s.pos > '-Infinity')::int, s.fit, 0, false, false, s.lead_id::text, 'lead', s.touched_at,
       CASE WHEN s.lead_id % 10 < 2 THEN 1 + s.lead_id % 2 END, 'web'
FROM summed s
LEFT JOIN hottest h USING (fit)
CROSS JOIN (SELECT agreement_id FROM revops.agreement WHERE status = 'active') a
CROSS JOIN (SELECT binding_id FROM revops.binding WHERE kind = 'lead') b;
CREATE INDEX lead_rank ON revops.lead (agreement_id, fit, rank, lead_id);
VACUUM ANALYZE revops.lead;
