-- Verbs of definitions: a workspace is created with defaults, the agreement is
-- drafted and checked; 87_agreement_flow.sql has what follows.  Only fixed SQL runs as the extension's
-- owner here; the text of rules is checked as revops_reader (85_validation.sql).

CREATE FUNCTION revops.restoring() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
    -- not current_user, which is the owner within SECURITY DEFINER functions
    SELECT NOT current_setting('check_function_bodies')::boolean
           AND pg_has_role(CASE current_setting('role') WHEN 'none' THEN session_user
                                                        ELSE current_setting('role') END::name,
                           relowner, 'USAGE')
    FROM pg_class WHERE oid = 'revops.workspace'::regclass
    $$;
COMMENT ON FUNCTION revops.restoring() IS
    'True while a dump is restored: check_function_bodies is off (pg_restore sets it) in a session that acts as the extension''s owner. Definition rows are then taken as they are.';

-- ----- a new workspace ------------------------------------------------------

-- Reasons are the field's usual list; the signals, and which of them show a
-- wish to buy, are our own defaults.
CREATE FUNCTION revops.seed_operations(workspace_id int) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO revops.reason (workspace_id, reason, label, applies_to)
    SELECT $1, r.reason, r.label, r.applies_to::text[]
    FROM (VALUES
        ('wrong_company_type', 'wrong company type', '{reject,advance}'),
        ('no_active_need', 'no active need', '{reject,recycle,advance}'),
        ('no_urgency', 'no urgency', '{reject,recycle,advance}'),
        ('no_budget', 'no budget', '{reject,recycle,advance}'),
        ('wrong_segment', 'wrong segment', '{reject,advance,assign}'),
        ('wrong_contact', 'wrong contact', '{reject,recycle,advance}'),
        ('timing', 'timing', '{reject,recycle,advance}'),
        ('duplicate', 'duplicate', '{reject,advance,assign}'),
        ('not_enough_context', 'not enough context', '{reject,recycle,advance}'),
        ('no_response', 'no response', '{reject,recycle,advance,assign}'),
        ('competitor', 'competitor', '{reject,advance}'),
        ('unsupported_market', 'unsupported market', '{reject,advance}'),
        ('known_contact', 'known from elsewhere', '{override}'),
        ('strategic_account', 'strategic account', '{override}'),
        ('wrong_data', 'what the rules read is wrong', '{override}'),
        ('not_needed', 'not needed any longer', '{override}'))
        AS r (reason, label, applies_to);

    INSERT INTO revops.signal (workspace_id, signal, nature, direction, answers, owner_team)
    SELECT $1, s.*, CASE s.direction WHEN 'inbound' THEN 'marketing' ELSE 'sales' END
    FROM (VALUES
        ('form_submit', 'engagement', 'inbound', false),
        ('demo_request', 'buying', 'inbound', false),
        ('trial_start', 'buying', 'inbound', false),
        ('pricing_visit', 'buying', 'inbound', false),
        ('page_visit', 'engagement', 'inbound', false),
        ('repeat_visit', 'engagement', 'inbound', false),
        ('content_download', 'engagement', 'inbound', false),
        ('webinar', 'engagement', 'inbound', false),
        ('email_click', 'engagement', 'inbound', false),
        ('email_reply', 'buying', 'inbound', false),
        ('inbound_call', 'buying', 'inbound', false),
        ('unsubscribe', 'engagement', 'inbound', false),
        ('call', 'engagement', 'outbound', true),
        ('email', 'engagement', 'outbound', true),
        ('meeting', 'engagement', 'outbound', true))
        AS s (signal, nature, direction, answers)
    $$;
COMMENT ON FUNCTION revops.seed_operations(int) IS 'Part of create_workspace(): the default reasons and signals of a workspace.';

