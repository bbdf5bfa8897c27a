-- Tables that the roles of leads look up.

CREATE FUNCTION revops.capture_lookup() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_capture_lookup';
COMMENT ON FUNCTION revops.capture_lookup() IS
    'Statement trigger of a table that roles of leads look up: puts the leads that the statement''s rows name into the inbox, to be read again. Settles nothing, locks no lead. Argument: the binding''s number.';

CREATE FUNCTION revops.attach_lookup(binding text, host regclass, lead_binding text, roles jsonb,
                                     filter text DEFAULT NULL, key text[] DEFAULT NULL, zone text DEFAULT NULL,
                                     replicated boolean DEFAULT NULL) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    leads revops.binding := revops.lead_binding(lead_binding);
    wanted revops.binding;
BEGIN
    wanted.kind := 'lookup';
    wanted.binding := binding;
    wanted.host := host;
    wanted.filter := filter;
    wanted.key_columns := coalesce(key, '{}');
    wanted.lead_binding_id := leads.binding_id;
    wanted.workspace_id := leads.workspace_id;
    -- its statements are never settled at once
    wanted.mode := 'queued';
    wanted.zone := coalesce(zone, leads.zone);
    wanted.replicated := coalesce(replicated, leads.replicated);
    wanted.on_violation := 'record';
    wanted.on_error := leads.on_error;
    RETURN revops.attach(wanted, roles, '{}');
END
$$;
COMMENT ON FUNCTION revops.attach_lookup(text, regclass, text, jsonb, text, text[], text, boolean) IS
    'Attaches a table that roles of a binding''s leads look up by sub-selects, so that a change of it is noticed; gives the binding''s number. Its one role, lead, is the key of the lead that reads the row, as lead_id() takes it, or an array of such keys; it may be a sub-select itself. What a statement inserts, updates (as it was and as it is) or deletes puts the leads that it names into the inbox, to be read again by settle() or the worker; an update that changes nothing, and a lead that is not known, put nothing. TRUNCATE puts nothing: reconcile() finds what it changed. A key is not needed. "zone" and "replicated" are those of the leads where they are NULL. Else as attach_lead().';
