-- Feedback to the model: what became of the leads that its rules scored.  Rules
-- are matched again, by the profile of that moment and the version in force then.
--
-- SECURITY DEFINER: a reader sees the totals without a right on the facts.

CREATE VIEW revops.lead_judged AS
SELECT l.workspace_id,
       l.lead_id,
       l.created_at,
       h.seq AS handoff_seq,
       COALESCE(h.agreement_id, l.agreement_id) AS agreement_id,
       COALESCE(h.recorded_at, revops.engine_now()) AS judged_at,
       h.outcome,
       h.reason,
       h.next_seq,
       EXISTS (SELECT FROM revops.stage_change c
               JOIN revops.stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage
               WHERE c.lead_id = l.lead_id AND g.purpose = 'won') AS won,
       revops.rules_matched(p.binding_id, p.profile, i.personal, COALESCE(h.agreement_id, l.agreement_id)) AS matched
FROM revops.lead l
LEFT JOIN (SELECT DISTINCT ON (o.lead_id) o.lead_id, o.seq, o.outcome, o.reason, c.agreement_id, c.recorded_at,
                  CASE WHEN o.outcome IN ('accepted', 'rejected', 'recycled') THEN o.seq + 1 END AS next_seq
           FROM revops.handoff o
           JOIN revops.stage_change c ON c.lead_id = o.lead_id AND c.seq = o.seq
           ORDER BY o.lead_id, o.seq) h ON h.lead_id = l.lead_id
LEFT JOIN LATERAL
     (SELECT x.binding_id, x.profile
      FROM revops.profile_change x
      WHERE x.lead_id = l.lead_id
        AND CASE WHEN h.seq IS NULL THEN x.change_id = l.profile_id ELSE x.at <= h.recorded_at END
      ORDER BY x.change_id DESC
      LIMIT 1) p ON true
LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id;
COMMENT ON VIEW revops.lead_judged IS
    'One row for each lead (deleted ones too) with the rules that match it at the moment that counts for feedback: its first handoff (by the profile known when that was decided and the version in force then), or now where it has not been handed over (by its present profile and version). Personal roles, of which no history is kept, are as they are today. Costs a match of all rules for each lead read.';
COMMENT ON COLUMN revops.lead_judged.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.lead_judged.lead_id IS 'the lead';
COMMENT ON COLUMN revops.lead_judged.created_at IS 'when the lead was created';
COMMENT ON COLUMN revops.lead_judged.handoff_seq IS 'number of the move that first handed it over (stage_change); NULL: not handed over';
COMMENT ON COLUMN revops.lead_judged.agreement_id IS 'version of the agreement at that moment';
COMMENT ON COLUMN revops.lead_judged.judged_at IS 'the moment: engine time at which the first handoff was decided, or engine_now()';
COMMENT ON COLUMN revops.lead_judged.outcome IS 'how the first handoff ended, as view handoff has it; NULL: not handed over';
COMMENT ON COLUMN revops.lead_judged.reason IS 'coded reason of that';
COMMENT ON COLUMN revops.lead_judged.next_seq IS 'number of the move by which sales decided; NULL: undecided';
COMMENT ON COLUMN revops.lead_judged.won IS 'true: it has reached the stage of purpose won, whenever that was';
COMMENT ON COLUMN revops.lead_judged.matched IS 'numbers of the fit, negative and disqualifying rules that match; NULL: no profile is known of that moment';

