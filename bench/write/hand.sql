-- The limit: bulk SQL by hand, without any logic.  Every answer is taken from
-- the table "answer", with its numbers and its jsonb made beforehand.

COPY other.host FROM :'file';
INSERT INTO other.lead_identity SELECT lead_id, 1, personal FROM other.answer;
INSERT INTO other.profile_change SELECT lead_id, change_id, other.moment(), 1, 1, profile FROM other.answer;
INSERT INTO other.stage_change
SELECT lead_id, m.seq, 1, other.agreement(), CASE m.seq WHEN 1 THEN created_at ELSE other.moment() END, other.moment(), created_at,
       CASE m.seq WHEN 2 THEN spent END, CASE m.seq WHEN 2 THEN team_id END, CASE m.seq WHEN 2 THEN rep_id END,
       fit, 0, score, false, m.from_stage, m.to_stage, m.cause, NULL, 'postgres', source, campaign, segment
FROM other.answer CROSS JOIN (VALUES (1, NULL, 'lead', 'entry'), (2, 'lead', 'mql', 'score')) AS m (seq, from_stage, to_stage, cause);
INSERT INTO other.assignment
SELECT lead_id, 1, 1, other.moment(), team_id, rep_id, NULL, NULL, route_id, 'route', NULL, 'postgres', source, campaign, segment
FROM other.answer;
INSERT INTO other.sla_clock
SELECT lead_id, 1, 1, other.agreement(), policy_id, calendar_id, team_id, rep_id, other.moment(), due_at, NULL, NULL, NULL,
       'first_response', source, campaign, segment
FROM other.answer;
INSERT INTO other.event
SELECT pg_current_xact_id(), nextval('other.event_id'), 1, lead_id, other.moment(), e.seq, e.event
FROM other.answer CROSS JOIN (VALUES (2, 'stage_changed'), (1, 'assigned')) AS e (seq, event);
INSERT INTO other.lead (lead_id, workspace_id, binding_id, agreement_id, created_at, settled_at, stage_since, gone_at, last_touch_at, assigned_at, profile_id, intent_pos, intent_neg, team_id, rep_id, moves, assignments, clocks, touches, running, fit, disqualified, handed_over, stage, key, source, campaign, segment)
SELECT lead_id, 1, 1, other.agreement(), created_at, other.moment(), other.moment(), NULL, NULL, other.moment(), change_id,
       '-Infinity', '-Infinity', team_id, rep_id, 2, 1, 1, 0, 1, fit, false, true, 'mql', key, source, campaign, segment
FROM other.answer;
