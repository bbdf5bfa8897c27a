-- B6 The agreement: proposed, approved by marketing and by sales, in force from
-- a moment on, with everything that was done in its history.
\set SHOW_CONTEXT never
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';

CREATE PROCEDURE try(statement text) LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text; answer text;
BEGIN
    EXECUTE statement INTO answer;
    RAISE NOTICE '%: % => %', current_user, statement, answer;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE NOTICE E'%: % %\n  detail: %\n  hint: %', current_user, state, message, detail, hint;
END
$$;
CREATE VIEW versions AS
    SELECT version, status, proposal, proposed_at, active_from, due_at, retired_at, decide_by, review_on
    FROM revops.agreement ORDER BY workspace_id, version;
GRANT SELECT ON versions TO PUBLIC;

CREATE ROLE regress_flow_mary IN ROLE revops_marketing;
CREATE ROLE regress_flow_sam IN ROLE revops_sales;
CREATE ROLE regress_flow_bo IN ROLE revops_marketing, revops_sales;
SELECT revops.create_workspace('acme', 'Europe/Berlin');

-- proposed by one side; both look at the same thing from then on
SET ROLE regress_flow_mary;
SELECT revops.draft_agreement(note => 'smaller ones too') AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
VALUES (:draft, 'smb', 'fit', 'company_size BETWEEN 10 AND 50', 40);
CALL try(format('SELECT revops.approve_agreement(%s, ''marketing'')', :draft));
CALL try(format('SELECT revops.refuse_agreement(%s, ''marketing'', ''no'')', :draft));
CALL try(format('SELECT revops.withdraw_agreement(%s)', :draft));
CALL try(format('SELECT revops.activate_agreement(%s)', :draft));
UPDATE revops.score_model SET mql_fit = 30 WHERE agreement_id = :draft;
CALL try(format('SELECT revops.propose_agreement(%s, ''smaller ones too, from April'')', :draft));
CALL try(format('SELECT revops.propose_agreement(%s)', :draft));
CALL try(format('UPDATE revops.score_rule SET points = 50 WHERE agreement_id = %s AND rule = ''smb''', :draft));
CALL try(format('INSERT INTO revops.score_model (agreement_id) VALUES (%s)', :draft));
CALL try(format('DELETE FROM revops.agreement WHERE agreement_id = %s', :draft));
CALL try(format('UPDATE revops.agreement SET note = ''other words'' WHERE agreement_id = %s', :draft));
UPDATE revops.agreement SET review_on = '2026-07-01', decide_by = '2026-03-06' WHERE agreement_id = :draft;
TABLE versions;

-- each side for itself
CALL try(format('SELECT revops.approve_agreement(%s, ''sales'')', :draft));
CALL try(format('SELECT revops.approve_agreement(%s, ''board'')', :draft));
CALL try(format('SELECT revops.approve_agreement(%s, NULL)', :draft));
CALL try('SELECT revops.approve_agreement(99, ''marketing'')');
CALL try('SELECT revops.approve_agreement(1, ''marketing'')');
CALL try(format('SELECT revops.approve_agreement(%s, ''marketing'', ''go'')', :draft));
CALL try(format('SELECT revops.approve_agreement(%s, ''marketing'')', :draft));
CALL try(format('SELECT revops.activate_agreement(%s)', :draft));

-- a refusal says why, and makes it a draft again; what was approved is void
RESET ROLE;
SET pg_revops.now = '2026-03-03 09:00+00';
SET ROLE regress_flow_sam;
CALL try(format('SELECT revops.refuse_agreement(%s, ''sales'', '' '')', :draft));
CALL try(format('SELECT revops.refuse_agreement(%s, ''marketing'', ''no'')', :draft));
CALL try(format('SELECT revops.refuse_agreement(%s, ''sales'', ''40 points are too many'')', :draft));
TABLE versions;
UPDATE revops.score_rule SET points = 30 WHERE agreement_id = :draft AND rule = 'smb';
SELECT revops.propose_agreement(:draft);
CALL try(format('SELECT revops.approve_agreement(%s, ''sales'', proposal => 1)', :draft));
CALL try(format('SELECT revops.approve_agreement(%s, ''sales'', ''fine now'', proposal => 2)', :draft));
CALL try(format('SELECT revops.activate_agreement(%s)', :draft));
-- withdrawn by the other side, and proposed a third time
SET ROLE regress_flow_mary;
SELECT revops.withdraw_agreement(:draft) IS NOT NULL AS withdrawn;
CALL try(format('SELECT revops.approve_agreement(%s, ''marketing'')', :draft));
SELECT revops.propose_agreement(:draft);
CALL try(format('SELECT revops.approve_agreement(%s, ''marketing'')', :draft));
SET ROLE regress_flow_sam;
CALL try(format('SELECT revops.approve_agreement(%s, ''sales'')', :draft));
CALL try(format('SELECT revops.propose_agreement(%s)', :draft));
CALL try(format('UPDATE revops.score_rule SET points = 50 WHERE agreement_id = %s AND rule = ''smb''', :draft));
CALL try(format('UPDATE revops.agreement SET note = ''other words'' WHERE agreement_id = %s', :draft));

