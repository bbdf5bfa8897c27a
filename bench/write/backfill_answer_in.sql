-- What backfill_answer.sql found, into the database that the runs are copies of.
CREATE TABLE other.adopted (lead_id bigint, change_id bigint, personal jsonb, profile jsonb, created_at timestamptz, fit smallint,
    score smallint, key text COLLATE "C", source text COLLATE "C", campaign text COLLATE "C", segment text COLLATE "C");
COPY other.adopted FROM :'answers';
SELECT agreement_id AS agreement FROM revops.agreement WHERE status = 'active' \gset
CREATE FUNCTION other.agreement() RETURNS int IMMUTABLE LANGUAGE sql RETURN :agreement;
CREATE FUNCTION other.moment() RETURNS timestamptz IMMUTABLE LANGUAGE sql RETURN :'moment'::timestamptz;
VACUUM (ANALYZE);
