-- Nurture in use: verbs, drafts of steps, what is due, who came back.

CREATE FUNCTION revops.enrol(lead_id bigint, track text) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_enrol';
COMMENT ON FUNCTION revops.enrol(bigint, text) IS
    'Puts the lead into a track of the agreement in force, in place of the one that it is in. Waits for the lead. Raises RV002 (no such lead or track), RV003 (the lead is gone).';

CREATE FUNCTION revops.done_step(lead_id bigint) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_done_step';
COMMENT ON FUNCTION revops.done_step(bigint) IS
    'The step that fell due last is done: returns its name; where it counts as attempt, its channel is recorded as a touch. Waits for the lead. Raises RV002 (no such lead), RV003 (no step waits to be done, or the lead is gone).';

CREATE FUNCTION revops.leave_track(lead_id bigint) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_leave_track';
COMMENT ON FUNCTION revops.leave_track(bigint) IS
    'Takes the lead out of its track, the way back of a recycled lead included, but for sales'' date. Waits for the lead. Raises RV002 (no such lead), RV003 (it is in no track, or gone).';

-- ----- drafts -----------------------------------------------------------------

-- What a template may name.  Values are data: they are put in once, and what
-- they say is never looked at again.
CREATE FUNCTION revops.draft_values(lead_id bigint) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(p.profile, '{}') || coalesce(i.personal, '{}')
           || jsonb_strip_nulls(jsonb_build_object(
                  'stage', l.stage, 'source', l.source, 'campaign', l.campaign, 'segment', l.segment,
                  'rep', r.rep, 'team', t.team, 'fit', l.fit, 'touches', l.touches,
                  'first_name', nullif(split_part(btrim(coalesce(i.personal, p.profile) ->> 'person_name'), ' ', 1), ''),
                  'last_signal', last_touch.signal, 'last_signal_on', last_touch.day,
                  'top_signal', top_touch.signal,
                  'track', e.track, 'recycle_reason', e.label, 'not_before', e.day))
      FROM revops.lead l
      LEFT JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
      LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id
      LEFT JOIN revops.rep r ON r.rep_id = l.rep_id
      LEFT JOIN revops.team t ON t.team_id = l.team_id
      JOIN revops.workspace w ON w.workspace_id = l.workspace_id
      LEFT JOIN LATERAL (SELECT s.signal, (o.occurred_at AT TIME ZONE w.time_zone)::date AS day
                           FROM revops.touch o JOIN revops.signal s ON s.signal_id = o.signal_id AND s.direction = 'inbound'
                          WHERE o.lead_id = l.lead_id
                          GROUP BY o.occurred_at, s.signal HAVING sum(o.sign) > 0
                          ORDER BY o.occurred_at DESC, s.signal LIMIT 1) last_touch ON true
      LEFT JOIN LATERAL (SELECT s.signal
                           FROM revops.touch o
                           JOIN revops.signal s ON s.signal_id = o.signal_id AND s.direction = 'inbound'
                           JOIN revops.score_rule u ON u.agreement_id = l.agreement_id AND u.signal = s.signal AND u.points > 0
                          WHERE o.lead_id = l.lead_id
                          GROUP BY s.signal HAVING sum(o.sign) > 0
                          ORDER BY max(u.points) DESC, s.signal LIMIT 1) top_touch ON true
      LEFT JOIN LATERAL (SELECT n.track, q.label, (n.not_before AT TIME ZONE w.time_zone)::date AS day
                           FROM revops.enrolment n
                           LEFT JOIN revops.reason q ON q.workspace_id = n.workspace_id AND q.reason = n.reason
                          WHERE n.lead_id = l.lead_id ORDER BY n.seq DESC LIMIT 1) e ON true
     WHERE l.lead_id = draft_values.lead_id;
