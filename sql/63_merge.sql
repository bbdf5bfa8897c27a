-- Leads that are one person: merge_leads(), unmerge_leads().

CREATE FUNCTION revops.recount_lead(lead_id bigint) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_recount_lead';
COMMENT ON FUNCTION revops.recount_lead(bigint) IS
    'Part of merge_leads(): sums the touches of a lead anew, under their caps, scores it, and does what is due. Waits for the lead. Raises RV002 (no such lead).';

-- The leads of a merge, locked in order of their numbers, so that no two merges wait for each other in a circle.
CREATE FUNCTION revops.lock_leads(lead_ids bigint[]) RETURNS SETOF revops.lead
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    missing bigint;
BEGIN
    RETURN QUERY SELECT l.* FROM revops.lead l WHERE l.lead_id = ANY ($1) ORDER BY l.lead_id FOR UPDATE;
    SELECT i INTO missing FROM unnest($1) i WHERE NOT EXISTS (SELECT FROM revops.lead l WHERE l.lead_id = i) LIMIT 1;
    IF FOUND THEN
        PERFORM revops.refuse_unknown_lead(missing);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.lock_leads(bigint[]) IS 'Part of merge_leads(): these leads, locked in order of their numbers; waits for them. Raises RV002 where there is no such lead.';

CREATE FUNCTION revops.move_touches(merge_id bigint, workspace_id int, from_lead bigint, to_lead bigint, moved_before boolean) RETURNS bigint
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- what is left of the touches once each taking back has cancelled one; not those that this merge has brought here.
    -- Rows of a merge have no binding and key: what the host says of its row is compared with what it said before.
    WITH net AS (
        SELECT t.occurred_at, t.signal_id, t.source, t.campaign, t.content, sum(t.sign) AS n
        FROM revops.touch t
        WHERE t.lead_id = from_lead
          AND (NOT moved_before OR EXISTS (SELECT FROM revops.merged_touch x WHERE x.touch_id = t.touch_id AND x.merge_id = move_touches.merge_id))
        GROUP BY t.occurred_at, t.signal_id, t.source, t.campaign, t.content
        HAVING sum(t.sign) <> 0
    ), written AS (
        INSERT INTO revops.touch (lead_id, occurred_at, touch_id, recorded_at, workspace_id, signal_id, sign, source, campaign, content)
        SELECT s.lead_id, n.occurred_at, nextval('revops.touch_id'), revops.engine_now(), move_touches.workspace_id, n.signal_id,
               s.sign * sign(n.n), n.source, n.campaign, n.content
        FROM net n
        CROSS JOIN LATERAL generate_series(1, abs(n.n)) g
        CROSS JOIN (VALUES (from_lead, -1), (to_lead, 1)) AS s (lead_id, sign)
        RETURNING touch_id, lead_id
    ), noted AS (
        INSERT INTO revops.merged_touch (touch_id, merge_id, workspace_id, lead_id)
        SELECT w.touch_id, move_touches.merge_id, move_touches.workspace_id, w.lead_id FROM written w
        RETURNING lead_id
    )
    SELECT count(*) FROM noted WHERE noted.lead_id = to_lead;
END;
COMMENT ON FUNCTION revops.move_touches(bigint, int, bigint, bigint, boolean) IS
    'Part of merge_leads(): takes back the touches of one lead and tells them of another, as rows of no binding; moved_before: only what this merge has brought. Returns how many.';