-- Points are our own defaults.  There are no fit rules: nobody's ideal customer
-- is a default, and without fit no lead becomes an MQL.  First contact within
-- 24 hours is the field's usual promise, in wall time until there is a calendar.
CREATE FUNCTION revops.seed_scoring(agreement_id int) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO revops.score_model (agreement_id, zone)
    SELECT $1, w.time_zone FROM revops.agreement a JOIN revops.workspace w USING (workspace_id) WHERE a.agreement_id = $1;

    INSERT INTO revops.score_rule (agreement_id, rule, kind, signal, points)
    SELECT $1, r.signal, 'intent', r.signal, r.points
    FROM (VALUES
        ('demo_request', 40), ('trial_start', 40), ('inbound_call', 30),
        ('email_reply', 25), ('pricing_visit', 20), ('form_submit', 15),
        ('webinar', 15), ('content_download', 10), ('repeat_visit', 10),
        ('email_click', 5), ('page_visit', 2), ('unsubscribe', -30))
        AS r (signal, points);

    INSERT INTO revops.sla_policy (agreement_id, policy, position, target)
    VALUES ($1, 'first contact', 10, '24 hours');

    INSERT INTO revops.handoff_rule (agreement_id) VALUES ($1)
    $$;
COMMENT ON FUNCTION revops.seed_scoring(int) IS
    'Part of create_workspace(): the default score model, points of signals, SLA policy and handoff rule of an agreement.';

-- Transitions guard what people do and what the host writes into its stage
-- column; a deal that is opened or won carries its lead along from anywhere.
-- Who goes back or out goes for a reason; who comes back in from a side stage,
-- recycled or disqualified by mistake, needs none.
CREATE FUNCTION revops.seed_lifecycle(agreement_id int) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO revops.stage (agreement_id, stage, position, purpose, owner_team, routes)
    SELECT $1, s.*
    FROM (VALUES
        ('subscriber', 10, NULL, 'marketing', false),
        ('nurture', 15, 'nurture', 'marketing', false),
        ('lead', 20, 'entry', 'marketing', false),
        ('mql', 30, 'qualified', 'sales', true),
        ('sql', 40, 'accepted', 'sales', false),
        ('opportunity', 50, 'opportunity', 'sales', false),
        ('customer', 60, 'won', 'sales', false),
        ('evangelist', 70, NULL, 'marketing', false),
        ('disqualified', 90, 'disqualified', 'marketing', false))
        AS s (stage, pos, purpose, owner_team, routes);

    INSERT INTO revops.transition (agreement_id, from_stage, to_stage, needs_reason)
    SELECT $1, t.from_stage, target.to_stage, t.needs_reason
    FROM (VALUES
        ('subscriber', '{lead,mql}', false),
        ('subscriber', '{disqualified}', true),
        ('lead', '{mql}', false),
        ('lead', '{nurture,disqualified}', true),
        ('nurture', '{lead,mql}', false),
        ('nurture', '{disqualified}', true),
        ('mql', '{sql}', false),
        ('mql', '{nurture,disqualified}', true),
        ('sql', '{opportunity}', false),
        ('sql', '{nurture,disqualified}', true),
        ('opportunity', '{customer}', false),
        ('opportunity', '{nurture,disqualified}', true),
        ('customer', '{evangelist}', false),
        ('disqualified', '{lead}', false))
        AS t (from_stage, to_stages, needs_reason),
        unnest(t.to_stages::text[]) AS target (to_stage)
    $$;
COMMENT ON FUNCTION revops.seed_lifecycle(int) IS
    'Part of create_workspace(): the default stages and transitions of an agreement.';

