-- Facts are append-only, for the owner and superusers too.

CREATE FUNCTION revops.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'RV007',
        MESSAGE = format('%s on revops.%s is refused: history is append-only', TG_OP, TG_TABLE_NAME),
        DETAIL = CASE TG_LEVEL WHEN 'ROW' THEN format('The row is that of %s.', (
                                       SELECT string_agg(format('%s %s', a.attname, to_jsonb(OLD) ->> a.attname::text), ', '
                                                         ORDER BY a.attnum)
                                       FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
                                                                             AND a.attnum = ANY (i.indkey)
                                       WHERE i.indrelid = TG_RELID AND i.indisprimary))
                               ELSE 'It would remove every row.' END,
        HINT = CASE TG_TABLE_NAME
                   WHEN 'touch' THEN 'Correct the row of the host''s table: a touch is taken back by a further row of sign -1.'
                   WHEN 'event' THEN 'Say how long events are to be kept: table revops.event_retention; the engine purges what is older.'
                   WHEN 'correction' THEN 'Correct the fact again: of several corrections the last counts.'
                   WHEN 'answer' THEN 'Answer the question again: revops.answer_question(); an answer of NULL takes the last one back.'
                   WHEN 'enrichment' THEN 'Correct the host''s row: its value counts before one that was filled in.'
                   WHEN 'dispute' THEN 'Resolve the dispute: revops.resolve_dispute().'
                   WHEN 'rejection_verdict' THEN 'Say it anew: revops.review_rejection(); the last word of a team counts.'
                   WHEN 'agreement_approval' THEN 'Refuse or withdraw the proposal: approvals count for one proposal only.'
                   WHEN 'definition_change' THEN 'Change the definition again: both changes stay written down.'
                   ELSE 'Correct the host''s row, or move the lead with a verb (advance, assign ...): the correction is a further row.' END;
END
$$;
COMMENT ON FUNCTION revops.refuse_change() IS
    'Trigger of the fact tables: raises RV007 for UPDATE, DELETE and TRUNCATE, whoever asks.';

DO $$
DECLARE
    fact text;
BEGIN
    FOREACH fact IN ARRAY '{touch,profile_change,stage_change,assignment,opportunity_change,event,definition_change,rule_meaning,agreement_approval,intent_fall,score_override,sla_clock_change,nurture_change,answer,enrichment,duplicate_link,lead_merge,lead_unmerge,merged_touch,dispute,dispute_resolution,rejection_verdict,correction,turn_credit,history_seal,history_seal_part}'::text[]
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON revops.%I '
                       'FOR EACH ROW %s EXECUTE FUNCTION revops.refuse_change()', fact,
                       CASE WHEN fact = ANY ('{dispute,dispute_resolution,rejection_verdict,correction}') THEN 'WHEN (NOT revops.erasing_notes())'
                            WHEN fact = 'event' THEN 'WHEN (NOT revops.purging_events())' END);
        EXECUTE format('COMMENT ON TRIGGER append_only ON revops.%I IS %L', fact,
                       'history is append-only: RV007');
        EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON revops.%I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION revops.refuse_change()', fact);
        EXECUTE format('COMMENT ON TRIGGER no_truncate ON revops.%I IS %L', fact,
                       'history is append-only: RV007');
    END LOOP;
END
$$;
