-- C1: a model check of the lifecycle, and of its check
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('w');

-- the shipped lifecycle is sound: every stage can be reached, none is a trap, each has one owner team
SELECT * FROM revops.check_lifecycle();
WITH RECURSIVE way AS (
    SELECT s.stage AS from_stage, s.stage AS to_stage, 0 AS n FROM revops.stage s
    UNION
    SELECT y.from_stage, t.to_stage, y.n + 1 FROM way y JOIN revops.transition t ON t.from_stage = y.to_stage WHERE y.n < 9
), least AS (SELECT from_stage, to_stage, min(n) AS n FROM way GROUP BY 1, 2)
SELECT s.stage, s.owner_team,
       (SELECT min(l.n) FROM least l WHERE l.to_stage = s.stage AND l.from_stage IN ('subscriber', 'lead')) AS moves_from_the_start,
       (SELECT min(l.n) FROM least l WHERE l.from_stage = s.stage AND l.to_stage IN ('customer', 'evangelist', 'disqualified')) AS moves_to_an_end
FROM revops.stage s ORDER BY s.position;
-- every move that goes back or out asks for a reason, and has some to choose from
SELECT t.from_stage, t.to_stage,
       (SELECT count(*) FROM revops.reason r WHERE 'advance' = ANY (r.applies_to)) AS reasons
FROM revops.transition t JOIN revops.stage f ON f.stage = t.from_stage JOIN revops.stage g ON g.stage = t.to_stage
WHERE t.needs_reason ORDER BY f.position, g.position;
-- C3: the shipped reasons
SELECT reason, label, applies_to FROM revops.reason ORDER BY reason;

-- what is not sound is named
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.stage (agreement_id, stage, position, purpose, owner_team, needs) VALUES
    (:draft, 'limbo', 25, NULL, NULL, '{}'),
    (:draft, 'island', 26, NULL, 'sales', '{}'),
    (:draft, 'ping', 27, NULL, 'sales', '{phone}'),
    (:draft, 'pong', 28, NULL, 'sales', '{}');
INSERT INTO revops.transition (agreement_id, from_stage, to_stage, needs_reason, reasons) VALUES
    (:draft, 'lead', 'limbo', false, NULL),
    (:draft, 'lead', 'ping', false, NULL), (:draft, 'ping', 'pong', false, NULL), (:draft, 'pong', 'ping', true, NULL),
    (:draft, 'sql', 'mql', false, NULL),
    (:draft, 'opportunity', 'sql', true, '{wrong_segment}');
UPDATE revops.reason SET applies_to = '{reject}' WHERE reason = 'wrong_segment';
SELECT * FROM revops.check_lifecycle(:draft);
CREATE TABLE lead (id int PRIMARY KEY, stage text);
SELECT revops.attach_lead('leads', 'lead', roles => '{"stage": "stage"}');
SELECT * FROM revops.check_lifecycle(:draft) WHERE problem = 'role not mapped';
UPDATE revops.stage SET purpose = NULL WHERE agreement_id = :draft AND purpose = 'entry';
SELECT * FROM revops.check_lifecycle(:draft) WHERE problem = 'no entry stage';
SELECT * FROM revops.check_lifecycle();
DELETE FROM revops.agreement WHERE agreement_id = :draft;

-- C1, C2: random agreements and random moves by the host, each judged once more by SQL
SELECT setseed(0.42);
CREATE TABLE crm (id int PRIMARY KEY, stage text, why text, country text, phone text, size int, moved int);
SELECT revops.attach_lead('crm', 'crm', roles => '{"stage": "stage", "reason": "why", "country": "country", "phone": "phone",
    "company_size": "size"}');
CREATE TABLE judged (id int, n int, from_stage text, to_stage text, reason text, country text, phone text, size int, agreement_id int);
CREATE FUNCTION pick(words text[]) RETURNS text LANGUAGE sql VOLATILE AS
    $$ SELECT words[1 + floor(random() * cardinality(words))::int] $$;
CREATE PROCEDURE try_agreement(leads int, rounds int) LANGUAGE plpgsql AS $$
DECLARE
    stages text[] := '{lead,mql,sql,opportunity,customer,nurture,disqualified}';
    draft int := revops.draft_agreement();
    l record;
