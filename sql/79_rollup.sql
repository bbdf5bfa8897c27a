-- Roll-ups: the sums that the views of the KPIs read, so that they need not go
-- through all of history.  A view kpi_x_week or kpi_x_month is the roll-up plus
-- what has changed since; the function kpi_x() goes through the facts themselves,
-- and both say the same at any moment.
--
--   unrolled_lead  appended to by whoever writes something that KPIs count, in his
--                  own transaction: which leads to look at again
--   rolled_lead    what each lead counts by in the roll-ups: how many of its facts
--                  (they are appended, so their number tells which), and copies of
--                  its clocks and deals, which change
--   rollup         the sums, a row for each KPI, length of period, period and group
--
-- What is rolled up has happened: a lead with a move that is later than now stays
-- unrolled until it has.  (So a clock that goes back does not take back what is.)
--
-- Nothing of it is ever wrong for being late.  Under the snapshot of a query the
-- three fit each other, as they change in one transaction: the answer is rollup
-- - what the unrolled leads count by there + what they count by now.

CREATE TABLE revops.unrolled_lead
(
    lead_id bigint NOT NULL
);
COMMENT ON TABLE revops.unrolled_lead IS 'Leads of which something changed that KPIs count, since they were rolled up: roll_up() takes them out. Several rows of one lead are one.';
COMMENT ON COLUMN revops.unrolled_lead.lead_id IS 'the lead; negative: the number of a deal that has none';

CREATE TYPE revops.rolled_clock AS
(
    policy_id   int,
    calendar_id int,
    promise     text,
    team_id     int,
    rep_id      int,
    started_at  timestamptz,
    due_at      timestamptz,
    stopped_at  timestamptz,
    breached_at timestamptz,
    outcome     text,
    source      text,
    campaign    text,
    segment     text
);
COMMENT ON TYPE revops.rolled_clock IS 'What KPIs count of a row of sla_clock.';

CREATE TYPE revops.rolled_deal AS
(
    opportunity_id bigint,
    opened_at      timestamptz,
    closed_at      timestamptz,
    status         text,
    amount         numeric,
    owner          text,
    product        text,
    nature         text,
    reason         text,
    competitor     text
);
COMMENT ON TYPE revops.rolled_deal IS 'What KPIs count of a row of opportunity; amount is the base amount.';

CREATE TABLE revops.rolled_lead
(
    lead_id       bigint PRIMARY KEY,
    workspace_id  int NOT NULL,
    moves         int NOT NULL,
    assignments   int NOT NULL,
    correction_id bigint,
    gone_at       timestamptz,
    clocks        revops.rolled_clock[],
    deals         revops.rolled_deal[]
);
COMMENT ON TABLE revops.rolled_lead IS 'What each lead counts by in the roll-ups of the KPIs. Written by roll_up() alone.';
COMMENT ON COLUMN revops.rolled_lead.lead_id IS 'the lead; negative: the number of a deal that has none';
COMMENT ON COLUMN revops.rolled_lead.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.rolled_lead.moves IS 'rows of stage_change, by seq';
COMMENT ON COLUMN revops.rolled_lead.assignments IS 'rows of assignment, by seq';
COMMENT ON COLUMN revops.rolled_lead.correction_id IS 'the last correction; NULL: none';
COMMENT ON COLUMN revops.rolled_lead.gone_at IS 'when the host deleted the row; NULL: it is there';
COMMENT ON COLUMN revops.rolled_lead.clocks IS 'its clocks as they were';
COMMENT ON COLUMN revops.rolled_lead.deals IS 'its deals as they were, those that are gone left out';

CREATE TABLE revops.rollup
(
    kpi          text COLLATE "C" NOT NULL,
    grain        text COLLATE "C" NOT NULL,
    workspace_id int NOT NULL,
    period       date NOT NULL,
    dims         text[] COLLATE "C" NOT NULL,
    counts       bigint[] NOT NULL,
    sums         numeric[],
    quantiles    numeric[],
    sample_1     float8[],
    sample_2     float8[],
    sample_3     float8[],
    CONSTRAINT rollup_group UNIQUE (kpi, grain, workspace_id, period, dims)
);
-- sorted numbers of which each differs from the next do not get smaller
ALTER TABLE revops.rollup ALTER sample_1 SET STORAGE EXTERNAL, ALTER sample_2 SET STORAGE EXTERNAL, ALTER sample_3 SET STORAGE EXTERNAL;
COMMENT ON TABLE revops.rollup IS 'Sums of the KPIs, one row for each group and period. Written by roll_up() alone; read by the views kpi_x_week and kpi_x_month.';
COMMENT ON COLUMN revops.rollup.kpi IS 'the KPI, without kpi_';
COMMENT ON COLUMN revops.rollup.grain IS 'week or month';
COMMENT ON COLUMN revops.rollup.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.rollup.period IS 'first day of the period';
COMMENT ON COLUMN revops.rollup.dims IS 'the group: values of the KPI''s dimensions, in the order in which revops.kpi_x_rolled() reads them';
COMMENT ON COLUMN revops.rollup.counts IS 'its counts, in that order';
COMMENT ON COLUMN revops.rollup.sums IS 'its sums, in that order; NULL: it has none';
COMMENT ON COLUMN revops.rollup.quantiles IS 'median and 90th percentile of each sample';
COMMENT ON COLUMN revops.rollup.sample_1 IS 'sorted values of which it has median or percentiles: exact, whatever their number';
COMMENT ON COLUMN revops.rollup.sample_2 IS 'the same of a second measure';
COMMENT ON COLUMN revops.rollup.sample_3 IS 'the same of a third one';

