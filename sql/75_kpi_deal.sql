-- The shared KPIs of deals: what came into the pipeline, what was won and lost,
-- for how much, how fast, why.  They have the form of those of 75_kpi.sql.

CREATE VIEW revops.deal AS
SELECT o.workspace_id, o.opportunity_id, o.lead_id, o.status, o.opened_at, o.closed_at,
       o.base_amount AS amount,
       CASE WHEN lower(o.nature) IN ('new', 'renewal', 'expansion') THEN lower(o.nature)
            WHEN EXISTS (SELECT FROM revops.opportunity p
                         WHERE p.lead_id = o.lead_id AND p.status = 'won' AND p.opportunity_id <> o.opportunity_id
                           AND (p.closed_at, p.opportunity_id)
                               < (CASE WHEN o.status = 'won' THEN o.closed_at ELSE o.opened_at END, o.opportunity_id))
            THEN 'expansion' ELSE 'new' END AS nature,
       e.source, e.campaign, m.segment, t.team, COALESCE(o.owner, r.rep) AS rep,
       o.product, o.reason, o.competitor, o.key
FROM revops.opportunity o
LEFT JOIN revops.stage_change e ON e.lead_id = o.lead_id AND e.seq = 1
LEFT JOIN LATERAL (SELECT c.segment, c.team_id, c.rep_id FROM revops.stage_change c
                   WHERE c.lead_id = o.lead_id AND (c.seq = 1 OR c.at <= COALESCE(o.closed_at, revops.engine_now()))
                   ORDER BY c.seq DESC LIMIT 1) m ON true
LEFT JOIN revops.team t ON t.team_id = m.team_id
LEFT JOIN revops.rep r ON r.rep_id = m.rep_id
WHERE o.status <> 'gone';
COMMENT ON VIEW revops.deal IS
    'One row for each deal that was not deleted, with what the KPIs group by. kpi_pipeline(), kpi_deals(), kpi_win_loss() and kpi_revenue() count these rows.';
COMMENT ON COLUMN revops.deal.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.deal.opportunity_id IS 'number of the deal';
COMMENT ON COLUMN revops.deal.lead_id IS 'its lead; NULL: the host named none that is known';
COMMENT ON COLUMN revops.deal.status IS 'open, won or lost';
COMMENT ON COLUMN revops.deal.opened_at IS 'when it was opened';
COMMENT ON COLUMN revops.deal.closed_at IS 'when it was won or lost; NULL: open';
COMMENT ON COLUMN revops.deal.amount IS 'amount in the workspace''s currency; NULL: no amount, or no exchange rate';
COMMENT ON COLUMN revops.deal.nature IS 'new, renewal or expansion: as the deal tells; else expansion where the lead had a won deal before, by closed_at (of a deal that is not won: before it was opened)';
COMMENT ON COLUMN revops.deal.source IS 'source of the lead at its entry';
COMMENT ON COLUMN revops.deal.campaign IS 'campaign of the lead at its entry';
COMMENT ON COLUMN revops.deal.segment IS 'segment of the lead at its last move up to closed_at (of an open deal: up to now)';
COMMENT ON COLUMN revops.deal.team IS 'team that had the lead after that move';
COMMENT ON COLUMN revops.deal.rep IS 'who has the deal, as its row tells (role owner); else the rep who had the lead after that move';
COMMENT ON COLUMN revops.deal.product IS 'what is sold; NULL: not told';
COMMENT ON COLUMN revops.deal.reason IS 'coded reason of the win or loss; NULL: not told';
COMMENT ON COLUMN revops.deal.competitor IS 'who else was in the race; NULL: not told';
COMMENT ON COLUMN revops.deal.key IS 'key of the host''s row as text';

