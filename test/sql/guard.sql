-- C1, C2, C3, C6, C7: one guard for every move, whoever asks for it
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET pg_revops.now = '2026-03-02 09:00+00';
\set VERBOSITY default
SELECT revops.create_workspace('w');

-- a draft says what stages and transitions ask for; what makes no sense is refused when it is written
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'any', 'fit', 'true', 60);
UPDATE revops.stage SET needs = '{country,shoe_size}' WHERE agreement_id = :draft AND stage = 'mql';
UPDATE revops.stage SET needs = '{country}' WHERE agreement_id = :draft AND stage = 'lead';
UPDATE revops.stage SET condition = 'companysize > 10' WHERE agreement_id = :draft AND stage = 'sql';
UPDATE revops.transition SET reasons = '{timing,boredom}' WHERE agreement_id = :draft AND from_stage = 'sql' AND to_stage = 'nurture';
UPDATE revops.transition SET needs_answers = '{budget}' WHERE agreement_id = :draft AND from_stage = 'mql' AND to_stage = 'sql';
INSERT INTO revops.question (agreement_id, question, label, kind, options, position) VALUES
    (:draft, 'when', 'By when?', 'choice', '{}', 1);
UPDATE revops.stage SET needs = '{country,phone}' WHERE agreement_id = :draft AND stage = 'mql';
UPDATE revops.stage SET condition = 'company_size > 10' WHERE agreement_id = :draft AND stage = 'sql';
UPDATE revops.transition SET reasons = '{timing}' WHERE agreement_id = :draft AND from_stage = 'sql' AND to_stage = 'nurture';
INSERT INTO revops.question (agreement_id, question, label, kind, options, position) VALUES
    (:draft, 'budget', 'How much is there?', 'number', '{}', 1),
    (:draft, 'when', 'By when?', 'choice', '{this quarter,this year}', 2),
    (:draft, 'need', 'What hurts?', 'text', '{}', 3);
UPDATE revops.transition SET needs_answers = '{budget,when}' WHERE agreement_id = :draft AND from_stage = 'mql' AND to_stage = 'sql';
DELETE FROM revops.question WHERE agreement_id = :draft AND question = 'budget';
SELECT object, problem FROM revops.agreement_problems(:draft);
SELECT revops.adopt_agreement(:draft);

-- it belongs to the version: frozen, copied, compared
UPDATE revops.question SET label = 'x' WHERE agreement_id = :draft AND question = 'need';
SELECT revops.draft_agreement() AS next \gset
SELECT * FROM revops.diff_agreement(:draft, :next);
UPDATE revops.stage SET needs = '{country}' WHERE agreement_id = :next AND stage = 'mql';
SELECT part, name, change, what, in_a, in_b FROM revops.diff_agreement(:draft, :next);
DELETE FROM revops.agreement WHERE agreement_id = :next;

CREATE TABLE lead (id int PRIMARY KEY, email text, phone text, country text, employees int, stage text, why text);
SELECT revops.attach_lead('leads', 'lead', roles => '{"email": "email", "phone": "phone", "country": "country",
    "company_size": "employees", "stage": "stage", "reason": "why"}');
CREATE FUNCTION id(int) RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id('leads', $1::text) $$;
CREATE VIEW moves AS
    SELECT l.key, m.seq, m.from_stage, m.to_stage, m.cause, m.reason, m.violated
    FROM revops.stage_change m JOIN revops.lead l USING (lead_id) WHERE m.seq > 1;
CREATE VIEW held AS
    SELECT key, stage, waits_for, cause, empty_roles, unanswered, criteria, since FROM revops.held_back ORDER BY key;
CREATE VIEW told AS
    SELECT l.key, e.event, e.seq FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE e.event = 'lead_held' ORDER BY 1, 3;

