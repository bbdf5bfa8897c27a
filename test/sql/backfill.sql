-- A5: the rows that a table held before it was attached are taken in.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
SELECT revops.create_workspace('acme', 'UTC', 'EUR') AS workspace;
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('all');
INSERT INTO revops.team_member SELECT 1, rep_id FROM revops.rep;
INSERT INTO revops.route (route, position, team_id) VALUES ('all', 1, 1);
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:draft, 'size', 'fit', 'company_size >= 50', 60), (:draft, 'out', 'disqualify', 'country = ''XX''', 0);
SELECT revops.adopt_agreement(:draft) \g /dev/null

CREATE SCHEMA crm;
CREATE TABLE crm.person (id int PRIMARY KEY, stage text, owner text, size int, country text, email text, kind text DEFAULT 'lead',
    created timestamptz, divisor int DEFAULT 1);
CREATE TABLE crm.activity (id int PRIMARY KEY, person int, kind text, at timestamptz);
CREATE TABLE crm.deal (id int PRIMARY KEY, person int, won boolean, amount numeric, opened timestamptz, closed timestamptz);
INSERT INTO crm.person (id, stage, owner, size, country, email, created) VALUES
    (1, 'customer', 'ann', 100, 'DE', 'mia@acme.example', '2024-01-01 00:00+00'),
    (2, 'mql', 'bob', 100, 'DE', 'tom@acme.example', '2025-12-01 00:00+00'),
    (3, NULL, '', 100, 'DE', NULL, '2026-02-01 00:00+00'),
    (4, NULL, NULL, 10, 'XX', NULL, '2026-02-01 00:00+00'),
    (5, 'unheard', 'nobody', 10, 'DE', NULL, NULL),
    (6, 'mql', NULL, 10, 'DE', NULL, '2026-02-02 00:00+00');
INSERT INTO crm.person (id, kind) VALUES (7, 'vendor');
INSERT INTO crm.activity VALUES (1, 3, 'demo_request', '2026-03-01 09:00+00'), (2, 2, 'call', '2026-03-01 10:00+00'),
    (3, 3, 'page_visit', '2026-02-20 09:00+00'), (4, 99, 'demo_request', '2026-03-01 09:00+00'), (5, NULL, 'call', '2026-03-01 09:00+00'),
    (6, 3, 'no_such', '2026-03-01 09:00+00');
INSERT INTO crm.deal VALUES (1, 1, true, 500, '2024-05-01 00:00+00', '2024-06-01 00:00+00'), (2, 3, true, 200, '2026-02-10 00:00+00', '2026-02-15 00:00+00'),
    (3, 2, false, 300, '2026-02-10 00:00+00', NULL), (4, 99, false, 1, '2026-02-10 00:00+00', NULL);

CREATE VIEW done AS SELECT binding, kind, host, state, act, batch, reading, percent, rows_read AS read, rows_taken AS taken, rows_known AS known,
    rows_passed_over AS passed, rows_failed AS failed, rows_moving AS moving FROM revops.backfill_progress ORDER BY binding;
CREATE VIEW leads AS SELECT l.key, l.stage, l.created_at, l.stage_since, l.fit, l.disqualified AS out, r.rep, l.assigned_at, l.handed_over AS handed,
    l.touches, l.last_touch_at, l.clocks FROM revops.lead l LEFT JOIN revops.rep r USING (rep_id) ORDER BY l.lead_id;
CREATE VIEW moves AS SELECT l.binding_id AS b, l.key, s.seq, s.at, s.from_stage AS "from", s.to_stage AS "to", s.cause, s.reason, s.actor, s.spent, s.violation AS viol
    FROM revops.stage_change s JOIN revops.lead l USING (lead_id) ORDER BY s.lead_id, s.seq;