CREATE TYPE revops.kpi_pipeline_row AS
(
    workspace_id    int,
    workspace       text,
    period          date,
    grain           text,
    complete        boolean,
    source          text,
    campaign        text,
    segment         text,
    team            text,
    rep             text,
    product         text,
    nature          text,
    created         bigint,
    open            bigint,
    won             bigint,
    lost            bigint,
    win_rate_of_all numeric,
    created_amount  numeric,
    open_amount     numeric,
    won_amount      numeric,
    lost_amount     numeric,
    without_amount  bigint,
    currency        text
);
COMMENT ON TYPE revops.kpi_pipeline_row IS 'A row of kpi_pipeline().';
COMMENT ON COLUMN revops.kpi_pipeline_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_pipeline_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_pipeline_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_pipeline_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_pipeline_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_pipeline_row.source IS 'source of the lead at its entry; NULL: none given, or the lead is not known';
COMMENT ON COLUMN revops.kpi_pipeline_row.campaign IS 'campaign of the lead at its entry';
COMMENT ON COLUMN revops.kpi_pipeline_row.segment IS 'segment of the lead at its last move before the deal was closed';
COMMENT ON COLUMN revops.kpi_pipeline_row.team IS 'team that had the lead then';
COMMENT ON COLUMN revops.kpi_pipeline_row.rep IS 'who has the deal, as its row tells; else the rep who had the lead then';
COMMENT ON COLUMN revops.kpi_pipeline_row.product IS 'what is sold; NULL: not told';
COMMENT ON COLUMN revops.kpi_pipeline_row.nature IS 'new, renewal or expansion: as the deal tells, else expansion where the lead had a won deal before';
COMMENT ON COLUMN revops.kpi_pipeline_row.created IS 'deals opened in the period';
COMMENT ON COLUMN revops.kpi_pipeline_row.open IS 'of these, open now';
COMMENT ON COLUMN revops.kpi_pipeline_row.won IS 'of these, won';
COMMENT ON COLUMN revops.kpi_pipeline_row.lost IS 'of these, lost; created = open + won + lost';
COMMENT ON COLUMN revops.kpi_pipeline_row.win_rate_of_all IS 'won / created, 0 to 1: of all opportunities opened, closed or not';
COMMENT ON COLUMN revops.kpi_pipeline_row.created_amount IS 'amount of all of them, in currency';
COMMENT ON COLUMN revops.kpi_pipeline_row.open_amount IS 'amount of those open now';
COMMENT ON COLUMN revops.kpi_pipeline_row.won_amount IS 'amount of those won';
COMMENT ON COLUMN revops.kpi_pipeline_row.lost_amount IS 'amount of those lost';
COMMENT ON COLUMN revops.kpi_pipeline_row.without_amount IS 'of created, without an amount in currency: in no sum';
COMMENT ON COLUMN revops.kpi_pipeline_row.currency IS 'ISO 4217 code of the workspaces currency, in which all amounts are';

CREATE FUNCTION revops.kpi_pipeline(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_pipeline_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_pipeline.grain, kpi_pipeline.since, kpi_pipeline.until);
    WITH counted AS
         (SELECT d.workspace_id, revops.kpi_period(kpi_pipeline.grain, d.opened_at, w.time_zone) AS period,
                 d.source, d.campaign, d.segment, d.team, d.rep, d.product, d.nature,
                 count(*) AS created,
                 count(*) FILTER (WHERE d.status = 'open') AS open,
                 count(*) FILTER (WHERE d.status = 'won') AS won,
                 count(*) FILTER (WHERE d.status = 'lost') AS lost,
                 sum(d.amount) AS amount,
                 sum(d.amount) FILTER (WHERE d.status = 'open') AS open_amount,
                 sum(d.amount) FILTER (WHERE d.status = 'won') AS won_amount,
                 sum(d.amount) FILTER (WHERE d.status = 'lost') AS lost_amount,
                 count(*) - count(d.amount) AS without_amount
          FROM revops.deal d
          JOIN revops.workspace w ON w.workspace_id = d.workspace_id
          WHERE (kpi_pipeline.since IS NULL OR d.opened_at >= kpi_pipeline.since)
            AND (kpi_pipeline.until IS NULL OR d.opened_at < kpi_pipeline.until)
          GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9)
    SELECT k.workspace_id, w.workspace, k.period, kpi_pipeline.grain,
           revops.kpi_complete(kpi_pipeline.grain, k.period, w.time_zone),
           k.source, k.campaign, k.segment, k.team, k.rep, k.product, k.nature,
           k.created, k.open, k.won, k.lost, revops.kpi_share(k.won, k.created),
           k.amount, k.open_amount, k.won_amount, k.lost_amount, k.without_amount, w.currency
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY k.workspace_id, k.period, k.source, k.campaign, k.segment, k.team, k.rep, k.product, k.nature;
END;
COMMENT ON FUNCTION revops.kpi_pipeline(text, timestamptz, timestamptz) IS
    'Pipeline created, and what became of it, by cohort: a deal belongs to the period in which it was opened, whenever it is closed, so recent periods still move from open to won and lost. win_rate_of_all = won / created, beside win_rate of kpi_deals(), which is of closed deals. Amounts are base amounts. Deleted deals do not count. Source: opportunity, stage_change (revops.deal). Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_pipeline(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_deals_row AS
