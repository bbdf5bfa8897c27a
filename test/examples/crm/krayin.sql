-- Krayin: the person before the lead; a stage by its foreign key, one stage deleted.
BEGIN;
INSERT INTO persons (name, emails, organization_id, created_at) VALUES ('New', '[{"value": "New@wonka.example", "label": "work"}]', 1, '2026-03-01 10:00');
INSERT INTO leads (title, user_id, person_id, lead_source_id, lead_pipeline_id, lead_pipeline_stage_id, created_at, updated_at)
SELECT 'New', 1, max(id), 1, 1, 1, '2026-03-01 10:00', '2026-03-01 10:00' FROM persons RETURNING id;
INSERT INTO attribute_values (entity_type, entity_id, attribute_id, integer_value) SELECT 'leads', max(id), 40, 77 FROM leads;
COMMIT;
UPDATE leads SET lead_pipeline_stage_id = 5, closed_at = '2026-03-01 11:00', updated_at = '2026-03-01 11:00' WHERE id = 2;
UPDATE persons SET emails = '[{"value": "changed@wonka.example", "label": "home"}]' WHERE id = 3;
UPDATE organizations SET address = '{"country": "DE"}' WHERE id = 2;
DELETE FROM lead_pipeline_stages WHERE id = 3;
DELETE FROM leads WHERE id = 20;
INSERT INTO activities (title, type, is_done, user_id, schedule_from, created_at) VALUES ('Call', 'call', true, 1, '2026-03-01 11:00', '2026-03-01 11:00');
INSERT INTO lead_activities SELECT max(id), 1 FROM activities;
CALL revops.reconcile('activities');
