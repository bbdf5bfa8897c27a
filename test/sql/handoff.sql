-- C5, D2, B9: what sales says of a lead that it was given, by verbs and by plain UPDATE under the same rules
\set VERBOSITY default
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('acme', 'Europe/Berlin');
INSERT INTO revops.team (team) VALUES ('north');
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team_member VALUES (1, 1, 1), (1, 2, 1);
INSERT INTO revops.route (route, position, team_id) VALUES ('all', 1, 1);

-- a draft says how often sales must have tried, on how many days
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'any', 'fit', 'true', 60);
UPDATE revops.handoff_rule SET attempts = 3, attempts_days = 2, sample_size = 3 WHERE agreement_id = :draft;
UPDATE revops.handoff_rule SET no_response_reason = 'mute' WHERE agreement_id = :draft;
UPDATE revops.handoff_rule SET no_response_reason = 'duplicate' WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft);

CREATE TABLE lead (id int PRIMARY KEY, stage text, why text, owner text, twin int);
SELECT revops.attach_lead('leads', 'lead', roles => '{"stage": "stage", "reason": "why", "owner": "owner", "duplicate_of": "twin"}');
CREATE TABLE strict_lead (id int PRIMARY KEY, stage text, why text, twin text);
SELECT revops.attach_lead('strict', 'strict_lead', roles => '{"stage": "stage", "reason": "why", "duplicate_of": "twin"}', on_violation => 'strict');
CREATE TABLE act (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, lead int, kind text, at timestamptz);
SELECT revops.attach_touch('acts', 'act', 'leads', roles => '{"lead": "lead", "signal": "kind", "occurred_at": "at"}');
CREATE FUNCTION id(int, text DEFAULT 'leads') RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id($2, $1::text) $$;
CREATE VIEW moves AS
    SELECT l.key::int, m.seq, m.from_stage, m.to_stage, m.cause, m.reason, r.rep, m.violated
    FROM revops.stage_change m JOIN revops.lead l USING (lead_id) LEFT JOIN revops.rep r ON r.rep_id = m.rep_id WHERE m.seq > 1 AND l.binding_id = 1;
CREATE VIEW told AS
    SELECT l.key::int, e.event, e.seq FROM revops.event e JOIN revops.lead l USING (lead_id)
    WHERE e.event LIKE 'dispute%' OR e.event = 'duplicate_named' ORDER BY e.at, e.event_id;
INSERT INTO lead (id, stage, owner) SELECT n, 'mql', 'ann' FROM generate_series(1, 12) n;

-- ----- C5: accepted ---------------------------------------------------------
-- by a rep who did not have it: it is that rep's from then on
SELECT revops.accept(id(1), 'bob');
SELECT l.stage, r.rep FROM revops.lead l JOIN revops.rep r USING (rep_id) WHERE lead_id = id(1);
SELECT seq, cause, rep_id, from_rep_id FROM revops.assignment WHERE lead_id = id(1) ORDER BY seq;
-- again by the same: nothing; by another, and by nobody in particular: who has it, and since when
SET pg_revops.now = '2026-03-02 09:30+00';
SELECT revops.accept(id(1), 'bob');
\set VERBOSITY sqlstate
SELECT revops.accept(id(1), 'ann');
\set VERBOSITY default
SELECT revops.accept(id(1), 'ann');
SELECT revops.accept(id(1));
SELECT revops.accept(id(1), 'eve');
-- reassigned since: who accepted it is who accepted it
SELECT revops.assign(id(1), 'ann');
SELECT revops.accept(id(1), 'ann');
SELECT revops.accept(id(1), 'bob');
-- a rep of two teams takes it in the team that has it
INSERT INTO revops.team (team) VALUES ('south');
INSERT INTO revops.team_member VALUES (2, 2, 1);
INSERT INTO lead (id, stage) VALUES (20, 'lead');
UPDATE revops.route SET team_id = 2;
SELECT revops.advance(id(20), 'mql');
INSERT INTO revops.rep (rep) VALUES ('cat');
INSERT INTO revops.team_member SELECT t, 3, 1 FROM generate_series(1, 2) t;
SELECT revops.accept(id(20), 'cat');
SELECT seq, cause, team_id, rep_id FROM revops.assignment WHERE lead_id = id(20) ORDER BY seq;
DELETE FROM revops.team_member WHERE team_id = 2 OR rep_id = 3;
UPDATE revops.route SET team_id = 1;
-- by its owner, without a name
SELECT revops.accept(id(2));
-- not once it was recycled
SELECT revops.recycle(id(3), 'timing', '2026-06-01');
SELECT revops.accept(id(3), 'bob');
SELECT * FROM moves WHERE key < 4 ORDER BY key, seq;

