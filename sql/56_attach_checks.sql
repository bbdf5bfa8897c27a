-- What a table of the host must be to be attached, and what of it is refused.  All
-- of it runs with the rights of the caller.

CREATE FUNCTION revops.check_expression(host regclass, kind text, name text, expression text, want regtype,
                                        OUT expression_type regtype, OUT attnum smallint, OUT columns jsonb)
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'revops_check_expression';
COMMENT ON FUNCTION revops.check_expression(regclass, text, text, text, regtype) IS
    'Raises RV001 when the text is not a valid expression over the columns of the table, or cannot be assigned to the type wanted. Gives the type that rules see (without one wanted: its own, widened) and, where the text is a plain column, the column''s number, and all columns that it reads with theirs. A role may contain sub-selects over tables that the caller may read. "kind" and "name" say in the message what it is (role, "email").';

CREATE FUNCTION revops.check_host(host regclass, mode text DEFAULT 'inline') RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    found_kind text;
    way_out text;
    in_schema name;
    persistence "char";
BEGIN
    SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view'
                          WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                          ELSE 'relation without rows of its own' END,
           n.nspname, c.relpersistence
    INTO found_kind, in_schema, persistence
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = host;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = 'the table to attach does not exist',
            DETAIL = format('It was given as %s.', coalesce(host::text, 'NULL')),
            HINT = 'Give its name with the schema, such as ''crm.lead''.';
    ELSIF found_kind <> 'table'
          AND (mode IS DISTINCT FROM 'scan' OR found_kind NOT IN ('view', 'materialized view', 'foreign table')) THEN
        way_out := CASE found_kind
            WHEN 'view' THEN 'Attach the tables that the view reads (roles may be SQL expressions), or choose mode => ''scan'': CALL revops.reconcile() then reads it.'
            WHEN 'materialized view' THEN 'Choose mode => ''scan'': CALL revops.reconcile() then reads it, best after each refresh.'
            WHEN 'foreign table' THEN 'Choose mode => ''scan'': CALL revops.reconcile() then reads it; or install pg_revops where the table lives.'
            ELSE 'Attach an ordinary or a partitioned table.' END;
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('%s cannot be attached: it is a %s', host, found_kind),
            DETAIL = 'Changes are seen by statement triggers, which only ordinary and partitioned tables can have.',
            HINT = way_out;
    ELSIF host < 16384 OR in_schema IN ('pg_catalog', 'information_schema', 'pg_toast', 'revops') THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('%s cannot be attached: it belongs to %s', host,
                             CASE in_schema WHEN 'revops' THEN 'pg_revops itself' ELSE 'the system' END),
            DETAIL = format('Schema %I holds no tables of an application.', in_schema),
            HINT = 'Attach the tables of your CRM.';
    ELSIF persistence = 't' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('%s cannot be attached: it is a temporary table', host),
            DETAIL = 'Leads and their history outlive the session.',
            HINT = 'Attach a permanent table.';
    ELSIF NOT (has_table_privilege(host, 'SELECT')
               AND (mode IS NOT DISTINCT FROM 'scan' OR has_table_privilege(host, 'TRIGGER'))) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%s cannot be attached by role %s', host, current_user),
            DETAIL = CASE mode WHEN 'scan' THEN 'It takes the right SELECT on it.'
                               ELSE 'It takes the rights SELECT and TRIGGER on the table.' END,
            HINT = format('As the owner of the table: GRANT SELECT%s ON %s TO %I.',
                          CASE mode WHEN 'scan' THEN '' ELSE ', TRIGGER' END, host, current_user);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_host(regclass, text) IS
    'Raises RV005 when a relation cannot be attached in a mode (a temporary, system or pg_revops'' own table; a view, materialized view or foreign table, unless the mode is scan), 42501 when the caller lacks SELECT, or TRIGGER where the mode needs triggers.';

