-- The dry run of attach: what would be refused, and what is worth knowing first.

CREATE TYPE revops.attachment_finding AS (severity text, subject text, finding text, detail text, hint text);
COMMENT ON TYPE revops.attachment_finding IS
    'What check_attachment() finds. severity: error (attach refuses it), warning, note; subject: what it concerns; finding, detail, hint: an error''s are those that attach raises.';

-- ----- what attach refuses --------------------------------------------------------

CREATE FUNCTION revops.attachment_errors(wanted revops.binding, roles jsonb) RETURNS SETOF revops.attachment_finding
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    found revops.attachment_finding;
    step text;
    mapped jsonb := CASE WHEN jsonb_typeof(roles) = 'object' THEN roles ELSE '{}' END;
    steps text[] := '{relation,key,binding,roles}'::text[]
                    || ARRAY(SELECT 'role ' || r.role FROM jsonb_object_keys(mapped) AS r (role) ORDER BY 1)
                    || '{filter,trial}'::text[];
    failed boolean := false;
BEGIN
    FOREACH step IN ARRAY steps LOOP
        BEGIN
            IF step = 'relation' THEN
                PERFORM revops.check_host(wanted.host, wanted.mode);
            ELSIF step = 'key' AND wanted.key_columns IS NULL THEN
                wanted.key_columns := revops.find_key(wanted.host);
            ELSIF step = 'key' THEN
                PERFORM revops.check_key_columns(wanted.host, wanted.key_columns);
            ELSIF step = 'binding' THEN
                PERFORM revops.check_new_binding(wanted);
            ELSIF step = 'roles' THEN
                PERFORM revops.check_roles(wanted.kind, wanted.host, roles, '{}');
                PERFORM revops.check_needed_roles(wanted, roles);
            ELSIF step = 'filter' AND wanted.filter IS NOT NULL THEN
                PERFORM revops.check_expression(wanted.host, 'filter of binding', wanted.binding, wanted.filter, 'boolean');
            ELSIF step LIKE 'role %' THEN
                PERFORM revops.check_expression(wanted.host, 'role', substr(step, 6), mapped ->> substr(step, 6),
                    (SELECT s.role_type FROM revops.standard_roles(wanted.kind) s WHERE s.role = substr(step, 6)));
            ELSIF step = 'trial' AND NOT failed THEN
                -- what the triggers of binding and binding_role refuse
                PERFORM revops.attachment_trial(wanted, mapped);
            END IF;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS found.finding = MESSAGE_TEXT, found.detail = PG_EXCEPTION_DETAIL, found.hint = PG_EXCEPTION_HINT;
            -- how the trial ends where all is well
            CONTINUE WHEN SQLSTATE = 'RV000';
            found := ROW ('error', CASE step WHEN 'trial' THEN 'binding' ELSE step END, found.finding,
                          nullif(found.detail, ''), nullif(found.hint, ''));
            failed := true;
            RETURN NEXT found;
            -- a relation that is not there has neither columns nor rows
            EXIT WHEN step = 'relation' AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = wanted.host);
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION revops.attachment_errors(revops.binding, jsonb) IS
    'What attach would raise for a binding and its roles, each as a row of severity error, in the order of attach: relation, key, binding, roles, each role, filter. Part of check_attachment().';

