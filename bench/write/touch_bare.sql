\set id random(1, 1000000000000)
\set lead random_zipfian(1, 20000, 1.05)
INSERT INTO other.act VALUES (:id, :lead, 'page_visit', now());
