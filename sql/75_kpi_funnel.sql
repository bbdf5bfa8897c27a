-- The shared KPIs of the funnel: where leads enter, how far they get, how many
-- there are of each kind in a period, where they leak, how long it takes, who
-- comes back.  They have the form of those of 75_kpi.sql.

CREATE VIEW revops.funnel_stage AS
SELECT g.agreement_id, g.stage, g.purpose, g.position,
       g.purpose IN ('nurture', 'disqualified') AND g.purpose IS NOT NULL AS aside,
       CASE WHEN g.purpose IN ('nurture', 'disqualified') THEN -1
            ELSE COALESCE(max(p.level), 0) END AS level
FROM revops.stage g
LEFT JOIN (SELECT s.agreement_id, s.position,
                  array_position('{qualified,accepted,opportunity,won}'::text[], s.purpose) AS level
           FROM revops.stage s WHERE s.purpose IN ('qualified', 'accepted', 'opportunity', 'won')) p
       ON p.agreement_id = g.agreement_id AND p.position <= g.position
GROUP BY g.agreement_id, g.stage, g.purpose, g.position;
COMMENT ON VIEW revops.funnel_stage IS
    'How far down the funnel each stage of each version of the agreement is: the rule by which the KPIs handle stages that were skipped.';
COMMENT ON COLUMN revops.funnel_stage.agreement_id IS 'version of the agreement';
COMMENT ON COLUMN revops.funnel_stage.stage IS 'the stage';
COMMENT ON COLUMN revops.funnel_stage.purpose IS 'its purpose; NULL: none';
COMMENT ON COLUMN revops.funnel_stage.position IS 'its order';
COMMENT ON COLUMN revops.funnel_stage.aside IS 'true: nurture or disqualified, which are beside the funnel';
COMMENT ON COLUMN revops.funnel_stage.level IS
    'how far a lead has come that is in it: 0 not yet an MQL, 1 MQL (purpose qualified), 2 SQL (accepted), 3 opportunity, 4 customer (won); a stage without purpose has the level of the last one with a purpose before it; -1 aside';

CREATE TYPE revops.kpi_entry_row AS
(
    workspace_id int,
    workspace    text,
    period       date,
    grain        text,
    complete     boolean,
    source       text,
    campaign     text,
    segment      text,
    stage        text,
    leads        bigint,
    share        numeric
);
COMMENT ON TYPE revops.kpi_entry_row IS 'A row of kpi_entry().';
COMMENT ON COLUMN revops.kpi_entry_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_entry_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_entry_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_entry_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_entry_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_entry_row.source IS 'source of the lead at its entry; NULL: none given';
COMMENT ON COLUMN revops.kpi_entry_row.campaign IS 'campaign of the lead at its entry';
COMMENT ON COLUMN revops.kpi_entry_row.segment IS 'segment of the lead at its entry';
COMMENT ON COLUMN revops.kpi_entry_row.stage IS 'stage by which it entered';
COMMENT ON COLUMN revops.kpi_entry_row.leads IS 'leads created in the period, deleted ones included';
COMMENT ON COLUMN revops.kpi_entry_row.share IS 'leads / all leads created in the workspace and period, 0 to 1';

CREATE FUNCTION revops.kpi_entry(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_entry_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_entry.grain, kpi_entry.since, kpi_entry.until);
    WITH counted AS
         (SELECT c.workspace_id, revops.kpi_period(kpi_entry.grain, c.lead_created_at, w.time_zone) AS period,
                 c.source, c.campaign, c.segment, c.to_stage, count(*) AS leads
          FROM revops.stage_change c
          JOIN revops.workspace w ON w.workspace_id = c.workspace_id
          WHERE c.seq = 1
            AND (kpi_entry.since IS NULL OR c.lead_created_at >= kpi_entry.since)
            AND (kpi_entry.until IS NULL OR c.lead_created_at < kpi_entry.until)
          GROUP BY 1, 2, 3, 4, 5, 6)
    SELECT k.workspace_id, w.workspace, k.period, kpi_entry.grain,
           revops.kpi_complete(kpi_entry.grain, k.period, w.time_zone),
           k.source, k.campaign, k.segment, k.to_stage, k.leads,
           revops.kpi_share(k.leads, (sum(k.leads) OVER (PARTITION BY k.workspace_id, k.period))::bigint)
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY k.workspace_id, k.period, k.source, k.campaign, k.segment, k.to_stage;
END;
COMMENT ON FUNCTION revops.kpi_entry(text, timestamptz, timestamptz) IS
    'Where leads enter: leads by the period of their creation and the stage of their entry (a form may make an MQL at once). Source: stage_change. Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_entry(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_funnel_row AS