END;
COMMENT ON FUNCTION revops.draft_values(bigint) IS
    'What the template of a step may name, for one lead: its roles (person_name, company, industry ...), and first_name, stage, rep, team, fit, touches, last_signal, last_signal_on (day), top_signal (the inbound signal of most points), track, recycle_reason, not_before (day). NULL for an unknown lead. Shows personal data.';

CREATE FUNCTION revops.fill_template(template text, draft_values jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    -- plain text and blanks in turn: what is filled in is not read again
    SELECT string_agg(CASE WHEN part.n % 2 = 1 THEN part.plain
                           ELSE coalesce(nullif($2 ->> hole.names[1], ''), hole.names[2], '') END, '' ORDER BY part.n)
    FROM regexp_split_to_table(regexp_replace($1, '\{\{\s*([a-z_][a-z0-9_]*)\s*(\|[^{}]*)?\}\}', E'\x01\\1\\2\x01', 'g'), E'\x01')
         WITH ORDINALITY AS part (plain, n)
    CROSS JOIN LATERAL (SELECT ARRAY[split_part(part.plain, '|', 1), substr(part.plain, strpos(part.plain || '|', '|') + 1)] AS names) hole
    $$;
COMMENT ON FUNCTION revops.fill_template(text, jsonb) IS
    'A template with its blanks {{name}} and {{name|otherwise}} filled in; where a value is missing or empty, what is said otherwise, else nothing. Values are taken as text, and are no templates themselves.';

CREATE FUNCTION revops.step_draft(lead_id bigint, track text, step text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT revops.fill_template(s.template, revops.draft_values(l.lead_id))
      FROM revops.lead l
      JOIN revops.agreement a ON a.workspace_id = l.workspace_id AND a.status = 'active'
      JOIN revops.nurture_step s ON s.agreement_id = a.agreement_id AND s.track = step_draft.track AND s.step = step_draft.step
     WHERE l.lead_id = step_draft.lead_id;
END;
COMMENT ON FUNCTION revops.step_draft(bigint, text, text) IS
    'First draft of a step''s text for one lead: the template of the step in the agreement in force, filled from the lead''s own data (see draft_values()). NULL where lead, track or step do not exist. Shows personal data.';

CREATE VIEW revops.nurture_due AS
SELECT e.workspace_id,
       w.workspace,
       e.lead_id,
       l.key,
       e.track,
       t.kind,
       s.step,
       s.position,
       s.channel,
       due.at AS due_at,
       r.rep,
       revops.step_draft(e.lead_id, e.track, s.step) AS draft
FROM revops.enrolment e
JOIN revops.workspace w ON w.workspace_id = e.workspace_id
JOIN revops.lead l ON l.lead_id = e.lead_id AND l.gone_at IS NULL
JOIN revops.agreement a ON a.workspace_id = e.workspace_id AND a.status = 'active'
JOIN revops.nurture_track t ON t.agreement_id = a.agreement_id AND t.track = e.track
JOIN revops.nurture_step s ON s.agreement_id = a.agreement_id AND s.track = e.track AND s.position = e.step
LEFT JOIN revops.rep r ON r.rep_id = l.rep_id
CROSS JOIN LATERAL (SELECT max(c.at) AS at FROM revops.nurture_change c
                    WHERE c.lead_id = e.lead_id AND c.enrolment = e.seq AND c.change = 'step_due') due
WHERE e.step > e.done
  AND (e.ended_at IS NULL OR e.end_cause = 'completed')
  AND (e.stopped_at IS NULL OR e.end_cause = 'completed')
  AND e.seq = (SELECT max(n.seq) FROM revops.enrolment n WHERE n.lead_id = e.lead_id)
ORDER BY due.at, e.lead_id;
COMMENT ON VIEW revops.nurture_due IS
    'Steps that have fallen due and are not done, the oldest first, each with its draft: what whatever sends mail or shows tasks works off, and tells done_step() of. A track that was stopped has none left. Shows personal data.';
COMMENT ON COLUMN revops.nurture_due.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.nurture_due.workspace IS 'name of the workspace';
COMMENT ON COLUMN revops.nurture_due.lead_id IS 'the lead, as done_step() takes it';
COMMENT ON COLUMN revops.nurture_due.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.nurture_due.track IS 'the track';
COMMENT ON COLUMN revops.nurture_due.kind IS 'nurture (marketing''s) or sequence (sales'')';
COMMENT ON COLUMN revops.nurture_due.step IS 'the step';
COMMENT ON COLUMN revops.nurture_due.position IS 'its place in the track, from 1';
COMMENT ON COLUMN revops.nurture_due.channel IS 'what is to be done: email, call, task ...';
COMMENT ON COLUMN revops.nurture_due.due_at IS 'when it fell due';
COMMENT ON COLUMN revops.nurture_due.rep IS 'rep who has the lead; NULL: none';
COMMENT ON COLUMN revops.nurture_due.draft IS 'first draft of its text (personal)';

CREATE VIEW revops.suppressed AS
SELECT e.workspace_id, e.lead_id, l.key, e.track, e.reason, e.not_before AS until
FROM revops.enrolment e
JOIN revops.lead l ON l.lead_id = e.lead_id AND l.enrolled AND l.gone_at IS NULL
WHERE e.ended_at IS NULL AND e.not_before > revops.engine_now();
COMMENT ON VIEW revops.suppressed IS
    'Recycled leads that are to get no message before the date that sales gave. No step of a track falls due before it; whatever else writes to leads asks here.';
COMMENT ON COLUMN revops.suppressed.workspace_id IS 'number of the workspace';
COMMENT ON COLUMN revops.suppressed.lead_id IS 'the lead';
COMMENT ON COLUMN revops.suppressed.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.suppressed.track IS 'track that it waits in';
COMMENT ON COLUMN revops.suppressed.reason IS 'coded reason for which it was recycled';
COMMENT ON COLUMN revops.suppressed.until IS 'the date that sales gave';

-- ----- who came back ------------------------------------------------------------

CREATE VIEW revops.recycling AS
SELECT m.workspace_id,
       m.lead_id,
       m.seq,
       m.at AS recycled_at,
       row_number() OVER (PARTITION BY m.lead_id ORDER BY m.seq) AS time,
       m.from_stage,
       CASE WHEN c.seq IS NULL THEN m.reason ELSE c.reason END AS reason,
       e.track,
       e.not_before,
       m.rep_id,
       back.at AS came_back_at,
       back.cause AS came_back_by,
       back.to_stage AS came_back_to,
       later.qualified_at,
       later.opportunity_at,
       later.won_at,
       m.source,
       m.campaign,
       m.segment
FROM revops.stage_change m
JOIN revops.stage g ON g.agreement_id = m.agreement_id AND g.stage = m.to_stage AND g.purpose = 'nurture'
LEFT JOIN revops.corrected_move c ON c.lead_id = m.lead_id AND c.seq = m.seq
LEFT JOIN revops.nurture_change e ON e.lead_id = m.lead_id AND e.change = 'enrolled' AND e.cause = 'recycled' AND e.at = m.recorded_at
LEFT JOIN LATERAL
     (SELECT n.seq FROM revops.stage_change n
      JOIN revops.stage h ON h.agreement_id = n.agreement_id AND h.stage = n.to_stage AND h.purpose = 'nurture'
      WHERE n.lead_id = m.lead_id AND n.seq > m.seq ORDER BY n.seq LIMIT 1) again ON true
LEFT JOIN LATERAL
     (SELECT n.at, n.cause, n.to_stage
      FROM revops.stage_change n
      JOIN revops.stage h ON h.agreement_id = n.agreement_id AND h.stage = n.to_stage
      WHERE n.lead_id = m.lead_id AND n.seq > m.seq AND (again.seq IS NULL OR n.seq < again.seq)
        AND h.purpose IS DISTINCT FROM 'disqualified'
      ORDER BY n.seq LIMIT 1) back ON true
CROSS JOIN LATERAL
     (SELECT min(n.at) FILTER (WHERE h.purpose = 'qualified') AS qualified_at,
             min(n.at) FILTER (WHERE h.purpose = 'opportunity') AS opportunity_at,
             min(n.at) FILTER (WHERE h.purpose = 'won') AS won_at
      FROM revops.stage_change n
      JOIN revops.stage h ON h.agreement_id = n.agreement_id AND h.stage = n.to_stage
      WHERE n.lead_id = m.lead_id AND n.seq > m.seq AND (again.seq IS NULL OR n.seq < again.seq)) later
WHERE m.from_stage IS NOT NULL AND m.cause <> 'adopted';
COMMENT ON VIEW revops.recycling IS
    'One row each time that a lead was recycled (moved to the stage of purpose nurture), with what became of it until it was recycled anew.';
COMMENT ON COLUMN revops.recycling.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.recycling.lead_id IS 'the lead';
COMMENT ON COLUMN revops.recycling.seq IS 'seq of the stage_change that recycled it';
COMMENT ON COLUMN revops.recycling.recycled_at IS 'when';
COMMENT ON COLUMN revops.recycling.time IS 'the how manieth time it is for this lead, from 1';
COMMENT ON COLUMN revops.recycling.from_stage IS 'stage that it left';
COMMENT ON COLUMN revops.recycling.reason IS 'coded reason, as it was last corrected; NULL: none was given';
COMMENT ON COLUMN revops.recycling.track IS 'track that it entered; NULL: none';
COMMENT ON COLUMN revops.recycling.not_before IS 'the date that sales gave; NULL: none';
COMMENT ON COLUMN revops.recycling.rep_id IS 'rep who had it';
COMMENT ON COLUMN revops.recycling.came_back_at IS 'when it left nurture for anything but being disqualified; NULL: it has not';
COMMENT ON COLUMN revops.recycling.came_back_by IS 'cause of that move: due (the date), renewed (intent), condition, opportunity, advance, host ...';
COMMENT ON COLUMN revops.recycling.came_back_to IS 'stage that it came back to';
COMMENT ON COLUMN revops.recycling.qualified_at IS 'when it became an MQL again; NULL: it has not';
COMMENT ON COLUMN revops.recycling.opportunity_at IS 'when a deal was opened after it; NULL: none was';
COMMENT ON COLUMN revops.recycling.won_at IS 'when it was won; NULL: it was not';
COMMENT ON COLUMN revops.recycling.source IS 'source of the lead then';
COMMENT ON COLUMN revops.recycling.campaign IS 'campaign of the lead then';
COMMENT ON COLUMN revops.recycling.segment IS 'segment of the lead then';

CREATE VIEW revops.re_entry AS
SELECT y.workspace_id,
       date_trunc('month', y.recycled_at AT TIME ZONE w.time_zone)::date AS month,
       y.reason,
       y.track,
       count(*) AS recycled,
       count(*) FILTER (WHERE y.time > 1) AS recycled_again,
       count(y.came_back_at) AS came_back,
       count(*) FILTER (WHERE y.came_back_by = 'due') AS came_back_by_date,
       count(*) FILTER (WHERE y.came_back_by = 'renewed') AS came_back_by_intent,
       count(y.qualified_at) AS qualified,
       count(y.opportunity_at) AS opportunities,
       count(y.won_at) AS won,
       count(y.came_back_at)::numeric / count(*) AS came_back_share,
       count(y.won_at)::numeric / count(*) AS won_share,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM y.came_back_at - y.recycled_at)::float8 / 86400) AS median_days_away
