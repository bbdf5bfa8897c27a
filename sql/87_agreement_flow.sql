-- How a version of the agreement comes into force: proposed, approved by
-- marketing and by sales, put into force at a moment.  The verbs lock the
-- workspace's row, so that of two at once one comes first; what a step demands
-- and changes is in 84_versions.sql.

CREATE FUNCTION revops.falls_due(at timestamptz) RETURNS void
    LANGUAGE c VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'revops_falls_due';
COMMENT ON FUNCTION revops.falls_due(timestamptz) IS
    'Tells the background worker, when the transaction commits, that something falls due then; without one it does nothing.';

-- ----- who speaks ------------------------------------------------------------

CREATE FUNCTION revops.acting_role() RETURNS name
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    -- not current_user, which is the owner within SECURITY DEFINER functions
    SELECT CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END::name
    $$;
COMMENT ON FUNCTION revops.acting_role() IS
    'The role that the session acts as: the one it logged in as, or that of SET ROLE; never the owner of a function that is being run.';

CREATE FUNCTION revops.check_side(side text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    member name := revops.acting_role();
BEGIN
    IF side IS NULL OR side NOT IN ('marketing', 'sales') THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('side must be marketing or sales, not %s', coalesce(quote_literal(side), 'NULL')),
            DETAIL = 'The agreement is between these two teams.',
            HINT = 'Name the team that you decide for.';
    ELSIF NOT pg_has_role(member, 'revops_' || side, 'USAGE') THEN
        RAISE insufficient_privilege USING
            MESSAGE = format('role "%s" cannot decide for %s', member, side),
            DETAIL = format('It is not a member of revops_%s.', side),
            HINT = format('A member of revops_%s decides, or GRANT revops_%s TO %I.', side, side, member);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_side(text) IS
    'Raises 42501 unless the session''s role has the rights of revops_marketing (side marketing) or revops_sales (side sales), RV004 for another side. A superuser has the rights of every role, as anywhere in PostgreSQL, and signs by name; revops_admin has not, unless it is granted them.';

CREATE FUNCTION revops.lock_agreement(agreement_id int) RETURNS revops.agreement
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    found_one revops.agreement;
BEGIN
    -- the workspace first, as draft_agreement() does: no deadlock between the two
    PERFORM FROM revops.workspace w
    WHERE w.workspace_id = (SELECT a.workspace_id FROM revops.agreement a WHERE a.agreement_id = $1)
    FOR NO KEY UPDATE;
    SELECT a.* INTO found_one FROM revops.agreement a WHERE a.agreement_id = $1;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('agreement %s does not exist', coalesce($1::text, 'NULL')),
            DETAIL = format('Not yet in force are: %s.',
                            (SELECT coalesce(string_agg(format('%s (version %s of workspace %s, %s)', a.agreement_id,
                                                               a.version, a.workspace_id, a.status), ', ' ORDER BY a.agreement_id), 'none')
                             FROM revops.agreement a WHERE a.active_from IS NULL)),
            HINT = 'Drafts are made by revops.draft_agreement() and listed in revops.agreement.';
    END IF;
    RETURN found_one;
END
$$;
COMMENT ON FUNCTION revops.lock_agreement(int) IS
    'Part of the verbs of the agreement: locks its workspace and returns the version as it is then. Raises RV002 if unknown.';

CREATE FUNCTION revops.refuse_step(of_version revops.agreement, verb text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'RV006',
        MESSAGE = format('version %s of the agreement is %s and cannot be %s', of_version.version,
                         CASE WHEN of_version.status = 'draft' THEN 'a draft'
                              WHEN of_version.status IN ('active', verb) THEN of_version.status || ' already'
                              ELSE of_version.status END, verb),
        DETAIL = CASE of_version.status
            WHEN 'draft' THEN format('It was drafted at %s by %s.', of_version.created_at, of_version.created_by)
            WHEN 'proposed' THEN format('It was proposed at %s by %s.', of_version.proposed_at, of_version.proposed_by)
            WHEN 'approved' THEN 'Marketing and sales have both approved it.'
            WHEN 'active' THEN format('It is in force since %s, put into force by %s.', of_version.active_from, of_version.activated_by)
            ELSE format('It was in force from %s to %s.', of_version.active_from, of_version.retired_at) END,
        HINT = CASE of_version.status
            WHEN 'draft' THEN format('SELECT revops.propose_agreement(%s);', of_version.agreement_id)
            WHEN 'proposed' THEN format('SELECT revops.approve_agreement(%s, side), or withdraw_agreement(%s).', of_version.agreement_id, of_version.agreement_id)
            WHEN 'approved' THEN format('SELECT revops.activate_agreement(%s), or withdraw_agreement(%s).', of_version.agreement_id, of_version.agreement_id)
            ELSE format('SELECT revops.draft_agreement(%s) makes a draft to change it.', of_version.workspace_id) END;
END
$$;
COMMENT ON FUNCTION revops.refuse_step(revops.agreement, text) IS
    'Part of the verbs of the agreement: raises RV006 for a version on which the verb can''t be used as it is.';

-- ----- the verbs -------------------------------------------------------------

CREATE FUNCTION revops.propose_agreement(agreement_id int, note text DEFAULT NULL) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    draft revops.agreement := revops.lock_agreement($1);
BEGIN
    IF draft.status <> 'draft' THEN
        PERFORM revops.refuse_step(draft, 'proposed');
    END IF;
    UPDATE revops.agreement a SET status = 'proposed', note = coalesce($2, a.note)
    WHERE a.agreement_id = $1 RETURNING a.proposal INTO draft.proposal;
    RETURN draft.proposal;
END
$$;
COMMENT ON FUNCTION revops.propose_agreement(int, text) IS
    'Lays a draft before marketing and sales, with a note in place of its own where one is given; returns the number of the proposal, 1 the first time. From then on it can''t be edited. Raises RV004 with all of agreement_problems() if it cannot work, RV006 if it is no draft, RV002 if unknown.';

CREATE FUNCTION revops.approve_agreement(agreement_id int, side text, note text DEFAULT NULL, proposal int DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    proposed revops.agreement := revops.lock_agreement($1);
    earlier revops.agreement_approval;
BEGIN
    PERFORM revops.check_side($2);
    SELECT p.* INTO earlier FROM revops.agreement_approval p
    WHERE p.agreement_id = $1 AND p.proposal = proposed.proposal AND p.side = $2 AND p.decision = 'approved';
    IF proposed.status IN ('proposed', 'approved') AND earlier.side IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV006',
            MESSAGE = format('%s has approved version %s of the agreement already', $2, proposed.version),
            DETAIL = format('It did at %s, by %s.', earlier.decided_at, earlier.decided_by),
            HINT = CASE proposed.status WHEN 'approved' THEN format('SELECT revops.activate_agreement(%s);', $1)
                   ELSE format('Awaited: %s.', array_to_string(revops.missing_sides(proposed), ', ')) END;
    ELSIF proposed.status <> 'proposed' THEN
        PERFORM revops.refuse_step(proposed, 'approved');
    ELSIF $4 <> proposed.proposal THEN
        RAISE EXCEPTION USING ERRCODE = 'RV006',
            MESSAGE = format('version %s of the agreement has been proposed anew', proposed.version),
            DETAIL = format('Proposal %s is before the teams since %s; %s was to be approved.', proposed.proposal,
                            proposed.proposed_at, $4),
            HINT = 'Look at it again: it may have been edited in between.';
    END IF;
    INSERT INTO revops.agreement_approval (agreement_id, proposal, side, decision, decided_at, decided_by, decided_as, note)
    VALUES ($1, proposed.proposal, $2, 'approved', revops.engine_now(), session_user, revops.acting_role(), $3);
    PERFORM revops.agreement_event(proposed, 'approved');
    IF revops.missing_sides(proposed) = '{}' THEN
        UPDATE revops.agreement a SET status = 'approved' WHERE a.agreement_id = $1
        RETURNING a.status INTO proposed.status;
    END IF;
    RETURN proposed.status;
END
$$;
COMMENT ON FUNCTION revops.approve_agreement(int, text, text, int) IS
    'Approves what is proposed for a side, marketing or sales, whose group the session''s role must be a member of; who is a member of both approves twice. Returns the status then: proposed (the other side is awaited) or approved. With the number of the proposal that was looked at, it raises RV006 where there has been another since; so it does if the version is not proposed, or approved by this side already. Raises 42501 for who is no member, RV004 for another side, RV002 for an unknown version.';

CREATE FUNCTION revops.refuse_agreement(agreement_id int, side text, note text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    proposed revops.agreement := revops.lock_agreement($1);
BEGIN
    PERFORM revops.check_side($2);
    IF proposed.status NOT IN ('proposed', 'approved') THEN
        PERFORM revops.refuse_step(proposed, 'refused');
    ELSIF coalesce($3, '') !~ '\S' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004', MESSAGE = 'a refusal needs a note',
            DETAIL = format('It is to say what %s wants changed in version %s.', $2, proposed.version),
            HINT = format('SELECT revops.refuse_agreement(%s, %L, ''what is to be changed'');', $1, $2);
    END IF;
    INSERT INTO revops.agreement_approval (agreement_id, proposal, side, decision, decided_at, decided_by, decided_as, note)
    VALUES ($1, proposed.proposal, $2, 'refused', revops.engine_now(), session_user, revops.acting_role(), $3);
    UPDATE revops.agreement a SET status = 'draft' WHERE a.agreement_id = $1;
END
$$;
COMMENT ON FUNCTION revops.refuse_agreement(int, text, text) IS
    'Refuses what is proposed, or approved and not yet in force, for a side, and says what is to be changed: it is a draft again, and what was approved does not count for the next proposal. Raises 42501 unless the session''s role is a member of the side''s group, RV006 if nothing is proposed, RV004 without a note or for another side, RV002 for an unknown version.';

CREATE FUNCTION revops.withdraw_agreement(agreement_id int) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    proposed revops.agreement := revops.lock_agreement($1);
BEGIN
    IF proposed.status NOT IN ('proposed', 'approved') THEN
        PERFORM revops.refuse_step(proposed, 'withdrawn');
    END IF;
    UPDATE revops.agreement a SET status = 'draft' WHERE a.agreement_id = $1;
END
$$;
COMMENT ON FUNCTION revops.withdraw_agreement(int) IS
    'Makes a version that is proposed, approved or waiting for its moment a draft again, which can be edited; what was approved stays in the history and does not count for the next proposal. Raises RV006 for a version that is none of these, RV002 if unknown.';

CREATE FUNCTION revops.activate_agreement(agreement_id int, at timestamptz DEFAULT NULL) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    approved revops.agreement := revops.lock_agreement($1);
    moment timestamptz;
BEGIN
    IF approved.status IN ('draft', 'proposed') THEN
        RAISE EXCEPTION USING ERRCODE = 'RV006',
            MESSAGE = format('version %s of the agreement has not been approved by %s', approved.version,
                             array_to_string(CASE approved.status WHEN 'draft' THEN '{marketing,sales}'
                                             ELSE revops.missing_sides(approved) END, ' and ')),
            DETAIL = CASE approved.status WHEN 'draft' THEN 'It is a draft, and has not been proposed.'
                     ELSE format('It was proposed at %s by %s.', approved.proposed_at, approved.proposed_by) END,
            HINT = CASE approved.status WHEN 'draft' THEN format('SELECT revops.propose_agreement(%s), then both teams approve. ', $1)
                   ELSE format('SELECT revops.approve_agreement(%s, %L) as a member of revops_%s. ', $1,
                               (revops.missing_sides(approved))[1], (revops.missing_sides(approved))[1]) END
                   || format('Who speaks for both does all of it by SELECT revops.adopt_agreement(%s).', $1);
    ELSIF approved.status <> 'approved' THEN
        PERFORM revops.refuse_step(approved, 'put into force');
    ELSIF $2 = 'infinity' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004', MESSAGE = 'the moment must be finite',
            DETAIL = format('Version %s would never be in force.', approved.version),
            HINT = 'Name a moment, or leave it out: at once.';
    END IF;
    IF $2 > revops.engine_now() THEN
        UPDATE revops.agreement a SET due_at = $2, try_at = $2, tries = 0, problem = NULL, activated_by = session_user
        WHERE a.agreement_id = $1 RETURNING a.due_at INTO moment;
    ELSE
        UPDATE revops.agreement a SET status = 'active', due_at = NULL
        WHERE a.agreement_id = $1 RETURNING a.active_from INTO moment;
    END IF;
    RETURN moment;
END
$$;
COMMENT ON FUNCTION revops.activate_agreement(int, timestamptz) IS
    'Puts a version that both teams have approved into force and retires the one before it, in one step, at engine_now() or at a later moment; returns the moment. A later one is kept by the background worker, or by run_due() when it is next called from then on (the version counts as active from the call); it may be changed by another call, and while a version waits for its moment no other one of the workspace is put into force. Its review is due a quarter later unless review_on is set. Leads are scored anew as they are next settled, or all by CALL revops.rescore(workspace_id). Raises RV006 where an approval is missing, it is active or retired already, or another version waits for its moment; RV004 with all of agreement_problems() if it cannot work; RV002 if unknown.';

CREATE FUNCTION revops.adopt_agreement(agreement_id int, note text DEFAULT NULL) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    adopted revops.agreement := revops.lock_agreement($1);
    missing text;
BEGIN
    PERFORM revops.check_side('marketing');
    PERFORM revops.check_side('sales');
    IF adopted.status = 'draft' THEN
        PERFORM revops.propose_agreement($1, $2);
        adopted := revops.lock_agreement($1);
    END IF;
    IF adopted.status = 'proposed' THEN
        FOREACH missing IN ARRAY revops.missing_sides(adopted) LOOP
            PERFORM revops.approve_agreement($1, missing, $2);
        END LOOP;
    END IF;
    RETURN revops.activate_agreement($1);
END
$$;
COMMENT ON FUNCTION revops.adopt_agreement(int, text) IS
    'For whoever speaks for both teams, as in a small company: proposes a draft, approves it for marketing and for sales (recorded twice), and puts it into force at once; returns that moment. Steps that have been done already are left out. Raises 42501 unless the session''s role is a member of revops_marketing and of revops_sales (a superuser counts as both), and else as propose_agreement() and activate_agreement() do.';

-- ----- at its moment ----------------------------------------------------------

-- Nobody is waited for, so that what else is due goes on; a version that can't
-- be put into force is tried again after 1, 2, 4 ... 60 minutes.
CREATE FUNCTION revops.activate_due(moment timestamptz, OUT done int, OUT passed boolean)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    due revops.agreement;
    state text;
    what text;
    more text;
BEGIN
    done := 0;
    passed := false;
    FOR due IN SELECT a.* FROM revops.agreement a WHERE a.status = 'approved' AND a.try_at <= moment
               ORDER BY a.try_at, a.agreement_id
    LOOP
        BEGIN
            PERFORM FROM revops.workspace w WHERE w.workspace_id = due.workspace_id FOR NO KEY UPDATE SKIP LOCKED;
            IF NOT FOUND THEN
                passed := true;
                CONTINUE;
            END IF;
            PERFORM FROM revops.agreement a
            WHERE a.workspace_id = due.workspace_id AND (a.status = 'active' OR a.agreement_id = due.agreement_id)
            FOR NO KEY UPDATE NOWAIT;
            UPDATE revops.agreement a SET status = 'active'
            WHERE a.agreement_id = due.agreement_id AND a.status = 'approved' AND a.try_at <= moment;
            IF FOUND THEN
                done := done + 1;
            END IF;
        EXCEPTION
            WHEN lock_not_available OR serialization_failure OR deadlock_detected THEN
                passed := true;
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, what = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
                INSERT INTO revops.fault (at, object, sqlstate, message, detail)
                VALUES (moment, format('agreement version %s', due.version), state, what, more);
                UPDATE revops.agreement a
                SET tries = a.tries + 1, problem = concat_ws(E'\n', what, nullif(more, '')),
                    try_at = moment + least(interval '1 minute' * 2 ^ least(a.tries, 6), interval '1 hour')
                WHERE a.agreement_id = due.agreement_id AND a.status = 'approved';
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION revops.activate_due(timestamptz) IS
    'Part of run_due() and of the background worker: puts versions whose moment has come into force. One that cannot be is a fault, its first failure an event, and is tried again, after an hour at most. Returns how many it put into force, and whether any was passed over because somebody holds it.';
