-- Is the lifecycle sound?  A model check of stages and the ways between them.

CREATE FUNCTION revops.lifecycle_ways(agreement_id int)
    RETURNS TABLE (from_stage text, to_stage text, way text, needs_reason boolean, reasons text[])
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT t.from_stage, t.to_stage, 'transition', t.needs_reason, t.reasons
    FROM revops.transition t WHERE t.agreement_id = $1
    UNION ALL
    -- a deal carries its lead forward, and back in from a side stage
    SELECT f.stage, d.stage, 'deal', false, NULL
    FROM revops.stage f JOIN revops.stage d USING (agreement_id)
    WHERE f.agreement_id = $1 AND d.purpose IN ('opportunity', 'won') AND f.stage <> d.stage
      AND (f.position < d.position OR f.purpose IN ('nurture', 'disqualified'))
    UNION ALL
    SELECT n.stage, e.stage, 'date', false, NULL
    FROM revops.stage n JOIN revops.stage e USING (agreement_id)
    WHERE n.agreement_id = $1 AND n.purpose = 'nurture' AND e.purpose = 'entry'
    $$;
COMMENT ON FUNCTION revops.lifecycle_ways(int) IS
    'The ways by which a lead may come from one stage to another in a version of the agreement: transition (people, the host, the score), deal (opened or won), date (of a recycled lead).';

