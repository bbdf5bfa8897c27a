\set lead random_zipfian(1, :leads, 1.3)
\set other random_zipfian(1, :leads, 1.3)
BEGIN;
INSERT INTO other.act (lead_id, kind, at) VALUES (:lead, 'page_visit', now());
INSERT INTO other.act (lead_id, kind, at) VALUES (:other, 'page_visit', now());
COMMIT;
