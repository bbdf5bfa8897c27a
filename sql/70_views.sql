-- What people read: the state of every lead at this moment, the queue of
-- handed-over leads, the promises that run.  Each view is one snapshot of state
-- and of the deltas that no settle has folded yet, so what it shows is current.

CREATE VIEW revops.lead_unfolded AS
SELECT u.lead_id,
       CASE WHEN NOT u.recount THEN NULL
            WHEN EXISTS (SELECT FROM revops.score_rule p
                         LEFT JOIN revops.score_group h ON h.agreement_id = p.agreement_id AND h.score_group = p.score_group
                         WHERE p.agreement_id = u.agreement_id AND p.kind = 'intent' AND COALESCE(p.cap, h.cap) IS NOT NULL)
            THEN revops.intent_anew(u.lead_id, u.agreement_id)
            ELSE COALESCE(r.points, 0.0) END AS intent_anew,
       u.intent_more,
       CASE WHEN u.recount THEN COALESCE(r.touches, 0)::int ELSE u.touches END AS touches,
       CASE WHEN u.recount THEN r.last_touch_at
            ELSE GREATEST(u.lead_touched_at, u.last_touch_at) END AS last_touch_at,
       u.may_answer,
       u.gone
FROM (SELECT l.lead_id, l.agreement_id, m.half_life, l.last_touch_at AS lead_touched_at,
             bool_or(d.recount OR d.agreement_id <> l.agreement_id) AS recount,
             sum(revops.decayed(d.intent_pos, m.half_life, revops.engine_now())
                 - revops.decayed(d.intent_neg, m.half_life, revops.engine_now()))
                 FILTER (WHERE d.agreement_id = l.agreement_id) AS intent_more,
             (l.touches + sum(d.touches))::int AS touches,
             max(d.last_touch_at) AS last_touch_at,
             bool_or(d.answers) AS may_answer,
             (array_agg(d.gone ORDER BY d.delta_id DESC)
                  FILTER (WHERE d.gone IS NOT NULL))[1] AS gone
      FROM revops.lead_waiting d
      JOIN revops.lead l ON l.lead_id = d.lead_id
      JOIN revops.score_model m ON m.agreement_id = l.agreement_id
      GROUP BY l.lead_id, m.agreement_id) u
-- only where a touch was taken back, or was weighed by another version
LEFT JOIN LATERAL
     (SELECT sum(t.n * s.points
                 * revops.decayed(0.0, u.half_life,
                                  timestamptz '2000-01-01 00:00:00+00'
                                  + make_interval(secs => extract(epoch FROM revops.engine_now() - t.occurred_at)::float8)))
                 AS points,
             sum(t.n) AS touches,
             max(t.occurred_at) AS last_touch_at
      FROM (SELECT signal_id, occurred_at, sum(sign) AS n
            FROM revops.touch
            WHERE lead_id = u.lead_id AND u.recount
            GROUP BY signal_id, occurred_at
            HAVING sum(sign) > 0) t
      LEFT JOIN (SELECT g.signal_id, p.agreement_id, p.points
                 FROM revops.signal g
                 JOIN revops.score_rule p ON p.signal = g.signal AND p.kind = 'intent') s
             ON s.signal_id = t.signal_id AND s.agreement_id = u.agreement_id) r ON true;
COMMENT ON VIEW revops.lead_unfolded IS
    'What lead_status adds to the state of the leads for which something waits (lead_waiting): one row for each of them, worked out at engine_now(). Other leads are not here.';
COMMENT ON COLUMN revops.lead_unfolded.lead_id IS 'the lead';
COMMENT ON COLUMN revops.lead_unfolded.intent_anew IS
    'where the sums of the state do not hold (a touch was taken back, was weighed by another version, or may be capped): intent from all touches, points, not clamped; else NULL';
COMMENT ON COLUMN revops.lead_unfolded.intent_more IS 'points that the deltas of the lead''s own version add to the intent of the state; of use where intent_anew is NULL';
COMMENT ON COLUMN revops.lead_unfolded.touches IS 'number of touches of the lead, deltas counted, net of those taken back';
COMMENT ON COLUMN revops.lead_unfolded.last_touch_at IS 'latest touch of the lead, deltas counted';
COMMENT ON COLUMN revops.lead_unfolded.may_answer IS 'true: a delta has a touch of a signal that answers; whether it keeps a promise that runs is in touch';
COMMENT ON COLUMN revops.lead_unfolded.gone IS 'true: the host deleted the row; false: it is back; NULL: the deltas say nothing of it';