-- ----- C5: no response ------------------------------------------------------
SELECT revops.no_response(id(4));
INSERT INTO act (lead, kind, at) VALUES (4, 'call', '2026-03-02 08:00+00'), (4, 'call', '2026-03-02 09:10+00'), (4, 'page_visit', '2026-03-02 09:20+00');
SET pg_revops.now = '2026-03-02 10:00+00';
-- a call before the handoff is none of these, nor is what the lead does; tomorrow it may be said
SELECT revops.no_response(id(4));
SELECT * FROM revops.attempts_of(id(4));
INSERT INTO act (lead, kind, at) VALUES (4, 'email', '2026-03-02 09:10+00'), (4, 'call', '2026-03-02 09:40+00');
-- often enough, but on one day; the day is the agreement's: 23:30 in UTC is the next day in Berlin
SELECT revops.no_response(id(4));
SELECT revops.recycle(id(4), 'no_response', '2026-06-01');
SELECT revops.reject(id(4), 'no_response');
SELECT revops.advance(id(4), 'disqualified', 'no_response');
SELECT * FROM revops.attempts_of(id(4));
-- the host is under the same rule: record writes down what it disregards, strict refuses
UPDATE lead SET stage = 'nurture', why = 'no_response' WHERE id = 5;
SELECT * FROM moves WHERE key = 5;
INSERT INTO strict_lead VALUES (1, 'mql');
UPDATE strict_lead SET stage = 'nurture', why = 'no_response' WHERE id = 1;
-- a call that is taken back does not count, one within the same transaction does
SET pg_revops.now = '2026-03-02 22:45+00';
BEGIN;
INSERT INTO act (lead, kind, at) VALUES (4, 'call', '2026-03-02 22:40+00');
SELECT * FROM revops.attempts_of(id(4));
UPDATE act SET at = '2026-03-02 22:20+00' WHERE at = '2026-03-02 22:40+00';
ROLLBACK;
BEGIN;
INSERT INTO act (lead, kind, at) VALUES (4, 'call', '2026-03-02 23:05+00');
DELETE FROM act WHERE at = '2026-03-02 23:05+00';
SELECT revops.no_response(id(4));
ROLLBACK;
SET pg_revops.now = '2026-03-02 23:10+00';
INSERT INTO act (lead, kind, at) VALUES (4, 'call', '2026-03-02 23:05+00');
SELECT * FROM revops.attempts_of(id(4));
SELECT revops.no_response(id(4), '2026-03-01');
SELECT revops.no_response(id(4));
SELECT * FROM moves WHERE key = 4;
-- so long the agreement lets it rest, counted in its zone: across the change of clocks
SELECT timer, due_at FROM revops.timer WHERE lead_id = id(4) AND timer = 'recycle_due';
SELECT track, reason, not_before FROM revops.enrolment WHERE lead_id = id(4);
SELECT revops.no_response(id(4));
-- strict lets it through once it is true
SELECT count(revops.record_touch(id(1, 'strict'), 'call', at)) FROM unnest('{2026-03-02 10:30+00,2026-03-02 10:40+00,2026-03-02 23:05+00}'::timestamptz[]) at;
UPDATE strict_lead SET stage = 'nurture', why = 'no_response' WHERE id = 1;
SELECT stage FROM revops.lead WHERE lead_id = id(1, 'strict');
-- G2: done steps count, where they are attempts
SELECT revops.enrol(id(6), 'outreach');
SET pg_revops.now = '2026-03-03 09:00+00';
SELECT revops.run_due() > 0 AS fired;
SELECT revops.done_step(id(6));
SELECT attempts, attempt_days, missing, earliest_on FROM revops.attempts_of(id(6));
-- what the verb finds is what attempts_of() says, whatever was done and taken back
INSERT INTO lead (id, stage) SELECT n, 'mql' FROM generate_series(200, 299) n;
SET pg_revops.now = '2026-03-05 12:00+00';
SELECT setseed(0.5);
INSERT INTO act (lead, kind, at)
    SELECT 200 + floor(random() * 100), (ARRAY['call', 'email', 'page_visit', 'meeting'])[1 + floor(random() * 4)],
           '2026-03-02 20:00+00'::timestamptz + floor(random() * 32) * interval '2 hours' FROM generate_series(1, 500);
