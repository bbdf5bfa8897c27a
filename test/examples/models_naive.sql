-- feedback_rule() against the contacts themselves, conditions written again over
-- the bank's columns; and the rules of every twentieth lead against explain_score()
-- at its handoff, or now.  Prints rules compared, rules with another count, leads
-- explained (the file has 41,188), leads with other rules.
CREATE TEMPORARY TABLE naive AS
SELECT r.rule, count(*) AS matched, count(h.lead_id) AS handed_over, count(h.lead_id) FILTER (WHERE c.y = 'yes') AS won
FROM bank.contact c
CROSS JOIN LATERAL (VALUES
    ('said yes before',          c.poutcome = 'success'),
    ('called in an earlier campaign, twice or more', c.previous > 1),
    ('euribor under 1.2',        c.euribor3m < 1.2),
    ('euribor 1.2 to 4',         c.euribor3m >= 1.2 AND c.euribor3m < 4),
    ('a good month',             c.month IN ('mar', 'sep', 'oct', 'dec')),
    ('April',                    c.month = 'apr'),
    ('student or retired',       c.job IN ('student', 'retired')),
    ('under 25, or 60 and over', c.age NOT BETWEEN 25 AND 59),
    ('mobile phone',             c.contact = 'cellular'),
    ('credit not known',         c."default" IN ('unknown', 'yes')),
    ('blue-collar or services',  c.job IN ('blue-collar', 'services')),
    ('May',                      c.month = 'may'),
    ('called five times or more', c.campaign > 4)) AS r (rule, holds)
JOIN revops.lead l ON l.key = c.id::text
LEFT JOIN (SELECT DISTINCT lead_id FROM revops.stage_change WHERE to_stage = 'mql') h ON h.lead_id = l.lead_id
WHERE r.holds
GROUP BY r.rule;

CREATE TEMPORARY TABLE explained AS
SELECT l.lead_id,
       (SELECT array_agg(e.rule ORDER BY e.rule)
        FROM revops.explain_score(l.lead_id, (SELECT min(c.recorded_at) FROM revops.stage_change c
                                              WHERE c.lead_id = l.lead_id AND c.to_stage = 'mql')) e
        WHERE e.part IN ('fit', 'negative') AND e.matched AND e.rule !~ '^\(') AS rules
FROM revops.lead l
WHERE l.key::int % 20 = 1;

SELECT r.compared, r.other, e.explained, e.other
FROM (SELECT count(*) AS compared,
             count(*) FILTER (WHERE (f.matched, f.handed_over, f.won) IS DISTINCT FROM (n.matched, n.handed_over, n.won)) AS other
      FROM revops.rule_feedback f
      LEFT JOIN naive n ON n.rule = f.rule
      WHERE f.in_force) r,
     (SELECT count(*) AS explained,
             count(*) FILTER (WHERE x.rules IS DISTINCT FROM (SELECT array_agg(s.rule ORDER BY s.rule) FROM revops.score_rule s
                                                              WHERE s.rule_id = ANY (j.matched))) AS other
      FROM explained x JOIN revops.lead_judged j ON j.lead_id = x.lead_id) e;
