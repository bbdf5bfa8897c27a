-- dlt's merge: DELETE and INSERT of what changed, in one transaction; a contact that is gone, and one that is back.
BEGIN;
CREATE TEMP TABLE extracted ON COMMIT DROP AS SELECT * FROM hubspot_dataset.contacts WHERE id IN ('78000001', '78000002', '78000015');
UPDATE extracted SET lifecyclestage = 'customer', lastmodifieddate = '2026-03-01 10:00+00' WHERE id = '78000001';
UPDATE extracted SET hubspot_owner_id = '', email = 'Changed@pied.example', lastmodifieddate = '2026-03-01 10:00+00' WHERE id = '78000002';
UPDATE extracted SET is_deleted = false WHERE id = '78000015';
UPDATE extracted SET _dlt_id = 'again' || id, _dlt_load_id = 'l2';
INSERT INTO extracted (id, email, company, lifecyclestage, createdate, lastmodifieddate, _dlt_load_id, _dlt_id)
VALUES ('78000021', 'new@pied.example', 'Pied Piper 9', 'lead', '2026-03-01 09:00+00', '2026-03-01 09:00+00', 'l2', 'new');
DELETE FROM hubspot_dataset.contacts c USING extracted e WHERE e.id = c.id;
INSERT INTO hubspot_dataset.contacts SELECT * FROM extracted;
COMMIT;
DELETE FROM hubspot_dataset.contacts WHERE id = '78000004';
BEGIN;
DELETE FROM hubspot_dataset.deals WHERE id = '9000000003';
INSERT INTO hubspot_dataset.deals (id, dealname, dealstage, amount, createdate, closedate, _dlt_load_id, _dlt_id)
VALUES ('9000000003', 'Deal 3', 'closedwon', 3000, '2026-01-09 00:00+00', '2026-03-01 00:00+00', 'l2', 'newdeal');
COMMIT;
