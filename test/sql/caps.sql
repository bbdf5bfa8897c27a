-- Caps of points: per rule and group, per day, week, month and for ever; groups of fit; what is refused (B2, B3).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-31 10:00+00';
SELECT revops.create_workspace('main', 'Europe/Berlin');
SELECT zone FROM revops.score_model;
CREATE TABLE person (id int PRIMARY KEY, country text, size int, industry text);
CREATE TABLE act (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "company_size": "size", "industry": "industry"}') > 0 AS attached;
SELECT revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;

-- what contradicts itself is refused, with the way out
CREATE PROCEDURE try(statement text) LANGUAGE plpgsql AS $$
DECLARE
    what text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RAISE NOTICE 'done: %', statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS what = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE NOTICE E'% %\n  detail: %\n  hint: %', SQLSTATE, what, detail, hint;
END $$;
SELECT revops.draft_agreement() AS draft \gset
CALL try(format('INSERT INTO revops.score_group VALUES (%s, ''web'', ''intent'', 0, NULL)', :draft));
CALL try(format('INSERT INTO revops.score_group VALUES (%s, ''web'', ''intent'', 20, ''year'')', :draft));
CALL try(format('INSERT INTO revops.score_group VALUES (%s, ''firm'', ''fit'', 20, ''week'')', :draft));
CALL try(format('INSERT INTO revops.score_group VALUES (%s, ''web'', ''intent'', NULL, ''week'')', :draft));
INSERT INTO revops.score_group VALUES (:draft, 'web', 'intent', 12, 'week'), (:draft, 'firm', 'fit', 30, NULL), (:draft, 'loose', 'fit', NULL, NULL);
CALL try(format('UPDATE revops.score_rule SET cap = 0 WHERE agreement_id = %s AND rule = ''webinar''', :draft));
CALL try(format('UPDATE revops.score_rule SET cap_period = ''day'' WHERE agreement_id = %s AND rule = ''webinar''', :draft));
CALL try(format('UPDATE revops.score_rule SET cap = 5, cap_period = ''hour'' WHERE agreement_id = %s AND rule = ''webinar''', :draft));
CALL try(format('UPDATE revops.score_rule SET score_group = ''firm'' WHERE agreement_id = %s AND rule = ''webinar''', :draft));
CALL try(format('UPDATE revops.score_rule SET score_group = ''none'' WHERE agreement_id = %s AND rule = ''webinar''', :draft));
CALL try(format('INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points, cap) VALUES (%s, ''big'', ''fit'', ''company_size > 50'', 20, 10)', :draft));
CALL try(format('INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, score_group) VALUES (%s, ''out'', ''disqualify'', ''company_size = 0'', ''firm'')', :draft));
CALL try(format('UPDATE revops.score_model SET zone = ''Berlin'' WHERE agreement_id = %s', :draft));
UPDATE revops.score_rule SET score_group = 'web', cap = 6, cap_period = 'day' WHERE agreement_id = :draft AND rule = 'page_visit';
CALL try(format('UPDATE revops.score_group SET kind = ''fit'', cap_period = NULL WHERE agreement_id = %s AND score_group = ''web''', :draft));
CALL try(format('DELETE FROM revops.score_group WHERE agreement_id = %s AND score_group = ''web''', :draft));
-- a renamed group takes its rules along
UPDATE revops.score_group SET score_group = 'site' WHERE agreement_id = :draft AND score_group = 'web';
SELECT rule, score_group, cap, cap_period FROM revops.score_rule WHERE agreement_id = :draft AND score_group IS NOT NULL;

-- page_visit is 2, email_click 5, webinar 15, unsubscribe -30; nothing fades
UPDATE revops.score_model SET half_life = '1000 years' WHERE agreement_id = :draft;
UPDATE revops.score_rule SET score_group = 'site' WHERE agreement_id = :draft AND rule = 'email_click';
UPDATE revops.score_rule SET cap = 20 WHERE agreement_id = :draft AND rule = 'webinar';
UPDATE revops.score_rule SET cap = 40, cap_period = 'month' WHERE agreement_id = :draft AND rule = 'unsubscribe';
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points, score_group) VALUES
    (:draft, 'big', 'fit', 'company_size > 50', 20, 'firm'), (:draft, 'software', 'fit', 'industry = ''software''', 25, 'firm'),
    (:draft, 'tiny', 'negative', 'company_size < 5', -45, 'firm'), (:draft, 'home', 'fit', 'country = ''DE''', 40, 'loose');
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CREATE VIEW scores AS SELECT key, fit, intent, touches FROM revops.lead_status;

-- groups of fit: what matches together is kept within -30 and 30; a group without a cap only has a name
INSERT INTO person VALUES (1, 'DE', 100, 'software'), (2, 'DE', 100, NULL), (3, 'DE', 1, NULL), (4, 'DE', 1, 'software'), (5, 'FR', 100, 'software'), (6, NULL, NULL, NULL);
SELECT key, fit FROM scores ORDER BY key;
SELECT rule, score_group, points, matched, capped, value, because FROM revops.explain_score(revops.lead_id('person', '1')) WHERE part IN ('fit', 'negative');
SELECT rule, score_group, points, matched, capped, value, because FROM revops.explain_score(revops.lead_id('person', '3')) WHERE part IN ('fit', 'negative') AND matched;

-- a day's cap of a rule: three page visits count, the next day's count again; the group has 12 a week
CREATE PROCEDURE touch(person int, kind text, VARIADIC moments timestamptz[]) LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
BEGIN
    FOREACH moment IN ARRAY moments LOOP
        INSERT INTO act (person, kind, at) VALUES (person, kind, moment);
        COMMIT;
    END LOOP;
