-- Facts: append-only.  Written by the engine alone, straight into the heap: no
-- triggers on INSERT, no CHECKs, no foreign keys here (settle/writer.c checks).
-- Facts hold ids, codes and non-personal dimensions only.

CREATE SEQUENCE revops.touch_id CACHE 32;
CREATE TABLE revops.touch
(
    lead_id      bigint NOT NULL,
    occurred_at  timestamptz NOT NULL,
    touch_id     bigint NOT NULL,
    recorded_at  timestamptz NOT NULL,
    workspace_id int NOT NULL,
    signal_id    int,
    binding_id   int,
    sign         smallint NOT NULL,
    source_key   text COLLATE "C",
    -- never NULL: a byte each, where a NULL would cost the row eight
    source       text COLLATE "C" NOT NULL DEFAULT '',
    campaign     text COLLATE "C" NOT NULL DEFAULT '',
    content      text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (lead_id, occurred_at, touch_id)
);
COMMENT ON TABLE revops.touch IS 'Fact: one dated interaction with a lead. A host''s edit or delete appends a row of sign -1 that takes the touch back, with the same origin (source, campaign, content).';
COMMENT ON COLUMN revops.touch.lead_id IS 'the lead';
COMMENT ON COLUMN revops.touch.occurred_at IS 'when it happened';
COMMENT ON COLUMN revops.touch.touch_id IS 'number of the touch';
COMMENT ON COLUMN revops.touch.recorded_at IS 'engine time when it was recorded';
COMMENT ON COLUMN revops.touch.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.touch.signal_id IS 'its signal; NULL: the host wrote a code that no signal has (see fault)';
COMMENT ON COLUMN revops.touch.binding_id IS 'binding that brought it; NULL: record_touch(), or a merge (merged_touch)';
COMMENT ON COLUMN revops.touch.sign IS '1: happened; -1: taken back';
COMMENT ON COLUMN revops.touch.source_key IS 'key of the host''s row';
COMMENT ON COLUMN revops.touch.source IS 'channel that it came by (paid_search, referral, event ...); empty: not told';
COMMENT ON COLUMN revops.touch.campaign IS 'campaign that it belongs to; empty: not told';
COMMENT ON COLUMN revops.touch.content IS 'page, asset or mailing that it was about; empty: not told';

-- not cached: of two changes of a lead the later one has the higher number
CREATE SEQUENCE revops.change_id;
CREATE TABLE revops.profile_change
(
    lead_id      bigint NOT NULL,
    change_id    bigint NOT NULL,
    at           timestamptz NOT NULL,
    workspace_id int NOT NULL,
    binding_id   int NOT NULL,
    profile      jsonb NOT NULL,
    PRIMARY KEY (lead_id, change_id)
);
COMMENT ON TABLE revops.profile_change IS 'Fact: the values of a lead''s roles from a moment on. Personal roles are not here but in lead_identity.';
COMMENT ON COLUMN revops.profile_change.lead_id IS 'the lead';
COMMENT ON COLUMN revops.profile_change.change_id IS 'number of the change, growing';
COMMENT ON COLUMN revops.profile_change.at IS 'engine time of the change';
COMMENT ON COLUMN revops.profile_change.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.profile_change.binding_id IS 'binding that brought it';
COMMENT ON COLUMN revops.profile_change.profile IS 'all non-personal roles that are not NULL';

