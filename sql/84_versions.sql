-- Only drafts of the agreement can be edited; numbers that facts carry never
-- change, and what facts name is not deleted.

CREATE FUNCTION revops.keep_fixed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    fixed text;
BEGIN
    FOREACH fixed IN ARRAY TG_ARGV LOOP
        IF to_jsonb(OLD) -> fixed IS DISTINCT FROM to_jsonb(NEW) -> fixed THEN
            RAISE EXCEPTION USING ERRCODE = 'RV004',
                MESSAGE = format('%s of revops.%s cannot be changed', fixed, TG_TABLE_NAME),
                DETAIL = format('It is %s; the change would make it %s. History refers to it.',
                                to_jsonb(OLD) ->> fixed, coalesce(to_jsonb(NEW) ->> fixed, 'NULL')),
                HINT = 'Insert a new row instead.';
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.keep_fixed() IS
    'Trigger of definition tables: raises RV004 for an UPDATE of the columns named, which history refers to.';

DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT * FROM (VALUES
            ('workspace', '{workspace_id}'),
            ('signal', '{signal_id,workspace_id}'),
            ('reason', '{workspace_id}'),
            ('rep', '{rep_id,workspace_id}'),
            ('team', '{team_id,workspace_id}'),
            ('route', '{route_id,workspace_id}'),
            ('calendar', '{calendar_id,workspace_id}'),
            ('agreement', '{agreement_id,workspace_id,version,created_at,created_by}'),
            ('score_rule', '{rule_id,agreement_id}'),
            ('sla_policy', '{policy_id,agreement_id}'),
            ('commitment', '{commitment_id,agreement_id}'),
            ('binding', '{binding_id,workspace_id,kind}')) AS k (definition, columns)
    LOOP
        EXECUTE format('CREATE TRIGGER fixed_columns BEFORE UPDATE ON revops.%I FOR EACH ROW '
                       'EXECUTE FUNCTION revops.keep_fixed(%s)', kept.definition,
                       (SELECT string_agg(quote_literal(c), ', ') FROM unnest(kept.columns::text[]) AS c));
        EXECUTE format('COMMENT ON TRIGGER fixed_columns ON revops.%I IS %L', kept.definition,
                       'numbers that history refers to never change: RV004');
    END LOOP;
END
$$;

CREATE FUNCTION revops.keep_used() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    -- arguments: column here, fact or state, column there
    key text := to_jsonb(OLD) ->> TG_ARGV[0];
    used boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM revops.%I WHERE %I = $1)', TG_ARGV[1], TG_ARGV[2])
    INTO used USING key::int;
    IF used THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('%s "%s" has a history and cannot be deleted', TG_TABLE_NAME,
                             coalesce(to_jsonb(OLD) ->> TG_TABLE_NAME::text, key)),
            DETAIL = format('Rows of revops.%s name it: %s %s.', TG_ARGV[1], TG_ARGV[2], key),
            HINT = CASE WHEN to_jsonb(OLD) ? 'active' THEN 'Set active to false: it gets no more leads.'
                        ELSE 'Leave it, and let no definition use it.' END;
    END IF;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION revops.keep_used() IS
    'Trigger of definition tables: raises RV004 for a DELETE of what history names.';

DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT * FROM (VALUES
            ('signal', 'signal_id', 'touch', 'signal_id'),
            ('rep', 'rep_id', 'assignment', 'rep_id'),
            ('team', 'team_id', 'assignment', 'team_id'),
            ('route', 'route_id', 'assignment', 'route_id'),
            ('calendar', 'calendar_id', 'sla_clock', 'calendar_id')) AS k (definition, key, fact, named)
    LOOP
        EXECUTE format('CREATE TRIGGER keep_used BEFORE DELETE ON revops.%I FOR EACH ROW '
                       'EXECUTE FUNCTION revops.keep_used(%L, %L, %L)', kept.definition, kept.key, kept.fact, kept.named);
        EXECUTE format('COMMENT ON TRIGGER keep_used ON revops.%I IS %L', kept.definition,
                       'what history names is not deleted: RV004');
    END LOOP;
END
$$;

