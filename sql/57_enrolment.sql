-- Who is in which track: the facts, and the state that follows from them.
-- Both are written by settle alone (src/settle/nurture.c).

CREATE TABLE revops.nurture_change
(
    lead_id      bigint NOT NULL,
    seq          int NOT NULL,
    enrolment    int NOT NULL,
    workspace_id int NOT NULL,
    agreement_id int NOT NULL,
    at           timestamptz NOT NULL,
    step         int NOT NULL,
    change       text COLLATE "C" NOT NULL,
    track        text COLLATE "C" NOT NULL,
    cause        text COLLATE "C" NOT NULL,
    actor        text COLLATE "C" NOT NULL,
    reason       text COLLATE "C",
    next_at      timestamptz,
    not_before   timestamptz,
    rep_id       int,
    PRIMARY KEY (lead_id, seq)
);
COMMENT ON TABLE revops.nurture_change IS 'Fact: a lead entered a track, a step fell due or was done, the steps stopped, the lead left the track.';
COMMENT ON COLUMN revops.nurture_change.lead_id IS 'the lead';
COMMENT ON COLUMN revops.nurture_change.seq IS 'number of the change within the lead, from 1';
COMMENT ON COLUMN revops.nurture_change.enrolment IS 'number of the enrolment within the lead, from 1';
COMMENT ON COLUMN revops.nurture_change.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.nurture_change.agreement_id IS 'version of the agreement in force';
COMMENT ON COLUMN revops.nurture_change.at IS 'engine time of the settle that decided it';
COMMENT ON COLUMN revops.nurture_change.step IS 'position of the step that fell due or was done; else of the last that had fallen due, 0: none';
COMMENT ON COLUMN revops.nurture_change.change IS 'enrolled, step_due, step_done, stopped (no more steps, but the recycled lead may come back by the track''s rules), ended';
COMMENT ON COLUMN revops.nurture_change.track IS 'the track';
COMMENT ON COLUMN revops.nurture_change.cause IS
    'enrolled: recycled, silence, asked (enrol()). stopped, ended: signal, moved (the lead moved to sales, or out), came_back (by intent, condition or hand), recycled (anew), completed (its last step fell due), replaced (by another track), left (leave_track()), gone (a step fell due, and the host had deleted the row), forgotten, track_gone (the version in force lacks the track). step_due: due. step_done: done';
COMMENT ON COLUMN revops.nurture_change.actor IS 'role that acted';
COMMENT ON COLUMN revops.nurture_change.reason IS 'enrolled: coded reason of the recycling; cause signal: the signal';
COMMENT ON COLUMN revops.nurture_change.next_at IS 'when the next step falls due; NULL: none does';
COMMENT ON COLUMN revops.nurture_change.not_before IS 'enrolled: the date that sales gave; NULL: none';
COMMENT ON COLUMN revops.nurture_change.rep_id IS 'enrolled: rep who had the lead then';

CREATE TABLE revops.enrolment
(
    lead_id      bigint NOT NULL,
    seq          int NOT NULL,
    workspace_id int NOT NULL,
    agreement_id int NOT NULL,
    step         int NOT NULL,
    done         int NOT NULL,
    changes      int NOT NULL,
    enrolled_at  timestamptz NOT NULL,
    track        text COLLATE "C" NOT NULL,
    cause        text COLLATE "C" NOT NULL,
    reason       text COLLATE "C",
    not_before   timestamptz,
    next_at      timestamptz,
    stopped_at   timestamptz,
    ended_at     timestamptz,
    end_cause    text COLLATE "C",
    end_reason   text COLLATE "C",
    rep_id       int,
    PRIMARY KEY (lead_id, seq)
) WITH (fillfactor = 90);
COMMENT ON TABLE revops.enrolment IS 'State: which tracks a lead is and was in, one at a time.';
COMMENT ON COLUMN revops.enrolment.lead_id IS 'the lead';
COMMENT ON COLUMN revops.enrolment.seq IS 'number of the enrolment within the lead, from 1';
COMMENT ON COLUMN revops.enrolment.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.enrolment.agreement_id IS 'version of the agreement when it was enrolled; its steps are those of the version in force, of the track of that name';
COMMENT ON COLUMN revops.enrolment.step IS 'position of the last step that has fallen due; 0: none yet';
COMMENT ON COLUMN revops.enrolment.done IS 'position of the last step that was done; 0: none yet';
COMMENT ON COLUMN revops.enrolment.changes IS 'seq of its last nurture_change';
COMMENT ON COLUMN revops.enrolment.enrolled_at IS 'when it was enrolled';
COMMENT ON COLUMN revops.enrolment.track IS 'the track';
COMMENT ON COLUMN revops.enrolment.cause IS 'recycled, silence, asked';
COMMENT ON COLUMN revops.enrolment.reason IS 'coded reason of the recycling';
COMMENT ON COLUMN revops.enrolment.not_before IS 'the date that sales gave: no step falls due before; NULL: none';
COMMENT ON COLUMN revops.enrolment.next_at IS 'when the next step falls due: its timer nurture_step; NULL: none does';
COMMENT ON COLUMN revops.enrolment.stopped_at IS 'when the steps stopped; NULL: they did not';
COMMENT ON COLUMN revops.enrolment.ended_at IS 'when the lead left the track; NULL: it is in it';
COMMENT ON COLUMN revops.enrolment.end_cause IS 'why the steps stopped or the lead left: see nurture_change.cause; the later counts';
COMMENT ON COLUMN revops.enrolment.end_reason IS 'the signal, where that was it';
COMMENT ON COLUMN revops.enrolment.rep_id IS 'rep who had the lead when it was enrolled';

