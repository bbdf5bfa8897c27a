-- The agreement as people read it: one page, written from its rows.

CREATE FUNCTION revops.on_one_line(words text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT btrim(regexp_replace($1, '\s+', ' ', 'g')) $$;
COMMENT ON FUNCTION revops.on_one_line(text) IS 'A text without line breaks, so that nothing that somebody wrote begins a line of sla_document().';

CREATE FUNCTION revops.document_duty(duty text, target interval, calendar text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET intervalstyle = 'postgres_verbose'
    AS $$
    SELECT $1 || ' within ' || ltrim($2::text, '@ ') || coalesce(' of the open hours of ' || revops.on_one_line($3), '')
    $$;
COMMENT ON FUNCTION revops.document_duty(text, interval, text) IS 'Part of sla_document(): what is to be done within what time; calendar NULL: wall time.';

-- Each section's lines (place: which section), in the order of the page.  A version that says nothing
-- of a thing says so: nobody is to take silence for a duty.
CREATE FUNCTION revops.document_lines(agreement_id int)
    RETURNS TABLE (place int, line_no bigint, line text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
    SET intervalstyle = 'postgres_verbose'
    AS $$
    SELECT 1, l.no, l.line
    FROM revops.score_model m
    CROSS JOIN LATERAL (
        VALUES (0::bigint, format('fit of at least %s, intent of at least %s and score of at least %s, each of 100; a touch loses half of its points in %s',
                          m.mql_fit, m.mql_intent, m.mql_score, ltrim(m.half_life::text, '@ ')))) AS l (no, line)
    WHERE m.agreement_id = $1
    UNION ALL
    SELECT 1,
           row_number() OVER (ORDER BY array_position('{fit,intent,negative,disqualify}', r.kind), r.points DESC, r.rule),
           format('%s: %s%s%s', revops.on_one_line(r.rule),
                  CASE r.kind WHEN 'disqualify' THEN 'disqualifies'
                              ELSE format('%s points of %s', r.points, CASE r.kind WHEN 'intent' THEN 'intent' ELSE 'fit' END) END,
                  coalesce(', at most ' || r.cap || coalesce(' a ' || r.cap_period, ''), ''),
                  CASE WHEN r.signal IS NULL THEN format(' where `%s`', revops.on_one_line(r.condition))
                       ELSE format(' for each %s', revops.on_one_line(r.signal)) END)
    FROM revops.score_rule r WHERE r.agreement_id = $1
    UNION ALL
    SELECT 2, row_number() OVER (ORDER BY s.position),
           concat(revops.on_one_line(s.stage), ': ', coalesce('owned by ' || s.owner_team, 'nobody owns it'),
                  CASE WHEN s.routes THEN ', handed to a rep' END,
                  ', needs ' || nullif(array_to_string(s.needs, ', '), ''),
                  ', where `' || revops.on_one_line(s.condition) || '`',
                  revops.document_duty(', left', s.longest_stay, c.calendar), ' or it goes to ' || revops.on_one_line(s.stay_to))
    FROM revops.stage s LEFT JOIN revops.calendar c ON c.calendar_id = s.stay_calendar_id WHERE s.agreement_id = $1
    UNION ALL
    SELECT 2, 1000000 + row_number() OVER (ORDER BY m.position),
           concat(revops.on_one_line(m.from_stage), ' to ', revops.on_one_line(m.to_stage), ' by itself (', revops.on_one_line(m.auto_move),
                  '): by ', m.cause,
                  ', where `' || revops.on_one_line(m.condition) || '`',
                  ', fit of at least ' || m.min_fit, ', intent of at least ' || m.min_intent,
                  ', score of at least ' || m.min_score, ', grade ' || m.min_grade || ' or better', ', after ' || m.attempts || ' attempts')
    FROM revops.auto_move m WHERE m.agreement_id = $1
    UNION ALL
    SELECT 3, row_number() OVER (ORDER BY p.position),
           concat(revops.on_one_line(p.policy), ': ',
                  revops.document_duty(CASE p.promise WHEN 'first_response' THEN 'a first response'
                                                       WHEN 'acceptance' THEN 'accepted or refused'
                                                       WHEN 'attempts' THEN p.attempts || ' attempts'
                                                       WHEN 'next_touch' THEN 'the next touch, each time'
                                                       WHEN 'stage_time' THEN 'out of stage ' || revops.on_one_line(p.stage)
                                                       WHEN 'criteria' THEN '`' || revops.on_one_line(p.kept_when) || '`' END, p.target, c.calendar),
                  ', where `' || revops.on_one_line(p.condition) || '`',
                  CASE p.counts_from WHEN 'creation' THEN ', counted from the creation of the lead' END,
                  ', by ' || array_to_string(p.answered_by, ' or '),
                  CASE WHEN p.promise <> 'criteria' THEN ', or kept where `' || revops.on_one_line(p.kept_when) || '`' END,
                  '; after hours' || revops.document_duty('', p.after_hours_target, CASE WHEN NOT p.after_hours_wall THEN c.calendar END),
                  '; paused while `' || revops.on_one_line(p.pauses_when) || '`',
                  CASE WHEN p.on_trial THEN format('; on trial until %s: measured only', to_char(p.trial_until AT TIME ZONE w.time_zone, 'YYYY-MM-DD')) END)
    FROM revops.sla_policy p JOIN revops.agreement a USING (agreement_id) JOIN revops.workspace w USING (workspace_id)
    LEFT JOIN revops.calendar c USING (calendar_id) WHERE p.agreement_id = $1
    UNION ALL
    SELECT 3, 500000 + row_number() OVER (ORDER BY p.position, t.after, t.position),
           concat(revops.on_one_line(p.policy), ', ',
                  CASE WHEN t.after < '0' THEN ltrim((-t.after)::text, '@ ') || ' before it is due' WHEN t.after > '0' THEN ltrim(t.after::text, '@ ') || ' after it was due' ELSE 'once it is due' END,
                  ': ', revops.on_one_line(t.step), ' (',
                  CASE t.action WHEN 'tell' THEN 'is told'
                                WHEN 'escalate' THEN 'escalated to ' || coalesce(x.rep, 'team ' || y.team, 'the manager')
                                WHEN 'reassign' THEN format('given to another rep of %s, %s times at most', coalesce('team ' || y.team, 'its team'), coalesce(t.at_most, 3))
                                WHEN 'queue' THEN 'back to the queue of ' || coalesce('team ' || y.team, 'its team')
                                WHEN 'move' THEN 'moves to ' || revops.on_one_line(t.to_stage) END, ')')
    FROM revops.sla_step t JOIN revops.sla_policy p USING (agreement_id, policy)
    LEFT JOIN revops.rep x ON x.rep_id = t.rep_id LEFT JOIN revops.team y ON y.team_id = t.team_id
    WHERE t.agreement_id = $1
    UNION ALL
    SELECT 3, 1000000, 'of each kind of promise the first whose condition holds counts'
    FROM revops.sla_policy p WHERE p.agreement_id = $1 HAVING count(*) > 1
    UNION ALL
    SELECT 3, 1000000 + l.no, l.line
    FROM revops.handoff_rule h
    LEFT JOIN revops.calendar c ON c.calendar_id = h.accept_calendar_id
    CROSS JOIN LATERAL (
        VALUES (1, revops.document_duty('accepts or refuses what it was given', h.accept_within, c.calendar)
                   || CASE WHEN h.silence_accepts THEN '; silence accepts' ELSE '' END),
               (2, format('says "no response" only after %s attempts on %s days', h.attempts, h.attempts_days)),
               (3, format('reviews %s rejections a month together with marketing', h.sample_size))) AS l (no, line)
    WHERE h.agreement_id = $1 AND l.line IS NOT NULL
      AND CASE l.no WHEN 2 THEN h.attempts IS NOT NULL WHEN 3 THEN h.sample_size IS NOT NULL ELSE true END
    UNION ALL
    SELECT CASE c.measure WHEN 'kept_share' THEN 3 ELSE 6 END,
           CASE c.measure WHEN 'kept_share' THEN 2000000 ELSE 0 END + row_number() OVER (ORDER BY c.position),
           concat(revops.on_one_line(c.commitment), ': ',
                  CASE c.measure WHEN 'mqls' THEN format('at least %s leads handed over', c.target)
                                 WHEN 'accepted_share' THEN format('at least %s %% of the decided handoffs accepted', trim_scale(c.target * 100))
                                 WHEN 'complete_share' THEN format('at least %s %% of the handoffs with all that the stage needs', trim_scale(c.target * 100))
                                 ELSE format('at least %s %% of the promises kept', trim_scale(c.target * 100)) END,
                  ' each ', c.period, ', promise ' || c.promise, ', source ' || revops.on_one_line(c.source),
                  ', segment ' || revops.on_one_line(c.segment))
    FROM revops.commitment c WHERE c.agreement_id = $1
    UNION ALL
    SELECT 4, row_number() OVER (ORDER BY f.position, t.position),
           concat(revops.on_one_line(f.stage), ' to ', revops.on_one_line(t.stage), ': needs a reason',
                  ' of: ' || nullif(array_to_string(x.reasons, ', '), ''))
    FROM revops.transition x
    JOIN revops.stage f ON f.agreement_id = x.agreement_id AND f.stage = x.from_stage
    JOIN revops.stage t ON t.agreement_id = x.agreement_id AND t.stage = x.to_stage
    WHERE x.agreement_id = $1 AND x.needs_reason
    UNION ALL
    SELECT 5, row_number() OVER (ORDER BY n.position),
           concat(revops.on_one_line(n.track), ' (', n.kind, ')',
                  ': for ' || nullif(array_to_string(n.reasons, ', '), ''),
                  '; after a silence of ' || ltrim(n.silent_after::text, '@ '),
                  CASE WHEN n.kind = 'nurture'
                       THEN concat('; back ' || CASE WHEN n.back_after = '0' THEN 'on' ELSE ltrim(n.back_after::text, '@ ') || ' after' END
                                   || ' the date that sales gave',
                                   '; back at ' || n.back_intent || ' points of new intent') END)
    FROM revops.nurture_track n WHERE n.agreement_id = $1
    $$;
COMMENT ON FUNCTION revops.document_lines(int) IS 'Part of sla_document(): the lines of each section, for one version.';

CREATE FUNCTION revops.sla_document(workspace_id int DEFAULT 1, version int DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
    AS $$
DECLARE
    shown revops.agreement;
    company revops.workspace;
    signatures text;
    body text;
BEGIN
    SELECT a.* INTO shown FROM revops.agreement a
    WHERE a.workspace_id = $1
      AND CASE WHEN $2 IS NULL THEN a.status = 'active' ELSE a.version = $2 END;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = CASE WHEN $2 IS NULL THEN format('workspace %s has no agreement in force', coalesce($1::text, 'NULL'))
                           ELSE format('workspace %s has no version %s of its agreement', coalesce($1::text, 'NULL'), $2) END,
            DETAIL = format('Versions there are: %s.',
                            (SELECT coalesce(string_agg(format('%s (%s)', a.version, a.status), ', ' ORDER BY a.version), 'none')
                             FROM revops.agreement a WHERE a.workspace_id = $1)),
            HINT = 'Give the workspace_id and version of a row of revops.agreement.';
    END IF;
    SELECT w.* INTO company FROM revops.workspace w WHERE w.workspace_id = shown.workspace_id;
    SELECT string_agg(format('- %s: %s by %s%s', s.side, coalesce(d.decision, 'not decided'), coalesce(d.decided_as, 'nobody'),
                             to_char(d.decided_at AT TIME ZONE company.time_zone, '" on "YYYY-MM-DD')), E'\n' ORDER BY s.side)
    INTO signatures
    FROM (VALUES ('marketing'), ('sales')) AS s (side)
    LEFT JOIN LATERAL (SELECT p.* FROM revops.agreement_approval p
                       WHERE p.agreement_id = shown.agreement_id AND p.proposal = shown.proposal AND p.side = s.side
                       ORDER BY p.approval_id DESC LIMIT 1) d ON true;
    SELECT string_agg(format(E'## %s\n\n%s', h.section,
                             coalesce((SELECT string_agg('- ' || l.line, E'\n' ORDER BY l.line_no)
                                       FROM revops.document_lines(shown.agreement_id) l WHERE l.place = h.place),
                                      'Nothing is agreed.')), E'\n\n' ORDER BY h.turn)
    INTO body
    FROM (VALUES (1, 1, 'What a qualified lead is'), (2, 2, 'Stages'), (3, 6, 'What marketing commits to'),
                 (4, 3, 'What sales promises'), (5, 4, 'How leads leave, and why'),
                 (6, 5, 'Nurture and the way back')) AS h (turn, place, section);
    RETURN concat(
        format(E'# Agreement of marketing and sales: %s, version %s\n\n', revops.on_one_line(company.workspace), shown.version),
        shown.status,
        to_char(shown.active_from AT TIME ZONE company.time_zone, '", in force from "YYYY-MM-DD HH24:MI')
            || ' (' || company.time_zone || ')',
        '. ' || revops.on_one_line(shown.note), E'\n\n',
        body, E'\n\n## Approved by\n\n', signatures,
        E'\n\n## Review\n\n', coalesce('Due on ' || shown.review_on || '.', 'No date is agreed.'), E'\n');
END
$$;
COMMENT ON FUNCTION revops.sla_document(int, int) IS
    'The agreement of a workspace on one page, in Markdown, written from its rows: what a qualified lead is, stages, what marketing commits to, what sales promises, reasons, nurture, who approved it, when it is reviewed. version NULL: the one in force. Times are in the workspace''s time zone. What somebody wrote stands on one line. Raises RV002 where there is no such version.';
