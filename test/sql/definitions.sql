-- Definitions: workspaces with their defaults, validation of every table, the
-- change log, turns.
\set SHOW_CONTEXT never
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';

-- runs a statement and shows how it was refused
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

-- a workspace and its defaults
SELECT revops.create_workspace('acme', 'Europe/Berlin', 'EUR');
SELECT * FROM revops.workspace;
SELECT reason, label, applies_to FROM revops.reason WHERE workspace_id = 1 ORDER BY reason;
SELECT signal, nature, direction, answers, points
FROM revops.signal LEFT JOIN revops.score_rule USING (signal) WHERE workspace_id = 1 ORDER BY signal_id;
SELECT stage, position, purpose, owner_team, routes FROM revops.stage ORDER BY position;
SELECT from_stage, string_agg(to_stage, ', ' ORDER BY to_stage) AS freely
FROM revops.transition WHERE NOT needs_reason GROUP BY 1 ORDER BY 1;
SELECT from_stage, string_agg(to_stage, ', ' ORDER BY to_stage) AS with_reason
FROM revops.transition WHERE needs_reason GROUP BY 1 ORDER BY 1;
SELECT * FROM revops.score_model;
SELECT policy, promise, condition, target, calendar_id FROM revops.sla_policy;
SELECT version, status, note, active_from, review_on FROM revops.agreement;

-- a bare one has an empty draft
SELECT revops.create_workspace('bare', bare => true);
SELECT version, status, note FROM revops.agreement WHERE workspace_id = 2;
SELECT (SELECT count(*) FROM revops.reason WHERE workspace_id = 2) AS reasons,
       (SELECT count(*) FROM revops.signal WHERE workspace_id = 2) AS signals,
       (SELECT count(*) FROM revops.stage JOIN revops.agreement USING (agreement_id) WHERE workspace_id = 2) AS stages;

CALL try($$SELECT revops.create_workspace('acme')$$);
CALL try($$SELECT revops.create_workspace('other', 'Berlin')$$);
CALL try($$SELECT revops.create_workspace('other', 'europe/paris')$$);
CALL try($$SELECT revops.create_workspace('other', 'Mars/Olympus')$$);
CALL try($$SELECT revops.create_workspace('other', currency => 'Euro')$$);
CALL try($$SELECT revops.create_workspace(' ')$$);
SELECT count(*) AS workspaces FROM revops.workspace;

-- a draft to edit
SELECT revops.draft_agreement(note => 'second') AS draft \gset

-- thresholds
CALL try(format('UPDATE revops.score_model SET mql_fit = 101 WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET mql_intent = -1 WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET mql_score = 1000 WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET fit_base = -5 WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET fit_share = 1.1 WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET fit_share = ''NaN'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET half_life = ''1 month'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET half_life = ''0'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET half_life = ''-3 days'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET half_life = ''59.9 seconds'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET grade_fit = ''{50,75,25}'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET grade_fit = ''{75,50}'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET grade_intent = ''{101,50,25}'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET grade_intent = ''{75,NULL,25}'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET grade_intent = ''{}'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET mql_fit = 0, mql_score = 100, half_life = ''36 hours'' WHERE agreement_id = %s', :draft));

-- scoring rules
CREATE PROCEDURE try_rule(agreement int, kind text, condition text, signal text, points int) LANGUAGE sql AS $$
    CALL try(format('INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, signal, points) VALUES (%s, %L, %L, %L, %L, %s)',
                    agreement, coalesce(condition, signal, 'none'), kind, condition, signal, points))
