-- Consumers of the outbox: each reads at its own pace, by difference of
-- snapshots.  What a snapshot sees and the one before did not is new, however
-- transactions overlap: nobody who is slow to commit is lost, and nobody who
-- has not committed yet is waited for.
--
-- event_id is drawn after the transaction has its number and, for a lead, under
-- that lead's lock: in order of event_id each lead's events are in the order in
-- which they happened, within a round and from one round to the next.

CREATE FUNCTION revops.system_identifier() RETURNS bigint
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'revops_system_identifier';
COMMENT ON FUNCTION revops.system_identifier() IS
    'The cluster''s identifier, as pg_control_system() says it: another one after a dump was restored or pg_upgrade ran.';

CREATE FUNCTION revops.next_xid() RETURNS xid8
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'revops_next_xid';
COMMENT ON FUNCTION revops.next_xid() IS
    'The number that the next transaction of the cluster will get: all that have written have a lower one.';

-- A transaction's own events, of before and after, are of the next round: else
-- what it writes after it has read would be past its own position.
CREATE FUNCTION revops.snapshot_but_own() RETURNS pg_snapshot
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE WHEN own.xid IS NULL OR own.xid >= pg_snapshot_xmax(s.now) THEN s.now
                ELSE format('%s:%s:%s', least(pg_snapshot_xmin(s.now)::text::numeric, own.xid::text::numeric), pg_snapshot_xmax(s.now),
                            (SELECT string_agg(x.xid::text, ',' ORDER BY x.xid)
                             FROM (SELECT pg_snapshot_xip(s.now) AS xid UNION SELECT own.xid) x))::pg_snapshot END
    FROM (SELECT pg_current_snapshot() AS now) s, (SELECT pg_current_xact_id_if_assigned() AS xid) own;
END;
COMMENT ON FUNCTION revops.snapshot_but_own() IS
    'pg_current_snapshot() with the transaction itself among those in progress.';

-- Cost is what is new, also while a transaction stays open: of those in
-- progress then each is looked up, and of what is older nothing is read.
CREATE FUNCTION revops.events_since(consumer revops.event_consumer, upto pg_snapshot)
    RETURNS TABLE (event_id bigint, txid xid8, at timestamptz)
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT e.event_id, e.txid, e.at FROM revops.event e
    WHERE e.txid = ANY (ARRAY(SELECT pg_snapshot_xip((consumer).seen)))
      AND e.workspace_id = (consumer).workspace_id AND e.event_id > (consumer).floor_id
      AND ((consumer).kinds IS NULL OR e.event = ANY ((consumer).kinds))
      AND pg_visible_in_snapshot(e.txid, upto)
    UNION ALL
    SELECT e.event_id, e.txid, e.at FROM revops.event e
    WHERE e.txid >= pg_snapshot_xmax((consumer).seen) AND e.txid < pg_snapshot_xmax(upto)
      AND e.workspace_id = (consumer).workspace_id AND e.event_id > (consumer).floor_id
      AND ((consumer).kinds IS NULL OR e.event = ANY ((consumer).kinds))
      AND pg_visible_in_snapshot(e.txid, upto);
END;
COMMENT ON FUNCTION revops.events_since(revops.event_consumer, pg_snapshot) IS
    'Part of read_events(): events for a consumer that a snapshot sees and its position does not, in no order.';

CREATE FUNCTION revops.event_key(event revops.event) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT encode(substr(sha256(convert_to(concat_ws('/', (event).txid, (event).event_id, (event).workspace_id,
                                                     (event).lead_id, extract(epoch FROM (event).at), (event).event, (event).seq), 'UTF8')),
                         1, 16), 'hex')::uuid;
END;
COMMENT ON FUNCTION revops.event_key(revops.event) IS
    'The idempotency key of an event, made of all that the row says: the same at every delivery, also after a dump was restored, and another for another event, also where a database that was put back to an earlier state gives a number again.';

-- ----- payload ---------------------------------------------------------------

-- Times in UTC, whatever the session's zone: the same payload each time.
CREATE FUNCTION revops.event_payload(event text, lead_id bigint, seq int) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    AS $$
DECLARE
    told jsonb;