(
    workspace_id       int,
    workspace          text,
    period             date,
    grain              text,
    complete           boolean,
    source             text,
    campaign           text,
    segment            text,
    team               text,
    rep                text,
    product            text,
    nature             text,
    closed             bigint,
    won                bigint,
    lost               bigint,
    win_rate           numeric,
    won_amount         numeric,
    lost_amount        numeric,
    won_without_amount bigint,
    average_deal       numeric,
    median_deal        numeric,
    won_days           numeric,
    mean_won_days      numeric,
    median_won_days    numeric,
    p90_won_days       numeric,
    median_lost_days   numeric,
    velocity           numeric,
    velocity_median    numeric,
    currency           text
);
COMMENT ON TYPE revops.kpi_deals_row IS 'A row of kpi_deals().';
COMMENT ON COLUMN revops.kpi_deals_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_deals_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_deals_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_deals_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_deals_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_deals_row.source IS 'source of the lead at its entry; NULL: none given, or the lead is not known';
COMMENT ON COLUMN revops.kpi_deals_row.campaign IS 'campaign of the lead at its entry';
COMMENT ON COLUMN revops.kpi_deals_row.segment IS 'segment of the lead at its last move before the deal was closed';
COMMENT ON COLUMN revops.kpi_deals_row.team IS 'team that had the lead then';
COMMENT ON COLUMN revops.kpi_deals_row.rep IS 'who has the deal, as its row tells; else the rep who had the lead then';
COMMENT ON COLUMN revops.kpi_deals_row.product IS 'what is sold; NULL: not told';
COMMENT ON COLUMN revops.kpi_deals_row.nature IS 'new, renewal or expansion: as the deal tells, else expansion where the lead had a won deal before';
COMMENT ON COLUMN revops.kpi_deals_row.closed IS 'deals won or lost in the period';
COMMENT ON COLUMN revops.kpi_deals_row.won IS 'of these, won';
COMMENT ON COLUMN revops.kpi_deals_row.lost IS 'of these, lost';
COMMENT ON COLUMN revops.kpi_deals_row.win_rate IS 'won / (won + lost), 0 to 1: of closed deals';
COMMENT ON COLUMN revops.kpi_deals_row.won_amount IS 'amount of the won ones, in currency';
COMMENT ON COLUMN revops.kpi_deals_row.lost_amount IS 'amount of the lost ones';
COMMENT ON COLUMN revops.kpi_deals_row.won_without_amount IS 'of won, without an amount in currency: not in won_amount and the deal sizes';
COMMENT ON COLUMN revops.kpi_deals_row.average_deal IS 'deal size: won_amount / won deals with an amount, in currency';
COMMENT ON COLUMN revops.kpi_deals_row.median_deal IS 'median amount of the won deals, in currency; not additive';
COMMENT ON COLUMN revops.kpi_deals_row.won_days IS 'days from opened_at to closed_at of the won deals, summed: additive';
COMMENT ON COLUMN revops.kpi_deals_row.mean_won_days IS 'length of the sales cycle: won_days / won, days of 24 hours';
COMMENT ON COLUMN revops.kpi_deals_row.median_won_days IS 'median of the same; not additive';
COMMENT ON COLUMN revops.kpi_deals_row.p90_won_days IS '90th percentile of the same; not additive';
COMMENT ON COLUMN revops.kpi_deals_row.median_lost_days IS 'median days from opened_at to closed_at of the lost deals; not additive';
COMMENT ON COLUMN revops.kpi_deals_row.velocity IS 'pipeline velocity: closed x win_rate x average_deal / mean_won_days, in currency a day; NULL where the cycle is 0 days';
COMMENT ON COLUMN revops.kpi_deals_row.velocity_median IS 'the same by median_won_days';
COMMENT ON COLUMN revops.kpi_deals_row.currency IS 'ISO 4217 code of the workspaces currency, in which all amounts are';

