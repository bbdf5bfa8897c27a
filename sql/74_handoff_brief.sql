-- All that the rep needs who gets a lead: one row, or one JSON document.

-- Leads of one company.  Nothing on the path of the host's statements keeps an
-- index for this; where there are many leads whoever wants it makes one (doc/dba.md).
CREATE FUNCTION revops.account_of(lead_id bigint, OUT account text, OUT known_by text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT coalesce(c.company, c.domain), CASE WHEN c.company IS NOT NULL THEN 'company' WHEN c.domain IS NOT NULL THEN 'e-mail domain' END
    FROM (SELECT lower(nullif(btrim(coalesce(p.profile ->> 'company', i.personal ->> 'company')), '')) AS company,
                 lower(nullif(split_part(i.personal ->> 'email', '@', 2), '')) AS domain
          FROM revops.lead l
          LEFT JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
          LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id WHERE l.lead_id = $1) c
    $$;
COMMENT ON FUNCTION revops.account_of(bigint) IS
    'Part of handoff_brief(): the company by which a lead''s other leads are found: the role company in lower case, without blanks at its ends, else the domain of the e-mail address; known_by says which. NULLs: neither is known.';

CREATE FUNCTION revops.account_leads(lead_id bigint, most int DEFAULT 50)
    RETURNS TABLE (other_lead bigint, key text, stage text, rep text, last_touch_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
DECLARE
    mine record;
    -- a scan of some ten milliseconds, or an index
    quick boolean;
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    SELECT a.*, l.workspace_id INTO mine FROM revops.lead l, revops.account_of(l.lead_id) a WHERE l.lead_id = $1;
    SELECT c.relpages < 4000
           OR EXISTS (SELECT FROM pg_index x
                      WHERE (x.indrelid, pg_get_expr(x.indexprs, x.indrelid)) IN
                            (VALUES ('revops.profile_change'::regclass::oid, 'lower(btrim((profile ->> ''company''::text)))'),
                                    ('revops.lead_identity'::regclass::oid, 'lower(split_part((personal ->> ''email''::text), ''@''::text, 2))'))
                        AND (x.indrelid = 'revops.profile_change'::regclass) = (mine.known_by = 'company'))
    INTO quick FROM pg_class c WHERE c.oid = 'revops.lead'::regclass;
    IF quick AND mine.known_by = 'company' THEN
        RETURN QUERY
        SELECT l.lead_id, l.key, l.stage, r.rep, l.last_touch_at
        FROM revops.profile_change p
        JOIN revops.lead l ON l.lead_id = p.lead_id AND l.profile_id = p.change_id
        LEFT JOIN revops.rep r ON r.rep_id = l.rep_id
        WHERE lower(btrim(p.profile ->> 'company')) = mine.account
          AND l.workspace_id = mine.workspace_id AND l.gone_at IS NULL AND l.lead_id <> $1
        ORDER BY l.last_touch_at DESC NULLS LAST, l.lead_id LIMIT $2;
    ELSIF quick AND mine.account IS NOT NULL THEN
        RETURN QUERY
        SELECT l.lead_id, l.key, l.stage, r.rep, l.last_touch_at
        FROM revops.lead_identity i
        JOIN revops.lead l ON l.lead_id = i.lead_id
        LEFT JOIN revops.rep r ON r.rep_id = l.rep_id
        WHERE lower(split_part(i.personal ->> 'email', '@', 2)) = mine.account
          AND l.workspace_id = mine.workspace_id AND l.gone_at IS NULL AND l.lead_id <> $1
        ORDER BY l.last_touch_at DESC NULLS LAST, l.lead_id LIMIT $2;
    END IF;
END
$$;
COMMENT ON FUNCTION revops.account_leads(bigint, int) IS
    'Part of handoff_brief(): the other leads of the lead''s company as account_of() knows it, at most so many, the latest touched first. Where table lead has 4,000 pages or more (some hundred thousand leads) only with an index: on lower(btrim(profile ->> ''company'')) of profile_change, on lower(split_part(personal ->> ''email'', ''@'', 2)) of lead_identity; without one no row. Raises RV002 for an unknown lead.';

CREATE TYPE revops.handoff_brief_row AS
(
    workspace_id int, workspace text, binding text, lead_id bigint, key text,
    person_name text, title text, company text, email text, phone text,
    stage text, stage_since timestamptz, team text, rep text,
    created_at timestamptz, first_source text, first_campaign text, last_source text, last_campaign text, segment text, sources jsonb,
    touches int, last_touch_at timestamptz, last_buying_signal text, last_buying_at timestamptz, trail jsonb,
    profile jsonb, fit_rules jsonb, disqualified boolean, disqualifiers text[],
    score int, grade text, fit int, intent int, reasons jsonb,
    account text, account_by text, account_leads jsonb, opportunities jsonb,
    earlier_owners jsonb, rejections jsonb, disputes jsonb, recycles jsonb, objections text[], answers jsonb, unanswered text[], not_before timestamptz,
    sla_due_at timestamptz, sla_left interval, breached boolean,
    next_step text, next_step_rule text, next_step_because text
);
COMMENT ON TYPE revops.handoff_brief_row IS 'Row of handoff_brief(). Shows personal data.';
DO $$
DECLARE
    said record;
BEGIN
    FOR said IN SELECT * FROM (VALUES
        ('workspace_id', 'number of the workspace'), ('workspace', 'name of the workspace'), ('binding', 'binding that brought the lead'),
        ('lead_id', 'number of the lead, as the verbs take it'), ('key', 'key of the host''s row as text'),
        ('person_name', 'name (personal)'), ('title', 'job title'), ('company', 'company'), ('email', 'e-mail address (personal)'),
        ('phone', 'telephone number (personal)'),
        ('stage', 'lifecycle stage'), ('stage_since', 'when it entered the stage'), ('team', 'team that has it; NULL: none'),
        ('rep', 'rep who has it; NULL: none, or the team''s queue'), ('created_at', 'when the lead was created'),
        ('first_source', 'source when it was created'), ('first_campaign', 'campaign when it was created'),
        ('last_source', 'source now'), ('last_campaign', 'campaign now'), ('segment', 'market segment'),
        ('sources', 'each change of source or campaign, in order of time: at, source, campaign'),
        ('touches', 'number of touches, net of those taken back'), ('last_touch_at', 'latest touch; NULL: none'),
        ('last_buying_signal', 'latest inbound buying signal; NULL: none'), ('last_buying_at', 'when that was'),
        ('trail', 'latest touches, the last first: at, signal, nature (engagement, buying), direction, points (undecayed, after caps), value (points left now)'),
        ('profile', 'what the host''s row says of it: all roles that are not NULL, the personal ones aside'),
        ('fit_rules', 'fit and negative rules that match: rule, points, because'), ('disqualified', 'true: a disqualifying rule holds, or a person has said so'),
        ('disqualifiers', 'disqualifying rules that match'), ('score', 'score, 0 to 100'), ('grade', 'letter of fit and digit of intent, for example A1'),
        ('fit', 'fit, 0 to 100'), ('intent', 'intent at this moment, 0 to 100'),
        ('reasons', 'main reasons of the score, as explain_score() has them, most points first, at most five: part, rule, value (points), because'),
        ('account', 'company that its other leads are known by; NULL: not known'), ('account_by', 'company or e-mail domain'),
        ('account_leads', 'other leads of the company: lead_id, key, stage, rep, last_touch_at; NULL: none, or not looked for (see account_leads())'),
        ('opportunities', 'its deals: key, status, opened_at, closed_at, amount, currency'),
        ('earlier_owners', 'who had it before, in order of time: rep, team, from, until'),
        ('rejections', 'moves to the stage of purpose disqualified: at, from, reason, because (the reason in words), who'),
        ('disputes', 'rejections that somebody disputed: at, side (who disputed), seq (the move), outcome and resolved_at; NULL: none'),
        ('recycles', 'each time that it was recycled: at, from, reason, because, until (the date that sales gave), came_back_at, came_back_by'),
        ('objections', 'reasons heard, in words, in order of time'), ('answers', 'what has been answered: question, label, answer, at, who'),
        ('unanswered', 'questions of the agreement in force that nobody has answered'),
        ('not_before', 'the date that sales gave, where it is to come'),
        ('sla_due_at', 'when the earliest running promise is due; NULL: none runs'),
        ('sla_left', 'time left until then, negative after it: business time where the clock has a calendar, else wall time'),
        ('breached', 'true: that promise is past due; NULL: none runs'),
        ('next_step', 'suggested next step: call_now, outreach, nurture; NULL: none'), ('next_step_rule', 'rule that suggests it'),
        ('next_step_because', 'what made that rule hold')) AS s (col, meaning)
    LOOP
        EXECUTE format('COMMENT ON COLUMN revops.handoff_brief_row.%I IS %L', said.col, said.meaning);
    END LOOP;
END
$$;

CREATE FUNCTION revops.brief_past(lead_id bigint, OUT rejections jsonb, OUT recycles jsonb, OUT objections text[], OUT earlier_owners jsonb, OUT sources jsonb)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH refused AS (
        SELECT m.lead_id, m.seq, m.at, m.from_stage, m.actor, n.reason, coalesce(w.label, n.reason) AS because FROM revops.stage_change m
        JOIN revops.stage g ON g.agreement_id = m.agreement_id AND g.stage = m.to_stage AND g.purpose = 'disqualified'
        LEFT JOIN revops.corrected_move c ON c.lead_id = m.lead_id AND c.seq = m.seq
        CROSS JOIN LATERAL (SELECT CASE WHEN c.seq IS NULL THEN m.reason ELSE c.reason END AS reason) n
        LEFT JOIN revops.reason w ON w.workspace_id = m.workspace_id AND w.reason = n.reason
        WHERE m.lead_id = $1 AND m.from_stage IS NOT NULL AND m.cause <> 'disqualifier'
    ), returned AS (
        SELECT y.*, coalesce(w.label, y.reason) AS because FROM revops.recycling y
        LEFT JOIN revops.reason w ON w.workspace_id = y.workspace_id AND w.reason = y.reason
        WHERE y.lead_id = $1
    ), given AS (
        SELECT a.*, (a.team_id, a.rep_id) IS DISTINCT FROM lag((a.team_id, a.rep_id)) OVER (ORDER BY a.seq) AS anew
        FROM revops.assignment a WHERE a.lead_id = $1
    ), had AS (
        -- given to the same again: had all along
        SELECT g.seq, r.rep, t.team, g.at, lead(g.at) OVER (ORDER BY g.seq) AS until
        FROM given g
        LEFT JOIN revops.rep r ON r.rep_id = g.rep_id LEFT JOIN revops.team t ON t.team_id = g.team_id
        WHERE g.anew AND (g.rep_id IS NOT NULL OR g.team_id IS NOT NULL)
    ), came AS (
        SELECT p.change_id, p.at, p.profile -> 'source' AS source, p.profile -> 'campaign' AS campaign,
               lag(p.change_id) OVER w IS NULL
               OR ((p.profile -> 'source'), (p.profile -> 'campaign')) IS DISTINCT FROM (lag(p.profile -> 'source') OVER w, lag(p.profile -> 'campaign') OVER w) AS new
        FROM revops.profile_change p WHERE p.lead_id = $1 WINDOW w AS (ORDER BY p.change_id)
    )
    SELECT (SELECT jsonb_agg(jsonb_build_object('at', f.at, 'from', f.from_stage, 'reason', f.reason, 'because', f.because, 'who', f.actor) ORDER BY f.seq)
            FROM refused f),
           (SELECT jsonb_agg(jsonb_build_object('at', y.recycled_at, 'from', y.from_stage, 'reason', y.reason, 'because', y.because, 'until', y.not_before,
                                                'came_back_at', y.came_back_at, 'came_back_by', y.came_back_by) ORDER BY y.seq)
            FROM returned y),
           (SELECT array_agg(h.because ORDER BY h.seq)
            FROM (SELECT x.because, min(x.seq) AS seq
                  FROM (SELECT f.because, f.seq FROM refused f UNION ALL SELECT y.because, y.seq FROM returned y) x
                  WHERE x.because IS NOT NULL GROUP BY x.because) h),
           (SELECT jsonb_agg(jsonb_build_object('rep', h.rep, 'team', h.team, 'from', h.at, 'until', h.until) ORDER BY h.seq)
            FROM had h WHERE h.until IS NOT NULL),
           (SELECT jsonb_agg(jsonb_build_object('at', c.at, 'source', c.source, 'campaign', c.campaign) ORDER BY c.change_id) FROM came c WHERE c.new)
    $$;
COMMENT ON FUNCTION revops.brief_past(bigint) IS
    'Part of handoff_brief(): rejections, recyclings, reasons heard, earlier owners and sources of a lead, NULL where there are none.';

CREATE FUNCTION revops.handoff_brief(lead_id bigint, touches int DEFAULT 20) RETURNS SETOF revops.handoff_brief_row
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1
    SET search_path = pg_catalog, pg_temp
    AS $$
#variable_conflict use_column
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    RETURN QUERY
    WITH why AS MATERIALIZED (
        SELECT row_number() OVER () AS n, e.* FROM revops.explain_score($1) e
    ), near AS MATERIALIZED (
        SELECT row_number() OVER () AS n, c.* FROM revops.account_leads($1) c
    )
    SELECT l.workspace_id, w.workspace, b.binding, l.lead_id, l.key,
           i.personal ->> 'person_name', coalesce(p.profile ->> 'title', i.personal ->> 'title'),
           coalesce(p.profile ->> 'company', i.personal ->> 'company'), i.personal ->> 'email', i.personal ->> 'phone',
           l.stage, l.stage_since, t.team, r.rep,
           l.created_at, entry.source, entry.campaign, l.source, l.campaign, l.segment, past.sources,
           coalesce(s.touches, l.touches), coalesce(s.last_touch_at, l.last_touch_at), buying.signal, buying.at,
           (SELECT jsonb_agg(jsonb_build_object('at', c.occurred_at, 'signal', c.signal, 'nature', c.nature, 'direction', c.direction,
                                                'points', c.counted, 'value', round((c.counted * revops.decay_factor(c.occurred_at, m.half_life, revops.engine_now()))::numeric, 2))
                             ORDER BY c.occurred_at DESC, c.touch_id DESC)
            FROM (SELECT c.*, g.signal, g.nature, g.direction FROM revops.touches_counted($1, l.agreement_id, 'infinity') c
                  LEFT JOIN revops.signal g ON g.signal_id = c.signal_id
                  ORDER BY c.occurred_at DESC, c.touch_id DESC LIMIT $2) c),
           p.profile,
           (SELECT jsonb_agg(jsonb_build_object('rule', y.rule, 'points', y.points, 'because', y.because) ORDER BY y.n)
            FROM why y WHERE y.part IN ('fit', 'negative') AND y.matched AND y.points <> 0 AND y.rule <> '(base)'),
           l.disqualified,
           (SELECT array_agg(y.rule ORDER BY y.n) FROM why y WHERE y.part = 'disqualify' AND y.matched),
           s.score, s.grade, coalesce(s.fit, l.fit), s.intent,
           (SELECT jsonb_agg(jsonb_build_object('part', y.part, 'rule', y.rule, 'value', round(y.value::numeric, 2), 'because', y.because) ORDER BY abs(y.value) DESC, y.n)
            FROM (SELECT y.* FROM why y WHERE y.matched AND y.value <> 0 ORDER BY abs(y.value) DESC, y.n LIMIT 5) y),
           account.account, account.known_by,
           (SELECT jsonb_agg(jsonb_build_object('lead_id', n.other_lead, 'key', n.key, 'stage', n.stage, 'rep', n.rep, 'last_touch_at', n.last_touch_at) ORDER BY n.n)
            FROM near n),
           (SELECT jsonb_agg(jsonb_build_object('key', o.key, 'status', o.status, 'opened_at', o.opened_at, 'closed_at', o.closed_at,
                                                'amount', o.amount, 'currency', o.currency) ORDER BY o.opened_at, o.opportunity_id)
            FROM revops.opportunity o WHERE o.lead_id = $1 AND o.status <> 'gone'),
           past.earlier_owners, past.rejections,
           (SELECT jsonb_agg(jsonb_build_object('at', d.at, 'side', d.side, 'seq', d.seq, 'outcome', z.outcome, 'resolved_at', z.at) ORDER BY d.dispute_id)
            FROM revops.dispute d LEFT JOIN revops.dispute_resolution z USING (dispute_id) WHERE d.lead_id = $1),
           past.recycles, past.objections,
           (SELECT jsonb_agg(jsonb_build_object('question', a.question, 'label', a.label, 'answer', a.answer, 'at', a.at, 'who', a.actor) ORDER BY a.position, a.question)
            FROM revops.lead_answers a WHERE a.lead_id = $1),
           (SELECT array_agg(q.question ORDER BY q.position) FROM revops.question q
            WHERE q.agreement_id = v.agreement_id AND NOT EXISTS (SELECT FROM revops.lead_answers a WHERE a.lead_id = $1 AND a.question = q.question)),
           (SELECT max(e.not_before) FROM revops.enrolment e WHERE e.lead_id = $1 AND e.ended_at IS NULL AND e.not_before > revops.engine_now()),
           s.sla_due_at, s.sla_left, s.breached, next.step, next.rule, next.because
    FROM revops.lead l
    JOIN revops.workspace w ON w.workspace_id = l.workspace_id
    JOIN revops.score_model m ON m.agreement_id = l.agreement_id
    LEFT JOIN revops.agreement v ON v.workspace_id = l.workspace_id AND v.status = 'active'
    LEFT JOIN revops.binding b ON b.binding_id = l.binding_id
    LEFT JOIN revops.lead_status s ON s.lead_id = l.lead_id
    LEFT JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
    LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id
    LEFT JOIN revops.stage_change entry ON entry.lead_id = l.lead_id AND entry.seq = 1
    LEFT JOIN revops.team t ON t.team_id = l.team_id
    LEFT JOIN revops.rep r ON r.rep_id = l.rep_id
    CROSS JOIN LATERAL revops.account_of($1) account
    CROSS JOIN LATERAL revops.brief_past($1) past
    CROSS JOIN LATERAL revops.last_buying($1, '-infinity') buying
    CROSS JOIN LATERAL revops.next_step($1) next
    WHERE l.lead_id = $1;
END
$$;
COMMENT ON FUNCTION revops.handoff_brief(bigint, int) IS
    'All that a rep needs to know of a lead, in one row: source history, behaviour trail (its latest touches, so many), fit data with disqualifiers, score with its main reasons, the company''s other leads, deals, earlier owners, rejections, recyclings, objections, answers, time left of the promise, suggested next step with its reason. By the agreement in force; of the host''s row as the lead was settled. Shows personal data. Raises RV002 for an unknown lead, RV006 where no version is in force.';

CREATE FUNCTION revops.handoff_brief_json(lead_id bigint, touches int DEFAULT 20) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT jsonb_build_object(
        'lead', jsonb_build_object('workspace', b.workspace, 'binding', b.binding, 'lead_id', b.lead_id, 'key', b.key, 'person_name', b.person_name,
            'title', b.title, 'company', b.company, 'email', b.email, 'phone', b.phone, 'stage', b.stage, 'stage_since', b.stage_since,
            'team', b.team, 'rep', b.rep, 'created_at', b.created_at),
        'source', jsonb_build_object('first_source', b.first_source, 'first_campaign', b.first_campaign, 'last_source', b.last_source,
            'last_campaign', b.last_campaign, 'segment', b.segment, 'history', coalesce(b.sources, '[]')),
        'behaviour', jsonb_build_object('touches', b.touches, 'last_touch_at', b.last_touch_at, 'last_buying_signal', b.last_buying_signal,
            'last_buying_at', b.last_buying_at, 'trail', coalesce(b.trail, '[]')),
        'fit', jsonb_build_object('profile', b.profile, 'rules', coalesce(b.fit_rules, '[]'), 'disqualified', b.disqualified,
            'disqualifiers', coalesce(to_jsonb(b.disqualifiers), '[]')),
        'score', jsonb_build_object('score', b.score, 'grade', b.grade, 'fit', b.fit, 'intent', b.intent, 'reasons', coalesce(b.reasons, '[]')),
        'account', jsonb_build_object('account', b.account, 'known_by', b.account_by, 'leads', coalesce(b.account_leads, '[]'),
            'opportunities', coalesce(b.opportunities, '[]')),
        'past', jsonb_build_object('earlier_owners', coalesce(b.earlier_owners, '[]'), 'rejections', coalesce(b.rejections, '[]'),
            'disputes', coalesce(b.disputes, '[]'),
            'recycles', coalesce(b.recycles, '[]'), 'objections', coalesce(to_jsonb(b.objections), '[]'), 'answers', coalesce(b.answers, '[]'),
            'unanswered', coalesce(to_jsonb(b.unanswered), '[]'), 'not_before', b.not_before),
        'promise', jsonb_build_object('due_at', b.sla_due_at, 'left', b.sla_left, 'breached', b.breached),
        'next_step', jsonb_build_object('step', b.next_step, 'rule', b.next_step_rule, 'because', b.next_step_because))
    FROM revops.handoff_brief($1, $2) b
    $$;
COMMENT ON FUNCTION revops.handoff_brief_json(bigint, int) IS
    'handoff_brief() as one JSON document: lead, source, behaviour, fit, score, account, past, promise, next_step; lists are never null. Raises as handoff_brief() does.';
