-- Arguments that cannot be meant are refused, with what was given and a way out.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace(NULL);
SELECT revops.create_workspace('');
SELECT revops.create_workspace('acme', NULL);
SELECT revops.create_workspace('acme', 'UTC', NULL);
SELECT revops.create_workspace('acme', bare => NULL);
SELECT revops.create_workspace('acme', 'UTC', 'EUR') AS workspace;

-- how much at once
CALL revops.settle(0);
CALL revops.settle(NULL);
CALL revops.rescore(batch => -1);
CALL revops.rescore(batch => NULL);
SELECT revops.run_due(0);
SELECT revops.run_due(NULL);
SELECT revops.fold_batch(0, 0);
SELECT revops.fold_batch(0, NULL);
SELECT revops.read_inbox(0, -5);
SELECT revops.read_inbox(0, NULL);
SELECT revops.rescore_batch(1, 0, 0);
SELECT revops.rescore_batch(1, 0, NULL);
CALL revops.settle(1);
CALL revops.rescore(1, 1);
SELECT revops.run_due(1), revops.fold_batch(NULL, 1), revops.read_inbox(NULL, 1), revops.rescore_batch(NULL, NULL, 1);

-- what is not there
CALL revops.rescore(7);
CALL revops.rescore(NULL);
SELECT * FROM revops.explain_score(7);
SELECT * FROM revops.explain_score(NULL);
SELECT revops.business_add(99, '2026-03-02 09:00+00', '1 hour');
SELECT revops.business_add('nowhere', '2026-03-02 09:00+00', '1 hour');

-- a code is repeated to its first 200 characters
CREATE TABLE person (id int PRIMARY KEY);
SELECT revops.attach_lead('people', 'person', '{}');
INSERT INTO person VALUES (1);
CREATE FUNCTION said(call text) RETURNS TABLE (message text, length int) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(call, revops.lead_id('people', '1'), repeat('ä', 1000));
EXCEPTION WHEN OTHERS THEN
    RETURN QUERY SELECT regexp_replace(sqlerrm, 'ä+', 'ä'), length(sqlerrm);
END
$$;
SELECT said.* FROM unnest(ARRAY['SELECT revops.reject(%s, %L)', 'SELECT revops.recycle(%s, %L, ''2027-01-01'')',
    'SELECT revops.advance(%s, %L)', 'SELECT revops.advance(%s, ''mql'', %L)', 'SELECT revops.assign(%s, %L)',
    'SELECT revops.record_touch(%s, %L)']) AS call, said(call);

-- checking an expression: nothing that is missing or unknown crashes
CREATE TABLE checked (id int);
SELECT revops.check_expression('checked', NULL, NULL, 'id', NULL);
SELECT revops.check_expression('checked', NULL, NULL, 'nope', NULL);
SELECT revops.check_expression('checked', 'role', 'x', NULL, NULL);
SELECT revops.check_expression(NULL, 'role', 'x', 'id', NULL);
SELECT revops.check_expression('checked', 'role', 'x', 'id', 99999999);
SELECT revops.check_condition(NULL, NULL, NULL, NULL, NULL);
SELECT revops.check_condition('rule', 'x', 'true', NULL, NULL);
SELECT revops.check_condition('rule', 'x', 'a', ARRAY['a', NULL], ARRAY['text', NULL]::regtype[]);
SELECT revops.rules_matched(1, NULL, NULL), revops.rules_matched(NULL, '{}', NULL);
SELECT revops.rules_matched(77, '{}', NULL);