CREATE TABLE revops.stage_change
(
    lead_id      bigint NOT NULL,
    seq          int NOT NULL,
    workspace_id int NOT NULL,
    agreement_id int NOT NULL,
    at           timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    lead_created_at timestamptz NOT NULL,
    spent        interval,
    team_id      int,
    rep_id       int,
    fit          smallint NOT NULL,
    intent       smallint NOT NULL,
    score        smallint NOT NULL,
    violation    boolean NOT NULL,
    from_stage   text COLLATE "C",
    to_stage     text COLLATE "C" NOT NULL,
    cause        text COLLATE "C" NOT NULL,
    reason       text COLLATE "C",
    actor        text COLLATE "C" NOT NULL,
    source       text COLLATE "C",
    campaign     text COLLATE "C",
    segment      text COLLATE "C",
    violated     text COLLATE "C",
    PRIMARY KEY (lead_id, seq)
);
COMMENT ON TABLE revops.stage_change IS 'Fact: a lead entered a stage. Carries the dimensions that the KPIs need, so that none of them joins the host''s tables.';
COMMENT ON COLUMN revops.stage_change.lead_id IS 'the lead';
COMMENT ON COLUMN revops.stage_change.seq IS 'number of the move within the lead, from 1 (its entry)';
COMMENT ON COLUMN revops.stage_change.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.stage_change.agreement_id IS 'version of the agreement in force';
COMMENT ON COLUMN revops.stage_change.at IS 'when it entered; for the entry: when the lead was created';
COMMENT ON COLUMN revops.stage_change.recorded_at IS 'engine time of the settle that decided it';
COMMENT ON COLUMN revops.stage_change.lead_created_at IS 'when the lead was created: its cohort';
COMMENT ON COLUMN revops.stage_change.spent IS 'time spent in the stage left (exact time); NULL at entry';
COMMENT ON COLUMN revops.stage_change.team_id IS 'team that had the lead after the move';
COMMENT ON COLUMN revops.stage_change.rep_id IS 'rep who had the lead after the move';
COMMENT ON COLUMN revops.stage_change.fit IS 'fit then, 0 to 100';
COMMENT ON COLUMN revops.stage_change.intent IS 'intent then, 0 to 100';
COMMENT ON COLUMN revops.stage_change.score IS 'score then, 0 to 100';
COMMENT ON COLUMN revops.stage_change.violation IS 'true: the host made a move that the agreement does not allow; violated says why';
COMMENT ON COLUMN revops.stage_change.from_stage IS 'stage left; NULL at entry';
COMMENT ON COLUMN revops.stage_change.to_stage IS 'stage entered';
COMMENT ON COLUMN revops.stage_change.cause IS
    'what moved it: entry, score, disqualifier, accept, reject, recycle, advance, host, opportunity, won, due (a recycled lead''s date), adopted (a move of the past as the host remembers it: fit, intent and score then are not known, 0), renewed (a recycled lead''s renewed intent), condition (of its track''s way back), no_response, duplicate, overturned (its rejection was disputed, and did not hold), grade, criteria, lost (its deal), attempts (see auto_move, which may move by score, too), stay (the longest stay is over), silence (nobody of sales has said anything in the agreed time: accepted by nobody)';
COMMENT ON COLUMN revops.stage_change.reason IS 'coded reason';
COMMENT ON COLUMN revops.stage_change.actor IS 'role that acted';
COMMENT ON COLUMN revops.stage_change.source IS 'source of the lead then';
COMMENT ON COLUMN revops.stage_change.campaign IS 'campaign of the lead then';
COMMENT ON COLUMN revops.stage_change.segment IS 'segment of the lead then';
COMMENT ON COLUMN revops.stage_change.violated IS 'what the host''s move disregarded, separated by semicolons: transition (there is none), reason (none was given, or one that is not taken), needs: ROLES (empty), answers: QUESTIONS (without one), condition (the stage''s entry criteria); NULL: nothing';

CREATE TABLE revops.assignment
(
    lead_id      bigint NOT NULL,
    seq          int NOT NULL,
    workspace_id int NOT NULL,
    at           timestamptz NOT NULL,
    team_id      int,
    rep_id       int,
    from_team_id int,
    from_rep_id  int,
    route_id     int,
    cause        text COLLATE "C" NOT NULL,
    reason       text COLLATE "C",
    actor        text COLLATE "C" NOT NULL,
    source       text COLLATE "C",
    campaign     text COLLATE "C",
    segment      text COLLATE "C",
    PRIMARY KEY (lead_id, seq)
);
-- what one rep has (handoff_queue); a lead that nobody gets costs nothing
CREATE INDEX assignment_rep ON revops.assignment (rep_id);
COMMENT ON TABLE revops.assignment IS 'Fact: a lead was given to a team and a rep.';
COMMENT ON COLUMN revops.assignment.lead_id IS 'the lead';
COMMENT ON COLUMN revops.assignment.seq IS 'number of the assignment within the lead, from 1';
COMMENT ON COLUMN revops.assignment.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.assignment.at IS 'engine time; of a lead that was adopted with its owner: when the lead was created';
COMMENT ON COLUMN revops.assignment.team_id IS 'team that got it';
COMMENT ON COLUMN revops.assignment.rep_id IS 'rep who got it; NULL: the team''s queue';
COMMENT ON COLUMN revops.assignment.from_team_id IS 'team that had it';
COMMENT ON COLUMN revops.assignment.from_rep_id IS 'rep who had it';
COMMENT ON COLUMN revops.assignment.route_id IS 'route that chose the team';
COMMENT ON COLUMN revops.assignment.cause IS 'route (weighted round robin), kept (the owner it had), host (the host''s owner or team column), assign (by hand), unrouted (no route matched), released (a recycled lead came back, and its track does not give it to the rep who had it), accept (to the rep who accepted it), waited (somebody of its team was there again), reassigned (another rep of its team was to have it), returned (to the pool of its team), account (to who has its account), survivor (to who has the lead that it seems to be a duplicate of), duplicate (to nobody: it seems to be one, see matching)';
COMMENT ON COLUMN revops.assignment.reason IS 'coded reason';
COMMENT ON COLUMN revops.assignment.actor IS 'role that acted';
COMMENT ON COLUMN revops.assignment.source IS 'source of the lead then';
COMMENT ON COLUMN revops.assignment.campaign IS 'campaign of the lead then';
COMMENT ON COLUMN revops.assignment.segment IS 'segment of the lead then';