CREATE FUNCTION revops.merge_facts(survivor_id bigint, duplicate_id bigint, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    survivor revops.lead;
    doomed revops.lead;
    into_lead bigint;
    n bigint;
BEGIN
    IF survivor_id IS NULL OR duplicate_id IS NULL OR survivor_id = duplicate_id THEN
        RAISE EXCEPTION invalid_parameter_value USING
            MESSAGE = 'merge_leads() needs two leads', DETAIL = format('They were given as %s and %s.', coalesce(survivor_id::text, 'NULL'), coalesce(duplicate_id::text, 'NULL')),
            HINT = 'The first is the lead that survives, the second is merged into it.';
    END IF;
    PERFORM revops.lock_leads(ARRAY[survivor_id, duplicate_id]);
    SELECT l.* INTO survivor FROM revops.lead l WHERE l.lead_id = survivor_id;
    SELECT l.* INTO doomed FROM revops.lead l WHERE l.lead_id = duplicate_id;
    IF survivor.workspace_id <> doomed.workspace_id OR survivor.gone_at IS NOT NULL THEN
        RAISE EXCEPTION invalid_parameter_value USING
            MESSAGE = format('lead %s cannot be merged into lead %s', duplicate_id, survivor_id),
            DETAIL = CASE WHEN survivor.gone_at IS NULL THEN 'They belong to two workspaces.' ELSE 'The row of the lead that is to survive was deleted.' END,
            HINT = 'A lead survives that is there, in the workspace of both.';
    ELSIF NOT EXISTS (SELECT FROM revops.reason r WHERE r.workspace_id = survivor.workspace_id AND r.reason = merge_facts.reason) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('reason "%s" does not exist', coalesce(left(reason, 200), 'NULL')), DETAIL = 'A merge needs a coded reason.',
            HINT = 'Reasons are rows of revops.reason.';
    END IF;
    SELECT m.survivor_id INTO into_lead FROM revops.merged_lead m WHERE m.lead_id = duplicate_id;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV003',
            MESSAGE = format('lead %s is merged already', duplicate_id), DETAIL = format('It is merged into lead %s.', into_lead),
            HINT = format('SELECT revops.unmerge_leads(%s, ''reason'') takes that back.', duplicate_id);
    END IF;
    SELECT m.survivor_id INTO into_lead FROM revops.merged_lead m WHERE m.lead_id = merge_facts.survivor_id;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV003',
            MESSAGE = format('lead %s does not survive', survivor_id), DETAIL = format('It is merged into lead %s.', into_lead),
            HINT = CASE WHEN revops.merged_into(survivor_id) = duplicate_id THEN 'They are merged already, the other way round: revops.unmerge_leads() takes that back.'
                        ELSE format('Merge into lead %s.', revops.merged_into(survivor_id)) END;
    END IF;
    INSERT INTO revops.lead_merge (survivor_id, duplicate_id, workspace_id, at, reason, actor)
    VALUES (merge_facts.survivor_id, merge_facts.duplicate_id, survivor.workspace_id, revops.engine_now(), merge_facts.reason, session_user)
    RETURNING merge_id INTO n;
    PERFORM revops.move_touches(n, survivor.workspace_id, duplicate_id, survivor_id, false);
    PERFORM revops.recount_lead(least(survivor_id, duplicate_id));
    PERFORM revops.recount_lead(greatest(survivor_id, duplicate_id));
    RETURN n;
END
$$;
COMMENT ON FUNCTION revops.merge_facts(bigint, bigint, text) IS 'Part of merge_leads(): all of it but the move of the duplicate. Raises what that raises.';

CREATE FUNCTION revops.merge_leads(survivor_id bigint, duplicate_id bigint, reason text, take_out boolean DEFAULT false) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    n bigint := revops.merge_facts(survivor_id, duplicate_id, reason);
BEGIN
    IF take_out THEN
        PERFORM revops.duplicate(duplicate_id, survivor_id);
    END IF;
    RETURN n;
END
$$;
COMMENT ON FUNCTION revops.merge_leads(bigint, bigint, text, boolean) IS
    'Merges a lead into another one that is the same person, and returns the number of the merge. The duplicate''s touches count for the survivor from now on, under its caps, dated as they were: both are scored anew, and the survivor may move by that. Facts are not rewritten, so scores of moments before stay what they were, and timeline() reads both histories. Stage, owner and clocks of the duplicate stay, unless take_out: then duplicate() follows. Touches that it gets later are moved by follow_merges(), which run_due() and the worker call. Waits for both leads, in order of their numbers. Raises RV002 (no such lead or reason), RV003 (the duplicate is merged already, the survivor is merged itself; with take_out, as duplicate()), 22023 (one lead, two workspaces, the survivor is gone).';

CREATE FUNCTION revops.unmerge_leads(duplicate_id bigint, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    m revops.merged_lead;
    above revops.merged_lead;
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    SELECT x.* INTO m FROM revops.merged_lead x WHERE x.lead_id = $1;
    PERFORM revops.lock_leads(ARRAY[coalesce(m.survivor_id, $1), $1]);
    -- somebody else may have been quicker
    SELECT x.* INTO m FROM revops.merged_lead x WHERE x.lead_id = $1 AND x.merge_id = m.merge_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV003',
            MESSAGE = format('lead %s is not merged', $1), DETAIL = 'There is no merge to take back.',
            HINT = 'SELECT * FROM revops.merged_lead shows leads that are merged.';
    END IF;
    SELECT x.* INTO above FROM revops.merged_lead x WHERE x.lead_id = m.survivor_id;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV003',
            MESSAGE = format('lead %s, which has the touches of lead %s, is merged itself', m.survivor_id, $1),
            DETAIL = format('It is merged into lead %s.', above.survivor_id),
            HINT = format('Take that back first: SELECT revops.unmerge_leads(%s, ''reason'').', m.survivor_id);
    ELSIF NOT EXISTS (SELECT FROM revops.reason r WHERE r.workspace_id = m.workspace_id AND r.reason = $2) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('reason "%s" does not exist', coalesce(left($2, 200), 'NULL')), DETAIL = 'Taking a merge back needs a coded reason.',
            HINT = 'Reasons are rows of revops.reason.';
    END IF;
    INSERT INTO revops.lead_unmerge (merge_id, workspace_id, at, reason, actor) VALUES (m.merge_id, m.workspace_id, revops.engine_now(), $2, session_user);
    PERFORM revops.move_touches(m.merge_id, m.workspace_id, m.survivor_id, $1, true);
    PERFORM revops.recount_lead(least(m.survivor_id, $1));
    PERFORM revops.recount_lead(greatest(m.survivor_id, $1));
    RETURN m.survivor_id;
END
$$;
COMMENT ON FUNCTION revops.unmerge_leads(bigint, text) IS
    'Takes the merge of a lead back and returns the lead that it was merged into: exactly the touches that came from it are its own again, and both are scored anew. What has moved since stays where it is. Waits for both leads. Raises RV002 (no such lead or reason), RV003 (it is not merged; its survivor is merged itself).';

CREATE FUNCTION revops.follow_merges(workspace_id int DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    m record;
    n bigint;
    moved bigint := 0;
BEGIN
    -- a chain of merges from its far end on
    FOR m IN SELECT x.merge_id, x.workspace_id, x.lead_id, x.survivor_id FROM revops.merged_lead x
             WHERE ($1 IS NULL OR x.workspace_id = $1)
               AND EXISTS (SELECT FROM revops.touch t WHERE t.lead_id = x.lead_id
                           GROUP BY t.occurred_at, t.signal_id, t.source, t.campaign, t.content HAVING sum(t.sign) <> 0)
             ORDER BY x.merge_id
    LOOP
        -- who is busy is followed the next time
        CONTINUE WHEN (SELECT count(*) FROM (SELECT FROM revops.lead l WHERE l.lead_id IN (m.lead_id, m.survivor_id)
                                             ORDER BY l.lead_id FOR UPDATE SKIP LOCKED) f) < 2
                   OR NOT EXISTS (SELECT FROM revops.merged_lead x WHERE x.merge_id = m.merge_id);
        n := revops.move_touches(m.merge_id, m.workspace_id, m.lead_id, m.survivor_id, false);
        PERFORM revops.recount_lead(least(m.lead_id, m.survivor_id));
        PERFORM revops.recount_lead(greatest(m.lead_id, m.survivor_id));
        moved := moved + n;
    END LOOP;
    RETURN moved;
END
$$;
COMMENT ON FUNCTION revops.follow_merges(int) IS
    'Moves touches that merged leads were told of since they were merged (or that the host has taken back) to their survivors, and returns how many. run_due() calls it each time, the worker when it has looked after what is due, at most once a minute; leads that are busy are left for the next time. Workspace NULL: all.';