-- C7: what is missing holds a lead back, in a queue, and once as an event
INSERT INTO lead VALUES (1, 'a@x.example', NULL, '  ', 100), (2, 'b@x.example', '1', 'DE', 5);
SELECT revops.record_touch(id(n), 'demo_request') FROM generate_series(1, 2) n;
SELECT key, stage FROM revops.lead ORDER BY key;
TABLE held;
SELECT revops.record_touch(id(1), 'page_visit');
UPDATE lead SET employees = 101 WHERE id = 1;
TABLE told;
SELECT * FROM revops.verify();
-- a part of it comes
SET pg_revops.now = '2026-03-02 10:00+00';
UPDATE lead SET country = 'AT' WHERE id = 1;
TABLE held;
TABLE told;
-- and the rest: it moves at once
UPDATE lead SET phone = '2' WHERE id = 1;
TABLE held;
SELECT * FROM moves ORDER BY key, seq;

-- C6: answers are facts; a transition needs them
SELECT revops.accept(id(1));
SELECT revops.answer_question(id(1), 'budget', 'a lot');
SELECT revops.answer_question(id(1), 'when', 'never');
SELECT revops.answer_question(id(1), 'colour', 'red');
SELECT revops.answer_question(-1, 'budget', '1');
SELECT revops.answer_question(id(1), 'budget', '2e4');
SELECT revops.answer_question(id(1), 'when', 'this year');
SELECT revops.answer_question(id(1), 'when', NULL);
SELECT revops.accept(id(1));
SELECT revops.answer_question(id(1), 'when', 'this quarter');
SELECT revops.answer_question(id(1), 'need', ' everything, she said ');
SELECT revops.accept(id(1));
SELECT question, label, answer, at, actor = current_user AS mine FROM revops.lead_answers WHERE lead_id = id(1) ORDER BY position;
-- lead 2 is answered for, but its company is too small
SELECT revops.answer_question(id(2), 'budget', '1'), revops.answer_question(id(2), 'when', 'this year');
SELECT revops.accept(id(2));

-- C3: reasons, and which of them a transition takes
SELECT revops.recycle(id(1), 'no_budget', '2026-04-01');
SELECT revops.recycle(id(1), 'timing', '2026-04-01');
SELECT revops.advance(id(2), 'lead', 'timing');
SELECT revops.advance(id(2), 'nurture');

-- C2: a plain UPDATE is under the same rules; record lets it through and writes down what it disregards
INSERT INTO lead (id, stage) VALUES (3, 'lead'), (4, 'mql'), (5, 'lead'), (6, 'lead'), (7, 'lead');
SELECT key, m.to_stage, m.violation, m.violated FROM revops.stage_change m JOIN revops.lead USING (lead_id)
WHERE key = '4' ORDER BY seq;
UPDATE lead SET stage = 'sql' WHERE id = 3;
UPDATE lead SET stage = 'mql' WHERE id = 5;
UPDATE lead SET stage = 'disqualified' WHERE id = 6;
UPDATE lead SET stage = 'disqualified', why = 'competitor' WHERE id = 7;
UPDATE lead SET stage = 'lead' WHERE id = 3;
UPDATE lead SET stage = 'nurture', why = 'no_such_reason' WHERE id = 5;
SELECT * FROM moves WHERE key::int > 2 ORDER BY key, seq;
SELECT object, message FROM revops.fault ORDER BY 1, 2;
-- several moves in one transaction, none is lost
BEGIN;
UPDATE lead SET stage = 'mql', phone = '1', country = 'FR', employees = 50 WHERE id = 6;
UPDATE lead SET stage = 'nurture', why = 'timing' WHERE id = 6;
UPDATE lead SET stage = 'lead', why = NULL WHERE id = 6;
COMMIT;
SELECT * FROM moves WHERE key = '6' ORDER BY key, seq;

