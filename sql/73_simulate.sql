-- Trying a version of the agreement on history before anybody agrees to it.

CREATE FUNCTION revops.replayed_leads(agreement_id int, since timestamptz, until timestamptz)
    RETURNS TABLE (lead_id bigint, mql_at timestamptz, would_at timestamptz, accepted_at timestamptz, won_at timestamptz)
    LANGUAGE c STRICT STABLE
    AS 'MODULE_PATHNAME', 'revops_replayed_leads';
COMMENT ON FUNCTION revops.replayed_leads(int, timestamptz, timestamptz) IS
    'Walks the history of all leads of a version''s workspace under that version: when each became an MQL (mql_at) and would have become one (would_at) first within the time given, when sales accepted it and when it was won. Leads with none of it then are left out. simulate() and simulate_leads() call it. Raises RV002.';

CREATE FUNCTION revops.rules_matched_by(agreement_id int, binding_id int, profile jsonb, personal jsonb) RETURNS int[]
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'revops_rules_matched_by';
COMMENT ON FUNCTION revops.rules_matched_by(int, int, jsonb, jsonb) IS
    'Numbers of the fit, negative and disqualifying rules of this version that match a profile of this binding. A rule that raises does not match. Raises RV002.';

CREATE FUNCTION revops.check_simulation(agreement_id int, since timestamptz, until timestamptz) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    tried revops.agreement;
    problems text;
    problem_count int;
    way_out text;
BEGIN
    SELECT a.* INTO tried FROM revops.agreement a WHERE a.agreement_id = check_simulation.agreement_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('agreement %s does not exist', coalesce(agreement_id::text, 'NULL')),
            DETAIL = format('There are: %s.',
                            (SELECT coalesce(string_agg(format('%s (version %s of workspace %s, %s)', a.agreement_id, a.version,
                                                               a.workspace_id, a.status), ', ' ORDER BY a.agreement_id), 'none')
                             FROM revops.agreement a)),
            HINT = 'revops.draft_agreement() makes a draft to try.';
    END IF;
    IF since >= until OR since IS NULL OR until IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = '22023',
            MESSAGE = 'the time to simulate must end after it begins',
            DETAIL = format('It was given as %s to %s.', coalesce(since::text, 'NULL'), coalesce(until::text, 'NULL')),
            HINT = 'Give a moment for since that lies before until; without until it is now.';
    END IF;
    SELECT string_agg(p.object || CASE WHEN p.problem LIKE 'is %' THEN ' ' ELSE ': ' END || p.problem, E'\n'), count(*), min(p.hint)
    INTO problems, problem_count, way_out FROM revops.agreement_problems(tried.agreement_id) p;
    IF problem_count > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('version %s of the agreement cannot be simulated: %s', tried.version,
                             CASE problem_count WHEN 1 THEN '1 problem' ELSE problem_count || ' problems' END),
            DETAIL = problems,
            HINT = CASE problem_count WHEN 1 THEN way_out
                   ELSE format('See the hints of revops.agreement_problems(%s).', tried.agreement_id) END;
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_simulation(int, timestamptz, timestamptz) IS
    'Raises RV002 where there is no such version, 22023 where the time is empty, RV004 with all of agreement_problems() where the version could not be put into force. simulate() calls it.';

CREATE FUNCTION revops.simulate(agreement_id int, since timestamptz, until timestamptz DEFAULT NULL)
    RETURNS TABLE (week date, mqls bigint, mqls_draft bigint, in_both bigint, only_before bigint, only_draft bigint,
                   accepted bigint, won bigint,
                   precision_accepted numeric, precision_accepted_draft numeric, recall_accepted numeric, recall_accepted_draft numeric,
                   precision_won numeric, precision_won_draft numeric, recall_won numeric, recall_won_draft numeric)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    first timestamptz := $2;
    past timestamptz := coalesce($3, revops.engine_now());
    zone text;