CREATE FUNCTION revops.attachment_trial(wanted revops.binding, roles jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    INSERT INTO revops.binding SELECT (wanted).*;
    INSERT INTO revops.binding_role (binding_id, role, expression, role_type)
    SELECT wanted.binding_id, r.key, r.value, 'text' FROM jsonb_each_text(roles) r ORDER BY r.key;
    RAISE EXCEPTION USING ERRCODE = 'RV000', MESSAGE = 'the binding can be made';
END
$$;
COMMENT ON FUNCTION revops.attachment_trial(revops.binding, jsonb) IS
    'Makes a binding without triggers, and takes it back by raising RV000; raises what attach raises where it cannot be made. Part of check_attachment().';

-- ----- what its rows say ------------------------------------------------------------

CREATE FUNCTION revops.attachment_rows(wanted revops.binding, roles jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    said jsonb;
    refused text;
BEGIN
    -- rows can be read whatever the mode
    wanted.mode := 'scan';
    wanted.on_violation := 'record';
    wanted.stage_map := NULL;
    wanted.write_back := NULL;
    wanted.bump := NULL;
    wanted.replicated := false;
    BEGIN
        INSERT INTO revops.binding SELECT (wanted).*;
        INSERT INTO revops.binding_role (binding_id, role, expression, role_type)
        SELECT wanted.binding_id, r.key, r.value, 'text' FROM jsonb_each_text(roles) r ORDER BY r.key;
        WITH read AS MATERIALIZED (
            SELECT h.key COLLATE "C" AS key, h.roles || coalesce(h.personal, '{}') AS roles
            FROM revops.host_rows(wanted.binding_id, NULL) h
        ), filled AS (
            SELECT k.role, count(*) FILTER (WHERE NOT r.roles ? k.role) AS nulls,
                   count(*) FILTER (WHERE r.roles ->> k.role = '') AS empty
            FROM read r CROSS JOIN jsonb_object_keys(attachment_rows.roles) AS k (role) GROUP BY k.role
        ), word AS (
            SELECT k.role, r.roles ->> k.role AS word, count(*) AS n
            FROM read r CROSS JOIN unnest('{stage,owner,team,signal}'::text[]) AS k (role)
            WHERE r.roles ->> k.role <> '' GROUP BY 1, 2
        ), repeated AS (
            SELECT count(*) AS n FROM read r WHERE NOT revops.key_is_unique(wanted.host, wanted.key_columns)
            GROUP BY r.key HAVING count(*) > 1
        )
        SELECT jsonb_build_object(
            'rows', (SELECT count(*) FROM read),
            'repeated', (SELECT count(*) FROM repeated),
            'filled', (SELECT jsonb_object_agg(f.role, jsonb_build_object('NULL', f.nulls, 'empty', f.empty)) FROM filled f),
            'words', (SELECT jsonb_agg(to_jsonb(w) ORDER BY w.role COLLATE "C", w.n DESC, w.word COLLATE "C") FROM word w))
        INTO said;
        said := said || jsonb_build_object(
            'types', (SELECT jsonb_object_agg(r.role, r.role_type::text) FROM revops.binding_role r WHERE r.binding_id = wanted.binding_id),
            'faults', (SELECT jsonb_agg(to_jsonb(f) ORDER BY f.fault_id) FROM revops.fault f WHERE f.binding_id = wanted.binding_id));
        RAISE EXCEPTION USING ERRCODE = 'RV000', MESSAGE = 'the rows were read';
    EXCEPTION
        WHEN SQLSTATE 'RV000' THEN
            RETURN said;
        WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS refused = MESSAGE_TEXT;
            RETURN jsonb_build_object('error', refused);
    END;
END
$$;
COMMENT ON FUNCTION revops.attachment_rows(revops.binding, jsonb) IS
    'What the rows of a table would say to a binding, which is made and taken back: number of rows, keys that several rows have, NULL and empty values by role, words of stage, owner, team and signal with their numbers, types, faults; or the error that reading them raises. Part of check_attachment().';

CREATE FUNCTION revops.attachment_row_findings(wanted revops.binding, roles jsonb) RETURNS SETOF revops.attachment_finding
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    said jsonb := revops.attachment_rows(wanted, roles);
    all_rows bigint;
    null_keys bigint;
BEGIN
    IF said ? 'error' THEN
        RETURN NEXT ROW ('error', 'rows', said ->> 'error', NULL, NULL)::revops.attachment_finding;
        RETURN;
    END IF;
    EXECUTE format('SELECT count(*), count(*) FILTER (WHERE %s) FROM %s',
                   (SELECT string_agg(format('%I IS NULL', k), ' OR ') FROM unnest(wanted.key_columns) AS k), wanted.host)
    INTO all_rows, null_keys;
    IF null_keys > 0 THEN
        RETURN NEXT ROW ('warning', 'key', 'NULL in some rows', null_keys, 'Such a row is followed once it has a key.')::revops.attachment_finding;
    END IF;
    IF (said ->> 'repeated')::bigint > 0 THEN
        RETURN NEXT ROW ('warning', 'key', 'keys that several rows have', said ->> 'repeated',
            CASE wanted.kind WHEN 'lead' THEN 'The row with the greatest role updated_at is the lead.' END)::revops.attachment_finding;
    END IF;
    RETURN NEXT ROW ('note', 'rows', 'all', all_rows, NULL)::revops.attachment_finding;
    RETURN NEXT ROW (CASE WHEN all_rows > 0 AND (said ->> 'rows')::bigint = 0 THEN 'warning' ELSE 'note' END,
                     'rows', 'that count', said ->> 'rows', NULL)::revops.attachment_finding;
    RETURN QUERY
        SELECT CASE WHEN (said ->> 'rows')::bigint > 0 AND f.nulls + f.empty = (said ->> 'rows')::bigint THEN 'warning' ELSE 'note' END,
               'role ' || r.role, said -> 'types' ->> r.role, format('NULL: %s, empty: %s', f.nulls, f.empty), NULL
        FROM jsonb_object_keys(roles) AS r (role)
        LEFT JOIN revops.standard_roles(wanted.kind) s USING (role)
        CROSS JOIN LATERAL (SELECT coalesce((said #>> ARRAY['filled', r.role, 'NULL'])::bigint, 0) AS nulls,
                                   coalesce((said #>> ARRAY['filled', r.role, 'empty'])::bigint, 0) AS empty) f
        ORDER BY s.position, r.role COLLATE "C";
    RETURN QUERY
        SELECT 'warning', replace(replace(f.value ->> 'object', '"', ''), 'role ', 'role '), 'fails for some rows',
               format('%s: %s', f.value ->> 'occurrences', f.value ->> 'message'), 'Such a row''s role is NULL.'
        FROM jsonb_array_elements(CASE jsonb_typeof(said -> 'faults') WHEN 'array' THEN said -> 'faults' ELSE '[]' END)
             WITH ORDINALITY AS f (value, n)
        ORDER BY f.n;
    RETURN QUERY
        SELECT 'warning', w.role || ' ' || quote_ident(w.word), 'not known', w.n::text,
               CASE w.role WHEN 'stage' THEN 'Name it in stage_map, or make it a stage of the agreement.'
                           WHEN 'owner' THEN 'INSERT it INTO revops.rep, or map an expression that gives the code of a rep.'
                           WHEN 'team' THEN 'INSERT it INTO revops.team, or map an expression that gives the code of a team.'
                           ELSE 'INSERT it INTO revops.signal, or map an expression that gives the code of one.' END
        FROM jsonb_array_elements(CASE jsonb_typeof(said -> 'words') WHEN 'array' THEN said -> 'words' ELSE '[]' END)
             WITH ORDINALITY AS e (value, place)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS w (role text, word text, n bigint)
        WHERE CASE w.role
              WHEN 'stage' THEN NOT coalesce(wanted.stage_map ? w.word, false)
                   AND NOT EXISTS (SELECT FROM revops.stage s JOIN revops.agreement a USING (agreement_id)
                                   WHERE a.workspace_id = wanted.workspace_id AND a.status = 'active' AND s.stage = w.word)
              WHEN 'owner' THEN NOT EXISTS (SELECT FROM revops.rep r WHERE r.workspace_id = wanted.workspace_id AND r.rep = w.word)
              WHEN 'team' THEN NOT EXISTS (SELECT FROM revops.team t WHERE t.workspace_id = wanted.workspace_id AND t.team = w.word)
              ELSE wanted.kind = 'touch' AND NOT EXISTS (SELECT FROM revops.signal s WHERE s.workspace_id = wanted.workspace_id AND s.signal = w.word) END
          AND (wanted.kind = 'lead' OR w.role = 'signal')
        ORDER BY e.place;
END
$$;
COMMENT ON FUNCTION revops.attachment_row_findings(revops.binding, jsonb) IS
    'What check_attachment() tells of the rows of a table. Part of it.';

-- ----- what the catalogue says ---------------------------------------------------------

CREATE FUNCTION revops.attachment_table_findings(wanted revops.binding) RETURNS SETOF revops.attachment_finding
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    relation pg_class;
    hides regclass;
BEGIN
    SELECT c.* INTO relation FROM pg_class c WHERE c.oid = wanted.host;
    RETURN NEXT ROW ('note', 'relation', CASE relation.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                     WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'no table' END, NULL, NULL)::revops.attachment_finding;
    IF wanted.key_columns IS NOT NULL THEN
        RETURN NEXT ROW ('note', 'key', array_to_string(wanted.key_columns, ', '),
            (SELECT string_agg(format_type(a.atttypid, a.atttypmod), ', ' ORDER BY k.n)
             FROM unnest(wanted.key_columns) WITH ORDINALITY AS k (name, n)
             JOIN pg_attribute a ON a.attrelid = wanted.host AND a.attname = k.name), NULL)::revops.attachment_finding;
        IF NOT revops.key_is_unique(wanted.host, wanted.key_columns) THEN
            RETURN NEXT ROW ('warning', 'key', 'no unique index', NULL, NULL)::revops.attachment_finding;
        END IF;
    END IF;
    RETURN QUERY
        SELECT 'note', CASE c.relispartition WHEN true THEN 'partitions' ELSE 'children' END, count(*)::text, NULL, NULL
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = wanted.host
        GROUP BY c.relispartition;
    RETURN QUERY
        SELECT 'note', 'trigger ' || quote_ident(t.tgname),
               concat_ws(' ', CASE WHEN t.tgtype & 2 > 0 THEN 'before' WHEN t.tgtype & 64 > 0 THEN 'instead of' ELSE 'after' END,
                         CASE WHEN t.tgtype & 1 > 0 THEN 'row' ELSE 'statement' END),
               CASE t.tgenabled WHEN 'O' THEN 'enabled' WHEN 'A' THEN 'always' WHEN 'R' THEN 'replica' ELSE 'disabled' END, NULL
        FROM pg_trigger t WHERE t.tgrelid = wanted.host AND NOT t.tgisinternal
        ORDER BY t.tgname;
    hides := revops.policy_hides(wanted.host, wanted.owner);
    IF hides IS NOT NULL OR relation.relrowsecurity THEN
        RETURN NEXT ROW (CASE WHEN hides IS NULL THEN 'note' ELSE 'warning' END, 'row security',
            CASE WHEN relation.relforcerowsecurity THEN 'forced' ELSE 'enabled' END,
            CASE WHEN hides IS NULL THEN 'does not apply to ' || wanted.owner::text
                 ELSE format('%s hides rows from %s', hides, wanted.owner) END,
            CASE WHEN hides IS NOT NULL THEN 'Triggers see each row that is written; reconcile() refuses. Attach it as a role with BYPASSRLS.' END)::revops.attachment_finding;
    END IF;
    RETURN QUERY
        SELECT DISTINCT 'note', 'view over it', v.oid::regclass::text, NULL, NULL
        FROM pg_depend d JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
        JOIN pg_class v ON v.oid = w.ev_class
        WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = wanted.host AND v.oid <> wanted.host
        ORDER BY 3;
    RETURN QUERY
        SELECT 'note', 'column ' || quote_ident(a.attname), 'generated', NULL, NULL
        FROM pg_attribute a WHERE a.attrelid = wanted.host AND a.attgenerated <> '' AND NOT a.attisdropped ORDER BY a.attnum;
    RETURN QUERY
        SELECT 'note', 'key', 'referred to with ON UPDATE CASCADE', format('%s of %s', quote_ident(c.conname), c.conrelid::regclass), NULL
        FROM pg_constraint c WHERE c.contype = 'f' AND c.confrelid = wanted.host AND c.confupdtype = 'c' AND c.conparentid = 0
        ORDER BY c.conname, c.conrelid;
    RETURN QUERY
        SELECT CASE wanted.mode WHEN 'inline' THEN 'warning' ELSE 'note' END, 'column ' || quote_ident(a.attname), 'optimistic lock', NULL,
               CASE wanted.mode WHEN 'inline' THEN 'The application may retry its transactions, or refuse a row that changed since it read it: choose mode => ''queued''.' END
        FROM pg_attribute a
        WHERE a.attrelid = wanted.host AND NOT a.attisdropped
          AND a.attname IN ('version', 'version_number', 'lock_version', 'row_version', 'modified')
        ORDER BY a.attnum;
END
$$;
COMMENT ON FUNCTION revops.attachment_table_findings(revops.binding) IS
    'What check_attachment() tells of a relation by the catalogue. Part of it.';

CREATE FUNCTION revops.attachment_role_findings(wanted revops.binding, roles jsonb) RETURNS SETOF revops.attachment_finding
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    (SELECT CASE m.role WHEN 'updated_at' THEN 'note' ELSE 'warning' END, 'role ' || m.role, 'not mapped', NULL::text, m.then_what
     FROM (VALUES
         ('lead', 1, 'created_at', 'A lead counts as created when it is taken in.'),
         ('lead', 2, 'stage', 'Moves that the application makes are not seen.'),
         ('lead', 3, 'owner', 'Who has the lead is decided by routes alone.'),
         ('lead', 4, 'email', 'A person cannot be known again by it.'),
         ('lead', 5, 'source', 'KPIs by source show one line.'),
         ('lead', 6, 'updated_at', 'reconcile() has to read all rows; of rows of one key none is the newer one.'),
         ('touch', 1, 'occurred_at', 'A touch happens when it is written.'),
         ('opportunity', 1, 'won', 'No deal is won.'),
         ('opportunity', 2, 'amount', 'No revenue is known.'),
         ('opportunity', 3, 'opened_at', 'A deal is opened when it is taken in.'),
         ('opportunity', 4, 'closed_at', 'A deal is closed when that is seen.')) AS m (kind, place, role, then_what)
     WHERE m.kind = wanted.kind AND NOT roles ? m.role ORDER BY m.place)
    UNION ALL
    (SELECT 'note', 'role ' || r.key, 'read from a timestamp without time zone', 'zone ' || coalesce(wanted.zone, 'UTC'), NULL
     FROM jsonb_each_text(roles) r
     JOIN revops.standard_roles(wanted.kind) s ON s.role = r.key AND s.role_type = 'timestamptz'::regtype
     JOIN pg_attribute a ON a.attrelid = wanted.host AND a.attnum > 0 AND NOT a.attisdropped
                        AND a.atttypid IN ('timestamp'::regtype, 'date'::regtype)
                        AND r.value IN (a.attname, quote_ident(a.attname))
     ORDER BY s.position)
    $$;
COMMENT ON FUNCTION revops.attachment_role_findings(revops.binding, jsonb) IS
    'What check_attachment() tells of roles that are not mapped, and of times without zone. Part of it.';

-- ----- which rules could not be asked ---------------------------------------------------

CREATE FUNCTION revops.attachment_rule_findings(wanted revops.binding, mapped jsonb, broken text[]) RETURNS SETOF revops.attachment_finding
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    names text[];
    types regtype[];
    rule record;
    found revops.attachment_finding;
BEGIN
    SELECT array_agg(x.role ORDER BY x.place, x.role), array_agg(x.role_type ORDER BY x.place, x.role)
    INTO names, types
    FROM (SELECT s.role, s.role_type, s.position AS place
          FROM revops.standard_roles('lead') s WHERE 'role ' || s.role <> ALL (broken)
          UNION ALL
          SELECT m.key, t.expression_type, 1000
          FROM jsonb_each_text(mapped) m
          CROSS JOIN LATERAL revops.check_expression(wanted.host, 'role', m.key, m.value, NULL) t
          WHERE m.key NOT IN (SELECT s.role FROM revops.standard_roles('lead') s)) x;
    FOR rule IN
        SELECT 'scoring rule' AS kind, r.rule AS name, r.condition, 1 AS place, r.rule_id AS number
        FROM revops.score_rule r JOIN revops.agreement a USING (agreement_id)
        WHERE a.workspace_id = wanted.workspace_id AND a.status = 'active' AND r.condition IS NOT NULL
        UNION ALL
        SELECT 'route', r.route, r.condition, 2, r.position FROM revops.route r
        WHERE r.workspace_id = wanted.workspace_id AND r.active AND r.condition IS NOT NULL
        UNION ALL
        SELECT c.kind, p.policy, c.condition, 3, p.position
        FROM revops.sla_policy p JOIN revops.agreement a USING (agreement_id)
        CROSS JOIN LATERAL (VALUES ('SLA policy', p.condition), ('pause of SLA policy', p.pauses_when),
                                   ('keeping of SLA policy', p.kept_when)) AS c (kind, condition)
        WHERE a.workspace_id = wanted.workspace_id AND a.status = 'active' AND c.condition IS NOT NULL
        ORDER BY place, number
    LOOP
        BEGIN
            PERFORM revops.check_condition(rule.kind, rule.name, rule.condition, names, types);
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS found.finding = MESSAGE_TEXT;
            found.severity := 'warning';
            found.subject := format('%s "%s"', rule.kind, rule.name);
            found.detail := 'It counts as not matched for the leads of this table.';
            found.hint := 'Map the role that it reads, or change the rule in a draft of the agreement.';
            RETURN NEXT found;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION revops.attachment_rule_findings(revops.binding, jsonb, text[]) IS
    'What check_attachment() tells of rules, routes and policies in force that read a role which the table would not have. Part of it.';

-- ----- what write-back needs --------------------------------------------------------------

CREATE FUNCTION revops.attachment_write_back_findings(wanted revops.binding) RETURNS SETOF revops.attachment_finding
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT CASE WHEN has_column_privilege(wanted.owner, wanted.host, a.attnum, 'UPDATE') THEN 'note' ELSE 'warning' END,
           'write-back of ' || w.key, quote_ident(w.value) || ' ' || format_type(a.atttypid, a.atttypmod),
           CASE WHEN has_column_privilege(wanted.owner, wanted.host, a.attnum, 'UPDATE') THEN 'may be updated'
                ELSE format('may not be updated by %s', wanted.owner) END,
           CASE WHEN NOT has_column_privilege(wanted.owner, wanted.host, a.attnum, 'UPDATE')
                THEN format('GRANT UPDATE (%I) ON %s TO %s.', a.attname, wanted.host, wanted.owner) END
    FROM jsonb_each_text(CASE jsonb_typeof(wanted.write_back) WHEN 'object' THEN wanted.write_back ELSE '{}' END) w
    JOIN pg_attribute a ON a.attrelid = wanted.host AND a.attname = w.value AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY w.key COLLATE "C"
    $$;
COMMENT ON FUNCTION revops.attachment_write_back_findings(revops.binding) IS
    'What check_attachment() tells of columns that are to be written back. Part of it.';

-- ----- all of it -----------------------------------------------------------------------

CREATE FUNCTION revops.check_attachment(host regclass, kind text DEFAULT 'lead', roles jsonb DEFAULT '{}',
                                        filter text DEFAULT NULL, key text[] DEFAULT NULL, mode text DEFAULT 'inline',
                                        zone text DEFAULT 'UTC', stage_map jsonb DEFAULT NULL, replicated boolean DEFAULT false,
                                        write_back jsonb DEFAULT NULL, bump jsonb DEFAULT NULL, workspace_id int DEFAULT 1,
                                        lead_binding text DEFAULT NULL)
    RETURNS SETOF revops.attachment_finding
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
DECLARE
    wanted revops.binding;
    leads revops.binding;
    found revops.attachment_finding;
    broken text[] := '{}';
    mapped jsonb;
BEGIN
    -- of no binding: 0 stands for none in faults
    wanted.binding_id := -1;
    wanted.binding := 'check_attachment';
    wanted.kind := kind;
    wanted.host := host;
    wanted.host_name := coalesce(host::text, '');
    wanted.key_columns := key;
    wanted.key_unique := true;
    wanted.filter := filter;
    wanted.mode := mode;
    wanted.zone := zone;
    wanted.stage_map := stage_map;
    wanted.replicated := replicated;
    wanted.write_back := write_back;
    wanted.bump := bump;
    wanted.workspace_id := workspace_id;
    wanted.on_violation := 'record';
    wanted.on_error := 'record';
    wanted.owner := current_user::regrole;
    wanted.attached_at := now();
    IF NOT coalesce(kind IN ('lead', 'touch', 'opportunity'), false) THEN
        RETURN NEXT ROW ('error', 'kind', format('kind %s is unknown', coalesce(quote_literal(kind), 'NULL')),
                         'Rows are leads, touches or opportunities.', 'kind is lead, touch or opportunity.')::revops.attachment_finding;
        RETURN;
    ELSIF kind <> 'lead' THEN
        BEGIN
            leads := revops.lead_binding(lead_binding);
            wanted.lead_binding_id := leads.binding_id;
            wanted.workspace_id := leads.workspace_id;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS found.finding = MESSAGE_TEXT, found.detail = PG_EXCEPTION_DETAIL, found.hint = PG_EXCEPTION_HINT;
            found.severity := 'error';
            found.subject := 'lead binding';
            broken := broken || found.subject;
            RETURN NEXT found;
        END;
    END IF;
    FOR found IN SELECT * FROM revops.attachment_errors(wanted, roles) LOOP
        broken := broken || found.subject;
        RETURN NEXT found;
    END LOOP;
    -- what is wrong with one thing does not hide the others
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = check_attachment.host) THEN
        RETURN;
    END IF;
    IF wanted.key_columns IS NULL AND NOT 'key' = ANY (broken) THEN
        wanted.key_columns := revops.find_key(host);
    END IF;
    mapped := (SELECT coalesce(jsonb_object_agg(r.key, r.value), '{}')
               FROM jsonb_each(CASE jsonb_typeof(roles) WHEN 'object' THEN roles ELSE '{}' END) r
               WHERE 'role ' || r.key <> ALL (broken));
    RETURN QUERY SELECT * FROM revops.attachment_table_findings(wanted);
    RETURN QUERY SELECT * FROM revops.attachment_role_findings(wanted, CASE jsonb_typeof(roles) WHEN 'object' THEN roles ELSE '{}' END);
    IF kind = 'lead' THEN
        RETURN QUERY SELECT * FROM revops.attachment_rule_findings(wanted, mapped, broken);
    END IF;
    RETURN QUERY SELECT * FROM revops.attachment_write_back_findings(wanted);
    IF NOT broken && '{relation,key,roles,filter,"lead binding"}' AND EXISTS (SELECT FROM revops.workspace w WHERE w.workspace_id = wanted.workspace_id) THEN
        RETURN QUERY SELECT * FROM revops.attachment_row_findings(wanted, mapped);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_attachment(regclass, text, jsonb, text, text[], text, text, jsonb, boolean, jsonb, jsonb, int, text) IS
    'A dry run of attach_lead (kind lead), attach_touch (touch) or attach_opportunity (opportunity): what they would refuse, as rows of severity error with the message, detail and hint that they raise, and what is worth knowing before: the key, partitions, triggers, row-level security, views, generated columns, optimistic locks, roles not mapped, rules that read a role which is not there, write-back, rows that count, NULL and empty values, values of stage, owner, team and signal that nothing knows. Rows come in a fixed order. Reads all rows of the table, as the caller, restricted. Leaves nothing behind: a binding is made for the time of the call and taken back.';