-- in force from a moment on
CALL try(format('SELECT revops.activate_agreement(%s, ''infinity'')', :draft));
CALL try(format('SELECT revops.activate_agreement(%s, ''2026-04-02'')', :draft));
CALL try(format('SELECT revops.activate_agreement(%s, ''2026-04-01'')', :draft));
TABLE versions;
-- meanwhile no other one can be, at once or later
RESET ROLE;
SELECT revops.draft_agreement(note => 'rival') AS rival \gset
CALL try(format('SELECT revops.adopt_agreement(%s)', :rival));
SELECT revops.propose_agreement(:rival), revops.approve_agreement(:rival, 'sales'), revops.approve_agreement(:rival, 'marketing');
CALL try(format('SELECT revops.activate_agreement(%s)', :rival));
CALL try(format('SELECT revops.activate_agreement(%s, ''2026-04-02'')', :rival));
CALL try(format('UPDATE revops.agreement SET status = ''active'' WHERE agreement_id = %s', :rival));
CALL try(format('UPDATE revops.agreement SET due_at = ''2026-04-02'', note = ''x'' WHERE agreement_id = %s', :rival));
-- of another workspace, it can
SELECT revops.create_workspace('other');
SELECT revops.adopt_agreement(revops.draft_agreement(2));

-- until the moment the facts carry the version before it
CREATE TABLE lead (id int PRIMARY KEY, size int);
SELECT revops.attach_lead('leads', 'lead', '{"company_size": "size"}') > 0 AS attached;
SET pg_revops.now = '2026-03-31 23:59:59+00';
SELECT revops.run_due();
INSERT INTO lead VALUES (1, 20);
-- it has come, but nobody has called run_due() yet
SET pg_revops.now = '2026-04-01 00:10+00';
INSERT INTO lead VALUES (2, 20);
SELECT what, awaited, due_on, days_overdue FROM revops.agreement_overdue WHERE agreement_id = :draft;
SELECT revops.run_due();
SELECT revops.run_due();
INSERT INTO lead VALUES (3, 20);
SELECT l.key, l.fit, a.version, m.at, m.at >= a.active_from AND m.at < coalesce(a.retired_at, 'infinity') OR m.at = a.retired_at AS in_force
FROM revops.lead l JOIN revops.stage_change m USING (lead_id) JOIN revops.agreement a ON a.agreement_id = m.agreement_id ORDER BY l.key::int;
TABLE versions;
SELECT activated_by = session_user AS by_login FROM revops.agreement WHERE agreement_id = :draft;

-- what can't be put into force at its moment is tried again, later and later
SELECT revops.withdraw_agreement(:rival);
INSERT INTO revops.signal (signal) VALUES ('fair');
INSERT INTO revops.score_rule (agreement_id, rule, kind, signal, points) VALUES (:rival, 'fair', 'intent', 'fair', 20);
SELECT revops.propose_agreement(:rival), revops.approve_agreement(:rival, 'sales'), revops.approve_agreement(:rival, 'marketing');
SELECT revops.activate_agreement(:rival, '2026-04-02 00:00+00');
CALL try('DELETE FROM revops.signal WHERE signal = ''fair''');
UPDATE lead SET size = 30;
ALTER TABLE revops.signal DISABLE TRIGGER validate;
DELETE FROM revops.signal WHERE signal = 'fair';
ALTER TABLE revops.signal ENABLE TRIGGER validate;
SET pg_revops.now = '2026-04-02 00:00+00';
SELECT revops.run_due(), revops.run_due();
SET pg_revops.now = '2026-04-02 00:01+00';
SELECT revops.run_due(), revops.run_due();
SET pg_revops.now = '2026-04-02 00:02+00';
SELECT revops.run_due();
SELECT version, status, due_at, try_at, tries, problem FROM revops.agreement WHERE agreement_id = :rival;
SELECT at, object, sqlstate, message, detail FROM revops.fault WHERE object LIKE 'agreement%' ORDER BY fault_id;
SELECT version, what, awaited, days_overdue, note FROM revops.agreement_overdue WHERE workspace_id = 1;
DO $$ BEGIN
    FOR n IN 1 .. 8 LOOP
        PERFORM set_config('pg_revops.now', (SELECT try_at::text FROM revops.agreement WHERE try_at IS NOT NULL), false);
        PERFORM revops.run_due();
    END LOOP;