(
    workspace_id        int,
    workspace           text,
    period              date,
    grain               text,
    complete            boolean,
    source              text,
    campaign            text,
    segment             text,
    leads               bigint,
    mqls                bigint,
    sqls                bigint,
    opportunities       bigint,
    customers           bigint,
    skipped_mql         bigint,
    skipped_sql         bigint,
    skipped_opportunity bigint,
    now_nurture         bigint,
    now_disqualified    bigint,
    lead_to_mql         numeric,
    mql_to_sql          numeric,
    sql_to_opportunity  numeric,
    opportunity_to_won  numeric,
    lead_to_won         numeric
);
COMMENT ON TYPE revops.kpi_funnel_row IS 'A row of kpi_funnel().';
COMMENT ON COLUMN revops.kpi_funnel_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_funnel_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_funnel_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_funnel_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_funnel_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_funnel_row.source IS 'source of the lead at its entry; NULL: none given';
COMMENT ON COLUMN revops.kpi_funnel_row.campaign IS 'campaign of the lead at its entry';
COMMENT ON COLUMN revops.kpi_funnel_row.segment IS 'segment of the lead at its entry';
COMMENT ON COLUMN revops.kpi_funnel_row.leads IS 'leads created in the period, deleted ones included';
COMMENT ON COLUMN revops.kpi_funnel_row.mqls IS 'of these, reached the stage of purpose qualified, or one beyond it';
COMMENT ON COLUMN revops.kpi_funnel_row.sqls IS 'of these, reached the stage of purpose accepted, or one beyond it';
COMMENT ON COLUMN revops.kpi_funnel_row.opportunities IS 'of these, reached the stage of purpose opportunity, or one beyond it';
COMMENT ON COLUMN revops.kpi_funnel_row.customers IS 'of these, reached the stage of purpose won, or one beyond it';
COMMENT ON COLUMN revops.kpi_funnel_row.skipped_mql IS 'of mqls, never in the stage of purpose qualified itself';
COMMENT ON COLUMN revops.kpi_funnel_row.skipped_sql IS 'of sqls, never in the stage of purpose accepted itself';
COMMENT ON COLUMN revops.kpi_funnel_row.skipped_opportunity IS 'of opportunities, never in the stage of purpose opportunity itself';
COMMENT ON COLUMN revops.kpi_funnel_row.now_nurture IS 'of leads, in the nurture stage now, however far they had come';
COMMENT ON COLUMN revops.kpi_funnel_row.now_disqualified IS 'of leads, disqualified now, however far they had come';
COMMENT ON COLUMN revops.kpi_funnel_row.lead_to_mql IS 'mqls / leads, 0 to 1';
COMMENT ON COLUMN revops.kpi_funnel_row.mql_to_sql IS 'sqls / mqls, 0 to 1';
COMMENT ON COLUMN revops.kpi_funnel_row.sql_to_opportunity IS 'opportunities / sqls, 0 to 1';
COMMENT ON COLUMN revops.kpi_funnel_row.opportunity_to_won IS 'customers / opportunities, 0 to 1';
COMMENT ON COLUMN revops.kpi_funnel_row.lead_to_won IS 'customers / leads, 0 to 1';

