-- Places follow caps: see 29_capacity.sql.

CREATE FUNCTION revops.open_leads_of(rep_id int) RETURNS SETOF bigint
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT l.lead_id FROM revops.lead l
    LEFT JOIN revops.stage g ON g.agreement_id = l.agreement_id AND g.stage = l.stage
    WHERE l.rep_id = $1 AND l.gone_at IS NULL AND (l.handed_over OR g.routes)
      AND coalesce(g.purpose, '') NOT IN ('won', 'nurture', 'disqualified')
    $$;
COMMENT ON FUNCTION revops.open_leads_of(int) IS 'The leads that a rep has open: handed over, and not won, recycled, rejected or gone since.';

-- Leads that reps who are counted have open, and no place for: beyond the cap.
CREATE FUNCTION revops.place_open_leads(rep_id int) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$
    DELETE FROM revops.place p WHERE p.rep_id = $1 AND p.period = 'open' AND p.extra
      AND NOT EXISTS (SELECT FROM revops.open_leads_of($1) AS o (lead_id) WHERE o.lead_id = p.lead_id);
    UPDATE revops.place p SET period_no = -2147483648, lead_id = NULL
    WHERE p.rep_id = $1 AND p.period = 'open' AND NOT p.extra AND p.lead_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM revops.open_leads_of($1) AS o (lead_id) WHERE o.lead_id = p.lead_id);
    INSERT INTO revops.place (place_id, rep_id, period_no, extra, period, lead_id)
    SELECT nextval('revops.place_id'), $1, 0, true, 'open', o.lead_id FROM revops.open_leads_of($1) AS o (lead_id)
    WHERE NOT EXISTS (SELECT FROM revops.place p WHERE p.rep_id = $1 AND p.period = 'open' AND p.lead_id = o.lead_id)
    $$;
COMMENT ON FUNCTION revops.place_open_leads(int) IS 'Part of set_places() and recount_places(): each open lead of a rep has a place, and no other lead has.';

CREATE FUNCTION revops.set_places(rep_id int, period text, leads int) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    there int;
BEGIN
    PERFORM FROM revops.place p WHERE p.rep_id = $1 AND p.period = $2 FOR UPDATE;
    SELECT count(*) INTO there FROM revops.place p WHERE p.rep_id = $1 AND p.period = $2 AND NOT p.extra;
    -- those that leads have already taken come first
    UPDATE revops.place p SET extra = false
    WHERE p.place_id IN (SELECT e.place_id FROM revops.place e WHERE e.rep_id = $1 AND e.period = $2 AND e.extra
                         ORDER BY e.place_id LIMIT greatest($3 - there, 0));
    SELECT count(*) INTO there FROM revops.place p WHERE p.rep_id = $1 AND p.period = $2 AND NOT p.extra;
    INSERT INTO revops.place (place_id, rep_id, period_no, extra, period)
    SELECT nextval('revops.place_id'), $1, -2147483648, false, $2 FROM generate_series(there + 1, $3);
    -- fewer: free ones go, and open leads that are left have theirs until they end
    DELETE FROM revops.place p
    WHERE p.place_id IN (SELECT e.place_id FROM revops.place e WHERE e.rep_id = $1 AND e.period = $2 AND NOT e.extra
                           AND (e.period <> 'open' OR e.lead_id IS NULL)
                         ORDER BY e.period_no, e.place_id DESC LIMIT greatest(there - $3, 0));
    SELECT count(*) INTO there FROM revops.place p WHERE p.rep_id = $1 AND p.period = $2 AND NOT p.extra;
    UPDATE revops.place p SET extra = true
    WHERE p.place_id IN (SELECT e.place_id FROM revops.place e WHERE e.rep_id = $1 AND e.period = $2 AND NOT e.extra
                         ORDER BY e.place_id DESC LIMIT greatest(there - $3, 0));
END
$$;
COMMENT ON FUNCTION revops.set_places(int, text, int) IS 'Part of the trigger of rep_cap: as many places as the cap says, for a rep and a period. Waits for leads that take one.';

CREATE FUNCTION revops.recount_places(workspace_id int DEFAULT 1) RETURNS bigint
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT revops.place_open_leads(r.rep_id) FROM revops.rep r
    WHERE r.workspace_id = $1 AND (EXISTS (SELECT FROM revops.rep_cap c WHERE c.rep_id = r.rep_id AND c.period = 'open')
        OR EXISTS (SELECT FROM revops.team_member m JOIN revops.team t USING (team_id) WHERE m.rep_id = r.rep_id AND t.mode = 'least_loaded'));
    SELECT revops.set_places(c.rep_id, c.period, c.leads) FROM revops.rep_cap c JOIN revops.rep r USING (rep_id)
    WHERE r.workspace_id = $1 ORDER BY c.rep_id, c.period;
    SELECT count(*) FROM revops.place p JOIN revops.rep r USING (rep_id) WHERE r.workspace_id = $1 AND p.lead_id IS NOT NULL
    $$;
COMMENT ON FUNCTION revops.recount_places(int) IS
    'Counts the open leads of reps with a cap, and of members of least loaded teams, anew, and gives each a place; returns how many places leads have. To be called after leads were attached or changed while a cap was being set; waits for leads that take one.';

CREATE FUNCTION revops.follow_cap() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF revops.restoring() THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR OLD.rep_id <> NEW.rep_id OR OLD.period <> NEW.period) THEN
        DELETE FROM revops.place p WHERE p.rep_id = OLD.rep_id AND p.period = OLD.period;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        IF NEW.period = 'open' THEN
            PERFORM revops.place_open_leads(NEW.rep_id);
        END IF;
        PERFORM revops.set_places(NEW.rep_id, NEW.period, NEW.leads);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.follow_cap() IS 'Trigger of rep_cap: makes and deletes places, as many as the cap says.';
CREATE TRIGGER follow_cap AFTER INSERT OR UPDATE OR DELETE ON revops.rep_cap
    FOR EACH ROW EXECUTE FUNCTION revops.follow_cap();
COMMENT ON TRIGGER follow_cap ON revops.rep_cap IS 'as many places as the cap says';

CREATE FUNCTION revops.follow_mode() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NOT revops.restoring() AND NEW.mode = 'least_loaded' THEN
        PERFORM revops.place_open_leads(m.rep_id) FROM revops.team_member m WHERE m.team_id = NEW.team_id;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.follow_mode() IS 'Trigger of team: counts the open leads of the members of a least loaded team.';
CREATE TRIGGER follow_mode AFTER UPDATE OF mode ON revops.team
    FOR EACH ROW WHEN (OLD.mode <> NEW.mode) EXECUTE FUNCTION revops.follow_mode();
COMMENT ON TRIGGER follow_mode ON revops.team IS 'counts open leads where it is the least loaded who gets one';

CREATE FUNCTION revops.follow_member() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NOT revops.restoring() AND EXISTS (SELECT FROM revops.team t WHERE t.team_id = NEW.team_id AND t.mode = 'least_loaded') THEN
        PERFORM revops.place_open_leads(NEW.rep_id);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.follow_member() IS 'Trigger of team_member: counts the open leads of who joins a least loaded team.';
CREATE TRIGGER follow_member AFTER INSERT OR UPDATE ON revops.team_member
    FOR EACH ROW EXECUTE FUNCTION revops.follow_member();
COMMENT ON TRIGGER follow_member ON revops.team_member IS 'counts the open leads of who joins a least loaded team';