BEGIN
    -- each begins with one row, so that all fields are there whatever is not
    CASE
    WHEN event IN ('stage_changed', 'came_back', 'duplicate_named', 'lead_held', 'stay_over', 'moves_stopped') THEN
        SELECT jsonb_build_object(
                   'seq', $3, 'agreement_id', c.agreement_id, 'moved_at', c.at, 'from_stage', c.from_stage, 'to_stage', c.to_stage,
                   'spent_seconds', extract(epoch FROM c.spent)::double precision, 'cause', c.cause, 'reason', c.reason, 'violation', c.violation,
                   'team', t.team, 'rep', r.rep, 'fit', c.fit, 'intent', c.intent, 'score', c.score, 'actor', c.actor) INTO told
        FROM (VALUES (1)) one
        LEFT JOIN revops.stage_change c ON c.lead_id = $2 AND c.seq = $3
        LEFT JOIN revops.team t ON t.team_id = c.team_id
        LEFT JOIN revops.rep r ON r.rep_id = c.rep_id;
        IF event = 'duplicate_named' THEN
            told := told || jsonb_build_object('duplicate_of',
                (SELECT d.of_lead_id FROM revops.duplicate_link d WHERE d.lead_id = $2 AND d.seq = $3));
        END IF;
    WHEN event = 'assigned' THEN
        SELECT jsonb_build_object(
                   'seq', $3, 'team', t.team, 'rep', r.rep, 'from_team', ft.team, 'from_rep', fr.rep,
                   'route', w.route, 'cause', a.cause, 'reason', a.reason, 'actor', a.actor) INTO told
        FROM (VALUES (1)) one
        LEFT JOIN revops.assignment a ON a.lead_id = $2 AND a.seq = $3
        LEFT JOIN revops.team t ON t.team_id = a.team_id
        LEFT JOIN revops.rep r ON r.rep_id = a.rep_id
        LEFT JOIN revops.team ft ON ft.team_id = a.from_team_id
        LEFT JOIN revops.rep fr ON fr.rep_id = a.from_rep_id
        LEFT JOIN revops.route w ON w.route_id = a.route_id;
    WHEN event = 'sla_breached' THEN
        SELECT jsonb_build_object(
                   'seq', $3, 'agreement_id', c.agreement_id, 'policy', p.policy, 'promise', c.promise,
                   'started_at', c.started_at, 'due_at', c.due_at, 'team', t.team, 'rep', r.rep) INTO told
        FROM (VALUES (1)) one
        LEFT JOIN revops.sla_clock c ON c.lead_id = $2 AND c.seq = $3
        LEFT JOIN revops.sla_policy p ON p.policy_id = c.policy_id
        LEFT JOIN revops.team t ON t.team_id = c.team_id
        LEFT JOIN revops.rep r ON r.rep_id = c.rep_id;
    WHEN event LIKE 'sla\_%' THEN
        SELECT jsonb_build_object(
                   'seq', c.seq, 'agreement_id', h.agreement_id, 'policy', p.policy, 'promise', c.promise,
                   'started_at', c.started_at, 'due_at', nullif(h.due_at, 'infinity'), 'team', t.team, 'rep', r.rep,
                   'step', s.step, 'action', s.action,
                   'to_rep', CASE WHEN s.action = 'escalate' THEN coalesce(x.rep, CASE WHEN s.team_id IS NULL THEN m.rep END) END,
                   'to_team', y.team, 'outcome', h.outcome) INTO told
        FROM (VALUES (1)) one
        LEFT JOIN revops.sla_clock_change h ON h.lead_id = $2 AND h.no = $3
        LEFT JOIN revops.sla_clock c ON c.lead_id = h.lead_id AND c.seq = h.seq
        LEFT JOIN revops.sla_policy p ON p.policy_id = h.policy_id
        LEFT JOIN revops.sla_step s ON s.agreement_id = p.agreement_id AND s.policy = p.policy AND s.position = h.position
        LEFT JOIN revops.team t ON t.team_id = c.team_id
        LEFT JOIN revops.rep r ON r.rep_id = c.rep_id
        LEFT JOIN revops.rep m ON m.rep_id = r.manager_id
        LEFT JOIN revops.rep x ON x.rep_id = s.rep_id
        LEFT JOIN revops.team y ON y.team_id = s.team_id;
    WHEN event = 'intent_fell' THEN
        SELECT jsonb_build_object(
                   'seq', $3, 'agreement_id', f.agreement_id, 'fell_at', f.at, 'border', f.border, 'from_grade', f.from_grade,
                   'to_grade', f.to_grade, 'fit', f.fit, 'intent', f.intent, 'score', f.score) INTO told
        FROM (VALUES (1)) one
        LEFT JOIN revops.intent_fall f ON f.lead_id = $2 AND f.seq = $3;
    WHEN event LIKE 'nurture\_%' THEN
        SELECT jsonb_build_object(
                   'seq', $3, 'agreement_id', c.agreement_id, 'enrolment', c.enrolment, 'track', c.track, 'step', c.step,
                   'step_name', s.step, 'cause', c.cause, 'reason', c.reason, 'next_at', c.next_at,
                   'not_before', c.not_before, 'actor', c.actor) INTO told
        FROM (VALUES (1)) one
        LEFT JOIN revops.nurture_change c ON c.lead_id = $2 AND c.seq = $3
        LEFT JOIN revops.nurture_step s ON s.agreement_id = c.agreement_id AND s.track = c.track AND s.position = c.step;
    WHEN event IN ('score_overridden', 'override_ended') THEN
        SELECT jsonb_build_object(
                   'override_id', $3, 'part', o.part, 'value', o.value, 'reason', o.reason, 'until', o.until,
                   'actor', o.actor) INTO told
        FROM (VALUES (1)) one
        LEFT JOIN revops.score_override o ON o.override_id = $3;
    WHEN event IN ('dispute_opened', 'dispute_resolved') THEN
        SELECT jsonb_build_object('dispute_id', $3, 'rejection', d.seq, 'side', d.side)
               || CASE event WHEN 'dispute_opened' THEN jsonb_build_object('actor', d.actor)
                             ELSE jsonb_build_object('outcome', r.outcome, 'actor', r.actor) END INTO told
        FROM (VALUES (1)) one
        LEFT JOIN revops.dispute d ON d.dispute_id = $3
        LEFT JOIN revops.dispute_resolution r ON r.dispute_id = $3;
    WHEN event LIKE 'agreement\_%' THEN
        SELECT jsonb_build_object('agreement_id', $3, 'version', a.version) INTO told
        FROM (VALUES (1)) one
        LEFT JOIN revops.agreement a ON a.agreement_id = $3;
    WHEN event = 'rule_meaning_changed' THEN
        SELECT jsonb_build_object('rule_id', $3, 'rule', u.rule, 'kind', u.kind, 'agreement_id', u.agreement_id) INTO told
        FROM (VALUES (1)) one
        LEFT JOIN revops.score_rule u ON u.rule_id = $3;
    ELSE
        -- of a version of the extension that is newer, or was older
        told := jsonb_build_object('seq', $3);
    END CASE;
    RETURN told;
