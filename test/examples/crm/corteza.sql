-- Corteza: whole JSON values; other modules in the same table.
INSERT INTO compose_record (id, rel_module, rel_namespace, "values", created_at, owned_by)
VALUES (400000000000000021, 397100000000000001, 397000000000000001, '{"Email": ["New@soylent.example"], "Company": ["Soylent 9"], "Title": ["CEO"], "Status": ["New"]}', '2026-03-01 10:00+00', 0),
       (403000000000000021, 397100000000000005, 397000000000000001, '{"Subject": ["Call"], "Status": ["Completed"], "LeadId": ["400000000000000021"]}', '2026-03-01 10:00+00', 0);
UPDATE compose_record SET "values" = jsonb_set("values", '{Status}', '["Lost"]'), revision = revision + 1, updated_at = '2026-03-01 11:00+00', owned_by = 398000000000000002 WHERE id = 400000000000000001;
UPDATE compose_record SET deleted_at = '2026-03-01 11:00+00' WHERE id IN (400000000000000002, 400000000000000003);
UPDATE compose_record SET deleted_at = NULL, updated_at = '2026-03-01 12:00+00' WHERE id IN (400000000000000003, 400000000000000008);
INSERT INTO compose_record (id, rel_module, rel_namespace, "values", created_at)
VALUES (402000000000000021, 397100000000000004, 397000000000000001, '{"StageName": ["Closed Won"], "Amount": ["10"], "LeadId": ["400000000000000021"]}', '2026-03-01 12:00+00');
