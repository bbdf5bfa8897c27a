-- Does the score foresee what happens?  Tenths by score with their lift, and the
-- area under the ROC curve.  Leads of equal score can't be told apart, so nothing
-- here depends on their order.

CREATE TYPE revops.score_count AS (score int, leads bigint, successes bigint);
COMMENT ON TYPE revops.score_count IS 'Leads of one score, and how many of them had success.';
COMMENT ON COLUMN revops.score_count.score IS 'score, 0 to 100';
COMMENT ON COLUMN revops.score_count.leads IS 'leads with this score';
COMMENT ON COLUMN revops.score_count.successes IS 'of these, leads that had success';

CREATE FUNCTION revops.score_deciles(counts revops.score_count[])
    RETURNS TABLE (decile int, leads double precision, score_from int, score_to int, successes double precision,
                   rate double precision, lift double precision, cumulative_share double precision, auc double precision)
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH placed AS
         (SELECT c.score, c.leads::float8 AS leads, c.successes::float8 AS successes,
                 sum(c.leads) OVER higher - c.leads AS above,
                 sum(c.leads - c.successes) OVER lower - (c.leads - c.successes) AS failures_below,
                 sum(c.leads) OVER () AS all_leads,
                 sum(c.successes) OVER () AS all_successes
          FROM unnest(score_deciles.counts) AS c
          WINDOW higher AS (ORDER BY c.score DESC), lower AS (ORDER BY c.score)),
         whole AS
         (SELECT max(p.all_leads)::float8 AS leads, max(p.all_successes)::float8 AS successes,
                 sum(p.successes * (p.failures_below::float8 + (p.leads - p.successes) / 2))
                 / NULLIF(max(p.all_successes)::float8 * max(p.all_leads - p.all_successes)::float8, 0) AS auc
          FROM placed p),
         tenth AS
         (SELECT d.decile, min(p.score) AS score_from, max(p.score) AS score_to,
                 sum(o.leads) AS leads, sum(o.leads * p.successes / p.leads) AS successes
          FROM generate_series(1, 10) AS d (decile)
          CROSS JOIN placed p
          -- how many of the leads of this score are in this tenth
          CROSS JOIN LATERAL (SELECT LEAST(p.above::float8 + p.leads, p.all_leads::float8 * d.decile / 10)
                                     - GREATEST(p.above::float8, p.all_leads::float8 * (d.decile - 1) / 10) AS leads) o
          WHERE o.leads > 0
          GROUP BY d.decile)
    SELECT t.decile, t.leads, t.score_from, t.score_to, t.successes,
           t.successes / t.leads,
           t.successes / t.leads / NULLIF(w.successes / w.leads, 0),
           sum(t.successes) OVER (ORDER BY t.decile) / NULLIF(w.successes, 0),
           w.auc
    FROM tenth t, whole w
    ORDER BY t.decile;
END;
COMMENT ON FUNCTION revops.score_deciles(revops.score_count[]) IS
    'Part of score_quality(): tenths, highest scores first, of leads counted by score (each score once). A tenth is exactly a tenth of the leads, a fraction of a lead included; leads of one score that fall into two tenths share their successes evenly. AUC: share of the pairs of a success and a failure in which the success has the higher score, ties at half.';

CREATE TYPE revops.score_quality_row AS
(
    workspace_id     int,
    workspace        text,
    decile           int,
    leads            double precision,
    score_from       int,
    score_to         int,
    successes        double precision,
    rate             double precision,
    lift             double precision,
    cumulative_share double precision,
    auc              double precision
);
COMMENT ON TYPE revops.score_quality_row IS 'A row of score_quality() and score_quality_by_role().';
COMMENT ON COLUMN revops.score_quality_row.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.score_quality_row.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.score_quality_row.decile IS 'tenth of the leads by score: 1 has the highest scores, 10 the lowest';
COMMENT ON COLUMN revops.score_quality_row.leads IS 'leads in it: a tenth of all, so it may be a fraction';
COMMENT ON COLUMN revops.score_quality_row.score_from IS 'lowest score in it, 0 to 100';
COMMENT ON COLUMN revops.score_quality_row.score_to IS 'highest score in it, 0 to 100';
COMMENT ON COLUMN revops.score_quality_row.successes IS 'leads in it that had success; those of a score that is in two tenths are shared evenly';
COMMENT ON COLUMN revops.score_quality_row.rate IS 'successes / leads, 0 to 1';
COMMENT ON COLUMN revops.score_quality_row.lift IS 'rate / rate of all leads: 1 is what chance gives';
COMMENT ON COLUMN revops.score_quality_row.cumulative_share IS 'share of all successes that this tenth and those above it have, 0 to 1';
COMMENT ON COLUMN revops.score_quality_row.auc IS 'of all leads, the same in each row: share of the pairs of a success and a failure in which the success has the higher score, ties at half; 0.5 is chance, 1 is perfect; NULL: no successes, or no failures';

CREATE FUNCTION revops.check_score_outcome(outcome text)
    RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF outcome IS NULL OR outcome NOT IN ('accepted', 'won') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'RV004',
            MESSAGE = format('outcome %s is not known', quote_nullable(outcome)),
            DETAIL = 'The score can be held against two outcomes: accepted and won.',
            HINT = 'Other outcomes: map a role to them, see score_quality_by_role().';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_score_outcome(text) IS
    'Checks the outcome that a score is held against. Raises RV004 for one that is not known.';