DELETE FROM act WHERE lead >= 200 AND random() < 0.15;
UPDATE act SET kind = 'call' WHERE lead >= 200 AND random() < 0.1;
CREATE TABLE tried (id int, missing int, refused boolean);
DO $$
DECLARE n int; refused boolean; foreseen int;
BEGIN
    FOR n IN 200 .. 299 LOOP
        refused := false;
        foreseen := (SELECT missing FROM revops.attempts_of(id(n)));
        BEGIN
            PERFORM revops.no_response(id(n));
        EXCEPTION WHEN SQLSTATE 'RV003' THEN
            refused := true;
        END;
        INSERT INTO tried VALUES (n, foreseen, refused);
    END LOOP;
END $$;
SELECT count(*) FILTER (WHERE refused) > 20 AS some, count(*) FILTER (WHERE NOT refused) > 20 AS others,
       count(*) FILTER (WHERE refused <> (missing > 0)) AS unlike FROM tried;
-- handed over anew: earlier attempts are of another time
SET pg_revops.now = '2026-06-02 09:00+00';
SELECT revops.run_due() > 0 AS fired;
SELECT revops.advance(id(4), 'mql');
SELECT since, attempts, attempt_days, missing FROM revops.attempts_of(id(4));
SELECT revops.no_response(id(4));

-- ----- C5: duplicate --------------------------------------------------------
SELECT revops.duplicate(id(7), id(7));
SELECT revops.duplicate(id(7), 4711);
SELECT revops.reject(id(7), 'duplicate');
SELECT revops.duplicate(id(7), id(8));
SELECT revops.duplicate(id(8), id(7));
SELECT lead_id = id(7) AS of_7, seq, of_lead_id = id(8) AS to_8 FROM revops.duplicate_link;
-- a chain ends at who survives
SELECT revops.duplicate(id(9), id(7));
SELECT key, of_key FROM revops.duplicate ORDER BY key;
SELECT revops.duplicate(id(8), id(10));
SELECT key, of_key, revops.survivor_of(lead_id) = id(10) AS in_the_end FROM revops.duplicate ORDER BY key;
-- the host says it: with the key of a row, which must be there
UPDATE lead SET stage = 'disqualified', why = 'duplicate', twin = 9 WHERE id = 11;
UPDATE lead SET stage = 'disqualified', why = 'duplicate', twin = 77 WHERE id = 12;
SELECT key, of_key FROM revops.duplicate ORDER BY key::int;
SELECT * FROM moves WHERE key BETWEEN 7 AND 12 ORDER BY key, seq;
SELECT object, message FROM revops.fault ORDER BY 1;
INSERT INTO strict_lead VALUES (2, 'mql'), (3, 'mql');
UPDATE strict_lead SET stage = 'disqualified', why = 'duplicate' WHERE id = 2;
UPDATE strict_lead SET stage = 'disqualified', why = 'duplicate', twin = '3' WHERE id = 2;
-- who comes back in is none any more
SELECT revops.advance(id(9), 'lead');
SELECT count(*) FILTER (WHERE lead_id = id(9)) AS of_9, count(*) FROM revops.duplicate;
SELECT revops.survivor_of(id(9)) = id(9) AS itself, revops.survivor_of(-1);
-- another workspace's survivor
SELECT revops.create_workspace('other') AS other \gset
CREATE TABLE other_lead (id int PRIMARY KEY);
SELECT revops.attach_lead('others', 'other_lead', '{}', workspace_id => :other);
INSERT INTO other_lead VALUES (1);
SELECT revops.duplicate(id(2), revops.lead_id('others', '1'));

