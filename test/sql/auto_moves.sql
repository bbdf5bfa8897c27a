-- C1, C2, C5: what an agreement moves by itself: score, grade, criteria, a lost deal, attempts, longest stays, silence that accepts.
SET datestyle = 'ISO'; SET timezone = 'UTC'; SET intervalstyle = 'postgres';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('w');
INSERT INTO revops.rep (rep) VALUES ('ann');
INSERT INTO revops.team (team) VALUES ('all');
INSERT INTO revops.team_member (team_id, rep_id) VALUES (1, 1);
INSERT INTO revops.route (route, position, team_id) VALUES ('everything', 1, 1);

-- ----- what cannot be said ------------------------------------------------------
SELECT revops.draft_agreement() AS draft \gset
-- nothing is shipped
SELECT count(*) AS shipped FROM revops.auto_move;
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause) VALUES (:draft, 'x', 1, 'mql', 'sql', 'mood');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause) VALUES (:draft, 'x', 1, 'mql', 'mql', 'score');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause) VALUES (:draft, 'x', 1, 'mql', 'sql', 'score');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause) VALUES (:draft, 'x', 1, 'mql', 'sql', 'grade');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause) VALUES (:draft, 'x', 1, 'mql', 'sql', 'criteria');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause) VALUES (:draft, 'x', 1, 'mql', 'sql', 'attempts');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, attempts) VALUES (:draft, 'x', 1, 'mql', 'sql', 'lost', 3);
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, min_fit) VALUES (:draft, 'x', 1, 'mql', 'sql', 'score', 101);
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, min_grade) VALUES (:draft, 'x', 1, 'mql', 'sql', 'grade', 'E5');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, min_fit) VALUES (:draft, 'x', 1, 'mql', 'moon', 'score', 10);
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, min_fit) VALUES (:draft, 'x', 1, 'mql', 'customer', 'score', 10);
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, attempts) VALUES (:draft, 'x', 1, 'sql', 'nurture', 'attempts', 3);
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, attempts, reason) VALUES (:draft, 'x', 1, 'sql', 'nurture', 'attempts', 3, 'mood');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, condition) VALUES (:draft, 'x', 1, 'mql', 'sql', 'criteria', 'company_sise > 5');
-- circles by the same facts: with each other, and with the floors of an MQL
INSERT INTO revops.transition (agreement_id, from_stage, to_stage) VALUES (:draft, 'sql', 'mql'), (:draft, 'mql', 'lead');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, min_fit) VALUES (:draft, 'up', 1, 'mql', 'sql', 'score', 90);
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, min_grade) VALUES (:draft, 'down', 2, 'sql', 'mql', 'grade', 'C3');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, min_intent) VALUES (:draft, 'back', 2, 'mql', 'lead', 'score', 10);
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, min_fit) VALUES (:draft, 'again', 2, 'mql', 'sql', 'score', 90);
-- what waits for attempts begins anew in each stage: no circle
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, attempts) VALUES (:draft, 'tried', 2, 'sql', 'mql', 'attempts', 50);
-- longest stays
UPDATE revops.stage SET longest_stay = '-1 day' WHERE agreement_id = :draft AND stage = 'lead';
UPDATE revops.stage SET longest_stay = '1 month' WHERE agreement_id = :draft AND stage = 'lead';
UPDATE revops.stage SET stay_to = 'nurture' WHERE agreement_id = :draft AND stage = 'lead';
UPDATE revops.stage SET longest_stay = '30 days', stay_to = 'lead' WHERE agreement_id = :draft AND stage = 'lead';
UPDATE revops.stage SET longest_stay = '30 days', stay_reason = 'timing' WHERE agreement_id = :draft AND stage = 'lead';
UPDATE revops.stage SET longest_stay = '30 days', stay_to = 'moon' WHERE agreement_id = :draft AND stage = 'lead';
-- a stage that is renamed keeps its name there
UPDATE revops.stage SET longest_stay = '30 days', stay_to = 'nurture', stay_reason = 'timing' WHERE agreement_id = :draft AND stage = 'lead';
UPDATE revops.stage SET stage = 'garden' WHERE agreement_id = :draft AND stage = 'nurture';
SELECT stay_to FROM revops.stage WHERE agreement_id = :draft AND stage = 'lead';
UPDATE revops.stage SET stage = 'nurture' WHERE agreement_id = :draft AND stage = 'garden';
UPDATE revops.stage SET longest_stay = NULL, stay_to = NULL, stay_reason = NULL WHERE agreement_id = :draft AND stage = 'lead';
-- what only the whole version can tell
UPDATE revops.stage SET longest_stay = '30 days', stay_to = 'nurture' WHERE agreement_id = :draft AND stage = 'lead';
UPDATE revops.stage SET longest_stay = '30 days', stay_to = 'customer' WHERE agreement_id = :draft AND stage = 'mql';
SELECT * FROM revops.agreement_problems(:draft);
SELECT revops.adopt_agreement(:draft);
DELETE FROM revops.agreement WHERE agreement_id = :draft;