CREATE SEQUENCE revops.opportunity_change_id;
CREATE TABLE revops.opportunity_change
(
    opportunity_id bigint NOT NULL,
    change_id    bigint NOT NULL,
    workspace_id int NOT NULL,
    lead_id      bigint,
    at           timestamptz NOT NULL,
    status       text COLLATE "C" NOT NULL,
    amount       numeric,
    currency     text COLLATE "C",
    base_amount  numeric,
    owner        text COLLATE "C",
    product      text COLLATE "C",
    nature       text COLLATE "C",
    reason       text COLLATE "C",
    competitor   text COLLATE "C",
    PRIMARY KEY (opportunity_id, change_id)
);
COMMENT ON TABLE revops.opportunity_change IS 'Fact: an opportunity was opened, changed, won, lost or deleted.';
COMMENT ON COLUMN revops.opportunity_change.opportunity_id IS 'the opportunity';
COMMENT ON COLUMN revops.opportunity_change.change_id IS 'number of the change, growing';
COMMENT ON COLUMN revops.opportunity_change.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.opportunity_change.lead_id IS 'its lead; NULL: the host named none that is known';
COMMENT ON COLUMN revops.opportunity_change.at IS 'when: opened_at or closed_at of the host where mapped, else engine time';
COMMENT ON COLUMN revops.opportunity_change.status IS 'open, won, lost or gone (deleted)';
COMMENT ON COLUMN revops.opportunity_change.amount IS 'amount in currency';
COMMENT ON COLUMN revops.opportunity_change.currency IS 'ISO 4217 code; the workspace''s where the host maps none';
COMMENT ON COLUMN revops.opportunity_change.base_amount IS 'amount in the workspace''s currency at the rate of that day; NULL: no rate';
COMMENT ON COLUMN revops.opportunity_change.owner IS 'code of the rep who has the deal, as the host writes it; NULL: not told';
COMMENT ON COLUMN revops.opportunity_change.product IS 'what is sold; NULL: not told';
COMMENT ON COLUMN revops.opportunity_change.nature IS 'new, renewal or expansion, as the host writes it; NULL: not told';
COMMENT ON COLUMN revops.opportunity_change.reason IS 'coded reason of the win or loss; NULL: not told';
COMMENT ON COLUMN revops.opportunity_change.competitor IS 'who else was in the race; NULL: not told';

CREATE TABLE revops.intent_fall
(
    lead_id      bigint NOT NULL,
    seq          int NOT NULL,
    workspace_id int NOT NULL,
    agreement_id int NOT NULL,
    at           timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    fit          smallint NOT NULL,
    intent       smallint NOT NULL,
    score        smallint NOT NULL,
    border       text COLLATE "C" NOT NULL,
    from_grade   text COLLATE "C" NOT NULL,
    to_grade     text COLLATE "C" NOT NULL,
    PRIMARY KEY (lead_id, seq)
);
COMMENT ON TABLE revops.intent_fall IS 'Fact: a lead has fallen through a border of its version by decay alone, each time once. Written by run_due() or the worker; a lead that was touched before that has not fallen, unless it has still. Leads that are gone or disqualified fall unseen.';
COMMENT ON COLUMN revops.intent_fall.lead_id IS 'the lead';
COMMENT ON COLUMN revops.intent_fall.seq IS 'number of the fall within the lead, from 1';
COMMENT ON COLUMN revops.intent_fall.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.intent_fall.agreement_id IS 'version of the agreement';
COMMENT ON COLUMN revops.intent_fall.at IS 'first moment at which it was below the border, to the microsecond';
COMMENT ON COLUMN revops.intent_fall.recorded_at IS 'engine time when it was noticed';
COMMENT ON COLUMN revops.intent_fall.fit IS 'fit then';
COMMENT ON COLUMN revops.intent_fall.intent IS 'intent then';
COMMENT ON COLUMN revops.intent_fall.score IS 'score then';
COMMENT ON COLUMN revops.intent_fall.border IS 'grade_1, grade_2, grade_3 (the lower bounds of the grade''s digits: score_model.grade_intent), mql_intent, mql_score (floors of an MQL)';
COMMENT ON COLUMN revops.intent_fall.from_grade IS 'grade just before';
COMMENT ON COLUMN revops.intent_fall.to_grade IS 'grade then; the same where the border is a floor';