CREATE FUNCTION revops.kpi_funnel(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_funnel_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_funnel.grain, kpi_funnel.since, kpi_funnel.until);
    WITH lead AS
         (SELECT c.workspace_id, c.lead_id,
                 min(c.lead_created_at) FILTER (WHERE c.seq = 1) AS created_at,
                 min(c.source) FILTER (WHERE c.seq = 1) AS source,
                 min(c.campaign) FILTER (WHERE c.seq = 1) AS campaign,
                 min(c.segment) FILTER (WHERE c.seq = 1) AS segment,
                 COALESCE(max(g.level), 0) AS level,
                 COALESCE(bool_or(g.purpose = 'qualified'), false) AS was_mql,
                 COALESCE(bool_or(g.purpose = 'accepted'), false) AS was_sql,
                 COALESCE(bool_or(g.purpose = 'opportunity'), false) AS was_opportunity,
                 (array_agg(g.purpose ORDER BY c.seq DESC))[1] AS purpose
          FROM revops.stage_change c
          LEFT JOIN revops.funnel_stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage
          GROUP BY c.workspace_id, c.lead_id),
         counted AS
         (SELECT l.workspace_id, revops.kpi_period(kpi_funnel.grain, l.created_at, w.time_zone) AS period,
                 l.source, l.campaign, l.segment,
                 count(*) AS leads,
                 count(*) FILTER (WHERE l.level >= 1) AS mqls,
                 count(*) FILTER (WHERE l.level >= 2) AS sqls,
                 count(*) FILTER (WHERE l.level >= 3) AS opportunities,
                 count(*) FILTER (WHERE l.level >= 4) AS customers,
                 count(*) FILTER (WHERE l.level >= 1 AND NOT l.was_mql) AS skipped_mql,
                 count(*) FILTER (WHERE l.level >= 2 AND NOT l.was_sql) AS skipped_sql,
                 count(*) FILTER (WHERE l.level >= 3 AND NOT l.was_opportunity) AS skipped_opportunity,
                 count(*) FILTER (WHERE l.purpose = 'nurture') AS now_nurture,
                 count(*) FILTER (WHERE l.purpose = 'disqualified') AS now_disqualified
          FROM lead l
          JOIN revops.workspace w ON w.workspace_id = l.workspace_id
          WHERE (kpi_funnel.since IS NULL OR l.created_at >= kpi_funnel.since)
            AND (kpi_funnel.until IS NULL OR l.created_at < kpi_funnel.until)
          GROUP BY 1, 2, 3, 4, 5)
    SELECT k.workspace_id, w.workspace, k.period, kpi_funnel.grain,
           revops.kpi_complete(kpi_funnel.grain, k.period, w.time_zone),
           k.source, k.campaign, k.segment,
           k.leads, k.mqls, k.sqls, k.opportunities, k.customers,
           k.skipped_mql, k.skipped_sql, k.skipped_opportunity, k.now_nurture, k.now_disqualified,
           revops.kpi_share(k.mqls, k.leads), revops.kpi_share(k.sqls, k.mqls),
           revops.kpi_share(k.opportunities, k.sqls), revops.kpi_share(k.customers, k.opportunities),
           revops.kpi_share(k.customers, k.leads)
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY k.workspace_id, k.period, k.source, k.campaign, k.segment;
END;
COMMENT ON FUNCTION revops.kpi_funnel(text, timestamptz, timestamptz) IS
    'The funnel of distinct leads, by cohort: a lead belongs to the period of its creation and counts once in each step that it reached, however often it came back, and whatever became of it: being recycled or disqualified takes nothing away. A step that was skipped counts as reached (funnel_stage.level), so that no step has more leads than the one before; skipped_ columns say how many there are, and kpi_source() counts only stages that were entered. What a cohort reached counts whenever that was, so recent periods still grow; complete is that of the period of creation. Source: stage_change, stage (revops.funnel_stage). Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_funnel(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_stage_volume_row AS
(
    workspace_id                 int,
    workspace                    text,
    period                       date,
    grain                        text,
    complete                     boolean,
    source                       text,
    campaign                     text,
    segment                      text,
    team                         text,
    leads                        bigint,
    mqls                         bigint,
    sqls                         bigint,
    opportunities                bigint,
    customers                    bigint,
    lead_to_mql_by_volume        numeric,
    mql_to_sql_by_volume         numeric,
    sql_to_opportunity_by_volume numeric,
    opportunity_to_won_by_volume numeric
);
COMMENT ON TYPE revops.kpi_stage_volume_row IS 'A row of kpi_stage_volume().';
COMMENT ON COLUMN revops.kpi_stage_volume_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_stage_volume_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_stage_volume_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_stage_volume_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_stage_volume_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_stage_volume_row.source IS 'source of the lead at that move';
COMMENT ON COLUMN revops.kpi_stage_volume_row.campaign IS 'campaign of the lead at that move';
COMMENT ON COLUMN revops.kpi_stage_volume_row.segment IS 'segment of the lead at that move';
COMMENT ON COLUMN revops.kpi_stage_volume_row.team IS 'team that had the lead after the move';
COMMENT ON COLUMN revops.kpi_stage_volume_row.leads IS 'leads that entered (moment of the entry) in the period';
COMMENT ON COLUMN revops.kpi_stage_volume_row.mqls IS 'leads that became MQLs for the first time in the period';
COMMENT ON COLUMN revops.kpi_stage_volume_row.sqls IS 'leads that became SQLs (purpose accepted) for the first time in the period';
COMMENT ON COLUMN revops.kpi_stage_volume_row.opportunities IS 'leads that became opportunities for the first time in the period';
COMMENT ON COLUMN revops.kpi_stage_volume_row.customers IS 'leads that were won for the first time in the period';
COMMENT ON COLUMN revops.kpi_stage_volume_row.lead_to_mql_by_volume IS 'mqls / leads; may exceed 1';
COMMENT ON COLUMN revops.kpi_stage_volume_row.mql_to_sql_by_volume IS 'sqls / mqls; may exceed 1';
COMMENT ON COLUMN revops.kpi_stage_volume_row.sql_to_opportunity_by_volume IS 'opportunities / sqls; may exceed 1';
COMMENT ON COLUMN revops.kpi_stage_volume_row.opportunity_to_won_by_volume IS 'customers / opportunities; may exceed 1';

