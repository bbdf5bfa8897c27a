-- What a lead is found by, the leads that it seems to be the same person as, and who should get it.

CREATE FUNCTION revops.take_identity(workspace_id int, lead_id bigint, email text, phone text, person_name text, company text, country text)
    RETURNS void
    LANGUAGE plpgsql
    -- plans are kept, though they are made while the tables are empty
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    AS $$
#variable_conflict use_column
DECLARE
    m revops.matching;
    n_email text;
    n_phone text;
    n_company text := revops.normal_company($6);
    n_person text := revops.normal_name($5);
    n_domain text := revops.email_domain($3);
BEGIN
    SELECT s.* INTO m FROM revops.matching s WHERE s.workspace_id = $1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF m.accounts THEN
        DELETE FROM revops.account_match a WHERE a.lead_id = $2;
        INSERT INTO revops.account_match (lead_id, workspace_id, account_id, method, score, at)
        SELECT $2, $1, f.account_id, f.method, f.score, revops.engine_now() FROM revops.find_accounts($1, $3, $6) f LIMIT 1;
    END IF;
    IF NOT m.duplicates THEN
        RETURN;
    END IF;
    n_email := revops.normal_email($3, m.plus_tags, m.gmail_dots);
    n_phone := revops.normal_phone($4, CASE WHEN $7 ~* '^[a-z]{2}$' THEN $7 ELSE m.country END);
    IF revops.is_free_mail(n_domain) THEN
        n_domain := NULL;
    END IF;
    DELETE FROM revops.lead_identifier i WHERE i.lead_id = $2;
    -- of one company the leads that came last, so that a large one costs no more
    INSERT INTO revops.lead_duplicate AS d (lead_id, of_lead_id, workspace_id, found_by, score, at)
    -- by each way the best, of equals the first that was there: the survivor
    SELECT DISTINCT ON (b.lead_id) $2, b.lead_id, $1, b.found_by, b.score, revops.engine_now()
    FROM (SELECT DISTINCT ON (c.found_by) c.*
    FROM ((SELECT i.lead_id, 'email' AS found_by, 1::real AS score
           FROM revops.lead_identifier i
           WHERE i.workspace_id = $1 AND i.kind = 'email' AND i.value = n_email AND i.lead_id <> $2
             AND NOT EXISTS (SELECT FROM revops.lead g WHERE g.lead_id = i.lead_id AND g.gone_at IS NOT NULL)
           ORDER BY i.lead_id LIMIT 1)
          UNION ALL
          SELECT p.lead_id, 'phone', CASE WHEN revops.name_similarity(p.person_name, n_person) < m.duplicate_similarity THEN 0.4 ELSE 0.9 END
          FROM (SELECT i.* FROM revops.lead_identifier i WHERE i.workspace_id = $1 AND i.kind = 'phone' AND i.value = n_phone
                ORDER BY i.lead_id DESC LIMIT 100) p
          UNION ALL
          SELECT o.lead_id, 'name', 0.8 * o.alike
          FROM (SELECT l.lead_id, revops.name_similarity(l.person_name, n_person) AS alike
                FROM ((SELECT i.* FROM revops.lead_identifier i WHERE i.workspace_id = $1 AND i.kind = 'company' AND i.value = n_company
                       ORDER BY i.lead_id DESC LIMIT 100)
                      UNION ALL
                      (SELECT i.* FROM revops.lead_identifier i WHERE i.workspace_id = $1 AND i.kind = 'domain' AND i.value = n_domain
                       ORDER BY i.lead_id DESC LIMIT 100)) l
                WHERE n_person IS NOT NULL AND l.person_name IS NOT NULL) o
          WHERE o.alike >= m.duplicate_similarity) c
    WHERE c.lead_id <> $2 AND NOT EXISTS (SELECT FROM revops.lead g WHERE g.lead_id = c.lead_id AND g.gone_at IS NOT NULL)
    ORDER BY c.found_by, c.score DESC, c.lead_id) b
    -- each pair once, whichever of the two was written last
    WHERE NOT EXISTS (SELECT FROM revops.lead_duplicate e
                      WHERE e.lead_id = b.lead_id AND e.of_lead_id = $2)
      AND NOT EXISTS (SELECT FROM revops.lead_duplicate e WHERE e.lead_id = $2 AND e.of_lead_id = b.lead_id)
    ORDER BY b.lead_id, b.score DESC;
    INSERT INTO revops.lead_identifier (workspace_id, kind, value, lead_id, person_name)
    SELECT $1, v.kind, v.value, $2, n_person
    FROM (VALUES ('email', n_email), ('phone', n_phone), ('company', n_company), ('domain', n_domain)) AS v (kind, value)
    WHERE v.value IS NOT NULL;
END
$$;
COMMENT ON FUNCTION revops.take_identity(int, bigint, text, text, text, text, text) IS
    'Part of every settle that brings a lead or changes its e-mail, phone, name, company or country, where the workspace matches: writes the account (account_match), what the lead is found by (lead_identifier) and the leads that it may be a duplicate of (lead_duplicate; by e-mail, by phone and by name the best one, of equals the one that was there first; of one phone number, company or domain among the 100 that came last).';

