-- measure.sql: how long hot_leads() takes, a line a moment: its name, median and
-- worst of 50 calls, milliseconds.  Variable: moment.
SET jit = off;
CREATE FUNCTION pg_temp.measure(what text, at timestamptz, team text, OUT median float8, OUT worst float8) LANGUAGE plpgsql AS $$
DECLARE
    begun timestamptz;
    took float8[];
BEGIN
    FOR i IN 0 .. 50 LOOP
        begun := clock_timestamp();
        PERFORM * FROM revops.hot_leads(100, at, 1, only_team => team);
        IF i > 0 THEN
            took := took || 1000 * extract(epoch FROM clock_timestamp() - begun)::float8;
        END IF;
    END LOOP;
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t), max(t) INTO median, worst FROM unnest(took) t;
END $$;
SELECT what, m.median, m.worst
FROM (VALUES (1, 'now', interval '0', NULL), (2, '+30_days', '30 days', NULL), (3, '+180_days', '180 days', NULL),
             (4, '-30_days', '-30 days', NULL), (5, 'team', '0', 'north')) AS w (n, what, later, team),
     pg_temp.measure(what, timestamptz :'moment' + later, team) AS m
ORDER BY n;
