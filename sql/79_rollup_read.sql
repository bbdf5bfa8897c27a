-- Reading the roll-ups, keeping them, making them anew.

CREATE FUNCTION revops.sums_add(a numeric[], b numeric[]) RETURNS numeric[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN a IS NULL THEN b WHEN b IS NULL THEN a ELSE
        ARRAY[COALESCE(a[1], 0) + COALESCE(b[1], 0), COALESCE(a[2], 0) + COALESCE(b[2], 0),
              COALESCE(a[3], 0) + COALESCE(b[3], 0), COALESCE(a[4], 0) + COALESCE(b[4], 0)] END;
COMMENT ON FUNCTION revops.sums_add(numeric[], numeric[]) IS
    'Adds up to four sums element by element; NULL is nothing.';

CREATE FUNCTION revops.rollups_serve() RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM revops.rollup_invalid)
       -- so many leads one by one take as long as all of them at once
       AND (SELECT count(*) <= 5000 FROM (SELECT FROM revops.unrolled_lead LIMIT 5001) AS u);
END
$$;
COMMENT ON FUNCTION revops.rollups_serve() IS
    'Do the views of the KPIs read the roll-ups? Not while these are invalid (rollup_invalid), nor while nobody keeps them: more than 5,000 changes wait. The views read the facts then: same answer, later.';

CREATE FUNCTION revops.rolled_up(kpi text, grain text)
    RETURNS TABLE (workspace_id int, period date, dims text[], counts bigint[], sums numeric[], quantiles numeric[])
    LANGUAGE plpgsql STABLE ROWS 10000
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
DECLARE
    leads bigint[] := ARRAY(SELECT DISTINCT u.lead_id FROM revops.unrolled_lead u);
    old revops.rolled_lead[];
    new revops.rolled_lead[];
BEGIN
    IF leads = '{}' THEN
        RETURN QUERY
        SELECT r.workspace_id, r.period, r.dims, r.counts, r.sums, r.quantiles
        FROM revops.rollup r WHERE r.kpi = rolled_up.kpi AND r.grain = rolled_up.grain AND r.counts[1] <> 0;
        RETURN;
    END IF;
    old := ARRAY(SELECT r FROM revops.rolled_lead r WHERE r.lead_id = ANY (leads));
    new := ARRAY(SELECT i FROM revops.lead_images(leads) i);
    RETURN QUERY
    WITH change AS MATERIALIZED
         (SELECT * FROM revops.rollup_change(old, new, rolled_up.grain, rolled_up.kpi)),
         now AS
         (SELECT r.workspace_id, r.period, r.dims, revops.counts_add(r.counts, c.counts) AS counts, revops.sums_add(r.sums, c.sums) AS sums,
                 CASE WHEN c.kpi IS NULL THEN r.quantiles
                      ELSE revops.quantiles_of(revops.samples_merge(r.sample_1, c.added_1, c.removed_1),
                                               revops.samples_merge(r.sample_2, c.added_2, c.removed_2),
                                               revops.samples_merge(r.sample_3, c.added_3, c.removed_3)) END AS quantiles
          FROM revops.rollup r
          LEFT JOIN change c ON c.workspace_id = r.workspace_id AND c.period = r.period AND c.dims = r.dims
          WHERE r.kpi = rolled_up.kpi AND r.grain = rolled_up.grain
          UNION ALL
          SELECT c.workspace_id, c.period, c.dims, c.counts, c.sums,
                 revops.quantiles_of(revops.samples_merge(NULL, c.added_1, c.removed_1), revops.samples_merge(NULL, c.added_2, c.removed_2),
                                     revops.samples_merge(NULL, c.added_3, c.removed_3))
          FROM change c
          WHERE NOT EXISTS (SELECT FROM revops.rollup r
                            WHERE r.kpi = rolled_up.kpi AND r.grain = rolled_up.grain AND r.workspace_id = c.workspace_id
                              AND r.period = c.period AND r.dims = c.dims))
    SELECT * FROM now n WHERE n.counts[1] <> 0;
END
$$;
COMMENT ON FUNCTION revops.rolled_up(text, text) IS
    'The sums of a KPI (named without kpi_) by week or month as of the snapshot at hand: the roll-up, less what the leads that changed since counted by there, and more what they count by now. The views of the KPIs read it.';

