-- K, issue of speed at size: the views of the KPIs read roll-ups, and say what the
-- functions say that go through the facts, at any moment.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET pg_revops.now = '2026-03-02 08:00+00';

CREATE SCHEMA crm;
CREATE TABLE crm.lead (id bigint PRIMARY KEY, email text, source text, campaign text, segment text, created timestamptz);
CREATE TABLE crm.act (id bigint PRIMARY KEY, lead_id bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL);
CREATE TABLE crm.deal (id bigint PRIMARY KEY, lead_id bigint, amount numeric, status text, opened timestamptz, closed timestamptz, product text, reason text);
SELECT revops.create_workspace('main', 'Europe/Berlin', 'EUR') \g /dev/null
INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
INSERT INTO revops.team (team) VALUES ('inside');
INSERT INTO revops.team_member (team_id, rep_id) VALUES (1, 1), (1, 2);
INSERT INTO revops.route (route, position, team_id) VALUES ('all', 1, 1);
SELECT revops.attach_lead('lead', 'crm.lead',
    '{"created_at": "created", "email": "email", "source": "source", "campaign": "campaign", "segment": "segment"}') \g /dev/null
SELECT revops.attach_touch('act', 'crm.act', 'lead', '{"lead": "lead_id", "signal": "kind", "occurred_at": "at"}') \g /dev/null
SELECT revops.attach_opportunity('deal', 'crm.deal', 'lead',
    '{"lead": "lead_id", "amount": "amount", "won": "status = ''won''", "lost": "status = ''lost''", "opened_at": "opened", "closed_at": "closed",
      "product": "product", "reason": "reason"}') \g /dev/null
SELECT revops.draft_agreement() AS draft \gset
UPDATE revops.score_model SET fit_base = 20, mql_fit = 0, mql_intent = 5, mql_score = 5 WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft) \g /dev/null

-- which KPIs say something else by the view than by the function?
CREATE FUNCTION pg_temp.differences() RETURNS TABLE (view text, only_facts bigint, only_view bigint) LANGUAGE plpgsql AS $$
DECLARE
    kpi text;
    grain text;
