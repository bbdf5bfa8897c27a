-- What the rules of a version mean.  A version in force is frozen, and yet a rule
-- may come to mean something else: where it calls a function that somebody
-- replaces, or reads a role whose type has changed.  So what each rule was planned
-- to is written down, and a change of it is told.

CREATE FUNCTION revops.rule_meanings(binding_id int, agreement_id int DEFAULT NULL)
    RETURNS TABLE (rule_id int, meaning text, problem text)
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'revops_rule_meanings';
COMMENT ON FUNCTION revops.rule_meanings(int, int) IS
    'What the fit, negative and disqualifying rules of a version (by default the one in force) mean for a binding: the planned condition with roles as $1, $2 ..., then the roles and, of functions that are not PostgreSQL''s, a digest of what they are (not of what they call). "meaning" is NULL and "problem" says why where a rule does not compile or reads a role that does not: it then counts as not matched. Raises RV002 for a version that the workspace does not have.';

CREATE TABLE revops.rule_meaning
(
    agreement_id int NOT NULL REFERENCES revops.agreement ON DELETE CASCADE,
    binding_id   int NOT NULL,
    rule_id      int NOT NULL,
    since        timestamptz NOT NULL,
    server_major int NOT NULL,
    meaning      text,
    fingerprint  text COLLATE "C" GENERATED ALWAYS AS (md5(meaning)) STORED,
    PRIMARY KEY (agreement_id, binding_id, rule_id, since)
);
COMMENT ON TABLE revops.rule_meaning IS 'Fact: what a rule of a version in force has meant for a binding, and since when. Written when the version is put into force, and by note_meanings(), which tells changes.';
COMMENT ON COLUMN revops.rule_meaning.agreement_id IS 'version of the agreement';
COMMENT ON COLUMN revops.rule_meaning.binding_id IS 'binding of leads';
COMMENT ON COLUMN revops.rule_meaning.rule_id IS 'the rule';
COMMENT ON COLUMN revops.rule_meaning.since IS 'engine time when this was noted';
COMMENT ON COLUMN revops.rule_meaning.server_major IS 'major version of PostgreSQL that planned it: another one may plan the same meaning otherwise, so that a change of both is not told';
COMMENT ON COLUMN revops.rule_meaning.meaning IS 'see rule_meanings(); NULL: the rule did not compile, or read a role that did not';
COMMENT ON COLUMN revops.rule_meaning.fingerprint IS 'md5 of meaning';

CREATE VIEW revops.rule_status AS
SELECT b.workspace_id, a.version, b.binding, r.rule, r.kind, r.condition, n.problem,
       n.problem IS NULL AS sound, m.since AS meant_since,
       coalesce(n.meaning IS DISTINCT FROM m.meaning AND m.server_major = current_setting('server_version_num')::int / 10000, false) AS changed,
       f.since AS first_noted, h.changes
FROM revops.binding b
JOIN revops.agreement a ON a.workspace_id = b.workspace_id AND a.status = 'active'
CROSS JOIN LATERAL revops.rule_meanings(b.binding_id, a.agreement_id) n
JOIN revops.score_rule r ON r.rule_id = n.rule_id
LEFT JOIN LATERAL (SELECT x.* FROM revops.rule_meaning x
                   WHERE (x.agreement_id, x.binding_id, x.rule_id) = (a.agreement_id, b.binding_id, r.rule_id)
                   ORDER BY x.since DESC LIMIT 1) m ON true
LEFT JOIN LATERAL (SELECT min(x.since) AS since FROM revops.rule_meaning x
                   WHERE (x.agreement_id, x.binding_id, x.rule_id) = (a.agreement_id, b.binding_id, r.rule_id)) f ON true
CROSS JOIN LATERAL (SELECT greatest(count(*) - 1, 0) AS changes FROM revops.rule_meaning x
                    WHERE (x.agreement_id, x.binding_id, x.rule_id) = (a.agreement_id, b.binding_id, r.rule_id)) h
WHERE b.kind = 'lead' AND b.detached_at IS NULL;
COMMENT ON VIEW revops.rule_status IS
    'One row for each rule in force and binding of leads: does it compile, and does it mean what it meant when the version was put into force? Worked out when it is read.';