BEGIN
    PERFORM revops.check_simulation($1, first, past);
    SELECT w.time_zone INTO zone FROM revops.agreement a JOIN revops.workspace w USING (workspace_id) WHERE a.agreement_id = $1;
    RETURN QUERY
    WITH lead AS MATERIALIZED (
        SELECT r.*, revops.kpi_period('week', r.mql_at, zone) AS mql_week, revops.kpi_period('week', r.would_at, zone) AS would_week,
               CASE WHEN r.accepted_at >= first AND r.accepted_at < past THEN revops.kpi_period('week', r.accepted_at, zone) END AS accepted_week,
               CASE WHEN r.won_at >= first AND r.won_at < past THEN revops.kpi_period('week', r.won_at, zone) END AS won_week
        FROM revops.replayed_leads($1, first, past) r
    ), told AS (
        SELECT l.mql_week AS week, 'mql' AS what, l.* FROM lead l WHERE l.mql_week IS NOT NULL
        UNION ALL SELECT l.would_week, 'would', l.* FROM lead l WHERE l.would_week IS NOT NULL
        UNION ALL SELECT l.accepted_week, 'accepted', l.* FROM lead l WHERE l.accepted_week IS NOT NULL
        UNION ALL SELECT l.won_week, 'won', l.* FROM lead l WHERE l.won_week IS NOT NULL
    ), counted AS (
        SELECT t.week,
               count(*) FILTER (WHERE t.what = 'mql') AS mqls,
               count(*) FILTER (WHERE t.what = 'would') AS would,
               count(*) FILTER (WHERE t.what = 'would' AND t.mql_at IS NOT NULL) AS both,
               count(*) FILTER (WHERE t.what = 'mql' AND t.would_at IS NULL) AS only_mql,
               count(*) FILTER (WHERE t.what = 'would' AND t.mql_at IS NULL) AS only_would,
               count(*) FILTER (WHERE t.what = 'accepted') AS accepted,
               count(*) FILTER (WHERE t.what = 'won') AS won,
               count(*) FILTER (WHERE t.what = 'mql' AND t.accepted_at >= t.mql_at) AS mql_accepted,
               count(*) FILTER (WHERE t.what = 'would' AND t.accepted_at >= t.would_at) AS would_accepted,
               count(*) FILTER (WHERE t.what = 'mql' AND t.won_at >= t.mql_at) AS mql_won,
               count(*) FILTER (WHERE t.what = 'would' AND t.won_at >= t.would_at) AS would_won,
               count(*) FILTER (WHERE t.what = 'accepted' AND t.mql_at <= t.accepted_at) AS accepted_mql,
               count(*) FILTER (WHERE t.what = 'accepted' AND t.would_at <= t.accepted_at) AS accepted_would,
               count(*) FILTER (WHERE t.what = 'won' AND t.mql_at <= t.won_at) AS won_mql,
               count(*) FILTER (WHERE t.what = 'won' AND t.would_at <= t.won_at) AS won_would
        FROM told t GROUP BY GROUPING SETS ((t.week), ())
    )
    SELECT c.week, c.mqls, c.would, c.both, c.only_mql, c.only_would, c.accepted, c.won,
           revops.kpi_share(c.mql_accepted, c.mqls), revops.kpi_share(c.would_accepted, c.would),
           revops.kpi_share(c.accepted_mql, c.accepted), revops.kpi_share(c.accepted_would, c.accepted),
           revops.kpi_share(c.mql_won, c.mqls), revops.kpi_share(c.would_won, c.would),
           revops.kpi_share(c.won_mql, c.won), revops.kpi_share(c.won_would, c.won)
    FROM counted c ORDER BY c.week NULLS LAST;
END
$$;
COMMENT ON FUNCTION revops.simulate(int, timestamptz, timestamptz) IS
    'Tries a version of the agreement, a draft as a rule, on history from since until until (NULL: engine_now()); nothing is written. A row for each week of the workspace''s time zone, and one of all with week NULL: MQLs that there were (mqls) and would have been (mqls_draft), each lead in the week in which it became one first in that time; in_both: of mqls_draft those that were MQLs in that time too; only_before and only_draft: of mqls and mqls_draft those that were not both. accepted and won: leads that sales accepted and won in the week, and precision_accepted: share of the MQLs that sales has accepted since (until today); recall_accepted: share of the accepted ones that had become MQLs in that time before; won likewise. The draft counts as in force from each lead''s entry on. Profiles, touches and moves count from when the engine recorded them, late touches too; of a binding that was backfilled, what the backfill brought counts from when it happened, its leads'' first profile from their creation. Moves by score are made anew; what people, deals and the host did is done again as far as the draft''s transitions allow. Personal roles are as of today. Raises RV002 (no such version), RV004 (it could not be put into force: agreement_problems()), 22023 (since is not before until).';

