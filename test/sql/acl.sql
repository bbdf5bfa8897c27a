-- Who may do what: four groups, and hosts' roles that have no right at all.
\set SHOW_CONTEXT never
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';

CREATE PROCEDURE try(statement text) LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; affected bigint;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS affected = ROW_COUNT;
    RAISE NOTICE '%: % (%)', current_user, statement, affected;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    RAISE NOTICE '%: % %', current_user, state, message;
END
$$;

-- the groups: nobody logs in as one, and each is a reader
SELECT rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls,
       ARRAY(SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid) AS member_of
FROM pg_roles r WHERE rolname LIKE 'revops\_%' ORDER BY 1;

-- PUBLIC has nothing
SELECT p.oid::regprocedure AS public_may_execute FROM pg_proc p
WHERE p.pronamespace = 'revops'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE') ORDER BY 1;
SELECT c.oid::regclass AS public_may_use, p.privilege
FROM pg_class c, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p (privilege)
WHERE c.relnamespace = 'revops'::regnamespace AND c.relkind IN ('r', 'p', 'v')
  AND has_table_privilege('public', c.oid, p.privilege) ORDER BY 1, 2;
SELECT has_schema_privilege('public', 'revops', 'USAGE') AS usage, has_schema_privilege('public', 'revops', 'CREATE') AS create;

-- relations by group: r read, i insert, u update, (u) of some columns, d delete, - nothing
CREATE FUNCTION letters(grantee text, relation oid) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(nullif(concat(
        CASE WHEN has_table_privilege(grantee, relation, 'SELECT') THEN 'r' END,
        CASE WHEN has_table_privilege(grantee, relation, 'INSERT') THEN 'i' END,
        CASE WHEN has_table_privilege(grantee, relation, 'UPDATE') THEN 'u'
             WHEN has_any_column_privilege(grantee, relation, 'UPDATE') THEN '(u)' END,
        CASE WHEN has_table_privilege(grantee, relation, 'DELETE') THEN 'd' END,
        CASE WHEN has_table_privilege(grantee, relation, 'TRUNCATE, REFERENCES, TRIGGER') THEN '!' END), ''), '-')
$$;
SELECT relname, letters('revops_reader', oid) AS reader, letters('revops_marketing', oid) AS marketing,
       letters('revops_sales', oid) AS sales, letters('revops_admin', oid) AS admin
FROM pg_class WHERE relnamespace = 'revops'::regnamespace AND relkind IN ('r', 'p', 'v')
ORDER BY relkind, relname;
SELECT relname FROM pg_class
WHERE relnamespace = 'revops'::regnamespace
  AND CASE relkind WHEN 'S' THEN NOT has_sequence_privilege('revops_admin', oid, 'SELECT') END ORDER BY 1;

-- admin may execute every routine; what others may, by group; every KPI is for readers
SELECT oid::regprocedure AS not_for_admin FROM pg_proc
WHERE pronamespace = 'revops'::regnamespace AND NOT has_function_privilege('revops_admin', oid, 'EXECUTE');
SELECT concat_ws(', ', CASE WHEN has_function_privilege('revops_reader', oid, 'EXECUTE') THEN 'reader' END,
                 CASE WHEN has_function_privilege('revops_marketing', oid, 'EXECUTE') THEN 'marketing' END,
                 CASE WHEN has_function_privilege('revops_sales', oid, 'EXECUTE') THEN 'sales' END) AS may_execute,
       proname AS routine
FROM pg_proc WHERE pronamespace = 'revops'::regnamespace AND prorettype <> 'trigger'::regtype
               AND (has_function_privilege('revops_marketing', oid, 'EXECUTE')
                    OR has_function_privilege('revops_sales', oid, 'EXECUTE'))
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT proname AS kpi_without_reader FROM pg_proc
WHERE pronamespace = 'revops'::regnamespace AND proname LIKE 'kpi\_%' AND proretset
  AND NOT has_function_privilege('revops_reader', oid, 'EXECUTE')
UNION ALL
SELECT relname FROM pg_class
WHERE relnamespace = 'revops'::regnamespace AND relkind = 'v' AND relname LIKE 'kpi\_%'
  AND NOT has_table_privilege('revops_reader', oid, 'SELECT');

-- people and an application
CREATE ROLE regress_revops_app;
CREATE ROLE regress_revops_reader IN ROLE revops_reader;
CREATE ROLE regress_revops_mary IN ROLE revops_marketing;
CREATE ROLE regress_revops_sam IN ROLE revops_sales;
CREATE ROLE regress_revops_ada IN ROLE revops_admin;
GRANT CREATE ON SCHEMA public TO regress_revops_mary, regress_revops_ada;

SET ROLE regress_revops_ada;
SELECT revops.create_workspace('acme', 'Europe/Berlin');
INSERT INTO revops.team (team) VALUES ('north');
INSERT INTO revops.rep (rep) VALUES ('ann');
INSERT INTO revops.team_member VALUES (1, 1, 1);
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('office', 'Europe/Berlin');
INSERT INTO revops.calendar_hours VALUES (1, 1, '09:00', '17:00');

