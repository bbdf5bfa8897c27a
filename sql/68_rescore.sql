-- Rescoring: all leads of a workspace computed anew, while the application works.

CREATE TABLE revops.rescore_run
(
    workspace_id int PRIMARY KEY REFERENCES revops.workspace ON DELETE CASCADE,
    agreement_id int NOT NULL,
    started_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    batch        int NOT NULL,
    all_seen     boolean NOT NULL DEFAULT false,
    last_lead    bigint NOT NULL DEFAULT 0,
    leads_total  bigint NOT NULL,
    leads_seen   bigint NOT NULL DEFAULT 0,
    leads_changed bigint NOT NULL DEFAULT 0,
    leads_failed bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE revops.rescore_run IS 'How far rescore() has come with a workspace, as of its last commit; the view rescore_progress reads better. One row for each workspace that was ever rescored.';
COMMENT ON COLUMN revops.rescore_run.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.rescore_run.agreement_id IS 'version that leads are computed by; when another comes into force all is begun again';
COMMENT ON COLUMN revops.rescore_run.started_at IS 'when it was begun, by the clock';
COMMENT ON COLUMN revops.rescore_run.updated_at IS 'when the last batch was done, by the clock';
COMMENT ON COLUMN revops.rescore_run.finished_at IS 'when all was done, by the clock; NULL: not yet, and the next call goes on where this one stopped';
COMMENT ON COLUMN revops.rescore_run.batch IS 'leads between two commits';
COMMENT ON COLUMN revops.rescore_run.all_seen IS 'true: only leads that were busy are left (rescore_left)';
COMMENT ON COLUMN revops.rescore_run.last_lead IS 'number of the last lead looked at';
COMMENT ON COLUMN revops.rescore_run.leads_total IS 'leads that there were when it was begun; estimated where there are very many';
COMMENT ON COLUMN revops.rescore_run.leads_seen IS 'leads looked at';
COMMENT ON COLUMN revops.rescore_run.leads_changed IS 'leads whose state was written: all others were right already';
COMMENT ON COLUMN revops.rescore_run.leads_failed IS 'leads that raised: see fault';

CREATE TABLE revops.rescore_left
(
    workspace_id int NOT NULL REFERENCES revops.rescore_run ON DELETE CASCADE,
    lead_id      bigint NOT NULL,
    PRIMARY KEY (workspace_id, lead_id)
);
COMMENT ON TABLE revops.rescore_left IS 'Leads that somebody held when rescore() came by: it tries them again when all others are done, or when it is called the next time.';
COMMENT ON COLUMN revops.rescore_left.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.rescore_left.lead_id IS 'the lead';

-- ----- parts of rescore() ---------------------------------------------------------

CREATE FUNCTION revops.rescore_batch(workspace_id int, after bigint, batch int) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_rescore_batch';
COMMENT ON FUNCTION revops.rescore_batch(int, bigint, int) IS
    'Computes fit and intent of up to batch leads after this lead number anew, by the agreement in force; returns the last of them, NULL when there are none. Leads that are busy are passed over. Raises 22023 for a batch under 1.';

CREATE FUNCTION revops.rescore_open(workspace_id int) RETURNS void
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'revops_rescore_open';
COMMENT ON FUNCTION revops.rescore_open(int) IS
    'This session rescores the workspace from now on, until it says rescore_close(), fails or ends. Raises 25001 inside a transaction block, 55006 while another session does. rescore() calls it.';

CREATE FUNCTION revops.rescore_close() RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_rescore_close';
COMMENT ON FUNCTION revops.rescore_close() IS 'This session has done its rescoring. rescore() calls it.';

CREATE FUNCTION revops.rescore_step(workspace_id int) RETURNS boolean
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'revops_rescore_step';
COMMENT ON FUNCTION revops.rescore_step(int) IS
    'Rescores the next batch of a workspace''s leads and notes in table rescore_run how far it is; true when there is no more to do, or only leads that stay busy. Raises 55000 unless the session has called rescore_open(). rescore() calls it.';

CREATE FUNCTION revops.rescore_begin(workspace_id int, batch int) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    in_force int := (SELECT a.agreement_id FROM revops.agreement a
                     WHERE a.workspace_id = rescore_begin.workspace_id AND a.status = 'active');
    -- counting costs a while where there are millions
    estimate bigint := (SELECT c.reltuples FROM pg_class c WHERE c.oid = 'revops.lead'::regclass);
BEGIN
    IF NOT coalesce(batch > 0, false) THEN
        RAISE EXCEPTION USING ERRCODE = '22023',
            MESSAGE = 'batch must be at least 1',
            DETAIL = format('It was given as %s.', coalesce(batch::text, 'NULL')),
            HINT = 'It says how much is done at once, before a commit: some hundreds serve well.';
    END IF;
    PERFORM revops.rescore_open(rescore_begin.workspace_id);
    IF estimate < 100000 OR (SELECT count(*) FROM revops.workspace) > 1 THEN
        estimate := (SELECT count(*) FROM revops.lead l WHERE l.workspace_id = rescore_begin.workspace_id);
    END IF;
    -- one that is finished begins anew, any other goes on
    DELETE FROM revops.rescore_run r WHERE r.workspace_id = rescore_begin.workspace_id AND r.finished_at IS NOT NULL;
    INSERT INTO revops.rescore_run AS r (workspace_id, agreement_id, started_at, updated_at, batch, leads_total)
    VALUES (rescore_begin.workspace_id, coalesce(in_force, 0), clock_timestamp(), clock_timestamp(), rescore_begin.batch, estimate)
    ON CONFLICT ON CONSTRAINT rescore_run_pkey DO UPDATE SET batch = excluded.batch, leads_total = excluded.leads_total;
END
$$;
COMMENT ON FUNCTION revops.rescore_begin(int, int) IS
    'Checks what rescore() is asked for, takes hold of the workspace for this session, notes the begin. Raises what rescore() raises.';

CREATE FUNCTION revops.rescore_end(workspace_id int) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
    UPDATE revops.rescore_run r SET finished_at = clock_timestamp()
    WHERE r.workspace_id = rescore_end.workspace_id
      AND NOT EXISTS (SELECT FROM revops.rescore_left l WHERE l.workspace_id = r.workspace_id);
    SELECT revops.rescore_close();
    END;
COMMENT ON FUNCTION revops.rescore_end(int) IS 'Notes the end, unless leads are left that stayed busy, and lets the workspace go. rescore() calls it.';

-- A procedure that commits may have no SET clause: every name is qualified.
-- Under REPEATABLE READ a lead would look busy for ever, so each transaction of
-- ours says what it is.
CREATE PROCEDURE revops.rescore(workspace_id int DEFAULT 1, batch int DEFAULT 10000)
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM revops.check_workspace(rescore.workspace_id);
    PERFORM revops.rescore_begin(rescore.workspace_id, batch);
    LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        EXIT WHEN revops.rescore_step(rescore.workspace_id);
    END LOOP;
    PERFORM revops.rescore_end(rescore.workspace_id);
END
$$;
COMMENT ON PROCEDURE revops.rescore(int, int) IS
    'Computes fit, intent and what follows from them anew for every lead of a workspace, by the agreement in force: call it after activate_agreement(). The application goes on meanwhile: a lead that somebody holds is passed over, and tried again when all others are done. Commits after each batch of so many leads; rescore_progress shows from any session how far it is. Killed or cancelled, the next call goes on behind the last commit, and so it does where leads stayed busy; when another version has come into force, and when all was done, it begins anew. A lead that has its numbers already is not written. Uses maintenance_work_mem for the leads'' touches, and temporary files beyond it. Raises RV002 (no such workspace), RV006 (no agreement in force), 22023 (a batch under 1), 55006 (another session does it), 25001 inside a transaction block.';

-- ----- progress ------------------------------------------------------------------------

CREATE VIEW revops.rescore_progress AS
SELECT w.workspace, r.workspace_id, a.version,
       CASE WHEN r.finished_at IS NOT NULL THEN 'finished' WHEN l.pid IS NOT NULL THEN 'running' ELSE 'stopped' END AS state,
       l.pid, r.batch, r.started_at, r.updated_at, r.finished_at,
       CASE WHEN r.all_seen THEN 100.0 ELSE round(least(100.0 * r.leads_seen / greatest(r.leads_total, 1), 100), 1) END AS percent,
       CASE WHEN r.all_seen THEN r.leads_seen ELSE greatest(r.leads_total, r.leads_seen) END AS leads_estimated,
       r.leads_seen, r.leads_changed, r.leads_failed,
       (SELECT count(*) FROM revops.rescore_left b WHERE b.workspace_id = r.workspace_id) AS leads_busy,
       r.last_lead
FROM revops.rescore_run r
JOIN revops.workspace w USING (workspace_id)
LEFT JOIN revops.agreement a USING (agreement_id)
LEFT JOIN pg_catalog.pg_locks l
       ON l.locktype = 'advisory' AND l.granted AND l.classid = 'revops.rescore_run'::regclass AND l.objid = r.workspace_id::oid AND l.objsubid = 2
          AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database());
