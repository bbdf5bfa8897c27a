-- Points that fade: the arithmetic that views and the engine share.

CREATE FUNCTION revops.decayed(log2_sum double precision, half_life interval, at timestamptz)
    RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'revops_decayed';
COMMENT ON FUNCTION revops.decayed(double precision, interval, timestamptz) IS
    'Points that a forward-decay sum (log2, -Infinity: none) is worth at a moment. Raises RV004 for a half-life that is not exact time or under a minute.';

-- not STRICT and without a SET clause, so that views inline them: as calls they
-- cost lead_status four times as much (the bodies were parsed here, and no
-- search_path reaches them)
CREATE FUNCTION revops.whole_points(points double precision)
    RETURNS int
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN points IS NOT NULL
                THEN floor(least(greatest(points, 0.0), 100.0) + 0.500001)::int END;
COMMENT ON FUNCTION revops.whole_points(double precision) IS
    'Points as they are shown and compared with bounds: 0 to 100, rounded to an integer, halves up (sums of touches are not exact: a half missed by a millionth is a half).';

CREATE FUNCTION revops.grade(fit int, intent int, grade_fit int[], grade_intent int[])
    RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN fit IS NULL OR intent IS NULL THEN NULL
                ELSE CASE WHEN fit OPERATOR(pg_catalog.>=) grade_fit[1] THEN 'A'
                          WHEN fit OPERATOR(pg_catalog.>=) grade_fit[2] THEN 'B'
                          WHEN fit OPERATOR(pg_catalog.>=) grade_fit[3] THEN 'C' ELSE 'D' END
                     OPERATOR(pg_catalog.||)
                     CASE WHEN intent OPERATOR(pg_catalog.>=) grade_intent[1] THEN '1'
                          WHEN intent OPERATOR(pg_catalog.>=) grade_intent[2] THEN '2'
                          WHEN intent OPERATOR(pg_catalog.>=) grade_intent[3] THEN '3' ELSE '4' END END;
COMMENT ON FUNCTION revops.grade(int, int, int[], int[]) IS
    'Grade: letter of fit (A to D) and digit of intent (1 to 4) by the lower bounds given, for example A1.';

CREATE FUNCTION revops.decay_factor(occurred_at timestamptz, half_life interval, at timestamptz)
    RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'revops_decay_factor';
COMMENT ON FUNCTION revops.decay_factor(timestamptz, interval, timestamptz) IS
    'Share of a touch''s points that is left at a moment: 2 ^ -((at - occurred_at) / half_life). Raises RV004 for a half-life that is not exact time or under a minute.';