BEGIN
    FOR kpi IN SELECT k FROM unnest('{entry,funnel,source,segment,stage_conversion,stage_volume,lead_velocity,leakage,stage_time,recycle,acceptance,rejection_reasons,response_time,sla_compliance,pipeline,deals,win_loss,revenue}'::text[]) k LOOP
        FOREACH grain IN ARRAY '{week,month}'::text[] LOOP
            view := format('kpi_%s_%s', kpi, grain);
            EXECUTE format('WITH f AS MATERIALIZED (SELECT * FROM revops.kpi_%1$s(%2$L)), v AS MATERIALIZED (SELECT * FROM revops.%3$s)
                            SELECT (SELECT count(*) FROM (SELECT * FROM f EXCEPT ALL SELECT * FROM v) x),
                                   (SELECT count(*) FROM (SELECT * FROM v EXCEPT ALL SELECT * FROM f) x)', kpi, grain, view)
            INTO only_facts, only_view;
            IF only_facts > 0 OR only_view > 0 THEN
                RETURN NEXT;
            END IF;
        END LOOP;
    END LOOP;
END $$;
CREATE FUNCTION pg_temp.dice(bound int, VARIADIC place int[]) RETURNS int LANGUAGE sql
    RETURN (hashtextextended(place::text, 42) & 9007199254740991) % bound;

-- one thing that happens to a CRM, by number; what is refused has not happened
CREATE PROCEDURE pg_temp.happen(n int) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    who bigint := 1 + pg_temp.dice(40, n, 1);
    what bigint := 1 + pg_temp.dice(25, n, 2);
    moment timestamptz := '2026-01-05 08:00+00'::timestamptz + interval '5 hours' * n;
BEGIN
    PERFORM set_config('pg_revops.now', moment::text, false);
    CASE pg_temp.dice(16, n, 3)
        WHEN 0, 1, 2 THEN
            INSERT INTO crm.lead VALUES (who, 'p' || who || '@example.org', (ARRAY['web', 'fair', NULL])[1 + pg_temp.dice(3, n, 4)],
                                         (ARRAY['spring', NULL])[1 + pg_temp.dice(2, n, 5)], (ARRAY['smb', 'large'])[1 + pg_temp.dice(2, n, 6)], moment)
            ON CONFLICT (id) DO UPDATE SET source = excluded.source, segment = excluded.segment;
        WHEN 3, 4, 5 THEN
            INSERT INTO crm.act VALUES (n, who, (ARRAY['demo_request', 'call', 'email_reply'])[1 + pg_temp.dice(3, n, 7)], moment);
        WHEN 6 THEN PERFORM revops.accept(l.lead_id) FROM revops.lead l WHERE l.key = who::text;
        WHEN 7 THEN PERFORM revops.reject(l.lead_id, r.reason) FROM revops.lead l, revops.reason r WHERE l.key = who::text ORDER BY r.reason LIMIT 1;
        WHEN 8 THEN PERFORM revops.recycle(l.lead_id, r.reason, moment + interval '20 days') FROM revops.lead l, revops.reason r WHERE l.key = who::text AND r.reason = 'timing';
        WHEN 9 THEN DELETE FROM crm.lead WHERE id = who AND pg_temp.dice(3, n, 8) = 0;
        WHEN 10, 11 THEN
            INSERT INTO crm.deal VALUES (what, NULLIF(1 + pg_temp.dice(7, n, 9), 7), n * 1.5, 'open', moment, NULL, 'pro', NULL)
            ON CONFLICT (id) DO UPDATE SET lead_id = excluded.lead_id, amount = NULLIF(excluded.amount, 30);
        WHEN 12 THEN UPDATE crm.deal SET status = 'won', closed = moment WHERE id = what;
        WHEN 13 THEN UPDATE crm.deal SET status = 'lost', closed = moment, reason = 'price' WHERE id = what;
        WHEN 14 THEN DELETE FROM crm.deal WHERE id = what AND pg_temp.dice(2, n, 9) = 0;
        ELSE PERFORM revops.run_due();
    END CASE;
EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE NOT LIKE 'RV%' THEN
        RAISE;
    END IF;
END $$;

-- K, 100 interruptions: rolled up to a random extent at random moments, by batches that cut leads' changes apart
CREATE TEMPORARY TABLE wrong (after int, view text, only_facts bigint, only_view bigint);
DO $$
BEGIN
    FOR n IN 1 .. 600 LOOP
        CALL pg_temp.happen(n);
        IF pg_temp.dice(6, n, 20) = 0 THEN
            PERFORM revops.roll_up(1 + pg_temp.dice(15, n, 21));
        END IF;
        IF n % 6 = 0 THEN
            INSERT INTO wrong SELECT n, d.* FROM pg_temp.differences() d;
        END IF;
    END LOOP;
END $$;
SELECT * FROM wrong ORDER BY after, view LIMIT 20;
SELECT serve, changes_waiting > 0 AS waiting, leads > 20 AS leads, groups > 100 AS groups, because FROM revops.rollup_status;
-- there was something to count in each of them
SELECT view FROM (
    SELECT 'recycle' AS view, count(*) AS n FROM revops.kpi_recycle_month UNION ALL
    SELECT 'rejection_reasons', count(*) FROM revops.kpi_rejection_reasons_month UNION ALL
    SELECT 'response_time', count(*) FROM revops.kpi_response_time_month WHERE answered > 0 UNION ALL
    SELECT 'sla_compliance', count(*) FROM revops.kpi_sla_compliance_month WHERE breached > 0 UNION ALL
    SELECT 'acceptance', count(*) FROM revops.kpi_acceptance_month WHERE accepted > 0 UNION ALL
    SELECT 'win_loss', count(*) FROM revops.kpi_win_loss_month WHERE outcome = 'lost' UNION ALL
    SELECT 'revenue', count(*) FROM revops.kpi_revenue_month WHERE expansion_amount > 0 UNION ALL
    SELECT 'stage_time', count(*) FROM revops.kpi_stage_time_month UNION ALL
    SELECT 'leakage', count(*) FROM revops.kpi_leakage_month) v
WHERE n = 0;

-- a roll-up that is rolled back has not been
BEGIN;
SELECT revops.roll_up(5) > 0 AS rolled;
ROLLBACK;
SELECT * FROM pg_temp.differences();
-- all of it, and nothing is left
DO $$ BEGIN WHILE revops.roll_up(7) > 0 LOOP NULL; END LOOP; END $$;
SELECT changes_waiting FROM revops.rollup_status;
SELECT * FROM pg_temp.differences();
-- time goes on, and nobody looks: what is broken is broken all the same
SET pg_revops.now = '2026-06-20 08:00+00';
SELECT * FROM pg_temp.differences();
SELECT revops.run_due() > 0 AS due;
SELECT * FROM pg_temp.differences();
-- whoever rolls up may have begun before the moves that he sees: they are left for later
SET pg_revops.now = '2026-06-21 08:00+00';
INSERT INTO crm.lead VALUES (90, 'p90@example.org', 'web', NULL, 'smb', '2026-06-21 08:00+00');
INSERT INTO crm.deal VALUES (90, NULL, 900, 'open', '2026-06-21 08:00+00');
SET pg_revops.now = '2026-06-21 09:00+00';
INSERT INTO crm.act VALUES (9000, 90, 'demo_request', '2026-06-21 09:00+00');
UPDATE crm.deal SET lead_id = 90 WHERE id = 90;
SELECT stage, rep IS NOT NULL AS has_rep FROM revops.lead_status WHERE key = '90';
SET pg_revops.now = '2026-06-21 08:30+00';
DO $$ BEGIN WHILE revops.roll_up() > 0 LOOP NULL; END LOOP; END $$;
SELECT changes_waiting FROM revops.rollup_status;
SELECT * FROM pg_temp.differences();
SET pg_revops.now = '2026-06-21 10:00+00';
SELECT * FROM pg_temp.differences();
DO $$ BEGIN WHILE revops.roll_up() > 0 LOOP NULL; END LOOP; END $$;
SELECT changes_waiting FROM revops.rollup_status;
SELECT * FROM pg_temp.differences();

-- what is corrected counts by what it was corrected to
SELECT revops.correct_stage_change(c.lead_id, c.seq, (SELECT max(reason) FROM revops.reason), 'a slip')
FROM revops.stage_change c WHERE c.cause IN ('reject', 'recycle') ORDER BY c.lead_id, c.seq LIMIT 1;
SELECT * FROM pg_temp.differences();
SELECT revops.roll_up() > 0 AS rolled;
SELECT * FROM pg_temp.differences();

-- made anew where all of history counts by something else; the views are right meanwhile
UPDATE revops.workspace SET time_zone = 'Pacific/Auckland';
SELECT serve, because FROM revops.rollup_status;
SELECT * FROM pg_temp.differences();
SELECT revops.roll_up(10) > 0 AS begun;
SELECT * FROM pg_temp.differences();
UPDATE revops.rep SET rep = 'anne' WHERE rep = 'ann';
DO $$ BEGIN WHILE revops.roll_up(7) > 0 LOOP NULL; END LOOP; END $$;
SELECT serve, because FROM revops.rollup_status;
SELECT * FROM pg_temp.differences();

-- facts that were written by other means are found out when they are to be taken out, and healed
UPDATE revops.rollup SET sample_1 = NULL WHERE sample_1 IS NOT NULL;
INSERT INTO revops.unrolled_lead SELECT lead_id FROM revops.lead;
UPDATE crm.lead SET source = 'phone';
UPDATE revops.rolled_lead SET moves = moves - 1 WHERE moves > 1;
SELECT revops.roll_up(10000);
SELECT serve, because FROM revops.rollup_status;
DO $$ BEGIN WHILE revops.roll_up() > 0 LOOP NULL; END LOOP; END $$;
SELECT serve, because FROM revops.rollup_status;
SELECT * FROM pg_temp.differences();

-- arguments, and who may do it
SELECT revops.roll_up(0);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT revops.roll_up();
COMMIT;
SELECT revops.samples_merge('{1,3}', '{2}', '{3,1}'), revops.samples_merge('{1}', NULL, '{1}'), revops.samples_merge(NULL, '{5,4}', NULL);
SELECT revops.samples_merge('{1,3}', NULL, '{2}');
SELECT revops.counts_add('{1,2}', '{3,4}'), revops.counts_add(NULL, '{3,4}'), revops.counts_negated('{1,-2}');
SELECT revops.counts_add('{1,2}', '{3}');
SELECT revops.counts_add('{1,NULL}', '{3,4}');
SELECT bool_and(revops.samples_quantile(a, p) = q) FROM (
    SELECT p, array_agg(v ORDER BY v) AS a, percentile_cont(p) WITHIN GROUP (ORDER BY v) AS q
    FROM generate_series(1, 40) AS n, generate_series(0, 1, 0.05) AS f (p), LATERAL (SELECT hashint4(i) / 7.0::float8 AS v FROM generate_series(n, 2 * n) i) s
    GROUP BY n, p) c;
SELECT revops.samples_quantile('{1}', 1.5);
