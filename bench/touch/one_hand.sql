\set lead random_zipfian(1, :leads, 1.05)
WITH act AS (INSERT INTO other.act (lead_id, kind, at) VALUES (:lead, 'page_visit', now()) RETURNING *) INSERT INTO other.touch SELECT lead_id, at, nextval('other.touch_id'), now(), 1, other.signal(), other.binding(), 1, id::text FROM act;
