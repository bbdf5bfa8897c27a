-- The agreement to look at: what two versions differ in, what has happened,
-- what is overdue.  Tables that belong to versions are found in the catalogue,
-- so that a new one, or a new column, is compared and logged like the others.

CREATE FUNCTION revops.agreement_parts() RETURNS TABLE (part name, part_no bigint, names name[])
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT t.relname, row_number() OVER (ORDER BY t.oid), k.names
    FROM pg_constraint owner
    JOIN pg_class t ON t.oid = owner.conrelid
    CROSS JOIN LATERAL (
        -- the key by which people know a row: of text, within a version
        SELECT ARRAY(SELECT a.attname FROM pg_attribute a
                     WHERE a.attrelid = t.oid AND a.attnum = ANY (u.conkey) AND a.attname <> 'agreement_id'
                     ORDER BY array_position(u.conkey, a.attnum)) AS names
        FROM pg_constraint u
        WHERE u.conrelid = t.oid AND u.contype IN ('p', 'u') AND owner.conkey <@ u.conkey
          AND NOT EXISTS (SELECT FROM pg_attribute a
                          WHERE a.attrelid = t.oid AND a.attnum = ANY (u.conkey)
                            AND a.attname <> 'agreement_id' AND a.atttypid <> 'text'::regtype)
        ORDER BY u.contype, u.conname LIMIT 1) AS k
    WHERE owner.contype = 'f' AND owner.confrelid = 'revops.agreement'::regclass AND owner.confdeltype = 'c'
    $$;
COMMENT ON FUNCTION revops.agreement_parts() IS
    'The tables whose rows belong to versions of the agreement, in order, each with the columns that name a row within a version (none: a version has one row).';

-- A row as people compare it: without numbers of its own, and with the names of what it refers to.
CREATE FUNCTION revops.agreement_row(part name, named name[]) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT format('to_jsonb(r) - %L::text[]', $2 || 'agreement_id'::name
                  || ARRAY(SELECT a.attname FROM pg_attribute a
                           WHERE a.attrelid = t.oid AND a.attnum > 0 AND a.attidentity <> ''))
           || coalesce((SELECT string_agg(format(' || jsonb_build_object(%L, (SELECT o.%I FROM revops.%I o WHERE o.%I = r.%I))',
                                                 here.attname, there.relname, there.relname, key.attname, here.attname), ''
                                          ORDER BY here.attnum)
                        FROM pg_constraint f
                        JOIN pg_class there ON there.oid = f.confrelid AND there.relname <> 'agreement'
                        JOIN pg_attribute here ON here.attrelid = f.conrelid AND here.attnum = f.conkey[1]
                        JOIN pg_attribute key ON key.attrelid = f.confrelid AND key.attnum = f.confkey[1]
                        JOIN pg_attribute label ON label.attrelid = f.confrelid AND label.attname = there.relname
                        WHERE f.conrelid = t.oid AND f.contype = 'f' AND cardinality(f.conkey) = 1), '')
    FROM pg_class t WHERE t.relname = $1 AND t.relnamespace = 'revops'::regnamespace
    $$;
COMMENT ON FUNCTION revops.agreement_row(name, name[]) IS
    'Part of diff_agreement(): the SQL expression for a row of a part as people compare it.';

