-- The audit of the handoff: five questions that every company must be able to
-- answer, answered from what is configured and from what has happened, and each
-- gap named with a way out.  Each question is a function of its own.

CREATE TYPE revops.audit_handoff_row AS
(
    severity text, question text, object text, finding text, evidence bigint, way_out text
);
COMMENT ON TYPE revops.audit_handoff_row IS 'Row of audit_handoff().';
COMMENT ON COLUMN revops.audit_handoff_row.severity IS 'answer (what the question''s answer is), gap (it has none, or a lead falls through), warning (look at it)';
COMMENT ON COLUMN revops.audit_handoff_row.question IS 'what qualifies an MQL; who accepts, by when; what is known before routing; when to recycle; how rejections reach marketing; is the lifecycle sound; are exceptions the rule';
COMMENT ON COLUMN revops.audit_handoff_row.object IS 'stage, rule, route, policy, signal ... that it is about; NULL: all';
COMMENT ON COLUMN revops.audit_handoff_row.finding IS 'what was found, in words';
COMMENT ON COLUMN revops.audit_handoff_row.evidence IS 'number of leads, moves, clocks or touches that the finding counts; NULL: it follows from what is configured';
COMMENT ON COLUMN revops.audit_handoff_row.way_out IS 'what to do; NULL: nothing';

CREATE FUNCTION revops.audit_sample(workspace_id int, agreement_id int, sample int)
    RETURNS TABLE (leads bigint, rules int[], signals int[])
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH latest AS MATERIALIZED (
        SELECT l.lead_id, l.profile_id, l.binding_id FROM revops.lead l
        WHERE l.workspace_id = $1 AND l.gone_at IS NULL ORDER BY l.lead_id DESC LIMIT $3
    )
    SELECT (SELECT count(*) FROM latest),
           ARRAY(SELECT DISTINCT r.rule_id
                 FROM latest l
                 JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
                 LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id
                 CROSS JOIN LATERAL unnest(revops.rules_matched(l.binding_id, p.profile, i.personal, $2)) AS r (rule_id)),
           ARRAY(SELECT DISTINCT t.signal_id FROM latest l JOIN revops.touch t ON t.lead_id = l.lead_id WHERE t.signal_id IS NOT NULL)
    $$;
COMMENT ON FUNCTION revops.audit_sample(int, int, int) IS
    'Part of audit_handoff(): of the latest leads, at most so many: how many there are, which rules of the version match some of them, which signals some of them have sent.';

