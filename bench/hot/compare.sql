-- compare.sql: at how many moments do all leads, sorted, begin with others?
-- Runs with pg_revops.now set.
SET jit = off;
SELECT count(*) FROM (
    SELECT later
    FROM (VALUES (interval '0'), ('180 days')) AS m (later)
    CROSS JOIN LATERAL (
        SELECT array_agg(lead_id ORDER BY score DESC, intent DESC, lead_id DESC) AS leads
        FROM (SELECT lead_id, 0.5 * fit + 0.5 * least(points, 100.0) AS score, points AS intent
              FROM (SELECT lead_id, fit, revops.decayed(intent_pos, '14 days', revops.engine_now() + m.later) AS points
                    FROM revops.lead) p
              ORDER BY 2 DESC, 3 DESC, 1 DESC LIMIT 100) s) s
    CROSS JOIN LATERAL (SELECT array_agg(lead_id ORDER BY place) AS leads
                        FROM revops.hot_leads(100, revops.engine_now() + m.later)) h
    WHERE s.leads IS DISTINCT FROM h.leads) d;