$$;
CALL try_rule(:draft, 'fit', 'company_size between 50 and 500', NULL, 20);
CALL try_rule(:draft, 'fit', 'company_size >', NULL, 20);
CALL try_rule(:draft, 'fit', 'size > 5', NULL, 20);
CALL try_rule(:draft, 'fit', 'company_size', NULL, 20);
CALL try_rule(:draft, 'fit', 'random() > 0.5', NULL, 20);
CALL try_rule(:draft, 'fit', 'exists (select 1)', NULL, 20);
CALL try_rule(:draft, 'fit', '*', NULL, 20);
CALL try_rule(:draft, 'fit', NULL, NULL, 20);
CALL try_rule(:draft, 'fit', 'country = ''DE''', NULL, -20);
CALL try_rule(:draft, 'negative', 'country = ''DE''', NULL, 20);
CALL try_rule(:draft, 'disqualify', 'country = ''DE''', NULL, 20);
CALL try_rule(:draft, 'fit', 'country = ''DE''', NULL, 1001);
CALL try_rule(:draft, 'bonus', 'country = ''DE''', NULL, 20);
CALL try_rule(:draft, 'intent', 'country = ''DE''', NULL, 20);
CALL try_rule(:draft, 'intent', NULL, 'fax', 20);
CALL try_rule(:draft, 'intent', NULL, 'webinar', 20);
CALL try(format('UPDATE revops.score_rule SET condition = ''sizes > 5'' WHERE agreement_id = %s AND kind = ''fit''', :draft));

-- further roles of the workspace's lead bindings, of no other workspace
CREATE TABLE lead (id int PRIMARY KEY, seats int, country text);
INSERT INTO revops.binding (binding, kind, host, host_name, key_columns, owner)
VALUES ('leads', 'lead', 'lead', 'public.lead', '{id}', current_user::regrole);
INSERT INTO revops.binding_role (binding_id, role, expression, role_type)
VALUES (1, 'seats', 'seats', 'bigint'), (1, 'country', 'country', 'text');
CALL try_rule(:draft, 'fit', 'seats > 10', NULL, 5);
SELECT agreement_id AS theirs FROM revops.agreement WHERE workspace_id = 2 \gset
CALL try_rule(:theirs, 'fit', 'seats > 10', NULL, 5);

-- stages, transitions
CALL try(format('INSERT INTO revops.transition VALUES (%s, ''mql'', ''mql'', false)', :draft));
CALL try(format('INSERT INTO revops.transition VALUES (%s, ''mql'', ''won'', false)', :draft));
CALL try('INSERT INTO revops.transition VALUES (99, ''mql'', ''sql'', false)');
CALL try(format('UPDATE revops.stage SET stage = ''qualified'' WHERE agreement_id = %s AND stage = ''mql''', :draft));
SELECT count(*) AS renamed FROM revops.transition WHERE 'qualified' IN (from_stage, to_stage);

-- SLA policies
INSERT INTO revops.calendar (calendar, time_zone, workspace_id) VALUES ('office', 'Europe/Berlin', 1), ('theirs', 'UTC', 2);
CREATE PROCEDURE try_policy(agreement int, name text, target text, condition text, calendar int) LANGUAGE sql AS $$
    CALL try(format('INSERT INTO revops.sla_policy (agreement_id, policy, position, target, condition, calendar_id)
                     VALUES (%s, %L, (SELECT max(position) + 1 FROM revops.sla_policy), %L, %L, %L)',
                    agreement, name, target, condition, calendar))
$$;
CALL try_policy(:draft, 'zero', '0', NULL, NULL);
CALL try_policy(:draft, 'negative', '-5 minutes', NULL, NULL);
CALL try_policy(:draft, 'month', '1 month', NULL, NULL);
CALL try_policy(:draft, 'day', '1 day', NULL, 1);
CALL try_policy(:draft, 'wall day', '1 day', NULL, NULL);
CALL try_policy(:draft, 'foreign', '1 hour', NULL, 2);
CALL try_policy(:draft, 'wrong', '1 hour', 'segments = ''smb''', NULL);
CALL try_policy(:draft, 'hot', '5 minutes', 'segment = ''hot''', 1);