-- ----- every cause ------------------------------------------------------------
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:draft, 'mid-size', 'fit', 'company_size > 100', 60), (:draft, 'large', 'fit', 'company_size > 1000', 30);
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, condition, min_grade, min_score, attempts, reason) VALUES
    (:draft, 'german mid-size', 1, 'mql', 'sql', 'criteria', 'country = ''DE'' AND company_size > 500', NULL, NULL, NULL, NULL),
    (:draft, 'best grade', 2, 'mql', 'sql', 'grade', NULL, 'A1', NULL, NULL, NULL),
    (:draft, 'hot', 3, 'subscriber', 'lead', 'score', NULL, NULL, 40, NULL, NULL),
    (:draft, 'lost deal', 4, 'opportunity', 'nurture', 'lost', NULL, NULL, NULL, NULL, 'timing'),
    (:draft, 'no answer', 5, 'sql', 'nurture', 'attempts', NULL, NULL, NULL, 3, 'no_response');
UPDATE revops.stage SET longest_stay = '30 days', stay_to = 'nurture', stay_reason = 'no_urgency' WHERE agreement_id = :draft AND stage = 'lead';
UPDATE revops.stage SET longest_stay = '10 days' WHERE agreement_id = :draft AND stage = 'sql';
UPDATE revops.handoff_rule SET silence_accepts = true, accept_within = '2 days' WHERE agreement_id = :draft;
SELECT part, name, change, what, in_b FROM revops.diff_agreement(1, :draft) WHERE part IN ('auto_move', 'stage');
SELECT revops.adopt_agreement(:draft);
-- in force: it stays
UPDATE revops.auto_move SET attempts = 9 WHERE agreement_id = :draft AND attempts = 3;

CREATE TABLE lead (id int PRIMARY KEY, country text, size int, stage text);
CREATE TABLE deal (id int PRIMARY KEY, lead_id int, won bool, lost bool);
SELECT revops.attach_lead('leads', 'lead', roles => '{"country": "country", "company_size": "size", "stage": "stage"}');
SELECT revops.attach_opportunity('deals', 'deal', lead_binding => 'leads', roles => '{"lead": "lead_id", "won": "won", "lost": "lost"}');
CREATE VIEW moves AS
    SELECT l.key, string_agg(s.to_stage || ' by ' || s.cause || coalesce(' (' || s.reason || ')', ''), ', ' ORDER BY s.seq) AS moves
    FROM revops.lead l JOIN revops.stage_change s USING (lead_id) GROUP BY l.key, l.lead_id ORDER BY l.lead_id;
CREATE VIEW timers AS
    SELECT l.key, t.timer, t.due_at FROM revops.timer t JOIN revops.lead l USING (lead_id)
    WHERE t.timer IN ('stay_over', 'silent_accept') AND t.seq = l.moves ORDER BY l.lead_id, t.timer;
