-- A7: a ready CRM for those who have none, made and used by somebody who is no superuser.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('acme', 'UTC', 'EUR'), revops.create_workspace('globex', 'UTC', 'USD');

CREATE ROLE regress_revops_owner IN ROLE revops_admin, revops_marketing, revops_sales;
CREATE ROLE regress_revops_nobody;
GRANT SET ON PARAMETER "pg_revops.now" TO regress_revops_owner;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_revops_owner', current_database()); END $$;

-- ----- refused, and nothing half done ----------------------------------------------
SET ROLE regress_revops_nobody;
SELECT * FROM revops.create_crm();
SET ROLE regress_revops_owner;
SELECT * FROM revops.create_crm(NULL);
SELECT * FROM revops.create_crm('revops');
SELECT * FROM revops.create_crm('pg_crm');
SELECT * FROM revops.create_crm('crm', 3);
CREATE SCHEMA taken;
CREATE VIEW taken.lead AS SELECT 1 AS id;
SELECT * FROM revops.create_crm('taken');
RESET ROLE;
CREATE SCHEMA foreign_schema;
SET ROLE regress_revops_owner;
SELECT * FROM revops.create_crm('foreign_schema');
-- a binding's name is taken: the tables go with it
CREATE TABLE taken.mine (id int PRIMARY KEY);
SELECT revops.attach_touch('x', 'taken.mine', 'none', '{}');
SELECT revops.attach_lead('north_opportunities', 'taken.mine', '{}');
SELECT * FROM revops.create_crm('north');
SELECT to_regnamespace('north') AS nothing, (SELECT count(*) FROM revops.binding) AS bindings;
SELECT revops.detach('north_opportunities');

-- ----- made: in a schema that is there, in one with a name of its own, for two tenants -------
INSERT INTO revops.rep (workspace_id, rep, active) VALUES (1, 'ann', true), (1, 'bob', true), (1, 'old', false), (2, 'zoe', true);
SELECT * FROM revops.create_crm();
CREATE SCHEMA "My ""CRM"".v2";
SELECT * FROM revops.create_crm('My "CRM".v2', workspace_id => 2);
SELECT * FROM revops.create_crm();

SELECT rep, active FROM crm.rep ORDER BY rep_id;
SELECT rep, active FROM "My ""CRM"".v2".rep;
SELECT binding, workspace_id, kind, mode, filter, key_columns, owner FROM revops.binding ORDER BY binding_id;
SELECT b.binding, r.role, r.expression, r.attnum IS NOT NULL AS is_column
FROM revops.binding b JOIN revops.binding_role r USING (binding_id) WHERE b.workspace_id = 1 ORDER BY b.binding_id, r.role;

-- all of it is the caller's, and none of it the extension's
SELECT c.relkind, count(*), array_agg(DISTINCT c.relowner::regrole) AS owners
FROM pg_class c WHERE c.relnamespace = 'crm'::regnamespace GROUP BY 1 ORDER BY 1;
SELECT proname, proowner::regrole FROM pg_proc WHERE pronamespace = 'crm'::regnamespace;
SELECT count(*) AS members FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
WHERE c.relnamespace = 'crm'::regnamespace AND d.deptype = 'e';
-- shape
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, a.attidentity,
       pg_get_expr(d.adbin, d.adrelid) AS "default"
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'crm'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 ORDER BY c.relname, a.attnum;
SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'crm'::regnamespace AND contype IN ('p', 'u', 'f', 'c') ORDER BY conrelid::regclass::text, contype, conname;
SELECT indexrelid::regclass AS index, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'crm'::regnamespace) ORDER BY indexrelid::regclass::text;
-- every foreign key begins an index
SELECT conrelid::regclass, conname AS without_index FROM pg_constraint f
WHERE connamespace = 'crm'::regnamespace AND contype = 'f'
  AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = f.conrelid AND i.indkey[0] = f.conkey[1]);
-- everything has a comment
SELECT 'relation' AS kind, oid::regclass::text AS name FROM pg_class
WHERE relnamespace = 'crm'::regnamespace AND relkind IN ('r', 'i') AND obj_description(oid, 'pg_class') IS NULL
  AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = pg_class.oid)
UNION ALL SELECT 'column', attrelid::regclass || '.' || attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'crm'::regnamespace AND relkind = 'r' AND attnum > 0 AND col_description(attrelid, attnum) IS NULL
UNION ALL SELECT 'constraint', conname FROM pg_constraint
WHERE connamespace = 'crm'::regnamespace AND contype <> 't' AND obj_description(oid, 'pg_constraint') IS NULL
UNION ALL SELECT 'trigger', tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
WHERE c.relnamespace = 'crm'::regnamespace AND NOT tgisinternal AND tgname NOT LIKE 'revops%' AND obj_description(pg_trigger.oid, 'pg_trigger') IS NULL
UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'crm'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL
UNION ALL SELECT 'schema', 'crm' WHERE obj_description('crm'::regnamespace, 'pg_namespace') IS NULL
ORDER BY 1, 2;

