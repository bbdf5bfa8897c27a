-- The link of opportunities to contacts, as Fat Free CRM has it.
CREATE TABLE contact_opportunities (
    id bigserial PRIMARY KEY, contact_id integer, opportunity_id integer, role varchar(32),
    deleted_at timestamp, created_at timestamp, updated_at timestamp);
INSERT INTO contact_opportunities (contact_id, opportunity_id, created_at, updated_at)
SELECT c.id, o.id, '2026-01-10', '2026-01-10' FROM contacts c JOIN opportunities o ON o.id = c.id;
