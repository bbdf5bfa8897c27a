-- What people and schedulers call.

CREATE FUNCTION revops.accept(lead_id bigint, rep text DEFAULT NULL) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_accept';
COMMENT ON FUNCTION revops.accept(bigint, text) IS
    'Sales takes the lead: moves it to the stage of purpose accepted and returns that stage. With a rep it is that rep who takes it, and who has it from then on. Waits for the lead: of two who accept it at once one does, and the other is told who has (RV008). Said again by the rep who has accepted it, it changes nothing and returns the stage; said again without a rep it raises RV008. Raises RV002 (no such lead or rep), RV003 (the transitions do not allow it), RV008 (somebody has accepted it already).';

CREATE FUNCTION revops.reject(lead_id bigint, reason text) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_reject';
COMMENT ON FUNCTION revops.reject(bigint, text) IS
    'Sales refuses the lead with a coded reason: moves it to the stage of purpose disqualified, ends its running promise, and returns that stage. Waits for the lead. Raises RV002 (no such lead or reason), RV003 (the transitions do not allow it).';

CREATE FUNCTION revops.recycle(lead_id bigint, reason text, until timestamptz) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_recycle';
COMMENT ON FUNCTION revops.recycle(bigint, text, timestamptz) IS
    'Not ready now: moves the lead to the stage of purpose nurture with a coded reason, ends its running promise, and returns that stage; at the date given run_due() brings it back to where leads enter. Waits for the lead. Raises RV002 (no such lead or reason), RV003 (the transitions do not allow it), 22023 (the date is not in the future).';

CREATE FUNCTION revops.no_response(lead_id bigint, until timestamptz DEFAULT NULL) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_no_response';
COMMENT ON FUNCTION revops.no_response(bigint, timestamptz) IS
    'The lead does not respond: moves it to where the handoff rule says (nurture, until the date given or for no_response_for, or disqualified) with the reason no_response_reason, ends its running promise, and returns that stage. Only after the agreed attempts on the agreed days since the lead came to sales: touches of attempts_signals, done steps of a track that count as attempts among them. Waits for the lead. Raises RV002 (no such lead or reason), RV003 (too few attempts, which DETAIL counts; the lead is not with sales; the transitions do not allow it), RV006 (the agreement has no handoff rule), 22023 (the date is not in the future).';

CREATE FUNCTION revops.duplicate(lead_id bigint, of_lead_id bigint) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_duplicate';
COMMENT ON FUNCTION revops.duplicate(bigint, bigint) IS
    'The lead is a duplicate of another, which survives: moves it to the stage of purpose disqualified with the reason duplicate_reason, ends its running promise, writes down of whom (duplicate_link), and returns that stage. Where the other is a duplicate itself, the one that it is a duplicate of survives. Waits for both leads. Raises RV002 (no such lead or reason), RV003 (the transitions do not allow it), RV006 (the agreement has no handoff rule), 22023 (the other is the lead itself or a duplicate of it, is gone, or belongs to another workspace).';

CREATE FUNCTION revops.dispute_rejection(lead_id bigint, note text, side text DEFAULT 'marketing') RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_dispute_rejection';
COMMENT ON FUNCTION revops.dispute_rejection(bigint, text, text) IS
    'A team (marketing or sales, which the session''s role must be a member of) disputes that sales has rejected the lead, and says why; returns the number of the dispute. A rejection is disputed once, and while it is the lead''s last move. Waits for the lead. Raises RV002 (no such lead), RV003 (its last move is no rejection), 55000 (it is disputed already), RV004 (another side), 42501 (not a member), 22023 (nothing is said).';

CREATE FUNCTION revops.resolve_dispute(dispute_id bigint, outcome text, note text) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_resolve_dispute';
COMMENT ON FUNCTION revops.resolve_dispute(bigint, text, text) IS
    'Ends a dispute, with the reason in words: upheld (the rejection stands) or overturned (the lead is handed over again at once, cause overturned, whatever the transitions say; what the stage asks for must be there), and returns the stage of the lead. Either team may uphold; only the team that did not dispute may overturn. Waits for the lead. Raises RV002 (no such dispute), RV003 (the lead has moved on, or may not enter the stage yet), 55000 (it is resolved already), 42501 (not a member of the team), 22023 (no such outcome, nothing is said).';

CREATE FUNCTION revops.advance(lead_id bigint, to_stage text, reason text DEFAULT NULL) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_advance';
COMMENT ON FUNCTION revops.advance(bigint, text, text) IS
    'Moves the lead to a stage, as the transitions of the agreement allow, and returns the stage it is in then. Waits for the lead. Raises RV002 (no such lead, stage or reason), RV003 (not allowed, or a reason is needed).';

CREATE FUNCTION revops.assign(lead_id bigint, rep text, reason text DEFAULT NULL) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_assign';
COMMENT ON FUNCTION revops.assign(bigint, text, text) IS
    'Gives the lead to a rep by hand and returns the rep; the first assignment of a lead that was handed over starts the promise of a first response. Waits for the lead. Raises RV002 (no such lead, rep or reason).';

CREATE FUNCTION revops.record_touch(lead_id bigint, signal text, occurred_at timestamptz DEFAULT NULL,
                                    source text DEFAULT NULL, campaign text DEFAULT NULL, content text DEFAULT NULL) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_record_touch';
COMMENT ON FUNCTION revops.record_touch(bigint, text, timestamptz, text, text, text) IS
    'Records a touch (now, unless occurred_at says when; source, campaign and content tell where it came from) and settles the lead, in a transaction block when it commits; where the lead is busy the touch waits as a delta. Raises RV002 (no such lead or signal), 22023 (a time in the future).';

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
