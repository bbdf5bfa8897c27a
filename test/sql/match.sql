-- E2: a lead is matched to its account, goes to the account's owner, and leads of one account stay together.
SET datestyle = 'ISO'; SET timezone = 'UTC';
SET pg_revops.now = '2026-03-02 09:00+00';
SET client_min_messages = warning;
SELECT revops.create_workspace('w');
CREATE SCHEMA crm;
CREATE TABLE crm.account (id int PRIMARY KEY, company text, site text, owner text);
CREATE TABLE crm.lead (id int PRIMARY KEY, email text, phone text, name text, company text, country text, owner text, created timestamptz);
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'all', 'fit', 'email IS NOT NULL', 100);
UPDATE revops.score_model SET mql_fit = 0, mql_intent = 0, mql_score = 0 WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob'), ('cyd');
INSERT INTO revops.team (team) VALUES ('pool'), ('key');
INSERT INTO revops.team_member (team_id, rep_id) VALUES (1, 3), (2, 1), (2, 2);
INSERT INTO revops.route (route, position, team_id) VALUES ('all', 1, 1);
SELECT revops.attach_lead('leads', 'crm.lead', '{"created_at": "created", "email": "email", "phone": "phone", "person_name": "name", "company": "company", "country": "country", "owner": "owner"}') AS binding;

CREATE VIEW crm.result AS
SELECT l.key, r.rep, a.cause, x.name AS account, m.method, round(m.score::numeric, 2) AS score, m.at
FROM revops.lead l
LEFT JOIN revops.rep r USING (rep_id)
LEFT JOIN revops.assignment a ON a.lead_id = l.lead_id AND a.seq = l.assignments
LEFT JOIN revops.account_match m ON m.lead_id = l.lead_id
LEFT JOIN revops.account x USING (account_id)
ORDER BY l.key::int;

-- who does not ask for it gets nothing
INSERT INTO crm.account VALUES (1, 'Acme GmbH', 'https://www.acme.example/', 'ann'), (2, 'Müller & Söhne KG', NULL, 'bob'),
    (3, 'Gone Ltd', 'gone.example', 'nobody'), (4, 'Mail AG', 'gmail.com', 'ann'), (5, 'Acme Iberia', 'es.acme.example', 'bob');
SELECT revops.attach_account('crm.account', '{"name": "company", "domain": "site", "owner": "owner"}') AS source;
INSERT INTO crm.lead VALUES (1, 'a@acme.example', NULL, 'A', NULL, 'DE', NULL, now());
SELECT * FROM crm.result;
INSERT INTO revops.matching (duplicates) VALUES (false);

-- by domain, the longest first; free mail tells nothing; by equal normal name; neither
INSERT INTO crm.lead VALUES
    (2, 'B@ACME.example', NULL, 'B', NULL, 'DE', NULL, now()),
    (3, 'c@mail.es.acme.example', NULL, 'C', 'Acme GmbH', 'ES', NULL, now()),
    (4, 'd@gmail.com', NULL, 'D', NULL, 'DE', NULL, now()),
    (5, 'e@gmail.com', NULL, 'E', 'MULLER AND SOHNE', 'DE', NULL, now()),
    (6, 'f@nowhere.example', NULL, 'F', 'Nowhere', 'DE', NULL, now());
SELECT * FROM crm.result;
-- an account without a rep that is there: routes, and its leads stay with who got the first
INSERT INTO revops.team_member (team_id, rep_id) VALUES (1, 1), (1, 2);
INSERT INTO crm.lead VALUES (7, 'g@gone.example', NULL, 'G', NULL, 'DE', NULL, now());
INSERT INTO crm.lead SELECT 7 + n, 'h' || n || '@gone.example', NULL, 'H', NULL, 'DE', NULL, now() FROM generate_series(1, 4) n;
SELECT count(DISTINCT rep) AS reps, array_agg(cause ORDER BY key::int) AS causes FROM crm.result WHERE key::int BETWEEN 7 AND 11;
-- together in one statement, too
INSERT INTO crm.account VALUES (6, 'New Ltd', 'new.example', NULL);
INSERT INTO crm.lead SELECT 20 + n, 'n' || n || '@new.example', NULL, 'N', NULL, 'DE', NULL, now() FROM generate_series(1, 5) n;
SELECT count(DISTINCT rep) AS reps, array_agg(cause ORDER BY key::int) AS causes FROM crm.result WHERE key::int BETWEEN 21 AND 25;
-- the owner that the host names comes first
INSERT INTO crm.lead VALUES (30, 'x@acme.example', NULL, 'X', NULL, 'DE', 'cyd', now());
-- the owner is not active: routes
UPDATE revops.rep SET active = false WHERE rep = 'ann';
UPDATE revops.matching SET together = false;
DELETE FROM revops.team_member WHERE team_id = 1 AND rep_id IN (1, 2);
INSERT INTO crm.lead VALUES (31, 'y@acme.example', NULL, 'Y', NULL, 'DE', NULL, now());
UPDATE revops.rep SET active = true WHERE rep = 'ann';
UPDATE revops.matching SET owner_first = false;
INSERT INTO crm.lead VALUES (32, 'z@acme.example', NULL, 'Z', NULL, 'DE', NULL, now());
SELECT * FROM crm.result WHERE key::int >= 30;
UPDATE revops.matching SET owner_first = true, together = true;

