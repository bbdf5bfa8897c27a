-- A CRM's sales opportunities (Maven Analytics): deals that are engaged, won or
-- lost, and the leads that follow them.  Run by examples/maven.sh in an empty
-- database; "dir" names the folder of the files, "mode" says how they are taken in.

CREATE EXTENSION pg_revops;
SET TimeZone = 'UTC';
SET pg_revops.now = '2016-10-20 00:00+00';
SELECT :'mode' = 'history' AS history, CASE :'mode' WHEN 'queued' THEN 'queued' ELSE 'inline' END AS binding_mode,
       CASE :'mode' WHEN 'inline' THEN 'strict' ELSE 'record' END AS on_violation \gset

-- The company's own tables.
CREATE SCHEMA maven;
CREATE TABLE maven.account
(
    account          text PRIMARY KEY,
    sector           text NOT NULL,
    year_established int,
    revenue          numeric,
    employees        int,
    office_location  text,
    subsidiary_of    text,
    entered          date NOT NULL DEFAULT '2016-10-20'      -- the CRM's first day
);
CREATE TABLE maven.product
(
    product     text PRIMARY KEY,
    series      text NOT NULL,
    sales_price numeric NOT NULL
);
CREATE TABLE maven.sales_team
(
    sales_agent     text PRIMARY KEY,
    manager         text NOT NULL,
    regional_office text NOT NULL
);
CREATE TABLE maven.pipeline
(
    opportunity_id text PRIMARY KEY,
    sales_agent    text NOT NULL REFERENCES maven.sales_team,
    product        text NOT NULL,
    account        text REFERENCES maven.account,
    deal_stage     text NOT NULL,
    engage_date    date,
    close_date     date,
    close_value    numeric
);

-- The tape: the file as it is.
CREATE TEMPORARY TABLE tape (LIKE maven.pipeline);
SELECT format('COPY %s FROM %L WITH (FORMAT csv, HEADER)', f.name, :'dir' || '/' || f.file)
FROM (VALUES ('maven.product', 'products.csv'), ('maven.sales_team', 'sales_teams.csv'), ('tape', 'sales_pipeline.csv')) AS f (name, file) \gexec

-- Who sells: an agent is a rep, the manager's people are a team.
SELECT revops.create_workspace('pipeline', 'UTC', 'USD', bare => true) AS pipeline,
       revops.create_workspace('accounts', 'UTC', 'USD') AS accounts \gset
INSERT INTO revops.team (workspace_id, team) SELECT DISTINCT :pipeline, manager FROM maven.sales_team ORDER BY 2;
INSERT INTO revops.rep (workspace_id, rep) SELECT :pipeline, sales_agent FROM maven.sales_team ORDER BY 2;

-- The CRM's own stages.  Why a deal was lost nobody wrote down, and the reason says so.
SELECT agreement_id AS draft FROM revops.agreement WHERE workspace_id = :pipeline AND status = 'draft' \gset
INSERT INTO revops.score_model (agreement_id) VALUES (:draft);
INSERT INTO revops.reason (workspace_id, reason, label, applies_to) VALUES
    (:pipeline, 'not_told', 'the CRM does not say why', '{reject,advance}');
INSERT INTO revops.stage (agreement_id, stage, position, purpose, owner_team) VALUES
    (:draft, 'Prospecting', 10, 'entry', 'marketing'),
    (:draft, 'Engaging',    20, 'opportunity', 'sales'),
    (:draft, 'Won',         30, 'won', 'sales'),
    (:draft, 'Lost',        40, 'disqualified', 'sales');
INSERT INTO revops.transition (agreement_id, from_stage, to_stage, needs_reason, reasons) VALUES
    (:draft, 'Prospecting', 'Engaging', false, NULL),
    (:draft, 'Engaging',    'Won',      false, NULL),
    (:draft, 'Engaging',    'Lost',     true, '{not_told}');

-- One table, three bindings.  A row is a lead that somebody follows up; once it is
-- engaged it is a deal, which carries its lead along; that it is lost the row says
-- itself.  And it is a deal of its account, which may have many.
SELECT revops.attach_lead('pipeline', 'maven.pipeline', $roles${
    "created_at": "engage_date",
    "stage": "CASE deal_stage WHEN 'Lost' THEN deal_stage END",
    "reason": "CASE deal_stage WHEN 'Lost' THEN 'not_told' END",
    "owner": "sales_agent",
    "team": "(SELECT t.manager FROM maven.sales_team t WHERE t.sales_agent = pipeline.sales_agent)",
    "region": "(SELECT t.regional_office FROM maven.sales_team t WHERE t.sales_agent = pipeline.sales_agent)",
    "source": "CASE product WHEN 'GTXPro' THEN 'GTX Pro' ELSE product END",
    "campaign": "(SELECT p.series FROM maven.product p WHERE p.product = CASE pipeline.product WHEN 'GTXPro' THEN 'GTX Pro' ELSE pipeline.product END)",
    "segment": "coalesce((SELECT a.sector FROM maven.account a WHERE a.account = pipeline.account), '(no account)')"
}$roles$, mode => :'binding_mode', on_violation => :'on_violation', workspace_id => :pipeline) IS NOT NULL AS attached \gset
SELECT revops.attach_lead('accounts', 'maven.account', $roles${
    "created_at": "entered",
    "source": "sector",
    "country": "office_location",
    "company": "account",
    "company_size": "employees"
}$roles$, mode => :'binding_mode', workspace_id => :accounts) IS NOT NULL AS attached \gset
\set deal_roles '"won": "deal_stage = ''Won''", "lost": "deal_stage = ''Lost''", "amount": "close_value", "opened_at": "engage_date", "closed_at": "close_date", "owner": "sales_agent", "product": "product"}'
SELECT revops.attach_opportunity('deals', 'maven.pipeline', 'pipeline', ('{"lead": "opportunity_id", ' || :'deal_roles')::jsonb,
                                 filter => 'deal_stage <> ''Prospecting''') IS NOT NULL AS attached \gset
