-- Fit and conversion by segment, what customers buy later, and use of content.
-- They have the form of the KPIs of 75_kpi.sql.

CREATE TYPE revops.kpi_segment_row AS
(
    workspace_id  int,
    workspace     text,
    period        date,
    grain         text,
    complete      boolean,
    segment       text,
    leads         bigint,
    sum_fit       bigint,
    mean_fit      numeric,
    median_fit    numeric,
    mqls          bigint,
    accepted      bigint,
    won           bigint,
    disqualified  bigint,
    mqls_accepted bigint,
    lead_to_mql   numeric,
    mql_to_sql    numeric,
    lead_to_won   numeric,
    deals_won     bigint,
    won_amount    numeric,
    currency      text
);
COMMENT ON TYPE revops.kpi_segment_row IS 'A row of kpi_segment().';
COMMENT ON COLUMN revops.kpi_segment_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_segment_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_segment_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_segment_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_segment_row.complete IS 'true: the period is over; false: it still grows';
COMMENT ON COLUMN revops.kpi_segment_row.segment IS 'segment of the lead at its last move; NULL: none';
COMMENT ON COLUMN revops.kpi_segment_row.leads IS 'leads created in the period, deleted ones included';
COMMENT ON COLUMN revops.kpi_segment_row.sum_fit IS 'sum of their fit (0 to 100) at their last move: additive';
COMMENT ON COLUMN revops.kpi_segment_row.mean_fit IS 'sum_fit / leads';
COMMENT ON COLUMN revops.kpi_segment_row.median_fit IS 'median of the same; not additive';
COMMENT ON COLUMN revops.kpi_segment_row.mqls IS 'of these, entered the stage of purpose qualified (MQL)';
COMMENT ON COLUMN revops.kpi_segment_row.accepted IS 'of these, entered the stage of purpose accepted (SQL)';
COMMENT ON COLUMN revops.kpi_segment_row.won IS 'of these, entered the stage of purpose won';
COMMENT ON COLUMN revops.kpi_segment_row.disqualified IS 'of these, are in the stage of purpose disqualified since their last move';
COMMENT ON COLUMN revops.kpi_segment_row.mqls_accepted IS 'of the MQLs, entered the stage of purpose accepted too';
COMMENT ON COLUMN revops.kpi_segment_row.lead_to_mql IS 'mqls / leads, 0 to 1';
COMMENT ON COLUMN revops.kpi_segment_row.mql_to_sql IS 'mqls_accepted / mqls, 0 to 1';
COMMENT ON COLUMN revops.kpi_segment_row.lead_to_won IS 'won / leads, 0 to 1';
COMMENT ON COLUMN revops.kpi_segment_row.deals_won IS 'won deals of these leads';
COMMENT ON COLUMN revops.kpi_segment_row.won_amount IS 'amount of these deals, in currency; NULL: none has one';
COMMENT ON COLUMN revops.kpi_segment_row.currency IS 'ISO 4217 code of the workspace''s currency';

