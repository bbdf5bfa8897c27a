-- K: the KPIs of the funnel and of deals against a naive reference that walks
-- through every lead, move by move, on histories made by hashing.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET session_replication_role = replica;
SET pg_revops.now = '2026-04-20 12:00+00';
-- written by hand, not by the engine: the views are to go through the facts
SELECT revops.discard_rollups() \g /dev/null

INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency)
VALUES (1, 'berlin', 'Europe/Berlin', 'EUR'), (2, 'newfoundland', 'America/St_Johns', 'CAD');
INSERT INTO revops.agreement (agreement_id, workspace_id, version, status)
VALUES (1, 1, 1, 'retired'), (2, 1, 2, 'active'), (3, 2, 1, 'active');
-- the version before had no opportunity
INSERT INTO revops.stage (agreement_id, stage, position, purpose)
SELECT a, s, CASE a WHEN 1 THEN p ELSE 10 * p END, u
FROM generate_series(1, 3) AS a,
     (VALUES ('lead', 1, 'entry'), ('mql', 2, 'qualified'), ('trial', 3, NULL), ('sql', 4, 'accepted'), ('opportunity', 5, 'opportunity'),
             ('customer', 6, 'won'), ('fan', 7, NULL), ('nurture', 8, 'nurture'), ('disqualified', 9, 'disqualified')) AS v (s, p, u)
WHERE NOT (a = 1 AND s = 'opportunity');
INSERT INTO revops.team (team_id, workspace_id, team) VALUES (1, 1, 'inside'), (2, 1, 'field'), (3, 2, 'inside'), (4, 2, 'field');
INSERT INTO revops.rep (rep_id, workspace_id, rep) SELECT n, 1 + n % 2, 'rep' || n FROM generate_series(1, 6) AS n;
CREATE FUNCTION pg_temp.dice(bound int, VARIADIC place int[]) RETURNS int LANGUAGE sql
    RETURN (hashtextextended(place::text, 815) & 9007199254740991) % bound;

INSERT INTO revops.stage_change (lead_id, seq, workspace_id, agreement_id, at, recorded_at, lead_created_at, spent, team_id, rep_id,
                                 fit, intent, score, violation, from_stage, to_stage, cause, reason, actor, source, campaign, segment)
SELECT i, seq, ws, agreement, at, at, created, at - lag(at) OVER w, NULLIF(ws * 2 - 1 + pg_temp.dice(3, i, seq, 1), ws * 2 + 1),
       NULLIF(pg_temp.dice(7, i, seq, 2), 0), 0, 0, 0, false, lag(stage) OVER w, stage, 'host',
       (ARRAY['timing', 'no_budget', NULL])[1 + pg_temp.dice(3, i, seq, 4)], 'engine',
       (ARRAY['web', 'fair', NULL])[1 + pg_temp.dice(3, i, 0, 5)], (ARRAY['spring', NULL])[1 + pg_temp.dice(2, i, 0, 6)], (ARRAY['smb', 'large'])[1 + pg_temp.dice(2, i, 0, 7)]
FROM (SELECT i, seq, 1 + i % 2 AS ws, CASE WHEN i % 2 = 1 THEN 3 WHEN seq > pg_temp.dice(8, i, 0, 8) THEN 2 ELSE 1 END AS agreement,
             '2025-12-20 00:00+00'::timestamptz + interval '1 second' * pg_temp.dice(9500000, i, 0, 9) AS created,
             '2025-12-20 00:00+00'::timestamptz
                 + interval '1 second' * (pg_temp.dice(9500000, i, 0, 9)
                                          + sum(CASE WHEN seq = 1 OR pg_temp.dice(20, i, seq, 10) = 0 THEN 0
                                                     WHEN seq = 2 AND i % 50 = 0 THEN -pg_temp.dice(100000, i, seq, 11)
                                                     ELSE pg_temp.dice(900000, i, seq, 11) END) OVER (PARTITION BY i ORDER BY seq)) AS at
      FROM generate_series(1, 2500) AS i, generate_series(1, 8) AS seq
      WHERE seq <= 1 + pg_temp.dice(8, i, 0, 12)) AS m,
     LATERAL (SELECT CASE WHEN seq = 1 AND i % 10 > 0 THEN 'lead'
                          ELSE ('{lead,mql,mql,sql,sql,customer,nurture,nurture,disqualified,trial,fan,opportunity,unheard}'::text[])
                               [CASE WHEN i % 100 = 0 AND pg_temp.dice(9, i, seq, 14) = 0 THEN 13
                                     ELSE 1 + pg_temp.dice(CASE WHEN agreement = 1 THEN 11 ELSE 12 END, i, seq, 13) END] END AS stage) AS s
