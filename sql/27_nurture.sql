-- Nurture tracks of marketing and sequences of sales: parts of the agreement,
-- as both teams agree on what becomes of a lead that sales sends back.

CREATE TABLE revops.nurture_track
(
    agreement_id int NOT NULL REFERENCES revops.agreement ON DELETE CASCADE,
    track        text NOT NULL,
    position     int NOT NULL,
    kind         text NOT NULL DEFAULT 'nurture' CHECK (kind IN ('nurture', 'sequence')),
    purpose      text CHECK (purpose IN ('early_education', 'use_case', 're_engagement', 'recycled', 'outreach')),
    reasons      text[] NOT NULL DEFAULT '{}',
    silent_after interval,
    conversation text[] NOT NULL DEFAULT '{}',
    stops_on     text[],
    back_after   interval DEFAULT '0',
    back_intent  int CHECK (back_intent BETWEEN 1 AND 100),
    back_when    text,
    back_stage   text,
    back_to      text NOT NULL DEFAULT 'earlier_owner' CHECK (back_to IN ('earlier_owner', 'not_rejecter', 'route')),
    max_recycles int CHECK (max_recycles >= 1),
    PRIMARY KEY (agreement_id, track),
    UNIQUE (agreement_id, position),
    FOREIGN KEY (agreement_id, back_stage) REFERENCES revops.stage ON UPDATE CASCADE
);
CREATE UNIQUE INDEX nurture_track_silence ON revops.nurture_track (agreement_id) WHERE silent_after IS NOT NULL;
CREATE UNIQUE INDEX nurture_track_recycled ON revops.nurture_track (agreement_id) WHERE purpose = 'recycled';
COMMENT ON TABLE revops.nurture_track IS
    'Tracks of a version: who enters them, what stops them, and how a recycled lead comes back to sales. A lead is in one track at a time.';
COMMENT ON COLUMN revops.nurture_track.agreement_id IS 'version of the agreement';
COMMENT ON COLUMN revops.nurture_track.track IS 'name of the track';
COMMENT ON COLUMN revops.nurture_track.position IS 'order in which tracks are looked through for a reason, lowest first';
COMMENT ON COLUMN revops.nurture_track.kind IS 'nurture: marketing''s; it ends when sales gets the lead. sequence: sales'' calls, mails and tasks; it ends with any move of the lead';
COMMENT ON COLUMN revops.nurture_track.purpose IS
    'early_education, use_case, re_engagement, outreach; recycled: takes the recycled leads whose reason no track names. NULL: none of these';
COMMENT ON COLUMN revops.nurture_track.reasons IS 'a lead that enters the stage of purpose nurture for one of these reasons enters the track';
COMMENT ON COLUMN revops.nurture_track.silent_after IS
    'exact time: a lead that has said nothing (no inbound touch) for so long after a conversation enters the track by itself, unless it is in one, won, disqualified, recycled or has a deal; NULL: none does. One track of a version at most has it';
COMMENT ON COLUMN revops.nurture_track.conversation IS 'signals that are a conversation, for silent_after';
COMMENT ON COLUMN revops.nurture_track.stops_on IS 'signals that stop the steps: replies, high intent, unsubscribing; NULL: every inbound signal of nature buying';
COMMENT ON COLUMN revops.nurture_track.back_after IS
    'exact time: a recycled lead comes back so long after the date that sales gave; NULL: the date brings none back';
COMMENT ON COLUMN revops.nurture_track.back_intent IS
    'a recycled lead comes back, before its date too, once its touches since then are worth so many points of intent, 1 to 100; NULL: intent brings none back';
COMMENT ON COLUMN revops.nurture_track.back_when IS
    'SQL condition over the lead''s roles: a recycled lead of which it holds comes back, before its date too; asked when the lead''s row changes. NULL: no condition';
COMMENT ON COLUMN revops.nurture_track.back_stage IS 'stage in which a recycled lead comes back; NULL: where new leads begin';
COMMENT ON COLUMN revops.nurture_track.back_to IS
    'who gets a lead that came back, when it is handed over anew: earlier_owner (the rep who had it, if active, else by the routes), not_rejecter (by the routes, never the rep who had it when it was recycled; where there is nobody else the team''s queue), route (by the routes, as if it were new)';
COMMENT ON COLUMN revops.nurture_track.max_recycles IS 'leads recycled so often are flagged (recycled_often); NULL: none is';

CREATE TABLE revops.nurture_step
(
    agreement_id int NOT NULL REFERENCES revops.agreement ON DELETE CASCADE,
    track        text NOT NULL,
    step         text NOT NULL,
    position     int NOT NULL CHECK (position >= 1),
    after        interval NOT NULL,
    calendar_id  int REFERENCES revops.calendar,
    channel      text NOT NULL,
    template     text NOT NULL DEFAULT '',
    counts_as_attempt boolean NOT NULL DEFAULT false,
    PRIMARY KEY (agreement_id, track, step),
    UNIQUE (agreement_id, track, position),
    FOREIGN KEY (agreement_id, track) REFERENCES revops.nurture_track ON DELETE CASCADE ON UPDATE CASCADE
);
COMMENT ON TABLE revops.nurture_step IS 'Steps of the tracks of a version: each falls due as an event nurture_step_due.';
COMMENT ON COLUMN revops.nurture_step.agreement_id IS 'version of the agreement';
COMMENT ON COLUMN revops.nurture_step.track IS 'its track';
COMMENT ON COLUMN revops.nurture_step.step IS 'name of the step within the track';
COMMENT ON COLUMN revops.nurture_step.position IS 'order within the track, from 1';
COMMENT ON COLUMN revops.nurture_step.after IS 'exact time from the enrolment, or from the moment when the step before fell due; never before the date that sales gave';
COMMENT ON COLUMN revops.nurture_step.calendar_id IS 'calendar whose business time counts; NULL: wall time';
COMMENT ON COLUMN revops.nurture_step.channel IS 'what is to be done: email, call, task ...; of a step that counts as attempt, the outbound signal that done_step() records';
COMMENT ON COLUMN revops.nurture_step.template IS
    'first draft of the text: {{name}} or {{name|what to say where it is not known}} is filled from the lead''s own data (see draft_values())';
COMMENT ON COLUMN revops.nurture_step.counts_as_attempt IS 'true: once done it is a touch, and so an attempt to reach the lead';
