-- Accounts: the host's table kept in step, and what a lead was matched to.

CREATE FUNCTION revops.account_columns(source revops.account_source) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    RETURN (SELECT array_agg(CASE WHEN source.numbered = source.host::oid THEN a.attname::text ELSE c.name END ORDER BY c.n)
            FROM unnest(ARRAY[source.key_column, source.name_column, source.domain_column, source.owner_column], source.attnums)
                 WITH ORDINALITY AS c (name, attnum, n)
            LEFT JOIN pg_attribute a ON a.attrelid = source.host AND a.attnum = c.attnum AND a.attnum > 0 AND NOT a.attisdropped);
COMMENT ON FUNCTION revops.account_columns(revops.account_source) IS
    'Part of attach_account(): what key, name, domain and owner are called now in a table of accounts; NULL: there is no such column any more.';

CREATE FUNCTION revops.capture_account() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    s revops.account_source;
    c text[];
    wrong text;
BEGIN
    BEGIN
        SELECT a.* INTO s FROM revops.account_source a WHERE a.source_id = TG_ARGV[0]::int;
        IF NOT FOUND OR revops.restoring() THEN
            RETURN NULL;
        END IF;
        c := revops.account_columns(s);
        IF TG_OP IN ('INSERT', 'UPDATE') THEN
            INSERT INTO revops.account AS a (workspace_id, source_id, key, name, domain, owner)
            SELECT s.workspace_id, s.source_id, r.row ->> c[1], r.row ->> c[2], r.row ->> c[3], r.row ->> c[4]
            FROM (SELECT to_jsonb(n) AS row FROM new_rows n) r
            WHERE r.row ->> c[1] IS NOT NULL
            ORDER BY r.row ->> c[1] COLLATE "C"
            ON CONFLICT (source_id, key) DO UPDATE SET (name, domain, owner, gone_at) = (excluded.name, excluded.domain, excluded.owner, NULL)
            WHERE (a.name, a.domain, a.owner) IS DISTINCT FROM (excluded.name, excluded.domain, excluded.owner) OR a.gone_at IS NOT NULL;
        END IF;
        IF TG_OP = 'TRUNCATE' THEN
            UPDATE revops.account a SET gone_at = revops.engine_now() WHERE a.source_id = s.source_id AND a.gone_at IS NULL;
        ELSIF TG_OP = 'DELETE' THEN
            UPDATE revops.account a SET gone_at = revops.engine_now()
            WHERE a.source_id = s.source_id AND a.gone_at IS NULL AND a.key IN (SELECT to_jsonb(o) ->> c[1] FROM old_rows o);
        ELSIF TG_OP = 'UPDATE' THEN
            UPDATE revops.account a SET gone_at = revops.engine_now()
            WHERE a.source_id = s.source_id AND a.gone_at IS NULL
              AND a.key IN (SELECT to_jsonb(o) ->> c[1] FROM old_rows o EXCEPT SELECT to_jsonb(n) ->> c[1] FROM new_rows n);
        END IF;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS wrong = MESSAGE_TEXT;
        INSERT INTO revops.fault (at, object, sqlstate, message, detail)
        VALUES (revops.engine_now(), 'accounts of ' || TG_RELID::regclass, SQLSTATE, wrong,
                'The accounts of this statement were not taken: refresh_accounts() takes them anew.');
    END;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.capture_account() IS
    'Statement trigger of a table of accounts: keeps revops.account in step. Argument: number of the source. Never fails the host''s statement: what goes wrong is a fault.';

CREATE FUNCTION revops.refresh_accounts(host regclass) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    s revops.account_source;
    c text[];
    n bigint;