FROM revops.recycling y
JOIN revops.workspace w ON w.workspace_id = y.workspace_id
GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW revops.re_entry IS
    'Re-entry: of the leads recycled in a month, how many came back, and how many converted, by reason and track. A lead recycled twice counts twice. Counts add up over rows; shares and the median do not.';
COMMENT ON COLUMN revops.re_entry.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.re_entry.month IS 'first day of the month in which they were recycled, in the workspace''s zone';
COMMENT ON COLUMN revops.re_entry.reason IS 'coded reason; NULL: none was given';
COMMENT ON COLUMN revops.re_entry.track IS 'track that they entered; NULL: none';
COMMENT ON COLUMN revops.re_entry.recycled IS 'number of times that leads were recycled';
COMMENT ON COLUMN revops.re_entry.recycled_again IS 'of these, not for the first time';
COMMENT ON COLUMN revops.re_entry.came_back IS 'of the recycled, those that came back before they were recycled anew';
COMMENT ON COLUMN revops.re_entry.came_back_by_date IS 'of these, by the date that sales gave';
COMMENT ON COLUMN revops.re_entry.came_back_by_intent IS 'of these, by renewed intent';
COMMENT ON COLUMN revops.re_entry.qualified IS 'of the recycled, those that became MQLs again';
COMMENT ON COLUMN revops.re_entry.opportunities IS 'of the recycled, those of which a deal was made';
COMMENT ON COLUMN revops.re_entry.won IS 'of the recycled, those that were won';
COMMENT ON COLUMN revops.re_entry.came_back_share IS 'came_back / recycled, 0 to 1';
COMMENT ON COLUMN revops.re_entry.won_share IS 'won / recycled, 0 to 1';
COMMENT ON COLUMN revops.re_entry.median_days_away IS 'median time from being recycled to coming back, days; NULL: none came back';

