-- What triggers could not see: rows of the host are read and compared with what
-- the engine has.  For views, foreign tables and tables that a sync tool
-- replaces; after triggers were off, or a table was swapped by rename.

-- ----- what it takes ------------------------------------------------------------

CREATE FUNCTION revops.binding_problems(binding_id int)
    RETURNS TABLE (problem text, subject text, sqlstate text, message text, detail text, hint text)
    LANGUAGE c VOLATILE STRICT ROWS 1 AS 'MODULE_PATHNAME', 'revops_binding_problems';
COMMENT ON FUNCTION revops.binding_problems(int) IS
    'What of a binding no longer works: table_gone, key_broken, filter_broken, role_broken (subject: the role; it does not compile, or the tables that it looks up can''t be asked, as the owner of the binding), with the error that it raises. No row: all of it does. A table that somebody has locked just now is passed over. Raises RV002 for a binding that does not exist, and nothing for a broken one.';

CREATE FUNCTION revops.host_rows(binding_id int, since timestamptz DEFAULT NULL)
    RETURNS TABLE (key text, at timestamptz, roles jsonb, personal jsonb)
    LANGUAGE c VOLATILE ROWS 100000 AS 'MODULE_PATHNAME', 'revops_host_rows';
COMMENT ON FUNCTION revops.host_rows(int, timestamptz) IS
    'What a binding makes of the rows that its table holds now: key, time (role updated_at of a lead, occurred_at of a touch), roles that are not NULL, the personal ones apart. Rows that the filter rejects, without a key, or (since) with an earlier time or none are left out. Runs as the owner of the binding, restricted; a role that fails for a row is NULL, and a fault. Raises RV002 for a binding that does not exist, RV001 (filter) and RV005 (key) where these are broken.';

CREATE FUNCTION revops.policy_hides(relation regclass, reader regrole) RETURNS regclass
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH RECURSIVE reads AS (
        SELECT relation::oid AS relation, reader::oid AS reader
        UNION
        -- a view reads as its owner, unless it is one of the invoker's
        SELECT d.refobjid, CASE WHEN EXISTS (SELECT FROM pg_options_to_table(v.reloptions) o
                                             WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
                                THEN r.reader ELSE v.relowner END
        FROM reads r
        JOIN pg_class v ON v.oid = r.relation AND v.relkind IN ('v', 'm')
        JOIN pg_rewrite w ON w.ev_class = v.oid
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                        AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid)
    SELECT c.oid::regclass
    FROM reads r
    JOIN pg_class c ON c.oid = r.relation AND c.relrowsecurity
    JOIN pg_roles o ON o.oid = r.reader
    WHERE NOT (o.rolsuper OR o.rolbypassrls)
      AND (c.relforcerowsecurity OR NOT pg_has_role(r.reader, c.relowner, 'USAGE'))
    ORDER BY c.oid
    LIMIT 1
    $$;
COMMENT ON FUNCTION revops.policy_hides(regclass, regrole) IS
    'A relation whose row-level security keeps rows from this role: the one given, or one that a view reads; NULL: the role sees all rows.';

CREATE FUNCTION revops.check_all_seen(binding text, host regclass, owner regrole) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    hides regclass := revops.policy_hides(host, owner);
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = check_all_seen.owner) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('the owner of binding "%s" does not exist any more', binding),
            DETAIL = format('It had OID %s; the rows of %s are read as this role.', owner::oid, host),
            HINT = format('SELECT revops.detach(%L), then attach it again as another role.', binding);
    ELSIF NOT has_table_privilege(owner, host, 'SELECT') THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('the owner of binding "%s" may not read %s', binding, host),
            DETAIL = format('Its rows are read as %s, who owns the binding.', owner),
            HINT = format('GRANT SELECT ON %s TO %s.', host, owner);
    ELSIF hides IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('the owner of binding "%s" does not see all rows of %s', binding, host),
            DETAIL = format('Row-level security of %s applies to who reads it for %s: rows that it hides would count as gone.', hides, owner),
            HINT = 'Attach it as a role with BYPASSRLS, or as the owner of the table where row-level security is not forced.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_all_seen(text, regclass, regrole) IS
    'Raises RV005 when the owner of a binding is gone, may not read the table, or is kept from rows of it by row-level security.';

