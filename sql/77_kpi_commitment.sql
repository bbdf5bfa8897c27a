-- What both teams committed to, and how they stand to it (F5, K).

CREATE TYPE revops.kpi_commitment_row AS
(
    workspace_id int,
    workspace    text,
    commitment   text,
    side         text,
    measure      text,
    grain        text,
    period       date,
    complete     boolean,
    version      int,
    source       text,
    segment      text,
    promise      text,
    target       numeric,
    counted      bigint,
    of           bigint,
    open         bigint,
    actual       numeric,
    attainment   numeric,
    elapsed      numeric,
    pace         numeric,
    met          boolean
);
COMMENT ON TYPE revops.kpi_commitment_row IS 'A row of kpi_commitment().';
COMMENT ON COLUMN revops.kpi_commitment_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_commitment_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_commitment_row.commitment IS 'name of the commitment';
COMMENT ON COLUMN revops.kpi_commitment_row.side IS 'whose it is: marketing or sales';
COMMENT ON COLUMN revops.kpi_commitment_row.measure IS 'what is measured: mqls, accepted_share, complete_share or kept_share, as commitment.measure';
COMMENT ON COLUMN revops.kpi_commitment_row.grain IS 'length of the period: week, month or quarter';
COMMENT ON COLUMN revops.kpi_commitment_row.period IS 'first day of the period, which is of the workspace''s time zone';
COMMENT ON COLUMN revops.kpi_commitment_row.complete IS 'true: the period is over; what is open may still be decided';
COMMENT ON COLUMN revops.kpi_commitment_row.version IS 'version of the agreement that was in force when the period ended (of one that is not over: now)';
COMMENT ON COLUMN revops.kpi_commitment_row.source IS 'of leads of this source alone; NULL: of any';
COMMENT ON COLUMN revops.kpi_commitment_row.segment IS 'of leads of this segment alone; NULL: of any';
COMMENT ON COLUMN revops.kpi_commitment_row.promise IS 'of promises of this kind alone; NULL: of every kind, or none';
COMMENT ON COLUMN revops.kpi_commitment_row.target IS 'at least so many leads, or at least this share';
COMMENT ON COLUMN revops.kpi_commitment_row.counted IS 'leads handed over; handoffs accepted; handoffs that had all; promises kept';
COMMENT ON COLUMN revops.kpi_commitment_row.of IS 'denominator of a share: handoffs decided (accepted, rejected or recycled); handoffs; promises kept or broken. NULL: a number has none';
COMMENT ON COLUMN revops.kpi_commitment_row.open IS 'not decided yet, so not in the denominator: handoffs pending; promises running and not due by now. NULL: nothing can be open';
COMMENT ON COLUMN revops.kpi_commitment_row.actual IS 'counted, or counted / of; NULL: nothing to take a share of';
COMMENT ON COLUMN revops.kpi_commitment_row.attainment IS 'actual / target';
COMMENT ON COLUMN revops.kpi_commitment_row.elapsed IS 'share of the period that is over, 0 to 1';
COMMENT ON COLUMN revops.kpi_commitment_row.pace IS 'of a number: attainment / elapsed, 1 is on the way; of a share: attainment, as a share does not grow with time';
COMMENT ON COLUMN revops.kpi_commitment_row.met IS 'actual >= target; NULL: the period is not over, and it is not sure yet, or there is nothing to measure';

-- which commitments count for which periods
CREATE VIEW revops.committed_period AS
SELECT w.workspace_id, w.workspace, w.time_zone, a.version, c.commitment_id, c.commitment, c.position, c.measure, c.period AS grain,
       p.period, b.begins, b.ends, c.target, c.source, c.segment, c.promise
FROM revops.commitment c
JOIN revops.agreement a ON a.agreement_id = c.agreement_id AND a.active_from <= revops.engine_now()
JOIN revops.workspace w ON w.workspace_id = a.workspace_id
CROSS JOIN LATERAL generate_series(revops.kpi_period(c.period, a.active_from, w.time_zone)::timestamp,
                                   revops.kpi_period(c.period, LEAST(a.retired_at, revops.engine_now()), w.time_zone)::timestamp,
                                   CASE c.period WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || c.period)::interval END) AS s (day)
CROSS JOIN LATERAL (SELECT s.day::date AS period) p
CROSS JOIN LATERAL (SELECT s.day AT TIME ZONE w.time_zone AS begins,
                           (s.day + CASE c.period WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || c.period)::interval END)
                           AT TIME ZONE w.time_zone AS ends) b
