-- K, J3, J4: the KPIs of deals. A host's table tells them; figures can be checked with a pencil.
\pset null -
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-05-10 12:00+00';
SELECT revops.create_workspace('test', 'UTC', 'EUR') \g /dev/null
SELECT (SELECT count(*) FROM revops.kpi_pipeline_week) + (SELECT count(*) FROM revops.kpi_deals_month)
       + (SELECT count(*) FROM revops.kpi_win_loss('day')) + (SELECT count(*) FROM revops.kpi_revenue('year')) AS rows;
INSERT INTO revops.exchange_rate (workspace_id, currency, valid_from, rate) VALUES (1, 'USD', '2026-01-01', 0.5);
CREATE TABLE lead (id text PRIMARY KEY, created_at timestamptz, source text, campaign text);
CREATE TABLE deal (id int PRIMARY KEY, lead text, status text, opened timestamptz, closed timestamptz, amount numeric, currency text DEFAULT 'EUR',
                   owner text, product text, kind text, why text, rival text);
SELECT revops.attach_lead('lead', 'lead', '{"created_at": "created_at", "source": "source", "campaign": "campaign"}') \g /dev/null
SELECT revops.attach_opportunity('deal', 'deal', 'lead',
    '{"lead": "lead", "won": "status = ''won''", "lost": "status = ''lost''", "opened_at": "opened", "closed_at": "closed", "amount": "amount", "currency": "currency",
      "owner": "owner", "product": "product", "nature": "kind", "reason": "why", "competitor": "rival"}') \g /dev/null
INSERT INTO lead VALUES ('a', '2026-01-01', 'web', 'spring'), ('b', '2026-01-01', 'web', NULL), ('c', '2026-01-01', 'fair', NULL);
-- a: won 100 after 10 days, won 60 more (told as nothing: an expansion), renews for 40 (told); b: lost, open; c: won in dollars (200 USD = 100 EUR), won without amount, won in a currency without a rate
INSERT INTO deal VALUES
    (1, 'a', 'won',  '2026-03-01', '2026-03-11', 100, 'EUR', 'ann', 'basic', NULL, 'price', NULL),
    (2, 'a', 'won',  '2026-04-01', '2026-04-21', 60, 'EUR', 'ann', 'basic', NULL, NULL, NULL),
    (3, 'a', 'won',  '2026-04-01', '2026-04-02', 40, 'EUR', 'bob', 'basic', 'Renewal', NULL, NULL),
    (4, 'b', 'lost', '2026-03-01', '2026-04-10', 500, 'EUR', 'bob', 'pro', NULL, 'features', 'acme'),
    (5, 'b', 'open', '2026-05-02', NULL, 70, 'EUR', 'bob', 'pro', NULL, NULL, NULL),
    (6, 'c', 'won',  '2026-03-05', '2026-03-25', 200, 'USD', NULL, 'pro', 'whatever', 'price', 'acme'),
    (7, 'c', 'won',  '2026-04-01', '2026-04-01', NULL, 'EUR', NULL, 'pro', NULL, NULL, NULL),
    (8, 'c', 'won',  '2026-04-01', '2026-04-03', 9, 'JPY', NULL, 'pro', NULL, NULL, NULL),
    (9, NULL, 'lost', '2026-04-01', '2026-04-30 23:59', 1, 'EUR', NULL, NULL, NULL, NULL, 'acme'),
    (10, 'c', 'won', '2026-04-01', '2026-04-03', 1000, 'EUR', NULL, 'pro', NULL, NULL, NULL);
DELETE FROM deal WHERE id = 10;

\echo K: a deal with what the KPIs group by
SELECT key, status, amount, nature, source, campaign, rep, product, reason, competitor FROM revops.deal ORDER BY key::int;
\echo K: pipeline created
SELECT period, complete, sum(created) AS created, sum(open) AS open, sum(won) AS won, sum(lost) AS lost, sum(created_amount) AS amount, sum(open_amount) AS open_amount,
       sum(won_amount) AS won_amount, sum(lost_amount) AS lost_amount, sum(without_amount) AS without FROM revops.kpi_pipeline_month GROUP BY 1, 2 ORDER BY 1;
