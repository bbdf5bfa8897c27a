-- Why a lead has its score, now or as of a past moment.

CREATE FUNCTION revops.rules_matched(binding_id int, profile jsonb, personal jsonb, agreement_id int DEFAULT NULL) RETURNS int[]
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'revops_rules_matched';
COMMENT ON FUNCTION revops.rules_matched(int, jsonb, jsonb, int) IS
    'Numbers of the fit, negative and disqualifying rules of a version of the agreement (NULL: the one in force) that match a profile of this binding. A rule that raises does not match. NULL when no agreement is in force. Raises RV002 for a version that the workspace does not have.';

-- What an explanation of a lead starts from; at NULL is now.
CREATE FUNCTION revops.explain_basis(lead_id bigint, at timestamptz,
                                     OUT moment timestamptz, OUT recorded_until timestamptz, OUT workspace_id int,
                                     OUT agreement_id int, OUT binding_id int, OUT profile jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    present timestamptz := revops.engine_now();
    l revops.lead;
BEGIN
    moment := coalesce(explain_basis.at, present);
    IF moment > present THEN
        RAISE EXCEPTION 'scores of moments to come cannot be explained'
            USING ERRCODE = '22023', DETAIL = format('%s is after %s, the engine''s time.', moment, present),
                  HINT = 'Leave out the moment, or give one of the past.';
    END IF;
    SELECT x.* INTO l FROM revops.lead x WHERE x.lead_id = explain_basis.lead_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'lead % does not exist', coalesce(explain_basis.lead_id::text, 'NULL')
            USING ERRCODE = 'RV002', DETAIL = 'No lead has this number; it is not the key of a row of yours.',
                  HINT = 'revops.lead_id(binding, key) finds a lead''s number.';
    END IF;
    workspace_id := l.workspace_id;
    -- now: the profile that the lead was settled under, and all touches that are there
    recorded_until := CASE WHEN moment < present THEN moment ELSE 'infinity' END;
    SELECT p.binding_id, p.profile INTO binding_id, profile FROM revops.profile_change p
    WHERE p.lead_id = l.lead_id AND CASE WHEN moment < present THEN p.at <= moment ELSE p.change_id = l.profile_id END
    ORDER BY p.change_id DESC LIMIT 1;
    IF NOT FOUND AND moment < present THEN
        RAISE EXCEPTION 'lead % was not known at %', l.lead_id, moment
            USING ERRCODE = 'RV002',
                  DETAIL = format('What is known of it was first recorded at %s.',
                                  (SELECT min(p.at) FROM revops.profile_change p WHERE p.lead_id = l.lead_id)),
                  HINT = 'Give a moment from then on.';
    END IF;
    SELECT a.agreement_id INTO agreement_id FROM revops.agreement a
    WHERE a.workspace_id = l.workspace_id AND a.status IN ('active', 'retired') AND a.active_from <= moment
      AND (a.retired_at > moment OR a.retired_at IS NULL)
    ORDER BY a.active_from DESC, a.version DESC LIMIT 1;
    IF agreement_id IS NULL THEN
        RAISE EXCEPTION 'no agreement was in force at %', moment
            USING ERRCODE = 'RV006',
                  DETAIL = format('The first version of workspace %s was put into force at %s.', l.workspace_id,
                                  (SELECT coalesce(min(a.active_from)::text, 'no time') FROM revops.agreement a
                                   WHERE a.workspace_id = l.workspace_id)),
                  HINT = 'Give a moment from then on.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.explain_basis(bigint, timestamptz) IS
    'Part of explain_score() and explain_touches(): the version in force and the profile known at a moment (NULL: now), and until when touches were recorded that count then. Raises RV002 for a lead that does not exist or was not known yet, RV006 where no version was in force, 22023 for a moment to come.';

CREATE FUNCTION revops.explain_fit(lead_id bigint, binding_id int, profile jsonb, of_version int)
    RETURNS TABLE (part text, rule text, score_group text, points int, matched boolean, capped int, value double precision, because text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH ids AS MATERIALIZED (
        SELECT revops.rules_matched($2, $3, (SELECT i.personal FROM revops.lead_identity i WHERE i.lead_id = $1), $4) AS matched
    ), ruled AS (
        SELECT r.*, coalesce(r.rule_id = ANY (ids.matched), false) AS fired
        FROM revops.score_rule r, ids WHERE r.agreement_id = $4 AND r.kind <> 'intent'
    ), grouped AS (
        SELECT g.score_group, g.cap, coalesce(sum(r.points) FILTER (WHERE r.fired), 0)::int AS points
        FROM revops.score_group g LEFT JOIN ruled r USING (score_group)
        WHERE g.agreement_id = $4 AND g.kind = 'fit' AND g.cap IS NOT NULL
        GROUP BY g.score_group, g.cap
    ), taken AS (
        SELECT g.*, g.points - least(greatest(g.points, -g.cap), g.cap) AS over FROM grouped g
    ), told AS (
        SELECT 1 AS n, NULL::int AS rule_id, 'fit' AS part, '(base)' AS rule, NULL AS score_group, m.fit_base AS points, true AS matched,
               0 AS capped, m.fit_base::double precision AS value, 'fit of every lead' AS because
        FROM revops.score_model m WHERE m.agreement_id = $4
        UNION ALL
        SELECT 2, r.rule_id, r.kind, r.rule, r.score_group, r.points, r.fired, 0, CASE WHEN r.fired THEN r.points ELSE 0 END, r.condition
        FROM ruled r
        UNION ALL
        SELECT 3, NULL, 'fit', '(group cap)', t.score_group, NULL, t.over <> 0, t.over, -t.over,
               format('rules of the group count %s, kept within %s and %s', t.points, -t.cap, t.cap)
        FROM taken t
    )
    SELECT t.part, t.rule, t.score_group, t.points, t.matched, t.capped, t.value, t.because
    FROM told t ORDER BY t.n, t.rule_id, t.score_group
    $$;
COMMENT ON FUNCTION revops.explain_fit(bigint, int, jsonb, int) IS
    'Part of explain_score(): its rows of fit but the total, for a lead with this profile, by a version of the agreement.';

-- in words: at most 20 points a week, and 50 of the group
CREATE FUNCTION revops.cap_text(cap int, period text, whose text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
    RETURN CASE WHEN cap IS NULL THEN '' ELSE format(', %s at most %s', whose, cap) || coalesce(' a ' || period, '') END;
COMMENT ON FUNCTION revops.cap_text(int, text, text) IS 'Part of explain_score(): a cap in words; empty where there is none.';

CREATE FUNCTION revops.explain_intent(lead_id bigint, of_workspace int, of_version int, moment timestamptz, recorded_until timestamptz)
    RETURNS TABLE (rule text, score_group text, points int, matched boolean, touches bigint, earned int, capped int,
                   value double precision, because text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH t AS MATERIALIZED (
        SELECT c.*, c.counted * revops.decay_factor(c.occurred_at, m.half_life, $4) AS value
        FROM revops.score_model m, revops.touches_counted($1, $3, $5) c WHERE m.agreement_id = $3
    )
    SELECT r.rule, r.score_group, r.points, count(t.rule_id) > 0, count(t.rule_id),
           (count(t.rule_id) * r.points)::int, (count(t.rule_id) * r.points - coalesce(sum(t.counted), 0))::int,
           coalesce(sum(t.value), 0),
           format('signal %s, half-life %s', r.signal, m.half_life) || revops.cap_text(r.cap, r.cap_period, 'the rule')
           || revops.cap_text(g.cap, g.cap_period, 'its group')
    FROM revops.score_rule r
    JOIN revops.score_model m USING (agreement_id)
    JOIN revops.signal s ON s.workspace_id = $2 AND s.signal = r.signal
    LEFT JOIN revops.score_group g USING (agreement_id, score_group)
    LEFT JOIN t ON t.rule_id = r.rule_id
    WHERE agreement_id = $3 AND r.kind = 'intent'
    GROUP BY r.rule_id, r.rule, r.score_group, r.points, r.signal, m.half_life, r.cap, r.cap_period, g.cap, g.cap_period
    ORDER BY r.rule_id
    $$;
COMMENT ON FUNCTION revops.explain_intent(bigint, int, int, timestamptz, timestamptz) IS
    'Part of explain_score(): its rows of intent but the total, by a version of the agreement, at a moment, of touches recorded by another.';

CREATE FUNCTION revops.overrides_known(lead_id bigint, at timestamptz)
    RETURNS TABLE (override_id bigint, part text, value smallint, until timestamptz, reason text, actor text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT DISTINCT ON (o.part) o.override_id, o.part, o.value, o.until, o.reason, o.actor
    FROM revops.score_override o WHERE o.lead_id = $1 AND o.at <= $2
    ORDER BY o.part, o.override_id DESC
    $$;
COMMENT ON FUNCTION revops.overrides_known(bigint, timestamptz) IS
    'Part of explain_score() and of the engine: what people had last said of each part of a lead''s score by a moment, also where that has ended or was taken back.';

CREATE FUNCTION revops.explain_overrides(lead_id bigint, moment timestamptz, present boolean)
    RETURNS TABLE (part text, value smallint, because text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT k.part, k.value,
           format('set to %s by %s, reason %s, ', k.value, k.actor, k.reason)
           || CASE WHEN k.until < 'infinity' THEN format('until %s', k.until) ELSE 'with no end' END
    FROM revops.overrides_known($1, $2) k JOIN revops.lead l ON l.lead_id = $1
    WHERE k.value IS NOT NULL
      AND CASE WHEN $3 THEN CASE k.part WHEN 'fit' THEN l.fit_set WHEN 'intent' THEN l.intent_set ELSE l.disqualified_set END IS NOT NULL
               ELSE k.until > $2 END
    $$;
COMMENT ON FUNCTION revops.explain_overrides(bigint, timestamptz, boolean) IS
    'Part of explain_score(): what people had set of a lead''s score at a moment, in words; at present: as the lead''s state has it.';

CREATE FUNCTION revops.explain_score(lead_id bigint, at timestamptz DEFAULT NULL)
    RETURNS TABLE (part text, rule text, score_group text, points int, matched boolean, touches bigint, earned int, capped int,
                   value double precision, because text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SECURITY DEFINER AS $$
DECLARE
    b record;
    m revops.score_model;
    fit_sum double precision := 0;
    intent_sum double precision := 0;
    o record;
BEGIN
    SELECT * INTO b FROM revops.explain_basis(explain_score.lead_id, explain_score.at);
    SELECT sm.* INTO m FROM revops.score_model sm WHERE sm.agreement_id = b.agreement_id;

    FOR part, rule, score_group, points, matched, capped, value, because IN
        SELECT * FROM revops.explain_fit(explain_score.lead_id, b.binding_id, b.profile, b.agreement_id)
    LOOP
        earned := CASE WHEN matched AND rule <> '(group cap)' THEN points END;
        fit_sum := fit_sum + value;
        RETURN NEXT;
    END LOOP;
    matched := true; capped := NULL; score_group := NULL; points := NULL; earned := NULL;
    FOR o IN SELECT * FROM revops.explain_overrides(explain_score.lead_id, b.moment, b.recorded_until = 'infinity') LOOP
        part := CASE o.part WHEN 'disqualified' THEN 'disqualify' ELSE o.part END;
        rule := '(override)'; because := o.because; matched := o.part <> 'disqualified' OR o.value <> 0;
        value := CASE o.part WHEN 'fit' THEN o.value - fit_sum WHEN 'disqualified' THEN 0 END;
        -- what it takes or adds of intent is known after the rules of intent
        CONTINUE WHEN o.part = 'intent';
        fit_sum := CASE o.part WHEN 'fit' THEN o.value ELSE fit_sum END;
        RETURN NEXT;
    END LOOP;
    part := 'intent';
    FOR rule, score_group, points, matched, touches, earned, capped, value, because IN
        SELECT * FROM revops.explain_intent(explain_score.lead_id, b.workspace_id, b.agreement_id, b.moment, b.recorded_until)
    LOOP
        intent_sum := intent_sum + value;
        RETURN NEXT;
    END LOOP;

    matched := true; touches := NULL; capped := NULL; score_group := NULL; points := NULL; earned := NULL;
    FOR o IN SELECT * FROM revops.explain_overrides(explain_score.lead_id, b.moment, b.recorded_until = 'infinity') q WHERE q.part = 'intent' LOOP
        rule := '(override)'; because := o.because; value := o.value - intent_sum;
        intent_sum := o.value;
        RETURN NEXT;
    END LOOP;

    rule := '(total)'; score_group := NULL; points := NULL; matched := NULL; touches := NULL; earned := NULL; capped := NULL;
    part := 'fit'; value := least(greatest(fit_sum, 0), 100);
    because := format('%s, kept within 0 and 100%s', fit_sum,
                      CASE WHEN b.recorded_until < 'infinity' THEN '; personal roles as they are today' END);
    fit_sum := value;
    RETURN NEXT;
    part := 'intent'; value := least(greatest(intent_sum, 0), 100);
    because := format('%s at %s, kept within 0 and 100', round(intent_sum::numeric, 6), b.moment);
    intent_sum := value;
    RETURN NEXT;
    part := 'score'; value := revops.whole_points(m.fit_share * fit_sum + (1 - m.fit_share) * intent_sum);
    because := format('%s * fit + %s * intent, rounded', m.fit_share, 1 - m.fit_share);
    RETURN NEXT;
    part := 'grade'; value := NULL;
    because := revops.grade(revops.whole_points(fit_sum), revops.whole_points(intent_sum), m.grade_fit, m.grade_intent);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION revops.explain_score(bigint, timestamptz) IS
    'Rule by rule why a lead has its score now, or had it at a past moment, by the agreement in force then: earned are undecayed points (of all its touches), capped is what caps took of them, value is what is left at that moment. Values sum up to the (total) rows of fit and intent, which give score and grade (the grade itself is in because); (group cap) is what the cap of a fit group takes; (override) is what a person has set in place of what the rules say, with who, why and until when. Of the past: by the profile known then, and touches recorded by then and not taken back by then; personal roles, of which no history is kept, are as they are today. Raises RV002 (no such lead, or not known yet), RV006 (no version was in force), 22023 (a moment to come).';

CREATE FUNCTION revops.explain_touches(lead_id bigint, at timestamptz DEFAULT NULL)
    RETURNS TABLE (rule text, signal text, occurred_at timestamptz, binding text, source_key text, points int, counted int,
                   value double precision)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SECURITY DEFINER AS $$
#variable_conflict use_column
DECLARE
    b record;
BEGIN
    SELECT * INTO b FROM revops.explain_basis($1, $2);
    RETURN QUERY
        SELECT r.rule, s.signal, t.occurred_at, d.binding, t.source_key, t.points, t.counted,
               coalesce(t.counted * revops.decay_factor(t.occurred_at, m.half_life, b.moment), 0)
        FROM revops.score_model m
        CROSS JOIN revops.touches_counted($1, b.agreement_id, b.recorded_until) t
        LEFT JOIN revops.score_rule r USING (rule_id)
        LEFT JOIN revops.signal s USING (signal_id)
        LEFT JOIN revops.binding d ON d.binding_id = t.binding_id
        WHERE m.agreement_id = b.agreement_id
        ORDER BY t.occurred_at, t.touch_id;
END
$$;
COMMENT ON FUNCTION revops.explain_touches(bigint, timestamptz) IS
    'The touches behind explain_score(), one row each, in order of time: points before caps, points that count after them (undecayed), and what they are worth at the moment (NULL: now). Rule and points are NULL for a signal that scores nothing. Raises what explain_score() raises.';
