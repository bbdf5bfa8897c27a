-- D1: everything that the rep needs, in one row or one JSON document; the next step chosen by rules.
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main', 'UTC', 'EUR');
SELECT position, rule, step, buying_within, min_fit, min_intent, condition FROM revops.next_step_rule ORDER BY position;
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('inbound');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep WHERE rep = 'ann';
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'home', 'fit', 'country = ''US''', 60),
    (:draft, 'free mail', 'negative', 'email like ''%@gmail.com''', -10), (:draft, 'embargo', 'disqualify', 'country = ''XX''', 0);
INSERT INTO revops.question (agreement_id, question, label, kind, position) VALUES (:draft, 'budget', 'Is there a budget?', 'yes_no', 1),
    (:draft, 'need', 'What is needed?', 'text', 2);
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS adopted;
CREATE TABLE person (id int PRIMARY KEY, name text, email text, company text, country text, utm text, campaign text, made timestamptz);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz);
CREATE TABLE deal (id int PRIMARY KEY, person int, state text, amount numeric, opened timestamptz, closed timestamptz);
SELECT revops.attach_lead('person', 'person', '{"person_name": "name", "email": "email", "company": "company", "country": "country",
       "source": "utm", "campaign": "campaign", "created_at": "made"}') > 0
   AND revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0
   AND revops.attach_opportunity('deal', 'deal', 'person', '{"lead": "person", "won": "state = ''won''", "lost": "state = ''lost''",
       "amount": "amount", "opened_at": "opened", "closed_at": "closed"}') > 0 AS attached;
CREATE FUNCTION pg_temp.id(key int) RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id('person', $1::text) $$;

INSERT INTO person VALUES (1, 'Mia', 'mia@acme.example', 'Acme', 'US', 'ads', 'spring', '2026-03-01 09:00+00'),
    (2, 'Tom', 'tom@acme.example', ' ACME ', 'FR', 'ads', 'spring', '2026-03-01 09:00+00'),
    (3, 'Eva', 'eva@other.example', NULL, 'US', 'direct', NULL, '2026-03-01 09:00+00'),
    (4, 'Ada', 'ada@other.example', NULL, 'XX', 'direct', NULL, '2026-03-01 09:00+00'),
    (5, 'Lou', 'lou@gmail.com', NULL, 'US', NULL, NULL, '2026-03-01 09:00+00');
INSERT INTO act VALUES (1, 1, 'page_visit', '2026-03-01 09:00+00'), (2, 1, 'demo_request', '2026-03-02 10:00+00'),
    (3, 3, 'webinar', '2026-03-02 09:00+00'), (4, 3, 'webinar', '2026-03-02 09:30+00'), (5, 3, 'content_download', '2026-03-02 09:40+00');
