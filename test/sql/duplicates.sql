-- E7: the same person again is found when the lead comes, linked, and treated as the workspace wants.
SET datestyle = 'ISO'; SET timezone = 'UTC';
SET pg_revops.now = '2026-03-02 09:00+00';
SET client_min_messages = warning;
SELECT revops.create_workspace('w');
CREATE SCHEMA crm;
CREATE TABLE crm.lead (id int PRIMARY KEY, email text, phone text, name text, company text, country text, owner text, created timestamptz);
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'all', 'fit', 'country IS NOT NULL', 100);
UPDATE revops.score_model SET mql_fit = 0, mql_intent = 0, mql_score = 0 WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('pool');
INSERT INTO revops.team_member (team_id, rep_id) VALUES (1, 1), (1, 2);
INSERT INTO revops.route (route, position, team_id) VALUES ('all', 1, 1);
SELECT revops.attach_lead('leads', 'crm.lead', '{"created_at": "created", "email": "email", "phone": "phone", "person_name": "name", "company": "company", "country": "country", "owner": "owner"}') AS binding;
INSERT INTO revops.matching (accounts, country) VALUES (false, 'DE');
CREATE VIEW crm.pair AS SELECT d.key, d.of_key, d.found_by, round(d.score::numeric, 2) AS score, d.rep, d.of_rep FROM revops.duplicates d ORDER BY d.lead_id, d.score DESC, d.of_lead_id;

INSERT INTO crm.lead VALUES
    (1, 'ann.lee@acme.example', '030 901820', 'Ann Lee', 'Acme GmbH', 'DE', 'ann', now()),
    (2, 'Ann.Lee+fair@ACME.example', NULL, 'A. Lee', NULL, 'DE', NULL, now()),
    (3, NULL, '+49 (0)30 901820', 'Ann LEE', NULL, 'AT', NULL, now()),
    (4, NULL, '+4930901820', 'Zoe Who', NULL, 'DE', NULL, now()),
    (5, 'al@gmail.com', NULL, 'Ann Lee', 'ACME', 'DE', NULL, now()),
    (6, 'other@acme.example', NULL, 'Bo Other', 'Acme', 'DE', NULL, now()),
    (7, 'ann.lee@gmail.com', NULL, 'Ann Lee', NULL, 'DE', NULL, now()),
    (8, NULL, NULL, NULL, NULL, 'DE', NULL, now());
SELECT * FROM crm.pair;
-- nothing happened to any of them: policy link
SELECT cause, count(*) FROM revops.assignment GROUP BY 1 ORDER BY 1;

-- an update brings a pair once, whoever is written last
UPDATE crm.lead SET email = 'ann.lee@acme.example' WHERE id = 8;
UPDATE crm.lead SET company = 'Acme' WHERE id = 1;
SELECT count(*), count(DISTINCT (least(lead_id, of_lead_id), greatest(lead_id, of_lead_id))) AS pairs FROM revops.lead_duplicate;
SELECT * FROM crm.pair WHERE key = '8' OR of_key = '8';
-- plus tags and Gmail's dots as they are set
UPDATE revops.matching SET gmail_dots = false;
INSERT INTO crm.lead VALUES (10, 'gmail.user@gmail.com', NULL, NULL, NULL, 'DE', NULL, now()), (11, 'gmailuser+x@googlemail.com', NULL, NULL, NULL, 'DE', NULL, now()), (12, 'g.mailuser+x@gmail.com', NULL, NULL, NULL, 'DE', NULL, now());
SELECT * FROM crm.pair WHERE key::int BETWEEN 10 AND 12;
UPDATE revops.matching SET plus_tags = true;
INSERT INTO crm.lead VALUES (13, 'g.mailuser+y@gmail.com', NULL, NULL, NULL, 'DE', NULL, now());
SELECT * FROM crm.pair WHERE key = '13';

