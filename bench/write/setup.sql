-- The database that every run of copy.sh, single.sh and touch.sh begins with a
-- copy of: a host's table, definitions of the engine, and for the competitors
-- tables of their own with the same columns, indexes and fillfactor.

SET client_min_messages = warning;
CREATE EXTENSION pg_revops;
CREATE SCHEMA crm;
CREATE TABLE crm.lead (id bigint PRIMARY KEY, email text, title text, company text, country text, industry text,
    source text, segment text, campaign text, notes text, phone text, company_size int, visits int, revenue float8,
    created timestamptz NOT NULL);
CREATE TABLE crm.act (id bigint PRIMARY KEY, lead_id bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL);

SELECT revops.create_workspace('bench', 'Europe/Berlin', 'EUR') \g /dev/null
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('berlin', 'Europe/Berlin'), ('new york', 'America/New_York');
INSERT INTO revops.calendar_hours SELECT c, d, '09:00', '17:30' FROM generate_series(1, 2) c, generate_series(1, 5) d;
INSERT INTO revops.calendar_exception SELECT c, date '2018-01-01' + i * 26, NULL, NULL
FROM generate_series(1, 2) c, generate_series(0, 179) i;

-- three teams, weighted; the reps of the second have a calendar of their own
INSERT INTO revops.rep (rep, calendar_id) SELECT 'rep ' || n, CASE WHEN n BETWEEN 5 AND 7 THEN 2 END FROM generate_series(1, 12) n;
INSERT INTO revops.team (team) VALUES ('enterprise'), ('americas'), ('world');
INSERT INTO revops.team_member (team_id, rep_id, weight) VALUES
    (1, 1, 3), (1, 2, 2), (1, 3, 2), (1, 4, 1), (2, 5, 1), (2, 6, 1), (2, 7, 1), (3, 8, 2), (3, 9, 1), (3, 10, 1), (3, 11, 1), (3, 12, 1);
INSERT INTO revops.route (route, position, condition, team_id) VALUES
    ('enterprise', 10, 'segment = ''enterprise''', 1), ('americas', 20, 'country IN (''US'', ''CA'')', 2), ('rest', 30, NULL, 3);

SELECT revops.attach_lead('lead', 'crm.lead', '{"created_at": "created", "email": "email", "phone": "phone",
    "title": "title", "company": "company", "country": "country", "industry": "industry", "source": "source",
    "segment": "segment", "campaign": "campaign", "company_size": "company_size", "notes": "notes",
    "visits": "visits", "revenue": "revenue"}') \g /dev/null
SELECT revops.attach_touch('act', 'crm.act', 'lead', '{"lead": "lead_id", "signal": "kind", "occurred_at": "at"}') \g /dev/null

-- the twenty rules of rules.sh; every lead becomes an MQL, so that all rows are written
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
SELECT :draft, 'rule ' || n, CASE WHEN points > 0 THEN 'fit' ELSE 'negative' END, condition, points
FROM (VALUES
    (1, 15, $$title ~* '(vp|vice president|chief|head of|director)'$$),
    (2, 10, $$title ~* '(revenue|sales|marketing|growth|demand)'$$),
    (3, 3, $$company ~* '(gmbh|group|holding|plc)'$$),
    (4, 12, $$notes ~* '(pricing|demo|trial|quote|budget)'$$),
    (5, -15, $$email ~* '\.edu$'$$),
    (6, 8, $$company ILIKE '%bank%'$$),
    (7, 6, $$campaign LIKE 'abm-%'$$),
    (8, 5, $$country IN ('US', 'CA', 'GB', 'DE')$$),
    (9, 5, $$industry = ANY (ARRAY['software', 'fintech', 'health'])$$),
    (10, 4, $$source IN ('webinar', 'referral', 'partner')$$),
    (11, 3, $$country = 'US'$$),
    (12, 3, $$industry = 'software'$$),
    (13, 2, $$source = 'partner'$$),
    (14, 8, $$segment = 'enterprise'$$),
    (15, 9, $$company_size BETWEEN 50 AND 500$$),
    (16, 5, $$company_size > 1000$$),
    (17, 7, $$visits >= 3$$),
    (18, 6, $$revenue > 1e6$$),
    (19, 2, $$phone IS NOT NULL$$),
    (20, -10, $$title IS NULL$$)) AS r (n, points, condition);