INSERT INTO lead VALUES (1, 'DE', 600, NULL), (2, 'FR', 2000, NULL), (3, 'FR', 200, NULL), (4, 'FR', 200, 'subscriber'), (5, 'FR', 50, NULL), (16, 'FR', 50, 'subscriber');
-- by criteria at once; 2 is an MQL
SELECT count(revops.record_touch(revops.lead_id('leads', k), 'demo_request')) FROM unnest('{1,2,3,4,5}'::text[]) AS k;
SELECT * FROM moves;
SELECT * FROM timers;
-- by score: a subscriber who is no MQL for want of fit
SELECT count(revops.record_touch(revops.lead_id('leads', '16'), 'demo_request')) FROM generate_series(1, 2);
SELECT * FROM moves WHERE key = '16';
DELETE FROM lead WHERE id = 16;
-- by grade, as touches come
SELECT count(revops.record_touch(revops.lead_id('leads', '2'), 'trial_start')) FROM generate_series(1, 1);
SELECT * FROM moves WHERE key = '2';
-- criteria are asked again when the row changes
UPDATE lead SET country = 'DE', size = 600 WHERE id = 3;
SELECT * FROM moves WHERE key = '3';
-- by attempts: outbound touches since it entered, what came in does not count
SELECT count(revops.record_touch(revops.lead_id('leads', '1'), s)) FROM unnest('{call,page_visit,email,email_click}'::text[]) AS s;
SELECT * FROM moves WHERE key = '1';
SELECT count(revops.record_touch(revops.lead_id('leads', '1'), 'call'));
SELECT * FROM moves WHERE key = '1';
-- by a lost deal, once there is no other
INSERT INTO deal VALUES (1, 2, false, false), (2, 2, false, false);
UPDATE deal SET lost = true WHERE id = 1;
SELECT * FROM moves WHERE key = '2';
UPDATE deal SET lost = true WHERE id = 2;
SELECT * FROM moves WHERE key = '2';
-- opened and lost in one statement: both
INSERT INTO deal VALUES (3, 3, false, true);
SELECT * FROM moves WHERE key = '3';
SELECT * FROM revops.verify();

-- ----- silence is acceptance ------------------------------------------------------
INSERT INTO lead VALUES (6, 'FR', 200, NULL), (7, 'FR', 200, NULL);
SELECT count(revops.record_touch(revops.lead_id('leads', k), 'demo_request')) FROM unnest('{6,7}'::text[]) AS k;
SELECT * FROM timers WHERE key IN ('6', '7');
SET pg_revops.now = '2026-03-04 08:59+00';
SELECT revops.run_due() > 0 AS done;
SELECT revops.reject(revops.lead_id('leads', '7'), 'no_budget');
SELECT * FROM moves WHERE key IN ('6', '7');
SET pg_revops.now = '2026-03-04 09:00+00';
SELECT count(revops.run_due()) FROM generate_series(1, 2);
SELECT * FROM moves WHERE key IN ('6', '7');
-- nobody accepted it, and the numbers tell; it is too late to do so
SELECT revops.accept(revops.lead_id('leads', '6'));
SELECT handed_over, accepted, accepted_by_silence, rejected FROM revops.kpi_acceptance('month');
SELECT outcome, by_silence FROM revops.handoff WHERE lead_id = revops.lead_id('leads', '6');

-- ----- longest stays -------------------------------------------------------------
SELECT * FROM timers;
SET pg_revops.now = '2026-03-14 09:00+00';
SELECT revops.run_due() > 0 AS done;
-- sql has no stay_to: an event alone, once
SELECT revops.run_due();
SELECT l.key, e.event, e.at FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE e.event = 'stay_over' ORDER BY l.lead_id;
SELECT * FROM moves WHERE key = '6';
SET pg_revops.now = '2026-04-01 09:00+00';
SELECT revops.run_due() > 0 AS done;
SELECT * FROM moves WHERE key = '5';
SELECT * FROM revops.verify();

-- ----- another version: timers of leads whose stay has changed are set anew -----------
INSERT INTO lead VALUES (8, 'FR', 50, NULL), (9, 'FR', 50, NULL);
SELECT * FROM timers WHERE key IN ('8', '9');
SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.stage SET longest_stay = '5 days' WHERE agreement_id = :draft AND stage = 'lead';
SELECT revops.adopt_agreement(:draft);
CALL revops.rescore();
SELECT * FROM timers WHERE key IN ('8', '9');
-- a row that is deleted stays where it is; one that is back is there for as long as it was
DELETE FROM lead WHERE id = 9;
SET pg_revops.now = '2026-04-06 09:00+00';
SELECT revops.run_due() > 0 AS done;
SELECT * FROM moves WHERE key IN ('8', '9');
INSERT INTO lead VALUES (9, 'FR', 50, NULL);
SELECT revops.run_due() > 0 AS done;
SELECT * FROM moves WHERE key IN ('8', '9');

