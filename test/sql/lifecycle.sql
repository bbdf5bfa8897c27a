-- The lifecycle: verbs and their refusals, timers, deals, the host's own stage column, history (C2, C3, C4, D2).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET pg_revops.now = '2026-03-02 10:00+00';
SELECT revops.create_workspace('main', 'Europe/Berlin', 'EUR');
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('inbound');
INSERT INTO revops.team_member SELECT team_id, rep_id FROM revops.team, revops.rep WHERE rep = 'ann';
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
DO $$
DECLARE
    v int := revops.draft_agreement();
BEGIN
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (v, 'home', 'fit', 'country = ''US''', 60),
        (v, 'embargo', 'disqualify', 'country = ''XX''', 0);
    PERFORM revops.adopt_agreement(v);
END $$;
CREATE TABLE person (id int PRIMARY KEY, country text, stage text, made timestamptz);
CREATE TABLE deal (id int PRIMARY KEY, person int, state text, amount numeric, currency text, opened timestamptz, closed timestamptz, live boolean DEFAULT true);
SELECT revops.attach_lead('person', 'person', '{"country": "country", "stage": "stage", "created_at": "made"}') > 0 AS attached;
SELECT revops.attach_opportunity('deal', 'deal', 'person', '{"lead": "person", "won": "state = ''won''", "lost": "state = ''lost''",
    "amount": "amount", "currency": "currency", "opened_at": "opened", "closed_at": "closed"}', filter => 'live') > 0 AS attached;
CREATE FUNCTION pg_temp.id(key int) RETURNS bigint LANGUAGE sql AS $$ SELECT revops.lead_id('person', $1::text) $$;
CREATE FUNCTION pg_temp.history(VARIADIC keys int[]) RETURNS TABLE (key text, seq int, from_stage text, to_stage text, cause text, reason text, at timestamptz, spent interval, bad boolean, rep text)
LANGUAGE sql AS $$
    SELECT l.key, s.seq, s.from_stage, s.to_stage, s.cause, s.reason, s.at, s.spent, s.violation, r.rep
    FROM revops.stage_change s JOIN revops.lead l USING (lead_id) LEFT JOIN revops.rep r ON r.rep_id = s.rep_id
    WHERE l.key::int = ANY ($1) ORDER BY l.key::int, s.seq $$;

-- D2: accept, reject, recycle, advance, assign: what they return and leave
INSERT INTO person SELECT n, 'US', 'mql', '2026-03-01 10:00+00' FROM generate_series(1, 6) n;
SET pg_revops.now = '2026-03-02 12:30+00';
SELECT revops.accept(pg_temp.id(1)), revops.reject(pg_temp.id(2), 'no_budget'),
       revops.recycle(pg_temp.id(3), 'timing', '2026-06-01 09:00+02'), revops.advance(pg_temp.id(4), 'sql'),
       revops.advance(pg_temp.id(5), 'nurture', 'no_urgency'), revops.assign(pg_temp.id(6), 'bob', 'wrong_segment');
SELECT * FROM pg_temp.history(1, 2, 3, 4, 5, 6);
SELECT key, stage, team, rep, sla_due_at FROM revops.lead_status ORDER BY key;
SELECT l.key, a.seq, r.rep, f.rep AS from_rep, a.cause, a.reason FROM revops.assignment a JOIN revops.lead l USING (lead_id)
LEFT JOIN revops.rep r ON r.rep_id = a.rep_id LEFT JOIN revops.rep f ON f.rep_id = a.from_rep_id WHERE l.key IN ('1', '6') ORDER BY l.key, a.seq;
SELECT l.key, t.due_at, t.timer, t.seq FROM revops.timer t JOIN revops.lead l USING (lead_id) ORDER BY 1, 2, 3;
SELECT l.key, e.event, e.seq, e.at FROM revops.event e JOIN revops.lead l USING (lead_id) ORDER BY l.key, e.event_id;

-- refusals: each names the object, and nothing is left of it
CREATE TEMP TABLE before AS SELECT (SELECT count(*) FROM revops.stage_change) + (SELECT count(*) FROM revops.assignment)
    + (SELECT count(*) FROM revops.event) + (SELECT count(*) FROM revops.timer) AS n;
