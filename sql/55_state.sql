-- State: derived from facts, written by settle alone; verify() recomputes it.

CREATE SEQUENCE revops.lead_id CACHE 32;
CREATE TABLE revops.lead
(
    lead_id      bigint NOT NULL,
    profile_id   bigint NOT NULL,
    created_at   timestamptz NOT NULL,
    settled_at   timestamptz NOT NULL,
    stage_since  timestamptz NOT NULL,
    intent_pos   double precision NOT NULL,
    intent_neg   double precision NOT NULL,
    fall_at      timestamptz NOT NULL DEFAULT 'infinity',
    workspace_id int NOT NULL,
    binding_id   int NOT NULL,
    agreement_id int NOT NULL,
    rank         int NOT NULL DEFAULT -2147483647,
    moves        int NOT NULL,
    assignments  int NOT NULL,
    clocks       int NOT NULL,
    touches      int NOT NULL,
    fit          smallint NOT NULL,
    running      smallint NOT NULL,
    unpruned     smallint NOT NULL DEFAULT 0,
    disqualified boolean NOT NULL,
    handed_over  boolean NOT NULL,
    enrolled     boolean NOT NULL DEFAULT false,
    awaited      boolean NOT NULL DEFAULT false,
    held         boolean NOT NULL DEFAULT false,
    enriched     boolean NOT NULL DEFAULT false,
    -- what an index holds comes first, and what may be NULL last: columns behind a NULL are slow to reach
    key          text COLLATE "C" NOT NULL,
    stage        text COLLATE "C" NOT NULL,
    last_touch_at timestamptz,
    assigned_at  timestamptz,
    gone_at      timestamptz,
    team_id      int,
    rep_id       int,
    source       text COLLATE "C",
    campaign     text COLLATE "C",
    segment      text COLLATE "C",
    fit_set      smallint,
    intent_set   smallint,
    disqualified_set smallint,
    PRIMARY KEY (lead_id),
    CONSTRAINT lead_key UNIQUE (binding_id, key)
) WITH (fillfactor = 70);
-- who is hottest at any moment (hot_leads()); the rank is put up ahead, so that most touches leave the index
-- alone.  By version, as sums of different half-lives can't be compared; the lead breaks ties of those without intent.
CREATE INDEX lead_rank ON revops.lead (agreement_id, fit, rank, lead_id);
COMMENT ON TABLE revops.lead IS 'State of a lead. Read the view lead_status instead: it adds what has not been folded yet, and time.';
COMMENT ON COLUMN revops.lead.lead_id IS 'number of the lead';
COMMENT ON COLUMN revops.lead.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.lead.binding_id IS 'binding of the host''s row';
COMMENT ON COLUMN revops.lead.agreement_id IS 'version that fit and the intent sums were computed under';
COMMENT ON COLUMN revops.lead.created_at IS 'when the lead was created, by the host''s created_at where mapped';
COMMENT ON COLUMN revops.lead.settled_at IS 'engine time of the last settle';
COMMENT ON COLUMN revops.lead.stage_since IS 'when it entered its stage';
COMMENT ON COLUMN revops.lead.gone_at IS 'when the host deleted the row; NULL: there';
COMMENT ON COLUMN revops.lead.last_touch_at IS 'latest occurred_at of its touches';
COMMENT ON COLUMN revops.lead.assigned_at IS 'when it got its present team and rep';
COMMENT ON COLUMN revops.lead.profile_id IS 'change_id of its profile in force';
COMMENT ON COLUMN revops.lead.intent_pos IS 'log2 of the sum of positive points, in forward-decay units; -Infinity: none';
COMMENT ON COLUMN revops.lead.intent_neg IS 'log2 of the sum of negative points, in forward-decay units; -Infinity: none';
COMMENT ON COLUMN revops.lead.fall_at IS 'when its timer intent_falls fires: the next moment at which it falls through a border by decay alone, or earlier where touches have come since; infinity: it has none';
COMMENT ON COLUMN revops.lead.team_id IS 'team that has it';
COMMENT ON COLUMN revops.lead.rep_id IS 'rep who has it';
COMMENT ON COLUMN revops.lead.moves IS 'stage changes so far';
COMMENT ON COLUMN revops.lead.assignments IS 'assignments so far';
COMMENT ON COLUMN revops.lead.clocks IS 'SLA clocks started so far';
COMMENT ON COLUMN revops.lead.touches IS 'touches so far, net of those taken back';
COMMENT ON COLUMN revops.lead.running IS 'promises that run now, the sum of: first_response 1, acceptance 2, attempts 4, next_touch 8, stage_time 16';
COMMENT ON COLUMN revops.lead.fit IS 'fit, 0 to 100';
COMMENT ON COLUMN revops.lead.disqualified IS 'true: a disqualifying rule holds';
COMMENT ON COLUMN revops.lead.handed_over IS 'true: handed to sales, and its first response has been promised once for this handoff';
COMMENT ON COLUMN revops.lead.enrolled IS 'true: in a track (see enrolment)';
COMMENT ON COLUMN revops.lead.awaited IS 'true: a conversation was had, and a timer nurture_silence looks whether silence follows';
COMMENT ON COLUMN revops.lead.held IS 'true: it would move by itself, but for what is missing: held_lead says what';
COMMENT ON COLUMN revops.lead.enriched IS 'true: some of its roles were filled by enrich()';
COMMENT ON COLUMN revops.lead.stage IS 'stage';
COMMENT ON COLUMN revops.lead.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.lead.source IS 'source';
COMMENT ON COLUMN revops.lead.campaign IS 'campaign';
COMMENT ON COLUMN revops.lead.segment IS 'segment';
COMMENT ON COLUMN revops.lead.fit_set IS 'fit that people have set (score_override), 0 to 100; NULL: they have not';
COMMENT ON COLUMN revops.lead.intent_set IS 'intent that people have set, 0 to 100; it does not fade. NULL: they have not';
COMMENT ON COLUMN revops.lead.disqualified_set IS '1 or 0: people have set that the lead is out, or is not; NULL: they have not';
COMMENT ON COLUMN revops.lead.unpruned IS 'earlier versions of this row that could not be pruned when it was written, because a snapshot was older: from eight on, touches that change no more than sums get deltas';
COMMENT ON COLUMN revops.lead.rank IS 'bound of its intent, so that an index tells who may be hottest, at any moment: log2 of intent in forward-decay units is at most a sixteenth of it. Put up ahead of the sums, by two at most, so that few touches change it. -2147483647: no intent; -2147483648: gone';
-- not cached: the last word on a lead has the highest number
CREATE SEQUENCE revops.delta_id;
CREATE TABLE revops.lead_delta
(
    lead_id      bigint NOT NULL,
    delta_id     bigint NOT NULL,
    workspace_id int NOT NULL,
    agreement_id int NOT NULL,
    at           timestamptz NOT NULL,
    last_touch_at timestamptz,
    answers      boolean NOT NULL,
    profile_id   bigint,
    intent_pos   double precision NOT NULL,
    intent_neg   double precision NOT NULL,
    touches      int NOT NULL,
    recount      boolean NOT NULL,
    gone         boolean,
    opportunity  text COLLATE "C",
    opportunity_at timestamptz,
    new_key      text COLLATE "C",
    personal     jsonb,
    urgent       boolean NOT NULL DEFAULT true,
    PRIMARY KEY (lead_id, delta_id)
);
CREATE INDEX lead_delta_key ON revops.lead_delta (new_key) WHERE new_key IS NOT NULL;
CREATE INDEX lead_delta_urgent ON revops.lead_delta (lead_id) WHERE urgent;
COMMENT ON TABLE revops.lead_delta IS 'What could not be settled at once: the lead was busy, or hot (see lead.unpruned), or the transaction REPEATABLE READ, SERIALIZABLE or prepared. Folded by the next settle that locks the lead, by the background worker, or by settle(); views count it at once.';
COMMENT ON COLUMN revops.lead_delta.lead_id IS 'the lead';
COMMENT ON COLUMN revops.lead_delta.delta_id IS 'number of the delta, growing';
COMMENT ON COLUMN revops.lead_delta.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.lead_delta.agreement_id IS 'version whose points the sums use';
COMMENT ON COLUMN revops.lead_delta.at IS 'engine time when it was written';
COMMENT ON COLUMN revops.lead_delta.last_touch_at IS 'latest occurred_at among its touches';
COMMENT ON COLUMN revops.lead_delta.answers IS 'true: some of its touches may keep a promise, or are a conversation';
COMMENT ON COLUMN revops.lead_delta.profile_id IS 'change_id of a new profile';
COMMENT ON COLUMN revops.lead_delta.intent_pos IS 'log2 of the sum of positive points, in forward-decay units';
COMMENT ON COLUMN revops.lead_delta.intent_neg IS 'log2 of the sum of negative points, in forward-decay units';
COMMENT ON COLUMN revops.lead_delta.touches IS 'touches, net of those taken back';
COMMENT ON COLUMN revops.lead_delta.recount IS 'true: a touch was taken back, or may be capped: the lead''s touches are summed anew';
COMMENT ON COLUMN revops.lead_delta.gone IS 'true: the host deleted the row; false: it is back';
COMMENT ON COLUMN revops.lead_delta.opportunity IS 'open or won: a deal that is to move the lead; lost, or open,lost: one that was lost, and no other of the lead is open or won';
COMMENT ON COLUMN revops.lead_delta.opportunity_at IS 'when the deal was opened or won; of one that was lost: when that was told';
COMMENT ON COLUMN revops.lead_delta.personal IS 'personal roles of a new profile, until they are folded into lead_identity; erased by forget()';
COMMENT ON COLUMN revops.lead_delta.urgent IS 'true: it may move the lead or keep its promise, so it is to be folded at once; false: touches that change no more than sums';
COMMENT ON COLUMN revops.lead_delta.new_key IS 'key that the host gave the row: the lead is found by it at once';