-- ----- and is a CRM: a week of work, its KPIs against sums by hand --------------------------
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:draft, 'home', 'fit', 'country = ''DE''', 40), (:draft, 'mid-size', 'fit', 'company_size BETWEEN 50 AND 500', 30);
SELECT revops.adopt_agreement(:draft);
INSERT INTO revops.team (team) VALUES ('dach');
INSERT INTO revops.team_member (team_id, rep_id) SELECT team_id, rep_id FROM revops.team, revops.rep r WHERE r.workspace_id = 1 AND active;
INSERT INTO revops.route (route, position, team_id) SELECT 'everything', 1, team_id FROM revops.team;

INSERT INTO crm.campaign (campaign, channel, starts_on) VALUES ('spring', 'ads', '2026-03-01');
INSERT INTO crm.campaign_spend (campaign_id, spent_on, amount) SELECT campaign_id, '2026-03-01', 500 FROM crm.campaign;
INSERT INTO crm.account (company, domain, country, company_size) VALUES ('Acme', 'acme.example', 'DE', 120);
INSERT INTO crm.lead (email, company, country, company_size, source, campaign, account_id, created_at)
SELECT 'p' || n || '@acme.example', 'Acme', CASE WHEN n % 2 = 0 THEN 'DE' ELSE 'FR' END, n * 30,
       CASE WHEN n % 3 = 0 THEN 'event' ELSE 'ads' END, CASE WHEN n % 3 > 0 THEN 'spring' END, 1,
       timestamptz '2026-03-02 09:00+00' - n * interval '1 day'
FROM generate_series(1, 12) AS n;
INSERT INTO crm.activity (lead_id, direction, kind, occurred_at)
SELECT lead_id, 'inbound', CASE WHEN lead_id % 4 = 0 THEN 'call' ELSE 'demo_request' END, '2026-03-02 08:59+00' FROM crm.lead;
SELECT key, stage, fit, intent, rep, source, campaign, touches FROM revops.lead_status ORDER BY lead_id;
SET pg_revops.now = '2026-03-02 11:00+00';
INSERT INTO crm.activity (lead_id, direction, kind, occurred_at, rep)
SELECT key::bigint, 'outbound', 'call', '2026-03-02 11:00+00', rep FROM revops.lead_status WHERE stage = 'mql' AND key::int < 10;
SELECT count(revops.accept(lead_id)) AS accepted FROM revops.lead_status WHERE stage = 'mql' AND key::int < 6;
SELECT revops.reject(lead_id, 'no_budget') FROM revops.lead_status WHERE stage = 'mql' AND key = '8';
INSERT INTO crm.opportunity (opportunity, lead_id, amount, opened_at) VALUES ('pilot', 2, 1000, '2026-03-02 10:30+00'), ('suite', 4, 7000, '2026-03-02 10:40+00');
SET pg_revops.now = '2026-03-03 11:00+00';
UPDATE crm.opportunity SET status = 'won', closed_at = '2026-03-03 10:00+00' WHERE opportunity = 'suite';
UPDATE crm.opportunity SET status = 'lost', closed_at = '2026-03-03 10:30+00', lost_because = 'price' WHERE opportunity = 'pilot';
SELECT key, stage, rep FROM revops.lead_status WHERE stage <> 'lead' ORDER BY lead_id;

-- by source: what the view says and what the tables say
WITH hand AS (
    SELECT date_trunc('month', l.created_at)::date AS period, l.source, count(*) AS leads,
           count(*) FILTER (WHERE l.country = 'DE') AS mqls,
           count(*) FILTER (WHERE l.country = 'DE' AND l.lead_id < 6) AS sqls,
           sum((SELECT o.amount FROM crm.opportunity o WHERE o.lead_id = l.lead_id AND o.status = 'won')) AS won_amount
    FROM crm.lead l GROUP BY 1, 2)
SELECT h.*, (k.leads, k.mqls, k.sqls, k.won_amount) IS NOT DISTINCT FROM (h.leads, h.mqls, h.sqls, h.won_amount) AS agrees
FROM hand h FULL JOIN (SELECT * FROM revops.kpi_source_month WHERE workspace_id = 1) k
     ON k.period = h.period AND k.source IS NOT DISTINCT FROM h.source