-- Our own defaults, but for the kinds of tracks, which are the field's.
CREATE FUNCTION revops.seed_nurture(agreement_id int) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO revops.nurture_track (agreement_id, track, position, kind, purpose, reasons, silent_after, conversation,
                                      stops_on, back_after, back_intent, back_to, max_recycles)
    SELECT $1, t.track, t.pos, t.kind, t.purpose, t.reasons::text[], t.silent_after::interval, t.conversation::text[],
           '{email_reply,inbound_call,demo_request,trial_start,pricing_visit,unsubscribe}', '0', 40, t.back_to, 3
    FROM (VALUES
        ('early_education', 10, 'nurture', 'early_education', '{no_active_need,not_enough_context}', NULL, '{}', 'earlier_owner'),
        ('use_case', 20, 'nurture', 'use_case', '{no_urgency,no_budget}', NULL, '{}', 'earlier_owner'),
        ('re_engagement', 30, 'nurture', 're_engagement', '{no_response}', '30 days', '{email_reply,inbound_call,meeting}', 'earlier_owner'),
        ('recycled', 40, 'nurture', 'recycled', '{}', NULL, '{}', 'earlier_owner'),
        ('outreach', 50, 'sequence', 'outreach', '{}', NULL, '{}', 'earlier_owner'))
        AS t (track, pos, kind, purpose, reasons, silent_after, conversation, back_to);

    INSERT INTO revops.nurture_step (agreement_id, track, step, position, after, channel, template, counts_as_attempt)
    SELECT $1, s.track, s.step, s.pos, s.after::interval, s.channel, s.template, s.kind = 'sequence'
    FROM (VALUES
        ('early_education', 'nurture', 'the problem', 1, '3 days', 'email',
         'Hello {{first_name|there}}, here is how others in {{industry|your industry}} think about the problem.'),
        ('early_education', 'nurture', 'ways to solve it', 2, '14 days', 'email',
         'Hello {{first_name|there}}, these are the usual ways to solve it, and what each costs.'),
        ('early_education', 'nurture', 'an example', 3, '30 days', 'email',
         'Hello {{first_name|there}}, this is what a company like {{company|yours}} has done.'),
        ('use_case', 'nurture', 'your use case', 1, '7 days', 'email',
         'Hello {{first_name|there}}, you looked at {{top_signal|our offer}}: this is how it is used in {{industry|your industry}}.'),
        ('use_case', 'nurture', 'what it is worth', 2, '21 days', 'email',
         'Hello {{first_name|there}}, here is a way to work out what it is worth to {{company|your company}}.'),
        ('re_engagement', 'nurture', 'still of interest', 1, '1 day', 'email',
         'Hello {{first_name|there}}, we spoke some time ago: is it still of interest?'),
        ('re_engagement', 'nurture', 'what is new', 2, '14 days', 'email',
         'Hello {{first_name|there}}, this is new since we spoke.'),
        ('recycled', 'nurture', 'what is new', 1, '14 days', 'email',
         'Hello {{first_name|there}}, this is new since we spoke.'),
        ('recycled', 'nurture', 'is it time', 2, '30 days', 'email',
         'Hello {{first_name|there}}, has the time come to talk about it?'),
        ('outreach', 'sequence', 'first call', 1, '0', 'call',
         'Call {{person_name|the lead}} of {{company|the company}}: {{top_signal|no signal yet}}.'),
        ('outreach', 'sequence', 'first mail', 2, '1 day', 'email',
         'Hello {{first_name|there}}, I tried to reach you because of your interest ({{top_signal|our offer}}).'),
        ('outreach', 'sequence', 'second call', 3, '2 days', 'call',
         'Call {{person_name|the lead}} of {{company|the company}} again.'),
        ('outreach', 'sequence', 'last mail', 4, '4 days', 'email',
         'Hello {{first_name|there}}, shall I come back to you at another time?'))
        AS s (track, kind, step, pos, after, channel, template)
    $$;
COMMENT ON FUNCTION revops.seed_nurture(int) IS
    'Part of create_workspace(): the default nurture tracks and steps of an agreement.';

CREATE FUNCTION revops.create_workspace(workspace text, time_zone text DEFAULT 'UTC',
                                        currency text DEFAULT 'EUR', bare boolean DEFAULT false)
    RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    new_id int;
    version_1 int;
