-- J2: attribution of won revenue and of pipeline, by every model.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = postgres;
SET pg_revops.now = '2026-06-01 12:00+00';
SET client_min_messages = warning;
SELECT revops.create_workspace('test', 'Europe/Berlin', 'EUR') \g /dev/null
CREATE TABLE lead (id text PRIMARY KEY, created_at timestamptz);
CREATE TABLE act (id int PRIMARY KEY, lead text, kind text, at timestamptz, channel text, campaign text);
CREATE TABLE deal (id int PRIMARY KEY, lead text, status text, opened timestamptz, closed timestamptz, amount numeric, currency text DEFAULT 'EUR');
INSERT INTO revops.signal (signal, direction) VALUES ('ours', 'outbound');
SELECT revops.attach_lead('lead', 'lead', '{"created_at": "created_at"}') \g /dev/null
SELECT revops.attach_touch('act', 'act', 'lead', '{"lead": "lead", "signal": "kind", "occurred_at": "at", "source": "channel", "campaign": "campaign"}') \g /dev/null
SELECT revops.attach_opportunity('deal', 'deal', 'lead',
    '{"lead": "lead", "won": "status = ''won''", "lost": "status = ''lost''", "opened_at": "opened", "closed_at": "closed", "amount": "amount", "currency": "currency"}') \g /dev/null

-- no data: nothing, and no error
SELECT count(*) FROM revops.attribution('source');
SELECT count(*) FROM revops.attribution_markov('source', 'revenue');
SELECT revops.compute_attribution() > 0 AS computed;
SELECT count(*) FROM revops.attribution_kept;

-- a: five touches with marks; b: two at one moment; c: one; d: none, and one of ours; e: two deals of one moment, one later
INSERT INTO lead VALUES ('a', '2026-01-03 00:00+00'), ('b', '2026-01-01'), ('c', '2026-01-01'), ('d', '2026-01-01'), ('e', '2026-01-01'), ('f', '2026-01-01');
INSERT INTO act VALUES
    (1, 'a', 'page_visit', '2026-01-01', 'ads', 'spring'), (2, 'a', 'page_visit', '2026-01-02', 'mail', 'spring'),
    (3, 'a', 'page_visit', '2026-01-05', 'fair', NULL), (4, 'a', 'page_visit', '2026-01-09', 'ads', NULL), (5, 'a', 'page_visit', '2026-01-12', 'web', NULL),
    (6, 'b', 'page_visit', '2026-02-01', 'ads', NULL), (7, 'b', 'page_visit', '2026-02-01', 'mail', NULL),
    (8, 'c', 'page_visit', '2026-02-01', 'fair', NULL),
    (9, 'd', 'ours', '2026-02-01', 'phone', NULL),
    (10, 'e', 'page_visit', '2026-02-01', 'ads', NULL), (11, 'e', 'page_visit', '2026-02-20', 'web', NULL),
    (12, 'f', 'page_visit', '2026-02-01', 'ads', NULL), (13, 'f', 'page_visit', '2026-02-02', 'gone', NULL);
DELETE FROM act WHERE id = 13;
INSERT INTO deal VALUES
    (1, 'a', 'won', '2026-01-09 00:00+00', '2026-01-12 00:00+00', 100),
    (2, 'b', 'won', '2026-02-01', '2026-02-03', 50), (3, 'c', 'won', '2026-02-02', '2026-02-03', NULL), (4, 'd', 'won', '2026-02-02', '2026-02-03', 30),
    (5, 'e', 'won', '2026-02-02', '2026-02-10', 10), (6, 'e', 'won', '2026-02-02', '2026-02-10', 20), (7, 'e', 'won', '2026-02-02', '2026-03-01', 40),
    (8, 'f', 'lost', '2026-02-02', '2026-03-01', 70), (9, 'f', 'open', '2026-05-02', NULL, 80);
CREATE VIEW credits AS
SELECT d.key AS deal, c.n, c.touches, c.source, c.model, c.credit, c.amount
FROM revops.attribution_credit('revenue') c JOIN revops.opportunity d USING (opportunity_id);
SELECT n, source, max(credit) FILTER (WHERE model = 'first') AS first, max(credit) FILTER (WHERE model = 'last') AS last,
       max(credit) FILTER (WHERE model = 'linear') AS linear, max(credit) FILTER (WHERE model = 'position_40_20_40') AS position_40_20_40,
       max(credit) FILTER (WHERE model = 'u_50_50') AS u_50_50, max(credit) FILTER (WHERE model = 'u_40_20_40') AS u_40_20_40
