-- Why a lead has its score.

CREATE FUNCTION revops.rules_matched(binding_id int, profile jsonb, personal jsonb) RETURNS int[]
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'revops_rules_matched';
COMMENT ON FUNCTION revops.rules_matched(int, jsonb, jsonb) IS
    'Numbers of the fit, negative and disqualifying rules of the agreement in force that match a profile of this binding. A rule that raises does not match. NULL when no agreement is in force.';

CREATE FUNCTION revops.explain_score(lead_id bigint)
    RETURNS TABLE (part text, rule text, points int, matched boolean, touches bigint, value double precision, because text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SECURITY DEFINER AS $$
DECLARE
    l revops.lead;
    m revops.score_model;
    ids int[];
    fit_sum double precision;
    intent_sum double precision;
    at timestamptz := revops.engine_now();
BEGIN
    SELECT * INTO l FROM revops.lead x WHERE x.lead_id = explain_score.lead_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'lead % does not exist', coalesce(explain_score.lead_id::text, 'NULL')
            USING ERRCODE = 'RV002', DETAIL = 'No lead has this number; it is not the key of a row of yours.',
                  HINT = 'revops.lead_id(binding, key) finds a lead''s number.';
    END IF;
    SELECT sm.* INTO m FROM revops.score_model sm JOIN revops.agreement a USING (agreement_id)
     WHERE a.workspace_id = l.workspace_id AND a.status = 'active';
    SELECT revops.rules_matched(p.binding_id, p.profile, i.personal) INTO ids
      FROM revops.profile_change p LEFT JOIN revops.lead_identity i USING (lead_id)
     WHERE p.lead_id = l.lead_id AND p.change_id = l.profile_id;

    part := 'fit'; rule := '(base)'; points := m.fit_base; matched := true; touches := NULL;
    value := m.fit_base; because := 'fit of every lead';
    fit_sum := value;
    RETURN NEXT;
    FOR part, rule, points, matched, because IN
        SELECT r.kind, r.rule, r.points, coalesce(r.rule_id = ANY (ids), false), r.condition
          FROM revops.score_rule r
         WHERE r.agreement_id = m.agreement_id AND r.kind <> 'intent' ORDER BY r.rule_id
    LOOP
        value := CASE WHEN matched THEN points ELSE 0 END;
        fit_sum := fit_sum + value;
        RETURN NEXT;
    END LOOP;

    intent_sum := 0;
    FOR part, rule, points, matched, touches, value, because IN
        SELECT 'intent', r.rule, r.points, count(t.touch_id) > 0, coalesce(sum(t.sign), 0),
               coalesce(sum(t.sign * r.points * revops.decay_factor(t.occurred_at, m.half_life, at)), 0),
               format('signal %s, half-life %s', r.signal, m.half_life)
          FROM revops.score_rule r
          JOIN revops.signal s ON s.workspace_id = l.workspace_id AND s.signal = r.signal
          LEFT JOIN revops.touch t ON t.lead_id = l.lead_id AND t.signal_id = s.signal_id
         WHERE r.agreement_id = m.agreement_id AND r.kind = 'intent'
         GROUP BY r.rule_id, r.rule, r.points, r.signal ORDER BY r.rule_id
    LOOP
        intent_sum := intent_sum + value;
        RETURN NEXT;
    END LOOP;

    rule := '(total)'; points := NULL; matched := NULL; touches := NULL;
    part := 'fit'; value := least(greatest(fit_sum, 0), 100);
    because := format('%s, kept within 0 and 100', fit_sum);
    fit_sum := value;
    RETURN NEXT;
    part := 'intent'; value := least(greatest(intent_sum, 0), 100);
    because := format('%s at %s, kept within 0 and 100', round(intent_sum::numeric, 6), at);
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
COMMENT ON FUNCTION revops.explain_score(bigint) IS
    'Rule by rule why a lead has its score now, by the agreement in force: value is in points and sums up to the (total) rows of fit and intent, which give score and grade (the grade itself is in because). Raises RV002 (no such lead).';
