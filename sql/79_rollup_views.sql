-- The plain views of the KPIs, from the roll-ups: each is to say what its function
-- says by that grain over all time.

CREATE FUNCTION revops.kpi_entry_rolled(grain text) RETURNS SETOF revops.kpi_entry_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_entry_rolled.grain, revops.kpi_complete(kpi_entry_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3], k.dims[4], k.counts[1],
               revops.kpi_share(k.counts[1], (sum(k.counts[1]) OVER (PARTITION BY k.workspace_id, k.period))::bigint)
        FROM revops.rolled_up('entry', kpi_entry_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", k.dims[4] COLLATE "C";
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_entry(kpi_entry_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_entry_rolled(text) IS
    'kpi_entry() by week or month over all time, from the roll-ups. The views kpi_entry_week and kpi_entry_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_entry_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_entry_week AS SELECT * FROM revops.kpi_entry_rolled('week');
COMMENT ON VIEW revops.kpi_entry_week IS
    'kpi_entry() by week, over all time.';
CREATE VIEW revops.kpi_entry_month AS SELECT * FROM revops.kpi_entry_rolled('month');
COMMENT ON VIEW revops.kpi_entry_month IS
    'kpi_entry() by month, over all time.';

CREATE FUNCTION revops.kpi_funnel_rolled(grain text) RETURNS SETOF revops.kpi_funnel_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_funnel_rolled.grain, revops.kpi_complete(kpi_funnel_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3],
               k.counts[1], k.counts[2], k.counts[3], k.counts[4], k.counts[5],
               k.counts[6], k.counts[7], k.counts[8], k.counts[9], k.counts[10],
               revops.kpi_share(k.counts[2], k.counts[1]), revops.kpi_share(k.counts[3], k.counts[2]),
               revops.kpi_share(k.counts[4], k.counts[3]), revops.kpi_share(k.counts[5], k.counts[4]),
               revops.kpi_share(k.counts[5], k.counts[1])
        FROM revops.rolled_up('funnel', kpi_funnel_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C";
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_funnel(kpi_funnel_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_funnel_rolled(text) IS
    'kpi_funnel() by week or month over all time, from the roll-ups. The views kpi_funnel_week and kpi_funnel_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_funnel_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_funnel_week AS SELECT * FROM revops.kpi_funnel_rolled('week');
COMMENT ON VIEW revops.kpi_funnel_week IS
    'kpi_funnel() by week, over all time.';
CREATE VIEW revops.kpi_funnel_month AS SELECT * FROM revops.kpi_funnel_rolled('month');
COMMENT ON VIEW revops.kpi_funnel_month IS
    'kpi_funnel() by month, over all time.';

CREATE FUNCTION revops.kpi_source_rolled(grain text) RETURNS SETOF revops.kpi_source_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_source_rolled.grain,
               revops.kpi_complete(kpi_source_rolled.grain, k.period, w.time_zone),
               k.dims[1],
               k.counts[1], k.counts[2], k.counts[3], k.counts[4], k.counts[5], k.counts[6], k.counts[7],
               revops.kpi_share(k.counts[2], k.counts[1]), revops.kpi_share(k.counts[6], k.counts[2]),
               revops.kpi_share(k.counts[5], k.counts[1]),
               k.counts[8], k.counts[9], CASE WHEN k.counts[8] > k.counts[9] THEN k.sums[1] END,
               w.currency, round(k.quantiles[1] / 86400, 4)
        FROM revops.rolled_up('source', kpi_source_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C";
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_source(kpi_source_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_source_rolled(text) IS
    'kpi_source() by week or month over all time, from the roll-ups. The views kpi_source_week and kpi_source_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_source_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_source_week AS SELECT * FROM revops.kpi_source_rolled('week');
COMMENT ON VIEW revops.kpi_source_week IS
    'kpi_source() by week, over all time.';
CREATE VIEW revops.kpi_source_month AS SELECT * FROM revops.kpi_source_rolled('month');
COMMENT ON VIEW revops.kpi_source_month IS
    'kpi_source() by month, over all time.';

CREATE FUNCTION revops.kpi_segment_rolled(grain text) RETURNS SETOF revops.kpi_segment_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_segment_rolled.grain, revops.kpi_complete(kpi_segment_rolled.grain, k.period, w.time_zone), k.dims[1],
               k.counts[1], k.counts[2], round(k.counts[2]::numeric / k.counts[1], 4), round(k.quantiles[1], 4),
               k.counts[3], k.counts[4], k.counts[5], k.counts[6], k.counts[7],
               revops.kpi_share(k.counts[3], k.counts[1]), revops.kpi_share(k.counts[7], k.counts[3]),
               revops.kpi_share(k.counts[5], k.counts[1]),
               k.counts[8], CASE WHEN k.counts[9] > 0 THEN k.sums[1] END, w.currency
        FROM revops.rolled_up('segment', kpi_segment_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C";
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_segment(kpi_segment_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_segment_rolled(text) IS
    'kpi_segment() by week or month over all time, from the roll-ups. The views kpi_segment_week and kpi_segment_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_segment_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_segment_week AS SELECT * FROM revops.kpi_segment_rolled('week');
COMMENT ON VIEW revops.kpi_segment_week IS
    'kpi_segment() by week, over all time.';
CREATE VIEW revops.kpi_segment_month AS SELECT * FROM revops.kpi_segment_rolled('month');
COMMENT ON VIEW revops.kpi_segment_month IS
    'kpi_segment() by month, over all time.';

CREATE FUNCTION revops.kpi_stage_conversion_rolled(grain text) RETURNS SETOF revops.kpi_stage_conversion_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_stage_conversion_rolled.grain,
               revops.kpi_complete(kpi_stage_conversion_rolled.grain, k.period, w.time_zone),
               k.dims[1], g.position, k.dims[2], k.dims[3], k.dims[4], t.team, r.rep,
               k.counts[1], k.counts[2], k.counts[3], k.counts[6],
               k.counts[1] - k.counts[6] - k.counts[4] - k.counts[5] - k.counts[7],
               k.counts[4], k.counts[5], k.counts[7],
               revops.kpi_share(k.counts[2], k.counts[1]),
               round(k.quantiles[1] / 3600, 4), round(k.quantiles[2] / 3600, 4)
        FROM revops.rolled_up('stage_conversion', kpi_stage_conversion_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        LEFT JOIN revops.agreement a ON a.workspace_id = k.workspace_id AND a.status = 'active'
        LEFT JOIN revops.stage g ON g.agreement_id = a.agreement_id AND g.stage = k.dims[1]
        LEFT JOIN revops.team t ON t.team_id = k.dims[5]::int
        LEFT JOIN revops.rep r ON r.rep_id = k.dims[6]::int
        ORDER BY k.workspace_id, k.period, g.position, k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", k.dims[4] COLLATE "C", t.team, r.rep;
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_stage_conversion(kpi_stage_conversion_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_stage_conversion_rolled(text) IS
    'kpi_stage_conversion() by week or month over all time, from the roll-ups. The views kpi_stage_conversion_week and kpi_stage_conversion_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_stage_conversion_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_stage_conversion_week AS SELECT * FROM revops.kpi_stage_conversion_rolled('week');
COMMENT ON VIEW revops.kpi_stage_conversion_week IS
    'kpi_stage_conversion() by week, over all time.';
CREATE VIEW revops.kpi_stage_conversion_month AS SELECT * FROM revops.kpi_stage_conversion_rolled('month');
COMMENT ON VIEW revops.kpi_stage_conversion_month IS
    'kpi_stage_conversion() by month, over all time.';

CREATE FUNCTION revops.kpi_stage_volume_rolled(grain text) RETURNS SETOF revops.kpi_stage_volume_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_stage_volume_rolled.grain, revops.kpi_complete(kpi_stage_volume_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3], t.team,
               k.counts[2], k.counts[3], k.counts[4], k.counts[5], k.counts[6],
               revops.kpi_share(k.counts[3], k.counts[2]), revops.kpi_share(k.counts[4], k.counts[3]),
               revops.kpi_share(k.counts[5], k.counts[4]), revops.kpi_share(k.counts[6], k.counts[5])
        FROM revops.rolled_up('stage_volume', kpi_stage_volume_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        LEFT JOIN revops.team t ON t.team_id = k.dims[4]::int
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", t.team;
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_stage_volume(kpi_stage_volume_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_stage_volume_rolled(text) IS
    'kpi_stage_volume() by week or month over all time, from the roll-ups. The views kpi_stage_volume_week and kpi_stage_volume_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_stage_volume_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_stage_volume_week AS SELECT * FROM revops.kpi_stage_volume_rolled('week');
COMMENT ON VIEW revops.kpi_stage_volume_week IS
    'kpi_stage_volume() by week, over all time.';
CREATE VIEW revops.kpi_stage_volume_month AS SELECT * FROM revops.kpi_stage_volume_rolled('month');
COMMENT ON VIEW revops.kpi_stage_volume_month IS
    'kpi_stage_volume() by month, over all time.';

CREATE FUNCTION revops.kpi_leakage_rolled(grain text) RETURNS SETOF revops.kpi_leakage_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_leakage_rolled.grain, revops.kpi_complete(kpi_leakage_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3], t.team, k.dims[5], k.dims[6], k.dims[7], k.dims[8],
               k.counts[1], k.counts[2], revops.kpi_share(k.counts[1], k.leaving::bigint)
        FROM (SELECT u.*, sum(u.counts[1]) OVER (PARTITION BY u.workspace_id, u.period, u.dims[5]) AS leaving
              FROM revops.rolled_up('leakage', kpi_leakage_rolled.grain) u) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        LEFT JOIN revops.team t ON t.team_id = k.dims[4]::int
        WHERE k.dims[7] IS NOT NULL
        ORDER BY k.workspace_id, k.period, k.dims[5] COLLATE "C", k.dims[7] COLLATE "C", k.dims[6] COLLATE "C", k.dims[8] COLLATE "C", k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", t.team;
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_leakage(kpi_leakage_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_leakage_rolled(text) IS
    'kpi_leakage() by week or month over all time, from the roll-ups. The views kpi_leakage_week and kpi_leakage_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_leakage_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_leakage_week AS SELECT * FROM revops.kpi_leakage_rolled('week');
COMMENT ON VIEW revops.kpi_leakage_week IS
    'kpi_leakage() by week, over all time.';
CREATE VIEW revops.kpi_leakage_month AS SELECT * FROM revops.kpi_leakage_rolled('month');
COMMENT ON VIEW revops.kpi_leakage_month IS
    'kpi_leakage() by month, over all time.';

CREATE FUNCTION revops.kpi_stage_time_rolled(grain text) RETURNS SETOF revops.kpi_stage_time_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_stage_time_rolled.grain, revops.kpi_complete(kpi_stage_time_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], t.team, k.dims[4], k.dims[5],
               k.counts[2], k.counts[3], CASE WHEN k.counts[2] > 0 THEN round(k.sums[1], 4) END,
               round(k.sums[1] / NULLIF(k.counts[2], 0), 4),
               round(k.quantiles[1], 4), round(k.quantiles[2], 4)
        FROM revops.rolled_up('stage_time', kpi_stage_time_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        LEFT JOIN revops.team t ON t.team_id = k.dims[3]::int
        ORDER BY k.workspace_id, k.period, k.dims[4] COLLATE "C", k.dims[5] COLLATE "C", k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", t.team;
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_stage_time(kpi_stage_time_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_stage_time_rolled(text) IS
    'kpi_stage_time() by week or month over all time, from the roll-ups. The views kpi_stage_time_week and kpi_stage_time_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_stage_time_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_stage_time_week AS SELECT * FROM revops.kpi_stage_time_rolled('week');
COMMENT ON VIEW revops.kpi_stage_time_week IS
    'kpi_stage_time() by week, over all time.';
CREATE VIEW revops.kpi_stage_time_month AS SELECT * FROM revops.kpi_stage_time_rolled('month');
COMMENT ON VIEW revops.kpi_stage_time_month IS
    'kpi_stage_time() by month, over all time.';

CREATE FUNCTION revops.kpi_recycle_rolled(grain text) RETURNS SETOF revops.kpi_recycle_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_recycle_rolled.grain, revops.kpi_complete(kpi_recycle_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3], t.team, k.dims[5],
               k.counts[1], k.counts[2], k.counts[3], k.counts[4], k.counts[5],
               revops.kpi_share(k.counts[2], k.counts[1]), revops.kpi_share(k.counts[5], k.counts[1]),
               round(k.quantiles[1], 4)
        FROM revops.rolled_up('recycle', kpi_recycle_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        LEFT JOIN revops.team t ON t.team_id = k.dims[4]::int
        ORDER BY k.workspace_id, k.period, k.dims[5] COLLATE "C", k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", t.team;
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_recycle(kpi_recycle_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_recycle_rolled(text) IS
    'kpi_recycle() by week or month over all time, from the roll-ups. The views kpi_recycle_week and kpi_recycle_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_recycle_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_recycle_week AS SELECT * FROM revops.kpi_recycle_rolled('week');
COMMENT ON VIEW revops.kpi_recycle_week IS
    'kpi_recycle() by week, over all time.';
CREATE VIEW revops.kpi_recycle_month AS SELECT * FROM revops.kpi_recycle_rolled('month');
COMMENT ON VIEW revops.kpi_recycle_month IS
    'kpi_recycle() by month, over all time.';

CREATE FUNCTION revops.kpi_acceptance_rolled(grain text) RETURNS SETOF revops.kpi_acceptance_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_acceptance_rolled.grain,
               revops.kpi_complete(kpi_acceptance_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3], t.team, r.rep,
               k.counts[1], k.counts[2], k.counts[3], k.counts[4], k.counts[5], k.counts[6],
               revops.kpi_share(k.counts[2], k.counts[1]),
               revops.kpi_share(k.counts[2] + k.counts[3] + k.counts[4], k.counts[1]),
               round(k.quantiles[1] / 3600, 4), k.counts[7]
        FROM revops.rolled_up('acceptance', kpi_acceptance_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        LEFT JOIN revops.team t ON t.team_id = k.dims[4]::int
        LEFT JOIN revops.rep r ON r.rep_id = k.dims[5]::int
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", t.team, r.rep;
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_acceptance(kpi_acceptance_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_acceptance_rolled(text) IS
    'kpi_acceptance() by week or month over all time, from the roll-ups. The views kpi_acceptance_week and kpi_acceptance_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_acceptance_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_acceptance_week AS SELECT * FROM revops.kpi_acceptance_rolled('week');
COMMENT ON VIEW revops.kpi_acceptance_week IS
    'kpi_acceptance() by week, over all time.';
CREATE VIEW revops.kpi_acceptance_month AS SELECT * FROM revops.kpi_acceptance_rolled('month');
COMMENT ON VIEW revops.kpi_acceptance_month IS
    'kpi_acceptance() by month, over all time.';

CREATE FUNCTION revops.kpi_rejection_reasons_rolled(grain text) RETURNS SETOF revops.kpi_rejection_reasons_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_rejection_reasons_rolled.grain,
               revops.kpi_complete(kpi_rejection_reasons_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], e.label, k.dims[3], k.dims[4], k.dims[5], t.team, r.rep, k.counts[1]
        FROM revops.rolled_up('rejection_reasons', kpi_rejection_reasons_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        LEFT JOIN revops.reason e ON e.workspace_id = k.workspace_id AND e.reason = k.dims[2]
        LEFT JOIN revops.team t ON t.team_id = k.dims[6]::int
        LEFT JOIN revops.rep r ON r.rep_id = k.dims[7]::int
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C", k.counts[1] DESC, k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", k.dims[4] COLLATE "C", k.dims[5] COLLATE "C", t.team, r.rep;
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_rejection_reasons(kpi_rejection_reasons_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_rejection_reasons_rolled(text) IS
    'kpi_rejection_reasons() by week or month over all time, from the roll-ups. The views kpi_rejection_reasons_week and kpi_rejection_reasons_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_rejection_reasons_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_rejection_reasons_week AS SELECT * FROM revops.kpi_rejection_reasons_rolled('week');
COMMENT ON VIEW revops.kpi_rejection_reasons_week IS
    'kpi_rejection_reasons() by week, over all time.';
CREATE VIEW revops.kpi_rejection_reasons_month AS SELECT * FROM revops.kpi_rejection_reasons_rolled('month');
COMMENT ON VIEW revops.kpi_rejection_reasons_month IS
    'kpi_rejection_reasons() by month, over all time.';

CREATE FUNCTION revops.kpi_response_time_rolled(grain text) RETURNS SETOF revops.kpi_response_time_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_response_time_rolled.grain,
               revops.kpi_complete(kpi_response_time_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3], t.team, r.rep,
               k.counts[1], k.counts[2], k.counts[3], k.counts[4], k.counts[5], k.breached,
               revops.kpi_share(k.counts[5], k.counts[5] + k.breached),
               round(k.quantiles[1] / 60, 4), round(k.quantiles[2] / 60, 4),
               round(k.sums[1] / NULLIF((k.counts[2] - k.counts[8]) * 60, 0), 4),
               CASE WHEN k.counts[2] > k.counts[8] THEN round(k.sums[1] / 60, 4) END,
               round(k.quantiles[3] / 60, 4), round(k.quantiles[4] / 60, 4),
               round(k.sums[2] / NULLIF(k.counts[2] * 60, 0), 4), CASE WHEN k.counts[2] > 0 THEN round(k.sums[2] / 60, 4) END,
               k.counts[8]
        FROM (SELECT u.*, u.counts[6] + u.counts[7] + COALESCE(o.clocks, 0) AS breached
              FROM revops.rolled_up('response_time', kpi_response_time_rolled.grain) u
              -- promises that nobody has seen broken yet: time alone has done it
              LEFT JOIN (SELECT c.workspace_id, revops.kpi_period(kpi_response_time_rolled.grain, c.started_at, w.time_zone) AS period,
                                ARRAY[c.source, c.campaign, c.segment, c.team_id::text, c.rep_id::text] COLLATE "C" AS dims, count(*) AS clocks
                         FROM revops.sla_clock c
                         JOIN revops.workspace w ON w.workspace_id = c.workspace_id
                         WHERE c.fires_at <= revops.engine_now() AND c.breached_at IS NULL AND c.due_at <= revops.engine_now()
                           AND c.promise = 'first_response'
                         GROUP BY 1, 2, 3) o
                     ON o.workspace_id = u.workspace_id AND o.period = u.period AND o.dims = u.dims) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        LEFT JOIN revops.team t ON t.team_id = k.dims[4]::int
        LEFT JOIN revops.rep r ON r.rep_id = k.dims[5]::int
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", t.team, r.rep;
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_response_time(kpi_response_time_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_response_time_rolled(text) IS
    'kpi_response_time() by week or month over all time, from the roll-ups. The views kpi_response_time_week and kpi_response_time_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_response_time_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_response_time_week AS SELECT * FROM revops.kpi_response_time_rolled('week');
COMMENT ON VIEW revops.kpi_response_time_week IS
    'kpi_response_time() by week, over all time.';
CREATE VIEW revops.kpi_response_time_month AS SELECT * FROM revops.kpi_response_time_rolled('month');
COMMENT ON VIEW revops.kpi_response_time_month IS
    'kpi_response_time() by month, over all time.';

CREATE FUNCTION revops.kpi_sla_compliance_rolled(grain text) RETURNS SETOF revops.kpi_sla_compliance_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_sla_compliance_rolled.grain,
               revops.kpi_complete(kpi_sla_compliance_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3], t.team, r.rep,
               k.counts[1], k.counts[2], k.counts[1] - k.counts[2] - k.running - k.counts[4], k.running, k.counts[4],
               revops.kpi_share(k.counts[2], k.counts[1] - k.running - k.counts[4])
        FROM (SELECT u.*, u.counts[3] - COALESCE(o.clocks, 0) AS running
              FROM revops.rolled_up('sla_compliance', kpi_sla_compliance_rolled.grain) u
              -- promises that nobody has seen broken yet: time alone has done it
              LEFT JOIN (SELECT c.workspace_id, revops.kpi_period(kpi_sla_compliance_rolled.grain, c.due_at, w.time_zone) AS period,
                                ARRAY[p.policy, c.promise, c.source, c.team_id::text, c.rep_id::text] COLLATE "C" AS dims, count(*) AS clocks
                         FROM revops.sla_clock c
                         JOIN revops.workspace w ON w.workspace_id = c.workspace_id
                         LEFT JOIN revops.sla_policy p ON p.policy_id = c.policy_id
                         WHERE c.fires_at <= revops.engine_now() AND c.breached_at IS NULL AND c.due_at <= revops.engine_now()
                         GROUP BY 1, 2, 3) o
                     ON o.workspace_id = u.workspace_id AND o.period = u.period AND o.dims = u.dims) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        LEFT JOIN revops.team t ON t.team_id = k.dims[4]::int
        LEFT JOIN revops.rep r ON r.rep_id = k.dims[5]::int
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", t.team, r.rep;
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_sla_compliance(kpi_sla_compliance_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_sla_compliance_rolled(text) IS
    'kpi_sla_compliance() by week or month over all time, from the roll-ups. The views kpi_sla_compliance_week and kpi_sla_compliance_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_sla_compliance_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_sla_compliance_week AS SELECT * FROM revops.kpi_sla_compliance_rolled('week');
COMMENT ON VIEW revops.kpi_sla_compliance_week IS
    'kpi_sla_compliance() by week, over all time.';
CREATE VIEW revops.kpi_sla_compliance_month AS SELECT * FROM revops.kpi_sla_compliance_rolled('month');
COMMENT ON VIEW revops.kpi_sla_compliance_month IS
    'kpi_sla_compliance() by month, over all time.';

CREATE FUNCTION revops.kpi_pipeline_rolled(grain text) RETURNS SETOF revops.kpi_pipeline_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_pipeline_rolled.grain, revops.kpi_complete(kpi_pipeline_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3], k.dims[4], k.dims[5], k.dims[6], k.dims[7],
               k.counts[1], k.counts[2], k.counts[3], k.counts[4], revops.kpi_share(k.counts[3], k.counts[1]),
               CASE WHEN k.counts[5] > 0 THEN k.sums[1] END, CASE WHEN k.counts[6] > 0 THEN k.sums[2] END,
               CASE WHEN k.counts[7] > 0 THEN k.sums[3] END, CASE WHEN k.counts[8] > 0 THEN k.sums[4] END,
               k.counts[1] - k.counts[5], w.currency
        FROM revops.rolled_up('pipeline', kpi_pipeline_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", k.dims[4] COLLATE "C", k.dims[5] COLLATE "C", k.dims[6] COLLATE "C", k.dims[7] COLLATE "C";
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_pipeline(kpi_pipeline_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_pipeline_rolled(text) IS
    'kpi_pipeline() by week or month over all time, from the roll-ups. The views kpi_pipeline_week and kpi_pipeline_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_pipeline_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_pipeline_week AS SELECT * FROM revops.kpi_pipeline_rolled('week');
COMMENT ON VIEW revops.kpi_pipeline_week IS
    'kpi_pipeline() by week, over all time.';
CREATE VIEW revops.kpi_pipeline_month AS SELECT * FROM revops.kpi_pipeline_rolled('month');
COMMENT ON VIEW revops.kpi_pipeline_month IS
    'kpi_pipeline() by month, over all time.';

CREATE FUNCTION revops.kpi_deals_rolled(grain text) RETURNS SETOF revops.kpi_deals_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_deals_rolled.grain, revops.kpi_complete(kpi_deals_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3], k.dims[4], k.dims[5], k.dims[6], k.dims[7],
               k.counts[1], k.counts[2], k.counts[1] - k.counts[2], revops.kpi_share(k.counts[2], k.counts[1]),
               k.won_amount, CASE WHEN k.counts[4] > 0 THEN k.sums[2] END, k.counts[2] - k.counts[3],
               round(k.won_amount / NULLIF(k.counts[3], 0), 4), round(k.quantiles[1], 4),
               round(k.won_days, 4), round(k.won_days / NULLIF(k.counts[2], 0), 4),
               round(k.quantiles[3], 4), round(k.quantiles[4], 4), round(k.quantiles[5], 4),
               round(k.counts[2] * k.won_amount / NULLIF(k.counts[3], 0) / NULLIF(k.won_days / NULLIF(k.counts[2], 0), 0), 4),
               round(k.counts[2] * k.won_amount / NULLIF(k.counts[3], 0) / NULLIF(k.quantiles[3], 0), 4),
               w.currency
        FROM (SELECT u.*, CASE WHEN u.counts[3] > 0 THEN u.sums[1] END AS won_amount,
                     CASE WHEN u.counts[2] > 0 THEN u.sums[3] / 86400 END AS won_days
              FROM revops.rolled_up('deals', kpi_deals_rolled.grain) u) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", k.dims[4] COLLATE "C", k.dims[5] COLLATE "C", k.dims[6] COLLATE "C", k.dims[7] COLLATE "C";
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_deals(kpi_deals_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_deals_rolled(text) IS
    'kpi_deals() by week or month over all time, from the roll-ups. The views kpi_deals_week and kpi_deals_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_deals_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_deals_week AS SELECT * FROM revops.kpi_deals_rolled('week');
COMMENT ON VIEW revops.kpi_deals_week IS
    'kpi_deals() by week, over all time.';
CREATE VIEW revops.kpi_deals_month AS SELECT * FROM revops.kpi_deals_rolled('month');
COMMENT ON VIEW revops.kpi_deals_month IS
    'kpi_deals() by month, over all time.';

CREATE FUNCTION revops.kpi_win_loss_rolled(grain text) RETURNS SETOF revops.kpi_win_loss_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_win_loss_rolled.grain, revops.kpi_complete(kpi_win_loss_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3], k.dims[4], k.dims[5], k.dims[6], k.dims[7], k.dims[8],
               k.counts[1], CASE WHEN k.counts[2] > 0 THEN k.sums[1] END, k.counts[1] - k.counts[2],
               revops.kpi_share(k.counts[1], (sum(k.counts[1]) OVER (PARTITION BY k.workspace_id, k.period, k.dims[6]))::bigint),
               w.currency
        FROM revops.rolled_up('win_loss', kpi_win_loss_rolled.grain) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        ORDER BY k.workspace_id, k.period, k.dims[6] COLLATE "C", k.dims[7] COLLATE "C", k.dims[8] COLLATE "C", k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C", k.dims[4] COLLATE "C", k.dims[5] COLLATE "C";
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_win_loss(kpi_win_loss_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_win_loss_rolled(text) IS
    'kpi_win_loss() by week or month over all time, from the roll-ups. The views kpi_win_loss_week and kpi_win_loss_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_win_loss_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_win_loss_week AS SELECT * FROM revops.kpi_win_loss_rolled('week');
COMMENT ON VIEW revops.kpi_win_loss_week IS
    'kpi_win_loss() by week, over all time.';
CREATE VIEW revops.kpi_win_loss_month AS SELECT * FROM revops.kpi_win_loss_rolled('month');
COMMENT ON VIEW revops.kpi_win_loss_month IS
    'kpi_win_loss() by month, over all time.';

CREATE FUNCTION revops.kpi_revenue_rolled(grain text) RETURNS SETOF revops.kpi_revenue_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        SELECT k.workspace_id, w.workspace, k.period, kpi_revenue_rolled.grain, revops.kpi_complete(kpi_revenue_rolled.grain, k.period, w.time_zone),
               k.dims[1], k.dims[2], k.dims[3],
               k.counts[1], k.counts[2], k.counts[3], k.amount,
               CASE WHEN k.counts[5] > 0 THEN k.sums[2] END, CASE WHEN k.counts[6] > 0 THEN k.sums[3] END,
               CASE WHEN k.counts[7] > 0 THEN k.sums[4] END, k.counts[1] - k.counts[4],
               round(k.amount / NULLIF(sum(k.amount) OVER (PARTITION BY k.workspace_id, k.period), 0), 4),
               w.currency
        FROM (SELECT u.*, CASE WHEN u.counts[4] > 0 THEN u.sums[1] END AS amount
              FROM revops.rolled_up('revenue', kpi_revenue_rolled.grain) u) k
        JOIN revops.workspace w ON w.workspace_id = k.workspace_id
        ORDER BY k.workspace_id, k.period, k.dims[1] COLLATE "C", k.dims[2] COLLATE "C", k.dims[3] COLLATE "C";
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_revenue(kpi_revenue_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_revenue_rolled(text) IS
    'kpi_revenue() by week or month over all time, from the roll-ups. The views kpi_revenue_week and kpi_revenue_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_revenue_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_revenue_week AS SELECT * FROM revops.kpi_revenue_rolled('week');
COMMENT ON VIEW revops.kpi_revenue_week IS
    'kpi_revenue() by week, over all time.';
CREATE VIEW revops.kpi_revenue_month AS SELECT * FROM revops.kpi_revenue_rolled('month');
COMMENT ON VIEW revops.kpi_revenue_month IS
    'kpi_revenue() by month, over all time.';

CREATE FUNCTION revops.kpi_lead_velocity_rolled(grain text) RETURNS SETOF revops.kpi_lead_velocity_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    IF revops.rollups_serve() THEN
        RETURN QUERY
        WITH counted AS
             (SELECT u.workspace_id, u.period, u.counts[1] AS mqls FROM revops.rolled_up('lead_velocity', kpi_lead_velocity_rolled.grain) u),
             every AS
             (SELECT e.workspace_id, p.period::date AS period
              FROM (SELECT k.workspace_id, min(k.period) AS first, max(k.period) AS last FROM counted k GROUP BY 1) e,
                   generate_series(e.first::timestamp, e.last::timestamp, ('1 ' || kpi_lead_velocity_rolled.grain)::interval) AS p (period)),
             filled AS
             (SELECT e.workspace_id, e.period, COALESCE(k.mqls, 0) AS mqls,
                     lag(COALESCE(k.mqls, 0)) OVER (PARTITION BY e.workspace_id ORDER BY e.period) AS before
              FROM every e
              LEFT JOIN counted k ON k.workspace_id = e.workspace_id AND k.period = e.period)
        SELECT f.workspace_id, w.workspace, f.period, kpi_lead_velocity_rolled.grain,
               revops.kpi_complete(kpi_lead_velocity_rolled.grain, f.period, w.time_zone),
               f.mqls, f.before, round((f.mqls - f.before)::numeric / NULLIF(f.before, 0), 4)
        FROM filled f
        JOIN revops.workspace w ON w.workspace_id = f.workspace_id
        ORDER BY f.workspace_id, f.period;
    ELSE
        RETURN QUERY SELECT * FROM revops.kpi_lead_velocity(kpi_lead_velocity_rolled.grain);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.kpi_lead_velocity_rolled(text) IS
    'kpi_lead_velocity() by week or month over all time, from the roll-ups. The views kpi_lead_velocity_week and kpi_lead_velocity_month read it.';
REVOKE ALL ON FUNCTION revops.kpi_lead_velocity_rolled(text) FROM PUBLIC;
CREATE VIEW revops.kpi_lead_velocity_week AS SELECT * FROM revops.kpi_lead_velocity_rolled('week');
COMMENT ON VIEW revops.kpi_lead_velocity_week IS
    'kpi_lead_velocity() by week, over all time.';
CREATE VIEW revops.kpi_lead_velocity_month AS SELECT * FROM revops.kpi_lead_velocity_rolled('month');
COMMENT ON VIEW revops.kpi_lead_velocity_month IS
    'kpi_lead_velocity() by month, over all time.';
