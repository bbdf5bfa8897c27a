-- What is best done next about a lead, chosen by rules.  Operations, as routes
-- are: a suggestion moves nothing and no fact refers to it, so its rules are
-- edited in place, and every edit is in definition_change.

CREATE TABLE revops.next_step_rule
(
    workspace_id int NOT NULL DEFAULT 1 REFERENCES revops.workspace,
    rule         text NOT NULL,
    position     int NOT NULL,
    step         text NOT NULL CHECK (step IN ('call_now', 'outreach', 'nurture')),
    buying_within interval,
    min_fit      int CHECK (min_fit BETWEEN 0 AND 100),
    min_intent   int CHECK (min_intent BETWEEN 0 AND 100),
    condition    text,
    active       boolean NOT NULL DEFAULT true,
    PRIMARY KEY (workspace_id, rule),
    UNIQUE (workspace_id, position)
);
COMMENT ON TABLE revops.next_step_rule IS
    'Ordered rules: the first that holds suggests the next step of a lead, see next_step() and handoff_brief(). A rule that asks nothing always holds.';
COMMENT ON COLUMN revops.next_step_rule.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.next_step_rule.rule IS 'name of the rule';
COMMENT ON COLUMN revops.next_step_rule.position IS 'order in which rules are tried, lowest first';
COMMENT ON COLUMN revops.next_step_rule.step IS 'what it suggests: call_now (asks for a fresh buying signal), outreach (enrol it in a sequence; never before the date that sales gave), nurture (return it to marketing)';
COMMENT ON COLUMN revops.next_step_rule.buying_within IS 'exact time: the lead has sent a buying signal (inbound) no longer ago; NULL: not asked';
COMMENT ON COLUMN revops.next_step_rule.min_fit IS 'fit at least, 0 to 100; NULL: not asked';
COMMENT ON COLUMN revops.next_step_rule.min_intent IS 'intent at this moment at least, 0 to 100; NULL: not asked';
COMMENT ON COLUMN revops.next_step_rule.condition IS 'SQL condition over the lead''s roles; NULL: not asked. One that raises does not hold';
COMMENT ON COLUMN revops.next_step_rule.active IS 'false: the rule is skipped';

CREATE FUNCTION revops.validate_next_step_rule() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF revops.restoring() THEN
        RETURN NEW;
    END IF;
    IF NEW.step = 'call_now' AND NEW.buying_within IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('rule "%s" may not say "call now" without a buying signal', NEW.rule),
            DETAIL = 'buying_within is NULL: it would hold of leads that have asked for nothing.',
            HINT = 'Say how fresh the signal must be, for example buying_within = ''7 days''.';
    ELSIF NEW.buying_within <= interval '0' OR extract(year FROM NEW.buying_within) <> 0 OR extract(month FROM NEW.buying_within) <> 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'RV004',
            MESSAGE = format('buying_within of rule "%s" must be exact time, greater than zero', NEW.rule),
            DETAIL = format('It is %s; months and years have no fixed length.', NEW.buying_within),
            HINT = 'For example ''7 days''.';
    END IF;
    IF TG_OP = 'INSERT' OR NEW.condition IS DISTINCT FROM OLD.condition OR NEW.workspace_id <> OLD.workspace_id THEN
        PERFORM revops.check_lead_condition(NEW.workspace_id, 'rule of the next step', NEW.rule, NEW.condition);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION revops.validate_next_step_rule() IS
    'Trigger of next_step_rule: raises RV004 for "call now" without a buying signal and for a time that is not exact and positive, RV001 for a condition that is not valid.';
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON revops.next_step_rule
    FOR EACH ROW EXECUTE FUNCTION revops.validate_next_step_rule();
COMMENT ON TRIGGER validate ON revops.next_step_rule IS 'checks buying signal, time, condition';

-- Our own defaults: a week is half of the default half-life, the floors are the default MQL's.
CREATE FUNCTION revops.seed_next_steps(workspace_id int) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO revops.next_step_rule (workspace_id, rule, position, step, buying_within, min_fit, min_intent)
    VALUES ($1, 'fresh buying signal', 10, 'call_now', '7 days', NULL, NULL),
           ($1, 'fits and is interested', 20, 'outreach', NULL, 50, 20),
           ($1, 'not yet', 30, 'nurture', NULL, NULL, NULL)
    $$;
COMMENT ON FUNCTION revops.seed_next_steps(int) IS 'Part of create_workspace(): the default rules of the next step.';

