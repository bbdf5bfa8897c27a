-- Marketing's queue of leads that are held back, and what is known by asking.

CREATE VIEW revops.held_back AS
SELECT h.lead_id, h.workspace_id, l.binding_id, l.key, l.stage, h.to_stage AS waits_for, h.cause,
       h.roles AS empty_roles, h.answers AS unanswered,
       CASE WHEN h.condition THEN g.condition END AS criteria,
       h.since, revops.engine_now() - h.since AS age,
       l.fit, l.team_id, l.rep_id, l.source, l.campaign, l.segment
FROM revops.held_lead h
JOIN revops.lead l ON l.lead_id = h.lead_id AND l.gone_at IS NULL
LEFT JOIN revops.agreement a ON a.workspace_id = h.workspace_id AND a.status = 'active'
LEFT JOIN revops.stage g ON g.agreement_id = a.agreement_id AND g.stage = h.to_stage;
COMMENT ON VIEW revops.held_back IS
    'Queue of marketing''s: leads that would move by themselves, but for what the next stage asks for. A lead leaves it when what is missing has come (it moves at once), or when nothing wants to move it any more. As of the lead''s last settle.';
COMMENT ON COLUMN revops.held_back.lead_id IS 'the lead';
COMMENT ON COLUMN revops.held_back.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.held_back.binding_id IS 'binding of the host''s row';
COMMENT ON COLUMN revops.held_back.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.held_back.stage IS 'stage that it is held in';
COMMENT ON COLUMN revops.held_back.waits_for IS 'stage that it would move to';
COMMENT ON COLUMN revops.held_back.cause IS 'what would move it: score, opportunity, won ... as stage_change.cause';
COMMENT ON COLUMN revops.held_back.empty_roles IS 'roles that the stage needs and that are empty: fill the row, or enrich()';
COMMENT ON COLUMN revops.held_back.unanswered IS 'questions that the transition needs answered: answer_question()';
COMMENT ON COLUMN revops.held_back.criteria IS 'entry criteria of the stage that do not hold; NULL: they hold, or there are none';
COMMENT ON COLUMN revops.held_back.since IS 'since when it waits for this stage';
COMMENT ON COLUMN revops.held_back.age IS 'how long it has waited (exact time)';
COMMENT ON COLUMN revops.held_back.fit IS 'fit, 0 to 100';
COMMENT ON COLUMN revops.held_back.team_id IS 'team that has it';
COMMENT ON COLUMN revops.held_back.rep_id IS 'rep who has it';
COMMENT ON COLUMN revops.held_back.source IS 'source';
COMMENT ON COLUMN revops.held_back.campaign IS 'campaign';
COMMENT ON COLUMN revops.held_back.segment IS 'segment';

CREATE VIEW revops.lead_answers AS
SELECT a.lead_id, a.workspace_id, a.question, q.label, a.answer, a.at, a.actor, q.position
FROM (SELECT DISTINCT ON (r.lead_id, r.question) r.*
      FROM revops.answer r ORDER BY r.lead_id, r.question, r.seq DESC) a
LEFT JOIN revops.question q ON q.agreement_id = a.agreement_id AND q.question = a.question
WHERE a.answer IS NOT NULL;
COMMENT ON VIEW revops.lead_answers IS
    'What has been answered about a lead: the last answer to each question. Ask it of one lead, or of few.';
COMMENT ON COLUMN revops.lead_answers.lead_id IS 'the lead';
COMMENT ON COLUMN revops.lead_answers.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.lead_answers.question IS 'code of the question';
COMMENT ON COLUMN revops.lead_answers.label IS 'the question in words, as the version had it that asked';
COMMENT ON COLUMN revops.lead_answers.answer IS 'the answer';
COMMENT ON COLUMN revops.lead_answers.at IS 'when it was answered';
COMMENT ON COLUMN revops.lead_answers.actor IS 'role that answered';
COMMENT ON COLUMN revops.lead_answers.position IS 'order in which the questions are asked';
