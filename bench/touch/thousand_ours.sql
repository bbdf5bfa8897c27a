INSERT INTO crm.act (lead_id, kind, at) SELECT 1 + floor(:leads * power(random(), 4)), 'page_visit', now() FROM generate_series(1, 1000);