CREATE FUNCTION revops.known_owners(lead_id bigint)
    RETURNS TABLE (cause text, team_id int, rep_id int)
    LANGUAGE plpgsql STABLE ROWS 3
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
-- one table at a time: a join that was planned while tables were empty would stay as it is
DECLARE
    m revops.matching;
    d revops.lead_duplicate;
    o record;
    of_account bigint;
    ws int;
    owner_there text;
    latest bigint[];
BEGIN
    FOR d IN SELECT c.* FROM revops.lead_duplicate c WHERE c.lead_id = $1 ORDER BY c.score DESC, c.of_lead_id
    LOOP
        SELECT s.* INTO m FROM revops.matching s WHERE s.workspace_id = d.workspace_id;
        EXIT WHEN NOT FOUND OR NOT m.duplicates OR m.duplicate_policy = 'link' OR d.score < m.duplicate_score;
        CONTINUE WHEN d.dismissed_at IS NOT NULL;
        SELECT l.team_id, l.rep_id INTO o FROM revops.lead l WHERE l.lead_id = d.of_lead_id AND l.gone_at IS NULL;
        IF FOUND AND m.duplicate_policy = 'hold' THEN
            RETURN QUERY SELECT 'duplicate'::text, NULL::int, NULL::int;
            EXIT;
        ELSIF FOUND AND o.rep_id IS NOT NULL THEN
            RETURN QUERY SELECT 'survivor'::text, o.team_id, o.rep_id;
            EXIT;
        END IF;
    END LOOP;
    SELECT x.account_id, x.workspace_id INTO of_account, ws FROM revops.account_match x WHERE x.lead_id = $1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT s.* INTO m FROM revops.matching s WHERE s.workspace_id = ws;
    IF NOT FOUND OR NOT m.accounts THEN
        RETURN;
    END IF;
    IF m.owner_first THEN
        SELECT a.workspace_id, a.owner INTO ws, owner_there FROM revops.account a WHERE a.account_id = of_account AND a.gone_at IS NULL;
        SELECT r.rep_id INTO o FROM revops.rep r WHERE r.workspace_id = ws AND r.rep = owner_there;
        IF FOUND THEN
            RETURN QUERY SELECT 'account'::text, (SELECT min(t.team_id) FROM revops.team_member t WHERE t.rep_id = o.rep_id), o.rep_id;
        END IF;
    END IF;
    IF NOT m.together THEN
        RETURN;
    END IF;
    -- those that came last, so that a large account costs no more
    latest := ARRAY(SELECT y.lead_id FROM revops.account_match y WHERE y.account_id = of_account ORDER BY -y.lead_id LIMIT 101);
    FOR o IN SELECT l.team_id, l.rep_id, l.agreement_id, l.stage FROM revops.lead l
             WHERE l.lead_id = ANY (latest) AND l.lead_id <> $1 AND l.gone_at IS NULL AND l.rep_id IS NOT NULL
             ORDER BY l.assigned_at DESC, l.lead_id
    LOOP
        IF EXISTS (SELECT FROM revops.stage g WHERE g.agreement_id = o.agreement_id AND g.stage = o.stage
                     AND coalesce(g.purpose, '') NOT IN ('won', 'disqualified', 'nurture')) THEN
            RETURN QUERY SELECT 'account'::text, o.team_id, o.rep_id;
            EXIT;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION revops.known_owners(bigint) IS
    'Who should get a lead before routes are tried, the first who is there: of its survivor (cause survivor; duplicate without a rep: nobody, where the policy is hold), of its account, of the open leads of that account (the 100 that came last).';

CREATE FUNCTION revops.match_leads(workspace_id int DEFAULT 1, after bigint DEFAULT 0, batch int DEFAULT 10000, OUT matched bigint, OUT last bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM revops.check_workspace(workspace_id);
    SELECT count(*), max(l.lead_id) INTO matched, last
    FROM (SELECT l.lead_id, l.workspace_id, l.profile_id FROM revops.lead l
          WHERE l.workspace_id = $1 AND l.lead_id > $2 AND l.gone_at IS NULL ORDER BY l.lead_id LIMIT $3) l
    JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
    LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id
    CROSS JOIN LATERAL (SELECT p.profile || coalesce(i.personal, '{}') AS roles) r
    CROSS JOIN LATERAL (SELECT revops.take_identity(l.workspace_id, l.lead_id, r.roles ->> 'email', r.roles ->> 'phone',
                                                    r.roles ->> 'person_name', r.roles ->> 'company', r.roles ->> 'country')) t;
END
$$;
COMMENT ON FUNCTION revops.match_leads(int, bigint, int) IS
    'Matches the leads that are there, in order of number, from after "after" on, at most batch: for a workspace that has just been given a row in matching, or whose accounts or settings have changed. Returns how many, and the last one, to go on after (NULL: none are left). Nobody is routed anew. Raises RV002 for an unknown workspace.';
