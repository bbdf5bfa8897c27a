-- A CRM that is attached and one that is not; of the people who will write every other is a lead already.
CREATE EXTENSION pg_revops;
SELECT revops.create_workspace('bench');
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob'), ('eve');
INSERT INTO revops.team (team) VALUES ('all');
INSERT INTO revops.team_member (team_id, rep_id) SELECT team_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:draft, 'home', 'fit', $$country IN ('DE', 'AT', 'CH')$$, 40),
    (:draft, 'mid-size', 'fit', 'company_size BETWEEN 50 AND 500', 30),
    (:draft, 'free mail', 'negative', $$email ~* '@(gmail|yahoo|gmx)\.'$$, -30);
SELECT revops.adopt_agreement(:draft);
SELECT * FROM revops.create_crm('other');
SELECT revops.detach(binding) FROM revops.binding ORDER BY binding_id DESC;
DELETE FROM revops.binding;
SELECT * FROM revops.create_crm('crm');
INSERT INTO crm.lead (email, country) SELECT 'p' || n || '@x.example', 'DE' FROM generate_series(2, 20000, 2) AS n;
INSERT INTO other.lead (email, country) SELECT 'p' || n || '@x.example', 'DE' FROM generate_series(2, 20000, 2) AS n;
VACUUM ANALYZE;