CREATE TABLE revops.lead_identity
(
    lead_id      bigint NOT NULL,
    workspace_id int NOT NULL,
    personal     jsonb NOT NULL,
    enriched     jsonb,
    PRIMARY KEY (lead_id)
);
COMMENT ON TABLE revops.lead_identity IS 'Personal roles of a lead (e-mail, phone, name ...): the one place where a person is named, and erased.';
COMMENT ON COLUMN revops.lead_identity.lead_id IS 'the lead';
COMMENT ON COLUMN revops.lead_identity.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.lead_identity.personal IS 'personal roles that are not NULL';
COMMENT ON COLUMN revops.lead_identity.enriched IS 'those that enrich() has filled, which count where the host''s row has none; NULL: none';

CREATE TABLE revops.sla_clock
(
    lead_id      bigint NOT NULL,
    seq          int NOT NULL,
    workspace_id int NOT NULL,
    agreement_id int NOT NULL,
    policy_id    int NOT NULL,
    calendar_id  int,
    team_id      int,
    rep_id       int,
    started_at   timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    stopped_at   timestamptz,
    breached_at  timestamptz,
    outcome      text COLLATE "C",
    promise      text COLLATE "C" NOT NULL,
    source       text COLLATE "C",
    campaign     text COLLATE "C",
    segment      text COLLATE "C",
    fires_at     timestamptz,
    paused_at    timestamptz,
    counts_from  timestamptz,
    time_left    interval,
    steps        int,
    PRIMARY KEY (lead_id, seq)
) WITH (fillfactor = 90);
CREATE INDEX sla_clock_fires ON revops.sla_clock (fires_at) WHERE fires_at IS NOT NULL;
CREATE INDEX sla_clock_rep ON revops.sla_clock (rep_id, due_at) WHERE stopped_at IS NULL;
COMMENT ON TABLE revops.sla_clock IS 'State: running and ended promises. A clock is its own timer; it is breached from due_at on, whether or not anything ran then.';
COMMENT ON COLUMN revops.sla_clock.lead_id IS 'the lead';
COMMENT ON COLUMN revops.sla_clock.seq IS 'number of the clock within the lead, from 1';
COMMENT ON COLUMN revops.sla_clock.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.sla_clock.agreement_id IS 'version of the agreement';
COMMENT ON COLUMN revops.sla_clock.policy_id IS 'the policy';
COMMENT ON COLUMN revops.sla_clock.calendar_id IS 'calendar that counts: the rep''s or the policy''s; NULL: wall time';
COMMENT ON COLUMN revops.sla_clock.team_id IS 'team that had the lead at the start';
COMMENT ON COLUMN revops.sla_clock.rep_id IS 'rep who had the lead at the start';
COMMENT ON COLUMN revops.sla_clock.started_at IS 'when it started';
COMMENT ON COLUMN revops.sla_clock.due_at IS 'when the promise is due; infinity while it is paused';
COMMENT ON COLUMN revops.sla_clock.stopped_at IS 'when it ended; NULL: it runs';
COMMENT ON COLUMN revops.sla_clock.breached_at IS 'due_at, once run_due() has noticed the breach and told of it';
COMMENT ON COLUMN revops.sla_clock.outcome IS 'kept, late or void (the lead was rejected, recycled or deleted first, or given to another rep before it was due); NULL: it runs';
COMMENT ON COLUMN revops.sla_clock.promise IS 'what is promised: as sla_policy.promise';
COMMENT ON COLUMN revops.sla_clock.source IS 'source of the lead at the start';
COMMENT ON COLUMN revops.sla_clock.campaign IS 'campaign of the lead at the start';
COMMENT ON COLUMN revops.sla_clock.segment IS 'segment of the lead at the start';
COMMENT ON COLUMN revops.sla_clock.fires_at IS 'when something is to be done about it next: the due time, a step before or after it; NULL: nothing is, because it has ended, is paused, or all is done';
COMMENT ON COLUMN revops.sla_clock.paused_at IS 'since when time does not count; NULL: it does, or the clock has ended';
COMMENT ON COLUMN revops.sla_clock.counts_from IS 'since when time counts again after the last pause; NULL: it was never paused';
COMMENT ON COLUMN revops.sla_clock.time_left IS 'time that was left of the promise at paused_at or counts_from, business time where there is a calendar; NULL: it was never paused';
COMMENT ON COLUMN revops.sla_clock.steps IS 'steps of the policy (sla_step) that were taken or passed over, as bits by position (1 is bit 0); NULL: none';

