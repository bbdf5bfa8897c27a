INSERT INTO other.act (lead_id, kind, at) SELECT floor(power(1 - (1 - power(:leads::float8, -0.05)) * random(), -20)), 'page_visit', now() FROM generate_series(1, 1000);