-- ----- the guard holds what moves by itself -----------------------------------------
SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.stage SET needs = '{country}' WHERE agreement_id = :draft AND stage IN ('sql', 'nurture');
SELECT revops.adopt_agreement(:draft);
INSERT INTO lead VALUES (10, NULL, 2000, NULL), (11, NULL, 200, NULL), (12, NULL, 50, NULL);
SELECT count(revops.record_touch(revops.lead_id('leads', k), 'demo_request')) FROM unnest('{10,10,11}'::text[]) AS k;
SELECT h.key, h.stage, h.waits_for, h.cause FROM revops.held_back h ORDER BY h.key;
SET pg_revops.now = '2026-04-20 09:00+00';
SELECT revops.run_due() > 0 AS done;
SELECT h.key, h.stage, h.waits_for, h.cause FROM revops.held_back h ORDER BY h.key;
UPDATE lead SET country = 'FR' WHERE id > 9;
SELECT * FROM moves WHERE key IN ('10', '11', '12');

-- ----- strict hosts and people have the last word; then comes what follows by itself ----
UPDATE revops.binding SET on_violation = 'strict' WHERE binding = 'leads';
INSERT INTO lead VALUES (13, 'FR', 200, NULL);
UPDATE lead SET stage = 'customer' WHERE id = 13;
UPDATE lead SET stage = 'mql', country = 'DE', size = 900 WHERE id = 13;
SELECT * FROM moves WHERE key = '13';
UPDATE revops.binding SET on_violation = 'record' WHERE binding = 'leads';
UPDATE lead SET stage = 'customer' WHERE id = 13;
SELECT * FROM moves WHERE key = '13';

-- ----- a chain that comes back by different facts stops, and says so -------------------
SELECT revops.draft_agreement() AS draft \gset
DELETE FROM revops.auto_move WHERE agreement_id = :draft;
INSERT INTO revops.transition (agreement_id, from_stage, to_stage) VALUES (:draft, 'sql', 'mql');
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, condition) VALUES
    (:draft, 'there', 1, 'mql', 'sql', 'criteria', 'company_size > 100'), (:draft, 'back', 2, 'sql', 'mql', 'criteria', 'country = ''IT''');
SELECT revops.adopt_agreement(:draft);
INSERT INTO lead VALUES (14, 'IT', 200, NULL);
SELECT count(revops.record_touch(revops.lead_id('leads', '14'), 'demo_request'));
SELECT * FROM moves WHERE key = '14';
SELECT event, count(*) FROM revops.event WHERE lead_id = revops.lead_id('leads', '14') AND event = 'moves_stopped' GROUP BY 1;
SELECT object, sqlstate, message, detail FROM revops.fault ORDER BY 1, 3;
SELECT * FROM revops.verify();

-- ----- a condition that raises moves nobody -------------------------------------------
SELECT revops.draft_agreement() AS draft \gset
DELETE FROM revops.auto_move WHERE agreement_id = :draft;
INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, condition) VALUES
    (:draft, 'broken', 1, 'mql', 'sql', 'criteria', '1 / (company_size - 200) > 0');
SELECT revops.adopt_agreement(:draft);
INSERT INTO lead VALUES (15, 'FR', 200, NULL);
SELECT count(revops.record_touch(revops.lead_id('leads', '15'), 'demo_request'));
SELECT * FROM moves WHERE key = '15';
SELECT object, message FROM revops.fault WHERE object LIKE '%broken%';
-- what happened is replayed as it was
SELECT count(*) AS change_sides FROM revops.simulate_leads(:draft, '2026-01-01', '2026-05-01');
DROP TABLE lead, deal CASCADE;