CREATE TABLE revops.rollup_invalid
(
    since   timestamptz NOT NULL,
    because text NOT NULL,
    after   bigint
);
COMMENT ON TABLE revops.rollup_invalid IS 'Why the roll-ups are not to be used: a definition changed that all of history counts by. While there is a row the views read the facts; roll_up() makes them anew, some leads at a time, and empties it.';
COMMENT ON COLUMN revops.rollup_invalid.since IS 'engine time';
COMMENT ON COLUMN revops.rollup_invalid.because IS 'what changed';
COMMENT ON COLUMN revops.rollup_invalid.after IS 'how far roll_up() is in making them anew: the last lead, then minus the last deal without one; NULL: it has not begun';

-- ----- sums ----------------------------------------------------------------------

CREATE FUNCTION revops.counts_add(bigint[], bigint[]) RETURNS bigint[]
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'revops_counts_add';
COMMENT ON FUNCTION revops.counts_add(bigint[], bigint[]) IS
    'Adds arrays element by element; NULL is nothing. Raises 2202E for arrays of different lengths, of several dimensions or with NULL.';

CREATE FUNCTION revops.counts_negated(bigint[]) RETURNS bigint[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'revops_counts_negated';
COMMENT ON FUNCTION revops.counts_negated(bigint[]) IS
    'Negates an array element by element. Raises 2202E for one of several dimensions or with NULL.';

CREATE AGGREGATE revops.counts_sum(bigint[]) (SFUNC = revops.counts_add, STYPE = bigint[], PARALLEL = SAFE);
COMMENT ON AGGREGATE revops.counts_sum(bigint[]) IS 'Sum of arrays, element by element.';

CREATE FUNCTION revops.samples_merge(samples float8[], added float8[], removed float8[]) RETURNS float8[]
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'revops_samples_merge';
COMMENT ON FUNCTION revops.samples_merge(float8[], float8[], float8[]) IS
    'Adds values to a sample, which is sorted, and takes others out of it; these need not be. NULL is none. Raises XX001 when a value is to be taken out that is not in it, 2202E for arrays with NULL.';

CREATE FUNCTION revops.samples_quantile(samples float8[], fraction float8) RETURNS float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'revops_samples_quantile';
COMMENT ON FUNCTION revops.samples_quantile(float8[], float8) IS
    'The quantile of a sorted sample, as percentile_cont() gives it; NULL of none. Raises 22003 for a fraction outside of 0 to 1.';

CREATE FUNCTION revops.quantiles_of(sample_1 float8[], sample_2 float8[], sample_3 float8[]) RETURNS numeric[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN sample_1 IS NOT NULL OR sample_2 IS NOT NULL OR sample_3 IS NOT NULL THEN
        ARRAY[revops.samples_quantile(sample_1, 0.5)::numeric, revops.samples_quantile(sample_1, 0.9)::numeric,
              revops.samples_quantile(sample_2, 0.5)::numeric, revops.samples_quantile(sample_2, 0.9)::numeric,
              revops.samples_quantile(sample_3, 0.5)::numeric, revops.samples_quantile(sample_3, 0.9)::numeric] END;
COMMENT ON FUNCTION revops.quantiles_of(float8[], float8[], float8[]) IS
    'Median and 90th percentile of three samples, as table rollup keeps them.';

-- ----- what a lead counts by now ---------------------------------------------------

CREATE FUNCTION revops.lead_images(leads bigint[]) RETURNS SETOF revops.rolled_lead
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    -- some leads of all: never by reading all, whatever the planner knows of the tables
    SET enable_seqscan = off
    AS $$
BEGIN
    RETURN QUERY
    SELECT l.lead_id, l.workspace_id, l.moves, l.assignments,
           (SELECT max(k.correction_id) FROM revops.correction k WHERE k.lead_id = l.lead_id),
           l.gone_at,
           (SELECT array_agg(ROW(c.policy_id, c.calendar_id, c.promise, c.team_id, c.rep_id, c.started_at, c.due_at,
                                 c.stopped_at, c.breached_at, c.outcome, c.source, c.campaign, c.segment)::revops.rolled_clock ORDER BY c.seq)
            FROM revops.sla_clock c WHERE c.lead_id = l.lead_id),
           (SELECT array_agg(ROW(o.opportunity_id, o.opened_at, o.closed_at, o.status, o.base_amount, o.owner, o.product,
                                 o.nature, o.reason, o.competitor)::revops.rolled_deal ORDER BY o.opportunity_id)
            FROM revops.opportunity o WHERE o.lead_id = l.lead_id AND o.status <> 'gone')
    FROM unnest(leads) AS i (lead_id)
    JOIN revops.lead l ON l.lead_id = i.lead_id
    UNION ALL
    SELECT -o.opportunity_id, o.workspace_id, 0, 0, NULL::bigint, NULL::timestamptz, NULL::revops.rolled_clock[],
           ARRAY[ROW(o.opportunity_id, o.opened_at, o.closed_at, o.status, o.base_amount, o.owner, o.product,
                     o.nature, o.reason, o.competitor)::revops.rolled_deal]
    FROM unnest(leads) AS i (lead_id)
    JOIN revops.opportunity o ON o.opportunity_id = -i.lead_id AND i.lead_id < 0
    WHERE o.lead_id IS NULL AND o.status <> 'gone';
END
$$;
COMMENT ON FUNCTION revops.lead_images(bigint[]) IS
    'What leads count by in the KPIs as of the snapshot at hand, as table rolled_lead keeps it; a negative number is a deal without a lead.';