CREATE SEQUENCE revops.opportunity_id CACHE 32;
CREATE TABLE revops.opportunity
(
    opportunity_id bigint NOT NULL PRIMARY KEY,
    workspace_id int NOT NULL,
    binding_id   int NOT NULL,
    lead_id      bigint,
    opened_at    timestamptz NOT NULL,
    closed_at    timestamptz,
    status       text COLLATE "C" NOT NULL,
    amount       numeric,
    currency     text COLLATE "C",
    base_amount  numeric,
    key          text COLLATE "C" NOT NULL,
    owner        text COLLATE "C",
    product      text COLLATE "C",
    nature       text COLLATE "C",
    reason       text COLLATE "C",
    competitor   text COLLATE "C",
    CONSTRAINT opportunity_key UNIQUE (binding_id, key)
);
CREATE INDEX opportunity_lead ON revops.opportunity (lead_id);
COMMENT ON TABLE revops.opportunity IS 'State of an opportunity (deal).';
COMMENT ON COLUMN revops.opportunity.opportunity_id IS 'number of the opportunity';
COMMENT ON COLUMN revops.opportunity.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.opportunity.binding_id IS 'binding of the host''s row';
COMMENT ON COLUMN revops.opportunity.lead_id IS 'its lead; NULL: the host named none that is known';
COMMENT ON COLUMN revops.opportunity.opened_at IS 'when it was opened';
COMMENT ON COLUMN revops.opportunity.closed_at IS 'when it was won or lost';
COMMENT ON COLUMN revops.opportunity.status IS 'open, won, lost or gone (deleted)';
COMMENT ON COLUMN revops.opportunity.amount IS 'amount in currency';
COMMENT ON COLUMN revops.opportunity.currency IS 'ISO 4217 code';
COMMENT ON COLUMN revops.opportunity.base_amount IS 'amount in the workspace''s currency; NULL: no rate';
COMMENT ON COLUMN revops.opportunity.key IS 'key of the host''s row as text';
COMMENT ON COLUMN revops.opportunity.owner IS 'code of the rep who has the deal, as the host writes it; NULL: not told';
COMMENT ON COLUMN revops.opportunity.product IS 'what is sold; NULL: not told';
COMMENT ON COLUMN revops.opportunity.nature IS 'new, renewal or expansion, as the host writes it; NULL: not told, and KPIs take a lead''s first won deal for new, later ones for expansion';
COMMENT ON COLUMN revops.opportunity.reason IS 'coded reason of the win or loss; NULL: not told';
COMMENT ON COLUMN revops.opportunity.competitor IS 'who else was in the race; NULL: not told';

