-- What answer.sql found, into the database that the runs are copies of.
CREATE TABLE other.answer (lead_id bigint, change_id bigint, personal jsonb, profile jsonb, created_at timestamptz, spent interval,
    team_id int, rep_id int, fit smallint, score smallint, route_id int, policy_id int, calendar_id int, due_at timestamptz,
    key text COLLATE "C", source text COLLATE "C", campaign text COLLATE "C", segment text COLLATE "C");
CREATE TABLE other.schedule (team_id int, turn int, turns int, rep_id int, PRIMARY KEY (team_id, turn));
COPY other.answer FROM :'answers';
COPY other.schedule FROM :'schedule';
SELECT agreement_id AS agreement FROM revops.agreement WHERE status = 'active' \gset
SELECT min(policy_id) AS first, max(policy_id) AS second FROM revops.sla_policy WHERE agreement_id = :agreement \gset
CREATE FUNCTION other.agreement() RETURNS int IMMUTABLE LANGUAGE sql RETURN :agreement;
CREATE FUNCTION other.policy(n int) RETURNS int IMMUTABLE LANGUAGE sql RETURN CASE n WHEN 1 THEN :first ELSE :second END;
CREATE FUNCTION other.moment() RETURNS timestamptz IMMUTABLE LANGUAGE sql RETURN :'moment'::timestamptz;
VACUUM (ANALYZE);
