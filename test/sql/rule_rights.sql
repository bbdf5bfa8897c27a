-- L1: nobody gains rights through a rule.
SET pg_revops.now = '2026-03-02 09:00+00';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme');

-- rule text has no more rights than revops_reader, whoever attached the table:
-- a stable function that hides a volatile one gains nothing
CREATE ROLE regress_mallory;
GRANT revops_marketing TO regress_mallory;
CREATE SCHEMA mal AUTHORIZATION regress_mallory;
GRANT USAGE ON SCHEMA mal TO PUBLIC;
CREATE SCHEMA host;
CREATE TABLE host.lead (id int PRIMARY KEY, country text);
SELECT revops.attach_lead('mallory test', 'host.lead', '{"country": "country"}') > 0 AS attached;
SET ROLE regress_mallory;
CREATE FUNCTION mal.g() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    EXECUTE 'ALTER ROLE regress_mallory SUPERUSER';
END $$;
CREATE FUNCTION mal.f(t text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM mal.g();
    RETURN true;
END $$;
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
VALUES (:draft, 'evil', 'fit', 'mal.f(country)', 1);
RESET ROLE;
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS active;
INSERT INTO host.lead VALUES (1, 'DE');
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_mallory';
SELECT object, sqlstate, message FROM revops.fault ORDER BY fault_id;
SELECT revops.detach('mallory test');
DROP SCHEMA host CASCADE;
DROP SCHEMA mal CASCADE;
DROP OWNED BY regress_mallory;
DROP ROLE regress_mallory;