CREATE TYPE revops.feedback_rule_row AS
(
    workspace_id       int,
    workspace          text,
    version            int,
    in_force           boolean,
    rule               text,
    kind               text,
    points             int,
    looks_at           text,
    judged             bigint,
    matched            bigint,
    handed_over        bigint,
    accepted           bigint,
    rejected           bigint,
    recycled           bigint,
    undecided          bigint,
    won                bigint,
    rejected_by_reason jsonb,
    acceptance         numeric,
    acceptance_of_all  numeric,
    acceptance_lift    numeric,
    win_rate           numeric,
    win_rate_of_all    numeric,
    win_lift           numeric,
    acceptance_z       numeric,
    win_z              numeric,
    flag               text
);
COMMENT ON TYPE revops.feedback_rule_row IS 'A row of feedback_rule().';
COMMENT ON COLUMN revops.feedback_rule_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.feedback_rule_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.feedback_rule_row.version IS 'version of the agreement that has the rule';
COMMENT ON COLUMN revops.feedback_rule_row.in_force IS 'true: this version is in force';
COMMENT ON COLUMN revops.feedback_rule_row.rule IS 'name of the rule';
COMMENT ON COLUMN revops.feedback_rule_row.kind IS 'fit, negative, disqualify or intent';
COMMENT ON COLUMN revops.feedback_rule_row.points IS 'points of the rule, before caps and decay';
COMMENT ON COLUMN revops.feedback_rule_row.looks_at IS 'its condition; of an intent rule the signal';
COMMENT ON COLUMN revops.feedback_rule_row.judged IS 'leads that this version judged (see the function)';
COMMENT ON COLUMN revops.feedback_rule_row.matched IS 'of these, the rule matched; intent: at least one touch of the signal was known';
COMMENT ON COLUMN revops.feedback_rule_row.handed_over IS 'of the matched, leads that were handed over (MQLs)';
COMMENT ON COLUMN revops.feedback_rule_row.accepted IS 'of the handed-over, leads whose first handoff sales accepted';
COMMENT ON COLUMN revops.feedback_rule_row.rejected IS 'of the handed-over, leads whose first handoff sales rejected';
COMMENT ON COLUMN revops.feedback_rule_row.recycled IS 'of the handed-over, leads whose first handoff sales recycled';
COMMENT ON COLUMN revops.feedback_rule_row.undecided IS 'of the handed-over, pending and withdrawn ones; handed_over = accepted + rejected + recycled + undecided';
COMMENT ON COLUMN revops.feedback_rule_row.won IS 'of the handed-over, leads that have reached the stage of purpose won';
COMMENT ON COLUMN revops.feedback_rule_row.rejected_by_reason IS 'rejected leads by coded reason ("-" where none was given), an object of counts';
COMMENT ON COLUMN revops.feedback_rule_row.acceptance IS 'accepted / (accepted + rejected + recycled), 0 to 1: of the decided ones, unlike acceptance_rate of kpi_acceptance()';
COMMENT ON COLUMN revops.feedback_rule_row.acceptance_of_all IS 'the same over all handed-over leads that this version judged';
COMMENT ON COLUMN revops.feedback_rule_row.acceptance_lift IS 'acceptance / acceptance_of_all';
COMMENT ON COLUMN revops.feedback_rule_row.win_rate IS 'won / handed_over, 0 to 1';
COMMENT ON COLUMN revops.feedback_rule_row.win_rate_of_all IS 'the same over all handed-over leads that this version judged';
COMMENT ON COLUMN revops.feedback_rule_row.win_lift IS 'win_rate / win_rate_of_all';
COMMENT ON COLUMN revops.feedback_rule_row.acceptance_z IS 'how far acceptance is from that of all, in standard deviations of chance; NULL where chance has no room';
COMMENT ON COLUMN revops.feedback_rule_row.win_z IS 'the same of win_rate';
COMMENT ON COLUMN revops.feedback_rule_row.flag IS 'never fires; always fires; of a rule that adds points: accepted below average, won below average; of one that takes points: accepted above average, won above average (the first that holds); NULL: nothing to say';

CREATE FUNCTION revops.feedback_z(part bigint, n bigint, all_part bigint, all_n bigint)
    RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (part::float8 / NULLIF(n, 0) - all_part::float8 / NULLIF(all_n, 0))
           / NULLIF(sqrt(all_part::float8 / NULLIF(all_n, 0) * (1.0 - all_part::float8 / NULLIF(all_n, 0)) / NULLIF(n, 0)
                         * (all_n - n) / NULLIF(all_n - 1, 0)), 0.0);