CREATE FUNCTION revops.score_quality(since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
                                     outcome text DEFAULT 'won', segment text DEFAULT NULL)
    RETURNS SETOF revops.score_quality_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT revops.check_kpi_range('day', score_quality.since, score_quality.until);
    SELECT revops.check_score_outcome(score_quality.outcome);
    WITH entered AS
         (SELECT c.workspace_id, c.score,
                 EXISTS (SELECT FROM revops.stage_change n
                         JOIN revops.stage g ON g.agreement_id = n.agreement_id AND g.stage = n.to_stage
                         WHERE n.lead_id = c.lead_id AND g.purpose = 'won') AS success
          FROM revops.stage_change c
          WHERE score_quality.outcome = 'won' AND c.seq = 1 AND c.cause <> 'adopted'
            AND (score_quality.since IS NULL OR c.lead_created_at >= score_quality.since)
            AND (score_quality.until IS NULL OR c.lead_created_at < score_quality.until)
            AND (score_quality.segment IS NULL OR c.segment = score_quality.segment)),
         handed_over AS
         (SELECT DISTINCT ON (h.lead_id) h.workspace_id, c.score, h.outcome, c.cause
          FROM revops.handoff h
          JOIN revops.stage_change c ON c.lead_id = h.lead_id AND c.seq = h.seq
          WHERE score_quality.outcome = 'accepted'
            AND (score_quality.since IS NULL OR c.lead_created_at >= score_quality.since)
            AND (score_quality.until IS NULL OR c.lead_created_at < score_quality.until)
            AND (score_quality.segment IS NULL OR c.segment = score_quality.segment)
          ORDER BY h.lead_id, h.seq),
         scored AS
         (SELECT e.workspace_id, e.score, e.success FROM entered e
          UNION ALL
          SELECT o.workspace_id, o.score, o.outcome = 'accepted' FROM handed_over o
          WHERE o.outcome IN ('accepted', 'rejected', 'recycled') AND o.cause <> 'adopted'),
         counted AS
         (SELECT s.workspace_id, s.score, count(*) AS leads, count(*) FILTER (WHERE s.success) AS successes
          FROM scored s
          GROUP BY 1, 2),
         gathered AS
         (SELECT c.workspace_id, array_agg(ROW(c.score, c.leads, c.successes)::revops.score_count) AS counts
          FROM counted c
          GROUP BY 1)
    SELECT g.workspace_id, w.workspace, d.decile, d.leads, d.score_from, d.score_to, d.successes,
           d.rate, d.lift, d.cumulative_share, d.auc
    FROM gathered g
    JOIN revops.workspace w ON w.workspace_id = g.workspace_id
    CROSS JOIN LATERAL revops.score_deciles(g.counts) d
    ORDER BY g.workspace_id, d.decile;
END;
COMMENT ON FUNCTION revops.score_quality(timestamptz, timestamptz, text, text) IS
    'Whether the score foresaw the outcome: for each workspace ten rows, tenths by score with rate, lift and share of all successes, and the AUC. Outcome won: leads by their score when they entered (what was known first); success is that they have reached the stage of purpose won, whenever that was. Outcome accepted: leads that sales decided on, by their score at the first handoff; success is that sales accepted that handoff. Counts leads created in [since, until), NULL is an open end, and of one segment where that is given; moves that the host remembers (cause adopted) have no score and are left out. Judge a model by leads that nobody looked at when its rules were written. Equal scores: see score_deciles(). Source: stage_change, stage. Raises RV004 for another outcome and for a range that ends before it begins.';
REVOKE ALL ON FUNCTION revops.score_quality(timestamptz, timestamptz, text, text) FROM PUBLIC;

CREATE FUNCTION revops.score_quality_by_role(binding text, role text, value text DEFAULT 'true', segment text DEFAULT NULL)
    RETURNS SETOF revops.score_quality_row
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH counted AS
         (SELECT l.workspace_id, l.workspace, l.score, count(*) AS leads,
                 count(*) FILTER (WHERE p.profile ->> score_quality_by_role.role = score_quality_by_role.value) AS successes
          FROM revops.lead_status l
          JOIN revops.lead s ON s.lead_id = l.lead_id
          JOIN revops.profile_change p ON p.lead_id = s.lead_id AND p.change_id = s.profile_id
          WHERE l.binding = score_quality_by_role.binding
            AND (score_quality_by_role.segment IS NULL OR l.segment = score_quality_by_role.segment)
          GROUP BY 1, 2, 3),
         gathered AS
         (SELECT c.workspace_id, c.workspace, array_agg(ROW(c.score, c.leads, c.successes)::revops.score_count) AS counts
          FROM counted c
          GROUP BY 1, 2)
    SELECT g.workspace_id, g.workspace, d.decile, d.leads, d.score_from, d.score_to, d.successes,
           d.rate, d.lift, d.cumulative_share, d.auc
    FROM gathered g
    CROSS JOIN LATERAL revops.score_deciles(g.counts) d
    ORDER BY g.workspace_id, d.decile;
END;
COMMENT ON FUNCTION revops.score_quality_by_role(text, text, text, text) IS
    'score_quality() for an outcome that is a column of the CRM: leads of a binding, of one segment where that is given, by their score now (lead_status); success is that the role, which must not be personal, has this value in the lead''s profile (as text; true and false for booleans). Such a role is for judging alone: a rule that reads it foresees nothing. Gives no rows where the binding has no leads.';
REVOKE ALL ON FUNCTION revops.score_quality_by_role(text, text, text, text) FROM PUBLIC;