CREATE FUNCTION revops.kpi_stage_volume(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_stage_volume_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_stage_volume.grain, kpi_stage_volume.since, kpi_stage_volume.until);
    WITH first AS
         (SELECT DISTINCT ON (c.lead_id, g.purpose)
                 c.workspace_id, c.at, c.source, c.campaign, c.segment, c.team_id, g.purpose
          FROM revops.stage_change c
          JOIN revops.stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage
          WHERE g.purpose IN ('qualified', 'accepted', 'opportunity', 'won')
          ORDER BY c.lead_id, g.purpose, c.seq),
         happened AS
         (SELECT * FROM first
          UNION ALL
          SELECT c.workspace_id, c.at, c.source, c.campaign, c.segment, c.team_id, 'entry'
          FROM revops.stage_change c WHERE c.seq = 1),
         counted AS
         (SELECT h.workspace_id, revops.kpi_period(kpi_stage_volume.grain, h.at, w.time_zone) AS period,
                 h.source, h.campaign, h.segment, h.team_id,
                 count(*) FILTER (WHERE h.purpose = 'entry') AS leads,
                 count(*) FILTER (WHERE h.purpose = 'qualified') AS mqls,
                 count(*) FILTER (WHERE h.purpose = 'accepted') AS sqls,
                 count(*) FILTER (WHERE h.purpose = 'opportunity') AS opportunities,
                 count(*) FILTER (WHERE h.purpose = 'won') AS customers
          FROM happened h
          JOIN revops.workspace w ON w.workspace_id = h.workspace_id
          WHERE (kpi_stage_volume.since IS NULL OR h.at >= kpi_stage_volume.since)
            AND (kpi_stage_volume.until IS NULL OR h.at < kpi_stage_volume.until)
          GROUP BY 1, 2, 3, 4, 5, 6)
    SELECT k.workspace_id, w.workspace, k.period, kpi_stage_volume.grain,
           revops.kpi_complete(kpi_stage_volume.grain, k.period, w.time_zone),
           k.source, k.campaign, k.segment, t.team,
           k.leads, k.mqls, k.sqls, k.opportunities, k.customers,
           revops.kpi_share(k.mqls, k.leads), revops.kpi_share(k.sqls, k.mqls),
           revops.kpi_share(k.opportunities, k.sqls), revops.kpi_share(k.customers, k.opportunities)
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    LEFT JOIN revops.team t ON t.team_id = k.team_id
    ORDER BY k.workspace_id, k.period, k.source, k.campaign, k.segment, t.team;
END;
COMMENT ON FUNCTION revops.kpi_stage_volume(text, timestamptz, timestamptz) IS
    'How many leads became what in a period, by the moment when they did: the conversion by volume, which may exceed 1, as those who convert may have begun earlier; kpi_stage_conversion() and kpi_funnel() have it by cohort. A lead counts once in each column, when it first entered the stage of that purpose. Source: stage_change, stage. Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_stage_volume(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_lead_velocity_row AS
(
    workspace_id       int,
    workspace          text,
    period             date,
    grain              text,
    complete           boolean,
    mqls               bigint,
    mqls_before        bigint,
    lead_velocity_rate numeric
);
COMMENT ON TYPE revops.kpi_lead_velocity_row IS 'A row of kpi_lead_velocity().';
COMMENT ON COLUMN revops.kpi_lead_velocity_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_lead_velocity_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_lead_velocity_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_lead_velocity_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_lead_velocity_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_lead_velocity_row.mqls IS 'leads that became MQLs for the first time in the period';
COMMENT ON COLUMN revops.kpi_lead_velocity_row.mqls_before IS 'the same in the period before; NULL: no period before';
COMMENT ON COLUMN revops.kpi_lead_velocity_row.lead_velocity_rate IS '(mqls - mqls_before) / mqls_before; NULL where mqls_before is 0';

