-- Rules: SQL conditions over the roles of a lead.

CREATE FUNCTION revops.check_condition(kind text, name text, condition text, role_names text[], role_types regtype[])
    RETURNS void
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'revops_check_condition';
COMMENT ON FUNCTION revops.check_condition(text, text, text, text[], regtype[]) IS
    'Raises RV001 when the text is not a valid boolean condition over the given roles: "kind" and "name" say in the message what it is (scoring rule, "smb"). Functions and operators outside pg_catalog are written with their schema. Immutable functions over constants run as the caller while the text is checked: a SECURITY DEFINER function must not pass on text that it does not trust.';
