-- E7: leads that are one person are merged, and taken apart again; facts are never rewritten.
SET datestyle = 'ISO'; SET timezone = 'UTC';
SET pg_revops.now = '2026-03-02 08:00+00';
SET client_min_messages = warning;
SELECT revops.create_workspace('w');
CREATE SCHEMA crm;
CREATE TABLE crm.lead (id int PRIMARY KEY, email text, created timestamptz);
CREATE TABLE crm.act (id int PRIMARY KEY, lead int, kind text, at timestamptz);
INSERT INTO revops.signal (signal) VALUES ('visit');
SELECT revops.draft_agreement() AS draft \gset
DELETE FROM revops.score_rule WHERE agreement_id = :draft;
INSERT INTO revops.score_rule (agreement_id, rule, kind, signal, points, cap, cap_period) VALUES (:draft, 'visit', 'intent', 'visit', 4, 10, 'day');
INSERT INTO revops.score_rule (agreement_id, rule, kind, signal, points) VALUES (:draft, 'mail', 'intent', 'email_reply', 12);
UPDATE revops.score_model SET mql_fit = 0, mql_intent = 100, mql_score = 100 WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
SELECT revops.attach_lead('leads', 'crm.lead', '{"created_at": "created", "email": "email"}') AS leads;
SELECT revops.attach_touch('acts', 'crm.act', 'leads', '{"lead": "lead", "signal": "kind", "occurred_at": "at"}') AS acts;
INSERT INTO crm.lead SELECT n, 'p' || n || '@x.example', '2026-02-01' FROM generate_series(1, 4) n;
INSERT INTO crm.act SELECT n, 1 + n % 2, 'visit', '2026-03-01 10:00+00'::timestamptz + n * interval '1 minute' FROM generate_series(1, 4) n;
INSERT INTO crm.act VALUES (10, 2, 'email_reply', '2026-02-20'), (11, 1, 'email_reply', '2026-02-21');
CREATE FUNCTION crm.id(n int) RETURNS bigint LANGUAGE sql STABLE RETURN revops.lead_id('leads', n::text);
CREATE VIEW crm.sums AS SELECT l.key, s.touches, round(s.intent) AS intent, s.last_touch_at, s.stage FROM revops.lead l JOIN revops.lead_status s USING (lead_id) ORDER BY l.key;
SELECT * FROM crm.sums;
SET pg_revops.now = '2026-03-02 09:00+00';
-- four visits of one day are capped at 10 together, where two and two were not
SELECT revops.merge_leads(crm.id(1), crm.id(2), 'duplicate') AS merge;
SELECT * FROM crm.sums;
SELECT * FROM revops.verify();
SELECT l.key, revops.merged_into(l.lead_id) = crm.id(1) AS into_first FROM revops.lead l WHERE l.key IN ('1', '2', '3') ORDER BY 1;
SELECT kind, what, after FROM revops.timeline(crm.id(1)) WHERE kind ~ 'touch|merge';
SELECT kind, what, after FROM revops.timeline(crm.id(2)) WHERE kind ~ 'touch|merge';
-- the score of a moment before is what it was
SELECT count(*) AS touches FROM revops.explain_touches(crm.id(2), '2026-03-02 08:30+00');
SELECT count(*) AS touches FROM revops.explain_touches(crm.id(2), '2026-03-02 09:00+00');

-- what the host tells of the duplicate later, or takes back, follows
SET pg_revops.now = '2026-03-02 10:00+00';
INSERT INTO crm.act VALUES (20, 2, 'email_reply', '2026-03-02 09:30+00');
DELETE FROM crm.act WHERE id = 10;
SELECT * FROM crm.sums WHERE key < '3';
SELECT revops.follow_merges() AS moved;
SELECT revops.follow_merges() AS moved;
-- run_due() follows, too
INSERT INTO crm.act VALUES (21, 2, 'email_reply', '2026-03-02 09:40+00');
SELECT revops.run_due() >= 0 AS ran;
SELECT revops.follow_merges() AS left_to_move;
SELECT * FROM crm.sums WHERE key < '3';
SELECT * FROM revops.verify();