CREATE FUNCTION revops.roll_up_grain(old revops.rolled_lead[], new revops.rolled_lead[], grain text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET jit = off
    AS $$
#variable_conflict use_column
BEGIN
    WITH change AS MATERIALIZED
         (SELECT * FROM revops.rollup_change(old, new, roll_up_grain.grain, NULL) c
          WHERE NOT (0 = ALL (c.counts)) OR c.added_1 IS DISTINCT FROM c.removed_1 OR c.added_2 IS DISTINCT FROM c.removed_2
             OR c.added_3 IS DISTINCT FROM c.removed_3 OR EXISTS (SELECT FROM unnest(c.sums) s WHERE s <> 0)),
         merged AS
         (SELECT r.ctid AS place, revops.counts_add(r.counts, c.counts) AS counts, revops.sums_add(r.sums, c.sums) AS sums,
                 revops.samples_merge(r.sample_1, c.added_1, c.removed_1) AS sample_1,
                 revops.samples_merge(r.sample_2, c.added_2, c.removed_2) AS sample_2,
                 revops.samples_merge(r.sample_3, c.added_3, c.removed_3) AS sample_3
          FROM change c
          JOIN revops.rollup r ON r.kpi = c.kpi AND r.grain = roll_up_grain.grain AND r.workspace_id = c.workspace_id
                              AND r.period = c.period AND r.dims = c.dims),
         updated AS
         (UPDATE revops.rollup r
          SET counts = m.counts, sums = m.sums, sample_1 = m.sample_1, sample_2 = m.sample_2, sample_3 = m.sample_3,
              quantiles = revops.quantiles_of(m.sample_1, m.sample_2, m.sample_3)
          FROM merged m WHERE r.ctid = m.place
          RETURNING r.kpi, r.workspace_id, r.period, r.dims)
    INSERT INTO revops.rollup (kpi, grain, workspace_id, period, dims, counts, sums, quantiles, sample_1, sample_2, sample_3)
    SELECT c.kpi, roll_up_grain.grain, c.workspace_id, c.period, c.dims, c.counts, c.sums,
           revops.quantiles_of(s.sample_1, s.sample_2, s.sample_3), s.sample_1, s.sample_2, s.sample_3
    FROM change c
    CROSS JOIN LATERAL (SELECT revops.samples_merge(NULL, c.added_1, c.removed_1), revops.samples_merge(NULL, c.added_2, c.removed_2),
                               revops.samples_merge(NULL, c.added_3, c.removed_3)) AS s (sample_1, sample_2, sample_3)
    WHERE NOT EXISTS (SELECT FROM updated u
                      WHERE u.kpi = c.kpi AND u.workspace_id = c.workspace_id AND u.period = c.period AND u.dims = c.dims);
END
$$;
COMMENT ON FUNCTION revops.roll_up_grain(revops.rolled_lead[], revops.rolled_lead[], text) IS
    'Puts into the sums of weeks or months by how much leads count differently. roll_up() calls it.';

CREATE FUNCTION revops.roll_up_leads(leads bigint[]) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    -- who has one that is later than now counts differently when that has passed: it may have been
    -- written since this statement began, so it is looked for after the changes were taken out
    later bigint[] := ARRAY(SELECT i FROM unnest(leads) i
                            WHERE EXISTS (SELECT FROM revops.stage_change c WHERE c.lead_id = i AND c.at > revops.engine_now())
                               OR EXISTS (SELECT FROM revops.assignment a WHERE a.lead_id = i AND a.at > revops.engine_now()));
    old revops.rolled_lead[] := ARRAY(SELECT r FROM revops.rolled_lead r WHERE r.lead_id = ANY (leads));
    new revops.rolled_lead[] := ARRAY(SELECT i FROM revops.lead_images(leads) i WHERE i.lead_id <> ALL (later));
BEGIN
    PERFORM revops.roll_up_grain(old, new, 'week');
    PERFORM revops.roll_up_grain(old, new, 'month');
    DELETE FROM revops.rolled_lead r
    WHERE r.lead_id = ANY (leads) AND NOT EXISTS (SELECT FROM unnest(new) n WHERE n.lead_id = r.lead_id);
    INSERT INTO revops.rolled_lead SELECT n.* FROM unnest(new) n
    ON CONFLICT ON CONSTRAINT rolled_lead_pkey DO UPDATE
    SET workspace_id = excluded.workspace_id, moves = excluded.moves, assignments = excluded.assignments,
        correction_id = excluded.correction_id, gone_at = excluded.gone_at, clocks = excluded.clocks, deals = excluded.deals;
    INSERT INTO revops.unrolled_lead SELECT unnest(later);
    RETURN cardinality(later);
END
$$;
COMMENT ON FUNCTION revops.roll_up_leads(bigint[]) IS
    'Takes leads out of the sums as they counted there, and puts them in as they count by now; returns how many are left out, as they have a move or an assignment that is later than now. roll_up() calls it, one session at a time.';

CREATE FUNCTION revops.roll_up_anew(batch int) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    last bigint;
    leads bigint[];
BEGIN
    IF EXISTS (SELECT FROM revops.rollup_invalid i WHERE i.after IS NULL) THEN
        DELETE FROM revops.rollup;
        DELETE FROM revops.rolled_lead;
        DELETE FROM revops.rollup_invalid i WHERE i.after IS NOT NULL;
        UPDATE revops.rollup_invalid SET after = 0;
    END IF;
    SELECT min(i.after) INTO last FROM revops.rollup_invalid i;
    IF last >= 0 THEN
        leads := ARRAY(SELECT l.lead_id FROM revops.lead l WHERE l.lead_id > last ORDER BY l.lead_id LIMIT batch);
    ELSE
        leads := ARRAY(SELECT -o.opportunity_id FROM revops.opportunity o
                       WHERE o.lead_id IS NULL AND o.opportunity_id > -last - 1 ORDER BY o.opportunity_id LIMIT batch);
    END IF;
    PERFORM revops.roll_up_leads(leads);
    IF leads <> '{}' THEN
        UPDATE revops.rollup_invalid SET after = leads[cardinality(leads)] - (last < 0)::int;
    ELSIF last >= 0 THEN
        -- the deals without leads come last
        UPDATE revops.rollup_invalid SET after = -1;
        RETURN 1;
    ELSE
        DELETE FROM revops.rollup_invalid;
    END IF;
    RETURN cardinality(leads);
END
$$;
COMMENT ON FUNCTION revops.roll_up_anew(int) IS
    'The next leads of roll-ups that are made anew; returns how many, 0 at the end. roll_up() calls it.';

CREATE FUNCTION revops.roll_up(batch int DEFAULT 1000) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET synchronize_seqscans = off
    -- the worker does without, for what it does else
    SET enable_seqscan = on
    SET enable_bitmapscan = on
    AS $$
DECLARE
    leads bigint[];
    n int;
BEGIN
    IF NOT coalesce(batch > 0, false) THEN
        RAISE EXCEPTION USING ERRCODE = '22023',
            MESSAGE = 'batch must be at least 1',
            DETAIL = format('It was given as %s.', coalesce(batch::text, 'NULL')),
            HINT = 'It says how many changes are taken into the roll-ups: a thousand serves well.';
    END IF;
    -- who comes second has nothing to do
    IF current_setting('transaction_isolation') <> 'read committed'
       OR NOT pg_try_advisory_xact_lock('revops.rollup'::regclass::oid::int, 0) THEN
        RETURN 0;
    END IF;
    IF EXISTS (SELECT FROM revops.rollup_invalid) THEN
        RETURN revops.roll_up_anew(batch);
    END IF;
    WITH taken AS (
        DELETE FROM revops.unrolled_lead u
        WHERE u.ctid = ANY (ARRAY(SELECT v.ctid FROM revops.unrolled_lead v LIMIT batch))
        RETURNING u.lead_id)
    SELECT array_agg(DISTINCT t.lead_id), count(*) INTO leads, n FROM taken t;
    IF n > 0 THEN
        n := n - revops.roll_up_leads(leads);
    END IF;
    RETURN n;
EXCEPTION WHEN data_corrupted THEN
    INSERT INTO revops.rollup_invalid (since, because) VALUES (revops.engine_now(), SQLERRM);
    RETURN 1;
END
$$;
COMMENT ON FUNCTION revops.roll_up(int) IS
    'Takes changes of leads into the roll-ups of the KPIs, or makes the roll-ups anew, so many leads a call, where they are invalid (rollup_invalid); returns how many it took, 0: nothing is left. The worker calls it, and run_due(): the views are right without, only slower. Does nothing while another session does it, or in a transaction of a stricter isolation level than READ COMMITTED. Raises 22023 for a batch under 1.';
REVOKE ALL ON FUNCTION revops.roll_up(int) FROM PUBLIC;

CREATE FUNCTION revops.discard_rollups() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO revops.rollup_invalid (since, because) VALUES (revops.engine_now(), 'discard_rollups()');
END;
COMMENT ON FUNCTION revops.discard_rollups() IS
    'The roll-ups of the KPIs are not to be used any more: the views read the facts until roll_up() has made them anew. For facts that were written by other means than the engine''s.';
REVOKE ALL ON FUNCTION revops.discard_rollups() FROM PUBLIC;

-- ----- what else changes what KPIs count -------------------------------------------------

CREATE FUNCTION revops.note_corrected() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    INSERT INTO revops.unrolled_lead SELECT DISTINCT n.lead_id FROM written n WHERE n.fact = 'stage_change';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.note_corrected() IS 'A corrected move counts differently.';
CREATE TRIGGER unrolled AFTER INSERT ON revops.correction REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION revops.note_corrected();
COMMENT ON TRIGGER unrolled ON revops.correction IS 'the leads are to be rolled up again';

CREATE FUNCTION revops.invalidate_rollups() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF EXISTS (SELECT FROM revops.rolled_lead) THEN
        INSERT INTO revops.rollup_invalid VALUES (revops.engine_now(), format('%s on revops.%s', TG_OP, TG_TABLE_NAME));
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.invalidate_rollups() IS 'What all of history counts by has changed: the roll-ups are to be made anew.';
CREATE TRIGGER rollup_invalid AFTER UPDATE OF time_zone ON revops.workspace
    FOR EACH STATEMENT EXECUTE FUNCTION revops.invalidate_rollups();
COMMENT ON TRIGGER rollup_invalid ON revops.workspace IS 'periods begin at other moments';
CREATE TRIGGER rollup_invalid AFTER UPDATE OF team ON revops.team
    FOR EACH STATEMENT EXECUTE FUNCTION revops.invalidate_rollups();
COMMENT ON TRIGGER rollup_invalid ON revops.team IS 'deals are grouped by its name';
CREATE TRIGGER rollup_invalid AFTER UPDATE OF rep ON revops.rep
    FOR EACH STATEMENT EXECUTE FUNCTION revops.invalidate_rollups();
COMMENT ON TRIGGER rollup_invalid ON revops.rep IS 'deals are grouped by the name';
CREATE TRIGGER rollup_invalid AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON revops.calendar_hours
    FOR EACH STATEMENT EXECUTE FUNCTION revops.invalidate_rollups();
COMMENT ON TRIGGER rollup_invalid ON revops.calendar_hours IS 'answers took another time';
CREATE TRIGGER rollup_invalid AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON revops.calendar_exception
    FOR EACH STATEMENT EXECUTE FUNCTION revops.invalidate_rollups();
COMMENT ON TRIGGER rollup_invalid ON revops.calendar_exception IS 'answers took another time';
CREATE TRIGGER rollup_invalid AFTER UPDATE OF time_zone ON revops.calendar
    FOR EACH STATEMENT EXECUTE FUNCTION revops.invalidate_rollups();
COMMENT ON TRIGGER rollup_invalid ON revops.calendar IS 'answers took another time';

-- ----- how they are -----------------------------------------------------------------------

CREATE VIEW revops.rollup_status AS
SELECT revops.rollups_serve() AS serve,
       (SELECT count(*) FROM revops.unrolled_lead) AS changes_waiting,
       (SELECT count(*) FROM revops.rolled_lead) AS leads,
       (SELECT count(*) FROM revops.rollup) AS groups,
       (SELECT min(i.since) FROM revops.rollup_invalid i) AS invalid_since,
       (SELECT i.because FROM revops.rollup_invalid i ORDER BY i.since DESC LIMIT 1) AS because;
COMMENT ON VIEW revops.rollup_status IS 'How the roll-ups of the KPIs are; one row.';
COMMENT ON COLUMN revops.rollup_status.serve IS 'the views of the KPIs read them; false: these read the facts, with the same answer';
COMMENT ON COLUMN revops.rollup_status.changes_waiting IS 'changes of leads that are not rolled up yet: more than 5,000, and nobody keeps them (no worker, and run_due() is not called)';
COMMENT ON COLUMN revops.rollup_status.leads IS 'leads that they are made from, and deals without a lead';
COMMENT ON COLUMN revops.rollup_status.groups IS 'rows of rollup';
COMMENT ON COLUMN revops.rollup_status.invalid_since IS 'since when they are being made anew; NULL: they are not';
COMMENT ON COLUMN revops.rollup_status.because IS 'why; NULL: they are not';
