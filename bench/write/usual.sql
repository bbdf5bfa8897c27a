-- The usual way: a row trigger in PL/pgSQL.  Rules one by one, weighted routing
-- by a ticket of a sequence, the deadline by a loop over days, an INSERT a row.

CREATE FUNCTION other.due(which int, since timestamptz, length interval) RETURNS timestamptz STABLE LANGUAGE plpgsql AS $$
DECLARE
    zone text := (SELECT time_zone FROM revops.calendar WHERE calendar_id = which);
    today date := (since AT TIME ZONE zone)::date;
    span record;
    opening timestamptz;
    closing timestamptz;
    rest interval := length;
BEGIN
    LOOP
        IF NOT EXISTS (SELECT FROM revops.calendar_exception WHERE calendar_id = which AND day = today) THEN
            FOR span IN SELECT opens, closes FROM revops.calendar_hours
                        WHERE calendar_id = which AND isodow = extract(isodow FROM today) ORDER BY opens LOOP
                opening := greatest(since, (today + span.opens) AT TIME ZONE zone);
                closing := (today + span.closes) AT TIME ZONE zone;
                CONTINUE WHEN closing <= opening;
                IF closing - opening >= rest THEN
                    RETURN opening + rest;
                END IF;
                rest := rest - (closing - opening);
            END LOOP;
        END IF;
        today := today + 1;
    END LOOP;
END $$;

CREATE FUNCTION other.take_lead() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := other.moment();
    agreement int := other.agreement();
    lead bigint := nextval('other.lead_id');
    change bigint := nextval('other.change_id');
    points int := 20;
    score smallint;
    team int;
    route int;
    rep int;
    calendar int;
    policy int;
    due timestamptz;
BEGIN
    IF NEW.title ~* '(vp|vice president|chief|head of|director)' THEN points := points + 15; END IF;
    IF NEW.title ~* '(revenue|sales|marketing|growth|demand)' THEN points := points + 10; END IF;
    IF NEW.company ~* '(gmbh|group|holding|plc)' THEN points := points + 3; END IF;
    IF NEW.notes ~* '(pricing|demo|trial|quote|budget)' THEN points := points + 12; END IF;
    IF NEW.email ~* '\.edu$' THEN points := points - 15; END IF;
    IF NEW.company ILIKE '%bank%' THEN points := points + 8; END IF;
    IF NEW.campaign LIKE 'abm-%' THEN points := points + 6; END IF;
    IF NEW.country IN ('US', 'CA', 'GB', 'DE') THEN points := points + 5; END IF;
    IF NEW.industry = ANY (ARRAY['software', 'fintech', 'health']) THEN points := points + 5; END IF;
    IF NEW.source IN ('webinar', 'referral', 'partner') THEN points := points + 4; END IF;
    IF NEW.country = 'US' THEN points := points + 3; END IF;
    IF NEW.industry = 'software' THEN points := points + 3; END IF;
    IF NEW.source = 'partner' THEN points := points + 2; END IF;
    IF NEW.segment = 'enterprise' THEN points := points + 8; END IF;
    IF NEW.company_size BETWEEN 50 AND 500 THEN points := points + 9; END IF;
    IF NEW.company_size > 1000 THEN points := points + 5; END IF;
    IF NEW.visits >= 3 THEN points := points + 7; END IF;
    IF NEW.revenue > 1e6 THEN points := points + 6; END IF;
    IF NEW.phone IS NOT NULL THEN points := points + 2; END IF;
    IF NEW.title IS NULL THEN points := points - 10; END IF;
    points := least(greatest(points, 0), 100);
    score := round((0.5 * points)::numeric);

    IF NEW.segment = 'enterprise' THEN
        team := 1; route := 1;
    ELSIF NEW.country IN ('US', 'CA') THEN
        team := 2; route := 2;
    ELSE
        team := 3; route := 3;
    END IF;
    SELECT s.rep_id, coalesce(r.calendar_id, 1) INTO rep, calendar
    FROM (SELECT nextval('other.ticket_' || team) AS number) t, other.schedule s, revops.rep r
    WHERE s.team_id = team AND s.turn = t.number % s.turns AND r.rep_id = s.rep_id;

    IF NEW.segment = 'enterprise' THEN
        policy := other.policy(1);
        due := other.due(calendar, moment, '4 hours');
    ELSE
        policy := other.policy(2);
        due := other.due(calendar, moment, '24 hours');
    END IF;

    INSERT INTO other.lead_identity VALUES (lead, 1, jsonb_strip_nulls(jsonb_build_object('email', NEW.email, 'phone', NEW.phone)));
    INSERT INTO other.profile_change VALUES (lead, change, moment, 1, 1, jsonb_strip_nulls(jsonb_build_object(
        'created_at', NEW.created, 'source', NEW.source, 'campaign', NEW.campaign, 'segment', NEW.segment, 'company', NEW.company,
        'title', NEW.title, 'country', NEW.country, 'industry', NEW.industry, 'company_size', NEW.company_size,
        'notes', NEW.notes, 'visits', NEW.visits, 'revenue', NEW.revenue)));
    INSERT INTO other.stage_change VALUES
        (lead, 1, 1, agreement, NEW.created, moment, NEW.created, NULL, NULL, NULL, points, 0, score, false, NULL, 'lead',
         'entry', NULL, current_user, NEW.source, NEW.campaign, NEW.segment),
        (lead, 2, 1, agreement, moment, moment, NEW.created, make_interval(secs => extract(epoch FROM moment - NEW.created)),
         team, rep, points, 0, score, false, 'lead', 'mql',
         'score', NULL, current_user, NEW.source, NEW.campaign, NEW.segment);
    INSERT INTO other.assignment VALUES (lead, 1, 1, moment, team, rep, NULL, NULL, route, 'route', NULL, current_user,
        NEW.source, NEW.campaign, NEW.segment);
    INSERT INTO other.sla_clock VALUES (lead, 1, 1, agreement, policy, calendar, team, rep, moment, due, NULL, NULL, NULL,
        'first_response', NEW.source, NEW.campaign, NEW.segment);
    INSERT INTO other.event VALUES
        (pg_current_xact_id(), nextval('other.event_id'), 1, lead, moment, 2, 'stage_changed'),
        (pg_current_xact_id(), nextval('other.event_id'), 1, lead, moment, 1, 'assigned');
    INSERT INTO other.lead (lead_id, workspace_id, binding_id, agreement_id, created_at, settled_at, stage_since, gone_at, last_touch_at, assigned_at, profile_id, intent_pos, intent_neg, team_id, rep_id, moves, assignments, clocks, touches, running, fit, disqualified, handed_over, stage, key, source, campaign, segment) VALUES (lead, 1, 1, agreement, NEW.created, moment, moment, NULL, NULL, moment, change,
        '-Infinity', '-Infinity', team, rep, 2, 1, 1, 0, 1, points, false, true, 'mql', NEW.id::text,
        NEW.source, NEW.campaign, NEW.segment);
    RETURN NULL;
END $$;
CREATE TRIGGER take_lead AFTER INSERT ON other.host FOR EACH ROW EXECUTE FUNCTION other.take_lead();
