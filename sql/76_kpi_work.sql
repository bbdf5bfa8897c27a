-- Who works what marketing hands over (K7).  It has the form of the KPIs of
-- 75_kpi.sql.

CREATE TYPE revops.kpi_work_rate_row AS
(
    workspace_id          int,
    workspace             text,
    period                date,
    grain                 text,
    complete              boolean,
    score_band            text,
    source                text,
    team                  text,
    rep                   text,
    handed_over           bigint,
    contacted             bigint,
    never_contacted       bigint,
    decided_unworked      bigint,
    waiting               bigint,
    work_rate             numeric,
    never_contacted_share numeric
);
COMMENT ON TYPE revops.kpi_work_rate_row IS 'A row of kpi_work_rate().';
COMMENT ON COLUMN revops.kpi_work_rate_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_work_rate_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_work_rate_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_work_rate_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_work_rate_row.complete IS 'true: the period is over; false: it still grows';
COMMENT ON COLUMN revops.kpi_work_rate_row.score_band IS 'score at the handoff in bands of 20: 0-19, 20-39, 40-59, 60-79, 80-100';
COMMENT ON COLUMN revops.kpi_work_rate_row.source IS 'source of the lead at the handoff';
COMMENT ON COLUMN revops.kpi_work_rate_row.team IS 'team that had the lead when the stay ended, or has it now';
COMMENT ON COLUMN revops.kpi_work_rate_row.rep IS 'rep who had the lead then, or has it now';
COMMENT ON COLUMN revops.kpi_work_rate_row.handed_over IS 'handoffs in the period: entries into the stage of purpose qualified; a lead that is handed over twice counts twice';
COMMENT ON COLUMN revops.kpi_work_rate_row.contacted IS 'of these, somebody reached out, or was in conversation, between this handoff and the next: a touch of a signal that is outbound or answers';
COMMENT ON COLUMN revops.kpi_work_rate_row.never_contacted IS 'of these, nobody has so far; handed_over = contacted + never_contacted';
COMMENT ON COLUMN revops.kpi_work_rate_row.decided_unworked IS 'of the never contacted, the stay has ended all the same: accepted, rejected, recycled or withdrawn without a single contact';
COMMENT ON COLUMN revops.kpi_work_rate_row.waiting IS 'of the never contacted, the handoff is pending: there is time yet; never_contacted = decided_unworked + waiting';
COMMENT ON COLUMN revops.kpi_work_rate_row.work_rate IS 'contacted / handed_over, 0 to 1';
COMMENT ON COLUMN revops.kpi_work_rate_row.never_contacted_share IS 'never_contacted / handed_over, 0 to 1';

CREATE FUNCTION revops.kpi_work_rate(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_work_rate_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_work_rate.grain, kpi_work_rate.since, kpi_work_rate.until);
    WITH handed AS
         (SELECT h.workspace_id, revops.kpi_period(kpi_work_rate.grain, h.handed_over_at, w.time_zone) AS period,
                 CASE WHEN c.score >= 80 THEN '80-100'
                      ELSE format('%s-%s', c.score / 20 * 20, c.score / 20 * 20 + 19) END AS score_band,
                 h.source, h.team_id, h.rep_id, h.outcome,
                 EXISTS (SELECT FROM revops.touch t
                         JOIN revops.signal s ON s.signal_id = t.signal_id
                          -- what the lead did in the very moment of the handoff brought it about
                          AND (s.direction = 'outbound' OR (s.answers AND t.occurred_at > h.handed_over_at))
                         WHERE t.lead_id = h.lead_id AND t.occurred_at >= h.handed_over_at
                           AND t.occurred_at < COALESCE(h.next_at, 'infinity')
                         GROUP BY t.signal_id, t.binding_id, t.source_key, t.occurred_at
                         HAVING sum(t.sign) > 0) AS contacted
          FROM (SELECT o.*, lead(o.handed_over_at) OVER (PARTITION BY o.lead_id ORDER BY o.seq) AS next_at FROM revops.handoff o) h
          JOIN revops.stage_change c ON c.lead_id = h.lead_id AND c.seq = h.seq
          JOIN revops.workspace w ON w.workspace_id = h.workspace_id
          WHERE (kpi_work_rate.since IS NULL OR h.handed_over_at >= kpi_work_rate.since)
            AND (kpi_work_rate.until IS NULL OR h.handed_over_at < kpi_work_rate.until)),
         counted AS
         (SELECT h.workspace_id, h.period, h.score_band, h.source, h.team_id, h.rep_id,
                 count(*) AS handed_over,
                 count(*) FILTER (WHERE h.contacted) AS contacted,
                 count(*) FILTER (WHERE NOT h.contacted AND h.outcome = 'pending') AS waiting
          FROM handed h
          GROUP BY 1, 2, 3, 4, 5, 6)
    SELECT k.workspace_id, w.workspace, k.period, kpi_work_rate.grain, revops.kpi_complete(kpi_work_rate.grain, k.period, w.time_zone),
           k.score_band, k.source, t.team, r.rep,
           k.handed_over, k.contacted, k.handed_over - k.contacted, k.handed_over - k.contacted - k.waiting, k.waiting,
           revops.kpi_share(k.contacted, k.handed_over), revops.kpi_share(k.handed_over - k.contacted, k.handed_over)
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    LEFT JOIN revops.team t ON t.team_id = k.team_id
    LEFT JOIN revops.rep r ON r.rep_id = k.rep_id
    ORDER BY k.workspace_id, k.period, k.score_band, k.source, t.team, r.rep;
END;
COMMENT ON FUNCTION revops.kpi_work_rate(text, timestamptz, timestamptz) IS
    'Share of MQLs that sales worked, and of those that nobody ever contacted, by cohort: a handoff belongs to its period, and a contact counts whenever it came up to the next handoff of the lead, so recent periods still change. Work rates that differ by score_band, source or rep show cherry-picking. A touch contacts where its signal is outbound or answers; one that was taken back has not, nor has what the lead itself did in the very moment of the handoff. Moves of the past that were adopted have score 0. Rates are rounded to 4 decimals. Source: handoff, stage_change, touch, signal. Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_work_rate(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE VIEW revops.kpi_work_rate_week AS
SELECT * FROM revops.kpi_work_rate('week', NULL, NULL);
COMMENT ON VIEW revops.kpi_work_rate_week IS
    'kpi_work_rate() by week, over all time.';

CREATE VIEW revops.kpi_work_rate_month AS
SELECT * FROM revops.kpi_work_rate('month', NULL, NULL);
COMMENT ON VIEW revops.kpi_work_rate_month IS
    'kpi_work_rate() by month, over all time.';
