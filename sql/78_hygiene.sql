-- What is wrong with the data that the KPIs count: shown, not hidden.  Nothing
-- is corrected or left out because of it.

CREATE FUNCTION revops.hygiene_found()
    RETURNS TABLE (workspace_id int, workspace text, problem text, n bigint, example text, meaning text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET jit = off
BEGIN ATOMIC
    WITH entry AS
         (SELECT c.lead_id, c.workspace_id, c.lead_created_at AS created_at, c.source, c.campaign
          FROM revops.stage_change c WHERE c.seq = 1),
         won AS
         (SELECT c.workspace_id, percentile_cont(0.9) WITHIN GROUP (ORDER BY date_part('epoch', c.at - c.lead_created_at)) AS p90
          FROM (SELECT s.workspace_id, s.lead_id, min(s.at) AS at, min(s.lead_created_at) AS lead_created_at
                FROM revops.stage_change s
                JOIN revops.stage g ON g.agreement_id = s.agreement_id AND g.stage = s.to_stage AND g.purpose = 'won'
                GROUP BY s.workspace_id, s.lead_id) c
          GROUP BY c.workspace_id),
         word AS
         (SELECT e.workspace_id, 'source' AS role, e.source AS value, count(*) AS n FROM entry e WHERE e.source IS NOT NULL GROUP BY 1, 3
          UNION ALL
          SELECT e.workspace_id, 'campaign', e.campaign, count(*) FROM entry e WHERE e.campaign IS NOT NULL GROUP BY 1, 3),
         spelling AS
         (SELECT w.workspace_id, w.role, sum(w.n) AS n, string_agg(quote_literal(w.value), ', ' ORDER BY w.value COLLATE "C") AS forms
          FROM word w
          GROUP BY w.workspace_id, w.role, lower(btrim(w.value))
          HAVING count(*) > 1),
         found AS
         (SELECT c.workspace_id, 'move_before_creation' AS problem, count(*) AS n, min(c.lead_id)::text AS example
          FROM revops.stage_change c WHERE c.at < c.lead_created_at GROUP BY 1
          UNION ALL
          SELECT e.workspace_id, 'creation_sentinel', count(*), min(e.lead_id)::text
          FROM entry e
          WHERE e.created_at < '1990-01-01 00:00+00' OR e.created_at >= '2100-01-01 00:00+00' GROUP BY 1
          UNION ALL
          SELECT e.workspace_id, 'creation_in_future', count(*), min(e.lead_id)::text
          FROM entry e WHERE e.created_at > revops.engine_now() GROUP BY 1
          UNION ALL
          SELECT o.workspace_id, 'closed_before_opened', count(*), min(o.opportunity_id)::text
          FROM revops.opportunity o WHERE o.status IN ('won', 'lost') AND o.closed_at < o.opened_at GROUP BY 1
          UNION ALL
          SELECT o.workspace_id, 'opened_before_lead', count(*), min(o.opportunity_id)::text
          FROM revops.opportunity o JOIN entry e ON e.lead_id = o.lead_id
          WHERE o.status <> 'gone' AND o.opened_at < e.created_at GROUP BY 1
          UNION ALL
          SELECT o.workspace_id, 'deal_date_sentinel', count(*), min(o.opportunity_id)::text
          FROM revops.opportunity o
          WHERE o.status <> 'gone' AND (LEAST(o.opened_at, o.closed_at) < '1990-01-01 00:00+00' OR GREATEST(o.opened_at, o.closed_at) >= '2100-01-01 00:00+00')
          GROUP BY 1
          UNION ALL
          SELECT o.workspace_id, 'closed_in_future', count(*), min(o.opportunity_id)::text
          FROM revops.opportunity o WHERE o.status IN ('won', 'lost') AND o.closed_at > revops.engine_now() GROUP BY 1
          UNION ALL
          SELECT o.workspace_id, 'closed_without_date', count(*), min(o.opportunity_id)::text
          FROM revops.opportunity o WHERE o.status IN ('won', 'lost') AND o.closed_at IS NULL GROUP BY 1
          UNION ALL
          SELECT o.workspace_id, 'won_without_amount', count(*), min(o.opportunity_id)::text
          FROM revops.opportunity o WHERE o.status = 'won' AND o.amount IS NULL GROUP BY 1
          UNION ALL
          SELECT o.workspace_id, 'won_for_nothing', count(*), min(o.opportunity_id)::text
          FROM revops.opportunity o WHERE o.status = 'won' AND o.amount <= 0 GROUP BY 1
          UNION ALL
          SELECT o.workspace_id, 'amount_without_rate', count(*), min(o.currency)
          FROM revops.opportunity o WHERE o.status <> 'gone' AND o.amount IS NOT NULL AND o.base_amount IS NULL GROUP BY 1
          UNION ALL
          SELECT o.workspace_id, 'deal_without_lead', count(*), min(o.opportunity_id)::text
          FROM revops.opportunity o WHERE o.status <> 'gone' AND o.lead_id IS NULL GROUP BY 1
          UNION ALL
          SELECT o.workspace_id, 'lost_without_reason', count(*), min(o.opportunity_id)::text
          FROM revops.opportunity o WHERE o.status = 'lost' AND o.reason IS NULL GROUP BY 1
          UNION ALL
          SELECT w.workspace_id, w.role || '_sentinel', sum(w.n)::bigint, string_agg(quote_literal(w.value), ', ' ORDER BY w.value COLLATE "C")
          FROM word w
          WHERE lower(btrim(w.value)) IN ('', 'unknown', 'none', '(none)', 'null', 'n/a', 'na', '-', '?', 'nan', 'undefined', '(not set)', 'not set', 'tbd', 'test')
          GROUP BY 1, 2
          UNION ALL
          SELECT e.workspace_id, 'source_missing', count(*), min(e.lead_id)::text FROM entry e WHERE e.source IS NULL GROUP BY 1
          UNION ALL
          SELECT s.workspace_id, s.role || '_spelling', sum(s.n)::bigint, string_agg(s.forms, '; ' ORDER BY s.forms COLLATE "C")
          FROM spelling s GROUP BY 1, 2
          UNION ALL
          SELECT e.workspace_id, 'truncated_cohort', count(*), min(e.created_at)::date::text
          FROM entry e JOIN won w ON w.workspace_id = e.workspace_id
          WHERE e.created_at <= revops.engine_now() AND w.p90 > 0 AND e.created_at > revops.engine_now() - make_interval(secs => w.p90) GROUP BY 1
          UNION ALL
          SELECT s.workspace_id, 'spend_without_rate', count(*), min(s.currency)
          FROM revops.spent s WHERE s.base_amount IS NULL GROUP BY 1
          UNION ALL
          SELECT s.workspace_id, 'spend_without_leads', count(*), min(COALESCE(s.campaign, s.source))
          FROM revops.spend s
          WHERE (s.campaign IS NOT NULL AND NOT EXISTS (SELECT FROM word w WHERE w.workspace_id = s.workspace_id AND w.role = 'campaign' AND w.value = s.campaign))
             OR (s.campaign IS NULL AND s.source IS NOT NULL
                 AND NOT EXISTS (SELECT FROM word w WHERE w.workspace_id = s.workspace_id AND w.role = 'source' AND w.value = s.source))
          GROUP BY 1)
    SELECT f.workspace_id, w.workspace, f.problem, f.n, f.example, m.meaning
    FROM found f
    JOIN revops.workspace w ON w.workspace_id = f.workspace_id
    JOIN (VALUES
        ('move_before_creation', 'moves dated before their lead was created: times between stages are below 0'),
        ('creation_sentinel', 'leads created before 1990 or after 2099: a date that stands for none'),
        ('creation_in_future', 'leads created later than now: they are in periods to come'),
        ('closed_before_opened', 'deals closed before they were opened: their cycle is below 0'),
        ('opened_before_lead', 'deals opened before their lead was created: the lead was not what brought them'),
        ('deal_date_sentinel', 'deals opened or closed before 1990 or after 2099: a date that stands for none'),
        ('closed_in_future', 'deals won or lost later than now: they are in periods to come'),
        ('closed_without_date', 'deals won or lost without a date: in no period'),
        ('won_without_amount', 'won deals without an amount: counted, but in no sum'),
        ('won_for_nothing', 'won deals of an amount of 0 or less: they pull the average down'),
        ('amount_without_rate', 'deals in a currency without an exchange rate on their day: in no sum (example: the currency)'),
        ('deal_without_lead', 'deals whose lead is not known: without source, campaign and segment'),
        ('lost_without_reason', 'lost deals without a coded reason'),
        ('source_sentinel', 'leads whose source is a word that stands for none (example: the words)'),
        ('campaign_sentinel', 'leads whose campaign is a word that stands for none (example: the words)'),
        ('source_missing', 'leads without a source'),
        ('source_spelling', 'leads whose source is written in several ways, by case or blanks: each counts apart (example: the ways)'),
        ('campaign_spelling', 'leads whose campaign is written in several ways, by case or blanks: each counts apart (example: the ways)'),
        ('truncated_cohort', 'leads younger than nine of ten customers were when they were won: conversion of these cohorts still grows (example: the first day of these)'),
        ('spend_without_rate', 'spend in a currency without an exchange rate on its day: in no sum (example: the currency)'),
        ('spend_without_leads', 'spend on a campaign or source that no lead tells: misspelt, or it brought nobody (example: its name)')) m (problem, meaning)
         ON m.problem = f.problem
    ORDER BY f.workspace_id, f.problem;
END;
COMMENT ON FUNCTION revops.hygiene_found() IS
    'The rows of hygiene, which reads it: a function, since to compile the query takes eight times as long as to answer it (jit).';
REVOKE ALL ON FUNCTION revops.hygiene_found() FROM PUBLIC;

CREATE VIEW revops.hygiene AS
SELECT f.workspace_id, f.workspace, f.problem, f.n, f.example, f.meaning FROM revops.hygiene_found() f;
COMMENT ON VIEW revops.hygiene IS
    'What is wrong with the data that the KPIs count: one row for each problem that there is, with how many rows have it. The KPIs count such rows as they are. Source: stage_change, stage, opportunity, spend.';
COMMENT ON COLUMN revops.hygiene.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.hygiene.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.hygiene.problem IS 'code of the problem';
COMMENT ON COLUMN revops.hygiene.n IS 'rows that have it: moves, leads, deals or rows of spend, as meaning says';
COMMENT ON COLUMN revops.hygiene.example IS 'where to begin: the lowest number of a lead (moves, leads) or deal, unless meaning says otherwise';
COMMENT ON COLUMN revops.hygiene.meaning IS 'the problem in words, and what it does to the KPIs';
