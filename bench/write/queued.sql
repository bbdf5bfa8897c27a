-- What queued.sh adds to the database of setup.sql: a table of leads like the
-- others, whose binding is queued.

CREATE TABLE crm.queued (LIKE crm.lead INCLUDING ALL);
SELECT revops.attach_lead('queued', 'crm.queued', '{"created_at": "created", "email": "email", "phone": "phone",
    "title": "title", "company": "company", "country": "country", "industry": "industry", "source": "source",
    "segment": "segment", "campaign": "campaign", "company_size": "company_size", "notes": "notes",
    "visits": "visits", "revenue": "revenue"}', mode => 'queued') \g /dev/null
