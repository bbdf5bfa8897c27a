-- Odoo: REPEATABLE READ; the record, its computed fields, then the chatter.
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO crm_lead (name, type, partner_name, function, email_from, email_normalized, country_id, source_id, stage_id,
                      user_id, team_id, active, probability, won_status, expected_revenue, create_uid, create_date, write_date)
VALUES ('Enquiry 21', 'lead', 'Globex 9', 'CEO', '"New" <New@Globex9.example>', 'new@globex9.example', 2, 1, 1,
        3, 1, true, 10, 'pending', 0, 1, '2026-03-01 10:00', '2026-03-01 10:00') RETURNING id;
UPDATE crm_lead SET email_domain_criterion = '@globex9.example', day_open = 0 WHERE name = 'Enquiry 21';
INSERT INTO mail_message (model, res_id, message_type, date, create_date)
SELECT 'crm.lead', id, 'notification', '2026-03-01 10:00', '2026-03-01 10:00' FROM crm_lead WHERE name = 'Enquiry 21';
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE crm_lead SET type = 'opportunity', date_conversion = '2026-03-01 11:00', stage_id = 2, date_last_stage_update = '2026-03-01 11:00', write_date = '2026-03-01 11:00' WHERE id = 3;
UPDATE crm_lead SET probability = 40, prorated_revenue = 4 WHERE id = 3;
COMMIT;
-- won, lost, back again, deleted
UPDATE crm_lead SET stage_id = 4, won_status = 'won', probability = 100, date_closed = '2026-03-01 12:00', write_date = '2026-03-01 12:00' WHERE id = 10;
UPDATE crm_lead SET active = false, probability = 0, won_status = 'lost', lost_reason_id = 1, write_date = '2026-03-01 12:00' WHERE id = 11;
UPDATE crm_lead SET active = true, won_status = 'pending', lost_reason_id = NULL, user_id = NULL, write_date = '2026-03-01 12:00' WHERE id = 6;
DELETE FROM crm_lead WHERE id = 20;
INSERT INTO mail_message (model, res_id, message_type, author_id, date, create_date) VALUES ('crm.lead', 3, 'email', NULL, '2026-03-01 13:00', '2026-03-01 13:00');
UPDATE mail_activity SET active = false, date_done = '2026-03-01' WHERE res_id = 4;