CREATE FUNCTION revops.kpi_deals(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_deals_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_deals.grain, kpi_deals.since, kpi_deals.until);
    WITH counted AS
         (SELECT d.workspace_id, revops.kpi_period(kpi_deals.grain, d.closed_at, w.time_zone) AS period,
                 d.source, d.campaign, d.segment, d.team, d.rep, d.product, d.nature,
                 count(*) AS closed,
                 count(*) FILTER (WHERE d.status = 'won') AS won,
                 sum(d.amount) FILTER (WHERE d.status = 'won') AS won_amount,
                 sum(d.amount) FILTER (WHERE d.status = 'lost') AS lost_amount,
                 count(d.amount) FILTER (WHERE d.status = 'won') AS won_with_amount,
                 percentile_cont(0.5) WITHIN GROUP (ORDER BY d.amount::float8) FILTER (WHERE d.status = 'won') AS median_deal,
                 sum(EXTRACT(epoch FROM d.closed_at - d.opened_at)) FILTER (WHERE d.status = 'won') / 86400 AS won_days,
                 percentile_cont('{0.5,0.9}'::float8[]) WITHIN GROUP (ORDER BY date_part('epoch', d.closed_at - d.opened_at) / 86400)
                     FILTER (WHERE d.status = 'won') AS days,
                 percentile_cont(0.5) WITHIN GROUP (ORDER BY date_part('epoch', d.closed_at - d.opened_at) / 86400)
                     FILTER (WHERE d.status = 'lost') AS lost_days
          FROM revops.deal d
          JOIN revops.workspace w ON w.workspace_id = d.workspace_id
          WHERE d.closed_at IS NOT NULL
            AND (kpi_deals.since IS NULL OR d.closed_at >= kpi_deals.since)
            AND (kpi_deals.until IS NULL OR d.closed_at < kpi_deals.until)
          GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9)
    SELECT k.workspace_id, w.workspace, k.period, kpi_deals.grain,
           revops.kpi_complete(kpi_deals.grain, k.period, w.time_zone),
           k.source, k.campaign, k.segment, k.team, k.rep, k.product, k.nature,
           k.closed, k.won, k.closed - k.won, revops.kpi_share(k.won, k.closed),
           k.won_amount, k.lost_amount, k.won - k.won_with_amount,
           round(k.won_amount / NULLIF(k.won_with_amount, 0), 4), round(k.median_deal::numeric, 4),
           round(k.won_days, 4), round(k.won_days / NULLIF(k.won, 0), 4),
           round(k.days[1]::numeric, 4), round(k.days[2]::numeric, 4), round(k.lost_days::numeric, 4),
           round(k.won * k.won_amount / NULLIF(k.won_with_amount, 0) / NULLIF(k.won_days / NULLIF(k.won, 0), 0), 4),
           round(k.won * k.won_amount / NULLIF(k.won_with_amount, 0) / NULLIF(k.days[1]::numeric, 0), 4),
           w.currency
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY k.workspace_id, k.period, k.source, k.campaign, k.segment, k.team, k.rep, k.product, k.nature;
END;
COMMENT ON FUNCTION revops.kpi_deals(text, timestamptz, timestamptz) IS
    'Win rate, deal size, cycle length and pipeline velocity, by the period in which deals were closed. win_rate = won / (won + lost): open deals are not in it (win_rate_of_all of kpi_pipeline() has all opportunities). velocity = closed x win_rate x average_deal / cycle in days, which is won x average_deal / cycle: in two forms, by the mean and by the median cycle of the won deals. Each row is of its own dimensions: add up counts, amounts and won_days and divide again for a coarser view; medians and percentiles can not be added. Rates and days are rounded to 4 decimals. Deleted deals do not count. Source: opportunity, stage_change (revops.deal). Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_deals(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_win_loss_row AS