CREATE TABLE revops.score_override
(
    override_id  bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    lead_id      bigint NOT NULL,
    workspace_id int NOT NULL,
    part         text COLLATE "C" NOT NULL,
    value        smallint,
    reason       text COLLATE "C" NOT NULL,
    at           timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    actor        text COLLATE "C" NOT NULL
);
CREATE INDEX score_override_lead ON revops.score_override (lead_id, part, override_id);
COMMENT ON TABLE revops.score_override IS 'Fact: a person has set a part of a lead''s score in place of what the rules say, or has taken that back. The latest of a part counts, until its date; what it replaced does not come back.';
COMMENT ON COLUMN revops.score_override.override_id IS 'number, growing';
COMMENT ON COLUMN revops.score_override.lead_id IS 'the lead';
COMMENT ON COLUMN revops.score_override.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.score_override.part IS 'fit, intent or disqualified';
COMMENT ON COLUMN revops.score_override.value IS 'fit, intent: 0 to 100; disqualified: 1 (out) or 0 (not out); NULL: taken back, the rules count again';
COMMENT ON COLUMN revops.score_override.reason IS 'coded reason';
COMMENT ON COLUMN revops.score_override.at IS 'engine time from which on it holds';
COMMENT ON COLUMN revops.score_override.until IS 'when it ends; infinity: not by itself';
COMMENT ON COLUMN revops.score_override.actor IS 'role that acted';

-- not cached: of two events of a lead the later one has the higher number
CREATE SEQUENCE revops.event_id;
CREATE TABLE revops.event
(
    txid         xid8 NOT NULL,
    event_id     bigint NOT NULL,
    workspace_id int NOT NULL,
    lead_id      bigint,
    at           timestamptz NOT NULL,
    seq          int NOT NULL,
    event        text COLLATE "C" NOT NULL,
    PRIMARY KEY (txid, event_id)
);
COMMENT ON TABLE revops.event IS 'Fact and outbox: what happened, for consumers that read at their own pace (read_events()). What each kind says: event_kind, event_field.';
COMMENT ON COLUMN revops.event.txid IS 'transaction that wrote it: consumers read by difference of snapshots';
COMMENT ON COLUMN revops.event.event_id IS 'number; of two events of a lead the later one has the higher';
COMMENT ON COLUMN revops.event.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.event.lead_id IS 'the lead; NULL: it speaks of the agreement or of a rule';
COMMENT ON COLUMN revops.event.at IS 'engine time';
COMMENT ON COLUMN revops.event.seq IS 'seq of the stage_change, assignment, sla_clock or intent_fall row that it speaks of; of agreement_...: the agreement_id; of rule_meaning_changed: the rule_id; of score_overridden and override_ended: the override_id; of nurture_...: of the nurture_change; of duplicate_named: of the stage_change; of dispute_...: the dispute_id; of came_back: of the stage_change, which has the rep';
COMMENT ON COLUMN revops.event.event IS 'stage_changed (any move but the entry), assigned, sla_breached (once run_due() has noticed it), sla_warned, sla_step, sla_escalated, sla_paused, sla_resumed, sla_recomputed, sla_repaired (see sla_clock_change, whose no is the seq), intent_fell (the same; see intent_fall); score_overridden (a person has set a part of the score, or taken that back), override_ended (its date has come); lead_held (once a lead waits for what a stage asks for: held_back says what; seq is the number of its moves so far); agreement_proposed, agreement_approved (by one side; agreement_approval says which), agreement_refused, agreement_withdrawn, agreement_scheduled, agreement_activated, agreement_failed (it could not be put into force at its moment); rule_meaning_changed (see rule_meaning); nurture_enrolled, nurture_step_due, nurture_step_done, nurture_stopped, nurture_ended (see nurture_change); came_back (a recycled lead left nurture for anything but being disqualified: sales is to be told); duplicate_named (a lead was taken out as a duplicate: see duplicate_link), dispute_opened, dispute_resolved (of a rejection: see disputes); stay_over (a lead has stayed in its stage for as long as it may; seq is the number of its moves so far), moves_stopped (a chain of automatic moves had to stop, see fault)';

CREATE TABLE revops.definition_change
(
    change_id    bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT pg_catalog.now(),
    actor        text NOT NULL DEFAULT session_user,
    definition   text NOT NULL,
    operation    text NOT NULL,
    before       jsonb,
    after        jsonb
);
COMMENT ON TABLE revops.definition_change IS 'Fact: who changed which definition, and how.';
COMMENT ON COLUMN revops.definition_change.change_id IS 'number of the change';
COMMENT ON COLUMN revops.definition_change.at IS 'when';
COMMENT ON COLUMN revops.definition_change.actor IS 'session role that did it';
COMMENT ON COLUMN revops.definition_change.definition IS 'table of the definition';
COMMENT ON COLUMN revops.definition_change.operation IS 'INSERT, UPDATE, DELETE or TRUNCATE';
COMMENT ON COLUMN revops.definition_change.before IS 'the row before';
COMMENT ON COLUMN revops.definition_change.after IS 'the row after';
