-- Rules as rows of a table, run one by one for each lead: how rules that people may
-- change are done by hand.

-- bench_score.so calls it
LOAD 'pg_revops';

CREATE TABLE other.rule AS
SELECT r.rule_id, r.condition, r.points
FROM revops.score_rule r JOIN revops.agreement a USING (agreement_id)
WHERE a.status = 'active' AND r.kind <> 'intent';

CREATE FUNCTION other.points_by_rules(lead other.host, points int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    rule record;
    matches boolean;
BEGIN
    FOR rule IN SELECT r.condition, r.points FROM other.rule r ORDER BY r.rule_id LOOP
        EXECUTE format('SELECT %s FROM (SELECT ($1).*) AS lead', rule.condition) INTO matches USING lead;
        IF matches THEN
            points := points + rule.points;
        END IF;
    END LOOP;
    RETURN points;
END $$;

-- Nothing but the score: put into the row's last column before the row is written, by
-- compiled rules and by a loop over the table.
CREATE FUNCTION other.bench_score() RETURNS trigger LANGUAGE c AS 'bench_score', 'bench_score';
CREATE FUNCTION other.score_by_rules() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rule record;
    matches boolean;
    points int := 0;
BEGIN
    FOR rule IN SELECT r.condition, r.points FROM other.rule r ORDER BY r.rule_id LOOP
        EXECUTE format('SELECT %s FROM (SELECT ($1).*) AS lead', rule.condition) INTO matches USING NEW;
        IF matches THEN
            points := points + rule.points;
        END IF;
    END LOOP;
    NEW.score := least(greatest(points, 0), 100);
    RETURN NEW;
END $$;
CREATE TABLE other.scored_ours (LIKE other.host, score int);
CREATE TABLE other.scored_hand (LIKE other.host, score int);
CREATE TRIGGER score BEFORE INSERT ON other.scored_ours FOR EACH ROW EXECUTE FUNCTION other.bench_score();
CREATE TRIGGER score BEFORE INSERT ON other.scored_hand FOR EACH ROW EXECUTE FUNCTION other.score_by_rules();
