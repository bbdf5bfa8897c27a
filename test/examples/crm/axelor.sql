-- Axelor: Hibernate's updates, each with its version; the address before the lead.
BEGIN;
INSERT INTO message_email_address VALUES (101, 0, NULL, 'New@axel.example', '2026-03-01 10:00', NULL);
INSERT INTO crm_lead (id, version, created_on, name, enterprise_name, email_address, industry_sector, lead_status, source, user_id)
VALUES (101, 0, '2026-03-01 10:00', 'New', 'Cyberdyne 9', 101, 1, 1, 2, 2);
UPDATE crm_lead SET version = 1, updated_on = '2026-03-01 10:01', full_name = 'New' WHERE id = 101 AND version = 0;
COMMIT;
UPDATE crm_lead SET version = version + 1, updated_on = '2026-03-01 11:00', lead_status = 5, lost_reason = 1 WHERE id = 2;
UPDATE message_email_address SET version = 1, address = 'Changed@axel.example' WHERE id = 3;
UPDATE crm_lead SET version = version + 1, updated_on = '2026-03-01 11:00', archived = true WHERE id IN (5, 6);
UPDATE crm_lead SET version = version + 1, updated_on = '2026-03-01 12:00', archived = false WHERE id IN (6, 9);
INSERT INTO base_icalendar_event (id, dtype, version, start_date_time, type_select, event_lead) VALUES (101, 'Event', 0, '2026-03-01 11:00', 2, 101);
INSERT INTO crm_opportunity (id, version, created_on, name, amount, opportunity_status, lead) VALUES (101, 0, '2026-03-01 12:00', 'New', 10, 5, 101);