CREATE FUNCTION revops.audit_qualifies(workspace_id int, agreement_id int, sample int) RETURNS SETOF revops.audit_handoff_row
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH m AS (
        SELECT m.*, coalesce((SELECT sum(r.points) FROM revops.score_rule r WHERE r.agreement_id = $2 AND r.kind = 'fit'), 0) + m.fit_base AS most_fit
        FROM revops.score_model m WHERE m.agreement_id = $2
    ), seen AS MATERIALIZED (
        SELECT * FROM revops.audit_sample($1, $2, $3)
    )
    SELECT 'answer', 'what qualifies an MQL', 'version ' || a.version,
           format('fit of at least %s and intent of at least %s and score of at least %s; %s fit and negative, %s disqualifying, %s intent rules',
                  m.mql_fit, m.mql_intent, m.mql_score,
                  (SELECT count(*) FROM revops.score_rule r WHERE r.agreement_id = $2 AND r.kind IN ('fit', 'negative')),
                  (SELECT count(*) FROM revops.score_rule r WHERE r.agreement_id = $2 AND r.kind = 'disqualify'),
                  (SELECT count(*) FROM revops.score_rule r WHERE r.agreement_id = $2 AND r.kind = 'intent')),
           (SELECT count(*) FROM revops.lead l JOIN revops.stage g ON g.agreement_id = $2 AND g.stage = l.stage AND g.purpose = 'qualified'
            WHERE l.workspace_id = $1 AND l.gone_at IS NULL), NULL
    FROM m JOIN revops.agreement a USING (agreement_id)
    UNION ALL
    SELECT 'gap', 'what qualifies an MQL', 'fit', format('all fit rules together come to %s, an MQL needs %s: no lead qualifies', m.most_fit, m.mql_fit), NULL,
           'Add fit rules to a draft, or lower score_model.mql_fit.'
    FROM m WHERE m.most_fit < m.mql_fit
    UNION ALL
    SELECT 'gap', 'what qualifies an MQL', 'intent', 'no rule gives points for a signal: no lead has intent', NULL, 'Add intent rules to a draft.'
    FROM m WHERE m.mql_intent > 0 AND NOT EXISTS (SELECT FROM revops.score_rule r WHERE r.agreement_id = $2 AND r.kind = 'intent' AND r.points > 0)
    UNION ALL
    SELECT 'warning', 'what qualifies an MQL', 'rule ' || r.rule,
           CASE r.kind WHEN 'intent' THEN format('none of the latest leads has sent signal %s', r.signal) ELSE 'it matches none of the latest leads' END,
           seen.leads, 'Ask whether it is right: correct it in a draft, map the role or signal that it reads, or drop it.'
    FROM revops.score_rule r CROSS JOIN seen
    LEFT JOIN revops.signal s ON s.workspace_id = $1 AND s.signal = r.signal
    WHERE r.agreement_id = $2 AND seen.leads > 0
      AND CASE r.kind WHEN 'intent' THEN NOT coalesce(s.signal_id = ANY (seen.signals), false) ELSE NOT r.rule_id = ANY (seen.rules) END
    UNION ALL
    SELECT 'warning', 'what qualifies an MQL', 'signal ' || s.signal, 'it shows that a lead wants to buy, and gives no points', NULL, 'Add an intent rule for it to a draft.'
    FROM revops.signal s
    WHERE s.workspace_id = $1 AND s.nature = 'buying'
      AND NOT EXISTS (SELECT FROM revops.score_rule r WHERE r.agreement_id = $2 AND r.signal = s.signal)
    UNION ALL
    SELECT 'gap', 'what qualifies an MQL', 'signal ' || s.signal, 'no team owns it: nobody says what it means', NULL, 'Set signal.owner_team.'
    FROM revops.signal s WHERE s.workspace_id = $1 AND s.owner_team IS NULL
    UNION ALL
    SELECT 'warning', 'what qualifies an MQL', 'version ' || o.version, format('%s is overdue since %s', o.what, o.due_on), o.days_overdue,
           format('%s is awaited.', o.awaited)
    FROM revops.agreement_overdue o WHERE o.workspace_id = $1
    $$;
COMMENT ON FUNCTION revops.audit_qualifies(int, int, int) IS 'Part of audit_handoff(): what exactly qualifies an MQL.';

