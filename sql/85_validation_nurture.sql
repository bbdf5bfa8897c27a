-- Tracks and their steps are checked when they are saved, as other definitions are.

-- Exact time has no months; that of business time no days either.
CREATE FUNCTION revops.check_exact_time(object text, field text, span interval, in_business_time boolean DEFAULT false)
    RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF span < interval '0' OR extract(year FROM span) <> 0 OR extract(month FROM span) <> 0
       OR in_business_time AND extract(day FROM span) <> 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('%s of %s must be exact time, and not negative', field, object),
            DETAIL = format('It is %s: %s.', span,
                            CASE WHEN in_business_time THEN 'days, months and years have no fixed business time'
                                 ELSE 'months and years have no fixed length' END),
            HINT = CASE WHEN in_business_time THEN 'Write it in hours and minutes.' ELSE 'Write it in days, hours and minutes.' END;
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_exact_time(text, text, interval, boolean) IS
    'Part of the validation triggers: raises RV004 for a negative time, and for one whose length is not fixed.';

CREATE FUNCTION revops.check_signals(object text, field text, of_workspace int, signals text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    missing text := (SELECT n.name FROM unnest(signals) AS n (name)
                     WHERE NOT EXISTS (SELECT FROM revops.signal s WHERE s.workspace_id = of_workspace AND s.signal = n.name)
                     LIMIT 1);
BEGIN
    IF missing IS NOT NULL OR array_position(signals, NULL) IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('signal "%s" in %s of %s does not exist', coalesce(missing, 'NULL'), field, object),
            DETAIL = format('Signals of workspace %s: %s.', of_workspace,
                            (SELECT coalesce(string_agg(s.signal, ', ' ORDER BY s.signal), 'none')
                             FROM revops.signal s WHERE s.workspace_id = of_workspace)),
            HINT = 'Insert it into revops.signal first, or name another.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_signals(text, text, int, text[]) IS
    'Part of the validation triggers: raises RV002 for a signal that the workspace does not have.';

CREATE FUNCTION revops.validate_nurture_track() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_workspace int := (SELECT a.workspace_id FROM revops.agreement a WHERE a.agreement_id = NEW.agreement_id);
    object text := format('nurture track "%s"', NEW.track);
    missing text;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    PERFORM revops.check_exact_time(object, 'silent_after', NEW.silent_after);
    PERFORM revops.check_exact_time(object, 'back_after', NEW.back_after);
    IF NEW.silent_after = interval '0' OR (NEW.silent_after IS NOT NULL AND NEW.conversation = '{}') THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('%s says not after what and how long a lead is silent', object),
            DETAIL = format('silent_after is %s, conversation %s.', NEW.silent_after, NEW.conversation),
            HINT = 'For example silent_after = ''30 days'', conversation = ''{email_reply,meeting}''.';
    END IF;
    PERFORM revops.check_signals(object, 'conversation', of_workspace, NEW.conversation);
    PERFORM revops.check_signals(object, 'stops_on', of_workspace, NEW.stops_on);
    SELECT n.name INTO missing FROM unnest(NEW.reasons) AS n (name)
    WHERE NOT EXISTS (SELECT FROM revops.reason r WHERE r.workspace_id = of_workspace AND r.reason = n.name) LIMIT 1;
    IF missing IS NOT NULL OR array_position(NEW.reasons, NULL) IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('reason "%s" of %s does not exist', coalesce(missing, 'NULL'), object),
            DETAIL = format('Reasons of workspace %s: %s.', of_workspace,
                            (SELECT coalesce(string_agg(r.reason, ', ' ORDER BY r.reason), 'none')
                             FROM revops.reason r WHERE r.workspace_id = of_workspace)),
            HINT = 'Insert it into revops.reason first, or name another.';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.back_when IS DISTINCT FROM OLD.back_when THEN
        IF NOT EXISTS (SELECT FROM revops.nurture_track t JOIN revops.agreement a USING (agreement_id)
                       WHERE a.workspace_id = of_workspace AND a.status <> 'draft' AND t.back_when = NEW.back_when) THEN
            PERFORM revops.check_lead_condition(of_workspace, 'nurture track', NEW.track, NEW.back_when);
        END IF;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_nurture_track() IS
    'Trigger of nurture_track: raises RV004 for times that are not exact or a silence without conversation, RV002 for unknown signals and reasons, RV001 for a condition that is not valid.';

CREATE FUNCTION revops.validate_nurture_step() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_workspace int := (SELECT a.workspace_id FROM revops.agreement a WHERE a.agreement_id = NEW.agreement_id);
    object text := format('step "%s" of track "%s"', NEW.step, NEW.track);
    hole text;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    PERFORM revops.check_exact_time(object, 'after', NEW.after, NEW.calendar_id IS NOT NULL);
    IF NEW.position < 1 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('position %s of %s is not positive', NEW.position, object),
            DETAIL = 'Steps are counted from 1.', HINT = 'Give the step a position from 1 on.';
    END IF;
    -- what looks like a blank and is none would be sent as it stands
    hole := (SELECT h[1] FROM regexp_matches(regexp_replace(NEW.template, '\{\{\s*[a-z_][a-z0-9_]*\s*(\|[^{}]*)?\}\}', '', 'g'),
                                             '(\{\{.{0,40}|.{0,40}\}\})') AS h LIMIT 1);
    IF hole IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('template of %s cannot be filled in', object),
            DETAIL = format('It says "%s".', hole),
            HINT = 'Blanks are {{name}} or {{name|what to say where it is not known}}; names are those of revops.draft_values().';
    END IF;
    IF NEW.counts_as_attempt
       AND NOT EXISTS (SELECT FROM revops.signal s
                       WHERE s.workspace_id = of_workspace AND s.signal = NEW.channel AND s.direction = 'outbound') THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('%s counts as attempt, and its channel "%s" is no outbound signal', object, NEW.channel),
            DETAIL = format('Outbound signals of workspace %s: %s.', of_workspace,
                            (SELECT coalesce(string_agg(s.signal, ', ' ORDER BY s.signal), 'none') FROM revops.signal s
                             WHERE s.workspace_id = of_workspace AND s.direction = 'outbound')),
            HINT = 'Once it is done it is recorded as a touch of that signal: name one of them.';
    END IF;
    PERFORM revops.refuse_foreign(object, of_workspace, 'calendar', c.calendar, c.workspace_id)
    FROM revops.calendar c WHERE c.calendar_id = NEW.calendar_id;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_nurture_step() IS
    'Trigger of nurture_step: raises RV004 for a time that is not exact, a template with a broken blank, an attempt by what is no outbound signal, a calendar of another workspace.';

DO $$
DECLARE
    checked record;
BEGIN
    FOR checked IN
        SELECT * FROM (VALUES ('nurture_track', 'times, signals, reasons, condition'),
                              ('nurture_step', 'time, template, channel, calendar')) AS c (definition, what)
    LOOP
        EXECUTE format('CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON revops.%I FOR EACH ROW '
                       'EXECUTE FUNCTION revops.%I()', checked.definition, 'validate_' || checked.definition);
        EXECUTE format('COMMENT ON TRIGGER validate ON revops.%I IS %L', checked.definition, 'checks ' || checked.what);
    END LOOP;
END
$$;