END
$$;
COMMENT ON FUNCTION revops.event_payload(text, bigint, int) IS
    'What an event says, by its kind, lead and seq, as one JSON object: the fields are those of event_field. It is read from the fact that the event speaks of, which nobody edits; what is not there any more is null.';

-- ----- registering -----------------------------------------------------------

-- A database begins in the cluster in which its first workspace is made.
CREATE FUNCTION revops.event_origin_begins() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NOT revops.restoring() AND NOT EXISTS (SELECT FROM revops.event_origin) THEN
        INSERT INTO revops.event_origin (system_identifier, last_event_id, next_xid)
        VALUES (revops.system_identifier(), 0, '0') ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.event_origin_begins() IS 'Trigger of workspace: notes the cluster in which the first one is made.';
CREATE TRIGGER event_origin AFTER INSERT ON revops.workspace
    FOR EACH STATEMENT EXECUTE FUNCTION revops.event_origin_begins();
COMMENT ON TRIGGER event_origin ON revops.workspace IS 'notes the cluster in which the database begins';

-- The number is read first: whoever has drawn one up to it has its transaction
-- number already, which is then lower than the next one.
CREATE FUNCTION revops.note_event_origin() RETURNS revops.event_origin
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    origin revops.event_origin;
    last bigint;
BEGIN
    SELECT o.* INTO origin FROM revops.event_origin o WHERE o.system_identifier = revops.system_identifier();
    IF NOT FOUND AND pg_try_advisory_xact_lock('revops.event_origin'::regclass::oid::int, 0) THEN
        SELECT s.last_value INTO last FROM revops.event_id s;
        INSERT INTO revops.event_origin (system_identifier, last_event_id, next_xid)
        VALUES (revops.system_identifier(), last, revops.next_xid())
        ON CONFLICT DO NOTHING RETURNING * INTO origin;
    END IF;
    RETURN origin;
END
$$;
COMMENT ON FUNCTION revops.note_event_origin() IS
    'Part of read_events() and run_due(): the cluster that the database is in, noted when it is met for the first time. NULL: another session is noting it.';

CREATE FUNCTION revops.guard_event_consumer() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    unknown text[];
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    unknown := ARRAY(SELECT k FROM unnest(NEW.kinds) k WHERE k IS NULL OR k NOT IN (SELECT event FROM revops.event_kind) ORDER BY k);
    IF unknown <> '{}' OR NEW.kinds = '{}' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = CASE WHEN NEW.kinds = '{}' THEN format('consumer "%s" reads no kind of event', NEW.consumer)
                           ELSE format('there is no kind of event "%s"', coalesce(unknown[1], 'NULL')) END,
            DETAIL = 'The kinds are: ' || (SELECT string_agg(event, ', ' ORDER BY event) FROM revops.event_kind) || '.',
            HINT = 'Name kinds of the view revops.event_kind, or NULL for all.';
    END IF;
    IF to_regrole(quote_ident(NEW.reader)) IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = '42704',
            MESSAGE = format('role "%s" does not exist', NEW.reader),
            HINT = 'Name the role that the program which reads events logs in as, or one that is granted to it.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.guard_event_consumer() IS 'Trigger of event_consumer: raises RV002 for a kind that no event has, 42704 for a role that does not exist.';
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OF consumer, kinds, reader ON revops.event_consumer
    FOR EACH ROW EXECUTE FUNCTION revops.guard_event_consumer();
COMMENT ON TRIGGER guard ON revops.event_consumer IS 'kinds and role must exist: RV002, 42704';

CREATE FUNCTION revops.register_consumer(consumer text, workspace_id int DEFAULT 1, kinds text[] DEFAULT NULL,
    reader name DEFAULT NULL, from_beginning boolean DEFAULT false, notify boolean DEFAULT false, note text DEFAULT NULL)
    RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    origin revops.event_origin;
    position_now pg_snapshot;
    last bigint;
    made int;