SELECT revops.attach_lead('people', 'crm.person', '{"stage": "stage", "owner": "owner", "company_size": "size / divisor", "country": "country",
           "email": "email", "created_at": "created"}', filter => 'kind = ''lead''') AS people,
       revops.attach_touch('activities', 'crm.activity', 'people', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') AS activities,
       revops.attach_opportunity('deals', 'crm.deal', 'people', '{"lead": "person", "won": "won", "amount": "amount",
           "opened_at": "opened", "closed_at": "closed"}') AS deals;

-- ----- what is refused -------------------------------------------------------
CALL revops.backfill('nobody');
CALL revops.backfill(NULL);
CALL revops.backfill('people', 0);
CALL revops.backfill('people', NULL);
CALL revops.backfill('activities');
BEGIN;
CALL revops.backfill('people');
ROLLBACK;
SELECT revops.backfill_batch(1);
SELECT * FROM done;

-- ----- adopted: what was is known, and nothing is done about it ----------------
CALL revops.backfill('people', 2);
SELECT * FROM leads;
SELECT * FROM moves;
SELECT a.at, a.cause, a.actor, l.key FROM revops.assignment a JOIN revops.lead l USING (lead_id) ORDER BY 1;
CALL revops.backfill('activities');
CALL revops.backfill('deals');
SELECT * FROM done;
SELECT * FROM leads;
SELECT * FROM moves WHERE cause <> 'entry';
SELECT key, status, lead_id, opened_at, closed_at, amount FROM revops.opportunity ORDER BY key::int;
SELECT object, message, sum(occurrences) AS n FROM revops.fault GROUP BY 1, 2 ORDER BY 1, 2;
SELECT (SELECT count(*) FROM revops.event WHERE lead_id IS NOT NULL) AS events, (SELECT count(*) FROM revops.sla_clock) AS clocks,
       (SELECT count(*) FROM revops.inbox) AS inbox, (SELECT count(*) FROM revops.lead_delta) AS deltas;
SELECT * FROM revops.verify();

-- ----- once more: nothing changes ----------------------------------------------
CREATE TABLE before AS SELECT (SELECT json_agg(l) FROM revops.lead l)::text AS leads, (SELECT json_agg(t) FROM revops.touch t)::text AS touches,
    (SELECT json_agg(m) FROM revops.stage_change m)::text AS moves, (SELECT json_agg(p) FROM revops.profile_change p)::text AS profiles,
    (SELECT json_agg(o) FROM revops.opportunity_change o)::text AS deals;
SET pg_revops.now = '2026-03-02 09:30+00';
CALL revops.backfill('people');
CALL revops.backfill('activities');
CALL revops.backfill('deals');
SELECT binding, read, taken, known, passed FROM done;
SELECT b.leads = (SELECT json_agg(l) FROM revops.lead l)::text AS leads, b.touches = (SELECT json_agg(t) FROM revops.touch t)::text AS touches,
       b.moves = (SELECT json_agg(m) FROM revops.stage_change m)::text AS moves, b.profiles = (SELECT json_agg(p) FROM revops.profile_change p)::text AS profiles,
       b.deals = (SELECT json_agg(o) FROM revops.opportunity_change o)::text AS deals FROM before b;

-- ----- the next news are decided as ever ------------------------------------------
-- an adopted mql that had an owner was promised its answer long ago; one that gets its first is promised one now
UPDATE crm.person SET owner = 'ann' WHERE id IN (2, 6);
-- what a rule would have dropped is dropped now
UPDATE crm.person SET email = 'x@y.example' WHERE id = 4;
SELECT key, stage, rep, handed, clocks FROM leads WHERE key IN ('2', '4', '6');
SELECT l.key, e.event FROM revops.event e JOIN revops.lead l USING (lead_id) ORDER BY event_id;

-- ----- what changed while the table was detached -----------------------------------
SELECT revops.detach('people');
UPDATE crm.person SET stage = 'sql' WHERE id = 6;
INSERT INTO crm.person (id, created) VALUES (8, '2026-02-28 00:00+00');
SELECT revops.attach_lead('people', 'crm.person', '{"stage": "stage", "owner": "owner", "company_size": "size / divisor", "country": "country",
           "email": "email", "created_at": "created"}', filter => 'kind = ''lead''') AS people;
CALL revops.backfill('people');
SELECT read, taken, known, passed FROM done WHERE binding = 'people';
SELECT * FROM moves WHERE key IN ('6', '8');
SELECT count(*) AS events FROM revops.event WHERE lead_id IS NOT NULL;
SELECT * FROM revops.verify();

