-- What came of it, from pg_revops's own tables and views alone: the company's
-- tables are not read.

CREATE FUNCTION maven.rounded(value float8, digits int) RETURNS text
LANGUAGE sql IMMUTABLE AS $$SELECT coalesce(round(value::numeric, digits)::text, 'null')$$;

CREATE VIEW maven.moves AS
SELECT s.key, m.lead_id, m.seq, m.at, m.from_stage, m.to_stage, m.reason, m.violation, extract(epoch FROM m.spent)::float8 / 86400 AS days
FROM revops.lead_status s JOIN revops.stage_change m USING (lead_id) WHERE s.binding = 'pipeline';

CREATE VIEW maven.deals AS
SELECT s.key, s.rep AS agent, s.team AS manager, p.profile ->> 'region' AS office, s.source AS product, s.campaign AS series,
       s.segment AS sector, s.stage, s.stage_since, e.at AS engaged_at, c.at AS closed_at,
       extract(epoch FROM c.spent)::float8 / 86400 AS days,
       o.status, o.amount
FROM revops.lead_status s
JOIN revops.lead l USING (lead_id)
JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
LEFT JOIN revops.stage_change e ON e.lead_id = s.lead_id AND e.to_stage = 'Engaging'
LEFT JOIN revops.stage_change c ON c.lead_id = s.lead_id AND c.to_stage IN ('Won', 'Lost')
LEFT JOIN revops.opportunity o ON o.lead_id = s.lead_id
WHERE s.binding = 'pipeline';

-- ----- figures that the data set's reference sheet has ------------------------------

CREATE VIEW maven.summary AS
SELECT g.dimension, g.value, count(*) AS opps, count(*) FILTER (WHERE stage = 'Won') AS won, count(*) FILTER (WHERE stage = 'Lost') AS lost,
       count(*) FILTER (WHERE stage IN ('Prospecting', 'Engaging')) AS open,
       maven.rounded(count(*) FILTER (WHERE stage = 'Won') / nullif(count(*) FILTER (WHERE stage IN ('Won', 'Lost')), 0)::float8, 4) AS win_rate,
       maven.rounded(coalesce(sum(amount) FILTER (WHERE stage = 'Won'), 0)::float8, 0) AS won_revenue,
       maven.rounded(avg(amount) FILTER (WHERE stage = 'Won')::float8, 2) AS avg_won_deal,
       maven.rounded(avg(days) FILTER (WHERE stage = 'Won'), 2) AS avg_days_to_win,
       maven.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE stage = 'Won'), 1) AS median_days_to_win
FROM maven.deals d CROSS JOIN LATERAL (VALUES
    ('all', 'all'), ('sales agent', agent), ('manager', manager), ('regional office', office), ('product', product), ('series', series),
    ('sector', sector), ('close quarter', to_char(closed_at, 'YYYY"-Q"Q')), ('engage quarter', to_char(engaged_at, 'YYYY"-Q"Q')),
    ('close month', to_char(closed_at, 'YYYY-MM'))) AS g (dimension, value)
WHERE g.value IS NOT NULL GROUP BY 1, 2;

CREATE VIEW maven.cycle AS
SELECT coalesce(lower(stage), 'won+lost') AS outcome, count(*) AS n, min(days) AS shortest,
       maven.rounded(percentile_cont(0.25) WITHIN GROUP (ORDER BY days), 1) AS p25,
       maven.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY days), 1) AS median,
       maven.rounded(avg(days), 4) AS mean,
       maven.rounded(percentile_cont(0.75) WITHIN GROUP (ORDER BY days), 1) AS p75,
       maven.rounded(percentile_cont(0.9) WITHIN GROUP (ORDER BY days), 1) AS p90,
       max(days) AS longest
FROM maven.deals WHERE stage IN ('Won', 'Lost') GROUP BY GROUPING SETS ((stage), ());

CREATE VIEW maven.open_deals AS
SELECT count(*) AS n, min(age) AS youngest, maven.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY age), 1) AS median,
       maven.rounded(avg(age), 2) AS mean, maven.rounded(percentile_cont(0.9) WITHIN GROUP (ORDER BY age), 1) AS p90,
       max(age) AS oldest, count(*) FILTER (WHERE age > 90) AS older_than_90_days
FROM (SELECT extract(epoch FROM timestamptz '2017-12-31 00:00+00' - stage_since)::float8 / 86400 AS age
      FROM maven.deals WHERE stage = 'Engaging') AS open;

CREATE VIEW maven.cases_by_stage AS
SELECT stage, count(*) AS cases FROM maven.deals GROUP BY 1;

-- ----- and figures of the lifecycle ----------------------------------------------------

CREATE VIEW maven.moves_between AS
SELECT from_stage, to_stage, coalesce(reason, '') AS reason, violation, count(*) AS moves
FROM maven.moves WHERE from_stage IS NOT NULL GROUP BY 1, 2, 3, 4;

-- what a deal is and where its lead is: they go together
CREATE VIEW maven.deal_and_lead AS
SELECT coalesce(status, '(none)') AS deal, stage AS lead, count(*) AS cases FROM maven.deals GROUP BY 1, 2;

