\set lead random_zipfian(1, :leads, 1.05)
INSERT INTO crm.act (lead_id, kind, at) VALUES (:lead, 'page_visit', now());
