-- Chatwoot: a contact, a conversation, messages that touch it; its own triggers.
BEGIN;
INSERT INTO contacts (name, email, account_id, country_code, additional_attributes, created_at, updated_at)
VALUES ('New', 'New@shop.example', 1, 'SE', '{"company_name": "New shop"}', '2026-03-01 10:00', '2026-03-01 10:00');
INSERT INTO conversations (account_id, inbox_id, contact_id, display_id, created_at, updated_at)
SELECT 1, 2, id, 0, '2026-03-01 10:00', '2026-03-01 10:00' FROM contacts WHERE name = 'New' RETURNING *;
INSERT INTO messages (content, account_id, inbox_id, conversation_id, message_type, created_at, updated_at)
SELECT 'hello', 1, 2, max(id), 0, '2026-03-01 10:00', '2026-03-01 10:00' FROM conversations;
UPDATE conversations SET last_activity_at = '2026-03-01 10:00', waiting_since = '2026-03-01 10:00', updated_at = '2026-03-01 10:01' WHERE inbox_id = 2;
COMMIT;
UPDATE conversations SET status = 1, updated_at = '2026-03-01 11:00' WHERE id = 4;
UPDATE conversations SET assignee_id = 5, team_id = 1, updated_at = '2026-03-01 11:00' WHERE id = 3;
UPDATE contacts SET email = 'Other@shop.example', updated_at = '2026-03-01 11:00' WHERE id = 6;
DELETE FROM conversations WHERE id = 8;