-- a deal carries a lead along, unless the stage asks for more
SELECT revops.draft_agreement() AS next \gset
UPDATE revops.stage SET needs = '{company_size}' WHERE agreement_id = :next AND stage = 'customer';
SELECT revops.adopt_agreement(:next);
CREATE TABLE deal (id int PRIMARY KEY, lead int, state text, closed timestamptz);
SELECT revops.attach_opportunity('deals', 'deal', lead_binding => 'leads', roles => '{"lead": "lead", "won": "state = ''won''", "closed_at": "closed"}');
INSERT INTO lead (id) VALUES (8), (9);
INSERT INTO deal VALUES (1, 8, 'won', '2026-03-02 09:30+00'), (2, 9, 'won', '2026-03-02 09:30+00');
SELECT revops.record_touch(id(8), 'page_visit');
TABLE held;
-- people may move it meanwhile; the deal is not forgotten
UPDATE lead SET stage = 'disqualified', why = 'duplicate' WHERE id = 8;
TABLE held;
UPDATE lead SET employees = 1 WHERE id = 8;
-- and one that is there already waits for nothing
UPDATE lead SET stage = 'customer' WHERE id = 9;
TABLE held;
SELECT * FROM moves WHERE key IN ('8', '9') ORDER BY key, seq;
SELECT at FROM revops.stage_change WHERE lead_id = id(8) AND cause = 'won';

-- what wanted to move it does so no more
INSERT INTO lead (id, email) VALUES (10, 'z@x.example');
SELECT revops.record_touch(id(10), 'demo_request');
SELECT key, waits_for FROM held WHERE key = '10';
SELECT revops.record_touch(id(10), 'unsubscribe');
SELECT key, waits_for FROM held WHERE key = '10';

SELECT revops.record_touch(id(10), 'demo_request');
SELECT key, waits_for FROM held WHERE key = '10';
SET pg_revops.now = '2026-03-31 10:00+00';
SELECT revops.run_due() > 0 AS fell;
SELECT key, waits_for FROM held WHERE key = '10';

-- C7: enrichment fills what is empty, and says where it came from
SELECT revops.record_touch(id(10), 'demo_request');
SELECT revops.enrich(id(10), '{"stage": "mql"}', 'x');
SELECT revops.enrich(id(10), '{"planet": "Mars"}', 'x');
SELECT revops.enrich(id(10), '{"company_size": "many"}', 'x');
SELECT revops.enrich(id(10), '{"country": null}', 'x');
SELECT revops.enrich(id(10), '[]', 'x');
SELECT revops.enrich(id(10), '{"country": "CH", "email": "other@x.example", "company_size": 120}', 'imprint');
SELECT revops.enrich(id(10), '{"phone": "007", "industry": "tools", "person_name": "Zoe"}', 'research');
SELECT seq, role, value, source, at, actor = current_user AS mine FROM revops.enrichment WHERE lead_id = id(10);
SELECT personal, enriched FROM revops.lead_identity WHERE lead_id = id(10);
SELECT * FROM moves WHERE key = '10';
SELECT * FROM revops.verify();
-- the host's row is as it was, and what it says later counts; what it does not say stays
TABLE lead;
UPDATE lead SET country = 'LI' WHERE id = 10;
SELECT p.profile FROM revops.profile_change p JOIN revops.lead l ON l.lead_id = p.lead_id AND l.profile_id = p.change_id WHERE key = '10';
UPDATE lead SET country = NULL, email = 'zz@x.example' WHERE id = 10;
SELECT p.profile FROM revops.profile_change p JOIN revops.lead l ON l.lead_id = p.lead_id AND l.profile_id = p.change_id WHERE key = '10';
SELECT personal FROM revops.lead_identity WHERE lead_id = id(10);
-- no difference to the table; one that others overlook is found as before
CALL revops.reconcile('leads');
SELECT changed, taken_in FROM revops.reconcile_run ORDER BY run_id DESC LIMIT 1;
ALTER TABLE lead DISABLE TRIGGER ALL;
UPDATE lead SET country = 'US' WHERE id = 10;
ALTER TABLE lead ENABLE TRIGGER ALL;
CALL revops.reconcile('leads');
SELECT changed, taken_in FROM revops.reconcile_run ORDER BY run_id DESC LIMIT 1;
SELECT p.profile ->> 'country' AS country FROM revops.profile_change p JOIN revops.lead l ON l.lead_id = p.lead_id AND l.profile_id = p.change_id WHERE key = '10';
-- erased with the person; so are answers in words
SELECT revops.forget(id(10));
SELECT revops.forget(id(1));
SELECT * FROM revops.lead_identity WHERE lead_id IN (id(1), id(10));
SELECT question, answer FROM revops.answer WHERE lead_id = id(1) ORDER BY seq;
UPDATE revops.answer SET answer = 'nothing';
DELETE FROM revops.enrichment;
SELECT * FROM revops.verify();

