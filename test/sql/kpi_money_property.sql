-- K, K7, K8, J3: kpi_segment, kpi_retention, kpi_content, kpi_cost, kpi_work_rate and
-- kpi_quota against a naive reference that goes through leads, deals, touches and spend
-- one by one, on histories made by hashing: all differences must be zero.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET session_replication_role = replica;
SET pg_revops.now = '2026-04-20 12:00+00';
-- written by hand, not by the engine: the views are to go through the facts
SELECT revops.discard_rollups() \g /dev/null

INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency)
VALUES (1, 'berlin', 'Europe/Berlin', 'EUR'), (2, 'newfoundland', 'America/St_Johns', 'CAD');
INSERT INTO revops.exchange_rate (workspace_id, currency, valid_from, rate)
VALUES (1, 'USD', '2026-01-10', 0.9), (1, 'USD', '2026-02-20', 0.85), (2, 'EUR', '2025-12-01', 1.6), (2, 'EUR', '2026-03-29', 1.55);
INSERT INTO revops.agreement (agreement_id, workspace_id, version, status)
VALUES (1, 1, 1, 'retired'), (2, 1, 2, 'active'), (3, 2, 1, 'active');
INSERT INTO revops.stage (agreement_id, stage, position, purpose)
SELECT a, s, CASE a WHEN 1 THEN p ELSE 10 * p END, u
FROM generate_series(1, 3) AS a,
     (VALUES ('lead', 1, 'entry'), ('mql', 2, 'qualified'), ('sql', 4, 'accepted'), ('opportunity', 5, 'opportunity'),
             ('customer', 6, 'won'), ('fan', 7, NULL), ('nurture', 8, 'nurture'), ('disqualified', 9, 'disqualified')) AS v (s, p, u);
INSERT INTO revops.team (team_id, workspace_id, team) VALUES (1, 1, 'inside'), (2, 1, 'field'), (3, 2, 'inside'), (4, 2, 'field');
INSERT INTO revops.rep (rep_id, workspace_id, rep) SELECT n, 1 + n % 2, 'rep' || n FROM generate_series(1, 6) AS n;
INSERT INTO revops.signal (signal_id, workspace_id, signal, direction, answers)
SELECT 4 * w + d, w, 's' || d, CASE WHEN d < 2 THEN 'outbound' ELSE 'inbound' END, d = 2 FROM generate_series(1, 2) w, generate_series(0, 3) d;
CREATE FUNCTION pg_temp.dice(bound int, VARIADIC place int[]) RETURNS int LANGUAGE sql
    RETURN (hashtextextended(place::text, 2718) & 9007199254740991) % bound;

-- 700 leads of 1 to 7 moves, over the year's end and both changes of the clocks; names with quotes, and none
INSERT INTO revops.stage_change (lead_id, seq, workspace_id, agreement_id, at, recorded_at, lead_created_at, spent, team_id, rep_id,
                                 fit, intent, score, violation, from_stage, to_stage, cause, reason, actor, source, campaign, segment)
SELECT i, seq, ws, agreement, at, at, created, at - lag(at) OVER w, NULLIF(ws * 2 - 1 + pg_temp.dice(3, i, seq, 1), ws * 2 + 1),
       NULLIF(pg_temp.dice(7, i, seq, 2), 0), pg_temp.dice(101, i, seq, 3), 0, pg_temp.dice(101, i, seq, 4), false, lag(stage) OVER w, stage, 'host', NULL, 'engine',
       (ARRAY['web', 'o''neill "x"', NULL])[1 + pg_temp.dice(3, i, 0, 5)], (ARRAY['spring', 'Spring', NULL])[1 + pg_temp.dice(3, i, 0, 6)],
       (ARRAY['smb', 'large', NULL])[1 + pg_temp.dice(3, i, seq / 3, 7)]