-- ----- disputes -------------------------------------------------------------
SELECT revops.dispute_rejection(id(2), 'why?');
SELECT revops.reject(id(2), 'no_budget');
SELECT revops.dispute_rejection(id(2), ' ');
SELECT revops.dispute_rejection(id(2), 'why?', 'legal');
SELECT revops.dispute_rejection(id(2), 'she has a budget, see her mail of Monday') AS dispute \gset
SELECT revops.dispute_rejection(id(2), 'once more');
SET pg_revops.now = '2026-06-03 10:00+00';
SELECT dispute_id, key, stage, reason, rep, side, note, open_for, outcome FROM revops.disputes;
SELECT revops.resolve_dispute(4711, 'upheld', 'no');
SELECT revops.resolve_dispute(:dispute, 'postponed', 'no');
SELECT revops.resolve_dispute(:dispute, 'overturned', '');
-- overturned: handed over again, whatever the transitions say, with a new promise
SELECT revops.resolve_dispute(:dispute, 'overturned', 'right, we looked at another Mia');
SELECT revops.resolve_dispute(:dispute, 'upheld', 'no');
SELECT * FROM moves WHERE key = 2 AND seq > 2;
SELECT seq, outcome, started_at FROM revops.sla_clock WHERE lead_id = id(2) ORDER BY seq;
-- upheld: the rejection stands
SELECT revops.reject(id(2), 'competitor');
SELECT revops.dispute_rejection(id(2), 'no competitor', 'sales') AS dispute \gset
SELECT revops.resolve_dispute(:dispute, 'upheld', 'it is');
-- moved on meanwhile: nothing is overturned, and nothing is written
SELECT revops.reject(id(1), 'no_urgency');
SELECT revops.dispute_rejection(id(1), 'there is') AS dispute \gset
SELECT revops.advance(id(1), 'lead');
SELECT revops.resolve_dispute(:dispute, 'overturned', 'well');
SELECT revops.resolve_dispute(:dispute, 'upheld', 'it is marketing''s again');
SELECT dispute_id, key, outcome, resolution FROM revops.disputes ORDER BY 1;
TABLE told;
-- who judges: each for a team that it is of, and nobody overturns in their own case
CREATE ROLE regress_handoff_mary IN ROLE revops_marketing;
CREATE ROLE regress_handoff_sam IN ROLE revops_sales;
GRANT EXECUTE ON FUNCTION id(int, text) TO PUBLIC;
SELECT revops.reject(id(10), 'no_budget');
SET ROLE regress_handoff_mary;
SELECT revops.reject(id(10), 'no_budget');
SELECT revops.dispute_rejection(id(10), 'x', 'sales');
SELECT revops.dispute_rejection(id(10), 'too fast') AS dispute \gset
SELECT revops.resolve_dispute(:dispute, 'overturned', 'so there');
SELECT revops.review_rejection(id(10), 'sales', 'agree');
SELECT revops.review_rejection(id(10), 'marketing', 'disagree', 'too fast');
RESET ROLE;
SET pg_revops.now = '2026-06-04 10:00+00';
SET ROLE regress_handoff_sam;
SELECT revops.resolve_dispute(:dispute, 'overturned', 'agreed');
SELECT revops.review_rejection(id(10), 'sales', 'disagree');
SELECT revops.accept(id(10), 'bob');
RESET ROLE;
SELECT opened_by, resolved_by, outcome FROM revops.disputes WHERE dispute_id = :dispute;
DROP ROLE regress_handoff_mary, regress_handoff_sam;