COMMENT ON VIEW revops.rescore_progress IS 'How far each rescore is, as of its last commit: visible from any session.';
COMMENT ON COLUMN revops.rescore_progress.workspace IS 'its name';
COMMENT ON COLUMN revops.rescore_progress.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.rescore_progress.version IS 'version of the agreement that leads are computed by';
COMMENT ON COLUMN revops.rescore_progress.state IS 'running, stopped (killed, cancelled or failed, or leads stayed busy: the next call goes on from there), finished';
COMMENT ON COLUMN revops.rescore_progress.pid IS 'process of the session that does it; NULL: none';
COMMENT ON COLUMN revops.rescore_progress.batch IS 'leads between two commits';
COMMENT ON COLUMN revops.rescore_progress.started_at IS 'when it was begun, by the clock';
COMMENT ON COLUMN revops.rescore_progress.updated_at IS 'when the last batch was done, by the clock';
COMMENT ON COLUMN revops.rescore_progress.finished_at IS 'when all was done, by the clock; NULL: not yet';
COMMENT ON COLUMN revops.rescore_progress.percent IS 'share of the leads that was looked at, 0 to 100';
COMMENT ON COLUMN revops.rescore_progress.leads_estimated IS 'leads that there are in all, as far as is known';
COMMENT ON COLUMN revops.rescore_progress.leads_seen IS 'leads looked at';
COMMENT ON COLUMN revops.rescore_progress.leads_changed IS 'leads whose state was written';
COMMENT ON COLUMN revops.rescore_progress.leads_failed IS 'leads that raised: see fault';
COMMENT ON COLUMN revops.rescore_progress.leads_busy IS 'leads that somebody held: they are tried again';
COMMENT ON COLUMN revops.rescore_progress.last_lead IS 'number of the last lead looked at';
