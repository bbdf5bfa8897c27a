-- J2: where a touch came from: source, campaign and content, told by the host's
-- row, by a form or by record_touch(); an edit of them takes the touch back
-- with the origin that it had.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-02 10:00+00';
SET client_min_messages = warning;
SELECT revops.create_workspace('test', 'Europe/Berlin', 'EUR') \g /dev/null
CREATE SCHEMA crm;
CREATE TABLE crm.lead (id int PRIMARY KEY, email text, source text);
CREATE TABLE crm.act (id int PRIMARY KEY, lead_id int, kind text, at timestamptz, channel text, campaign text, page text);
SELECT revops.attach_lead('lead', 'crm.lead', '{"email": "email", "source": "source"}') \g /dev/null
SELECT revops.attach_touch('act', 'crm.act', 'lead',
    '{"lead": "lead_id::text", "signal": "kind", "occurred_at": "at", "source": "lower(channel)", "campaign": "campaign", "content": "page"}') \g /dev/null
SELECT revops.attach_touch('plain', 'crm.act', 'lead', '{"lead": "lead_id::text", "signal": "kind"}', filter => 'kind = ''nothing''') \g /dev/null
INSERT INTO crm.lead VALUES (1, 'a@x.example', 'web'), (2, 'b@x.example', 'fair');
INSERT INTO crm.act VALUES
    (1, 1, 'page_visit', '2026-03-01 10:00+00', 'Paid_Search', 'spring', '/pricing'),
    (2, 1, 'page_visit', '2026-03-01 11:00+00', NULL, '', '/home'),
    (3, 2, 'page_visit', '2026-03-01 12:00+00', 'Mail', 'spring', NULL);
CREATE VIEW now_there AS
SELECT l.key, t.occurred_at, t.source, t.campaign, t.content, sum(t.sign) AS n, count(*) AS facts
FROM revops.touch t JOIN revops.lead l USING (lead_id)
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;
TABLE now_there;
-- nothing told is an empty text, never NULL
SELECT count(*) FROM revops.touch WHERE source IS NULL OR campaign IS NULL OR content IS NULL;

-- an edit of the origin: the old one is taken back as it was, the score stays
SELECT intent FROM revops.lead_status WHERE key = '1';
UPDATE crm.act SET campaign = 'autumn' WHERE id = 1;
UPDATE crm.act SET channel = 'Referral' WHERE id = 1;
-- back to where it was
UPDATE crm.act SET channel = 'Paid_Search' WHERE id = 1;
DELETE FROM crm.act WHERE id = 3;
SELECT * FROM now_there WHERE n > 0 OR facts > 1;
SELECT intent FROM revops.lead_status WHERE key = '1';
-- what changes nothing writes nothing
UPDATE crm.act SET campaign = campaign;
SELECT count(*) FROM revops.touch;

-- behind the triggers' back: reconcile finds an origin that differs
ALTER TABLE crm.act DISABLE TRIGGER USER;
UPDATE crm.act SET page = '/demo' WHERE id = 2;
ALTER TABLE crm.act ENABLE TRIGGER USER;
SELECT difference, key, roles FROM revops.differing_touches((SELECT b FROM revops.binding b WHERE binding = 'act'), NULL) WHERE difference <> 'read';
CALL revops.reconcile('act');
SELECT * FROM now_there WHERE n > 0;

-- what nobody wrote into a table
SELECT revops.record_touch(revops.lead_id('lead', '2'), 'page_visit', source => 'event', campaign => 'fair 2026', content => 'booth');
SELECT revops.record_touch(revops.lead_id('lead', '2'), 'page_visit', '2026-03-02 09:00+00');
SELECT * FROM now_there WHERE key = '2' AND n > 0;
TRUNCATE crm.act;
SELECT * FROM now_there WHERE n > 0;
SELECT * FROM revops.verify();

-- a queued binding tells it, too
UPDATE crm.lead SET source = source;
SELECT revops.detach('act'), revops.detach('plain') \g /dev/null
SELECT revops.attach_touch('queued', 'crm.act', 'lead',
    '{"lead": "lead_id::text", "signal": "kind", "occurred_at": "at", "source": "channel", "campaign": "campaign"}', mode => 'queued') \g /dev/null
INSERT INTO crm.act VALUES (7, 1, 'page_visit', '2026-03-02 08:00+00', 'partner', 'spring', NULL);
CALL revops.settle();
SELECT * FROM now_there WHERE n > 0;

-- a form
CREATE TABLE crm.visitor (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text UNIQUE, source text);
CREATE INDEX ON crm.visitor (lower(btrim(email)));
SELECT revops.attach_lead('visitor', 'crm.visitor', '{"email": "email", "source": "source"}') \g /dev/null
SELECT created, ignored FROM revops.capture('{"email": "v@y.example", "utm_source": "newsletter", "utm_campaign": "may", "utm_content": "button", "utm_term": "crm"}', 'visitor');
SELECT created, ignored FROM revops.capture('{"email": "v@y.example", "source": "webinar", "utm_source": "newsletter"}', 'visitor');
SELECT v.email, v.source AS lead_source, t.source, t.campaign, t.content
FROM revops.touch t JOIN revops.lead l USING (lead_id) JOIN crm.visitor v ON v.id::text = l.key WHERE l.binding_id = (SELECT binding_id FROM revops.binding WHERE binding = 'visitor') ORDER BY t.touch_id;
