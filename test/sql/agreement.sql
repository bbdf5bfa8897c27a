-- B6 The agreement: one version in force, what is or was in force stays as it is.
\set SHOW_CONTEXT never
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';

CREATE PROCEDURE try(statement text) LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RAISE NOTICE 'done: %', statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE NOTICE E'% %\n  detail: %\n  hint: %', state, message, detail, hint;
END
$$;

SELECT revops.create_workspace('acme', 'Europe/Berlin');

-- nothing of the version in force can be edited
CALL try('INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (1, ''x'', ''fit'', ''true'', 5)');
CALL try('UPDATE revops.score_rule SET points = 50 WHERE agreement_id = 1 AND rule = ''webinar''');
CALL try('DELETE FROM revops.score_rule WHERE agreement_id = 1');
CALL try('UPDATE revops.score_model SET mql_fit = 10');
CALL try('DELETE FROM revops.score_model');
CALL try('UPDATE revops.stage SET routes = true WHERE stage = ''lead''');
CALL try('DELETE FROM revops.stage WHERE stage = ''evangelist''');
CALL try('INSERT INTO revops.transition VALUES (1, ''lead'', ''sql'', false)');
CALL try('UPDATE revops.transition SET needs_reason = false');
CALL try('UPDATE revops.sla_policy SET target = ''48 hours''');
CALL try('DELETE FROM revops.sla_policy');
CALL try('TRUNCATE revops.score_rule');
CALL try('TRUNCATE revops.transition, revops.auto_move');
CALL try('TRUNCATE revops.agreement CASCADE');
CALL try('UPDATE revops.agreement SET note = ''better''');
CALL try('UPDATE revops.agreement SET status = ''draft''');
CALL try('UPDATE revops.agreement SET status = ''retired''');
CALL try('UPDATE revops.agreement SET active_from = ''2025-01-01''');
CALL try('DELETE FROM revops.agreement');
CALL try('INSERT INTO revops.agreement (version, status) VALUES (2, ''active'')');
CALL try('UPDATE revops.agreement SET review_on = ''2026-09-01''');

-- a draft is a copy
SELECT revops.draft_agreement(note => 'smaller companies too') AS draft \gset
SELECT agreement_id, version, status, note, created_by = session_user AS own, created_at, active_from, review_on
FROM revops.agreement ORDER BY 1;
SELECT 'score_model' AS part, count(*), count(DISTINCT to_jsonb(m) - 'agreement_id') AS different FROM revops.score_model m
UNION ALL SELECT 'score_rule', count(*), count(DISTINCT to_jsonb(r) - 'agreement_id' - 'rule_id') FROM revops.score_rule r
UNION ALL SELECT 'stage', count(*), count(DISTINCT to_jsonb(s) - 'agreement_id') FROM revops.stage s
UNION ALL SELECT 'transition', count(*), count(DISTINCT to_jsonb(t) - 'agreement_id') FROM revops.transition t
UNION ALL SELECT 'sla_policy', count(*), count(DISTINCT to_jsonb(p) - 'agreement_id' - 'policy_id') FROM revops.sla_policy p;
-- each version keeps the order of its rules
SELECT array_agg(rule ORDER BY rule_id) = (SELECT array_agg(rule ORDER BY rule_id) FROM revops.score_rule WHERE agreement_id = 1) AS same_order
FROM revops.score_rule WHERE agreement_id = :draft;

-- edit it; rows cannot be carried over from the version in force
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
VALUES (:draft, 'smb', 'fit', 'company_size between 10 and 500', 60);
UPDATE revops.score_model SET mql_intent = 30 WHERE agreement_id = :draft;
DELETE FROM revops.stage WHERE agreement_id = :draft AND stage = 'evangelist';
CALL try(format('UPDATE revops.stage SET agreement_id = %s WHERE agreement_id = 1 AND stage = ''evangelist''', :draft));
CALL try(format('UPDATE revops.agreement SET agreement_id = 9 WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.agreement SET version = 9 WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.agreement SET status = ''retired'' WHERE agreement_id = %s', :draft));

-- put it into force: the one before is retired at the same moment
SET pg_revops.now = '2026-04-01 22:30+00';
SELECT revops.adopt_agreement(:draft);
SELECT version, status, active_from, retired_at, activated_by = session_user AS own, review_on FROM revops.agreement ORDER BY 1;
CALL try(format('SELECT revops.activate_agreement(%s)', :draft));
CALL try('SELECT revops.activate_agreement(1)');
CALL try('SELECT revops.activate_agreement(99)');
CALL try('SELECT revops.activate_agreement(NULL)');
CALL try('SELECT revops.draft_agreement(99)');
CALL try('SELECT revops.draft_agreement(NULL)');
CALL try('UPDATE revops.agreement SET review_on = NULL WHERE version = 1');

-- the log tells who did it
SELECT operation, before ->> 'status' AS before, after ->> 'status' AS after, after ->> 'version' AS version, at
FROM revops.definition_change WHERE definition = 'agreement' ORDER BY change_id;