FROM (SELECT i, seq, 1 + i % 2 AS ws, CASE WHEN i % 2 = 1 THEN 3 WHEN seq > pg_temp.dice(8, i, 0, 8) THEN 2 ELSE 1 END AS agreement,
             '2025-12-20 00:00+00'::timestamptz + interval '1 second' * pg_temp.dice(9500000, i, 0, 9) AS created,
             '2025-12-20 00:00+00'::timestamptz
                 + interval '1 second' * (pg_temp.dice(9500000, i, 0, 9)
                                          + sum(CASE WHEN seq = 1 OR pg_temp.dice(20, i, seq, 10) = 0 THEN 0
                                                     ELSE pg_temp.dice(900000, i, seq, 11) END) OVER (PARTITION BY i ORDER BY seq)) AS at
      FROM generate_series(1, 700) AS i, generate_series(1, 7) AS seq
      WHERE seq <= 1 + pg_temp.dice(7, i, 0, 12)) AS m,
     LATERAL (SELECT CASE WHEN seq = 1 AND i % 10 > 0 THEN 'lead'
                          ELSE ('{lead,mql,mql,mql,sql,opportunity,customer,nurture,disqualified,fan}'::text[])[1 + pg_temp.dice(10, i, seq, 13)] END AS stage) AS s
WINDOW w AS (PARTITION BY i ORDER BY seq);
-- every ninth was deleted at the end
INSERT INTO revops.lead (lead_id, workspace_id, binding_id, agreement_id, created_at, settled_at, stage_since, gone_at, profile_id, intent_pos, intent_neg,
                         moves, assignments, clocks, touches, running, fit, disqualified, handed_over, stage, key)
SELECT i, 1 + i % 2, 1, 2, '2026-01-01', '2026-01-01', '2026-01-01', CASE WHEN i % 9 = 0 THEN timestamptz '2026-04-19 00:00+00' END,
       0, '-Infinity', '-Infinity', 1, 0, 0, 0, 0, 0, false, false, 'mql', i::text
FROM generate_series(1, 700) AS i;
INSERT INTO revops.opportunity (opportunity_id, workspace_id, binding_id, lead_id, opened_at, closed_at, status, amount, currency, base_amount, key, owner, nature)
SELECT i, 1 + l % 2, 1, NULLIF(l, 0), opened, CASE WHEN s IN ('won', 'lost') THEN opened + interval '1 hour' * pg_temp.dice(1200, i, 0, 33) END, s, i, 'EUR',
       CASE WHEN pg_temp.dice(5, i, 0, 32) > 0 THEN i * 1.01 END, i::text, (ARRAY['ann', 'rep3', NULL, NULL])[1 + pg_temp.dice(4, i, 0, 34)],
       (ARRAY['New', 'renewal', 'RENEWAL', 'odd', NULL, NULL])[1 + pg_temp.dice(6, i, 0, 36)]
FROM (SELECT i, pg_temp.dice(300, i, 0, 30) AS l, (ARRAY['open', 'won', 'won', 'lost', 'gone'])[1 + pg_temp.dice(5, i, 0, 31)] AS s,
             '2026-01-01 00:00+00'::timestamptz + interval '1 hour' * pg_temp.dice(1500, i, 0, 39) AS opened
      FROM generate_series(1, 900) AS i) AS d;
-- touches, of which one in five was taken back
INSERT INTO revops.touch (lead_id, occurred_at, touch_id, recorded_at, workspace_id, signal_id, binding_id, sign, source_key, source, campaign, content)
SELECT l, at, 2 * i + back, at, 1 + l % 2, CASE WHEN pg_temp.dice(12, i, 50) > 0 THEN 4 * (1 + l % 2) + pg_temp.dice(4, i, 51) END, 1, 1 - 2 * back, i::text,
       (ARRAY['', 'web', 'mail''s'])[1 + pg_temp.dice(3, i, 52)], (ARRAY['', 'spring'])[1 + pg_temp.dice(2, i, 53)], (ARRAY['', 'guide', '"case"'])[1 + pg_temp.dice(3, i, 54)]
FROM (SELECT i, 1 + pg_temp.dice(700, i, 55) AS l, timestamptz '2025-12-25 00:00+00' + interval '1 minute' * pg_temp.dice(160000, i, 56) AS at
      FROM generate_series(1, 4000) i) t, generate_series(0, 1) back
