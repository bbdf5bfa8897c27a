-- Attribution (J2): which touches won deals, and opened ones, are owed to.  A
-- conversion's path is what its lead did before it; a model shares one
-- conversion among the touches of its path, so that the shares are exactly 1.

CREATE FUNCTION revops.check_attribution(kind text, since timestamptz, until timestamptz, lookback interval, half_life interval)
    RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF kind IS NULL OR kind NOT IN ('revenue', 'pipeline') THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('kind %s of attribution is not known', quote_nullable(kind)),
            DETAIL = 'It says what a conversion is: revenue (a deal is won) or pipeline (a deal is opened).',
            HINT = 'Write ''revenue'' or ''pipeline''.';
    END IF;
    IF since > until THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('range of attribution ends before it begins: since %s, until %s', since, until),
            DETAIL = 'Conversions count from since (included) to until (not included).',
            HINT = 'Swap them, or give NULL for an open end.';
    END IF;
    IF lookback <= interval '0' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('lookback of attribution is %s', lookback),
            DETAIL = 'It is how long before a conversion a touch still counts.',
            HINT = 'Give more than nothing, for example ''90 days'', or NULL for all that there is.';
    END IF;
    IF half_life IS NULL OR half_life <= interval '0' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('half-life of attribution is %s', coalesce(half_life::text, 'NULL')),
            DETAIL = 'In model time_decay a touch counts half as much as one that came a half-life later.',
            HINT = 'Give more than nothing, for example ''7 days''.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_attribution(text, timestamptz, timestamptz, interval, interval) IS
    'Checks what attribution is asked for. Raises RV004 for an unknown kind, a range that ends before it begins, and a lookback or half-life that is not above zero.';

CREATE FUNCTION revops.check_dimension(dimension text)
    RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF dimension IS NULL OR dimension NOT IN ('source', 'campaign', 'content', 'signal') THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('dimension %s of attribution is not known', quote_nullable(dimension)),
            DETAIL = 'It is what credits are summed by: source, campaign, content or signal of the touches.',
            HINT = 'Write one of them in lower case, for example ''campaign''.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_dimension(text) IS 'Raises RV004 for a dimension of attribution that is not known.';

CREATE VIEW revops.conversion AS
SELECT o.workspace_id, 'revenue' AS kind, o.opportunity_id, o.lead_id, o.closed_at AS converted_at, o.opened_at, o.base_amount AS amount
FROM revops.opportunity o
WHERE o.status = 'won' AND o.closed_at IS NOT NULL
UNION ALL
SELECT o.workspace_id, 'pipeline', o.opportunity_id, o.lead_id, o.opened_at, o.opened_at, o.base_amount
FROM revops.opportunity o
WHERE o.status <> 'gone';
COMMENT ON VIEW revops.conversion IS
    'What attribution shares out: deals won (kind revenue, when they were closed) and deals opened (kind pipeline, whatever became of them; deleted ones do not count). Source: opportunity.';
COMMENT ON COLUMN revops.conversion.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.conversion.kind IS 'revenue or pipeline';
COMMENT ON COLUMN revops.conversion.opportunity_id IS 'the deal';
COMMENT ON COLUMN revops.conversion.lead_id IS 'its lead; NULL: not known';
COMMENT ON COLUMN revops.conversion.converted_at IS 'when it was won, or opened';
COMMENT ON COLUMN revops.conversion.opened_at IS 'when it was opened';
COMMENT ON COLUMN revops.conversion.amount IS 'its amount in the workspace''s currency; NULL: none, or no exchange rate';