(
    workspace_id     int,
    workspace        text,
    period           date,
    grain            text,
    complete         boolean,
    source           text,
    segment          text,
    team             text,
    rep              text,
    product          text,
    outcome          text,
    reason           text,
    competitor       text,
    deals            bigint,
    amount           numeric,
    without_amount   bigint,
    share_of_outcome numeric,
    currency         text
);
COMMENT ON TYPE revops.kpi_win_loss_row IS 'A row of kpi_win_loss().';
COMMENT ON COLUMN revops.kpi_win_loss_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_win_loss_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_win_loss_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_win_loss_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_win_loss_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_win_loss_row.source IS 'source of the lead at its entry; NULL: none given, or the lead is not known';
COMMENT ON COLUMN revops.kpi_win_loss_row.segment IS 'segment of the lead at its last move before the deal was closed';
COMMENT ON COLUMN revops.kpi_win_loss_row.team IS 'team that had the lead then';
COMMENT ON COLUMN revops.kpi_win_loss_row.rep IS 'who has the deal, as its row tells; else the rep who had the lead then';
COMMENT ON COLUMN revops.kpi_win_loss_row.product IS 'what is sold; NULL: not told';
COMMENT ON COLUMN revops.kpi_win_loss_row.outcome IS 'won or lost';
COMMENT ON COLUMN revops.kpi_win_loss_row.reason IS 'coded reason of the win or loss; NULL: not told';
COMMENT ON COLUMN revops.kpi_win_loss_row.competitor IS 'who else was in the race; NULL: nobody told';
COMMENT ON COLUMN revops.kpi_win_loss_row.deals IS 'deals closed so in the period';
COMMENT ON COLUMN revops.kpi_win_loss_row.amount IS 'their amount, in currency';
COMMENT ON COLUMN revops.kpi_win_loss_row.without_amount IS 'of these, without an amount in currency';
COMMENT ON COLUMN revops.kpi_win_loss_row.share_of_outcome IS 'deals / all deals of that outcome in the workspace and period, 0 to 1';
COMMENT ON COLUMN revops.kpi_win_loss_row.currency IS 'ISO 4217 code of the workspaces currency, in which all amounts are';