COMMENT ON COLUMN revops.rule_status.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.rule_status.version IS 'version of the agreement in force';
COMMENT ON COLUMN revops.rule_status.binding IS 'binding of leads';
COMMENT ON COLUMN revops.rule_status.rule IS 'name of the rule';
COMMENT ON COLUMN revops.rule_status.kind IS 'fit, negative or disqualify';
COMMENT ON COLUMN revops.rule_status.condition IS 'its text';
COMMENT ON COLUMN revops.rule_status.problem IS 'why it does not compile, or which role that it reads does not; NULL: it does';
COMMENT ON COLUMN revops.rule_status.sound IS 'false: it counts as not matched';
COMMENT ON COLUMN revops.rule_status.meant_since IS 'since when it has meant what was noted last; NULL: nothing was noted yet';
COMMENT ON COLUMN revops.rule_status.changed IS 'true: it means something else now than what was noted last; note_meanings() tells it';
COMMENT ON COLUMN revops.rule_status.first_noted IS 'when its meaning was noted first';
COMMENT ON COLUMN revops.rule_status.changes IS 'how often its meaning has changed since';

CREATE FUNCTION revops.note_meanings(workspace_id int DEFAULT 1) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    major int := current_setting('server_version_num')::int / 10000;
    moment timestamptz := revops.engine_now();
    told int;
BEGIN
    -- one at a time; who is late leaves it to who is there
    PERFORM FROM revops.workspace w WHERE w.workspace_id = note_meanings.workspace_id FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    WITH now AS (
        SELECT a.agreement_id, b.binding_id, n.rule_id, n.meaning, l.since, l.server_major, l.meaning AS before
        FROM revops.agreement a
        JOIN revops.binding b ON b.workspace_id = a.workspace_id AND b.kind = 'lead' AND b.detached_at IS NULL
        CROSS JOIN LATERAL revops.rule_meanings(b.binding_id, a.agreement_id) n
        LEFT JOIN LATERAL (SELECT x.* FROM revops.rule_meaning x
                           WHERE (x.agreement_id, x.binding_id, x.rule_id) = (a.agreement_id, b.binding_id, n.rule_id)
                           ORDER BY x.since DESC LIMIT 1) l ON true
        WHERE a.workspace_id = note_meanings.workspace_id AND a.status = 'active'
    ), news AS (
        INSERT INTO revops.rule_meaning (agreement_id, binding_id, rule_id, since, server_major, meaning)
        SELECT n.agreement_id, n.binding_id, n.rule_id, greatest(moment, n.since + interval '1 microsecond'), major, n.meaning
        FROM now n
        WHERE n.since IS NULL OR n.server_major <> major OR n.meaning IS DISTINCT FROM n.before
        RETURNING agreement_id, binding_id, rule_id
    ), changed AS (
        SELECT DISTINCT s.rule_id FROM news s JOIN now n USING (agreement_id, binding_id, rule_id)
        WHERE n.since IS NOT NULL AND n.server_major = major
    )
    INSERT INTO revops.event (txid, event_id, workspace_id, lead_id, at, seq, event)
    SELECT pg_current_xact_id(), nextval('revops.event_id'), note_meanings.workspace_id, NULL, moment, c.rule_id, 'rule_meaning_changed'
    FROM changed c ORDER BY c.rule_id;
    GET DIAGNOSTICS told = ROW_COUNT;
    IF told > 0 THEN
        PERFORM revops.hint_consumers(note_meanings.workspace_id);
    END IF;
    RETURN told;
END
$$;
COMMENT ON FUNCTION revops.note_meanings(int) IS
    'Writes down what the rules in force mean (table rule_meaning), and for each whose meaning has changed since it was noted an event rule_meaning_changed, whose seq is the rule. Returns how many. run_due() calls it when definitions, attached tables or functions have changed; NULL: another session is at it.';

CREATE FUNCTION revops.meanings_of_new() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NOT revops.restoring() THEN
        PERFORM revops.note_meanings(NEW.workspace_id);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.meanings_of_new() IS 'Trigger of agreement: notes what the rules mean when a version is put into force.';
CREATE TRIGGER note_meanings AFTER UPDATE OF status ON revops.agreement
    FOR EACH ROW WHEN (NEW.status = 'active' AND OLD.status <> 'active')
    EXECUTE FUNCTION revops.meanings_of_new();
