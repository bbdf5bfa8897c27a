-- A commitment, checked when it is saved.

CREATE FUNCTION revops.validate_commitment() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    IF NOT coalesce(NEW.target > 0 AND NEW.target < 'Infinity', false) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('target of commitment "%s" must be greater than zero', NEW.commitment),
            DETAIL = format('The target is %s.', coalesce(NEW.target::text, 'NULL')),
            HINT = 'Delete the row, if nothing is committed to.';
    ELSIF NEW.measure <> 'mqls' AND NEW.target > 1 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('target of commitment "%s" must be a share, at most 1', NEW.commitment),
            DETAIL = format('The target is %s; measure %s is a share.', NEW.target, NEW.measure),
            HINT = format('Write %s for %s percent.', round(NEW.target / 100, 4), NEW.target);
    ELSIF NEW.measure = 'mqls' AND NEW.target <> trunc(NEW.target) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('target of commitment "%s" must be a whole number of leads', NEW.commitment),
            DETAIL = format('The target is %s; measure mqls counts leads.', NEW.target),
            HINT = 'For example 30; a share is measured by accepted_share, complete_share or kept_share.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_commitment() IS
    'Trigger of commitment: raises RV004 for a target that is not positive, a share above 1, a broken number of leads.';
