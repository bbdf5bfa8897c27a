-- One workload in both modes: random histories of leads, touches and deals, each
-- run on an inline and on a queued set of tables; what pg_revops comes to know
-- must be the same, row by row, whenever the queued entries are settled.
SET pg_revops.now = '2026-03-02 09:00+00';
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;

CREATE PROCEDURE make_side(side text, mode text) LANGUAGE plpgsql AS $$
DECLARE
    ws int := revops.create_workspace(side, 'UTC', 'EUR');
    v int := revops.draft_agreement(ws);
BEGIN
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
        (v, 'home', 'fit', 'country = ''US''', 40), (v, 'big', 'fit', 'company_size > 100', 30),
        (v, 'student', 'negative', 'email LIKE ''%.edu''', -50);
    UPDATE revops.score_model SET half_life = '10 days' WHERE agreement_id = v;
    PERFORM revops.adopt_agreement(v);
    INSERT INTO revops.rep (workspace_id, rep) VALUES (ws, 'ann'), (ws, 'bob'), (ws, 'eve');
    INSERT INTO revops.team (workspace_id, team) VALUES (ws, 'one'), (ws, 'two');
    -- one member each: what is rolled back costs an inline team a turn, a queued one none
    INSERT INTO revops.team_member (team_id, rep_id) SELECT team_id, rep_id FROM revops.team t JOIN revops.rep r USING (workspace_id)
        WHERE t.workspace_id = ws AND rep = CASE team WHEN 'one' THEN 'ann' ELSE 'bob' END;
    INSERT INTO revops.route (workspace_id, route, position, condition, team_id)
        SELECT ws, team, CASE team WHEN 'one' THEN 1 ELSE 2 END, CASE team WHEN 'one' THEN 'country = ''US''' END, team_id
        FROM revops.team WHERE workspace_id = ws;
    EXECUTE format('CREATE SCHEMA %I', side);
    EXECUTE format('CREATE TABLE %I.lead (id text PRIMARY KEY, stage text, owner text, country text, size int, source text, email text, note text, is_lead boolean DEFAULT true)', side);
    EXECUTE format('CREATE TABLE %I.act (id text PRIMARY KEY, lead text, kind text, at timestamptz)', side);
    EXECUTE format('CREATE TABLE %I.deal (id text PRIMARY KEY, lead text, won boolean, lost boolean, amount numeric)', side);
    PERFORM revops.attach_lead(side || '_lead', format('%I.lead', side)::regclass,
        '{"stage": "stage", "owner": "owner", "country": "country", "company_size": "size", "source": "source", "email": "email"}',
        filter => 'is_lead', workspace_id => ws, mode => mode);
    PERFORM revops.attach_touch(side || '_act', format('%I.act', side)::regclass, side || '_lead',
        '{"lead": "lead", "signal": "kind", "occurred_at": "at"}');
    PERFORM revops.attach_opportunity(side || '_deal', format('%I.deal', side)::regclass, side || '_lead',
        '{"lead": "lead", "won": "won", "lost": "lost", "amount": "amount"}');
END
$$;
CALL make_side('inl', 'inline');
CALL make_side('que', 'queued');

-- ----- what is compared: all but surrogate numbers ---------------------------