END $$;
SELECT tries, try_at - revops.engine_now() AS again FROM revops.agreement WHERE agreement_id = :rival;
INSERT INTO revops.signal (signal) VALUES ('fair');
SET pg_revops.now = '2026-04-03';
SELECT revops.run_due();
SELECT version, status, active_from, due_at, try_at, problem FROM revops.agreement WHERE agreement_id = :rival;
SELECT event, count(*) FROM revops.event WHERE seq = :rival AND lead_id IS NULL GROUP BY event ORDER BY event;

-- one who wears both hats; a moment that is past is now; a later one may be called off
SET ROLE regress_flow_bo;
SELECT revops.draft_agreement(note => 'both hats') AS draft \gset
CALL try(format('SELECT revops.adopt_agreement(%s, ''agreed'')', :draft));
CALL try(format('SELECT revops.adopt_agreement(%s)', :draft));
SELECT revops.draft_agreement() AS draft \gset
SELECT revops.propose_agreement(:draft);
SET ROLE regress_flow_sam;
SELECT revops.approve_agreement(:draft, 'sales');
CALL try(format('SELECT revops.adopt_agreement(%s)', :draft));
SET ROLE regress_flow_bo;
SELECT revops.adopt_agreement(:draft);
SELECT revops.draft_agreement() AS draft \gset
SELECT revops.propose_agreement(:draft), revops.approve_agreement(:draft, 'sales'), revops.approve_agreement(:draft, 'marketing');
SELECT revops.activate_agreement(:draft, '2026-05-01');
SELECT revops.withdraw_agreement(:draft);
SET ROLE regress_flow_sam;
SELECT revops.propose_agreement(:draft), revops.approve_agreement(:draft, 'sales');
SET ROLE regress_flow_mary;
SELECT revops.approve_agreement(:draft, 'marketing');
SELECT revops.activate_agreement(:draft, '2026-05-01');
SET ROLE regress_flow_sam;
SELECT revops.refuse_agreement(:draft, 'sales', 'second thoughts');
RESET ROLE;
TABLE versions;
SELECT agreement_id, proposal, side, decision, decided_at, decided_as, note FROM revops.agreement_approval
WHERE agreement_id > 4 ORDER BY approval_id;
SET pg_revops.now = '2026-05-02';
SELECT revops.run_due();

-- history, given-up drafts included
UPDATE revops.agreement SET review_on = '2026-06-15' WHERE status = 'active' AND workspace_id = 1;
SELECT revops.draft_agreement(note => 'never mind') AS given_up \gset
DELETE FROM revops.agreement WHERE agreement_id = :given_up;
SELECT version, at, event, who, side, part, name, note FROM revops.agreement_history WHERE workspace_id = 1 ORDER BY change_id, event;
SELECT at, seq, event FROM revops.event WHERE lead_id IS NULL AND workspace_id = 1 ORDER BY txid, event_id;
CALL try('UPDATE revops.agreement_approval SET side = ''sales''');
CALL try('DELETE FROM revops.agreement_approval');

-- what is overdue, by the workspace's day
SELECT revops.draft_agreement(note => 'left lying') AS lying \gset
SET pg_revops.now = '2026-06-02 21:59+00';
SELECT version, status, what, awaited = session_user AS own, due_on, days_overdue FROM revops.agreement_overdue WHERE workspace_id = 1;
SET pg_revops.now = '2026-06-02 22:00+00';
SELECT version, status, what, awaited = session_user AS own, due_on, days_overdue FROM revops.agreement_overdue WHERE workspace_id = 1 ORDER BY version;
SELECT revops.propose_agreement(:lying);
SET pg_revops.now = '2026-06-20 10:00+00';
SELECT version, status, what, awaited, due_on, days_overdue, note FROM revops.agreement_overdue WHERE workspace_id = 1 ORDER BY version;
SELECT revops.approve_agreement(:lying, 'sales');
SELECT version, awaited FROM revops.agreement_overdue WHERE agreement_id = :lying;
SELECT revops.approve_agreement(:lying, 'marketing');
SELECT version, what, awaited FROM revops.agreement_overdue WHERE agreement_id = :lying;
SELECT revops.activate_agreement(:lying);
SELECT version, what, awaited FROM revops.agreement_overdue WHERE workspace_id = 1;

DROP OWNED BY regress_flow_mary, regress_flow_sam, regress_flow_bo;
DROP ROLE regress_flow_mary, regress_flow_sam, regress_flow_bo;
