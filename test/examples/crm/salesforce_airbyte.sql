-- Airbyte: in append mode another row of the same lead; then a full refresh that swaps the table.
INSERT INTO airbyte_sf."Lead" (_airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta, "Id", "Company", "Email", "Status", "OwnerId", "IsDeleted", "IsConverted", "CreatedDate", "LastModifiedDate", "SystemModstamp")
VALUES ('r1', '2026-03-01 10:00+00', '{}', '00Qxx0000000021AAA', 'Acme 9', 'New@acme.example', 'Open - Not Contacted', '005xx0000000002AAA', false, false, '2026-03-01 09:00+00', '2026-03-01 09:00+00', '2026-03-01 09:00+00'),
       ('r2', '2026-03-01 10:00+00', '{}', '00Qxx0000000001AAA', 'Acme 2', 'First1@acme.example', 'Closed - Not Converted', '00Gxx0000000001AAA', false, false, '2026-01-05 14:00+00', '2026-03-01 09:00+00', '2026-03-01 09:00+00');
CALL revops.reconcile('leads');
BEGIN;
CREATE TABLE airbyte_sf."Lead_tmp" (LIKE airbyte_sf."Lead" INCLUDING ALL);
INSERT INTO airbyte_sf."Lead_tmp" SELECT * FROM airbyte_sf."Lead" WHERE "Id" <> '00Qxx0000000002AAA' AND _airbyte_raw_id <> md5('l1')::uuid::text;
UPDATE airbyte_sf."Lead_tmp" SET "Status" = 'Working - Contacted', "LastModifiedDate" = '2026-03-01 11:00+00', "SystemModstamp" = '2026-03-01 11:00+00' WHERE "Id" = '00Qxx0000000003AAA';
DROP TABLE airbyte_sf."Lead";
ALTER TABLE airbyte_sf."Lead_tmp" RENAME TO "Lead";
COMMIT;
INSERT INTO airbyte_sf."Task" (_airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta, "Id", "WhoId", "Status", "TaskSubtype", "CompletedDateTime")
VALUES ('r3', '2026-03-01 12:00+00', '{}', '00Txx0000000099AAA', '00Qxx0000000003AAA', 'Completed', 'Call', '2026-03-01 11:00+00');
CALL revops.reconcile('leads');
CALL revops.reconcile('tasks');
