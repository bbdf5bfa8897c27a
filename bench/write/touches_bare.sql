\set id random(1, 1000000000)
INSERT INTO other.act SELECT :id::bigint * 1000 + i, 1 + (20000 * power(random(), 4))::bigint % 20000, 'page_visit', now() FROM generate_series(0, 999) i;