CREATE TABLE revops.timer
(
    timer_id     bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    workspace_id int NOT NULL,
    lead_id      bigint NOT NULL,
    seq          int NOT NULL,
    due_at       timestamptz NOT NULL,
    timer        text COLLATE "C" NOT NULL
);
CREATE INDEX timer_due ON revops.timer (due_at);
CREATE INDEX timer_lead ON revops.timer (lead_id);
COMMENT ON TABLE revops.timer IS 'State: what falls due by time alone; run_due() fires each once and deletes it.';
COMMENT ON COLUMN revops.timer.timer_id IS 'number of the timer';
COMMENT ON COLUMN revops.timer.workspace_id IS 'workspace';
COMMENT ON COLUMN revops.timer.lead_id IS 'the lead';
COMMENT ON COLUMN revops.timer.seq IS 'moves of the lead when it was set: a later move makes the timer void, of the kinds that say so. Of nurture_step: seq of the enrolment';
COMMENT ON COLUMN revops.timer.due_at IS 'when it fires';
COMMENT ON COLUMN revops.timer.timer IS 'recycle_due: a recycled lead comes back; intent_falls: a lead falls through a border by decay alone, unless it has been touched since (void where lead.fall_at is not due_at); nurture_step: a track''s next step is due (void where enrolment.next_at is later, or NULL); nurture_silence: a lead that spoke may have been silent since; override_ends: what people have set for a lead''s score holds no longer; stay_over: the longest stay in its stage is over; silent_accept: sales has said nothing for as long as is agreed (both void by a move); route_waiting: somebody of the team that a lead waits in may be there (void once a rep has it)';