BEGIN
    IF coalesce(workspace, '') = '' OR time_zone IS NULL OR currency IS NULL OR bare IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = 'a workspace needs a name, a time zone and a currency',
            DETAIL = format('They were given as %s, %s and %s; bare was %s.', coalesce(quote_literal(workspace), 'NULL'),
                            coalesce(quote_literal(time_zone), 'NULL'), coalesce(quote_literal(currency), 'NULL'),
                            coalesce(bare::text, 'NULL')),
            HINT = 'SELECT revops.create_workspace(''name'', ''Europe/Berlin'', ''EUR'');';
    END IF;
    LOCK TABLE revops.workspace IN SHARE ROW EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM revops.workspace w WHERE w.workspace = create_workspace.workspace) THEN
        RAISE unique_violation USING
            MESSAGE = format('workspace "%s" exists already', workspace),
            DETAIL = format('It is number %s.', (SELECT w.workspace_id FROM revops.workspace w
                                                 WHERE w.workspace = create_workspace.workspace)),
            HINT = 'Choose another name.';
    END IF;
    SELECT coalesce(max(w.workspace_id), 0) + 1 INTO new_id FROM revops.workspace w;
    INSERT INTO revops.workspace (workspace_id, workspace, time_zone, currency, created_at)
    VALUES (new_id, workspace, time_zone, currency, revops.engine_now());

    INSERT INTO revops.agreement (workspace_id, version, note)
    VALUES (new_id, 1, CASE WHEN bare THEN 'first version' ELSE 'defaults of pg_revops' END)
    RETURNING agreement_id INTO version_1;
    IF NOT bare THEN
        PERFORM revops.seed_operations(new_id);
        PERFORM revops.seed_next_steps(new_id);
        PERFORM revops.seed_lifecycle(version_1);
        PERFORM revops.seed_scoring(version_1);
        PERFORM revops.seed_nurture(version_1);
        -- nobody is there yet to agree on it
        UPDATE revops.agreement a SET status = 'active' WHERE a.agreement_id = version_1;
    END IF;
    RETURN new_id;
END
$$;
COMMENT ON FUNCTION revops.create_workspace(text, text, text, boolean) IS
    'Creates a workspace and returns its number: the first is 1. It gets default reasons, signals, stages, transitions, points of signals, nurture tracks and an SLA policy, in force as version 1 of its agreement; with bare it gets an empty draft of version 1 instead. Raises RV004 for a time zone or currency that is none and for a missing name, 23505 for a name that is taken.';

-- ----- versions of the agreement --------------------------------------------

CREATE FUNCTION revops.draft_agreement(workspace_id int DEFAULT 1, note text DEFAULT NULL) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    old_id int;
    new_id int;