END $$;
CALL touch(1, 'page_visit', '2026-03-17 08:00+00', '2026-03-17 08:01+00', '2026-03-17 08:02+00');
SELECT * FROM scores WHERE key = '1';
CALL touch(1, 'page_visit', '2026-03-17 08:03+00');
SELECT * FROM scores WHERE key = '1';
CALL touch(1, 'page_visit', '2026-03-18 08:00+00', '2026-03-18 08:01+00');
SELECT * FROM scores WHERE key = '1';
-- the touch that crosses the cap of the group counts with what is left: 2 of 5
CALL touch(1, 'email_click', '2026-03-18 09:00+00', '2026-03-18 09:01+00');
SELECT * FROM scores WHERE key = '1';
-- days begin at midnight in Berlin: 23:30 UTC is the next day; and on 2026-03-23 a week begins
CALL touch(1, 'page_visit', '2026-03-22 22:30+00', '2026-03-22 23:30+00');
SELECT * FROM scores WHERE key = '1';
SELECT rule, occurred_at, source_key, points, counted FROM revops.explain_touches(revops.lead_id('person', '1'));
-- told late: it takes from the later ones what they had, the total stays; one late in another week adds
CALL touch(1, 'email_click', '2026-03-16 12:00+00');
SELECT * FROM scores WHERE key = '1';
SELECT rule, occurred_at, points, counted FROM revops.explain_touches(revops.lead_id('person', '1')) WHERE occurred_at < '2026-03-22';
CALL touch(1, 'page_visit', '2026-03-10 12:00+00');
SELECT * FROM scores WHERE key = '1';
-- taken back, or moved to another day: what they had used up is free for others
DELETE FROM act WHERE at = '2026-03-16 12:00+00';
UPDATE act SET at = '2026-03-19 08:00+00' WHERE at = '2026-03-17 08:03+00';
SELECT * FROM scores WHERE key = '1';
SELECT rule, occurred_at, points, counted FROM revops.explain_touches(revops.lead_id('person', '1')) WHERE occurred_at BETWEEN '2026-03-16' AND '2026-03-22';
-- for ever: 20 points of webinars, whenever
CALL touch(2, 'webinar', '2026-01-10 10:00+00', '2026-03-30 10:00+00', '2025-06-01 10:00+00');
SELECT * FROM scores WHERE key = '2';
SELECT occurred_at, points, counted FROM revops.explain_touches(revops.lead_id('person', '2'));
-- what takes points has a cap of its own: 40 a month
CALL touch(2, 'unsubscribe', '2026-03-01 10:00+00', '2026-03-02 10:00+00', '2026-02-01 10:00+00');
SELECT rule, touches, earned, capped, value, because FROM revops.explain_score(revops.lead_id('person', '2')) WHERE part = 'intent' AND (matched OR rule = '(total)');
-- at one moment, rules count in their order; several of one rule share what is left
INSERT INTO act (person, kind, at) SELECT 3, kind, '2026-03-24 10:00+00' FROM unnest('{page_visit,page_visit,email_click,page_visit,page_visit,email_click}'::text[]) kind;
SELECT rule, touches, earned, capped, value FROM revops.explain_score(revops.lead_id('person', '3')) WHERE part = 'intent' AND matched;
SELECT * FROM revops.verify();

-- in a block: shown at once, and settled at the commit
BEGIN;
INSERT INTO act (person, kind, at) VALUES (4, 'webinar', '2026-03-24 10:00+00');
INSERT INTO act (person, kind, at) VALUES (4, 'webinar', '2026-03-23 10:00+00');
SELECT * FROM scores WHERE key = '4';
SAVEPOINT s;
INSERT INTO act (person, kind, at) VALUES (4, 'email_click', '2026-03-23 10:00+00'), (4, 'email_click', '2026-03-24 10:00+00'), (4, 'email_click', '2026-03-25 10:00+00');
SELECT * FROM scores WHERE key = '4';
ROLLBACK TO s;
SELECT * FROM scores WHERE key = '4';
COMMIT;
SELECT * FROM scores WHERE key = '4';

-- never fades, with caps: a day long gone counts as today's does, under the same caps; another zone moves the days
SET pg_revops.now = '2031-04-11 10:00+00';
SELECT * FROM scores WHERE key IN ('1', '2', '3', '4') ORDER BY key;
SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.score_model SET zone = 'America/New_York' WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CALL revops.rescore();
SELECT * FROM scores WHERE key IN ('1', '2', '3', '4') ORDER BY key;
SELECT rule, occurred_at, points, counted FROM revops.explain_touches(revops.lead_id('person', '1')) WHERE occurred_at > '2026-03-19';
-- what others of the group have used of it was limited by caps of their own, which began long before the group's week
SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.score_rule SET score_group = 'site' WHERE agreement_id = :draft AND rule = 'webinar';
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CALL revops.rescore();
CALL touch(5, 'webinar', '2026-02-10 10:00+00', '2026-02-18 10:00+00', '2026-03-24 10:00+00');
CALL touch(5, 'page_visit', '2026-03-24 12:00+00');
SELECT * FROM scores WHERE key = '5';
SELECT rule, occurred_at, points, counted FROM revops.explain_touches(revops.lead_id('person', '5'));
SELECT * FROM revops.verify();
-- without caps again
SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.score_rule SET cap = NULL, cap_period = NULL, score_group = NULL WHERE agreement_id = :draft;
DELETE FROM revops.score_group WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CALL revops.rescore();
SELECT * FROM scores WHERE key IN ('1', '2', '3', '4') ORDER BY key;
SELECT * FROM revops.verify();
SELECT object, message FROM revops.fault;