WHERE back = 0 OR pg_temp.dice(5, i, 57) = 0;
-- some of them in the moment of a handoff
INSERT INTO revops.touch (lead_id, occurred_at, touch_id, recorded_at, workspace_id, signal_id, binding_id, sign, source_key, content)
SELECT c.lead_id, c.at, 100000 + 10 * c.lead_id + c.seq, c.at, c.workspace_id, 4 * c.workspace_id + pg_temp.dice(4, c.lead_id::int, c.seq, 58), 1, 1, 'at' || c.seq, 'guide'
FROM revops.stage_change c WHERE c.to_stage = 'mql' AND pg_temp.dice(3, c.lead_id::int, c.seq, 59) = 0;
INSERT INTO revops.spend (spend_id, workspace_id, day, campaign, source, amount, currency, paid)
SELECT i, 1 + i % 2, date '2025-12-20' + pg_temp.dice(120, i, 60), (ARRAY['spring', 'autumn', NULL])[1 + pg_temp.dice(3, i, 61)],
       (ARRAY['web', 'o''neill "x"', NULL])[1 + pg_temp.dice(3, i, 62)], pg_temp.dice(3000, i, 63) - 200,
       (ARRAY['EUR', 'USD', NULL, NULL, NULL])[1 + pg_temp.dice(5, i, 64)], pg_temp.dice(3, i, 65) > 0
FROM generate_series(1, 150) i;
INSERT INTO revops.quota (workspace_id, quarter, team_id, rep_id, amount)
SELECT w, q, NULL::int, NULL::int, 30000 + 1000 * w FROM generate_series(1, 2) w, unnest('{2025-10-01,2026-01-01,2026-04-01}'::date[]) q
UNION ALL SELECT workspace_id, '2026-01-01', team_id, NULL, 10000 + team_id FROM revops.team
UNION ALL SELECT workspace_id, q, NULL, rep_id, 7000 + rep_id FROM revops.rep, unnest('{2026-01-01,2026-04-01}'::date[]) q;
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
CREATE FUNCTION pg_temp.rate(part numeric, whole numeric) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    IF whole = 0 THEN RETURN NULL; END IF;
    RETURN round(part / whole, 4);
END $$;
CREATE TEMPORARY TABLE n_lead (ws int, lead bigint, created timestamptz, source text, campaign text, segment text, fit int, mql_at timestamptz, mql_last timestamptz,
                               sql_at timestamptz, won_at timestamptz, disqualified boolean, deals int, amount numeric);
CREATE TEMPORARY TABLE n_handoff (ws int, at timestamptz, source text, band text, contacted boolean, pending boolean);
CREATE TEMPORARY TABLE n_deal (ws int, id bigint, lead bigint, status text, opened timestamptz, closed timestamptz, amount numeric, nature text, source text, campaign text,
                               team text, rep text);
CREATE TEMPORARY TABLE n_customer (ws int, at timestamptz, source text, retained int, renewed int, expanded int, lost int, first numeric, renewal numeric, expansion numeric, unpriced int);
CREATE TEMPORARY TABLE n_used (ws int, grain text, period date, content text, source text, campaign text, lead bigint, touches int, outbound int, mql int, deals int, amount numeric);
CREATE TEMPORARY TABLE n_spent (ws int, at timestamptz, campaign text, source text, amount numeric, paid boolean);

-- touches that were not taken back
CREATE TEMPORARY TABLE n_touch AS SELECT t.* FROM revops.touch t WHERE t.sign = 1 AND NOT EXISTS (SELECT FROM revops.touch b WHERE b.sign = -1 AND b.source_key = t.source_key AND b.lead_id = t.lead_id);
CREATE INDEX ON n_touch (lead_id);

