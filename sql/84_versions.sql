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
                    DETAIL = format('%s on revops.%s, agreement_id %s, in force since %s.', TG_OP,
                                    TG_TABLE_NAME, version.agreement_id, version.active_from),
                    HINT = format('SELECT revops.draft_agreement(%s) copies the active version into a draft: '
                                  'edit that, then SELECT revops.activate_agreement() with its number.',
                                  version.workspace_id);
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
    FOREACH part IN ARRAY '{score_model,score_group,score_rule,stage,transition,sla_policy}'::text[]
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

-- draft to active: checks the draft, retires the version in force.  Done by
-- the trigger, so that no way around the verb leaves the checks out.
CREATE FUNCTION revops.put_into_force(draft revops.agreement) RETURNS revops.agreement
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    moment timestamptz := revops.engine_now();
    problems text;
    problem_count int;
    way_out text;
    latest timestamptz;
BEGIN
    SELECT string_agg(p.object || CASE WHEN p.problem LIKE 'is %' THEN ' ' ELSE ': ' END || p.problem, E'\n'), count(*), min(p.hint)
    INTO problems, problem_count, way_out FROM revops.agreement_problems(draft.agreement_id) p;
    IF problem_count > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('version %s of the agreement cannot be put into force: %s',
                             draft.version, CASE problem_count WHEN 1 THEN '1 problem'
                                            ELSE problem_count || ' problems' END),
            DETAIL = problems,
            HINT = CASE problem_count WHEN 1 THEN way_out
                   ELSE format('See the hints of revops.agreement_problems(%s).', draft.agreement_id) END;
    END IF;
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
    draft.activated_by := session_user;
    draft.retired_at := NULL;
    draft.review_on := coalesce(draft.review_on, (SELECT (moment AT TIME ZONE w.time_zone)::date
                                                         + interval '3 months'
                                                  FROM revops.workspace w
                                                  WHERE w.workspace_id = draft.workspace_id));
    RETURN draft;
END
$$;
COMMENT ON FUNCTION revops.put_into_force(revops.agreement) IS
    'Part of guard_agreement(): checks a draft, retires the version in force, returns the draft as an active row.';

CREATE FUNCTION revops.guard_agreement() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    refused text;
BEGIN
    IF revops.restoring() THEN
        NULL;
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            refused := format('version %s of the agreement must begin as a draft', NEW.version);
        END IF;
        NEW.created_at := revops.engine_now();
        NEW.created_by := session_user;
        NEW.active_from := NULL;
        NEW.activated_by := NULL;
        NEW.retired_at := NULL;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            refused := format('version %s of the agreement is %s and cannot be deleted', OLD.version, OLD.status);
        END IF;
    ELSIF OLD.status = 'draft' AND NEW.status = 'active' THEN
        NEW := revops.put_into_force(NEW);
    ELSIF OLD.status = 'draft' AND NEW.status = 'draft' THEN
        NEW.active_from := NULL;
        NEW.activated_by := NULL;
        NEW.retired_at := NULL;
    ELSIF OLD.status = 'active' AND NEW.status = 'retired' AND pg_trigger_depth() > 1 THEN
        NULL;                   -- by put_into_force()
    ELSIF NEW.status = OLD.status AND OLD.status = 'active'
          AND to_jsonb(NEW) - 'review_on' = to_jsonb(OLD) - 'review_on' THEN
        NULL;                   -- the day of the review may be moved
    ELSE
        refused := CASE WHEN NEW.status = OLD.status
            THEN format('version %s of the agreement is %s and cannot be edited', OLD.version, OLD.status)
            ELSE format('version %s of the agreement cannot go from %s to %s', OLD.version, OLD.status, NEW.status) END;
    END IF;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV006', MESSAGE = refused,
            DETAIL = format('%s of agreement_id %s of workspace %s.', TG_OP,
                            coalesce(OLD.agreement_id, NEW.agreement_id), coalesce(OLD.workspace_id, NEW.workspace_id)),
            HINT = 'Versions are drafted by revops.draft_agreement() and put into force by revops.activate_agreement(), which retires the one before; of an active version only review_on can be changed.';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.guard_agreement() IS
    'Trigger of agreement: a version goes from draft to active to retired, never otherwise (RV006), and what is in force stays as it is.';

CREATE TRIGGER guard_version BEFORE INSERT OR UPDATE OR DELETE ON revops.agreement
    FOR EACH ROW EXECUTE FUNCTION revops.guard_agreement();
COMMENT ON TRIGGER guard_version ON revops.agreement IS 'a version goes from draft to active to retired: RV006';
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON revops.agreement
    FOR EACH STATEMENT EXECUTE FUNCTION revops.guard_version();
COMMENT ON TRIGGER no_truncate ON revops.agreement IS 'versions that are or were in force stay: RV006';
