-- Tickets: the round robin of a team is turned by a sequence, which no two
-- inserts ever wait for.  The sequence belongs to the team's row.

CREATE FUNCTION revops.make_ticket() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET client_min_messages = warning
    AS $$
BEGIN
    -- A restore makes the sequence before it loads the team, of another owner
    -- perhaps and of no column: pg_dump leaves OWNED BY out where the table is
    -- an extension's.  Nobody else may create anything in this schema.
    EXECUTE format('CREATE SEQUENCE IF NOT EXISTS revops.%I AS bigint MINVALUE 0 START 0 CACHE 1',
                   'ticket_' || NEW.team_id);
    EXECUTE format('ALTER SEQUENCE revops.%I OWNER TO CURRENT_USER', 'ticket_' || NEW.team_id);
    EXECUTE format('ALTER SEQUENCE revops.%I OWNED BY revops.team.team_id', 'ticket_' || NEW.team_id);
    EXECUTE format('COMMENT ON SEQUENCE revops.%I IS %L', 'ticket_' || NEW.team_id,
                   'Next turn of the team''s weighted round robin.');
    EXECUTE format('GRANT SELECT ON SEQUENCE revops.%I TO revops_admin', 'ticket_' || NEW.team_id);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.make_ticket() IS
    'Trigger of team: makes the sequence ticket_<team_id> that turns the team''s round robin.';

CREATE FUNCTION revops.drop_ticket() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET client_min_messages = warning
    AS $$
BEGIN
    EXECUTE format('DROP SEQUENCE IF EXISTS revops.%I', 'ticket_' || OLD.team_id);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.drop_ticket() IS 'Trigger of team: drops the sequence of a deleted team.';

CREATE TRIGGER make_ticket AFTER INSERT ON revops.team
    FOR EACH ROW EXECUTE FUNCTION revops.make_ticket();
COMMENT ON TRIGGER make_ticket ON revops.team IS 'makes the sequence that turns the team''s round robin';
CREATE TRIGGER drop_ticket AFTER DELETE ON revops.team
    FOR EACH ROW EXECUTE FUNCTION revops.drop_ticket();
COMMENT ON TRIGGER drop_ticket ON revops.team IS 'drops the sequence of a deleted team';
