-- What people and schedulers call.

CREATE FUNCTION revops.accept(lead_id bigint) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_accept';
COMMENT ON FUNCTION revops.accept(bigint) IS
    'Sales takes the lead: moves it to the stage of purpose accepted and returns that stage. Waits for the lead. Raises RV002 (no such lead), RV003 (the transitions do not allow it).';

CREATE FUNCTION revops.reject(lead_id bigint, reason text) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_reject';
COMMENT ON FUNCTION revops.reject(bigint, text) IS
    'Sales refuses the lead with a coded reason: moves it to the stage of purpose disqualified, ends its running promise, and returns that stage. Waits for the lead. Raises RV002 (no such lead or reason), RV003 (the transitions do not allow it).';

CREATE FUNCTION revops.recycle(lead_id bigint, reason text, until timestamptz) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_recycle';
COMMENT ON FUNCTION revops.recycle(bigint, text, timestamptz) IS
    'Not ready now: moves the lead to the stage of purpose nurture with a coded reason, ends its running promise, and returns that stage; at the date given run_due() brings it back to where leads enter. Waits for the lead. Raises RV002 (no such lead or reason), RV003 (the transitions do not allow it), 22023 (the date is not in the future).';

CREATE FUNCTION revops.advance(lead_id bigint, to_stage text, reason text DEFAULT NULL) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_advance';
COMMENT ON FUNCTION revops.advance(bigint, text, text) IS
    'Moves the lead to a stage, as the transitions of the agreement allow, and returns the stage it is in then. Waits for the lead. Raises RV002 (no such lead, stage or reason), RV003 (not allowed, or a reason is needed).';

CREATE FUNCTION revops.assign(lead_id bigint, rep text, reason text DEFAULT NULL) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_assign';
COMMENT ON FUNCTION revops.assign(bigint, text, text) IS
    'Gives the lead to a rep by hand and returns the rep; the first assignment of a lead that was handed over starts the promise of a first response. Waits for the lead. Raises RV002 (no such lead, rep or reason).';

CREATE FUNCTION revops.record_touch(lead_id bigint, signal text, occurred_at timestamptz DEFAULT NULL) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_record_touch';
COMMENT ON FUNCTION revops.record_touch(bigint, text, timestamptz) IS
    'Records a touch (now, unless occurred_at says when) and settles the lead, in a transaction block when it commits; where the lead is busy the touch waits as a delta. Raises RV002 (no such lead or signal), 22023 (a time in the future).';

CREATE FUNCTION revops.forget(lead_id bigint) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_forget';
COMMENT ON FUNCTION revops.forget(bigint) IS
    'Erases a person: deletes the lead''s personal roles (lead_identity, with those that enrich() has filled), erases answers in words or to personal questions, and scores the lead anew without them. Facts stay: they hold numbers, codes and non-personal roles only. The row of the attached table is the host''s to erase; while it is there its next change brings the roles back. Waits for the lead. Raises RV002 (no such lead).';

CREATE FUNCTION revops.fold_batch(after bigint, batch int, only_urgent boolean DEFAULT false) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_fold_batch';
COMMENT ON FUNCTION revops.fold_batch(bigint, int, boolean) IS
    'Folds what waits for up to batch leads after this lead number (only_urgent: of those where a delta is urgent); returns the last of them, NULL when there are none. Leads that are busy are left for the next time. Raises 22023 for a batch under 1. settle() calls it.';

CREATE FUNCTION revops.run_due(batch int DEFAULT 1000) RETURNS int
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_run_due';
COMMENT ON FUNCTION revops.run_due(int) IS
    'Fires what is due: versions of the agreement come into force, recycled leads come back, leads that fell through a border of grade or floor by decay alone and breached promises become events, planned activities are taken when their time has come, each exactly once. Returns how many, at most batch of each kind. Call it from any scheduler. Leads that are busy are left for the next call.';

CREATE FUNCTION revops.read_inbox(after bigint, batch int, only_due boolean DEFAULT false) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_read_inbox';
COMMENT ON FUNCTION revops.read_inbox(bigint, int, boolean) IS
    'Settles up to batch entries of the inbox, those after this number, in order; returns the last of them, NULL when there are none. What fails stays, with a fault, and is read again from the host''s row, after a wait that doubles each time (only_due: not before; else at once). Waits for another reader of the inbox (only_due: returns NULL). Raises 22023 for a batch under 1. settle() calls it.';

-- A procedure that commits may have no SET clause: every name is qualified.
-- Under REPEATABLE READ a lead would look busy for ever, so each transaction of
-- ours says what it is.
CREATE PROCEDURE revops.settle(batch int DEFAULT 200)
    LANGUAGE plpgsql AS $$
DECLARE
    after bigint := 0;
BEGIN
    LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        after := revops.read_inbox(after, batch);
        EXIT WHEN after IS NULL;
    END LOOP;
    after := 0;
    LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        after := revops.fold_batch(after, batch);
        EXIT WHEN after IS NULL;
    END LOOP;
    after := 0;
    LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        after := revops.write_back_batch(after, batch);
        EXIT WHEN after IS NULL;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE revops.settle(int) IS
    'Settles all that waits, as the background worker does: entries of the inbox that are due or were tried before, deltas of all leads that are not busy, and rows of the host that are to be written back. Timers and breaches are run_due()''s. Commits after each batch, so it must be called outside a transaction block. Raises 22023 for a batch under 1, 2D000 inside a transaction block.';
