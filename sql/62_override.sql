-- What people set in place of what the rules say of a lead.

CREATE FUNCTION revops.override_score(lead_id bigint, part text, value int, reason text, until timestamptz DEFAULT 'infinity') RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_override_score';
COMMENT ON FUNCTION revops.override_score(bigint, text, int, text, timestamptz) IS
    'Sets a part of a lead''s score by hand, with a coded reason, until a date (infinity: with no end): fit or intent (0 to 100; an intent that is set does not fade), or disqualified (1: out, 0: not out, whatever the rules say). Takes effect at once, and so does what follows from it (an MQL, a handoff); at the date run_due() or the worker restores what the rules say. It replaces what was set of that part before, is kept over touches, changed rows and new versions, and shows in lead_status, hot_leads() and explain_score(). Waits for the lead. Raises RV002 (no such lead or reason), 22023 (no such part, a value out of range, a date that is past), 22004.';

CREATE FUNCTION revops.withdraw_override(lead_id bigint, part text, reason text) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_withdraw_override';
COMMENT ON FUNCTION revops.withdraw_override(bigint, text, text) IS
    'Takes back what was set of a part of a lead''s score by override_score(), with a coded reason: the rules count again, at once. Waits for the lead. Raises RV002 (no such lead or reason; nothing is set of that part), 22023 (no such part), 22004.';
