-- B: people set a part of a score in place of what the rules say: with a reason, until a date, seen in explain.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');
DO $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    UPDATE revops.score_model SET half_life = '1 day', fit_base = 20, mql_fit = 50, mql_intent = 30 WHERE agreement_id = v;
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
    VALUES (v, 'big', 'fit', 'company_size > 100', 40), (v, 'rival', 'disqualify', 'country = ''XX''', 0);
    PERFORM revops.adopt_agreement(v);
END $$;
CREATE TABLE person (id int PRIMARY KEY, size int, country text);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz NOT NULL DEFAULT revops.engine_now());
SELECT revops.attach_lead('person', 'person', '{"company_size": "size", "country": "country"}') > 0 AS attached;
SELECT revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;
INSERT INTO person VALUES (1, 10, 'DE'), (2, 500, 'DE'), (3, 500, 'XX'), (4, 10, 'DE'), (5, 10, 'DE');
INSERT INTO act VALUES (1, 1, 'demo_request'), (2, 4, 'demo_request');
CREATE VIEW status AS SELECT key, stage, fit, intent, score, grade, disqualified FROM revops.lead_status ORDER BY key;
-- hot_leads() has what lead_status has
CREATE VIEW hot AS SELECT (SELECT array_agg(score ORDER BY score DESC) FROM revops.lead_status)
                          = (SELECT array_agg(score ORDER BY place) FROM revops.hot_leads()) AS same_order,
                          (SELECT count(*) FROM revops.hot_leads() h JOIN revops.lead_status s USING (lead_id, fit, intent, score, grade)) AS same_rows;
-- what explain_score() says sums up to what lead_status shows
CREATE VIEW explained AS
SELECT s.key, x.*
FROM revops.lead_status s CROSS JOIN LATERAL (
    SELECT round(sum(value) FILTER (WHERE part IN ('fit', 'negative') AND rule <> '(total)')) = s.fit AS fit_adds_up,
           revops.whole_points(sum(value) FILTER (WHERE part = 'intent' AND rule <> '(total)')) = s.intent AS intent_adds_up,
           max(value) FILTER (WHERE part = 'score') = s.score AND max(because) FILTER (WHERE part = 'grade') = s.grade AS same,
           string_agg(part || ': ' || because, '; ' ORDER BY part) FILTER (WHERE rule = '(override)') AS because
    FROM revops.explain_score(s.lead_id)) x
ORDER BY 1;
SELECT * FROM status;

-- fit: the lead becomes an MQL at once, as its intent allows it
SELECT revops.override_score(revops.lead_id('person', '1'), 'fit', 90, 'strategic_account', '2026-03-05 10:00+00');
-- intent: it does not fade, and touches do not change it
SELECT revops.override_score(revops.lead_id('person', '2'), 'intent', 25, 'known_contact');
-- a rule disqualifies 3 no longer; nobody disqualifies 5 but a person
SELECT revops.override_score(revops.lead_id('person', '3'), 'disqualified', 0, 'wrong_data', '2026-03-04');
SELECT revops.override_score(revops.lead_id('person', '5'), 'disqualified', 1, 'known_contact', '2026-03-04');
SELECT * FROM status;
SELECT * FROM hot;
SELECT * FROM explained;
SELECT l.key, o.part, o.value, o.reason, o.at, o.until FROM revops.score_override o JOIN revops.lead l USING (lead_id) ORDER BY override_id;
SELECT * FROM revops.verify();

-- kept over touches, changed rows and another version
INSERT INTO act VALUES (3, 2, 'email_click'), (4, 1, 'email_click');
UPDATE person SET size = size + 1;
SET pg_revops.now = '2026-03-03 10:00+00';
DO $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    UPDATE revops.score_model SET fit_base = 30 WHERE agreement_id = v;
    PERFORM revops.adopt_agreement(v);
END $$;
CALL revops.rescore();
SELECT * FROM status;
SELECT * FROM hot;
SELECT * FROM explained;
SELECT * FROM revops.verify();

-- touches of one whose intent is set move nothing; an intent that is set high does
INSERT INTO act SELECT n, 2, 'demo_request' FROM generate_series(10, 12) n;
SELECT * FROM status WHERE key = '2';
SELECT revops.override_score(revops.lead_id('person', '2'), 'intent', 60, 'known_contact', '2026-03-06');
SELECT * FROM status WHERE key = '2';

-- the dates come: what the rules say counts again, once
SET pg_revops.now = '2026-03-04 12:00+00';
SELECT revops.run_due();
SELECT revops.run_due();
SELECT * FROM status;
SET pg_revops.now = '2026-03-07 12:00+00';
SELECT revops.run_due();
SELECT * FROM status;
SELECT * FROM explained;
SELECT * FROM hot;
SELECT l.key, e.event, e.at FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE e.event ~ 'overrid' ORDER BY e.at, e.event, l.key;
SELECT * FROM revops.verify();

-- taken back; one replaces the other, which does not come back
SELECT revops.override_score(revops.lead_id('person', '4'), 'fit', 70, 'strategic_account');
SELECT revops.override_score(revops.lead_id('person', '4'), 'fit', 10, 'wrong_data', '2026-03-08');
SET pg_revops.now = '2026-03-09 12:00+00';
SELECT revops.run_due();
SELECT * FROM status WHERE key = '4';
SELECT revops.override_score(revops.lead_id('person', '4'), 'fit', 70, 'strategic_account');
SET pg_revops.now = '2026-03-10 12:00+00';
SELECT revops.withdraw_override(revops.lead_id('person', '4'), 'fit', 'not_needed');
SELECT * FROM status WHERE key = '4';
SELECT * FROM revops.verify();

-- as of past moments
SELECT at, value, (SELECT because FROM revops.explain_score(revops.lead_id('person', '1'), at) WHERE rule = '(override)')
FROM unnest('{2026-03-02 10:00+00,2026-03-05 09:59+00,2026-03-05 10:00+00}'::timestamptz[]) at
CROSS JOIN LATERAL revops.explain_score(revops.lead_id('person', '1'), at) x WHERE x.part = 'fit' AND x.rule = '(total)';

-- what is refused, and leaves nothing
\set VERBOSITY default
SELECT revops.override_score(1 << 30, 'fit', 1, 'wrong_data');
SELECT revops.override_score(revops.lead_id('person', '4'), 'luck', 1, 'wrong_data');
SELECT revops.override_score(revops.lead_id('person', '4'), 'fit', 101, 'wrong_data');
SELECT revops.override_score(revops.lead_id('person', '4'), 'disqualified', 2, 'wrong_data');
SELECT revops.override_score(revops.lead_id('person', '4'), 'fit', 50, 'because');
SELECT revops.override_score(revops.lead_id('person', '4'), 'fit', 50, NULL);
SELECT revops.override_score(revops.lead_id('person', '4'), 'fit', 50, 'wrong_data', '2026-03-10 12:00+00');
SELECT revops.withdraw_override(revops.lead_id('person', '4'), 'fit', 'not_needed');
SELECT count(*) FROM revops.score_override;
UPDATE revops.score_override SET value = 1;
SELECT * FROM revops.verify();
