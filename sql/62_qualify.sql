-- What people find out about a lead: answers to questions, values for empty roles.

CREATE FUNCTION revops.refuse_unknown_lead(lead_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM revops.lead l WHERE l.lead_id = $1) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('lead %s does not exist', COALESCE($1::text, 'NULL')),
            DETAIL = 'No lead has this number; it is not the key of a row of yours.',
            HINT = 'revops.lead_id(binding, key) finds a lead''s number.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.refuse_unknown_lead(bigint) IS 'Part of the verbs: raises RV002 unless there is such a lead.';

-- Text that people gave for a question of this kind, in one form; NULL: it is none.
CREATE FUNCTION revops.plain_answer(kind text, options text[], answer text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
    AS $$
BEGIN
    RETURN CASE kind
        WHEN 'text' THEN nullif(btrim(answer), '')
        WHEN 'yes_no' THEN CASE answer::boolean WHEN true THEN 'yes' ELSE 'no' END
        WHEN 'number' THEN CASE WHEN answer::numeric NOT IN ('NaN', 'Infinity', '-Infinity') THEN answer::numeric::text END
        WHEN 'date' THEN CASE WHEN isfinite(answer::date) THEN answer::date::text END
        WHEN 'choice' THEN CASE WHEN answer = ANY (options) THEN answer END END;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION revops.plain_answer(text, text[], text) IS
    'Part of answer_question(): an answer in the one form that its kind has (yes or no, a number, an ISO date, an option); NULL where it is none.';

CREATE FUNCTION revops.accepted_answer(lead_id bigint, question text, given text,
                                       OUT workspace_id int, OUT answer text, OUT personal boolean)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    asked revops.question;
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    SELECT l.workspace_id INTO workspace_id FROM revops.lead l WHERE l.lead_id = $1;
    SELECT q.* INTO asked FROM revops.question q JOIN revops.agreement a USING (agreement_id)
    WHERE a.workspace_id = accepted_answer.workspace_id AND a.status = 'active' AND q.question = $2;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('question "%s" does not exist', left($2, 200)),
            DETAIL = format('Questions of the agreement in force: %s.',
                            (SELECT coalesce(string_agg(q.question, ', ' ORDER BY q.position), 'none')
                             FROM revops.question q JOIN revops.agreement a USING (agreement_id)
                             WHERE a.workspace_id = accepted_answer.workspace_id AND a.status = 'active')),
            HINT = 'Questions are rows of revops.question in a draft of the agreement.';
    END IF;
    personal := asked.personal OR asked.kind = 'text';
    IF $3 IS NULL THEN
        RETURN;                 -- the last answer is taken back
    END IF;
    answer := revops.plain_answer(asked.kind, asked.options, $3);
    IF answer IS NULL THEN
        RAISE EXCEPTION invalid_parameter_value USING
            MESSAGE = format('"%s" does not answer question "%s"', left($3, 200), $2),
            DETAIL = CASE asked.kind WHEN 'choice' THEN format('Its options are: %s.', array_to_string(asked.options, ', '))
                                     ELSE format('Its answers are of kind %s.', asked.kind) END,
            HINT = CASE asked.kind WHEN 'yes_no' THEN 'Answer yes or no.' WHEN 'number' THEN 'Answer with a number, for example 25000.'
                                   WHEN 'date' THEN 'Answer with a date, for example 2026-07-01.' WHEN 'choice' THEN 'Answer with one of the options.'
                                   ELSE 'Answer with words; NULL takes the last answer back.' END;
    END IF;
END
$$;
COMMENT ON FUNCTION revops.accepted_answer(bigint, text, text) IS
    'Part of answer_question(): the lead''s workspace, and the answer as it is written down. Raises RV002 (no such lead or question), 22023 (it does not answer the question).';

CREATE FUNCTION revops.answer_question(lead_id bigint, question text, answer text) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_answer_question';
COMMENT ON FUNCTION revops.answer_question(bigint, text, text) IS
    'Writes down who answered what about a lead, and returns the stage that it is in then: a lead that was held back for the answer moves at once. A later answer counts in place of an earlier one; NULL takes the last one back. yes_no takes what a boolean does, a date any date, a number any number, a choice one of its options. Waits for the lead. Raises RV002 (no such lead or question), 22023 (it does not answer the question).';

CREATE FUNCTION revops.accepted_enrichment(lead_id bigint, "values" jsonb, source text) RETURNS int
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    enriched revops.lead;
    wrong text;
    roles text[];
    -- what these say moves the lead, or is its history: only the host's row says it
    hosts text[] := '{created_at,updated_at,stage,owner,team,reason}';
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    SELECT l.* INTO enriched FROM revops.lead l WHERE l.lead_id = $1;
    IF jsonb_typeof($2) <> 'object' OR $3 !~ '\S' THEN
        RAISE EXCEPTION invalid_parameter_value USING
            MESSAGE = 'enrich() needs an object of values and the name of their source',
            DETAIL = format('They were given as %s and "%s".', left($2::text, 200), left($3, 200)),
            HINT = 'For example SELECT revops.enrich(42, ''{"country": "DE"}'', ''imprint'');';
    END IF;
    SELECT array_agg(r.role) INTO roles
    FROM (SELECT s.role FROM revops.standard_roles('lead') s
          UNION SELECT b.role FROM revops.binding_role b WHERE b.binding_id = enriched.binding_id) r
    WHERE r.role <> ALL (hosts);
    SELECT k.key INTO wrong FROM jsonb_each($2) k WHERE k.key <> ALL (roles) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002',
            MESSAGE = format('role "%s" cannot be enriched', left(wrong, 200)),
            DETAIL = CASE WHEN wrong = ANY (hosts) THEN 'Only the row of the attached table says it.'
                          ELSE format('Roles of the lead: %s.', (SELECT string_agg(r.role, ', ' ORDER BY r.role) FROM unnest(roles) r (role))) END,
            HINT = CASE WHEN wrong = ANY (hosts) THEN 'Update the row.' ELSE 'Name one of these roles.' END;
    END IF;
    SELECT k.key INTO wrong FROM jsonb_each($2) k
    WHERE jsonb_typeof(k.value) IN ('null', 'object', 'array') LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION invalid_parameter_value USING
            MESSAGE = format('value of role "%s" fills nothing', left(wrong, 200)),
            DETAIL = format('It is %s.', left(($2 -> wrong)::text, 200)),
            HINT = 'Give a text, a number, true or false; leave out what is not known.';
    END IF;
    RETURN enriched.workspace_id;
END
$$;
COMMENT ON FUNCTION revops.accepted_enrichment(bigint, jsonb, text) IS
    'Part of enrich(): the lead''s workspace. Raises RV002 (no such lead or role), 22023 (no object of values, no source, a value that fills nothing).';

CREATE FUNCTION revops.enrich(lead_id bigint, "values" jsonb, source text) RETURNS text[]
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_enrich';
COMMENT ON FUNCTION revops.enrich(bigint, jsonb, text) IS
    'Fills roles of a lead that are empty (NULL or blank), writes down where each value came from (enrichment), scores the lead anew and returns the roles that were filled; roles that have a value keep it. The row of the attached table is not touched: a value that it gets later counts instead, and where it has none, the last one filled in counts. Personal roles are kept in lead_identity, where forget() erases them. A lead that was held back for the values moves at once. Waits for the lead. Raises RV002 (no such lead or role; stage, owner, team, reason, created_at and updated_at are the host''s alone), 22023 (a value that is not of its role''s type).';