-- teams, reps, routes
INSERT INTO revops.team (team, workspace_id) VALUES ('north', 1), ('theirs', 2);
INSERT INTO revops.rep (rep, workspace_id) VALUES ('ann', 1), ('ben', 1), ('zoe', 2);
CALL try($$INSERT INTO revops.team_member VALUES (1, 1, 2)$$);
CALL try($$INSERT INTO revops.team_member VALUES (1, 3, 1)$$);
CALL try($$INSERT INTO revops.team_member VALUES (1, 2, 0)$$);
CALL try($$UPDATE revops.rep SET calendar_id = 2 WHERE rep = 'ann'$$);
CALL try($$INSERT INTO revops.route (route, position, team_id) VALUES ('all', 10, 2)$$);
CALL try($$INSERT INTO revops.route (route, position, team_id, condition) VALUES ('dach', 10, 1, 'country in (DE, AT)')$$);
CALL try($$INSERT INTO revops.route (route, position, team_id, condition) VALUES ('dach', 10, 1, 'country in (''DE'', ''AT'')')$$);
CALL try($$UPDATE revops.route SET condition = 'sum(amount) > 5' WHERE route = 'dach'$$);

-- money
CALL try($$INSERT INTO revops.exchange_rate VALUES (1, 'USD', '2026-01-01', 0.9)$$);
CALL try($$INSERT INTO revops.exchange_rate VALUES (1, 'EUR', '2026-01-01', 1)$$);
CALL try($$INSERT INTO revops.exchange_rate VALUES (1, 'usd', '2026-01-01', 1)$$);

-- numbers that history refers to, signals in use
CALL try('UPDATE revops.team SET team_id = 77 WHERE team = ''north''');
CALL try('UPDATE revops.signal SET workspace_id = 2 WHERE signal = ''call''');
CALL try('UPDATE revops.workspace SET workspace_id = 7 WHERE workspace = ''acme''');
CALL try('UPDATE revops.signal SET signal = ''demo'' WHERE signal = ''demo_request''');
CALL try('DELETE FROM revops.signal WHERE signal = ''demo_request''');
CALL try('UPDATE revops.signal SET nature = ''engagement'' WHERE signal = ''demo_request''');
CALL try('DELETE FROM revops.signal WHERE signal = ''meeting''');
INSERT INTO revops.signal (signal, nature, direction) VALUES ('fair', 'engagement', 'inbound');
CALL try('DELETE FROM revops.signal WHERE signal = ''fair''');

-- what history names stays
INSERT INTO revops.touch VALUES (1, '2026-03-02', 1, '2026-03-02', 1, (SELECT signal_id FROM revops.signal WHERE signal = 'call'), NULL, 1, 'a');
INSERT INTO revops.assignment (lead_id, seq, workspace_id, at, team_id, rep_id, route_id, cause, actor)
VALUES (1, 1, 1, '2026-03-02', 1, 2, (SELECT route_id FROM revops.route), 'route', 'app');
INSERT INTO revops.opportunity_change VALUES (1, 1, 1, 1, '2026-03-02', 'open', 10, 'EUR', 10);
CALL try($$DELETE FROM revops.signal WHERE signal = 'call'$$);
CALL try($$DELETE FROM revops.rep WHERE rep = 'ben'$$);
CALL try($$DELETE FROM revops.team WHERE team = 'north'$$);
CALL try($$DELETE FROM revops.route$$);
CALL try($$UPDATE revops.workspace SET currency = 'USD' WHERE workspace_id = 1$$);
CALL try($$UPDATE revops.workspace SET currency = 'USD' WHERE workspace_id = 2$$);
INSERT INTO revops.rep (rep) VALUES ('new');
CALL try($$DELETE FROM revops.rep WHERE rep = 'new'$$);

