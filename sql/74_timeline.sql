-- One lead from its first touch to its close: every fact that we keep of it, in order.

CREATE FUNCTION revops.timeline(lead_id bigint, since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
    RETURNS TABLE (at timestamptz, recorded_at timestamptz, kind text, what text, before text, after text, who text, detail jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    -- place: order of what has one moment, causes before what they brought about.
    -- Each branch reads by the lead's number; events only repeat what these facts say.
    RETURN QUERY
    WITH told (at, recorded_at, place, seq, kind, what, before, after, who, detail) AS (
        SELECT p.at, p.at, 1, p.change_id, 'profile',
               CASE WHEN p.earlier IS NULL THEN 'first known'
                    ELSE (SELECT string_agg(k.role, ', ' ORDER BY k.role)
                          FROM (SELECT jsonb_object_keys(p.earlier || p.profile)) k (role)
                          WHERE p.earlier -> k.role IS DISTINCT FROM p.profile -> k.role) END,
               NULL::text, NULL::text, b.binding,
               CASE WHEN p.earlier IS NULL THEN p.profile
                    ELSE (SELECT jsonb_object_agg(k.role, jsonb_build_object('before', p.earlier -> k.role, 'after', p.profile -> k.role))
                          FROM (SELECT jsonb_object_keys(p.earlier || p.profile)) k (role)
                          WHERE p.earlier -> k.role IS DISTINCT FROM p.profile -> k.role) END
        FROM (SELECT c.*, lag(c.profile) OVER (ORDER BY c.change_id) AS earlier
              FROM revops.profile_change c WHERE c.lead_id = $1) p
        LEFT JOIN revops.binding b ON b.binding_id = p.binding_id
        WHERE p.at >= $2 AND p.at < $3
        UNION ALL
        SELECT e.at, e.at, 2, e.seq, 'enrichment', e.role, NULL, e.value #>> '{}', e.actor, jsonb_build_object('source', e.source)
        FROM revops.enrichment e WHERE e.lead_id = $1 AND e.at >= $2 AND e.at < $3
        UNION ALL
        SELECT a.at, a.at, 3, a.seq, 'answer', a.question, a.earlier, a.answer, a.actor, NULL
        FROM (SELECT w.*, lag(w.answer) OVER (PARTITION BY w.question ORDER BY w.seq) AS earlier
              FROM revops.answer w WHERE w.lead_id = $1) a
        WHERE a.at >= $2 AND a.at < $3
        UNION ALL
        SELECT t.occurred_at, t.recorded_at, 4, t.touch_id, CASE WHEN t.sign > 0 THEN 'touch' ELSE 'touch taken back' END,
               s.signal, NULL, NULL, b.binding,
               jsonb_strip_nulls(jsonb_build_object('nature', s.nature, 'direction', s.direction, 'key', t.source_key, 'touch_id', t.touch_id,
                                                    'source', nullif(t.source, ''), 'campaign', nullif(t.campaign, ''), 'content', nullif(t.content, '')))
        FROM revops.touch t
        LEFT JOIN revops.signal s ON s.signal_id = t.signal_id
        LEFT JOIN revops.binding b ON b.binding_id = t.binding_id
        WHERE t.lead_id = $1 AND t.occurred_at >= $2 AND t.occurred_at < $3
          -- what a merge took from here and gave back is no news of this lead
          AND NOT EXISTS (SELECT FROM revops.merged_touch x JOIN revops.lead_merge m USING (merge_id)
                          WHERE x.touch_id = t.touch_id AND m.duplicate_id = t.lead_id)
        UNION ALL
        SELECT c.at, NULL, 5, c.change_id, 'opportunity', o.key, c.earlier, c.status, b.binding,
               jsonb_strip_nulls(jsonb_build_object('amount', c.amount, 'currency', c.currency, 'base_amount', c.base_amount))
        FROM revops.opportunity o
        CROSS JOIN LATERAL (SELECT h.*, lag(h.status) OVER (ORDER BY h.change_id) AS earlier
                            FROM revops.opportunity_change h WHERE h.opportunity_id = o.opportunity_id) c
        LEFT JOIN revops.binding b ON b.binding_id = o.binding_id
        WHERE o.lead_id = $1 AND c.at >= $2 AND c.at < $3
        UNION ALL
        SELECT o.at, o.at, 6, o.override_id, CASE WHEN o.value IS NULL THEN 'override withdrawn' ELSE 'override' END,
               o.part, NULL, o.value::text, o.actor, jsonb_build_object('reason', o.reason, 'until', o.until)
        FROM revops.score_override o WHERE o.lead_id = $1 AND o.at >= $2 AND o.at < $3
        UNION ALL
        SELECT f.at, f.recorded_at, 7, f.seq, 'intent fell', f.border, f.from_grade, f.to_grade, NULL,
               jsonb_build_object('fit', f.fit, 'intent', f.intent, 'score', f.score)
        FROM revops.intent_fall f WHERE f.lead_id = $1 AND f.at >= $2 AND f.at < $3
        UNION ALL
        SELECT m.at, m.recorded_at, 8, m.seq, 'stage', m.cause, m.from_stage, m.to_stage, m.actor,
               jsonb_strip_nulls(jsonb_build_object('seq', m.seq, 'reason', m.reason, 'violated', m.violated, 'spent', m.spent,
                   'fit', m.fit, 'intent', m.intent, 'score', m.score, 'agreement', a.version, 'team', w.team, 'rep', r.rep,
                   'source', m.source, 'campaign', m.campaign, 'segment', m.segment))
        FROM revops.stage_change m
        LEFT JOIN revops.agreement a ON a.agreement_id = m.agreement_id
        LEFT JOIN revops.team w ON w.team_id = m.team_id
        LEFT JOIN revops.rep r ON r.rep_id = m.rep_id
        WHERE m.lead_id = $1 AND m.at >= $2 AND m.at < $3
        UNION ALL
        SELECT g.at, g.at, 9, g.seq, 'assignment', g.cause, coalesce(f.rep, x.team), coalesce(r.rep, w.team), g.actor,
               jsonb_strip_nulls(jsonb_build_object('reason', g.reason, 'route', u.route, 'from_team', x.team, 'team', w.team))
        FROM revops.assignment g
        LEFT JOIN revops.team w ON w.team_id = g.team_id
        LEFT JOIN revops.rep r ON r.rep_id = g.rep_id
        LEFT JOIN revops.team x ON x.team_id = g.from_team_id
        LEFT JOIN revops.rep f ON f.rep_id = g.from_rep_id
        LEFT JOIN revops.route u ON u.route_id = g.route_id
        WHERE g.lead_id = $1 AND g.at >= $2 AND g.at < $3
        UNION ALL
        SELECT k.at, k.recorded_at, k.place, c.seq, k.kind, c.promise, NULL, k.after, NULL,
               jsonb_strip_nulls(jsonb_build_object('policy', p.policy, 'due_at', nullif(c.due_at, 'infinity'), 'team', w.team, 'rep', r.rep))
        FROM revops.sla_clock c
        CROSS JOIN LATERAL (VALUES (c.started_at, c.started_at, 10, 'clock started', NULL),
                                   (c.stopped_at, NULL::timestamptz, 11, 'clock stopped', c.outcome),
                                   -- past due, whether or not anything ran then
                                   (CASE WHEN c.due_at <= revops.engine_now() AND (c.stopped_at IS NULL OR c.stopped_at > c.due_at)
                                         THEN c.due_at END, c.breached_at, 12, 'clock breached', NULL))
                           AS k (at, recorded_at, place, kind, after)
        LEFT JOIN revops.sla_policy p ON p.policy_id = c.policy_id
        LEFT JOIN revops.team w ON w.team_id = c.team_id
        LEFT JOIN revops.rep r ON r.rep_id = c.rep_id
        WHERE c.lead_id = $1 AND k.at >= $2 AND k.at < $3
        UNION ALL
        SELECT h.at, h.at, 12, h.seq, 'clock ' || CASE h.change WHEN 'passed' THEN 'step passed over' ELSE h.change END, s.step, h.before_outcome,
               coalesce(h.outcome, s.action), NULL,
               jsonb_strip_nulls(jsonb_build_object('policy', p.policy, 'due_at', nullif(h.due_at, 'infinity'), 'time_left', h.time_left,
                                                    'before_at', nullif(h.before_at, 'infinity')))
        FROM revops.sla_clock_change h
        LEFT JOIN revops.sla_policy p ON p.policy_id = h.policy_id
        LEFT JOIN revops.sla_step s ON s.agreement_id = p.agreement_id AND s.policy = p.policy AND s.position = h.position
        WHERE h.lead_id = $1 AND h.at >= $2 AND h.at < $3
        UNION ALL
        SELECT n.at, n.at, 13, n.seq, 'nurture', n.change, NULL, n.track, n.actor,
               jsonb_strip_nulls(jsonb_build_object('enrolment', n.enrolment, 'cause', n.cause, 'reason', n.reason, 'step', n.step,
                                                    'next_at', n.next_at, 'not_before', n.not_before))
        FROM revops.nurture_change n WHERE n.lead_id = $1 AND n.at >= $2 AND n.at < $3
        UNION ALL
        SELECT h.since, h.since, 14, 0, 'held back', h.cause, NULL, h.to_stage, NULL,
               jsonb_build_object('roles', h.roles, 'answers', h.answers, 'condition', h.condition)
        FROM revops.held_lead h WHERE h.lead_id = $1 AND h.since >= $2 AND h.since < $3
        UNION ALL
        SELECT k.at, k.at, 15, k.seq, 'duplicate', 'of', NULL, l.key, k.actor, jsonb_build_object('of_lead_id', k.of_lead_id)
        FROM revops.duplicate_link k LEFT JOIN revops.lead l ON l.lead_id = k.of_lead_id
        WHERE k.lead_id = $1 AND k.at >= $2 AND k.at < $3
        UNION ALL
        SELECT d.at, d.at, 16, d.dispute_id, 'dispute', 'opened', NULL, NULL, d.actor,
               jsonb_strip_nulls(jsonb_build_object('dispute_id', d.dispute_id, 'move', d.seq, 'side', d.side, 'note', d.note))
        FROM revops.dispute d WHERE d.lead_id = $1 AND d.at >= $2 AND d.at < $3
        UNION ALL
        SELECT d.at, d.at, 7, d.dispute_id, 'dispute', 'resolved', NULL, d.outcome, d.actor,
               jsonb_strip_nulls(jsonb_build_object('dispute_id', d.dispute_id, 'note', d.note))
        FROM revops.dispute_resolution d WHERE d.lead_id = $1 AND d.at >= $2 AND d.at < $3
        UNION ALL
        SELECT v.at, v.at, 17, v.verdict_id, 'review', v.side, NULL, v.verdict, v.actor,
               jsonb_strip_nulls(jsonb_build_object('move', v.seq, 'note', v.note))
        FROM revops.rejection_verdict v WHERE v.lead_id = $1 AND v.at >= $2 AND v.at < $3
        UNION ALL
        SELECT y.at, y.at, 18, y.correction_id, 'correction', y.fact, y.before, y.after, y.actor,
               jsonb_strip_nulls(jsonb_build_object(CASE y.fact WHEN 'touch' THEN 'touch_id' ELSE 'seq' END, y.fact_id, 'because', y.because))
        FROM revops.correction y WHERE y.lead_id = $1 AND y.at >= $2 AND y.at < $3
        UNION ALL
        SELECT k.at, k.at, 19, m.merge_id, k.kind, CASE WHEN m.duplicate_id = $1 THEN 'into' ELSE 'of' END, NULL, l.key, k.actor,
               jsonb_build_object('lead_id', l.lead_id, 'reason', k.reason)
        FROM revops.lead_merge m
        LEFT JOIN revops.lead_unmerge u USING (merge_id)
        CROSS JOIN LATERAL (VALUES (m.at, 'merge', m.actor, m.reason), (u.at, 'merge taken back', u.actor, u.reason)) AS k (at, kind, actor, reason)
        LEFT JOIN revops.lead l ON l.lead_id = CASE WHEN m.duplicate_id = $1 THEN m.survivor_id ELSE m.duplicate_id END
        WHERE $1 IN (m.duplicate_id, m.survivor_id) AND k.at >= $2 AND k.at < $3
        -- further facts of a lead join here
    )
    SELECT t.at, t.recorded_at, t.kind, t.what, t.before, t.after, t.who, nullif(t.detail, '{}')
    FROM told t ORDER BY t.at, coalesce(t.recorded_at, t.at), t.place, t.seq;
END
$$;
COMMENT ON FUNCTION revops.timeline(bigint, timestamptz, timestamptz) IS
    'Every fact about a lead from since (included) to until (excluded), in order of time; of one moment in the order in which they were recorded, causes first. kind says what happened: profile (what: the roles that changed; detail: each before and after), enrichment, answer, touch, touch taken back (what: signal), opportunity (what: its key; before, after: status), override, override withdrawn (what: part of the score), intent fell, stage (what: cause), assignment (what: cause; before, after: rep, or team where there is none), clock started, clock stopped (after: outcome), clock breached (at the due time), nurture (what: change; after: track), held back (it still waits), duplicate (after: key of the survivor), dispute (what: opened, resolved; after: outcome), review (what: team; after: what it says of the rejection), correction (what: the fact, which is among the rows as it was written), merge, merge taken back (what: into, of; after: key of the other lead; touches that a survivor got are among its own). recorded_at is the engine''s time when it was written down, NULL where that is not kept; who the role that acted, or the binding that brought it. A deal counts that is the lead''s now. Personal roles have no history. Raises RV002 for an unknown lead.';
