\set lead random_zipfian(1, 50, 1.1)
\set other random_zipfian(1, 50, 1.1)
BEGIN;
INSERT INTO crm.act (lead_id, kind, at) VALUES (1 + (nextval('crm.turn') / 500 * 50 + :lead) % :leads, 'page_visit', now());
INSERT INTO crm.act (lead_id, kind, at) VALUES (1 + (currval('crm.turn') / 500 * 50 + :other) % :leads, 'page_visit', now());
COMMIT;