UPDATE revops.score_model SET fit_base = 20, mql_fit = 0, mql_intent = 0, mql_score = 0 WHERE agreement_id = :draft;
DELETE FROM revops.sla_policy WHERE agreement_id = :draft;
INSERT INTO revops.sla_policy (agreement_id, policy, position, condition, target, calendar_id) VALUES
    (:draft, 'enterprise', 10, 'segment = ''enterprise''', '4 hours', 1), (:draft, 'rest', 20, NULL, '24 hours', 1);
SELECT revops.adopt_agreement(:draft) \g /dev/null

-- the competitors' own
CREATE SCHEMA other;
CREATE TABLE other.host (LIKE crm.lead INCLUDING ALL);
CREATE TABLE other.act (LIKE crm.act INCLUDING ALL);
CREATE TABLE other.lead (LIKE revops.lead INCLUDING ALL EXCLUDING COMMENTS) WITH (fillfactor = 70);
CREATE TABLE other.lead_identity (LIKE revops.lead_identity INCLUDING ALL EXCLUDING COMMENTS);
CREATE TABLE other.profile_change (LIKE revops.profile_change INCLUDING ALL EXCLUDING COMMENTS);
CREATE TABLE other.stage_change (LIKE revops.stage_change INCLUDING ALL EXCLUDING COMMENTS);
CREATE TABLE other.assignment (LIKE revops.assignment INCLUDING ALL EXCLUDING COMMENTS);
CREATE TABLE other.sla_clock (LIKE revops.sla_clock INCLUDING ALL EXCLUDING COMMENTS) WITH (fillfactor = 90);
CREATE TABLE other.event (LIKE revops.event INCLUDING ALL EXCLUDING COMMENTS);
CREATE TABLE other.touch (LIKE revops.touch INCLUDING ALL EXCLUDING COMMENTS);
CREATE SEQUENCE other.lead_id CACHE 32;
CREATE SEQUENCE other.change_id CACHE 32;
CREATE SEQUENCE other.event_id CACHE 32;
CREATE SEQUENCE other.touch_id CACHE 32;
CREATE SEQUENCE other.ticket_1 MINVALUE 0 START 0 CACHE 32;
CREATE SEQUENCE other.ticket_2 MINVALUE 0 START 0 CACHE 32;
CREATE SEQUENCE other.ticket_3 MINVALUE 0 START 0 CACHE 32;
DO $$
BEGIN
    IF (SELECT array_agg((c.relname, c.reloptions)::text ORDER BY c.relname) FROM pg_class c WHERE relnamespace = 'other'::regnamespace
            AND EXISTS (SELECT FROM pg_class o WHERE o.relname = c.relname AND o.relnamespace = 'revops'::regnamespace)
            AND relkind = 'r')
       <> (SELECT array_agg((c.relname, c.reloptions)::text ORDER BY c.relname) FROM pg_class c WHERE relnamespace = 'revops'::regnamespace
            AND EXISTS (SELECT FROM pg_class o WHERE o.relname = c.relname AND o.relnamespace = 'other'::regnamespace)
            AND relkind = 'r')
    THEN
        RAISE EXCEPTION 'the competitors'' tables are not stored as the engine''s';
    END IF;
END $$;

