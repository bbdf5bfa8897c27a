-- Whose turn it is in a team.  Several rows a team: a transaction takes one that
-- nobody else holds, and none is waited for.

CREATE SEQUENCE revops.turn_shard AS bigint;
COMMENT ON SEQUENCE revops.turn_shard IS 'Numbers of the rows of turn.';

CREATE TABLE revops.turn
(
    team_id  int NOT NULL,
    shard    bigint NOT NULL,
    turns    bigint NOT NULL,
    members  int[] NOT NULL,
    weights  int[] NOT NULL,
    accounts double precision[] NOT NULL,
    first_member int NOT NULL DEFAULT 0,
    PRIMARY KEY (team_id, shard)
) WITH (fillfactor = 20);
COMMENT ON TABLE revops.turn IS
    'State of the weighted round robin of each team: what its members are owed. As many rows a team as there were transactions at once that routed to it; '
    'what a transaction takes of its row is undone with it. Deleted rows begin anew.';
COMMENT ON COLUMN revops.turn.team_id IS 'the team';
COMMENT ON COLUMN revops.turn.shard IS 'the row: the lowest that is free is taken';
COMMENT ON COLUMN revops.turn.turns IS 'turns that were taken from this row since members or weights changed';
COMMENT ON COLUMN revops.turn.members IS 'rep_id of each member, those who are away among them';
COMMENT ON COLUMN revops.turn.weights IS 'their weights when the last turn was taken; others now begin a new epoch';
COMMENT ON COLUMN revops.turn.accounts IS 'turns that each member was entitled to less those that it got; what all rows of a team say adds up';
COMMENT ON COLUMN revops.turn.first_member IS 'place, from 0, of the member who is the first among equals: rows that are used at once begin with different members';

CREATE FUNCTION revops.forget_turns() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    DELETE FROM revops.turn WHERE team_id = OLD.team_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.forget_turns() IS 'Trigger of team: deletes the turns of a deleted team.';

CREATE TRIGGER forget_turns AFTER DELETE ON revops.team
    FOR EACH ROW EXECUTE FUNCTION revops.forget_turns();
COMMENT ON TRIGGER forget_turns ON revops.team IS 'deletes the turns of a deleted team';