-- the application sees and calls nothing
SET ROLE regress_revops_app;
CALL try('SELECT * FROM revops.lead_status');
CALL try('SELECT * FROM revops.workspace');
CALL try('SELECT revops.engine_now()');
CALL try('SELECT revops.create_workspace(''mine'')');

-- a reader reads definitions and KPIs, and changes nothing
SET ROLE regress_revops_reader;
CALL try('SELECT * FROM revops.lead_status');
CALL try('SELECT * FROM revops.sla_due');
CALL try('SELECT * FROM revops.kpi_source_week');
CALL try('SELECT * FROM revops.kpi_stage_conversion_month');
CALL try('SELECT * FROM revops.kpi_acceptance_week');
CALL try('SELECT * FROM revops.kpi_rejection_reasons_week');
CALL try('SELECT * FROM revops.kpi_response_time_week');
CALL try('SELECT * FROM revops.kpi_sla_compliance_month');
CALL try('SELECT * FROM revops.kpi_source(''month'', NULL, NULL)');
CALL try('SELECT * FROM revops.score_rule LIMIT 1');
CALL try('SELECT revops.business_add(''office'', ''2026-03-02 10:00+01'', ''1 hour'')');
CALL try('SELECT * FROM revops.lead_identity');
CALL try('SELECT * FROM revops.handoff_queue');
CALL try('SELECT * FROM revops.touch');
CALL try('SELECT revops.draft_agreement()');
CALL try('UPDATE revops.rep SET active = false');
CALL try('SELECT * FROM revops.turn');