CREATE FUNCTION revops.kpi_segment(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_segment_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_segment.grain, kpi_segment.since, kpi_segment.until);
    WITH lead AS
         (SELECT c.lead_id, c.workspace_id,
                 min(c.lead_created_at) FILTER (WHERE c.seq = 1) AS created_at,
                 (array_agg(c.segment ORDER BY c.seq DESC))[1] AS segment,
                 (array_agg(c.fit ORDER BY c.seq DESC))[1] AS fit,
                 COALESCE((array_agg(g.purpose ORDER BY c.seq DESC))[1] = 'disqualified', false) AS disqualified,
                 COALESCE(bool_or(g.purpose = 'qualified'), false) AS mql,
                 COALESCE(bool_or(g.purpose = 'accepted'), false) AS accepted,
                 COALESCE(bool_or(g.purpose = 'won'), false) AS won
          FROM revops.stage_change c
          LEFT JOIN revops.stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage
          GROUP BY c.lead_id, c.workspace_id),
         deal AS
         (SELECT o.lead_id, count(*) AS won, sum(o.base_amount) AS amount
          FROM revops.opportunity o WHERE o.status = 'won' AND o.lead_id IS NOT NULL GROUP BY o.lead_id),
         counted AS
         (SELECT l.workspace_id, revops.kpi_period(kpi_segment.grain, l.created_at, w.time_zone) AS period, l.segment,
                 count(*) AS leads, sum(l.fit) AS sum_fit,
                 percentile_cont(0.5) WITHIN GROUP (ORDER BY l.fit) AS median_fit,
                 count(*) FILTER (WHERE l.mql) AS mqls,
                 count(*) FILTER (WHERE l.accepted) AS accepted,
                 count(*) FILTER (WHERE l.won) AS won,
                 count(*) FILTER (WHERE l.disqualified) AS disqualified,
                 count(*) FILTER (WHERE l.mql AND l.accepted) AS mqls_accepted,
                 COALESCE(sum(d.won), 0)::bigint AS deals_won, sum(d.amount) AS won_amount
          FROM lead l
          JOIN revops.workspace w ON w.workspace_id = l.workspace_id
          LEFT JOIN deal d ON d.lead_id = l.lead_id
          WHERE (kpi_segment.since IS NULL OR l.created_at >= kpi_segment.since)
            AND (kpi_segment.until IS NULL OR l.created_at < kpi_segment.until)
          GROUP BY 1, 2, 3)
    SELECT k.workspace_id, w.workspace, k.period, kpi_segment.grain, revops.kpi_complete(kpi_segment.grain, k.period, w.time_zone), k.segment,
           k.leads, k.sum_fit, round(k.sum_fit::numeric / k.leads, 4), round(k.median_fit::numeric, 4),
           k.mqls, k.accepted, k.won, k.disqualified, k.mqls_accepted,
           revops.kpi_share(k.mqls, k.leads), revops.kpi_share(k.mqls_accepted, k.mqls), revops.kpi_share(k.won, k.leads),
           k.deals_won, k.won_amount, w.currency
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY k.workspace_id, k.period, k.segment;
END;
COMMENT ON FUNCTION revops.kpi_segment(text, timestamptz, timestamptz) IS
    'Fit and conversion by segment, by cohort: a lead belongs to the period of its creation; what it reached counts whenever that was, so recent periods still grow. A lead counts once in each column that it earned. A lead that has moved since has the segment and fit of its last move; moves of the past that were adopted have fit 0. Rates are rounded to 4 decimals. Source: stage_change, stage, opportunity. Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_segment(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE TYPE revops.kpi_retention_row AS
(
    workspace_id         int,
    workspace            text,
    period               date,
    grain                text,
    complete             boolean,
    source               text,
    customers            bigint,
    retained             bigint,
    renewed              bigint,
    expanded             bigint,
    lost_renewal         bigint,
    first_amount         numeric,
    renewal_amount       numeric,
    expansion_amount     numeric,
    deals_without_amount bigint,
    retention_rate       numeric,
    renewal_rate         numeric,
    expansion_share      numeric,
    currency             text
);
COMMENT ON TYPE revops.kpi_retention_row IS 'A row of kpi_retention().';
COMMENT ON COLUMN revops.kpi_retention_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_retention_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_retention_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_retention_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_retention_row.complete IS 'true: the period is over; false: it still grows';
COMMENT ON COLUMN revops.kpi_retention_row.source IS 'source of the lead at its entry';
COMMENT ON COLUMN revops.kpi_retention_row.customers IS 'leads whose first won deal was closed in the period';
COMMENT ON COLUMN revops.kpi_retention_row.retained IS 'of these, won at least one later deal (any nature)';
COMMENT ON COLUMN revops.kpi_retention_row.renewed IS 'of these, won a later deal of nature renewal';
COMMENT ON COLUMN revops.kpi_retention_row.expanded IS 'of these, won a later deal of nature expansion';
COMMENT ON COLUMN revops.kpi_retention_row.lost_renewal IS 'of these, lost a deal of nature renewal and won nothing since';
COMMENT ON COLUMN revops.kpi_retention_row.first_amount IS 'amount of the first won deals, in currency; 0: none has one';
COMMENT ON COLUMN revops.kpi_retention_row.renewal_amount IS 'amount of later won deals of nature renewal, in currency';
COMMENT ON COLUMN revops.kpi_retention_row.expansion_amount IS 'amount of later won deals of nature expansion, in currency';
COMMENT ON COLUMN revops.kpi_retention_row.deals_without_amount IS 'won deals, first or later, without an amount in the workspace''s currency: in no sum';
COMMENT ON COLUMN revops.kpi_retention_row.retention_rate IS 'retained / customers, 0 to 1';
COMMENT ON COLUMN revops.kpi_retention_row.renewal_rate IS 'renewed / (customers that renewed or are in lost_renewal), 0 to 1: of those whose renewal was decided';
COMMENT ON COLUMN revops.kpi_retention_row.expansion_share IS 'expansion_amount / first_amount: 1 is as much again as the first deals';
COMMENT ON COLUMN revops.kpi_retention_row.currency IS 'ISO 4217 code of the workspace''s currency';

