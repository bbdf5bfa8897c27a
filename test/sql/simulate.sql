-- simulate(): a draft tried on history says what it would have done, lead by lead and moment by moment, as
-- a workspace shows in which the same definitions were in force from the start (issue: simulation; B9).
\pset null (null)
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
SET pg_revops.now = '2026-01-01 00:00+00';
SELECT revops.create_workspace('real'), revops.create_workspace('copy');

CREATE TABLE lead1 (id int PRIMARY KEY, country text, size int, email text, created timestamptz);
CREATE TABLE act1 (id int PRIMARY KEY, lead_id int, kind text, at timestamptz);
CREATE TABLE deal1 (id int PRIMARY KEY, lead_id int, won boolean);
CREATE TABLE lead2 (LIKE lead1 INCLUDING ALL);
CREATE TABLE act2 (LIKE act1 INCLUDING ALL);
CREATE TABLE deal2 (LIKE deal1 INCLUDING ALL);

-- what is in force, and what is to be tried: other points, half-life, floors, caps, and a rule that raises for some
CREATE FUNCTION old_rules(v int) RETURNS void LANGUAGE sql AS $$
    UPDATE revops.nurture_track SET back_intent = NULL WHERE agreement_id = v;
    UPDATE revops.score_model SET half_life = '20 days', mql_fit = 40, mql_intent = 30 WHERE agreement_id = v;
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
        (v, 'home', 'fit', 'country = ''US''', 45), (v, 'middle', 'fit', 'company_size between 50 and 500', 30),
        (v, 'free mail', 'negative', 'email ~ ''@gmail[.]''', -30), (v, 'embargo', 'disqualify', 'country = ''XX''', 0)$$;
-- simulate() repeats ways back as they were, by date: what renewed intent would bring back it does not foresee
CREATE FUNCTION new_rules(v int) RETURNS void LANGUAGE sql AS $$
    UPDATE revops.nurture_track SET back_intent = NULL WHERE agreement_id = v;
    UPDATE revops.score_model SET half_life = '9 days', mql_fit = 45, mql_intent = 25, mql_score = 40 WHERE agreement_id = v;
    DELETE FROM revops.score_rule WHERE agreement_id = v AND kind <> 'intent';
    UPDATE revops.score_rule SET points = points * 2 WHERE agreement_id = v AND signal IN ('webinar', 'pricing_visit');
    UPDATE revops.score_rule SET cap = 45, cap_period = 'week' WHERE agreement_id = v AND signal = 'webinar';
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
        (v, 'home', 'fit', 'country = ''US''', 35), (v, 'middle', 'fit', 'company_size between 40 and 800', 35),
        (v, 'raises', 'fit', '100 / (company_size - 7) > 3', 20), (v, 'small', 'disqualify', 'company_size < 3', 0)$$;
SELECT old_rules(a), revops.adopt_agreement(a) FROM revops.draft_agreement(1) AS a;
SELECT new_rules(a), revops.adopt_agreement(a) FROM revops.draft_agreement(2) AS a;
SELECT revops.attach_lead('crm' || n, ('lead' || n)::regclass,
                          '{"country": "country", "company_size": "size", "email": "email", "created_at": "created"}', workspace_id => n),
       revops.attach_touch('act' || n, ('act' || n)::regclass, 'crm' || n, '{"lead": "lead_id", "signal": "kind", "occurred_at": "at"}'),
       revops.attach_opportunity('deal' || n, ('deal' || n)::regclass, 'crm' || n, '{"lead": "lead_id", "won": "won"}')
FROM generate_series(1, 2) n;

