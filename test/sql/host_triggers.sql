-- A2: hosts that write their own tables from triggers, suppress rows, and
-- triggers that are put where they do not belong.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET client_min_messages = warning;
SELECT revops.create_workspace('acme');
CREATE SCHEMA host;
CREATE TABLE host.lead (id int PRIMARY KEY, country text, stage text);
CREATE TABLE host.activity (id int PRIMARY KEY, lead_id int, kind text, at timestamptz);
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'home', 'fit', 'country = ''DE''', 60);
SELECT revops.adopt_agreement(:draft) IS NOT NULL AS active;
SELECT revops.attach_lead('leads', 'host.lead', '{"country": "country", "stage": "stage"}') AS leads \gset
SELECT revops.attach_touch('activities', 'host.activity', 'leads', '{"lead": "lead_id", "signal": "kind", "occurred_at": "at"}') AS touches \gset

-- a trigger of the host's changes the row that was just written: the last word counts
CREATE FUNCTION host.complete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE host.lead SET country = 'DE', stage = 'mql' WHERE id = NEW.id AND country IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER complete AFTER INSERT OR UPDATE ON host.lead FOR EACH ROW EXECUTE FUNCTION host.complete();
INSERT INTO host.lead VALUES (1, NULL, 'lead'), (2, 'FR', 'lead');
SELECT key, stage, fit FROM revops.lead_status ORDER BY key;
SELECT l.key, c.seq, c.to_stage, c.violation FROM revops.stage_change c JOIN revops.lead l USING (lead_id) ORDER BY 1, 2;
UPDATE host.lead SET country = NULL, stage = 'lead';
SELECT key, stage, fit FROM revops.lead_status ORDER BY key;
SELECT * FROM revops.verify();

-- and one that deletes it again
CREATE FUNCTION host.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM host.lead WHERE id = NEW.id AND country = 'XX';
    RETURN NULL;
END $$;
CREATE TRIGGER refuse AFTER INSERT ON host.lead FOR EACH ROW EXECUTE FUNCTION host.refuse();
INSERT INTO host.lead VALUES (3, 'XX', 'lead'), (4, 'DE', 'lead');
SELECT key, stage, fit FROM revops.lead_status ORDER BY key;

-- activities that a trigger of the host's rewrites
CREATE FUNCTION host.rename() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE host.activity SET kind = 'demo_request' WHERE id = NEW.id AND kind = 'demo';
    RETURN NULL;
END $$;
CREATE TRIGGER rename AFTER INSERT ON host.activity FOR EACH ROW EXECUTE FUNCTION host.rename();
INSERT INTO host.activity VALUES (1, 1, 'demo', '2026-03-02 09:00+00'), (2, 1, 'page_visit', '2026-03-02 09:00+00');
SELECT key, touches, intent FROM revops.lead_status WHERE key = '1';
SELECT * FROM revops.verify();
SELECT object, message FROM revops.fault;

-- a row that moves to another partition, where a trigger of the host's suppresses it
CREATE TABLE host.person (id int PRIMARY KEY, country text) PARTITION BY RANGE (id);
CREATE TABLE host.person_low PARTITION OF host.person FOR VALUES FROM (0) TO (1000);
CREATE TABLE host.person_high PARTITION OF host.person FOR VALUES FROM (1000) TO (9000);
CREATE FUNCTION host.suppress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN NEW.id <> 1001 THEN NEW END;
END $$;
CREATE TRIGGER suppress BEFORE INSERT ON host.person_high FOR EACH ROW EXECUTE FUNCTION host.suppress();
SELECT revops.attach_lead('persons', 'host.person', '{"country": "country"}') > 0 AS attached;
INSERT INTO host.person VALUES (1, 'FR'), (2, 'AT'), (3, 'CH');
UPDATE host.person SET id = id + 1000;
SELECT id, country FROM host.person ORDER BY id;
SELECT key, country, gone FROM (
    SELECT l.key, p.profile ->> 'country' AS country, l.gone_at IS NOT NULL AS gone
    FROM revops.lead l JOIN revops.binding b USING (binding_id) JOIN revops.profile_change p ON p.change_id = l.profile_id
    WHERE b.binding = 'persons') x ORDER BY gone, key;
SELECT * FROM revops.verify();

-- triggers where they do not belong are refused, and crash nothing
CREATE TABLE host.other (id int PRIMARY KEY, country text, stage text);
\set VERBOSITY default
CREATE TRIGGER wrong AFTER INSERT ON host.other FOR EACH STATEMENT EXECUTE FUNCTION revops.capture_lead(:leads);
INSERT INTO host.other VALUES (1, 'DE', 'customer');
DROP TRIGGER wrong ON host.other;
CREATE TRIGGER wrong AFTER INSERT ON host.lead FOR EACH STATEMENT EXECUTE FUNCTION revops.capture_lead(:leads);
INSERT INTO host.lead VALUES (5, 'DE', 'lead');
DROP TRIGGER wrong ON host.lead;
CREATE TRIGGER wrong AFTER INSERT ON host.lead REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION revops.capture_touch(:leads);
INSERT INTO host.lead VALUES (5, 'DE', 'lead');
DROP TRIGGER wrong ON host.lead;
CREATE TRIGGER wrong AFTER INSERT ON host.lead FOR EACH ROW EXECUTE FUNCTION revops.capture_lead(:leads);
INSERT INTO host.lead VALUES (5, 'DE', 'lead');
DROP TRIGGER wrong ON host.lead;
CREATE TRIGGER wrong AFTER INSERT ON host.lead REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION revops.capture_lead('many');
INSERT INTO host.lead VALUES (5, 'DE', 'lead');
DROP TRIGGER wrong ON host.lead;
INSERT INTO host.lead VALUES (5, 'DE', 'lead');
SELECT key, stage FROM revops.lead_status WHERE key = '5';