WINDOW w AS (PARTITION BY i ORDER BY seq);
INSERT INTO revops.opportunity (opportunity_id, workspace_id, binding_id, lead_id, opened_at, closed_at, status, amount, currency, base_amount, key,
                                owner, product, nature, reason, competitor)
SELECT i, 1 + l % 2, 1, NULLIF(l, 0), opened, CASE WHEN s IN ('won', 'lost') THEN opened + interval '1 hour' * pg_temp.dice(1500, i, 0, 33) END, s, i, 'EUR',
       CASE WHEN pg_temp.dice(5, i, 0, 32) > 0 THEN i * 1.01 END, i::text, (ARRAY['ann', NULL, NULL])[1 + pg_temp.dice(3, i, 0, 34)],
       (ARRAY['basic', 'pro'])[1 + pg_temp.dice(2, i, 0, 35)], (ARRAY['New', 'renewal', 'odd', NULL, NULL, NULL])[1 + pg_temp.dice(6, i, 0, 36)],
       (ARRAY['price', NULL])[1 + pg_temp.dice(2, i, 0, 37)], (ARRAY['acme', NULL])[1 + pg_temp.dice(2, i, 0, 38)]
FROM (SELECT i, pg_temp.dice(1500, i, 0, 30) AS l, (ARRAY['open', 'won', 'won', 'lost', 'gone'])[1 + pg_temp.dice(5, i, 0, 31)] AS s,
             '2026-01-01 00:00+00'::timestamptz + interval '1 hour' * pg_temp.dice(1500, i, 0, 39) AS opened
      FROM generate_series(1, 3000) AS i) AS d;
ANALYZE;

-- ----- the reference --------------------------------------------------------
CREATE FUNCTION pg_temp.period(grain text, at timestamptz, workspace int) RETURNS date LANGUAGE plpgsql AS $$
DECLARE
    day date := (at AT TIME ZONE CASE workspace WHEN 1 THEN 'Europe/Berlin' ELSE 'America/St_Johns' END)::date;
BEGIN
    RETURN CASE grain WHEN 'week' THEN day - (extract(isodow FROM day)::int - 1)
                      WHEN 'month' THEN make_date(extract(year FROM day)::int, extract(month FROM day)::int, 1)
                      ELSE make_date(extract(year FROM day)::int, extract(quarter FROM day)::int * 3 - 2, 1) END;
END $$;
CREATE FUNCTION pg_temp.days(since timestamptz, until timestamptz) RETURNS numeric LANGUAGE sql RETURN extract(epoch FROM until - since) / 86400;
CREATE FUNCTION pg_temp.team(int) RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT team FROM revops.team WHERE team_id = $1; END;

CREATE TEMPORARY TABLE n_funnel (ws int, created timestamptz, source text, furthest int, mql boolean, sql boolean, opp boolean, now text);
CREATE TEMPORARY TABLE n_first (ws int, lead bigint, at timestamptz, what text, source text, team text);
CREATE TEMPORARY TABLE n_leak (ws int, at timestamptz, lead bigint, source text, from_stage text, to_stage text, way text, reason text);
CREATE TEMPORARY TABLE n_recycle (ws int, at timestamptz, source text, reason text, returned boolean, mql boolean, sql boolean, won boolean, days numeric);
CREATE TEMPORARY TABLE n_deal (ws int, id bigint, lead bigint, status text, opened timestamptz, closed timestamptz, amount numeric, nature text, source text,
                               segment text, rep text, product text, reason text, competitor text);

