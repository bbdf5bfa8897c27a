\echo Use "CREATE EXTENSION pg_revops" to load this file. \quit

-- Nothing in this script may resolve a name by the caller's search path.
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE FUNCTION revops.engine_now() RETURNS timestamptz
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'revops_engine_now';
COMMENT ON FUNCTION revops.engine_now() IS
    'The engine''s present moment: pg_revops.now where a superuser has set it, else the transaction''s time.';

CREATE FUNCTION revops.definition_changed() RETURNS trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'revops_definition_changed';
COMMENT ON FUNCTION revops.definition_changed() IS
    'Trigger of every definition table: makes all sessions compile the definitions anew at their next use.';
