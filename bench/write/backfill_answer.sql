-- After a backfill by the engine: what it wrote, as the run by hand is to write it.
COPY (SELECT l.lead_id, p.change_id, i.personal, p.profile, l.created_at, l.fit, m.score, l.key, l.source, l.campaign, l.segment
      FROM revops.lead l JOIN revops.lead_identity i USING (lead_id) JOIN revops.profile_change p USING (lead_id)
      JOIN revops.stage_change m ON m.lead_id = l.lead_id
      ORDER BY l.lead_id) TO :'answers';