CREATE VIEW revops.lead_status AS
SELECT l.workspace_id,
       w.workspace,
       b.binding,
       l.lead_id,
       l.key,
       l.stage,
       l.stage_since,
       l.fit,
       i.intent,
       revops.whole_points(l.fit_share * l.fit + (1.0 - l.fit_share) * i.exact) AS score,
       revops.grade(l.fit, i.intent, l.grade_fit, l.grade_intent) AS grade,
       t.team,
       r.rep,
       l.source,
       l.campaign,
       l.segment,
       l.created_at,
       l.last_touch_at,
       l.touches,
       l.disqualified,
       c.due_at AS sla_due_at,
       CASE WHEN c.calendar_id IS NULL THEN c.due_at - revops.engine_now()
            ELSE revops.business_left(c.calendar_id, revops.engine_now(), c.due_at) END AS sla_left,
       c.due_at <= revops.engine_now() AS breached,
       a.version AS agreement
FROM (SELECT s.lead_id, s.workspace_id, s.binding_id, s.agreement_id, s.key, s.stage, s.stage_since,
             s.team_id, s.rep_id, s.source, s.campaign, s.segment, s.created_at, s.disqualified, s.running,
             s.fit::int AS fit, m.fit_share, m.grade_fit, m.grade_intent,
             CASE WHEN u.lead_id IS NULL THEN s.last_touch_at ELSE u.last_touch_at END AS last_touch_at,
             COALESCE(u.touches, s.touches) AS touches, u.may_answer,
             m.half_life, s.intent_pos, s.intent_neg, s.intent_set, u.intent_anew, u.intent_more
      FROM revops.lead s
      JOIN revops.score_model m ON m.agreement_id = s.agreement_id
      LEFT JOIN revops.lead_unfolded u ON u.lead_id = s.lead_id
      WHERE NOT COALESCE(u.gone, s.gone_at IS NOT NULL)) l
-- OFFSET 0: worked out once for a lead, not once for each use
CROSS JOIN LATERAL
     (SELECT e.exact, revops.whole_points(e.exact) AS intent
      FROM (SELECT LEAST(GREATEST(COALESCE(l.intent_set, l.intent_anew,
                                           revops.decayed(l.intent_pos, l.half_life, revops.engine_now())
                                           - revops.decayed(l.intent_neg, l.half_life, revops.engine_now())
                                           + COALESCE(l.intent_more, 0.0)), 0.0), 100.0) AS exact
            OFFSET 0) e
      OFFSET 0) i
JOIN revops.agreement a ON a.agreement_id = l.agreement_id
JOIN revops.workspace w ON w.workspace_id = l.workspace_id
LEFT JOIN revops.binding b ON b.binding_id = l.binding_id
LEFT JOIN revops.team t ON t.team_id = l.team_id
LEFT JOIN revops.rep r ON r.rep_id = l.rep_id
LEFT JOIN LATERAL
     (SELECT k.due_at, k.calendar_id
      FROM revops.sla_clock k
      WHERE k.lead_id = l.lead_id AND l.running > 0 AND k.stopped_at IS NULL AND k.paused_at IS NULL
        -- an answer that waits to be folded has stopped the clock already
        AND NOT (k.promise IN ('first_response', 'next_touch') AND COALESCE(l.may_answer, false)
                 AND EXISTS (SELECT FROM revops.touch o
                             JOIN revops.signal g ON g.signal_id = o.signal_id AND g.answers
                             WHERE o.lead_id = k.lead_id
                               AND NOT EXISTS (SELECT FROM revops.sla_policy q WHERE q.policy_id = k.policy_id AND g.signal <> ALL (q.answered_by))
                               AND o.occurred_at >= k.started_at + CASE k.promise WHEN 'next_touch' THEN interval '1 microsecond' ELSE interval '0' END
                             GROUP BY o.occurred_at
                             HAVING sum(o.sign) > 0))
      ORDER BY k.due_at, k.seq
      LIMIT 1) c ON true;
COMMENT ON VIEW revops.lead_status IS
    'One row for each lead that the host still has (deleted ones are left out), as it is at engine_now(): scores have faded to this moment, touches that wait to be folded are counted. A changed profile changes fit, stage and owner when it is settled, not before.';