COMMENT ON FUNCTION revops.feedback_z(bigint, bigint, bigint, bigint) IS
    'How far the share part / n of a subset is from the share p = all_part / all_n of the whole, in standard deviations of a subset drawn by chance: (part / n - p) / sqrt(p * (1 - p) / n * (all_n - n) / (all_n - 1)). NULL where chance has no room: no leads, all of them, or p = 0 or 1.';

CREATE FUNCTION revops.feedback_rule(since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
                                     leads_at_least int DEFAULT 30, z_at_least double precision DEFAULT 2.33)
    RETURNS SETOF revops.feedback_rule_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT revops.check_kpi_range('day', feedback_rule.since, feedback_rule.until);
    WITH judged AS MATERIALIZED
         (SELECT j.*, j.handoff_seq IS NOT NULL AS handed_over, j.next_seq IS NOT NULL AS decided
          FROM revops.lead_judged j
          WHERE (feedback_rule.since IS NULL OR j.created_at >= feedback_rule.since)
            AND (feedback_rule.until IS NULL OR j.created_at < feedback_rule.until)),
         whole AS
         (SELECT j.workspace_id, j.agreement_id, count(*) AS judged,
                 count(*) FILTER (WHERE j.handed_over) AS handed_over,
                 count(*) FILTER (WHERE j.decided) AS decided,
                 count(*) FILTER (WHERE j.outcome = 'accepted') AS accepted,
                 count(*) FILTER (WHERE j.handed_over AND j.won) AS won
          FROM judged j
          GROUP BY 1, 2),
         fired AS
         (SELECT m.rule_id, j.lead_id, j.handed_over, j.outcome, j.reason, j.won
          FROM judged j
          CROSS JOIN LATERAL unnest(j.matched) AS m (rule_id)
          UNION ALL
          SELECT r.rule_id, j.lead_id, j.handed_over, j.outcome, j.reason, j.won
          FROM judged j
          -- touches as they were known then: one that was taken back later still counts
          JOIN (SELECT DISTINCT n.lead_id, n.signal_id
                FROM (SELECT t.lead_id, t.signal_id
                      FROM revops.touch t
                      JOIN judged k ON k.lead_id = t.lead_id
                      WHERE t.occurred_at <= k.judged_at AND t.recorded_at <= k.judged_at
                      GROUP BY t.lead_id, t.signal_id, t.occurred_at
                      HAVING sum(t.sign) > 0) n) t ON t.lead_id = j.lead_id
          JOIN revops.signal s ON s.signal_id = t.signal_id
          JOIN revops.score_rule r ON r.agreement_id = j.agreement_id AND r.kind = 'intent' AND r.signal = s.signal),
         counted AS
         (SELECT f.rule_id, count(*) AS matched,
                 count(*) FILTER (WHERE f.handed_over) AS handed_over,
                 count(*) FILTER (WHERE f.outcome = 'accepted') AS accepted,
                 count(*) FILTER (WHERE f.outcome = 'rejected') AS rejected,
                 count(*) FILTER (WHERE f.outcome = 'recycled') AS recycled,
                 count(*) FILTER (WHERE f.handed_over AND f.won) AS won
          FROM fired f
          GROUP BY 1),
         reasons AS
         (SELECT n.rule_id, jsonb_object_agg(n.reason, n.leads) AS by_reason
          FROM (SELECT f.rule_id, COALESCE(f.reason, '-') AS reason, count(*) AS leads
                FROM fired f
                WHERE f.outcome = 'rejected'
                GROUP BY 1, 2) n
          GROUP BY 1),
         rated AS
         (SELECT r.rule_id, r.rule, r.kind, r.points, COALESCE(r.condition, r.signal) AS looks_at,
                 a.workspace_id, a.version, a.status = 'active' AS in_force,
                 COALESCE(w.judged, 0) AS judged, COALESCE(c.matched, 0) AS matched, COALESCE(c.handed_over, 0) AS handed_over,
                 COALESCE(c.accepted, 0) AS accepted, COALESCE(c.rejected, 0) AS rejected,
                 COALESCE(c.recycled, 0) AS recycled, COALESCE(c.won, 0) AS won,
                 COALESCE(c.accepted + c.rejected + c.recycled, 0) AS decided,
                 w.handed_over AS all_handed_over, w.decided AS all_decided, w.accepted AS all_accepted, w.won AS all_won
          FROM revops.score_rule r
          JOIN revops.agreement a ON a.agreement_id = r.agreement_id
          LEFT JOIN whole w ON w.agreement_id = r.agreement_id
          LEFT JOIN counted c ON c.rule_id = r.rule_id
          WHERE a.status = 'active' OR w.judged > 0),
         tested AS
         (SELECT t.*,
                 revops.feedback_z(t.accepted, t.decided, t.all_accepted, t.all_decided) AS acceptance_z,
                 revops.feedback_z(t.won, t.handed_over, t.all_won, t.all_handed_over) AS win_z
          FROM rated t)
    SELECT t.workspace_id, w.workspace, t.version, t.in_force, t.rule, t.kind, t.points, t.looks_at,
           t.judged, t.matched, t.handed_over, t.accepted, t.rejected, t.recycled, t.handed_over - t.decided, t.won,
           COALESCE(s.by_reason, '{}'),
           revops.kpi_share(t.accepted, t.decided), revops.kpi_share(t.all_accepted, t.all_decided),
           round(t.accepted::numeric * t.all_decided / NULLIF(t.decided * t.all_accepted, 0), 4),
           revops.kpi_share(t.won, t.handed_over), revops.kpi_share(t.all_won, t.all_handed_over),
           round(t.won::numeric * t.all_handed_over / NULLIF(t.handed_over * t.all_won, 0), 4),
           round(t.acceptance_z::numeric, 4), round(t.win_z::numeric, 4),
           CASE WHEN t.judged >= feedback_rule.leads_at_least AND t.matched = 0 THEN 'never fires'
                WHEN t.judged >= feedback_rule.leads_at_least AND t.matched = t.judged THEN 'always fires'
                WHEN t.decided >= feedback_rule.leads_at_least AND sign(t.points) * t.acceptance_z <= -feedback_rule.z_at_least
                    THEN CASE WHEN t.points > 0 THEN 'accepted below average' ELSE 'accepted above average' END
                WHEN t.handed_over >= feedback_rule.leads_at_least AND sign(t.points) * t.win_z <= -feedback_rule.z_at_least
                    THEN CASE WHEN t.points > 0 THEN 'won below average' ELSE 'won above average' END END
    FROM tested t
    JOIN revops.workspace w ON w.workspace_id = t.workspace_id
    LEFT JOIN reasons s ON s.rule_id = t.rule_id
    ORDER BY t.workspace_id, t.version DESC, t.rule_id;
