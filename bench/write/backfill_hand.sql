-- The limit of a backfill: the same rows by hand, without any logic, in one
-- transaction.  Every answer is taken from the table "adopted".
BEGIN;
INSERT INTO other.lead_identity (lead_id, workspace_id, personal) SELECT lead_id, 1, personal FROM other.adopted;
INSERT INTO other.profile_change (lead_id, change_id, at, workspace_id, binding_id, profile)
SELECT lead_id, change_id, other.moment(), 1, 1, profile FROM other.adopted;
INSERT INTO other.stage_change (lead_id, seq, workspace_id, agreement_id, at, recorded_at, lead_created_at, fit, intent, score,
    violation, to_stage, cause, actor, source, campaign, segment)
SELECT lead_id, 1, 1, other.agreement(), created_at, other.moment(), created_at, fit, 0, score,
       false, 'lead', 'entry', 'postgres', source, campaign, segment
FROM other.adopted;
INSERT INTO other.lead (lead_id, profile_id, created_at, settled_at, stage_since, intent_pos, intent_neg, workspace_id, binding_id,
    agreement_id, moves, assignments, clocks, touches, fit, running, disqualified, handed_over, key, stage, source, campaign, segment)
SELECT lead_id, change_id, created_at, other.moment(), created_at, '-Infinity', '-Infinity', 1, 1,
       other.agreement(), 1, 0, 0, 0, fit, 0, false, false, key, 'lead', source, campaign, segment
FROM other.adopted;
COMMIT;