-- ----- the table that has the name now --------------------------------------------

CREATE FUNCTION revops.named_relation(host_name text) RETURNS regclass
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE format('%I.%I', n.nspname, c.relname) = host_name
    $$;
COMMENT ON FUNCTION revops.named_relation(text) IS
    'The relation that has a qualified name now, as binding.host_name holds it; NULL: none. Needs no right on the schema.';

CREATE FUNCTION revops.reattach(binding_id int, host regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    bound revops.binding;
BEGIN
    SELECT b.* INTO bound FROM revops.binding b WHERE b.binding_id = reattach.binding_id;
    PERFORM revops.check_host(host, bound.mode);
    PERFORM revops.drop_capture(binding_id);
    UPDATE revops.binding b SET host = reattach.host WHERE b.binding_id = reattach.binding_id;
    -- a_resolve looks its columns up in the new table
    UPDATE revops.binding_role r SET expression = r.expression WHERE r.binding_id = reattach.binding_id;
    PERFORM revops.repair_capture(binding_id);
END
$$;
COMMENT ON FUNCTION revops.reattach(int, regclass) IS
    'Points a binding at another table: its triggers are dropped where they were and made there, key, filter and roles are looked up in it. Raises RV005, RV001, 42501 where that cannot be; then nothing is done.';

CREATE FUNCTION revops.follow_name(binding_id int) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    bound revops.binding;
    named regclass;
    there boolean;
    refused text;
BEGIN
    SELECT b.* INTO bound FROM revops.binding b WHERE b.binding_id = follow_name.binding_id FOR NO KEY UPDATE;
    named := revops.named_relation(bound.host_name);
    there := EXISTS (SELECT FROM pg_class c WHERE c.oid = bound.host);
    IF named = bound.host THEN
        RETURN false;
    ELSIF named IS NULL AND there THEN
        -- it was renamed, and nothing took its name
        UPDATE revops.binding b SET host_name = b.host::text WHERE b.binding_id = follow_name.binding_id;
        RETURN false;
    ELSIF named IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('table %s of binding "%s" does not exist any more', bound.host_name, bound.binding),
            DETAIL = format('It had OID %s, and no table has its name now.', bound.host::oid),
            HINT = format('Create it again, or SELECT revops.detach(%L).', bound.binding);
    END IF;
    BEGIN
        PERFORM revops.reattach(binding_id, named);
    EXCEPTION WHEN SQLSTATE 'RV001' OR SQLSTATE 'RV005' THEN
        GET STACKED DIAGNOSTICS refused = MESSAGE_TEXT;
    END;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" cannot follow its table: %s is another one now', bound.binding, bound.host_name),
            DETAIL = format('It does not fit: %s.', refused),
            HINT = format('SELECT revops.detach(%L), then attach the table as it is now under the same name.', bound.binding);
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION revops.follow_name(int) IS
    'Where another table has the name that the binding was attached by (a swap by rename, dropped and created again), the binding follows the name; true: it did. A table that was only renamed stays the binding''s, under its new name. Raises RV005 when no table has the name, or the one that has it does not fit; 42501 as attach does; then nothing is done.';

-- ----- triggers ---------------------------------------------------------------------

CREATE FUNCTION revops.capture_problems(binding_id int)
    RETURNS TABLE (problem text, relation regclass, trigger_name name)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT CASE WHEN t.oid IS NULL THEN 'trigger_missing'
                WHEN t.tgenabled = 'D' THEN 'trigger_disabled'
                WHEN t.tgenabled = 'R' THEN 'trigger_replica_only'
                ELSE 'trigger_not_always' END,
           w.host, w.trigger_name
    FROM revops.binding b
    JOIN pg_class c ON c.oid = b.host
    CROSS JOIN LATERAL revops.wanted_captures(b.binding_id) w
    LEFT JOIN pg_trigger t ON t.tgrelid = w.host AND t.tgname = w.trigger_name
    WHERE b.binding_id = capture_problems.binding_id
      AND (t.oid IS NULL OR t.tgenabled IN ('D', 'R') OR (w.always AND t.tgenabled <> 'A'))
    ORDER BY w.host <> b.host, w.host, 3
    $$;
COMMENT ON FUNCTION revops.capture_problems(int) IS
    'Triggers that a binding should have (wanted_captures) and has not, or that do not fire: trigger_missing, trigger_disabled, trigger_replica_only (fires only where session_replication_role is replica), trigger_not_always (of a replicated binding: does not fire there).';

CREATE FUNCTION revops.enable_capture(binding_id int) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    replicated boolean := (SELECT b.replicated FROM revops.binding b WHERE b.binding_id = enable_capture.binding_id);
    wrong record;
    enabled int := 0;
BEGIN
    FOR wrong IN SELECT * FROM revops.capture_problems(binding_id) p WHERE p.problem <> 'trigger_missing' LOOP
        EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', wrong.relation,
                       CASE WHEN replicated THEN 'ALWAYS' ELSE '' END, wrong.trigger_name);
        enabled := enabled + 1;
    END LOOP;
    RETURN enabled;