CREATE VIEW revops.recycled_often AS
SELECT l.workspace_id,
       l.lead_id,
       l.key,
       l.stage,
       r.rep,
       y.times,
       t.max_recycles,
       y.last_recycled_at,
       y.reasons
FROM (SELECT y.lead_id, count(*) AS times, max(y.recycled_at) AS last_recycled_at,
             array_agg(y.reason ORDER BY y.seq) AS reasons,
             (array_agg(y.track ORDER BY y.seq DESC))[1] AS track
      FROM revops.recycling y GROUP BY y.lead_id) y
JOIN revops.lead l ON l.lead_id = y.lead_id AND l.gone_at IS NULL
JOIN revops.agreement a ON a.workspace_id = l.workspace_id AND a.status = 'active'
JOIN revops.nurture_track t ON t.agreement_id = a.agreement_id AND t.track = y.track AND y.times >= t.max_recycles
LEFT JOIN revops.stage g ON g.agreement_id = a.agreement_id AND g.stage = l.stage
LEFT JOIN revops.rep r ON r.rep_id = l.rep_id
WHERE g.purpose IS NULL OR g.purpose NOT IN ('won', 'disqualified')
ORDER BY y.times DESC, y.last_recycled_at DESC, l.lead_id;
COMMENT ON VIEW revops.recycled_often IS
    'Leads, neither won nor disqualified, that were recycled max_recycles times or more, as the track that they entered last says: to be dropped, or to be looked at together.';
COMMENT ON COLUMN revops.recycled_often.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.recycled_often.lead_id IS 'the lead';
COMMENT ON COLUMN revops.recycled_often.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.recycled_often.stage IS 'stage that it is in';
COMMENT ON COLUMN revops.recycled_often.rep IS 'rep who has it; NULL: none';
COMMENT ON COLUMN revops.recycled_often.times IS 'how often it was recycled';
COMMENT ON COLUMN revops.recycled_often.max_recycles IS 'number from which on it is flagged';
COMMENT ON COLUMN revops.recycled_often.last_recycled_at IS 'when it was recycled last';
COMMENT ON COLUMN revops.recycled_often.reasons IS 'coded reasons, in order of time';