-- n leads, the same in every run; one title in 20 is missing, one phone in 3;
-- one company in ten is not plain ASCII
CREATE FUNCTION crm.pick(seed int, VARIADIC choices text[]) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT choices[1 + abs(hashint4(seed)::bigint) % array_length(choices, 1)] $$;
CREATE FUNCTION crm.some_leads(n int) RETURNS SETOF crm.lead LANGUAGE sql AS $$
SELECT i::bigint,
       crm.pick(i * 16, 'anna', 'b.miller', 'carlos.garcia', 'dee', 'e.johansson') || i || '@' ||
       crm.pick(i * 16 + 1, 'gmail.com', 'acme.example.com', 'university.edu', 'firm.co.uk', 'northwind.example'),
       nullif(crm.pick(i * 16 + 2, '', 'VP of Sales', 'Chief Marketing Officer', 'Software Engineer', 'Account Executive',
                   'Head of Growth', 'Office Manager', 'Regional Director, EMEA', 'Student', 'Data Analyst',
                   'Senior Product Manager', 'Customer Support Specialist', 'Consultant', 'Founder', 'Buyer',
                   'Assistant', 'Demand Generation Lead', 'Teacher', 'Accountant', 'IT Administrator'), ''),
       crm.pick(i * 16 + 3, 'Acme Corp', 'First National Bank of Iowa', 'Müller GmbH', 'Northwind Traders', 'Contoso Ltd', 'Globex',
            'Initech Holding plc', 'Umbrella Group', 'Stark Industries', 'Wayne Enterprises'),
       crm.pick(i * 16 + 4, 'US', 'US', 'CA', 'GB', 'DE', 'FR', 'JP', 'BR'),
       crm.pick(i * 16 + 5, 'software', 'fintech', 'health', 'retail', 'manufacturing', 'education'),
       crm.pick(i * 16 + 6, 'webinar', 'referral', 'partner', 'organic', 'paid search', 'event'),
       crm.pick(i * 16 + 7, 'enterprise', 'mid-market', 'smb'),
       crm.pick(i * 16 + 8, 'abm-finance-q3', 'newsletter-2026-10', 'brand', 'abm-health', 'retargeting'),
       crm.pick(i * 16 + 9, 'Asked for pricing of the team plan', 'Wants to know more', 'Visited the docs twice this week',
            'Please call me about a demo', 'No comment given', 'Is looking for a replacement of the current tool'),
       CASE WHEN i % 3 > 0 THEN '+1 555 0' || i END,
       (abs(hashint4(i * 16 + 10)::bigint) % 3000)::int,
       (abs(hashint4(i * 16 + 11)::bigint) % 8)::int,
       (abs(hashint4(i * 16 + 12)::bigint) % 5000) * 1000.0::float8,
       timestamptz '2026-10-01 00:00+00' + i * interval '3 seconds'
FROM generate_series(1, n) AS i
$$;

-- Row counts and digests of what was written.  Numbers that sequences give are
-- left out: a lead is named by its key, a profile or event by what it says.  Events
-- of the agreement are the engine's alone.
CREATE FUNCTION crm.digest(part text) RETURNS TABLE (name text, n bigint, digest numeric) LANGUAGE plpgsql AS $$
DECLARE
    listed record;
BEGIN
    FOR listed IN
        SELECT t.relname, string_agg('t.' || a.attname, ', ' ORDER BY a.attnum) AS columns
        FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
        WHERE t.relnamespace = part::regnamespace AND t.relkind = 'r'
              AND t.relname IN ('lead', 'lead_identity', 'profile_change', 'stage_change', 'assignment', 'sla_clock', 'event')
              AND a.attname NOT IN ('lead_id', 'profile_id', 'change_id', 'event_id', 'touch_id', 'txid')
        GROUP BY t.relname ORDER BY t.relname
    LOOP
        RETURN QUERY EXECUTE format('SELECT %L::text, count(*), sum(hash_record_extended(ROW(l.key, %s), 0)) '
                                    'FROM %I.%I t LEFT JOIN %I.lead l USING (lead_id) WHERE t.lead_id IS NOT NULL',
                                    listed.relname, listed.columns, part, listed.relname, part);
    END LOOP;
    -- the profile that a lead's state names is one of its own
    RETURN QUERY EXECUTE format('SELECT ''profile in force'', count(*), sum(hash_record_extended(ROW(l.key, p.profile), 0)) '
                                'FROM %I.lead l JOIN %I.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id',
                                part, part);
END $$;

CREATE FUNCTION crm.cpu() RETURNS bigint LANGUAGE sql AS
$$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint $$;
