-- What touches count once caps have taken theirs: the same arithmetic as the
-- engine's (src/decide/caps.c), in SQL, for people and for views.

CREATE FUNCTION revops.touches_counted(lead_id bigint, agreement_id int, recorded_until timestamptz)
    RETURNS TABLE (rule_id int, signal_id int, occurred_at timestamptz, touch_id bigint, binding_id int, source_key text,
                   points int, counted int)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH told AS (
        -- a touch and its taking back are of one host row, moment and signal
        SELECT t.occurred_at, t.signal_id, t.binding_id, t.source_key, min(t.touch_id) AS touch_id, sum(t.sign)::int AS n
        FROM revops.touch t
        WHERE t.lead_id = $1 AND t.recorded_at <= $3
        GROUP BY t.occurred_at, t.signal_id, t.binding_id, t.source_key
        HAVING sum(t.sign) <> 0
    ), known AS (
        -- what a merge has taken back is of no host row: it cancels any of that moment and signal
        SELECT o.occurred_at, o.signal_id, o.binding_id, o.source_key, o.touch_id,
               (greatest(least(o.up_to, o.net), 0) - greatest(least(o.up_to - greatest(o.n, 0), o.net), 0))::int AS n
        FROM (SELECT t.*, sum(t.n) OVER (PARTITION BY t.occurred_at, t.signal_id) AS net,
                     sum(greatest(t.n, 0)) OVER (PARTITION BY t.occurred_at, t.signal_id ORDER BY t.touch_id) AS up_to
              FROM told t) o
    ), weighed AS (
        SELECT k.*, r.rule_id, r.points, abs(r.points) AS amount, r.cap, r.score_group, g.cap AS group_cap,
               date_trunc(r.cap_period, k.occurred_at AT TIME ZONE m.zone) AS period,
               date_trunc(g.cap_period, k.occurred_at AT TIME ZONE m.zone) AS group_period
        FROM known k
        CROSS JOIN LATERAL generate_series(1, k.n)
        JOIN revops.score_model m ON m.agreement_id = $2
        LEFT JOIN revops.signal s ON s.signal_id = k.signal_id
        LEFT JOIN revops.score_rule r ON r.agreement_id = $2 AND r.kind = 'intent' AND r.signal = s.signal
        LEFT JOIN revops.score_group g ON g.agreement_id = $2 AND g.score_group = r.score_group
    ), by_rule AS (
        SELECT w.*, sum(amount) OVER (PARTITION BY rule_id, period ORDER BY occurred_at, touch_id ROWS UNBOUNDED PRECEDING) AS used
        FROM weighed w
    ), ruled AS (
        SELECT b.*, least(used, cap) - least(used - amount, cap) AS of_rule FROM by_rule b
    ), by_group AS (
        SELECT r.*, sum(of_rule) OVER (PARTITION BY score_group, points > 0, group_period
                                       ORDER BY occurred_at, rule_id, touch_id ROWS UNBOUNDED PRECEDING) AS group_used
        FROM ruled r
    )
    SELECT b.rule_id, b.signal_id, b.occurred_at, b.touch_id, b.binding_id, b.source_key, b.points,
           (sign(points) * CASE WHEN group_cap IS NULL THEN of_rule
                                ELSE least(group_used, group_cap) - least(group_used - of_rule, group_cap) END)::int
    FROM by_group b
    $$;
COMMENT ON FUNCTION revops.touches_counted(bigint, int, timestamptz) IS
    'Part of explain_score(), explain_touches() and lead_unfolded: the touches of a lead that were recorded by a moment and not taken back by then, with the undecayed points that a version of the agreement gives each, before (points) and after caps (counted). Rule and points are NULL where no rule of the version scores the signal.';

-- not under the caller's rights: readers of lead_status may not read touch
CREATE FUNCTION revops.intent_anew(lead_id bigint, agreement_id int) RETURNS double precision
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT coalesce(sum(t.counted * revops.decay_factor(t.occurred_at, m.half_life, revops.engine_now())), 0.0)
    FROM revops.score_model m, revops.touches_counted($1, $2, 'infinity') t
    WHERE m.agreement_id = $2
    $$;
COMMENT ON FUNCTION revops.intent_anew(bigint, int) IS
    'Part of lead_unfolded: intent of a lead from all its touches by a version that has caps, points at engine_now(), not clamped.';
