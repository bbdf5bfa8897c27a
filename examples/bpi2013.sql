-- A service desk's incidents (BPI Challenge 2013, Volvo IT): a lifecycle of one's
-- own, real moves forth and back between its stages, and what the facts say of
-- them.  Run by examples/bpi2013.sh in an empty database; the log comes as CSV
-- on stdin, "mode" says how it is taken in.

CREATE EXTENSION pg_revops;
SET TimeZone = 'UTC';
SET pg_revops.now = '2010-03-31 00:00+00';
SELECT :'mode' = 'history' AS history, :'mode' = 'strict' AS strict,
       CASE :'mode' WHEN 'queued' THEN 'queued' ELSE 'inline' END AS binding_mode,
       CASE :'mode' WHEN 'strict' THEN 'strict' ELSE 'record' END AS on_violation \gset

-- What the desk has: one row a case, kept up to date, and a log of what was done.
CREATE SCHEMA vinst;
CREATE TABLE vinst.incident
(
    number        text PRIMARY KEY,
    status        text NOT NULL,
    sub_status    text NOT NULL,
    support_group text NOT NULL,
    handler       text NOT NULL,
    country       text,
    organization  text,
    impact        text NOT NULL,
    product       text NOT NULL,
    opened_at     timestamptz NOT NULL
);
CREATE TABLE vinst.incident_log
(
    id         bigint PRIMARY KEY,
    number     text NOT NULL REFERENCES vinst.incident,
    status     text NOT NULL,
    sub_status text NOT NULL,
    at         timestamptz NOT NULL
);

-- The tape to play.  No case has two events in one second.
CREATE UNLOGGED TABLE vinst.tape
(
    id bigint, place int, number text, status text, sub_status text, support_group text, handler text,
    impact text, product text, country text, organization text, at timestamptz
);
\copy vinst.tape FROM pstdin WITH (FORMAT csv)
\if :strict
-- A sample: the cases that began before April 2012.
DELETE FROM vinst.tape t
WHERE NOT EXISTS (SELECT FROM vinst.tape f WHERE f.number = t.number AND f.place = 1 AND f.at < '2012-04-01 00:00+00');
\endif
CREATE INDEX ON vinst.tape (at);
ANALYZE vinst.tape;

-- Groups and people are rows, too.
SELECT revops.create_workspace('service desk', 'UTC', 'EUR', bare => true) AS desk \gset
INSERT INTO revops.team (workspace_id, team)
SELECT DISTINCT :desk, support_group FROM vinst.tape ORDER BY 2;
INSERT INTO revops.rep (workspace_id, rep)
SELECT DISTINCT :desk, handler FROM vinst.tape ORDER BY 2;
INSERT INTO revops.signal (workspace_id, signal, direction)
SELECT DISTINCT :desk, status || '/' || sub_status, 'outbound' FROM vinst.tape ORDER BY 2;

-- The lifecycle, in the log's own vocabulary.  Who waits has stopped working, so
-- a wait stands before the work; what it waits for is its reason.
SELECT agreement_id AS draft FROM revops.agreement WHERE workspace_id = :desk AND status = 'draft' \gset
INSERT INTO revops.score_model (agreement_id) VALUES (:draft);
INSERT INTO revops.reason (workspace_id, reason, label, applies_to) VALUES
    (:desk, 'user',           'the user has to answer',      '{advance}'),
    (:desk, 'customer',       'the customer has to answer',  '{advance}'),
    (:desk, 'vendor',         'a vendor has to deliver',     '{advance}'),
    (:desk, 'implementation', 'the change has to be made',   '{advance}'),
    (:desk, 'other',          'something else has to happen', '{advance}'),
    (:desk, 'wrong_group',    'another group has to do it',  '{advance}'),
    (:desk, 'not_solved',     'the solution does not help',  '{advance}'),
    (:desk, 'withdrawn',      'the user does not want it',   '{reject,advance}');