-- ----- acting: as if the rows had just been inserted ---------------------------------
CREATE TABLE crm.asked (id int PRIMARY KEY, stage text, created timestamptz);
INSERT INTO crm.asked VALUES (1, 'mql', '2025-01-01 00:00+00'), (2, 'lead', '2025-01-01 00:00+00');
SELECT revops.attach_lead('asked', 'crm.asked', '{"stage": "stage", "created_at": "created"}') AS asked;
CALL revops.backfill('asked', act => true);
SELECT l.key, l.stage, l.created_at, l.assigned_at, l.rep_id IS NOT NULL AS routed, c.started_at, c.due_at
FROM revops.lead l LEFT JOIN revops.sla_clock c USING (lead_id) WHERE l.binding_id = 4 ORDER BY 1;
SELECT e.event FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE l.binding_id = 4 ORDER BY event_id;

-- ----- a bad row costs itself only ------------------------------------------------------
CREATE TABLE crm.odd (id int, size int, divisor int, part int);
INSERT INTO crm.odd SELECT n, 100, CASE WHEN n = 5 THEN 0 ELSE 1 END, CASE WHEN n = 7 THEN 0 ELSE 1 END FROM generate_series(1, 9) n;
INSERT INTO crm.odd VALUES (NULL, 1, 1, 1);
CREATE UNIQUE INDEX ON crm.odd (id);
CREATE TABLE crm.label (id int PRIMARY KEY, label text);
INSERT INTO crm.label SELECT n, 'label ' || n FROM generate_series(1, 9) n;
SELECT revops.attach_lead('odd', 'crm.odd', '{"company_size": "size / divisor", "source": "(SELECT l.label FROM crm.label l WHERE l.id = odd.id)"}', key => '{id}', filter => '1 / part = 1') AS odd;
CALL revops.backfill('odd');
SELECT read, taken, known, passed, failed FROM done WHERE binding = 'odd';
SELECT string_agg(l.key || ':' || l.fit || ':' || l.source, ' ' ORDER BY l.key) FROM revops.lead l WHERE binding_id = 5;
SELECT key, object, sqlstate, message, detail FROM revops.fault WHERE binding_id = 5 AND key IS NOT NULL ORDER BY fault_id;

-- ----- keys that are not unique: the row that was written last is the lead --------------
CREATE TABLE crm.copies (id int, size int, at timestamptz);
INSERT INTO crm.copies VALUES (1, 10, '2026-01-03 00:00+00'), (1, 20, '2026-01-05 00:00+00'), (1, 30, '2026-01-04 00:00+00'), (2, 1, NULL);
SELECT revops.attach_lead('copies', 'crm.copies', '{"company_size": "size", "updated_at": "at"}', key => '{id}', mode => 'queued') AS copies;
CALL revops.backfill('copies');
SELECT l.key, p.profile FROM revops.lead l JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
WHERE l.binding_id = 6 ORDER BY 1;

