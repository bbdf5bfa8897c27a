-- EspoCRM: the address after the lead, in the same transaction; soft deletes.
BEGIN;
INSERT INTO lead (id, first_name, last_name, status, source, account_name, created_at, modified_at, assigned_user_id)
VALUES ('newlead0000000001', 'New', 'Lead', 'New', 'Web Site', 'Umbra 9', '2026-03-01 10:00', '2026-03-01 10:00', substr(md5('u2'), 1, 17));
INSERT INTO email_address (id, name, lower) VALUES ('newmail0000000001', 'New@Umbra.example', 'new@umbra.example');
INSERT INTO entity_email_address (entity_id, email_address_id, entity_type, "primary") VALUES ('newlead0000000001', 'newmail0000000001', 'Lead', true);
COMMIT;
-- a second address takes over; an address is written differently
BEGIN;
UPDATE entity_email_address SET "primary" = false WHERE entity_id = substr(md5('l1'), 1, 17);
UPDATE entity_email_address SET "primary" = true WHERE entity_id = substr(md5('l1'), 1, 17) AND email_address_id = substr(md5('e21'), 1, 17);
COMMIT;
UPDATE email_address SET name = 'Renamed@umbra.example', lower = 'renamed@umbra.example' WHERE id = substr(md5('e3'), 1, 17);
UPDATE entity_email_address SET deleted = true WHERE entity_id = substr(md5('l4'), 1, 17);
UPDATE lead SET status = 'In Process', modified_at = '2026-03-01 11:00' WHERE id = substr(md5('l6'), 1, 17);
UPDATE lead SET deleted = true WHERE id IN (substr(md5('l8'), 1, 17), substr(md5('l9'), 1, 17));
UPDATE lead SET deleted = false, modified_at = '2026-03-01 12:00' WHERE id IN (substr(md5('l9'), 1, 17), substr(md5('l7'), 1, 17));
INSERT INTO call (id, name, status, direction, parent_id, parent_type, date_start) VALUES ('newcall0000000001', 'Call', 'Held', 'Inbound', 'newlead0000000001', 'Lead', '2026-03-01 11:00');