CREATE FUNCTION rep(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT rep FROM revops.rep WHERE rep_id = $1';
CREATE FUNCTION team(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT team FROM revops.team WHERE team_id = $1';
CREATE FUNCTION named(b int) RETURNS text LANGUAGE sql STABLE AS 'SELECT split_part(binding, ''_'', 2) FROM revops.binding WHERE binding_id = b';

CREATE FUNCTION known(side text) RETURNS TABLE (kind text, key text, fact text) LANGUAGE sql STABLE AS $$
    WITH l AS (SELECT l.* FROM revops.lead l JOIN revops.binding b USING (binding_id) WHERE b.binding = side || '_lead'),
    -- names of leads that stepped aside end with their number
    k AS (SELECT lead_id, regexp_replace(key, '\\\d+$', '\') AS key FROM l)
    SELECT 'lead', k.key, (to_jsonb(l) - '{lead_id,workspace_id,binding_id,agreement_id,profile_id,key,team_id,rep_id,intent_pos,intent_neg}'::text[]
            || jsonb_build_object('team', team(team_id), 'rep', rep(rep_id), 'pos', round(intent_pos::numeric, 6),
                                  'neg', round(nullif(intent_neg, '-Infinity')::numeric, 6)))::text
        FROM (SELECT l.lead_id, l.workspace_id, l.binding_id, l.agreement_id, l.created_at, l.settled_at, l.stage_since, l.gone_at, l.last_touch_at,
                     l.assigned_at, l.profile_id, nullif(l.intent_pos, '-Infinity') AS intent_pos, l.intent_neg, l.team_id, l.rep_id, l.moves, l.assignments,
                     l.clocks, l.touches, l.running, l.fit, l.disqualified, l.handed_over, l.stage, l.key, l.source, l.campaign, l.segment FROM l) l
        JOIN k USING (lead_id)
    UNION ALL SELECT 'identity', k.key, i.personal::text FROM revops.lead_identity i JOIN k USING (lead_id)
    UNION ALL SELECT 'touch', k.key, concat_ws(' ', occurred_at, recorded_at, sign, source_key, s.signal)
        FROM revops.touch t JOIN k USING (lead_id) LEFT JOIN revops.signal s USING (signal_id)
    -- not a profile that its transaction replaced, when neither of them came with a move, nor is the lead's first;
    -- nor one that says the same as the one before those
    UNION ALL SELECT 'profile', p.key, concat_ws(' ', p.at, p.profile) FROM (
        SELECT key, at, profile, row_number() OVER w AS n, profile = lag(profile) OVER w AS same FROM (
            SELECT k.key, k.lead_id, p.at, p.profile, p.change_id, lead(p.at) OVER w = p.at
                     AND lead((p.profile ->> 'stage', p.profile ->> 'owner')) OVER w IS NOT DISTINCT FROM (p.profile ->> 'stage', p.profile ->> 'owner')
                     AND lag((p.profile ->> 'stage', p.profile ->> 'owner')) OVER w IS NOT DISTINCT FROM (p.profile ->> 'stage', p.profile ->> 'owner')
                     AS passing
            FROM revops.profile_change p JOIN k USING (lead_id) WINDOW w AS (PARTITION BY lead_id ORDER BY change_id)) p
        WHERE NOT coalesce(passing, false) WINDOW w AS (PARTITION BY lead_id ORDER BY change_id)) p
    WHERE NOT coalesce(same, false)
    UNION ALL SELECT 'move', k.key, (to_jsonb(m) - '{lead_id,workspace_id,agreement_id,team_id,rep_id}'::text[]
            || jsonb_build_object('team', team(team_id), 'rep', rep(rep_id)))::text
        FROM revops.stage_change m JOIN k USING (lead_id)
    UNION ALL SELECT 'assignment', k.key, concat_ws(' ', a.seq, at, team(team_id), rep(rep_id), team(from_team_id), rep(from_rep_id), cause, reason, actor, source)
        FROM revops.assignment a JOIN k USING (lead_id)
    UNION ALL SELECT 'clock', k.key, concat_ws(' ', seq, team(team_id), rep(rep_id), started_at, due_at, stopped_at, breached_at, outcome, source)
        FROM revops.sla_clock c JOIN k USING (lead_id)
    UNION ALL SELECT 'event', k.key, concat_ws(' ', e.seq, e.at, event) FROM revops.event e JOIN k USING (lead_id)
    UNION ALL SELECT 'deal', o.key, concat_ws(' ', k.key, opened_at, closed_at, status, amount, currency)
        FROM revops.opportunity o JOIN revops.binding b USING (binding_id) LEFT JOIN k USING (lead_id) WHERE b.binding = side || '_deal'
    UNION ALL SELECT 'deal change', o.key, concat_ws(' ', k.key, row_number() OVER (PARTITION BY opportunity_id ORDER BY change_id), c.at, c.status, c.amount)
        FROM revops.opportunity_change c JOIN revops.opportunity o USING (opportunity_id) JOIN revops.binding b USING (binding_id)
        LEFT JOIN k ON k.lead_id = c.lead_id WHERE b.binding = side || '_deal'
    $$;
CREATE VIEW difference AS
    (SELECT 'inline' AS only_in, * FROM known('inl') EXCEPT ALL SELECT 'inline', * FROM known('que'))
    UNION ALL (SELECT 'queued', * FROM known('que') EXCEPT ALL SELECT 'queued', * FROM known('inl'));

-- ----- histories ---------------------------------------------------------------

CREATE FUNCTION pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS
    'SELECT choices[1 + floor(random() * cardinality(choices))::int]';

-- a statement on leads or deals of history h, with %I for the schema
CREATE FUNCTION lead_statement(h int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    k text := format('h%s-%s', h, 1 + floor(random() * 4)::int);
    other text := format('h%s-%s', h, 1 + floor(random() * 4)::int);
    d text := format('d%s-%s', h, 1 + floor(random() * 3)::int);
BEGIN
    CASE floor(random() * 14)::int
    WHEN 0, 1 THEN RETURN format('INSERT INTO %%I.lead SELECT x, %L, NULL, %L, %s, ''web'', %L FROM unnest(%L::text[]) AS x ON CONFLICT DO NOTHING',
        pick('lead', 'mql', NULL, 'subscriber'), pick('US', 'FR'), pick('10', '200'), pick('a@b.com', 'c@d.edu'), ARRAY[k, other]);
    WHEN 2, 3, 4 THEN RETURN format('UPDATE %%I.lead SET stage = %L WHERE id = %L', pick('lead', 'mql', 'sql', 'nurture', 'disqualified', 'nonsense', NULL), k);
    WHEN 5 THEN RETURN format('UPDATE %%I.lead SET owner = %L WHERE id = %L', pick('ann', 'bob', 'eve', NULL, 'nobody'), k);
    WHEN 6 THEN RETURN format('UPDATE %%I.lead SET country = %L, size = %s WHERE id IN (%L, %L)', pick('US', 'FR'), pick('10', '200'), k, other);
    WHEN 7 THEN RETURN format('UPDATE %%I.lead SET source = %L, email = %L WHERE id = %L', pick('web', 'ads'), pick('a@b.com', 'x@y.com'), k);
    WHEN 8 THEN RETURN format('DELETE FROM %%I.lead WHERE id = %L', k);
    WHEN 9 THEN RETURN format('UPDATE %%I.lead SET id = %L WHERE id = %L AND NOT EXISTS (SELECT FROM %%1$I.lead WHERE id = %L)', other, k, other);
    WHEN 10 THEN RETURN format('UPDATE %%I.lead SET is_lead = NOT is_lead, note = %L WHERE id = %L', pick('x', 'y'), k);
    WHEN 11 THEN RETURN format('INSERT INTO %%I.deal VALUES (%L, %L, %s, false, %s) ON CONFLICT (id) DO UPDATE SET won = excluded.won, lead = excluded.lead',
        d, k, pick('true', 'false', 'false'), pick('10', '20'));
    WHEN 12 THEN RETURN format('UPDATE %%I.deal SET lost = %s, amount = %s WHERE id = %L', pick('true', 'false'), pick('5', '10'), d);
    ELSE RETURN format('DELETE FROM %%I.deal WHERE id = %L', d);
    END CASE;
END
$$;
CREATE FUNCTION touch_statement(h int, now timestamptz) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    k text := format('h%s-%s', h, 1 + floor(random() * 4)::int);
    a text := format('t%s-%s', h, 1 + floor(random() * 6)::int);
BEGIN
    CASE floor(random() * 5)::int
    WHEN 0, 1, 2 THEN RETURN format('INSERT INTO %%I.act VALUES (%L, %L, %L, %L) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, lead = excluded.lead',
        a, k, pick('demo_request', 'page_visit', 'email_reply', 'call', 'trial_start', 'unknown'),
        pick(NULL, now::text, (now - interval '3 days')::text));
    WHEN 3 THEN RETURN format('UPDATE %%I.act SET kind = %L, lead = %L WHERE id = %L', pick('demo_request', 'webinar'), k, a);
    ELSE RETURN format('DELETE FROM %%I.act WHERE id = %L', a);
    END CASE;
END
$$;

CREATE PROCEDURE run_on_both(statement text, undone boolean) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(statement, 'inl');
    EXECUTE format(statement, 'que');
    IF undone THEN
        RAISE SQLSTATE 'TT001';
    END IF;
EXCEPTION WHEN SQLSTATE 'TT001' THEN
    NULL;
END
$$;

CREATE PROCEDURE run_history(h int) LANGUAGE plpgsql AS $$
DECLARE
    now timestamptz := '2026-03-02 09:00+00';
BEGIN
    PERFORM setseed(h / 1000.0);
    FOR step IN 1 .. 15 LOOP
        now := now + random() * interval '2 days';
        PERFORM set_config('pg_revops.now', now::text, false);
        FOR i IN 1 .. floor(random() * 4)::int LOOP
            CALL run_on_both(lead_statement(h), random() < 0.15);
        END LOOP;
        IF random() < 0.6 THEN
            CALL run_on_both(touch_statement(h, now), random() < 0.1);
        END IF;
        IF random() < 0.1 THEN
            ROLLBACK;
        ELSE
            COMMIT;
        END IF;
        IF random() < 0.3 THEN
            PERFORM set_config('pg_revops.now', (now + random() * interval '3 days')::text, false);
            CALL revops.settle(1 + floor(random() * 20)::int);
        END IF;
    END LOOP;
END
$$;
DO $$
BEGIN
    FOR h IN 201 .. 420 LOOP
        CALL run_history(h);
    END LOOP;
END
$$;
SET pg_revops.now = '2026-06-01';
CALL revops.settle();
SELECT count(*) AS unsettled FROM revops.inbox_entry WHERE lead_key IS NULL;
SELECT kind, count(*) > 100 AS many FROM known('inl') GROUP BY kind ORDER BY kind;
SELECT kind, only_in, count(*) FROM difference GROUP BY 1, 2 ORDER BY 1, 2;
SELECT object, message, detail FROM revops.fault WHERE object = 'inbox' OR message LIKE '%wait in the inbox%';
SELECT v.* FROM revops.workspace w, revops.verify(workspace_id) v;