CREATE FUNCTION revops.cap_shown(cap int, period text, score_group text) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN cap IS NOT NULL THEN
        concat('a cap of ', cap, ' points', ' a ' || period, ' for group "' || score_group || '"') END;
COMMENT ON FUNCTION revops.cap_shown(int, text, text) IS 'A cap in words; NULL: there is none. simulated_reasons() calls it.';

CREATE FUNCTION revops.simulated_reasons(tried int, lead_id bigint, moment timestamptz) RETURNS text[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    l revops.lead;
    old_id int;
    p revops.profile_change;
    personal jsonb;
    matched_new int[];
    matched_old int[];
BEGIN
    SELECT x.* INTO l FROM revops.lead x WHERE x.lead_id = simulated_reasons.lead_id;
    -- the version in force then; before there was any, the first
    SELECT a.agreement_id INTO old_id FROM revops.agreement a
    WHERE a.workspace_id = l.workspace_id AND a.active_from IS NOT NULL
    ORDER BY a.active_from > moment, CASE WHEN a.active_from > moment THEN a.active_from END, a.active_from DESC, a.agreement_id DESC LIMIT 1;
    SELECT c.* INTO p FROM revops.profile_change c WHERE c.lead_id = l.lead_id
    ORDER BY c.at > moment, CASE WHEN c.at > moment THEN c.change_id END, c.change_id DESC LIMIT 1;
    SELECT i.personal INTO personal FROM revops.lead_identity i WHERE i.lead_id = l.lead_id;
    matched_new := revops.rules_matched_by(tried, p.binding_id, p.profile, personal);
    matched_old := coalesce(revops.rules_matched_by(old_id, p.binding_id, p.profile, personal), '{}');
    RETURN ARRAY(
        SELECT CASE WHEN o.rule_id IS NULL THEN format('rule "%s" (%s) matches in the draft only', n.rule, points_shown.n)
                    WHEN n.rule_id IS NULL THEN format('rule "%s" (%s) no longer matches', o.rule, points_shown.o)
                    ELSE format('rule "%s" has %s in place of %s', n.rule, points_shown.n, points_shown.o) END
        FROM (SELECT r.* FROM revops.score_rule r WHERE r.rule_id = ANY (matched_new)) n
        FULL JOIN (SELECT r.* FROM revops.score_rule r WHERE r.rule_id = ANY (matched_old)) o ON o.rule = n.rule
        CROSS JOIN LATERAL (SELECT CASE n.kind WHEN 'disqualify' THEN 'disqualifies' ELSE to_char(n.points, 'SG999990') END AS n,
                                   CASE o.kind WHEN 'disqualify' THEN 'disqualifies' ELSE to_char(o.points, 'SG999990') END AS o) raw
        CROSS JOIN LATERAL (SELECT regexp_replace(raw.n, '\s', '', 'g') AS n, regexp_replace(raw.o, '\s', '', 'g') AS o) points_shown
        WHERE (n.points, n.kind) IS DISTINCT FROM (o.points, o.kind)
        ORDER BY coalesce(n.rule_id, o.rule_id))
    || ARRAY(
        SELECT format('signal "%s" has %s points in place of %s', s.signal, coalesce(n.points, 0), coalesce(o.points, 0))
        FROM revops.signal s
        LEFT JOIN revops.score_rule n ON n.agreement_id = tried AND n.kind = 'intent' AND n.signal = s.signal
        LEFT JOIN revops.score_rule o ON o.agreement_id = old_id AND o.kind = 'intent' AND o.signal = s.signal
        WHERE s.workspace_id = l.workspace_id AND n.points IS DISTINCT FROM o.points
          AND EXISTS (SELECT FROM revops.touch t WHERE t.lead_id = l.lead_id AND t.signal_id = s.signal_id AND t.occurred_at <= moment)
        ORDER BY s.signal)
    || ARRAY(
        SELECT format('signal "%s" has %s in place of %s', s.signal, limits.n, limits.o)
        FROM revops.signal s
        JOIN revops.score_rule n ON n.agreement_id = tried AND n.kind = 'intent' AND n.signal = s.signal
        JOIN revops.score_rule o ON o.agreement_id = old_id AND o.kind = 'intent' AND o.signal = s.signal
        LEFT JOIN revops.score_group ng ON ng.agreement_id = tried AND ng.score_group = n.score_group
        LEFT JOIN revops.score_group og ON og.agreement_id = old_id AND og.score_group = o.score_group
        CROSS JOIN LATERAL (SELECT concat_ws(' and ', revops.cap_shown(n.cap, n.cap_period, NULL), revops.cap_shown(ng.cap, ng.cap_period, n.score_group)) AS n,
                                   concat_ws(' and ', revops.cap_shown(o.cap, o.cap_period, NULL), revops.cap_shown(og.cap, og.cap_period, o.score_group)) AS o) raw
        CROSS JOIN LATERAL (SELECT coalesce(nullif(raw.n, ''), 'no cap') AS n, coalesce(nullif(raw.o, ''), 'no cap') AS o) limits
        WHERE s.workspace_id = l.workspace_id AND limits.n <> limits.o
          AND EXISTS (SELECT FROM revops.touch t WHERE t.lead_id = l.lead_id AND t.signal_id = s.signal_id AND t.occurred_at <= moment)
        ORDER BY s.signal)
    || ARRAY(
        SELECT format('%s is %s in place of %s', x.name, x.n, x.o)
        FROM revops.score_model n JOIN revops.score_model o ON n.agreement_id = tried AND o.agreement_id = old_id
        CROSS JOIN LATERAL (VALUES
            ('mql_fit', n.mql_fit::text, o.mql_fit::text), ('mql_intent', n.mql_intent::text, o.mql_intent::text),
            ('mql_score', n.mql_score::text, o.mql_score::text), ('fit_base', n.fit_base::text, o.fit_base::text),
            ('fit_share', n.fit_share::text, o.fit_share::text), ('half_life', n.half_life::text, o.half_life::text)) AS x (name, n, o)
        WHERE x.n <> x.o);
END
$$;
COMMENT ON FUNCTION revops.simulated_reasons(int, bigint, timestamptz) IS
    'Where a version (tried) judges a lead otherwise at a moment than the version in force then: rules that match in one of them only or with other points, signals of the lead''s touches with other points or caps, parts of the model that differ. simulate_leads() calls it.';

CREATE FUNCTION revops.simulate_leads(agreement_id int, since timestamptz, until timestamptz DEFAULT NULL)
    RETURNS TABLE (change text, lead_id bigint, binding text, key text, mql_at timestamptz, would_at timestamptz,
                   accepted_at timestamptz, won_at timestamptz, because text[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    past timestamptz := coalesce($3, revops.engine_now());
BEGIN
    PERFORM revops.check_simulation($1, $2, past);
    RETURN QUERY
    SELECT CASE WHEN r.mql_at IS NULL THEN 'gained' ELSE 'lost' END, r.lead_id, b.binding, l.key,
           r.mql_at, r.would_at, r.accepted_at, r.won_at,
           revops.simulated_reasons($1, r.lead_id, coalesce(r.would_at, r.mql_at))
    FROM revops.replayed_leads($1, $2, past) r
    JOIN revops.lead l ON l.lead_id = r.lead_id
    JOIN revops.binding b ON b.binding_id = l.binding_id
    WHERE (r.mql_at IS NULL) <> (r.would_at IS NULL)
    ORDER BY coalesce(r.would_at, r.mql_at), r.lead_id;
END
$$;
COMMENT ON FUNCTION revops.simulate_leads(int, timestamptz, timestamptz) IS
    'The leads that change sides where simulate() tries a version: gained (would have become an MQL in that time and did not) and lost (did, and would not have), with the moment, what became of them, and because: the rules, signals and parts of the model by which the version judges them otherwise than the one that was in force. Raises what simulate() raises.';
