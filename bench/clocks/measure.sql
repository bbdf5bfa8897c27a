-- measure.sql: median and worst time of sla_due for one rep, and how many reps see another
-- number of promises than runs.  Variable: reps.
\set ON_ERROR_STOP on
SET jit = off;
SET pg_revops.now = '2026-10-15 09:00+00';
CREATE TEMP TABLE took (rep int, round int, ms float8, n int, runs int);
CREATE FUNCTION pg_temp.measure(reps int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz;
    seen int;
    one int;
BEGIN
    FOR i IN 1 .. 10 LOOP
        one := 1 + i * 977 % reps;
        FOR round IN 0 .. 5 LOOP
            began := clock_timestamp();
            EXECUTE 'SELECT count(*) FROM (SELECT s.*, s.time_left IS NULL AS used FROM revops.sla_due s WHERE rep = $1 OFFSET 0) s'
            INTO seen USING 'rep ' || one;
            INSERT INTO took VALUES (one, round, 1000 * extract(epoch FROM clock_timestamp() - began), seen,
                                     (SELECT count(*) FROM revops.sla_clock c WHERE c.rep_id = one AND c.stopped_at IS NULL));
        END LOOP;
    END LOOP;
END
$$;
SELECT pg_temp.measure(:reps);
SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 3), round(max(ms)::numeric, 3),
       count(DISTINCT rep) FILTER (WHERE n <> runs)
FROM took WHERE round > 0;