SELECT revops.accept(4711);
SELECT revops.accept(NULL);
SELECT revops.reject(4711, 'no_budget');
SELECT revops.reject(pg_temp.id(1), NULL);
SELECT revops.reject(pg_temp.id(1), 'bad_breath');
SELECT revops.reject(NULL, 'no_budget');
SELECT revops.recycle(pg_temp.id(1), NULL, '2026-06-01');
SELECT revops.recycle(pg_temp.id(1), 'timing', NULL);
SELECT revops.recycle(pg_temp.id(1), 'competitor', '2026-06-01');
SELECT revops.recycle(pg_temp.id(1), 'timing', '2026-03-02 12:30+00');
SELECT revops.recycle(pg_temp.id(1), 'timing', 'infinity');
SELECT revops.recycle(NULL, 'timing', '2026-06-01');
SELECT revops.advance(pg_temp.id(1), NULL);
SELECT revops.advance(pg_temp.id(1), 'nirvana');
SELECT revops.advance(pg_temp.id(1), '');
SELECT revops.advance(pg_temp.id(1), 'mql');
SELECT revops.advance(pg_temp.id(1), 'sql');
SELECT revops.advance(pg_temp.id(1), 'nurture');
SELECT revops.advance(pg_temp.id(1), 'nurture', 'bad_breath');
SELECT revops.advance(4711, 'sql');
SELECT revops.assign(pg_temp.id(1), NULL);
SELECT revops.assign(pg_temp.id(1), 'zoe');
SELECT revops.assign(pg_temp.id(1), 'bob', 'timing');
SELECT revops.assign(4711, 'bob');
-- not with sales (any more), accepted twice, out
SELECT revops.accept(pg_temp.id(1));
SELECT revops.accept(pg_temp.id(2));
SELECT revops.reject(pg_temp.id(2), 'no_budget');
SELECT revops.recycle(pg_temp.id(3), 'timing', '2026-06-01');
INSERT INTO person VALUES (7, 'FR', NULL, NULL);
SELECT revops.accept(pg_temp.id(7));
SELECT revops.reject(pg_temp.id(7), 'no_budget');
SELECT revops.recycle(pg_temp.id(7), 'timing', '2026-06-01');
-- gone
DELETE FROM person WHERE id = 7;
SELECT revops.advance(pg_temp.id(7), 'mql');
SELECT revops.assign(pg_temp.id(7), 'bob');
SELECT (SELECT count(*) FROM revops.stage_change) + (SELECT count(*) FROM revops.assignment)
    + (SELECT count(*) FROM revops.event) + (SELECT count(*) FROM revops.timer) - n AS but_entry_of_7 FROM before;

-- C3, G3: a recycled lead comes back at its date, once; a later move voids its date
INSERT INTO person SELECT n, 'FR', 'mql', '2026-03-01 10:00+00' FROM generate_series(11, 14) n;
SELECT revops.recycle(pg_temp.id(n), 'timing', '2026-03-09 08:00+00') FROM generate_series(11, 14) n;
SELECT revops.advance(pg_temp.id(12), 'mql');
SELECT revops.advance(pg_temp.id(13), 'lead');
SELECT revops.advance(pg_temp.id(13), 'nurture');
SELECT revops.advance(pg_temp.id(13), 'nurture', 'timing');
DELETE FROM person WHERE id = 14;
SET pg_revops.now = '2026-03-09 07:59:59.999999+00';
SELECT revops.run_due() AS breaches_told;
SET pg_revops.now = '2026-03-09 08:00+00';
SELECT revops.run_due() AS fired, revops.run_due() AS fired_again;
SELECT l.key, t.due_at FROM revops.timer t JOIN revops.lead l USING (lead_id) WHERE t.timer = 'recycle_due';
SELECT * FROM pg_temp.history(11, 12, 13, 14) WHERE seq > 1;
-- a date that passed long ago fires once too, at the moment of the run
SET pg_revops.now = '2026-09-01 00:00+00';
SELECT revops.run_due() AS fired, revops.run_due() AS fired_again;
SELECT * FROM pg_temp.history(3) WHERE seq > 2;