CREATE FUNCTION revops.audit_accepts(workspace_id int, agreement_id int) RETURNS SETOF revops.audit_handoff_row
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH q AS (
        SELECT g.*, h.accept_within, h.silence_accepts, c.calendar FROM revops.stage g
        LEFT JOIN revops.handoff_rule h ON h.agreement_id = g.agreement_id
        LEFT JOIN revops.calendar c ON c.calendar_id = h.accept_calendar_id
        WHERE g.agreement_id = $2 AND g.purpose = 'qualified'
    ), l AS (
        SELECT l.stage, g.owner_team, g.purpose, count(*) AS leads, count(*) FILTER (WHERE l.rep_id IS NULL) AS unowned,
               count(*) FILTER (WHERE l.rep_id IS NOT NULL AND NOT r.active) AS orphaned,
               count(*) FILTER (WHERE q.accept_within IS NOT NULL AND q.calendar IS NULL AND l.stage_since + q.accept_within < revops.engine_now()) AS late
        FROM revops.lead l
        JOIN revops.stage g ON g.agreement_id = $2 AND g.stage = l.stage
        LEFT JOIN revops.rep r ON r.rep_id = l.rep_id
        LEFT JOIN q ON q.stage = l.stage
        WHERE l.workspace_id = $1 AND l.gone_at IS NULL AND g.owner_team = 'sales' AND g.purpose IN ('qualified', 'accepted', 'opportunity')
        GROUP BY l.stage, g.owner_team, g.purpose
    ), x (severity, object, finding, evidence, way_out) AS (
        SELECT 'answer', 'stage ' || q.stage, format('%s accepts or refuses within %s%s%s', q.owner_team, q.accept_within,
                   CASE WHEN q.calendar IS NULL THEN ', wall time' ELSE format(', business time of calendar %s', q.calendar) END,
                   CASE WHEN q.silence_accepts THEN '; silence counts as acceptance' ELSE '' END), NULL::bigint, NULL
        FROM q WHERE q.owner_team IS NOT NULL AND q.accept_within IS NOT NULL
        UNION ALL
        SELECT 'answer', 'policy ' || p.policy, format('%s within %s%s%s', replace(p.promise, '_', ' '), p.target,
                   CASE WHEN c.calendar IS NULL THEN ', wall time' ELSE format(', business time of calendar %s', c.calendar) END,
                   CASE WHEN p.condition IS NULL THEN '' ELSE ', where ' || p.condition END),
               (SELECT count(*) FROM revops.sla_clock k WHERE k.policy_id = p.policy_id), NULL
        FROM revops.sla_policy p LEFT JOIN revops.calendar c USING (calendar_id) WHERE p.agreement_id = $2
        UNION ALL
        SELECT 'gap', NULL, 'no stage has the purpose qualified: nothing is handed over', NULL, 'Give a stage of a draft the purpose qualified.'
        WHERE NOT EXISTS (SELECT FROM q)
        UNION ALL
        SELECT 'gap', 'stage ' || q.stage, 'no time is agreed in which sales accepts or refuses', NULL, 'Set handoff_rule.accept_within in a draft.'
        FROM q WHERE q.accept_within IS NULL
        UNION ALL
        SELECT 'gap', 'stage ' || q.stage, format('it belongs to %s: nobody in sales is asked to accept', coalesce(q.owner_team, 'nobody')), NULL,
               'Set stage.owner_team = ''sales'' in a draft.'
        FROM q WHERE q.owner_team IS DISTINCT FROM 'sales'
        UNION ALL
        SELECT 'gap', 'stage ' || q.stage, 'nobody can accept from it: no transition leads to the stage of purpose accepted', NULL, 'Add the transition to a draft.'
        FROM q WHERE NOT EXISTS (SELECT FROM revops.transition t JOIN revops.stage g ON g.agreement_id = $2 AND g.stage = t.to_stage AND g.purpose = 'accepted'
                                 WHERE t.agreement_id = $2 AND t.from_stage = q.stage)
        UNION ALL
        SELECT 'gap', NULL, 'no policy promises a first response', NULL, 'Add an sla_policy to a draft.'
        WHERE NOT EXISTS (SELECT FROM revops.sla_policy p WHERE p.agreement_id = $2 AND p.promise = 'first_response')
        UNION ALL
        SELECT 'warning', 'policy ' || p.policy, 'it has started no clock, though others have', NULL, 'Look at its condition, and at the policies before it.'
        FROM revops.sla_policy p
        WHERE p.agreement_id = $2 AND NOT EXISTS (SELECT FROM revops.sla_clock k WHERE k.policy_id = p.policy_id)
          AND EXISTS (SELECT FROM revops.sla_clock k WHERE k.agreement_id = $2)
        UNION ALL
        SELECT 'warning', 'policy ' || p.policy, format('policy %s stands before it, asks for nothing, and takes every lead', f.policy), NULL, 'Change the positions in a draft.'
        FROM revops.sla_policy p JOIN revops.sla_policy f ON f.agreement_id = $2 AND f.promise = p.promise AND f.condition IS NULL AND f.position < p.position
        WHERE p.agreement_id = $2
        UNION ALL
        SELECT 'gap', 'stage ' || l.stage, 'leads that no rep has', l.unowned, 'assign() them; look at the routes.' FROM l WHERE l.unowned > 0
        UNION ALL
        SELECT 'gap', 'stage ' || l.stage, 'leads of reps who are not active any more', l.orphaned, 'assign() them to others.' FROM l WHERE l.orphaned > 0
        UNION ALL
        SELECT 'warning', 'stage ' || l.stage, 'leads that wait longer than agreed', l.late, 'See handoff_queue: accept(), reject() or recycle() them.' FROM l WHERE l.late > 0
        UNION ALL
        SELECT 'gap', NULL, 'promises past due that nothing has noticed: nobody was told', k.late, 'Run the worker, or call run_due() from a scheduler each minute.'
        FROM (SELECT count(*) AS late FROM revops.sla_clock c
              WHERE c.workspace_id = $1 AND c.fires_at < revops.engine_now() - interval '5 minutes') k
        WHERE k.late > 0
    )
    SELECT x.severity, 'who accepts, by when', x.object, x.finding, x.evidence, x.way_out FROM x
    $$;
