-- What waits to be folded into the state of leads: deltas, and the touches of
-- the present transaction, whose leads are settled when it commits.

CREATE FUNCTION revops.own_touches()
    RETURNS TABLE (lead_id bigint, agreement_id int, intent_pos double precision, intent_neg double precision,
                   touches int, last_touch_at timestamptz, answers boolean, recount boolean)
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10 AS 'MODULE_PATHNAME', 'revops_own_touches';
COMMENT ON FUNCTION revops.own_touches() IS
    'What this transaction''s touches will add to their leads when it commits, one row for each lead; columns as in lead_delta. lead_status counts them in.';

CREATE VIEW revops.lead_waiting AS
SELECT lead_id, agreement_id, intent_pos, intent_neg, touches, last_touch_at, answers, recount,
       delta_id, profile_id, gone
FROM revops.lead_delta
UNION ALL
SELECT lead_id, agreement_id, intent_pos, intent_neg, touches, last_touch_at, answers, recount,
       NULL, NULL, NULL
FROM revops.own_touches();
COMMENT ON VIEW revops.lead_waiting IS
    'What waits for a lead: its deltas, and the touches of the present transaction. State and this, read in one statement, are current in every isolation level.';
COMMENT ON COLUMN revops.lead_waiting.lead_id IS 'the lead';
COMMENT ON COLUMN revops.lead_waiting.agreement_id IS 'version whose points the sums use';
COMMENT ON COLUMN revops.lead_waiting.intent_pos IS 'log2 of the sum of positive points, in forward-decay units';
COMMENT ON COLUMN revops.lead_waiting.intent_neg IS 'log2 of the sum of negative points, in forward-decay units';
COMMENT ON COLUMN revops.lead_waiting.touches IS 'touches, net of those taken back';
COMMENT ON COLUMN revops.lead_waiting.last_touch_at IS 'latest occurred_at among its touches';
COMMENT ON COLUMN revops.lead_waiting.answers IS 'true: some of its touches may keep a promise';
COMMENT ON COLUMN revops.lead_waiting.recount IS 'true: a touch was taken back, or may be capped: the lead''s touches are summed anew';
COMMENT ON COLUMN revops.lead_waiting.delta_id IS 'number of the delta; NULL: touches of the present transaction';
COMMENT ON COLUMN revops.lead_waiting.profile_id IS 'change_id of a new profile';
COMMENT ON COLUMN revops.lead_waiting.gone IS 'true: the host deleted the row; false: it is back';

CREATE FUNCTION revops.intent_rank(intent_pos double precision, intent_neg double precision) RETURNS int
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'revops_intent_rank';
COMMENT ON FUNCTION revops.intent_rank(double precision, double precision) IS
    'Least rank that a lead of these intent sums may have (see lead.rank): log2 of what remains of the positive sum in forward-decay units, in sixteenths, rounded up; -2147483647: nothing remains.';