-- strict: the host is refused, and told what is missing
CREATE TABLE crm (id int PRIMARY KEY, phone text, country text, size int, status text, lost text);
SELECT revops.attach_lead('crm', 'crm', roles => '{"phone": "phone", "country": "country", "company_size": "size", "stage": "status",
    "reason": "CASE lost WHEN ''Too expensive'' THEN ''no_budget'' WHEN ''Later'' THEN ''timing'' END"}',
    on_violation => 'strict', stage_map => '{"New": "lead", "Hot": "mql", "Dead": "disqualified", "Later": "nurture", "Ours": "customer"}');
INSERT INTO crm VALUES (1, NULL, 'DE', NULL, 'Hot');
INSERT INTO crm VALUES (1, NULL, 'DE', NULL, 'New');
UPDATE crm SET status = 'Hot';
UPDATE crm SET status = 'Ours';
UPDATE crm SET status = 'Hot', phone = '1';
UPDATE crm SET status = 'New';
UPDATE crm SET status = 'Dead';
UPDATE crm SET status = 'Dead', lost = 'Too expensive';
SELECT key, m.seq, m.from_stage, m.to_stage, m.cause, m.reason, m.violated
FROM revops.stage_change m JOIN revops.lead l USING (lead_id) JOIN revops.binding USING (binding_id) WHERE binding = 'crm' ORDER BY 2;

-- queued: the same, once it is settled; nothing is refused, nothing is lost
CREATE TABLE later (id int PRIMARY KEY, phone text, country text, size int, status text, lost text);
SELECT revops.attach_lead('later', 'later', roles => '{"phone": "phone", "country": "country", "company_size": "size", "stage": "status", "reason": "lost"}',
    mode => 'queued', stage_map => '{"New": "lead", "Hot": "mql", "Dead": "disqualified"}');
INSERT INTO later VALUES (1, NULL, 'DE', NULL, 'New');
UPDATE later SET status = 'Hot';
UPDATE later SET status = 'New';
UPDATE later SET status = 'Dead', lost = 'competitor';
CALL revops.settle();
SELECT m.seq, m.from_stage, m.to_stage, m.cause, m.reason, m.violated
FROM revops.stage_change m JOIN revops.lead l USING (lead_id) JOIN revops.binding USING (binding_id) WHERE binding = 'later' ORDER BY 1;
-- filled in, and the row is changed by a queued update
SELECT revops.enrich(revops.lead_id('later', '1'), '{"industry": "tools", "phone": "9"}', 'research');
UPDATE later SET country = 'AT';
CALL revops.settle();
SELECT p.profile, i.personal FROM revops.lead l JOIN revops.profile_change p ON l.lead_id = p.lead_id AND l.profile_id = p.change_id
JOIN revops.lead_identity i ON i.lead_id = l.lead_id WHERE l.lead_id = revops.lead_id('later', '1');
SELECT * FROM revops.verify();

-- an agreement that asks for less lets the held ones go
INSERT INTO lead (id, email) VALUES (11, 'y@x.example');
SELECT revops.record_touch(id(11), 'demo_request');
SELECT key, empty_roles FROM held WHERE key = '11';
SELECT revops.draft_agreement() AS less \gset
UPDATE revops.stage SET needs = '{}' WHERE agreement_id = :less AND stage = 'mql';
SELECT revops.adopt_agreement(:less);
CALL revops.rescore();
SELECT key, empty_roles FROM held WHERE key = '11';
SELECT * FROM moves WHERE key = '11';
SELECT * FROM revops.verify();
