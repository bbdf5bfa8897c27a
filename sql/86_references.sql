-- References between definitions.  pg_restore with several jobs loads the
-- tables of an extension in any order, each row checked by its foreign keys at
-- once: what refers to rows not yet loaded would be lost.  So the check on the
-- side that refers is ours, which lets restored rows pass; the other side
-- (refuse, cascade) stays with the foreign key.

CREATE FUNCTION revops.check_reference() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    -- arguments: constraint, table referred to, its columns, columns here
    theirs text[] := TG_ARGV[2];
    ours text[] := TG_ARGV[3];
    key jsonb := (SELECT jsonb_agg(to_jsonb(NEW) -> o.name ORDER BY o.n) FROM unnest(ours) WITH ORDINALITY AS o (name, n));
    found_one boolean;
BEGIN
    IF key @> '[null]' OR revops.restoring()
       OR (TG_OP = 'UPDATE'
           AND key = (SELECT jsonb_agg(to_jsonb(OLD) -> o.name ORDER BY o.n)
                      FROM unnest(ours) WITH ORDINALITY AS o (name, n))) THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT true FROM revops.%I AS p WHERE %s FOR KEY SHARE', TG_ARGV[1],
                   (SELECT string_agg(format('p.%I = ($1).%I', t.name, o.name), ' AND ')
                    FROM unnest(theirs) WITH ORDINALITY AS t (name, n)
                    JOIN unnest(ours) WITH ORDINALITY AS o (name, n) USING (n)))
    INTO found_one USING NEW;
    IF found_one IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('insert or update on table "%s" violates foreign key constraint "%s"',
                             TG_TABLE_NAME, TG_ARGV[0]),
            DETAIL = format('Key (%s)=(%s) is not present in table "%s".', array_to_string(ours, ', '),
                            (SELECT string_agg(k.value, ', ') FROM jsonb_array_elements_text(key) AS k), TG_ARGV[1]),
            HINT = format('Insert the row into revops.%s first.', TG_ARGV[1]),
            SCHEMA = 'revops', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_ARGV[0];
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.check_reference() IS
    'Trigger of definition tables: raises 23503 where the row referred to does not exist, as a foreign key does, but lets restored rows pass.';

DO $$
DECLARE
    reference record;
BEGIN
    FOR reference IN
        SELECT c.conname, child.relname AS child, parent.relname AS parent,
               array_agg(pa.attname::text ORDER BY k.n)::text AS theirs,
               array_agg(ca.attname::text ORDER BY k.n)::text AS ours
        FROM pg_constraint c
        JOIN pg_class child ON child.oid = c.conrelid
        JOIN pg_class parent ON parent.oid = c.confrelid
        CROSS JOIN unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (ours, theirs, n)
        JOIN pg_attribute ca ON ca.attrelid = c.conrelid AND ca.attnum = k.ours
        JOIN pg_attribute pa ON pa.attrelid = c.confrelid AND pa.attnum = k.theirs
        WHERE c.contype = 'f' AND c.connamespace = 'revops'::regnamespace
        GROUP BY c.oid, child.relname, parent.relname
        ORDER BY c.conname
    LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE ON revops.%I FOR EACH ROW '
                       'EXECUTE FUNCTION revops.check_reference(%L, %L, %L, %L)',
                       reference.conname, reference.child, reference.conname, reference.parent,
                       reference.theirs, reference.ours);
        EXECUTE format('COMMENT ON TRIGGER %I ON revops.%I IS %L', reference.conname, reference.child,
                       'checks what the foreign key would, but lets restored rows pass');
    END LOOP;
    FOR reference IN
        SELECT t.tgname, t.tgrelid::regclass AS child
        FROM pg_trigger t JOIN pg_constraint c ON c.oid = t.tgconstraint
        WHERE c.contype = 'f' AND c.connamespace = 'revops'::regnamespace
          AND t.tgfoid IN ('"RI_FKey_check_ins"'::regproc, '"RI_FKey_check_upd"'::regproc)
    LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', reference.child, reference.tgname);
    END LOOP;
END
$$;
