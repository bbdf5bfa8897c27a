-- What an agreement moves by itself, checked when it is saved.

-- Moves by facts that stay as they are (score, grade, criteria) must not lead in
-- a circle.  Two different conditions may exclude each other: such circles are
-- let through, and watched when leads move (event moves_stopped).
CREATE FUNCTION revops.auto_move_circle(move revops.auto_move) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    WITH RECURSIVE edge AS (
        SELECT m.from_stage, m.to_stage, m.condition, format('automatic move "%s"', m.auto_move) AS by
        FROM revops.auto_move m
        WHERE m.agreement_id = move.agreement_id AND m.auto_move <> move.auto_move
          AND m.cause IN ('score', 'grade', 'criteria') AND m.attempts IS NULL
        UNION ALL
        -- what the engine does always
        SELECT t.from_stage, t.to_stage, NULL, 'the floors of an MQL'
        FROM revops.transition t
        JOIN revops.stage f ON f.agreement_id = t.agreement_id AND f.stage = t.from_stage
        JOIN revops.stage q ON q.agreement_id = t.agreement_id AND q.stage = t.to_stage AND q.purpose = 'qualified'
        WHERE t.agreement_id = move.agreement_id AND NOT t.needs_reason
          AND (f.purpose = 'entry' OR f.purpose IS NULL AND f.position < q.position)
    ), way AS (
        SELECT move.to_stage AS stage, ARRAY[move.from_stage, move.to_stage] AS stages,
               format('"%s" -> "%s" (automatic move "%s")', move.from_stage, move.to_stage, move.auto_move) AS told,
               move.condition
        UNION ALL
        SELECT e.to_stage, w.stages || e.to_stage, format('%s -> "%s" (%s)', w.told, e.to_stage, e.by),
               coalesce(w.condition, e.condition)
        FROM way w JOIN edge e ON e.from_stage = w.stage
        WHERE w.stage <> move.from_stage
          AND (e.to_stage = move.from_stage OR e.to_stage <> ALL (w.stages))
          AND (w.condition IS NULL OR e.condition IS NULL OR w.condition = e.condition)
    )
    SELECT w.told FROM way w
    WHERE w.stage = move.from_stage AND move.cause IN ('score', 'grade', 'criteria') AND move.attempts IS NULL
    ORDER BY cardinality(w.stages), w.told LIMIT 1
    $$;
COMMENT ON FUNCTION revops.auto_move_circle(revops.auto_move) IS
    'Part of validate_auto_move(): the circle in which a lead would move by the same facts, in words; NULL: there is none.';