-- the same in both workspaces, each event at a moment and in a transaction of its own
CREATE PROCEDURE happen(at timestamptz, statement text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('pg_revops.now', at::text, false);
    FOR n IN 1..2 LOOP
        BEGIN
            EXECUTE replace(statement, '#', n::text);
        EXCEPTION WHEN SQLSTATE 'RV003' OR SQLSTATE 'RV008' THEN
            -- what was refused did not happen, and is no history
            EXIT WHEN n = 1;
        END;
    END LOOP;
    COMMIT;
END $$;
CREATE FUNCTION pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql AS
$$ SELECT choices[1 + floor(random() * array_length(choices, 1))::int] $$;
DO $$
DECLARE
    moment timestamptz := '2026-01-02 08:00+00';
    leads int := 0;
    acts int := 0;
    which int;
    what text;
BEGIN
    PERFORM setseed(0.27);
    FOR i IN 1..2500 LOOP
        moment := moment + random() * interval '80 minutes';
        which := 1 + floor(random() * greatest(leads, 1));
        what := CASE WHEN leads < 20 OR random() < 0.05 THEN 'lead' ELSE
                pick('touch', 'touch', 'touch', 'touch', 'touch', 'touch', 'late', 'back', 'profile', 'accept', 'reject', 'recycle',
                     'due', 'deal') END;
        IF what = 'lead' THEN
            leads := leads + 1;
            CALL happen(moment, format('INSERT INTO lead# VALUES (%s, %L, %s, %L, %L)', leads, pick('US', 'US', 'DE', 'XX'),
                                       pick('1', '7', '45', '100', '600'), pick('a@gmail.com', 'b@firm.example'), moment - interval '1 hour'));
        ELSIF what IN ('touch', 'late') THEN
            acts := acts + 1;
            CALL happen(moment, format('INSERT INTO act# VALUES (%s, %s, %L, %L)', acts, which,
                        pick('webinar', 'pricing_visit', 'email_click', 'page_visit', 'unsubscribe', 'content_download'),
                        moment - CASE what WHEN 'late' THEN random() * interval '6 days' ELSE '0' END));
        ELSIF what = 'back' THEN
            CALL happen(moment, format('DELETE FROM act# WHERE id = %s', 1 + floor(random() * acts)));
        ELSIF what = 'profile' THEN
            CALL happen(moment, format('UPDATE lead# SET size = %s, country = %L WHERE id = %s', pick('2', '45', '100', '600'), pick('US', 'DE'), which));
        ELSIF what = 'accept' THEN
            CALL happen(moment, format('SELECT revops.accept(revops.lead_id(''crm#'', ''%s''))', which));
        ELSIF what = 'reject' AND random() < 0.3 THEN
            CALL happen(moment, format('SELECT revops.reject(revops.lead_id(''crm#'', ''%s''), ''wrong_segment'')', which));
        ELSIF what = 'recycle' THEN
            CALL happen(moment, format('SELECT revops.recycle(revops.lead_id(''crm#'', ''%s''), ''timing'', %L)', which, moment + interval '5 days'));
        ELSIF what = 'due' THEN
            CALL happen(moment, 'SELECT revops.run_due(1000) WHERE # = 1');
        ELSIF what = 'deal' AND random() < 0.3 THEN
            CALL happen(moment, format('INSERT INTO deal# VALUES (%s, %s, %L)', i, which, random() < 0.5));
        END IF;
    END LOOP;
END $$;
SELECT workspace_id, count(*) > 100 AS many, count(DISTINCT stage) > 4 AS in_stages FROM revops.lead GROUP BY 1 ORDER BY 1;
SELECT count(*) AS faults FROM revops.fault WHERE message NOT LIKE '%division%';
SELECT * FROM revops.verify();

-- the draft: what is in force in the other workspace
SELECT revops.draft_agreement(1) AS draft \gset
SELECT new_rules(:draft);
CREATE FUNCTION first_mql(workspace int, since timestamptz, until timestamptz) RETURNS TABLE (key text, at timestamptz) LANGUAGE sql AS $$
    SELECT l.key, min(s.at) FROM revops.stage_change s JOIN revops.lead l USING (lead_id)
    WHERE l.workspace_id = workspace AND s.to_stage = 'mql' AND s.at >= since AND s.at < until GROUP BY 1 $$;

-- every MQL of a workspace is foreseen, at its moment, and nothing else is: what differs is listed
CREATE FUNCTION not_foreseen(tried int, workspace int, since timestamptz, until timestamptz) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (SELECT l.key, r.would_at FROM revops.replayed_leads(tried, since, until) r JOIN revops.lead l USING (lead_id)
                          WHERE r.would_at IS NOT NULL) r
    FULL JOIN first_mql(workspace, since, until) m ON m.key = r.key
    WHERE m.at IS DISTINCT FROM r.would_at $$;
SELECT p.since::date, p.until::date, (SELECT count(*) > 5 FROM first_mql(2, p.since, p.until)) AS some,
       not_foreseen(:draft, 2, p.since, p.until) AS draft_wrong,
       not_foreseen((SELECT agreement_id FROM revops.agreement WHERE workspace_id = 1 AND status = 'active'), 1, p.since, p.until) AS in_force_wrong,
       (SELECT count(*) FROM revops.replayed_leads(:draft, p.since, p.until) r JOIN revops.lead l USING (lead_id)
        FULL JOIN first_mql(1, p.since, p.until) m ON m.key = l.key WHERE r.mql_at IS DISTINCT FROM m.at) AS facts_wrong
FROM (VALUES ('2026-01-01'::timestamptz, '2027-01-01'::timestamptz), ('2026-01-20', '2026-02-10'), ('2026-02-01', '2026-02-08'),
             ('2026-03-01', '2027-01-01')) AS p (since, until);

-- the summary: weeks add up, and to what the facts say
SELECT count(*) > 5 AS weeks,
       sum(mqls) FILTER (WHERE week IS NOT NULL) = max(mqls) FILTER (WHERE week IS NULL) AS mqls,
       sum(mqls_draft) FILTER (WHERE week IS NOT NULL) = max(mqls_draft) FILTER (WHERE week IS NULL) AS draft,
       max(mqls_draft) FILTER (WHERE week IS NULL) = (SELECT count(*) FROM first_mql(2, '2026-01-01', '2027-01-01')) AS as_copy,
       max(in_both + only_draft) FILTER (WHERE week IS NULL) = max(mqls_draft) FILTER (WHERE week IS NULL) AS parts,
       max(precision_accepted) <= 1 AND max(recall_won_draft) <= 1 AS shares
FROM revops.simulate(:draft, '2026-01-01', '2027-01-01');
SELECT (SELECT precision_accepted FROM revops.simulate(:draft, '2026-01-01', '2027-01-01') WHERE week IS NULL) =
       (SELECT round(avg((EXISTS (SELECT FROM revops.stage_change s JOIN revops.lead l USING (lead_id)
                                  WHERE l.workspace_id = 1 AND l.key = m.key AND s.to_stage = 'sql' AND s.at >= m.at))::int), 4)
        FROM first_mql(1, '2026-01-01', '2027-01-01') m) AS precision_as_counted;
-- who changes sides, and why
SELECT count(*) = (SELECT only_before + only_draft FROM revops.simulate(:draft, '2026-01-01', '2027-01-01') WHERE week IS NULL) AS all_told,
       count(*) FILTER (WHERE because = '{}') AS without_reason, count(DISTINCT change) AS kinds
FROM revops.simulate_leads(:draft, '2026-01-01', '2027-01-01');

-- nothing is written: no transaction number was needed
BEGIN READ ONLY;
SELECT mqls_draft > 0 AS in_read_only FROM revops.simulate(:draft, '2026-01-01', '2027-01-01') WHERE week IS NULL;
SELECT count(*) > 0 AS told FROM revops.simulate_leads(:draft, '2026-01-01', '2027-01-01');
SELECT pg_current_xact_id_if_assigned() IS NULL AS nothing_written;
COMMIT;
-- with as little memory as there may be the touches go through files
SET maintenance_work_mem = '1MB';
SELECT count(*) = (SELECT count(*) FROM first_mql(2, '2026-01-01', '2027-01-01')) AS same
FROM revops.replayed_leads(:draft, '2026-01-01', '2027-01-01') WHERE would_at IS NOT NULL;
RESET maintenance_work_mem;

-- who may, and what is refused
SET ROLE revops_marketing;
SELECT count(*) > 0 AS told FROM revops.simulate_leads(:draft, '2026-01-01', '2027-01-01');
SELECT * FROM revops.replayed_leads(:draft, '2026-01-01', '2027-01-01');
RESET ROLE;
\set SHOW_CONTEXT never
SELECT * FROM revops.simulate(4711, '2026-01-01');
SELECT * FROM revops.simulate(NULL, '2026-01-01');
SELECT * FROM revops.simulate(:draft, '2026-01-01', '2026-01-01');
SELECT * FROM revops.simulate(:draft, NULL);
DELETE FROM revops.stage WHERE agreement_id = :draft AND purpose = 'entry';
SELECT * FROM revops.simulate_leads(:draft, '2026-01-01');
