-- What became of a clock between its start and its end.

CREATE TABLE revops.sla_clock_change
(
    lead_id      bigint NOT NULL,
    no           int NOT NULL,
    workspace_id int NOT NULL,
    seq          int NOT NULL,
    at           timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    before_at    timestamptz,
    change       text COLLATE "C" NOT NULL,
    agreement_id int NOT NULL,
    policy_id    int NOT NULL,
    position     int,
    time_left    interval,
    outcome      text COLLATE "C",
    before_outcome text COLLATE "C",
    PRIMARY KEY (lead_id, no)
);
COMMENT ON TABLE revops.sla_clock_change IS
    'Fact: what became of a clock while it ran, and of one that was put right afterwards: with sla_clock the trace of each minute that counted. Append-only.';
COMMENT ON COLUMN revops.sla_clock_change.lead_id IS 'the lead';
COMMENT ON COLUMN revops.sla_clock_change.no IS 'number of the change within the lead, from 1';
COMMENT ON COLUMN revops.sla_clock_change.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.sla_clock_change.seq IS 'number of the clock within the lead';
COMMENT ON COLUMN revops.sla_clock_change.at IS 'when it was done';
COMMENT ON COLUMN revops.sla_clock_change.due_at IS 'due time after it; infinity: it is paused';
COMMENT ON COLUMN revops.sla_clock_change.change IS 'paused, resumed, recomputed (by a newer version or a changed calendar), step (of sla_step: taken), passed (a step that could not be taken, or more often than at_most), repaired (a touch told late came before what had ended the clock)';
COMMENT ON COLUMN revops.sla_clock_change.agreement_id IS 'version of the agreement whose policy counted';
COMMENT ON COLUMN revops.sla_clock_change.policy_id IS 'that policy';
COMMENT ON COLUMN revops.sla_clock_change.position IS 'step, passed: position of the step in the policy';
COMMENT ON COLUMN revops.sla_clock_change.time_left IS 'paused, resumed: time that is left of the promise, business time where there is a calendar';
COMMENT ON COLUMN revops.sla_clock_change.outcome IS 'repaired: outcome after it; else NULL';
COMMENT ON COLUMN revops.sla_clock_change.before_at IS 'recomputed: the due time before; repaired: the end before (NULL: it ran, and its breach was told); else NULL';
COMMENT ON COLUMN revops.sla_clock_change.before_outcome IS 'repaired: outcome before (NULL: it ran, and its breach was told); else NULL';