-- Written straight into the heap, as facts are: no triggers, no CHECKs.  Its
-- identity is not cached: of two entries of one row the later has the higher number.
-- Its steps are as wide as a packet may have entries.
CREATE TABLE revops.inbox
(
    inbox_id     bigint GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY 512) PRIMARY KEY,
    binding_id   int NOT NULL,
    at           timestamptz NOT NULL,
    key          text COLLATE "C",
    what         text COLLATE "C" NOT NULL DEFAULT 'reread',
    told_at      timestamptz,
    txid         xid8,
    statement    bigint,
    tries        int NOT NULL DEFAULT 0,
    lead_binding_id int,
    lead_key     text COLLATE "C",
    old_key      text COLLATE "C",
    actor        text COLLATE "C",
    roles        jsonb,
    personal     jsonb
);
CREATE INDEX inbox_at ON revops.inbox (at);
CREATE INDEX inbox_key ON revops.inbox (binding_id, key);
CREATE INDEX inbox_lead ON revops.inbox (lead_binding_id, lead_key) WHERE lead_key IS NOT NULL;
COMMENT ON TABLE revops.inbox IS 'What is still to be settled, but for what is packed (inbox_packet; the view inbox_entry shows both): what statements on queued bindings said, touches and deals whose lead is not known yet, activities that are planned for later, host rows that a fault kept from being settled. settle() and run_due() read it, in order of inbox_id; of changes of one row by one transaction, with no move among them, the last counts.';
COMMENT ON COLUMN revops.inbox.inbox_id IS 'number of the entry, growing: of two changes of one host row the later one has the higher';
COMMENT ON COLUMN revops.inbox.binding_id IS 'the binding';
COMMENT ON COLUMN revops.inbox.at IS 'engine time from which on it is read: at once, when a planned activity is due, or when it is tried again';
COMMENT ON COLUMN revops.inbox.key IS 'key of the host''s row as text; NULL: it has none, or the entry speaks of the whole table';
COMMENT ON COLUMN revops.inbox.what IS 'written (the row is there; a gone lead is back), changed (it was there before too), moved (and its stage, owner or team changed), ours (they changed, too, but it was we who wrote them back), seen (an update that changed no role: news only of a lead that is not known), removed (it is gone, or no lead, touch or deal any more), cancelled (a touch that waited for its lead was taken back), renamed (a deal''s key changed), truncated (all rows are gone), reread (the host''s row is read again), looked_up (so is that of a lead that is known: what its roles look up has changed)';
COMMENT ON COLUMN revops.inbox.told_at IS 'engine time when the host''s statement said it: what is settled is dated so. NULL: not known, engine time of the settle counts';
COMMENT ON COLUMN revops.inbox.txid IS 'transaction of that statement';
COMMENT ON COLUMN revops.inbox.statement IS 'inbox_id of the first entry of that statement';
COMMENT ON COLUMN revops.inbox.tries IS 'how often it failed, or found no lead; after each time it waits twice as long: 1 s, 2 s ... up to an hour (a day where only the lead is missing)';
COMMENT ON COLUMN revops.inbox.lead_binding_id IS 'binding of the lead that it waits for';
COMMENT ON COLUMN revops.inbox.lead_key IS 'key of a lead that is not known: it waits for that lead; NULL: it waits for none';
COMMENT ON COLUMN revops.inbox.old_key IS 'key before the statement, where that changed it';
COMMENT ON COLUMN revops.inbox.actor IS 'role that ran the statement';
COMMENT ON COLUMN revops.inbox.roles IS 'roles of the row that are not NULL, the personal ones aside; what they were before, the entry before says, or the lead''s profile';
COMMENT ON COLUMN revops.inbox.personal IS 'personal roles, until they are settled into lead_identity; erased by forget()';

