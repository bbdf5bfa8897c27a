-- C5, D2: what both teams agree about handed-over leads is part of the agreement's version.
SET datestyle = 'ISO'; SET timezone = 'UTC'; SET intervalstyle = 'postgres';
SET pg_revops.now = '2026-03-02 09:00+00';
SELECT revops.create_workspace('w');
\x on
SELECT * FROM revops.handoff_rule;
\x off
SELECT revops.draft_agreement() AS draft \gset
INSERT INTO revops.signal (signal, direction) VALUES ('letter', 'outbound');
UPDATE revops.handoff_rule SET attempts = 4, attempts_days = 3, attempts_signals = '{call,letter}' WHERE agreement_id = :draft;
SELECT part, change, what, in_a, in_b FROM revops.diff_agreement(1, :draft);

-- what is in force stays
UPDATE revops.handoff_rule SET attempts = 1 WHERE agreement_id = 1;

-- what a rule cannot say
UPDATE revops.handoff_rule SET accept_within = '-1 hour' WHERE agreement_id = :draft;
UPDATE revops.handoff_rule SET accept_within = '1 month' WHERE agreement_id = :draft;
UPDATE revops.handoff_rule SET accept_within = NULL, silence_accepts = true WHERE agreement_id = :draft;
UPDATE revops.handoff_rule SET attempts_days = 5 WHERE agreement_id = :draft;
UPDATE revops.handoff_rule SET no_response_for = '0' WHERE agreement_id = :draft;
UPDATE revops.handoff_rule SET attempts_signals = '{}' WHERE agreement_id = :draft;
UPDATE revops.handoff_rule SET attempts_signals = '{pigeon}' WHERE agreement_id = :draft;
INSERT INTO revops.calendar (calendar, time_zone) VALUES ('never', 'UTC');
UPDATE revops.handoff_rule SET accept_within = '1 day', accept_calendar_id = 1 WHERE agreement_id = :draft;
UPDATE revops.handoff_rule SET accept_within = '8 hours', accept_calendar_id = 1 WHERE agreement_id = :draft;
SELECT * FROM revops.agreement_problems(:draft);
UPDATE revops.handoff_rule SET accept_calendar_id = NULL WHERE agreement_id = :draft;
SELECT revops.adopt_agreement(:draft);
-- a signal that it counts stays
DELETE FROM revops.signal WHERE signal = 'letter';
-- and the next draft begins with what is in force
SELECT revops.draft_agreement() AS next \gset
SELECT attempts, attempts_days, attempts_signals, accept_within, silence_accepts
FROM revops.handoff_rule WHERE agreement_id = :next;
SELECT definition, operation, count(*) FROM revops.definition_change
WHERE definition = 'handoff_rule' GROUP BY 1, 2 ORDER BY 1, 2;
-- reasons of one's own: they belong to the version, and a copy of it keeps them
INSERT INTO revops.reason (reason, label, applies_to) VALUES ('mute', 'says nothing', '{reject,recycle}');
UPDATE revops.handoff_rule SET no_response_reason = 'mute' WHERE agreement_id = :next;
SELECT revops.adopt_agreement(:next) IS NOT NULL AS adopted;
DELETE FROM revops.reason WHERE reason = 'mute';
SELECT revops.draft_agreement() AS last \gset
SELECT no_response_reason, duplicate_reason FROM revops.handoff_rule WHERE agreement_id = :last;
SELECT * FROM revops.agreement_problems(:last);