BEGIN
    PERFORM set_config('pg_revops.now', (revops.engine_now() + interval '1 hour')::text, false);
    DELETE FROM revops.transition WHERE agreement_id = draft;
    UPDATE revops.stage SET needs = CASE WHEN random() < 0.3 THEN '{}' WHEN random() < 0.5 THEN '{country}' ELSE '{phone,company_size}' END::text[],
           condition = CASE WHEN random() < 0.4 THEN 'company_size > 5 OR country = ''DE''' END
    WHERE agreement_id = draft AND stage NOT IN ('lead', 'subscriber', 'evangelist');
    INSERT INTO revops.transition (agreement_id, from_stage, to_stage, needs_reason, reasons)
    SELECT draft, f, t, random() < 0.4, CASE WHEN random() < 0.3 THEN '{timing}'::text[] END
    FROM unnest(stages) f, unnest(stages) t WHERE f <> t AND random() < 0.6;
    PERFORM revops.adopt_agreement(draft);
    FOR i IN 1 .. rounds LOOP
        FOR l IN SELECT id, stage FROM crm LOOP
            UPDATE crm SET stage = pick(stages), why = nullif(pick('{timing,no_budget,duplicate,""}'), ''),
                   country = nullif(pick('{DE,FR," ",""}'), ''), phone = nullif(pick('{1,""}'), ''),
                   size = nullif(pick('{3,9,0}'), '0')::int, moved = coalesce(moved, 0) + 1
            WHERE id = l.id;
            INSERT INTO judged SELECT c.id, c.moved, l.stage, c.stage, c.why, c.country, c.phone, c.size, draft
            FROM crm c WHERE c.id = l.id AND c.stage <> l.stage;
        END LOOP;
    END LOOP;
END $$;
INSERT INTO crm (id, stage) SELECT n, 'lead' FROM generate_series(1, 20) n;
DO $$ BEGIN FOR i IN 1 .. 10 LOOP CALL try_agreement(20, 5); END LOOP; END $$;
CREATE VIEW expected AS
SELECT j.*, r.reason AS counts,
       nullif(concat_ws('; ',
           CASE WHEN t.from_stage IS NULL THEN 'transition'
                WHEN t.needs_reason AND r.reason IS NULL OR t.needs_reason AND t.reasons IS NOT NULL AND r.reason <> 'timing' THEN 'reason' END,
           'needs: ' || (SELECT string_agg(n, ', ' ORDER BY o) FROM unnest(g.needs) WITH ORDINALITY u (n, o)
                         WHERE CASE n WHEN 'country' THEN coalesce(btrim(j.country), '') = '' WHEN 'phone' THEN j.phone IS NULL
                                      ELSE j.size IS NULL END),
           CASE WHEN g.condition IS NOT NULL AND (j.size > 5 OR j.country = 'DE') IS NOT TRUE THEN 'condition' END,
           -- C5: sales says of whom it is a duplicate
           CASE WHEN r.reason = 'duplicate' AND t.needs_reason IS NOT FALSE AND g.purpose IN ('nurture', 'disqualified')
                     AND revops.with_sales(j.agreement_id, j.from_stage)
                     AND EXISTS (SELECT FROM revops.transition x WHERE x.agreement_id = j.agreement_id AND x.to_stage = j.to_stage AND x.needs_reason)
                THEN 'survivor' END), '') AS violated
FROM judged j
JOIN revops.stage g ON g.agreement_id = j.agreement_id AND g.stage = j.to_stage
LEFT JOIN revops.transition t ON t.agreement_id = j.agreement_id AND t.from_stage = j.from_stage AND t.to_stage = j.to_stage
LEFT JOIN revops.reason r ON r.reason = j.reason
      AND r.applies_to && CASE g.purpose WHEN 'disqualified' THEN '{reject,advance}' WHEN 'nurture' THEN '{recycle,advance}' ELSE '{advance}' END::text[];
WITH e AS (SELECT e.*, row_number() OVER (PARTITION BY id ORDER BY n) AS m FROM expected e),
     a AS (SELECT l.key::int AS id, s.*, row_number() OVER (PARTITION BY s.lead_id ORDER BY seq) AS m
           FROM revops.stage_change s JOIN revops.lead l USING (lead_id) JOIN revops.binding b USING (binding_id)
           WHERE b.binding = 'crm' AND s.cause = 'host')
SELECT count(*) > 500 AS many, count(*) FILTER (WHERE e.violated IS NULL) > 50 AS some_legal,
       count(*) FILTER (WHERE e.violated IS NOT NULL) > 50 AS some_not,
       count(*) FILTER (WHERE e.from_stage IS DISTINCT FROM a.from_stage OR e.to_stage IS DISTINCT FROM a.to_stage
                        OR e.violated IS DISTINCT FROM a.violated OR a.violation <> (a.violated IS NOT NULL)) AS differ
FROM e FULL JOIN a USING (id, m);
SELECT * FROM revops.verify();
