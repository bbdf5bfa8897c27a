-- A3 and the host's safety: what becomes of a statement when our own tables are
-- not as the extension made them.
SET pg_revops.now = '2026-03-02 09:00+00';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme');
CREATE SCHEMA host;
CREATE TABLE host.lead (id int PRIMARY KEY, country text);
SELECT revops.attach_lead('leads', 'host.lead', '{"country": "country"}') > 0 AS attached;

-- a column too many: the host's row is written, the fault is recorded, the key waits
ALTER TABLE revops.lead ADD COLUMN note text;
INSERT INTO host.lead VALUES (1, 'DE');
SELECT sqlstate, message, detail FROM revops.fault;
SELECT key FROM revops.inbox;
ALTER TABLE revops.lead DROP COLUMN note;
-- the dropped column still has its place
INSERT INTO host.lead VALUES (2, 'DE');
SELECT sqlstate, message FROM revops.fault ORDER BY fault_id DESC LIMIT 1;

-- a constraint of somebody else's: rows go through SQL, and obey it
DROP EXTENSION pg_revops CASCADE;
CREATE EXTENSION pg_revops;
SELECT revops.create_workspace('acme');
SELECT revops.attach_lead('leads', 'host.lead', '{"country": "country"}') > 0 AS attached;
ALTER TABLE revops.profile_change ADD CONSTRAINT no_french CHECK (profile ->> 'country' <> 'FR');
INSERT INTO host.lead VALUES (3, 'DE'), (4, 'AT');
SELECT key, stage FROM revops.lead_status ORDER BY key;
INSERT INTO host.lead VALUES (5, 'FR');
SELECT sqlstate, message FROM revops.fault;
SELECT key FROM revops.inbox;
ALTER TABLE revops.profile_change DROP CONSTRAINT no_french;
CALL revops.settle();
SELECT key, stage FROM revops.lead_status ORDER BY key;
SELECT * FROM revops.verify();

-- neither fault nor inbox can be written: a warning, and the host goes on
ALTER TABLE revops.fault ADD CONSTRAINT no_faults CHECK (false) NOT VALID;
ALTER TABLE revops.lead ADD CONSTRAINT no_leads CHECK (false) NOT VALID;
INSERT INTO host.lead VALUES (6, 'DE');
SELECT count(*) FROM host.lead;