BEGIN
    SELECT a.* INTO s FROM revops.account_source a WHERE a.host = $1;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('table %s holds no accounts', $1), DETAIL = 'It was not attached as a table of accounts.',
            HINT = 'SELECT revops.attach_account(''crm.account'', ''{"name": "company", "domain": "domain", "owner": "owner"}'');';
    END IF;
    c := revops.account_columns(s);
    EXECUTE format('WITH r AS MATERIALIZED (SELECT to_jsonb(n) AS row FROM %1$s n), taken AS (
            INSERT INTO revops.account AS a (workspace_id, source_id, key, name, domain, owner)
            SELECT $1, $2, r.row ->> $3[1], r.row ->> $3[2], r.row ->> $3[3], r.row ->> $3[4] FROM r WHERE r.row ->> $3[1] IS NOT NULL
            ORDER BY r.row ->> $3[1] COLLATE "C"
            ON CONFLICT (source_id, key) DO UPDATE SET (name, domain, owner, gone_at) = (excluded.name, excluded.domain, excluded.owner, NULL)
            WHERE (a.name, a.domain, a.owner) IS DISTINCT FROM (excluded.name, excluded.domain, excluded.owner) OR a.gone_at IS NOT NULL
            RETURNING 1), gone AS (
            UPDATE revops.account a SET gone_at = revops.engine_now()
            WHERE a.source_id = $2 AND a.gone_at IS NULL AND NOT EXISTS (SELECT FROM r WHERE r.row ->> $3[1] = a.key)
            RETURNING 1)
        SELECT (SELECT count(*) FROM taken) + (SELECT count(*) FROM gone)', s.host)
    INTO n USING s.workspace_id, s.source_id, c;
    RETURN n;
END
$$;
COMMENT ON FUNCTION revops.refresh_accounts(regclass) IS
    'Reads a table of accounts anew, as the caller, and returns how many accounts differed: after a fault, or where rows arrived without triggers. Raises RV002 for a table that was not attached by attach_account().';

CREATE FUNCTION revops.attach_account(host regclass, roles jsonb, workspace_id int DEFAULT 1, key text DEFAULT NULL) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    n int;
    wrong text;
    primary_key text[] := (SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                           WHERE i.indrelid = $1 AND i.indisprimary);
    columns text[];
BEGIN
    PERFORM revops.check_workspace(workspace_id);
    SELECT k INTO wrong FROM jsonb_object_keys(roles) k WHERE k NOT IN ('name', 'domain', 'owner') LIMIT 1;
    IF FOUND OR roles = '{}' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = CASE WHEN wrong IS NULL THEN 'a table of accounts needs a name or a domain' ELSE format('accounts have no role "%s"', wrong) END,
            DETAIL = 'Accounts have the roles name, domain and owner.', HINT = 'Map one of them to a column of the table.';
    ELSIF EXISTS (SELECT FROM revops.account_source s WHERE s.host = $1) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('table %s is attached already', $1), DETAIL = 'It is a table of accounts.', HINT = 'Call revops.detach_account() first.';
    ELSIF key IS NULL AND cardinality(primary_key) IS DISTINCT FROM 1 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('table %s has no primary key of one column', $1), DETAIL = 'Accounts are known by the value of one column.',
            HINT = 'Name a column that is unique: key => ''number''.';
    END IF;
    columns := ARRAY[coalesce(key, primary_key[1]), roles ->> 'name', roles ->> 'domain', roles ->> 'owner'];
    SELECT c INTO wrong FROM unnest(columns) c
    WHERE c IS NOT NULL AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = $1 AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('table %s has no column "%s"', $1, wrong), DETAIL = 'Roles of accounts are columns, no expressions.',
            HINT = 'Add a generated column where an expression is needed.';
    END IF;
    INSERT INTO revops.account_source (workspace_id, host, key_column, name_column, domain_column, owner_column, attnums, numbered)
    SELECT $3, $1, columns[1], columns[2], columns[3], columns[4], array_agg(coalesce(a.attnum, 0) ORDER BY c.n), $1
    FROM unnest(columns) WITH ORDINALITY AS c (name, n) LEFT JOIN pg_attribute a ON a.attrelid = $1 AND a.attname = c.name
    RETURNING source_id INTO n;
    EXECUTE format('CREATE TRIGGER revops_account_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION revops.capture_account(%s)', $1, n);
    EXECUTE format('CREATE TRIGGER revops_account_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION revops.capture_account(%s)', $1, n);
    EXECUTE format('CREATE TRIGGER revops_account_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION revops.capture_account(%s)', $1, n);
    EXECUTE format('CREATE TRIGGER revops_account_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION revops.capture_account(%s)', $1, n);
    PERFORM revops.refresh_accounts($1);
    RETURN n;