CREATE FUNCTION revops.guard_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    version record;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV006',
            MESSAGE = format('TRUNCATE of revops.%s is refused', TG_TABLE_NAME),
            DETAIL = 'It would empty versions of the agreement that are or were in force.',
            HINT = 'Delete the rows of a draft.';
    END IF;
    IF NOT revops.restoring() THEN
        -- The lock makes an activation wait for this edit, or this edit for it.
        -- No row: the draft itself is being deleted, and its parts with it.
        FOR version IN
            SELECT a.* FROM revops.agreement a
            WHERE a.agreement_id IN (OLD.agreement_id, NEW.agreement_id)
            FOR SHARE
        LOOP
            IF version.status <> 'draft' THEN
                RAISE EXCEPTION USING ERRCODE = 'RV006',
                    MESSAGE = format('version %s of the agreement is %s and cannot be edited',
                                     version.version, version.status),
                    DETAIL = format('%s on revops.%s, agreement_id %s, %s.', TG_OP,
                                    TG_TABLE_NAME, version.agreement_id,
                                    CASE WHEN version.active_from IS NULL
                                         THEN format('proposed at %s', version.proposed_at)
                                         ELSE format('in force since %s', version.active_from) END),
                    HINT = CASE WHEN version.active_from IS NULL
                        THEN format('SELECT revops.withdraw_agreement(%s) makes it a draft again; what was approved '
                                    'is void then.', version.agreement_id)
                        ELSE format('SELECT revops.draft_agreement(%s) copies the active version into a draft: '
                                    'edit that, then SELECT revops.propose_agreement() with its number.',
                                    version.workspace_id) END;
            END IF;
        END LOOP;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.guard_version() IS
    'Trigger of the parts of an agreement: raises RV006 unless the version is a draft.';

DO $$
DECLARE
    part text;
BEGIN
    FOREACH part IN ARRAY '{score_model,score_group,score_rule,question,stage,transition,sla_policy,sla_step,commitment,nurture_track,nurture_step,handoff_rule,auto_move}'::text[]
    LOOP
        EXECUTE format('CREATE TRIGGER guard_version BEFORE INSERT OR UPDATE OR DELETE ON revops.%I '
                       'FOR EACH ROW EXECUTE FUNCTION revops.guard_version()', part);
        EXECUTE format('COMMENT ON TRIGGER guard_version ON revops.%I IS %L', part,
                       'only drafts of the agreement can be edited: RV006');
        EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON revops.%I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION revops.guard_version()', part);
        EXECUTE format('COMMENT ON TRIGGER no_truncate ON revops.%I IS %L', part,
                       'versions that are or were in force stay: RV006');
    END LOOP;
END
$$;