COMMENT ON COLUMN revops.lead_status.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.lead_status.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.lead_status.binding IS 'binding that brought the lead';
COMMENT ON COLUMN revops.lead_status.lead_id IS 'number of the lead, as the verbs take it';
COMMENT ON COLUMN revops.lead_status.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.lead_status.stage IS 'lifecycle stage';
COMMENT ON COLUMN revops.lead_status.stage_since IS 'when it entered the stage';
COMMENT ON COLUMN revops.lead_status.fit IS 'how well lead and account match the ideal customer, 0 to 100';
COMMENT ON COLUMN revops.lead_status.intent IS 'what the lead has done lately, faded to this moment, 0 to 100';
COMMENT ON COLUMN revops.lead_status.score IS 'fit_share * fit + (1 - fit_share) * intent, rounded, 0 to 100';
COMMENT ON COLUMN revops.lead_status.grade IS 'letter of fit and digit of intent, for example A1';
COMMENT ON COLUMN revops.lead_status.team IS 'team that has the lead; NULL: none';
COMMENT ON COLUMN revops.lead_status.rep IS 'rep who has the lead; NULL: none, or the team''s queue';
COMMENT ON COLUMN revops.lead_status.source IS 'where the lead comes from';
COMMENT ON COLUMN revops.lead_status.campaign IS 'campaign that brought it';
COMMENT ON COLUMN revops.lead_status.segment IS 'market segment';
COMMENT ON COLUMN revops.lead_status.created_at IS 'when the lead was created';
COMMENT ON COLUMN revops.lead_status.last_touch_at IS 'latest touch; NULL: none';
COMMENT ON COLUMN revops.lead_status.touches IS 'number of touches, net of those taken back';
COMMENT ON COLUMN revops.lead_status.disqualified IS 'true: a disqualifying rule holds';
COMMENT ON COLUMN revops.lead_status.sla_due_at IS 'when the earliest running promise is due; NULL: none runs that is not paused';
COMMENT ON COLUMN revops.lead_status.sla_left IS 'time left until then, negative after it: business time where the clock has a calendar, else wall time; NULL where calendar_problem() tells what is wrong with the calendar';
COMMENT ON COLUMN revops.lead_status.breached IS 'true: that promise is past due; NULL: none runs';
COMMENT ON COLUMN revops.lead_status.agreement IS 'version of the agreement that scores the lead';

-- Of the order of the joins the planner changes that of the first eight (join_collapse_limit) only: they are what
-- finds the leads, so that the queue of one rep is read by index, and costs by what that rep has.
CREATE VIEW revops.handoff_queue AS
SELECT l.workspace_id,
       w.workspace,
       b.binding,
       l.lead_id,
       l.key,
       i.personal ->> 'person_name' AS person_name,
       i.personal ->> 'email' AS email,
       i.personal ->> 'phone' AS phone,
       COALESCE(i.personal ->> 'company', p.profile ->> 'company') AS company,
       t.team,
       r.rep,
       l.stage,
       l.stage_since AS waiting_since,
       revops.engine_now() - l.stage_since AS age,
       c.due_at AS sla_due_at,
       CASE WHEN c.calendar_id IS NULL THEN c.due_at - revops.engine_now()
            ELSE revops.business_left(c.calendar_id, revops.engine_now(), c.due_at) END AS sla_left,
       c.due_at <= revops.engine_now() AS breached,
       n.score,
       revops.grade(l.fit, n.intent, m.grade_fit, m.grade_intent) AS grade,
       l.fit::int AS fit,
       n.intent,
       l.source,
       l.campaign,
       l.segment,
       COALESCE(u.touches, l.touches) AS touches,
       CASE WHEN u.lead_id IS NULL THEN l.last_touch_at ELSE u.last_touch_at END AS last_touch_at,
       l.created_at
FROM revops.agreement a
JOIN revops.stage g ON g.agreement_id = a.agreement_id AND g.purpose = 'qualified'
JOIN revops.lead l ON l.stage = g.stage AND l.workspace_id = a.workspace_id
-- its last assignment says who has it, and is found by rep
LEFT JOIN revops.assignment x ON x.lead_id = l.lead_id AND x.seq = l.assignments
LEFT JOIN revops.rep r ON r.rep_id = x.rep_id
JOIN revops.score_model m ON m.agreement_id = l.agreement_id
LEFT JOIN revops.lead_unfolded u ON u.lead_id = l.lead_id
LEFT JOIN revops.team t ON t.team_id = l.team_id
JOIN revops.workspace w ON w.workspace_id = l.workspace_id
LEFT JOIN revops.binding b ON b.binding_id = l.binding_id
LEFT JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id
-- as in lead_status
CROSS JOIN LATERAL
     (SELECT revops.whole_points(e.exact) AS intent,
             revops.whole_points(m.fit_share * l.fit + (1.0 - m.fit_share) * e.exact) AS score
      FROM (SELECT LEAST(GREATEST(COALESCE(l.intent_set, u.intent_anew,
                                           revops.decayed(l.intent_pos, m.half_life, revops.engine_now())
                                           - revops.decayed(l.intent_neg, m.half_life, revops.engine_now())
                                           + COALESCE(u.intent_more, 0.0)), 0.0), 100.0) AS exact
            OFFSET 0) e
      OFFSET 0) n
