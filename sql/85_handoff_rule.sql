-- What a rule about handed-over leads may say, checked when it is saved.

CREATE FUNCTION revops.validate_handoff_rule() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_workspace int := (SELECT a.workspace_id FROM revops.agreement a WHERE a.agreement_id = NEW.agreement_id);
    unknown text;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    IF NEW.accept_within <= interval '0' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = 'accept_within of the handoff rule must be greater than zero',
            DETAIL = format('It is %s.', NEW.accept_within), HINT = 'For example ''24 hours''; NULL: no time is agreed.';
    ELSIF extract(year FROM NEW.accept_within) <> 0 OR extract(month FROM NEW.accept_within) <> 0
          OR (NEW.accept_calendar_id IS NOT NULL AND extract(day FROM NEW.accept_within) <> 0) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = 'accept_within of the handoff rule must be exact time',
            DETAIL = format('It is %s: %s.', NEW.accept_within,
                            CASE WHEN NEW.accept_calendar_id IS NULL THEN 'months and years have no fixed length'
                                 ELSE 'days, months and years have no fixed business time' END),
            HINT = 'Write it in hours and minutes: ''24 hours'', or ''8 hours'' for a business day of eight hours.';
    ELSIF NEW.silence_accepts AND NEW.accept_within IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = 'silence cannot count as acceptance without a time after which it does',
            DETAIL = 'silence_accepts is true, accept_within is NULL.',
            HINT = 'Set accept_within, or silence_accepts = false.';
    ELSIF NEW.attempts_days > NEW.attempts THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('%s attempts cannot be made on %s different days', NEW.attempts, NEW.attempts_days),
            DETAIL = 'attempts_days is greater than attempts.',
            HINT = 'Lower attempts_days, or raise attempts.';
    ELSIF NEW.no_response_for <= interval '0' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = 'no_response_for of the handoff rule must be greater than zero',
            DETAIL = format('It is %s.', NEW.no_response_for), HINT = 'For example ''90 days''.';
    ELSIF NEW.attempts_signals = '{}' OR array_ndims(NEW.attempts_signals) > 1
          OR cardinality(NEW.attempts_signals) > 64 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = 'attempts_signals of the handoff rule is not a list of up to 64 signals',
            DETAIL = format('It is %s.', NEW.attempts_signals),
            HINT = 'For example ''{call,email}''; NULL: all outbound signals.';
    ELSIF NEW.no_response_reason = NEW.duplicate_reason THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = 'one reason of the handoff rule cannot say both that a lead does not respond and that it is a duplicate',
            DETAIL = format('no_response_reason and duplicate_reason are both "%s".', NEW.duplicate_reason),
            HINT = 'Give each a reason of its own in revops.reason.';
    END IF;
    -- a workspace without the shipped reasons says neither
    SELECT n.reason INTO unknown
    FROM (VALUES (NEW.no_response_reason, 'no_response'), (NEW.duplicate_reason, 'duplicate')) AS n (reason, shipped)
    WHERE n.reason <> n.shipped
      AND NOT EXISTS (SELECT FROM revops.reason r WHERE r.workspace_id = of_workspace AND r.reason = n.reason)
      -- what a version was in force with may be copied, as below
      AND NOT EXISTS (SELECT FROM revops.handoff_rule h JOIN revops.agreement a USING (agreement_id)
                      WHERE a.workspace_id = of_workspace AND a.status <> 'draft'
                        AND n.reason IN (h.no_response_reason, h.duplicate_reason)) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('reason "%s" of the handoff rule does not exist', unknown),
            DETAIL = format('Reasons of workspace %s: %s.', of_workspace,
                            (SELECT coalesce(string_agg(r.reason, ', ' ORDER BY r.reason), 'none')
                             FROM revops.reason r WHERE r.workspace_id = of_workspace)),
            HINT = 'Insert the reason into revops.reason first.';
    END IF;
    -- what a version was in force with may be copied: agreement_problems() tells when the draft is proposed
    IF NOT EXISTS (SELECT FROM revops.handoff_rule h JOIN revops.agreement a USING (agreement_id)
                   WHERE a.workspace_id = of_workspace AND a.status <> 'draft'
                     AND h.attempts_signals = NEW.attempts_signals) THEN
        SELECT coalesce(n.signal, 'NULL') INTO unknown FROM unnest(NEW.attempts_signals) AS n (signal)
        WHERE NOT EXISTS (SELECT FROM revops.signal s WHERE s.workspace_id = of_workspace AND s.signal = n.signal) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'RV002',
                MESSAGE = format('signal "%s" of the handoff rule does not exist', unknown),
                DETAIL = format('Signals of workspace %s: %s.', of_workspace,
                                (SELECT coalesce(string_agg(s.signal, ', ' ORDER BY s.signal), 'none')
                                 FROM revops.signal s WHERE s.workspace_id = of_workspace)),
                HINT = 'Insert the signal into revops.signal first.';
        END IF;
    END IF;
    PERFORM revops.refuse_foreign('the handoff rule', of_workspace, 'calendar', c.calendar, c.workspace_id)
    FROM revops.calendar c WHERE c.calendar_id = NEW.accept_calendar_id;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_handoff_rule() IS
    'Trigger of handoff_rule: raises RV004 for a time that is not positive and exact, silence that accepts at no time, more days than attempts, a list that is none, one reason for both, a calendar of another workspace, RV002 for an unknown signal or reason.';