-- ----- B9: the monthly sample -----------------------------------------------
SET pg_revops.now = '2026-07-10 08:00+00';
INSERT INTO lead (id, stage, owner) SELECT n, 'mql', CASE WHEN n % 2 = 0 THEN 'ann' ELSE 'bob' END FROM generate_series(100, 139) n;
SELECT count(revops.record_touch(id(100), 'call')) FROM generate_series(1, 2);
SET pg_revops.now = '2026-07-12 08:00+00';
SELECT count(revops.reject(id(n), CASE WHEN n < 130 THEN 'no_budget' ELSE 'competitor' END)) FROM generate_series(100, 139) n;
-- as large a share of each pair of reason and rep as of the whole
SELECT reason, rep, alike, count(*) FROM revops.rejected_sample('2026-07-20', 8) GROUP BY 1, 2, 3 ORDER BY 1, 2;
SELECT place, key, handed_over_at, time_to_rejection, grade, reason, rep, dispute, marketing FROM revops.rejected_sample('2026-07-01', seed => 'july');
-- the same arguments give the same leads, a longer sample begins with a shorter one, another seed is another sample
SELECT (SELECT array_agg(lead_id) FROM revops.rejected_sample('2026-07-01', 10)) = (SELECT array_agg(lead_id) FROM revops.rejected_sample('2026-07-31', 10)) AS same,
       (SELECT array_agg(lead_id) FROM revops.rejected_sample('2026-07-01', 20)) @> (SELECT array_agg(lead_id) FROM revops.rejected_sample('2026-07-01', 10)) AS begins,
       (SELECT array_agg(lead_id ORDER BY lead_id) FROM revops.rejected_sample('2026-07-01', 10)) <> (SELECT array_agg(lead_id ORDER BY lead_id) FROM revops.rejected_sample('2026-07-01', 10, 'other')) AS other,
       (SELECT count(*) FROM revops.rejected_sample('2026-07-01', 1000)) AS whole, (SELECT count(*) FROM revops.rejected_sample('2025-07-01')) AS none;
SELECT attempts, attempt_days FROM revops.rejected_sample('2026-07-01', 1000) WHERE key = '100';
SELECT revops.rejected_sample('2026-07-01', 0);
SELECT revops.rejected_sample('2026-07-01', 1, workspace_id => 77);
-- what the review says
SELECT count(revops.review_rejection(lead_id, 'marketing', CASE WHEN place <= 2 THEN 'agree' ELSE 'disagree' END)) FROM revops.rejected_sample('2026-07-01', 4);
SELECT count(revops.review_rejection(lead_id, 'sales', 'agree', 'clear')) FROM revops.rejected_sample('2026-07-01', 3);
SELECT revops.review_rejection(id(100), 'sales', 'perhaps');
SELECT revops.review_rejection(id(6), 'sales', 'agree');
SELECT place, marketing, sales FROM revops.rejected_sample('2026-07-01', 4);
SELECT month, rejected, reviewed, both_agree, only_sales_agrees, only_marketing_agrees, agreed_share, disputed, overturned
FROM revops.rejection_review;

-- J1: all of it is in the lead's timeline
SELECT kind, what, before, after, detail ->> 'note' AS note FROM revops.timeline(id(10)) WHERE kind IN ('stage', 'dispute', 'review');
SELECT kind, what, after FROM revops.timeline(id(7)) WHERE kind IN ('stage', 'duplicate');

-- facts stay as they are, but for what people wrote of a person who is erased
UPDATE revops.dispute SET note = NULL;
DELETE FROM revops.rejection_verdict;
SELECT revops.erase_notes(id(2));
UPDATE revops.duplicate_link SET of_lead_id = 1;
SELECT revops.forget(id(2));
SELECT count(note), count(*) FROM revops.disputes WHERE lead_id = id(2);
SELECT revops.erasing_notes();
-- no rule, no verb
SELECT revops.draft_agreement() AS draft \gset
DELETE FROM revops.handoff_rule WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft);
SELECT revops.no_response(id(6));
SELECT revops.duplicate(id(6), id(8));
SELECT revops.reject(id(6), 'no_response');
SELECT * FROM revops.verify();