CREATE FUNCTION pg_temp.walk(lead bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m revops.stage_change[] := ARRAY(SELECT s FROM revops.stage_change AS s WHERE lead_id = lead ORDER BY seq);
    n int := cardinality(m);
    far int[];                  -- 0 to 4; -1 aside; NULL: a stage that no agreement knows
    pos int[];
    f n_funnel;
    r n_recycle;
    way text;
BEGIN
    f := ROW(m[1].workspace_id, m[1].lead_created_at, m[1].source, 0, false, false, false, NULL);
    FOR i IN 1 .. n LOOP
        pos[i] := (SELECT g.position FROM revops.stage g WHERE g.agreement_id = m[i].agreement_id AND g.stage = m[i].to_stage);
        far[i] := CASE m[i].to_stage WHEN 'lead' THEN 0 WHEN 'mql' THEN 1 WHEN 'trial' THEN 1 WHEN 'sql' THEN 2 WHEN 'opportunity' THEN 3 WHEN 'customer' THEN 4
                                     WHEN 'fan' THEN 4 WHEN 'nurture' THEN -1 WHEN 'disqualified' THEN -1 END;
        f.furthest := GREATEST(f.furthest, far[i]);
        f.mql := f.mql OR m[i].to_stage = 'mql';
        f.sql := f.sql OR m[i].to_stage = 'sql';
        f.opp := f.opp OR m[i].to_stage = 'opportunity';
        f.now := m[i].to_stage;
        IF i = 1 THEN
            INSERT INTO n_first VALUES (m[i].workspace_id, lead, m[i].at, 'entry', m[i].source, pg_temp.team(m[i].team_id)),
                                       (m[i].workspace_id, lead, m[i].lead_created_at, 'created', m[i].source, pg_temp.team(m[i].team_id));
        END IF;
        IF m[i].to_stage IN ('mql', 'sql', 'opportunity', 'customer')
           AND NOT EXISTS (SELECT FROM n_first k WHERE k.lead = walk.lead AND k.what = m[i].to_stage) THEN
            INSERT INTO n_first VALUES (m[i].workspace_id, lead, m[i].at, m[i].to_stage, m[i].source, pg_temp.team(m[i].team_id));
        END IF;
    END LOOP;
    INSERT INTO n_funnel SELECT f.*;
    FOR i IN 2 .. n LOOP
        way := 'forward';
        IF m[i].to_stage = m[i - 1].to_stage THEN way := NULL;
        ELSIF m[i].to_stage = 'nurture' THEN way := 'recycled';
        ELSIF m[i].to_stage = 'disqualified' THEN way := 'disqualified';
        ELSIF far[i - 1] IS NULL OR far[i] IS NULL OR far[i - 1] < 0 THEN NULL;
        ELSIF pos[i] < (SELECT g.position FROM revops.stage g WHERE g.agreement_id = m[i].agreement_id AND g.stage = m[i].from_stage) THEN way := 'back';
        END IF;
        IF way IS NOT NULL THEN
            INSERT INTO n_leak VALUES (m[i].workspace_id, m[i].at, lead, m[i].source, m[i].from_stage, m[i].to_stage, way, m[i].reason);
        END IF;
    END LOOP;
    FOR i IN 1 .. n LOOP
        CONTINUE WHEN m[i].to_stage <> 'nurture';
        r := ROW(m[i].workspace_id, m[i].at, m[i].source, m[i].reason, false, false, false, false, NULL);
        FOR j IN i + 1 .. n LOOP
            IF far[j] >= 0 THEN
                r.returned := true;
                r.days := LEAST(r.days, pg_temp.days(m[i].at, m[j].at));
            END IF;
            r.mql := r.mql OR m[j].to_stage = 'mql';
            r.sql := r.sql OR m[j].to_stage = 'sql';
            r.won := r.won OR m[j].to_stage = 'customer';
        END LOOP;
        INSERT INTO n_recycle SELECT r.*;
    END LOOP;
END $$;
SELECT count(pg_temp.walk(lead_id)) AS leads FROM (SELECT DISTINCT lead_id FROM revops.stage_change) l;

DO $$
DECLARE
    d revops.opportunity;
    x n_deal;
    m revops.stage_change;
    earlier int;
BEGIN
    FOR d IN SELECT * FROM revops.opportunity WHERE status <> 'gone' LOOP
        x := ROW(d.workspace_id, d.opportunity_id, d.lead_id, d.status, d.opened_at, d.closed_at, d.base_amount, lower(d.nature), NULL, NULL, NULL, d.product, d.reason, d.competitor);
        FOR m IN SELECT * FROM revops.stage_change s WHERE s.lead_id = d.lead_id ORDER BY seq LOOP
            IF m.seq = 1 THEN x.source := m.source; END IF;
            IF m.seq = 1 OR m.at <= COALESCE(d.closed_at, '2026-04-20 12:00+00') THEN
                x.segment := m.segment;
                x.rep := (SELECT rep FROM revops.rep WHERE rep_id = m.rep_id);
            END IF;
        END LOOP;
        x.rep := COALESCE(d.owner, x.rep);
        IF x.nature IS NULL OR x.nature NOT IN ('new', 'renewal', 'expansion') THEN
            earlier := 0;
            FOR m IN SELECT s.* FROM revops.opportunity p JOIN revops.stage_change s ON s.lead_id = p.lead_id AND s.seq = 1 WHERE p.lead_id = d.lead_id AND p.status = 'won' AND p.opportunity_id <> d.opportunity_id
                     AND (p.closed_at < CASE WHEN d.status = 'won' THEN d.closed_at ELSE d.opened_at END
                          OR p.closed_at = CASE WHEN d.status = 'won' THEN d.closed_at ELSE d.opened_at END AND p.opportunity_id < d.opportunity_id) LOOP
                earlier := earlier + 1;
            END LOOP;
            x.nature := CASE WHEN earlier > 0 THEN 'expansion' ELSE 'new' END;
        END IF;
        INSERT INTO n_deal SELECT x.*;
    END LOOP;
END $$;

\echo the material has every kind of case
SELECT count(*) FILTER (WHERE furthest >= 1 AND NOT mql) > 50 AS skips_mql, count(*) FILTER (WHERE furthest >= 3 AND NOT opp) > 50 AS skips_opportunity,
       count(*) FILTER (WHERE now = 'disqualified' AND furthest = 4) > 20 AS won_then_disqualified FROM n_funnel;
SELECT way, count(*) > 100 AS many FROM n_leak GROUP BY 1 ORDER BY 1;
SELECT nature, status, count(*) > 10 AS many FROM n_deal GROUP BY 1, 2 ORDER BY 1, 2;

CREATE FUNCTION pg_temp.check(kpi text, grain text, ours text, naive text) RETURNS TABLE (name text, grain_of text, groups bigint, differences bigint) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('WITH a AS (%1$s), b AS (%2$s) SELECT %3$L, %4$L, (SELECT count(*) FROM b),
                                 (SELECT count(*) FROM (TABLE a EXCEPT ALL TABLE b) x) + (SELECT count(*) FROM (TABLE b EXCEPT ALL TABLE a) y)',
                                replace(ours, '$g', quote_literal(grain)), replace(naive, '$g', quote_literal(grain)), kpi, grain);
END $$;
\echo K: no difference
SELECT c.* FROM unnest('{week,month,quarter}'::text[]) AS g, LATERAL (
    SELECT * FROM pg_temp.check('kpi_entry', g,
        'SELECT workspace_id, period, source, sum(leads) FROM revops.kpi_entry($g) GROUP BY 1, 2, 3',
        'SELECT ws, pg_temp.period($g, created, ws), source, count(*)::numeric FROM n_funnel GROUP BY 1, 2, 3')
    UNION ALL SELECT * FROM pg_temp.check('kpi_funnel', g,
        'SELECT workspace_id, period, source, sum(leads), sum(mqls), sum(sqls), sum(opportunities), sum(customers), sum(skipped_mql), sum(skipped_sql), sum(skipped_opportunity),
                sum(now_nurture), sum(now_disqualified) FROM revops.kpi_funnel($g) GROUP BY 1, 2, 3',
        'SELECT ws, pg_temp.period($g, created, ws), source, count(*)::numeric, sum((furthest >= 1)::int)::numeric, sum((furthest >= 2)::int)::numeric, sum((furthest >= 3)::int)::numeric,
                sum((furthest >= 4)::int)::numeric, sum((furthest >= 1 AND NOT mql)::int)::numeric, sum((furthest >= 2 AND NOT sql)::int)::numeric,
                sum((furthest >= 3 AND NOT opp)::int)::numeric, sum((now = ''nurture'')::int)::numeric, sum((now = ''disqualified'')::int)::numeric FROM n_funnel GROUP BY 1, 2, 3')
    UNION ALL SELECT * FROM pg_temp.check('kpi_stage_volume', g,
        'SELECT workspace_id, period, source, team, sum(leads), sum(mqls), sum(sqls), sum(opportunities), sum(customers) FROM revops.kpi_stage_volume($g) GROUP BY 1, 2, 3, 4',
        'SELECT ws, pg_temp.period($g, at, ws), source, team, sum((what = ''entry'')::int)::numeric, sum((what = ''mql'')::int)::numeric, sum((what = ''sql'')::int)::numeric,
                sum((what = ''opportunity'')::int)::numeric, sum((what = ''customer'')::int)::numeric FROM n_first WHERE what <> ''created'' GROUP BY 1, 2, 3, 4')
    UNION ALL SELECT * FROM pg_temp.check('kpi_lead_velocity', g,
        'SELECT workspace_id, period, mqls FROM revops.kpi_lead_velocity($g) WHERE mqls > 0',
        'SELECT ws, pg_temp.period($g, at, ws), count(*) FROM n_first WHERE what = ''mql'' GROUP BY 1, 2')
    UNION ALL SELECT * FROM pg_temp.check('kpi_leakage', g,
        'SELECT workspace_id, period, source, from_stage, to_stage, way, reason, sum(moves) FROM revops.kpi_leakage($g) GROUP BY 1, 2, 3, 4, 5, 6, 7',
        'SELECT ws, pg_temp.period($g, at, ws), source, from_stage, to_stage, way, reason, count(*)::numeric FROM n_leak WHERE way <> ''forward'' GROUP BY 1, 2, 3, 4, 5, 6, 7')
    UNION ALL SELECT * FROM pg_temp.check('kpi_stage_time', g,
        'SELECT workspace_id, period, from_point, to_point, source, sum(leads), sum(out_of_order), round(sum(days) + 0.0077, 1) FROM revops.kpi_stage_time($g) GROUP BY 1, 2, 3, 4, 5',
        'SELECT b.ws, pg_temp.period($g, b.at, b.ws), p.f, p.t, b.source, sum((b.at >= a.at)::int)::numeric, sum((b.at < a.at)::int)::numeric,
                round(sum(pg_temp.days(a.at, b.at)) FILTER (WHERE b.at >= a.at) + 0.0077, 1)
         FROM (VALUES (''created'', ''mql'', ''created'', ''qualified''), (''mql'', ''sql'', ''qualified'', ''accepted''), (''sql'', ''opportunity'', ''accepted'', ''opportunity''),
                      (''opportunity'', ''customer'', ''opportunity'', ''won''), (''mql'', ''customer'', ''qualified'', ''won''), (''created'', ''customer'', ''created'', ''won'')) p (a, b, f, t)
         JOIN n_first a ON a.what = p.a JOIN n_first b ON b.what = p.b AND b.lead = a.lead GROUP BY 1, 2, 3, 4, 5')
    UNION ALL SELECT * FROM pg_temp.check('kpi_recycle', g,
        'SELECT workspace_id, period, source, reason, sum(recycled), sum(returned), sum(mql_again), sum(accepted), sum(won) FROM revops.kpi_recycle($g) GROUP BY 1, 2, 3, 4',
        'SELECT ws, pg_temp.period($g, at, ws), source, reason, count(*)::numeric, sum(returned::int)::numeric, sum(mql::int)::numeric, sum(sql::int)::numeric, sum(won::int)::numeric
         FROM n_recycle GROUP BY 1, 2, 3, 4')
    UNION ALL SELECT * FROM pg_temp.check('kpi_pipeline', g,
        'SELECT workspace_id, period, source, segment, rep, product, nature, sum(created), sum(open), sum(won), sum(lost), sum(created_amount), sum(open_amount), sum(won_amount),
                sum(lost_amount), sum(without_amount) FROM revops.kpi_pipeline($g) GROUP BY 1, 2, 3, 4, 5, 6, 7',
        'SELECT ws, pg_temp.period($g, opened, ws), source, segment, rep, product, nature, count(*)::numeric, sum((status = ''open'')::int)::numeric, sum((status = ''won'')::int)::numeric,
                sum((status = ''lost'')::int)::numeric, sum(amount), sum(amount) FILTER (WHERE status = ''open''), sum(amount) FILTER (WHERE status = ''won''),
                sum(amount) FILTER (WHERE status = ''lost''), sum((amount IS NULL)::int)::numeric FROM n_deal GROUP BY 1, 2, 3, 4, 5, 6, 7')
    UNION ALL SELECT * FROM pg_temp.check('kpi_deals', g,
        'SELECT workspace_id, period, source, segment, rep, product, nature, sum(closed), sum(won), sum(lost), sum(won_amount), sum(lost_amount), sum(won_without_amount), round(sum(won_days) * 24)
         FROM revops.kpi_deals($g) GROUP BY 1, 2, 3, 4, 5, 6, 7',
        'SELECT ws, pg_temp.period($g, closed, ws), source, segment, rep, product, nature, count(*)::numeric, sum((status = ''won'')::int)::numeric, sum((status = ''lost'')::int)::numeric,
                sum(amount) FILTER (WHERE status = ''won''), sum(amount) FILTER (WHERE status = ''lost''), sum((status = ''won'' AND amount IS NULL)::int)::numeric,
                round(sum(pg_temp.days(opened, closed)) FILTER (WHERE status = ''won'') * 24) FROM n_deal WHERE closed IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7')
    UNION ALL SELECT * FROM pg_temp.check('kpi_win_loss', g,
        'SELECT workspace_id, period, outcome, reason, competitor, sum(deals), sum(amount) FROM revops.kpi_win_loss($g) GROUP BY 1, 2, 3, 4, 5',
        'SELECT ws, pg_temp.period($g, closed, ws), status, reason, competitor, count(*)::numeric, sum(amount) FROM n_deal WHERE closed IS NOT NULL GROUP BY 1, 2, 3, 4, 5')
    UNION ALL SELECT * FROM pg_temp.check('kpi_revenue', g,
        'SELECT workspace_id, period, source, sum(deals), sum(new_customers), sum(amount), sum(new_amount), sum(renewal_amount), sum(expansion_amount) FROM revops.kpi_revenue($g) GROUP BY 1, 2, 3',
        'SELECT ws, pg_temp.period($g, closed, ws), source, count(*)::numeric,
                sum((lead IS NOT NULL AND NOT EXISTS (SELECT FROM n_deal p WHERE p.lead = d.lead AND p.status = ''won'' AND (p.closed < d.closed OR p.closed = d.closed AND p.id < d.id)))::int)::numeric,
                sum(amount), sum(amount) FILTER (WHERE nature = ''new''), sum(amount) FILTER (WHERE nature = ''renewal''), sum(amount) FILTER (WHERE nature = ''expansion'')
         FROM n_deal d WHERE status = ''won'' GROUP BY 1, 2, 3')) c
ORDER BY 1, 2;
\echo K: shares of all that leave a stage, each rounded
SELECT count(*) > 50 AS many, count(*) FILTER (WHERE abs(ours - naive) > 0.0001 * rows) AS differences
FROM (SELECT workspace_id AS ws, period, from_stage, sum(share_of_leaving) AS ours, count(*) AS rows FROM revops.kpi_leakage('month') GROUP BY 1, 2, 3) a
FULL JOIN (SELECT ws, pg_temp.period('month', at, ws) AS period, from_stage, sum((way <> 'forward')::int)::numeric / count(*) AS naive
           FROM n_leak GROUP BY 1, 2, 3 HAVING sum((way <> 'forward')::int) > 0) b USING (ws, period, from_stage);