CREATE FUNCTION revops.kpi_lead_velocity(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_lead_velocity_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_lead_velocity.grain, kpi_lead_velocity.since, kpi_lead_velocity.until);
    WITH first AS
         (SELECT c.workspace_id, c.lead_id, min(c.at) AS at
          FROM revops.stage_change c
          JOIN revops.stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage AND g.purpose = 'qualified'
          GROUP BY c.workspace_id, c.lead_id),
         counted AS
         (SELECT f.workspace_id, revops.kpi_period(kpi_lead_velocity.grain, f.at, w.time_zone) AS period, count(*) AS mqls
          FROM first f
          JOIN revops.workspace w ON w.workspace_id = f.workspace_id
          WHERE (kpi_lead_velocity.since IS NULL OR f.at >= kpi_lead_velocity.since)
            AND (kpi_lead_velocity.until IS NULL OR f.at < kpi_lead_velocity.until)
          GROUP BY 1, 2),
         every AS
         (SELECT e.workspace_id, p.period::date AS period
          FROM (SELECT k.workspace_id, min(k.period) AS first, max(k.period) AS last FROM counted k GROUP BY 1) e,
               generate_series(e.first::timestamp, e.last::timestamp,
                               CASE kpi_lead_velocity.grain WHEN 'quarter' THEN interval '3 months'
                                    ELSE ('1 ' || kpi_lead_velocity.grain)::interval END) AS p (period)),
         filled AS
         (SELECT e.workspace_id, e.period, COALESCE(k.mqls, 0) AS mqls,
                 lag(COALESCE(k.mqls, 0)) OVER (PARTITION BY e.workspace_id ORDER BY e.period) AS before
          FROM every e
          LEFT JOIN counted k ON k.workspace_id = e.workspace_id AND k.period = e.period)
    SELECT f.workspace_id, w.workspace, f.period, kpi_lead_velocity.grain,
           revops.kpi_complete(kpi_lead_velocity.grain, f.period, w.time_zone),
           f.mqls, f.before, round((f.mqls - f.before)::numeric / NULLIF(f.before, 0), 4)
    FROM filled f
    JOIN revops.workspace w ON w.workspace_id = f.workspace_id
    ORDER BY f.workspace_id, f.period;
END;
COMMENT ON FUNCTION revops.kpi_lead_velocity(text, timestamptz, timestamptz) IS
    'Lead velocity rate: how fast the number of new MQLs grows from one period to the next. Each period between the first and the last has a row, those without MQLs too. A lead counts once, when it first became an MQL. Source: stage_change, stage. Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_lead_velocity(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_leakage_row AS
(
    workspace_id     int,
    workspace        text,
    period           date,
    grain            text,
    complete         boolean,
    source           text,
    campaign         text,
    segment          text,
    team             text,
    from_stage       text,
    to_stage         text,
    way              text,
    reason           text,
    moves            bigint,
    leads            bigint,
    share_of_leaving numeric
);
COMMENT ON TYPE revops.kpi_leakage_row IS 'A row of kpi_leakage().';
COMMENT ON COLUMN revops.kpi_leakage_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_leakage_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_leakage_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_leakage_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_leakage_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_leakage_row.source IS 'source of the lead at that move';
COMMENT ON COLUMN revops.kpi_leakage_row.campaign IS 'campaign of the lead at that move';
COMMENT ON COLUMN revops.kpi_leakage_row.segment IS 'segment of the lead at that move';
COMMENT ON COLUMN revops.kpi_leakage_row.team IS 'team that had the lead after the move';
COMMENT ON COLUMN revops.kpi_leakage_row.from_stage IS 'stage that was left';
COMMENT ON COLUMN revops.kpi_leakage_row.to_stage IS 'stage that was entered instead';
COMMENT ON COLUMN revops.kpi_leakage_row.way IS 'recycled (to nurture), disqualified, or back (to a lower stage)';
COMMENT ON COLUMN revops.kpi_leakage_row.reason IS 'coded reason of the move, as it was last corrected; NULL: none given';
COMMENT ON COLUMN revops.kpi_leakage_row.moves IS 'moves out in this way in the period';
COMMENT ON COLUMN revops.kpi_leakage_row.leads IS 'distinct leads that made them; not additive';
COMMENT ON COLUMN revops.kpi_leakage_row.share_of_leaving IS 'moves / all moves out of that stage in the workspace and period, forward ones included, 0 to 1';

