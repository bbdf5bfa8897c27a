-- Rules as rows of a table, run one by one for each lead: how rules that people may
-- change are done by hand.

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