CREATE FUNCTION revops.check_key_columns(host regclass, key text[]) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    missing text;
BEGIN
    IF cardinality(key) = 0 OR array_position(key, NULL) IS NOT NULL
       OR cardinality(key) <> (SELECT count(DISTINCT k) FROM unnest(key) AS k) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('the key of %s is not a list of columns', host),
            DETAIL = format('It was given as %L: at least one column, each once and none NULL, is needed.', key::text),
            HINT = 'Leave key out where the table has a primary key.';
    END IF;
    SELECT k INTO missing FROM unnest(key) AS k
    WHERE NOT EXISTS (SELECT FROM pg_attribute a
                      WHERE a.attrelid = host AND a.attname = k AND a.attnum > 0 AND NOT a.attisdropped);
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('column "%s" of the key does not exist in %s', missing, host),
            DETAIL = 'It has the columns ' || (SELECT string_agg(format('%L', a.attname), ', ' ORDER BY a.attnum)
                FROM pg_attribute a WHERE a.attrelid = host AND a.attnum > 0 AND NOT a.attisdropped) || '.',
            HINT = 'Names stand here as they are stored: key => array[''id''], array[''Id''].';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_key_columns(regclass, text[]) IS
    'Raises RV005 when an array does not list columns of the table, each once.';

-- A statement that names a partition, or a child by inheritance, fires the
-- triggers of that one and not those of the host above it; one that names the
-- host fires the host's alone, and its transition tables hold the rows of all
-- below.  So each has the triggers of the binding, and no row is told twice.
CREATE FUNCTION revops.family(host regclass) RETURNS TABLE (member regclass, cloned boolean)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH RECURSIVE below (member, cloned) AS (
        SELECT host::oid, false
        UNION
        SELECT i.inhrelid, parent.relkind = 'p'
        FROM below b JOIN pg_inherits i ON i.inhparent = b.member JOIN pg_class parent ON parent.oid = b.member)
    SELECT b.member::regclass, bool_or(b.cloned)
    FROM below b JOIN pg_class c ON c.oid = b.member
    WHERE c.relkind IN ('r', 'p')
    GROUP BY b.member ORDER BY b.member <> host::oid, b.member
    $$;
COMMENT ON FUNCTION revops.family(regclass) IS
    'A table and its partitions, or children by inheritance, of all levels, foreign tables aside; "cloned" where PostgreSQL itself keeps copies of row triggers of the table above.';

-- Two rows of one key would be one lead, and who inserts them at the same time
-- would meet at our unique index only, after their own: a deadlock.
CREATE FUNCTION revops.key_is_unique(host regclass, key text[]) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT bool_and(EXISTS (
        SELECT FROM pg_index i
        WHERE i.indrelid = m.member AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
          AND NOT EXISTS (SELECT FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS c (attnum, n)
                          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = c.attnum
                          WHERE c.n <= i.indnkeyatts AND a.attname <> ALL (key))))
    FROM (SELECT host AS member UNION SELECT f.member FROM revops.family(host) f WHERE NOT f.cloned) m
    $$;
COMMENT ON FUNCTION revops.key_is_unique(regclass, text[]) IS
    'Does a unique index, neither partial nor over expressions, keep rows of one key apart?  Children by inheritance need one each; that no two of them hold one key, which PostgreSQL does not see to, is taken for granted then.';

CREATE FUNCTION revops.check_key_unique(host regclass, key text[]) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NOT revops.key_is_unique(host, key) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('key (%s) of %s is not unique', array_to_string(key, ', '), host),
            DETAIL = 'No unique index covers it (partial and expression ones do not count), so two rows could be one to pg_revops.',
            HINT = format('CREATE UNIQUE INDEX ON %s (%s), or name columns that have one.', host,
                          (SELECT string_agg(quote_ident(k), ', ' ORDER BY n) FROM unnest(key) WITH ORDINALITY AS u (k, n)));
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_key_unique(regclass, text[]) IS
    'Raises RV005 when no unique index of the table, neither partial nor over expressions, keeps rows of one key apart.';

