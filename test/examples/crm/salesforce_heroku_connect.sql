-- Heroku Connect: an application's insert has no sfid until Connect's own session brings it.
INSERT INTO salesforce.lead (name, company, email, status, createddate, systemmodstamp) VALUES ('New', 'Acme 9', 'New@acme.example', 'Open - Not Contacted', '2026-03-01 10:00', '2026-03-01 10:00');
SET xmlbinary = hex;
UPDATE salesforce.lead SET sfid = '00Qxx0000000099AAA', ownerid = '005xx0000000001AAA', systemmodstamp = '2026-03-01 10:05' WHERE name = 'New';
UPDATE salesforce.lead SET sfid = '00Qxx0000000019AAA', systemmodstamp = '2026-03-01 10:05' WHERE id = 19;
UPDATE salesforce.lead SET status = 'Working - Contacted', systemmodstamp = '2026-03-01 11:00' WHERE sfid = '00Qxx0000000003AAA';
UPDATE salesforce.lead SET isdeleted = true WHERE id IN (4, 5);
UPDATE salesforce.lead SET isdeleted = false WHERE id = 5;
DELETE FROM salesforce.lead WHERE id = 6;
-- a reload of the mapping: the same leads by sfid, each under another id
BEGIN;
CREATE TEMP TABLE reloaded ON COMMIT DROP AS SELECT * FROM salesforce.lead WHERE id IN (7, 8);
DELETE FROM salesforce.lead WHERE id IN (7, 8);
UPDATE reloaded SET id = id + 1000;
INSERT INTO salesforce.lead SELECT * FROM reloaded;
COMMIT;
INSERT INTO salesforce.task (subject, whoid, status, tasksubtype, completeddatetime, isclosed, sfid) VALUES ('Call', '00Qxx0000000003AAA', 'Completed', 'Call', '2026-03-01 11:00', true, '00Txx0000000099AAA');