-- One tuple fills a page: nothing of it is compressed or put elsewhere.
CREATE TABLE revops.inbox_packet
(
    inbox_id     bigint NOT NULL,
    told_at      timestamptz NOT NULL,
    txid         xid8 NOT NULL,
    statement    bigint NOT NULL,
    binding_id   int NOT NULL,
    entries      int NOT NULL,
    actor        text COLLATE "C" NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (inbox_id)
);
ALTER TABLE revops.inbox_packet ALTER COLUMN actor SET STORAGE PLAIN, ALTER COLUMN body SET STORAGE PLAIN;
COMMENT ON TABLE revops.inbox_packet IS 'What statements on queued bindings said of rows, many entries of one statement packed into each row. settle() reads it together with table inbox, in order of inbox_id, and deletes it; what waits or failed goes on as rows of table inbox. The view inbox_entry shows what is in it.';
COMMENT ON COLUMN revops.inbox_packet.inbox_id IS 'number of the first entry; those after it have the numbers that follow';
COMMENT ON COLUMN revops.inbox_packet.told_at IS 'engine time when the host''s statement said it: what is settled is dated so';
COMMENT ON COLUMN revops.inbox_packet.txid IS 'transaction of that statement';
COMMENT ON COLUMN revops.inbox_packet.statement IS 'inbox_id of the first entry of that statement';
COMMENT ON COLUMN revops.inbox_packet.binding_id IS 'the binding';
COMMENT ON COLUMN revops.inbox_packet.entries IS 'how many entries it has, at most 512';
COMMENT ON COLUMN revops.inbox_packet.actor IS 'role that ran the statement';
COMMENT ON COLUMN revops.inbox_packet.body IS 'the entries, at most 8 kB: names of the roles, and of each entry what it says, its keys and roles, in a form of our own (packet_entries() reads it); forget() erases the personal roles of a lead in it';