CREATE FUNCTION revops.conditions_hold(binding_id int, profile jsonb, personal jsonb, conditions text[]) RETURNS boolean[]
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'revops_conditions_hold';
COMMENT ON FUNCTION revops.conditions_hold(int, jsonb, jsonb, text[]) IS
    'Of each condition over the roles of a lead whether it holds of a profile of this binding; a NULL condition does, one that is broken or raises does not. Runs as revops_reader, restricted. NULL where binding, profile or list are.';

-- the latest buying signal of a lead that was not taken back
CREATE FUNCTION revops.last_buying(lead_id bigint, since timestamptz, OUT signal text, OUT at timestamptz)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT s.signal, t.occurred_at
    FROM revops.touch t JOIN revops.signal s ON s.signal_id = t.signal_id AND s.nature = 'buying' AND s.direction = 'inbound'
    WHERE t.lead_id = $1 AND t.occurred_at >= $2
    GROUP BY t.occurred_at, s.signal HAVING sum(t.sign) > 0
    ORDER BY t.occurred_at DESC, s.signal LIMIT 1
    $$;
COMMENT ON FUNCTION revops.last_buying(bigint, timestamptz) IS
    'Part of next_step(): the latest inbound buying signal of a lead since a moment, touches that were taken back left out; NULLs: there is none.';

CREATE FUNCTION revops.next_step(lead_id bigint, OUT step text, OUT rule text, OUT because text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
    AS $$
#variable_conflict use_column
DECLARE
    l record;
    r record;
    conditions boolean[];
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    SELECT x.workspace_id, x.binding_id, x.stage, g.purpose, x.gone_at, x.disqualified, s.lead_id IS NOT NULL AS there, s.fit, s.intent,
           p.profile, i.personal, e.not_before
    INTO l
    FROM revops.lead x
    LEFT JOIN revops.stage g ON g.agreement_id = x.agreement_id AND g.stage = x.stage
    LEFT JOIN revops.lead_status s ON s.lead_id = x.lead_id
    LEFT JOIN revops.profile_change p ON p.lead_id = x.lead_id AND p.change_id = x.profile_id
    LEFT JOIN revops.lead_identity i ON i.lead_id = x.lead_id
    LEFT JOIN revops.enrolment e ON e.lead_id = x.lead_id AND e.ended_at IS NULL AND e.not_before > revops.engine_now()
    WHERE x.lead_id = $1;
    IF NOT l.there OR l.disqualified OR l.purpose IN ('won', 'disqualified') THEN
        because := CASE WHEN NOT l.there THEN 'the host has deleted the lead' WHEN l.purpose = 'won' THEN 'it is won'
                        ELSE 'it is disqualified' END;
        RETURN;
    END IF;
    SELECT revops.conditions_hold(l.binding_id, l.profile, l.personal, array_agg(q.condition ORDER BY q.position)) INTO conditions
    FROM revops.next_step_rule q WHERE q.workspace_id = l.workspace_id AND q.active;
    FOR r IN
        SELECT q.*, row_number() OVER (ORDER BY q.position) AS n, b.signal, b.at
        FROM revops.next_step_rule q
        LEFT JOIN LATERAL revops.last_buying($1, revops.engine_now() - q.buying_within) b ON q.buying_within IS NOT NULL
        WHERE q.workspace_id = l.workspace_id AND q.active
        ORDER BY q.position
    LOOP
        -- no message before the date that sales gave
        CONTINUE WHEN r.step = 'outreach' AND l.not_before IS NOT NULL
            OR r.buying_within IS NOT NULL AND r.signal IS NULL
            OR l.fit < r.min_fit OR l.intent < r.min_intent
            OR r.condition IS NOT NULL AND conditions[r.n] IS NOT TRUE;
        step := r.step;
        rule := r.rule;
        because := coalesce(nullif(concat_ws(', ',
            CASE WHEN r.signal IS NOT NULL THEN format('%s at %s, within %s', r.signal, r.at, r.buying_within) END,
            CASE WHEN r.min_fit IS NOT NULL THEN format('fit %s of at least %s', l.fit, r.min_fit) END,
            CASE WHEN r.min_intent IS NOT NULL THEN format('intent %s of at least %s', l.intent, r.min_intent) END,
            r.condition,
            CASE WHEN l.not_before IS NOT NULL AND r.step <> 'call_now' THEN format('sales asked to wait until %s', l.not_before) END), ''),
            'no rule before it holds');
        RETURN;
    END LOOP;
    because := 'no rule holds';
END
$$;
COMMENT ON FUNCTION revops.next_step(bigint) IS
    'The suggested next step of a lead: call_now, outreach or nurture, by the first rule of next_step_rule that holds, with what made it hold. No step, and why, for a lead that is won, disqualified or gone, or where no rule holds. Raises RV002 for an unknown lead.';
