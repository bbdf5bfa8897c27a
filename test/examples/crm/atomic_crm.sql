-- Atomic CRM: as its role, under its policies; a note updates the contact by a trigger.
SET ROLE authenticated;
INSERT INTO contacts (first_name, title, first_seen, last_seen, status, company_id, sales_id, email_jsonb)
VALUES ('New', 'CEO', '2026-03-01 10:00+00', '2026-03-01 10:00+00', 'warm', 2, 1, '[{"email": "New@Massive.example", "type": "Work"}]') RETURNING id;
UPDATE contacts SET status = 'in-contract', sales_id = 2 WHERE id = 3;
RESET ROLE;
INSERT INTO contact_notes (contact_id, text, date, sales_id) VALUES (3, 'note', '2026-03-01 11:00+00', 1);
UPDATE companies SET sector = 'Retail', size = 1000 WHERE id = 3;
INSERT INTO deals (name, contact_ids, stage, amount, created_at, updated_at) VALUES ('New', '{4,5}', 'opportunity', 10, '2026-03-01 10:00+00', '2026-03-01 10:00+00');
UPDATE deals SET stage = 'won', updated_at = '2026-03-01 12:00+00' WHERE name = 'New';
UPDATE deals SET contact_ids = '{9}' WHERE id = 3;
DELETE FROM contacts WHERE id = 20;
UPDATE contacts SET id = 9019 WHERE id = 19;
