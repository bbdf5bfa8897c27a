-- What KPIs there are, so that nobody need search for them or guess.

CREATE VIEW revops.kpi_catalogue AS
SELECT c.name, c.question, c.formula, c.grain, c.counted_by, c.source
FROM (VALUES
    ('kpi_entry', 'Where do leads enter?', 'leads; share', 'source, campaign, segment, stage', 'creation of the lead', 'stage_change'),
    ('kpi_funnel', 'How far do leads get?', 'leads that reached each level or beyond / leads; lead_to_mql = mqls / leads', 'source, campaign, segment', 'creation of the lead', 'stage_change, funnel_stage'),
    ('kpi_source', 'Which sources bring MQLs, customers, revenue?', 'lead_to_mql = mqls / leads; mql_to_sql = mqls_accepted / mqls; lead_to_won = won / leads', 'source', 'creation of the lead', 'stage_change, stage, opportunity'),
    ('kpi_segment', 'Which segments fit, and convert?', 'mean_fit = sum_fit / leads; lead_to_won = won / leads', 'segment', 'creation of the lead', 'stage_change, stage, opportunity'),
    ('kpi_stage_conversion', 'How many go from each stage to a higher one, by cohort?', 'advanced / entered', 'stage, source, campaign, segment, team, rep', 'entry into the stage', 'stage_change, stage'),
    ('kpi_stage_volume', 'How many MQLs, SQLs, opportunities and customers came in a period, by volume?', 'of one period: SQLs / MQLs, and so on; may exceed 1', 'source, campaign, segment, team', 'first arrival at the level', 'stage_change, funnel_stage'),
    ('kpi_stage_time', 'How long from stage to stage?', 'median_days, mean_days, p90_days', 'from_point, to_point, source, segment, team', 'arrival at to_point', 'stage_change, funnel_stage'),
    ('kpi_leakage', 'Where do leads leave the funnel, and why?', 'moves and leads; share_of_leaving', 'from_stage, to_stage, way, reason, source, campaign, segment, team', 'the move', 'stage_change, funnel_stage'),
    ('kpi_recycle', 'How many come back, and what becomes of them?', 'return_rate = returned / recycled; won_rate = won / recycled', 'reason, source, campaign, segment, team', 'recycling', 'stage_change, stage'),
    ('kpi_lead_velocity', 'Do qualified leads grow?', 'lead_velocity_rate = (mqls - mqls_before) / mqls_before', 'workspace', 'first arrival', 'stage_change, funnel_stage'),
    ('kpi_acceptance', 'What share of the MQLs does sales accept?', 'accepted / handed_over', 'source, campaign, segment, team, rep', 'the handoff', 'handoff'),
    ('kpi_rejection_reasons', 'Why does sales send leads back?', 'count', 'outcome, reason, source, campaign, segment, team, rep', 'the handoff', 'handoff, reason'),
    ('kpi_work_rate', 'Which MQLs does nobody contact; who picks cherries?', 'work_rate = contacted / handed_over', 'score_band, source, team, rep', 'the handoff', 'handoff, stage_change, touch, signal'),
    ('kpi_response_time', 'How fast is the first response?', 'median, 90th percentile, mean; share_within_sla = within_sla / (within_sla + breached)', 'source, campaign, segment, team, rep', 'start of the clock', 'sla_clock'),
    ('kpi_sla_compliance', 'Are the promises kept?', 'kept / (kept + breached)', 'policy, promise, source, team, rep', 'due time of the clock', 'sla_clock, sla_policy'),
    ('kpi_pipeline', 'What came into the pipeline?', 'created, open_amount; win_rate_of_all = won / created', 'source, campaign, segment, team, rep, product, nature', 'opening of the deal', 'opportunity (deal)'),
    ('kpi_deals', 'Win rate, deal size, cycle, velocity?', 'win_rate = won / (won + lost); velocity = closed x win_rate x average_deal / cycle in days', 'source, campaign, segment, team, rep, product, nature', 'closing of the deal', 'opportunity (deal)'),
    ('kpi_win_loss', 'Why are deals won and lost, and to whom?', 'deals, amount; share_of_outcome', 'outcome, reason, competitor, source, segment, team, rep, product', 'closing of the deal', 'opportunity (deal)'),
    ('kpi_revenue', 'Which sources and campaigns bring revenue?', 'amount; share_of_revenue', 'source, campaign, segment', 'closing of the deal', 'opportunity (deal)'),
    ('kpi_retention', 'Which sources bring customers who stay and buy more?', 'retention_rate = retained / customers; expansion_share = expansion_amount / first_amount', 'source', 'first won deal', 'opportunity (deal)'),
    ('kpi_cost', 'What do leads, MQLs and customers cost, and when is it back?', 'spend / leads, / mqls, / accepted, / customers; return = (won_amount - spend) / spend', 'dimension (all, source, campaign) and value', 'day of the spend, arrival of the lead', 'spend, exchange_rate, stage_change, opportunity'),
    ('kpi_content', 'Which content is used, and by whom who buys?', 'touches, leads, influenced deals', 'content, source, campaign', 'the touch', 'touch, signal, stage_change, opportunity'),
    ('kpi_quota', 'Do we reach the quota?', 'attainment = won_amount / quota; pace = attainment / elapsed', 'quarter; workspace, team or rep', 'closing of the deal', 'quota, opportunity (deal)'),
    ('kpi_commitment', 'Do both teams do what they committed to?', 'attainment = actual / target; pace = attainment / elapsed', 'commitment; its own week, month or quarter', 'the handoff; due time of the clock', 'commitment, stage_change (handoff), sla_clock'))
    AS c (name, question, formula, grain, counted_by, source)
ORDER BY c.name;
COMMENT ON VIEW revops.kpi_catalogue IS
    'The shared KPIs: one row each. name(grain, since, until) is a function, name_week and name_month are plain views; kpi_quota is a plain view alone, kpi_commitment(since, until) and its view have the periods that the commitments name. \df+ revops.kpi_* shows the whole text.';
COMMENT ON COLUMN revops.kpi_catalogue.name IS 'name of the KPI';
COMMENT ON COLUMN revops.kpi_catalogue.question IS 'question that it answers';
COMMENT ON COLUMN revops.kpi_catalogue.formula IS 'how its main figures are made';
COMMENT ON COLUMN revops.kpi_catalogue.grain IS 'what a row is of, beside workspace and period';
COMMENT ON COLUMN revops.kpi_catalogue.counted_by IS 'whose moment puts something into a period';
COMMENT ON COLUMN revops.kpi_catalogue.source IS 'tables and views that it reads';