INSERT INTO revops.stage (agreement_id, stage, position, purpose, owner_team) VALUES
    (:draft, 'Queued/Awaiting Assignment',     10, 'entry', 'marketing'),
    (:draft, 'Unmatched/Unmatched',            20, NULL, 'marketing'),
    (:draft, 'Accepted/Assigned',              30, NULL, 'sales'),
    (:draft, 'Accepted/Wait',                  40, NULL, 'sales'),
    (:draft, 'Accepted/Wait - User',           41, NULL, 'sales'),
    (:draft, 'Accepted/Wait - Customer',       42, NULL, 'sales'),
    (:draft, 'Accepted/Wait - Vendor',         43, NULL, 'sales'),
    (:draft, 'Accepted/Wait - Implementation', 44, NULL, 'sales'),
    (:draft, 'Accepted/In Progress',           50, NULL, 'sales'),
    (:draft, 'Completed/In Call',              60, NULL, 'sales'),
    (:draft, 'Completed/Resolved',             61, NULL, 'sales'),
    (:draft, 'Completed/Closed',               70, 'won', 'sales'),
    (:draft, 'Completed/Cancelled',            80, 'disqualified', 'sales');
-- Open cases go anywhere but to the archive, and back only for a reason; what was
-- completed is closed, or comes back for a reason; what is closed stays closed.
INSERT INTO revops.transition (agreement_id, from_stage, to_stage, needs_reason, reasons)
SELECT :draft, f.stage, t.stage, t.position < f.position OR t.purpose IS NOT DISTINCT FROM 'disqualified',
       CASE WHEN t.purpose = 'disqualified' THEN '{withdrawn}'::text[]
            WHEN f.position >= 60 THEN '{not_solved}'
            WHEN t.stage LIKE '%/Wait%' THEN '{user,customer,vendor,implementation,other}'
            WHEN t.position < f.position THEN '{wrong_group}' END
FROM revops.stage f JOIN revops.stage t USING (agreement_id)
WHERE agreement_id = :draft AND f.stage <> t.stage
  AND (f.position < 60 AND t.position <> 70
       OR f.position IN (60, 61) AND (t.position < 60 OR t.position = 70));

-- Play the tape: ordinary INSERTs and UPDATEs, second by second, the engine's
-- clock set to each; the log is loaded at the end of the month.
CREATE PROCEDURE vinst.play()
LANGUAGE plpgsql AS $$
DECLARE
    here record;
    month date := '-infinity';
BEGIN
    FOR here IN SELECT at, place = 1 AS is_new FROM vinst.tape GROUP BY 1, 2 ORDER BY 1, 2 LOOP
        IF here.at >= month + interval '1 month' THEN
            CALL vinst.load_log(month, here.at);
            month := date_trunc('month', here.at);
            COMMIT;
        END IF;
        PERFORM set_config('pg_revops.now', here.at::text, false);
        IF here.is_new THEN
            INSERT INTO vinst.incident
            SELECT number, status, sub_status, support_group, handler, country, organization, impact, product, at
            FROM vinst.tape WHERE at = here.at AND place = 1;
        ELSE
            UPDATE vinst.incident i
            SET status = t.status, sub_status = t.sub_status, support_group = t.support_group, handler = t.handler,
                country = t.country, organization = t.organization
            FROM vinst.tape t WHERE t.at = here.at AND t.place > 1 AND t.number = i.number;
        END IF;
    END LOOP;
    CALL vinst.load_log(month, 'infinity');
END
$$;
-- Where moves are refused: event by event, and what was refused is noted.
CREATE TABLE vinst.refused
(
    number     text NOT NULL,
    from_stage text NOT NULL,
    to_stage   text NOT NULL,
    sqlstate   text NOT NULL,
    message    text NOT NULL
);
CREATE PROCEDURE vinst.play_strictly()
LANGUAGE plpgsql AS $$
DECLARE
    e vinst.tape;