-- ----- partitions, children, dropped columns: each leaf by itself -----------------------
CREATE TABLE crm.parted (id int, region text, gone int, size int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE crm.parted_a PARTITION OF crm.parted FOR VALUES IN ('a');
CREATE TABLE crm.parted_b (size int, region text NOT NULL, extra int, id int NOT NULL, gone int);
ALTER TABLE crm.parted_b DROP COLUMN extra;
ALTER TABLE crm.parted ATTACH PARTITION crm.parted_b FOR VALUES IN ('b');
ALTER TABLE crm.parted DROP COLUMN gone;
INSERT INTO crm.parted SELECT n, CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END, n * 20 FROM generate_series(1, 6) n;
SELECT revops.attach_lead('parted', 'crm.parted', '{"company_size": "size"}') AS parted;
CALL revops.backfill('parted', 1);
SELECT state, percent, read, taken, reading FROM done WHERE binding = 'parted';
SELECT string_agg(l.key || ':' || l.fit, ' ' ORDER BY l.key) FROM revops.lead l WHERE binding_id = 7;

-- ----- row-level security: all rows, or none -----------------------------------------------
CREATE ROLE backfill_owner;
GRANT revops_admin TO backfill_owner;
GRANT USAGE, CREATE ON SCHEMA crm TO backfill_owner;
SET ROLE backfill_owner;
CREATE TABLE crm.tenant (id int PRIMARY KEY, org int);
INSERT INTO crm.tenant VALUES (1, 1), (2, 2);
ALTER TABLE crm.tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE crm.tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON crm.tenant USING (org = 1);
SELECT revops.attach_lead('tenants', 'crm.tenant', '{}') AS tenants;
CALL revops.backfill('tenants');
ALTER TABLE crm.tenant NO FORCE ROW LEVEL SECURITY;
CALL revops.backfill('tenants');
SELECT state, rows_taken FROM revops.backfill_progress WHERE binding = 'tenants';
RESET ROLE;

-- ----- history that the CRM holds ------------------------------------------------------------
CREATE TABLE crm.deal_lead (id int PRIMARY KEY, stage text, created timestamptz, written timestamptz);
INSERT INTO crm.deal_lead VALUES (1, 'Closed', '2025-01-01 00:00+00', '2025-06-01 00:00+00'), (2, NULL, '2025-01-01 00:00+00', NULL),
    (3, 'New', '2025-01-01 00:00+00', NULL), (4, 'Accepted', '2025-01-01 00:00+00', '2025-06-01 00:00+00');
CREATE TABLE crm.note (id int PRIMARY KEY, lead int, kind text, data jsonb, at timestamp);
INSERT INTO crm.note VALUES
    (1, 1, 'Status', '{"to": "New", "by": "ann"}', '2025-01-01 00:30'),
    (2, 1, 'Status', '{"to": "Qualified", "by": "ann"}', '2025-02-01 00:00'),
    (3, 1, 'Status', '{"to": "Qualified", "by": "bob"}', '2025-02-02 00:00'),
    (4, 1, 'Post', '{"to": "Closed"}', '2025-02-03 00:00'),
    (5, 2, 'Status', '{"to": "Qualified"}', '2025-03-01 00:00'),
    (6, 2, 'Status', '{"to": "Later", "why": "timing"}', '2025-04-01 00:00'),
    (7, 2, 'Status', '{"to": "Closed", "why": "no such code"}', '2025-05-01 00:00'),
    (8, 2, 'Status', '{"to": "Ignored"}', '2025-05-02 00:00'),
    (9, 2, 'Status', '{"to": "Unheard of"}', '2025-05-03 00:00'),
    (10, NULL, 'Status', '{"to": "New"}', '2025-05-03 00:00'),
    (11, 4, 'Status', '{"to": "Qualified"}', '2025-02-01 00:00');
SELECT revops.attach_lead('noted', 'crm.deal_lead', '{"stage": "stage", "created_at": "created", "updated_at": "written"}', zone => 'Europe/Berlin',
    stage_map => '{"New": "lead", "Qualified": "mql", "Accepted": "sql", "Closed": "customer", "Later": "nurture", "Ignored": null}') AS noted;
CALL revops.adopt_history('noted', 'crm.note', '{"lead": "lead"}');
CALL revops.adopt_history('noted', 'crm.note', '{"lead": "lead", "stage": "data ->> ''to''", "at": "at", "who": "id"}');
CALL revops.adopt_history('noted', 'crm.note', '{"lead": "lead", "stage": "data ->> ''to''", "at": "nothing"}');
CALL revops.adopt_history('noted', 'crm.note', '{"lead": "lead", "stage": "data ->> ''to''", "at": "at"}', filter => 'kind');
CALL revops.adopt_history('people_', 'crm.note', '{"lead": "lead", "stage": "data ->> ''to''", "at": "at"}');
CALL revops.adopt_history('noted', 'crm.note', '{"lead": "lead", "stage": "data ->> ''to'' -- 50 % of them", "at": "at", "reason": "data ->> ''why''", "actor": "data ->> ''by''"}',
    filter => 'kind = ''Status'' -- only', batch => 1);
CALL revops.adopt_history('noted', 'crm.note', '{"lead": "lead", "stage": "data ->> ''to''", "at": "at"}', filter => 'kind = ''Status''');
SELECT key, at, stage, reason, actor FROM revops.adopted_move ORDER BY key, at;
CALL revops.backfill('noted');
SELECT * FROM moves WHERE b = 9;
SELECT period, stage, entered, advanced, won, recycled, median_hours FROM revops.kpi_stage_conversion('quarter', '2025-02-01', '2025-12-01') ORDER BY period, stage_position;
SELECT count(*) AS left_over FROM revops.adopted_move;
-- too late for leads that are in
CALL revops.adopt_history('noted', 'crm.note', '{"lead": "lead", "stage": "data ->> ''to''", "at": "at"}', filter => 'kind = ''Status''');
SELECT message, sum(occurrences) AS n FROM revops.fault WHERE binding_id = 9 GROUP BY 1 ORDER BY 1;
SELECT * FROM revops.verify();

-- ----- deals of the past, in whatever order the rows lie ------------------------------------------
-- by pencil: ann's first deal (row 12) was opened on 1 March and lost on 10 March, her second (row 11) opened on 5 March and
-- won on 1 April: opportunity on 1 March, customer on 1 April; bob's won deal tells no opening: customer at once, on 3 April;
-- cyd's deal (row 15) was opened on 7 March, and won on 9 March by row 14, opened on 8 March; dan's lead names its stage
CREATE TABLE crm.party (id text PRIMARY KEY, stage text, created timestamptz);
CREATE TABLE crm.sale (id int PRIMARY KEY, party text, state text, opened timestamptz, closed timestamptz);
INSERT INTO crm.party VALUES ('ann', NULL, '2025-02-01 00:00+00'), ('bob', NULL, '2025-02-01 00:00+00'), ('cyd', NULL, '2025-02-01 00:00+00'),
    ('dan', 'sql', '2025-02-01 00:00+00');
INSERT INTO crm.sale VALUES (11, 'ann', 'won', '2025-03-05 00:00+00', '2025-04-01 00:00+00'), (12, 'ann', 'lost', '2025-03-01 00:00+00', '2025-03-10 00:00+00'),
    (13, 'bob', 'won', NULL, '2025-04-03 00:00+00'), (14, 'cyd', 'won', '2025-03-08 00:00+00', '2025-03-09 00:00+00'),
    (15, 'cyd', 'open', '2025-03-07 00:00+00', NULL), (16, 'dan', 'won', '2025-03-07 00:00+00', '2025-03-08 00:00+00');
SELECT revops.attach_lead('parties', 'crm.party', '{"stage": "stage", "created_at": "created"}') AS parties,
       revops.attach_opportunity('sales', 'crm.sale', 'parties', '{"lead": "party", "won": "state = ''won''", "lost": "state = ''lost''",
           "opened_at": "opened", "closed_at": "closed"}') AS sales \g /dev/null
CALL revops.backfill('parties');
CALL revops.backfill('sales');
SELECT key, seq, at, "from", "to", cause, viol FROM moves WHERE b = (SELECT binding_id FROM revops.binding WHERE binding = 'parties') AND seq > 1 ORDER BY key, seq;
SELECT key, status, opened_at, closed_at FROM revops.opportunity WHERE binding_id = (SELECT binding_id FROM revops.binding WHERE binding = 'sales') AND key <> '13' ORDER BY key;
-- once more, and one that is won since: what was told is told once
UPDATE crm.sale SET state = 'won', closed = '2025-05-01 00:00+00' WHERE id = 15;
CALL revops.backfill('sales');
SELECT count(*) AS moves FROM moves WHERE b = (SELECT binding_id FROM revops.binding WHERE binding = 'parties') AND seq > 1;

-- ----- history of leads whose creation nobody has written down: they were there when they first moved ------
CREATE TABLE crm.undated (id int PRIMARY KEY, stage text);
CREATE TABLE crm.undated_log (id int, stage text, at timestamptz);
INSERT INTO crm.undated VALUES (1, 'sql'), (2, NULL);
INSERT INTO crm.undated_log VALUES (1, 'sql', '2025-03-01 00:00+00'), (1, 'lead', '2025-01-01 00:00+00'), (1, 'mql', '2025-02-01 00:00+00');
SELECT revops.attach_lead('undated', 'crm.undated', '{"stage": "stage"}') > 0 AS attached;
CALL revops.adopt_history('undated', 'crm.undated_log', '{"lead": "id", "stage": "stage", "at": "at"}');
CALL revops.backfill('undated');
SELECT key, created_at, stage, stage_since FROM leads WHERE key IN (SELECT id::text FROM crm.undated) AND stage_since <> created_at AND stage = 'sql' AND created_at < '2025-02-01';
SELECT key, seq, at, "from", "to", cause, spent FROM moves WHERE b = (SELECT binding_id FROM revops.binding WHERE binding = 'undated');
SELECT * FROM revops.verify();

DROP OWNED BY backfill_owner CASCADE;
DROP ROLE backfill_owner;