CREATE FUNCTION revops.diff_agreement(a int, b int)
    RETURNS TABLE (part name, name text, change text, what text, in_a text, in_b text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    missing int := (SELECT min(v.id) FROM unnest(ARRAY[$1, $2]) AS v (id)
                    WHERE NOT EXISTS (SELECT FROM revops.agreement g WHERE g.agreement_id = v.id));
    compared record;
BEGIN
    IF missing IS NOT NULL OR $1 IS NULL OR $2 IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('agreement %s does not exist', coalesce(missing::text, 'NULL')),
            DETAIL = format('Versions there are: %s.',
                            (SELECT coalesce(string_agg(format('%s (version %s of workspace %s, %s)', g.agreement_id, g.version,
                                                               g.workspace_id, g.status), ', ' ORDER BY g.agreement_id), 'none')
                             FROM revops.agreement g)),
            HINT = 'Give the agreement_id of two rows of revops.agreement.';
    END IF;
    FOR compared IN SELECT p.part, p.names, revops.agreement_row(p.part, p.names) AS row_text,
                           coalesce((SELECT string_agg(format('r.%I', n.name), $q$, ' > ', $q$ ORDER BY n.place)
                                     FROM unnest(p.names) WITH ORDINALITY AS n (name, place)), $q$''$q$) AS name_text
                    FROM revops.agreement_parts() p ORDER BY p.part_no
    LOOP
        RETURN QUERY EXECUTE format($q$
            WITH rows AS MATERIALIZED (
                SELECT r.agreement_id, concat(%1$s) AS name, %2$s AS row FROM revops.%3$I AS r
                WHERE r.agreement_id IN ($1, $2))
            SELECT %3$L::name, nullif(coalesce(a.name, b.name), ''), c.change, c.what, c.in_a, c.in_b
            FROM (SELECT * FROM rows WHERE agreement_id = $1) AS a
            FULL JOIN (SELECT * FROM rows WHERE agreement_id = $2) AS b USING (name)
            CROSS JOIN LATERAL (
                SELECT CASE WHEN a.row IS NULL THEN 'added' ELSE 'removed' END AS change, NULL::text AS what,
                       jsonb_strip_nulls(a.row)::text AS in_a, jsonb_strip_nulls(b.row)::text AS in_b
                WHERE a.row IS NULL OR b.row IS NULL
                UNION ALL
                SELECT 'changed', k.key, a.row ->> k.key, b.row ->> k.key
                FROM jsonb_object_keys(a.row) AS k (key)
                WHERE a.row -> k.key IS DISTINCT FROM b.row -> k.key AND b.row IS NOT NULL) AS c
            ORDER BY 2, 4$q$, compared.name_text, compared.row_text, compared.part)
        USING $1, $2;
    END LOOP;
END
$$;
COMMENT ON FUNCTION revops.diff_agreement(int, int) IS
    'What two versions of the agreement differ in: score model, rules, groups, stages, transitions, policies, one row for each column of a row that both have (change: changed), and one for each row that only b has (added) or only a has (removed), as JSON. Rows are matched by their names, so a rule that was renamed is one removed and one added; their numbers are no difference. Raises RV002 for a version that does not exist.';

-- ----- history ----------------------------------------------------------------

CREATE VIEW revops.agreement_history AS
WITH change AS (
    SELECT c.change_id, c.at, c.actor, c.definition, c.operation, c.before, c.after,
           coalesce(c.after, c.before) AS row,
           (coalesce(c.after, c.before) ->> 'agreement_id')::int AS agreement_id
    FROM revops.definition_change c
    WHERE c.definition IN ('agreement', 'agreement_approval')
       OR c.definition IN (SELECT p.part FROM revops.agreement_parts() p)
), version AS (
    -- the first row of each: it may have been given up since
    SELECT DISTINCT ON (c.agreement_id) c.agreement_id,
           (c.row ->> 'workspace_id')::int AS workspace_id, (c.row ->> 'version')::int AS version
    FROM change c WHERE c.definition = 'agreement' ORDER BY c.agreement_id, c.change_id
), copied AS (
    -- up to here its parts were copied from another version, or shipped
    SELECT c.agreement_id, max(c.change_id) AS change_id
    FROM change c
    WHERE c.definition = 'agreement' AND c.operation = 'UPDATE'
      AND (c.before -> 'drafted_from' IS DISTINCT FROM c.after -> 'drafted_from'
           OR c.before ->> 'status' = 'draft' AND c.after ->> 'status' = 'active')
    GROUP BY c.agreement_id
), given_up AS (
    SELECT c.agreement_id, c.at FROM change c WHERE c.definition = 'agreement' AND c.operation = 'DELETE'
), refused AS (
    SELECT c.agreement_id, c.row -> 'proposal' AS proposal FROM change c
    WHERE c.definition = 'agreement_approval' AND c.row ->> 'decision' = 'refused'
)
SELECT v.workspace_id, v.version, c.agreement_id, c.change_id, c.at, e.event,
       coalesce(c.row ->> 'decided_as', c.actor) AS who, e.side, e.part, e.name, e.note
FROM change c
JOIN version v USING (agreement_id)
LEFT JOIN copied ON copied.agreement_id = c.agreement_id AND c.change_id < copied.change_id
LEFT JOIN revops.agreement_parts() p ON p.part = c.definition
CROSS JOIN LATERAL (
    SELECT c.row ->> 'decision' AS event, c.row ->> 'side' AS side, NULL::text AS part, NULL::text AS name, c.row ->> 'note' AS note
    WHERE c.definition = 'agreement_approval'
    UNION ALL
    SELECT CASE c.operation WHEN 'INSERT' THEN 'part_added' WHEN 'DELETE' THEN 'part_removed' ELSE 'part_changed' END,
           NULL, c.definition,
           (SELECT string_agg(c.row ->> n.name::text, ' > ' ORDER BY n.place)
            FROM unnest(p.names) WITH ORDINALITY AS n (name, place)),
           (SELECT string_agg(format('%s: %s -> %s', k.key, coalesce(c.before ->> k.key, 'NULL'),
                                     coalesce(c.after ->> k.key, 'NULL')), ', ' ORDER BY k.key)
            FROM jsonb_object_keys(c.after) AS k (key)
            WHERE c.operation = 'UPDATE' AND c.before -> k.key IS DISTINCT FROM c.after -> k.key)
    WHERE p.part IS NOT NULL AND copied.change_id IS NULL
      -- its parts go with it
      AND NOT (c.operation = 'DELETE' AND EXISTS (SELECT FROM given_up g WHERE g.agreement_id = c.agreement_id AND g.at = c.at))
    UNION ALL
    SELECT s.event, NULL, NULL, NULL, s.note
    FROM (VALUES
        (c.operation = 'INSERT', 'drafted', c.after ->> 'note'),
        (c.operation = 'DELETE', 'given_up', c.before ->> 'note'),
        (c.after ->> 'status' = 'proposed' AND c.before ->> 'status' = 'draft', 'proposed', c.after ->> 'note'),
        (c.after ->> 'status' = 'draft' AND c.before ->> 'status' <> 'draft'
         AND NOT EXISTS (SELECT FROM refused r WHERE r.agreement_id = c.agreement_id
                                                 AND r.proposal = c.before -> 'proposal'), 'withdrawn', NULL),
        (c.after ->> 'status' = 'approved' AND c.after -> 'due_at' <> c.before -> 'due_at', 'scheduled',
         'from ' || (c.after ->> 'due_at')::timestamptz),
        -- once, however often it is tried again for the same reason
        (c.after ->> 'status' = 'approved' AND c.after ->> 'problem' IS NOT NULL
         AND c.after -> 'problem' <> c.before -> 'problem', 'failed', c.after ->> 'problem'),
        (c.after ->> 'status' = 'active' AND c.before ->> 'status' <> 'active', 'activated',
         'review on ' || (c.after ->> 'review_on')),
        (c.after ->> 'status' = 'retired' AND c.before ->> 'status' <> 'retired', 'retired', NULL),
        (c.after ->> 'status' = c.before ->> 'status' AND c.after -> 'review_on' <> c.before -> 'review_on', 'review_moved',
         'to ' || coalesce(c.after ->> 'review_on', 'none')),
        (c.after ->> 'status' = c.before ->> 'status' AND c.after -> 'decide_by' <> c.before -> 'decide_by', 'decision_moved',
         'to ' || coalesce(c.after ->> 'decide_by', 'none')),
        (c.after ->> 'status' = c.before ->> 'status' AND c.after -> 'note' <> c.before -> 'note', 'note_changed',
         c.after ->> 'note'))
        AS s (happened, event, note)
    WHERE s.happened AND c.definition = 'agreement') AS e;
COMMENT ON VIEW revops.agreement_history IS
    'Everything that has happened to the versions of the agreement, given-up drafts included; in order of change_id.';
COMMENT ON COLUMN revops.agreement_history.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.agreement_history.version IS 'version within the workspace';
COMMENT ON COLUMN revops.agreement_history.agreement_id IS 'number of the version';
COMMENT ON COLUMN revops.agreement_history.change_id IS 'number of the change in definition_change, growing';
COMMENT ON COLUMN revops.agreement_history.at IS 'engine time';
COMMENT ON COLUMN revops.agreement_history.event IS
    'drafted, part_added, part_changed, part_removed, proposed, approved, refused, withdrawn, scheduled, failed (it could not be put into force at its moment), activated, retired, given_up (the draft was deleted), review_moved, decision_moved, note_changed';
COMMENT ON COLUMN revops.agreement_history.who IS 'role that logged in and did it, of approved and refused the role it acted as; of what happens at its moment: that of the worker, or of whoever called run_due()';
COMMENT ON COLUMN revops.agreement_history.side IS 'of approved and refused: marketing or sales';
COMMENT ON COLUMN revops.agreement_history.part IS 'of part_...: the table';
COMMENT ON COLUMN revops.agreement_history.name IS 'of part_...: the row''s name; NULL: the version has but one row there';
COMMENT ON COLUMN revops.agreement_history.note IS 'what they said; of part_changed: each column, before and after';

-- ----- overdue ----------------------------------------------------------------

CREATE VIEW revops.agreement_overdue AS
SELECT a.workspace_id, a.agreement_id, a.version, a.status, o.what, o.awaited, o.due_on,
       o.today - o.due_on AS days_overdue, coalesce(a.problem, a.note) AS note
FROM revops.agreement a
JOIN revops.workspace w USING (workspace_id)
CROSS JOIN LATERAL (
    SELECT s.what, s.awaited, s.due_on, (revops.engine_now() AT TIME ZONE w.time_zone)::date AS today
    FROM (VALUES
        ('active', 'review', 'marketing and sales', a.review_on),
        ('draft', 'proposal', a.created_by, a.decide_by),
        ('proposed', 'approval', array_to_string(revops.missing_sides(a), ' and '), a.decide_by),
        ('approved', 'activation', CASE WHEN a.due_at IS NULL THEN 'activate_agreement()' ELSE 'run_due()' END,
         coalesce((a.due_at AT TIME ZONE w.time_zone)::date, a.decide_by)))
        AS s (status, what, awaited, due_on)
    WHERE s.status = a.status) AS o
WHERE o.due_on < o.today OR a.status = 'approved' AND a.due_at < revops.engine_now();
COMMENT ON VIEW revops.agreement_overdue IS
    'What of the agreement is overdue: versions in force past their review, drafts and proposals that lie around, versions not in force at their moment. Days are those of the workspace''s zone.';
COMMENT ON COLUMN revops.agreement_overdue.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.agreement_overdue.agreement_id IS 'number of the version';
COMMENT ON COLUMN revops.agreement_overdue.version IS 'version within the workspace';
COMMENT ON COLUMN revops.agreement_overdue.status IS 'its status';
COMMENT ON COLUMN revops.agreement_overdue.what IS 'what has not been done: review, proposal (of a draft), approval, activation';
COMMENT ON COLUMN revops.agreement_overdue.awaited IS 'who is awaited: the side or sides, the role that drafted it, or what is to be called';
COMMENT ON COLUMN revops.agreement_overdue.due_on IS 'day by which it was due: review_on, decide_by, or the day of due_at';
COMMENT ON COLUMN revops.agreement_overdue.days_overdue IS 'days since then; 0: it was due at a moment of today';
COMMENT ON COLUMN revops.agreement_overdue.note IS 'why it could not be put into force, or the note of the version';