COMMENT ON FUNCTION revops.audit_accepts(int, int) IS 'Part of audit_handoff(): who accepts, by when.';

CREATE FUNCTION revops.audit_known(workspace_id int, agreement_id int) RETURNS SETOF revops.audit_handoff_row
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH asked AS (
        SELECT g.stage, g.position, g.needs, g.condition,
               ARRAY(SELECT DISTINCT n.question FROM revops.transition t CROSS JOIN unnest(t.needs_answers) AS n (question)
                     WHERE t.agreement_id = $2 AND t.to_stage = g.stage ORDER BY 1) AS answers
        FROM revops.stage g WHERE g.agreement_id = $2 AND g.purpose IN ('qualified', 'accepted')
    ), routes AS (
        SELECT r.*, t.team, r.condition IS NULL AND r.team_id IS NOT NULL AND r.calendar_id IS NULL AND r.valid_from IS NULL AND r.valid_until IS NULL AS always,
               (SELECT count(*) FROM revops.team_member m JOIN revops.rep p USING (rep_id) WHERE m.team_id = r.team_id AND p.active) AS members
        FROM revops.route r LEFT JOIN revops.team t USING (team_id) WHERE r.workspace_id = $1 AND r.active
    ), x (severity, object, finding, evidence, way_out) AS (
        SELECT 'answer', 'stage ' || a.stage,
               concat_ws('; ', CASE WHEN a.needs <> '{}' THEN 'roles ' || array_to_string(a.needs, ', ') END, 'condition ' || a.condition,
                         CASE WHEN a.answers <> '{}' THEN 'answers to ' || array_to_string(a.answers, ', ') END), NULL::bigint, NULL
        FROM asked a WHERE a.needs <> '{}' OR a.condition IS NOT NULL OR a.answers <> '{}'
        UNION ALL
        SELECT 'answer', 'route ' || r.route, concat_ws(', ', 'to rep ' || (SELECT p.rep FROM revops.rep p WHERE p.rep_id = r.rep_id),
                         CASE WHEN r.to_queue THEN 'to the queue of team ' ELSE 'to team ' END || r.team, coalesce('where ' || r.condition, 'every lead that is left')),
               (SELECT count(*) FROM revops.assignment s WHERE s.route_id = r.route_id), NULL
        FROM routes r
        UNION ALL
        SELECT 'warning', 'stage ' || a.stage, 'a lead enters it whatever is known of it', NULL, 'Set stage.needs, stage.condition or transition.needs_answers in a draft.'
        FROM asked a WHERE a.needs = '{}' AND a.condition IS NULL AND a.answers = '{}'
        UNION ALL
        SELECT 'gap', NULL, 'there is no route: no lead gets a rep', NULL, 'Insert into revops.route.' WHERE NOT EXISTS (SELECT FROM routes)
        UNION ALL
        SELECT 'gap', NULL, 'no route takes what is left: a lead may match none', NULL, 'Add a last route without a condition.'
        WHERE EXISTS (SELECT FROM routes) AND NOT EXISTS (SELECT FROM routes r WHERE r.always)
        UNION ALL
        SELECT 'gap', 'route ' || r.route, format('nobody reaches it: route %s stands before it and takes every lead', f.route), NULL, 'Change the positions.'
        FROM routes r JOIN LATERAL (SELECT f.route FROM routes f WHERE f.always AND f.position < r.position ORDER BY f.position LIMIT 1) f ON true
        UNION ALL
        SELECT 'gap', 'route ' || r.route, format('team %s has no active rep: its leads wait in a queue that nobody reads', r.team), NULL, 'Insert into revops.team_member, or set rep.active.'
        FROM routes r WHERE r.members = 0 AND r.team_id IS NOT NULL AND NOT r.to_queue
        UNION ALL
        SELECT 'warning', 'route ' || r.route, 'it has chosen no lead so far', NULL, 'Look at its condition, and at the routes before it.'
        FROM routes r
        WHERE NOT EXISTS (SELECT FROM revops.assignment s WHERE s.route_id = r.route_id)
          AND EXISTS (SELECT FROM revops.assignment s WHERE s.workspace_id = $1 AND s.cause IN ('route', 'unrouted'))
        UNION ALL
        SELECT 'gap', NULL, 'leads that no route matched', u.n, 'Add a last route without a condition.'
        FROM (SELECT count(*) AS n FROM revops.assignment s WHERE s.workspace_id = $1 AND s.cause = 'unrouted') u WHERE u.n > 0
        UNION ALL
        SELECT 'warning', 'stage ' || h.to_stage, 'leads are held back from it for what is missing', count(*), 'See held_back: fill in, answer_question() or enrich().'
        FROM revops.held_lead h JOIN revops.lead l USING (lead_id) WHERE h.workspace_id = $1 AND l.gone_at IS NULL GROUP BY h.to_stage
    )
    SELECT x.severity, 'what is known before routing', x.object, x.finding, x.evidence, x.way_out FROM x
    $$;