BEGIN
    PERFORM revops.check_workspace($2);
    IF coalesce($1, '') = '' THEN
        RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'a consumer needs a name';
    END IF;
    IF EXISTS (SELECT FROM revops.event_consumer c WHERE c.consumer = $1) THEN
        RAISE EXCEPTION USING ERRCODE = '42710',
            MESSAGE = format('consumer "%s" exists already', $1),
            HINT = 'Choose another name, or drop it first: revops.drop_consumer().';
    END IF;
    -- before the snapshot: its own transaction is in it from now on
    PERFORM pg_current_xact_id();
    origin := revops.note_event_origin();
    position_now := revops.snapshot_but_own();
    SELECT s.last_value INTO last FROM revops.event_id s;
    INSERT INTO revops.event_consumer (consumer, workspace_id, kinds, reader, notify, note, created_at,
                                       system_identifier, seen, seen_id, floor_id)
    VALUES ($1, $2, $3, coalesce($4, revops.acting_role()), coalesce($6, false), $7, revops.engine_now(),
            -- what was there before this cluster is found out at the first read
            CASE WHEN $5 AND origin.last_event_id IS DISTINCT FROM 0 THEN 0 ELSE revops.system_identifier() END,
            CASE WHEN $5 THEN '1:1:' ELSE position_now END, CASE WHEN $5 THEN 0 ELSE last END,
            CASE WHEN $5 THEN 0 ELSE coalesce(origin.last_event_id, last) END)
    RETURNING consumer_id INTO made;
    RETURN made;
END
$$;
COMMENT ON FUNCTION revops.register_consumer(text, int, text[], name, boolean, boolean, text) IS
    'Registers a consumer of a workspace''s events: of all kinds or some, from now on or from the beginning of what is kept. reader is the role that may read as this consumer (the caller''s by default). notify: transactions that write events of the workspace send NOTIFY revops_events at their commit, the number of the workspace as payload; commits that notify go one after the other, and PREPARE TRANSACTION fails in them, so ask for it where that is no harm. Returns the number of the consumer. Raises RV002 (no such workspace, or kind of event), 42704 (no such role), 42710 (the name is taken), 22004.';

