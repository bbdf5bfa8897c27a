-- After a run of the engine: the answers, and what the competitors have to know
-- of its definitions (the order of turns, numbers of versions and policies).
CREATE TABLE crm.answer AS
SELECT l.lead_id, p.change_id, i.personal, p.profile, l.created_at, m.spent, l.team_id, l.rep_id, l.fit, m.score, a.route_id,
       c.policy_id, c.calendar_id, c.due_at, l.key, l.source, l.campaign, l.segment
FROM revops.lead l JOIN revops.lead_identity i USING (lead_id) JOIN revops.profile_change p USING (lead_id)
JOIN revops.stage_change m ON m.lead_id = l.lead_id AND m.seq = 2
JOIN revops.assignment a ON a.lead_id = l.lead_id JOIN revops.sla_clock c ON c.lead_id = l.lead_id
ORDER BY l.lead_id;
CREATE TABLE crm.schedule AS
SELECT team_id, (turn - 1)::int AS turn, turns::int, rep_id
FROM (SELECT team_id, rep_id, row_number() OVER (PARTITION BY team_id ORDER BY lead_id) AS turn FROM crm.answer) a
JOIN (SELECT team_id, sum(weight) AS turns FROM revops.team_member GROUP BY 1) t USING (team_id)
WHERE turn <= turns;