CREATE FUNCTION revops.kpi_win_loss(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_win_loss_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_win_loss.grain, kpi_win_loss.since, kpi_win_loss.until);
    WITH counted AS
         (SELECT d.workspace_id, revops.kpi_period(kpi_win_loss.grain, d.closed_at, w.time_zone) AS period,
                 d.source, d.segment, d.team, d.rep, d.product, d.status, d.reason, d.competitor,
                 count(*) AS deals, sum(d.amount) AS amount, count(*) - count(d.amount) AS without_amount
          FROM revops.deal d
          JOIN revops.workspace w ON w.workspace_id = d.workspace_id
          WHERE d.closed_at IS NOT NULL
            AND (kpi_win_loss.since IS NULL OR d.closed_at >= kpi_win_loss.since)
            AND (kpi_win_loss.until IS NULL OR d.closed_at < kpi_win_loss.until)
          GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    SELECT k.workspace_id, w.workspace, k.period, kpi_win_loss.grain,
           revops.kpi_complete(kpi_win_loss.grain, k.period, w.time_zone),
           k.source, k.segment, k.team, k.rep, k.product, k.status, k.reason, k.competitor,
           k.deals, k.amount, k.without_amount,
           revops.kpi_share(k.deals, (sum(k.deals) OVER (PARTITION BY k.workspace_id, k.period, k.status))::bigint),
           w.currency
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY k.workspace_id, k.period, k.status, k.reason, k.competitor, k.source, k.segment, k.team, k.rep, k.product;
END;
COMMENT ON FUNCTION revops.kpi_win_loss(text, timestamptz, timestamptz) IS
    'Why deals are won and lost, and against whom, by the period in which they were closed: the roles reason and competitor of the deal. share_of_outcome = deals / all deals of that outcome, over all other dimensions: shares of a period add up to 1. Deals without a reason have a row of their own (NULL), so that silence shows. Source: opportunity, stage_change (revops.deal). Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_win_loss(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_revenue_row AS
(
    workspace_id     int,
    workspace        text,
    period           date,
    grain            text,
    complete         boolean,
    source           text,
    campaign         text,
    segment          text,
    deals            bigint,
    customers        bigint,
    new_customers    bigint,
    amount           numeric,
    new_amount       numeric,
    renewal_amount   numeric,
    expansion_amount numeric,
    without_amount   bigint,
    share_of_revenue numeric,
    currency         text
);
COMMENT ON TYPE revops.kpi_revenue_row IS 'A row of kpi_revenue().';
COMMENT ON COLUMN revops.kpi_revenue_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_revenue_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_revenue_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_revenue_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_revenue_row.complete IS 'the period is over; false: its counts still grow';
COMMENT ON COLUMN revops.kpi_revenue_row.source IS 'source of the lead at its entry; NULL: none given, or the lead is not known';
COMMENT ON COLUMN revops.kpi_revenue_row.campaign IS 'campaign of the lead at its entry';
COMMENT ON COLUMN revops.kpi_revenue_row.segment IS 'segment of the lead at its last move before the deal was closed';
COMMENT ON COLUMN revops.kpi_revenue_row.deals IS 'deals won in the period';
COMMENT ON COLUMN revops.kpi_revenue_row.customers IS 'leads with such a deal; not additive over periods';
COMMENT ON COLUMN revops.kpi_revenue_row.new_customers IS 'of these, leads whose first won deal it is';
COMMENT ON COLUMN revops.kpi_revenue_row.amount IS 'amount won, in currency';
COMMENT ON COLUMN revops.kpi_revenue_row.new_amount IS 'of this, of deals of nature new';
COMMENT ON COLUMN revops.kpi_revenue_row.renewal_amount IS 'of this, of renewals';
COMMENT ON COLUMN revops.kpi_revenue_row.expansion_amount IS 'of this, of expansions; amount = new_amount + renewal_amount + expansion_amount, NULL counting as 0';
COMMENT ON COLUMN revops.kpi_revenue_row.without_amount IS 'of deals, without an amount in currency';
COMMENT ON COLUMN revops.kpi_revenue_row.share_of_revenue IS 'amount / all amount won in the workspace and period, 0 to 1';
COMMENT ON COLUMN revops.kpi_revenue_row.currency IS 'ISO 4217 code of the workspaces currency, in which all amounts are';

CREATE FUNCTION revops.kpi_revenue(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_revenue_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_revenue.grain, kpi_revenue.since, kpi_revenue.until);
    WITH won AS
         (SELECT d.*, d.opportunity_id = first_value(d.opportunity_id) OVER (PARTITION BY d.lead_id ORDER BY d.closed_at, d.opportunity_id)
                      AND d.lead_id IS NOT NULL AS is_first
          FROM revops.deal d
          WHERE d.status = 'won'),
         counted AS
         (SELECT d.workspace_id, revops.kpi_period(kpi_revenue.grain, d.closed_at, w.time_zone) AS period,
                 d.source, d.campaign, d.segment,
                 count(*) AS deals,
                 count(DISTINCT d.lead_id) AS customers,
                 count(*) FILTER (WHERE d.is_first) AS new_customers,
                 sum(d.amount) AS amount,
                 sum(d.amount) FILTER (WHERE d.nature = 'new') AS new_amount,
                 sum(d.amount) FILTER (WHERE d.nature = 'renewal') AS renewal_amount,
                 sum(d.amount) FILTER (WHERE d.nature = 'expansion') AS expansion_amount,
                 count(*) - count(d.amount) AS without_amount
          FROM won d
          JOIN revops.workspace w ON w.workspace_id = d.workspace_id
          WHERE (kpi_revenue.since IS NULL OR d.closed_at >= kpi_revenue.since)
            AND (kpi_revenue.until IS NULL OR d.closed_at < kpi_revenue.until)
          GROUP BY 1, 2, 3, 4, 5)
    SELECT k.workspace_id, w.workspace, k.period, kpi_revenue.grain,
           revops.kpi_complete(kpi_revenue.grain, k.period, w.time_zone),
           k.source, k.campaign, k.segment,
           k.deals, k.customers, k.new_customers, k.amount, k.new_amount, k.renewal_amount, k.expansion_amount, k.without_amount,
           round(k.amount / NULLIF(sum(k.amount) OVER (PARTITION BY k.workspace_id, k.period), 0), 4),
           w.currency
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY k.workspace_id, k.period, k.source, k.campaign, k.segment;
END;
COMMENT ON FUNCTION revops.kpi_revenue(text, timestamptz, timestamptz) IS
    'Revenue by source, campaign and segment, by the period in which deals were won. The source is that of the lead''s entry: kpi_source() has the same deals by cohort of the leads. new_customers are leads whose first won deal falls into the period, whatever its nature. Source: opportunity, stage_change (revops.deal). Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_revenue(text, timestamptz, timestamptz) FROM PUBLIC;