-- bindings of the same kind and workspace; owners whose rights one has
CREATE TABLE touch (id int PRIMARY KEY);
INSERT INTO revops.binding (workspace_id, binding, kind, host, host_name, key_columns, owner)
VALUES (2, 'theirs', 'lead', 'touch', 'public.touch', '{id}', current_user::regrole);
CALL try($$INSERT INTO revops.binding (binding, kind, host, host_name, key_columns, owner, lead_binding_id)
           VALUES ('touches', 'touch', 'touch', 'public.touch', '{id}', current_user::regrole, 2)$$);
CALL try($$INSERT INTO revops.binding (binding, kind, host, host_name, key_columns, owner, lead_binding_id)
           VALUES ('touches', 'touch', 'touch', 'public.touch', '{id}', current_user::regrole, 9)$$);
CALL try($$INSERT INTO revops.binding (binding, kind, host, host_name, key_columns, owner, lead_binding_id)
           VALUES ('touches', 'touch', 'touch', 'public.touch', '{id}', current_user::regrole, 1)$$);
CALL try($$DELETE FROM revops.binding WHERE binding = 'leads'$$);

-- what a definition refers to must be there, also within one statement
CALL try($$INSERT INTO revops.team (workspace_id, team) VALUES (9, 'nowhere')$$);
CALL try($$INSERT INTO revops.team_member VALUES (1, 99, 1)$$);
CALL try($$UPDATE revops.route SET team_id = 99$$);
CALL try($$DELETE FROM revops.workspace WHERE workspace = 'acme'$$);
WITH new_team AS (INSERT INTO revops.team (team) VALUES ('south') RETURNING team_id),
     new_rep AS (INSERT INTO revops.rep (rep) VALUES ('cleo') RETURNING rep_id)
INSERT INTO revops.team_member SELECT team_id, rep_id, 4 FROM new_team, new_rep;
DELETE FROM revops.team WHERE team = 'south';
SELECT count(*) FROM revops.team_member WHERE weight = 4;

-- the change log
SELECT actor = session_user AS own, at, operation, before ->> 'weight' AS before, after
FROM revops.definition_change WHERE definition = 'team_member' ORDER BY change_id;
UPDATE revops.team_member SET weight = 3;
DELETE FROM revops.team_member;
SELECT operation, before ->> 'weight' AS before, after ->> 'weight' AS after
FROM revops.definition_change WHERE definition = 'team_member' ORDER BY change_id;
TRUNCATE revops.exchange_rate;
SELECT operation, before, after ->> 'currency' AS after
FROM revops.definition_change WHERE definition = 'exchange_rate' ORDER BY change_id;

-- every definition table is logged, and makes sessions compile anew
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'revops'::regnamespace AND c.relkind = 'r'
  AND (SELECT count(DISTINCT p.proname) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
       WHERE t.tgrelid = c.oid AND p.proname IN ('definition_changed', 'log_change')
         AND (t.tgtype & 28) = 28) < 2
ORDER BY 1;

-- turns of a team that is deleted go with it
INSERT INTO revops.turn SELECT team_id, 1, 0, '{}', '{}', '{}' FROM revops.team;
DELETE FROM revops.team WHERE team = 'theirs';
SELECT count(*) AS turns, count(team) AS teams FROM revops.turn LEFT JOIN revops.team USING (team_id);
INSERT INTO revops.team (team_id, team, workspace_id) VALUES (2, 'back', 2);

-- a restore takes rows as they are: it writes no log
BEGIN;
SET LOCAL check_function_bodies = off;
INSERT INTO revops.agreement (agreement_id, workspace_id, version, status) VALUES (50, 1, 50, 'retired');
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (50, 'lost', 'fit', 'no_more > 1', 5);
INSERT INTO revops.team (team_id, team) VALUES (50, 'restored');
SELECT count(*) FROM revops.definition_change WHERE after ->> 'agreement_id' = '50' OR after ->> 'team_id' = '50';
ROLLBACK;

-- nothing of it hinders DROP EXTENSION
DROP EXTENSION pg_revops;
CREATE EXTENSION pg_revops;