BEGIN
    -- numbers of versions have no gaps to fall into: one draft at a time is made
    PERFORM FROM revops.workspace w WHERE w.workspace_id = $1 FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('workspace %s does not exist', coalesce($1::text, 'NULL')),
            DETAIL = format('Workspaces there are: %s.',
                            (SELECT coalesce(string_agg(format('%s (%s)', w.workspace_id, w.workspace), ', '
                                                        ORDER BY w.workspace_id), 'none')
                             FROM revops.workspace w)),
            HINT = 'Workspaces are made by revops.create_workspace() and listed in revops.workspace.';
    END IF;
    SELECT a.agreement_id INTO old_id FROM revops.agreement a
    WHERE a.workspace_id = $1 AND a.status = 'active';
    INSERT INTO revops.agreement (workspace_id, version, note)
    SELECT $1, coalesce(max(a.version), 0) + 1, $2 FROM revops.agreement a WHERE a.workspace_id = $1
    RETURNING agreement_id INTO new_id;

    INSERT INTO revops.score_model (agreement_id, half_life, fit_base, fit_share, mql_fit, mql_intent, mql_score,
                                    grade_fit, grade_intent, zone)
    SELECT new_id, half_life, fit_base, fit_share, mql_fit, mql_intent, mql_score, grade_fit, grade_intent, zone
    FROM revops.score_model WHERE agreement_id = old_id;
    INSERT INTO revops.score_group (agreement_id, score_group, kind, cap, cap_period)
    SELECT new_id, score_group, kind, cap, cap_period FROM revops.score_group WHERE agreement_id = old_id;
    INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, signal, points, cap, cap_period, score_group)
    SELECT new_id, rule, kind, condition, signal, points, cap, cap_period, score_group
    FROM revops.score_rule WHERE agreement_id = old_id ORDER BY rule_id;
    INSERT INTO revops.question (agreement_id, question, label, kind, options, position, personal)
    SELECT new_id, question, label, kind, options, position, personal FROM revops.question WHERE agreement_id = old_id;
    INSERT INTO revops.stage (agreement_id, stage, position, purpose, owner_team, routes, condition, needs,
                              longest_stay, stay_calendar_id, stay_to, stay_reason)
    SELECT new_id, stage, position, purpose, owner_team, routes, condition, needs,
           longest_stay, stay_calendar_id, stay_to, stay_reason
    FROM revops.stage WHERE agreement_id = old_id;
    INSERT INTO revops.transition (agreement_id, from_stage, to_stage, needs_reason, reasons, needs_answers)
    SELECT new_id, from_stage, to_stage, needs_reason, reasons, needs_answers
    FROM revops.transition WHERE agreement_id = old_id;
    INSERT INTO revops.sla_policy (agreement_id, policy, position, promise, condition, target, calendar_id, stage, attempts,
                                   counts_from, pauses_when, kept_when, answered_by, after_hours_target, after_hours_wall, on_change, on_trial, trial_until)
    SELECT new_id, policy, position, promise, condition, target, calendar_id, stage, attempts,
           counts_from, pauses_when, kept_when, answered_by, after_hours_target, after_hours_wall, on_change, on_trial, trial_until
    FROM revops.sla_policy WHERE agreement_id = old_id ORDER BY position;
    INSERT INTO revops.sla_step (agreement_id, policy, position, step, after, action, rep_id, team_id, to_stage, reason, at_most)
    SELECT new_id, policy, position, step, after, action, rep_id, team_id, to_stage, reason, at_most
    FROM revops.sla_step WHERE agreement_id = old_id;
    INSERT INTO revops.commitment (agreement_id, commitment, position, measure, period, target, source, segment, promise)
    SELECT new_id, commitment, position, measure, period, target, source, segment, promise
    FROM revops.commitment WHERE agreement_id = old_id ORDER BY position;
    INSERT INTO revops.nurture_track (agreement_id, track, position, kind, purpose, reasons, silent_after, conversation, stops_on,
                                      back_after, back_intent, back_when, back_stage, back_to, max_recycles)
    SELECT new_id, track, position, kind, purpose, reasons, silent_after, conversation, stops_on,
           back_after, back_intent, back_when, back_stage, back_to, max_recycles
    FROM revops.nurture_track WHERE agreement_id = old_id;
    INSERT INTO revops.nurture_step (agreement_id, track, step, position, after, calendar_id, channel, template, counts_as_attempt)
    SELECT new_id, track, step, position, after, calendar_id, channel, template, counts_as_attempt
    FROM revops.nurture_step WHERE agreement_id = old_id;
    INSERT INTO revops.handoff_rule (agreement_id, accept_within, accept_calendar_id, silence_accepts, attempts,
                                     attempts_days, attempts_signals, no_response_reason, duplicate_reason,
                                     no_response_to, no_response_for, sample_size)
    SELECT new_id, accept_within, accept_calendar_id, silence_accepts, attempts, attempts_days, attempts_signals,
           no_response_reason, duplicate_reason, no_response_to, no_response_for, sample_size
    FROM revops.handoff_rule WHERE agreement_id = old_id;
    INSERT INTO revops.auto_move (agreement_id, auto_move, position, from_stage, to_stage, cause, condition,
                                  min_fit, min_intent, min_score, min_grade, attempts, reason)
    SELECT new_id, auto_move, position, from_stage, to_stage, cause, condition,
           min_fit, min_intent, min_score, min_grade, attempts, reason
    FROM revops.auto_move WHERE agreement_id = old_id;
    -- last: in agreement_history what is logged from here on has been edited
    UPDATE revops.agreement SET drafted_from = old_id WHERE agreement_id = new_id AND old_id IS NOT NULL;
    RETURN new_id;
END
$$;
COMMENT ON FUNCTION revops.draft_agreement(int, text) IS
    'Copies the active version of a workspace''s agreement (score model, groups, rules, questions, stages, transitions, SLA policies, commitments, nurture tracks and steps, handoff rule, automatic moves) into a new draft, which alone can be edited, and returns its agreement_id. Without an active version the draft is empty. To give a draft up, delete its row of revops.agreement. Raises RV002 for an unknown workspace.';