-- What must hold of a version: before it is proposed, and, as its surroundings
-- may have changed since, before it is put into force.
CREATE FUNCTION revops.refuse_problems(of_version revops.agreement, what text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    problems text;
    problem_count int;
    way_out text;
BEGIN
    SELECT string_agg(p.object || CASE WHEN p.problem LIKE 'is %' THEN ' ' ELSE ': ' END || p.problem, E'\n'), count(*), min(p.hint)
    INTO problems, problem_count, way_out FROM revops.agreement_problems(of_version.agreement_id) p;
    IF problem_count > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('version %s of the agreement cannot be %s: %s', of_version.version, what,
                             CASE problem_count WHEN 1 THEN '1 problem' ELSE problem_count || ' problems' END),
            DETAIL = problems,
            HINT = CASE problem_count WHEN 1 THEN way_out
                   ELSE format('See the hints of revops.agreement_problems(%s).', of_version.agreement_id) END;
    END IF;
END
$$;
COMMENT ON FUNCTION revops.refuse_problems(revops.agreement, text) IS
    'Part of guard_agreement(): raises RV004 with all agreement_problems() of a version that is to be proposed, or put into force.';

-- Two versions that wait for their moments could each undo the other unseen,
-- and so could one that waits and one that is put into force meanwhile.
CREATE FUNCTION revops.refuse_second_moment(of_version revops.agreement) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    other record;
BEGIN
    SELECT a.agreement_id, a.version, a.due_at INTO other FROM revops.agreement a
    WHERE a.workspace_id = of_version.workspace_id AND a.agreement_id <> of_version.agreement_id
      AND a.status = 'approved' AND a.due_at IS NOT NULL;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV006',
            MESSAGE = format('version %s of the agreement waits for its moment already', other.version),
            DETAIL = format('It is to be in force from %s on, and would undo version %s then or be undone by it.',
                            other.due_at, of_version.version),
            HINT = format('SELECT revops.withdraw_agreement(%s), or put version %s into force after it.',
                          other.agreement_id, of_version.version);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.refuse_second_moment(revops.agreement) IS
    'Part of guard_agreement(): raises RV006 where another version of the workspace waits for its moment.';

-- approved (or the first of its workspace) to active: checks the version,
-- retires the one in force.  Done by the trigger, so that no way around the
-- verbs leaves the checks out.
CREATE FUNCTION revops.put_into_force(draft revops.agreement) RETURNS revops.agreement
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    moment timestamptz := revops.engine_now();
    latest timestamptz;
BEGIN
    IF draft.due_at > greatest(moment, clock_timestamp()) THEN
        draft.due_at := NULL;   -- sooner than had been said
    ELSIF draft.due_at > moment THEN
        moment := draft.due_at; -- the transaction began before it
    END IF;
    PERFORM revops.refuse_problems(draft, 'put into force');
    PERFORM revops.refuse_second_moment(draft);
    SELECT max(coalesce(a.retired_at, a.active_from)) INTO latest
    FROM revops.agreement a WHERE a.workspace_id = draft.workspace_id;
    IF latest > moment THEN
        RAISE EXCEPTION USING ERRCODE = 'RV006',
            MESSAGE = format('version %s of the agreement cannot be put into force in the past', draft.version),
            DETAIL = format('Engine time is %s; an earlier version was put into force at %s.', moment, latest),
            HINT = 'Set pg_revops.now to a later moment, or reset it.';
    END IF;
    UPDATE revops.agreement a SET status = 'retired', retired_at = moment
    WHERE a.workspace_id = draft.workspace_id AND a.status = 'active';
    draft.active_from := moment;
    draft.activated_by := CASE WHEN draft.due_at IS NULL THEN session_user ELSE draft.activated_by END;
    draft.retired_at := NULL;
    draft.decide_by := NULL;
    draft.try_at := NULL;
    draft.problem := NULL;
    draft.review_on := coalesce(draft.review_on, (SELECT (moment AT TIME ZONE w.time_zone)::date
                                                         + interval '3 months'
                                                  FROM revops.workspace w
                                                  WHERE w.workspace_id = draft.workspace_id));
    RETURN draft;
END
$$;
COMMENT ON FUNCTION revops.put_into_force(revops.agreement) IS
    'Part of guard_agreement(): checks a version, retires the one in force, returns the row as an active one.';

CREATE FUNCTION revops.day_of(workspace_id int, after interval) RETURNS date
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT ((revops.engine_now() AT TIME ZONE w.time_zone)::date + $2)::date
    FROM revops.workspace w WHERE w.workspace_id = $1
    $$;
COMMENT ON FUNCTION revops.day_of(int, interval) IS 'The day in a workspace''s zone that is so much after today.';

CREATE FUNCTION revops.agreement_event(of_version revops.agreement, event text) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO revops.event (txid, event_id, workspace_id, at, seq, event)
    VALUES (pg_current_xact_id(), nextval('revops.event_id'), ($1).workspace_id, revops.engine_now(),
            ($1).agreement_id, 'agreement_' || $2);
    SELECT revops.hint_consumers(($1).workspace_id)
    $$;
COMMENT ON FUNCTION revops.agreement_event(revops.agreement, text) IS
    'Writes an event of the agreement: its seq is the agreement_id, and it names no lead.';

CREATE FUNCTION revops.missing_sides(of_version revops.agreement) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT ARRAY(SELECT s.side FROM unnest('{marketing,sales}'::text[]) AS s (side)
                 WHERE NOT EXISTS (SELECT FROM revops.agreement_approval p
                                   WHERE p.agreement_id = ($1).agreement_id AND p.proposal = ($1).proposal
                                     AND p.side = s.side AND p.decision = 'approved'))
    $$;
COMMENT ON FUNCTION revops.missing_sides(revops.agreement) IS
    'The sides that have not approved the version as it was last proposed.';

-- The way of a version: each step sets what belongs to it, whatever the
-- statement says.
CREATE FUNCTION revops.move_version(old_row revops.agreement, new_row revops.agreement) RETURNS revops.agreement
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    step text := old_row.status || ' ' || new_row.status;
    told text;
BEGIN
    IF step = 'draft proposed' THEN
        PERFORM revops.refuse_problems(new_row, 'proposed');
        new_row.proposal := old_row.proposal + 1;
        new_row.proposed_at := revops.engine_now();
        new_row.proposed_by := session_user;
        IF new_row.decide_by IS NOT DISTINCT FROM old_row.decide_by THEN
            new_row.decide_by := revops.day_of(new_row.workspace_id, '7 days');
        END IF;
        told := 'proposed';
    ELSIF step IN ('proposed draft', 'approved draft') THEN
        new_row.proposed_at := NULL;
        new_row.proposed_by := NULL;
        new_row.activated_by := NULL;
        new_row.due_at := NULL;
        new_row.try_at := NULL;
        new_row.tries := 0;
        new_row.problem := NULL;
        new_row.decide_by := revops.day_of(new_row.workspace_id, '1 month');
        told := CASE WHEN EXISTS (SELECT FROM revops.agreement_approval p
                                  WHERE p.agreement_id = old_row.agreement_id AND p.proposal = old_row.proposal
                                    AND p.decision = 'refused') THEN 'refused' ELSE 'withdrawn' END;
    ELSIF step = 'proposed approved' AND revops.missing_sides(new_row) = '{}' THEN
        NULL;
    ELSIF step = 'approved approved' THEN
        IF new_row.due_at IS NOT NULL THEN
            PERFORM revops.refuse_second_moment(new_row);
            PERFORM revops.falls_due(new_row.try_at);
        END IF;
        told := CASE WHEN new_row.tries > old_row.tries THEN CASE old_row.tries WHEN 0 THEN 'failed' END
                     WHEN new_row.due_at IS DISTINCT FROM old_row.due_at THEN 'scheduled' END;
    ELSIF step = 'approved active' THEN
        new_row := revops.put_into_force(new_row);
        told := 'activated';
    ELSIF step = 'draft active'
          AND NOT EXISTS (SELECT FROM revops.agreement a
                          WHERE a.workspace_id = new_row.workspace_id AND a.active_from IS NOT NULL) THEN
        -- the first of its workspace, by create_workspace(): no teams are there to agree on it
        new_row := revops.put_into_force(new_row);
    ELSE
        RETURN NULL;
    END IF;
    IF told IS NOT NULL THEN
        PERFORM revops.agreement_event(new_row, told);
    END IF;
    RETURN new_row;
END
$$;
COMMENT ON FUNCTION revops.move_version(revops.agreement, revops.agreement) IS
    'Part of guard_agreement(): a step on the way of a version, and its event; returns NULL for a step that there is not.';

CREATE FUNCTION revops.guard_agreement() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    refused text;
    moved revops.agreement;
    -- what may be changed in place, by status
    movable text[] := CASE NEW.status WHEN 'draft' THEN '{note,review_on,decide_by,drafted_from}'
                                      WHEN 'active' THEN '{review_on}'
                                      WHEN 'retired' THEN '{}' ELSE '{review_on,decide_by}' END::text[];
    schedule text[] := '{due_at,try_at,tries,problem,activated_by}';
BEGIN
    IF revops.restoring() THEN
        IF TG_OP = 'INSERT' AND NEW.try_at IS NOT NULL THEN
            PERFORM revops.falls_due(NEW.try_at);
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            refused := format('version %s of the agreement must begin as a draft', NEW.version);
        END IF;
        NEW.created_at := revops.engine_now();
        NEW.created_by := session_user;
        NEW.active_from := NULL;
        NEW.activated_by := NULL;
        NEW.retired_at := NULL;
        NEW.proposal := 0;
        NEW.proposed_at := NULL;
        NEW.proposed_by := NULL;
        NEW.due_at := NULL;
        NEW.try_at := NULL;
        NEW.tries := 0;
        NEW.problem := NULL;
        NEW.decide_by := coalesce(NEW.decide_by, revops.day_of(NEW.workspace_id, '1 month'));
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            refused := format('version %s of the agreement is %s and cannot be deleted', OLD.version, OLD.status);
        END IF;
    ELSIF NEW.status = OLD.status AND to_jsonb(NEW) - movable = to_jsonb(OLD) - movable THEN
        NULL;
    ELSIF OLD.status = 'active' AND NEW.status = 'retired' AND pg_trigger_depth() > 1 THEN
        NULL;                   -- by put_into_force()
    ELSIF NEW.status <> OLD.status OR OLD.status = 'approved' AND NEW.due_at IS NOT NULL
          AND to_jsonb(NEW) - schedule = to_jsonb(OLD) - schedule THEN
        moved := revops.move_version(OLD, NEW);
        IF moved.agreement_id IS NOT NULL THEN
            RETURN moved;
        END IF;
        refused := format('version %s of the agreement cannot go from %s to %s', OLD.version, OLD.status, NEW.status);
    ELSE
        refused := format('version %s of the agreement is %s and cannot be edited%s', OLD.version, OLD.status,
                          CASE OLD.status WHEN 'draft' THEN ' but for its parts, note, review_on and decide_by' END);
    END IF;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV006', MESSAGE = refused,
            DETAIL = format('%s of agreement_id %s of workspace %s.', TG_OP,
                            coalesce(OLD.agreement_id, NEW.agreement_id), coalesce(OLD.workspace_id, NEW.workspace_id)),
            HINT = 'Versions are drafted by revops.draft_agreement(), proposed, approved by both teams, and put into force by revops.activate_agreement(), which retires the one before; withdraw_agreement() makes a proposal a draft again. Of what is in force only review_on can be changed.';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.guard_agreement() IS
    'Trigger of agreement: a version goes from draft to proposed, approved, active and retired, or back to draft, never otherwise (RV006), and what both teams look at or have agreed on stays as it is.';

CREATE TRIGGER guard_version BEFORE INSERT OR UPDATE OR DELETE ON revops.agreement
    FOR EACH ROW EXECUTE FUNCTION revops.guard_agreement();
COMMENT ON TRIGGER guard_version ON revops.agreement IS 'a version goes from draft to proposed, approved, active and retired: RV006';
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON revops.agreement
    FOR EACH STATEMENT EXECUTE FUNCTION revops.guard_version();
COMMENT ON TRIGGER no_truncate ON revops.agreement IS 'versions that are or were in force stay: RV006';