SELECT period, source, rep, product, nature, created, won, win_rate_of_all, created_amount, currency FROM revops.kpi_pipeline('month', '2026-03-01', '2026-04-01');
\echo K: win rate of closed deals, deal size, cycle, velocity
SELECT period, source, rep, product, nature, closed, won, lost, win_rate, won_amount, won_without_amount AS without, average_deal, median_deal FROM revops.kpi_deals('month');
SELECT period, source, rep, nature, won_days, mean_won_days, median_won_days, p90_won_days, median_lost_days, velocity, velocity_median
FROM revops.kpi_deals('quarter') WHERE closed > 0;
\echo K: 2 won x 100 / 15 days is 13.3333 a day, whatever their source: counts and amounts add up, then they are divided
SELECT sum(won_amount) AS won_amount, sum(won_days) AS won_days, round(sum(won) * sum(won_amount) / sum(won - won_without_amount) / (sum(won_days) / sum(won)), 4) AS velocity
FROM revops.kpi_deals('month') WHERE period = '2026-03-01';
\echo J3: why, and against whom; shares of an outcome add up to 1
SELECT period, outcome, reason, competitor, deals, amount, share_of_outcome FROM revops.kpi_win_loss('quarter');
SELECT period, outcome, sum(share_of_outcome) FROM revops.kpi_win_loss('month') GROUP BY 1, 2 ORDER BY 1, 2;
\echo J4: revenue
SELECT period, source, campaign, deals, customers, new_customers AS new, amount, new_amount, renewal_amount AS renewal, expansion_amount AS expansion, without_amount AS without,
       share_of_revenue AS share FROM revops.kpi_revenue('month');
SELECT period, source, customers, new_customers, amount FROM revops.kpi_revenue('quarter');

\echo an edit of what a deal tells is a fact; one that says nothing new is none
UPDATE deal SET why = 'service', owner = 'eve' WHERE id = 1;
UPDATE deal SET why = why WHERE id = 1;
SELECT change_id - min(change_id) OVER () AS n, status, owner, product, nature, reason, competitor FROM revops.opportunity_change c
WHERE opportunity_id = (SELECT opportunity_id FROM revops.opportunity WHERE key = '1') ORDER BY 1;
SELECT * FROM revops.verify();
\echo the same in queued mode, and for what is taken in later
CREATE TABLE late (LIKE deal INCLUDING ALL);
INSERT INTO late SELECT id + 100, lead, status, opened, closed, amount, currency, owner, product, kind, why, rival FROM deal;
SELECT revops.attach_opportunity('late', 'late', 'lead',
    '{"lead": "lead", "won": "status = ''won''", "lost": "status = ''lost''", "opened_at": "opened", "closed_at": "closed", "amount": "amount", "currency": "currency",
      "owner": "owner", "product": "product", "nature": "kind", "reason": "why", "competitor": "rival"}', mode => 'queued') \g /dev/null
UPDATE late SET id = id;
CALL revops.settle();
SELECT count(*) FROM revops.opportunity a JOIN revops.opportunity b ON b.key = ((a.key)::int + 100)::text
WHERE (a.owner, a.product, a.nature, a.reason, a.competitor) IS NOT DISTINCT FROM (b.owner, b.product, b.nature, b.reason, b.competitor);
\echo who may see what: readers the totals, marketing and sales the deals
SELECT r, has_table_privilege(r, 'revops.kpi_deals_week', 'SELECT') AS totals, has_function_privilege(r, 'revops.kpi_deals(text, timestamptz, timestamptz)', 'EXECUTE') AS function,
       has_table_privilege(r, 'revops.deal', 'SELECT') AS deals
FROM unnest('{public,revops_reader,revops_marketing,revops_sales}'::text[]) r;