CREATE FUNCTION revops.packet_entries(body bytea, OUT n int, OUT key text, OUT what text, OUT old_key text, OUT roles jsonb, OUT personal jsonb)
    RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'revops_packet_entries';
COMMENT ON FUNCTION revops.packet_entries(bytea) IS
    'The entries of a packet of the inbox, numbered from 0, as table inbox would have them. Raises RV004 for bytes that are no packet.';

CREATE VIEW revops.inbox_entry AS
SELECT inbox_id, binding_id, at, key, what, told_at, txid, statement, tries, lead_binding_id, lead_key, old_key, actor, roles, personal
FROM revops.inbox
UNION ALL
SELECT p.inbox_id + e.n, p.binding_id, p.told_at, e.key, e.what, p.told_at, p.txid, p.statement, 0, NULL, NULL, e.old_key, p.actor, e.roles, e.personal
FROM revops.inbox_packet p, revops.packet_entries(p.body) e;
COMMENT ON VIEW revops.inbox_entry IS 'All that is still to be settled, an entry a row: rows of table inbox, and what is packed in table inbox_packet.';
COMMENT ON COLUMN revops.inbox_entry.inbox_id IS 'number of the entry, growing';
COMMENT ON COLUMN revops.inbox_entry.binding_id IS 'the binding';
COMMENT ON COLUMN revops.inbox_entry.at IS 'engine time from which on it is read';
COMMENT ON COLUMN revops.inbox_entry.key IS 'key of the host''s row as text; NULL: it has none, or the entry speaks of the whole table';
COMMENT ON COLUMN revops.inbox_entry.what IS 'what it says: see inbox.what';
COMMENT ON COLUMN revops.inbox_entry.told_at IS 'engine time when the host''s statement said it; NULL: not known';
COMMENT ON COLUMN revops.inbox_entry.txid IS 'transaction of that statement; NULL: not known';
COMMENT ON COLUMN revops.inbox_entry.statement IS 'inbox_id of the first entry of that statement; NULL: not known';
COMMENT ON COLUMN revops.inbox_entry.tries IS 'how often it failed, or found no lead';
COMMENT ON COLUMN revops.inbox_entry.lead_binding_id IS 'binding of the lead that it waits for; NULL: it waits for none';
COMMENT ON COLUMN revops.inbox_entry.lead_key IS 'key of the lead that it waits for; NULL: it waits for none';
COMMENT ON COLUMN revops.inbox_entry.old_key IS 'key before the statement, where that changed it';
COMMENT ON COLUMN revops.inbox_entry.actor IS 'role that ran the statement; NULL: not known';
COMMENT ON COLUMN revops.inbox_entry.roles IS 'roles of the row that are not NULL, the personal ones aside';
COMMENT ON COLUMN revops.inbox_entry.personal IS 'personal roles';

CREATE TABLE revops.fault
(
    fault_id     bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL,
    binding_id   int,
    lead_id      bigint,
    key          text COLLATE "C",
    object       text,
    sqlstate     text,
    message      text NOT NULL,
    detail       text,
    occurrences  int NOT NULL DEFAULT 1
);
COMMENT ON TABLE revops.fault IS 'What went wrong without failing the host''s statement: a rule that raised, a code that nothing defines, a touch that names no lead or has waited for its lead for a day.';
COMMENT ON COLUMN revops.fault.fault_id IS 'number of the fault';
COMMENT ON COLUMN revops.fault.at IS 'engine time';
COMMENT ON COLUMN revops.fault.binding_id IS 'the binding';
COMMENT ON COLUMN revops.fault.lead_id IS 'the lead';
COMMENT ON COLUMN revops.fault.key IS 'key of the host''s row';
COMMENT ON COLUMN revops.fault.object IS 'what it concerns: a rule, role, signal, stage, rep ...';
COMMENT ON COLUMN revops.fault.sqlstate IS 'SQLSTATE';
COMMENT ON COLUMN revops.fault.message IS 'message';
COMMENT ON COLUMN revops.fault.detail IS 'detail';
COMMENT ON COLUMN revops.fault.occurrences IS 'how often it happened within one statement; key and lead are of the first time';
