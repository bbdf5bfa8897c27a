-- Verbs that correct facts.

CREATE FUNCTION revops.check_correction(lead_id bigint, because text) RETURNS int
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM revops.refuse_unknown_lead($1);
    IF coalesce($2, '') !~ '\S' THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'a correction must say why',
            DETAIL = 'Argument "because" is empty.', HINT = 'Say in words what was wrong.';
    END IF;
    RETURN (SELECT l.workspace_id FROM revops.lead l WHERE l.lead_id = $1);
END
$$;
COMMENT ON FUNCTION revops.check_correction(bigint, text) IS
    'Part of the verbs that correct: the workspace of the lead. Raises RV002 for an unknown lead, 22023 where nothing is said of why.';

CREATE FUNCTION revops.correct_stage_change(lead_id bigint, seq int, reason text, because text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    of_workspace int := revops.check_correction($1, $4);
    m record;
BEGIN
    SELECT s.*, g.purpose, t.reasons AS listed, coalesce(t.needs_reason, false) AS needs_reason,
           CASE WHEN c.seq IS NULL THEN s.reason ELSE c.reason END AS read
    INTO m
    FROM revops.stage_change s
    LEFT JOIN revops.stage g ON g.agreement_id = s.agreement_id AND g.stage = s.to_stage
    LEFT JOIN revops.transition t ON t.agreement_id = s.agreement_id AND t.from_stage = s.from_stage AND t.to_stage = s.to_stage
    LEFT JOIN revops.corrected_move c ON c.lead_id = s.lead_id AND c.seq = s.seq
    WHERE s.lead_id = $1 AND s.seq = $2;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002', MESSAGE = format('lead %s has no move %s', $1, coalesce($2::text, 'NULL')),
            DETAIL = format('Its moves are numbered from 1 to %s.', (SELECT max(s.seq) FROM revops.stage_change s WHERE s.lead_id = $1)),
            HINT = 'revops.timeline() shows them: seq in detail.';
    ELSIF $3 IS NULL AND m.needs_reason THEN
        RAISE EXCEPTION USING ERRCODE = 'RV003', MESSAGE = format('a move from stage "%s" to "%s" needs a reason', m.from_stage, m.to_stage),
            DETAIL = 'The version of the agreement that was in force then says so.', HINT = 'Give the right one.';
    ELSIF $3 IS NOT NULL AND NOT EXISTS (
              SELECT FROM revops.reason r
              WHERE r.workspace_id = of_workspace AND r.reason = $3 AND (m.listed IS NULL OR r.reason = ANY (m.listed))
                AND r.applies_to && CASE m.purpose WHEN 'disqualified' THEN '{reject,advance}' WHEN 'nurture' THEN '{recycle,advance}'
                                                   ELSE '{advance}' END::text[]) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002', MESSAGE = format('reason "%s" is not one that a move to stage "%s" takes', left($3, 200), m.to_stage),
            DETAIL = format('It takes: %s.', (SELECT coalesce(string_agg(r.reason, ', ' ORDER BY r.reason), 'none') FROM revops.reason r
                WHERE r.workspace_id = of_workspace AND (m.listed IS NULL OR r.reason = ANY (m.listed))
                  AND r.applies_to && CASE m.purpose WHEN 'disqualified' THEN '{reject,advance}' WHEN 'nurture' THEN '{recycle,advance}'
                                                     ELSE '{advance}' END::text[])),
            HINT = 'Use one of those, or add it to revops.reason.';
    ELSIF EXISTS (SELECT FROM revops.handoff_rule h WHERE h.agreement_id = m.agreement_id AND $3 IN (h.no_response_reason, h.duplicate_reason)) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV003', MESSAGE = format('reason "%s" cannot be said afterwards', $3),
            DETAIL = 'The version of the agreement that was in force then asks more of who says so: attempts that were made, or the lead that survives.',
            HINT = 'Take the lead back, and say so by revops.no_response() or revops.duplicate().';
    ELSIF m.read IS NOT DISTINCT FROM $3 THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('move %s of lead %s has this reason already', $2, $1),
            DETAIL = format('It is %s.', coalesce($3, 'none')), HINT = 'There is nothing to correct.';
    END IF;
    INSERT INTO revops.correction (lead_id, workspace_id, fact, fact_id, at, before, after, because, actor)
    VALUES ($1, of_workspace, 'stage_change', $2, revops.engine_now(), m.read, $3, $4, revops.acting_role());
END
$$;
COMMENT ON FUNCTION revops.correct_stage_change(bigint, int, text, text) IS
    'Corrects the coded reason of a move (NULL: none was given), and says why: a further fact. Handoffs, rejections, recyclings and their KPIs read it from then on; the move stays as it was written, and timeline() shows both. Where the lead is and when it came there is not corrected but moved: advance(). Raises RV002 (no such lead, move or reason), RV003 (the move needs a reason; "no response" and "duplicate", which ask for more), 22023 (it has this reason already; nothing said of why).';

CREATE FUNCTION revops.take_back_touch(lead_id bigint, signal text, occurred_at timestamptz, source text, campaign text, content text) RETURNS void
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'revops_take_back_touch';
COMMENT ON FUNCTION revops.take_back_touch(bigint, text, timestamptz, text, text, text) IS
    'Part of correct_touch(): appends the row that takes a touch of record_touch() back, and settles the lead. It does not ask whether there is one. Raises RV002 (no such lead or signal).';

CREATE FUNCTION revops.correct_touch(lead_id bigint, touch_id bigint, because text, signal text DEFAULT NULL, occurred_at timestamptz DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO'
    AS $$
#variable_conflict use_column
DECLARE
    of_workspace int := revops.check_correction($1, $3);
    t record;
    left_over bigint;
BEGIN
    SELECT o.*, s.signal AS code, b.binding INTO t
    FROM revops.touch o LEFT JOIN revops.signal s USING (signal_id) LEFT JOIN revops.binding b USING (binding_id)
    WHERE o.lead_id = $1 AND o.touch_id = $2 AND o.sign > 0;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'RV002', MESSAGE = format('lead %s has no touch %s', $1, coalesce($2::text, 'NULL')),
            DETAIL = 'A touch is known by the number that it got when it was recorded.', HINT = 'revops.timeline() shows them: touch_id in detail.';
    ELSIF t.binding_id IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV003', MESSAGE = format('touch %s came from the host''s table', $2),
            DETAIL = format('It is the row of key %s of binding "%s".', t.source_key, t.binding),
            HINT = 'Correct that row: the touch follows it.';
    END IF;
    -- the lead's row: of two who correct one touch at once the second sees what the first did
    PERFORM FROM revops.lead l WHERE l.lead_id = $1 FOR UPDATE;
    SELECT sum(o.sign) INTO left_over FROM revops.touch o
    WHERE o.lead_id = $1 AND o.occurred_at = t.occurred_at AND o.signal_id = t.signal_id AND o.binding_id IS NULL
      AND (o.source, o.campaign, o.content) = (t.source, t.campaign, t.content);
    IF left_over <= 0 OR EXISTS (SELECT FROM revops.correction c WHERE c.lead_id = $1 AND c.fact = 'touch' AND c.fact_id = $2) THEN
        RAISE EXCEPTION USING ERRCODE = 'RV003', MESSAGE = format('touch %s was corrected already', $2),
            DETAIL = 'It was taken back.', HINT = 'Correct the touch that was recorded in its place, or record_touch().';
    END IF;
    PERFORM revops.take_back_touch($1, t.code, t.occurred_at, t.source, t.campaign, t.content);
    IF coalesce($4, $5::text) IS NOT NULL THEN
        PERFORM revops.record_touch($1, coalesce($4, t.code), coalesce($5, t.occurred_at), t.source, t.campaign, t.content);
    END IF;
    INSERT INTO revops.correction (lead_id, workspace_id, fact, fact_id, at, before, after, because, actor)
    VALUES ($1, of_workspace, 'touch', $2, revops.engine_now(), format('%s at %s', t.code, t.occurred_at),
            CASE WHEN coalesce($4, $5::text) IS NOT NULL THEN format('%s at %s', coalesce($4, t.code), coalesce($5, t.occurred_at)) END,
            $3, revops.acting_role());
END
$$;
COMMENT ON FUNCTION revops.correct_touch(bigint, bigint, text, text, timestamptz) IS
    'Corrects a touch that record_touch() recorded, and says why: takes it back and, where a signal or a time is given, records it anew; the lead is settled by both. Without either it never happened. Where it came from stays. A touch of the host''s table follows the host''s row instead. Waits for the lead. Raises RV002 (no such lead, touch or signal), RV003 (the host''s, or corrected already), 22023 (a time in the future; nothing said of why).';