LEFT JOIN LATERAL
     (SELECT k.due_at, k.calendar_id
      FROM revops.sla_clock k
      WHERE k.lead_id = l.lead_id AND l.running > 0 AND k.stopped_at IS NULL AND k.paused_at IS NULL
        AND NOT (k.promise IN ('first_response', 'next_touch') AND COALESCE(u.may_answer, false)
                 AND EXISTS (SELECT FROM revops.touch o
                             JOIN revops.signal h ON h.signal_id = o.signal_id AND h.answers
                             WHERE o.lead_id = k.lead_id
                               AND NOT EXISTS (SELECT FROM revops.sla_policy q WHERE q.policy_id = k.policy_id AND h.signal <> ALL (q.answered_by))
                               AND o.occurred_at >= k.started_at + CASE k.promise WHEN 'next_touch' THEN interval '1 microsecond' ELSE interval '0' END
                             GROUP BY o.occurred_at
                             HAVING sum(o.sign) > 0))
      ORDER BY k.due_at, k.seq
      LIMIT 1) c ON true
WHERE a.status = 'active' AND NOT COALESCE(u.gone, l.gone_at IS NOT NULL)
ORDER BY n.score DESC, l.stage_since, l.lead_id;
COMMENT ON VIEW revops.handoff_queue IS
    'Leads that wait for sales: in the stage of purpose qualified of the active agreement, hottest (highest score) first, the longest waiting first among equals; scores and promises as in lead_status, touches that wait to be folded counted. WHERE rep = ... reads what that rep has, by index. Shows personal data.';
COMMENT ON COLUMN revops.handoff_queue.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.handoff_queue.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.handoff_queue.binding IS 'binding that brought the lead';
COMMENT ON COLUMN revops.handoff_queue.lead_id IS 'number of the lead, as accept(), reject() and recycle() take it';
COMMENT ON COLUMN revops.handoff_queue.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.handoff_queue.person_name IS 'name of the person (personal)';
COMMENT ON COLUMN revops.handoff_queue.email IS 'e-mail address (personal)';
COMMENT ON COLUMN revops.handoff_queue.phone IS 'telephone number (personal)';
COMMENT ON COLUMN revops.handoff_queue.company IS 'company of the person';
COMMENT ON COLUMN revops.handoff_queue.team IS 'team that has the lead; NULL: none';
COMMENT ON COLUMN revops.handoff_queue.rep IS 'rep who has the lead; NULL: nobody yet';
COMMENT ON COLUMN revops.handoff_queue.stage IS 'the stage of qualified leads';
COMMENT ON COLUMN revops.handoff_queue.waiting_since IS 'when it entered the stage';
COMMENT ON COLUMN revops.handoff_queue.age IS 'time since then (wall time)';
COMMENT ON COLUMN revops.handoff_queue.sla_due_at IS 'when the earliest running promise is due; NULL: none runs that is not paused';
COMMENT ON COLUMN revops.handoff_queue.sla_left IS 'time left until then, negative after it: business time where the clock has a calendar, else wall time; NULL where calendar_problem() tells what is wrong with the calendar';
COMMENT ON COLUMN revops.handoff_queue.breached IS 'true: that promise is past due; NULL: none runs';
COMMENT ON COLUMN revops.handoff_queue.score IS 'score, 0 to 100';
COMMENT ON COLUMN revops.handoff_queue.grade IS 'letter of fit and digit of intent, for example A1';
COMMENT ON COLUMN revops.handoff_queue.fit IS 'fit, 0 to 100';
COMMENT ON COLUMN revops.handoff_queue.intent IS 'intent at this moment, 0 to 100';
COMMENT ON COLUMN revops.handoff_queue.source IS 'where the lead comes from';
COMMENT ON COLUMN revops.handoff_queue.campaign IS 'campaign that brought it';
COMMENT ON COLUMN revops.handoff_queue.segment IS 'market segment';
COMMENT ON COLUMN revops.handoff_queue.touches IS 'number of touches, net of those taken back';
COMMENT ON COLUMN revops.handoff_queue.last_touch_at IS 'latest touch; NULL: none';
COMMENT ON COLUMN revops.handoff_queue.created_at IS 'when the lead was created';