CROSS JOIN LATERAL (SELECT LEAST(b.ends, revops.engine_now()) AS looked_at) l
WHERE a.active_from <= l.looked_at AND (a.retired_at IS NULL OR a.retired_at > l.looked_at);
COMMENT ON VIEW revops.committed_period IS
    'Which commitment counts for which period: that of the version in force when the period ended, or now. kpi_commitment() reads it.';
COMMENT ON COLUMN revops.committed_period.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.committed_period.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.committed_period.time_zone IS 'time zone of the periods';
COMMENT ON COLUMN revops.committed_period.version IS 'version of the agreement';
COMMENT ON COLUMN revops.committed_period.commitment_id IS 'the commitment';
COMMENT ON COLUMN revops.committed_period.commitment IS 'its name';
COMMENT ON COLUMN revops.committed_period.position IS 'order in which they are shown';
COMMENT ON COLUMN revops.committed_period.measure IS 'what is measured';
COMMENT ON COLUMN revops.committed_period.grain IS 'length of the period: week, month or quarter';
COMMENT ON COLUMN revops.committed_period.period IS 'first day of the period';
COMMENT ON COLUMN revops.committed_period.begins IS 'its first moment';
COMMENT ON COLUMN revops.committed_period.ends IS 'the moment when it is over';
COMMENT ON COLUMN revops.committed_period.target IS 'at least so many leads, or at least this share';
COMMENT ON COLUMN revops.committed_period.source IS 'of this source alone; NULL: of any';
COMMENT ON COLUMN revops.committed_period.segment IS 'of this segment alone; NULL: of any';
COMMENT ON COLUMN revops.committed_period.promise IS 'of promises of this kind alone; NULL: of every kind';