FROM credits WHERE deal = '1' GROUP BY n, source ORDER BY n;
-- created by the second, opened by the fourth, won by the fifth
SELECT n, source, max(credit) FILTER (WHERE model = 'w_30_30_30_10') AS w, max(credit) FILTER (WHERE model = 'full_path') AS full_path,
       round(max(credit) FILTER (WHERE model = 'time_decay'), 6) AS time_decay
FROM credits WHERE deal = '1' GROUP BY n, source ORDER BY n;
SELECT deal, n, touches, source, credit, amount FROM credits WHERE model = 'linear' AND deal <> '1' ORDER BY 1, 2;
SELECT deal, model, sum(credit), sum(amount) FROM credits WHERE deal IN ('2', '5') AND n = 1 GROUP BY 1, 2 ORDER BY 1, 2;
-- without a fresh start the whole past counts, with lookback only a part of it; ours count where asked
SELECT d.key AS deal, c.n, c.source FROM revops.attribution_path('revenue', fresh_start => false) c JOIN revops.opportunity d USING (opportunity_id) WHERE d.key = '7' ORDER BY n;
SELECT d.key AS deal, c.n, c.source FROM revops.attribution_path('revenue', lookback => '7 days') c JOIN revops.opportunity d USING (opportunity_id) WHERE d.key IN ('1', '5') ORDER BY 1, 2;
SELECT d.key AS deal, c.n, c.source FROM revops.attribution_path('revenue', outbound => true) c JOIN revops.opportunity d USING (opportunity_id) WHERE d.key = '4';
-- deals opened, whatever became of them; the range is that of the conversions
SELECT d.key AS deal, c.n, c.source, c.converted_at FROM revops.attribution_path('pipeline', since => '2026-02-02', until => '2026-05-01') c JOIN revops.opportunity d USING (opportunity_id)
WHERE d.key >= '4' ORDER BY 1, 2;
SELECT value, model, credit, amount, currency, conversions FROM revops.attribution('source') WHERE model IN ('first', 'linear', 'markov') ORDER BY model, value;
SELECT value, credit, amount FROM revops.attribution('campaign', since => '2026-01-01', until => '2026-02-01') WHERE model = 'linear' ORDER BY value;

-- what is kept is what was computed
SELECT revops.compute_attribution('revenue', half_life => '3 days') > 0 AS computed;
SELECT count(*) FROM
    (SELECT value, model, credit, amount FROM revops.attribution('source', half_life => '3 days') EXCEPT
     SELECT value, model, credit, amount FROM revops.attribution_kept WHERE dimension = 'source') d;
SELECT dimension, model, sum(credit), sum(amount) FROM revops.attribution_kept WHERE model IN ('linear', 'markov') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT kind, since, until, lookback, half_life, fresh_start, outbound FROM revops.attribution_run ORDER BY run_id;
DELETE FROM revops.attribution_run;
SELECT (SELECT count(*) FROM revops.attribution_day) AS days, (SELECT count(*) FROM revops.attribution_removal) AS removals;

-- what is refused
SELECT revops.attribution('colour');
SELECT revops.attribution('source', 'sales');
SELECT revops.attribution('source', since => '2026-02-01', until => '2026-01-01');
SELECT revops.attribution('source', lookback => '0');
SELECT revops.attribution('source', half_life => NULL);
SELECT revops.markov_effects(1001, '{}', '{}', '{}');
SELECT revops.markov_effects(1, '{0}', '{1,2}', '{1}');
SELECT revops.markov_effects(1, '{0,7}', '{1,2}', '{1,1}');
SELECT revops.markov_effects(1, '{0,1}', '{1,2}', '{1,0}');
SELECT revops.markov_effects(2, '{0,1}', '{1,3}', '{1,1}');
SELECT revops.markov_effects(1, '{0,1}', '{1,1}', '{1,1}');
SELECT revops.markov_effects(1, '{0,NULL}', '{1,1}', '{1,1}');
-- nothing converts
SELECT revops.markov_effects(1, '{0,1}', '{1,3}', '{1,1}');
SELECT revops.markov_effects(0, '{0}', '{1}', '{5}');

-- ----- against a naive computation, on random paths --------------------------------
SELECT setseed(0.7) \g /dev/null
INSERT INTO lead SELECT 'r' || i, '2026-03-01'::timestamptz + interval '1 hour' * floor(random() * 500) FROM generate_series(1, 300) AS i;
INSERT INTO act SELECT 1000 + n, 'r' || 1 + n % 300, CASE WHEN random() < 0.1 THEN 'ours' ELSE 'page_visit' END,
                       '2026-03-01'::timestamptz + interval '1 hour' * floor(random() * 700),
                       (ARRAY['ads', 'mail', 'fair', 'web', NULL])[1 + floor(random() * 5)], NULL