END
$$;
COMMENT ON FUNCTION revops.attach_account(regclass, jsonb, int, text) IS
    'Attaches a table of accounts: its rows are what leads are matched to (table matching switches that on), and stay so by triggers. roles maps name, domain (or web address) and owner (code of the rep) to columns; a rename is followed. The key is the column of the primary key, unless key names another that is unique. Returns the number of the source. The caller owns the table. Raises RV002 (no such workspace, role or column), RV005 (attached already, no key).';

CREATE FUNCTION revops.detach_account(host regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    doomed record;
BEGIN
    FOR doomed IN SELECT t.tgname FROM pg_trigger t
                  WHERE t.tgrelid = $1 AND t.tgfoid = 'revops.capture_account()'::regprocedure AND NOT t.tgisinternal AND t.tgparentid = 0
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', doomed.tgname, $1);
    END LOOP;
    UPDATE revops.account a SET gone_at = coalesce(a.gone_at, revops.engine_now()), source_id = NULL
    FROM revops.account_source s WHERE s.host = $1 AND a.source_id = s.source_id;
    DELETE FROM revops.account_source s WHERE s.host = $1;
END
$$;
COMMENT ON FUNCTION revops.detach_account(regclass) IS
    'Takes the triggers off a table of accounts; its accounts are gone for leads that come, and stay for what was matched to them. The caller owns the table.';

CREATE FUNCTION revops.index_accounts() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF revops.trgm_schema() IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE INDEX IF NOT EXISTS account_name_trgm ON revops.account USING gin (normal_name %I.gin_trgm_ops)', revops.trgm_schema());
    RETURN true;
END
$$;
COMMENT ON FUNCTION revops.index_accounts() IS
    'Makes the index by which accounts of similar names are found, where the extension pg_trgm is there (false: it is not). To be called once after CREATE EXTENSION pg_trgm, and after a restore: a dump of the database does not hold it.';

CREATE FUNCTION revops.explain_match(lead_id bigint)
    RETURNS TABLE (account_id bigint, account text, method text, score real, chosen boolean, note text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    of record;
    stored revops.account_match;
    wanted text;
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    SELECT l.workspace_id, p.profile || coalesce(i.personal, '{}') AS roles INTO of
    FROM revops.lead l JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
    LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id WHERE l.lead_id = $1;
    SELECT m.* INTO stored FROM revops.account_match m WHERE m.lead_id = $1;
    wanted := revops.email_domain(of.roles ->> 'email');
    RETURN QUERY
    SELECT a.account_id, a.name, coalesce(f.method, stored.method), coalesce(f.score, stored.score), a.account_id = stored.account_id,
           concat_ws('; ', CASE WHEN a.account_id = stored.account_id THEN 'matched ' || stored.at END,
                           CASE WHEN f.n IS NULL THEN 'would not match now' WHEN f.n = 1 THEN 'best match now' ELSE format('number %s now', f.n) END,
                           'owner ' || a.owner)
    FROM (SELECT f.*, row_number() OVER () AS n
          FROM revops.find_accounts(of.workspace_id, of.roles ->> 'email', of.roles ->> 'company') f) f
    FULL JOIN (SELECT stored.account_id AS id WHERE stored.lead_id IS NOT NULL) s ON s.id = f.account_id
    JOIN revops.account a ON a.account_id = coalesce(f.account_id, s.id)
    ORDER BY f.n;
    RETURN QUERY
    SELECT NULL::bigint, NULL, n.method, NULL::real, false, n.note
    FROM (VALUES ('matching', CASE WHEN NOT EXISTS (SELECT FROM revops.matching m WHERE m.workspace_id = of.workspace_id AND m.accounts) THEN 'the workspace does not match leads to accounts (table matching)' END),
                 ('domain', CASE WHEN wanted IS NULL THEN 'the lead has no e-mail address' WHEN revops.is_free_mail(wanted) THEN format('%s is free mail: it tells no company', wanted) END),
                 ('name', CASE WHEN of.roles ->> 'company' IS NULL THEN 'the lead has no company'
                               WHEN revops.trgm_schema() IS NULL THEN 'pg_trgm is not there: only equal normal names match' END)) AS n (method, note)
    WHERE n.note IS NOT NULL;
END
$$;
COMMENT ON FUNCTION revops.explain_match(bigint) IS
    'Accounts that a lead may be of, the best first, with the one that it was matched to (chosen), by what and since when; then, without an account, what kept a way of matching from being tried. Touches nothing. Raises RV002 for an unknown lead.';

-- ----- duplicates -----------------------------------------------------------------------

CREATE VIEW revops.duplicates AS
SELECT d.workspace_id, d.lead_id, l.key, d.of_lead_id, o.key AS of_key, d.found_by, d.score, d.at, l.stage, o.stage AS of_stage,
       a.rep, b.rep AS of_rep
FROM revops.lead_duplicate d
JOIN revops.lead l ON l.lead_id = d.lead_id
JOIN revops.lead o ON o.lead_id = d.of_lead_id
LEFT JOIN revops.rep a ON a.rep_id = l.rep_id
LEFT JOIN revops.rep b ON b.rep_id = o.rep_id
WHERE d.dismissed_at IS NULL AND l.gone_at IS NULL AND o.gone_at IS NULL
  AND NOT EXISTS (SELECT FROM revops.merged_lead m WHERE m.lead_id IN (d.lead_id, d.of_lead_id));
COMMENT ON VIEW revops.duplicates IS 'Leads that seem to be there twice, and that nobody has said are not: to be merged (merge_leads()) or dismissed (dismiss_duplicate()).';
COMMENT ON COLUMN revops.duplicates.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.duplicates.lead_id IS 'the lead that was written later';
COMMENT ON COLUMN revops.duplicates.key IS 'key of its row as text';
COMMENT ON COLUMN revops.duplicates.of_lead_id IS 'the lead that was there';
COMMENT ON COLUMN revops.duplicates.of_key IS 'key of its row as text';
COMMENT ON COLUMN revops.duplicates.found_by IS 'email, phone or name (a similar name in the same company)';
COMMENT ON COLUMN revops.duplicates.score IS '0 to 1, see lead_duplicate';
COMMENT ON COLUMN revops.duplicates.at IS 'engine time when it was found';
COMMENT ON COLUMN revops.duplicates.stage IS 'stage of the lead';
COMMENT ON COLUMN revops.duplicates.of_stage IS 'stage of the other';
COMMENT ON COLUMN revops.duplicates.rep IS 'rep who has the lead';
COMMENT ON COLUMN revops.duplicates.of_rep IS 'rep who has the other';

CREATE FUNCTION revops.dismiss_duplicate(lead_id bigint, of_lead_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    UPDATE revops.lead_duplicate d SET dismissed_at = revops.engine_now(), dismissed_by = session_user
    WHERE (d.lead_id, d.of_lead_id) IN (($1, $2), ($2, $1)) AND d.dismissed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('lead %s does not seem to be a duplicate of lead %s', $1, $2),
            DETAIL = 'No such pair is in revops.duplicates.', HINT = 'SELECT * FROM revops.duplicates shows the pairs.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.dismiss_duplicate(bigint, bigint) IS
    'Two leads that seem to be one are two people: the pair is not shown again. Raises RV002 where there is no such pair.';