COMMENT ON FUNCTION revops.audit_known(int, int) IS 'Part of audit_handoff(): what must be known before routing, and where the routes lead.';

CREATE FUNCTION revops.audit_recycles(workspace_id int, agreement_id int) RETURNS SETOF revops.audit_handoff_row
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH tracks AS (
        SELECT t.* FROM revops.nurture_track t WHERE t.agreement_id = $2 AND t.kind = 'nurture'
    ), x (severity, object, finding, evidence, way_out) AS (
        SELECT 'answer', 'track ' || t.track,
               format('%s; back %s', CASE WHEN t.reasons <> '{}' THEN 'for ' || array_to_string(t.reasons, ', ')
                                          WHEN t.purpose = 'recycled' THEN 'for every other reason' ELSE 'for no reason of its own' END,
                      concat_ws(', or ', CASE WHEN t.back_after IS NOT NULL THEN 'at sales'' date' || CASE WHEN t.back_after > '0' THEN format(' and %s', t.back_after) ELSE '' END END,
                                'at an intent of ' || t.back_intent || ' since then', 'where ' || t.back_when)),
               (SELECT count(*) FROM revops.enrolment e WHERE e.workspace_id = $1 AND e.track = t.track AND e.cause = 'recycled'), NULL
        FROM tracks t WHERE coalesce(t.back_after::text, t.back_intent::text, t.back_when) IS NOT NULL
        UNION ALL
        SELECT 'gap', 'track ' || t.track, 'it has no way back: no date, no intent, no condition', NULL, 'Set back_after, back_intent or back_when in a draft.'
        FROM tracks t WHERE coalesce(t.back_after::text, t.back_intent::text, t.back_when) IS NULL
        UNION ALL
        SELECT 'gap', 'stage ' || q.stage, 'sales can only accept or discard: no transition leads to the stage of purpose nurture', NULL, 'Add the transition to a draft.'
        FROM revops.stage q
        WHERE q.agreement_id = $2 AND q.purpose IN ('qualified', 'accepted')
          AND NOT EXISTS (SELECT FROM revops.transition t JOIN revops.stage n ON n.agreement_id = $2 AND n.stage = t.to_stage AND n.purpose = 'nurture'
                          WHERE t.agreement_id = $2 AND t.from_stage = q.stage)
        UNION ALL
        SELECT 'gap', 'reason ' || r.reason, 'leads recycled for it enter no track: nothing is sent to them', NULL, 'Name it in nurture_track.reasons, or add a track of purpose recycled.'
        FROM revops.reason r
        WHERE r.workspace_id = $1 AND 'recycle' = ANY (r.applies_to)
          AND NOT EXISTS (SELECT FROM tracks t WHERE t.purpose = 'recycled' OR r.reason = ANY (t.reasons))
        UNION ALL
        SELECT 'warning', 'reason ' || r.reason, 'sales may use it to reject and to recycle: the agreement does not say when which', NULL, 'Set reason.applies_to.'
        FROM revops.reason r WHERE r.workspace_id = $1 AND r.applies_to @> '{reject,recycle}'
        UNION ALL
        SELECT 'warning', NULL, 'leads recycled as often as is agreed, or more', u.n, 'See recycled_often: drop them, or look at them together.'
        FROM (SELECT count(*) AS n FROM revops.recycled_often o WHERE o.workspace_id = $1) u WHERE u.n > 0
    )
    SELECT x.severity, 'when to recycle', x.object, x.finding, x.evidence, x.way_out FROM x
    $$;