END
$$;
COMMENT ON FUNCTION revops.enable_capture(int) IS
    'Enables the triggers of a binding that somebody disabled; gives how many. Takes ownership of the tables.';

-- ----- what is found ------------------------------------------------------------------

CREATE TABLE revops.reconcile_run
(
    run_id       bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    binding_id   int NOT NULL REFERENCES revops.binding ON DELETE CASCADE,
    since        timestamptz,
    started_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    followed     boolean NOT NULL,
    repaired     int NOT NULL,
    rows_read    bigint NOT NULL,
    updated_to   timestamptz,
    taken_in     bigint NOT NULL,
    changed      bigint NOT NULL,
    returned     bigint NOT NULL,
    gone         bigint NOT NULL
);
CREATE INDEX reconcile_run_binding ON revops.reconcile_run (binding_id, run_id);
COMMENT ON TABLE revops.reconcile_run IS 'What each CALL reconcile() found.';
COMMENT ON COLUMN revops.reconcile_run.run_id IS 'number of the run';
COMMENT ON COLUMN revops.reconcile_run.binding_id IS 'the binding';
COMMENT ON COLUMN revops.reconcile_run.since IS 'rows from this time on were read; NULL: all, and what is gone was looked for';
COMMENT ON COLUMN revops.reconcile_run.started_at IS 'engine time when it read the rows';
COMMENT ON COLUMN revops.reconcile_run.finished_at IS 'engine time when all that it found was settled; NULL: it was not, what is left waits in the inbox';
COMMENT ON COLUMN revops.reconcile_run.followed IS 'true: the binding followed its name to another table';
COMMENT ON COLUMN revops.reconcile_run.repaired IS 'triggers that were made or enabled';
COMMENT ON COLUMN revops.reconcile_run.rows_read IS 'rows that pass the filter and have a key';
COMMENT ON COLUMN revops.reconcile_run.updated_to IS 'latest time among these rows that has come: role updated_at of leads, occurred_at of touches';
COMMENT ON COLUMN revops.reconcile_run.taken_in IS 'rows that were not known';
COMMENT ON COLUMN revops.reconcile_run.changed IS 'rows that said something else than was known';
COMMENT ON COLUMN revops.reconcile_run.returned IS 'rows that are back, which were gone';
COMMENT ON COLUMN revops.reconcile_run.gone IS 'rows that are not there any more, or count no more';

