\set person random(1, 20000)
BEGIN;
INSERT INTO crm.lead (email, company, company_size, country, source) VALUES ('P' || :person || '@x.example', 'Acme', 120, 'DE', 'ads') ON CONFLICT (lower(btrim(email))) WHERE deleted_at IS NULL DO UPDATE SET company = coalesce(lead.company, excluded.company), company_size = coalesce(lead.company_size, excluded.company_size), country = coalesce(lead.country, excluded.country), source = coalesce(lead.source, excluded.source) RETURNING lead_id \gset
SELECT revops.record_touch(revops.lead_id('crm_leads', (:lead_id)::text), 'form_submit');
COMMIT;