COMMENT ON FUNCTION revops.audit_recycles(int, int) IS 'Part of audit_handoff(): when to recycle rather than discard.';

CREATE FUNCTION revops.audit_rejections(workspace_id int, agreement_id int, since timestamptz, most_exceptions double precision)
    RETURNS SETOF revops.audit_handoff_row
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH moves AS MATERIALIZED (
        SELECT m.lead_id, m.from_stage, CASE WHEN c.seq IS NULL THEN m.reason ELSE c.reason END AS reason, m.violation, g.purpose, f.purpose AS from_purpose FROM revops.stage_change m
        JOIN revops.stage g ON g.agreement_id = m.agreement_id AND g.stage = m.to_stage
        LEFT JOIN revops.stage f ON f.agreement_id = m.agreement_id AND f.stage = m.from_stage
        LEFT JOIN revops.corrected_move c ON c.lead_id = m.lead_id AND c.seq = m.seq
        WHERE m.workspace_id = $1 AND m.recorded_at >= $3 AND m.from_stage IS NOT NULL AND m.cause NOT IN ('adopted', 'disqualifier')
    ), x (severity, question, object, finding, evidence, way_out) AS (
        SELECT 'answer', 'how rejections reach marketing', 'reasons', format('%s coded reasons for rejecting; each rejection is an event, and is counted in kpi_rejection_reasons and score_rejected',
                   (SELECT count(*) FROM revops.reason r WHERE r.workspace_id = $1 AND 'reject' = ANY (r.applies_to))),
               (SELECT count(*) FROM moves m WHERE m.purpose = 'disqualified'), NULL
        WHERE EXISTS (SELECT FROM revops.reason r WHERE r.workspace_id = $1 AND 'reject' = ANY (r.applies_to))
        UNION ALL
        SELECT 'answer', 'how rejections reach marketing', 'sample', format('%s rejected leads of each month are looked at together', h.sample_size), NULL, NULL
        FROM revops.handoff_rule h WHERE h.agreement_id = $2 AND h.sample_size IS NOT NULL
        UNION ALL
        SELECT 'gap', 'how rejections reach marketing', NULL, 'there is no coded reason for rejecting', NULL, 'Insert into revops.reason.'
        WHERE NOT EXISTS (SELECT FROM revops.reason r WHERE r.workspace_id = $1 AND 'reject' = ANY (r.applies_to))
        UNION ALL
        SELECT 'warning', 'how rejections reach marketing', 'sample', 'no sample of rejected leads is drawn for joint review', NULL, 'Set handoff_rule.sample_size in a draft.'
        WHERE NOT EXISTS (SELECT FROM revops.handoff_rule h WHERE h.agreement_id = $2 AND h.sample_size IS NOT NULL)
        UNION ALL
        SELECT 'gap', 'how rejections reach marketing', 'stage ' || m.from_stage,
               format('leads were %s without a reason', CASE m.purpose WHEN 'nurture' THEN 'recycled' ELSE 'rejected' END), count(*),
               'Let the transition need a reason, map role reason, or set binding.on_violation = ''strict''.'
        FROM moves m WHERE m.purpose IN ('disqualified', 'nurture') AND m.reason IS NULL GROUP BY m.from_stage, m.purpose
        UNION ALL
        SELECT 'warning', 'are exceptions the rule', 'moves', format('%s of %s moves by people or the host since %s were not allowed', v.n, v.all_moves, $3::date), v.n,
               'See stage_change.violated: change what is agreed, or set binding.on_violation = ''strict''.'
        FROM (SELECT count(*) FILTER (WHERE m.violation) AS n, count(*) AS all_moves FROM moves m) v WHERE v.n > $4 * v.all_moves
        UNION ALL
        SELECT 'warning', 'are exceptions the rule', 'scores', format('people have set a part of the score of %s of %s leads', v.n, v.leads), v.n,
               'Ask which rules they do not believe: see score_override.'
        FROM (SELECT count(*) FILTER (WHERE coalesce(l.fit_set, l.intent_set, l.disqualified_set) IS NOT NULL) AS n, count(*) AS leads
              FROM revops.lead l WHERE l.workspace_id = $1 AND l.gone_at IS NULL) v WHERE v.n > $4 * v.leads
        UNION ALL
        SELECT 'warning', 'are exceptions the rule', 'routing', format('people have given away %s of %s leads that were assigned since %s', v.n, v.given, $3::date), v.n,
               'Ask which routes they do not believe: see assignment, cause assign.'
        FROM (SELECT count(*) FILTER (WHERE s.cause = 'assign') AS n, count(*) AS given FROM revops.assignment s WHERE s.workspace_id = $1 AND s.at >= $3) v
        WHERE v.n > $4 * v.given
        UNION ALL
        SELECT 'gap', 'is the lifecycle sound', 'stage ' || c.stage, c.problem || ': ' || c.detail, NULL, 'Correct it in a draft; check_lifecycle(draft) looks again.'
        FROM revops.check_lifecycle($2) c
    )
    SELECT x.* FROM x
    $$;
