-- Every change of a definition is written down, and tells all sessions to
-- compile the definitions anew.

CREATE FUNCTION revops.log_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    -- rows that a restore brings were written down when they were made
    IF NOT revops.restoring() THEN
        INSERT INTO revops.definition_change (at, actor, definition, operation, before, after)
        VALUES (revops.engine_now(), session_user, TG_TABLE_NAME, TG_OP, to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.log_change() IS
    'Trigger of the definition tables: writes each changed row (TRUNCATE: the statement) into definition_change.';

DO $$
DECLARE
    -- calendars have definition_changed() already, next_step_rule, spend, quota, commitment, free_mail_domain and account_source are not compiled
    compiled text[] := '{workspace,signal,reason,rep,team,team_member,route,time_off,rep_skill,rep_cap,skill_need,exchange_rate,agreement,'
                       'score_model,score_group,score_rule,question,stage,transition,sla_policy,sla_step,nurture_track,nurture_step,handoff_rule,auto_move,matching,binding,binding_role}';
    definition text;
BEGIN
    FOREACH definition IN ARRAY compiled || '{calendar,calendar_hours,calendar_exception,next_step_rule,spend,quota,commitment,free_mail_domain,account_source}'::text[]
    LOOP
        EXECUTE format('CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON revops.%I '
                       'FOR EACH ROW EXECUTE FUNCTION revops.log_change()', definition);
        EXECUTE format('COMMENT ON TRIGGER log_change ON revops.%I IS %L', definition,
                       'writes the change into definition_change');
        EXECUTE format('CREATE TRIGGER log_truncate AFTER TRUNCATE ON revops.%I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION revops.log_change()', definition);
        EXECUTE format('COMMENT ON TRIGGER log_truncate ON revops.%I IS %L', definition,
                       'writes the truncation into definition_change');
    END LOOP;
    FOREACH definition IN ARRAY compiled
    LOOP
        EXECUTE format('CREATE TRIGGER definition_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON revops.%I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION revops.definition_changed()', definition);
        EXECUTE format('COMMENT ON TRIGGER definition_changed ON revops.%I IS %L', definition,
                       'makes all sessions compile definitions anew');
    END LOOP;
END
$$;

-- in one order with the changes of what is approved
CREATE TRIGGER log_change AFTER INSERT ON revops.agreement_approval
    FOR EACH ROW EXECUTE FUNCTION revops.log_change();
COMMENT ON TRIGGER log_change ON revops.agreement_approval IS 'writes the decision into definition_change';
