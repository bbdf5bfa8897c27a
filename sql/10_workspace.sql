-- A workspace is one tenant, brand or CRM: it owns definitions, leads and KPIs.
CREATE TABLE revops.workspace
(
    workspace_id int PRIMARY KEY,
    workspace    text NOT NULL UNIQUE,
    time_zone    text NOT NULL,
    currency     text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE revops.workspace IS
    'One tenant, brand or CRM: owns definitions, leads and KPIs. Made by create_workspace(); 1 is every table''s default.';
COMMENT ON COLUMN revops.workspace.workspace_id IS 'number of the workspace; the first is 1';
COMMENT ON COLUMN revops.workspace.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.workspace.time_zone IS 'reporting zone: weeks and months of the KPIs begin at its midnight';
COMMENT ON COLUMN revops.workspace.currency IS 'ISO 4217 code of the currency in which the KPIs sum money';
COMMENT ON COLUMN revops.workspace.created_at IS 'when the workspace was made';

CREATE FUNCTION revops.check_workspace(workspace_id int) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM revops.workspace w WHERE w.workspace_id = check_workspace.workspace_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('workspace %s does not exist', coalesce(workspace_id::text, 'NULL')),
            DETAIL = 'There are: ' || coalesce((SELECT string_agg(format('%s (%s)', w.workspace_id, w.workspace), ', ' ORDER BY w.workspace_id)
                FROM revops.workspace w), 'none') || '.',
            HINT = 'SELECT revops.create_workspace(''name'', ''Europe/Berlin'', ''EUR'') makes one.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_workspace(int) IS 'Raises RV002 when there is no workspace of that number.';