COMMENT ON TRIGGER note_meanings ON revops.agreement IS 'what the rules mean is noted when a version is put into force';

-- ----- a model as SQL -------------------------------------------------------------

CREATE FUNCTION revops.bracketed(expression text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT
    SET search_path = pg_catalog, pg_temp
    RETURN '(' || expression || CASE WHEN expression LIKE '%--%' THEN E'\n)' ELSE ')' END;
COMMENT ON FUNCTION revops.bracketed(text) IS 'Part of model_sql(): a text that may end in a comment, in brackets.';

-- Names of columns may have changed since: their numbers are followed as the
-- engine does.
CREATE FUNCTION revops.role_sql(role revops.binding_role, host regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    RETURN coalesce((SELECT quote_ident(a.attname) FROM pg_attribute a
                     WHERE role.numbered = host::oid AND a.attrelid = host AND a.attnum = role.attnum AND NOT a.attisdropped),
                    role.expression);
COMMENT ON FUNCTION revops.role_sql(revops.binding_role, regclass) IS
    'Part of model_sql(): the expression of a role, where it is a plain column by its present name.';

CREATE FUNCTION revops.model_sql(agreement_id int DEFAULT NULL, binding text DEFAULT NULL, workspace_id int DEFAULT 1) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET intervalstyle = postgres
    AS $$
DECLARE
    a revops.agreement;
    m revops.score_model;
    b revops.binding;
    roles text;
    fit text;
    reasons text;
    signals text;
    keys text;
BEGIN
    SELECT x.* INTO a FROM revops.agreement x
    WHERE CASE WHEN model_sql.agreement_id IS NULL THEN x.status = 'active' AND x.workspace_id = model_sql.workspace_id
               ELSE x.agreement_id = model_sql.agreement_id END;
    SELECT x.* INTO m FROM revops.score_model x WHERE x.agreement_id = a.agreement_id;
    IF m IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = CASE WHEN model_sql.agreement_id IS NULL THEN format('workspace %s has no agreement in force', model_sql.workspace_id)
                           ELSE format('agreement %s does not exist, or has no scoring model', model_sql.agreement_id) END,
            HINT = 'SELECT agreement_id, version, status FROM revops.agreement shows those that there are.';
    END IF;
    SELECT x.* INTO b FROM revops.binding x
    WHERE x.workspace_id = a.workspace_id AND x.kind = 'lead' AND x.detached_at IS NULL
      AND (model_sql.binding IS NULL OR x.binding = model_sql.binding)
    ORDER BY x.binding_id LIMIT 1;
    IF b IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('workspace %s has no binding of leads%s', a.workspace_id, coalesce(format(' named "%s"', model_sql.binding), '')),
            DETAIL = 'The SQL of a model reads the table that leads are in.',
            HINT = 'SELECT binding FROM revops.binding WHERE kind = ''lead'' shows those that there are.';
    END IF;

    SELECT format(CASE count(*) WHEN 1 THEN '%s' ELSE 'ROW(%s)' END, string_agg(quote_ident(coalesce(c.attname, k.name)), ', ' ORDER BY k.n))
    INTO keys
    FROM unnest(b.key_columns, CASE WHEN b.numbered = b.host::oid THEN b.key_attnums END) WITH ORDINALITY AS k (name, attnum, n)
    LEFT JOIN pg_attribute c ON c.attrelid = b.host AND c.attnum = k.attnum AND NOT c.attisdropped;
    -- roles that are mapped; others that rules speak of are NULL
    SELECT string_agg(format('           %s::%s AS %I', revops.bracketed(x.expression), format_type(x.role_type, NULL), x.role), E',\n' ORDER BY x.place, x.role)
    INTO roles
    FROM (SELECT s.role, s.role_type, s.position AS place, coalesce(revops.role_sql(r, b.host), 'NULL') AS expression
          FROM revops.standard_roles('lead') s
          LEFT JOIN revops.binding_role r ON r.binding_id = b.binding_id AND r.role = s.role
          WHERE r.role IS NOT NULL
             OR EXISTS (SELECT FROM revops.score_rule u WHERE u.agreement_id = a.agreement_id AND strpos(u.condition, s.role) > 0)
          UNION ALL
          SELECT r.role, r.role_type, 1000, revops.role_sql(r, b.host)
          FROM revops.binding_role r
          WHERE r.binding_id = b.binding_id AND r.role NOT IN (SELECT s.role FROM revops.standard_roles('lead') s)) x;
    -- rules of a group share its cap
    SELECT string_agg(CASE WHEN x.score_group IS NULL OR x.cap IS NULL THEN x.cases
                           ELSE format(E'           + least(greatest(0 -- group %s\n%s\n           , -%s), %s)', x.shown, x.cases, x.cap, x.cap) END,
                      E'\n' ORDER BY x.place)
    INTO fit
    FROM (SELECT r.score_group, g.cap, regexp_replace(r.score_group, '[\r\n]+', ' ', 'g') AS shown, min(r.rule_id) AS place,
                 string_agg(format('           + CASE WHEN %s THEN %s ELSE 0 END -- %s', revops.bracketed(r.condition), r.points,
                                   regexp_replace(r.rule, '[\r\n]+', ' ', 'g')), E'\n' ORDER BY r.rule_id) AS cases
          FROM revops.score_rule r
          LEFT JOIN revops.score_group g USING (agreement_id, score_group)
          WHERE r.agreement_id = a.agreement_id AND r.kind IN ('fit', 'negative')
          GROUP BY r.score_group, g.cap, CASE WHEN r.score_group IS NULL THEN r.rule_id END) x;
    SELECT string_agg(format('           OR coalesce(%s, false) -- %s', revops.bracketed(r.condition),
                             regexp_replace(r.rule, '[\r\n]+', ' ', 'g')), E'\n' ORDER BY r.rule_id)
    INTO reasons
    FROM revops.score_rule r WHERE r.agreement_id = a.agreement_id AND r.kind = 'disqualify';
    SELECT string_agg(format('--     %s: %s points%s%s', regexp_replace(r.signal, '[\r\n]+', ' ', 'g'), r.points,
                             CASE WHEN r.cap IS NOT NULL THEN format(', at most %s%s', r.cap, ' a ' || r.cap_period) ELSE '' END,
                             CASE WHEN g.cap IS NOT NULL
                                  THEN format(', of group %s at most %s%s', regexp_replace(r.score_group, '[\r\n]+', ' ', 'g'), g.cap, ' a ' || g.cap_period)
                                  ELSE '' END),
                      E'\n' ORDER BY r.rule_id)
    INTO signals
    FROM revops.score_rule r LEFT JOIN revops.score_group g USING (agreement_id, score_group)
    WHERE r.agreement_id = a.agreement_id AND r.kind = 'intent';

    RETURN format(E'-- Version %s of the agreement (%s), for binding %s.\n', a.version, a.status, quote_ident(b.binding))
        || format(E'-- Times without zone are read in %s: SET TimeZone = %L;\n', b.zone, b.zone)
        || E'-- A rule that raises an error ends this query; for the engine it does not match.\n'
        || format(E'-- Score: %s of fit and %s of intent.  An MQL has fit %s, intent %s and score %s at least.\n',
                  m.fit_share, 1 - m.fit_share, m.mql_fit, m.mql_intent, m.mql_score)
        || format(E'-- Intent, see lead_status and explain_touches(): touches lose half of their points in %s; periods are of %s.\n%s',
                  m.half_life, m.zone, signals || E'\n')
        || E'WITH lead AS (\n    SELECT ' || keys || E' AS row_key,\n' || roles || format(E'\n    FROM %s%s\n)\n', b.host,
               CASE WHEN b.filter IS NOT NULL THEN E'\n    WHERE ' || revops.bracketed(b.filter) ELSE '' END)
        || E'SELECT row_key,\n       least(greatest(' || m.fit_base || E' -- base\n' || coalesce(fit || E'\n', '')
        || E'           , 0), 100) AS fit,\n       false\n' || coalesce(reasons || E'\n', '')
        || E'           AS disqualified\nFROM lead;\n';
END
$$;
COMMENT ON FUNCTION revops.model_sql(int, text, int) IS
    'The fit model of a version (by default the one in force) as a query over the attached table, for people to read and to try: one row a lead, its key, fit 0 to 100, and whether it is disqualified; before it, as comments, what intent and the score are made of. A role that the engine cannot read makes the query fail, where the engine lets the rules that read it count as not matched. The engine runs the compiled rules, never this text. Raises RV002 (no such version, no binding of leads).';
