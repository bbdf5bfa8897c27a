-- What both teams have agreed about a lead that marketing hands to sales, until
-- sales has said what becomes of it.  Part of a version of the agreement.

CREATE TABLE revops.handoff_rule
(
    agreement_id       int PRIMARY KEY REFERENCES revops.agreement ON DELETE CASCADE,
    accept_within      interval DEFAULT '24 hours',
    accept_calendar_id int REFERENCES revops.calendar,
    silence_accepts    boolean NOT NULL DEFAULT false,
    attempts           int DEFAULT 6 CHECK (attempts BETWEEN 1 AND 1000),
    attempts_days      int NOT NULL DEFAULT 5 CHECK (attempts_days BETWEEN 1 AND 1000),
    attempts_signals   text[],
    no_response_reason text NOT NULL DEFAULT 'no_response',
    duplicate_reason   text NOT NULL DEFAULT 'duplicate',
    no_response_to     text NOT NULL DEFAULT 'nurture' CHECK (no_response_to IN ('nurture', 'disqualified')),
    no_response_for    interval NOT NULL DEFAULT '90 days',
    sample_size        int CHECK (sample_size BETWEEN 1 AND 1000)
);
COMMENT ON TABLE revops.handoff_rule IS
    'What a version says about handed-over leads: how long sales has to accept or refuse one, when "no response" may be said, how many rejections both teams review each month. No row: nothing is agreed.';
COMMENT ON COLUMN revops.handoff_rule.agreement_id IS 'version of the agreement';
COMMENT ON COLUMN revops.handoff_rule.accept_within IS
    'exact time (business time where a calendar counts it: no days then) in which sales accepts or refuses a lead that it was given; NULL: none is agreed. 24 hours is what the field writes into such agreements';
COMMENT ON COLUMN revops.handoff_rule.accept_calendar_id IS 'calendar whose business time counts for accept_within; NULL: wall time';
COMMENT ON COLUMN revops.handoff_rule.silence_accepts IS
    'true: a lead about which sales has said nothing when accept_within is over counts as accepted. Some companies want that; ours is false: sales accepts';
COMMENT ON COLUMN revops.handoff_rule.attempts IS
    'how often sales has tried to reach a lead, since it was handed over, before it may say "no response"; NULL: as it likes. Six: the field''s studies of calls find nine of ten leads that convert reached by the sixth';
COMMENT ON COLUMN revops.handoff_rule.attempts_days IS
    'on how many different days (of score_model.zone) these attempts were made, at least; the default, 5, is ours';
COMMENT ON COLUMN revops.handoff_rule.attempts_signals IS 'signals whose touches are attempts; NULL: all whose direction is outbound';
COMMENT ON COLUMN revops.handoff_rule.no_response_reason IS
    'reason by which sales says that a lead does not respond: by no_response(), by any other verb or by the host, only after these attempts';
COMMENT ON COLUMN revops.handoff_rule.duplicate_reason IS
    'reason by which sales says that a lead is another one''s duplicate: only with the lead that it is a duplicate of';
COMMENT ON COLUMN revops.handoff_rule.no_response_to IS
    'purpose of the stage to which no_response() moves the lead: nurture (the field''s usual way) or disqualified';
COMMENT ON COLUMN revops.handoff_rule.no_response_for IS
    'how long no_response() lets a lead rest in nurture unless it is told until when; the default is ours';
COMMENT ON COLUMN revops.handoff_rule.sample_size IS
    'how many rejected leads of each month both teams review together: rejected_sample() gives so many unless it is told otherwise; NULL: it must be told';