CREATE FUNCTION revops.drop_consumer(consumer text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    DELETE FROM revops.event_consumer c WHERE c.consumer = $1;
    IF NOT FOUND THEN
        PERFORM revops.no_such_consumer($1);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.drop_consumer(text) IS
    'Forgets a consumer and its position; events stay. Waits for one who is reading. Raises RV002 if there is none of that name.';

CREATE FUNCTION revops.no_such_consumer(consumer text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'RV002',
        MESSAGE = format('consumer "%s" does not exist', coalesce($1, 'NULL')),
        HINT = 'SELECT revops.register_consumer(''name'') makes one; the view revops.event_consumers lists them.';
END
$$;
COMMENT ON FUNCTION revops.no_such_consumer(text) IS 'Part of the functions of consumers: raises RV002.';

-- ----- reading ---------------------------------------------------------------

CREATE FUNCTION revops.consumer_for(consumer text, locked boolean) RETURNS revops.event_consumer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    found_one revops.event_consumer;
BEGIN
    SELECT c.* INTO found_one FROM revops.event_consumer c WHERE c.consumer = $1;
    IF NOT FOUND THEN
        PERFORM revops.no_such_consumer($1);
    END IF;
    IF to_regrole(quote_ident(found_one.reader)) IS NULL OR NOT pg_has_role(revops.acting_role(), found_one.reader::name, 'USAGE') THEN
        RAISE EXCEPTION USING ERRCODE = '42501',
            MESSAGE = format('role "%s" may not read as consumer "%s"', revops.acting_role(), $1),
            DETAIL = format('Its reader is role "%s".', found_one.reader),
            HINT = 'Ask an administrator to grant that role, or to register a consumer for yours.';
    END IF;
    IF locked THEN
        SELECT c.* INTO found_one FROM revops.event_consumer c WHERE c.consumer = $1 FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = '55P03',
                MESSAGE = format('another session is reading or committing as consumer "%s"', $1),
                DETAIL = 'One at a time: its transaction has not ended.',
                HINT = 'Try again later, or register a consumer for each that is to get all events.';
        END IF;
    END IF;
    RETURN found_one;
END
$$;
COMMENT ON FUNCTION revops.consumer_for(text, boolean) IS
    'Part of read_events() and commit_events(): the consumer, once the caller''s right is checked, locked if asked for. Raises RV002, 42501, 55P03.';

-- In another cluster the numbers of transactions are others.  What the old
-- snapshot says of the events that it knew still holds; of what came after,
-- nothing is read.  All that is left goes to event_unread, and from here on the
-- new cluster's snapshots count, for events that are newer than the move.
CREATE FUNCTION revops.anchor_consumer(INOUT c revops.event_consumer)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    origin revops.event_origin := revops.note_event_origin();
    position_now pg_snapshot;
    last bigint;
BEGIN
    -- an event of before may still be on its way
    IF origin.system_identifier IS NULL OR pg_snapshot_xmin(pg_current_snapshot()) < origin.next_xid THEN
        c := NULL;
        RETURN;
    END IF;
    position_now := revops.snapshot_but_own();
    SELECT s.last_value INTO last FROM revops.event_id s;
    INSERT INTO revops.event_unread (consumer_id, event_id, txid)
    SELECT c.consumer_id, e.event_id, e.txid FROM revops.event e
    WHERE e.workspace_id = c.workspace_id AND (c.kinds IS NULL OR e.event = ANY (c.kinds)) AND e.event_id > c.floor_id
      AND CASE WHEN e.event_id <= c.seen_id THEN NOT pg_visible_in_snapshot(e.txid, c.seen)
               ELSE e.event_id <= origin.last_event_id OR pg_visible_in_snapshot(e.txid, position_now) END
    ON CONFLICT DO NOTHING;
    UPDATE revops.event_consumer u
    SET system_identifier = origin.system_identifier, seen = position_now, seen_id = last, floor_id = origin.last_event_id,
        handed_id = NULL, handed_events = 0, handed_seen = NULL, handed_seen_id = NULL
    WHERE u.consumer_id = c.consumer_id RETURNING u.* INTO c;
END
$$;
COMMENT ON FUNCTION revops.anchor_consumer(revops.event_consumer) IS
    'Part of read_events(): finds out anew what a consumer has yet to read, in a database that was restored. NULL where transactions that were open when the cluster was first met have not ended.';

CREATE FUNCTION revops.read_events(consumer text, max int DEFAULT 100)
    RETURNS TABLE (token bigint, event_id bigint, key uuid, event text, version int, at timestamptz, workspace_id int,
                   lead_id bigint, binding text, lead_key text, payload jsonb)
    LANGUAGE plpgsql SECURITY DEFINER ROWS 100
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    c revops.event_consumer := revops.consumer_for($1, false);
    position_now pg_snapshot;
    last bigint;
    ids bigint[];
    xids xid8[];
    put_aside boolean;
BEGIN
    IF $2 IS NULL OR $2 < 1 THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'max must be a number from 1 on',
            DETAIL = format('It is %s.', coalesce($2::text, 'NULL'));
    END IF;
    -- who looks often finds nothing mostly: that takes no lock and writes nothing
    position_now := revops.snapshot_but_own();
    IF c.system_identifier = revops.system_identifier() AND revops.engine_now() < c.last_read_at + interval '10 seconds'
       AND NOT EXISTS (SELECT FROM revops.event_unread u WHERE u.consumer_id = c.consumer_id)
       AND NOT EXISTS (SELECT FROM revops.events_since(c, position_now)) THEN
        RETURN;
    END IF;

    c := revops.consumer_for($1, true);
    IF c.missed > c.missed_told THEN
        RAISE WARNING USING MESSAGE = format('consumer "%s" has missed %s events', $1, c.missed - c.missed_told),
            DETAIL = format('They were purged before it read them, because it had not read for long; the latest happened at %s.', c.missed_until);
    END IF;
    IF c.system_identifier <> revops.system_identifier() THEN
        c := revops.anchor_consumer(c);
        IF c.consumer_id IS NULL THEN
            RETURN;
        END IF;
    END IF;

    put_aside := EXISTS (SELECT FROM revops.event_unread u WHERE u.consumer_id = c.consumer_id);
    IF NOT put_aside THEN
        position_now := revops.snapshot_but_own();
        SELECT s.last_value INTO last FROM revops.event_id s;
        SELECT array_agg(n.event_id), array_agg(n.txid) INTO ids, xids
        FROM (SELECT s.event_id, s.txid FROM revops.events_since(c, position_now) s LIMIT $2::bigint + 1) n;
        IF cardinality(ids) > $2 THEN
            -- more than fits: all is written down, once, and read from there
            INSERT INTO revops.event_unread (consumer_id, event_id, txid)
            SELECT c.consumer_id, s.event_id, s.txid FROM revops.events_since(c, position_now) s;
            c.seen := position_now;
            c.seen_id := last;
            put_aside := true;
        END IF;
    END IF;
    IF put_aside THEN
        SELECT array_agg(n.event_id), array_agg(n.txid) INTO ids, xids
        FROM (SELECT u.event_id, u.txid FROM revops.event_unread u
              WHERE u.consumer_id = c.consumer_id ORDER BY u.event_id LIMIT $2) n;
        position_now := NULL;
        last := NULL;
    ELSIF ids IS NULL THEN
        c.seen := position_now;
        c.seen_id := last;
    END IF;

    UPDATE revops.event_consumer u
    SET seen = c.seen, seen_id = c.seen_id, token = u.token + (ids IS NOT NULL)::int,
        handed_id = (SELECT pg_catalog.max(i) FROM unnest(ids) i), handed_events = coalesce(cardinality(ids), 0),
        handed_seen = CASE WHEN ids IS NOT NULL THEN position_now END, handed_seen_id = CASE WHEN ids IS NOT NULL THEN last END,
        last_read_at = revops.engine_now(), missed_told = u.missed
    WHERE u.consumer_id = c.consumer_id RETURNING u.* INTO c;

    RETURN QUERY
    SELECT c.token, e.event_id, revops.event_key(e), e.event::text, coalesce(k.version, 1), e.at, e.workspace_id, e.lead_id,
           b.binding::text, l.key::text, revops.event_payload(e.event, e.lead_id, e.seq)
    FROM unnest(ids, xids) AS n (event_id, txid)
    JOIN revops.event e ON e.txid = n.txid AND e.event_id = n.event_id
    LEFT JOIN revops.event_kind k ON k.event = e.event
    LEFT JOIN revops.lead l ON l.lead_id = e.lead_id
    LEFT JOIN revops.binding b ON b.binding_id = l.binding_id
    ORDER BY e.event_id;
END
$$;
COMMENT ON FUNCTION revops.read_events(text, int) IS
    'Hands out up to max events that the consumer has not committed, in order of event_id: of each lead, in the order in which they happened. They are handed out again, with the same key, until commit_events(token) has committed; the last token counts. key is the idempotency key. Transactions that have not committed are neither waited for nor lost. Raises RV002 (no such consumer), 42501 (the caller is not its reader), 55P03 (another session is reading or committing as it), 22023; WARNING where events were purged unread.';

CREATE FUNCTION revops.commit_events(consumer text, token bigint, upto bigint DEFAULT NULL) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    c revops.event_consumer := revops.consumer_for($1, true);
    done_upto bigint;
    left_over int := 0;
BEGIN
    IF $2 IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'token must not be NULL', HINT = 'read_events() gives it.';
    END IF;
    IF c.handed_id IS NULL OR c.token <> $2 THEN
        RAISE EXCEPTION USING ERRCODE = '55000',
            MESSAGE = format('token %s of consumer "%s" cannot be committed', $2, $1),
            DETAIL = CASE WHEN c.token = $2 THEN 'It is committed already, or the database was restored since.'
                          WHEN c.token < $2 THEN 'It was never handed out.'
                          ELSE format('The last token handed out is %s: the same events were read again.', c.token) END,
            HINT = 'Read again: events that are not committed come again, with the same key.';
    END IF;
    done_upto := coalesce($3, c.handed_id);
    IF done_upto > c.handed_id THEN
        RAISE EXCEPTION USING ERRCODE = '22023',
            MESSAGE = format('event %s was not handed out with token %s', done_upto, $2),
            DETAIL = format('The last one that was is %s.', c.handed_id);
    END IF;
    IF c.handed_seen IS NULL THEN
        DELETE FROM revops.event_unread u WHERE u.consumer_id = c.consumer_id AND u.event_id <= done_upto;
        SELECT count(*) INTO left_over FROM revops.event_unread u WHERE u.consumer_id = c.consumer_id AND u.event_id <= c.handed_id;
    ELSIF done_upto < c.handed_id THEN
        INSERT INTO revops.event_unread (consumer_id, event_id, txid)
        SELECT c.consumer_id, s.event_id, s.txid FROM revops.events_since(c, c.handed_seen) s WHERE s.event_id > done_upto;
        GET DIAGNOSTICS left_over = ROW_COUNT;
    END IF;
    UPDATE revops.event_consumer u
    SET seen = coalesce(u.handed_seen, u.seen), seen_id = coalesce(u.handed_seen_id, u.seen_id),
        handed_id = CASE WHEN left_over > 0 THEN u.handed_id END, handed_events = left_over,
        handed_seen = NULL, handed_seen_id = NULL,
        committed = u.committed + u.handed_events - left_over, last_commit_at = revops.engine_now()
    WHERE u.consumer_id = c.consumer_id;
    RETURN c.handed_events - left_over;
END
$$;
COMMENT ON FUNCTION revops.commit_events(text, bigint, bigint) IS
    'The consumer has dealt with what read_events() handed out under this token: all of it, or up to the event of that number. Returns how many events that were. Raises 55000 where the token is committed or the same events were handed out again since; RV002, 42501, 55P03, 22023, 22004 as read_events().';

-- ----- how consumers do -----------------------------------------------------

-- not under the caller's rights: who may read as a consumer need not read all events
CREATE FUNCTION revops.consumer_backlog(consumer_id int, OUT events bigint, OUT oldest timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT count(*), min(n.at)
    FROM revops.event_consumer c
    CROSS JOIN LATERAL (
        SELECT s.at FROM revops.events_since(c, pg_current_snapshot()) s
        WHERE c.system_identifier = revops.system_identifier()
        UNION ALL
        SELECT e.at FROM revops.event_unread u JOIN revops.event e ON e.txid = u.txid AND e.event_id = u.event_id
        WHERE u.consumer_id = c.consumer_id) n
    WHERE c.consumer_id = $1
    $$;
COMMENT ON FUNCTION revops.consumer_backlog(int) IS
    'Part of event_consumers: how many events a consumer has not committed, and when the oldest happened. Costs as much as there are.';

CREATE VIEW revops.event_consumers WITH (security_barrier) AS
SELECT c.consumer, c.workspace_id, c.kinds, c.reader, c.notify,
       CASE WHEN c.system_identifier <> revops.system_identifier() THEN 'restored'
            WHEN coalesce(c.last_read_at, c.created_at) < revops.engine_now() - coalesce(r.lapse, interval '7 days') THEN 'lapsed'
            WHEN c.handed_id IS NOT NULL THEN 'handed out'
            WHEN c.last_read_at IS NULL THEN 'never read'
            WHEN w.events > 0 THEN 'behind' ELSE 'current' END AS state,
       CASE WHEN c.system_identifier = revops.system_identifier() THEN w.events END AS events_behind,
       w.oldest AS oldest_unread_at, extract(epoch FROM revops.engine_now() - w.oldest)::double precision AS seconds_behind,
       c.handed_events AS handed_out, c.last_read_at, c.last_commit_at, c.committed, c.missed, c.missed_until,
       c.created_at, c.created_by, c.note
FROM revops.event_consumer c
LEFT JOIN revops.event_retention r ON r.workspace_id = c.workspace_id
CROSS JOIN LATERAL revops.consumer_backlog(c.consumer_id) w
WHERE pg_has_role(revops.acting_role(), 'revops_admin', 'USAGE')
   OR to_regrole(quote_ident(c.reader)) IS NOT NULL AND pg_has_role(revops.acting_role(), c.reader::name, 'USAGE');
COMMENT ON VIEW revops.event_consumers IS 'Every consumer of events and how far behind it is. Administrators see all, others those that they may read as. Counting costs as much as there is unread.';
COMMENT ON COLUMN revops.event_consumers.consumer IS 'name of the consumer';
COMMENT ON COLUMN revops.event_consumers.workspace_id IS 'workspace whose events it reads';
COMMENT ON COLUMN revops.event_consumers.kinds IS 'kinds that it reads; NULL: all';
COMMENT ON COLUMN revops.event_consumers.reader IS 'role that may read as it';
COMMENT ON COLUMN revops.event_consumers.notify IS 'true: transactions that write events of the workspace notify';
COMMENT ON COLUMN revops.event_consumers.state IS 'current (nothing is unread), behind, handed out (read and not committed), never read, lapsed (not read for longer than event_retention.lapse, 7 days by default: a purge does not wait for it), restored (the database has come to another cluster: its next read finds out what it has not read)';
COMMENT ON COLUMN revops.event_consumers.events_behind IS 'committed events that it has not committed; NULL: to be found out';
COMMENT ON COLUMN revops.event_consumers.oldest_unread_at IS 'when the oldest of them happened; NULL: there is none';
COMMENT ON COLUMN revops.event_consumers.seconds_behind IS 'age of that one, seconds; NULL: there is none';
COMMENT ON COLUMN revops.event_consumers.handed_out IS 'events read and not committed';
COMMENT ON COLUMN revops.event_consumers.last_read_at IS 'engine time of the last read, to ten seconds; NULL: never';
COMMENT ON COLUMN revops.event_consumers.last_commit_at IS 'engine time of the last commit; NULL: none';
COMMENT ON COLUMN revops.event_consumers.committed IS 'events committed since it was registered';
COMMENT ON COLUMN revops.event_consumers.missed IS 'events purged before it had read them';
COMMENT ON COLUMN revops.event_consumers.missed_until IS 'when the latest of them happened; NULL: none was';
COMMENT ON COLUMN revops.event_consumers.created_at IS 'engine time when it was registered';
COMMENT ON COLUMN revops.event_consumers.created_by IS 'session role that registered it';
COMMENT ON COLUMN revops.event_consumers.note IS 'what it is for, in words';

-- ----- retention -------------------------------------------------------------

-- Events stand in order of their transactions, the old ones first.  It goes on
-- from where it stopped, so that what cannot be purged yet is not read at each
-- call, and ends at the first page that reaches what is to be kept.  Events of
-- an earlier cluster may stand after all of this one: those come last.
CREATE FUNCTION revops.purge_events_of(r revops.event_retention, now timestamptz, batch int) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    cutoff timestamptz := now - r.keep;
    here bigint := revops.system_identifier();
    lapsed int[];
    end_xid xid8 := pg_snapshot_xmax(pg_current_snapshot());
    looked int;
    last_txid xid8;
    last_id bigint;
    last_at timestamptz;
    old_ones int;
    unread int;
BEGIN
    -- one that is being read at this moment has not lapsed
    lapsed := ARRAY(SELECT c.consumer_id FROM revops.event_consumer c
                    WHERE c.workspace_id = r.workspace_id AND coalesce(c.last_read_at, c.created_at) < now - r.lapse
                    FOR NO KEY UPDATE SKIP LOCKED);
    WITH head AS MATERIALIZED (
        SELECT e.* FROM revops.event e WHERE (e.txid, e.event_id) > (r.next_txid, r.next_event_id)
        ORDER BY e.txid, e.event_id LIMIT batch
    ), old AS MATERIALIZED (
        SELECT h.txid, h.event_id, h.at,
               ARRAY(SELECT c.consumer_id FROM revops.event_consumer c
                     WHERE c.workspace_id = r.workspace_id AND (c.kinds IS NULL OR h.event = ANY (c.kinds))
                       AND (h.event_id > c.floor_id AND (NOT pg_visible_in_snapshot(h.txid, c.seen)
                                                         OR c.system_identifier <> here AND h.event_id > c.seen_id)
                            OR EXISTS (SELECT FROM revops.event_unread u
                                       WHERE u.consumer_id = c.consumer_id AND u.event_id = h.event_id))) AS waiting
        FROM head h WHERE h.workspace_id = r.workspace_id AND h.at < cutoff
    ), gone AS (
        DELETE FROM revops.event e USING old o
        WHERE e.txid = o.txid AND e.event_id = o.event_id AND o.waiting <@ lapsed
        RETURNING e.event_id, o.at, o.waiting
    ), missed AS (
        UPDATE revops.event_consumer c SET missed = c.missed + m.n, missed_until = greatest(c.missed_until, m.until)
        FROM (SELECT w.consumer_id, count(*) AS n, max(g.at) AS until
              FROM gone g, unnest(g.waiting) AS w (consumer_id) GROUP BY w.consumer_id) m
        WHERE c.consumer_id = m.consumer_id
        RETURNING m.n
    ), put_aside AS (
        DELETE FROM revops.event_unread u USING gone g WHERE u.consumer_id = ANY (g.waiting) AND u.event_id = g.event_id
    )
    SELECT (SELECT count(*) FROM head), l.txid, l.event_id, l.at, (SELECT count(*) FROM gone), (SELECT sum(n) FROM missed)
    INTO looked, last_txid, last_id, last_at, old_ones, unread
    FROM (VALUES (1)) one LEFT JOIN (SELECT h.* FROM head h ORDER BY h.txid DESC, h.event_id DESC LIMIT 1) l ON true;

    IF looked = batch AND last_at >= cutoff AND last_txid < end_xid AND EXISTS (SELECT FROM revops.event_origin o WHERE o.last_event_id > 0) THEN
        last_txid := end_xid;
        last_id := 0;
    ELSIF looked < batch OR last_at >= cutoff THEN
        last_txid := NULL;
    END IF;
    UPDATE revops.event_retention t
    SET next_txid = coalesce(last_txid, '0'), next_event_id = CASE WHEN last_txid IS NULL THEN 0 ELSE last_id END,
        next_pass_at = CASE WHEN last_txid IS NULL THEN now + interval '10 minutes' ELSE now END,
        purged = t.purged + old_ones, purged_unread = t.purged_unread + coalesce(unread, 0),
        last_purge_at = CASE WHEN old_ones > 0 THEN now ELSE t.last_purge_at END
    WHERE t.workspace_id = r.workspace_id;
    RETURN last_txid IS NOT NULL;
END
$$;
COMMENT ON FUNCTION revops.purge_events_of(revops.event_retention, timestamptz, int) IS
    'Part of purge_events(): looks at the next events, up to batch, and purges those of the workspace that are old and that every consumer has committed which has not lapsed. True where there is more to look at.';

CREATE FUNCTION revops.purge_events(now timestamptz, batch int) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    r revops.event_retention;
    more boolean := false;
BEGIN
    -- the sooner that is noted after a restore, the less is to be told apart
    IF EXISTS (SELECT FROM revops.event_consumer c WHERE c.system_identifier <> revops.system_identifier()) THEN
        PERFORM revops.note_event_origin();
    END IF;
    FOR r IN SELECT t.* FROM revops.event_retention t
             WHERE t.next_pass_at <= now OR t.next_pass_at > now + interval '10 minutes'
             ORDER BY t.workspace_id FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        more := revops.purge_events_of(r, now, batch) OR more;
    END LOOP;
    RETURN more;
END
$$;
COMMENT ON FUNCTION revops.purge_events(timestamptz, int) IS
    'Part of run_due() and of the background worker, which alone may purge: for every workspace with a row of event_retention, a batch. Anybody else gets RV007 from the table. True where there is more to do.';

-- ----- hints -----------------------------------------------------------------

CREATE TRIGGER definition_changed AFTER INSERT OR DELETE OR UPDATE OF notify, workspace_id ON revops.event_consumer
    FOR EACH STATEMENT EXECUTE FUNCTION revops.definition_changed();
COMMENT ON TRIGGER definition_changed ON revops.event_consumer IS 'makes all sessions see whether a consumer wants to be notified';

-- ----- who changed what ------------------------------------------------------

CREATE TRIGGER log_change AFTER INSERT OR DELETE OR UPDATE OF workspace_id, kinds, reader, notify, note ON revops.event_consumer
    FOR EACH ROW EXECUTE FUNCTION revops.log_change();
COMMENT ON TRIGGER log_change ON revops.event_consumer IS 'writes the change into definition_change; reading and committing are none';
CREATE TRIGGER log_change AFTER INSERT OR DELETE OR UPDATE OF keep, lapse ON revops.event_retention
    FOR EACH ROW EXECUTE FUNCTION revops.log_change();
COMMENT ON TRIGGER log_change ON revops.event_retention IS 'writes the change into definition_change; a purge is none';
