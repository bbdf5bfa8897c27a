-- verify() finds each thing that somebody wrote into state by hand, and that alone.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme', 'UTC', 'EUR') AS workspace, revops.create_workspace('other', 'UTC', 'EUR') AS other;
INSERT INTO revops.rep (rep) VALUES ('ann');
INSERT INTO revops.team (team) VALUES ('east');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
CREATE TABLE person (id int PRIMARY KEY, stage text, src text, cmp text, seg text, made timestamptz);
CREATE TABLE activity (id int PRIMARY KEY, person int, kind text, at timestamptz);
CREATE TABLE deal (id int PRIMARY KEY, person int, amount numeric);
SELECT revops.attach_lead('people', 'person', '{"stage": "stage", "source": "src", "campaign": "cmp", "segment": "seg",
                                                "created_at": "made"}', personal => '{campaign}') AS people,
       revops.attach_touch('activities', 'activity', 'people', '{"lead": "person", "signal": "kind", "occurred_at": "at"}') AS touches,
       revops.attach_opportunity('deals', 'deal', 'people', '{"lead": "person", "amount": "amount"}') AS deals;
-- 1 runs a promise, 3 is marketing's, 4 was sent back, 5 and 2 have
-- deals, 6 has answered
INSERT INTO person VALUES (1, 'mql', 'web', 'spring', 'smb', '2026-03-01'), (2, 'mql', 'web', NULL, NULL, NULL),
    (3, 'lead', NULL, 'spring', '', '2026-02-01'), (4, 'mql', 'fair', NULL, 'smb', NULL), (5, 'mql', NULL, NULL, NULL, NULL), (6, 'mql', NULL, NULL, NULL, NULL);
SET pg_revops.now = '2026-03-02 10:00+00';
INSERT INTO activity VALUES (1, 2, 'call', '2026-03-02 10:00+00'), (2, 3, 'page_visit', '2026-03-01 12:00+00'),
    (3, 3, 'page_visit', '2026-03-02 08:00+00'), (4, 3, 'page_visit', '2026-03-02 09:00+00'), (5, 6, 'call', '2026-03-02 10:00+00');
DELETE FROM activity WHERE id = 4;
SELECT revops.recycle(revops.lead_id('people', '4'), 'timing', '2026-04-01'), revops.accept(revops.lead_id('people', '5'));
INSERT INTO deal VALUES (1, 5, 100), (2, 5, 200);
UPDATE deal SET person = 2 WHERE id = 1;
UPDATE person SET seg = 'mid' WHERE id = 1;
-- a personal role may be forgotten
SELECT revops.forget(revops.lead_id('people', '3'));
SELECT key, stage, handed_over, running, last_touch_at, source, campaign, segment FROM revops.lead ORDER BY key;
SELECT * FROM revops.verify();

-- each of these, alone, is one row; the lead is named by its key
CREATE FUNCTION found(change text) RETURNS TABLE (key text, field text, stored text, recomputed text) LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE before ON COMMIT DROP AS SELECT l.lead_id, l.key FROM revops.lead l;
    EXECUTE replace(replace(change, 'LEAD', 'UPDATE revops.lead SET'), 'CLOCK', 'UPDATE revops.sla_clock SET');
    RETURN QUERY SELECT b.key, regexp_replace(v.field, 'opportunity [0-9]+', 'opportunity N'),
                        CASE WHEN v.field LIKE '%lead_id' THEN s.key ELSE v.stored END,
                        CASE WHEN v.field LIKE '%lead_id' THEN r.key ELSE v.recomputed END
                 FROM revops.verify(1) v LEFT JOIN before b USING (lead_id)
                 LEFT JOIN before s ON s.lead_id::text = v.stored LEFT JOIN before r ON r.lead_id::text = v.recomputed;
    IF EXISTS (SELECT FROM revops.verify(2)) THEN
        RAISE 'the other workspace';
    END IF;
    DROP TABLE before;
    -- the change goes, the rows stay
    RAISE SQLSTATE 'RV999';
EXCEPTION WHEN SQLSTATE 'RV999' THEN
    NULL;
END
$$;
\t on
\a
SELECT change, found.* FROM unnest(ARRAY[
    $$LEAD source = 'tampered' WHERE key = '1'$$,
    $$LEAD source = NULL WHERE key = '1'$$,
    $$LEAD campaign = 'tampered' WHERE key = '1'$$,
    $$LEAD campaign = 'spring' WHERE key = '3'$$,
    $$LEAD segment = 'smb' WHERE key = '1'$$,
    $$LEAD segment = NULL WHERE key = '3'$$,
    $$LEAD created_at = '2000-01-01' WHERE key = '1'$$,
    $$LEAD last_touch_at = '1999-01-01' WHERE key = '3'$$,
    $$LEAD last_touch_at = NULL WHERE key = '3'$$,
    $$LEAD last_touch_at = '2026-03-02 09:00+00' WHERE key = '3'$$,
    $$LEAD last_touch_at = '2026-03-02 09:00+00' WHERE key = '1'$$,
    $$LEAD handed_over = false WHERE key = '1'$$,
    $$LEAD handed_over = false WHERE key = '6'$$,
    $$LEAD handed_over = true WHERE key = '3'$$,
    $$LEAD handed_over = true WHERE key = '4'$$,
    $$DELETE FROM revops.lead WHERE key = '3'$$,
    $$CLOCK started_at = '1990-01-01' WHERE lead_id = revops.lead_id('people', '1')$$,
    $$CLOCK due_at = '1990-01-01' WHERE lead_id = revops.lead_id('people', '2')$$,
    $$UPDATE revops.opportunity SET lead_id = revops.lead_id('people', '1') WHERE key = '1'$$,
    $$UPDATE revops.opportunity SET lead_id = NULL WHERE key = '2'$$]) AS change
LEFT JOIN LATERAL found(change) ON true;
\a
\t off
SELECT * FROM revops.verify();