CREATE FUNCTION revops.profile_differs(known jsonb, told jsonb, known_personal jsonb, told_personal jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN known IS DISTINCT FROM told AND known - 'updated_at' IS DISTINCT FROM told - 'updated_at' THEN true
        WHEN known_personal IS NOT NULL THEN known_personal <> coalesce(told_personal, '{}')
        -- a person who was forgotten: only what the host wrote since counts
        ELSE told_personal IS NOT NULL AND known -> 'updated_at' IS DISTINCT FROM told -> 'updated_at' END;
COMMENT ON FUNCTION revops.profile_differs(jsonb, jsonb, jsonb, jsonb) IS
    'Does a row of the host say something else than the profile that is known? Its role updated_at alone says nothing. Personal roles of a lead that has none (it was forgotten) differ only where updated_at does.';

CREATE FUNCTION revops.laid_over(told jsonb, filled jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN filled IS NULL THEN told
                ELSE coalesce(told, '{}') || coalesce((SELECT jsonb_object_agg(f.key, f.value) FROM jsonb_each(filled) f
                                                       WHERE coalesce(told ->> f.key, '') !~ '\S'), '{}') END;
COMMENT ON FUNCTION revops.laid_over(jsonb, jsonb) IS
    'What a row of the host says, with what enrich() has filled where that says nothing (filled NULL: nothing).';

CREATE FUNCTION revops.filled_roles(lead_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT jsonb_object_agg(e.role, e.value ORDER BY e.seq) FROM revops.enrichment e
    WHERE e.lead_id = $1 AND e.value IS NOT NULL
    $$;
COMMENT ON FUNCTION revops.filled_roles(bigint) IS
    'The roles of a lead that are not personal and that enrich() has filled, each with its last value; NULL: none.';

CREATE FUNCTION revops.differing_leads(bound revops.binding, since timestamptz)
    RETURNS TABLE (difference text, key text, roles jsonb, personal jsonb, had_lead text, at timestamptz, n bigint)
    LANGUAGE sql VOLATILE ROWS 1000
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH theirs AS MATERIALIZED (
        SELECT h.key COLLATE "C" AS key, h.at, h.roles, h.personal
        FROM revops.host_rows(bound.binding_id, since) h WHERE bound.key_unique
        UNION ALL
        -- of the rows of one key the one that was written last
        (SELECT DISTINCT ON (h.key COLLATE "C") h.key COLLATE "C", h.at, h.roles, h.personal
         FROM revops.host_rows(bound.binding_id, since) WITH ORDINALITY AS h (key, at, roles, personal, n)
         WHERE NOT bound.key_unique
         ORDER BY 1, h.at DESC NULLS LAST, h.n DESC)
    ), known AS NOT MATERIALIZED (
        SELECT l.key, l.gone_at, p.profile, i.personal, i.enriched AS filled_personal,
               CASE WHEN l.enriched THEN revops.filled_roles(l.lead_id) END AS filled
        FROM revops.lead l
        LEFT JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
        LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id
        WHERE l.binding_id = bound.binding_id
    ), paired AS (
        SELECT t.key AS told_key, k.key AS known_key, k.gone_at, t.roles, t.personal, k.profile, k.personal AS identity,
               k.filled, k.filled_personal
        FROM theirs t FULL JOIN known k ON k.key = t.key
        WHERE since IS NULL
        UNION ALL
        SELECT t.key, k.key, k.gone_at, t.roles, t.personal, k.profile, k.personal, k.filled, k.filled_personal
        FROM theirs t LEFT JOIN LATERAL (SELECT * FROM known k WHERE k.key = t.key LIMIT 1) k ON true
        WHERE since IS NOT NULL
    )
    SELECT CASE WHEN told_key IS NULL THEN 'gone' WHEN known_key IS NULL THEN 'new'
                WHEN gone_at IS NOT NULL THEN 'returned' ELSE 'changed' END,
           coalesce(told_key, known_key), roles, personal, NULL, NULL::timestamptz, 1
    FROM paired
    WHERE CASE WHEN told_key IS NULL THEN gone_at IS NULL
               WHEN known_key IS NULL OR gone_at IS NOT NULL THEN true
               ELSE revops.profile_differs(profile, revops.laid_over(roles, filled), identity,
                                           revops.laid_over(personal, filled_personal)) END
    UNION ALL
    SELECT 'read', NULL, NULL, NULL, NULL, max(t.at) FILTER (WHERE isfinite(t.at) AND t.at <= revops.engine_now()), count(*) FROM theirs t
    $$;
COMMENT ON FUNCTION revops.differing_leads(revops.binding, timestamptz) IS
    'How the rows of a binding of leads differ from the leads: new, changed, returned, gone (only where all rows are read), with what the row says; a row "read" tells how many were read, and the latest time among them.';

CREATE FUNCTION revops.differing_touches(bound revops.binding, since timestamptz)
    RETURNS TABLE (difference text, key text, roles jsonb, personal jsonb, had_lead text, at timestamptz, n bigint)
    LANGUAGE sql VOLATILE ROWS 1000
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH theirs AS MATERIALIZED (
        SELECT DISTINCT ON (h.key COLLATE "C") h.key COLLATE "C" AS key, h.at, h.roles
        FROM revops.host_rows(bound.binding_id, since) WITH ORDINALITY AS h (key, at, roles, personal, n)
        ORDER BY 1, h.at DESC NULLS LAST, h.n DESC
    ), known AS (
        SELECT t.source_key AS key, t.lead_id, t.signal_id, t.occurred_at, t.source, t.campaign, t.content
        FROM revops.touch t
        WHERE t.binding_id = bound.binding_id AND t.source_key IS NOT NULL
          AND (since IS NULL OR t.occurred_at >= since)
        GROUP BY t.source_key, t.lead_id, t.signal_id, t.occurred_at, t.source, t.campaign, t.content
        HAVING sum(t.sign) > 0
    ), paired AS (
        SELECT t.key AS told_key, k.key AS known_key, t.roles, k.lead_id,
               k.lead_id IS DISTINCT FROM l.lead_id
               OR k.signal_id IS DISTINCT FROM s.signal_id
               OR (k.source, k.campaign, k.content) IS DISTINCT FROM
                  (coalesce(t.roles ->> 'source', ''), coalesce(t.roles ->> 'campaign', ''), coalesce(t.roles ->> 'content', ''))
               OR (isfinite(t.at) AND k.occurred_at <> t.at) AS differs
        FROM theirs t
        LEFT JOIN revops.lead l ON l.binding_id = bound.lead_binding_id AND l.key = t.roles ->> 'lead' COLLATE "C"
        LEFT JOIN revops.signal s ON s.workspace_id = bound.workspace_id AND s.signal = t.roles ->> 'signal'
        FULL JOIN known k ON k.key = t.key
    )
    SELECT CASE WHEN told_key IS NULL THEN 'gone' WHEN known_key IS NULL THEN 'new' ELSE 'changed' END,
           coalesce(told_key, known_key), p.roles, NULL::jsonb, l.key, NULL::timestamptz, 1
    FROM paired p LEFT JOIN revops.lead l ON l.lead_id = p.lead_id
    WHERE CASE WHEN told_key IS NULL THEN since IS NULL
               WHEN known_key IS NULL THEN p.roles ? 'lead'
               ELSE coalesce(differs, false) END
      -- a touch that is planned, or whose lead is not known, waits there
      AND NOT EXISTS (SELECT FROM revops.inbox_entry i
                      WHERE i.binding_id = bound.binding_id AND i.key = coalesce(told_key, known_key))
    UNION ALL
    SELECT 'read', NULL, NULL, NULL, NULL, max(t.at) FILTER (WHERE isfinite(t.at) AND t.at <= revops.engine_now()), count(*) FROM theirs t
    $$;
COMMENT ON FUNCTION revops.differing_touches(revops.binding, timestamptz) IS
    'How the rows of a binding of touches differ from what was recorded of them: as differing_leads(); "had_lead" is the key of the lead under which it is recorded. Rows that the inbox has, or that name no lead, are left out.';

CREATE FUNCTION revops.differing_opportunities(bound revops.binding, since timestamptz)
    RETURNS TABLE (difference text, key text, roles jsonb, personal jsonb, had_lead text, at timestamptz, n bigint)
    LANGUAGE sql VOLATILE ROWS 1000
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH theirs AS MATERIALIZED (
        SELECT DISTINCT ON (h.key COLLATE "C") h.key COLLATE "C" AS key, h.roles,
               CASE WHEN (h.roles ->> 'won')::boolean THEN 'won'
                    WHEN (h.roles ->> 'lost')::boolean THEN 'lost' ELSE 'open' END COLLATE "C" AS status,
               (h.roles ->> 'opened_at')::timestamptz AS opened_at, (h.roles ->> 'closed_at')::timestamptz AS closed_at
        FROM revops.host_rows(bound.binding_id, NULL) WITH ORDINALITY AS h (key, at, roles, personal, n)
        ORDER BY 1, h.n DESC
    ), paired AS (
        SELECT t.key AS told_key, o.key AS known_key, o.status AS known_status, t.roles,
               o.status <> t.status
               OR o.lead_id IS DISTINCT FROM l.lead_id
               OR o.amount IS DISTINCT FROM (t.roles ->> 'amount')::numeric
               OR o.currency <> coalesce(t.roles ->> 'currency', w.currency) COLLATE "C"
               OR (isfinite(t.opened_at) AND o.opened_at <> t.opened_at)
               OR (t.status <> 'open' AND isfinite(t.closed_at) AND o.closed_at IS DISTINCT FROM t.closed_at) AS differs
        FROM theirs t
        LEFT JOIN revops.lead l ON l.binding_id = bound.lead_binding_id AND l.key = t.roles ->> 'lead' COLLATE "C"
        LEFT JOIN revops.workspace w ON w.workspace_id = bound.workspace_id
        FULL JOIN (SELECT * FROM revops.opportunity WHERE binding_id = bound.binding_id) o ON o.key = t.key
    )
    SELECT CASE WHEN told_key IS NULL THEN 'gone' WHEN known_key IS NULL THEN 'new'
                WHEN known_status = 'gone' THEN 'returned' ELSE 'changed' END,
           coalesce(told_key, known_key), p.roles, NULL::jsonb, NULL, NULL::timestamptz, 1
    FROM paired p
    WHERE CASE WHEN told_key IS NULL THEN known_status <> 'gone'
               WHEN known_key IS NULL THEN true
               ELSE coalesce(differs, false) END
    UNION ALL
    SELECT 'read', NULL, NULL, NULL, NULL, NULL, count(*) FROM theirs t
    $$;
COMMENT ON FUNCTION revops.differing_opportunities(revops.binding, timestamptz) IS
    'How the rows of a binding of opportunities differ from what is known of them: as differing_leads(). Always reads all rows.';

-- A binding without triggers is settled as its rows were read: nobody else
-- speaks of them.  Else each row is read once more when it is settled, for the
-- host may have written it meanwhile.
CREATE FUNCTION revops.reconcile_compare(binding_id int, since timestamptz, followed boolean, repaired int) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    -- a call to host_rows() looks dear to the planner: it would compile for a second what runs for a few
    SET jit = off
    AS $$
DECLARE
    bound revops.binding;
    run bigint;
BEGIN
    -- one comparison of a binding at a time
    SELECT b.* INTO bound FROM revops.binding b WHERE b.binding_id = reconcile_compare.binding_id FOR NO KEY UPDATE;
    WITH found AS MATERIALIZED (
        SELECT d.* FROM revops.differing_leads(bound, since) d WHERE bound.kind = 'lead'
        UNION ALL
        SELECT d.* FROM revops.differing_touches(bound, since) d WHERE bound.kind = 'touch'
        UNION ALL
        SELECT d.* FROM revops.differing_opportunities(bound, since) d WHERE bound.kind = 'opportunity'
    ), entry AS (
        SELECT f.key, 'reread' AS what, 1 AS step, NULL::timestamptz AS told_at, NULL::xid8 AS txid,
               CASE WHEN bound.kind = 'touch'
                    THEN jsonb_build_object('lead', coalesce(f.had_lead, f.roles ->> 'lead')) END AS roles,
               NULL::jsonb AS personal
        FROM found f WHERE f.difference <> 'read' AND bound.mode <> 'scan'
        UNION ALL
        SELECT f.key, 'removed', 1, revops.engine_now(), pg_current_xact_id(),
               CASE WHEN bound.kind = 'touch' THEN jsonb_build_object('lead', f.had_lead) END, NULL
        FROM found f
        WHERE bound.mode = 'scan' AND (f.difference = 'gone' OR (f.difference = 'changed' AND bound.kind = 'touch'))
        UNION ALL
        SELECT f.key, 'written', 2, revops.engine_now(), pg_current_xact_id(), f.roles, f.personal
        FROM found f WHERE bound.mode = 'scan' AND f.difference IN ('new', 'changed', 'returned')
    ), put AS (
        INSERT INTO revops.inbox (binding_id, at, key, what, told_at, txid, roles, personal)
        SELECT bound.binding_id, revops.engine_now(), e.key, e.what, e.told_at, e.txid, e.roles, e.personal
        FROM entry e ORDER BY e.key COLLATE "C", e.step
    )
    INSERT INTO revops.reconcile_run (binding_id, since, started_at, followed, repaired, rows_read, updated_to,
                                      taken_in, changed, returned, gone)
    SELECT bound.binding_id, since, revops.engine_now(), followed, repaired,
           coalesce(sum(f.n) FILTER (WHERE f.difference = 'read'), 0), max(f.at),
           count(*) FILTER (WHERE f.difference = 'new'), count(*) FILTER (WHERE f.difference = 'changed'),
           count(*) FILTER (WHERE f.difference = 'returned'), count(*) FILTER (WHERE f.difference = 'gone')
    FROM found f
    RETURNING run_id INTO run;
    RETURN run;
END
$$;
COMMENT ON FUNCTION revops.reconcile_compare(int, timestamptz, boolean, int) IS
    'Compares the rows of a binding with what is known of them, puts what differs into the inbox, and gives the number of the run. Part of reconcile().';

CREATE FUNCTION revops.reconcile_finish(run_id bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE revops.reconcile_run r SET finished_at = revops.engine_now() WHERE r.run_id = reconcile_finish.run_id
    $$;
COMMENT ON FUNCTION revops.reconcile_finish(bigint) IS 'Notes that all that a run found is settled. Part of reconcile().';

-- ----- the call -----------------------------------------------------------------------

CREATE FUNCTION revops.reconcile_begin(binding text, since timestamptz, enable boolean,
                                       OUT binding_id int, OUT followed boolean, OUT repaired int)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    bound revops.binding;
    wrong record;
    clock text;
BEGIN
    SELECT b.* INTO bound FROM revops.binding b WHERE b.binding = reconcile_begin.binding AND b.detached_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('binding %s is not attached', coalesce('"' || reconcile_begin.binding || '"', 'NULL')),
            DETAIL = 'Attached are: ' || coalesce((SELECT string_agg(format('"%s"', b.binding), ', ' ORDER BY b.binding)
                FROM revops.binding b WHERE b.detached_at IS NULL), 'none') || '.',
            HINT = 'SELECT binding, host_name, detached_at FROM revops.binding shows all of them.';
    END IF;
    binding_id := bound.binding_id;
    followed := revops.follow_name(binding_id);
    repaired := revops.repair_capture(binding_id);
    IF enable THEN
        repaired := repaired + revops.enable_capture(binding_id);
    END IF;
    SELECT b.* INTO bound FROM revops.binding b WHERE b.binding_id = reconcile_begin.binding_id;
    PERFORM revops.check_all_seen(bound.binding, bound.host, bound.owner);
    SELECT p.* INTO wrong FROM revops.binding_problems(binding_id) p LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" cannot be reconciled while %s is broken', bound.binding,
                             CASE wrong.problem WHEN 'role_broken' THEN format('its role "%s"', wrong.subject)
                                                ELSE 'its ' || split_part(wrong.problem, '_', 1) END),
            DETAIL = wrong.message || '.',
            HINT = coalesce(wrong.hint, format('SELECT * FROM revops.binding_health WHERE binding = %L tells when it works again.', bound.binding));
    END IF;
    clock := CASE bound.kind WHEN 'lead' THEN 'updated_at' WHEN 'touch' THEN 'occurred_at' END;
    IF since IS NOT NULL AND NOT EXISTS (SELECT FROM revops.binding_role r
                                         WHERE r.binding_id = bound.binding_id AND r.role = clock) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" does not tell when a row was written', bound.binding),
            DETAIL = CASE WHEN clock IS NULL THEN format('A binding of kind %s has no role that does, so "since" cannot choose rows.', bound.kind)
                          ELSE format('Its role "%s" is not mapped, so "since" cannot choose rows.', clock) END,
            HINT = 'Leave since out: all rows are compared then.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.reconcile_begin(text, timestamptz, boolean) IS
    'Follows the binding''s name, repairs its triggers, and checks that its rows can be read. Part of reconcile(), which says what it raises.';

-- A procedure that commits may have no SET clause: every name is qualified.
CREATE PROCEDURE revops.settle_inbox(batch int)
    LANGUAGE plpgsql AS $$
DECLARE
    after bigint := 0;
    upto bigint := (SELECT pg_catalog.max(e.inbox_id) FROM (SELECT i.inbox_id FROM revops.inbox i UNION ALL SELECT p.inbox_id FROM revops.inbox_packet p) AS e);
BEGIN
    LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        -- what is appended meanwhile is for others
        EXIT WHEN upto IS NULL OR after OPERATOR(pg_catalog.>=) upto;
        after := revops.read_inbox(after, batch);
        EXIT WHEN after IS NULL;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE revops.settle_inbox(int) IS
    'Settles what the inbox holds when it is called, up to batch entries in each transaction. Call it outside of a transaction block.';

CREATE PROCEDURE revops.reconcile(binding text, since timestamptz DEFAULT NULL, batch int DEFAULT 1000,
                                  enable boolean DEFAULT false)
    LANGUAGE plpgsql AS $$
DECLARE
    run_id bigint;
    begun record;
BEGIN
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    begun := revops.reconcile_begin(binding, since, enable);
    -- of another table nothing is known
    IF begun.followed THEN
        since := NULL;
    END IF;
    -- what the host said before is settled before its rows are compared
    CALL revops.settle_inbox(batch);
    run_id := revops.reconcile_compare(begun.binding_id, since, begun.followed, begun.repaired);
    CALL revops.settle_inbox(batch);
    PERFORM revops.reconcile_finish(run_id);
    COMMIT;
END
$$;
COMMENT ON PROCEDURE revops.reconcile(text, timestamptz, int, boolean) IS
    'Compares the rows of a binding with what is known of them, and settles what differs as if it had been written now: new rows are taken in and routed, changed ones settled, those that are gone or count no more end, those that are back return. Needs no trigger. Reads all rows in one statement; "since" reads only those whose role updated_at (of touches: occurred_at) is not earlier, and finds nothing that is gone: since => revops.reconciled_to(binding) goes on from the last run. What is found goes through the inbox, "batch" entries a transaction; a lead that is written meanwhile is settled as it is by then. Where another table has the binding''s name now it follows the name; triggers that are missing are made, and ("enable") those that were disabled are enabled. Call it outside of a transaction block; two at once are harmless. reconcile_run tells what was found. Raises RV002 (not attached), RV005 (no table, or one that does not fit; a broken key, filter or role; rows that the owner of the binding may not see; since without such a role), 42501 as attach and detach do; then nothing is done.';

CREATE FUNCTION revops.reconciled_to(binding text, overlap interval DEFAULT '10 minutes') RETURNS timestamptz
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT max(r.updated_to) - overlap
    FROM revops.binding b JOIN revops.reconcile_run r USING (binding_id)
    WHERE b.binding = reconciled_to.binding AND r.finished_at IS NOT NULL
    $$;
COMMENT ON FUNCTION revops.reconciled_to(text, interval) IS
    'Up to when reconcile() knows the rows of a binding: the latest time that a finished run has read, less the time that a transaction of the host may take between writing a row and committing it. NULL: no run has read one, so that since => NULL compares all.';
