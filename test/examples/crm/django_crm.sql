-- Django-CRM: the application's own role under its policies; owners after the lead.
SET ROLE crm_app;
SELECT set_config('app.current_org', md5('org1')::uuid::text, false);
BEGIN;
INSERT INTO lead (id, created_at, updated_at, title, email, status, source, is_active, is_sample, company_name, kanban_order, custom_fields, org_id)
VALUES (md5('new')::uuid, '2026-03-01 10:00+00', '2026-03-01 10:00+00', 'New', 'New@Stark.example', 'assigned', 'call', true, false, 'Stark 9', 1, '{"employees": 7}', md5('org1')::uuid);
INSERT INTO lead_assigned_to (lead_id, profile_id) VALUES (md5('new')::uuid, md5('prof2')::uuid), (md5('new')::uuid, md5('prof1')::uuid);
INSERT INTO activity VALUES (md5('newact')::uuid, '2026-03-01 10:00+00', '2026-03-01 10:00+00', 'COMMENT', 'Lead', md5('new')::uuid, 'New', '', '{}', NULL, md5('org1')::uuid);
COMMIT;
UPDATE lead SET stage_id = md5('stage4')::uuid, status = 'closed', updated_at = '2026-03-01 11:00+00' WHERE id = md5('lead1')::uuid;
DELETE FROM lead_assigned_to WHERE lead_id = md5('lead2')::uuid AND id = (SELECT min(id) FROM lead_assigned_to WHERE lead_id = md5('lead2')::uuid);
UPDATE lead SET is_active = false WHERE id IN (md5('lead3')::uuid, md5('lead4')::uuid);
UPDATE lead SET is_active = true, updated_at = '2026-03-01 12:00+00' WHERE id IN (md5('lead4')::uuid, md5('lead11')::uuid);
RESET ROLE;
RESET app.current_org;
