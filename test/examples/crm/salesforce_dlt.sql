-- dlt: leads are replaced (emptied and filled again, then by way of a staging table); tasks are merged.
BEGIN;
CREATE TEMP TABLE extracted ON COMMIT DROP AS SELECT * FROM salesforce_data.lead WHERE id <> '00Qxx0000000002AAA';
UPDATE extracted SET status = 'Closed - Not Converted', last_modified_date = '2026-03-01 10:00+00' WHERE id = '00Qxx0000000001AAA';
UPDATE extracted SET _dlt_id = 'again' || _dlt_id, _dlt_load_id = '1768867200.2';
TRUNCATE salesforce_data.lead;
INSERT INTO salesforce_data.lead SELECT * FROM extracted;
COMMIT;
CALL revops.reconcile('leads');
BEGIN;
INSERT INTO salesforce_data_staging.lead SELECT * FROM salesforce_data.lead;
INSERT INTO salesforce_data_staging.lead (id, company, email, status, owner_id, is_deleted, is_converted, created_date, last_modified_date, _dlt_load_id, _dlt_id)
VALUES ('00Qxx0000000021AAA', 'Acme 9', 'New@acme.example', 'Open - Not Contacted', '005xx0000000002AAA', false, false, '2026-03-01 09:00+00', '2026-03-01 09:00+00', '3', 'new');
DROP TABLE salesforce_data.lead;
ALTER TABLE salesforce_data_staging.lead SET SCHEMA salesforce_data;
CREATE TABLE salesforce_data_staging.lead (LIKE salesforce_data.lead INCLUDING ALL);
COMMIT;
BEGIN;
DELETE FROM salesforce_data.task WHERE id = '00Txx0000000001AAA';
INSERT INTO salesforce_data.task (id, who_id, status, task_subtype, activity_date, _dlt_load_id, _dlt_id)
VALUES ('00Txx0000000001AAA', '00Qxx0000000021AAA', 'Completed', 'Email', '2026-03-01 10:00+00', '3', 'newtask');
COMMIT;
CALL revops.reconcile('leads');
