-- A3: score, grade, stage, owner and due time are written into the host's own rows.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
SELECT revops.create_workspace('acme');
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
    (:draft, 'home', 'fit', 'country = ''DE''', 60), (:draft, 'big', 'fit', 'company_size > 100', 20);
UPDATE revops.sla_policy SET target = '2 hours' WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS active;
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('all');
INSERT INTO revops.team_member (team_id, rep_id) SELECT team_id, rep_id FROM revops.team, revops.rep;
INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;

-- a CRM with an enum for its stages, narrow and typed columns, and rules of its own
CREATE SCHEMA host;
CREATE TYPE host.status AS ENUM ('Open', 'Working', 'MQL', 'Accepted', 'Customer', 'Parked', 'Out', 'On hold');
CREATE TABLE host."user" (login varchar(10) PRIMARY KEY);
INSERT INTO host."user" VALUES ('ann'), ('bob');
CREATE PROCEDURE make_host(name text, mode text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE host.%I (id int PRIMARY KEY, country text, size int, status host.status,'
                   ' owner varchar(10) REFERENCES host."user" DEFERRABLE INITIALLY %s, "Score" smallint, grade char(2),'
                   ' due timestamp, version int NOT NULL DEFAULT 1, modified timestamptz)', name, CASE mode WHEN 'queued' THEN 'DEFERRED' ELSE 'IMMEDIATE' END);
    EXECUTE format('CREATE TABLE host.%I (id int PRIMARY KEY, lead int, kind text, at timestamptz)', name || '_act');
    PERFORM revops.attach_lead(name, format('host.%I', name)::regclass,
        '{"country": "country", "company_size": "size", "stage": "status", "owner": "owner"}', mode => mode, zone => 'Europe/Berlin',
        stage_map => '{"Open": "lead", "Working": "lead", "MQL": "mql", "Accepted": "sql", "Customer": "customer", "Parked": "nurture", "Out": "disqualified", "On hold": null}',
        write_back => '{"score": "Score", "grade": "grade", "stage": "status", "owner": "owner", "sla_due": "due", "stage_words": {"lead": "Open"}}',
        bump => '{"version": "version + 1", "modified": "''2026-03-02 12:00+00''::timestamptz"}');
    PERFORM revops.attach_touch(name || '_act', format('host.%I', name || '_act')::regclass, name,
        '{"lead": "lead", "signal": "kind", "occurred_at": "at"}');
END $$;
CALL make_host('inl', 'inline');
CALL make_host('que', 'queued');
SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE tgfoid = 'revops.fill_row'::regproc;
CREATE FUNCTION went(which text) RETURNS TABLE (key text, stage text, word text, rep text, moves text, given text, n bigint) LANGUAGE sql AS $$
    SELECT l.key, l.stage, p.profile ->> 'stage', (SELECT rep FROM revops.rep r WHERE r.rep_id = l.rep_id),
        (SELECT string_agg(c.to_stage || '/' || c.cause || CASE WHEN c.violation THEN '!' ELSE '' END, ' ' ORDER BY c.seq)
         FROM revops.stage_change c WHERE c.lead_id = l.lead_id),
        (SELECT string_agg(a.cause, ' ' ORDER BY a.seq) FROM revops.assignment a WHERE a.lead_id = l.lead_id),
        (SELECT count(*) FROM revops.profile_change c WHERE c.lead_id = l.lead_id)
    FROM revops.lead l JOIN revops.binding b USING (binding_id) JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
    WHERE b.binding = which ORDER BY l.key $$;

-- ----- inline: in the row that is written, so that RETURNING shows it ----------------
INSERT INTO host.inl (id, country, size, status) VALUES (1, 'DE', 500, NULL), (2, 'FR', 5, 'Working'), (3, 'DE', 5, 'On hold')
    RETURNING id, status, owner, "Score", grade, due, version;
SELECT * FROM went('inl');
-- a change of the row is scored in it; a synonym of the lead's stage stays
UPDATE host.inl SET country = 'DE' WHERE id = 2 RETURNING id, status, "Score", grade, version;
-- what the application writes into our columns does not last
UPDATE host.inl SET "Score" = 99, grade = 'A1' WHERE id = 2 RETURNING id, "Score", grade;

-- touches move leads: their rows are written in a transaction of their own, with the host's version
INSERT INTO host.inl_act VALUES (1, 1, 'demo_request', '2026-03-02 09:00+00'), (2, 3, 'demo_request', '2026-03-02 09:00+00');
SELECT id, status, owner, "Score", grade, due, version, modified FROM host.inl ORDER BY id;
SELECT count(*) AS due FROM revops.write_back_due;
CALL revops.settle();
SELECT id, status, owner, "Score", grade, due, version, modified FROM host.inl ORDER BY id;
SELECT count(*) AS due FROM revops.write_back_due;
-- ours, not the host's: no move, no assignment by it; the profile has what the row has
SELECT * FROM went('inl');
-- nothing is written where nothing changed
CALL revops.settle();
SELECT revops.run_due();
SELECT sum(version) FROM host.inl;

-- verbs and what is due
SELECT revops.accept(revops.lead_id('inl', '1'));
SELECT revops.run_due();
SELECT id, status, owner, "Score", grade, due, version FROM host.inl WHERE id = 1;
INSERT INTO host.inl_act VALUES (3, 1, 'call', '2026-03-02 09:00+00');
CALL revops.settle();
SELECT id, status, owner, due, version FROM host.inl WHERE id = 1;
-- the host moves on from what we wrote: that is a move of its own
UPDATE host.inl SET status = 'Parked' WHERE id = 1;
UPDATE host.inl SET owner = 'ann' WHERE id = 3;
SELECT * FROM went('inl');
-- an ORM that saves the same values again says nothing new
UPDATE host.inl SET status = status, owner = owner, country = country;
SELECT * FROM went('inl');

-- foresight: one who moves by what the statement itself says, and who gets it is not known before
SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.score_model SET mql_intent = 0 WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS active;
INSERT INTO host.inl (id, country, size) VALUES (10, 'DE', 500), (11, 'FR', 1) RETURNING id, status, owner, "Score", due, version;
SELECT id, status, owner IS NOT NULL AS owned, "Score", due, version FROM host.inl WHERE id >= 10 ORDER BY id;
CALL revops.settle();
SELECT id, status, owner IS NOT NULL AS owned, "Score", due, version FROM host.inl WHERE id >= 10 ORDER BY id;
SELECT key, stage, word, rep IS NOT NULL AS owned, moves, given FROM went('inl') WHERE key IN ('10', '11');
UPDATE host.inl SET country = 'DE' WHERE id = 11 RETURNING id, status, version;
SELECT key, stage, word, moves, given FROM went('inl') WHERE key = '11';

-- in all forms of writing
INSERT INTO host.inl (id, country) VALUES (11, 'XX'), (12, 'AT') ON CONFLICT (id) DO NOTHING RETURNING id, status, "Score";
INSERT INTO host.inl (id, country) VALUES (11, 'FR'), (12, 'FR') ON CONFLICT (id) DO UPDATE SET country = excluded.country RETURNING id, status, "Score";
MERGE INTO host.inl h USING (VALUES (12, 'DE'), (13, 'FR')) AS n (id, country) ON h.id = n.id
    WHEN MATCHED THEN UPDATE SET country = n.country WHEN NOT MATCHED THEN INSERT (id, country) VALUES (n.id, n.country);
COPY host.inl (id, country, size) FROM stdin;
20	DE	500
21	FR	1
\.
SELECT id, country, status, "Score", grade FROM host.inl WHERE id > 10 ORDER BY id;
-- deleted and inserted in one transaction: the same lead, in its stage
BEGIN;
DELETE FROM host.inl WHERE id = 1;
INSERT INTO host.inl (id, country, size) VALUES (1, 'DE', 500) RETURNING id, status, "Score";
COMMIT;
SELECT key, stage, word, moves FROM went('inl') WHERE key = '1';
BEGIN;
INSERT INTO host.inl (id, country) VALUES (30, 'DE') RETURNING id, "Score";
ROLLBACK;
SELECT count(*) FROM host.inl h JOIN revops.lead_status l ON l.key = h.id::text AND l.binding = 'inl'
    WHERE h."Score" <> l.score OR h.grade <> l.grade OR h.status::text NOT IN ('Working', 'On hold') AND
        (SELECT stage_map ->> h.status::text FROM revops.binding WHERE binding = 'inl') <> l.stage;

-- ----- queued: the statement only appends; the row is written when it was read --------
INSERT INTO host.que (id, country, size, status) VALUES (1, 'FR', 500, NULL), (2, 'FR', 5, 'Working')
    RETURNING id, status, owner, "Score", grade, due, version;
CALL revops.settle();
SELECT id, status, owner, "Score", grade, due, version, modified FROM host.que ORDER BY id;
-- our own write waits in the inbox, and says nothing of stage and owner
SELECT key, what, roles ->> 'stage' AS stage FROM revops.inbox_entry;
CALL revops.settle();
SELECT * FROM went('que');
UPDATE host.que SET country = 'DE' WHERE id = 1;
CALL revops.settle();
CALL revops.settle();
SELECT id, status, owner IS NOT NULL AS owned, "Score", grade, due, version FROM host.que ORDER BY id;
SELECT key, stage, word, moves, given, n FROM went('que');
-- what the host has said and nobody has read yet is not written over
SELECT revops.accept(revops.lead_id('que', '1'));
UPDATE host.que SET status = 'Parked' WHERE id = 1;
SELECT revops.write_back_batch(0, 100) IS NOT NULL AS tried;
SELECT id, status, version FROM host.que WHERE id = 1;
CALL revops.settle();
CALL revops.settle();
SELECT id, status, version FROM host.que WHERE id = 1;
SELECT key, stage, word, moves FROM went('que') WHERE key = '1';
SELECT count(*) AS due FROM revops.write_back_due;
SELECT count(*) AS unread FROM revops.inbox_entry;
CALL revops.settle();
SELECT sum(version) FROM host.que;
SELECT object, message FROM revops.fault;
SELECT * FROM revops.verify();

-- ----- the host's rules ------------------------------------------------------------------
-- a trigger that suppresses the write, one that makes something else of it, one that fails
CREATE FUNCTION host.rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."Score" IS NOT DISTINCT FROM OLD."Score" OR NEW.country = 'free' THEN
        RETURN NEW;
    ELSIF OLD.country = 'none' THEN
        RETURN NULL;
    ELSIF OLD.country = 'fail' THEN
        RAISE EXCEPTION 'no';
    ELSIF OLD.country = 'busy' THEN
        RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = 'try again';
    END IF;
    NEW."Score" := -1;
    RETURN NEW;
END $$;
INSERT INTO host.que (id, country) VALUES (40, 'none'), (41, 'fail'), (42, 'mend'), (43, 'busy');
CALL revops.settle();
CALL revops.settle();
CREATE TRIGGER rule BEFORE UPDATE ON host.que FOR EACH ROW EXECUTE FUNCTION host.rule();
INSERT INTO host.que_act SELECT n, n, 'demo_request', '2026-03-02 09:00+00' FROM generate_series(40, 43) n;
CALL revops.settle();
SELECT id, country, "Score", version FROM host.que WHERE id >= 40 ORDER BY id;
SELECT object, sqlstate, message, key FROM revops.fault ORDER BY key;
SELECT binding, severity, problem, n, since FROM revops.binding_health WHERE problem LIKE 'write%';
SELECT l.key, d.tries, d.at - timestamptz '2026-03-02 09:00+00' AS again FROM revops.write_back_due d JOIN revops.lead l USING (lead_id) ORDER BY 1;
-- never for ever
SELECT count(*) FROM (SELECT revops.write_back_batch(0, 100) FROM generate_series(1, 12)) t;
SELECT l.key, d.tries > 10 AS often FROM revops.write_back_due d JOIN revops.lead l USING (lead_id) ORDER BY 1;
SELECT count(*), max(detail) FROM revops.fault WHERE key = '41' AND detail LIKE '%dozen%';
DROP TRIGGER rule ON host.que;
TRUNCATE revops.fault;
-- a word that the column's type does not have
SELECT revops.advance(revops.lead_id('que', '2'), 'mql');
SELECT revops.advance(revops.lead_id('que', '2'), 'sql');
SELECT revops.advance(revops.lead_id('que', '2'), 'opportunity');
CALL revops.settle();
SELECT id, status FROM host.que WHERE id = 2;
SELECT object, sqlstate, message FROM revops.fault;
-- a row that is not there any more, a table that lost a column
DELETE FROM host.que WHERE id = 2;
ALTER TABLE host.inl RENAME COLUMN due TO due_at;
SELECT revops.recycle(revops.lead_id('inl', '20'), 'timing', '2026-05-01');
CALL revops.settle();
UPDATE host.inl SET country = 'FR' WHERE id = 20 RETURNING status, "Score";
SELECT object, sqlstate, message FROM revops.fault;
ALTER TABLE host.inl RENAME COLUMN due_at TO due;
CALL revops.settle();
SELECT status, "Score" FROM host.inl WHERE id = 20;

-- ----- whose rights, policies, replicas ----------------------------------------------------
SET pg_revops.now = '2026-03-02 11:00+00';
TRUNCATE revops.fault;
CREATE ROLE regress_crm_owner;
GRANT revops_admin TO regress_crm_owner;
CREATE TABLE host.forced (id int PRIMARY KEY, org int, score int, stage text);
GRANT USAGE, CREATE ON SCHEMA host TO regress_crm_owner;
ALTER TABLE host.forced OWNER TO regress_crm_owner;
SET ROLE regress_crm_owner;
SELECT revops.attach_lead('forced', 'host.forced', '{"stage": "stage"}', write_back => '{"score": "score", "stage": "stage"}') AS forced \gset
ALTER TABLE host.forced ENABLE ROW LEVEL SECURITY;
ALTER TABLE host.forced FORCE ROW LEVEL SECURITY;
CREATE POLICY org ON host.forced USING (org = current_setting('app.org', true)::int) WITH CHECK (true);
RESET ROLE;
INSERT INTO host.forced VALUES (1, 7);
SELECT * FROM host.forced;
SELECT revops.record_touch(revops.lead_id('forced', '1'), 'demo_request');
SELECT revops.write_back_batch(0, 100) IS NOT NULL AS tried;
SELECT object, sqlstate, message, detail FROM revops.fault;
SET app.org = '7';
SELECT revops.write_back_batch(0, 100) IS NOT NULL AS tried;
SELECT * FROM host.forced;
-- not where rows are replayed, nor where they would be locked for long
SELECT revops.record_touch(revops.lead_id('forced', '1'), 'demo_request');
SET session_replication_role = replica;
SELECT revops.write_back_batch(0, 100);
RESET session_replication_role;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT revops.write_back_batch(0, 100);
ROLLBACK;
BEGIN;
SELECT revops.run_due();
COMMIT;
SELECT count(*) AS due FROM revops.write_back_due;
-- what waits is seen
SET pg_revops.now = '2026-03-02 11:02+00';
SELECT binding, severity, problem, n, since FROM revops.binding_health WHERE problem LIKE 'write%';
SELECT write_back_lag FROM revops.worker;
SELECT revops.run_due();
SELECT count(*) AS due FROM revops.write_back_due;
SELECT write_back_lag FROM revops.worker;
SELECT * FROM host.forced;
RESET app.org;
DROP POLICY org ON host.forced;

-- ----- refused -------------------------------------------------------------------------------
CREATE TABLE host.plain (id int PRIMARY KEY, country text, score int, twice int GENERATED ALWAYS AS (score * 2) STORED, stage text, version int);
CREATE PROCEDURE refused(write_back jsonb, bump jsonb DEFAULT NULL, roles jsonb DEFAULT '{"country": "country", "stage": "stage"}',
                         stage_map jsonb DEFAULT NULL, mode text DEFAULT 'inline', replicated boolean DEFAULT false, filter text DEFAULT NULL)
    LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text;
BEGIN
    PERFORM revops.attach_lead('refused', 'host.plain', roles, mode => mode, filter => filter, replicated => replicated,
                               stage_map => stage_map, write_back => write_back, bump => bump);
    RAISE WARNING 'taken';
    PERFORM revops.detach('refused');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE WARNING '%: % | % | %', SQLSTATE, message, detail, hint;
END $$;
CALL refused('{"points": "score"}');
CALL refused('{}');
CALL refused('["score"]');
CALL refused('{"score": "Score"}');
CALL refused('{"score": "twice"}');
CALL refused('{"score": "id"}');
CALL refused('{"score": "country"}');
CALL refused('{"score": "score", "grade": "score"}');
CALL refused('{"score": "score"}', filter => 'score IS NULL');
CALL refused('{"owner": "stage"}');
CALL refused('{"stage": "stage"}', roles => '{"stage": "(SELECT status FROM host.inl WHERE id = plain.stage::int)"}');
CALL refused('{"stage": "stage"}', stage_map => '{"a": "lead", "b": "lead"}');
CALL refused('{"stage": "stage", "stage_words": {"lead": "c"}}', stage_map => '{"a": "lead", "b": "lead"}');
CALL refused('{"stage": "stage", "stage_words": {"lead": "b"}}', stage_map => '{"a": "lead", "b": "lead"}');
CALL refused('{"score": "score"}', bump => '{"version": "versio + 1"}');
CALL refused('{"score": "score"}', bump => '{"score": "1"}');
CALL refused(NULL, bump => '{"version": "version + 1"}');
CALL refused('{"score": "score"}', mode => 'queued', replicated => true);
GRANT SELECT, TRIGGER, UPDATE (country) ON host.plain TO regress_crm_owner;
GRANT EXECUTE ON PROCEDURE refused(jsonb, jsonb, jsonb, jsonb, text, boolean, text) TO regress_crm_owner;
SET ROLE regress_crm_owner;
CALL refused('{"score": "score"}');
RESET ROLE;
-- what is written back stays as it is while attached; a role cannot be mapped to it later
SELECT revops.attach_lead('plain', 'host.plain', '{"country": "country"}', write_back => '{"score": "score"}') AS plain \gset
UPDATE revops.binding SET write_back = NULL WHERE binding_id = :plain;
INSERT INTO revops.binding_role (binding_id, role, expression, role_type) VALUES (:plain, 'company_size', 'score + 1', 'text');

-- ----- partitions, also those whose columns stand in another order ----------------------------
CREATE TABLE host.part (id int, region text, stage text, score int, version int DEFAULT 1, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE host.part_de PARTITION OF host.part FOR VALUES IN ('DE');
CREATE TABLE host.part_fr (version int DEFAULT 1, gone text, score int, stage text, region text NOT NULL, id int NOT NULL, PRIMARY KEY (id, region));
ALTER TABLE host.part_fr DROP COLUMN gone;
ALTER TABLE host.part ATTACH PARTITION host.part_fr FOR VALUES IN ('FR');
CREATE TABLE host.part_que (LIKE host.part INCLUDING ALL) PARTITION BY LIST (region);
CREATE TABLE host.part_que_fr (version int DEFAULT 1, score int, stage text, region text NOT NULL, id int NOT NULL, PRIMARY KEY (id, region));
ALTER TABLE host.part_que ATTACH PARTITION host.part_que_fr FOR VALUES IN ('FR');
SELECT revops.attach_lead('part', 'host.part', '{"country": "region", "stage": "stage"}', write_back => '{"score": "score", "stage": "stage"}', bump => '{"version": "version + 1"}') AS part \gset
SELECT revops.attach_lead('part_que', 'host.part_que', '{"country": "region", "stage": "stage"}', mode => 'queued', write_back => '{"score": "score", "stage": "stage"}', bump => '{"version": "version + 1"}') AS part_que \gset
-- by the parent and by the partition's own name; what was not foreseen is written at the end of the statement
INSERT INTO host.part (id, region) VALUES (1, 'DE'), (2, 'FR');
INSERT INTO host.part_fr (id, region) VALUES (3, 'FR');
INSERT INTO host.part_que (id, region) VALUES (1, 'FR');
UPDATE host.part SET region = 'FR' WHERE id = 1;
SELECT tableoid::regclass, id, region, stage, score FROM host.part ORDER BY id;
SELECT revops.record_touch(revops.lead_id('part', '2|FR'), 'demo_request');
CALL revops.settle();
CALL revops.settle();
SELECT tableoid::regclass, id, region, stage, score, version FROM host.part ORDER BY id;
SELECT tableoid::regclass, id, region, stage, score, version FROM host.part_que ORDER BY id;
SELECT p.id, l.stage, l.score FROM host.part p JOIN revops.lead_status l ON l.binding = 'part' AND l.key = p.id || '|' || p.region
WHERE (p.stage, p.score) IS DISTINCT FROM (l.stage, l.score);
SELECT object, message FROM revops.fault WHERE binding_id IN (:part, :part_que);
SELECT revops.detach('part');
SELECT revops.detach('part_que');

-- ----- no transaction holds many of the host's rows --------------------------------------------
SET client_min_messages = error;
INSERT INTO host.que (id, country) SELECT n, 'FR' FROM generate_series(1001, 1120) n;
SELECT revops.read_inbox(0, 1000) IS NOT NULL AS read;
SELECT count(*) AS due FROM revops.write_back_due;
BEGIN;
SELECT revops.write_back_batch(0, 1000) IS NOT NULL AS written;
SELECT count(*) AS due FROM revops.write_back_due;
COMMIT;
CALL revops.settle();
SELECT count(*) AS due FROM revops.write_back_due;
SELECT count(*), min("Score"), max(version) FROM host.que WHERE id > 1000;
SET client_min_messages = warning;

-- ----- what the host's rules set is worked out as it was checked: who may create an operator
-- ----- beside the table does not have it run as the binding's owner
CREATE ROLE regress_crm_guest;
CREATE SCHEMA shared;
GRANT USAGE, CREATE ON SCHEMA shared TO regress_crm_guest;
CREATE TYPE shared.sync AS ENUM ('done', 'open');
CREATE TABLE shared.lead (id int PRIMARY KEY, score int, version numeric DEFAULT 1, synced shared.sync, seen timestamp);
SELECT revops.attach_lead('shared', 'shared.lead', '{}', write_back => '{"score": "score"}', zone => 'Europe/Berlin',
    bump => '{"version": "lead.version + 1", "synced": "''done''", "seen": "''2026-03-02 12:00+00''::timestamptz"}') AS shared \gset
SET ROLE regress_crm_guest;
CREATE TABLE shared.loot (who name);
GRANT ALL ON shared.loot TO PUBLIC;
CREATE FUNCTION shared.steal(numeric, int) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO shared.loot VALUES (current_user);
    RETURN 1000;
END $$;
CREATE OPERATOR shared.+ (LEFTARG = numeric, RIGHTARG = int, FUNCTION = shared.steal);
RESET ROLE;
INSERT INTO shared.lead (id) VALUES (1);
SELECT revops.record_touch(revops.lead_id('shared', '1'), 'demo_request');
CALL revops.settle();
SELECT * FROM shared.lead;
SELECT * FROM shared.loot;
SELECT object, message FROM revops.fault WHERE binding_id = :shared;
SELECT revops.detach('shared');
DROP SCHEMA shared CASCADE;
DROP ROLE regress_crm_guest;

-- ----- detached: the table is as it was, its values stay ---------------------------------------
INSERT INTO host.plain (id, country) VALUES (1, 'DE');
SELECT revops.detach('plain');
SELECT revops.detach('forced');
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('host.plain'::regclass, 'host.forced'::regclass) AND NOT tgisinternal;
SELECT * FROM host.plain;
INSERT INTO host.plain (id, country) VALUES (2, 'DE') RETURNING score;
-- a trigger where it does not belong
CREATE TRIGGER wrong AFTER INSERT ON host.plain FOR EACH ROW EXECUTE FUNCTION revops.fill_row(1);
INSERT INTO host.plain (id) VALUES (3);
DROP SCHEMA host CASCADE;
DROP OWNED BY regress_crm_owner;
DROP ROLE regress_crm_owner;
