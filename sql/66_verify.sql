-- Self-check: state recomputed from facts.

CREATE FUNCTION revops.verify(workspace_id int DEFAULT NULL)
    RETURNS TABLE (lead_id bigint, field text, stored text, recomputed text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SECURITY DEFINER
BEGIN ATOMIC
    WITH l AS MATERIALIZED (
        SELECT l.*, m.half_life, m.grade_intent, m.mql_intent, m.fit_base, m.zone, a.status = 'active' AND l.binding_id IS DISTINCT FROM u.binding_id AS current,
               greatest(l.last_touch_at, l.settled_at) AS at
          FROM revops.lead l
          JOIN revops.agreement a USING (agreement_id)
          JOIN revops.score_model m USING (agreement_id)
          -- what a rule that can't be asked would say is not known: see rule_status
          LEFT JOIN (SELECT b.binding_id FROM revops.binding b CROSS JOIN LATERAL revops.rule_meanings(b.binding_id) n
                     WHERE b.kind = 'lead' AND n.problem IS NOT NULL GROUP BY 1) u ON u.binding_id = l.binding_id
         WHERE verify.workspace_id IS NULL OR l.workspace_id = verify.workspace_id
    ), move AS (
        SELECT DISTINCT ON (s.lead_id) s.lead_id, s.workspace_id, s.agreement_id, s.seq, s.to_stage, s.at
          FROM revops.stage_change s ORDER BY s.lead_id, s.seq DESC
    ), given AS (
        SELECT DISTINCT ON (s.lead_id) s.lead_id, s.seq, s.team_id, s.rep_id, s.at
          FROM revops.assignment s ORDER BY s.lead_id, s.seq DESC
    ), clock AS (
        SELECT c.lead_id, max(c.seq) AS clocks, coalesce(bit_or(CASE c.promise WHEN 'first_response' THEN 1 WHEN 'acceptance' THEN 2 WHEN 'attempts' THEN 4
                                                                 WHEN 'next_touch' THEN 8 WHEN 'stage_time' THEN 16 WHEN 'criteria' THEN 32 END)
                                       FILTER (WHERE c.stopped_at IS NULL), 0) AS running
          FROM revops.sla_clock c GROUP BY c.lead_id
    ), waiting AS (
        SELECT d.lead_id, sum(d.touches) AS touches, max(d.last_touch_at) AS last_touch_at, bool_or(d.recount) AS recount,
               bool_or(d.profile_id IS NOT NULL) AS profile
          FROM revops.lead_waiting d GROUP BY d.lead_id
    ), counting AS (
        -- a touch and its taking back cancel out
        SELECT l.lead_id, l.zone, t.occurred_at, t.sign AS n, revops.decay_factor(t.occurred_at, l.half_life, l.at) AS factor,
               r.rule_id, r.points, abs(r.points) * greatest(t.sign, 0) AS amount, r.cap, r.cap_period,
               r.score_group, g.cap AS group_cap, g.cap_period AS group_period
          FROM l
          JOIN (SELECT t.lead_id, t.occurred_at, t.signal_id, sum(t.sign) AS sign
                  FROM revops.touch t GROUP BY t.lead_id, t.occurred_at, t.signal_id
                HAVING sum(t.sign) <> 0) t USING (lead_id)
          LEFT JOIN revops.signal s ON s.signal_id = t.signal_id
          LEFT JOIN revops.score_rule r ON r.agreement_id = l.agreement_id AND r.signal = s.signal AND r.kind = 'intent'
          LEFT JOIN revops.score_group g ON g.agreement_id = r.agreement_id AND g.score_group = r.score_group
    ), ruled AS (
        -- of what has come in a period, in order of time, the rule's cap lets so much through
        SELECT c.*, least(c.used, c.cap) - least(c.used - c.amount, c.cap) AS allowed
          FROM (SELECT c.*, sum(c.amount) OVER (PARTITION BY c.lead_id, c.rule_id,
                                                             date_trunc(c.cap_period, c.occurred_at AT TIME ZONE c.zone)
                                                ORDER BY c.occurred_at) AS used
                  FROM counting c WHERE c.cap IS NOT NULL OR c.group_cap IS NOT NULL) c
    ), grouped AS (
        -- and then the cap of its group
        SELECT r.*, CASE WHEN r.group_cap IS NULL THEN r.allowed
                         ELSE least(r.group_used, r.group_cap) - least(r.group_used - r.allowed, r.group_cap) END AS counted
          FROM (SELECT r.*, sum(r.allowed) OVER (PARTITION BY r.lead_id, r.score_group, r.points > 0,
                                                              date_trunc(r.group_period, r.occurred_at AT TIME ZONE r.zone)
                                                 ORDER BY r.occurred_at, r.rule_id) AS group_used
                  FROM ruled r) r
    ), touched AS (
        SELECT c.lead_id, sum(c.n) AS touches,
               sum(c.counted * c.factor) FILTER (WHERE c.points > 0) AS pos,
               sum(c.counted * c.factor) FILTER (WHERE c.points < 0) AS neg,
               max(c.occurred_at) AS last_touch_at
          FROM (SELECT c.lead_id, c.n, c.points, c.amount AS counted, c.factor, c.occurred_at
                  FROM counting c WHERE c.cap IS NULL AND c.group_cap IS NULL
                UNION ALL
                SELECT g.lead_id, g.n, g.points, g.counted, g.factor, g.occurred_at FROM grouped g) c
         GROUP BY c.lead_id
    ), purposes AS (
        SELECT s.agreement_id, s.stage, s.purpose,
               bool_or(s.purpose = 'qualified') OVER (PARTITION BY s.agreement_id) AS hands_over
          FROM revops.stage s
    ), told AS (
        SELECT DISTINCT ON (o.lead_id, o.part) o.lead_id, o.part, o.value, o.until
          FROM revops.score_override o ORDER BY o.lead_id, o.part, o.override_id DESC
    ), overridden AS (
        -- one that has ended holds until its timer has fired
        SELECT l.lead_id, max(t.value) FILTER (WHERE t.part = 'fit') AS fit, max(t.value) FILTER (WHERE t.part = 'intent') AS intent,
               max(t.value) FILTER (WHERE t.part = 'disqualified') AS disqualified
          FROM told t JOIN l USING (lead_id)
         WHERE t.until > l.settled_at
            OR EXISTS (SELECT FROM revops.timer w WHERE w.lead_id = t.lead_id AND w.timer = 'override_ends' AND w.due_at = t.until)
         GROUP BY l.lead_id
    ), fitted AS (
        SELECT l.lead_id, p.profile, ids.matched,
               least(greatest(l.fit_base + coalesce((SELECT sum(least(greatest(f.points, -f.cap), f.cap))
                                                       FROM (SELECT sum(r.points) AS points, g.cap
                                                               FROM revops.score_rule r
                                                               LEFT JOIN revops.score_group g USING (agreement_id, score_group)
                                                              WHERE r.rule_id = ANY (ids.matched)
                                                              GROUP BY g.score_group, g.cap) f), 0), 0), 100) AS fit,
               EXISTS (SELECT FROM revops.score_rule r
                        WHERE r.rule_id = ANY (ids.matched) AND r.kind = 'disqualify') AS disqualified
          FROM l
          JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
          LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id
         CROSS JOIN LATERAL (SELECT revops.rules_matched(l.binding_id, p.profile, i.personal) AS matched) ids
         WHERE l.current
    )
    SELECT l.lead_id, x.field, x.stored, x.recomputed
      FROM l
      LEFT JOIN move ON move.lead_id = l.lead_id
      -- what the stage is for counts where no other version has settled the lead since
      LEFT JOIN purposes p ON p.agreement_id = move.agreement_id AND p.agreement_id = l.agreement_id
                          AND p.stage = move.to_stage
      LEFT JOIN revops.stage_change entry ON entry.lead_id = l.lead_id AND entry.seq = 1
      LEFT JOIN revops.profile_change taken ON taken.lead_id = l.lead_id AND taken.change_id = l.profile_id
      LEFT JOIN revops.lead_identity person ON person.lead_id = l.lead_id
      LEFT JOIN given ON given.lead_id = l.lead_id
      LEFT JOIN clock ON clock.lead_id = l.lead_id
      LEFT JOIN waiting ON waiting.lead_id = l.lead_id
      LEFT JOIN touched ON touched.lead_id = l.lead_id
      LEFT JOIN fitted ON fitted.lead_id = l.lead_id
      LEFT JOIN overridden ON overridden.lead_id = l.lead_id
     CROSS JOIN LATERAL (SELECT revops.intent_rank(l.intent_pos, l.intent_neg) AS rank) ranked
     CROSS JOIN LATERAL (VALUES
           ('stage', l.stage, move.to_stage),
           ('moves', l.moves::text, coalesce(move.seq, 0)::text),
           ('stage_since', l.stage_since::text, move.at::text),
           ('created_at', l.created_at::text, entry.lead_created_at::text),
           ('source', l.source, coalesce(taken.profile ->> 'source', person.personal ->> 'source')),
           ('campaign', l.campaign, coalesce(taken.profile ->> 'campaign', person.personal ->> 'campaign')),
           ('segment', l.segment, coalesce(taken.profile ->> 'segment', person.personal ->> 'segment')),
           ('team_id', l.team_id::text, given.team_id::text),
           ('rep_id', l.rep_id::text, given.rep_id::text),
           ('assigned_at', l.assigned_at::text, given.at::text),
           ('assignments', l.assignments::text, coalesce(given.seq, 0)::text),
           ('clocks', l.clocks::text, coalesce(clock.clocks, 0)::text),
           ('running', l.running::text, coalesce(clock.running, 0)::text),
           -- what must follow from clocks, assignments and the stage; else it is taken as it is
           -- a bound of the intent, no more than two above it
           ('rank', l.rank::text, CASE WHEN l.gone_at IS NOT NULL THEN -2147483648
                                       WHEN ranked.rank > -2147483647 AND l.rank - ranked.rank::bigint BETWEEN 0 AND 32 THEN l.rank
                                       ELSE ranked.rank END::text),
           ('handed_over', l.handed_over::text,
            CASE WHEN clock.running & 15 > 0 THEN true
                 WHEN given.seq IS NULL OR p.purpose IN ('nurture', 'disqualified')
                      OR p.purpose = 'entry' AND p.hands_over THEN false
                 WHEN p.purpose = 'qualified' AND l.gone_at IS NULL THEN true
                 ELSE l.handed_over END::text),
           ('fit_set', l.fit_set::text, overridden.fit::text),
           ('intent_set', l.intent_set::text, overridden.intent::text),
           ('disqualified_set', l.disqualified_set::text, overridden.disqualified::text),
           ('last_touch_at', greatest(l.last_touch_at, waiting.last_touch_at)::text,
            CASE WHEN waiting.recount THEN greatest(l.last_touch_at, waiting.last_touch_at)
                 ELSE touched.last_touch_at END::text),
           ('touches', (l.touches + coalesce(waiting.touches, 0))::text,
            CASE WHEN waiting.recount THEN (l.touches + waiting.touches)::text
                 ELSE coalesce(touched.touches, 0)::text END),
           -- personal roles have no history: with a newer identity waiting, fit can't be recomputed
           ('fit', l.fit::text, CASE WHEN l.current AND waiting.profile IS NOT TRUE
                                     THEN coalesce(overridden.fit::text, fitted.fit::text, 'no profile') ELSE l.fit::text END),
           ('disqualified', l.disqualified::text, CASE WHEN l.current AND waiting.profile IS NOT TRUE
                                                       THEN coalesce(overridden.disqualified <> 0, fitted.disqualified)::text ELSE l.disqualified::text END)
           ) AS x (field, stored, recomputed)
     WHERE x.stored IS DISTINCT FROM x.recomputed
    UNION ALL
    -- floating sums depend on the order of adding: equal within a millionth
    SELECT l.lead_id, x.field, x.stored::text, x.recomputed::text
      FROM l
      LEFT JOIN touched ON touched.lead_id = l.lead_id
      LEFT JOIN LATERAL (SELECT sum(revops.decayed(d.intent_pos, l.half_life, l.at)) AS pos,
                                sum(revops.decayed(d.intent_neg, l.half_life, l.at)) AS neg,
                                bool_or(d.recount OR d.agreement_id <> l.agreement_id) AS recount
                           FROM revops.lead_waiting d WHERE d.lead_id = l.lead_id) d ON true
     CROSS JOIN LATERAL (VALUES
           ('intent_pos', revops.decayed(l.intent_pos, l.half_life, l.at) + coalesce(d.pos, 0), coalesce(touched.pos, 0)),
           ('intent_neg', revops.decayed(l.intent_neg, l.half_life, l.at) + coalesce(d.neg, 0), coalesce(touched.neg, 0))
           ) AS x (field, stored, recomputed)
     WHERE d.recount IS NOT TRUE
       AND abs(x.stored - x.recomputed) > 1e-6 * greatest(1, abs(x.recomputed))
    UNION ALL
    SELECT o.lead_id, 'opportunity ' || o.opportunity_id || ' ' || x.field, x.stored, x.recomputed
      FROM revops.opportunity o
      LEFT JOIN LATERAL (SELECT c.* FROM revops.opportunity_change c
                          WHERE c.opportunity_id = o.opportunity_id
                          ORDER BY c.change_id DESC LIMIT 1) c ON true
     CROSS JOIN LATERAL (VALUES
           ('lead_id', o.lead_id::text, c.lead_id::text),
           ('status', o.status, c.status),
           ('amount', o.amount::text, c.amount::text),
           ('currency', o.currency, c.currency),
           ('base_amount', o.base_amount::text, c.base_amount::text),
           ('owner', o.owner, c.owner), ('product', o.product, c.product), ('nature', o.nature, c.nature),
           ('reason', o.reason, c.reason), ('competitor', o.competitor, c.competitor)
           ) AS x (field, stored, recomputed)
     WHERE (verify.workspace_id IS NULL OR o.workspace_id = verify.workspace_id)
       AND x.stored IS DISTINCT FROM x.recomputed
    UNION ALL
    -- a lead falls through the borders below it one day, and there is a timer for that: at the first of these moments or before
    SELECT l.lead_id, 'fall_at', l.fall_at::text, coalesce(next.fall_at::text, 'no timer')
      FROM l
     CROSS JOIN LATERAL (SELECT min(l.at + make_interval(secs => extract(epoch FROM l.half_life)::float8
                                                                 * (ln(i.points / (b.points - 0.500001)) / ln(2.0::float8)))) AS fall_at
                           FROM (SELECT revops.decayed(l.intent_pos, l.half_life, l.at)
                                        - revops.decayed(l.intent_neg, l.half_life, l.at) AS points) i,
                                unnest(l.grade_intent || l.mql_intent) AS b (points)
                          WHERE b.points > 0 AND i.points > b.points AND l.half_life < interval '900 years'
                            AND l.gone_at IS NULL AND NOT l.disqualified AND l.intent_set IS NULL) next
     WHERE l.fall_at > next.fall_at + interval '1 second'
        OR l.fall_at < 'infinity'
           AND NOT EXISTS (SELECT FROM revops.timer t
                            WHERE t.lead_id = l.lead_id AND t.due_at = l.fall_at AND t.timer = 'intent_falls')
    UNION ALL
    SELECT n.lead_id, n.field, n.stored, n.recomputed FROM revops.verify_nurture(verify.workspace_id) n
    UNION ALL
    SELECT n.lead_id, n.field, n.stored, n.recomputed FROM revops.verify_handoff(verify.workspace_id) n
    UNION ALL
    SELECT lead_id, 'held', CASE WHEN h.lead_id IS NULL THEN 'true' ELSE 'false' END,
           CASE WHEN h.lead_id IS NULL THEN 'waits for nothing' ELSE 'waits for ' || h.to_stage END
      FROM (SELECT l.lead_id FROM revops.lead l
             WHERE l.held AND (verify.workspace_id IS NULL OR l.workspace_id = verify.workspace_id)) l
      FULL JOIN (SELECT h.lead_id, h.to_stage FROM revops.held_lead h
                  WHERE verify.workspace_id IS NULL OR h.workspace_id = verify.workspace_id) h USING (lead_id)
     WHERE l.lead_id IS NULL OR h.lead_id IS NULL
    UNION ALL
    -- what was filled in counts where the host has no value: the profile has one
    SELECT e.lead_id, 'role ' || e.role, NULL, e.value #>> '{}'
      FROM revops.enrichment e
      JOIN revops.lead l ON l.lead_id = e.lead_id
      JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
     WHERE (verify.workspace_id IS NULL OR e.workspace_id = verify.workspace_id) AND e.value IS NOT NULL
       AND (NOT l.enriched OR coalesce(p.profile ->> e.role, '') !~ '\S')
    UNION ALL
    SELECT move.lead_id, 'lead', 'missing', 'stage ' || move.to_stage
      FROM move
     WHERE (verify.workspace_id IS NULL OR move.workspace_id = verify.workspace_id)
       AND NOT EXISTS (SELECT FROM revops.lead l WHERE l.lead_id = move.lead_id)
    UNION ALL
    -- a promise is made when a lead is assigned, or handed over to whom it has already, enters a stage, or was touched
    SELECT c.lead_id, 'clock ' || c.seq || ' started_at', c.started_at::text,
           (SELECT min(a.at)::text FROM revops.assignment a WHERE a.lead_id = c.lead_id)
      FROM revops.sla_clock c
     WHERE (verify.workspace_id IS NULL OR c.workspace_id = verify.workspace_id)
       AND NOT EXISTS (SELECT FROM revops.assignment a WHERE a.lead_id = c.lead_id AND a.at = c.started_at)
       AND NOT EXISTS (SELECT FROM revops.stage_change s WHERE s.lead_id = c.lead_id AND s.recorded_at = c.started_at)
       AND NOT (c.promise = 'stage_time'
                AND EXISTS (SELECT FROM revops.stage_change s WHERE s.lead_id = c.lead_id AND s.at = c.started_at))
       AND NOT (c.promise IN ('first_response', 'acceptance', 'attempts')
                AND EXISTS (SELECT FROM revops.lead l WHERE l.lead_id = c.lead_id AND l.created_at = c.started_at))
       -- one of criteria begins when the lead's row says so
       AND NOT (c.promise = 'criteria'
                AND EXISTS (SELECT FROM revops.profile_change p WHERE p.lead_id = c.lead_id AND p.at <= c.started_at))
       AND NOT (c.promise = 'next_touch'
                AND EXISTS (SELECT FROM revops.touch t WHERE t.lead_id = c.lead_id AND t.occurred_at = c.started_at))
    UNION ALL
    SELECT c.lead_id, 'clock ' || c.seq || ' outcome', c.outcome, CASE WHEN c.stopped_at <= c.due_at THEN 'kept' ELSE 'late' END
      FROM revops.sla_clock c
     WHERE (verify.workspace_id IS NULL OR c.workspace_id = verify.workspace_id)
       AND c.outcome IS DISTINCT FROM 'void' AND c.stopped_at IS NOT NULL
       AND c.outcome IS DISTINCT FROM CASE WHEN c.stopped_at <= c.due_at THEN 'kept' ELSE 'late' END
    UNION ALL
    SELECT c.lead_id, 'clocks of ' || c.promise || ' that run', count(*)::text, '1'
      FROM revops.sla_clock c
     WHERE (verify.workspace_id IS NULL OR c.workspace_id = verify.workspace_id) AND c.stopped_at IS NULL
     GROUP BY c.lead_id, c.promise HAVING count(*) > 1
    UNION ALL
    SELECT c.lead_id, 'clock ' || c.seq || ' due_at', c.due_at::text, 'from ' || c.started_at || ' on'
      FROM revops.sla_clock c
     WHERE (verify.workspace_id IS NULL OR c.workspace_id = verify.workspace_id)
       AND c.due_at < c.started_at
    UNION ALL
    -- a pause is told when it begins and when it ends
    SELECT c.lead_id, 'clock ' || c.seq || ' paused', (c.paused_at IS NOT NULL)::text, coalesce(h.change = 'paused', false)::text
      FROM revops.sla_clock c
      LEFT JOIN LATERAL (SELECT k.change FROM revops.sla_clock_change k
                         WHERE k.lead_id = c.lead_id AND k.seq = c.seq AND k.change IN ('paused', 'resumed')
                         ORDER BY k.no DESC LIMIT 1) h ON true
     WHERE (verify.workspace_id IS NULL OR c.workspace_id = verify.workspace_id)
       AND c.stopped_at IS NULL AND (c.paused_at IS NOT NULL) <> coalesce(h.change = 'paused', false)
    UNION ALL
    SELECT c.lead_id, 'clock ' || c.seq || ' due_at', c.due_at::text, 'infinity'
      FROM revops.sla_clock c
     WHERE (verify.workspace_id IS NULL OR c.workspace_id = verify.workspace_id)
       AND (c.paused_at IS NOT NULL) <> (c.due_at = 'infinity');
END;
COMMENT ON FUNCTION revops.verify(int) IS
    'Recomputes state from facts and returns a row for each difference: none is expected. Workspace NULL: all. Field "lead" is a lead whose facts are there and whose state is missing; of an SLA clock it is checked that it began with an assignment, a move or a touch, its order in time, that its outcome follows from its times, that it is paused if that was told last, and that one of a kind runs at most. Floating sums may differ by a millionth; fit is recomputed for leads scored under the agreement in force, from the profile that the lead was settled under, but not where a rule of the binding cannot be asked (see rule_status).';
