-- A2: what applications write, on an inline and on a queued table: after each step
-- both know the same, and what no statement changed is as it was.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme') AS workspace;
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('inl'), ('que');
INSERT INTO revops.team_member (team_id, rep_id) SELECT team_id, rep_id FROM revops.team, revops.rep WHERE rep = 'ann';
INSERT INTO revops.route (route, position, condition, team_id) SELECT team, team_id, format('source = %L', team), team_id FROM revops.team;
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:draft, 'home', 'fit', 'country = ''US''', 60), (:draft, 'big', 'fit', 'company_size > 100', 20);
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS active;
CREATE PROCEDURE make_side(side text, mode text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', side);
    EXECUTE format('CREATE TABLE %I.lead (id int PRIMARY KEY, email text UNIQUE, country text, size int, stage text, owner text, note text)', side);
    EXECUTE format('CREATE TABLE %I.act (id int PRIMARY KEY, lead int REFERENCES %1$I.lead ON UPDATE CASCADE ON DELETE CASCADE, kind text)', side);
    EXECUTE format('CREATE VIEW %I.home AS SELECT id, email AS mail, country, size AS employees, stage FROM %1$I.lead WHERE country = ''US'' WITH CHECK OPTION', side);
    PERFORM revops.attach_lead(side, format('%I.lead', side)::regclass, jsonb_build_object('email', 'email', 'country', 'country',
        'company_size', 'size', 'stage', 'stage', 'owner', 'owner', 'source', quote_literal(side)), mode => mode);
    PERFORM revops.attach_touch(side || ' acts', format('%I.act', side)::regclass, side, '{"lead": "lead", "signal": "kind"}');
END
$$;
CALL make_side('inl', 'inline');
CALL make_side('que', 'queued');
CREATE FUNCTION known(side text) RETURNS TABLE (key text, stage text, fit int, rep text, gone boolean, moves int, assigned int, clocks int, due timestamptz, touches int)
    LANGUAGE sql AS $$
    SELECT l.key, l.stage, l.fit, r.rep, l.gone_at IS NOT NULL, l.moves, l.assignments, l.clocks, s.sla_due_at, l.touches
    FROM revops.lead l JOIN revops.binding b USING (binding_id) LEFT JOIN revops.rep r USING (rep_id) LEFT JOIN revops.lead_status s USING (lead_id)
    WHERE b.binding = side ORDER BY length(l.key), l.key
    $$;
-- one transaction on each side; the inbox is read a minute later
CREATE PROCEDURE on_both(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
    n int;
BEGIN
    EXECUTE format(statement, 'inl');
    COMMIT;
    EXECUTE format(statement, 'que');
    COMMIT;
    CALL revops.settle();
    SELECT count(*) INTO n FROM ((SELECT * FROM known('inl') EXCEPT SELECT * FROM known('que'))
        UNION ALL (SELECT * FROM known('que') EXCEPT SELECT * FROM known('inl'))) d;
    RAISE WARNING '%: % differ', what, n;
    PERFORM set_config('pg_revops.now', (revops.engine_now() + interval '1 minute')::text, false);
END
$$;
CREATE VIEW leads AS SELECT * FROM known('inl');
CREATE TABLE was AS SELECT * FROM leads;
CREATE FUNCTION changed() RETURNS SETOF leads LANGUAGE sql AS $$
    SELECT * FROM leads EXCEPT SELECT * FROM was ORDER BY 1;
    $$;
CREATE PROCEDURE look() LANGUAGE sql AS 'DELETE FROM was; INSERT INTO was SELECT * FROM leads';

-- multi-row VALUES, with RETURNING
CALL on_both('multi-row VALUES', $$INSERT INTO %I.lead VALUES (1, 'a@x', 'US', 200, 'lead'), (2, 'b@x', 'US', 5, 'mql'), (3, 'c@x', 'FR', 5, NULL)$$);
INSERT INTO inl.lead (id, email, country, stage) VALUES (4, 'd@x', 'US', 'mql'), (5, 'e@x', 'US', 'lead') RETURNING id, email, stage, xmax = 0 AS new;
INSERT INTO que.lead (id, email, country, stage) VALUES (4, 'd@x', 'US', 'mql'), (5, 'e@x', 'US', 'lead') RETURNING id, email, stage, xmax = 0 AS new;
CALL on_both('RETURNING', $$UPDATE %I.lead SET size = 300 WHERE id = 5 RETURNING *$$);
TABLE leads;
CALL look();

-- ON CONFLICT in all forms
CALL on_both('DO NOTHING', $$INSERT INTO %I.lead VALUES (1, 'z@x', 'FR', 1, 'sql'), (6, 'f@x', 'FR', 1, 'lead') ON CONFLICT DO NOTHING$$);
CALL on_both('DO NOTHING, another constraint', $$INSERT INTO %I.lead VALUES (7, 'a@x', 'FR', 1, 'sql') ON CONFLICT (email) DO NOTHING$$);
CALL on_both('DO UPDATE', $$INSERT INTO %I.lead VALUES (3, 'c@x', 'US', 500, 'lead'), (8, 'h@x', 'US', 1, 'lead')
    ON CONFLICT (id) DO UPDATE SET country = excluded.country, size = excluded.size$$);
CALL on_both('DO UPDATE, another constraint', $$INSERT INTO %I.lead VALUES (99, 'f@x', 'US', 500, 'mql') ON CONFLICT (email) DO UPDATE SET country = excluded.country, stage = excluded.stage$$);
CALL on_both('DO UPDATE, which changes the key', $$INSERT INTO %I.lead VALUES (9, 'h@x', 'US', 500, 'mql') ON CONFLICT (email) DO UPDATE SET id = excluded.id$$);
CALL on_both('DO UPDATE WHERE', $$INSERT INTO %I.lead VALUES (1, 'a@x', 'FR', 1, 'sql'), (2, 'b@x', 'FR', 5, 'mql') ON CONFLICT (id) DO UPDATE SET country = excluded.country WHERE lead.id = 2$$);
CALL on_both('DO UPDATE of the same values', $$INSERT INTO %I.lead SELECT * FROM %1$I.lead ON CONFLICT (id) DO UPDATE SET country = excluded.country, stage = excluded.stage$$);
SELECT * FROM changed();
CALL look();

-- MERGE, all actions
CALL on_both('MERGE', $$MERGE INTO %I.lead l USING (VALUES (1, 'merged'), (2, 'delete'), (3, 'nothing'), (10, 'insert'), (11, 'no insert')) AS s (id, what) ON l.id = s.id
    WHEN MATCHED AND what = 'delete' THEN DELETE
    WHEN MATCHED AND what = 'nothing' THEN DO NOTHING
    WHEN MATCHED THEN UPDATE SET stage = 'mql', note = what
    WHEN NOT MATCHED AND what = 'insert' THEN INSERT (id, email, country, stage) VALUES (s.id, 'k@x', 'US', 'lead')
    WHEN NOT MATCHED THEN DO NOTHING$$);
SELECT * FROM changed();
CALL look();

-- DELETE + INSERT of one key in one transaction: the same lead
CALL on_both('DELETE + INSERT', $$CREATE TEMP TABLE stage AS SELECT * FROM %I.lead; DELETE FROM %1$I.lead; INSERT INTO %1$I.lead SELECT * FROM stage; DROP TABLE stage$$);
SELECT * FROM changed();
CALL on_both('INSERT + DELETE', $$INSERT INTO %I.lead VALUES (20, 't@x', 'US', 1, 'mql'); DELETE FROM %1$I.lead WHERE id = 20$$);
SELECT * FROM changed();
-- TRUNCATE and reload in one transaction, and in two: scores, stages, owners, promises as they were
CALL on_both('TRUNCATE + reload', $$CREATE TEMP TABLE stage AS SELECT * FROM %I.lead; TRUNCATE %1$I.lead CASCADE; INSERT INTO %1$I.lead SELECT * FROM stage; DROP TABLE stage$$);
SELECT * FROM changed() WHERE key <> '20';
CALL on_both('TRUNCATE', $$CREATE TABLE %I.stage AS SELECT * FROM %1$I.lead; TRUNCATE %1$I.lead CASCADE$$);
SELECT count(*) FILTER (WHERE NOT gone) AS there, count(due) AS due FROM leads;
CALL on_both('reload', $$INSERT INTO %I.lead SELECT * FROM %1$I.stage WHERE id <> 10$$);
SELECT * FROM changed() WHERE key <> '20';
SELECT * FROM revops.verify();
CALL look();

-- keys that are renamed: one, two that swap, with what refers to them
CALL on_both('activities', $$INSERT INTO %I.act VALUES (1, 1, 'call'), (2, 3, 'page_visit'), (3, 3, 'page_visit')$$);
CALL on_both('one key', $$UPDATE %I.lead SET id = 31 WHERE id = 1$$);
CALL on_both('a swap by a third', $$UPDATE %I.lead SET id = -1 WHERE id = 3; UPDATE %1$I.lead SET id = 3 WHERE id = 31; UPDATE %1$I.lead SET id = 31 WHERE id = -1$$);
SELECT * FROM changed();
CALL on_both('a swap, deferred', $$ALTER TABLE %I.act DROP CONSTRAINT act_lead_fkey; ALTER TABLE %1$I.lead DROP CONSTRAINT lead_pkey, ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED;
    UPDATE %1$I.lead SET id = 34 - id WHERE id IN (3, 31)$$);
SELECT * FROM changed();
SELECT l.key, sum(sign) AS touches FROM revops.touch JOIN revops.lead l USING (lead_id) JOIN revops.binding b ON b.binding_id = l.binding_id
    WHERE b.binding = 'inl' GROUP BY l.key ORDER BY 1;
CALL look();

-- through an updatable view
CALL on_both('a view', $$INSERT INTO %I.home VALUES (40, 'v@x', 'US', 200, 'mql'); UPDATE %1$I.home SET employees = 3, stage = 'nurture' WHERE id = 40; DELETE FROM %1$I.home WHERE id = 4$$);
SELECT * FROM changed();
CALL look();

-- savepoints and rollbacks: nothing of what is undone remains, the rest does
CREATE PROCEDURE partly(side text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.lead VALUES (50, ''s@x'', ''US'', 1, ''lead'')', side);
    BEGIN
        EXECUTE format('UPDATE %I.lead SET stage = ''mql'', size = 200; INSERT INTO %1$I.lead VALUES (51, ''s2@x'', ''US'', 1, ''lead'')', side);
        RAISE division_by_zero;
    EXCEPTION WHEN division_by_zero THEN
    END;
    BEGIN
        EXECUTE format('UPDATE %I.lead SET stage = ''nurture'' WHERE id = 50', side);
    EXCEPTION WHEN division_by_zero THEN
    END;
END
$$;
CALL on_both('savepoints', $$CALL partly(%L)$$);
BEGIN; UPDATE inl.lead SET stage = 'customer'; DELETE FROM inl.lead; ROLLBACK;
BEGIN; UPDATE que.lead SET stage = 'customer'; DELETE FROM que.lead; ROLLBACK;
CALL on_both('rolled back', $$SELECT 1 WHERE %L = ''$$);
SELECT * FROM changed();
CALL look();

-- DISABLE TRIGGER ALL: what is written then is not seen until the row is written again
CALL on_both('DISABLE TRIGGER ALL', $$ALTER TABLE %I.lead DISABLE TRIGGER ALL; INSERT INTO %1$I.lead VALUES (60, 'u@x', 'US', 1, 'lead'); UPDATE %1$I.lead SET stage = 'sql' WHERE id = 50;
    DELETE FROM %1$I.lead WHERE id = 40; ALTER TABLE %1$I.lead ENABLE TRIGGER ALL$$);
SELECT * FROM changed();
CALL on_both('ENABLE TRIGGER ALL', $$UPDATE %I.lead SET note = 'seen'$$);
SELECT * FROM changed();
-- the row is compared with what is known of the lead: the move that was missed shows
CALL on_both('written again', $$UPDATE %I.lead SET size = 7 WHERE id = 50$$);
SELECT * FROM changed();

SELECT object, message FROM revops.fault;
SELECT * FROM revops.verify();