CREATE FUNCTION revops.agreement_problems(agreement_id int)
    RETURNS TABLE (object text, problem text, hint text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    of_workspace int;
    checked record;
BEGIN
    SELECT a.workspace_id INTO of_workspace FROM revops.agreement a WHERE a.agreement_id = $1;
    IF NOT EXISTS (SELECT FROM revops.score_model m WHERE m.agreement_id = $1) THEN
        RETURN QUERY VALUES ('score model', 'is missing', format(
            'INSERT INTO revops.score_model (agreement_id) VALUES (%s) takes the defaults.', $1));
    END IF;
    IF NOT EXISTS (SELECT FROM revops.stage s WHERE s.agreement_id = $1 AND s.purpose = 'entry') THEN
        RETURN QUERY VALUES ('stages', 'none has the purpose "entry", where new leads begin',
                             'Set purpose = ''entry'' on the stage in which new leads begin.');
    END IF;
    RETURN QUERY
        SELECT format('scoring rule "%s"', r.rule), format('signal "%s" does not exist', r.signal),
               'Insert it into revops.signal, or change the rule.'
        FROM revops.score_rule r
        WHERE r.agreement_id = $1 AND r.signal IS NOT NULL
          AND NOT EXISTS (SELECT FROM revops.signal s
                          WHERE s.workspace_id = of_workspace AND s.signal = r.signal)
        ORDER BY r.rule_id;
    RETURN QUERY
        SELECT format('nurture track "%s"', t.track), format('brings leads back to stage "%s", out of which they are to come', t.back_stage),
               'Give back_stage another stage, or NULL: where new leads begin.'
        FROM revops.nurture_track t JOIN revops.stage s ON s.agreement_id = t.agreement_id AND s.stage = t.back_stage
        WHERE t.agreement_id = $1 AND s.purpose IN ('nurture', 'disqualified')
        ORDER BY t.position;
    RETURN QUERY
        SELECT format('nurture track "%s"', t.track), format('%s "%s" does not exist', n.kind, n.name),
               format('Insert it into revops.%s, or change the track.', n.kind)
        FROM revops.nurture_track t
        CROSS JOIN LATERAL (SELECT 'signal' AS kind, c.name FROM unnest(t.conversation || t.stops_on) AS c (name)
                            WHERE NOT EXISTS (SELECT FROM revops.signal s
                                              WHERE s.workspace_id = of_workspace AND s.signal = c.name)
                            UNION ALL
                            SELECT 'reason', c.name FROM unnest(t.reasons) AS c (name)
                            WHERE NOT EXISTS (SELECT FROM revops.reason s
                                              WHERE s.workspace_id = of_workspace AND s.reason = c.name)) n
        WHERE t.agreement_id = $1
        ORDER BY t.position, n.kind, n.name;
    RETURN QUERY
        SELECT 'handoff rule', format('signal "%s" does not exist', n.signal),
               'Insert it into revops.signal, or change attempts_signals.'
        FROM revops.handoff_rule h CROSS JOIN unnest(h.attempts_signals) AS n (signal)
        WHERE h.agreement_id = $1
          AND NOT EXISTS (SELECT FROM revops.signal s
                          WHERE s.workspace_id = of_workspace AND s.signal = n.signal)
        ORDER BY n.signal;
    RETURN QUERY
        SELECT 'handoff rule', format('reason "%s" does not exist', n.reason),
               format('Insert it into revops.reason, or change %s.', n.of)
        FROM revops.handoff_rule h
        CROSS JOIN LATERAL (VALUES ('no_response_reason', h.no_response_reason, 'no_response'),
                                   ('duplicate_reason', h.duplicate_reason, 'duplicate')) AS n (of, reason, shipped)
        WHERE h.agreement_id = $1 AND n.reason <> n.shipped
          AND NOT EXISTS (SELECT FROM revops.reason r
                          WHERE r.workspace_id = of_workspace AND r.reason = n.reason)
        ORDER BY n.of;
    RETURN QUERY
        SELECT format('stage "%s"', l.stage), format('is missing; leads in it: %s', count(*)),
               'Keep the stage in the new version, or move these leads first.'
        FROM revops.lead l
        WHERE l.workspace_id = of_workspace
          AND NOT EXISTS (SELECT FROM revops.stage s WHERE s.agreement_id = $1 AND s.stage = l.stage)
        GROUP BY l.stage ORDER BY l.stage;

    RETURN QUERY
        SELECT format('stage "%s"', g.stage), format('needs role "%s", which the workspace has not', n.role),
               'Map the role with attach_lead(), or change stage.needs.'
        FROM revops.stage g CROSS JOIN unnest(g.needs) AS n (role)
        WHERE g.agreement_id = $1 AND n.role NOT IN (SELECT r.role FROM revops.lead_roles(of_workspace) r)
        ORDER BY g.position, n.role;
    RETURN QUERY
        SELECT format('transition from "%s" to "%s"', t.from_stage, t.to_stage), w.what, 'Change the transition.'
        FROM revops.transition t CROSS JOIN LATERAL (
            SELECT format('reason "%s" does not exist', r.reason) FROM unnest(t.reasons) AS r (reason)
            WHERE NOT EXISTS (SELECT FROM revops.reason k WHERE k.workspace_id = of_workspace AND k.reason = r.reason)
            UNION ALL
            SELECT format('question "%s" does not exist', a.question) FROM unnest(t.needs_answers) AS a (question)
            WHERE NOT EXISTS (SELECT FROM revops.question q WHERE q.agreement_id = $1 AND q.question = a.question)) AS w (what)
        WHERE t.agreement_id = $1
        ORDER BY t.from_stage, t.to_stage, w.what;

    RETURN QUERY SELECT p.object, p.problem, p.hint FROM revops.auto_problems($1) p;

    RETURN QUERY SELECT p.object, p.problem, p.hint FROM revops.promise_problems($1) p;

    FOR checked IN
        SELECT 'scoring rule' AS kind, r.rule AS name, r.condition, NULL::int AS calendar_id
        FROM revops.score_rule r WHERE r.agreement_id = $1 AND r.condition IS NOT NULL
        UNION ALL
        SELECT 'entry criteria of stage', g.stage, g.condition, NULL
        FROM revops.stage g WHERE g.agreement_id = $1 AND g.condition IS NOT NULL
        UNION ALL
        SELECT 'SLA policy', p.policy, p.condition, p.calendar_id
        FROM revops.sla_policy p WHERE p.agreement_id = $1
        UNION ALL
        SELECT 'pause of SLA policy', p.policy, p.pauses_when, NULL
        FROM revops.sla_policy p WHERE p.agreement_id = $1 AND p.pauses_when IS NOT NULL
        UNION ALL
        SELECT 'keeping of SLA policy', p.policy, p.kept_when, NULL
        FROM revops.sla_policy p WHERE p.agreement_id = $1 AND p.kept_when IS NOT NULL
        UNION ALL
        SELECT 'nurture track', t.track, t.back_when, NULL
        FROM revops.nurture_track t WHERE t.agreement_id = $1 AND t.back_when IS NOT NULL
        UNION ALL
        SELECT 'step', format('%s: %s', s.track, s.step), NULL, s.calendar_id
        FROM revops.nurture_step s WHERE s.agreement_id = $1 AND s.calendar_id IS NOT NULL
        UNION ALL
        SELECT 'handoff rule', NULL, NULL, h.accept_calendar_id
        FROM revops.handoff_rule h WHERE h.agreement_id = $1
        UNION ALL
        SELECT 'automatic move', m.auto_move, m.condition, NULL
        FROM revops.auto_move m WHERE m.agreement_id = $1 AND m.condition IS NOT NULL
        UNION ALL
        SELECT 'longest stay in stage', g.stage, NULL, g.stay_calendar_id
        FROM revops.stage g WHERE g.agreement_id = $1 AND g.stay_calendar_id IS NOT NULL
        ORDER BY 1, 2
    LOOP
        BEGIN
            object := concat(checked.kind, ' "' || checked.name || '"');
            PERFORM revops.check_lead_condition(of_workspace, checked.kind, checked.name, checked.condition);
            PERFORM revops.check_calendar(checked.calendar_id);
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
            IF starts_with(problem, object || ' ') THEN
                problem := substr(problem, length(object) + 2);
            END IF;
            RETURN NEXT;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION revops.agreement_problems(int) IS
    'What keeps a version of the agreement from being put into force: no score model, no entry stage, unknown signals, roles, reasons and questions, conditions that are not valid for the workspace''s bindings, calendars never open, automatic moves that no transition allows or that lead in a circle, leads in stages that it lacks. No row: nothing.';
