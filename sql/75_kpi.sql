-- The shared KPIs.  Each is a function of (grain, since, until) and two plain
-- views for BI tools, which cannot set parameters.  They read facts alone: the
-- facts carry their dimensions.  Rates and times come with the counts that they
-- were made from: counts add up over any grouping, rates, medians and
-- percentiles do not.
--
-- SECURITY DEFINER: a reader sees the totals without a right on the facts.
-- Without jit: to compile so many aggregates takes longer than to count by them.

CREATE FUNCTION revops.check_kpi_range(grain text, since timestamptz, until timestamptz)
    RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF grain IS NULL OR grain NOT IN ('day', 'week', 'month', 'quarter', 'year') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'RV004',
            MESSAGE = format('grain %s of a KPI is not known', quote_nullable(grain)),
            DETAIL = 'The grain is the length of a period: day, week, month, quarter or year.',
            HINT = 'Write one of them in lower case, for example ''week''.';
    END IF;
    IF since > until THEN
        RAISE EXCEPTION USING
            ERRCODE = 'RV004',
            MESSAGE = format('range of a KPI ends before it begins: since %s, until %s', since, until),
            DETAIL = 'A KPI counts from since (included) to until (not included).',
            HINT = 'Swap them, or give NULL for an open end.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_kpi_range(text, timestamptz, timestamptz) IS
    'Checks the arguments of a KPI. Raises RV004 for an unknown grain and for a range that ends before it begins.';

CREATE FUNCTION revops.kpi_period(grain text, at timestamptz, time_zone text)
    RETURNS date
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN date_trunc(grain, at AT TIME ZONE time_zone)::date;
COMMENT ON FUNCTION revops.kpi_period(text, timestamptz, text) IS
    'First day of the period in which a moment lies, by the clock of a time zone.';

CREATE FUNCTION revops.kpi_complete(grain text, period date, time_zone text)
    RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (period + CASE grain WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || grain)::interval END)
           AT TIME ZONE time_zone <= revops.engine_now();
COMMENT ON FUNCTION revops.kpi_complete(text, date, text) IS
    'True when a period is over by the clock of a time zone: what it counts by its own moments will not grow.';

CREATE FUNCTION revops.kpi_share(part bigint, whole bigint)
    RETURNS numeric
    -- not STRICT, which would keep the planner from putting it in line
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN round(part::numeric / NULLIF(whole, 0), 4);
COMMENT ON FUNCTION revops.kpi_share(bigint, bigint) IS
    'part / whole, 0 to 1, rounded to 4 decimals; NULL where whole is 0.';

CREATE TYPE revops.kpi_stage_conversion_row AS
(
    workspace_id    int,
    workspace       text,
    period          date,
    grain           text,
    complete        boolean,
    stage           text,
    stage_position  int,
    source          text,
    campaign        text,
    segment         text,
    team            text,
    rep             text,
    entered         bigint,
    advanced        bigint,
    won             bigint,
    moved_forward   bigint,
    moved_back      bigint,
    recycled        bigint,
    disqualified    bigint,
    still_there     bigint,
    conversion_rate numeric,
    median_hours    numeric,
    p90_hours       numeric
);
COMMENT ON TYPE revops.kpi_stage_conversion_row IS 'A row of kpi_stage_conversion().';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.stage IS 'stage that was entered';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.stage_position IS 'order of the stage in the active agreement; NULL: it has no such stage';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.source IS 'source of the lead when it entered';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.campaign IS 'campaign of the lead when it entered';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.segment IS 'segment of the lead when it entered';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.team IS 'team that had the lead after it entered';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.rep IS 'rep who had the lead after it entered';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.entered IS 'entries into the stage in the period; a lead that enters twice counts twice';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.advanced IS 'of these, the lead later reached a higher stage';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.won IS 'of these, the lead reached the won stage, by this entry or later';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.moved_forward IS 'of these, the stay ended by a move to a higher stage';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.moved_back IS 'of these, the stay ended by a move to a lower stage (or the same one)';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.recycled IS 'of these, the stay ended by a move to the nurture stage';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.disqualified IS 'of these, the stay ended by a move to the disqualified stage';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.still_there IS 'of these, the lead has not left (deleted leads included); entered = moved_forward + moved_back + recycled + disqualified + still_there';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.conversion_rate IS 'advanced / entered, 0 to 1';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.median_hours IS 'median time in the stage of those that left, hours (exact time); not additive';
COMMENT ON COLUMN revops.kpi_stage_conversion_row.p90_hours IS '90th percentile of the time in the stage of those that left, hours; not additive';

