-- Triggers of attached tables; attach_lead and its like put them there.

CREATE FUNCTION revops.capture_lead() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_capture_lead';
COMMENT ON FUNCTION revops.capture_lead() IS
    'Statement trigger of an attached lead table: scores, stages, routes and clocks the leads that the statement wrote. Argument: the binding''s number. Of a queued binding it only appends to the inbox. Fails the statement only where the binding says strict or raise.';

CREATE FUNCTION revops.capture_touch() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_capture_touch';
COMMENT ON FUNCTION revops.capture_touch() IS
    'Statement trigger of an attached activity table: records the statement''s rows as touches and settles their leads, in a transaction block when it commits; a busy lead gets a delta. Of a queued binding it only appends to the inbox. Argument: the binding''s number.';

CREATE FUNCTION revops.capture_opportunity() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_capture_opportunity';
COMMENT ON FUNCTION revops.capture_opportunity() IS
    'Statement trigger of an attached opportunity table: keeps opportunities and moves their leads when a deal is opened or won. Of a queued binding it only appends to the inbox. Argument: the binding''s number.';