CREATE VIEW revops.sla_due AS
SELECT c.workspace_id,
       w.workspace,
       b.binding,
       c.lead_id,
       l.key,
       c.seq,
       p.policy,
       c.promise,
       k.calendar,
       c.started_at,
       nullif(c.due_at, 'infinity') AS due_at,
       CASE WHEN c.paused_at IS NOT NULL THEN c.time_left
            WHEN c.calendar_id IS NULL THEN c.due_at - revops.engine_now()
            ELSE revops.business_left(c.calendar_id, revops.engine_now(), c.due_at) END AS time_left,
       c.due_at <= revops.engine_now() AS breached,
       c.paused_at AS paused_since,
       c.fires_at AS next_at,
       t.team,
       r.rep,
       c.source,
       c.campaign,
       c.segment
FROM revops.sla_clock c
-- first: the clocks of one rep are found by it
LEFT JOIN revops.rep r ON r.rep_id = c.rep_id
JOIN revops.workspace w ON w.workspace_id = c.workspace_id
JOIN revops.lead l ON l.lead_id = c.lead_id
LEFT JOIN revops.lead_unfolded u ON u.lead_id = c.lead_id
LEFT JOIN revops.binding b ON b.binding_id = l.binding_id
LEFT JOIN revops.sla_policy p ON p.policy_id = c.policy_id
LEFT JOIN revops.calendar k ON k.calendar_id = c.calendar_id
LEFT JOIN revops.team t ON t.team_id = c.team_id
WHERE c.stopped_at IS NULL
  AND NOT COALESCE(u.gone, l.gone_at IS NOT NULL)
  -- an answer that waits to be folded has stopped the clock already
  AND NOT (c.promise IN ('first_response', 'next_touch') AND COALESCE(u.may_answer, false)
           AND EXISTS (SELECT FROM revops.touch o
                       JOIN revops.signal g ON g.signal_id = o.signal_id AND g.answers
                       WHERE o.lead_id = c.lead_id
                               AND NOT EXISTS (SELECT FROM revops.sla_policy q WHERE q.policy_id = c.policy_id AND g.signal <> ALL (q.answered_by))
                               AND o.occurred_at >= c.started_at + CASE c.promise WHEN 'next_touch' THEN interval '1 microsecond' ELSE interval '0' END
                       GROUP BY o.occurred_at
                       HAVING sum(o.sign) > 0))
ORDER BY c.due_at, c.lead_id, c.seq;
COMMENT ON VIEW revops.sla_due IS
    'Promises that run, the earliest due first. One answered by a touch that waits to be folded is not here. A clock is breached from due_at on, whether or not anything ran then.';
COMMENT ON COLUMN revops.sla_due.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.sla_due.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.sla_due.binding IS 'binding that brought the lead';
COMMENT ON COLUMN revops.sla_due.lead_id IS 'number of the lead';
COMMENT ON COLUMN revops.sla_due.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.sla_due.seq IS 'number of the clock within the lead';
COMMENT ON COLUMN revops.sla_due.policy IS 'policy that made the promise';
COMMENT ON COLUMN revops.sla_due.promise IS 'what is promised: as sla_policy.promise';
COMMENT ON COLUMN revops.sla_due.calendar IS 'calendar that counts; NULL: wall time';
COMMENT ON COLUMN revops.sla_due.paused_since IS 'since when time does not count; NULL: it does';
COMMENT ON COLUMN revops.sla_due.next_at IS 'when something is to be done about it next: the breach, or a step of the policy; NULL: nothing is';
COMMENT ON COLUMN revops.sla_due.started_at IS 'when the clock started';
COMMENT ON COLUMN revops.sla_due.due_at IS 'when the promise is due; NULL: not while it is paused';
COMMENT ON COLUMN revops.sla_due.time_left IS 'time left, negative after due_at: business time where the clock has a calendar, else wall time; NULL where calendar_problem() tells what is wrong with the calendar';
COMMENT ON COLUMN revops.sla_due.breached IS 'true: past due';
COMMENT ON COLUMN revops.sla_due.team IS 'team that had the lead when the clock started';
COMMENT ON COLUMN revops.sla_due.rep IS 'rep who had the lead when the clock started';
COMMENT ON COLUMN revops.sla_due.source IS 'source of the lead when the clock started';
COMMENT ON COLUMN revops.sla_due.campaign IS 'campaign of the lead when the clock started';
COMMENT ON COLUMN revops.sla_due.segment IS 'segment of the lead when the clock started';