CREATE FUNCTION pg_temp.walk(who bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m revops.stage_change[] := ARRAY(SELECT s FROM revops.stage_change AS s WHERE lead_id = who ORDER BY seq);
    n int := cardinality(m);
    l n_lead;
    d revops.opportunity;
    t n_touch;
    s revops.signal;
    h n_handoff;
    ends timestamptz;
BEGIN
    l := ROW(m[1].workspace_id, who, m[1].lead_created_at, m[1].source, m[1].campaign, m[n].segment, m[n].fit, NULL, NULL, NULL, NULL, m[n].to_stage = 'disqualified', 0, NULL);
    FOR i IN 1 .. n LOOP
        CASE m[i].to_stage WHEN 'mql' THEN l.mql_at := LEAST(l.mql_at, m[i].at); l.mql_last := GREATEST(l.mql_last, m[i].at);
                           WHEN 'sql' THEN l.sql_at := LEAST(l.sql_at, m[i].at);
                           WHEN 'customer' THEN l.won_at := LEAST(l.won_at, m[i].at);
                           ELSE NULL; END CASE;
    END LOOP;
    FOR d IN SELECT * FROM revops.opportunity o WHERE o.lead_id = who AND o.status = 'won' LOOP
        l.deals := l.deals + 1;
        l.amount := CASE WHEN d.base_amount IS NULL THEN l.amount ELSE COALESCE(l.amount, 0) + d.base_amount END;
    END LOOP;
    INSERT INTO n_lead SELECT l.*;
    FOR i IN 1 .. n LOOP
        CONTINUE WHEN m[i].to_stage <> 'mql';
        ends := 'infinity';
        FOR j IN REVERSE n .. i + 1 LOOP
            IF m[j].to_stage = 'mql' THEN ends := m[j].at; END IF;
        END LOOP;
        h := ROW(m[i].workspace_id, m[i].at, m[i].source,
                 CASE WHEN m[i].score >= 80 THEN '80-100' WHEN m[i].score >= 60 THEN '60-79' WHEN m[i].score >= 40 THEN '40-59' WHEN m[i].score >= 20 THEN '20-39' ELSE '0-19' END,
                 false, i = n AND who % 9 <> 0);
        FOR t IN SELECT * FROM n_touch k WHERE k.lead_id = who LOOP
            SELECT * INTO s FROM revops.signal g WHERE g.signal_id = t.signal_id;
            IF FOUND AND t.occurred_at >= m[i].at AND t.occurred_at < ends AND (s.direction = 'outbound' OR s.answers AND t.occurred_at > m[i].at) THEN
                h.contacted := true;
            END IF;
        END LOOP;
        INSERT INTO n_handoff SELECT h.*;
    END LOOP;
END $$;
SELECT count(pg_temp.walk(lead_id)) AS leads FROM (SELECT DISTINCT lead_id FROM revops.stage_change) l;

DO $$
DECLARE
    d revops.opportunity;
    p revops.opportunity;
    x n_deal;
    m revops.stage_change;
    since timestamptz;
BEGIN
    FOR d IN SELECT * FROM revops.opportunity WHERE status <> 'gone' LOOP
        x := ROW(d.workspace_id, d.opportunity_id, d.lead_id, d.status, d.opened_at, d.closed_at, d.base_amount, lower(d.nature), NULL, NULL, NULL, NULL);
        FOR m IN SELECT * FROM revops.stage_change s WHERE s.lead_id = d.lead_id ORDER BY seq LOOP
            IF m.seq = 1 THEN x.source := m.source; x.campaign := m.campaign; END IF;
            IF m.seq = 1 OR m.at <= COALESCE(d.closed_at, '2026-04-20 12:00+00') THEN
                x.team := (SELECT team FROM revops.team WHERE team_id = m.team_id);
                x.rep := (SELECT rep FROM revops.rep WHERE rep_id = m.rep_id);
            END IF;
        END LOOP;
        x.rep := COALESCE(d.owner, x.rep);
        IF x.nature IS NULL OR x.nature NOT IN ('new', 'renewal', 'expansion') THEN
            x.nature := 'new';
            since := CASE WHEN d.status = 'won' THEN d.closed_at ELSE d.opened_at END;
            FOR p IN SELECT * FROM revops.opportunity o WHERE o.lead_id = d.lead_id AND o.status = 'won' AND o.opportunity_id <> d.opportunity_id LOOP
                IF p.closed_at < since OR p.closed_at = since AND p.opportunity_id < d.opportunity_id THEN x.nature := 'expansion'; END IF;
            END LOOP;
        END IF;
        INSERT INTO n_deal SELECT x.*;
    END LOOP;
END $$;
DO $$
DECLARE
    who bigint;
    d n_deal;
    c n_customer;
    last timestamptz;
BEGIN
    FOR who IN SELECT DISTINCT lead FROM n_deal WHERE status = 'won' AND lead IS NOT NULL LOOP
        c := NULL;
        FOR d IN SELECT * FROM n_deal k WHERE k.lead = who AND k.status = 'won' ORDER BY closed, id LOOP
            IF c.ws IS NULL THEN
                c := ROW(d.ws, d.closed, d.source, 0, 0, 0, 0, COALESCE(d.amount, 0), 0, 0, 0);
            ELSE
                c.retained := 1;
                IF d.nature = 'renewal' THEN c.renewed := 1; c.renewal := c.renewal + COALESCE(d.amount, 0); END IF;
                IF d.nature = 'expansion' THEN c.expanded := 1; c.expansion := c.expansion + COALESCE(d.amount, 0); END IF;
            END IF;
            IF d.amount IS NULL THEN c.unpriced := c.unpriced + 1; END IF;
            last := d.closed;
        END LOOP;
        FOR d IN SELECT * FROM n_deal k WHERE k.lead = who AND k.status = 'lost' LOOP
            IF d.nature = 'renewal' AND d.closed >= last THEN c.lost := 1; END IF;
        END LOOP;
        INSERT INTO n_customer SELECT c.*;
    END LOOP;
END $$;
DO $$
DECLARE
    g text;
    k record;
    t n_touch;
    u n_used;
    d n_deal;
    first_at timestamptz;
BEGIN
    FOREACH g IN ARRAY '{week,month,quarter}'::text[] LOOP
        FOR k IN SELECT DISTINCT lead_id, workspace_id, content, source, campaign, pg_temp.period(g, occurred_at, workspace_id) AS period FROM n_touch WHERE content <> '' LOOP
            u := ROW(k.workspace_id, g, k.period, k.content, NULLIF(k.source, ''), NULLIF(k.campaign, ''), k.lead_id, 0, 0, 0, 0, NULL);
            first_at := NULL;
            FOR t IN SELECT * FROM n_touch n WHERE n.lead_id = k.lead_id AND n.content = k.content AND n.source = k.source AND n.campaign = k.campaign
                                               AND pg_temp.period(g, n.occurred_at, n.workspace_id) = k.period LOOP
                u.touches := u.touches + 1;
                IF (SELECT direction FROM revops.signal s WHERE s.signal_id = t.signal_id) = 'outbound' THEN u.outbound := u.outbound + 1; END IF;
                first_at := LEAST(first_at, t.occurred_at);
            END LOOP;
            IF (SELECT mql_last FROM n_lead l WHERE l.lead = k.lead_id) >= first_at THEN u.mql := 1; END IF;
            FOR d IN SELECT * FROM n_deal n WHERE n.lead = k.lead_id AND n.status = 'won' AND n.closed >= first_at LOOP
                u.deals := u.deals + 1;
                u.amount := CASE WHEN d.amount IS NULL THEN u.amount ELSE COALESCE(u.amount, 0) + d.amount END;
            END LOOP;
            INSERT INTO n_used SELECT u.*;
        END LOOP;
    END LOOP;
END $$;
DO $$
DECLARE
    s revops.spend;
    r revops.exchange_rate;
    x n_spent;
BEGIN
    FOR s IN SELECT * FROM revops.spend LOOP
        x := ROW(s.workspace_id, s.day::timestamp AT TIME ZONE CASE s.workspace_id WHEN 1 THEN 'Europe/Berlin' ELSE 'America/St_Johns' END, s.campaign, s.source, NULL, s.paid);
        IF s.currency IS NULL OR s.currency = (CASE s.workspace_id WHEN 1 THEN 'EUR' ELSE 'CAD' END) THEN
            x.amount := s.amount;
        ELSE
            FOR r IN SELECT * FROM revops.exchange_rate e WHERE e.workspace_id = s.workspace_id AND e.currency = s.currency ORDER BY valid_from LOOP
                IF r.valid_from <= s.day THEN x.amount := s.amount * r.rate; END IF;
            END LOOP;
        END IF;
        INSERT INTO n_spent SELECT x.*;
    END LOOP;
END $$;
-- a cell of kpi_cost, all of it counted by going through everything again
CREATE TEMPORARY TABLE n_cost (ws int, grain text, period date, dimension text, value text, spend numeric, paid numeric, no_rate bigint, leads bigint, mqls bigint, sqls bigint,
                               won bigint, paid_won bigint, deals bigint, unpriced bigint, won_amount numeric, cohort numeric, payback numeric);
CREATE TEMPORARY TABLE n_fact AS
SELECT ws, at, source, campaign, 'spend' AS what, lead, amount, paid, made
FROM (SELECT ws, at, source, campaign, 'spend' AS what, NULL::bigint AS lead, amount, paid, NULL::timestamptz AS made FROM n_spent) s;
DO $$
DECLARE
    l n_lead;
    d n_deal;
    p boolean;
BEGIN
    FOR l IN SELECT * FROM n_lead LOOP
        p := EXISTS (SELECT FROM revops.spend s WHERE s.workspace_id = l.ws AND s.paid AND s.campaign = l.campaign)
             OR EXISTS (SELECT FROM revops.spend s WHERE s.workspace_id = l.ws AND s.paid AND s.campaign IS NULL AND s.source = l.source);
        INSERT INTO n_fact SELECT l.ws, f.at, l.source, l.campaign, f.what, l.lead, NULL, p, NULL
        FROM (VALUES (l.created, 'lead'), (l.mql_at, 'mql'), (l.sql_at, 'sql'), (l.won_at, 'won')) f (at, what) WHERE f.at IS NOT NULL;
    END LOOP;
    FOR d IN SELECT * FROM n_deal WHERE status = 'won' LOOP
        INSERT INTO n_fact VALUES (d.ws, d.closed, d.source, d.campaign, 'deal', d.lead, d.amount, NULL, NULL);
        IF d.lead IS NOT NULL THEN
            INSERT INTO n_fact SELECT d.ws, created, d.source, d.campaign, 'cohort', d.lead, d.amount, NULL, d.closed FROM n_lead WHERE lead = d.lead;
        END IF;
    END LOOP;
END $$;
CREATE FUNCTION pg_temp.cell(c n_cost) RETURNS n_cost LANGUAGE plpgsql AS $$
DECLARE
    f n_fact;
    earned numeric := 0;
BEGIN
    c.spend := 0; c.paid := 0; c.no_rate := 0; c.leads := 0; c.mqls := 0; c.sqls := 0; c.won := 0; c.paid_won := 0; c.deals := 0; c.unpriced := 0; c.won_amount := 0; c.cohort := 0;
    FOR f IN SELECT * FROM n_fact n WHERE n.ws = c.ws AND pg_temp.period(c.grain, n.at, n.ws) = c.period
             AND (c.dimension = 'all' OR c.dimension = 'source' AND n.source IS NOT DISTINCT FROM c.value OR c.dimension = 'campaign' AND n.campaign IS NOT DISTINCT FROM c.value)
             ORDER BY made LOOP
        CASE f.what
            WHEN 'spend' THEN
                IF f.amount IS NULL THEN c.no_rate := c.no_rate + 1;
                ELSE c.spend := c.spend + f.amount; c.paid := c.paid + CASE WHEN f.paid THEN f.amount ELSE 0 END; END IF;
            WHEN 'lead' THEN c.leads := c.leads + 1;
            WHEN 'mql' THEN c.mqls := c.mqls + 1;
            WHEN 'sql' THEN c.sqls := c.sqls + 1;
            WHEN 'won' THEN c.won := c.won + 1; c.paid_won := c.paid_won + f.paid::int;
            WHEN 'deal' THEN c.deals := c.deals + 1; c.unpriced := c.unpriced + (f.amount IS NULL)::int; c.won_amount := c.won_amount + COALESCE(f.amount, 0);
            ELSE c.cohort := c.cohort + COALESCE(f.amount, 0);
        END CASE;
    END LOOP;
    FOR f IN SELECT * FROM n_fact n WHERE n.what = 'cohort' AND n.ws = c.ws AND pg_temp.period(c.grain, n.at, n.ws) = c.period
             AND (c.dimension = 'all' OR c.dimension = 'source' AND n.source IS NOT DISTINCT FROM c.value OR c.dimension = 'campaign' AND n.campaign IS NOT DISTINCT FROM c.value)
             ORDER BY made LOOP
        earned := earned + COALESCE(f.amount, 0);
        IF c.spend > 0 AND earned >= c.spend AND c.payback IS NULL THEN
            c.payback := round(extract(epoch FROM f.made - c.period::timestamp AT TIME ZONE CASE c.ws WHEN 1 THEN 'Europe/Berlin' ELSE 'America/St_Johns' END) / 86400, 4);
        END IF;
    END LOOP;
    RETURN c;
END $$;
INSERT INTO n_cost
SELECT (pg_temp.cell(ROW(ws, g, period, dimension, value, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL)::n_cost)).*
FROM (SELECT DISTINCT f.ws, g, pg_temp.period(g, f.at, f.ws) AS period, d.dimension, d.value
      FROM n_fact f, unnest('{month,quarter}'::text[]) g, LATERAL (VALUES ('all', NULL), ('source', f.source), ('campaign', f.campaign)) d (dimension, value)) c;

\echo the material has every kind of case
SELECT count(*) FILTER (WHERE contacted) > 30 AS contacted, count(*) FILTER (WHERE pending AND NOT contacted) > 30 AS waiting FROM n_handoff;
SELECT sum(retained) > 30 AS retained, sum(renewed) > 10 AS renewed, sum(expanded) > 10 AS expanded, sum(lost) > 5 AS lost FROM n_customer;
SELECT count(*) FILTER (WHERE amount IS NULL) > 3 AS no_rate, count(*) FILTER (WHERE amount < 0) > 3 AS refunds FROM n_spent;
SELECT count(*) FILTER (WHERE payback IS NOT NULL) > 5 AS paid_back, count(*) FILTER (WHERE paid_won < won) > 5 AS partly_paid, count(*) FILTER (WHERE leads = 0) > 2 AS without_leads FROM n_cost;
SELECT sum(mql) > 30 AS mql, sum(deals) > 30 AS deals FROM n_used;

CREATE FUNCTION pg_temp.check(kpi text, grain text, ours text, naive text) RETURNS TABLE (name text, grain_of text, groups bigint, differences bigint) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('WITH a AS (%1$s), b AS (%2$s) SELECT %3$L, %4$L, (SELECT count(*) FROM b),
                                 (SELECT count(*) FROM (TABLE a EXCEPT ALL TABLE b) x) + (SELECT count(*) FROM (TABLE b EXCEPT ALL TABLE a) y)',
                                replace(ours, '$g', quote_literal(grain)), replace(naive, '$g', quote_literal(grain)), kpi, grain);
END $$;
\echo K: no difference
SELECT c.name, c.grain_of, c.groups > 4 AS many, c.differences FROM unnest('{week,month,quarter}'::text[]) AS g, LATERAL (
    SELECT * FROM pg_temp.check('kpi_segment', g,
        'SELECT workspace_id, period, segment, leads, sum_fit, mean_fit, mqls, accepted, won, disqualified, mqls_accepted, lead_to_mql, mql_to_sql, lead_to_won, deals_won, won_amount
         FROM revops.kpi_segment($g)',
        'SELECT ws, pg_temp.period($g, created, ws), segment, count(*), sum(fit), pg_temp.rate(sum(fit), count(*)), count(mql_at), count(sql_at), count(won_at), count(*) FILTER (WHERE disqualified),
                count(*) FILTER (WHERE mql_at IS NOT NULL AND sql_at IS NOT NULL), pg_temp.rate(count(mql_at), count(*)),
                pg_temp.rate(count(*) FILTER (WHERE mql_at IS NOT NULL AND sql_at IS NOT NULL), count(mql_at)), pg_temp.rate(count(won_at), count(*)), sum(deals), sum(amount)
         FROM n_lead GROUP BY 1, 2, 3')
    UNION ALL SELECT * FROM pg_temp.check('kpi_retention', g,
        'SELECT workspace_id, period, source, customers, retained, renewed, expanded, lost_renewal, first_amount, renewal_amount, expansion_amount, deals_without_amount,
                retention_rate, renewal_rate, expansion_share FROM revops.kpi_retention($g)',
        'SELECT ws, pg_temp.period($g, at, ws), source, count(*), sum(retained), sum(renewed), sum(expanded), sum(lost), sum(first), sum(renewal), sum(expansion), sum(unpriced),
                pg_temp.rate(sum(retained), count(*)), pg_temp.rate(sum(renewed), sum(GREATEST(renewed, lost))), pg_temp.rate(sum(expansion), sum(first)) FROM n_customer GROUP BY 1, 2, 3')
    UNION ALL SELECT * FROM pg_temp.check('kpi_content', g,
        'SELECT workspace_id, period, content, source, campaign, touches, outbound, leads, leads_mql, leads_won, deals_won, won_amount FROM revops.kpi_content($g)',
        'SELECT ws, period, content, source, campaign, sum(touches), sum(outbound), count(*), sum(mql), count(*) FILTER (WHERE deals > 0), sum(deals), sum(amount)
         FROM n_used WHERE grain = $g GROUP BY 1, 2, 3, 4, 5')
    UNION ALL SELECT * FROM pg_temp.check('kpi_work_rate', g,
        'SELECT workspace_id, period, score_band, source, sum(handed_over), sum(contacted), sum(never_contacted), sum(decided_unworked), sum(waiting) FROM revops.kpi_work_rate($g) GROUP BY 1, 2, 3, 4',
        'SELECT ws, pg_temp.period($g, at, ws), band, source, count(*)::numeric, count(*) FILTER (WHERE contacted), count(*) FILTER (WHERE NOT contacted),
                count(*) FILTER (WHERE NOT contacted AND NOT pending), count(*) FILTER (WHERE NOT contacted AND pending) FROM n_handoff GROUP BY 1, 2, 3, 4')) c
UNION ALL
SELECT c.name, c.grain_of, c.groups > 4, c.differences FROM unnest('{month,quarter}'::text[]) AS g, LATERAL pg_temp.check('kpi_cost', g,
        'SELECT workspace_id, period, dimension, value, spend, paid_spend, spend_without_rate, leads, mqls, accepted, customers, paid_customers, cost_per_lead, cost_per_mql, cost_per_accepted,
                cac_blended, cac_paid, deals_won, deals_without_amount, won_amount, return_on_spend, cohort_amount, payback_days FROM revops.kpi_cost($g)',
        'SELECT ws, period, dimension, value, spend, paid, no_rate, leads, mqls, sqls, won, paid_won, pg_temp.rate(spend, leads), pg_temp.rate(spend, mqls), pg_temp.rate(spend, sqls),
                pg_temp.rate(spend, won), pg_temp.rate(paid, paid_won), deals, unpriced, won_amount, pg_temp.rate(won_amount - spend, spend), cohort, payback FROM n_cost WHERE grain = $g') c
UNION ALL
SELECT c.name, c.grain_of, c.groups > 4, c.differences FROM pg_temp.check('kpi_quota', 'quarter',
        'SELECT workspace_id, period, complete, team, rep, won, deals_without_amount, won_amount, attainment, elapsed, pace, still_to_win FROM revops.kpi_quota',
        'SELECT q.ws, q.quarter, q.quarter < ''2026-04-01'', q.team, q.rep, count(d.id), count(d.id) FILTER (WHERE d.amount IS NULL), COALESCE(sum(d.amount), 0),
                pg_temp.rate(COALESCE(sum(d.amount), 0), q.amount), round(q.elapsed, 4), pg_temp.rate(COALESCE(sum(d.amount), 0), q.amount * q.elapsed),
                GREATEST(q.amount - COALESCE(sum(d.amount), 0), 0)
         FROM (SELECT x.workspace_id AS ws, x.quarter, x.amount, t.team, r.rep,
                      -- April of 30 days, May of 31, June of 30; 1 April began at 22:00 UTC in Berlin, at 02:30 UTC in Newfoundland
                      CASE WHEN x.quarter < ''2026-04-01'' THEN 1.0 ELSE (19 * 24 + 12 + CASE x.workspace_id WHEN 1 THEN 2 ELSE -2.5 END) / (91 * 24) END AS elapsed
               FROM revops.quota x LEFT JOIN revops.team t USING (team_id) LEFT JOIN revops.rep r USING (rep_id)) q
         LEFT JOIN n_deal d ON d.ws = q.ws AND d.status = ''won'' AND pg_temp.period(''quarter'', d.closed, d.ws) = q.quarter
                            AND (q.team IS NULL OR d.team = q.team) AND (q.rep IS NULL OR d.rep = q.rep)
         GROUP BY q.ws, q.quarter, q.team, q.rep, q.amount, q.elapsed') c
ORDER BY 1, 2;