SELECT revops.attach_opportunity('deals of accounts', 'maven.pipeline', 'accounts', ('{"lead": "account", ' || :'deal_roles')::jsonb,
                                 filter => 'deal_stage <> ''Prospecting''') IS NOT NULL AS attached \gset
SELECT revops.adopt_agreement(:draft) AS activated \gset

\if :history
-- The CRM has worked for a year before it hears of us: nothing is told, all is read.
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT format('COPY maven.account (account, sector, year_established, revenue, employees, office_location, subsidiary_of) FROM %L WITH (FORMAT csv, HEADER)', :'dir' || '/accounts.csv') \gexec
INSERT INTO maven.pipeline SELECT * FROM tape;
COMMIT;
SET pg_revops.now = '2017-12-31 00:00+00';
-- two dates each are what it remembers
CREATE VIEW maven.stage_log AS
SELECT d.opportunity_id, s.stage, s.at
FROM maven.pipeline d
CROSS JOIN LATERAL (VALUES (1, 'Prospecting', engage_date), (2, 'Engaging', engage_date), (3, deal_stage, close_date)) AS s (n, stage, at)
WHERE s.at IS NOT NULL ORDER BY d.opportunity_id, s.n;
CALL revops.adopt_history('pipeline', 'maven.stage_log', '{"lead": "opportunity_id", "stage": "stage", "at": "at", "reason": "CASE stage WHEN ''Lost'' THEN ''not_told'' END"}');
-- an account is told as a whole: backfill() tells it what its deals were batch by batch, and they may lie in several
CREATE VIEW maven.account_log AS
SELECT a.account, s.stage, s.at
FROM (SELECT account, min(engage_date) AS engaged, min(close_date) FILTER (WHERE deal_stage = 'Won') AS won
      FROM maven.pipeline GROUP BY account) a
CROSS JOIN LATERAL (VALUES (1, 'lead', date '2016-10-20'), (2, 'opportunity', engaged), (3, 'customer', won)) AS s (n, stage, at)
WHERE a.account IS NOT NULL AND s.at IS NOT NULL ORDER BY a.account, s.n;
CALL revops.adopt_history('accounts', 'maven.account_log', '{"lead": "account", "stage": "stage", "at": "at"}');
CALL revops.backfill('pipeline');
CALL revops.backfill('deals');
CALL revops.backfill('accounts');
CALL revops.backfill('deals of accounts');
\else
-- Day by day, as it happened: accounts are known, deals are engaged and closed.
-- When somebody began to prospect is not known: those that still do come last.
SELECT format('COPY maven.account (account, sector, year_established, revenue, employees, office_location, subsidiary_of) FROM %L WITH (FORMAT csv, HEADER)', :'dir' || '/accounts.csv') \gexec
CREATE PROCEDURE maven.play()
LANGUAGE plpgsql AS $$
DECLARE
    today date;
BEGIN
    FOR today IN SELECT d::date FROM generate_series(date '2016-10-20', date '2017-12-31', interval '1 day') AS d LOOP
        PERFORM set_config('pg_revops.now', today::text, false);
        INSERT INTO maven.pipeline
        SELECT opportunity_id, sales_agent, product, account, 'Prospecting', engage_date, NULL, NULL FROM tape WHERE engage_date = today;
        UPDATE maven.pipeline SET deal_stage = 'Engaging' WHERE engage_date = today;
        UPDATE maven.pipeline p SET deal_stage = t.deal_stage, close_date = t.close_date, close_value = t.close_value
        FROM tape t WHERE t.opportunity_id = p.opportunity_id AND t.close_date = today;
        COMMIT;
    END LOOP;
    INSERT INTO maven.pipeline SELECT * FROM tape WHERE engage_date IS NULL;
END
$$;
CALL maven.play();
CALL revops.settle();
\endif
-- autovacuum does this by itself within a minute; we do not wait for it
ANALYZE;
\ir maven_figures.sql