-- deals: opened, won, lost, reopened, deleted; forward only; without an MQL before
SET pg_revops.now = '2026-10-01 10:00+00';
INSERT INTO revops.exchange_rate (currency, valid_from, rate) VALUES ('USD', '2026-09-01', 0.9), ('USD', '2026-10-01', 0.8);
INSERT INTO person SELECT n, 'FR', NULL, '2026-09-01 10:00+00' FROM generate_series(21, 29) n;
INSERT INTO deal (id, person, state, amount, currency, opened, closed) VALUES
    (1, 21, 'open', 100, 'EUR', '2026-09-10 10:00+00', NULL), (2, 22, 'open', 100, 'USD', '2026-09-30 21:59:59+00', NULL),
    (3, 23, 'won', 100, 'USD', '2026-09-10 10:00+00', '2026-09-30 22:00+00'), (4, 24, 'lost', 100, 'GBP', '2026-09-10 10:00+00', '2026-09-20 10:00+00'),
    (5, 25, 'open', NULL, 'USD', NULL, NULL), (6, 26, 'won', 100, NULL, NULL, NULL), (7, NULL, 'open', 1, 'EUR', NULL, NULL), (8, 999, 'open', 1, 'EUR', NULL, NULL);
CREATE VIEW deals AS SELECT o.key, l.key AS lead, o.status, o.amount, o.currency, o.base_amount, o.opened_at, o.closed_at
FROM revops.opportunity o LEFT JOIN revops.lead l USING (lead_id) ORDER BY o.key::int;
TABLE deals;
SELECT key, stage FROM revops.lead_status WHERE key::int BETWEEN 21 AND 29 ORDER BY key;
SELECT * FROM pg_temp.history(21, 23, 24) WHERE seq > 1;
SELECT object, message, occurrences FROM revops.fault;
-- edits: won, reopened, won again; a rate of another day; what does not concern us writes nothing
SET pg_revops.now = '2026-10-02 10:00+00';
UPDATE deal SET state = 'won' WHERE id IN (1, 2, 5);
UPDATE deal SET state = 'open' WHERE id = 1;
UPDATE deal SET state = 'won', closed = '2026-10-02 09:00+00' WHERE id = 1;
UPDATE deal SET state = 'lost' WHERE id = 6;
SET pg_revops.now = '2026-10-03 10:00+00';
UPDATE deal SET amount = amount;
-- what the host does not say when: the first time that we saw it stays
UPDATE deal SET amount = 250 WHERE id = 5;
TABLE deals;
SELECT o.key, array_agg(c.status || ' ' || coalesce(c.base_amount::text, '-') ORDER BY c.change_id) AS changes
FROM revops.opportunity_change c JOIN revops.opportunity o USING (opportunity_id) GROUP BY o.key ORDER BY o.key::int;
SELECT * FROM pg_temp.history(21, 22, 25, 26) WHERE seq > 1;
-- a deal that gets its lead later, or another one, carries that one along
UPDATE deal SET person = 27 WHERE id IN (7, 8);
UPDATE deal SET person = 28, state = 'won' WHERE id = 8;
-- its key changes; it is deleted, and leaves the filter
UPDATE deal SET id = 107 WHERE id = 7;
DELETE FROM deal WHERE id = 2;
UPDATE deal SET live = false WHERE id = 3;
UPDATE deal SET amount = 1000 WHERE id = 3;
SELECT key, lead, status, amount FROM deals;
SELECT key, stage FROM revops.lead_status WHERE key::int BETWEEN 21 AND 29 ORDER BY key;
SELECT o.key, array_agg(c.status ORDER BY c.change_id) AS changes
FROM revops.opportunity_change c JOIN revops.opportunity o USING (opportunity_id) WHERE o.key IN ('2', '3', '7', '107') GROUP BY o.key ORDER BY o.key::int;
UPDATE deal SET live = true WHERE id = 3;
INSERT INTO deal (id, person, state, amount, currency) VALUES (2, 22, 'open', 5, 'EUR');
SELECT key, lead, status, amount FROM deals WHERE key IN ('2', '3');
-- a recycled and a disqualified lead whose deal opens after all; an evangelist stays one
INSERT INTO person VALUES (31, 'FR', 'nurture', NULL), (32, 'FR', 'disqualified', NULL), (33, 'FR', 'evangelist', NULL), (34, 'FR', 'customer', NULL);
INSERT INTO deal (id, person, state) VALUES (31, 31, 'open'), (32, 32, 'won'), (33, 33, 'won'), (34, 34, 'open');
SELECT key, stage FROM revops.lead_status WHERE key IN ('31', '32', '33', '34') ORDER BY key;
BEGIN;
TRUNCATE deal;
SELECT DISTINCT status FROM deals;
ROLLBACK;
SELECT * FROM revops.verify();