-- The reason that a move by itself carries.
CREATE FUNCTION revops.auto_reason_problem(of_agreement int, from_stage text, to_stage text, reason text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT CASE WHEN t.to_stage IS NULL THEN format('the agreement has no transition from "%s" to "%s"', $2, $3)
                WHEN t.needs_reason AND $4 IS NULL THEN format('the transition from "%s" to "%s" needs a reason', $2, $3)
                WHEN $4 IS NOT NULL AND k.reason IS NULL THEN format('reason "%s" does not exist', $4)
                WHEN $4 IS NOT NULL AND t.reasons IS NOT NULL AND $4 <> ALL (t.reasons)
                     THEN format('the transition from "%s" to "%s" does not take reason "%s"', $2, $3, $4) END
    FROM revops.agreement a
    LEFT JOIN revops.transition t ON t.agreement_id = a.agreement_id AND t.from_stage = $2 AND t.to_stage = $3
    LEFT JOIN revops.reason k ON k.workspace_id = a.workspace_id AND k.reason = $4
    WHERE a.agreement_id = $1
    $$;
COMMENT ON FUNCTION revops.auto_reason_problem(int, text, text, text) IS
    'Part of the checks of automatic moves and longest stays: what is wrong with a move for this reason; NULL: nothing.';

CREATE FUNCTION revops.auto_move_contradiction(move revops.auto_move, OUT problem text, OUT hint text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT c.problem, c.hint
    FROM (VALUES
        (1, move.cause NOT IN ('score', 'grade', 'criteria', 'lost', 'attempts'),
         format('cause "%s" is unknown', move.cause), 'Causes are score, grade, criteria, lost and attempts.'),
        (2, move.from_stage = move.to_stage, 'it leads nowhere', 'Give it another to_stage.'),
        (3, move.min_fit NOT BETWEEN 1 AND 100 OR move.min_intent NOT BETWEEN 1 AND 100 OR move.min_score NOT BETWEEN 1 AND 100,
         format('its floors are outside 1 to 100: fit %s, intent %s, score %s', coalesce(move.min_fit::text, 'NULL'),
                coalesce(move.min_intent::text, 'NULL'), coalesce(move.min_score::text, 'NULL')), 'NULL is no floor.'),
        (4, move.min_grade !~ '^[A-D][1-4]$', format('"%s" is no grade', move.min_grade), 'Grades are A1 to D4.'),
        (5, move.attempts NOT BETWEEN 1 AND 1000, format('attempts %s is outside 1 to 1000', move.attempts), 'NULL: any number.'),
        (6, move.cause = 'score' AND num_nulls(move.min_fit, move.min_intent, move.min_score) = 3,
         'it waits for a score, and says none', 'Set min_fit, min_intent or min_score.'),
        (7, move.cause = 'grade' AND move.min_grade IS NULL, 'it waits for a grade, and says none', 'Set min_grade, for example ''B2''.'),
        (8, move.cause = 'criteria' AND move.condition IS NULL, 'it waits for criteria, and says none', 'Set condition.'),
        (9, (move.cause = 'attempts') <> (move.attempts IS NOT NULL),
         CASE WHEN move.cause = 'attempts' THEN 'it waits for attempts, and says not how many'
              ELSE format('it counts attempts, and waits for %s', move.cause) END,
         'attempts is for moves of cause attempts, and only for these.')) AS c (n, holds, problem, hint)
    WHERE c.holds ORDER BY c.n LIMIT 1
    $$;
COMMENT ON FUNCTION revops.auto_move_contradiction(revops.auto_move) IS
    'Part of validate_auto_move(): what an automatic move says that cannot be, and the way out; NULL: nothing.';

CREATE FUNCTION revops.validate_auto_move() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_workspace int := (SELECT a.workspace_id FROM revops.agreement a WHERE a.agreement_id = NEW.agreement_id);
    object text := format('automatic move "%s"', NEW.auto_move);
    -- what a version was in force with may be copied: agreement_problems() tells when the draft is proposed
    copied boolean;
    missing text;
    wrong record;
    problem text;
BEGIN
    IF revops.restoring() OR of_workspace IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT * INTO wrong FROM revops.auto_move_contradiction(NEW);
    IF wrong.problem IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004', MESSAGE = format('%s contradicts itself: %s', object, wrong.problem),
            DETAIL = format('cause %s, from "%s" to "%s".', NEW.cause, NEW.from_stage, NEW.to_stage), HINT = wrong.hint;
    END IF;
    SELECT t.stage INTO missing FROM unnest(ARRAY[NEW.from_stage, NEW.to_stage]) AS t (stage)
    WHERE NOT EXISTS (SELECT FROM revops.stage s WHERE s.agreement_id = NEW.agreement_id AND s.stage = t.stage) LIMIT 1;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002', MESSAGE = format('stage "%s" of %s does not exist', missing, object),
            DETAIL = format('Stages of agreement %s: %s.', NEW.agreement_id,
                            (SELECT coalesce(string_agg(s.stage, ', ' ORDER BY s.position), 'none')
                             FROM revops.stage s WHERE s.agreement_id = NEW.agreement_id)),
            HINT = 'Insert the stage into revops.stage first.';
    END IF;
    copied := TG_OP = 'INSERT'
              AND EXISTS (SELECT FROM revops.auto_move m JOIN revops.agreement a USING (agreement_id)
                          WHERE a.workspace_id = of_workspace AND a.status <> 'draft'
                            AND to_jsonb(m) - 'agreement_id' = to_jsonb(NEW) - 'agreement_id');
    IF copied THEN
        RETURN NEW;
    END IF;
    problem := revops.auto_reason_problem(NEW.agreement_id, NEW.from_stage, NEW.to_stage, NEW.reason);
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004', MESSAGE = format('%s cannot be made', object),
            DETAIL = problem || '.', HINT = 'What leads do by themselves are moves that the agreement allows: change the transition, or the reason.';
    END IF;
    SELECT m.auto_move INTO missing FROM revops.auto_move m
    WHERE m.agreement_id = NEW.agreement_id AND m.auto_move <> NEW.auto_move
      AND to_jsonb(m) - '{auto_move,position,to_stage,reason}'::text[] = to_jsonb(NEW) - '{auto_move,position,to_stage,reason}'::text[]
    ORDER BY m.position LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004', MESSAGE = format('%s and "%s" wait for the same', object, missing),
            DETAIL = format('Both move leads of stage "%s", one of them never would.', NEW.from_stage),
            HINT = 'Change one of them, or delete it.';
    END IF;
    problem := revops.auto_move_circle(NEW);
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004', MESSAGE = format('%s would move leads in a circle', object),
            DETAIL = format('By the same facts: %s.', problem),
            HINT = 'Give one of these moves a condition that excludes the others, or let it wait for what ends (lost, attempts, a longest stay).';
    END IF;
    PERFORM revops.check_lead_condition(of_workspace, 'automatic move', NEW.auto_move, NEW.condition);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_auto_move() IS
    'Trigger of auto_move: raises RV004 for settings that contradict themselves or another move, a circle by the same facts, a move or reason that the transitions do not take, RV002 for an unknown stage, RV001 for a condition that is not valid.';

CREATE FUNCTION revops.validate_stay() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    object text := format('stage "%s"', NEW.stage);
    of_workspace int := (SELECT a.workspace_id FROM revops.agreement a WHERE a.agreement_id = NEW.agreement_id);
BEGIN
    IF revops.restoring() OR of_workspace IS NULL THEN
        RETURN NEW;
    END IF;
    IF NEW.longest_stay IS NULL AND num_nonnulls(NEW.stay_calendar_id, NEW.stay_to, NEW.stay_reason) > 0
       OR NEW.stay_to IS NULL AND NEW.stay_reason IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004', MESSAGE = format('%s says what follows a stay, and not which', object),
            DETAIL = format('longest_stay %s, stay_to %s, stay_reason %s.', coalesce(NEW.longest_stay::text, 'NULL'),
                            coalesce(NEW.stay_to, 'NULL'), coalesce(NEW.stay_reason, 'NULL')),
            HINT = 'stay_to and stay_calendar_id go with longest_stay, stay_reason with stay_to.';
    ELSIF NEW.stay_to = NEW.stage THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004', MESSAGE = format('the longest stay in %s leads nowhere', object),
            DETAIL = 'stay_to is the stage itself.', HINT = 'Name another stage; NULL: the stay that is over is an event alone.';
    ELSIF NEW.longest_stay <= interval '0' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004', MESSAGE = format('longest_stay of %s must be greater than zero', object),
            DETAIL = format('It is %s.', NEW.longest_stay), HINT = 'For example ''14 days''; NULL: as long as it likes.';
    END IF;
    PERFORM revops.check_exact_time(object, 'longest_stay', NEW.longest_stay, NEW.stay_calendar_id IS NOT NULL);
    PERFORM revops.refuse_foreign(object, of_workspace, 'calendar', c.calendar, c.workspace_id)
    FROM revops.calendar c WHERE c.calendar_id = NEW.stay_calendar_id;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_stay() IS
    'Trigger of stage: raises RV004 for a longest stay that is not positive and exact or contradicts itself, and for a calendar of another workspace. Whether the way out is a transition, agreement_problems() tells.';

-- A foreign key of a table to itself would make pg_dump warn of every dump.
-- After the statement, as a copied version brings all of its stages at once.
CREATE FUNCTION revops.check_stay_to() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF revops.restoring() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.stage <> OLD.stage THEN
        UPDATE revops.stage SET stay_to = NEW.stage WHERE agreement_id = NEW.agreement_id AND stay_to = OLD.stage;
    END IF;
    IF NEW.stay_to IS NOT NULL
       AND EXISTS (SELECT FROM revops.stage s WHERE s.agreement_id = NEW.agreement_id AND s.stage = NEW.stage
                                                AND s.stay_to = NEW.stay_to)
       AND NOT EXISTS (SELECT FROM revops.stage s WHERE s.agreement_id = NEW.agreement_id AND s.stage = NEW.stay_to) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('stage "%s", to which leads go after the longest stay in "%s", does not exist', NEW.stay_to, NEW.stage),
            DETAIL = format('Stages of agreement %s: %s.', NEW.agreement_id,
                            (SELECT string_agg(s.stage, ', ' ORDER BY s.position)
                             FROM revops.stage s WHERE s.agreement_id = NEW.agreement_id)),
            HINT = 'Insert the stage into revops.stage first.';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.check_stay_to() IS
    'Trigger of stage: raises RV002 where stay_to is no stage of the version; a stage that is renamed keeps its name there. Of one that is deleted agreement_problems() tells.';

CREATE TRIGGER check_stay_to AFTER INSERT OR UPDATE ON revops.stage FOR EACH ROW EXECUTE FUNCTION revops.check_stay_to();
COMMENT ON TRIGGER check_stay_to ON revops.stage IS 'checks where leads go after the longest stay';
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON revops.auto_move FOR EACH ROW EXECUTE FUNCTION revops.validate_auto_move();
COMMENT ON TRIGGER validate ON revops.auto_move IS 'checks cause, floors, condition, stages, reason, circles';
CREATE TRIGGER validate_stay BEFORE INSERT OR UPDATE ON revops.stage FOR EACH ROW EXECUTE FUNCTION revops.validate_stay();
COMMENT ON TRIGGER validate_stay ON revops.stage IS 'checks the longest stay and what follows it';

-- Part of agreement_problems().
CREATE FUNCTION revops.auto_problems(agreement_id int)
    RETURNS TABLE (object text, problem text, hint text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT format('automatic move "%s"', m.auto_move), p.problem, 'Change the move, the transition or the reason.'
    FROM revops.auto_move m
    CROSS JOIN LATERAL (VALUES (revops.auto_reason_problem(m.agreement_id, m.from_stage, m.to_stage, m.reason)),
                               ('would move leads in a circle: ' || revops.auto_move_circle(m))) AS p (problem)
    WHERE m.agreement_id = $1 AND p.problem IS NOT NULL
    UNION ALL
    SELECT format('longest stay in stage "%s"', s.stage), p.problem, 'Change stay_to, stay_reason or the transition.'
    FROM revops.stage s
    CROSS JOIN LATERAL revops.auto_reason_problem(s.agreement_id, s.stage, s.stay_to, s.stay_reason) AS p (problem)
    WHERE s.agreement_id = $1 AND s.stay_to IS NOT NULL AND p.problem IS NOT NULL
    UNION ALL
    SELECT 'handoff rule', 'silence is to accept leads, and no stage has the purpose "' || n.purpose || '"',
           'Give a stage that purpose, or set silence_accepts = false.'
    FROM revops.handoff_rule h CROSS JOIN (VALUES ('qualified'), ('accepted')) AS n (purpose)
    WHERE h.agreement_id = $1 AND h.silence_accepts
      AND NOT EXISTS (SELECT FROM revops.stage s WHERE s.agreement_id = $1 AND s.purpose = n.purpose)
    ORDER BY 1, 2
    $$;
COMMENT ON FUNCTION revops.auto_problems(int) IS
    'Part of agreement_problems(): what is wrong with automatic moves, longest stays and silence that accepts.';
