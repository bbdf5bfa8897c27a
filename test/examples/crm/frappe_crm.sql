-- Frappe CRM: a save writes the row, its log and the timeline; a rename.
BEGIN;
INSERT INTO "tabCRM Lead" (name, creation, modified, modified_by, owner, lead_name, status, email, organization, no_of_employees, lead_owner, source)
VALUES ('CRM-LEAD-2026-00021', '2026-03-01 10:00', '2026-03-01 10:00', 'Administrator', 'Guest', 'New', 'New', 'New@tyrell.example', 'Tyrell 9', '1-10', 'ben@frap.example', 'Website');
INSERT INTO "tabCommunication" (name, creation, modified, owner, sent_or_received, communication_date, reference_doctype, reference_name)
VALUES ('newcom', '2026-03-01 10:00', '2026-03-01 10:00', 'Guest', 'Received', '2026-03-01 10:00', 'CRM Lead', 'CRM-LEAD-2026-00021');
COMMIT;
UPDATE "tabCRM Lead" SET status = 'Contacted', lead_owner = '', modified = '2026-03-01 11:00' WHERE name = 'CRM-LEAD-2026-00006' AND modified = '2026-01-06 16:00';
UPDATE "tabCRM Lead" SET name = 'CRM-LEAD-2026-90007', modified = '2026-03-01 11:00' WHERE name = 'CRM-LEAD-2026-00007';
UPDATE "tabCRM Lead" SET status = 'Qualified', converted = 1, modified = '2026-03-01 12:00' WHERE name = 'CRM-LEAD-2026-00008';
INSERT INTO "tabCRM Deal" (name, creation, modified, owner, lead, status, deal_value, currency) VALUES ('CRM-DEAL-2026-00009', '2026-03-01 12:00', '2026-03-01 12:00', 'Administrator', 'CRM-LEAD-2026-00008', 'Qualification', 10, 'USD');
DELETE FROM "tabCRM Lead" WHERE name = 'CRM-LEAD-2026-00020';
