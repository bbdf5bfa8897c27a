-- The team that stands in for another.  A foreign key of a table to itself would
-- make pg_dump warn of every dump, so both sides are checked here.

CREATE FUNCTION revops.check_other_team() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    other text;
BEGIN
    IF revops.restoring() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        SELECT t.team INTO other FROM revops.team t WHERE t.other_team_id = OLD.team_id LIMIT 1;
        IF FOUND THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('team "%s" stands in for team "%s"', OLD.team, other),
                DETAIL = 'Leads that find nobody in the one would have no team to go to.',
                HINT = format('Set when_away and other_team_id of team "%s" first.', other);
        END IF;
    ELSIF NEW.other_team_id IS NOT NULL THEN
        PERFORM FROM revops.team t WHERE t.team_id = NEW.other_team_id FOR KEY SHARE;
        IF NOT FOUND THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('team %s, which is to stand in for team "%s", does not exist', NEW.other_team_id, NEW.team),
                DETAIL = 'other_team_id is the number of a team.',
                HINT = 'Insert that team into revops.team first.';
        END IF;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.check_other_team() IS
    'Trigger of team: raises 23503 where the team that is to stand in does not exist, and where one that stands in is deleted.';

CREATE TRIGGER check_other_team AFTER INSERT OR UPDATE OF other_team_id OR DELETE ON revops.team
    FOR EACH ROW EXECUTE FUNCTION revops.check_other_team();
COMMENT ON TRIGGER check_other_team ON revops.team IS 'checks the team that stands in';