CREATE FUNCTION revops.kpi_retention(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_retention_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_retention.grain, kpi_retention.since, kpi_retention.until);
    WITH won AS
         (SELECT d.*, row_number() OVER first AS n
          FROM revops.deal d
          WHERE d.status = 'won' AND d.closed_at IS NOT NULL AND d.lead_id IS NOT NULL
          WINDOW first AS (PARTITION BY d.lead_id ORDER BY d.closed_at, d.opportunity_id)),
         customer AS
         (SELECT d.lead_id,
                 min(d.workspace_id) FILTER (WHERE d.n = 1) AS workspace_id,
                 min(d.source) FILTER (WHERE d.n = 1) AS source,
                 min(d.closed_at) AS won_at, max(d.closed_at) AS last_at,
                 count(*) > 1 AS retained,
                 COALESCE(bool_or(d.nature = 'renewal') FILTER (WHERE d.n > 1), false) AS renewed,
                 COALESCE(bool_or(d.nature = 'expansion') FILTER (WHERE d.n > 1), false) AS expanded,
                 sum(d.amount) FILTER (WHERE d.n = 1) AS first_amount,
                 sum(d.amount) FILTER (WHERE d.n > 1 AND d.nature = 'renewal') AS renewal_amount,
                 sum(d.amount) FILTER (WHERE d.n > 1 AND d.nature = 'expansion') AS expansion_amount,
                 count(*) FILTER (WHERE d.amount IS NULL) AS unpriced
          FROM won d
          GROUP BY d.lead_id),
         counted AS
         (SELECT c.workspace_id, revops.kpi_period(kpi_retention.grain, c.won_at, w.time_zone) AS period, c.source,
                 count(*) AS customers,
                 count(*) FILTER (WHERE c.retained) AS retained,
                 count(*) FILTER (WHERE c.renewed) AS renewed,
                 count(*) FILTER (WHERE c.expanded) AS expanded,
                 count(*) FILTER (WHERE EXISTS (SELECT FROM revops.deal x
                                                WHERE x.lead_id = c.lead_id AND x.status = 'lost' AND x.nature = 'renewal'
                                                  AND x.closed_at >= c.last_at)) AS lost_renewal,
                 COALESCE(sum(c.first_amount), 0) AS first_amount,
                 COALESCE(sum(c.renewal_amount), 0) AS renewal_amount,
                 COALESCE(sum(c.expansion_amount), 0) AS expansion_amount,
                 sum(c.unpriced)::bigint AS unpriced,
                 count(*) FILTER (WHERE c.renewed OR EXISTS (SELECT FROM revops.deal x
                                                             WHERE x.lead_id = c.lead_id AND x.status = 'lost' AND x.nature = 'renewal'
                                                               AND x.closed_at >= c.last_at)) AS decided
          FROM customer c
          JOIN revops.workspace w ON w.workspace_id = c.workspace_id
          WHERE (kpi_retention.since IS NULL OR c.won_at >= kpi_retention.since)
            AND (kpi_retention.until IS NULL OR c.won_at < kpi_retention.until)
          GROUP BY 1, 2, 3)
    SELECT k.workspace_id, w.workspace, k.period, kpi_retention.grain, revops.kpi_complete(kpi_retention.grain, k.period, w.time_zone), k.source,
           k.customers, k.retained, k.renewed, k.expanded, k.lost_renewal,
           k.first_amount, k.renewal_amount, k.expansion_amount, k.unpriced,
           revops.kpi_share(k.retained, k.customers), revops.kpi_share(k.renewed, k.decided),
           round(k.expansion_amount / NULLIF(k.first_amount, 0), 4), w.currency
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY k.workspace_id, k.period, k.source;
END;
COMMENT ON FUNCTION revops.kpi_retention(text, timestamptz, timestamptz) IS
    'Retention, renewal and expansion by source, by cohort: a customer is a lead with a won deal, and belongs to the period in which its first one was closed; what it bought later counts whenever that was, so recent periods still grow. Later deals are those of the same lead, by closed_at. What a deal does not tell of its nature follows the rule of revops.deal. Source: opportunity, stage_change (revops.deal). Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_retention(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE VIEW revops.kpi_retention_week AS
