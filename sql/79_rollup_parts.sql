-- What single leads add to the KPIs: the same rules as those of the functions
-- kpi_x(), told lead by lead, so that a lead can be taken out of the sums as it was
-- and put in again as it is.  Arrays of dims and counts are in the order in which
-- revops.kpi_x_rolled() reads them; the first count is 0 in no row.

CREATE TYPE revops.rollup_part AS
(
    kpi          text,
    workspace_id int,
    period       date,
    dims         text[],
    counts       bigint[],
    sums         numeric[],
    value_1      float8,
    value_2      float8,
    value_3      float8
);
COMMENT ON TYPE revops.rollup_part IS 'What a lead, or a fact of it, adds to a row of table rollup.';

CREATE FUNCTION revops.rollup_parts_of_moves(images revops.rolled_lead[], grain text, single text, as_of timestamptz) RETURNS SETOF revops.rollup_part
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN QUERY
    WITH move AS MATERIALIZED
         (SELECT c.lead_id, c.seq, c.workspace_id, w.time_zone, c.at, c.lead_created_at, c.spent, c.team_id, c.rep_id, c.fit,
                 c.from_stage, c.to_stage, c.cause, c.source, c.campaign, c.segment,
                 CASE WHEN y.correction_id IS NULL THEN c.reason ELSE y.after END AS reason,
                 g.purpose, g.position, g.level, f.aside AS from_aside, f.position AS from_position,
                 CASE WHEN g.purpose IN ('nurture', 'disqualified') THEN -2147483648 ELSE g.position END AS rank,
                 i.gone_at, i.assignments
          FROM unnest(images) i
          JOIN revops.stage_change c ON c.lead_id = i.lead_id AND c.seq <= i.moves
          JOIN revops.workspace w ON w.workspace_id = c.workspace_id
          LEFT JOIN revops.funnel_stage g ON g.agreement_id = c.agreement_id AND g.stage = c.to_stage
          LEFT JOIN revops.funnel_stage f ON f.agreement_id = c.agreement_id AND f.stage = c.from_stage
          LEFT JOIN LATERAL (SELECT k.correction_id, k.after FROM revops.correction k
                             WHERE i.correction_id IS NOT NULL AND k.lead_id = c.lead_id AND k.fact = 'stage_change'
                               AND k.fact_id = c.seq AND k.correction_id <= i.correction_id
                             ORDER BY k.correction_id DESC LIMIT 1) y ON true),
         first AS MATERIALIZED
         (SELECT DISTINCT ON (m.lead_id, m.purpose) m.*
          FROM move m
          WHERE m.purpose IN ('qualified', 'accepted', 'opportunity', 'won')
            AND (single IS NULL OR single IN ('stage_volume', 'stage_time', 'lead_velocity'))
          ORDER BY m.lead_id, m.purpose, m.seq),
         lead AS MATERIALIZED
         (SELECT m.workspace_id, m.lead_id, m.time_zone,
                 min(m.lead_created_at) FILTER (WHERE m.seq = 1) AS created_at,
                 min(m.source) FILTER (WHERE m.seq = 1) AS source,
                 min(m.campaign) FILTER (WHERE m.seq = 1) AS campaign,
                 min(m.segment) FILTER (WHERE m.seq = 1) AS segment,
                 COALESCE(max(m.level), 0) AS level,
                 COALESCE(bool_or(m.purpose = 'qualified'), false) AS mql,
                 COALESCE(bool_or(m.purpose = 'accepted'), false) AS sql,
                 COALESCE(bool_or(m.purpose = 'opportunity'), false) AS opportunity,
                 COALESCE(bool_or(m.purpose = 'won'), false) AS won,
                 min(m.at) FILTER (WHERE m.purpose = 'won') AS won_at,
                 (array_agg(m.purpose ORDER BY m.seq DESC))[1] AS last_purpose,
                 (array_agg(m.segment ORDER BY m.seq DESC))[1] AS last_segment,
                 (array_agg(m.fit ORDER BY m.seq DESC))[1] AS last_fit
          FROM move m
          WHERE single IS NULL OR single IN ('funnel', 'source', 'segment')
          GROUP BY m.workspace_id, m.lead_id, m.time_zone),
         sold AS
         (SELECT l.*, d.*
          FROM lead l
          JOIN unnest(images) i ON i.lead_id = l.lead_id
          CROSS JOIN LATERAL (SELECT count(*) AS deals_won, count(u.amount) AS with_amount, sum(u.amount) AS amount
                              FROM unnest(i.deals) u WHERE u.status = 'won') d),
         stay AS
         (SELECT m.*,
                 COALESCE(max(m.rank) OVER later > m.rank, false) AS advanced,
                 COALESCE(m.purpose = 'won' OR bool_or(m.purpose = 'won') OVER later, false) AS won,
                 lag(m.seq) OVER later IS NOT NULL AS has_left,
                 lag(m.rank) OVER later AS next_rank,
                 lag(m.purpose) OVER later AS next_purpose,
                 date_part('epoch', lag(m.spent) OVER later) AS seconds,
                 COALESCE(bool_or(m.level >= 0) OVER later, false) AS returned,
                 min(m.at) FILTER (WHERE m.level >= 0) OVER later AS returned_at,
                 COALESCE(bool_or(m.purpose = 'qualified') OVER later, false) AS mql_later,
                 COALESCE(bool_or(m.purpose = 'accepted') OVER later, false) AS sql_later,
                 COALESCE(bool_or(m.purpose = 'won') OVER later, false) AS won_later,
                 lag(m.at) OVER later AS next_at, lag(m.cause) OVER later AS next_cause,
                 lag(m.position) OVER later AS next_position, lag(m.reason) OVER later AS next_reason
          FROM move m
          WHERE single IS NULL OR single IN ('stage_conversion', 'recycle', 'acceptance', 'rejection_reasons')
          -- from the last move to the first, so that what came later is what went before
          WINDOW later AS (PARTITION BY m.lead_id ORDER BY m.seq DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
         handoff AS MATERIALIZED
         (SELECT s.workspace_id, s.time_zone, s.at, s.source, s.campaign, s.segment, s.next_reason AS reason,
                 COALESCE(s.next_at, s.gone_at) AS ended_at,
                 CASE WHEN NOT s.has_left THEN CASE WHEN s.gone_at IS NULL THEN 'pending' ELSE 'withdrawn' END
                      WHEN s.next_cause = 'reject' THEN 'rejected'
                      WHEN s.next_cause = 'recycle' THEN 'recycled'
                      WHEN s.next_cause = 'accept' OR s.next_purpose IN ('accepted', 'opportunity', 'won') THEN 'accepted'
                      WHEN s.next_cause = 'disqualifier' THEN 'withdrawn'
                      WHEN s.next_purpose = 'disqualified' THEN 'rejected'
                      WHEN s.next_purpose = 'nurture' THEN 'recycled'
                      WHEN s.next_position > s.position THEN 'accepted'
                      ELSE 'withdrawn' END AS outcome,
                 CASE WHEN o.seq IS NULL THEN s.team_id ELSE o.team_id END AS team_id,
                 CASE WHEN o.seq IS NULL THEN s.rep_id ELSE o.rep_id END AS rep_id,
                 COALESCE(s.next_cause = 'silence', false) AS by_silence
          FROM stay s
          LEFT JOIN LATERAL (SELECT a.seq, a.team_id, a.rep_id FROM revops.assignment a
                             WHERE a.lead_id = s.lead_id AND a.seq <= s.assignments
                               AND a.at <= COALESCE(s.next_at, s.gone_at, as_of)
                             ORDER BY a.at DESC, a.seq DESC LIMIT 1) o ON true
          WHERE s.purpose = 'qualified' AND (single IS NULL OR single IN ('acceptance', 'rejection_reasons'))),
         pair AS
         (SELECT b.workspace_id, b.time_zone, b.at, b.source, b.segment, b.team_id, v.from_point, v.to_point,
                 date_part('epoch', b.at - COALESCE(a.at, c.lead_created_at)) / 86400 AS days
          FROM (VALUES ('created', 'qualified'), ('qualified', 'accepted'), ('accepted', 'opportunity'), ('opportunity', 'won'),
                       ('qualified', 'won'), ('created', 'won')) AS v (from_point, to_point)
          JOIN first b ON b.purpose = v.to_point
          LEFT JOIN first a ON a.lead_id = b.lead_id AND a.purpose = v.from_point
          LEFT JOIN move c ON v.from_point = 'created' AND c.lead_id = b.lead_id AND c.seq = 1
          WHERE (single IS NULL OR single = 'stage_time') AND (a.lead_id IS NOT NULL OR c.lead_id IS NOT NULL)),
         leak AS
         (SELECT m.workspace_id, m.lead_id, revops.kpi_period(grain, m.at, m.time_zone) AS period,
                 m.source, m.campaign, m.segment, m.team_id, m.from_stage, m.to_stage,
                 CASE WHEN m.purpose = 'nurture' THEN 'recycled' WHEN m.purpose = 'disqualified' THEN 'disqualified'
                      WHEN m.from_aside IS NOT TRUE AND m.position < m.from_position THEN 'back' END AS way,
                 m.reason, count(*) AS moves
          FROM move m
          WHERE m.from_stage IS NOT NULL AND m.from_stage <> m.to_stage AND (single IS NULL OR single = 'leakage')
          GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
    SELECT 'entry', m.workspace_id, revops.kpi_period(grain, m.lead_created_at, m.time_zone),
           ARRAY[m.source, m.campaign, m.segment, m.to_stage], ARRAY[1]::bigint[], NULL::numeric[], NULL::float8, NULL::float8, NULL::float8
    FROM move m WHERE m.seq = 1 AND (single IS NULL OR single = 'entry')
    UNION ALL
    SELECT 'funnel', l.workspace_id, revops.kpi_period(grain, l.created_at, l.time_zone), ARRAY[l.source, l.campaign, l.segment],
           ARRAY[1, (l.level >= 1)::int, (l.level >= 2)::int, (l.level >= 3)::int, (l.level >= 4)::int,
                 (l.level >= 1 AND NOT l.mql)::int, (l.level >= 2 AND NOT l.sql)::int, (l.level >= 3 AND NOT l.opportunity)::int,
                 COALESCE(l.last_purpose = 'nurture', false)::int, COALESCE(l.last_purpose = 'disqualified', false)::int]::bigint[],
           NULL, NULL, NULL, NULL
    FROM lead l WHERE single IS NULL OR single = 'funnel'
    UNION ALL
    SELECT 'source', s.workspace_id, revops.kpi_period(grain, s.created_at, s.time_zone), ARRAY[s.source],
           ARRAY[1, s.mql::int, s.sql::int, s.opportunity::int, (s.won_at IS NOT NULL)::int, (s.mql AND s.sql)::int,
                 (s.won_at IS NOT NULL AND NOT s.mql)::int, s.deals_won, s.deals_won - s.with_amount]::bigint[],
           ARRAY[s.amount], date_part('epoch', s.won_at - s.created_at), NULL, NULL
    FROM sold s WHERE single IS NULL OR single = 'source'
    UNION ALL
    SELECT 'segment', s.workspace_id, revops.kpi_period(grain, s.created_at, s.time_zone), ARRAY[s.last_segment],
           ARRAY[1, s.last_fit, s.mql::int, s.sql::int, s.won::int, COALESCE(s.last_purpose = 'disqualified', false)::int,
                 (s.mql AND s.sql)::int, s.deals_won, s.with_amount]::bigint[],
           ARRAY[s.amount], s.last_fit::float8, NULL, NULL
    FROM sold s WHERE single IS NULL OR single = 'segment'
    UNION ALL
    SELECT 'stage_volume', f.workspace_id, revops.kpi_period(grain, f.at, f.time_zone), ARRAY[f.source, f.campaign, f.segment, f.team_id::text],
           ARRAY[1, 0, (f.purpose = 'qualified')::int, (f.purpose = 'accepted')::int, (f.purpose = 'opportunity')::int, (f.purpose = 'won')::int]::bigint[],
           NULL, NULL, NULL, NULL
    FROM first f WHERE single IS NULL OR single = 'stage_volume'
    UNION ALL
    SELECT 'stage_volume', m.workspace_id, revops.kpi_period(grain, m.at, m.time_zone), ARRAY[m.source, m.campaign, m.segment, m.team_id::text],
           ARRAY[1, 1, 0, 0, 0, 0]::bigint[], NULL, NULL, NULL, NULL
    FROM move m WHERE m.seq = 1 AND (single IS NULL OR single = 'stage_volume')
    UNION ALL
    SELECT 'lead_velocity', q.workspace_id, revops.kpi_period(grain, q.at, q.time_zone), ARRAY[]::text[], ARRAY[1]::bigint[], NULL, NULL, NULL, NULL
    FROM (SELECT m.workspace_id, m.time_zone, min(m.at) AS at
          FROM move m WHERE m.purpose = 'qualified' AND (single IS NULL OR single = 'lead_velocity')
          GROUP BY m.workspace_id, m.lead_id, m.time_zone) q
    UNION ALL
    SELECT 'stage_time', p.workspace_id, revops.kpi_period(grain, p.at, p.time_zone),
           ARRAY[p.source, p.segment, p.team_id::text, p.from_point, p.to_point],
           ARRAY[1, (p.days >= 0)::int, (p.days < 0)::int]::bigint[],
           ARRAY[CASE WHEN p.days >= 0 THEN p.days::numeric END], CASE WHEN p.days >= 0 THEN p.days END, NULL, NULL
    FROM pair p
    UNION ALL
    SELECT 'leakage', l.workspace_id, l.period,
           ARRAY[l.source, l.campaign, l.segment, l.team_id::text, l.from_stage, l.to_stage, l.way, l.reason],
           ARRAY[l.moves, 1]::bigint[], NULL, NULL, NULL, NULL
    FROM leak l
    UNION ALL
    SELECT 'stage_conversion', s.workspace_id, revops.kpi_period(grain, s.at, s.time_zone),
           ARRAY[s.to_stage, s.source, s.campaign, s.segment, s.team_id::text, s.rep_id::text],
           ARRAY[1, s.advanced::int, s.won::int, COALESCE(s.next_purpose = 'nurture', false)::int,
                 COALESCE(s.next_purpose = 'disqualified', false)::int,
                 COALESCE(s.next_rank > s.rank AND s.next_rank > -2147483648, false)::int, (NOT s.has_left)::int]::bigint[],
           NULL, s.seconds, NULL, NULL
    FROM stay s WHERE single IS NULL OR single = 'stage_conversion'
    UNION ALL
    SELECT 'recycle', s.workspace_id, revops.kpi_period(grain, s.at, s.time_zone),
           ARRAY[s.source, s.campaign, s.segment, s.team_id::text, s.reason],
           ARRAY[1, s.returned::int, s.mql_later::int, s.sql_later::int, s.won_later::int]::bigint[],
           NULL, date_part('epoch', s.returned_at - s.at) / 86400, NULL, NULL
    FROM stay s WHERE s.purpose = 'nurture' AND (single IS NULL OR single = 'recycle')
    UNION ALL
    SELECT 'acceptance', h.workspace_id, revops.kpi_period(grain, h.at, h.time_zone),
           ARRAY[h.source, h.campaign, h.segment, h.team_id::text, h.rep_id::text],
           ARRAY[1, (h.outcome = 'accepted')::int, (h.outcome = 'rejected')::int, (h.outcome = 'recycled')::int,
                 (h.outcome = 'withdrawn')::int, (h.outcome = 'pending')::int,
                 (h.outcome = 'accepted' AND h.by_silence)::int]::bigint[],
           NULL, CASE WHEN h.outcome IN ('accepted', 'rejected', 'recycled') THEN date_part('epoch', h.ended_at - h.at) END, NULL, NULL
    FROM handoff h WHERE single IS NULL OR single = 'acceptance'
    UNION ALL
    SELECT 'rejection_reasons', h.workspace_id, revops.kpi_period(grain, h.at, h.time_zone),
           ARRAY[h.outcome, h.reason, h.source, h.campaign, h.segment, h.team_id::text, h.rep_id::text],
           ARRAY[1]::bigint[], NULL, NULL, NULL, NULL
    FROM handoff h WHERE h.outcome IN ('rejected', 'recycled') AND (single IS NULL OR single = 'rejection_reasons');
END
$$;
COMMENT ON FUNCTION revops.rollup_parts_of_moves(revops.rolled_lead[], text, text, timestamptz) IS
    'What leads add to the KPIs of the funnel (single: to one of them; NULL: all). roll_up() and the views of the KPIs call it.';

CREATE FUNCTION revops.rollup_parts_of_clocks(images revops.rolled_lead[], grain text, single text, as_of timestamptz) RETURNS SETOF revops.rollup_part
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN QUERY
    WITH clock AS
         (SELECT i.workspace_id, w.time_zone, c.*,
                 CASE WHEN c.outcome IN ('kept', 'late') THEN date_part('epoch', c.stopped_at - c.started_at) END AS wall,
                 CASE WHEN c.outcome IS NULL OR c.outcome = 'void' THEN NULL
                      WHEN c.calendar_id IS NULL THEN date_part('epoch', c.stopped_at - c.started_at)
                      ELSE date_part('epoch', revops.business_left(c.calendar_id, c.started_at, c.stopped_at)) END AS business
          FROM unnest(images) i
          CROSS JOIN LATERAL unnest(i.clocks) c
          JOIN revops.workspace w ON w.workspace_id = i.workspace_id)
    SELECT 'response_time', c.workspace_id, revops.kpi_period(grain, c.started_at, c.time_zone),
           ARRAY[c.source, c.campaign, c.segment, c.team_id::text, c.rep_id::text],
           ARRAY[1, COALESCE(c.outcome IN ('kept', 'late'), false)::int, (c.outcome IS NULL)::int, COALESCE(c.outcome = 'void', false)::int,
                 COALESCE(c.outcome = 'kept', false)::int,
                 COALESCE(c.outcome = 'late' OR (c.outcome = 'void' AND c.stopped_at >= c.due_at), false)::int,
                 (c.outcome IS NULL AND c.breached_at IS NOT NULL)::int, (c.wall IS NOT NULL AND c.business IS NULL)::int]::bigint[],
           ARRAY[c.business::numeric, c.wall::numeric], c.business, c.wall, NULL::float8
    FROM clock c WHERE c.promise = 'first_response' AND (single IS NULL OR single = 'response_time')
    UNION ALL
    SELECT 'sla_compliance', c.workspace_id, revops.kpi_period(grain, c.due_at, c.time_zone),
           ARRAY[p.policy, c.promise, c.source, c.team_id::text, c.rep_id::text],
           ARRAY[1, COALESCE(c.outcome = 'kept', false)::int, (c.outcome IS NULL AND c.breached_at IS NULL)::int,
                 COALESCE(c.outcome = 'void' AND c.stopped_at < c.due_at, false)::int]::bigint[],
           NULL::numeric[], NULL, NULL, NULL
    FROM clock c
    LEFT JOIN revops.sla_policy p ON p.policy_id = c.policy_id
    WHERE (single IS NULL OR single = 'sla_compliance') AND c.due_at < 'infinity';
END
$$;
COMMENT ON FUNCTION revops.rollup_parts_of_clocks(revops.rolled_lead[], text, text, timestamptz) IS
    'What leads'' clocks add to the KPIs of the promises (single: to one of them; NULL: all). roll_up() and the views of the KPIs call it.';

CREATE FUNCTION revops.rollup_parts_of_deals(images revops.rolled_lead[], grain text, single text, as_of timestamptz) RETURNS SETOF revops.rollup_part
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN QUERY
    WITH deal AS MATERIALIZED
         (SELECT i.workspace_id, w.time_zone, i.lead_id, o.opportunity_id, o.status, o.opened_at, o.closed_at, o.amount,
                 CASE WHEN lower(o.nature) IN ('new', 'renewal', 'expansion') THEN lower(o.nature)
                      WHEN i.lead_id > 0
                       AND EXISTS (SELECT FROM unnest(i.deals) p
                                   WHERE p.status = 'won' AND p.opportunity_id <> o.opportunity_id
                                     AND (p.closed_at, p.opportunity_id)
                                         < (CASE WHEN o.status = 'won' THEN o.closed_at ELSE o.opened_at END, o.opportunity_id))
                      THEN 'expansion' ELSE 'new' END AS nature,
                 e.source, e.campaign, m.segment, t.team, COALESCE(o.owner, r.rep) AS rep, o.product, o.reason, o.competitor
          FROM unnest(images) i
          CROSS JOIN LATERAL unnest(i.deals) o
          JOIN revops.workspace w ON w.workspace_id = i.workspace_id
          LEFT JOIN revops.stage_change e ON e.lead_id = i.lead_id AND e.seq = 1
          LEFT JOIN LATERAL (SELECT c.segment, c.team_id, c.rep_id FROM revops.stage_change c
                             WHERE c.lead_id = i.lead_id AND c.seq <= i.moves
                               AND (c.seq = 1 OR c.at <= COALESCE(o.closed_at, as_of))
                             ORDER BY c.seq DESC LIMIT 1) m ON true
          LEFT JOIN revops.team t ON t.team_id = m.team_id
          LEFT JOIN revops.rep r ON r.rep_id = m.rep_id),
         won AS
         (SELECT d.*, d.lead_id > 0 AND d.opportunity_id = first_value(d.opportunity_id)
                          OVER (PARTITION BY d.lead_id ORDER BY d.closed_at, d.opportunity_id) AS is_first
          FROM deal d
          WHERE d.status = 'won' AND (single IS NULL OR single = 'revenue'))
    SELECT 'pipeline', d.workspace_id, revops.kpi_period(grain, d.opened_at, d.time_zone),
           ARRAY[d.source, d.campaign, d.segment, d.team, d.rep, d.product, d.nature],
           ARRAY[1, (d.status = 'open')::int, (d.status = 'won')::int, (d.status = 'lost')::int, (d.amount IS NOT NULL)::int,
                 (d.status = 'open' AND d.amount IS NOT NULL)::int, (d.status = 'won' AND d.amount IS NOT NULL)::int,
                 (d.status = 'lost' AND d.amount IS NOT NULL)::int]::bigint[],
           ARRAY[d.amount, CASE WHEN d.status = 'open' THEN d.amount END, CASE WHEN d.status = 'won' THEN d.amount END,
                 CASE WHEN d.status = 'lost' THEN d.amount END], NULL::float8, NULL::float8, NULL::float8
    FROM deal d WHERE single IS NULL OR single = 'pipeline'
    UNION ALL
    SELECT 'deals', d.workspace_id, revops.kpi_period(grain, d.closed_at, d.time_zone),
           ARRAY[d.source, d.campaign, d.segment, d.team, d.rep, d.product, d.nature],
           ARRAY[1, (d.status = 'won')::int, (d.status = 'won' AND d.amount IS NOT NULL)::int,
                 (d.status = 'lost' AND d.amount IS NOT NULL)::int]::bigint[],
           ARRAY[CASE WHEN d.status = 'won' THEN d.amount END, CASE WHEN d.status = 'lost' THEN d.amount END,
                 CASE WHEN d.status = 'won' THEN EXTRACT(epoch FROM d.closed_at - d.opened_at) END],
           CASE WHEN d.status = 'won' THEN d.amount::float8 END,
           CASE WHEN d.status = 'won' THEN date_part('epoch', d.closed_at - d.opened_at) / 86400 END,
           CASE WHEN d.status = 'lost' THEN date_part('epoch', d.closed_at - d.opened_at) / 86400 END
    FROM deal d WHERE d.closed_at IS NOT NULL AND (single IS NULL OR single = 'deals')
    UNION ALL
    SELECT 'win_loss', d.workspace_id, revops.kpi_period(grain, d.closed_at, d.time_zone),
           ARRAY[d.source, d.segment, d.team, d.rep, d.product, d.status, d.reason, d.competitor],
           ARRAY[1, (d.amount IS NOT NULL)::int]::bigint[], ARRAY[d.amount], NULL, NULL, NULL
    FROM deal d WHERE d.closed_at IS NOT NULL AND (single IS NULL OR single = 'win_loss')
    UNION ALL
    SELECT 'revenue', d.workspace_id, d.period, ARRAY[d.source, d.campaign, d.segment],
           ARRAY[count(*), (d.lead_id > 0)::int, count(*) FILTER (WHERE d.is_first), count(d.amount),
                 count(d.amount) FILTER (WHERE d.nature = 'new'), count(d.amount) FILTER (WHERE d.nature = 'renewal'),
                 count(d.amount) FILTER (WHERE d.nature = 'expansion')]::bigint[],
           ARRAY[sum(d.amount), sum(d.amount) FILTER (WHERE d.nature = 'new'), sum(d.amount) FILTER (WHERE d.nature = 'renewal'),
                 sum(d.amount) FILTER (WHERE d.nature = 'expansion')], NULL, NULL, NULL
    FROM (SELECT v.*, revops.kpi_period(grain, v.closed_at, v.time_zone) AS period FROM won v) d
    GROUP BY d.workspace_id, d.lead_id, d.period, d.source, d.campaign, d.segment;
END
$$;
COMMENT ON FUNCTION revops.rollup_parts_of_deals(revops.rolled_lead[], text, text, timestamptz) IS
    'What leads'' deals add to the KPIs of deals (single: to one of them; NULL: all). roll_up() and the views of the KPIs call it.';

CREATE FUNCTION revops.rollup_parts(images revops.rolled_lead[], grain text, single text, as_of timestamptz) RETURNS SETOF revops.rollup_part
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF single IS NULL OR single NOT IN ('response_time', 'sla_compliance', 'pipeline', 'deals', 'win_loss', 'revenue') THEN
        RETURN QUERY SELECT * FROM revops.rollup_parts_of_moves(images, grain, single, as_of);
    END IF;
    IF single IS NULL OR single IN ('response_time', 'sla_compliance') THEN
        RETURN QUERY SELECT * FROM revops.rollup_parts_of_clocks(images, grain, single, as_of);
    END IF;
    IF single IS NULL OR single IN ('pipeline', 'deals', 'win_loss', 'revenue') THEN
        RETURN QUERY SELECT * FROM revops.rollup_parts_of_deals(images, grain, single, as_of);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.rollup_parts(revops.rolled_lead[], text, text, timestamptz) IS
    'What leads add to one KPI (named without kpi_) or, where single is NULL, to all that are rolled up.';

-- the sum of what leads counted by, taken out, and of what they count by, put in
CREATE FUNCTION revops.rollup_change(old revops.rolled_lead[], new revops.rolled_lead[], grain text, single text)
    RETURNS TABLE (kpi text, workspace_id int, period date, dims text[], counts bigint[], sums numeric[],
                   added_1 float8[], removed_1 float8[], added_2 float8[], removed_2 float8[], added_3 float8[], removed_3 float8[])
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT p.kpi, p.workspace_id, p.period, p.dims COLLATE "C",
           revops.counts_add(revops.counts_sum(p.counts) FILTER (WHERE p.is_new), revops.counts_negated(revops.counts_sum(p.counts) FILTER (WHERE NOT p.is_new))),
           CASE WHEN bool_or(p.sums IS NOT NULL) THEN
               ARRAY[sum(CASE WHEN p.is_new THEN p.sums[1] ELSE -p.sums[1] END), sum(CASE WHEN p.is_new THEN p.sums[2] ELSE -p.sums[2] END),
                     sum(CASE WHEN p.is_new THEN p.sums[3] ELSE -p.sums[3] END), sum(CASE WHEN p.is_new THEN p.sums[4] ELSE -p.sums[4] END)] END,
           array_agg(p.value_1) FILTER (WHERE p.is_new AND p.value_1 IS NOT NULL),
           array_agg(p.value_1) FILTER (WHERE NOT p.is_new AND p.value_1 IS NOT NULL),
           array_agg(p.value_2) FILTER (WHERE p.is_new AND p.value_2 IS NOT NULL),
           array_agg(p.value_2) FILTER (WHERE NOT p.is_new AND p.value_2 IS NOT NULL),
           array_agg(p.value_3) FILTER (WHERE p.is_new AND p.value_3 IS NOT NULL),
           array_agg(p.value_3) FILTER (WHERE NOT p.is_new AND p.value_3 IS NOT NULL)
    FROM (SELECT true AS is_new, n.* FROM revops.rollup_parts(new, grain, single, revops.engine_now()) n
          UNION ALL
          -- what was rolled up was no matter of when: see roll_up_leads()
          SELECT false, o.* FROM revops.rollup_parts(old, grain, single, 'infinity') o) p
    GROUP BY p.kpi, p.workspace_id, p.period, p.dims COLLATE "C"
    $$;
COMMENT ON FUNCTION revops.rollup_change(revops.rolled_lead[], revops.rolled_lead[], text, text) IS
    'By how much the sums of one KPI, or of all, differ when leads count by the second images instead of the first.';
