\set person random(1, 20000)
SELECT * FROM revops.capture(jsonb_build_object('email', 'P' || :person || '@x.example', 'company', 'Acme', 'company_size', 120, 'country', 'DE', 'utm_source', 'ads'));