SELECT * FROM revops.kpi_retention('week', NULL, NULL);
COMMENT ON VIEW revops.kpi_retention_week IS
    'kpi_retention() by week, over all time.';

CREATE VIEW revops.kpi_retention_month AS
SELECT * FROM revops.kpi_retention('month', NULL, NULL);
COMMENT ON VIEW revops.kpi_retention_month IS
    'kpi_retention() by month, over all time.';

CREATE TYPE revops.kpi_content_row AS
(
    workspace_id int,
    workspace    text,
    period       date,
    grain        text,
    complete     boolean,
    content      text,
    source       text,
    campaign     text,
    touches      bigint,
    outbound     bigint,
    leads        bigint,
    leads_mql    bigint,
    leads_won    bigint,
    deals_won    bigint,
    won_amount   numeric,
    currency     text
);
COMMENT ON TYPE revops.kpi_content_row IS 'A row of kpi_content().';
COMMENT ON COLUMN revops.kpi_content_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.kpi_content_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.kpi_content_row.period IS 'first day of the period, in the workspace''s time zone (ISO weeks: Monday)';
COMMENT ON COLUMN revops.kpi_content_row.grain IS 'length of the period: day, week, month, quarter or year';
COMMENT ON COLUMN revops.kpi_content_row.complete IS 'true: the period is over; false: it still grows';
COMMENT ON COLUMN revops.kpi_content_row.content IS 'page, asset or mailing that touches were about';
COMMENT ON COLUMN revops.kpi_content_row.source IS 'source of the touch; NULL: not told';
COMMENT ON COLUMN revops.kpi_content_row.campaign IS 'campaign of the touch; NULL: not told';
COMMENT ON COLUMN revops.kpi_content_row.touches IS 'touches in the period, net of those taken back';
COMMENT ON COLUMN revops.kpi_content_row.outbound IS 'of these, by us (a rep sent it, or spoke of it); the others are by the leads';
COMMENT ON COLUMN revops.kpi_content_row.leads IS 'different leads among them; not additive';
COMMENT ON COLUMN revops.kpi_content_row.leads_mql IS 'of the leads, entered the stage of purpose qualified at or after their first such touch of the period; not additive';
COMMENT ON COLUMN revops.kpi_content_row.leads_won IS 'of the leads, won a deal at or after their first such touch of the period; not additive';
COMMENT ON COLUMN revops.kpi_content_row.deals_won IS 'won deals of these leads that were closed at or after that touch; one deal may be in several rows: influence, not attribution';
COMMENT ON COLUMN revops.kpi_content_row.won_amount IS 'amount of these deals, in currency; NULL: none has one';
COMMENT ON COLUMN revops.kpi_content_row.currency IS 'ISO 4217 code of the workspace''s currency';