CREATE FUNCTION revops.check_key_use(wanted revops.binding) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF wanted.key_unique OR wanted.kind = 'lookup' THEN
        RETURN;
    ELSIF wanted.kind <> 'lead' AND wanted.mode <> 'scan' THEN
        PERFORM revops.check_key_unique(wanted.host, wanted.key_columns);
    ELSIF wanted.mode = 'inline' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('key (%s) of %s is not unique, which mode inline needs',
                             array_to_string(wanted.key_columns, ', '), wanted.host),
            DETAIL = 'No unique index covers it (partial and expression ones do not count): two sessions that insert one key would wait for each other in pg_revops.',
            HINT = format('CREATE UNIQUE INDEX ON %s (%s), name columns that have one, or choose mode => ''queued'' or ''scan'': of several rows of one key the lead is then the one that was updated last.',
                          wanted.host, (SELECT string_agg(quote_ident(k), ', ' ORDER BY n)
                                        FROM unnest(wanted.key_columns) WITH ORDINALITY AS u (k, n)));
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_key_use(revops.binding) IS
    'Raises RV005 for a key that is not unique where it must be: in mode inline, and of touches and opportunities, each of whose rows is a fact of its own, in mode queued too. In mode scan of several rows one is taken.';

CREATE FUNCTION revops.find_key(host regclass) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    key text[];
BEGIN
    SELECT k.columns INTO key
    FROM pg_index i, LATERAL (
        SELECT array_agg(a.attname::text ORDER BY c.n) AS columns,
               bool_and(a.attnotnull) AS filled, count(*) AS columns_count
        FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS c (attnum, n)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = c.attnum
        WHERE c.n <= i.indnkeyatts) k
    WHERE i.indrelid = host AND i.indisunique AND i.indisvalid AND i.indimmediate
      AND i.indpred IS NULL AND i.indexprs IS NULL AND k.filled
    ORDER BY i.indisprimary DESC, k.columns_count, i.indexrelid
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('%s has no key by which a row could be known again', host),
            DETAIL = 'It has neither a primary key nor a unique index over NOT NULL columns (partial, expression and deferrable ones do not count).',
            HINT = 'Make one; one that is deferrable, or over columns that may be NULL, serves when you name its columns: key => array[''column''].';
    END IF;
    RETURN key;
END
$$;
COMMENT ON FUNCTION revops.find_key(regclass) IS
    'Columns of the table''s primary key, else of its shortest unique index over NOT NULL columns. Raises RV005 where there is none.';

CREATE FUNCTION revops.check_roles(kind text, host regclass, roles jsonb, personal text[]) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    standard text := (SELECT string_agg(s.role, ', ' ORDER BY s.position) FROM revops.standard_roles(kind) s);
    wrong record;
BEGIN
    IF roles IS NULL OR jsonb_typeof(roles) <> 'object' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('the roles of %s are not a JSON object', host),
            DETAIL = format('They were given as %s.', coalesce(roles::text, 'NULL')),
            HINT = 'Map each role to a column or an SQL expression: ''{"email": "email", "company": "lower(company)"}''.';
    END IF;
    SELECT r.key AS role, r.value, jsonb_typeof(r.value) AS kind INTO wrong FROM jsonb_each(roles) r
    WHERE jsonb_typeof(r.value) <> 'string' OR octet_length(r.key) NOT BETWEEN 1 AND 63 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('role "%s" of %s is not mapped to a text', wrong.role, host),
            DETAIL = format('It is mapped to %s (%s); a role''s name has 1 to 63 bytes.', wrong.value, wrong.kind),
            HINT = 'Give a column or an SQL expression as a JSON string; leave out roles that the table does not have.';
    END IF;
    SELECT r.role, s.role AS meant INTO wrong
    FROM jsonb_object_keys(roles) AS r (role)
    LEFT JOIN revops.standard_roles(kind) s
           ON regexp_replace(lower(s.role), '[^a-z0-9]', '', 'g') = regexp_replace(lower(r.role), '[^a-z0-9]', '', 'g')
    WHERE r.role IS DISTINCT FROM s.role AND (kind <> 'lead' OR s.role IS NOT NULL)
    ORDER BY r.role LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('role "%s" is unknown to bindings of kind %s', wrong.role, kind),
            DETAIL = format('The standard roles are: %s.', standard),
            HINT = coalesce('Perhaps you meant "' || wrong.meant || '".',
                            'Only bindings of leads may have roles beyond the standard ones.');
    END IF;
    SELECT p INTO wrong FROM unnest(personal) AS p WHERE NOT roles ? p OR p IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('role "%s" is named as personal but not mapped', wrong.p),
            DETAIL = 'Mapped are: ' || coalesce((SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(roles) AS k), 'none') || '.',
            HINT = 'Map it, or leave it out of personal.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_roles(text, regclass, jsonb, text[]) IS
    'Raises RV005 when a mapping of roles is not an object of texts, names a role that the kind of binding does not have, or spells a standard role differently.';