CREATE FUNCTION revops.kpi_leakage(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_leakage_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_leakage.grain, kpi_leakage.since, kpi_leakage.until);
    WITH move AS
         (SELECT c.workspace_id, c.lead_id, c.at, c.source, c.campaign, c.segment, c.team_id, c.from_stage, c.to_stage,
                 CASE WHEN y.seq IS NULL THEN c.reason ELSE y.reason END AS reason,
                 CASE WHEN g.purpose = 'nurture' THEN 'recycled' WHEN g.purpose = 'disqualified' THEN 'disqualified'
                      WHEN f.aside IS NOT TRUE AND g.position < f.position THEN 'back' END AS way
          FROM revops.stage_change c
          LEFT JOIN revops.funnel_stage f ON f.agreement_id = c.agreement_id AND f.stage = c.from_stage
          LEFT JOIN revops.funnel_stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage
          LEFT JOIN revops.corrected_move y ON y.lead_id = c.lead_id AND y.seq = c.seq
          WHERE c.from_stage IS NOT NULL AND c.from_stage <> c.to_stage
            AND (kpi_leakage.since IS NULL OR c.at >= kpi_leakage.since)
            AND (kpi_leakage.until IS NULL OR c.at < kpi_leakage.until)),
         counted AS
         (SELECT m.workspace_id, revops.kpi_period(kpi_leakage.grain, m.at, w.time_zone) AS period,
                 m.source, m.campaign, m.segment, m.team_id, m.from_stage, m.to_stage, m.way, m.reason,
                 count(*) AS moves, count(DISTINCT m.lead_id) AS leads
          FROM move m
          JOIN revops.workspace w ON w.workspace_id = m.workspace_id
          GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
         shared AS
         (SELECT k.*, sum(k.moves) OVER (PARTITION BY k.workspace_id, k.period, k.from_stage) AS leaving
          FROM counted k)
    SELECT k.workspace_id, w.workspace, k.period, kpi_leakage.grain,
           revops.kpi_complete(kpi_leakage.grain, k.period, w.time_zone),
           k.source, k.campaign, k.segment, t.team, k.from_stage, k.to_stage, k.way, k.reason,
           k.moves, k.leads, revops.kpi_share(k.moves, k.leaving::bigint)
    FROM shared k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    LEFT JOIN revops.team t ON t.team_id = k.team_id
    WHERE k.way IS NOT NULL
    ORDER BY k.workspace_id, k.period, k.from_stage, k.way, k.to_stage, k.reason, k.source, k.campaign, k.segment, t.team;
END;
COMMENT ON FUNCTION revops.kpi_leakage(text, timestamptz, timestamptz) IS
    'Where the funnel leaks: moves out of a stage backwards or aside, with their reason, by the period of the move. Order and purpose of the stages are those of the agreement of the move. Moves out of nurture and disqualified leak only where they go to the other of the two. Source: stage_change, stage, corrected_move. Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_leakage(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_stage_time_row AS
(
    workspace_id int,
    workspace    text,
    period       date,
    grain        text,
    complete     boolean,
    source       text,
    segment      text,
    team         text,
    from_point   text,
    to_point     text,
    leads        bigint,
    out_of_order bigint,
    days         numeric,
    mean_days    numeric,
    median_days  numeric,
    p90_days     numeric
);
COMMENT ON TYPE revops.kpi_stage_time_row IS 'A row of kpi_stage_time().';
COMMENT ON COLUMN revops.kpi_stage_time_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_stage_time_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_stage_time_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_stage_time_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_stage_time_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_stage_time_row.source IS 'source of the lead at the later move';
COMMENT ON COLUMN revops.kpi_stage_time_row.segment IS 'segment of the lead at the later move';
COMMENT ON COLUMN revops.kpi_stage_time_row.team IS 'team that had the lead after the later move';
COMMENT ON COLUMN revops.kpi_stage_time_row.from_point IS 'where the time begins: created, qualified (MQL), accepted (SQL) or opportunity';
COMMENT ON COLUMN revops.kpi_stage_time_row.to_point IS 'where it ends: qualified, accepted, opportunity or won';
COMMENT ON COLUMN revops.kpi_stage_time_row.leads IS 'leads that reached the later point, for the first time, in the period, and had reached the earlier one before';
COMMENT ON COLUMN revops.kpi_stage_time_row.out_of_order IS 'leads that reached the later point in the period but the earlier one after it: in no other column';
COMMENT ON COLUMN revops.kpi_stage_time_row.days IS 'days of 24 hours between both, summed: additive';
COMMENT ON COLUMN revops.kpi_stage_time_row.mean_days IS 'days / leads';
COMMENT ON COLUMN revops.kpi_stage_time_row.median_days IS 'median; not additive';
COMMENT ON COLUMN revops.kpi_stage_time_row.p90_days IS '90th percentile; not additive';

CREATE FUNCTION revops.kpi_stage_time(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_stage_time_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_stage_time.grain, kpi_stage_time.since, kpi_stage_time.until);
    WITH point AS
         (SELECT DISTINCT ON (c.lead_id, g.purpose)
                 c.workspace_id, c.lead_id, c.at, c.source, c.segment, c.team_id, g.purpose AS point
          FROM revops.stage_change c
          JOIN revops.stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage
          WHERE g.purpose IN ('qualified', 'accepted', 'opportunity', 'won')
          ORDER BY c.lead_id, g.purpose, c.seq),
         pair AS
         (SELECT b.workspace_id, b.at, b.source, b.segment, b.team_id, v.from_point, v.to_point,
                 date_part('epoch', b.at - COALESCE(a.at, c.lead_created_at)) / 86400 AS days
          FROM (VALUES ('created', 'qualified'), ('qualified', 'accepted'), ('accepted', 'opportunity'), ('opportunity', 'won'),
                       ('qualified', 'won'), ('created', 'won')) AS v (from_point, to_point)
          JOIN point b ON b.point = v.to_point
          LEFT JOIN point a ON a.lead_id = b.lead_id AND a.point = v.from_point
          LEFT JOIN revops.stage_change c ON v.from_point = 'created' AND c.lead_id = b.lead_id AND c.seq = 1
          WHERE (kpi_stage_time.since IS NULL OR b.at >= kpi_stage_time.since)
            AND (kpi_stage_time.until IS NULL OR b.at < kpi_stage_time.until)
            AND (a.lead_id IS NOT NULL OR c.lead_id IS NOT NULL)),
         counted AS
         (SELECT p.workspace_id, revops.kpi_period(kpi_stage_time.grain, p.at, w.time_zone) AS period,
                 p.source, p.segment, p.team_id, p.from_point, p.to_point,
                 count(*) FILTER (WHERE p.days >= 0) AS leads,
                 count(*) FILTER (WHERE p.days < 0) AS out_of_order,
                 sum(p.days::numeric) FILTER (WHERE p.days >= 0) AS days,
                 percentile_cont('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY p.days) FILTER (WHERE p.days >= 0) AS q
          FROM pair p
          JOIN revops.workspace w ON w.workspace_id = p.workspace_id
          GROUP BY 1, 2, 3, 4, 5, 6, 7)
    SELECT k.workspace_id, w.workspace, k.period, kpi_stage_time.grain,
           revops.kpi_complete(kpi_stage_time.grain, k.period, w.time_zone),
           k.source, k.segment, t.team, k.from_point, k.to_point,
           k.leads, k.out_of_order, round(k.days, 4), round(k.days / NULLIF(k.leads, 0), 4),
           round(k.q[1]::numeric, 4), round(k.q[2]::numeric, 4)
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    LEFT JOIN revops.team t ON t.team_id = k.team_id
    ORDER BY k.workspace_id, k.period, k.from_point, k.to_point, k.source, k.segment, t.team;
END;
COMMENT ON FUNCTION revops.kpi_stage_time(text, timestamptz, timestamptz) IS
    'Time between the points of the funnel, by the period in which the later one was reached: from creation to MQL, MQL to SQL, SQL to opportunity, opportunity to won, MQL to won and creation to won. Of each point the first time counts. A lead that skipped the earlier point is in no row of that pair. Time within one stage is in kpi_stage_conversion(). Source: stage_change, stage. Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_stage_time(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_recycle_row AS
(
    workspace_id int,
    workspace    text,
    period       date,
    grain        text,
    complete     boolean,
    source       text,
    campaign     text,
    segment      text,
    team         text,
    reason       text,
    recycled     bigint,
    returned     bigint,
    mql_again    bigint,
    accepted     bigint,
    won          bigint,
    return_rate  numeric,
    won_rate     numeric,
    median_days  numeric
);
COMMENT ON TYPE revops.kpi_recycle_row IS 'A row of kpi_recycle().';
COMMENT ON COLUMN revops.kpi_recycle_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_recycle_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_recycle_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_recycle_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_recycle_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_recycle_row.source IS 'source of the lead at that move';
COMMENT ON COLUMN revops.kpi_recycle_row.campaign IS 'campaign of the lead at that move';
COMMENT ON COLUMN revops.kpi_recycle_row.segment IS 'segment of the lead at that move';
COMMENT ON COLUMN revops.kpi_recycle_row.team IS 'team that had the lead after that move';
COMMENT ON COLUMN revops.kpi_recycle_row.reason IS 'coded reason of the move, as it was last corrected; NULL: none given';
COMMENT ON COLUMN revops.kpi_recycle_row.recycled IS 'moves to nurture in the period; a lead recycled twice counts twice';
COMMENT ON COLUMN revops.kpi_recycle_row.returned IS 'of these, the lead later came back to a stage of the funnel';
COMMENT ON COLUMN revops.kpi_recycle_row.mql_again IS 'of these, it later became an MQL (again)';
COMMENT ON COLUMN revops.kpi_recycle_row.accepted IS 'of these, it later was accepted by sales';
COMMENT ON COLUMN revops.kpi_recycle_row.won IS 'of these, it later was won';
COMMENT ON COLUMN revops.kpi_recycle_row.return_rate IS 'returned / recycled, 0 to 1';
COMMENT ON COLUMN revops.kpi_recycle_row.won_rate IS 'won / recycled, 0 to 1';
COMMENT ON COLUMN revops.kpi_recycle_row.median_days IS 'median days of 24 hours from the move to the leads return; not additive';

CREATE FUNCTION revops.kpi_recycle(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_recycle_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_recycle.grain, kpi_recycle.since, kpi_recycle.until);
    WITH move AS
         (SELECT c.lead_id, c.seq, c.workspace_id, c.at, c.source, c.campaign, c.segment, c.team_id, c.reason, g.purpose,
                 COALESCE(bool_or(g.level >= 0) OVER later, false) AS returned,
                 min(c.at) FILTER (WHERE g.level >= 0) OVER later AS returned_at,
                 COALESCE(bool_or(g.purpose = 'qualified') OVER later, false) AS mql,
                 COALESCE(bool_or(g.purpose = 'accepted') OVER later, false) AS accepted,
                 COALESCE(bool_or(g.purpose = 'won') OVER later, false) AS won
          FROM revops.stage_change c
          LEFT JOIN revops.funnel_stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage
          WINDOW later AS (PARTITION BY c.lead_id ORDER BY c.seq DESC
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
         counted AS
         (SELECT m.workspace_id, revops.kpi_period(kpi_recycle.grain, m.at, w.time_zone) AS period,
                 m.source, m.campaign, m.segment, m.team_id,
                 CASE WHEN y.seq IS NULL THEN m.reason ELSE y.reason END AS reason,
                 count(*) AS recycled,
                 count(*) FILTER (WHERE m.returned) AS returned,
                 count(*) FILTER (WHERE m.mql) AS mql_again,
                 count(*) FILTER (WHERE m.accepted) AS accepted,
                 count(*) FILTER (WHERE m.won) AS won,
                 percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', m.returned_at - m.at) / 86400) AS days
          FROM move m
          JOIN revops.workspace w ON w.workspace_id = m.workspace_id
          LEFT JOIN revops.corrected_move y ON y.lead_id = m.lead_id AND y.seq = m.seq
          WHERE m.purpose = 'nurture'
            AND (kpi_recycle.since IS NULL OR m.at >= kpi_recycle.since)
            AND (kpi_recycle.until IS NULL OR m.at < kpi_recycle.until)
          GROUP BY 1, 2, 3, 4, 5, 6, 7)
    SELECT k.workspace_id, w.workspace, k.period, kpi_recycle.grain,
           revops.kpi_complete(kpi_recycle.grain, k.period, w.time_zone),
           k.source, k.campaign, k.segment, t.team, k.reason,
           k.recycled, k.returned, k.mql_again, k.accepted, k.won,
           revops.kpi_share(k.returned, k.recycled), revops.kpi_share(k.won, k.recycled), round(k.days::numeric, 4)
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    LEFT JOIN revops.team t ON t.team_id = k.team_id
    ORDER BY k.workspace_id, k.period, k.reason, k.source, k.campaign, k.segment, t.team;
END;
COMMENT ON FUNCTION revops.kpi_recycle(text, timestamptz, timestamptz) IS
    'Recycled leads and what becomes of them, by the period in which they were recycled: what came later counts whenever that was, so recent periods still grow. A lead that is deleted in nurture has not returned. Source: stage_change, stage, corrected_move. Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_recycle(text, timestamptz, timestamptz) FROM PUBLIC;