END;
COMMENT ON FUNCTION revops.feedback_rule(timestamptz, timestamptz, int, double precision) IS
    'What became of the leads that each rule scored: one row for each rule of the version in force, and of each other version that judged a lead. Counts leads created in [since, until), each once; NULL is an open end. A lead is judged at its first handoff, by the profile and version of that moment, or now where there was none (view lead_judged); an intent rule matched when at least one touch of its signal was known by then. What sales decided on the first handoff counts, whatever came later. acceptance = accepted / decided, decided = accepted + rejected + recycled; win_rate = won / handed_over; all = the handed-over leads that the same version judged. acceptance_z, win_z: see feedback_z(), with the rule''s decided (handed-over) leads in all decided (handed-over) leads of the version. flag: never fires (matched 0) and always fires (matched = judged), each with at least leads_at_least judged leads; accepted or won below average where points > 0, above average where points < 0, each with at least leads_at_least leads in the rate and |z| >= z_at_least (2.33: by chance one rule in a hundred). One match of all rules for each lead. Rates are rounded to 4 decimals. Source: lead, profile_change, stage_change, touch. Raises RV004 for a range that ends before it begins.';
REVOKE ALL ON FUNCTION revops.feedback_rule(timestamptz, timestamptz, int, double precision) FROM PUBLIC;