CREATE FUNCTION revops.kpi_commitment(since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_commitment_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range('week', kpi_commitment.since, kpi_commitment.until);
    WITH due AS MATERIALIZED
         (SELECT * FROM revops.committed_period d
          WHERE (kpi_commitment.since IS NULL OR d.begins >= kpi_commitment.since)
            AND (kpi_commitment.until IS NULL OR d.begins < kpi_commitment.until)),
         span AS
         (SELECT min(d.begins) AS first, max(d.ends) AS last FROM due d),
         grain AS
         (SELECT DISTINCT d.workspace_id, d.time_zone, d.grain FROM due d),
         -- each handoff and each clock once for each length of period
         handoff AS
         (SELECT h.workspace_id, g.grain, revops.kpi_period(g.grain, h.handed_over_at, g.time_zone) AS period,
                 h.lead_id, h.outcome, h.source, h.segment, COALESCE(m.violated ~ '(needs|answers):', false) AS lacking
          FROM revops.handoff h
          JOIN grain g ON g.workspace_id = h.workspace_id
          JOIN revops.stage_change m ON m.lead_id = h.lead_id AND m.seq = h.seq
          WHERE h.handed_over_at >= (SELECT s.first FROM span s) AND h.handed_over_at < (SELECT s.last FROM span s)
            AND EXISTS (SELECT FROM due d WHERE d.measure <> 'kept_share')),
         clock AS
         (SELECT c.workspace_id, g.grain, revops.kpi_period(g.grain, c.due_at, g.time_zone) AS period,
                 c.promise, c.source, c.segment, c.outcome = 'kept' AS kept,
                 c.outcome IS NULL AND c.due_at > revops.engine_now() AS running,
                 c.outcome = 'void' AND c.stopped_at < c.due_at AS void
          FROM revops.sla_clock c
          JOIN grain g ON g.workspace_id = c.workspace_id
          WHERE c.due_at >= (SELECT s.first FROM span s) AND c.due_at < (SELECT s.last FROM span s)
            AND EXISTS (SELECT FROM due d WHERE d.measure = 'kept_share')),
         counted AS
         (SELECT d.commitment_id, d.period,
                 CASE d.measure WHEN 'mqls' THEN count(DISTINCT h.lead_id)
                                WHEN 'accepted_share' THEN count(*) FILTER (WHERE h.outcome = 'accepted')
                                ELSE count(*) FILTER (WHERE NOT h.lacking) END AS counted,
                 CASE d.measure WHEN 'accepted_share' THEN count(*) FILTER (WHERE h.outcome IN ('accepted', 'rejected', 'recycled'))
                                WHEN 'complete_share' THEN count(h.lead_id) END AS of,
                 CASE d.measure WHEN 'accepted_share' THEN count(*) FILTER (WHERE h.outcome = 'pending') END AS open
          FROM due d
          LEFT JOIN handoff h ON h.workspace_id = d.workspace_id AND h.grain = d.grain AND h.period = d.period
                             AND (d.source IS NULL OR h.source = d.source) AND (d.segment IS NULL OR h.segment = d.segment)
          WHERE d.measure <> 'kept_share'
          GROUP BY d.commitment_id, d.period, d.measure
          UNION ALL
          SELECT d.commitment_id, d.period, count(*) FILTER (WHERE c.kept),
                 count(c.promise) FILTER (WHERE NOT COALESCE(c.running, false) AND NOT COALESCE(c.void, false)),
                 count(*) FILTER (WHERE c.running)
          FROM due d
          LEFT JOIN clock c ON c.workspace_id = d.workspace_id AND c.grain = d.grain AND c.period = d.period
                           AND (d.source IS NULL OR c.source = d.source) AND (d.segment IS NULL OR c.segment = d.segment)
                           AND (d.promise IS NULL OR c.promise = d.promise)
          WHERE d.measure = 'kept_share'
          GROUP BY d.commitment_id, d.period),
         stood AS
         (SELECT d.*, k.counted, k.of, k.open,
                 CASE WHEN d.measure = 'mqls' THEN k.counted::numeric ELSE k.counted::numeric / NULLIF(k.of, 0) END AS actual,
                 LEAST(GREATEST(EXTRACT(epoch FROM revops.engine_now() - d.begins) / EXTRACT(epoch FROM d.ends - d.begins), 0), 1) AS elapsed,
                 d.ends <= revops.engine_now() AS complete
          FROM due d
          JOIN counted k ON k.commitment_id = d.commitment_id AND k.period = d.period)
    SELECT s.workspace_id, s.workspace, s.commitment, CASE s.measure WHEN 'kept_share' THEN 'sales' ELSE 'marketing' END,
           s.measure, s.grain, s.period, s.complete, s.version, s.source, s.segment, s.promise, s.target,
           s.counted, s.of, s.open, round(s.actual, 4), round(s.actual / s.target, 4), round(s.elapsed, 4),
           CASE WHEN s.measure = 'mqls' THEN round(s.actual / NULLIF(s.target * s.elapsed, 0), 4) ELSE round(s.actual / s.target, 4) END,
           -- a number that is reached stays reached; a share may still change
           CASE WHEN s.complete OR (s.measure = 'mqls' AND s.actual >= s.target) THEN s.actual >= s.target END
    FROM stood s
    ORDER BY s.workspace_id, s.period, s.position, s.commitment;
END;
COMMENT ON FUNCTION revops.kpi_commitment(timestamptz, timestamptz) IS
    'What both teams committed to by period, and how they stand to it: one row for each commitment and period, from the period in which its version came into force. attainment = actual / target; pace of a number = attainment / elapsed. mqls: leads handed over in the period, each once (of a lead handed over twice in it, once); accepted_share = accepted / (accepted + rejected + recycled), by the moment of the handoff, pending and withdrawn ones left out; complete_share = handoffs that had all roles and answers that the stage needs / handoffs; kept_share = kept / (kept + broken) of the clocks due in the period, those that run and are not due yet left out: open ones are never counted as kept. What is late to be decided changes its period''s share until then. Only periods that begin in [since, until) count; NULL is an open end. Rates are rounded to 4 decimals. Source: commitment, stage_change (handoff), sla_clock. Raises RV004 for since after until.';
REVOKE ALL ON FUNCTION revops.kpi_commitment(timestamptz, timestamptz) FROM PUBLIC;

CREATE VIEW revops.kpi_commitment AS SELECT * FROM revops.kpi_commitment(NULL, NULL);
COMMENT ON VIEW revops.kpi_commitment IS 'kpi_commitment() over all time.';
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT a.attname, col_description(a.attrelid, a.attnum) AS comment
             FROM pg_attribute a WHERE a.attrelid = 'revops.kpi_commitment_row'::regclass AND a.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN revops.kpi_commitment.%I IS %L', c.attname, c.comment);
    END LOOP;
END
$$;