FROM generate_series(1, 1500) AS n;
INSERT INTO deal SELECT 1000 + n, 'r' || 1 + floor(random() * 300), 'won', at, at + interval '1 hour' * floor(random() * 300), round((random() * 1000)::numeric, 2)
FROM (SELECT n, '2026-03-03'::timestamptz + interval '1 hour' * floor(random() * 500) AS at FROM generate_series(1, 200) AS n) d;

-- one deal after the other, from the host's rows
CREATE FUNCTION naive() RETURNS TABLE (deal text, n int, source text, model text, credit float8) LANGUAGE plpgsql AS $$
DECLARE
    d record;
    acts act[];
    weights float8[];
    total float8;
    k int;
    keys int[];
    made int;
    opened int;
    m text;
BEGIN
    FOR d IN SELECT x.*, l.created_at FROM deal x JOIN lead l ON l.id = x.lead WHERE x.status = 'won' AND x.id >= 1000 LOOP
        acts := ARRAY(SELECT a FROM act a WHERE a.lead = d.lead AND a.kind <> 'ours' AND a.at <= d.closed AND a.at >= d.closed - interval '90 days'
                        AND NOT EXISTS (SELECT FROM deal p WHERE p.lead = d.lead AND p.status = 'won' AND p.closed < d.closed AND p.closed >= a.at)
                      ORDER BY a.at, a.id);
        made := 1;
        opened := 1;
        FOR i IN 1 .. coalesce(cardinality(acts), 0) LOOP
            IF acts[i].at <= d.created_at THEN made := i; END IF;
            IF acts[i].at <= d.opened THEN opened := i; END IF;
        END LOOP;
        k := coalesce(cardinality(acts), 0);
        FOREACH m IN ARRAY '{first,last,linear,position_40_20_40,u_50_50,u_40_20_40,w_30_30_30_10,full_path,time_decay}'::text[] LOOP
            weights := array_fill(0::float8, ARRAY[greatest(k, 1)]);
            keys := CASE m WHEN 'first' THEN ARRAY[1] WHEN 'last' THEN ARRAY[k] WHEN 'position_40_20_40' THEN ARRAY[1, k]
                           WHEN 'u_50_50' THEN ARRAY[1, made] WHEN 'u_40_20_40' THEN ARRAY[1, made]
                           WHEN 'w_30_30_30_10' THEN ARRAY[1, made, opened] WHEN 'full_path' THEN ARRAY[1, made, opened, k] ELSE '{}' END;
            FOR i IN 1 .. k LOOP
                weights[i] := CASE WHEN m = 'linear' THEN 1
                                   WHEN m = 'time_decay' THEN power(2, -extract(epoch FROM d.closed - acts[i].at) / 86400 / 7) ELSE 0 END;
                FOR j IN 1 .. coalesce(cardinality(keys), 0) LOOP
                    IF keys[j] = i THEN
                        weights[i] := weights[i] + CASE m WHEN 'position_40_20_40' THEN 0.4 WHEN 'u_40_20_40' THEN 0.4 WHEN 'u_50_50' THEN 0.5
                                                          WHEN 'w_30_30_30_10' THEN 0.3 WHEN 'full_path' THEN 0.225 ELSE 1 END;
                    END IF;
                END LOOP;
            END LOOP;
            total := (SELECT count(*) FROM generate_series(1, k) i WHERE i <> ALL (keys));
            FOR i IN 1 .. k LOOP
                IF i <> ALL (keys) AND total > 0 THEN
                    weights[i] := weights[i] + CASE m WHEN 'position_40_20_40' THEN 0.2 WHEN 'u_40_20_40' THEN 0.2 WHEN 'w_30_30_30_10' THEN 0.1
                                                      WHEN 'full_path' THEN 0.1 ELSE 0 END / total;
                END IF;
            END LOOP;
            total := (SELECT sum(w) FROM unnest(weights) w);
            FOR i IN 1 .. greatest(k, 1) LOOP
                deal := d.id; n := i; source := acts[i].channel; model := m; credit := CASE WHEN k = 0 THEN 1 ELSE weights[i] / total END;
                RETURN NEXT;
            END LOOP;
        END LOOP;
    END LOOP;
END
$$;
WITH ours AS (SELECT d.key AS deal, c.n, c.source, c.model, c.credit FROM revops.attribution_credit('revenue') c JOIN revops.opportunity d USING (opportunity_id) WHERE d.key::int >= 1000)
SELECT count(*) FILTER (WHERE o.deal IS NULL OR n.deal IS NULL) AS unpaired,
       count(*) FILTER (WHERE abs(o.credit - n.credit) > 1e-9) AS differ,
       count(*) > 3000 AS many, count(DISTINCT (n.deal)) AS deals
