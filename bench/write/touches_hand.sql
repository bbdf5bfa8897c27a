\set id random(1, 1000000000)
WITH act AS (INSERT INTO other.act SELECT :id::bigint * 1000 + i, 1 + (20000 * power(random(), 4))::bigint % 20000, 'page_visit', now() FROM generate_series(0, 999) i RETURNING *) INSERT INTO other.touch SELECT lead_id, at, nextval('other.touch_id'), now(), 1, 5, 2, 1, id::text FROM act;
