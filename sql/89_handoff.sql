-- Handed-over leads in use: attempts to reach one, duplicates, disputes of
-- rejections, the monthly sample that both teams review, and what they said.

-- ----- attempts --------------------------------------------------------------

CREATE FUNCTION revops.with_sales(agreement_id int, stage text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(s.purpose IN ('qualified', 'accepted', 'opportunity', 'won')
                    OR s.purpose IS NULL AND s.position >= coalesce(q.position, s.position), false)
      FROM (VALUES (1)) one (n)
      LEFT JOIN revops.stage s ON s.agreement_id = with_sales.agreement_id AND s.stage = with_sales.stage
      LEFT JOIN revops.stage q ON q.agreement_id = with_sales.agreement_id AND q.purpose = 'qualified';
END;
COMMENT ON FUNCTION revops.with_sales(int, text) IS
    'Does sales have the leads of this stage of a version: handed over, and neither recycled nor disqualified? False for a stage that the version lacks.';

CREATE FUNCTION revops.attempts_of(lead_id bigint, before_seq int DEFAULT NULL)
    RETURNS TABLE (since timestamptz, attempts int, attempt_days int, needed int, needed_days int, missing int, earliest_on date)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH l AS (
        SELECT l.lead_id, l.workspace_id, a.agreement_id, m.zone, h.attempts, h.attempts_days, h.attempts_signals,
               coalesce(x.at, revops.engine_now()) AS until
          FROM revops.lead l
          JOIN revops.agreement a ON a.workspace_id = l.workspace_id AND a.status = 'active'
          JOIN revops.score_model m ON m.agreement_id = a.agreement_id
          LEFT JOIN revops.handoff_rule h ON h.agreement_id = a.agreement_id
          LEFT JOIN revops.stage_change x ON x.lead_id = l.lead_id AND x.seq = attempts_of.before_seq
         WHERE l.lead_id = attempts_of.lead_id
    ), came AS (
        SELECT max(c.at) AS since
          FROM (SELECT c.at, c.seq, revops.with_sales(l.agreement_id, c.to_stage) AS here,
                       lag(revops.with_sales(l.agreement_id, c.to_stage), 1, false) OVER (ORDER BY c.seq) AS before
                  FROM revops.stage_change c JOIN l USING (lead_id)
                 WHERE attempts_of.before_seq IS NULL OR c.seq < attempts_of.before_seq) c
         WHERE c.here AND NOT c.before
    ), made AS (
        SELECT sum(t.n)::int AS attempts, count(DISTINCT t.day)::int AS days,
               coalesce(bool_or(t.day = (revops.engine_now() AT TIME ZONE t.zone)::date), false) AS today
          FROM (SELECT sum(o.sign) AS n, (o.occurred_at AT TIME ZONE l.zone)::date AS day, l.zone
                  FROM l
                  JOIN came ON true
                  JOIN revops.touch o ON o.lead_id = l.lead_id AND o.occurred_at >= came.since
                                         AND (attempts_of.before_seq IS NULL OR o.occurred_at <= l.until)
                  JOIN revops.signal s ON s.signal_id = o.signal_id
                                          AND CASE WHEN l.attempts_signals IS NULL THEN s.direction = 'outbound'
                                                   ELSE s.signal = ANY (l.attempts_signals) END
                 GROUP BY o.occurred_at, o.signal_id, l.zone
                HAVING sum(o.sign) > 0) t
    )
    SELECT came.since, coalesce(made.attempts, 0), coalesce(made.days, 0), l.attempts, l.attempts_days,
           greatest(l.attempts - coalesce(made.attempts, 0), lacks.days, 0),
           (revops.engine_now() AT TIME ZONE l.zone)::date + CASE WHEN made.today THEN lacks.days ELSE greatest(lacks.days - 1, 0) END
      FROM l CROSS JOIN came CROSS JOIN made
     CROSS JOIN LATERAL (SELECT CASE WHEN l.attempts IS NULL THEN 0
                                     ELSE greatest(l.attempts_days - coalesce(made.days, 0), 0) END AS days) lacks;
END;
COMMENT ON FUNCTION revops.attempts_of(bigint, int) IS
    'How often sales has tried to reach a lead since it came to sales (since), on how many days of the model''s zone, how much the agreement in force needs before no_response() (NULL: as sales likes), how many attempts are missing, and on which day they can be made at the earliest. With before_seq: as of that move. No row for an unknown lead; since NULL: sales never had it.';

-- ----- duplicates ------------------------------------------------------------

CREATE VIEW revops.duplicate AS
SELECT k.workspace_id,
       k.lead_id,
       l.key,
       k.of_lead_id,
       o.key AS of_key,
       k.at,
       k.actor
FROM revops.duplicate_link k
JOIN revops.lead l ON l.lead_id = k.lead_id AND l.moves = k.seq
JOIN revops.lead o ON o.lead_id = k.of_lead_id;
COMMENT ON VIEW revops.duplicate IS 'Leads that were taken out as duplicates of others and have not moved since.';
COMMENT ON COLUMN revops.duplicate.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.duplicate.lead_id IS 'the duplicate';
COMMENT ON COLUMN revops.duplicate.key IS 'key of its row as text';
COMMENT ON COLUMN revops.duplicate.of_lead_id IS 'lead that it is a duplicate of; survivor_of() follows from one to the next';
COMMENT ON COLUMN revops.duplicate.of_key IS 'key of that lead''s row as text';
COMMENT ON COLUMN revops.duplicate.at IS 'since when';
COMMENT ON COLUMN revops.duplicate.actor IS 'role that said so';

CREATE FUNCTION revops.survivor_of(lead_id bigint) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE way (lead_id, steps) AS (
        SELECT survivor_of.lead_id, 0
        UNION ALL
        SELECT d.of_lead_id, w.steps + 1 FROM way w JOIN revops.duplicate d USING (lead_id)
    ) CYCLE lead_id SET again USING passed
    SELECT CASE WHEN bool_or(w.again) THEN min(w.lead_id) FILTER (WHERE w.steps > 0)
                ELSE (array_agg(w.lead_id ORDER BY w.steps DESC))[1] END
      FROM way w;
END;
COMMENT ON FUNCTION revops.survivor_of(bigint) IS
    'The lead that is left in the end where this one is a duplicate of another, which may be one itself; the lead itself where it is none. Of rows that a host made duplicates of each other at the same moment, the lead of the lowest number.';

-- ----- rejections, and disputes about them -----------------------------------

CREATE VIEW revops.rejection AS
SELECT c.workspace_id,
       c.lead_id,
       c.seq,
       c.agreement_id,
       c.at AS rejected_at,
       c.from_stage,
       c.cause,
       CASE WHEN y.seq IS NULL THEN c.reason ELSE y.reason END AS reason,
       c.actor AS rejected_by,
       c.team_id,
       c.rep_id,
       c.source,
       c.campaign,
       c.segment,
       c.fit,
       c.intent,
       c.score
FROM revops.stage_change c
JOIN revops.stage t ON t.agreement_id = c.agreement_id AND t.stage = c.to_stage AND t.purpose = 'disqualified'
JOIN revops.stage f ON f.agreement_id = c.agreement_id AND f.stage = c.from_stage
LEFT JOIN revops.stage q ON q.agreement_id = c.agreement_id AND q.purpose = 'qualified'
LEFT JOIN revops.corrected_move y ON y.lead_id = c.lead_id AND y.seq = c.seq
-- as with_sales() says, by joins: this may be many rows
WHERE c.cause NOT IN ('disqualifier', 'adopted')
  AND (f.purpose IN ('qualified', 'accepted', 'opportunity', 'won')
       OR f.purpose IS NULL AND f.position >= coalesce(q.position, f.position));
COMMENT ON VIEW revops.rejection IS
    'One row for each lead that people took out of the hands of sales into the stage of purpose disqualified: by reject(), duplicate(), no_response(), advance() or the host; not by a disqualifying rule.';
COMMENT ON COLUMN revops.rejection.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.rejection.lead_id IS 'the lead';
COMMENT ON COLUMN revops.rejection.seq IS 'move that was the rejection (stage_change)';
COMMENT ON COLUMN revops.rejection.agreement_id IS 'version of the agreement in force';
COMMENT ON COLUMN revops.rejection.rejected_at IS 'when';
COMMENT ON COLUMN revops.rejection.from_stage IS 'stage left';
COMMENT ON COLUMN revops.rejection.cause IS 'reject, duplicate, no_response, advance, host';
COMMENT ON COLUMN revops.rejection.reason IS 'coded reason; NULL: none (moved by the host)';
COMMENT ON COLUMN revops.rejection.rejected_by IS 'role that acted';
COMMENT ON COLUMN revops.rejection.team_id IS 'team that had the lead';
COMMENT ON COLUMN revops.rejection.rep_id IS 'rep who had the lead';
COMMENT ON COLUMN revops.rejection.source IS 'source of the lead then';
COMMENT ON COLUMN revops.rejection.campaign IS 'campaign of the lead then';
COMMENT ON COLUMN revops.rejection.segment IS 'segment of the lead then';
COMMENT ON COLUMN revops.rejection.fit IS 'fit then, 0 to 100';
COMMENT ON COLUMN revops.rejection.intent IS 'intent then, 0 to 100';
COMMENT ON COLUMN revops.rejection.score IS 'score then, 0 to 100';

CREATE FUNCTION revops.open_dispute(lead_id bigint, note text, side text, at timestamptz, actor text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    rejected revops.rejection;
    earlier revops.dispute;
    opened bigint;
BEGIN
    PERFORM revops.check_side($3);
    IF $2 !~ '\S' THEN
        RAISE EXCEPTION invalid_parameter_value USING
            MESSAGE = 'a dispute needs a word about why',
            DETAIL = 'The note is empty.',
            HINT = 'Say what speaks against the rejection: who resolves it reads that.';
    END IF;
    SELECT r.* INTO rejected FROM revops.rejection r JOIN revops.lead l ON l.lead_id = r.lead_id AND l.moves = r.seq
    WHERE r.lead_id = $1;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV003',
            MESSAGE = format('lead %s was not rejected', $1),
            DETAIL = (SELECT format('It is in stage "%s"; its last move was by %s.', c.to_stage, c.cause)
                      FROM revops.stage_change c WHERE c.lead_id = $1 ORDER BY c.seq DESC LIMIT 1),
            HINT = 'Rejections are listed in revops.rejection; one is disputed while it is the lead''s last move.';
    END IF;
    SELECT d.* INTO earlier FROM revops.dispute d WHERE d.lead_id = $1 AND d.seq = rejected.seq;
    IF FOUND THEN
        RAISE EXCEPTION object_not_in_prerequisite_state USING
            MESSAGE = format('the rejection of lead %s is disputed already', $1),
            DETAIL = format('By dispute %s of %s, opened at %s by %s%s.', earlier.dispute_id, earlier.side, earlier.at, earlier.actor,
                            coalesce((SELECT format(', %s at %s', r.outcome, r.at) FROM revops.dispute_resolution r
                                      WHERE r.dispute_id = earlier.dispute_id), '')),
            HINT = 'revops.disputes shows what became of it.';
    END IF;
    INSERT INTO revops.dispute (lead_id, seq, workspace_id, at, side, note, actor)
    VALUES ($1, rejected.seq, rejected.workspace_id, $4, $3, $2, $5)
    RETURNING dispute_id INTO opened;
    RETURN opened;
END
$$;
COMMENT ON FUNCTION revops.open_dispute(bigint, text, text, timestamptz, text) IS
    'Part of dispute_rejection(), which holds the lead: checks, and writes the dispute down.';

CREATE FUNCTION revops.close_dispute(dispute_id bigint, outcome text, note text, at timestamptz, actor text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    disputed revops.dispute;
    earlier revops.dispute_resolution;
    other text;
BEGIN
    SELECT d.* INTO disputed FROM revops.dispute d WHERE d.dispute_id = $1;
    other := CASE disputed.side WHEN 'marketing' THEN 'sales' ELSE 'marketing' END;
    IF $2 NOT IN ('upheld', 'overturned') OR $3 !~ '\S' THEN
        RAISE EXCEPTION invalid_parameter_value USING
            MESSAGE = 'a dispute ends as upheld or overturned, with a word about why',
            DETAIL = format('The outcome was given as "%s", the note as "%s".', left($2, 200), left($3, 200)),
            HINT = 'upheld: the rejection stands; overturned: the lead is handed over again.';
    END IF;
    -- nobody is judge of their own case; who wears both hats may be
    IF $2 = 'overturned' OR NOT pg_has_role(revops.acting_role(), 'revops_' || disputed.side, 'USAGE') THEN
        PERFORM revops.check_side(other);
    END IF;
    SELECT r.* INTO earlier FROM revops.dispute_resolution r WHERE r.dispute_id = $1;
    IF FOUND THEN
        RAISE EXCEPTION object_not_in_prerequisite_state USING
            MESSAGE = format('dispute %s is resolved already', $1),
            DETAIL = format('It was %s at %s by %s.', earlier.outcome, earlier.at, earlier.actor),
            HINT = 'A later rejection of the lead can be disputed anew.';
    END IF;
    INSERT INTO revops.dispute_resolution (dispute_id, lead_id, workspace_id, at, outcome, note, actor)
    VALUES ($1, disputed.lead_id, disputed.workspace_id, $4, $2, $3, $5);
END
$$;
COMMENT ON FUNCTION revops.close_dispute(bigint, text, text, timestamptz, text) IS
    'Part of resolve_dispute(), which holds the lead: checks, and writes the outcome down.';

CREATE VIEW revops.disputes AS
SELECT d.workspace_id,
       d.dispute_id,
       d.lead_id,
       l.key,
       l.stage,
       r.rejected_at,
       r.reason,
       s.label,
       r.rejected_by,
       t.team,
       p.rep,
       d.side,
       d.note,
       d.actor AS opened_by,
       d.at AS opened_at,
       CASE WHEN o.dispute_id IS NULL THEN revops.engine_now() - d.at END AS open_for,
       coalesce(o.outcome, 'open') AS outcome,
       o.at AS resolved_at,
       o.actor AS resolved_by,
       o.note AS resolution
FROM revops.dispute d
JOIN revops.lead l ON l.lead_id = d.lead_id
JOIN revops.rejection r ON r.lead_id = d.lead_id AND r.seq = d.seq
LEFT JOIN revops.reason s ON s.workspace_id = d.workspace_id AND s.reason = r.reason
LEFT JOIN revops.team t ON t.team_id = r.team_id
LEFT JOIN revops.rep p ON p.rep_id = r.rep_id
LEFT JOIN revops.dispute_resolution o ON o.dispute_id = d.dispute_id
ORDER BY o.dispute_id IS NOT NULL, d.at, d.dispute_id;
COMMENT ON VIEW revops.disputes IS 'Disputes of rejections: those that are open first, the oldest first.';
COMMENT ON COLUMN revops.disputes.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.disputes.dispute_id IS 'number, as resolve_dispute() takes it';
COMMENT ON COLUMN revops.disputes.lead_id IS 'the lead';
COMMENT ON COLUMN revops.disputes.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.disputes.stage IS 'stage of the lead now';
COMMENT ON COLUMN revops.disputes.rejected_at IS 'when it was rejected';
COMMENT ON COLUMN revops.disputes.reason IS 'coded reason of the rejection';
COMMENT ON COLUMN revops.disputes.label IS 'the reason in words';
COMMENT ON COLUMN revops.disputes.rejected_by IS 'role that rejected it';
COMMENT ON COLUMN revops.disputes.team IS 'team that had it then';
COMMENT ON COLUMN revops.disputes.rep IS 'rep who had it then';
COMMENT ON COLUMN revops.disputes.side IS 'team that disputes it: marketing or sales';
COMMENT ON COLUMN revops.disputes.note IS 'why; NULL: forget() has erased it';
COMMENT ON COLUMN revops.disputes.opened_by IS 'role that disputed it';
COMMENT ON COLUMN revops.disputes.opened_at IS 'when';
COMMENT ON COLUMN revops.disputes.open_for IS 'for how long it has been open (exact time); NULL: it is resolved';
COMMENT ON COLUMN revops.disputes.outcome IS 'open, upheld (the rejection stands), overturned (the lead was handed over again)';
COMMENT ON COLUMN revops.disputes.resolved_at IS 'when it was resolved; NULL: not yet';
COMMENT ON COLUMN revops.disputes.resolved_by IS 'role that resolved it';
COMMENT ON COLUMN revops.disputes.resolution IS 'why it was resolved so; NULL: not yet, or erased';

-- ----- joint review ----------------------------------------------------------

CREATE FUNCTION revops.rejected_sample(month date, n int DEFAULT NULL, seed text DEFAULT '', workspace_id int DEFAULT 1)
    RETURNS TABLE (place int, lead_id bigint, key text, rejection int, handed_over_at timestamptz, rejected_at timestamptz,
                   time_to_rejection interval, from_stage text, fit int, intent int, score int, grade text, source text,
                   campaign text, segment text, reason text, label text, team text, rep text, rejected_by text, attempts int,
                   attempt_days int, alike int, dispute text, marketing text, sales text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    sized int := coalesce($2, (SELECT h.sample_size FROM revops.handoff_rule h JOIN revops.agreement a USING (agreement_id)
                               WHERE a.workspace_id = $4 AND a.status = 'active'));
    zone text := (SELECT w.time_zone FROM revops.workspace w WHERE w.workspace_id = $4);
BEGIN
    PERFORM revops.check_workspace($4);
    IF $1 IS NULL OR $3 IS NULL OR coalesce(sized, 0) < 1 THEN
        RAISE EXCEPTION invalid_parameter_value USING
            MESSAGE = 'a sample needs a month, a seed and a size of 1 or more',
            DETAIL = format('The month was given as %s, the seed as %s, the size as %s.', coalesce($1::text, 'NULL'),
                            coalesce(quote_literal($3), 'NULL'),
                            coalesce($2::text, 'NULL, and the agreement in force has no sample_size')),
            HINT = 'For example revops.rejected_sample(''2026-03-01'', 20), or set handoff_rule.sample_size in a draft.';
    END IF;
    RETURN QUERY
    WITH rejected AS (
        -- of a lead that was rejected twice in the month the last time counts
        SELECT DISTINCT ON (r.lead_id) r.*
          FROM revops.rejection r
         WHERE r.workspace_id = $4
           AND r.rejected_at >= date_trunc('month', $1::timestamp) AT TIME ZONE zone
           AND r.rejected_at < (date_trunc('month', $1::timestamp) + interval '1 month') AT TIME ZONE zone
         ORDER BY r.lead_id, r.seq DESC
    ), placed AS (
        -- each stratum in an order that the seed alone decides, and of all strata as much as they are of the whole
        SELECT r.*, m.mixed, count(*) OVER stratum AS alike,
               (row_number() OVER (stratum ORDER BY m.mixed) - 0.5) / count(*) OVER stratum AS share
          FROM rejected r
         CROSS JOIN LATERAL (SELECT md5(concat_ws(':', $3, r.lead_id, r.seq)) AS mixed) m
        WINDOW stratum AS (PARTITION BY r.reason, r.rep_id)
    ), drawn AS (
        SELECT row_number() OVER (ORDER BY p.share, p.mixed, p.lead_id)::int AS place, p.*
          FROM placed p ORDER BY p.share, p.mixed, p.lead_id LIMIT sized
    )
    SELECT d.place, d.lead_id, l.key, d.seq, tries.since, d.rejected_at, d.rejected_at - tries.since, d.from_stage,
           d.fit::int, d.intent::int, d.score::int, revops.grade(d.fit::int, d.intent::int, m.grade_fit, m.grade_intent),
           d.source, d.campaign, d.segment, d.reason, s.label, t.team, p.rep, d.rejected_by, tries.attempts, tries.attempt_days,
           d.alike::int, coalesce(o.outcome, CASE WHEN q.dispute_id IS NOT NULL THEN 'open' END),
           (SELECT v.verdict FROM revops.rejection_verdict v WHERE v.lead_id = d.lead_id AND v.seq = d.seq AND v.side = 'marketing'
             ORDER BY v.verdict_id DESC LIMIT 1),
           (SELECT v.verdict FROM revops.rejection_verdict v WHERE v.lead_id = d.lead_id AND v.seq = d.seq AND v.side = 'sales'
             ORDER BY v.verdict_id DESC LIMIT 1)
      FROM drawn d
      JOIN revops.lead l ON l.lead_id = d.lead_id
      JOIN revops.score_model m ON m.agreement_id = d.agreement_id
     CROSS JOIN LATERAL revops.attempts_of(d.lead_id, d.seq) tries
      LEFT JOIN revops.reason s ON s.workspace_id = d.workspace_id AND s.reason = d.reason
      LEFT JOIN revops.team t ON t.team_id = d.team_id
      LEFT JOIN revops.rep p ON p.rep_id = d.rep_id
      LEFT JOIN revops.dispute q ON q.lead_id = d.lead_id AND q.seq = d.seq
      LEFT JOIN revops.dispute_resolution o ON o.dispute_id = q.dispute_id
     ORDER BY d.place;
END
$$;
COMMENT ON FUNCTION revops.rejected_sample(date, int, text, int) IS
    'A sample of the leads that sales rejected in a month (of the workspace''s zone; any day of it), for both teams to review together: n of them, or handoff_rule.sample_size of the agreement in force. Stratified by reason and rep: of each pair as large a share as of the whole, to within one lead, in an order that only the seed decides; the same arguments give the same leads. One row a lead, its last rejection of the month: attempts and attempt_days up to it, alike (rejected leads of the same reason and rep in the month), the state of its dispute (NULL: none), what each team said so far (review_rejection). Raises RV002 for an unknown workspace, 22023 without a month, seed or size.';

CREATE FUNCTION revops.review_rejection(lead_id bigint, side text, verdict text, note text DEFAULT NULL, rejection int DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    rejected revops.rejection;
BEGIN
    PERFORM revops.check_side($2);
    IF $3 IS NULL OR $3 NOT IN ('agree', 'disagree') THEN
        RAISE EXCEPTION invalid_parameter_value USING
            MESSAGE = 'a team agrees with a rejection or disagrees',
            DETAIL = format('The verdict was given as %s.', coalesce(quote_literal(left($3, 200)), 'NULL')),
            HINT = 'Say agree or disagree.';
    END IF;
    SELECT r.* INTO rejected FROM revops.rejection r
    WHERE r.lead_id = $1 AND ($5 IS NULL OR r.seq = $5) ORDER BY r.seq DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = CASE WHEN $5 IS NULL THEN format('lead %s was not rejected', coalesce($1::text, 'NULL'))
                           ELSE format('move %s of lead %s is no rejection', $5, coalesce($1::text, 'NULL')) END,
            DETAIL = 'A rejection is a move, made by people, from sales'' hands to the stage of purpose disqualified.',
            HINT = 'Rejections are listed in revops.rejection.';
    END IF;
    INSERT INTO revops.rejection_verdict (lead_id, seq, workspace_id, at, side, verdict, note, actor)
    VALUES ($1, rejected.seq, rejected.workspace_id, revops.engine_now(), $2, $3, nullif(btrim($4), ''), revops.acting_role());
END
$$;
COMMENT ON FUNCTION revops.review_rejection(bigint, text, text, text, int) IS
    'Writes down what a team (marketing or sales, which the session''s role must be a member of) says of a rejection: agree or disagree. rejection is the move''s number (stage_change.seq); without it the lead''s last rejection is meant. The last word of a team counts. Raises RV002 (no such rejection), RV004 (another side), 42501 (not a member), 22023 (no such verdict).';

CREATE VIEW revops.rejection_review AS
SELECT r.workspace_id,
       w.workspace,
       date_trunc('month', r.rejected_at AT TIME ZONE w.time_zone)::date AS month,
       count(*) AS rejected,
       count(*) FILTER (WHERE v.marketing IS NOT NULL AND v.sales IS NOT NULL) AS reviewed,
       count(*) FILTER (WHERE v.marketing = 'agree' AND v.sales = 'agree') AS both_agree,
       count(*) FILTER (WHERE v.sales = 'agree' AND v.marketing = 'disagree') AS only_sales_agrees,
       count(*) FILTER (WHERE v.sales = 'disagree' AND v.marketing = 'agree') AS only_marketing_agrees,
       revops.kpi_share(count(*) FILTER (WHERE v.marketing = 'agree' AND v.sales = 'agree'),
                        count(*) FILTER (WHERE v.marketing IS NOT NULL AND v.sales IS NOT NULL)) AS agreed_share,
       count(d.dispute_id) AS disputed,
       count(o.dispute_id) FILTER (WHERE o.outcome = 'overturned') AS overturned
FROM revops.rejection r
JOIN revops.workspace w ON w.workspace_id = r.workspace_id
LEFT JOIN LATERAL (SELECT (array_agg(x.verdict ORDER BY x.verdict_id DESC) FILTER (WHERE x.side = 'marketing'))[1] AS marketing,
                          (array_agg(x.verdict ORDER BY x.verdict_id DESC) FILTER (WHERE x.side = 'sales'))[1] AS sales
                   FROM revops.rejection_verdict x WHERE x.lead_id = r.lead_id AND x.seq = r.seq) v ON true
LEFT JOIN revops.dispute d ON d.lead_id = r.lead_id AND d.seq = r.seq
LEFT JOIN revops.dispute_resolution o ON o.dispute_id = d.dispute_id
GROUP BY 1, 2, 3
ORDER BY 1, 3;
COMMENT ON VIEW revops.rejection_review IS
    'Rejections by month (of the workspace''s zone), and what both teams said of those that they reviewed: agreed_share = both_agree / reviewed. Source: stage_change, rejection_verdict, dispute. Grain: a month of a workspace.';
COMMENT ON COLUMN revops.rejection_review.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.rejection_review.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.rejection_review.month IS 'first day of the month in which they were rejected';
COMMENT ON COLUMN revops.rejection_review.rejected IS 'rejections (see rejection)';
COMMENT ON COLUMN revops.rejection_review.reviewed IS 'of these, reviewed by both teams';
COMMENT ON COLUMN revops.rejection_review.both_agree IS 'of the reviewed ones, those that both teams find right';
COMMENT ON COLUMN revops.rejection_review.only_sales_agrees IS 'right for sales, wrong for marketing';
COMMENT ON COLUMN revops.rejection_review.only_marketing_agrees IS 'right for marketing, wrong for sales';
COMMENT ON COLUMN revops.rejection_review.agreed_share IS 'both_agree / reviewed, 0 to 1, rounded to 4 decimals; NULL: none was reviewed';
COMMENT ON COLUMN revops.rejection_review.disputed IS 'rejections that somebody disputed';
COMMENT ON COLUMN revops.rejection_review.overturned IS 'of these, those that did not hold';