CREATE VIEW maven.stays AS
SELECT from_stage AS stage, to_stage AS until, count(*) AS stays, maven.rounded(sum(days), 0) AS days,
       maven.rounded(avg(days), 4) AS mean, maven.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY days), 1) AS median
FROM maven.moves WHERE from_stage IS NOT NULL GROUP BY 1, 2;

-- an account is an opportunity from its first deal on, and a customer from its first won
CREATE VIEW maven.accounts AS
SELECT s.key AS account, s.stage, o.at::date AS opportunity_since, w.at::date AS customer_since, d.deals, d.won, d.lost
FROM revops.lead_status s
LEFT JOIN revops.stage_change o ON o.lead_id = s.lead_id AND o.to_stage = 'opportunity'
LEFT JOIN revops.stage_change w ON w.lead_id = s.lead_id AND w.to_stage = 'customer'
LEFT JOIN LATERAL (SELECT count(*) AS deals, count(*) FILTER (WHERE status = 'won') AS won, count(*) FILTER (WHERE status = 'lost') AS lost
                   FROM revops.opportunity p WHERE p.lead_id = s.lead_id) d ON true
WHERE s.binding = 'accounts';

-- the shared numbers say the same: of the deals by product, and of the accounts' deals by sector
CREATE VIEW maven.kpi_products AS
SELECT source AS product, sum(leads)::bigint AS opps, sum(won)::bigint AS won, sum(deals_won)::bigint AS deals_won,
       maven.rounded(sum(won_amount)::float8, 0) AS won_revenue
FROM revops.kpi_source('year') WHERE workspace = 'pipeline' GROUP BY 1;
CREATE VIEW maven.kpi_sectors AS
SELECT source AS sector, sum(deals_won)::bigint AS won, maven.rounded(sum(won_amount)::float8, 0) AS won_revenue
FROM revops.kpi_source('year') WHERE workspace = 'accounts' GROUP BY 1;

-- KPIs of deals: counts, amounts and days add up over whatever is not asked for, then they are divided
CREATE VIEW maven.kpi_deals AS
SELECT g.dimension, g.value, sum(closed)::bigint AS closed, sum(won)::bigint AS won, sum(lost)::bigint AS lost,
       maven.rounded((sum(won) / sum(closed))::float8, 4) AS win_rate,
       maven.rounded(coalesce(sum(won_amount), 0)::float8, 0) AS won_revenue,
       maven.rounded((sum(won_amount) / sum(won - won_without_amount))::float8, 2) AS avg_won_deal,
       maven.rounded((sum(won_days) / sum(won))::float8, 4) AS mean_won_days,
       maven.rounded((sum(won) * (sum(won_amount) / sum(won - won_without_amount)) / (sum(won_days) / sum(won)))::float8, 2) AS velocity,
       maven.rounded(sum(won_amount)::float8 / 91.25, 2) AS revenue_a_day
FROM revops.kpi_deals('month') CROSS JOIN LATERAL (VALUES
    ('close quarter', to_char(period, 'YYYY"-Q"Q')), ('close month', to_char(period, 'YYYY-MM')), ('sales agent', rep), ('manager', team),
    ('product', source), ('series', campaign), ('sector', segment)) AS g (dimension, value)
WHERE workspace = 'pipeline' GROUP BY 1, 2;
CREATE VIEW maven.kpi_pipeline AS
SELECT to_char(period, 'YYYY"-Q"Q') AS quarter, sum(created)::bigint AS opps, sum(won)::bigint AS won, sum(lost)::bigint AS lost, sum(open)::bigint AS open,
       maven.rounded(sum(won_amount)::float8, 0) AS won_revenue
FROM revops.kpi_pipeline('quarter') WHERE workspace = 'pipeline' GROUP BY 1;
-- accounts are leads there, and have many deals: who won them is told by each deal
CREATE VIEW maven.kpi_account_deals AS
SELECT rep AS agent, sum(won)::bigint AS won, sum(lost)::bigint AS lost, maven.rounded(sum(won_amount)::float8, 0) AS won_revenue
FROM revops.kpi_deals('year') WHERE workspace = 'accounts' GROUP BY 1;
CREATE VIEW maven.kpi_account_revenue AS
SELECT sum(deals)::bigint AS deals, sum(new_customers)::bigint AS new_customers, maven.rounded(sum(amount)::float8, 0) AS amount,
       maven.rounded((sum(new_amount) + sum(expansion_amount))::float8, 0) AS new_and_expansion
FROM revops.kpi_revenue('month') WHERE workspace = 'accounts';

\echo 'Opportunities by stage'
SELECT * FROM maven.cases_by_stage ORDER BY 2 DESC;
\echo 'Days from engagement to close'
SELECT * FROM maven.cycle ORDER BY n DESC;
\echo 'By sales agent'
SELECT value AS agent, opps, won, lost, open, win_rate, won_revenue, avg_days_to_win FROM maven.summary WHERE dimension = 'sales agent'
ORDER BY win_rate DESC LIMIT 10;