CREATE VIEW revops.rule_feedback AS
SELECT * FROM revops.feedback_rule();
COMMENT ON VIEW revops.rule_feedback IS
    'feedback_rule() over all time. Grain: a rule of a version.';

CREATE TYPE revops.score_rejected_row AS
(
    workspace_id   int,
    workspace      text,
    lead_id        bigint,
    key            text,
    handed_over_at timestamptz,
    rejected_at    timestamptz,
    fit            int,
    intent         int,
    score          int,
    grade          text,
    reason         text,
    label          text,
    rejected_by    text,
    team           text,
    rep            text,
    version        int,
    rules          text[]
);
COMMENT ON TYPE revops.score_rejected_row IS 'A row of feedback_rejected().';
COMMENT ON COLUMN revops.score_rejected_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.score_rejected_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.score_rejected_row.lead_id IS 'the lead';
COMMENT ON COLUMN revops.score_rejected_row.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.score_rejected_row.handed_over_at IS 'when it was handed over';
COMMENT ON COLUMN revops.score_rejected_row.rejected_at IS 'when sales rejected it';
COMMENT ON COLUMN revops.score_rejected_row.fit IS 'fit at the handoff, 0 to 100';
COMMENT ON COLUMN revops.score_rejected_row.intent IS 'intent at the handoff, 0 to 100';
COMMENT ON COLUMN revops.score_rejected_row.score IS 'score at the handoff, 0 to 100';
COMMENT ON COLUMN revops.score_rejected_row.grade IS 'grade of that fit and intent, by the version in force then';
COMMENT ON COLUMN revops.score_rejected_row.reason IS 'coded reason of the rejection; NULL: none (moved by the host)';
COMMENT ON COLUMN revops.score_rejected_row.label IS 'the reason in words';
COMMENT ON COLUMN revops.score_rejected_row.rejected_by IS 'role that rejected it';
COMMENT ON COLUMN revops.score_rejected_row.team IS 'team that had it then';
COMMENT ON COLUMN revops.score_rejected_row.rep IS 'rep who had it then';
COMMENT ON COLUMN revops.score_rejected_row.version IS 'version of the agreement at the handoff';
COMMENT ON COLUMN revops.score_rejected_row.rules IS 'rules that had scored it, with their points (of intent rules: a touch, times the number of touches) before caps and decay, most points first; NULL: none';