ORDER BY 1, 2;
SELECT sum(handed_over) AS handed_over, sum(accepted) AS accepted, sum(rejected) AS rejected FROM revops.kpi_acceptance_week;
SELECT (SELECT count(*) FROM crm.lead WHERE country = 'DE') AS handed_over,
       (SELECT count(*) FROM crm.lead WHERE country = 'DE' AND lead_id < 6) AS accepted, 1 AS rejected;
SELECT rep, sum(clocks) AS clocks, sum(kept) AS kept FROM revops.kpi_sla_compliance_week GROUP BY 1 ORDER BY 1;
SELECT s.rep, count(*) AS clocks, count(a.lead_id) AS kept
FROM revops.lead_status s LEFT JOIN crm.activity a ON a.lead_id::text = s.key AND a.direction = 'outbound'
WHERE s.rep IS NOT NULL GROUP BY 1 ORDER BY 1;

-- updated_at is kept; soft delete and return; an e-mail is free again when its lead is deleted
SELECT updated_at > created_at AS dated FROM crm.opportunity;
INSERT INTO crm.lead (email) VALUES (' P2@Acme.EXAMPLE ');
UPDATE crm.lead SET deleted_at = '2026-03-03 11:00+00' WHERE lead_id = 2;
SELECT count(*) AS left_of_12 FROM revops.lead_status;
INSERT INTO crm.lead (email) VALUES (' P2@Acme.EXAMPLE ');
DELETE FROM crm.lead WHERE email = ' P2@Acme.EXAMPLE ';
UPDATE crm.lead SET deleted_at = NULL WHERE lead_id = 2;
SELECT key, stage, touches FROM revops.lead_status WHERE key = '2';
-- a rep changes name; an account goes; a lead goes for good
UPDATE crm.rep SET rep = 'robert' WHERE rep = 'bob';
DELETE FROM crm.account;
DELETE FROM crm.lead WHERE lead_id = 12;
SELECT count(*) AS leads, count(account_id) AS of_accounts, (SELECT count(*) FROM crm.activity WHERE lead_id = 12) AS orphans FROM crm.lead;
SELECT * FROM revops.verify();
SELECT object, message FROM revops.fault;

-- ----- it keeps itself right ---------------------------------------------------------
\set VERBOSITY terse
INSERT INTO crm.lead (email) VALUES ('not an address');
INSERT INTO crm.lead (company) VALUES ('nobody to talk to');
INSERT INTO crm.lead (email, company_size) VALUES ('a@b.example', 0);
INSERT INTO crm.lead (email, owner) VALUES ('a@b.example', 'ghost');
INSERT INTO crm.campaign (campaign, starts_on, ends_on) VALUES ('backwards', '2026-02-02', '2026-02-01');
INSERT INTO crm.opportunity (opportunity, currency) VALUES ('deal', 'euro');
INSERT INTO crm.opportunity (opportunity, status, closed_at) VALUES ('deal', 'open', '2026-03-02');
INSERT INTO crm.activity (lead_id, direction, kind) VALUES (1, 'sideways', 'call');

\set VERBOSITY default

-- the other tenant knows nothing of it
INSERT INTO "My ""CRM"".v2".lead (email, owner) VALUES ('z@z.example', 'zoe');
SELECT s.workspace_id, count(*) FROM revops.lead_status s GROUP BY 1 ORDER BY 1;
SELECT currency FROM "My ""CRM"".v2".opportunity UNION ALL
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE d.adrelid = '"My ""CRM"".v2".opportunity'::regclass AND a.attname = 'currency';

-- ----- detach and DROP EXTENSION leave the tables --------------------------------------------
SELECT revops.detach(binding) FROM revops.binding WHERE binding LIKE 'crm%' ORDER BY binding_id DESC;
SELECT tgrelid::regclass, tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
WHERE c.relnamespace = 'crm'::regnamespace AND NOT tgisinternal ORDER BY 1, 2;
SELECT count(*) FROM crm.lead;
RESET ROLE;
SET client_min_messages = warning;
DROP EXTENSION pg_revops CASCADE;
RESET client_min_messages;
SET ROLE regress_revops_owner;
INSERT INTO crm.lead (email) VALUES ('after@all.example') RETURNING email;
UPDATE crm.lead SET phone = '1' WHERE email = 'after@all.example' RETURNING phone;
INSERT INTO "My ""CRM"".v2".activity (lead_id, direction, kind) SELECT lead_id, 'inbound', 'call' FROM "My ""CRM"".v2".lead RETURNING kind;
SELECT count(*) FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE c.relnamespace IN ('crm'::regnamespace, '"My ""CRM"".v2"'::regnamespace) AND tgname LIKE 'revops%';
RESET ROLE;
DROP OWNED BY regress_revops_owner;
DROP SCHEMA foreign_schema;
DROP ROLE regress_revops_owner, regress_revops_nobody;