-- what cannot be merged
SELECT revops.merge_leads(crm.id(1), crm.id(2), 'duplicate');
SELECT revops.merge_leads(crm.id(3), crm.id(2), 'duplicate');
SELECT revops.merge_leads(crm.id(2), crm.id(1), 'duplicate');
SELECT revops.merge_leads(crm.id(2), crm.id(3), 'duplicate');
SELECT revops.merge_leads(crm.id(1), crm.id(1), 'duplicate');
SELECT revops.merge_leads(crm.id(1), NULL, 'duplicate');
SELECT revops.merge_leads(crm.id(1), crm.id(3), 'whim');
SELECT revops.merge_leads(crm.id(1), 0, 'duplicate');
SELECT revops.unmerge_leads(crm.id(3), 'duplicate');
SELECT revops.unmerge_leads(crm.id(2), 'whim');
SELECT revops.unmerge_leads(0, 'duplicate');
UPDATE revops.lead_merge SET survivor_id = 0;
DELETE FROM revops.merged_touch;

-- a chain: taken apart from its end on
SELECT revops.merge_leads(crm.id(3), crm.id(1), 'duplicate') > 0 AS merged;
SELECT * FROM crm.sums;
SELECT revops.merged_into(crm.id(2)) = crm.id(3) AS into_third;
SELECT revops.merge_leads(crm.id(2), crm.id(3), 'duplicate');
SELECT revops.unmerge_leads(crm.id(2), 'duplicate');
SELECT revops.unmerge_leads(crm.id(1), 'duplicate') = crm.id(3) AS from_third;
SELECT revops.unmerge_leads(crm.id(2), 'duplicate') = crm.id(1) AS from_first;
SELECT * FROM crm.sums;
SELECT * FROM revops.verify();
SELECT revops.unmerge_leads(crm.id(2), 'duplicate');
SELECT count(*) AS merged FROM revops.merged_lead;
SELECT kind, what, after FROM revops.timeline(crm.id(2)) WHERE kind ~ 'touch|merge';

-- merged and taken out of the hands of sales
SELECT revops.advance(crm.id(4), 'mql');
SELECT revops.merge_leads(crm.id(3), crm.id(4), 'duplicate', take_out => true) > 0 AS merged;
SELECT stage FROM revops.lead WHERE lead_id = crm.id(4);

-- property: any leads, any touches; merged and taken apart, nothing is left of it
INSERT INTO crm.lead SELECT n, 'q' || n || '@x.example', '2026-02-01' FROM generate_series(100, 139) n;
SELECT setseed(0.42);
INSERT INTO crm.act SELECT 1000 + n, 100 + floor(random() * 40)::int, (ARRAY['visit', 'email_reply'])[1 + floor(random() * 2)::int],
    '2026-02-25 00:00+00'::timestamptz + floor(random() * 6) * interval '1 day' + floor(random() * 3) * interval '1 hour' FROM generate_series(1, 400) n;
DELETE FROM crm.act WHERE id > 1000 AND random() < 0.1;
SELECT count(revops.recount_lead(lead_id)) AS leads FROM revops.lead WHERE key::int >= 100;
CREATE TEMP TABLE was AS SELECT l.lead_id, l.key::int AS n, l.touches, l.last_touch_at, l.stage, l.team_id, l.rep_id, l.moves, l.assignments, l.clocks, l.fit, round(nullif(l.intent_pos, '-Infinity')::numeric, 6) AS pos, l.intent_neg::text AS neg
FROM revops.lead l WHERE l.key::int >= 100;
SELECT count(revops.merge_leads(crm.id(n), crm.id(n + 1), 'duplicate')) AS merged FROM generate_series(100, 138, 2) n;
SELECT count(revops.merge_leads(crm.id(n), crm.id(n + 2), 'duplicate')) AS merged FROM generate_series(100, 136, 4) n;
SELECT count(*) AS wrong FROM revops.verify();
SELECT count(*) AS same FROM was w JOIN revops.lead l USING (lead_id) WHERE l.touches = w.touches;
SELECT count(revops.unmerge_leads(crm.id(n + 2), 'duplicate')) AS apart FROM generate_series(100, 136, 4) n;
SELECT count(revops.unmerge_leads(crm.id(n + 1), 'duplicate')) AS apart FROM generate_series(100, 138, 2) n;
SELECT count(*) AS wrong FROM revops.verify();
SELECT * FROM was EXCEPT
SELECT l.lead_id, l.key::int, l.touches, l.last_touch_at, l.stage, l.team_id, l.rep_id, l.moves, l.assignments, l.clocks, l.fit, round(nullif(l.intent_pos, '-Infinity')::numeric, 6), l.intent_neg::text FROM revops.lead l;
