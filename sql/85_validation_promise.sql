-- Promises and their steps, checked when they are saved.

CREATE FUNCTION revops.check_promised_time(policy text, field text, target interval, in_calendar boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF target <= interval '0' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('%s of SLA policy "%s" must be greater than zero', field, policy),
            DETAIL = format('The %s is %s.', field, target), HINT = 'For example ''24 hours'' or ''5 minutes''.';
    ELSIF extract(year FROM target) <> 0 OR extract(month FROM target) <> 0
          OR (in_calendar AND extract(day FROM target) <> 0) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('%s of SLA policy "%s" must be exact time', field, policy),
            DETAIL = format('The %s is %s: %s.', field, target,
                            CASE WHEN NOT in_calendar THEN 'months and years have no fixed length'
                                 ELSE 'days, months and years have no fixed business time' END),
            HINT = 'Write it in hours and minutes: ''24 hours'', or ''8 hours'' for a business day of eight hours.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_promised_time(text, text, interval, boolean) IS
    'Part of the validation triggers: raises RV004 for a time that is not positive exact time.';

CREATE FUNCTION revops.check_answering(policy revops.sla_policy, of_workspace int) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    object text := format('SLA policy "%s"', policy.policy);
    deaf text;
BEGIN
    PERFORM revops.check_signals(object, 'answered_by', of_workspace, policy.answered_by);
    SELECT s.signal INTO deaf FROM revops.signal s
    WHERE s.workspace_id = of_workspace AND s.signal = ANY (policy.answered_by)
      AND CASE policy.promise WHEN 'attempts' THEN s.direction <> 'outbound' ELSE NOT s.answers END
    ORDER BY s.signal LIMIT 1;
    IF deaf IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('signal "%s" in answered_by of %s can not keep the promise', deaf, object),
            DETAIL = CASE policy.promise WHEN 'attempts' THEN 'Attempts are outbound touches.'
                     ELSE 'Touches of a signal with answers = false are no answer, automatic mail for example.' END,
            HINT = 'Name another signal, or correct revops.signal.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_answering(revops.sla_policy, int) IS
    'Part of the validation triggers: raises RV002 for a signal that the workspace does not have, RV004 for one that can not keep the promise.';

CREATE FUNCTION revops.validate_sla_policy() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_workspace int := (SELECT a.workspace_id FROM revops.agreement a WHERE a.agreement_id = NEW.agreement_id);
    rule record;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    PERFORM revops.check_promised_time(NEW.policy, 'target', NEW.target, NEW.calendar_id IS NOT NULL);
    PERFORM revops.check_promised_time(NEW.policy, 'after_hours_target', NEW.after_hours_target,
                                       NEW.calendar_id IS NOT NULL AND NOT NEW.after_hours_wall);
    IF NEW.after_hours_target IS NOT NULL AND NEW.calendar_id IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('SLA policy "%s" has an after_hours_target and no calendar', NEW.policy),
            DETAIL = 'Without a calendar all hours are alike.', HINT = 'Name the calendar whose hours are meant, or leave after_hours_target NULL.';
    END IF;
    FOR rule IN SELECT * FROM (VALUES ('SLA policy', NEW.condition, CASE WHEN TG_OP = 'UPDATE' THEN OLD.condition END),
                                      ('pause of SLA policy', NEW.pauses_when, CASE WHEN TG_OP = 'UPDATE' THEN OLD.pauses_when END),
                                      ('keeping of SLA policy', NEW.kept_when, CASE WHEN TG_OP = 'UPDATE' THEN OLD.kept_when END))
                              AS r (kind, condition, before)
                WHERE r.condition IS DISTINCT FROM r.before
    LOOP
        -- what a version that was in force says has been checked, and may be carried into the next one
        CONTINUE WHEN EXISTS (SELECT FROM revops.sla_policy p JOIN revops.agreement a USING (agreement_id)
                              WHERE a.workspace_id = of_workspace AND a.status <> 'draft'
                                AND rule.condition IN (p.condition, p.pauses_when, p.kept_when));
        PERFORM revops.check_lead_condition(of_workspace, rule.kind, NEW.policy, rule.condition);
    END LOOP;
    PERFORM revops.check_answering(NEW, of_workspace);
    PERFORM revops.refuse_foreign(format('SLA policy "%s"', NEW.policy), of_workspace, 'calendar', c.calendar, c.workspace_id)
    FROM revops.calendar c WHERE c.calendar_id = NEW.calendar_id;
    IF NEW.on_trial AND NEW.trial_until IS NULL THEN
        NEW.trial_until := revops.engine_now() + interval '1 month';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_sla_policy() IS
    'Trigger of sla_policy: raises RV004 for a time that is not positive exact time, a promise for after hours without a calendar, a signal that can not keep it, or a calendar of another workspace, RV001 for a condition that is not valid, RV002 for an unknown signal. Sets trial_until of a trial without end.';

CREATE FUNCTION revops.validate_sla_step() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_workspace int := (SELECT a.workspace_id FROM revops.agreement a WHERE a.agreement_id = NEW.agreement_id);
    object text := format('step "%s" of SLA policy "%s"', NEW.step, NEW.policy);
    in_calendar boolean;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    SELECT p.calendar_id IS NOT NULL INTO in_calendar FROM revops.sla_policy p
    WHERE p.agreement_id = NEW.agreement_id AND p.policy = NEW.policy;
    IF extract(year FROM NEW.after) <> 0 OR extract(month FROM NEW.after) <> 0 OR (in_calendar AND extract(day FROM NEW.after) <> 0) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('after of %s must be exact time', object),
            DETAIL = format('It is %s: days (where a calendar counts), months and years have no fixed length.', NEW.after),
            HINT = 'Write it in hours and minutes, negative for a warning: ''-30 minutes''.';
    END IF;
    PERFORM revops.refuse_foreign(object, of_workspace, 'rep', r.rep, r.workspace_id) FROM revops.rep r WHERE r.rep_id = NEW.rep_id;
    PERFORM revops.refuse_foreign(object, of_workspace, 'team', t.team, t.workspace_id) FROM revops.team t WHERE t.team_id = NEW.team_id;
    IF NEW.reason IS NOT NULL AND NOT EXISTS (SELECT FROM revops.reason r WHERE r.workspace_id = of_workspace AND r.reason = NEW.reason) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('reason "%s" in %s does not exist', NEW.reason, object),
            DETAIL = format('Reasons of workspace %s: %s.', of_workspace,
                            (SELECT coalesce(string_agg(r.reason, ', ' ORDER BY r.reason), 'none') FROM revops.reason r WHERE r.workspace_id = of_workspace)),
            HINT = 'Insert it into revops.reason first, or name another.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_sla_step() IS
    'Trigger of sla_step: raises RV004 for a time that is not exact or a rep or team of another workspace, RV002 for an unknown reason.';

-- A foreign key of a table to itself would make pg_dump warn of every dump.
CREATE FUNCTION revops.check_manager() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    other revops.rep;
BEGIN
    IF revops.restoring() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        SELECT r.* INTO other FROM revops.rep r WHERE r.manager_id = OLD.rep_id LIMIT 1;
        IF FOUND THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('rep "%s" is the manager of rep "%s"', OLD.rep, other.rep),
                DETAIL = 'Promises that are escalated would be told nobody.',
                HINT = format('Set manager_id of rep "%s" first.', other.rep);
        END IF;
    ELSIF NEW.manager_id IS NOT NULL THEN
        SELECT r.* INTO other FROM revops.rep r WHERE r.rep_id = NEW.manager_id FOR KEY SHARE;
        IF NOT FOUND THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('rep %s, who is to be the manager of rep "%s", does not exist', NEW.manager_id, NEW.rep),
                DETAIL = 'manager_id is the number of a rep.',
                HINT = 'Insert that rep into revops.rep first.';
        END IF;
        PERFORM revops.refuse_foreign(format('rep "%s"', NEW.rep), NEW.workspace_id, 'rep', other.rep, other.workspace_id);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.check_manager() IS
    'Trigger of rep: raises 23503 where the manager does not exist, and where a manager is deleted; RV004 for one of another workspace.';

CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON revops.sla_policy FOR EACH ROW EXECUTE FUNCTION revops.validate_sla_policy();
COMMENT ON TRIGGER validate ON revops.sla_policy IS 'checks times, conditions, signals, calendar';
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON revops.sla_step FOR EACH ROW EXECUTE FUNCTION revops.validate_sla_step();
COMMENT ON TRIGGER validate ON revops.sla_step IS 'checks time, rep, team, reason';
CREATE TRIGGER check_manager AFTER INSERT OR UPDATE OF manager_id OR DELETE ON revops.rep FOR EACH ROW EXECUTE FUNCTION revops.check_manager();
COMMENT ON TRIGGER check_manager ON revops.rep IS 'checks the manager';

-- ----- before a version is put into force ------------------------------------------

CREATE FUNCTION revops.promise_problems(agreement_id int) RETURNS TABLE (object text, problem text, hint text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT format('SLA policy "%s"', p.policy), format('stage "%s" is not defined', p.stage),
           'Name a stage of this version, or remove the policy.'
    FROM revops.sla_policy p
    WHERE p.agreement_id = $1 AND p.stage IS NOT NULL
      AND NOT EXISTS (SELECT FROM revops.stage g WHERE g.agreement_id = p.agreement_id AND g.stage = p.stage)
    UNION ALL
    SELECT format('step "%s" of SLA policy "%s"', t.step, t.policy), 'nobody is told: it names neither rep nor team, and no rep has a manager',
           'Name a rep_id or team_id, or set rep.manager_id.'
    FROM revops.sla_step t JOIN revops.agreement a USING (agreement_id)
    WHERE t.agreement_id = $1 AND t.action = 'escalate' AND t.rep_id IS NULL AND t.team_id IS NULL
      AND NOT EXISTS (SELECT FROM revops.rep r WHERE r.workspace_id = a.workspace_id AND r.manager_id IS NOT NULL);
END;
COMMENT ON FUNCTION revops.promise_problems(int) IS 'Part of agreement_problems(): what is wrong with promises and their steps.';

-- ----- a calendar changes -----------------------------------------------------------

CREATE FUNCTION revops.recount_clocks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    changed int := CASE TG_OP WHEN 'DELETE' THEN OLD.calendar_id ELSE NEW.calendar_id END;
BEGIN
    IF revops.restoring() OR NOT EXISTS (SELECT FROM revops.sla_policy p JOIN revops.agreement a USING (agreement_id)
                                         WHERE a.status = 'active' AND p.on_change = 'recompute') THEN
        RETURN NULL;
    END IF;
    INSERT INTO revops.timer (workspace_id, lead_id, seq, due_at, timer)
    SELECT DISTINCT c.workspace_id, c.lead_id, 0, revops.engine_now(), 'sla_recount'
    FROM revops.sla_clock c
    WHERE c.calendar_id = changed AND c.stopped_at IS NULL
      AND EXISTS (SELECT FROM revops.sla_policy p JOIN revops.agreement a USING (agreement_id)
                  WHERE a.workspace_id = c.workspace_id AND a.status = 'active' AND p.promise = c.promise AND p.on_change = 'recompute')
      AND NOT EXISTS (SELECT FROM revops.timer t
                      WHERE t.lead_id = c.lead_id AND t.timer = 'sla_recount' AND t.due_at = revops.engine_now());
    IF FOUND THEN
        PERFORM revops.falls_due(revops.engine_now());
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.recount_clocks() IS
    'Trigger of calendars: clocks that run in the calendar, and whose policy says recompute, are reckoned anew by the worker or run_due(), through timers sla_recount; nothing is locked here.';
CREATE TRIGGER recount_clocks AFTER UPDATE OF time_zone ON revops.calendar FOR EACH ROW EXECUTE FUNCTION revops.recount_clocks();
COMMENT ON TRIGGER recount_clocks ON revops.calendar IS 'clocks that run follow, where their policy says so';
CREATE TRIGGER recount_clocks AFTER INSERT OR UPDATE OR DELETE ON revops.calendar_hours FOR EACH ROW EXECUTE FUNCTION revops.recount_clocks();
COMMENT ON TRIGGER recount_clocks ON revops.calendar_hours IS 'clocks that run follow, where their policy says so';
CREATE TRIGGER recount_clocks AFTER INSERT OR UPDATE OR DELETE ON revops.calendar_exception FOR EACH ROW EXECUTE FUNCTION revops.recount_clocks();
COMMENT ON TRIGGER recount_clocks ON revops.calendar_exception IS 'clocks that run follow, where their policy says so';
