-- setup.sql: a workspace, an agreement as it is shipped, a binding to an empty table
SELECT revops.create_workspace('acme');
SELECT count(*) FROM revops.create_crm('sales');
INSERT INTO revops.team (team) VALUES ('north'), ('south');