BEGIN
    FOR e IN SELECT * FROM vinst.tape ORDER BY at, id LOOP
        PERFORM set_config('pg_revops.now', e.at::text, false);
        BEGIN
            IF e.place = 1 THEN
                INSERT INTO vinst.incident
                VALUES (e.number, e.status, e.sub_status, e.support_group, e.handler, e.country, e.organization,
                        e.impact, e.product, e.at);
            ELSE
                UPDATE vinst.incident
                SET status = e.status, sub_status = e.sub_status, support_group = e.support_group, handler = e.handler,
                    country = e.country, organization = e.organization
                WHERE number = e.number;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO vinst.refused
            SELECT e.number, i.status || '/' || i.sub_status, e.status || '/' || e.sub_status, sqlstate, sqlerrm
            FROM vinst.incident i WHERE i.number = e.number;
        END;
    END LOOP;
END
$$;
CREATE PROCEDURE vinst.load_log(since timestamptz, until timestamptz)
LANGUAGE sql AS $$
INSERT INTO vinst.incident_log
SELECT id, number, status, sub_status, at FROM vinst.tape WHERE at >= since AND at < until ORDER BY at, id
$$;

\if :history
-- The desk has worked for two years before it hears of us.
INSERT INTO vinst.incident
SELECT l.number, l.status, l.sub_status, l.support_group, l.handler, l.country, l.organization, f.impact, f.product, f.at
FROM (SELECT DISTINCT ON (number) * FROM vinst.tape ORDER BY number, place DESC) l
JOIN vinst.tape f ON f.number = l.number AND f.place = 1;
CALL vinst.load_log('-infinity', 'infinity');
SET pg_revops.now = '2012-06-01 00:00+00';
\endif

-- Stage, group and handler are what the desk's own columns say.  A case that
-- waits says what for; nobody writes down why a case is sent back.
SELECT revops.attach_lead('incidents', 'vinst.incident', $roles${
    "created_at": "opened_at",
    "stage": "status || '/' || sub_status",
    "reason": "CASE sub_status WHEN 'Wait' THEN 'other' WHEN 'Wait - User' THEN 'user' WHEN 'Wait - Customer' THEN 'customer' WHEN 'Wait - Vendor' THEN 'vendor' WHEN 'Wait - Implementation' THEN 'implementation' END",
    "team": "support_group",
    "owner": "handler",
    "source": "product",
    "segment": "impact",
    "country": "country",
    "organization": "organization"
}$roles$, mode => :'binding_mode', on_violation => :'on_violation', workspace_id => :desk) IS NOT NULL AS attached \gset
SELECT revops.attach_touch('incident log', 'vinst.incident_log', 'incidents', $roles${
    "lead": "number",
    "signal": "status || '/' || sub_status",
    "occurred_at": "at"
}$roles$) IS NOT NULL AS attached \gset
-- A promise that the desk's own row asks for and keeps: a case is completed within
-- three days, and as long as the user has to answer no time counts.
INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, condition, kept_when, pauses_when, target) VALUES
    (:draft, 'completed within three days', 10, 'criteria', $$stage NOT LIKE 'Completed/%'$$, $$stage LIKE 'Completed/%'$$,
     $$stage = 'Accepted/Wait - User'$$, '72 hours');
SELECT revops.adopt_agreement(:draft) AS activated \gset

\if :history
CALL revops.adopt_history('incidents', 'vinst.incident_log', $roles${
    "lead": "number",
    "stage": "status || '/' || sub_status",
    "at": "at",
    "reason": "CASE sub_status WHEN 'Wait' THEN 'other' WHEN 'Wait - User' THEN 'user' WHEN 'Wait - Customer' THEN 'customer' WHEN 'Wait - Vendor' THEN 'vendor' WHEN 'Wait - Implementation' THEN 'implementation' END"
}$roles$);
CALL revops.backfill('incidents');
CALL revops.backfill('incident log');
\elif :strict
CALL vinst.play_strictly();
CALL vinst.load_log('-infinity', 'infinity');
\else
\timing on
CALL vinst.play();
CALL revops.settle();
\timing off
\endif
-- autovacuum does this by itself within a minute; we do not wait for it
ANALYZE;
\ir bpi2013_figures.sql