CREATE FUNCTION revops.kpi_stage_conversion(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_stage_conversion_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_stage_conversion.grain, kpi_stage_conversion.since, kpi_stage_conversion.until);
    WITH entry AS
         (SELECT c.workspace_id, c.at, c.to_stage, c.source, c.campaign, c.segment, c.team_id, c.rep_id,
                 g.rank,
                 COALESCE(max(g.rank) OVER later > g.rank, false) AS advanced,
                 COALESCE(g.purpose = 'won' OR bool_or(g.purpose = 'won') OVER later, false) AS won,
                 lag(c.seq) OVER later IS NOT NULL AS has_left,
                 lag(g.rank) OVER later AS next_rank,
                 lag(g.purpose) OVER later AS next_purpose,
                 date_part('epoch', lag(c.spent) OVER later) AS seconds
          FROM revops.stage_change c
          LEFT JOIN (SELECT agreement_id, stage, purpose,
                            CASE WHEN purpose IN ('nurture', 'disqualified') THEN -2147483648
                                 ELSE position END AS rank
                     FROM revops.stage) g
                 ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage
          -- from the last move to the first, so that what came later is what went before
          WINDOW later AS (PARTITION BY c.lead_id ORDER BY c.seq DESC
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
         counted AS
         (SELECT e.workspace_id, revops.kpi_period(kpi_stage_conversion.grain, e.at, w.time_zone) AS period,
                 e.rep_id, e.team_id, e.to_stage, e.source, e.campaign, e.segment,
                 count(*) AS entered,
                 count(*) FILTER (WHERE e.advanced) AS advanced,
                 count(*) FILTER (WHERE e.won) AS won,
                 count(*) FILTER (WHERE e.next_purpose = 'nurture') AS recycled,
                 count(*) FILTER (WHERE e.next_purpose = 'disqualified') AS disqualified,
                 count(*) FILTER (WHERE e.next_rank > e.rank AND e.next_rank > -2147483648) AS moved_forward,
                 count(*) FILTER (WHERE NOT e.has_left) AS still_there,
                 percentile_cont('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY e.seconds) AS seconds
          FROM entry e
          JOIN revops.workspace w ON w.workspace_id = e.workspace_id
          WHERE (kpi_stage_conversion.since IS NULL OR e.at >= kpi_stage_conversion.since)
            AND (kpi_stage_conversion.until IS NULL OR e.at < kpi_stage_conversion.until)
          GROUP BY 1, 2, 3, 4, 5, 6, 7, 8)
    SELECT k.workspace_id, w.workspace, k.period, kpi_stage_conversion.grain,
           revops.kpi_complete(kpi_stage_conversion.grain, k.period, w.time_zone),
           k.to_stage, g.position, k.source, k.campaign, k.segment, t.team, r.rep,
           k.entered, k.advanced, k.won, k.moved_forward,
           k.entered - k.moved_forward - k.recycled - k.disqualified - k.still_there,
           k.recycled, k.disqualified, k.still_there,
           revops.kpi_share(k.advanced, k.entered),
           round(k.seconds[1]::numeric / 3600, 4), round(k.seconds[2]::numeric / 3600, 4)
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    LEFT JOIN revops.agreement a ON a.workspace_id = k.workspace_id AND a.status = 'active'
    LEFT JOIN revops.stage g ON g.agreement_id = a.agreement_id AND g.stage = k.to_stage
    LEFT JOIN revops.team t ON t.team_id = k.team_id
    LEFT JOIN revops.rep r ON r.rep_id = k.rep_id
    ORDER BY k.workspace_id, k.period, g.position, k.to_stage, k.source, k.campaign, k.segment, t.team, r.rep;
END;
COMMENT ON FUNCTION revops.kpi_stage_conversion(text, timestamptz, timestamptz) IS
    'Stage conversion by cohort: one row for each period, stage and set of dimensions. An entry is one row of stage_change; it belongs to the period of its moment (at), and its outcome is what happened to the lead afterwards, whenever that was: recent periods still grow. A lead that enters a stage twice makes two entries, each with its own stay; one later move forward makes both advanced. Order and purpose of a stage are those of the agreement of the move. The side stages (purpose nurture, disqualified) are below all others: a move into them is never an advance, and an entry into one has advanced when the lead came back to an ordinary stage. conversion_rate = advanced / entered. Hours are stage_change.spent of the next move. Only [since, until) counts; NULL is an open end. Rates and hours are rounded to 4 decimals; medians and percentiles are not additive. Source: stage_change, stage. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_stage_conversion(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_source_row AS
(
    workspace_id         int,
    workspace            text,
    period               date,
    grain                text,
    complete             boolean,
    source               text,
    leads                bigint,
    mqls                 bigint,
    sqls                 bigint,
    opportunities        bigint,
    won                  bigint,
    mqls_accepted        bigint,
    won_not_mql          bigint,
    lead_to_mql          numeric,
    mql_to_sql           numeric,
    lead_to_won          numeric,
    deals_won            bigint,
    deals_without_amount bigint,
    won_amount           numeric,
    currency             text,
    median_days_to_won   numeric
);
COMMENT ON TYPE revops.kpi_source_row IS 'A row of kpi_source().';
COMMENT ON COLUMN revops.kpi_source_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_source_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_source_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_source_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_source_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_source_row.source IS 'source of the lead at its entry; NULL: none given';
COMMENT ON COLUMN revops.kpi_source_row.leads IS 'leads created in the period, deleted ones included';
COMMENT ON COLUMN revops.kpi_source_row.mqls IS 'of these, entered the stage of purpose qualified (MQL)';
COMMENT ON COLUMN revops.kpi_source_row.sqls IS 'of these, entered the stage of purpose accepted (SQL)';
COMMENT ON COLUMN revops.kpi_source_row.opportunities IS 'of these, entered the stage of purpose opportunity';
COMMENT ON COLUMN revops.kpi_source_row.won IS 'of these, entered the stage of purpose won';
COMMENT ON COLUMN revops.kpi_source_row.mqls_accepted IS 'of the MQLs, entered the stage of purpose accepted too';
COMMENT ON COLUMN revops.kpi_source_row.won_not_mql IS 'won leads that never were MQLs: a sign that the criteria are too strict';
COMMENT ON COLUMN revops.kpi_source_row.lead_to_mql IS 'mqls / leads, 0 to 1';
COMMENT ON COLUMN revops.kpi_source_row.mql_to_sql IS 'mqls_accepted / mqls, 0 to 1';
COMMENT ON COLUMN revops.kpi_source_row.lead_to_won IS 'won / leads, 0 to 1';
COMMENT ON COLUMN revops.kpi_source_row.deals_won IS 'won opportunities of these leads';
COMMENT ON COLUMN revops.kpi_source_row.deals_without_amount IS 'of these, without an amount in the workspace''s currency (no amount, or no exchange rate): not in won_amount';
COMMENT ON COLUMN revops.kpi_source_row.won_amount IS 'sum of the won opportunities'' base amount, in currency; NULL: none has one';
COMMENT ON COLUMN revops.kpi_source_row.currency IS 'ISO 4217 code of the workspace''s currency';
COMMENT ON COLUMN revops.kpi_source_row.median_days_to_won IS 'median time from creation to the first entry into the won stage, days of 24 hours; not additive';

CREATE FUNCTION revops.kpi_source(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_source_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_source.grain, kpi_source.since, kpi_source.until);
    WITH cohort AS
         (SELECT c.lead_id, c.workspace_id,
                 min(c.lead_created_at) FILTER (WHERE c.seq = 1) AS created_at,
                 min(c.source) FILTER (WHERE c.seq = 1) AS source,
                 COALESCE(bool_or(g.purpose = 'qualified'), false) AS mql,
                 COALESCE(bool_or(g.purpose = 'accepted'), false) AS sql,
                 COALESCE(bool_or(g.purpose = 'opportunity'), false) AS opportunity,
                 min(c.at) FILTER (WHERE g.purpose = 'won') AS won_at
          FROM revops.stage_change c
          LEFT JOIN revops.stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage
          GROUP BY c.lead_id, c.workspace_id),
         deal AS
         (SELECT lead_id, count(*) AS won, count(base_amount) AS with_amount, sum(base_amount) AS amount
          FROM revops.opportunity
          WHERE status = 'won' AND lead_id IS NOT NULL
          GROUP BY lead_id),
         counted AS
         (SELECT c.workspace_id, revops.kpi_period(kpi_source.grain, c.created_at, w.time_zone) AS period, c.source,
                 count(*) AS leads,
                 count(*) FILTER (WHERE c.mql) AS mqls,
                 count(*) FILTER (WHERE c.sql) AS sqls,
                 count(*) FILTER (WHERE c.opportunity) AS opportunities,
                 count(c.won_at) AS won,
                 count(*) FILTER (WHERE c.mql AND c.sql) AS mqls_accepted,
                 count(c.won_at) FILTER (WHERE NOT c.mql) AS won_not_mql,
                 COALESCE(sum(d.won), 0)::bigint AS deals_won,
                 COALESCE(sum(d.won - d.with_amount), 0)::bigint AS deals_without_amount,
                 sum(d.amount) AS won_amount,
                 percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', c.won_at - c.created_at)) AS seconds
          FROM cohort c
          JOIN revops.workspace w ON w.workspace_id = c.workspace_id
          LEFT JOIN deal d ON d.lead_id = c.lead_id
          WHERE (kpi_source.since IS NULL OR c.created_at >= kpi_source.since)
            AND (kpi_source.until IS NULL OR c.created_at < kpi_source.until)
          GROUP BY 1, 2, 3)
    SELECT k.workspace_id, w.workspace, k.period, kpi_source.grain,
           revops.kpi_complete(kpi_source.grain, k.period, w.time_zone),
           k.source,
           k.leads, k.mqls, k.sqls, k.opportunities, k.won, k.mqls_accepted, k.won_not_mql,
           revops.kpi_share(k.mqls, k.leads), revops.kpi_share(k.mqls_accepted, k.mqls),
           revops.kpi_share(k.won, k.leads),
           k.deals_won, k.deals_without_amount, k.won_amount, w.currency, round(k.seconds::numeric / 86400, 4)
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY k.workspace_id, k.period, k.source;
END;
COMMENT ON FUNCTION revops.kpi_source(text, timestamptz, timestamptz) IS
    'Where leads enter and what becomes of them, by cohort: a lead belongs to the period of its creation (lead_created_at) and to the source of its entry; what it reached counts whenever that was, so recent periods still grow. A lead counts once in each column that it earned. A stage that was skipped was not entered: a lead won without having been an MQL is not an MQL. lead_to_mql = mqls / leads, mql_to_sql = mqls_accepted / mqls, lead_to_won = won / leads. Money: opportunities of status won whose lead is known, by base_amount. Only [since, until) counts; NULL is an open end. Rates and days are rounded to 4 decimals; medians are not additive. Source: stage_change, stage, opportunity. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_source(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE VIEW revops.handoff AS
SELECT h.workspace_id,
       h.lead_id,
       h.seq,
       h.at AS handed_over_at,
       COALESCE(n.at, l.gone_at) AS ended_at,
       CASE WHEN n.seq IS NULL THEN CASE WHEN l.gone_at IS NULL THEN 'pending' ELSE 'withdrawn' END
            WHEN n.cause = 'reject' THEN 'rejected'
            WHEN n.cause = 'recycle' THEN 'recycled'
            WHEN n.cause = 'accept' OR e.purpose IN ('accepted', 'opportunity', 'won') THEN 'accepted'
            WHEN n.cause = 'disqualifier' THEN 'withdrawn'
            WHEN e.purpose = 'disqualified' THEN 'rejected'
            WHEN e.purpose = 'nurture' THEN 'recycled'
            WHEN e.position > g.position THEN 'accepted'
            ELSE 'withdrawn' END AS outcome,
       CASE WHEN y.seq IS NULL THEN n.reason ELSE y.reason END AS reason,
       h.source,
       h.campaign,
       h.segment,
       CASE WHEN o.lead_id IS NULL THEN h.team_id ELSE o.team_id END AS team_id,
       CASE WHEN o.lead_id IS NULL THEN h.rep_id ELSE o.rep_id END AS rep_id,
       COALESCE(n.cause = 'silence', false) AS by_silence
FROM revops.stage_change h
JOIN revops.stage g ON g.agreement_id = h.agreement_id AND g.stage = h.to_stage AND g.purpose = 'qualified'
-- a lead's moves are numbered without gaps
LEFT JOIN revops.stage_change n ON n.lead_id = h.lead_id AND n.seq = h.seq + 1
LEFT JOIN revops.stage e ON e.agreement_id = n.agreement_id AND e.stage = n.to_stage
LEFT JOIN revops.corrected_move y ON y.lead_id = n.lead_id AND y.seq = n.seq
LEFT JOIN revops.lead l ON l.lead_id = h.lead_id AND n.seq IS NULL
LEFT JOIN (SELECT lead_id, team_id, rep_id, at,
                  lead(at) OVER (PARTITION BY lead_id ORDER BY at, seq) AS until
           FROM revops.assignment) o
       ON o.lead_id = h.lead_id
      AND o.at <= COALESCE(n.at, l.gone_at, revops.engine_now())
      AND (o.until IS NULL OR o.until > COALESCE(n.at, l.gone_at, revops.engine_now()));
COMMENT ON VIEW revops.handoff IS
    'One row for each handoff: an entry into the stage of purpose qualified, how that stay ended, and who had the lead then. kpi_acceptance() and kpi_rejection_reasons() count these rows.';
COMMENT ON COLUMN revops.handoff.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.handoff.lead_id IS 'the lead';
COMMENT ON COLUMN revops.handoff.seq IS 'number of the move within the lead (stage_change)';
COMMENT ON COLUMN revops.handoff.handed_over_at IS 'when the lead entered the stage';
COMMENT ON COLUMN revops.handoff.ended_at IS 'when it left the stage or was deleted; NULL: pending';
COMMENT ON COLUMN revops.handoff.outcome IS
    'by the move that ended the stay: accepted (accept, or a move to the stage of purpose accepted, opportunity or won or to any other higher stage), rejected (reject, or moved to disqualified by people), recycled (recycle, or moved to nurture), withdrawn (a disqualifying rule, a move back, or the host deleted the lead), pending (no move yet)';
COMMENT ON COLUMN revops.handoff.reason IS 'coded reason of that move, as it was last corrected';
COMMENT ON COLUMN revops.handoff.source IS 'source of the lead at the handoff';
COMMENT ON COLUMN revops.handoff.campaign IS 'campaign of the lead at the handoff';
COMMENT ON COLUMN revops.handoff.segment IS 'segment of the lead at the handoff';
COMMENT ON COLUMN revops.handoff.team_id IS
    'team that had the lead when the stay ended, or has it now: by the last assignment up to then, else the team at the handoff';
COMMENT ON COLUMN revops.handoff.rep_id IS 'rep who had the lead when the stay ended, or has it now, by the same row';
COMMENT ON COLUMN revops.handoff.by_silence IS 'true: accepted because nobody of sales said anything in the agreed time (handoff_rule.silence_accepts)';

CREATE TYPE revops.kpi_acceptance_row AS
(
    workspace_id             int,
    workspace                text,
    period                   date,
    grain                    text,
    complete                 boolean,
    source                   text,
    campaign                 text,
    segment                  text,
    team                     text,
    rep                      text,
    handed_over              bigint,
    accepted                 bigint,
    rejected                 bigint,
    recycled                 bigint,
    withdrawn                bigint,
    pending                  bigint,
    acceptance_rate          numeric,
    decided_share            numeric,
    median_hours_to_decision numeric,
    accepted_by_silence      bigint
);
COMMENT ON TYPE revops.kpi_acceptance_row IS 'A row of kpi_acceptance().';
COMMENT ON COLUMN revops.kpi_acceptance_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_acceptance_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_acceptance_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_acceptance_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_acceptance_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_acceptance_row.source IS 'source of the lead at the handoff';
COMMENT ON COLUMN revops.kpi_acceptance_row.campaign IS 'campaign of the lead at the handoff';
COMMENT ON COLUMN revops.kpi_acceptance_row.segment IS 'segment of the lead at the handoff';
COMMENT ON COLUMN revops.kpi_acceptance_row.team IS 'team that had the lead at the decision, or has it now';
COMMENT ON COLUMN revops.kpi_acceptance_row.rep IS 'rep who had the lead at the decision, or has it now';
COMMENT ON COLUMN revops.kpi_acceptance_row.handed_over IS 'handoffs in the period: entries into the stage of purpose qualified';
COMMENT ON COLUMN revops.kpi_acceptance_row.accepted IS 'of these, accepted by sales';
COMMENT ON COLUMN revops.kpi_acceptance_row.rejected IS 'of these, rejected by sales';
COMMENT ON COLUMN revops.kpi_acceptance_row.recycled IS 'of these, recycled by sales';
COMMENT ON COLUMN revops.kpi_acceptance_row.withdrawn IS 'of these, left the stage otherwise or were deleted, before sales decided';
COMMENT ON COLUMN revops.kpi_acceptance_row.pending IS 'of these, still waiting; handed_over = accepted + rejected + recycled + withdrawn + pending';
COMMENT ON COLUMN revops.kpi_acceptance_row.acceptance_rate IS 'accepted / handed_over, 0 to 1';
COMMENT ON COLUMN revops.kpi_acceptance_row.decided_share IS '(accepted + rejected + recycled) / handed_over, 0 to 1';
COMMENT ON COLUMN revops.kpi_acceptance_row.median_hours_to_decision IS 'median time from handoff to decision of the decided ones, hours (wall time); not additive';
COMMENT ON COLUMN revops.kpi_acceptance_row.accepted_by_silence IS 'of the accepted, those about which sales said nothing in the agreed time';

CREATE FUNCTION revops.kpi_acceptance(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_acceptance_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_acceptance.grain, kpi_acceptance.since, kpi_acceptance.until);
    WITH counted AS
         (SELECT h.workspace_id, revops.kpi_period(kpi_acceptance.grain, h.handed_over_at, w.time_zone) AS period,
                 h.rep_id, h.team_id, h.source, h.campaign, h.segment,
                 count(*) AS handed_over,
                 count(*) FILTER (WHERE h.outcome = 'accepted') AS accepted,
                 count(*) FILTER (WHERE h.outcome = 'rejected') AS rejected,
                 count(*) FILTER (WHERE h.outcome = 'recycled') AS recycled,
                 count(*) FILTER (WHERE h.outcome = 'withdrawn') AS withdrawn,
                 count(*) FILTER (WHERE h.outcome = 'pending') AS pending,
                 percentile_cont(0.5) WITHIN GROUP
                     (ORDER BY date_part('epoch', h.ended_at - h.handed_over_at))
                     FILTER (WHERE h.outcome IN ('accepted', 'rejected', 'recycled')) AS seconds,
                 count(*) FILTER (WHERE h.outcome = 'accepted' AND h.by_silence) AS by_silence
          FROM revops.handoff h
          JOIN revops.workspace w ON w.workspace_id = h.workspace_id
          WHERE (kpi_acceptance.since IS NULL OR h.handed_over_at >= kpi_acceptance.since)
            AND (kpi_acceptance.until IS NULL OR h.handed_over_at < kpi_acceptance.until)
          GROUP BY 1, 2, 3, 4, 5, 6, 7)
    SELECT k.workspace_id, w.workspace, k.period, kpi_acceptance.grain,
           revops.kpi_complete(kpi_acceptance.grain, k.period, w.time_zone),
           k.source, k.campaign, k.segment, t.team, r.rep,
           k.handed_over, k.accepted, k.rejected, k.recycled, k.withdrawn, k.pending,
           revops.kpi_share(k.accepted, k.handed_over),
           revops.kpi_share(k.accepted + k.rejected + k.recycled, k.handed_over),
           round(k.seconds::numeric / 3600, 4), k.by_silence
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    LEFT JOIN revops.team t ON t.team_id = k.team_id
    LEFT JOIN revops.rep r ON r.rep_id = k.rep_id
    ORDER BY k.workspace_id, k.period, k.source, k.campaign, k.segment, t.team, r.rep;
END;
COMMENT ON FUNCTION revops.kpi_acceptance(text, timestamptz, timestamptz) IS
    'Acceptance by cohort: a handoff (an entry into the stage of purpose qualified; two entries are two handoffs) belongs to the period in which it happened and counts by the move that ended the stay, whenever that was: recent periods still grow, read decided_share beside the rate. What counts as accepted, rejected, recycled and withdrawn: see the column outcome of the view handoff. acceptance_rate = accepted / handed_over; decided_share = (accepted + rejected + recycled) / handed_over. Team and rep: who had the lead at the decision, or has it now. Only [since, until) counts; NULL is an open end. Rates and hours are rounded to 4 decimals; medians are not additive. Source: stage_change, stage, assignment, lead (deleted or not). Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_acceptance(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_rejection_reasons_row AS
(
    workspace_id int,
    workspace    text,
    period       date,
    grain        text,
    complete     boolean,
    outcome      text,
    reason       text,
    label        text,
    source       text,
    campaign     text,
    segment      text,
    team         text,
    rep          text,
    n            bigint
);
COMMENT ON TYPE revops.kpi_rejection_reasons_row IS 'A row of kpi_rejection_reasons().';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.outcome IS 'rejected or recycled';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.reason IS 'coded reason; NULL: none was given';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.label IS 'the reason in words; NULL: the code has none';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.source IS 'source of the lead at the handoff';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.campaign IS 'campaign of the lead at the handoff';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.segment IS 'segment of the lead at the handoff';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.team IS 'team that had the lead at the decision';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.rep IS 'rep who had the lead at the decision';
COMMENT ON COLUMN revops.kpi_rejection_reasons_row.n IS 'handoffs of the period that ended so';

CREATE FUNCTION revops.kpi_rejection_reasons(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_rejection_reasons_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_rejection_reasons.grain, kpi_rejection_reasons.since, kpi_rejection_reasons.until);
    WITH counted AS
         (SELECT h.workspace_id, revops.kpi_period(kpi_rejection_reasons.grain, h.handed_over_at, w.time_zone) AS period,
                 h.outcome, h.reason, h.source, h.campaign, h.segment, h.team_id, h.rep_id, count(*) AS n
          FROM revops.handoff h
          JOIN revops.workspace w ON w.workspace_id = h.workspace_id
          WHERE h.outcome IN ('rejected', 'recycled')
            AND (kpi_rejection_reasons.since IS NULL OR h.handed_over_at >= kpi_rejection_reasons.since)
            AND (kpi_rejection_reasons.until IS NULL OR h.handed_over_at < kpi_rejection_reasons.until)
          GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9)
    SELECT k.workspace_id, w.workspace, k.period, kpi_rejection_reasons.grain,
           revops.kpi_complete(kpi_rejection_reasons.grain, k.period, w.time_zone),
           k.outcome, k.reason, e.label, k.source, k.campaign, k.segment, t.team, r.rep, k.n
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    LEFT JOIN revops.reason e ON e.workspace_id = k.workspace_id AND e.reason = k.reason
    LEFT JOIN revops.team t ON t.team_id = k.team_id
    LEFT JOIN revops.rep r ON r.rep_id = k.rep_id
    ORDER BY k.workspace_id, k.period, k.outcome, k.n DESC, k.reason, k.source, k.campaign, k.segment, t.team, r.rep;
END;
COMMENT ON FUNCTION revops.kpi_rejection_reasons(text, timestamptz, timestamptz) IS
    'Why sales sent leads back: the rejected and recycled handoffs of kpi_acceptance(), by coded reason. n = number of handoffs; its sum is rejected + recycled there. The cohort is the period of the handoff, not of the decision. Only [since, until) counts; NULL is an open end. Source: stage_change, stage, assignment, reason. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_rejection_reasons(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_response_time_row AS
(
    workspace_id            int,
    workspace               text,
    period                  date,
    grain                   text,
    complete                boolean,
    source                  text,
    campaign                text,
    segment                 text,
    team                    text,
    rep                     text,
    started                 bigint,
    answered                bigint,
    unanswered              bigint,
    void                    bigint,
    within_sla              bigint,
    breached                bigint,
    share_within_sla        numeric,
    median_business_minutes numeric,
    p90_business_minutes    numeric,
    mean_business_minutes   numeric,
    sum_business_minutes    numeric,
    median_wall_minutes     numeric,
    p90_wall_minutes        numeric,
    mean_wall_minutes       numeric,
    sum_wall_minutes        numeric,
    unmeasured              bigint
);
COMMENT ON TYPE revops.kpi_response_time_row IS 'A row of kpi_response_time().';
COMMENT ON COLUMN revops.kpi_response_time_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_response_time_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_response_time_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_response_time_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_response_time_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_response_time_row.source IS 'source of the lead when the clock started';
COMMENT ON COLUMN revops.kpi_response_time_row.campaign IS 'campaign of the lead when the clock started';
COMMENT ON COLUMN revops.kpi_response_time_row.segment IS 'segment of the lead when the clock started';
COMMENT ON COLUMN revops.kpi_response_time_row.team IS 'team that had the lead when the clock started';
COMMENT ON COLUMN revops.kpi_response_time_row.rep IS 'rep who had the lead when the clock started';
COMMENT ON COLUMN revops.kpi_response_time_row.started IS 'first-response clocks that started in the period';
COMMENT ON COLUMN revops.kpi_response_time_row.answered IS 'of these, answered, in time or late';
COMMENT ON COLUMN revops.kpi_response_time_row.unanswered IS 'of these, still running';
COMMENT ON COLUMN revops.kpi_response_time_row.void IS 'of these, ended without an answer (rejected, recycled or deleted first); started = answered + unanswered + void';
COMMENT ON COLUMN revops.kpi_response_time_row.within_sla IS 'of these, answered in time (outcome kept)';
COMMENT ON COLUMN revops.kpi_response_time_row.breached IS 'of these, past due: late, running past due, or void from due_at on';
COMMENT ON COLUMN revops.kpi_response_time_row.share_within_sla IS 'within_sla / (within_sla + breached), 0 to 1';
COMMENT ON COLUMN revops.kpi_response_time_row.median_business_minutes IS 'median response time of the answered ones, business minutes (wall minutes where the clock has no calendar), those unmeasured left out; not additive';
COMMENT ON COLUMN revops.kpi_response_time_row.p90_business_minutes IS '90th percentile of the same; not additive';
COMMENT ON COLUMN revops.kpi_response_time_row.mean_business_minutes IS 'mean of the same: sum_business_minutes / (answered - unmeasured)';
COMMENT ON COLUMN revops.kpi_response_time_row.sum_business_minutes IS 'sum of the same: additive';
COMMENT ON COLUMN revops.kpi_response_time_row.median_wall_minutes IS 'median response time of the answered ones, wall minutes; not additive';
COMMENT ON COLUMN revops.kpi_response_time_row.p90_wall_minutes IS '90th percentile of the same; not additive';
COMMENT ON COLUMN revops.kpi_response_time_row.mean_wall_minutes IS 'mean of the same: sum_wall_minutes / answered';
COMMENT ON COLUMN revops.kpi_response_time_row.sum_wall_minutes IS 'sum of the same: additive';
COMMENT ON COLUMN revops.kpi_response_time_row.unmeasured IS 'of the answered, those whose business minutes are not known, as their calendar has a problem (calendar_problem() names it)';

CREATE FUNCTION revops.kpi_response_time(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_response_time_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_response_time.grain, kpi_response_time.since, kpi_response_time.until);
    WITH clock AS
         (SELECT c.workspace_id, revops.kpi_period(kpi_response_time.grain, c.started_at, w.time_zone) AS period,
                 c.rep_id, c.team_id, c.source, c.campaign, c.segment, c.outcome, c.stopped_at,
                 COALESCE(c.outcome = 'late'
                          OR (c.outcome IS NULL AND c.due_at <= revops.engine_now())
                          OR (c.outcome = 'void' AND c.stopped_at >= c.due_at), false) AS breached,
                 CASE WHEN c.outcome IN ('kept', 'late')
                      THEN date_part('epoch', c.stopped_at - c.started_at) END AS wall,
                 CASE WHEN c.outcome IS NULL OR c.outcome = 'void' THEN NULL
                      WHEN c.calendar_id IS NULL THEN date_part('epoch', c.stopped_at - c.started_at)
                      ELSE date_part('epoch', revops.business_left(c.calendar_id, c.started_at, c.stopped_at))
                 END AS business
          FROM revops.sla_clock c
          JOIN revops.workspace w ON w.workspace_id = c.workspace_id
          WHERE c.promise = 'first_response'
            AND (kpi_response_time.since IS NULL OR c.started_at >= kpi_response_time.since)
            AND (kpi_response_time.until IS NULL OR c.started_at < kpi_response_time.until)),
         counted AS
         (SELECT c.workspace_id, c.period, c.rep_id, c.team_id, c.source, c.campaign, c.segment,
                 count(*) AS started,
                 count(*) FILTER (WHERE c.outcome IN ('kept', 'late')) AS answered,
                 count(*) FILTER (WHERE c.outcome IS NULL) AS unanswered,
                 count(*) FILTER (WHERE c.outcome = 'void') AS void,
                 count(*) FILTER (WHERE c.outcome = 'kept') AS within_sla,
                 count(*) FILTER (WHERE c.breached) AS breached,
                 percentile_cont('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY c.business) AS business,
                 percentile_cont('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY c.wall) AS wall,
                 sum(c.business::numeric) AS sum_business,
                 sum(c.wall::numeric) AS sum_wall,
                 count(c.wall) - count(c.business) AS unmeasured
          FROM clock c
          GROUP BY 1, 2, 3, 4, 5, 6, 7)
    SELECT k.workspace_id, w.workspace, k.period, kpi_response_time.grain,
           revops.kpi_complete(kpi_response_time.grain, k.period, w.time_zone),
           k.source, k.campaign, k.segment, t.team, r.rep,
           k.started, k.answered, k.unanswered, k.void, k.within_sla, k.breached,
           revops.kpi_share(k.within_sla, k.within_sla + k.breached),
           round(k.business[1]::numeric / 60, 4), round(k.business[2]::numeric / 60, 4),
           round(k.sum_business / NULLIF((k.answered - k.unmeasured) * 60, 0), 4), round(k.sum_business / 60, 4),
           round(k.wall[1]::numeric / 60, 4), round(k.wall[2]::numeric / 60, 4),
           round(k.sum_wall / NULLIF(k.answered * 60, 0), 4), round(k.sum_wall / 60, 4), k.unmeasured
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    LEFT JOIN revops.team t ON t.team_id = k.team_id
    LEFT JOIN revops.rep r ON r.rep_id = k.rep_id
    ORDER BY k.workspace_id, k.period, k.source, k.campaign, k.segment, t.team, r.rep;
END;
COMMENT ON FUNCTION revops.kpi_response_time(text, timestamptz, timestamptz) IS
    'Speed to lead by cohort: a clock of promise first_response belongs to the period in which it started. Response time = from started_at to stopped_at of the answered ones; those never answered have none, so read unanswered beside it. Business minutes are business_left(calendar_id, started_at, stopped_at); a clock without calendar counts wall time there too, and one whose calendar has a problem is unmeasured, which raises nothing. share_within_sla = within_sla / (within_sla + breached): the same formula as the compliance of kpi_sla_compliance(); clocks that run and are not due, and those void before due_at, are not in it. Now is engine_now(); a touch that waits to be folded has not answered yet. Only [since, until) counts; NULL is an open end. Rates and minutes are rounded to 4 decimals; medians and percentiles are not additive. Source: sla_clock. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_response_time(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_sla_compliance_row AS
(
    workspace_id int,
    workspace    text,
    period       date,
    grain        text,
    complete     boolean,
    policy       text,
    promise      text,
    source       text,
    team         text,
    rep          text,
    clocks       bigint,
    kept         bigint,
    breached     bigint,
    running      bigint,
    void         bigint,
    compliance   numeric
);
COMMENT ON TYPE revops.kpi_sla_compliance_row IS 'A row of kpi_sla_compliance().';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.policy IS 'name of the policy, over all versions of the agreement';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.promise IS 'what was promised: first_response';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.source IS 'source of the lead when the clock started';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.team IS 'team that had the lead when the clock started';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.rep IS 'rep who had the lead when the clock started';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.clocks IS 'clocks that fall due in the period';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.kept IS 'of these, the promise was kept';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.breached IS 'of these, past due: late, running past due, or void from due_at on';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.running IS 'of these, running and not yet due';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.void IS 'of these, ended before due_at without an answer (rejected, recycled or deleted first); clocks = kept + breached + running + void';
COMMENT ON COLUMN revops.kpi_sla_compliance_row.compliance IS 'kept / (kept + breached), 0 to 1';

CREATE FUNCTION revops.kpi_sla_compliance(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_sla_compliance_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_sla_compliance.grain, kpi_sla_compliance.since, kpi_sla_compliance.until);
    WITH counted AS
         (SELECT c.workspace_id, revops.kpi_period(kpi_sla_compliance.grain, c.due_at, w.time_zone) AS period,
                 p.policy, c.promise, c.source, c.team_id, c.rep_id,
                 count(*) AS clocks,
                 count(*) FILTER (WHERE c.outcome = 'kept') AS kept,
                 count(*) FILTER (WHERE c.outcome IS NULL AND c.due_at > revops.engine_now()) AS running,
                 count(*) FILTER (WHERE c.outcome = 'void' AND c.stopped_at < c.due_at) AS void
          FROM revops.sla_clock c
          JOIN revops.workspace w ON w.workspace_id = c.workspace_id
          LEFT JOIN revops.sla_policy p ON p.policy_id = c.policy_id
          -- one that is paused is due in no period yet
          WHERE c.due_at < 'infinity'
            AND (kpi_sla_compliance.since IS NULL OR c.due_at >= kpi_sla_compliance.since)
            AND (kpi_sla_compliance.until IS NULL OR c.due_at < kpi_sla_compliance.until)
          GROUP BY 1, 2, 3, 4, 5, 6, 7)
    SELECT k.workspace_id, w.workspace, k.period, kpi_sla_compliance.grain,
           revops.kpi_complete(kpi_sla_compliance.grain, k.period, w.time_zone),
           k.policy, k.promise, k.source, t.team, r.rep,
           k.clocks, k.kept, k.clocks - k.kept - k.running - k.void, k.running, k.void,
           revops.kpi_share(k.kept, k.clocks - k.running - k.void)
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    LEFT JOIN revops.team t ON t.team_id = k.team_id
    LEFT JOIN revops.rep r ON r.rep_id = k.rep_id
    ORDER BY k.workspace_id, k.period, k.policy, k.promise, k.source, t.team, r.rep;
END;
COMMENT ON FUNCTION revops.kpi_sla_compliance(text, timestamptz, timestamptz) IS
    'Compliance with the promises of the agreement: a clock belongs to the period in which it falls due (due_at). compliance = kept / (kept + breached). breached = outcome late, or running with due_at <= engine_now(), or void with stopped_at >= due_at; a clock void before due_at and one that runs and is not due are out of the rate; one that is paused is in no period. A touch that waits to be folded has not answered yet. Only [since, until) counts; NULL is an open end. Rates are rounded to 4 decimals. Source: sla_clock, sla_policy. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_sla_compliance(text, timestamptz, timestamptz) FROM PUBLIC;