COMMENT ON FUNCTION revops.audit_rejections(int, int, timestamptz, double precision) IS
    'Part of audit_handoff(): how rejections reach marketing, whether exceptions are the rule, whether the lifecycle is sound.';

CREATE FUNCTION revops.audit_handoff(workspace_id int DEFAULT 1, days int DEFAULT 90, sample int DEFAULT 10000, most_exceptions double precision DEFAULT 0.1)
    RETURNS SETOF revops.audit_handoff_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO' SET intervalstyle = 'postgres'
    AS $$
#variable_conflict use_column
DECLARE
    in_force int;
BEGIN
    PERFORM revops.check_workspace($1);
    SELECT a.agreement_id INTO in_force FROM revops.agreement a WHERE a.workspace_id = $1 AND a.status = 'active';
    IF in_force IS NULL THEN
        RETURN NEXT ('gap', 'what qualifies an MQL', NULL, 'no version of the agreement is in force: nothing is scored, moved or promised', NULL,
                     'Propose and approve a draft, or adopt_agreement().')::revops.audit_handoff_row;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT f.severity, f.question, f.object, f.finding, f.evidence, f.way_out
    FROM (SELECT 1 AS n, * FROM revops.audit_qualifies($1, in_force, $3)
          UNION ALL SELECT 2, * FROM revops.audit_accepts($1, in_force)
          UNION ALL SELECT 3, * FROM revops.audit_known($1, in_force)
          UNION ALL SELECT 4, * FROM revops.audit_recycles($1, in_force)
          UNION ALL SELECT 5, * FROM revops.audit_rejections($1, in_force, revops.engine_now() - make_interval(days => $2), $4)) f
    ORDER BY f.n, f.question DESC, CASE f.severity WHEN 'answer' THEN 1 WHEN 'gap' THEN 2 ELSE 3 END, f.object COLLATE "C" NULLS FIRST, f.finding COLLATE "C";
END
$$;
COMMENT ON FUNCTION revops.audit_handoff(int, int, int, double precision) IS
    'The audit of the handoff: the five questions answered from the agreement in force and from data (severity answer), and each gap named, with its evidence and a way out: what exactly qualifies an MQL; who accepts, by when; what must be known before routing; when to recycle rather than discard; how rejections reach marketing. Looks back so many days at moves and assignments; asks the latest leads, so many at most, which rules ever fire; exceptions (moves against the agreement, scores set and leads given by hand) are named above this share, 0 to 1. Reads all clocks and assignments: some seconds where there are millions. Raises RV002 for an unknown workspace.';