CREATE FUNCTION revops.verify_nurture(workspace_id int DEFAULT NULL)
    RETURNS TABLE (lead_id bigint, field text, stored text, recomputed text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH told AS (
        SELECT c.lead_id, c.enrolment AS seq, max(c.seq) AS changes, max(c.at) FILTER (WHERE c.change = 'enrolled') AS enrolled_at,
               min(c.track) AS track, max(c.step) FILTER (WHERE c.change = 'step_due') AS step,
               max(c.step) FILTER (WHERE c.change = 'step_done') AS done,
               max(c.at) FILTER (WHERE c.change = 'stopped') AS stopped_at, max(c.at) FILTER (WHERE c.change = 'ended') AS ended_at,
               max(c.not_before) AS not_before, max(c.rep_id) AS rep_id,
               (array_agg(c.next_at ORDER BY c.seq DESC) FILTER (WHERE c.change <> 'step_done'))[1] AS next_at,
               (array_agg(c.cause ORDER BY c.seq) FILTER (WHERE c.change = 'enrolled'))[1] AS cause,
               (array_agg(c.reason ORDER BY c.seq) FILTER (WHERE c.change = 'enrolled'))[1] AS reason,
               (array_agg(c.cause ORDER BY c.seq DESC) FILTER (WHERE c.change IN ('stopped', 'ended')))[1] AS end_cause,
               (array_agg(c.reason ORDER BY c.seq DESC) FILTER (WHERE c.change IN ('stopped', 'ended')))[1] AS end_reason
          FROM revops.nurture_change c
         WHERE verify_nurture.workspace_id IS NULL OR c.workspace_id = verify_nurture.workspace_id
         GROUP BY c.lead_id, c.enrolment
    ), kept AS (
        SELECT e.* FROM revops.enrolment e
         WHERE verify_nurture.workspace_id IS NULL OR e.workspace_id = verify_nurture.workspace_id
    )
    SELECT coalesce(k.lead_id, t.lead_id), 'enrolment ' || coalesce(k.seq, t.seq) || ' ' || x.field, x.stored, x.recomputed
      FROM kept k FULL JOIN told t ON t.lead_id = k.lead_id AND t.seq = k.seq
     CROSS JOIN LATERAL (VALUES
           ('track', k.track, t.track),
           ('cause', k.cause, t.cause),
           ('reason', k.reason, t.reason),
           ('step', k.step::text, coalesce(t.step, 0)::text),
           ('done', k.done::text, coalesce(t.done, 0)::text),
           ('changes', k.changes::text, t.changes::text),
           ('enrolled_at', k.enrolled_at::text, t.enrolled_at::text),
           ('not_before', k.not_before::text, t.not_before::text),
           ('next_at', k.next_at::text, t.next_at::text),
           ('stopped_at', k.stopped_at::text, t.stopped_at::text),
           ('ended_at', k.ended_at::text, t.ended_at::text),
           ('end_cause', k.end_cause, t.end_cause),
           ('end_reason', k.end_reason, t.end_reason),
           ('rep_id', k.rep_id::text, t.rep_id::text)) AS x (field, stored, recomputed)
     WHERE x.stored IS DISTINCT FROM x.recomputed
    UNION ALL
    SELECT k.lead_id, 'enrolment ' || k.seq || ' timer', 'none', k.next_at::text
      FROM kept k
     WHERE k.next_at IS NOT NULL AND k.ended_at IS NULL
       AND NOT EXISTS (SELECT FROM revops.timer t
                        WHERE t.lead_id = k.lead_id AND t.timer = 'nurture_step' AND t.due_at = k.next_at)
    UNION ALL
    SELECT l.lead_id, x.field, x.stored::text, x.recomputed::text
      FROM revops.lead l
     CROSS JOIN LATERAL (VALUES
           ('enrolled', l.enrolled, EXISTS (SELECT FROM revops.enrolment e WHERE e.lead_id = l.lead_id AND e.ended_at IS NULL)),
           ('awaited', l.awaited, EXISTS (SELECT FROM revops.timer t WHERE t.lead_id = l.lead_id AND t.timer = 'nurture_silence'))
           ) AS x (field, stored, recomputed)
     WHERE (verify_nurture.workspace_id IS NULL OR l.workspace_id = verify_nurture.workspace_id)
       AND x.stored <> x.recomputed;
END;
COMMENT ON FUNCTION revops.verify_nurture(int) IS
    'Part of verify(): enrolments recomputed from their facts, their timers, and the flags of leads that follow from them. Workspace NULL: all.';
