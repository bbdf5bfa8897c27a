-- F8: the agreement on a page, from its rows, for whoever may read definitions.
\set SHOW_CONTEXT never
SET datestyle = 'ISO'; SET timezone = 'UTC'; SET intervalstyle = 'iso_8601';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('acme', time_zone => 'Europe/Berlin', currency => 'EUR');
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('office', 'Europe/Berlin');
INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes) SELECT 1, d, '09:00', '17:00' FROM generate_series(1, 5) d;
SELECT revops.draft_agreement(note => E'our ideal\ncustomer') AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:draft, 'mid-size', 'fit', E'company_size\n  BETWEEN 50 AND 500', 40),
    (:draft, E'x\n# no heading of its own', 'negative', 'country = ''XX''', -30),
    (:draft, 'competitor', 'disqualify', 'company = ''Rival''', 0);
INSERT INTO revops.sla_policy (agreement_id, policy, position, target, calendar_id, condition) VALUES
    (:draft, 'demo', 100, '5 minutes', 1, 'source = ''demo''');
UPDATE revops.stage SET longest_stay = '40 hours', stay_calendar_id = 1, stay_to = 'nurture', stay_reason = 'no_response'
WHERE agreement_id = :draft AND stage = 'mql';
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, min_fit) VALUES
    (:draft, 'very fit', 1, 'mql', 'sql', 'score', 90);
-- a draft can be read before it is agreed
SELECT split_part(revops.sla_document(version => 2), E'\n\n## What a qual', 1) AS draft;
SELECT revops.adopt_agreement(:draft);
\pset format unaligned
\pset tuples_only on
SELECT revops.sla_document();
\pset format aligned
\pset tuples_only off
-- a version that says nothing of a thing says so
SELECT revops.draft_agreement() AS next \gset
DELETE FROM revops.sla_policy WHERE agreement_id = :next;
DELETE FROM revops.handoff_rule WHERE agreement_id = :next;
DELETE FROM revops.nurture_track WHERE agreement_id = :next;
SELECT count(*) AS says_nothing FROM regexp_matches(revops.sla_document(1, 3), 'Nothing is agreed', 'g');
-- readers read it
SET ROLE revops_reader;
SELECT length(revops.sla_document()) > 1000 AS read;
RESET ROLE;
-- what is not there is told
SELECT revops.sla_document(1, 9);
SELECT revops.sla_document(9);
SELECT revops.sla_document(NULL);
