-- Wins and losses for joint review (J3).

CREATE FUNCTION revops.review_sample(n int DEFAULT 5, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, draw int DEFAULT 1)
    RETURNS TABLE (workspace_id int, outcome text, place int, opportunity_id bigint, lead_id bigint, key text, closed_at timestamptz, days numeric,
                   amount numeric, source text, segment text, rep text, product text, reason text, competitor text, timeline jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
BEGIN
    IF n IS NULL OR n < 1 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('a sample of %s deals cannot be drawn', coalesce(n::text, 'NULL')),
            DETAIL = 'It is how many wins, and how many losses, are drawn of each workspace.',
            HINT = 'Give 1 or more.';
    END IF;
    IF since > until THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('range of a sample ends before it begins: since %s, until %s', since, until),
            DETAIL = 'Deals that were closed count from since (included) to until (not included).',
            HINT = 'Swap them, or give NULL for an open end.';
    END IF;
    RETURN QUERY
        SELECT d.workspace_id, d.status, d.place::int, d.opportunity_id, d.lead_id, d.key, d.closed_at,
               round(EXTRACT(epoch FROM d.closed_at - d.opened_at) / 86400, 4),
               d.amount, d.source, d.segment, d.rep, d.product, d.reason, d.competitor,
               CASE WHEN l.lead_id IS NOT NULL
                    THEN (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.place), '[]')
                          FROM revops.timeline(l.lead_id) WITH ORDINALITY
                               AS t (at, recorded_at, kind, what, before, after, who, detail, place)) END
        FROM (SELECT x.*, row_number() OVER (PARTITION BY x.workspace_id, x.status
                                             ORDER BY hashint8extended(x.opportunity_id, draw), x.opportunity_id) AS place
              FROM revops.deal x
              WHERE x.status IN ('won', 'lost')
                AND ($2 IS NULL OR x.closed_at >= $2)
                AND ($3 IS NULL OR x.closed_at < $3)) d
        LEFT JOIN revops.lead l ON l.lead_id = d.lead_id
        WHERE d.place <= $1
        ORDER BY d.workspace_id, d.status DESC, d.place;
END
$$;
COMMENT ON FUNCTION revops.review_sample(int, timestamptz, timestamptz, int) IS
    'A sample for the joint review of marketing and sales: up to n won and n lost deals of each workspace, of those closed in [since, until) (NULL: open end), each with reason, competitor and the timeline of its lead (the rows of timeline(), as a JSON array; NULL: the lead is not known). Every deal has the same chance; the same draw gives the same deals in every session, another draw other ones. days is from opened_at to closed_at. Shows single leads, with the caller''s rights. Source: opportunity (revops.deal), timeline(). Raises RV004 for an n below 1 and a range that ends before it begins.';
REVOKE ALL ON FUNCTION revops.review_sample(int, timestamptz, timestamptz, int) FROM PUBLIC;