CREATE FUNCTION revops.attribution_path(kind text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, lookback interval DEFAULT '90 days',
                                        fresh_start boolean DEFAULT true, outbound boolean DEFAULT false)
    RETURNS TABLE (workspace_id int, opportunity_id bigint, lead_id bigint, converted_at timestamptz, amount numeric,
                   n int, touches int, created_n int, opened_n int, touch_id bigint, occurred_at timestamptz,
                   signal text, source text, campaign text, content text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH path AS
         (SELECT c.workspace_id, c.opportunity_id, c.lead_id, c.converted_at, c.amount, l.created_at, c.opened_at,
                 t.touch_id, t.occurred_at, t.signal_id, t.source, t.campaign, t.content,
                 row_number() OVER (PARTITION BY c.opportunity_id ORDER BY t.occurred_at, t.touch_id) AS n,
                 count(t.touch_id) OVER (PARTITION BY c.opportunity_id) AS touches
          FROM revops.conversion c
          LEFT JOIN revops.lead l ON l.lead_id = c.lead_id
          -- the touches of leads that are merged are with the one that is left, and count once; most leads are not merged
          CROSS JOIN LATERAL (SELECT CASE WHEN EXISTS (SELECT FROM revops.lead_merge m WHERE m.duplicate_id = c.lead_id)
                                            OR EXISTS (SELECT FROM revops.lead_merge m WHERE m.survivor_id = c.lead_id)
                                          THEN revops.one_person(c.lead_id) ELSE ARRAY[c.lead_id] END AS leads) person
          -- what came before is told by the conversion before it: of deals of one moment each has the whole path
          LEFT JOIN LATERAL (SELECT max(b.converted_at) AS at FROM revops.conversion b
                             WHERE attribution_path.fresh_start AND b.kind = c.kind AND b.lead_id = ANY (person.leads)
                               AND b.converted_at < c.converted_at) before ON true
          LEFT JOIN LATERAL (SELECT o.occurred_at, min(o.touch_id) AS touch_id, o.signal_id, o.source, o.campaign, o.content
                             FROM revops.touch o
                             LEFT JOIN revops.signal s ON s.signal_id = o.signal_id
                             WHERE o.lead_id = person.leads[1] AND o.occurred_at <= c.converted_at
                               AND o.occurred_at >= COALESCE(c.converted_at - attribution_path.lookback, '-infinity')
                               AND o.occurred_at > COALESCE(before.at, '-infinity')
                               AND (attribution_path.outbound OR s.direction IS DISTINCT FROM 'outbound')
                             GROUP BY o.occurred_at, o.signal_id, o.binding_id, o.source_key, o.source, o.campaign, o.content
                             HAVING sum(o.sign) > 0) t ON true
          WHERE c.kind = attribution_path.kind
            AND (attribution_path.since IS NULL OR c.converted_at >= attribution_path.since)
            AND (attribution_path.until IS NULL OR c.converted_at < attribution_path.until))
    SELECT p.workspace_id, p.opportunity_id, p.lead_id, p.converted_at, p.amount, p.n::int, p.touches::int,
           COALESCE(max(p.n) FILTER (WHERE p.occurred_at <= p.created_at) OVER deal, 1)::int,
           COALESCE(max(p.n) FILTER (WHERE p.occurred_at <= p.opened_at) OVER deal, 1)::int,
           p.touch_id, p.occurred_at, s.signal, NULLIF(p.source, ''), NULLIF(p.campaign, ''), NULLIF(p.content, '')
    FROM path p
    LEFT JOIN revops.signal s ON s.signal_id = p.signal_id
    WINDOW deal AS (PARTITION BY p.opportunity_id);
END;
COMMENT ON FUNCTION revops.attribution_path(text, timestamptz, timestamptz, interval, boolean, boolean) IS
    'The paths of the conversions of a kind (revenue, pipeline) in [since, until): one row a touch, numbered from 1 in order of time; touches is the length of the path. A path has the lead''s touches up to the moment of the conversion (included), not older than lookback (NULL: all) and, with fresh_start, later than the lead''s conversion before it; outbound adds what we did ourselves (calls, mails). created_n is the touch that made the lead: the last one when it was created, else the first; opened_n the last one when the deal was opened. A conversion without any touch has one row of touches 0. Touches that were taken back do not count. Leads that are merged are one: their deals are owed to the touches that all of them have. Shows single leads, with the caller''s rights. Source: conversion, touch, signal, lead.';

CREATE FUNCTION revops.attribution_credit(kind text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, lookback interval DEFAULT '90 days',
                                          half_life interval DEFAULT '7 days', fresh_start boolean DEFAULT true, outbound boolean DEFAULT false)
    RETURNS TABLE (workspace_id int, opportunity_id bigint, lead_id bigint, converted_at timestamptz, n int, touches int,
                   touch_id bigint, occurred_at timestamptz, signal text, source text, campaign text, content text,
                   model text, credit numeric, amount numeric)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT revops.check_attribution(attribution_credit.kind, attribution_credit.since, attribution_credit.until,
                                    attribution_credit.lookback, attribution_credit.half_life);
    WITH path AS
         (SELECT p.*,
                 -- counted from the path's last touch, as only proportions count: old paths do not fade to nothing
                 EXTRACT(epoch FROM max(p.occurred_at) OVER (PARTITION BY p.opportunity_id) - p.occurred_at)::float8
                     / EXTRACT(epoch FROM attribution_credit.half_life)::float8 AS half_lives
          FROM revops.attribution_path(attribution_credit.kind, attribution_credit.since, attribution_credit.until,
                                       attribution_credit.lookback, attribution_credit.fresh_start, attribution_credit.outbound) p),
         weighed AS
         (SELECT p.*, m.model,
                 CASE WHEN p.touches = 0 THEN 1 ELSE m.weight / sum(m.weight) OVER (PARTITION BY p.opportunity_id, m.model) END AS share
          FROM path p,
               LATERAL (VALUES ('first', ((p.n = 1)::int)::float8),
                                    ('last', ((p.n = p.touches)::int)::float8),
                                    ('linear', (1)::float8),
                                    ('position_40_20_40', (CASE WHEN ((p.n = 1)::int + (p.n = p.touches)::int) > 0 THEN 0.4 * ((p.n = 1)::int + (p.n = p.touches)::int) ELSE 0.2 / (p.touches - (1 + (p.touches <> 1)::int)) END)::float8),
                                    ('u_50_50', (0.5 * ((p.n = 1)::int + (p.n = p.created_n)::int))::float8),
                                    ('u_40_20_40', (CASE WHEN ((p.n = 1)::int + (p.n = p.created_n)::int) > 0 THEN 0.4 * ((p.n = 1)::int + (p.n = p.created_n)::int) ELSE 0.2 / (p.touches - (1 + (p.created_n <> 1)::int)) END)::float8),
                                    ('w_30_30_30_10', (CASE WHEN ((p.n = 1)::int + (p.n = p.created_n)::int + (p.n = p.opened_n)::int) > 0 THEN 0.3 * ((p.n = 1)::int + (p.n = p.created_n)::int + (p.n = p.opened_n)::int) ELSE 0.1 / (p.touches - (1 + (p.created_n <> 1)::int + (p.opened_n <> 1 AND p.opened_n <> p.created_n)::int)) END)::float8),
                                    ('full_path', (CASE WHEN ((p.n = 1)::int + (p.n = p.created_n)::int + (p.n = p.opened_n)::int + (p.n = p.touches)::int) > 0 THEN 0.225 * ((p.n = 1)::int + (p.n = p.created_n)::int + (p.n = p.opened_n)::int + (p.n = p.touches)::int) ELSE 0.1 / (p.touches - (1 + (p.created_n <> 1)::int + (p.opened_n <> 1 AND p.opened_n <> p.created_n)::int + (p.touches <> 1 AND p.touches <> p.created_n AND p.touches <> p.opened_n)::int)) END)::float8),
                                    ('time_decay', (power(0.5, p.half_lives))::float8)) AS m (model, weight)),
         shared AS
         (SELECT w.*,
                 -- what rounding leaves is the last touch's: the shares of a conversion are exactly 1
                 CASE WHEN w.n < w.touches THEN round(w.share::numeric, 12)
                      ELSE 1 - COALESCE(sum(round(w.share::numeric, 12)) FILTER (WHERE w.n < w.touches)
                                            OVER (PARTITION BY w.opportunity_id, w.model), 0) END AS credit
          FROM weighed w)
    SELECT s.workspace_id, s.opportunity_id, s.lead_id, s.converted_at, s.n, s.touches, s.touch_id, s.occurred_at,
           s.signal, s.source, s.campaign, s.content, s.model, s.credit, s.credit * s.amount
    FROM shared s;
END;
COMMENT ON FUNCTION revops.attribution_credit(text, timestamptz, timestamptz, interval, interval, boolean, boolean) IS
    'What each touch of a path (see attribution_path()) is credited with, model by model; the credits of a conversion are exactly 1, and its parts of the amount exactly the amount. first, last: all to that touch. linear: equal parts. position_40_20_40: 40 % to the first, 40 % to the last touch, 20 % to those between. u_50_50: half to the first, half to the one that made the lead; u_40_20_40: 40 % to each of these, 20 % to the others. w_30_30_30_10: 30 % each to the first, the one that made the lead and the one that opened the deal, 10 % to the others. full_path: 22.5 % each to these three and the last, 10 % to the others. time_decay: 2 ^ (- time before the conversion / half_life). Parts that fall on one touch add up; where there are no others their part goes to the key touches in proportion. A conversion without a touch is credited to nothing (touches 0). Shows single leads, with the caller''s rights. Source: attribution_path. Raises RV004.';

CREATE FUNCTION revops.markov_effects(channels int, froms int[], tos int[], counts bigint[])
    RETURNS double precision[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'revops_markov_effects';
COMMENT ON FUNCTION revops.markov_effects(int, int[], int[], bigint[]) IS
    'Removal effects of a Markov chain of order 1: state 0 is the start, 1 to channels are the channels, channels + 1 is the conversion, channels + 2 its absence; the arrays say how often which state followed which. Gives first the probability of a conversion from the start, then for each channel by which part of it that would be less if whoever comes to the channel never converted; NULL where nothing converts. Raises 22023 for more than 1000 channels, states that are not there, counts below 1, arrays of different lengths, and a state that nothing leaves.';

CREATE FUNCTION revops.attribution_markov(dimension text, kind text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, lookback interval DEFAULT '90 days',
                                          fresh_start boolean DEFAULT true, outbound boolean DEFAULT false)
    RETURNS TABLE (workspace_id int, value text, removal_effect double precision, credit numeric, amount numeric,
                   probability double precision, converting bigint, not_converting bigint)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT revops.check_attribution(attribution_markov.kind, attribution_markov.since, attribution_markov.until, attribution_markov.lookback, '1 day');
    SELECT revops.check_dimension(attribution_markov.dimension);
    WITH step AS
         (SELECT p.workspace_id, p.opportunity_id AS path, true AS converts, p.n, p.touches, p.amount,
                 CASE attribution_markov.dimension WHEN 'source' THEN p.source WHEN 'campaign' THEN p.campaign
                                                   WHEN 'content' THEN p.content ELSE p.signal END AS value
          FROM revops.attribution_path(attribution_markov.kind, attribution_markov.since, attribution_markov.until,
                                       attribution_markov.lookback, attribution_markov.fresh_start, attribution_markov.outbound) p
          UNION ALL
          -- what leads did that has led to nothing yet
          SELECT t.workspace_id, t.lead_id, false,
                 row_number() OVER (PARTITION BY t.lead_id ORDER BY t.occurred_at, t.touch_id),
                 count(*) OVER (PARTITION BY t.lead_id), NULL, t.value
          FROM (SELECT o.workspace_id, o.lead_id, o.occurred_at, min(o.touch_id) AS touch_id,
                       CASE attribution_markov.dimension WHEN 'source' THEN NULLIF(o.source, '') WHEN 'campaign' THEN NULLIF(o.campaign, '')
                                                         WHEN 'content' THEN NULLIF(o.content, '') ELSE s.signal END AS value
                FROM revops.touch o
                LEFT JOIN revops.signal s ON s.signal_id = o.signal_id
                LEFT JOIN (SELECT c.lead_id, max(c.converted_at) AS at FROM revops.conversion c
                           WHERE c.kind = attribution_markov.kind
                             AND (attribution_markov.until IS NULL OR c.converted_at < attribution_markov.until)
                           GROUP BY c.lead_id) last ON last.lead_id = o.lead_id
                WHERE (attribution_markov.since IS NULL OR o.occurred_at >= attribution_markov.since)
                  AND (attribution_markov.until IS NULL OR o.occurred_at < attribution_markov.until)
                  AND (last.at IS NULL OR (attribution_markov.fresh_start AND o.occurred_at > last.at))
                  AND (attribution_markov.outbound OR s.direction IS DISTINCT FROM 'outbound')
                GROUP BY o.workspace_id, o.lead_id, o.occurred_at, o.signal_id, s.signal, o.binding_id, o.source_key, o.source, o.campaign, o.content
                HAVING sum(o.sign) > 0) t),
         numbered AS
         (SELECT s.*, CASE WHEN s.touches > 0 THEN dense_rank() OVER (PARTITION BY s.workspace_id, s.touches > 0 ORDER BY s.value) END AS channel
          FROM step s),
         total AS
         (SELECT x.workspace_id, COALESCE(max(x.channel), 0)::int AS channels,
                 count(*) FILTER (WHERE x.converts AND x.n = 1) AS converting, count(*) FILTER (WHERE NOT x.converts AND x.n = 1) AS not_converting,
                 sum(x.amount) FILTER (WHERE x.n = 1) AS amount
          FROM numbered x GROUP BY x.workspace_id),
         follows AS
         (SELECT y.workspace_id, y.a, y.b, count(*) AS n
          FROM (SELECT x.workspace_id, COALESCE(lag(x.channel) OVER path, 0) AS a, x.channel AS b FROM numbered x WHERE x.touches > 0
                WINDOW path AS (PARTITION BY x.workspace_id, x.converts, x.path ORDER BY x.n)
                UNION ALL
                SELECT x.workspace_id, COALESCE(x.channel, 0), t.channels + CASE WHEN x.converts THEN 1 ELSE 2 END
                FROM numbered x JOIN total t ON t.workspace_id = x.workspace_id
                WHERE x.n = GREATEST(x.touches, 1)) y
          GROUP BY y.workspace_id, y.a, y.b),
         effect AS
         (SELECT t.workspace_id, t.channels, t.converting, t.not_converting, t.amount,
                 revops.markov_effects(t.channels, array_agg(f.a::int), array_agg(f.b::int), array_agg(f.n)) AS effects
          FROM total t JOIN follows f ON f.workspace_id = t.workspace_id
          GROUP BY t.workspace_id, t.channels, t.converting, t.not_converting, t.amount),
         shared AS
         (SELECT e.workspace_id, c.value, e.effects[c.channel + 1] AS removal, e.amount, e.effects[1] AS probability, e.converting, e.not_converting,
                 c.channel, e.channels,
                 round((e.converting * e.effects[c.channel + 1] / NULLIF(sum(e.effects[c.channel + 1]) OVER w, 0))::numeric, 12) AS credit
          FROM effect e JOIN (SELECT DISTINCT x.workspace_id, x.channel, x.value FROM numbered x WHERE x.touches > 0) c ON c.workspace_id = e.workspace_id
          WINDOW w AS (PARTITION BY e.workspace_id)),
         exact AS
         (SELECT s.*, CASE WHEN s.channel < s.channels THEN s.credit
                           ELSE s.converting - COALESCE(sum(s.credit) FILTER (WHERE s.channel < s.channels) OVER (PARTITION BY s.workspace_id), 0) END AS whole
          FROM shared s)
    SELECT x.workspace_id, x.value, x.removal, CASE WHEN x.credit IS NOT NULL THEN x.whole END,
           round(x.amount * CASE WHEN x.credit IS NOT NULL THEN x.whole END / NULLIF(x.converting, 0), 6), x.probability, x.converting, x.not_converting
    FROM exact x;
END;
COMMENT ON FUNCTION revops.attribution_markov(text, text, timestamptz, timestamptz, interval, boolean, boolean) IS
    'Attribution by removal effect: the paths of a dimension''s values (source, campaign, content or signal) make a Markov chain of order 1; each value is credited with the conversions in proportion to the part of them that would be lost without it, and all credits together are exactly the conversions (those without any touch are shared out with the others). Paths that convert are those of attribution_path(); each lead''s touches in [since, until) after its last conversion (without fresh_start: of leads that never converted) are one that does not. amount: the conversions'' amount in the same proportion, rounded to 6 decimals. value NULL: not told. Source: attribution_path, touch. Raises RV004, and 22023 for more than 1000 values.';

CREATE FUNCTION revops.attribution(dimension text, kind text DEFAULT 'revenue', since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
                                   lookback interval DEFAULT '90 days', half_life interval DEFAULT '7 days', fresh_start boolean DEFAULT true,
                                   outbound boolean DEFAULT false)
    RETURNS TABLE (workspace_id int, workspace text, value text, model text, credit numeric, amount numeric, currency text, conversions bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT revops.check_dimension(attribution.dimension);
    SELECT w.workspace_id, w.workspace, k.value, k.model, k.credit, k.amount, w.currency, k.conversions
    FROM (SELECT c.workspace_id, c.model, d.value, sum(c.credit) AS credit, sum(c.amount) AS amount,
                 count(DISTINCT c.opportunity_id) FILTER (WHERE c.credit > 0) AS conversions
          FROM revops.attribution_credit(attribution.kind, attribution.since, attribution.until, attribution.lookback,
                                         attribution.half_life, attribution.fresh_start, attribution.outbound) c,
               LATERAL (SELECT CASE attribution.dimension WHEN 'source' THEN c.source WHEN 'campaign' THEN c.campaign
                                                          WHEN 'content' THEN c.content ELSE c.signal END) AS d (value)
          GROUP BY c.workspace_id, c.model, d.value
          UNION ALL
          SELECT m.workspace_id, 'markov', m.value, m.credit, m.amount, NULL
          FROM revops.attribution_markov(attribution.dimension, attribution.kind, attribution.since, attribution.until,
                                         attribution.lookback, attribution.fresh_start, attribution.outbound) m
          WHERE m.credit IS NOT NULL) k
    JOIN revops.workspace w ON w.workspace_id = k.workspace_id
    ORDER BY w.workspace_id, k.model, k.credit DESC, k.value;
END;
COMMENT ON FUNCTION revops.attribution(text, text, timestamptz, timestamptz, interval, interval, boolean, boolean) IS
    'Attribution of won revenue (kind revenue) or of pipeline opened (pipeline) to what the touches say of a dimension (source, campaign, content, signal): one row for each workspace, model and value. Models: those of attribution_credit() and markov (attribution_markov()). credit: conversions that the model owes to the value; in each model they add up to all conversions. amount: its part of the amounts, in currency; deals without an amount in it are not in. conversions: how many it had a part in (NULL for markov). value NULL: touches do not tell, or there were none. Computed from the facts as they are; compute_attribution() keeps a result. Source: attribution_credit, attribution_markov. Raises RV004.';
REVOKE ALL ON FUNCTION revops.attribution(text, text, timestamptz, timestamptz, interval, interval, boolean, boolean) FROM PUBLIC;

-- ----- results that are kept -----------------------------------------------------

CREATE TABLE revops.attribution_run
(
    run_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    computed_at  timestamptz NOT NULL,
    actor        text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    since        timestamptz,
    until        timestamptz NOT NULL,
    lookback     interval,
    half_life    interval NOT NULL,
    fresh_start  boolean NOT NULL,
    outbound     boolean NOT NULL
);
COMMENT ON TABLE revops.attribution_run IS 'A result of attribution that is kept: when it was computed, of what, and with which parameters. Made by compute_attribution().';
COMMENT ON COLUMN revops.attribution_run.run_id IS 'number of the result';
COMMENT ON COLUMN revops.attribution_run.computed_at IS 'engine time';
COMMENT ON COLUMN revops.attribution_run.actor IS 'role that asked for it';
COMMENT ON COLUMN revops.attribution_run.kind IS 'revenue or pipeline';
COMMENT ON COLUMN revops.attribution_run.since IS 'conversions from then on; NULL: all';
COMMENT ON COLUMN revops.attribution_run.until IS 'conversions before then';
COMMENT ON COLUMN revops.attribution_run.lookback IS 'how long before a conversion a touch counts; NULL: always';
COMMENT ON COLUMN revops.attribution_run.half_life IS 'of model time_decay';
COMMENT ON COLUMN revops.attribution_run.fresh_start IS 'true: a path begins after the lead''s conversion before';
COMMENT ON COLUMN revops.attribution_run.outbound IS 'true: what we did ourselves counts, too';

CREATE TABLE revops.attribution_day
(
    run_id       bigint NOT NULL REFERENCES revops.attribution_run ON DELETE CASCADE,
    workspace_id int NOT NULL,
    day          date NOT NULL,
    model        text COLLATE "C" NOT NULL,
    signal       text COLLATE "C",
    source       text COLLATE "C",
    campaign     text COLLATE "C",
    content      text COLLATE "C",
    credit       numeric NOT NULL,
    amount       numeric
);
CREATE INDEX attribution_day_run ON revops.attribution_day (run_id, model, day);
COMMENT ON TABLE revops.attribution_day IS 'Credits of a kept result, summed by the day of the conversion and what the touches say: they add up over any grouping and any range of days.';
COMMENT ON COLUMN revops.attribution_day.run_id IS 'the result';
COMMENT ON COLUMN revops.attribution_day.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.attribution_day.day IS 'day of the conversion, in the workspace''s time zone';
COMMENT ON COLUMN revops.attribution_day.model IS 'model (see attribution_credit())';
COMMENT ON COLUMN revops.attribution_day.signal IS 'signal of the touches';
COMMENT ON COLUMN revops.attribution_day.source IS 'source of the touches; NULL: not told';
COMMENT ON COLUMN revops.attribution_day.campaign IS 'campaign of the touches; NULL: not told';
COMMENT ON COLUMN revops.attribution_day.content IS 'content of the touches; NULL: not told';
COMMENT ON COLUMN revops.attribution_day.credit IS 'conversions owed to them';
COMMENT ON COLUMN revops.attribution_day.amount IS 'amount owed to them, in the workspace''s currency; NULL: none of the deals has one';

CREATE TABLE revops.attribution_removal
(
    run_id         bigint NOT NULL REFERENCES revops.attribution_run ON DELETE CASCADE,
    workspace_id   int NOT NULL,
    dimension      text COLLATE "C" NOT NULL,
    value          text COLLATE "C",
    removal_effect double precision,
    credit         numeric,
    amount         numeric,
    probability    double precision,
    converting     bigint NOT NULL,
    not_converting bigint NOT NULL,
    UNIQUE (run_id, workspace_id, dimension, value)
);
COMMENT ON TABLE revops.attribution_removal IS 'Model markov of a kept result: it holds for its window as a whole, and for one dimension at a time.';
COMMENT ON COLUMN revops.attribution_removal.run_id IS 'the result';
COMMENT ON COLUMN revops.attribution_removal.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.attribution_removal.dimension IS 'source, campaign, content or signal';
COMMENT ON COLUMN revops.attribution_removal.value IS 'value of the dimension; NULL: not told';
COMMENT ON COLUMN revops.attribution_removal.removal_effect IS 'part of the conversions that would be lost without it, 0 to 1';
COMMENT ON COLUMN revops.attribution_removal.credit IS 'conversions owed to it';
COMMENT ON COLUMN revops.attribution_removal.amount IS 'amount owed to it, in the workspace''s currency';
COMMENT ON COLUMN revops.attribution_removal.probability IS 'share of all paths that convert, 0 to 1';
COMMENT ON COLUMN revops.attribution_removal.converting IS 'paths that convert';
COMMENT ON COLUMN revops.attribution_removal.not_converting IS 'paths that do not';

CREATE FUNCTION revops.compute_attribution(kind text DEFAULT 'revenue', since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
                                           lookback interval DEFAULT '90 days', half_life interval DEFAULT '7 days',
                                           fresh_start boolean DEFAULT true, outbound boolean DEFAULT false)
    RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment timestamptz := revops.engine_now();
    ends timestamptz := least(until, moment);
    run bigint;
BEGIN
    PERFORM revops.check_attribution(kind, since, ends, lookback, half_life);
    INSERT INTO revops.attribution_run AS r (computed_at, actor, kind, since, until, lookback, half_life, fresh_start, outbound)
    VALUES (moment, session_user, kind, since, ends, lookback, half_life, fresh_start, outbound)
    RETURNING r.run_id INTO run;
    INSERT INTO revops.attribution_day (run_id, workspace_id, day, model, signal, source, campaign, content, credit, amount)
    SELECT run, c.workspace_id, (c.converted_at AT TIME ZONE w.time_zone)::date, c.model, c.signal, c.source, c.campaign, c.content,
           sum(c.credit), sum(c.amount)
    FROM revops.attribution_credit(kind, since, ends, lookback, half_life, fresh_start, outbound) c
    JOIN revops.workspace w ON w.workspace_id = c.workspace_id
    GROUP BY 2, 3, 4, 5, 6, 7, 8;
    INSERT INTO revops.attribution_removal (run_id, workspace_id, dimension, value, removal_effect, credit, amount, probability, converting, not_converting)
    SELECT run, m.workspace_id, d.dimension, m.value, m.removal_effect, m.credit, m.amount, m.probability, m.converting, m.not_converting
    FROM unnest('{source,campaign,content,signal}'::text[]) AS d (dimension),
         revops.attribution_markov(d.dimension, kind, since, ends, lookback, fresh_start, outbound) m;
    RETURN run;
END
$$;
COMMENT ON FUNCTION revops.compute_attribution(text, timestamptz, timestamptz, interval, interval, boolean, boolean) IS
    'Computes attribution for a window and keeps it, with its parameters: attribution_kept shows the latest of each kind, attribution_day and attribution_removal all. Conversions after now are not in. Gives the number of the result; DELETE FROM attribution_run removes one. Raises RV004.';

CREATE VIEW revops.attribution_kept AS
SELECT r.run_id, r.computed_at, r.kind, r.since, r.until, w.workspace_id, w.workspace, k.dimension, k.value, k.model, k.credit, k.amount, w.currency
FROM revops.attribution_run r
JOIN LATERAL (SELECT d.workspace_id, v.dimension, v.value, d.model, sum(d.credit) AS credit, sum(d.amount) AS amount
              FROM revops.attribution_day d,
                   LATERAL (VALUES ('source', d.source), ('campaign', d.campaign), ('content', d.content), ('signal', d.signal)) AS v (dimension, value)
              WHERE d.run_id = r.run_id
              GROUP BY d.workspace_id, v.dimension, v.value, d.model
              UNION ALL
              SELECT m.workspace_id, m.dimension, m.value, 'markov', m.credit, m.amount
              FROM revops.attribution_removal m
              WHERE m.run_id = r.run_id AND m.credit IS NOT NULL) k ON true
JOIN revops.workspace w ON w.workspace_id = k.workspace_id
WHERE r.run_id = (SELECT max(n.run_id) FROM revops.attribution_run n WHERE n.kind = r.kind);
COMMENT ON VIEW revops.attribution_kept IS
    'The latest result of compute_attribution() of each kind: one row for each workspace, dimension, value and model, as attribution() gives it, in no time. Source: attribution_day, attribution_removal.';
COMMENT ON COLUMN revops.attribution_kept.run_id IS 'number of the result';
COMMENT ON COLUMN revops.attribution_kept.computed_at IS 'when it was computed: what became known later is not in';
COMMENT ON COLUMN revops.attribution_kept.kind IS 'revenue or pipeline';
COMMENT ON COLUMN revops.attribution_kept.since IS 'conversions from then on; NULL: all';
COMMENT ON COLUMN revops.attribution_kept.until IS 'conversions before then';
COMMENT ON COLUMN revops.attribution_kept.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.attribution_kept.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.attribution_kept.dimension IS 'source, campaign, content or signal';
COMMENT ON COLUMN revops.attribution_kept.value IS 'value of the dimension; NULL: not told, or no touch at all';
COMMENT ON COLUMN revops.attribution_kept.model IS 'model: see attribution_credit(), and markov';
COMMENT ON COLUMN revops.attribution_kept.credit IS 'conversions that the model owes to the value';
COMMENT ON COLUMN revops.attribution_kept.amount IS 'its part of the amounts, in currency';
COMMENT ON COLUMN revops.attribution_kept.currency IS 'ISO 4217 code of the workspace''s currency';
