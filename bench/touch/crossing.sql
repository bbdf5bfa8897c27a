-- After setup.sql: leads without a past under an agreement by which four page
-- visits make an MQL of any of them, whenever they happened.
SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.score_model SET mql_fit = 0, mql_intent = 20, mql_score = 0, half_life = '36500 days' WHERE agreement_id = :draft;
UPDATE revops.score_rule SET points = 5 WHERE agreement_id = :draft AND signal = 'page_visit';
SELECT revops.adopt_agreement(:draft) \g /dev/null
CREATE SEQUENCE crm.turn CACHE 1 MINVALUE 0 START 0;
INSERT INTO crm.lead
SELECT id, email, title, company, country, industry, source, segment, campaign, notes, phone, company_size, visits, revenue,
       now() - interval '90 days' + id * interval '10 seconds'
FROM crm.some_leads(:leads);
VACUUM (ANALYZE);