-- C4: history is append-only, also for its owner; time spent adds up
UPDATE revops.stage_change SET reason = 'timing';
DELETE FROM revops.stage_change;
SELECT count(*) AS wrong FROM (
    SELECT s.at - lag(s.at) OVER w AS real, s.spent, s.from_stage, lag(s.to_stage) OVER w AS before, s.seq, lag(s.seq) OVER w AS last, s.cause
    FROM revops.stage_change s WINDOW w AS (PARTITION BY s.lead_id ORDER BY s.seq)) h
WHERE CASE WHEN cause = 'entry' THEN spent IS NOT NULL OR seq <> 1 OR from_stage IS NOT NULL
           ELSE spent <> real OR spent < '0' OR from_stage <> before OR seq <> last + 1 END;

-- A4, C2: the host's own stage column: record writes the violation down
SET pg_revops.now = '2026-11-02 10:00+00';
DELETE FROM revops.fault;
INSERT INTO person SELECT n, 'FR', 'lead', '2026-11-01 10:00+00' FROM generate_series(41, 46) n;
UPDATE person SET stage = 'mql' WHERE id = 41;
UPDATE person SET stage = 'customer' WHERE id = 42;
UPDATE person SET stage = 'nirvana' WHERE id = 43;
UPDATE person SET stage = NULL WHERE id = 44;
UPDATE person SET stage = '' WHERE id = 45;
UPDATE person SET country = 'XX' WHERE id = 46;
SELECT * FROM pg_temp.history(41, 42, 43, 44, 45, 46) WHERE seq > 1;
SELECT object, message FROM revops.fault;
-- the engine's move is not undone by an edit of another column, nor by a reload of the row
SELECT revops.accept(pg_temp.id(41));
UPDATE person SET country = 'DE' WHERE id = 41;
BEGIN;
CREATE TEMP TABLE row41 AS SELECT * FROM person WHERE id = 41;
DELETE FROM person WHERE id = 41;
INSERT INTO person SELECT * FROM row41;
COMMIT;
SELECT key, stage FROM revops.lead_status WHERE key = '41';

-- strict refuses it, and the whole statement with it
CREATE TABLE guarded (id int PRIMARY KEY, stage text, note text);
SELECT revops.attach_lead('guarded', 'guarded', '{"stage": "stage", "reason": "note"}', on_violation => 'strict') > 0 AS attached;
INSERT INTO guarded VALUES (1, 'lead'), (2, 'mql'), (3, 'lead'), (4, 'customer');
UPDATE guarded SET stage = CASE id WHEN 1 THEN 'mql' ELSE 'customer' END WHERE id < 4;
SELECT id, g.stage, s.stage AS ours FROM guarded g JOIN revops.lead_status s ON s.binding = 'guarded' AND s.key = g.id::text ORDER BY id;
UPDATE guarded SET stage = 'mql', note = 'legal' WHERE id = 1;
UPDATE guarded SET stage = 'nirvana' WHERE id = 3;
UPDATE guarded SET stage = 'disqualified' WHERE id = 2;
UPDATE guarded SET stage = 'disqualified', note = 'competitor' WHERE id = 2;
SELECT id, g.stage, s.stage AS ours FROM guarded g JOIN revops.lead_status s ON s.binding = 'guarded' AND s.key = g.id::text ORDER BY id;
SELECT count(*) AS violations FROM revops.stage_change s JOIN revops.lead USING (lead_id) JOIN revops.binding b USING (binding_id) WHERE b.binding = 'guarded' AND violation;
DO $$
BEGIN
    UPDATE guarded SET stage = 'evangelist' WHERE id = 1;
EXCEPTION WHEN SQLSTATE 'RV003' THEN
    RAISE NOTICE '%: %', SQLSTATE, SQLERRM;
END $$;
-- in REPEATABLE READ the change waits: nobody is there to be refused when it is folded, so it is written down
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE guarded SET stage = 'evangelist' WHERE id = 1;
COMMIT;
CALL revops.settle();
SELECT l.key, s.from_stage, s.to_stage, s.cause, s.violation FROM revops.stage_change s JOIN revops.lead l USING (lead_id) JOIN revops.binding b USING (binding_id)
WHERE b.binding = 'guarded' AND s.seq > 1 ORDER BY l.key, s.seq;
SELECT object, message FROM revops.fault ORDER BY 1, 2;
SELECT * FROM revops.verify();
