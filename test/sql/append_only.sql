-- History is append-only, for the tables' owner and for superusers too.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';

CREATE PROCEDURE try(statement text) LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RAISE NOTICE 'done: %', statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE NOTICE E'% %\n  detail: %\n  hint: %', state, message, detail, hint;
END
$$;

INSERT INTO revops.touch VALUES (1, '2026-03-02', 1, '2026-03-02', 1, 1, NULL, 1, 'a');
INSERT INTO revops.profile_change VALUES (1, 1, '2026-03-02', 1, 1, '{"country": "DE"}');
INSERT INTO revops.stage_change VALUES (1, 1, 1, 1, '2026-03-02', '2026-03-02', '2026-03-02', NULL, NULL, NULL,
                                        0, 0, 0, false, NULL, 'lead', 'entry', NULL, 'app');
INSERT INTO revops.assignment VALUES (1, 1, 1, '2026-03-02', NULL, NULL, NULL, NULL, NULL, 'unrouted', NULL, 'app');
INSERT INTO revops.opportunity_change VALUES (1, 1, 1, 1, '2026-03-02', 'open', 10, 'EUR', 10);
INSERT INTO revops.event VALUES ('1', 1, 1, 1, '2026-03-02', 1, 'stage_changed');
INSERT INTO revops.definition_change (change_id, at, actor, definition, operation) VALUES (1, '2026-03-02', 'app', 'rep', 'TRUNCATE');

CALL try('UPDATE revops.touch SET occurred_at = ''2026-01-01''');
CALL try('DELETE FROM revops.touch');
CALL try('TRUNCATE revops.touch');
CALL try('UPDATE revops.profile_change SET profile = ''{}''');
CALL try('DELETE FROM revops.profile_change');
CALL try('TRUNCATE revops.profile_change');
CALL try('UPDATE revops.stage_change SET to_stage = ''mql''');
CALL try('DELETE FROM revops.stage_change');
CALL try('TRUNCATE revops.stage_change');
CALL try('UPDATE revops.assignment SET cause = ''assign''');
CALL try('DELETE FROM revops.assignment');
CALL try('TRUNCATE revops.assignment');
CALL try('UPDATE revops.opportunity_change SET amount = 20');
CALL try('DELETE FROM revops.opportunity_change');
CALL try('TRUNCATE revops.opportunity_change');
CALL try('UPDATE revops.event SET event = ''assigned''');
CALL try('DELETE FROM revops.event');
CALL try('TRUNCATE revops.event');
CALL try('UPDATE revops.definition_change SET actor = ''nobody''');
CALL try('DELETE FROM revops.definition_change');
CALL try('TRUNCATE revops.definition_change');
-- nor by a way around
CALL try('INSERT INTO revops.stage_change SELECT * FROM revops.stage_change ON CONFLICT (lead_id, seq) DO UPDATE SET to_stage = ''mql''');
CALL try('MERGE INTO revops.touch t USING (VALUES (1)) v (id) ON t.lead_id = v.id WHEN MATCHED THEN DELETE');
CALL try('TRUNCATE revops.workspace, revops.touch CASCADE');
SET check_function_bodies = off;
CALL try('DELETE FROM revops.stage_change');
RESET check_function_bodies;

-- a statement that changes no row does no harm
UPDATE revops.touch SET sign = -1 WHERE lead_id = 99;
SELECT (SELECT count(*) FROM revops.touch) AS touches, (SELECT count(*) FROM revops.stage_change) AS moves;