-- B6 marketing and sales draft and edit drafts, and approve for their own side only
SET ROLE regress_revops_mary;
SELECT revops.draft_agreement() AS draft \gset
CALL try(format('INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (%s, ''smb'', ''fit'', ''company_size < 500'', 60)', :draft));
CALL try(format('UPDATE revops.score_model SET mql_fit = 101 WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.score_model SET mql_fit = 40 WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.agreement SET note = ''smaller ones'', review_on = ''2026-06-01'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.agreement SET status = ''active'' WHERE agreement_id = %s', :draft));
CALL try(format('SELECT revops.activate_agreement(%s)', :draft));
CALL try('INSERT INTO revops.agreement (version) VALUES (9)');
CALL try('UPDATE revops.score_model SET mql_fit = 0 WHERE agreement_id = 1');
CALL try('UPDATE revops.signal SET nature = ''buying''');
CALL try('SELECT * FROM revops.lead_identity');
CALL try('SELECT * FROM revops.handoff_queue');
-- a setting that restores use does not help
SET check_function_bodies = off;
CALL try('UPDATE revops.score_model SET mql_fit = 0 WHERE agreement_id = 1');
CALL try(format('UPDATE revops.score_model SET mql_fit = 101 WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.sla_policy SET target = ''12 hours'' WHERE agreement_id = %s', :draft));
RESET check_function_bodies;
SELECT revops.draft_agreement() AS other \gset
CALL try(format('DELETE FROM revops.agreement WHERE agreement_id = %s', :other));
CALL try('DELETE FROM revops.agreement WHERE agreement_id = 1');
SET ROLE regress_revops_sam;
CALL try(format('UPDATE revops.sla_policy SET target = ''4 hours'' WHERE agreement_id = %s', :draft));
CALL try(format('SELECT revops.adopt_agreement(%s)', :draft));
CALL try(format('SELECT revops.propose_agreement(%s)', :draft));
CALL try(format('SELECT revops.approve_agreement(%s, ''marketing'')', :draft));
CALL try(format('SELECT revops.approve_agreement(%s, ''sales'', ''four hours it is'')', :draft));
CALL try(format('UPDATE revops.sla_policy SET target = ''5 hours'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.agreement SET note = ''five hours'' WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.agreement SET review_on = ''2026-06-02'' WHERE agreement_id = %s', :draft));
CALL try(format('INSERT INTO revops.agreement_approval (agreement_id, proposal, side, decision, decided_at, decided_by, decided_as) '
                'VALUES (%s, 1, ''marketing'', ''approved'', now(), ''mary'', ''mary'')', :draft));

-- an admin speaks for no side, nor does one who looks
SET ROLE regress_revops_ada;
CALL try(format('SELECT revops.approve_agreement(%s, ''marketing'')', :draft));
CALL try(format('SELECT revops.refuse_agreement(%s, ''sales'', ''no'')', :draft));
CALL try(format('SELECT revops.adopt_agreement(%s)', :draft));
CALL try(format('SELECT revops.activate_agreement(%s)', :draft));
CALL try('SELECT revops.agreement_event(a, ''activated'') FROM revops.agreement a LIMIT 1');
SET ROLE regress_revops_reader;
CALL try(format('SELECT revops.approve_agreement(%s, ''marketing'')', :draft));
CALL try('SELECT * FROM revops.agreement_history');
CALL try('SELECT * FROM revops.agreement_overdue');
CALL try(format('SELECT * FROM revops.diff_agreement(1, %s)', :draft));
-- nor does a function that somebody who may approve has made: the session counts
SET ROLE regress_revops_mary;
CREATE FUNCTION public.approve_it(agreement_id int) RETURNS text LANGUAGE sql SECURITY DEFINER
    AS 'SELECT revops.approve_agreement($1, ''marketing'')';
SET ROLE regress_revops_app;
CALL try(format('SELECT public.approve_it(%s)', :draft));
SET ROLE regress_revops_mary;
CALL try(format('SELECT public.approve_it(%s)', :draft));
DROP FUNCTION public.approve_it(int);
RESET ROLE;
SELECT side, decision, decided_by = session_user AS by_login, decided_as, note FROM revops.agreement_approval ORDER BY approval_id;

-- admin puts it into force; facts and state are written by nobody's hand
SET ROLE regress_revops_ada;
CALL try(format('SELECT revops.activate_agreement(%s)', :draft));
CALL try('UPDATE revops.agreement SET status = ''retired''');
CALL try('SELECT * FROM revops.touch');
CALL try('INSERT INTO revops.touch VALUES (1, now(), 1, now(), 1, 1, NULL, 1, ''a'')');
CALL try('UPDATE revops.lead SET fit = 100');
CALL try('DELETE FROM revops.definition_change');
CALL try('INSERT INTO revops.definition_change (definition, operation) VALUES (''rep'', ''UPDATE'')');
CALL try('DROP TABLE revops.touch');
CALL try('ALTER TABLE revops.stage_change DISABLE TRIGGER ALL');
CALL try('CREATE TABLE revops.mine ()');
RESET ROLE;
-- who did what was written down, whatever they had set
SELECT definition, operation, after ->> 'target' AS target, after ->> 'mql_fit' AS mql_fit
FROM revops.definition_change
WHERE definition IN ('sla_policy', 'score_model') AND operation = 'UPDATE' ORDER BY change_id;

-- rule text runs nothing with anybody's rights but those of revops_reader,
-- whoever saves it or puts it into force
SET ROLE regress_revops_mary;
CREATE FUNCTION public.note_it() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'running as %', current_user;
    BEGIN
        EXECUTE 'CREATE TEMP TABLE late (n int)';
    EXCEPTION WHEN OTHERS THEN
        RAISE NOTICE 'no temporary table: %', SQLERRM;
    END;
    BEGIN
        PERFORM set_config('role', 'none', false);
    EXCEPTION WHEN OTHERS THEN
        RAISE NOTICE 'no other role: %', SQLERRM;
    END;
    RETURN true;
END $$;
CREATE FUNCTION public.innocent(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.note_it();
    RETURN true;
END $$;
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
VALUES (:draft, 'trap', 'fit', 'public.innocent(1)', 5);
RESET ROLE;
UPDATE revops.score_rule SET points = 6, condition = 'public.innocent(2)' WHERE agreement_id = :draft AND rule = 'trap';
SELECT count(*) FROM revops.agreement_problems(:draft);
DELETE FROM revops.agreement WHERE agreement_id = :draft;

-- a rule may name what revops_reader may not use: it matches nothing until it may, and says so
CREATE SCHEMA secret;
CREATE FUNCTION secret.target(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 = ''x''';
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
VALUES (:draft, 'secret', 'fit', 'secret.target(company)', 5);

-- nobody makes a binding run as a role whose rights they do not have
SET ROLE regress_revops_ada;
CREATE TABLE public.ada_lead (id int PRIMARY KEY);
CALL try($$INSERT INTO revops.binding (binding, kind, host, host_name, key_columns, owner)
           VALUES ('leads', 'lead', 'public.ada_lead', 'public.ada_lead', '{id}', 'regress_revops_ada')$$);
CALL try($$INSERT INTO revops.binding (binding, kind, host, host_name, key_columns, owner)
           VALUES ('more', 'lead', 'public.ada_lead', 'public.ada_lead', '{id}', 'regress_revops_sam')$$);
CALL try($$UPDATE revops.binding SET owner = (SELECT oid::regrole FROM pg_roles WHERE rolsuper ORDER BY oid LIMIT 1)$$);
SET check_function_bodies = off;
CALL try($$UPDATE revops.binding SET owner = 'regress_revops_sam'$$);
RESET check_function_bodies;
RESET ROLE;

-- the extension is not put into a schema that somebody else made
DROP EXTENSION pg_revops;
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS revops;
RESET client_min_messages;
ALTER SCHEMA revops OWNER TO regress_revops_mary;
CALL try('CREATE EXTENSION pg_revops');

ALTER SCHEMA revops OWNER TO CURRENT_USER;
DROP OWNED BY regress_revops_mary, regress_revops_ada CASCADE;
DROP ROLE regress_revops_app, regress_revops_reader, regress_revops_mary, regress_revops_sam, regress_revops_ada;
