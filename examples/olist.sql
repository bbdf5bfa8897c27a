-- Olist's marketing funnel (8,000 MQLs, 842 won), attached and played day by day.
-- Run by examples/olist.sh in an empty database; the variable "dir" names the
-- folder of the CSV files, which are not part of this project.

CREATE EXTENSION pg_revops;
SET TimeZone = 'UTC';

-- The company's own tables.
CREATE SCHEMA olist;
CREATE TABLE olist.mql
(
    mql_id             text PRIMARY KEY,
    first_contact_date date NOT NULL,
    landing_page_id    text,
    origin             text
);
CREATE TABLE olist.closed_deal
(
    mql_id    text PRIMARY KEY REFERENCES olist.mql,
    seller_id text,
    sdr_id    text,
    sr_id     text,
    won_date  timestamp NOT NULL,
    business_segment text, lead_type text, lead_behaviour_profile text, has_company text, has_gtin text,
    average_stock text, business_type text, declared_product_catalog_size text,
    declared_monthly_revenue numeric,
    first_contact_date date
);

-- The tape: both files as they are.
CREATE TEMPORARY TABLE mql_file (LIKE olist.mql);
CREATE TEMPORARY TABLE deal_file (LIKE olist.closed_deal);
ALTER TABLE deal_file DROP first_contact_date;
SELECT format('COPY mql_file FROM %L WITH (FORMAT csv, HEADER)', :'dir' || '/olist_marketing_qualified_leads_dataset.csv'),
       format('COPY deal_file FROM %L WITH (FORMAT csv, HEADER)', :'dir' || '/olist_closed_deals_dataset.csv') \gexec

-- Leads arrive as MQLs: "stage" is the constant mql.  Dates have no zone in
-- the file; we declare UTC, by which each day has 24 hours, as the reference
-- sheet reckons.  Nothing is known of responses, and of owners only for deals
-- that were won: so no routes, no promises.
SELECT revops.create_workspace('olist', 'UTC', 'BRL') AS olist \gset
SELECT revops.attach_lead('olist mql', 'olist.mql', $roles${
    "created_at": "first_contact_date::timestamp AT TIME ZONE 'UTC'",
    "stage": "'mql'",
    "source": "origin",
    "campaign": "landing_page_id"
}$roles$, workspace_id => :olist) IS NOT NULL AS attached \gset
SELECT revops.attach_opportunity('olist deal', 'olist.closed_deal', 'olist mql', $roles${
    "lead": "mql_id",
    "won": "true",
    "opened_at": "first_contact_date::timestamp AT TIME ZONE 'UTC'",
    "closed_at": "won_date AT TIME ZONE 'UTC'",
    "owner": "sr_id",
    "product": "business_segment"
}$roles$) IS NOT NULL AS attached \gset
SELECT revops.draft_agreement(:olist, 'leads arrive qualified; nothing is promised') AS draft \gset
DELETE FROM revops.sla_policy WHERE agreement_id = :draft;
UPDATE revops.stage SET routes = false WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) AS activated \gset

-- Day by day, as it happened.  A deal is entered on the day it was won, or
-- when its lead is there: one was won two days before its first contact.
CREATE PROCEDURE olist.play()
LANGUAGE plpgsql AS $$
DECLARE
    today date;
BEGIN
    FOR today IN SELECT d::date FROM generate_series(date '2017-06-14', date '2018-11-30', interval '1 day') AS d LOOP
        PERFORM set_config('pg_revops.now', (today + time '23:59:59')::text, false);
        INSERT INTO olist.mql SELECT * FROM mql_file WHERE first_contact_date = today;
        INSERT INTO olist.closed_deal
        SELECT d.*, m.first_contact_date FROM deal_file d JOIN mql_file m USING (mql_id)
        WHERE greatest(d.won_date::date, m.first_contact_date) = today;
        COMMIT;
    END LOOP;
END
$$;
CALL olist.play();
CALL revops.settle();

\echo 'Conversion by origin (revops.kpi_source)'
CREATE VIEW olist.by_origin AS
SELECT coalesce(source, '(empty)') AS origin, sum(leads)::bigint AS n, sum(won)::bigint AS won,
       round(sum(won)::numeric / sum(leads), 4) AS rate
FROM revops.kpi_source('month', NULL, NULL) GROUP BY source;
SELECT * FROM olist.by_origin ORDER BY n DESC;

\echo 'Conversion by month of first contact'
CREATE VIEW olist.by_month AS
SELECT to_char(period, 'YYYY-MM') AS month, sum(leads)::bigint AS n, sum(won)::bigint AS won,
       round(sum(won)::numeric / sum(leads), 4) AS rate
FROM revops.kpi_source('month', NULL, NULL) GROUP BY period;
SELECT * FROM olist.by_month ORDER BY month;

\echo 'Conversion by landing page (revops.kpi_funnel)'
CREATE VIEW olist.by_landing_page AS
SELECT campaign AS landing_page_id, sum(leads)::bigint AS n, sum(customers)::bigint AS won,
       round(sum(customers) / sum(leads), 4) AS rate
FROM revops.kpi_funnel('month') WHERE campaign IS NOT NULL GROUP BY campaign HAVING sum(leads) >= 100;
SELECT * FROM olist.by_landing_page ORDER BY n DESC;

\echo 'Won per month, by representative and by business segment (revops.kpi_deals_month, revops.kpi_win_loss_month)'
CREATE VIEW olist.won_per_month AS
SELECT to_char(period, 'YYYY-MM') AS month, sum(won)::bigint AS won FROM revops.kpi_deals_month GROUP BY period;
SELECT * FROM olist.won_per_month ORDER BY month;
CREATE VIEW olist.by_representative AS
SELECT rep, sum(won)::bigint AS won, round(sum(won) / sum(sum(won)) OVER (), 4) AS share FROM revops.kpi_deals_month GROUP BY rep;
SELECT * FROM olist.by_representative ORDER BY won DESC LIMIT 10;
CREATE VIEW olist.by_business_segment AS
SELECT coalesce(product, '(empty)') AS business_segment, sum(deals)::bigint AS won FROM revops.kpi_win_loss_month WHERE outcome = 'won' GROUP BY product;
SELECT * FROM olist.by_business_segment ORDER BY won DESC, business_segment;

\echo 'Time from first contact to won, days; medians are of groups and do not add up'
CREATE VIEW olist.time_to_won AS
SELECT sum(won)::bigint AS n, round(sum(won_days) / sum(won), 4) AS mean FROM revops.kpi_deals_month;
SELECT * FROM olist.time_to_won;

\echo 'What is wrong with the data (revops.hygiene)'
SELECT problem, n, left(example, 40) AS example FROM revops.hygiene ORDER BY problem;