CREATE FUNCTION revops.check_lifecycle(agreement_id int DEFAULT NULL)
    RETURNS TABLE (problem text, stage text, detail text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH RECURSIVE checked AS (
        SELECT a.agreement_id, a.workspace_id, a.status FROM revops.agreement a
        WHERE CASE WHEN $1 IS NULL THEN a.status = 'active' ELSE a.agreement_id = $1 END
    ), g AS (
        SELECT s.*, c.workspace_id, c.status,
               -- where a lead's way may end
               coalesce(s.purpose IN ('won', 'disqualified'), false)
               OR s.purpose IS NULL AND s.position > max(s.position) FILTER (WHERE s.purpose = 'won')
                                                      OVER (PARTITION BY s.agreement_id) AS is_end,
               -- the host's new rows may name a stage before the one in which leads enter
               coalesce(s.purpose = 'entry', false)
               OR s.purpose IS NULL AND s.position < max(s.position) FILTER (WHERE s.purpose = 'entry')
                                                      OVER (PARTITION BY s.agreement_id) AS is_start
        FROM revops.stage s JOIN checked c USING (agreement_id)
    ), w AS (
        SELECT c.agreement_id, y.* FROM checked c CROSS JOIN LATERAL revops.lifecycle_ways(c.agreement_id) y
    ), reached AS (
        SELECT g.agreement_id, g.stage FROM g WHERE g.is_start
        UNION
        SELECT w.agreement_id, w.to_stage FROM reached r JOIN w ON w.agreement_id = r.agreement_id AND w.from_stage = r.stage
    ), ending AS (
        -- stages from which people can bring a lead to an end, or aside
        SELECT g.agreement_id, g.stage FROM g WHERE g.is_end OR g.purpose = 'nurture'
        UNION
        SELECT w.agreement_id, w.from_stage FROM ending e JOIN w ON w.agreement_id = e.agreement_id AND w.to_stage = e.stage
        WHERE w.way <> 'deal'
    ), back AS (
        SELECT w.*, f.workspace_id, t.purpose AS to_purpose, f.position AS from_position,
               coalesce(t.purpose IN ('nurture', 'disqualified'), false)
               OR coalesce(f.purpose, '') NOT IN ('nurture', 'disqualified') AND t.position < f.position AS goes_back
        FROM w
        JOIN g f ON f.agreement_id = w.agreement_id AND f.stage = w.from_stage
        JOIN g t ON t.agreement_id = w.agreement_id AND t.stage = w.to_stage
        WHERE w.way = 'transition'
    ), found AS (
        SELECT 'no entry stage' AS problem, NULL::text AS stage, 0 AS pos,
               'no stage has the purpose entry: new leads would have nowhere to go' AS detail
        FROM checked c WHERE NOT EXISTS (SELECT FROM g WHERE g.agreement_id = c.agreement_id AND g.purpose = 'entry')
        UNION ALL
        SELECT 'no owner', g.stage, g.position, 'no team owns the leads in it: set stage.owner_team'
        FROM g WHERE g.owner_team IS NULL
        UNION ALL
        SELECT 'unreachable', g.stage, g.position, 'no way leads there from where leads enter'
        FROM g WHERE (g.agreement_id, g.stage) NOT IN (SELECT r.agreement_id, r.stage FROM reached r)
        UNION ALL
        SELECT 'dead end', g.stage, g.position, 'nobody can move a lead out of it, and it is no end: won, disqualified, or after won'
        FROM g WHERE NOT g.is_end
          AND NOT EXISTS (SELECT FROM w WHERE w.agreement_id = g.agreement_id AND w.from_stage = g.stage AND w.way <> 'deal')
        UNION ALL
        SELECT 'trap', g.stage, g.position, 'people can bring a lead from there to no end, and not aside'
        FROM g WHERE (g.agreement_id, g.stage) NOT IN (SELECT e.agreement_id, e.stage FROM ending e)
          AND EXISTS (SELECT FROM w WHERE w.agreement_id = g.agreement_id AND w.from_stage = g.stage AND w.way <> 'deal')
        UNION ALL
        SELECT 'no reason asked', b.from_stage, b.from_position,
               format('a move to "%s" goes back or out, and needs no reason', b.to_stage)
        FROM back b WHERE b.goes_back AND NOT b.needs_reason
        UNION ALL
        SELECT 'no reason there', b.from_stage, b.from_position,
               format('a move to "%s" needs a reason, and revops.reason has none that it takes', b.to_stage)
        FROM back b
        WHERE b.needs_reason
          AND NOT EXISTS (SELECT FROM revops.reason r
                          WHERE r.workspace_id = b.workspace_id AND (b.reasons IS NULL OR r.reason = ANY (b.reasons))
                            AND r.applies_to && CASE b.to_purpose WHEN 'disqualified' THEN '{reject,advance}'
                                                                  WHEN 'nurture' THEN '{recycle,advance}'
                                                                  ELSE '{advance}' END::text[])
        UNION ALL
        SELECT 'role not mapped', g.stage, g.position,
               format('it needs role "%s", which no attached table has: only enrich() fills it', n.role)
        FROM g CROSS JOIN unnest(g.needs) AS n (role)
        WHERE EXISTS (SELECT FROM revops.binding b
                      WHERE b.workspace_id = g.workspace_id AND b.kind = 'lead' AND b.detached_at IS NULL)
          AND NOT EXISTS (SELECT FROM revops.binding b JOIN revops.binding_role r USING (binding_id)
                          WHERE b.workspace_id = g.workspace_id AND b.kind = 'lead' AND b.detached_at IS NULL
                            AND r.role = n.role)
        UNION ALL
        SELECT 'leads outside', l.stage, 10000, format('%s leads are in it, and the version in force has no such stage', count(*))
        FROM checked c JOIN revops.lead l ON l.workspace_id = c.workspace_id AND l.gone_at IS NULL
        WHERE c.status = 'active'
          AND NOT EXISTS (SELECT FROM g WHERE g.agreement_id = c.agreement_id AND g.stage = l.stage)
        GROUP BY l.stage
    )
    SELECT f.problem, f.stage, f.detail FROM found f ORDER BY f.pos, f.stage, f.problem, f.detail
    $$;
COMMENT ON FUNCTION revops.check_lifecycle(int) IS
    'What is wrong with the lifecycle of a version of the agreement (NULL: those in force): no entry stage, no owner, unreachable, dead end, trap (from there people can bring a lead to no end, nor aside), no reason asked (of a move back or out), no reason there (that such a move takes), role not mapped (that a stage needs), leads outside (every lead of the version in force has one owner team: that of its stage). A stage without purpose that stands before the entry stage counts as reachable: the host''s new rows may name it. No row: it is sound.';