-- accounts follow the host's table: edits, renames, deletions, other keys
ALTER TABLE crm.account RENAME COLUMN site TO web_site;
UPDATE crm.account SET web_site = 'acme-group.example', owner = 'bob' WHERE id = 1;
UPDATE crm.account SET id = 60 WHERE id = 6;
DELETE FROM crm.account WHERE id = 4;
SELECT key, name, domain, owner, gone_at, normal_name, normal_domain FROM revops.account ORDER BY key::int;
INSERT INTO crm.lead VALUES (33, 'k@acme-group.example', NULL, 'K', NULL, 'DE', NULL, now());
-- a lead's e-mail changes: it is matched anew, and who has it keeps it
UPDATE crm.lead SET email = 'f@es.acme.example' WHERE id = 6;
SELECT * FROM crm.result WHERE key::int IN (6, 33);
UPDATE crm.lead SET phone = '1' WHERE id = 6;

-- explained
SELECT account, method, score, chosen, note FROM revops.explain_match(revops.lead_id('leads', '3'));
SELECT account, method, score, chosen, note FROM revops.explain_match(revops.lead_id('leads', '2'));
SELECT account, method, score, chosen, note FROM revops.explain_match(revops.lead_id('leads', '4'));
SELECT * FROM revops.explain_match(0);
-- and who comes before the routes, of whom the first who is there gets it
SELECT step, kind, team, rep, verdict FROM revops.explain_route(revops.lead_id('leads', '3')) WHERE kind IN ('now', 'known', 'result');
INSERT INTO revops.time_off (rep_id, starts_at, ends_at) SELECT rep_id, '2026-03-02', '2026-03-03' FROM revops.rep WHERE rep = 'bob';
SELECT step, kind, team, rep, verdict FROM revops.explain_route(revops.lead_id('leads', '3')) WHERE kind = 'known';
DELETE FROM revops.time_off;

-- pg_trgm: similar names from a stated threshold on, ties by owner and number; the session's own threshold stays
CREATE EXTENSION pg_trgm SCHEMA crm;
SELECT revops.index_accounts();
INSERT INTO crm.account VALUES (7, 'Northwind Traders Inc.', NULL, NULL), (8, 'Northwind Trader', NULL, 'ann'), (9, 'Northwind Trader', NULL, NULL);
SET pg_trgm.similarity_threshold = 0.9;
INSERT INTO crm.lead VALUES (40, 'q@gmail.com', NULL, 'Q', 'Northwind Tradr', 'DE', NULL, now()), (41, 'r@gmail.com', NULL, 'R', 'Wind', 'DE', NULL, now());
SHOW pg_trgm.similarity_threshold;
SELECT * FROM crm.result WHERE key::int >= 40;
SELECT account, method, score, chosen, note FROM revops.explain_match(revops.lead_id('leads', '40'));
UPDATE revops.matching SET name_similarity = 1;
INSERT INTO crm.lead VALUES (42, 's@gmail.com', NULL, 'S', 'Northwind Tradr', 'DE', NULL, now());
SELECT * FROM crm.result WHERE key::int >= 42;

-- leads that were there before
SELECT matched FROM revops.match_leads();
SELECT * FROM crm.result WHERE key = '1';
SELECT * FROM revops.match_leads(7);

-- what goes wrong fails nobody: our table is missing
ALTER TABLE revops.account_match RENAME TO hidden;
INSERT INTO crm.lead VALUES (50, 'u@acme-group.example', NULL, 'U', NULL, 'DE', NULL, now());
ALTER TABLE revops.hidden RENAME TO account_match;
SELECT * FROM crm.result WHERE key = '50';
SELECT object, sqlstate FROM revops.fault;
ALTER TABLE revops.account RENAME TO hidden;
INSERT INTO crm.account VALUES (10, 'Late', 'late.example', 'bob');
ALTER TABLE revops.hidden RENAME TO account;
SELECT object, sqlstate, detail FROM revops.fault ORDER BY fault_id DESC LIMIT 1;
SELECT revops.refresh_accounts('crm.account');
SELECT revops.refresh_accounts('crm.account');

-- what attach_account refuses
SELECT revops.attach_account('crm.account', '{"name": "company"}');
SELECT revops.attach_account('crm.lead', '{"nickname": "company"}');
SELECT revops.attach_account('crm.lead', '{"name": "nothing"}');
SELECT revops.refresh_accounts('crm.lead');
TRUNCATE crm.account;
SELECT count(*) FILTER (WHERE gone_at IS NULL) AS there FROM revops.account;
SELECT revops.detach_account('crm.account');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'crm.account'::regclass;
SELECT * FROM revops.verify();
