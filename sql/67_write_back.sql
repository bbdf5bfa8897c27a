-- What the host's stages are called, and what is written into its own rows.

CREATE FUNCTION revops.check_stage_map(wanted revops.binding) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    wrong text;
    known text[];
BEGIN
    IF wanted.stage_map IS NULL THEN
        RETURN;
    ELSIF wanted.kind <> 'lead' OR jsonb_typeof(wanted.stage_map) <> 'object' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = CASE wanted.kind WHEN 'lead' THEN format('the stage map of binding "%s" is not a JSON object', wanted.binding)
                      ELSE format('binding "%s" holds no leads and has no stages to map', wanted.binding) END,
            DETAIL = format('It was given as %s.', wanted.stage_map),
            HINT = 'Map the host''s words to codes of stages, null where a word says nothing: ''{"Open": "lead", "On hold": null}''.';
    END IF;
    SELECT format('%s to %s', to_json(m.key), m.value) INTO wrong FROM jsonb_each(wanted.stage_map) m
    WHERE jsonb_typeof(m.value) NOT IN ('string', 'null') OR m.value = '""' ORDER BY m.key LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('the stage map of binding "%s" maps %s', wanted.binding, wrong),
            DETAIL = 'A word is mapped to the code of a stage, a text, or to null: it says nothing.',
            HINT = 'Codes are in revops.stage.';
    END IF;
    SELECT array_agg(s.stage ORDER BY s.position) INTO known
    FROM revops.stage s JOIN revops.agreement a USING (agreement_id)
    WHERE a.workspace_id = wanted.workspace_id AND a.status = 'active';
    SELECT string_agg(format('%s (%s)', to_json(m.value), to_json(m.key)), ', ' ORDER BY m.value, m.key) INTO wrong
    FROM jsonb_each_text(wanted.stage_map) m WHERE m.value <> ALL (known);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('the stage map of binding "%s" names stages that do not exist: %s', wanted.binding, wrong),
            DETAIL = format('The agreement in force has %s.', array_to_string(known, ', ')),
            HINT = 'Name one of them, or null for a word that says nothing.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_stage_map(revops.binding) IS
    'Raises RV005 when a binding''s stage map is not an object of texts and nulls, or names a stage that the workspace''s agreement in force (if there is one) lacks. An agreement that lacks one later makes a fault of each row that says it.';

CREATE FUNCTION revops.guard_stage_map() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NOT revops.restoring() AND NEW.detached_at IS NULL
       AND (TG_OP = 'INSERT' OR NEW.stage_map IS DISTINCT FROM OLD.stage_map OR OLD.detached_at IS NOT NULL) THEN
        PERFORM revops.check_stage_map(NEW);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.guard_stage_map() IS 'Trigger of binding: raises RV005 for a stage map that is not valid.';
CREATE TRIGGER d_guard_stage_map BEFORE INSERT OR UPDATE OF stage_map, detached_at ON revops.binding
    FOR EACH ROW EXECUTE FUNCTION revops.guard_stage_map();
COMMENT ON TRIGGER d_guard_stage_map ON revops.binding IS 'checks the stage map';