-- what is incomplete is not put into force, with all that is wrong
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'seats', 'fit', 'company_size > 3', 5);
CREATE TABLE host (id int PRIMARY KEY);
INSERT INTO revops.binding (binding, kind, host, host_name, key_columns, owner)
VALUES ('leads', 'lead', 'host', 'public.host', '{id}', current_user::regrole);
INSERT INTO revops.binding_role (binding_id, role, expression, role_type) VALUES (1, 'seats', 'id', 'bigint');
UPDATE revops.score_rule SET condition = 'seats > 3' WHERE agreement_id = :draft AND rule = 'seats';
DELETE FROM revops.binding_role;
DELETE FROM revops.score_model WHERE agreement_id = :draft;
UPDATE revops.stage SET purpose = NULL WHERE agreement_id = :draft AND purpose = 'entry';
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('never', 'UTC');
UPDATE revops.sla_policy SET calendar_id = 1 WHERE agreement_id = :draft;
INSERT INTO revops.lead (lead_id, workspace_id, binding_id, agreement_id, created_at, settled_at, stage_since, profile_id,
                         intent_pos, intent_neg, moves, assignments, clocks, touches, running, fit, disqualified,
                         handed_over, stage, key)
SELECT n, 1, 1, 1, now(), now(), now(), 1, '-Infinity', '-Infinity', 1, 0, 0, 0, 0, 0, false, false, 'evangelist', n
FROM generate_series(1, 3) n;
SELECT * FROM revops.agreement_problems(:draft);
CALL try(format('SELECT revops.adopt_agreement(%s)', :draft));
CALL try(format('UPDATE revops.agreement SET status = ''active'' WHERE agreement_id = %s', :draft));
SELECT version FROM revops.agreement WHERE status = 'active';

-- mended one by one; a plain UPDATE of what is approved is as good as the verb
INSERT INTO revops.score_model (agreement_id) VALUES (:draft);
UPDATE revops.stage SET purpose = 'entry' WHERE agreement_id = :draft AND stage = 'lead';
INSERT INTO revops.stage VALUES (:draft, 'evangelist', 75, NULL, 'marketing', false);
DELETE FROM revops.score_rule WHERE agreement_id = :draft AND rule = 'seats';
CALL try(format('SELECT revops.adopt_agreement(%s)', :draft));
INSERT INTO revops.calendar_hours VALUES (1, 1, '09:00', '17:00');
SELECT * FROM revops.agreement_problems(:draft);
SELECT revops.propose_agreement(:draft), revops.approve_agreement(:draft, 'sales'), revops.approve_agreement(:draft, 'marketing');
UPDATE revops.agreement SET status = 'active', active_from = '2020-01-01', activated_by = 'somebody' WHERE agreement_id = :draft;
SELECT version, status, active_from, activated_by = session_user AS own FROM revops.agreement ORDER BY 1;

-- a draft can be made though the host's changes have broken a rule in force,
-- to mend it
INSERT INTO revops.binding_role (binding_id, role, expression, role_type) VALUES (1, 'seats', 'id', 'bigint');
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'seats', 'fit', 'seats > 3', 5);
SELECT revops.adopt_agreement(:draft);
DELETE FROM revops.binding_role;
SELECT revops.draft_agreement() AS draft \gset
CALL try(format('SELECT revops.adopt_agreement(%s)', :draft));
UPDATE revops.score_rule SET points = 6 WHERE agreement_id = :draft AND rule = 'seats';
UPDATE revops.score_rule SET condition = 'company_size > 3' WHERE agreement_id = :draft AND rule = 'seats';
SELECT revops.adopt_agreement(:draft);

-- never before the version in force
SELECT revops.draft_agreement() AS draft \gset
SET pg_revops.now = '2026-03-31';
CALL try(format('SELECT revops.adopt_agreement(%s)', :draft));

-- a draft given up takes its parts along
DELETE FROM revops.agreement WHERE agreement_id = :draft;
SELECT (SELECT count(*) FROM revops.stage WHERE agreement_id = :draft) AS stages,
       (SELECT count(*) FROM revops.transition WHERE agreement_id = :draft) AS transitions,
       (SELECT count(*) FROM revops.score_rule WHERE agreement_id = :draft) AS rules,
       (SELECT count(*) FROM revops.sla_policy WHERE agreement_id = :draft) AS policies;

-- a bare workspace defines all by itself
SELECT revops.create_workspace('bare', bare => true) AS bare \gset
SELECT agreement_id AS draft FROM revops.agreement WHERE workspace_id = :bare \gset
CALL try(format('SELECT revops.adopt_agreement(%s)', :draft));
INSERT INTO revops.score_model (agreement_id, mql_fit) VALUES (:draft, 30);
INSERT INTO revops.stage VALUES (:draft, 'new', 1, 'entry', 'marketing', false), (:draft, 'hot', 2, 'qualified', 'sales', true);
CALL try(format('INSERT INTO revops.stage VALUES (%s, ''other'', 3, ''entry'', ''marketing'', false)', :draft));
SELECT revops.adopt_agreement(:draft);
-- a rolled-back activation leaves all as it was
BEGIN;
SELECT revops.adopt_agreement(revops.draft_agreement(:bare));
ROLLBACK;
SELECT version, status FROM revops.agreement WHERE workspace_id = :bare;
