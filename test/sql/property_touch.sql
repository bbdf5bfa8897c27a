-- Random host statements over 200 leads, rolled back in part; then state is recomputed twice over:
-- by verify(), and by plain SQL from the host's own tables (A2, B1 to B4, C2).
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main');
INSERT INTO revops.rep (rep) SELECT 'rep ' || n FROM generate_series(1, 3) n;
INSERT INTO revops.team (team) VALUES ('all');
INSERT INTO revops.team_member SELECT team_id, rep_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
DO $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    UPDATE revops.score_model SET half_life = '7 days', fit_base = 10, mql_fit = 50, mql_intent = 30 WHERE agreement_id = v;
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
        (v, 'home', 'fit', 'country in (''US'', ''DE'')', 30), (v, 'big', 'fit', 'company_size > 50', 25),
        (v, 'mail', 'negative', 'email like ''%@free.example''', -20), (v, 'tiny', 'negative', 'company_size < 5', -50),
        (v, 'rate', 'fit', '1000 / company_size > 100', 15);
    PERFORM revops.adopt_agreement(v);
END $$;
CREATE TABLE person (id int PRIMARY KEY, country text, size int, email text, live boolean NOT NULL DEFAULT true, note text);
CREATE TABLE act (id int PRIMARY KEY, person int, kind text, at timestamptz);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "company_size": "size", "email": "email"}', filter => 'live') > 0 AS attached;
SELECT revops.attach_touch('act', 'act', 'person', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') > 0 AS attached;

-- a number from 0 to n - 1 that depends on its names alone
CREATE FUNCTION rnd(seed int, what text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
    $$ SELECT (('x' || substr(md5(seed || ':' || what), 1, 7))::bit(28)::int % n) $$;
CREATE FUNCTION random_row(seed int, OUT country text, OUT size int, OUT email text, OUT live boolean) LANGUAGE sql AS $$
    SELECT ('{US,DE,FR,XX,NULL}'::text[])[1 + rnd(seed, 'c', 5)], ('{0,3,7,40,51,200,NULL}'::int[])[1 + rnd(seed, 's', 7)],
           CASE rnd(seed, 'm', 3) WHEN 0 THEN 'a@free.example' WHEN 1 THEN 'b@firm.example' END, rnd(seed, 'l', 8) > 0 $$;
CREATE FUNCTION random_kind(seed int) RETURNS text LANGUAGE sql AS $$
    SELECT ('{demo_request,webinar,page_visit,unsubscribe,call,email_click,teleport}'::text[])[1 + rnd(seed, 'k', 7)] $$;
CREATE FUNCTION random_time(seed int) RETURNS timestamptz LANGUAGE sql AS $$
    SELECT timestamptz '2026-03-02 10:00+00' - make_interval(hours => rnd(seed, 't', 40) * 6) $$;

CREATE FUNCTION statement(seed int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    p int := 1 + rnd(seed, 'p', 200);
    many int := 1 + rnd(seed, 'many', 20);
BEGIN
    CASE rnd(seed, 'do', 15)
    WHEN 0, 1 THEN
        INSERT INTO person (id, country, size, email, live) SELECT n, r.* FROM generate_series(p, p + many) n, random_row(seed + n) r ON CONFLICT DO NOTHING;
    WHEN 2 THEN
        INSERT INTO person (id, country, size, email, live) SELECT n, r.* FROM generate_series(p, p + many) n, random_row(seed + n) r
        ON CONFLICT (id) DO UPDATE SET country = excluded.country, live = excluded.live;
    WHEN 3, 4 THEN
        UPDATE person SET (country, size, email, live) = (SELECT r.country, r.size, r.email, r.live FROM random_row(seed + id) r) WHERE id BETWEEN p AND p + many;
    WHEN 5 THEN
        DELETE FROM person WHERE id BETWEEN p AND p + many / 4;
    WHEN 6 THEN
        UPDATE person SET note = seed::text;
    WHEN 7, 8, 9 THEN
        INSERT INTO act SELECT seed * 100 + n, 1 + rnd(seed + n, 'who', 200), random_kind(seed + n), random_time(seed + n) FROM generate_series(1, many) n;
    WHEN 10 THEN
        UPDATE act SET kind = random_kind(seed + id), at = random_time(seed + id) WHERE person BETWEEN p AND p + many;
    WHEN 11 THEN
        DELETE FROM act WHERE person BETWEEN p AND p + many / 3;
    WHEN 12 THEN
        UPDATE act SET person = 1 + rnd(seed + id, 'who', 200) WHERE id % 17 = rnd(seed, 'mod', 17);
    WHEN 13 THEN
        MERGE INTO person USING (SELECT n, r.* FROM generate_series(p, p + many) n, random_row(seed + n) r) AS s ON id = s.n
        WHEN MATCHED AND s.live THEN UPDATE SET country = s.country
        WHEN MATCHED THEN DELETE
        WHEN NOT MATCHED THEN INSERT (id, country, size, email, live) VALUES (s.n, s.country, s.size, s.email, s.live);
    WHEN 14 THEN
        -- keys change, to such as others had, and back; activities follow
        UPDATE person SET id = CASE WHEN id > 1000 THEN id - 1000 ELSE id + 1000 END WHERE id % 1000 BETWEEN p AND p + many;
        UPDATE act SET person = CASE WHEN person > 1000 THEN person - 1000 ELSE person + 1000 END WHERE person % 1000 BETWEEN p AND p + many;
    END CASE;
END $$;
-- some statements, of which some are rolled back to a savepoint
CREATE FUNCTION transaction(seed int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 1 + rnd(seed, 'length', 4) LOOP
        BEGIN
            PERFORM statement(seed * 10 + i);
            IF rnd(seed * 10 + i, 'undo', 4) = 0 THEN
                RAISE EXCEPTION USING ERRCODE = 'TR001', MESSAGE = 'undone';
            END IF;
        EXCEPTION WHEN SQLSTATE 'TR001' THEN NULL;
        WHEN unique_violation THEN    -- the host's own
            IF SQLERRM NOT LIKE '%person_pkey%' THEN
                RAISE;
            END IF;
        END;
    END LOOP;
END $$;

DO $$
BEGIN
    FOR seed IN 1 .. 120 LOOP
        PERFORM transaction(seed);
    END LOOP;
END $$;
-- in REPEATABLE READ, where all waits, and is folded later
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM (SELECT transaction(seed) FROM generate_series(201, 230) seed) t;
SELECT * FROM revops.verify();
COMMIT;
SELECT count(*) > 0 AS some_wait FROM revops.lead_delta;
SELECT * FROM revops.verify();
CALL revops.settle();
SELECT count(*) AS waiting FROM revops.lead_delta;
DO $$
BEGIN
    FOR seed IN 301 .. 340 LOOP
        PERFORM transaction(seed);
    END LOOP;
END $$;

SELECT count(*) > 100 AS many_leads, count(*) FILTER (WHERE key::text ~ '^1...$') > 10 AS many_renamed, count(*) FILTER (WHERE gone_at IS NOT NULL) > 10 AS many_gone,
       sum(touches) > 300 AS many_touches, sum(moves) > count(*) AS some_moves FROM revops.lead;
SELECT stage, count(*) > 5 AS several FROM revops.lead GROUP BY stage ORDER BY stage;
SELECT DISTINCT object, sqlstate FROM revops.fault ORDER BY 1;
-- touches of leads that are not known wait for them, but for those taken back
CALL revops.settle();
SELECT count(*) AS waiting FROM revops.inbox_entry WHERE lead_key IS NULL;
SELECT * FROM revops.verify();

-- plain SQL: who is a lead, and its fit
WITH told AS (
    SELECT p.id::text AS key, least(greatest(10
        + CASE WHEN country IN ('US', 'DE') THEN 30 ELSE 0 END + CASE WHEN size > 50 THEN 25 ELSE 0 END
        - CASE WHEN email LIKE '%@free.example' THEN 20 ELSE 0 END - CASE WHEN size < 5 THEN 50 ELSE 0 END
        + CASE WHEN size <> 0 THEN CASE WHEN 1000 / size > 100 THEN 15 ELSE 0 END ELSE 0 END, 0), 100) AS fit
    FROM person p WHERE live)
SELECT count(*) AS wrong_fit FROM told FULL JOIN revops.lead_status s USING (key) WHERE told.fit IS DISTINCT FROM s.fit;

-- intent: of the activities that are there now and that were told of a lead that was known then
WITH told AS (
    SELECT a.person::text AS key, count(*) AS touches,
           sum(coalesce(r.points, 0) * power(2.0::float8, extract(epoch FROM a.at - timestamptz '2026-03-02 10:00+00')::float8 / (7 * 86400))) AS points
    FROM act a JOIN revops.lead l ON l.key = a.person::text
    LEFT JOIN revops.score_rule r ON r.signal = a.kind AND r.agreement_id = l.agreement_id
    WHERE EXISTS (SELECT FROM revops.touch t WHERE t.source_key = a.id::text AND t.lead_id = l.lead_id
                  GROUP BY t.source_key HAVING sum(t.sign) > 0)
    GROUP BY a.person)
SELECT count(*) FILTER (WHERE coalesce(told.touches, 0) <> l.touches) AS wrong_touches,
       count(*) FILTER (WHERE abs(coalesce(told.points, 0) - revops.decayed(l.intent_pos, '7 days', '2026-03-02 10:00+00')
                                  + revops.decayed(l.intent_neg, '7 days', '2026-03-02 10:00+00')) > 1e-6) AS wrong_points
FROM revops.lead l LEFT JOIN told USING (key)
-- a deleted lead whose key went to another row keeps what it had
WHERE l.key !~ '\\';
-- an activity whose lead was known when it was last written is a touch
SELECT count(*) AS lost FROM act a JOIN revops.lead l ON l.key = a.person::text
WHERE l.lead_id IN (SELECT min(lead_id) FROM revops.lead) AND NOT EXISTS (SELECT FROM revops.touch t WHERE t.source_key = a.id::text);
-- none counts twice, nor for two leads
SELECT count(*) AS twice FROM (SELECT source_key FROM revops.touch JOIN revops.lead l USING (lead_id) WHERE l.key !~ '\\' GROUP BY source_key HAVING sum(sign) > 1) t;
SELECT count(*) AS orphans FROM (SELECT source_key FROM revops.touch JOIN revops.lead l USING (lead_id) WHERE l.key !~ '\\' GROUP BY source_key HAVING sum(sign) > 0) t WHERE source_key::int NOT IN (SELECT id FROM act);

-- stage: whoever reaches the floors now is an MQL or was one; nobody became one without reaching them then
SELECT count(*) AS should_be_mql FROM revops.lead_status s WHERE s.stage = 'lead' AND s.fit >= 50 AND s.intent >= 30;
SELECT count(*) AS should_not FROM revops.stage_change WHERE to_stage = 'mql' AND (fit < 50 OR intent < 30);
SELECT count(*) AS without_handoff FROM revops.lead l WHERE stage = 'mql'
AND NOT EXISTS (SELECT FROM revops.assignment a WHERE a.lead_id = l.lead_id AND a.cause = 'route' AND a.seq = 1);
SELECT count(*) AS wrong_clocks FROM revops.lead l LEFT JOIN LATERAL (SELECT count(*) AS n FROM revops.sla_clock c WHERE c.lead_id = l.lead_id AND c.stopped_at IS NULL) c ON true
WHERE c.n <> l.running OR c.n > 1 OR (l.gone_at IS NOT NULL AND c.n > 0);