CREATE FUNCTION revops.kpi_content(grain text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
    RETURNS SETOF revops.kpi_content_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    SELECT revops.check_kpi_range(kpi_content.grain, kpi_content.since, kpi_content.until);
    WITH net AS
         (SELECT t.workspace_id, w.time_zone, revops.kpi_period(kpi_content.grain, t.occurred_at, w.time_zone) AS period,
                 t.content, t.source, t.campaign, t.lead_id,
                 sum(t.sign) AS touches,
                 COALESCE(sum(t.sign) FILTER (WHERE s.direction = 'outbound'), 0) AS outbound,
                 min(t.occurred_at) AS first_at,
                 bool_or(t.sign < 0) AS taken_back
          FROM revops.touch t
          JOIN revops.workspace w ON w.workspace_id = t.workspace_id
          LEFT JOIN revops.signal s ON s.signal_id = t.signal_id
          WHERE t.content <> ''
            AND (kpi_content.since IS NULL OR t.occurred_at >= kpi_content.since)
            AND (kpi_content.until IS NULL OR t.occurred_at < kpi_content.until)
          GROUP BY 1, 2, 3, 4, 5, 6, 7
          HAVING sum(t.sign) > 0),
         used AS
         (SELECT n.workspace_id, n.period, n.content, NULLIF(n.source, '') AS source, NULLIF(n.campaign, '') AS campaign, n.lead_id, n.touches, n.outbound,
                 -- what was taken back did not happen: few groups need to be looked at again
                 CASE WHEN n.taken_back
                      THEN (SELECT min(k.at) FROM (SELECT t.occurred_at AS at FROM revops.touch t
                                                   WHERE t.lead_id = n.lead_id AND t.occurred_at >= n.first_at AND t.workspace_id = n.workspace_id
                                                     AND t.content = n.content AND t.source = n.source AND t.campaign = n.campaign
                                                     AND revops.kpi_period(kpi_content.grain, t.occurred_at, n.time_zone) = n.period
                                                     AND (kpi_content.until IS NULL OR t.occurred_at < kpi_content.until)
                                                   GROUP BY t.signal_id, t.binding_id, t.source_key, t.occurred_at
                                                   HAVING sum(t.sign) > 0) k)
                      ELSE n.first_at END AS first_at
          FROM net n),
         deal AS
         (SELECT u.workspace_id, u.period, u.content, u.source, u.campaign, u.lead_id, count(*) AS deals, sum(o.base_amount) AS amount
          FROM used u
          JOIN revops.opportunity o ON o.lead_id = u.lead_id AND o.status = 'won' AND o.closed_at >= u.first_at
          GROUP BY 1, 2, 3, 4, 5, 6),
         mql AS
         (SELECT c.lead_id, max(c.at) AS at
          FROM revops.stage_change c
          JOIN revops.stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage AND g.purpose = 'qualified'
          GROUP BY c.lead_id),
         counted AS
         (SELECT u.workspace_id, u.period, u.content, u.source, u.campaign,
                 sum(u.touches)::bigint AS touches, sum(u.outbound)::bigint AS outbound, count(*) AS leads,
                 count(*) FILTER (WHERE m.at >= u.first_at) AS mqls,
                 count(d.lead_id) AS won, COALESCE(sum(d.deals), 0)::bigint AS deals, sum(d.amount) AS amount
          FROM used u
          LEFT JOIN mql m ON m.lead_id = u.lead_id
          LEFT JOIN deal d ON d.workspace_id = u.workspace_id AND d.period = u.period AND d.content = u.content AND d.lead_id = u.lead_id
                          AND d.source IS NOT DISTINCT FROM u.source AND d.campaign IS NOT DISTINCT FROM u.campaign
          GROUP BY 1, 2, 3, 4, 5)
    SELECT k.workspace_id, w.workspace, k.period, kpi_content.grain, revops.kpi_complete(kpi_content.grain, k.period, w.time_zone),
           k.content, k.source, k.campaign, k.touches, k.outbound, k.leads, k.mqls, k.won, k.deals, k.amount, w.currency
    FROM counted k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY k.workspace_id, k.period, k.content, k.source, k.campaign;
END;
COMMENT ON FUNCTION revops.kpi_content(text, timestamptz, timestamptz) IS
    'Use of content, by touches: how often each page, asset or mailing was seen or sent in a period, by how many leads, and what became of these leads afterwards. Influence, not attribution: a deal counts for every content that its lead has seen before it was won (attribution() shares each deal out instead). Touches that tell no content are not here. Source: touch, signal, stage_change, stage, opportunity. Only [since, until) counts; NULL is an open end. Raises RV004.';
REVOKE ALL ON FUNCTION revops.kpi_content(text, timestamptz, timestamptz) FROM PUBLIC;

CREATE VIEW revops.kpi_content_week AS
SELECT * FROM revops.kpi_content('week', NULL, NULL);
COMMENT ON VIEW revops.kpi_content_week IS
    'kpi_content() by week, over all time.';

CREATE VIEW revops.kpi_content_month AS
SELECT * FROM revops.kpi_content('month', NULL, NULL);
COMMENT ON VIEW revops.kpi_content_month IS
    'kpi_content() by month, over all time.';