-- the owner is kept
UPDATE revops.matching SET duplicate_policy = 'keep_owner', plus_tags = false;
INSERT INTO crm.lead VALUES (20, 'uma@b.example', '040 111222', 'Uma', NULL, 'DE', 'bob', now());
INSERT INTO crm.lead SELECT 20 + n, 'uma+' || n || '@b.example', NULL, 'Uma', NULL, 'DE', NULL, now() FROM generate_series(1, 5) n;
INSERT INTO crm.lead VALUES (26, NULL, '040/111222', 'Somebody Else', NULL, 'DE', NULL, now());
SELECT l.key, r.rep, a.cause FROM revops.assignment a JOIN revops.lead l USING (lead_id) JOIN revops.rep r ON r.rep_id = a.rep_id
WHERE l.key::int BETWEEN 20 AND 25 ORDER BY l.key;
SELECT a.cause AS below_the_score FROM revops.assignment a JOIN revops.lead l USING (lead_id) WHERE l.key = '26';
-- nobody gets it
UPDATE revops.matching SET duplicate_policy = 'hold';
INSERT INTO crm.lead VALUES (30, 'uma@b.example', NULL, 'Uma', NULL, 'DE', NULL, now());
SELECT l.key, l.stage, l.rep_id, l.team_id, a.cause FROM revops.assignment a JOIN revops.lead l USING (lead_id) WHERE l.key = '30';
-- it is somebody else, say people, and it is given to a rep
SELECT revops.dismiss_duplicate(d.lead_id, d.of_lead_id) FROM revops.duplicates d WHERE d.key = '30' AND d.of_key = '20';
SELECT * FROM crm.pair WHERE key = '30';
SELECT revops.dismiss_duplicate(1, 2);
SELECT revops.dismiss_duplicate(1, 2);
SELECT revops.assign(revops.lead_id('leads', '30'), 'ann');

-- a person is forgotten: nothing is left to be found by
SELECT kind, value, person_name FROM revops.lead_identifier WHERE lead_id = revops.lead_id('leads', '20') ORDER BY 1;
SELECT revops.forget(revops.lead_id('leads', '20'));
SELECT count(*) FROM revops.lead_identifier WHERE lead_id = revops.lead_id('leads', '20');

-- similar names, with pg_trgm
UPDATE revops.matching SET duplicate_policy = 'link', duplicate_similarity = 0.5;
INSERT INTO crm.lead VALUES (40, 'k1@c.example', NULL, 'Katharina Meyer', 'Contoso AG', 'DE', NULL, now());
INSERT INTO crm.lead VALUES (41, 'k2@web.de', NULL, 'Katharina Meier', 'Contoso', 'DE', NULL, now());
SELECT count(*) AS without FROM crm.pair WHERE key = '41';
CREATE EXTENSION pg_trgm SCHEMA crm;
INSERT INTO crm.lead VALUES (42, 'k3@web.de', NULL, 'Catharina Meier', 'Contoso', 'DE', NULL, now());
SELECT * FROM crm.pair WHERE key = '42';
-- leads that were there before are compared, too
SELECT matched, last IS NOT NULL AS more FROM revops.match_leads(batch => 5);
SELECT count(*) FROM revops.match_leads(after => 1000000);
SELECT matched FROM revops.match_leads();
SELECT * FROM crm.pair WHERE key = '41' OR of_key = '41';

-- a workspace that does not ask for it keeps nothing
SELECT count(*) AS n FROM revops.lead_identifier \gset before_
DELETE FROM revops.matching;
INSERT INTO crm.lead VALUES (50, 'uma@b.example', NULL, 'Uma', NULL, 'DE', NULL, now());
SELECT count(*) - :before_n AS more FROM revops.lead_identifier;
SELECT definition, operation, count(*) FROM revops.definition_change WHERE definition = 'matching' GROUP BY 1, 2 ORDER BY 2;
-- what it cannot be
INSERT INTO revops.matching (duplicate_policy) VALUES ('delete');
INSERT INTO revops.matching (country) VALUES ('Germany');
SELECT count(*) FROM revops.fault;
SELECT * FROM revops.verify();
