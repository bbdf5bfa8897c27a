\set id random(1, 1000000000000)
\set lead random_zipfian(1, 20000, 1.05)
WITH act AS (INSERT INTO other.act VALUES (:id, :lead, 'page_visit', now())) INSERT INTO other.touch VALUES (:lead, now(), nextval('other.touch_id'), now(), 1, 5, 2, 1, :id::bigint::text);