CREATE FUNCTION revops.feedback_rejected(since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
                                         score_at_least int DEFAULT 60)
    RETURNS SETOF revops.score_rejected_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT revops.check_kpi_range('day', feedback_rejected.since, feedback_rejected.until);
    WITH rejected AS MATERIALIZED
         (SELECT h.workspace_id, h.lead_id, h.handed_over_at, h.ended_at, h.reason, h.team_id, h.rep_id,
                 c.agreement_id, c.recorded_at, c.fit, c.intent, c.score, n.actor
          FROM revops.handoff h
          JOIN revops.stage_change c ON c.lead_id = h.lead_id AND c.seq = h.seq
          JOIN revops.stage_change n ON n.lead_id = h.lead_id AND n.seq = h.seq + 1
          WHERE h.outcome = 'rejected' AND c.score >= feedback_rejected.score_at_least AND c.cause <> 'adopted'
            AND (feedback_rejected.since IS NULL OR h.ended_at >= feedback_rejected.since)
            AND (feedback_rejected.until IS NULL OR h.ended_at < feedback_rejected.until))
    SELECT j.workspace_id, w.workspace, j.lead_id, l.key, j.handed_over_at, j.ended_at, j.fit, j.intent, j.score,
           revops.grade(j.fit, j.intent, m.grade_fit, m.grade_intent),
           j.reason, s.label, j.actor, t.team, r.rep, a.version, f.rules
    FROM rejected j
    JOIN revops.workspace w ON w.workspace_id = j.workspace_id
    JOIN revops.agreement a ON a.agreement_id = j.agreement_id
    JOIN revops.score_model m ON m.agreement_id = j.agreement_id
    JOIN revops.lead l ON l.lead_id = j.lead_id
    LEFT JOIN revops.reason s ON s.workspace_id = j.workspace_id AND s.reason = j.reason
    LEFT JOIN revops.team t ON t.team_id = j.team_id
    LEFT JOIN revops.rep r ON r.rep_id = j.rep_id
    LEFT JOIN LATERAL
         (SELECT array_agg(x.told ORDER BY abs(x.points) DESC, x.told) AS rules
          FROM (SELECT sr.points, format('%s %s', sr.rule, to_char(sr.points, 'FMSG9999')) AS told
                FROM (SELECT revops.rules_matched(p.binding_id, p.profile, i.personal, j.agreement_id) AS matched
                      FROM revops.profile_change p
                      LEFT JOIN revops.lead_identity i ON i.lead_id = p.lead_id
                      WHERE p.lead_id = j.lead_id AND p.at <= j.recorded_at
                      ORDER BY p.change_id DESC
                      LIMIT 1) p
                JOIN revops.score_rule sr ON sr.rule_id = ANY (p.matched)
                UNION ALL
                SELECT sr.points * sum(u.n)::int,
                       format('%s %s x %s', sr.rule, to_char(sr.points, 'FMSG9999'), sum(u.n))
                FROM (SELECT k.signal_id, sum(k.sign) AS n
                      FROM revops.touch k
                      WHERE k.lead_id = j.lead_id AND k.occurred_at <= j.recorded_at AND k.recorded_at <= j.recorded_at
                      GROUP BY k.signal_id, k.occurred_at
                      HAVING sum(k.sign) > 0) u
                JOIN revops.signal g ON g.signal_id = u.signal_id
                JOIN revops.score_rule sr ON sr.agreement_id = j.agreement_id AND sr.kind = 'intent' AND sr.signal = g.signal
                GROUP BY sr.rule_id, sr.rule, sr.points) x) f ON true
    ORDER BY j.workspace_id, j.score DESC, j.ended_at DESC, j.lead_id;
END;
COMMENT ON FUNCTION revops.feedback_rejected(timestamptz, timestamptz, int) IS
    'Leads that the model held high and sales rejected: one row for each handoff with score >= score_at_least that ended as rejected (view handoff) in [since, until), by the moment of the rejection; NULL is an open end. fit, intent and score are those of the handoff. rules are matched again by the profile known when the handoff was decided and the version in force then; personal roles, of which no history is kept, are as they are today. Handoffs that the host remembers (cause adopted) have no score and are not here. Raises RV004 for a range that ends before it begins.';
REVOKE ALL ON FUNCTION revops.feedback_rejected(timestamptz, timestamptz, int) FROM PUBLIC;

CREATE VIEW revops.score_rejected AS
SELECT * FROM revops.feedback_rejected(revops.engine_now() - interval '90 days', NULL);
COMMENT ON VIEW revops.score_rejected IS
    'feedback_rejected() of the last 90 days, from score 60 on. Grain: a handoff.';

-- the columns of the plain views mean what the columns of the functions mean
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT v.view, a.attname, col_description(a.attrelid, a.attnum) AS comment
             FROM (VALUES ('rule_feedback', 'feedback_rule_row'), ('score_rejected', 'score_rejected_row')) AS v (view, type)
             JOIN pg_attribute a ON a.attrelid = ('revops.' || v.type)::regclass AND a.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN revops.%I.%I IS %L', c.view, c.attname, c.comment);
    END LOOP;
END
$$;