CREATE FUNCTION revops.check_needed_roles(wanted revops.binding, roles jsonb) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    needed text[] := CASE wanted.kind WHEN 'touch' THEN '{lead,signal}'
                                      WHEN 'opportunity' THEN '{lead}' WHEN 'lookup' THEN '{lead}' ELSE '{}' END::text[];
BEGIN
    IF NOT roles ?& needed THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" lacks a role that every %s needs', wanted.binding, wanted.kind),
            DETAIL = format('Needed are: %s; mapped are: %s.', array_to_string(needed, ', '),
                            coalesce((SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(roles) AS k), 'none')),
            HINT = 'Map each of them to a column or an SQL expression; a constant such as ''page_visit'' is one.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_needed_roles(revops.binding, jsonb) IS
    'Raises RV005 when a role that every row of the kind of binding needs is not mapped.';

CREATE FUNCTION revops.check_new_binding(wanted revops.binding) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    other revops.binding;
BEGIN
    IF coalesce(wanted.binding, '') = '' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = 'a binding needs a name',
            DETAIL = format('It was given as %s.', coalesce(quote_literal(wanted.binding), 'NULL')),
            HINT = 'Choose one that says what the table holds, such as ''web_leads''.';
    END IF;
    IF NOT coalesce(wanted.on_violation IN ('record', 'strict'), false)
       OR NOT coalesce(wanted.on_error IN ('record', 'raise'), false)
       OR NOT coalesce(wanted.mode IN ('inline', 'queued', 'scan'), false) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" is given an unknown manner', wanted.binding),
            DETAIL = format('on_violation is %s, on_error is %s, mode is %s.', coalesce(quote_literal(wanted.on_violation), 'NULL'),
                            coalesce(quote_literal(wanted.on_error), 'NULL'), coalesce(quote_literal(wanted.mode), 'NULL')),
            HINT = 'on_violation is record or strict; on_error is record or raise; mode is inline, queued or scan.';
    END IF;
    PERFORM revops.check_workspace(wanted.workspace_id);
    SELECT b.* INTO other FROM revops.binding b
    WHERE b.workspace_id = wanted.workspace_id AND b.kind = wanted.kind AND wanted.kind NOT IN ('touch', 'lookup')
      AND b.host = wanted.host AND b.filter IS NOT DISTINCT FROM wanted.filter
      AND b.detached_at IS NULL AND b.binding <> wanted.binding;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('%s is attached already, as binding "%s"', wanted.host, other.binding),
            DETAIL = format('It has the same filter (%s), so each row would count twice.', coalesce(wanted.filter, 'none')),
            HINT = format('SELECT revops.detach(%L) first, or give each binding a filter of its own.', other.binding);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_new_binding(revops.binding) IS
    'Raises RV005 or RV002 when a binding cannot be made as asked: no name, an unknown manner or workspace, rows that another binding has already.';
