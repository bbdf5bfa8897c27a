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
