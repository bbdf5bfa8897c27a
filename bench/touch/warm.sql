-- After setup.sql: :leads leads with a past.  Their acts of the last 60 days were
-- many for a few of them (those with low numbers, which the benchmarks touch
-- most) and few for most; a third of the MQLs was accepted by sales.

INSERT INTO crm.lead
SELECT id, email, title, company, country, industry, source, segment, campaign, notes, phone, company_size, visits, revenue,
       now() - interval '90 days' + id * interval '10 seconds'
FROM crm.some_leads(:leads);
SELECT setseed(0.5) \g /dev/null
INSERT INTO crm.act (lead_id, kind, at)
SELECT 1 + floor(:leads * power(random(), 2)), 'page_visit', now() - random() * interval '60 days'
FROM generate_series(1, 4 * :leads);
SELECT count(revops.accept(lead_id)) FROM revops.lead WHERE stage = 'mql' AND lead_id % 3 = 0 \g /dev/null
VACUUM (FREEZE, ANALYZE);
