-- Part of the self-check: duplicates and overturned rejections against moves.

CREATE FUNCTION revops.verify_handoff(workspace_id int DEFAULT NULL)
    RETURNS TABLE (lead_id bigint, field text, stored text, recomputed text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- a link belongs to a move, and a move by duplicate() has one
    SELECT coalesce(k.lead_id, c.lead_id), 'duplicate_link ' || coalesce(k.seq, c.seq),
           CASE WHEN k.lead_id IS NOT NULL THEN 'of ' || k.of_lead_id END, 'a move by ' || c.cause
      FROM (SELECT k.* FROM revops.duplicate_link k
             WHERE verify_handoff.workspace_id IS NULL OR k.workspace_id = verify_handoff.workspace_id) k
      FULL JOIN (SELECT c.* FROM revops.stage_change c
                  WHERE c.cause IN ('duplicate', 'host')
                    AND (verify_handoff.workspace_id IS NULL OR c.workspace_id = verify_handoff.workspace_id)) c
                ON c.lead_id = k.lead_id AND c.seq = k.seq
     WHERE c.lead_id IS NULL OR (k.lead_id IS NULL AND c.cause = 'duplicate')
    UNION ALL
    -- what was overturned is the move before the one that brought the lead back
    SELECT coalesce(d.lead_id, c.lead_id), 'overturned ' || coalesce(d.seq, c.seq - 1),
           CASE WHEN d.lead_id IS NOT NULL THEN 'dispute ' || d.dispute_id END,
           CASE WHEN c.lead_id IS NOT NULL THEN 'a move to ' || c.to_stage END
      FROM (SELECT d.* FROM revops.dispute d JOIN revops.dispute_resolution r ON r.dispute_id = d.dispute_id AND r.outcome = 'overturned'
             WHERE verify_handoff.workspace_id IS NULL OR d.workspace_id = verify_handoff.workspace_id) d
      FULL JOIN (SELECT c.* FROM revops.stage_change c
                  WHERE c.cause = 'overturned'
                    AND (verify_handoff.workspace_id IS NULL OR c.workspace_id = verify_handoff.workspace_id)) c
                ON c.lead_id = d.lead_id AND c.seq = d.seq + 1
     WHERE c.lead_id IS NULL OR d.lead_id IS NULL;
END;
COMMENT ON FUNCTION revops.verify_handoff(int) IS
    'Part of verify(): links of duplicates and overturned disputes against the moves that they belong to. Workspace NULL: all.';
