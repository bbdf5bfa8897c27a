-- Fat Free CRM: a lead with its address, a status, a paranoid delete and a return.
BEGIN;
INSERT INTO leads (user_id, assigned_to, first_name, last_name, company, title, source, status, email, created_at, updated_at)
VALUES (1, 2, 'New', 'Lead', 'Initech 9', '', 'web', 'new', 'New@initech.example', '2026-03-01 10:00', '2026-03-01 10:00') RETURNING id;
INSERT INTO addresses (country, address_type, addressable_type, addressable_id, created_at, updated_at)
SELECT 'SE', 'Business', 'Lead', id, '2026-03-01 10:00', '2026-03-01 10:00' FROM leads WHERE first_name = 'New';
COMMIT;
UPDATE leads SET status = 'contacted', assigned_to = 3, updated_at = '2026-03-01 11:00' WHERE id = 1;
UPDATE leads SET deleted_at = '2026-03-01 11:00' WHERE id = 2;
UPDATE leads SET deleted_at = '2026-03-01 11:00' WHERE id = 3;
UPDATE leads SET deleted_at = NULL, updated_at = '2026-03-01 12:00' WHERE id IN (3, 5);
UPDATE addresses SET country = 'NO' WHERE addressable_id = 4;
UPDATE addresses SET deleted_at = '2026-03-01 11:00' WHERE addressable_id = 7;
INSERT INTO comments (user_id, commentable_type, commentable_id, comment, created_at, updated_at) VALUES (2, 'Lead', 1, 'called', '2026-03-01 11:00', '2026-03-01 11:00');
INSERT INTO tasks (user_id, name, asset_type, asset_id, category, completed_at, created_at, updated_at) VALUES (1, 'call', 'Lead', 1, 'call', '2026-03-01 11:30', '2026-03-01 11:00', '2026-03-01 11:30');