SELECT revops.answer_question(pg_temp.id(1), 'budget', 'yes');
SET pg_revops.now = '2026-03-02 12:00+00';
UPDATE person SET utm = 'partner', campaign = 'summer' WHERE id = 1;
\x on
SELECT (jsonb_populate_record(b, replace(to_jsonb(b)::text, '"' || current_user || '"', '"me"')::jsonb)).* FROM revops.handoff_brief(pg_temp.id(1)) b;
\x off
-- refused, taken up again, recycled, given to another: the next rep sees it
SELECT revops.reject(pg_temp.id(1), 'no_budget');
SET pg_revops.now = '2026-03-04 12:00+00';
SELECT revops.advance(pg_temp.id(1), 'lead');
SELECT revops.assign(pg_temp.id(1), 'bob');
SELECT revops.recycle(pg_temp.id(1), 'timing', '2026-06-01 09:00+00');
SELECT earlier_owners, replace(rejections::text, current_user, 'me') AS rejections, recycles, objections, not_before FROM revops.handoff_brief(pg_temp.id(1));
-- the next step: a fresh buying signal counts before the date that sales gave, a stale one does not
SELECT * FROM revops.next_step(pg_temp.id(1));
SET pg_revops.now = '2026-03-12 12:00+00';
SELECT * FROM revops.next_step(pg_temp.id(1));
SET pg_revops.now = '2026-03-04 12:00+00';
SELECT n, s.* FROM generate_series(2, 5) n, revops.next_step(pg_temp.id(n)) s;
-- a signal that was taken back is none
INSERT INTO act VALUES (9, 2, 'pricing_visit', '2026-03-04 11:00+00');
SELECT * FROM revops.next_step(pg_temp.id(2));
DELETE FROM act WHERE id = 9;
SELECT * FROM revops.next_step(pg_temp.id(2));
-- rules are rows: a condition over the roles
INSERT INTO revops.next_step_rule (rule, position, step, condition) VALUES ('home market', 15, 'outreach', 'country = ''FR''');
SELECT * FROM revops.next_step(pg_temp.id(2));
INSERT INTO revops.next_step_rule (rule, position, step, condition) VALUES ('raises', 14, 'outreach', '1 / (length(country) - 2) = 1');
SELECT * FROM revops.next_step(pg_temp.id(2));
UPDATE revops.next_step_rule SET active = false;
SELECT * FROM revops.next_step(pg_temp.id(2));
UPDATE revops.next_step_rule SET active = true;
-- checked when saved: "call now" needs a buying signal
INSERT INTO revops.next_step_rule (rule, position, step) VALUES ('eager', 1, 'call_now');
INSERT INTO revops.next_step_rule (rule, position, step, buying_within) VALUES ('eager', 1, 'call_now', '1 month');
INSERT INTO revops.next_step_rule (rule, position, step, condition) VALUES ('typo', 1, 'outreach', 'contry = ''FR''');
INSERT INTO revops.next_step_rule (rule, position, step) VALUES ('odd', 1, 'dance');
SELECT definition, operation, after ->> 'rule' AS rule FROM revops.definition_change WHERE definition = 'next_step_rule' AND operation = 'INSERT' ORDER BY change_id;
-- other leads of the company: by its name, else by the domain of the address; disqualifiers; deals; few touches
INSERT INTO deal VALUES (7, 3, 'open', 1000, '2026-03-03 08:00+00', NULL);
SELECT key, account, account_by, account_leads, disqualified, disqualifiers, next_step_because FROM revops.handoff_brief(pg_temp.id(2));
SELECT key, account, account_by, account_leads, opportunities, trail FROM revops.handoff_brief(pg_temp.id(3), touches => 1);
SELECT key, account, account_by, account_leads, disqualified, disqualifiers, fit_rules FROM revops.handoff_brief(pg_temp.id(4));
SELECT key, account, account_leads, fit_rules, trail, touches, rejections FROM revops.handoff_brief(pg_temp.id(5));
-- one document; its numbers are those of the row, and of lead_status
SELECT jsonb_pretty(revops.handoff_brief_json(pg_temp.id(2)));
SELECT count(*) AS leads, bool_and(b.score = s.score AND b.fit = s.fit AND b.intent = s.intent AND b.grade = s.grade
           AND (b.sla_due_at, b.sla_left, b.breached) IS NOT DISTINCT FROM (s.sla_due_at, s.sla_left, s.breached)) AS same_score,
       bool_and((j -> 'score' ->> 'score')::int = b.score AND j -> 'next_step' ->> 'step' IS NOT DISTINCT FROM b.next_step) AS same_document
FROM revops.lead_status s, revops.handoff_brief(s.lead_id) b, revops.handoff_brief_json(s.lead_id) j;
-- deleted by the host
DELETE FROM person WHERE id = 5;
SELECT lead_id IS NOT NULL AS there, score, next_step, next_step_because FROM revops.handoff_brief(pg_temp.id(5));
SELECT * FROM revops.handoff_brief(4711);
SELECT * FROM revops.next_step(4711);
