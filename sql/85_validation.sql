-- Definitions are checked when they are saved, each refusal with what was
-- found and the way out.  Rows that a restore brings are taken as they are and
-- checked at their first use.

-- Rule text is not trusted: immutable functions over constants run while it is
-- parsed.  So it is checked as revops_reader (this function's owner), a role
-- that can neither log in nor change anything, whoever saves or activates it.
CREATE FUNCTION revops.check_lead_condition(workspace_id int, kind text, name text, condition text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    names text[];
    types regtype[];
BEGIN
    IF condition IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(r.role ORDER BY r.standard DESC, r.pos), array_agg(r.role_type ORDER BY r.standard DESC, r.pos)
    INTO names, types
    FROM (SELECT s.role, s.role_type, true AS standard, s.position::bigint AS pos
          FROM revops.standard_roles('lead') s
          UNION ALL
          SELECT DISTINCT ON (b.role) b.role, b.role_type, false, row_number() OVER (ORDER BY b.role)
          FROM revops.binding_role b
          JOIN revops.binding USING (binding_id)
          WHERE binding.workspace_id = $1 AND binding.kind = 'lead' AND binding.detached_at IS NULL
            AND b.role NOT IN (SELECT s.role FROM revops.standard_roles('lead') s)) r;
    PERFORM revops.check_condition($2, $3, $4, names, types);
EXCEPTION WHEN insufficient_privilege THEN
    -- whoever may grant the right may do so later: the rule matches from then on
    RAISE NOTICE '%', SQLERRM USING
        DETAIL = 'Rule text runs as revops_reader, which has not this right: until it has, the rule matches nothing.',
        HINT = 'Grant the right to revops_reader.';
END
$$;
COMMENT ON FUNCTION revops.check_lead_condition(int, text, text, text) IS
    'Raises RV001 when a condition (NULL: none) is not valid over the standard roles of a lead and the further roles of the workspace''s lead bindings. Runs as revops_reader, since rule text is not trusted.';
ALTER FUNCTION revops.check_lead_condition(int, text, text, text) OWNER TO revops_reader;

CREATE FUNCTION revops.validate_workspace() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    meant text;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    IF NEW.workspace !~ '\S' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004', MESSAGE = 'a workspace needs a name',
            DETAIL = format('The name is "%s".', NEW.workspace),
            HINT = 'Give it the name of the company, brand or tenant.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = NEW.time_zone) THEN
        SELECT z.name INTO meant FROM pg_timezone_names z
        WHERE lower(z.name) = lower(btrim(NEW.time_zone)) OR lower(z.name) LIKE '%/' || lower(btrim(NEW.time_zone))
        ORDER BY z.name LIMIT 1;
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('time zone "%s" of workspace "%s" does not exist', NEW.time_zone, NEW.workspace),
            DETAIL = 'Weeks and months of the KPIs begin at midnight of this zone.',
            HINT = coalesce('Perhaps you mean "' || meant || '". ', '')
                   || 'Names are listed in pg_timezone_names, for example Europe/Berlin.';
    END IF;
    IF NEW.currency !~ '^[A-Z]{3}$' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('currency "%s" of workspace "%s" is not an ISO 4217 code', NEW.currency, NEW.workspace),
            DETAIL = 'A code is three capital letters.',
            HINT = 'For example EUR, USD, JPY.';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.currency <> OLD.currency
       AND EXISTS (SELECT FROM revops.opportunity_change o WHERE o.workspace_id = OLD.workspace_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('currency of workspace "%s" cannot be changed from %s to %s', OLD.workspace, OLD.currency, NEW.currency),
            DETAIL = format('Amounts of its opportunities are kept in %s, and no KPI sums mixed currencies.', OLD.currency),
            HINT = 'Make a new workspace with the other currency.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_workspace() IS
    'Trigger of workspace: raises RV004 for a blank name, an unknown time zone, a currency that is no ISO 4217 code or is changed when opportunities are there.';

CREATE FUNCTION revops.validate_exchange_rate() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    base text := (SELECT w.currency FROM revops.workspace w WHERE w.workspace_id = NEW.workspace_id);
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    IF NEW.currency !~ '^[A-Z]{3}$' OR NEW.currency = base THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = CASE WHEN NEW.currency = base
                THEN format('currency "%s" is the workspace''s own and needs no rate', NEW.currency)
                ELSE format('currency "%s" is not an ISO 4217 code', NEW.currency) END,
            DETAIL = format('Rates of workspace %s turn foreign currencies into %s.', NEW.workspace_id, base),
            HINT = 'Write the foreign currency as three capital letters, for example USD.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_exchange_rate() IS
    'Trigger of exchange_rate: raises RV004 for a currency that is no ISO 4217 code or the workspace''s own.';

CREATE FUNCTION revops.validate_score_model() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    field record;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    FOR field IN SELECT * FROM (VALUES ('mql_fit', NEW.mql_fit), ('mql_intent', NEW.mql_intent),
                                       ('mql_score', NEW.mql_score), ('fit_base', NEW.fit_base)) AS f (name, value)
    LOOP
        IF field.value NOT BETWEEN 0 AND 100 THEN
            RAISE EXCEPTION USING ERRCODE = 'RV004',
                MESSAGE = format('%s %s is outside 0 to 100', field.name, field.value),
                DETAIL = format('Score model of agreement %s. Fit, intent and score are numbers from 0 to 100.', NEW.agreement_id),
                HINT = CASE field.name WHEN 'fit_base' THEN 'The fit of a lead that no rule matches: 0 is usual.'
                                       ELSE 'Set the threshold between 0 (no floor) and 100.' END;
        END IF;
    END LOOP;
    IF NEW.fit_share NOT BETWEEN 0 AND 1 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('fit_share %s is outside 0 to 1', NEW.fit_share),
            DETAIL = format('Score model of agreement %s: score = fit_share * fit + (1 - fit_share) * intent.', NEW.agreement_id),
            HINT = '0.5 weighs fit and intent alike.';
    END IF;
    -- names that were good before are not looked for in the files of all zones
    IF NEW.zone <> 'UTC'
       AND NOT EXISTS (SELECT FROM revops.agreement a JOIN revops.workspace w USING (workspace_id)
                       WHERE a.agreement_id = NEW.agreement_id AND w.time_zone = NEW.zone)
       AND NOT EXISTS (SELECT FROM revops.score_model m WHERE m.zone = NEW.zone)
       AND NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = NEW.zone) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('time zone "%s" does not exist', NEW.zone),
            DETAIL = format('Score model of agreement %s. The days, weeks and months of caps begin at midnight of this zone.',
                            NEW.agreement_id),
            HINT = 'Names are listed in pg_timezone_names, for example Europe/Berlin.';
    END IF;
    -- raises RV004 for a half-life that is not positive or not exact time
    PERFORM revops.decayed(0.0, NEW.half_life, '2000-01-01 00:00:00+00');
    FOR field IN SELECT * FROM (VALUES ('grade_fit', NEW.grade_fit), ('grade_intent', NEW.grade_intent)) AS f (name, bounds)
    LOOP
        IF (array_ndims(field.bounds) = 1 AND array_length(field.bounds, 1) = 3 AND array_lower(field.bounds, 1) = 1
                AND array_position(field.bounds, NULL) IS NULL
                AND 100 >= field.bounds[1] AND field.bounds[1] > field.bounds[2]
                AND field.bounds[2] > field.bounds[3] AND field.bounds[3] >= 0) IS NOT TRUE THEN
            RAISE EXCEPTION USING ERRCODE = 'RV004',
                MESSAGE = format('%s %s is not three descending bounds', field.name, field.bounds),
                DETAIL = format('Score model of agreement %s. The bounds are the least values of the three better grades.', NEW.agreement_id),
                HINT = 'For example {75,50,25}: each from 0 to 100, each lower than the one before.';
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_score_model() IS
    'Trigger of score_model: raises RV004 for thresholds outside 0 to 100, a share outside 0 to 1, a half-life that is not positive exact time, a time zone that is none, bounds of grades that are not three descending numbers.';

CREATE FUNCTION revops.validate_score_group() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    misfit text;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    IF NEW.cap NOT BETWEEN 1 AND 1000000 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('cap %s of score group "%s" is not positive, or over a million', NEW.cap, NEW.score_group),
            DETAIL = 'A cap is the most points that the rules of the group count together.',
            HINT = 'Leave cap NULL for a group without one.';
    ELSIF NEW.cap_period IS NOT NULL
          AND (NEW.cap_period NOT IN ('day', 'week', 'month') OR NEW.kind <> 'intent' OR NEW.cap IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('score group "%s" contradicts itself: period "%s" does not suit it', NEW.score_group, NEW.cap_period),
            DETAIL = format('kind %s, cap %s. Periods (day, week, month) are for caps of intent.', NEW.kind,
                            coalesce(NEW.cap::text, 'NULL')),
            HINT = 'Leave cap_period NULL, or give an intent group a cap and one of the periods.';
    END IF;
    SELECT r.rule INTO misfit FROM revops.score_rule r
    WHERE r.agreement_id = NEW.agreement_id AND r.score_group = NEW.score_group
      AND (r.kind = 'intent') <> (NEW.kind = 'intent') ORDER BY r.rule_id LIMIT 1;
    IF misfit IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('score group "%s" cannot be of kind %s', NEW.score_group, NEW.kind),
            DETAIL = format('Scoring rule "%s" counts in it.', misfit),
            HINT = 'Take the rule out of the group first, or make another group.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_score_group() IS
    'Trigger of score_group: raises RV004 for a cap or period that does not suit the group, and for a kind that its rules are not of.';

-- A text that a version was in force with passed when it was written; whether
-- it still holds is asked again when the draft is put into force.  So a draft
-- can always be made, to mend what the host's changes have broken.
CREATE FUNCTION revops.check_score_group(rule revops.score_rule) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    kind_of_group text := (SELECT g.kind FROM revops.score_group g
                           WHERE g.agreement_id = rule.agreement_id AND g.score_group = rule.score_group);
BEGIN
    IF kind_of_group IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('score group "%s" of scoring rule "%s" does not exist', rule.score_group, rule.rule),
            DETAIL = format('Groups of agreement %s: %s.', rule.agreement_id,
                            (SELECT coalesce(string_agg(format('%s (%s)', g.score_group, g.kind), ', ' ORDER BY g.score_group), 'none')
                             FROM revops.score_group g WHERE g.agreement_id = rule.agreement_id)),
            HINT = 'Insert the group into revops.score_group first.';
    ELSIF (kind_of_group = 'intent') <> (rule.kind = 'intent') THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('scoring rule "%s" of kind %s cannot count in score group "%s"', rule.rule, rule.kind, rule.score_group),
            DETAIL = format('The group is of kind %s.', kind_of_group),
            HINT = 'Groups of kind fit take fit and negative rules, those of kind intent take intent rules.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_score_group(revops.score_rule) IS
    'Part of validate_score_rule(): raises RV002 for a group that does not exist, RV004 for one of another kind.';

CREATE FUNCTION revops.validate_score_rule() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_workspace int;
    wrong text;
    way_out text;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    IF NEW.kind NOT IN ('fit', 'negative', 'disqualify', 'intent') THEN
        wrong := format('kind "%s" is unknown', NEW.kind);
        way_out := 'Kinds are fit, negative, disqualify and intent.';
    ELSIF NEW.kind = 'intent' AND (NEW.signal IS NULL OR NEW.condition IS NOT NULL) THEN
        wrong := 'an intent rule has a signal and no condition';
        way_out := 'Set signal to a code of revops.signal and leave condition NULL.';
    ELSIF NEW.kind <> 'intent' AND (NEW.condition IS NULL OR NEW.signal IS NOT NULL) THEN
        wrong := format('a rule of kind %s has a condition and no signal', NEW.kind);
        way_out := 'Set condition to an SQL condition over the lead''s roles and leave signal NULL.';
    ELSIF NOT (CASE NEW.kind WHEN 'fit' THEN NEW.points > 0 WHEN 'negative' THEN NEW.points < 0
                             WHEN 'disqualify' THEN NEW.points = 0 ELSE NEW.points <> 0 END)
          OR NEW.points NOT BETWEEN -1000 AND 1000 THEN
        wrong := format('%s points do not suit kind %s', NEW.points, NEW.kind);
        way_out := 'Points are 1 to 1000 for fit, -1000 to -1 for negative, 0 for disqualify, either sign for intent.';
    ELSIF NEW.cap IS NOT NULL AND NEW.kind <> 'intent' THEN
        wrong := format('a rule of kind %s has no cap', NEW.kind);
        way_out := 'A condition holds or not: points of fit rules are capped together, by a score_group.';
    ELSIF NEW.cap NOT BETWEEN 1 AND 1000000 THEN
        wrong := format('cap %s is not positive, or over a million', NEW.cap);
        way_out := 'A cap is an amount of points, also where a rule takes points; NULL: none.';
    ELSIF NEW.cap_period IS NOT NULL AND (NEW.cap IS NULL OR NEW.cap_period NOT IN ('day', 'week', 'month')) THEN
        wrong := format('period "%s" does not suit it', NEW.cap_period);
        way_out := 'Periods of a cap are day, week and month; NULL: for ever.';
    ELSIF NEW.kind = 'disqualify' AND NEW.score_group IS NOT NULL THEN
        wrong := 'a disqualifying rule has no group';
        way_out := 'It counts no points: leave score_group NULL.';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('scoring rule "%s" contradicts itself: %s', NEW.rule, wrong),
            DETAIL = format('kind %s, condition %s, signal %s, points %s.', coalesce(quote_literal(NEW.kind), 'NULL'),
                            coalesce(quote_literal(NEW.condition), 'NULL'),
                            coalesce(quote_literal(NEW.signal), 'NULL'), NEW.points),
            HINT = way_out;
    END IF;
    IF NEW.score_group IS NOT NULL THEN
        PERFORM revops.check_score_group(NEW);
    END IF;

    SELECT a.workspace_id INTO of_workspace FROM revops.agreement a WHERE a.agreement_id = NEW.agreement_id;
    IF of_workspace IS NULL THEN
        RETURN NEW;             -- the foreign key tells
    ELSIF NEW.kind = 'intent' THEN
        IF NOT EXISTS (SELECT FROM revops.signal g WHERE g.workspace_id = of_workspace AND g.signal = NEW.signal) THEN
            RAISE EXCEPTION USING ERRCODE = 'RV002',
                MESSAGE = format('signal "%s" of scoring rule "%s" does not exist', NEW.signal, NEW.rule),
                DETAIL = format('Signals of workspace %s: %s.', of_workspace,
                                (SELECT coalesce(string_agg(g.signal, ', ' ORDER BY g.signal), 'none')
                                 FROM revops.signal g WHERE g.workspace_id = of_workspace)),
                HINT = 'Insert the signal into revops.signal first.';
        END IF;
    ELSIF (TG_OP = 'INSERT' OR NEW.condition IS DISTINCT FROM OLD.condition)
          AND NOT EXISTS (SELECT FROM revops.score_rule r JOIN revops.agreement a USING (agreement_id)
                          WHERE a.workspace_id = of_workspace AND a.status <> 'draft'
                            AND r.condition = NEW.condition) THEN
        PERFORM revops.check_lead_condition(of_workspace, 'scoring rule', NEW.rule, NEW.condition);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_score_rule() IS
    'Trigger of score_rule: raises RV004 where kind, condition, signal, points, cap and group contradict each other, RV001 for a condition that is not valid, RV002 for an unknown signal or group.';

-- The roles that conditions may use and stages may need.
CREATE FUNCTION revops.lead_roles(workspace_id int) RETURNS TABLE (role text, role_type regtype)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT s.role, s.role_type FROM revops.standard_roles('lead') s
    UNION ALL
    (SELECT DISTINCT ON (b.role) b.role, b.role_type
     FROM revops.binding_role b JOIN revops.binding g USING (binding_id)
     WHERE g.workspace_id = $1 AND g.kind = 'lead' AND g.detached_at IS NULL
       AND b.role NOT IN (SELECT s.role FROM revops.standard_roles('lead') s)
     ORDER BY b.role)
    $$;
COMMENT ON FUNCTION revops.lead_roles(int) IS
    'The standard roles of a lead, and the further roles of the workspace''s lead bindings, each with its type.';

CREATE FUNCTION revops.validate_stage() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_workspace int;
    unknown text;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    IF NEW.purpose = 'entry' AND (NEW.condition IS NOT NULL OR NEW.needs <> '{}') THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('stage "%s", where leads enter, can ask nothing of them', NEW.stage),
            DETAIL = format('condition %s, needs %s. A new lead is there, whatever is known of it.',
                            coalesce(quote_literal(NEW.condition), 'NULL'), NEW.needs),
            HINT = 'Ask it of the stage that comes next: a lead without it is held where it is.';
    ELSIF cardinality(NEW.needs) > 64 OR array_ndims(NEW.needs) > 1 OR array_position(NEW.needs, NULL) IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('needs of stage "%s" is not a list of up to 64 roles', NEW.stage),
            DETAIL = format('It was given as %s.', NEW.needs),
            HINT = 'For example ''{country,phone}''.';
    END IF;
    SELECT a.workspace_id INTO of_workspace FROM revops.agreement a WHERE a.agreement_id = NEW.agreement_id;
    IF of_workspace IS NULL THEN
        RETURN NEW;             -- the foreign key tells
    END IF;
    -- what a version was in force with may be copied: agreement_problems() tells when the draft is proposed
    IF (TG_OP = 'INSERT' OR NEW.needs <> OLD.needs)
       AND NOT EXISTS (SELECT FROM revops.stage g JOIN revops.agreement a USING (agreement_id)
                       WHERE a.workspace_id = of_workspace AND a.status <> 'draft' AND g.needs = NEW.needs) THEN
        SELECT n.role INTO unknown FROM unnest(NEW.needs) AS n (role)
        WHERE n.role NOT IN (SELECT r.role FROM revops.lead_roles(of_workspace) r) LIMIT 1;
        IF unknown IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'RV002',
                MESSAGE = format('role "%s", which stage "%s" needs, does not exist', unknown, NEW.stage),
                DETAIL = format('Roles of workspace %s: %s.', of_workspace,
                                (SELECT string_agg(r.role, ', ') FROM revops.lead_roles(of_workspace) r)),
                HINT = 'Name a standard role, or map a role of your own with attach_lead() first.';
        END IF;
    END IF;
    IF (TG_OP = 'INSERT' OR NEW.condition IS DISTINCT FROM OLD.condition)
       AND NOT EXISTS (SELECT FROM revops.stage g JOIN revops.agreement a USING (agreement_id)
                       WHERE a.workspace_id = of_workspace AND a.status <> 'draft' AND g.condition = NEW.condition) THEN
        PERFORM revops.check_lead_condition(of_workspace, 'entry criteria of stage', NEW.stage, NEW.condition);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_stage() IS
    'Trigger of stage: raises RV001 for entry criteria that are not valid, RV002 for a needed role that does not exist, RV004 where the entry stage asks for anything.';

CREATE FUNCTION revops.validate_question() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    asking record;
BEGIN
    IF revops.restoring() THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR NEW.question <> OLD.question) THEN
        SELECT t.from_stage, t.to_stage INTO asking FROM revops.transition t
        WHERE t.agreement_id = OLD.agreement_id AND OLD.question = ANY (t.needs_answers)
        ORDER BY t.from_stage, t.to_stage LIMIT 1;
        -- a draft that is deleted takes its parts along, in any order
        IF FOUND AND EXISTS (SELECT FROM revops.agreement a WHERE a.agreement_id = OLD.agreement_id) THEN
            RAISE EXCEPTION USING ERRCODE = 'RV004',
                MESSAGE = format('question "%s" is in use and cannot be %s', OLD.question,
                                 CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'renamed' END),
                DETAIL = format('The transition from "%s" to "%s" needs it answered.', asking.from_stage, asking.to_stage),
                HINT = 'Take it out of transition.needs_answers first.';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF (NEW.kind = 'choice') <> (cardinality(NEW.options) > 0) OR array_ndims(NEW.options) > 1
       OR array_position(NEW.options, NULL) IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('options of question "%s" do not suit its kind', NEW.question),
            DETAIL = format('kind %s, options %s.', NEW.kind, NEW.options),
            HINT = 'A choice has options, as ''{this year,next year}''; questions of other kinds have none.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_question() IS
    'Trigger of question: raises RV004 for options that do not suit the kind, and where a question that a transition needs answered is deleted or renamed.';

CREATE FUNCTION revops.check_asks(transition revops.transition) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_workspace int := (SELECT a.workspace_id FROM revops.agreement a WHERE a.agreement_id = transition.agreement_id);
    of_move text := format('the transition from "%s" to "%s"', transition.from_stage, transition.to_stage);
    unknown text;
BEGIN
    IF cardinality(transition.needs_answers) > 64 OR array_ndims(transition.needs_answers) > 1
       OR array_ndims(transition.reasons) > 1 OR transition.reasons = '{}' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('what %s asks for is not a list', of_move),
            DETAIL = format('reasons %s, needs_answers %s.', coalesce(transition.reasons::text, 'NULL'), transition.needs_answers),
            HINT = 'reasons NULL: any that is for the verb. needs_answers: up to 64 questions.';
    END IF;
    SELECT r.reason INTO unknown FROM unnest(transition.reasons) AS r (reason)
    WHERE NOT EXISTS (SELECT FROM revops.reason k WHERE k.workspace_id = of_workspace AND k.reason = r.reason) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('reason "%s" of %s does not exist', coalesce(unknown, 'NULL'), of_move),
            DETAIL = format('Reasons of workspace %s: %s.', of_workspace,
                            (SELECT coalesce(string_agg(k.reason, ', ' ORDER BY k.reason), 'none')
                             FROM revops.reason k WHERE k.workspace_id = of_workspace)),
            HINT = 'Insert the reason into revops.reason first.';
    END IF;
    SELECT n.question INTO unknown FROM unnest(transition.needs_answers) AS n (question)
    WHERE NOT EXISTS (SELECT FROM revops.question q
                      WHERE q.agreement_id = transition.agreement_id AND q.question = n.question) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('question "%s" of %s does not exist', coalesce(unknown, 'NULL'), of_move),
            DETAIL = format('Questions of agreement %s: %s.', transition.agreement_id,
                            (SELECT coalesce(string_agg(q.question, ', ' ORDER BY q.position), 'none')
                             FROM revops.question q WHERE q.agreement_id = transition.agreement_id)),
            HINT = 'Insert the question into revops.question first.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_asks(revops.transition) IS
    'Part of validate_transition(): raises RV002 for an unknown reason or question, RV004 for lists that are none.';

CREATE FUNCTION revops.validate_transition() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    missing text;
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    IF NEW.from_stage = NEW.to_stage THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('transition from stage "%s" to itself', NEW.from_stage),
            DETAIL = 'A transition is a move to another stage.',
            HINT = 'Leave it out: a lead that stays needs no transition.';
    END IF;
    -- a renamed stage takes its transitions along: only new names are looked up
    SELECT t.stage INTO missing FROM unnest(ARRAY[NEW.from_stage, NEW.to_stage]) AS t (stage)
    WHERE NOT EXISTS (SELECT FROM revops.stage s WHERE s.agreement_id = NEW.agreement_id AND s.stage = t.stage)
      AND EXISTS (SELECT FROM revops.agreement a WHERE a.agreement_id = NEW.agreement_id)
    LIMIT 1;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('stage "%s" does not exist', missing),
            DETAIL = format('Stages of agreement %s: %s.', NEW.agreement_id,
                            (SELECT coalesce(string_agg(s.stage, ', ' ORDER BY s.position), 'none')
                             FROM revops.stage s WHERE s.agreement_id = NEW.agreement_id)),
            HINT = 'Insert the stage into revops.stage first.';
    END IF;
    -- what a version was in force with may be copied: agreement_problems() tells when the draft is proposed
    IF (NEW.reasons IS NOT NULL OR NEW.needs_answers <> '{}')
       AND NOT EXISTS (SELECT FROM revops.transition t JOIN revops.agreement a USING (agreement_id)
                       WHERE a.workspace_id = (SELECT d.workspace_id FROM revops.agreement d
                                               WHERE d.agreement_id = NEW.agreement_id)
                         AND a.status <> 'draft' AND TG_OP = 'INSERT'
                         AND t.reasons IS NOT DISTINCT FROM NEW.reasons AND t.needs_answers = NEW.needs_answers) THEN
        PERFORM revops.check_asks(NEW);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_transition() IS
    'Trigger of transition: raises RV002 for an unknown stage, reason or question, RV004 for a move from a stage to itself.';

-- The calendar of a rep or policy, the team of a route: of the same workspace.
CREATE FUNCTION revops.refuse_foreign(object text, of_workspace int, kind text, other text, other_workspace int)
    RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF other_workspace <> of_workspace THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('%s "%s" of %s belongs to another workspace', kind, other, object),
            DETAIL = format('%s is of workspace %s, %s "%s" of workspace %s.', object, of_workspace,
                            kind, other, other_workspace),
            HINT = format('Name a %s of workspace %s.', kind, of_workspace);
    END IF;
END
$$;
COMMENT ON FUNCTION revops.refuse_foreign(text, int, text, text, int) IS
    'Part of the validation triggers: raises RV004 when what a definition refers to belongs to another workspace.';

CREATE FUNCTION revops.validate_route() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    PERFORM revops.refuse_foreign(format('route "%s"', NEW.route), NEW.workspace_id, 'team', t.team, t.workspace_id)
    FROM revops.team t WHERE t.team_id = NEW.team_id;
    PERFORM revops.refuse_foreign(format('route "%s"', NEW.route), NEW.workspace_id, 'rep', p.rep, p.workspace_id)
    FROM revops.rep p WHERE p.rep_id = NEW.rep_id;
    PERFORM revops.refuse_foreign(format('route "%s"', NEW.route), NEW.workspace_id, 'calendar', c.calendar, c.workspace_id)
    FROM revops.calendar c WHERE c.calendar_id = NEW.calendar_id;
    IF TG_OP = 'INSERT' OR NEW.condition IS DISTINCT FROM OLD.condition THEN
        PERFORM revops.check_lead_condition(NEW.workspace_id, 'route', NEW.route, NEW.condition);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_route() IS
    'Trigger of route: raises RV001 for a condition that is not valid, RV004 for a rep, team or calendar of another workspace.';

CREATE FUNCTION revops.validate_team() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NOT revops.restoring() THEN
        PERFORM revops.refuse_foreign(format('team "%s"', NEW.team), NEW.workspace_id, 'team', t.team, t.workspace_id)
        FROM revops.team t WHERE t.team_id = NEW.other_team_id;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_team() IS 'Trigger of team: raises RV004 for a team of another workspace that is to stand in.';

CREATE FUNCTION revops.validate_skill_need() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    PERFORM revops.refuse_foreign(format('need of skill "%s"', NEW.skill), NEW.workspace_id, 'team', t.team, t.workspace_id)
    FROM revops.team t WHERE t.team_id = NEW.team_id;
    IF TG_OP = 'INSERT' OR NEW.condition IS DISTINCT FROM OLD.condition THEN
        PERFORM revops.check_lead_condition(NEW.workspace_id, 'need of skill', NEW.skill, NEW.condition);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_skill_need() IS
    'Trigger of skill_need: raises RV001 for a condition that is not valid, RV004 for a team of another workspace.';

CREATE FUNCTION revops.validate_rep() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NOT revops.restoring() THEN
        PERFORM revops.refuse_foreign(format('rep "%s"', NEW.rep), NEW.workspace_id, 'calendar', c.calendar, c.workspace_id)
        FROM revops.calendar c WHERE c.calendar_id = NEW.calendar_id;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_rep() IS 'Trigger of rep: raises RV004 for a calendar of another workspace.';

CREATE FUNCTION revops.validate_team_member() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    PERFORM revops.refuse_foreign(format('team "%s"', t.team), t.workspace_id, 'rep', r.rep, r.workspace_id)
    FROM revops.team t, revops.rep r WHERE t.team_id = NEW.team_id AND r.rep_id = NEW.rep_id;
    IF NEW.weight NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('weight %s is outside 1 to 1000', NEW.weight),
            DETAIL = format('Member %s of team %s.', NEW.rep_id, NEW.team_id),
            HINT = 'A member who gets no leads has rep.active = false, or is no member.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_team_member() IS
    'Trigger of team_member: raises RV004 for a rep of another workspace or a weight outside 1 to 1000.';

-- Rules name signals by their code, so a code in use stays.
CREATE FUNCTION revops.validate_signal() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    used record;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.signal = OLD.signal OR revops.restoring() THEN
        RETURN NEW;
    END IF;
    SELECT r.rule, a.version INTO used
    FROM revops.score_rule r JOIN revops.agreement a USING (agreement_id)
    WHERE a.workspace_id = OLD.workspace_id AND a.status <> 'retired' AND r.signal = OLD.signal
    ORDER BY a.version LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('signal "%s" is in use and cannot be %s', OLD.signal,
                             CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'renamed' END),
            DETAIL = format('Scoring rule "%s" of version %s of the agreement gives it points.', used.rule, used.version),
            HINT = 'Delete the rule in a draft and put the draft into force first.';
    END IF;
    SELECT t.track, a.version INTO used
    FROM revops.nurture_track t JOIN revops.agreement a USING (agreement_id)
    WHERE a.workspace_id = OLD.workspace_id AND a.status <> 'retired'
      AND (OLD.signal = ANY (t.conversation || t.stops_on)
           OR EXISTS (SELECT FROM revops.nurture_step s
                      WHERE s.agreement_id = t.agreement_id AND s.track = t.track
                        AND s.channel = OLD.signal AND s.counts_as_attempt))
    ORDER BY a.version, t.position LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('signal "%s" is in use and cannot be %s', OLD.signal,
                             CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'renamed' END),
            DETAIL = format('Nurture track "%s" of version %s of the agreement listens to it, or records it.', used.track, used.version),
            HINT = 'Take it out of the track in a draft and put the draft into force first.';
    END IF;
    SELECT a.version INTO used
    FROM revops.handoff_rule h JOIN revops.agreement a USING (agreement_id)
    WHERE a.workspace_id = OLD.workspace_id AND a.status <> 'retired' AND OLD.signal = ANY (h.attempts_signals)
    ORDER BY a.version LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('signal "%s" is in use and cannot be %s', OLD.signal,
                             CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'renamed' END),
            DETAIL = format('The handoff rule of version %s of the agreement counts its touches as attempts.', used.version),
            HINT = 'Take it out of attempts_signals in a draft and put the draft into force first.';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_signal() IS
    'Trigger of signal: raises RV004 when a signal is deleted or renamed that a rule or track of a version not yet retired names.';

-- Expressions and rules of a binding run as its owner, so nobody may name an
-- owner whose rights they do not have: checked for restores as well.
CREATE FUNCTION revops.validate_binding() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    leads record;
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT string_agg(format('"%s"', b.binding), ', ' ORDER BY b.binding) AS names INTO leads
        FROM revops.binding b WHERE b.lead_binding_id = OLD.binding_id;
        IF leads.names IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'RV005',
                MESSAGE = format('binding "%s" is in use and cannot be deleted', OLD.binding),
                DETAIL = format('Its leads are those of %s.', leads.names),
                HINT = 'Detach these first.';
        END IF;
        RETURN OLD;
    END IF;
    -- the table's owner may detach it, whoever attached it
    IF TG_OP = 'UPDATE' AND NEW.detached_at IS NOT NULL
       AND to_jsonb(NEW) - 'detached_at' = to_jsonb(OLD) - 'detached_at' THEN
        RETURN NEW;
    END IF;
    IF NOT pg_has_role(current_user, NEW.owner, 'USAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = format('must be able to act as role %s to make it the owner of binding "%s"', NEW.owner, NEW.binding),
            DETAIL = format('Expressions run as the owner of the binding; %s has not the rights of %s.',
                            current_user, NEW.owner),
            HINT = 'Attach the table as its owner, or as a member of that role.';
    END IF;
    IF revops.restoring() OR NEW.lead_binding_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT b.* INTO leads FROM revops.binding b WHERE b.binding_id = NEW.lead_binding_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('binding %s, which is to hold the leads of binding "%s", does not exist',
                             NEW.lead_binding_id, NEW.binding),
            DETAIL = format('Bindings of leads in workspace %s: %s.', NEW.workspace_id,
                            (SELECT coalesce(string_agg(format('%s ("%s")', b.binding_id, b.binding), ', ' ORDER BY b.binding_id), 'none')
                             FROM revops.binding b WHERE b.workspace_id = NEW.workspace_id AND b.kind = 'lead')),
            HINT = 'Attach the table of the leads first, with attach_lead().';
    ELSIF leads.kind <> 'lead' OR leads.workspace_id <> NEW.workspace_id THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('binding "%s" does not hold the leads of binding "%s"', leads.binding, NEW.binding),
            DETAIL = format('It is of kind %s in workspace %s; leads of workspace %s are wanted.',
                            leads.kind, leads.workspace_id, NEW.workspace_id),
            HINT = 'Name a binding that attach_lead() made in the same workspace.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_binding() IS
    'Trigger of binding: raises 42501 for an owner whose rights the current role has not, RV005 for a lead binding of another kind or workspace or still in use, RV002 for an unknown one.';

DO $$
DECLARE
    checked record;
BEGIN
    FOR checked IN
        SELECT * FROM (VALUES
            ('workspace', 'INSERT OR UPDATE', 'name, time zone, currency'),
            ('exchange_rate', 'INSERT OR UPDATE', 'currency'),
            ('score_model', 'INSERT OR UPDATE', 'thresholds, share, half-life, time zone, bounds of grades'),
            ('score_group', 'INSERT OR UPDATE', 'kind, cap, period'),
            ('score_rule', 'INSERT OR UPDATE', 'kind, condition, signal, points, cap, group'),
            ('question', 'INSERT OR UPDATE OR DELETE', 'kind, options, whether a transition needs it'),
            ('stage', 'INSERT OR UPDATE', 'entry criteria, needed roles'),
            ('transition', 'INSERT OR UPDATE', 'stages, reasons, questions'),
            ('commitment', 'INSERT OR UPDATE', 'target'),
            ('handoff_rule', 'INSERT OR UPDATE', 'times, attempts, signals, calendar'),
            ('route', 'INSERT OR UPDATE', 'condition, rep, team, calendar'),
            ('team', 'INSERT OR UPDATE', 'team that stands in'),
            ('skill_need', 'INSERT OR UPDATE', 'condition, team'),
            ('rep', 'INSERT OR UPDATE', 'calendar'),
            ('team_member', 'INSERT OR UPDATE', 'workspace, weight'),
            ('signal', 'UPDATE OR DELETE', 'whether a rule uses it'),
            ('binding', 'INSERT OR UPDATE OR DELETE', 'owner, binding of the leads')) AS c (definition, events, what)
    LOOP
        EXECUTE format('CREATE TRIGGER validate BEFORE %s ON revops.%I FOR EACH ROW '
                       'EXECUTE FUNCTION revops.%I()', checked.events, checked.definition,
                       'validate_' || checked.definition);
        EXECUTE format('COMMENT ON TRIGGER validate ON revops.%I IS %L', checked.definition,
                       'checks ' || checked.what);
    END LOOP;
END
$$;