FROM ours o FULL JOIN naive() n ON n.deal = o.deal AND n.n = o.n AND n.model = o.model AND n.source IS NOT DISTINCT FROM o.source;
-- exactly one, exactly the amount
SELECT count(*) FILTER (WHERE credit <> 1 OR amount IS DISTINCT FROM deal_amount) AS wrong, count(*) > 1000 AS many, count(*) FILTER (WHERE least < 0) AS negative
FROM (SELECT c.opportunity_id, c.model, sum(c.credit) AS credit, sum(c.amount) AS amount, min(c.credit) AS least, min(o.base_amount) AS deal_amount
      FROM revops.attribution_credit('revenue') c JOIN revops.opportunity o USING (opportunity_id) GROUP BY 1, 2) s;

-- removal effects: walk the chain for long, with each channel taken out
CREATE TABLE chain AS
WITH path AS (SELECT 'd' || opportunity_id AS path, n, coalesce(source, '-') AS source, touches, true AS won FROM revops.attribution_path('revenue') WHERE touches > 0
              UNION ALL
              SELECT 'l' || a.lead, row_number() OVER p, coalesce(a.channel, '-'), count(*) OVER (PARTITION BY a.lead), false
              FROM act a WHERE a.kind <> 'ours' AND NOT EXISTS (SELECT FROM deal d WHERE d.lead = a.lead AND d.status = 'won' AND d.closed >= a.at)
              WINDOW p AS (PARTITION BY a.lead ORDER BY a.at, a.id))
SELECT a, b, n / sum(n) OVER (PARTITION BY a) AS p
FROM (SELECT a, b, count(*)::float8 AS n
      FROM (SELECT coalesce(lag(source) OVER (PARTITION BY path ORDER BY n), 'start') AS a, source AS b FROM path
            UNION ALL SELECT source, CASE WHEN won THEN 'won' ELSE 'lost' END FROM path WHERE n = touches
            UNION ALL SELECT 'start', 'won' FROM revops.attribution_path('revenue') WHERE touches = 0) s
      GROUP BY 1, 2) c;
CREATE FUNCTION walk(without text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    here jsonb := '{"start": 1}';
    won float8 := 0;
BEGIN
    FOR i IN 1 .. 400 LOOP
        won := won + coalesce((SELECT sum((here ->> a)::float8 * p) FROM chain WHERE b = 'won'), 0);
        here := coalesce((SELECT jsonb_object_agg(b, v) FROM (SELECT b, sum((here ->> a)::float8 * p) AS v FROM chain
                                                              WHERE here ? a AND b NOT IN ('won', 'lost') AND b IS DISTINCT FROM without GROUP BY b) s), '{}');
    END LOOP;
    RETURN won;
END
$$;
SELECT count(*) AS channels,
       count(*) FILTER (WHERE abs(removal_effect - (1 - walk(coalesce(value, '-')) / walk(NULL))) > 1e-9) AS differ,
       count(*) FILTER (WHERE abs(probability - walk(NULL)) > 1e-9) AS other_probability,
       sum(credit) = min(converting) AS all_shared
FROM revops.attribution_markov('source', 'revenue');

-- readers see totals, and no lead
GRANT revops_reader TO CURRENT_USER;
SET ROLE revops_reader;
SELECT count(*) > 0 AS rows FROM revops.attribution('source');
SELECT count(*) FROM revops.attribution_kept;
SELECT count(*) FROM revops.attribution_credit('revenue');
SELECT revops.compute_attribution();
RESET ROLE;

-- leads that are merged are one person (E7): a deal of either is owed to the touches of both, each once
SET pg_revops.now = '2026-06-03 12:00+00';
INSERT INTO lead VALUES ('m', '2026-05-01'), ('n', '2026-05-01');
INSERT INTO act VALUES (101, 'm', 'page_visit', '2026-05-02', 'ads', NULL), (102, 'n', 'page_visit', '2026-05-03', 'fair', NULL), (103, 'n', 'page_visit', '2026-05-20', 'web', NULL);
INSERT INTO deal VALUES (101, 'm', 'won', '2026-05-04', '2026-05-05', 11), (102, 'n', 'won', '2026-05-04', '2026-05-25', 13);
SELECT revops.merge_leads(revops.lead_id('lead', 'm'), revops.lead_id('lead', 'n'), 'duplicate') > 0 AS merged;
CREATE VIEW paths AS SELECT d.key AS deal, p.n, p.touches, p.source, p.amount FROM revops.attribution_path('revenue', '2026-05-01') p
    JOIN revops.opportunity d USING (opportunity_id) WHERE d.key IN ('101', '102') ORDER BY 1, 2;
SELECT * FROM paths;
SELECT revops.unmerge_leads(revops.lead_id('lead', 'n'), 'duplicate') > 0 AS apart;
SELECT * FROM paths;
