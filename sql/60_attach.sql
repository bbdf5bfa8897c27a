-- Attaching tables of the host.  All of it runs with the rights of the caller,
-- who must be allowed to make triggers on the table and to read it.

-- ----- rows of bindings keep themselves right ----------------------------------

-- Names of columns are kept with their numbers, so that a rename is followed.
-- A number counts only for the table that it was recorded for: a restored table
-- may number its columns differently.
CREATE FUNCTION revops.renumbered(host regclass, columns jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT jsonb_object_agg(a.attname, a.attnum)
    FROM jsonb_object_keys(columns) AS c (name)
    JOIN pg_attribute a ON a.attrelid = host AND a.attname = c.name AND a.attnum > 0 AND NOT a.attisdropped
    $$;
COMMENT ON FUNCTION revops.renumbered(regclass, jsonb) IS 'The same columns with the numbers that they have in a table.';

CREATE FUNCTION revops.check_zone(zone text, binding text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    meant text;
BEGIN
    -- to list the zones takes milliseconds
    IF zone = 'UTC' OR EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = zone) THEN
        RETURN;
    END IF;
    SELECT z.name INTO meant FROM pg_timezone_names z
    WHERE lower(z.name) = lower(btrim(zone)) OR lower(z.name) LIKE '%/' || lower(btrim(zone))
    ORDER BY z.name LIMIT 1;
    RAISE EXCEPTION USING ERRCODE = 'RV005',
        MESSAGE = format('time zone %s of binding "%s" does not exist', coalesce('"' || zone || '"', 'NULL'), binding),
        DETAIL = 'A timestamp without time zone is read in it.',
        HINT = coalesce('Perhaps you mean "' || meant || '". ', '')
               || 'Names are listed in pg_timezone_names, for example Europe/Berlin.';
END
$$;
COMMENT ON FUNCTION revops.check_zone(text, text) IS
    'Raises RV005 for a time zone of a binding that pg_timezone_names does not list.';

CREATE FUNCTION revops.resolve_binding() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    -- of the same table: what was renamed since is known by its number
    numbers boolean := TG_OP = 'UPDATE' AND coalesce(OLD.numbered = NEW.host, false);
    new_key boolean := TG_OP = 'INSERT' OR NEW.key_columns <> OLD.key_columns;
BEGIN
    IF NEW.detached_at IS NOT NULL THEN
        RETURN NEW;
    END IF;
    IF NOT revops.restoring() THEN
        IF numbers AND NEW.key_columns = OLD.key_columns THEN
            NEW.key_columns := (SELECT coalesce(array_agg(coalesce(a.attname::text, r.attname::text, k.name) ORDER BY k.n), '{}')
                FROM unnest(OLD.key_columns, OLD.key_attnums) WITH ORDINALITY AS k (name, attnum, n)
                LEFT JOIN pg_attribute a ON a.attrelid = NEW.host AND a.attname = k.name AND NOT a.attisdropped
                LEFT JOIN pg_attribute r ON r.attrelid = NEW.host AND r.attnum = k.attnum AND NOT r.attisdropped);
        END IF;
        IF TG_OP = 'INSERT' OR NEW.zone <> OLD.zone THEN
            PERFORM revops.check_zone(NEW.zone, NEW.binding);
        END IF;
        -- rows that leads look up need not be known again
        IF NEW.kind <> 'lookup' OR NEW.key_columns <> '{}' THEN
            PERFORM revops.check_key_columns(NEW.host, NEW.key_columns);
        END IF;
        IF new_key OR NEW.host <> OLD.host OR OLD.detached_at IS NOT NULL THEN
            NEW.key_unique := revops.key_is_unique(NEW.host, NEW.key_columns);
            PERFORM revops.check_key_use(NEW);
        END IF;
        IF numbers AND NEW.filter IS NOT DISTINCT FROM OLD.filter THEN
            NEW.filter_columns := OLD.filter_columns || coalesce(revops.renumbered(NEW.host, OLD.filter_columns), '{}');
        ELSIF NEW.filter IS NULL THEN
            NEW.filter_columns := NULL;
        ELSE
            NEW.filter_columns := (SELECT e.columns FROM revops.check_expression(
                NEW.host, 'filter of binding', NEW.binding, NEW.filter, 'boolean') e);
        END IF;
        NEW.host_name := NEW.host::text;
    ELSE
        NEW.filter_columns := revops.renumbered(NEW.host, NEW.filter_columns);
    END IF;
    NEW.numbered := NEW.host;
    NEW.key_attnums := (SELECT array_agg(a.attnum ORDER BY k.n)
        FROM unnest(NEW.key_columns) WITH ORDINALITY AS k (name, n)
        LEFT JOIN pg_attribute a ON a.attrelid = NEW.host AND a.attname = k.name AND a.attnum > 0 AND NOT a.attisdropped);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.resolve_binding() IS
    'Trigger of binding: checks the key''s columns, whether they are unique and may be otherwise (RV005), the filter (RV001) and the time zone (RV005); records the columns'' numbers.';
CREATE TRIGGER a_resolve BEFORE INSERT OR UPDATE OF host, key_columns, filter, zone, detached_at ON revops.binding
    FOR EACH ROW EXECUTE FUNCTION revops.resolve_binding();
COMMENT ON TRIGGER a_resolve ON revops.binding IS 'checks the key and the filter, records the numbers of columns';

-- Entries of the inbox are settled in order; a statement that is settled at
-- once would overtake those that wait.
CREATE FUNCTION revops.guard_mode() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NEW.mode <> 'inline' AND NEW.on_violation = 'strict' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" cannot be both %s and strict', NEW.binding,
                             CASE NEW.mode WHEN 'scan' THEN 'scanned' ELSE NEW.mode END),
            DETAIL = CASE NEW.mode WHEN 'scan' THEN 'A scan sees what was committed, when no move of it can be refused any more.'
                ELSE 'A queued statement is settled after its commit, when no move of it can be refused any more.' END,
            HINT = 'Choose mode => ''inline'', or on_violation => ''record''.';
    END IF;
    IF NEW.replicated AND NEW.mode <> 'queued' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" cannot be both replicated and of mode %s', NEW.binding, NEW.mode),
            DETAIL = 'Whoever applies replicated rows must not wait for, nor lock, anything of pg_revops.',
            HINT = 'Choose mode => ''queued'', or leave replicated out.';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.replicated <> OLD.replicated AND OLD.detached_at IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" cannot become replicated, or cease to be, while it is attached', NEW.binding),
            DETAIL = 'It would need other triggers.',
            HINT = format('SELECT revops.detach(%L), then attach it anew.', OLD.binding);
    END IF;
    IF TG_OP = 'INSERT' OR NEW.mode = OLD.mode THEN
        RETURN NEW;
    END IF;
    IF OLD.detached_at IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('the mode of binding "%s" cannot change while it is attached', NEW.binding),
            DETAIL = format('It is %s; statements that run now would be settled out of order.', OLD.mode),
            HINT = format('SELECT revops.detach(%L), CALL revops.settle(), then attach it anew with the other mode.', OLD.binding);
    END IF;
    IF EXISTS (SELECT FROM revops.inbox i WHERE i.binding_id = NEW.binding_id AND i.what <> 'reread' AND i.lead_key IS NULL)
       OR EXISTS (SELECT FROM revops.inbox_packet p WHERE p.binding_id = NEW.binding_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" has entries in the inbox', NEW.binding),
            DETAIL = format('It was %s; what waits would be settled after what comes now.', OLD.mode),
            HINT = 'CALL revops.settle() first.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.guard_mode() IS
    'Trigger of binding: raises RV005 for a binding that is strict and not inline, or replicated and not queued, and for a mode that changes while the binding is attached or has entries in the inbox.';
CREATE TRIGGER c_guard_mode BEFORE INSERT OR UPDATE OF mode, on_violation, replicated ON revops.binding
    FOR EACH ROW EXECUTE FUNCTION revops.guard_mode();
COMMENT ON TRIGGER c_guard_mode ON revops.binding IS 'strict is inline, replicated is queued, and the mode of an attached binding stays';

CREATE FUNCTION revops.resolve_role() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    bound revops.binding;
    standard record;
    checked record;
BEGIN
    SELECT b.* INTO bound FROM revops.binding b WHERE b.binding_id = NEW.binding_id;
    IF NOT FOUND THEN
        RETURN NEW;             -- the foreign key tells
    END IF;
    -- the expression runs with the rights of the binding's owner: even a restore is checked
    IF NOT pg_has_role(current_user, bound.owner, 'USAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = format('must be able to act as role %s to map roles of binding "%s"', bound.owner, bound.binding),
            DETAIL = 'Expressions of roles run as the owner of the binding.',
            HINT = 'Change it as that role, or as a member of it.';
    END IF;
    NEW.numbered := bound.host;
    IF revops.restoring() THEN
        NEW.columns := revops.renumbered(bound.host, NEW.columns);
        IF NEW.attnum IS NOT NULL THEN
            NEW.attnum := (SELECT a.attnum FROM pg_attribute a
                           WHERE a.attrelid = bound.host AND a.attname = (parse_ident(NEW.expression))[1]
                             AND a.attnum > 0 AND NOT a.attisdropped);
        END IF;
        RETURN NEW;
    END IF;
    SELECT s.* INTO standard FROM revops.standard_roles(bound.kind) s WHERE s.role = NEW.role;
    NEW.personal := NEW.personal OR coalesce(standard.personal, false);
    IF TG_OP = 'UPDATE' AND (NEW.role, NEW.expression) = (OLD.role, OLD.expression) AND OLD.numbered = bound.host THEN
        -- a column that was renamed since is known by its number
        -- and one that was put in another's place, by its name
        NEW.role_type := OLD.role_type;
        NEW.columns := OLD.columns || coalesce(revops.renumbered(bound.host, OLD.columns), '{}');
        NEW.attnum := coalesce((SELECT a.attnum FROM pg_attribute a
                                WHERE OLD.attnum IS NOT NULL AND a.attrelid = bound.host AND a.attname = (parse_ident(OLD.expression))[1]
                                  AND a.attnum > 0 AND NOT a.attisdropped), OLD.attnum);
        RETURN NEW;
    END IF;
    PERFORM revops.check_roles(bound.kind, bound.host, jsonb_build_object(NEW.role, NEW.expression), '{}');
    IF bound.kind = 'lookup' THEN
        -- one key, or an array of them
        SELECT CASE t.typcategory WHEN 'A' THEN 'text[]' ELSE 'text' END::regtype INTO standard.role_type
        FROM revops.check_expression(bound.host, 'role', NEW.role, NEW.expression, NULL) e
        JOIN pg_type t ON t.oid = e.expression_type;
    END IF;
    SELECT * INTO checked FROM revops.check_expression(bound.host, 'role', NEW.role, NEW.expression, standard.role_type);
    NEW.role_type := checked.expression_type;
    NEW.attnum := checked.attnum;
    NEW.columns := checked.columns;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.resolve_role() IS
    'Trigger of binding_role: raises RV001 for an expression that is not valid, RV005 for a role that the kind of binding does not have, 42501 for a binding of another''s; fills in type, column''s number, and that e-mail, phone and name are personal. An UPDATE that changes nothing takes the numbers of columns that were put in others'' places.';
CREATE TRIGGER a_resolve BEFORE INSERT OR UPDATE ON revops.binding_role
    FOR EACH ROW EXECUTE FUNCTION revops.resolve_role();
COMMENT ON TRIGGER a_resolve ON revops.binding_role IS 'checks the expression; fills in type and number of the column';

-- ----- attach -----------------------------------------------------------------

-- A detached binding of the same name lives again: its leads are known by it.
CREATE FUNCTION revops.save_binding(wanted revops.binding) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    old revops.binding;
    id int;
BEGIN
    SELECT b.* INTO old FROM revops.binding b WHERE b.binding = wanted.binding FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO revops.binding (workspace_id, binding, kind, host, host_name, key_columns, filter,
                                    lead_binding_id, mode, on_violation, on_error, owner,
                                    replicated, zone, stage_map, write_back, bump)
        VALUES (wanted.workspace_id, wanted.binding, wanted.kind, wanted.host, wanted.host::text, wanted.key_columns,
                wanted.filter, wanted.lead_binding_id, wanted.mode, wanted.on_violation, wanted.on_error, wanted.owner,
                wanted.replicated, wanted.zone, wanted.stage_map, wanted.write_back, wanted.bump)
        RETURNING binding_id INTO id;
        RETURN id;
    ELSIF old.detached_at IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" exists already', old.binding),
            DETAIL = format('It is attached to %s.', old.host_name),
            HINT = format('Choose another name, or SELECT revops.detach(%L) first.', old.binding);
    ELSIF (old.kind, old.workspace_id) <> (wanted.kind, wanted.workspace_id)
          OR old.lead_binding_id IS DISTINCT FROM wanted.lead_binding_id THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" was something else before it was detached', old.binding),
            DETAIL = format('It was of kind %s in workspace %s, and leads that came by it are known by its name.',
                            old.kind, old.workspace_id),
            HINT = 'Choose another name.';
    END IF;
    DELETE FROM revops.binding_role r WHERE r.binding_id = old.binding_id;
    UPDATE revops.binding b
    SET host = wanted.host, key_columns = wanted.key_columns, filter = wanted.filter,
        mode = wanted.mode, on_violation = wanted.on_violation, on_error = wanted.on_error, owner = wanted.owner,
        replicated = wanted.replicated, zone = wanted.zone, stage_map = wanted.stage_map,
        write_back = wanted.write_back, bump = wanted.bump,
        attached_at = now(), detached_at = NULL
    WHERE b.binding_id = old.binding_id;
    RETURN old.binding_id;
END
$$;
COMMENT ON FUNCTION revops.save_binding(revops.binding) IS
    'Writes a new binding, or revives the detached one of that name. Raises RV005 for a name that is in use.';

-- Triggers fire in order of their names: where a table holds both, its leads
-- are to be known before its touches, whose binding has the higher number.
CREATE FUNCTION revops.wanted_captures(binding_id int)
    RETURNS TABLE (trigger_name name, host regclass, always boolean, definition text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT t.trigger_name, f.member, b.replicated,
           format('CREATE TRIGGER %I AFTER %s ON %s %s EXECUTE FUNCTION revops.%I(%s)',
                  t.trigger_name, e.event, f.member,
                  CASE WHEN b.replicated AND e.event <> 'truncate' THEN 'FOR EACH ROW' ELSE e.tables || 'FOR EACH STATEMENT' END,
                  'capture_' || b.kind, b.binding_id)
    FROM revops.binding b
    CROSS JOIN LATERAL revops.family(b.host) AS f
    CROSS JOIN (VALUES
        (1, 'insert', 'REFERENCING NEW TABLE AS revops_new '),
        (2, 'update', 'REFERENCING OLD TABLE AS revops_old NEW TABLE AS revops_new '),
        (3, 'delete', 'REFERENCING OLD TABLE AS revops_old '),
        (4, 'truncate', '')) AS e (n, event, tables)
    CROSS JOIN LATERAL (SELECT format('revops_%s_%s', lpad(b.binding_id::text, 10, '0'), e.event)::name) AS t (trigger_name)
    WHERE b.binding_id = wanted_captures.binding_id AND b.detached_at IS NULL AND b.mode <> 'scan'
      AND NOT (f.cloned AND b.replicated AND e.event <> 'truncate')
    UNION ALL
    -- the last of the table's triggers, by its name: it sees what others made of the row
    SELECT t.trigger_name, f.member, false,
           format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION revops.fill_row(%s)',
                  t.trigger_name, f.member, b.binding_id)
    FROM revops.binding b
    CROSS JOIN LATERAL revops.family(b.host) AS f
    CROSS JOIN LATERAL (SELECT format('zz_revops_%s_fill', lpad(b.binding_id::text, 10, '0'))::name) AS t (trigger_name)
    WHERE b.binding_id = wanted_captures.binding_id AND b.detached_at IS NULL AND b.mode = 'inline'
      AND b.write_back IS NOT NULL AND NOT f.cloned
    $$;
COMMENT ON FUNCTION revops.wanted_captures(int) IS
    'The triggers that a binding needs, on its table and all below it: revops_<binding_id>_insert, _update, _delete and _truncate (the number has ten digits, so that triggers of one table fire in order of their bindings); "always": they must fire in replicas too. An inline binding that writes back has zz_revops_<binding_id>_fill beside them. None where it is detached, or of mode scan.';

CREATE FUNCTION revops.captures(binding_id int)
    RETURNS TABLE (trigger_name name, host regclass, owner regrole)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT t.tgname, c.oid::regclass, c.relowner::regrole
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
    WHERE p.pronamespace = 'revops'::regnamespace AND p.prorettype = 'trigger'::regtype
      AND (p.proname ^@ 'capture_' OR p.proname = 'fill_row')
      AND t.tgargs = convert_to(binding_id::text, 'UTF8') || '\x00'::bytea
      AND NOT t.tgisinternal AND t.tgparentid = 0
    ORDER BY c.oid, t.tgname
    $$;
COMMENT ON FUNCTION revops.captures(int) IS
    'Triggers of a binding, wherever they are: a table may have been renamed or replaced since it was attached, a partition detached. Copies that PostgreSQL keeps of them in partitions are not listed.';

CREATE FUNCTION revops.repair_capture(binding_id int) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    capture record;
    made int := 0;
BEGIN
    FOR capture IN
        SELECT c.trigger_name, c.host FROM revops.captures(binding_id) c
        WHERE (c.trigger_name, c.host) NOT IN (SELECT w.trigger_name, w.host FROM revops.wanted_captures(binding_id) w)
          AND pg_has_role(current_user, c.owner::oid, 'USAGE')
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', capture.trigger_name, capture.host);
    END LOOP;
    FOR capture IN
        SELECT w.*, t.oid IS NOT NULL AS there
        FROM revops.wanted_captures(binding_id) w
        LEFT JOIN pg_trigger t ON t.tgrelid = w.host AND t.tgname = w.trigger_name
        WHERE t.oid IS NULL OR (w.always AND t.tgenabled = 'O')
    LOOP
        IF NOT capture.there THEN
            EXECUTE capture.definition;
        END IF;
        IF capture.always THEN
            EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', capture.host, capture.trigger_name);
        END IF;
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION revops.repair_capture(int) IS
    'Makes the triggers that a binding lacks on its table and on partitions and children that were made or attached since, drops those of relations that are its no more (a detached partition), lets those of a replicated binding fire in replicas again (ENABLE TRIGGER ALL takes that away); gives how many it made or mended. A trigger that somebody disabled is left so: binding_health tells of it. Takes the right TRIGGER on the tables, and ownership for what is dropped (else it stays) and for replicated bindings.';

CREATE FUNCTION revops.attach(wanted revops.binding, roles jsonb, personal text[]) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    id int;
BEGIN
    wanted.owner := current_user::regrole;
    PERFORM revops.check_host(wanted.host, wanted.mode);
    PERFORM revops.check_new_binding(wanted);
    PERFORM revops.check_roles(wanted.kind, wanted.host, roles, personal);
    PERFORM revops.check_needed_roles(wanted, roles);
    wanted.key_columns := coalesce(wanted.key_columns, revops.find_key(wanted.host));

    id := revops.save_binding(wanted);
    -- type and column's number are filled in by a_resolve
    INSERT INTO revops.binding_role (binding_id, role, expression, role_type, personal)
    SELECT id, r.key, r.value, 'text', r.key = ANY (personal)
    FROM jsonb_each_text(roles) r ORDER BY r.key;
    PERFORM revops.repair_capture(id);
    RETURN id;
END
$$;
COMMENT ON FUNCTION revops.attach(revops.binding, jsonb, text[]) IS
    'What attach_lead, attach_touch, attach_opportunity and attach_lookup share: checks, writes the binding and its roles, makes the triggers.';

CREATE FUNCTION revops.lead_binding(lead_binding text) RETURNS revops.binding
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    leads revops.binding;
BEGIN
    SELECT b.* INTO leads FROM revops.binding b WHERE b.binding = lead_binding.lead_binding;
    IF NOT FOUND OR leads.kind <> 'lead' OR leads.detached_at IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = CASE WHEN leads.binding_id IS NULL THEN 'RV002' ELSE 'RV005' END,
            MESSAGE = format(CASE WHEN leads.binding_id IS NULL THEN 'binding %s does not exist'
                                  WHEN leads.kind <> 'lead' THEN 'binding %s does not hold leads'
                                  ELSE 'binding %s is detached' END,
                             coalesce('"' || lead_binding.lead_binding || '"', 'NULL')),
            DETAIL = 'Bindings of leads are: ' || coalesce((SELECT string_agg(format('"%s"', b.binding), ', ' ORDER BY b.binding)
                FROM revops.binding b WHERE b.kind = 'lead' AND b.detached_at IS NULL), 'none') || '.',
            HINT = 'Attach the table of the leads first: revops.attach_lead().';
    END IF;
    RETURN leads;
END
$$;
COMMENT ON FUNCTION revops.lead_binding(text) IS
    'The attached binding of leads of that name. Raises RV002 when there is none, RV005 when it holds something else or is detached.';

CREATE FUNCTION revops.attach_lead(binding text, host regclass, roles jsonb, filter text DEFAULT NULL,
                                   key text[] DEFAULT NULL, personal text[] DEFAULT '{}',
                                   on_violation text DEFAULT 'record', on_error text DEFAULT 'record',
                                   workspace_id int DEFAULT 1, mode text DEFAULT 'inline', zone text DEFAULT 'UTC',
                                   stage_map jsonb DEFAULT NULL, replicated boolean DEFAULT false,
                                   write_back jsonb DEFAULT NULL, bump jsonb DEFAULT NULL) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    wanted revops.binding;
BEGIN
    wanted.kind := 'lead';
    wanted.binding := binding;
    wanted.host := host;
    wanted.filter := filter;
    wanted.key_columns := key;
    wanted.on_violation := on_violation;
    wanted.on_error := on_error;
    wanted.mode := mode;
    wanted.workspace_id := workspace_id;
    wanted.zone := zone;
    wanted.stage_map := stage_map;
    wanted.replicated := replicated;
    wanted.write_back := write_back;
    wanted.bump := bump;
    RETURN revops.attach(wanted, roles, coalesce(personal, '{}'));
END
$$;
COMMENT ON FUNCTION revops.attach_lead(text, regclass, jsonb, text, text[], text[], text, text, int, text, text, jsonb, boolean, jsonb, jsonb) IS
    'Attaches a table whose rows are leads; gives the binding''s number. "roles" maps roles to columns or SQL expressions over the row: standard_roles(''lead''), and any further name as a role of its own; "personal" names further ones that are kept where they can be erased. "filter" says which rows are leads. The key is found by itself (primary key, else a unique index over NOT NULL columns) or given; where no unique index covers it, mode inline is refused, and of several rows of one key the lead is the one whose role updated_at is latest (NULL is earliest; then the one that stands last), among those that pass the filter: key_unique is false then, and a key that is changed in place makes another lead. A row whose key is NULL is not yet a lead; one whose key turns NULL is gone. Rows written straight into a partition of the table, or into a child by inheritance, are seen; one that is made or attached later has no triggers until reconcile() or repair_capture() makes them. Expressions run as the caller, restricted, with search_path pg_catalog: write other functions with their schema; a role may be looked up by sub-selects in tables that the caller may read (attach_lookup() tells of changes there). A timestamp without time zone is read in "zone", whatever the session''s is. "mode" is inline (leads are settled when the statement ends) or queued (right after its commit: the statement then locks and updates nothing of pg_revops, which suits applications that run under REPEATABLE READ or SERIALIZABLE; it cannot be strict), or scan (no triggers: backfill() and reconcile() alone see the rows; for views, materialized views, foreign tables and tables that a sync tool replaces; it cannot be strict either). "replicated": rows also arrive by logical replication, or in sessions whose session_replication_role is replica; the triggers then fire for each row (ENABLE ALWAYS, which takes ownership of the table), and mode must be queued. "stage_map" says what the host''s stages are called here: {"word": "stage" or null where it says nothing}; another word is a stage itself. "write_back" names columns that the engine fills with some of score, grade, stage, owner and sla_due ("stage_words": the word for a stage that several mean), "bump" what the host''s own rules set at each write: {"version": "version + 1"}. Needs SELECT on the table and, unless the mode is scan, TRIGGER on it and its partitions; UPDATE of the columns that are filled. Where row-level security hides rows from the caller, entries that must read rows again wait, and tell it as a fault. Under the name of a detached binding that one lives again. Raises RV005, RV002 (workspace), RV001 (expression, filter), 42501; then nothing is done.';

CREATE FUNCTION revops.attach_touch(binding text, host regclass, lead_binding text, roles jsonb,
                                    filter text DEFAULT NULL, key text[] DEFAULT NULL, mode text DEFAULT NULL,
                                    zone text DEFAULT NULL, replicated boolean DEFAULT NULL) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    leads revops.binding := revops.lead_binding(lead_binding);
    wanted revops.binding;
BEGIN
    wanted.kind := 'touch';
    wanted.binding := binding;
    wanted.host := host;
    wanted.filter := filter;
    wanted.key_columns := key;
    wanted.lead_binding_id := leads.binding_id;
    wanted.workspace_id := leads.workspace_id;
    wanted.mode := coalesce(mode, leads.mode);
    wanted.zone := coalesce(zone, leads.zone);
    wanted.replicated := coalesce(replicated, leads.replicated);
    wanted.on_violation := 'record';
    wanted.on_error := leads.on_error;
    RETURN revops.attach(wanted, roles, '{}');
END
$$;
COMMENT ON FUNCTION revops.attach_touch(text, regclass, text, jsonb, text, text[], text, text, boolean) IS
    'Attaches a table whose rows are touches of the leads of a binding; gives the binding''s number. Roles: lead (the lead''s key as text), signal (its code), occurred_at (engine time where it is not mapped), source, campaign and content (where the touch came from: attribution goes by them). One table may be attached several times, once for each touch that a row is. A touch whose lead is not known waits in the inbox until it is. "mode", "zone" and "replicated" are those of the leads where they are NULL. Else as attach_lead().';

CREATE FUNCTION revops.attach_opportunity(binding text, host regclass, lead_binding text, roles jsonb,
                                          filter text DEFAULT NULL, key text[] DEFAULT NULL, mode text DEFAULT NULL,
                                          zone text DEFAULT NULL, replicated boolean DEFAULT NULL) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    leads revops.binding := revops.lead_binding(lead_binding);
    wanted revops.binding;
BEGIN
    wanted.kind := 'opportunity';
    wanted.binding := binding;
    wanted.host := host;
    wanted.filter := filter;
    wanted.key_columns := key;
    wanted.lead_binding_id := leads.binding_id;
    wanted.workspace_id := leads.workspace_id;
    wanted.mode := coalesce(mode, leads.mode);
    wanted.zone := coalesce(zone, leads.zone);
    wanted.replicated := coalesce(replicated, leads.replicated);
    wanted.on_violation := 'record';
    wanted.on_error := leads.on_error;
    RETURN revops.attach(wanted, roles, '{}');
END
$$;
COMMENT ON FUNCTION revops.attach_opportunity(text, regclass, text, jsonb, text, text[], text, text, boolean) IS
    'Attaches a table whose rows are opportunities (deals) of the leads of a binding; gives the binding''s number. Roles: lead (the lead''s key as text), won, lost (conditions), amount, currency, opened_at, closed_at. A deal whose lead is not known is kept, and linked once it is. "mode", "zone" and "replicated" are those of the leads where they are NULL. Else as attach_lead().';

-- ----- detach, and finding a lead -----------------------------------------------

CREATE FUNCTION revops.drop_capture(binding_id int) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    capture record;
BEGIN
    FOR capture IN SELECT * FROM revops.captures(binding_id) LOOP
        IF NOT pg_has_role(current_user, capture.owner::oid, 'USAGE') THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = format('%s cannot be detached by role %s', capture.host, current_user),
                DETAIL = format('PostgreSQL lets only the owner of a table, %s, drop its triggers.', capture.owner),
                HINT = format('Detach it as %s or as a member of that role.', capture.owner);
        END IF;
        EXECUTE format('DROP TRIGGER %I ON %s', capture.trigger_name, capture.host);
    END LOOP;
END
$$;
COMMENT ON FUNCTION revops.drop_capture(int) IS 'Drops the triggers of a binding, wherever they are; takes ownership of the tables.';

CREATE FUNCTION revops.guard_detach() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    capture record;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.detached_at IS NULL OR OLD.detached_at IS NOT NULL) THEN
        RETURN NEW;
    END IF;
    SELECT c.trigger_name, c.host INTO capture FROM revops.captures(OLD.binding_id) c ORDER BY 1 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" still has its triggers', OLD.binding),
            DETAIL = format('%s has %s, among others.', capture.host, capture.trigger_name),
            HINT = format('SELECT revops.detach(%L) removes them.', OLD.binding);
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
COMMENT ON FUNCTION revops.guard_detach() IS
    'Trigger of binding: raises RV005 when a binding is marked as detached, or deleted, whose table still has its triggers: detach() drops them first.';
CREATE TRIGGER b_guard_detach BEFORE UPDATE OF detached_at OR DELETE ON revops.binding
    FOR EACH ROW EXECUTE FUNCTION revops.guard_detach();
COMMENT ON TRIGGER b_guard_detach ON revops.binding IS 'a binding is detached by detach() alone';

CREATE FUNCTION revops.detach(binding text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    bound revops.binding;
BEGIN
    SELECT b.* INTO bound FROM revops.binding b WHERE b.binding = detach.binding AND b.detached_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('binding %s is not attached', coalesce('"' || detach.binding || '"', 'NULL')),
            DETAIL = 'Attached are: ' || coalesce((SELECT string_agg(format('"%s"', b.binding), ', ' ORDER BY b.binding)
                FROM revops.binding b WHERE b.detached_at IS NULL), 'none') || '.',
            HINT = 'SELECT binding, host_name, detached_at FROM revops.binding shows all of them.';
    END IF;
    PERFORM revops.drop_capture(bound.binding_id);
    IF EXISTS (SELECT FROM revops.lead l WHERE l.binding_id = coalesce(bound.lead_binding_id, bound.binding_id))
       OR EXISTS (SELECT FROM revops.opportunity o WHERE o.binding_id = bound.binding_id)
       OR EXISTS (SELECT FROM revops.inbox i WHERE bound.binding_id IN (i.binding_id, i.lead_binding_id))
       OR EXISTS (SELECT FROM revops.inbox_packet p WHERE p.binding_id = bound.binding_id)
       OR EXISTS (SELECT FROM revops.binding b WHERE b.lead_binding_id = bound.binding_id) THEN
        UPDATE revops.binding b SET detached_at = now() WHERE b.binding_id = bound.binding_id;
    ELSE
        DELETE FROM revops.binding b WHERE b.binding_id = bound.binding_id;
    END IF;
END
$$;
COMMENT ON FUNCTION revops.detach(text) IS
    'Removes every trigger of a binding: the table is as it was before attach. Leads, their facts and running clocks stay, and so does the binding''s row, with detached_at, where there are any; attaching under the same name takes them up again. Takes ownership of the table. Raises RV002 for a binding that is not attached.';

CREATE FUNCTION revops.lead_id(binding text, key text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    bound revops.binding;
    found_id bigint;
BEGIN
    SELECT b.* INTO bound FROM revops.binding b WHERE b.binding = lead_id.binding AND b.kind = 'lead';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('no binding of leads is named %s', coalesce('"' || lead_id.binding || '"', 'NULL')),
            DETAIL = 'Bindings of leads are: ' || coalesce((SELECT string_agg(format('"%s"', b.binding), ', ' ORDER BY b.binding)
                FROM revops.binding b WHERE b.kind = 'lead'), 'none') || '.',
            HINT = 'attach_lead() makes one.';
    END IF;
    SELECT l.lead_id INTO found_id FROM revops.lead l WHERE l.binding_id = bound.binding_id AND l.key = lead_id.key;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('lead %s of binding "%s" is unknown', coalesce('"' || lead_id.key || '"', 'NULL'), bound.binding),
            DETAIL = format('Leads are the rows of %s%s that were written since it was attached.',
                            bound.host_name, ' with ' || bound.filter),
            HINT = format('The key is %s as text; a row that was there before is taken in when it is next updated.',
                          array_to_string(bound.key_columns, '|'));
    END IF;
    RETURN found_id;
END
$$;
COMMENT ON FUNCTION revops.lead_id(text, text) IS
    'Number of the lead with that key, as text; a composite key is joined by "|", where "|" and "\" within a part are written "\|" and "\\". Raises RV002 when the binding or the lead is unknown.';
