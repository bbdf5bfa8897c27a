/*
 * settle.c
 *		The one door: see settle.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/errors.h"
#include "base/handover.h"
#include "settle/answers.h"
#include "settle/auto.h"
#include "settle/capped.h"
#include "settle/clock_anew.h"
#include "settle/clock_steps.h"
#include "settle/clocks.h"
#include "settle/effects.h"
#include "settle/enrich.h"
#include "settle/env.h"
#include "settle/falls.h"
#include "settle/hold.h"
#include "settle/host_words.h"
#include "settle/nurture.h"
#include "settle/overrides.h"
#include "settle/pending.h"
#include "settle/refusal.h"
#include "settle/settle.h"
#include "settle/turns.h"
#include "time/decay.h"
#include "time/engine_time.h"

void
change_init(LeadChange *change)
{
	memset(change, 0, sizeof(LeadChange));
	change->opportunity_at = NO_TIME;
	change->verb.to_stage = NO_STAGE;
	change->verb.until = NO_TIME;
}

/* What every settle has. */
static void
begin(Settle *s)
{
	s->context = AllocSetContextCreate(CurrentMemoryContext, "pg_revops settle",
									   ALLOCSET_DEFAULT_SIZES);
	faults_init(&s->faults, s->context);
	settle_at(s, NO_TIME);
	GetUserIdAndSecContext(&s->user, &s->sec_context);
	s->actor_id = s->user;
	MemoryContextSwitchTo(s->context);
	writers_begin(&s->writers);
	MemoryContextSwitchTo(MemoryContextGetParent(s->context));
}

void
settle_begin_appending(Settle *s)
{
	memset(s, 0, sizeof(Settle));
	begin(s);
}

void
settle_begin(Settle *s, int32 workspace_id, bool careful)
{
	memset(s, 0, sizeof(Settle));
	s->careful = careful;
	s->def = definitions_of(workspace_id);
	s->agreement = s->def->agreement;
	if (s->agreement == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_AGREEMENT_STATE),
				 errmsg("workspace %d has no active agreement", workspace_id),
				 errdetail("Leads can't be settled before stages and a scoring model are in force."),
				 errhint("Complete a draft, have marketing and sales approve it, and call revops.activate_agreement().")));
	if (s->agreement->by_purpose[PURPOSE_ENTRY] == NO_STAGE)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
				 errmsg("agreement %d has no entry stage", s->agreement->agreement_id),
				 errdetail("New leads would have nowhere to go."),
				 errhint("Give one stage of a draft the purpose 'entry' and activate it.")));
	begin(s);
	s->lead_context = AllocSetContextCreate(s->context, "pg_revops lead",
											ALLOCSET_DEFAULT_SIZES);
	s->fired = MemoryContextAllocZero(s->context,
									  sizeof(uint64) * (s->agreement->nrules / 64 + 1));
}

void
settle_at(Settle *s, TimestampTz at)
{
	s->told_at = at;
	s->now = at == NO_TIME ? engine_clock() : at;
}

void
settle_adopt(Settle *s)
{
	s->adopt = true;
}

/* Rules that don't compile are told once for each compilation. */
static void
note_broken(Settle *s, RuleSet *set)
{
	FaultPlace	place = {s->binding->binding_id, 0, NULL};

	for (int i = 0; i < ruleset_count(set); i++)
	{
		const char *message;
		int			sqlstate;

		if (ruleset_broken(set, i, &message, &sqlstate))
			fault_note(&s->faults, &place, "definition", sqlstate, message,
					   "The rule counts as not matched.");
	}
}

/* Only where rules are going to run: most touches need none. */
static void
ready_rules(Settle *s)
{
	if (!s->rules_ready)
		ruleset_prepare(s->program->scoring);
	s->rules_ready = true;
}

void
settle_use(Settle *s, Binding *binding)
{
	MemoryContext old;

	settle_as(s, binding);
	if (s->binding == binding)
		return;
	old = MemoryContextSwitchTo(s->context);
	s->binding = binding;
	settle_rules_begin(s);
	s->program = program_for(s->def, binding);
	s->rules_ready = false;
	if (!s->program->told)
		ready_rules(s);
	settle_rules_end(s);
	s->stored = binding_role_slot(binding);
	s->stored_before = binding_role_slot(binding);
	s->merged = binding_role_slot(binding);
	if (!s->program->told && !s->foresees)
	{
		note_broken(s, s->program->scoring);
		note_broken(s, s->program->routing);
		note_broken(s, s->program->promising);
		note_broken(s, s->program->returning);
		s->program->told = true;
		s->program->fallen = program_fallen(s->program);
	}
	MemoryContextSwitchTo(old);
}

static void
rule_fault(void *arg, int rule, ErrorData *error)
{
	Settle	   *s = arg;
	FaultPlace	place = {s->binding->binding_id, s->lead_id, NULL};

	fault_note(&s->faults, &place,
			   psprintf("scoring rule \"%s\"", s->agreement->rules[rule].name),
			   error->sqlerrcode, error->message, error->detail);
}

static void
match_rules(Settle *s, TupleTableSlot *roles)
{
	settle_rules_begin(s);
	ready_rules(s);
	if (s->careful)
		ruleset_match_careful(s->program->scoring, roles, s->fired, rule_fault, s);
	else
		ruleset_match(s->program->scoring, roles, s->fired);
	settle_rules_end(s);
}

static void
take_dimensions(LeadRow *row, TupleTableSlot *roles)
{
	row->source = role_text(roles, LEAD_SOURCE);
	row->campaign = role_text(roles, LEAD_CAMPAIGN);
	row->segment = role_text(roles, LEAD_SEGMENT);
}

/* When the host created the lead; an infinite time is no time. */
static TimestampTz
created_at(Settle *s, TupleTableSlot *roles)
{
	TimestampTz at;

	if (roles->tts_isnull[LEAD_CREATED_AT])
		return s->now;
	at = DatumGetTimestampTz(roles->tts_values[LEAD_CREATED_AT]);
	return TIMESTAMP_NOT_FINITE(at) ? s->now : at;
}

void
settle_new(Settle *s, TupleTableSlot *roles, const char *key)
{
	settle_old(s, roles, key, NULL);
}

/* Where the host does not tell it, the lead was there when it first moved. */
static TimestampTz
past_created_at(Settle *s, TupleTableSlot *roles, const Past *past)
{
	if (!roles->tts_isnull[LEAD_CREATED_AT] || past->n == 0)
		return created_at(s, roles);
	return Min(past->moves[0].at, s->now);
}

void
settle_old(Settle *s, TupleTableSlot *roles, const char *key, const Past *past)
{
	MemoryContext old = MemoryContextSwitchTo(s->lead_context);
	LeadRow		row;
	LeadNews	news;
	DecideEnv	env;
	Effects		effects = {0};

	memset(&row, 0, sizeof(row));
	state_init(&row.state, engine_next(SEQUENCE_LEAD_ID),
			   past == NULL ? created_at(s, roles) : past_created_at(s, roles, past));
	s->lead_id = row.state.lead_id;
	s->roles = roles;
	row.workspace_id = s->def->workspace_id;
	row.binding_id = s->binding->binding_id;
	row.agreement_id = s->agreement->agreement_id;
	row.settled_at = s->now;
	row.rank = DECAY_NO_RANK;
	row.fall_at = DT_NOEND;
	row.key = CStringGetTextDatum(key);
	take_dimensions(&row, roles);

	match_rules(s, roles);
	news_init(&news);
	news.is_new = true;
	news.adopt = s->adopt;
	news.fired = s->fired;
	host_words(s, roles, NULL, &news);
	if (past != NULL)
		past_write(s, &row, past, &news);
	env_init(&env, s);
	decide(s->agreement, &row.state, &news, s->now, &env, &effects);
	if (effects.refusal != NOT_REFUSED)
		refusal_raise(s, &row, &effects);

	row.profile_id = profile_write(&s->writers, s->binding, row.state.lead_id, roles, s->now);
	identity_write(&s->writers, s->binding, row.state.lead_id,
				   profile_from_slot(s->binding, roles, true), true);
	effects_write(s, &row, &effects);
	lead_insert(&s->writers, &row);
	if (s->binding->fills != NULL)
		written_note(s, s->binding, &row, NULL, &effects, true);
	MemoryContextSwitchTo(old);
	MemoryContextReset(s->lead_context);
	if (writers_full(&s->writers))
		settle_flush(s);
}

/*
 * The lead is busy, or may wait: what is new becomes a delta; a profile is a
 * fact at once.
 */
static void
settle_later(Settle *s, int64 lead_id, const LeadChange *change, bool lazy)
{
	DeltaNews	delta = {.lead_id = lead_id,.sums = change->sums,
		.is_gone = change->is_gone,.is_back = change->is_back,
		.lost = change->lost,.opportunity = change->opportunity,.opportunity_at = change->opportunity_at,
	.new_key = change->new_key,.lazy = lazy};
	TouchSums	sums;

	s->deferred = true;
	sums_init(&sums);
	if (pending_take(lead_id, s->agreement->agreement_id, &sums))
	{
		if (change->sums != NULL)
			sums_merge(&sums, change->sums);
		delta.sums = &sums;
	}
	if (change->roles != NULL)
	{
		/* whoever folds it compares words with words: ours are not the host's */
		delta.profile_id = profile_write(&s->writers, s->binding, lead_id,
										 s->spoken != NULL ? s->spoken : change->roles, s->now);
		if (s->binding->fills != NULL && !s->own_write)
			written_due(s, s->binding->binding_id, lead_id, false, false);
		delta.personal = profile_from_slot(s->binding, change->roles, true);
	}
	delta_append(&s->writers, s->def, &delta, s->now);
}

/* What touches may be beside points. */
typedef struct TouchNews
{
	bool		answers;		/* some may keep a promise */
	bool		spoke;			/* or be a conversation */
	TimestampTz answer_at;		/* the earliest of the first; DT_NOBEGIN: nobody knows */
} TouchNews;

/* Touches: the change's, those that waited, or all anew. */
static void
news_of_touches(Settle *s, const LeadRow *row, const LeadChange *change,
				const PendingDeltas *pending, LeadNews *news, TouchNews *said)
{
	TouchSums	sums;

	sums = pending->sums;
	if (change->sums != NULL)
		sums_merge(&sums, change->sums);
	*said = (TouchNews) {sums.answers, sums.converses, sums.answer_at};
	news->resummed = change->rescore || row->agreement_id != s->agreement->agreement_id;
	if (sums.ncapped > 0 && !sums.recount && !news->resummed)
		capped_count(&s->writers, s->def, row->state.lead_id, &sums);
	news->resummed |= sums.recount;
	if (news->resummed)
		touches_sum(&s->writers, s->def, row->state.lead_id, &sums);
	news->touched = news->resummed || sums.touches > 0;
	news->intent_pos = sums.pos;
	news->intent_neg = sums.neg;
	news->touches = sums.touches;
	news->last_touch_at = sums.last_touch_at;
}

/* From now on the lead has these roles. */
static void
take_roles(Settle *s, LeadRow *row, TupleTableSlot *roles)
{
	row->profile_id = profile_write(&s->writers, s->binding, s->lead_id, roles, s->now);
	identity_write(&s->writers, s->binding, s->lead_id,
				   profile_from_slot(s->binding, roles, true), false);
}

/* Roles that are empty are filled. */
static TupleTableSlot *
take_enrichment(Settle *s, LeadRow *row, Enrichment *enrichment, TupleTableSlot *roles)
{
	roles = enrich_fill(s, row, roles, enrichment);
	if (enrichment->filled != NIL)
		row->profile_id = profile_write(&s->writers, s->binding, s->lead_id, roles, s->now);
	return roles;
}

/*
 * The profile: the host's row now, or the newest one that waited.  What the
 * host's stage, owner and team columns say is compared with what the lead's
 * state was settled under, so that no change is lost or told twice.  The
 * statement's old rows would not do: they hold what was written while nobody
 * looked, and defaults of columns that were put in another's place.
 */
static void
news_of_profile(Settle *s, LeadRow *row, const LeadChange *change,
				const PendingDeltas *pending, LeadNews *news)
{
	TupleTableSlot *now = change->roles;
	TupleTableSlot *before = s->stored_before;
	bool		refit = change->rescore || row->agreement_id != s->agreement->agreement_id;

	s->profile_id = row->profile_id;
	s->roles = NULL;
	if (now == NULL && !pending->profile && !refit && change->enrichment == NULL)
		return;
	(void) profile_read(&s->writers, s->binding, s->lead_id, row->profile_id, NULL, before);
	if (now != NULL)
	{
		if (row->state.enriched)
			now = enrich_overlay(s, s->lead_id, now);
		/* one that waited has been written: it must not remain the newest */
		if (pending->profile || !binding_same_roles(s->binding, now, before))
			take_roles(s, row, now);
	}
	else
	{
		row->profile_id = profile_read(&s->writers, s->binding, s->lead_id,
									   pending->profile ? 0 : row->profile_id,
									   pending->personal, s->stored);
		now = s->stored;
		if (pending->profile && row->state.enriched)
		{
			now = enrich_overlay(s, s->lead_id, now);
			take_roles(s, row, now);
		}
		else if (pending->personal != NULL)
			identity_write(&s->writers, s->binding, s->lead_id, pending->personal, false);
	}
	if (change->enrichment != NULL)
		now = take_enrichment(s, row, change->enrichment, now);
	s->roles = now;
	s->profile_id = row->profile_id;
	match_rules(s, now);
	news->fired = s->fired;
	host_words(s, now, before, news);
	/* nobody is there to be refused what an earlier statement did */
	news->strict &= change->roles != NULL && !pending->profile;
	take_dimensions(row, now);
}

/*
 * The lead's new key.  Another lead's row may still have it, where renames
 * wait for busy leads: it steps aside, or, busy itself, lets the rename wait.
 */
static void
take_key(Settle *s, LeadRow *row, const char *key)
{
	DeltaNews	again = {.lead_id = row->state.lead_id,.new_key = key};
	LeadRow		other;
	LeadGlance	glance;
	int64		other_id;

	if (key == NULL)
		return;
	other_id = lead_find_row(&s->writers, row->binding_id, key, &glance);
	if (other_id != 0 && other_id != row->state.lead_id)
	{
		if (lead_lock(&s->writers, &glance, false, s->agreement, &other) != LEAD_LOCKED)
		{
			delta_append(&s->writers, s->def, &again, s->now);
			return;
		}
		other.key = CStringGetTextDatum(displaced_key(key, other_id));
		lead_update(&s->writers, &other);
		CommandCounterIncrement();
	}
	row->key = CStringGetTextDatum(key);
}

/* Does the host's row, as the lead was settled under it, name a stage of its own? */
static bool
host_names_stage(Settle *s)
{
	return s->binding->mapped[LEAD_STAGE] && !is_empty(role_text(env_roles(s), LEAD_STAGE));
}

/* A decision is never dated before the lead's last. */
static TimestampTz
settle_moment(Settle *s, const LeadRow *row)
{
	return Max(s->told_at == NO_TIME ? engine_clock() : s->told_at, row->settled_at);
}

static void
settle_locked(Settle *s, LeadRow *row, const LeadChange *change)
{
	LeadState	before = row->state;
	bool		refit = change->rescore || row->agreement_id != s->agreement->agreement_id;
	PendingDeltas pending;
	LeadNews	news;
	DecideEnv	env;
	Effects		effects = {0};
	EnrolmentRow enrolment;
	TouchNews	said;
	ClockSteps	steps;

	memset(&pending, 0, sizeof(pending));
	sums_init(&pending.sums);
	s->now = settle_moment(s, row);
	if (change->forget)
	{
		identity_erase(&s->writers, row->state.lead_id);
		answers_erase(s, row->state.lead_id);
	}
	if (change->answer != NULL)
		answer_write(s, row, change->answer);
	/* the lock is held: only now may the deltas be read, under a new snapshot */
	fold_begin(&s->writers);
	if (deltas_possible(&s->writers))
		deltas_take(&s->writers, row->state.lead_id, s->agreement->agreement_id, &pending);
	(void) pending_take(row->state.lead_id, s->agreement->agreement_id, &pending.sums);
	if (change->forget)
		pending.personal = NULL;
	news_init(&news);
	news_of_touches(s, row, change, &pending, &news, &said);
	news_of_profile(s, row, change, &pending, &news);
	overrides_news(s, row, change, &news);
	nurture_news(s, row, change, said.spoke, &news, &enrolment);
	fold_end(&s->writers);
	if (change->recount || row->agreement_id != s->agreement->agreement_id)
		clocks_recompute(s, row);
	if (said.answers && said.answer_at < row->settled_at)
		clocks_repair(s, row);
	clocks_news(s, &row->state, said.answers, &news);
	if (change->breach_seen)
		clock_steps_due(s, &row->state, &steps, &news);
	news.is_gone = change->is_gone || (pending.is_gone && !change->is_back);
	news.is_back = change->is_back || (pending.is_back && !change->is_gone);
	if (news.is_gone || news.is_back)
		writer_note_unrolled(&s->writers, row->state.lead_id);
	news.opportunity = Max(change->opportunity, pending.opportunity);
	news.opportunity_at = news.opportunity == change->opportunity ?
		change->opportunity_at : pending.opportunity_at;
	if (row->state.held)
		hold_read(s, row->state.lead_id, &news.held);
	news.verb = change->verb;
	auto_news(s, row, change, &pending, &news);
	news.adopt = s->adopt && pending.n == 0;
	news.stage_is_hosts = news.adopt && news.opportunity != OPPORTUNITY_NONE &&
		host_names_stage(s);
	env_init(&env, s);
	decide(s->agreement, &row->state, &news, s->now, &env, &effects);
	if (effects.refusal != NOT_REFUSED)
		refusal_raise(s, row, &effects);

	if (change->breach_seen)
		clock_steps_fire(s, row, &steps, &effects);
	effects_write(s, row, &effects);
	nurture_write(s, row, &effects, &enrolment);
	row->agreement_id = s->agreement->agreement_id;
	row->settled_at = s->now;
	falls_take(s, row, change->falls);
	take_key(s, row, change->new_key != NULL ? change->new_key : pending.new_key);
	lead_update(&s->writers, row);
	if (s->binding->fills != NULL)
		written_note(s, s->binding, row, &before, &effects,
					 change->roles != NULL || pending.profile || refit);
	CommandCounterIncrement();
}

/* Is the change nothing but touches? */
static bool
only_touches(const LeadChange *change)
{
	return change->sums != NULL && change->roles == NULL && change->new_key == NULL &&
		!change->is_gone && !change->is_back && change->opportunity == OPPORTUNITY_NONE &&
		!change->lost && change->due == 0 && !change->overrides && !change->step_due && !change->silence_due && !change->breach_seen && !change->recount && !change->falls && !change->forget &&
		!change->rescore && change->verb.kind == VERB_NONE && change->enrichment == NULL &&
		change->answer == NULL;
}

/* What touches do to a lead, as it was seen. */
typedef enum TouchEffect
{
	TOUCHES_ADD,				/* change its sums */
	TOUCHES_NEAR,				/* the same, but with more of them it would move */
	TOUCHES_DECIDE				/* may do more: it must be locked, and decided about */
} TouchEffect;

/*
 * Asked of a lead that is not locked: the answer may be out of date by a moment,
 * and then whoever folds or settles next does what is due.  only_takes: the
 * touches can't add to the lead's intent, whatever becomes of its others.
 */
static TouchEffect
effect_of_touches(Settle *s, const LeadRow *row, const TouchSums *sums, bool only_takes)
{
	LeadState	next = row->state;
	bool		qualifies;

	if (sums->recount || row->agreement_id != s->agreement->agreement_id ||
		clocks_listen(&row->state, sums) ||
		(sums->answers && row->state.clocks > 0 && sums->answer_at < row->settled_at))
		return TOUCHES_DECIDE;
	if (s->adopt)
		return TOUCHES_ADD;
	if (nurture_listens(s, &row->state, sums))
		return TOUCHES_DECIDE;
	if (((only_takes && !s->agreement->automatic) || !decide_intent_matters(s->agreement, &row->state)) && !row->state.held)
		return TOUCHES_ADD;
	decide_add_touches(&next, sums->pos, sums->neg, sums->touches, sums->last_touch_at);
	qualifies = decide_intent_qualifies(s->agreement, &next, settle_moment(s, row));
	/* a lead that is held back for all its intent is so until that changes */
	if (row->state.held)
		qualifies ^= decide_intent_qualifies(s->agreement, &row->state, settle_moment(s, row));
	return qualifies ? TOUCHES_DECIDE : TOUCHES_NEAR;
}

/*
 * Touches that change no more than sums need no decision, so no lock either:
 * the row is replaced if it is still as it was read, and what others left as
 * deltas stays for the worker.
 */
static TryResult
settle_sums(Settle *s, LeadRow *row, const TouchSums *sums)
{
	LeadState	before = row->state;
	TryResult	result;
	Binding    *binding;
	bool		earlier;

	decide_add_touches(&row->state, sums->pos, sums->neg, sums->touches, sums->last_touch_at);
	row->settled_at = settle_moment(s, row);
	earlier = falls_earlier(s, row);
	result = lead_try_update(&s->writers, row);
	if (result != TRY_DONE)
		return result;
	if (earlier)
		falls_set_timer(s, row);
	if (s->def->writes_back && (binding = binding_by_id(row->binding_id))->fills != NULL)
		written_note(s, binding, row, &before, NULL, false);
	CommandCounterIncrement();
	return result;
}

/*
 * What the change does to the lead; *row is the row as it was seen, and *sums
 * what the touches add to it, unless it decides.  Touches are read after the row:
 * if the row is still the last when it is replaced, nobody has counted others.
 */
static TouchEffect
effect_of(Settle *s, LeadGlance *glance, const LeadChange *change, LeadRow *row,
		  TouchSums *sums)
{
	/* a look at the row would leave a serializable transaction's predicate lock */
	if (!only_touches(change) || change->append_only || IsolationIsSerializable() ||
		lead_is_own(glance) || !lead_peek(&s->writers, glance, s->agreement, row))
		return TOUCHES_DECIDE;
	*sums = *change->sums;
	if (sums->ncapped > 0 && !sums->recount)
		capped_count(&s->writers, s->def, glance->lead_id, sums);
	return effect_of_touches(s, row, sums,
							 sums->pos == DECAY_NONE && change->sums->ncapped == 0);
}

/*
 * Touches of a hot lead, and of one whose changes this transaction may not see,
 * get a delta: an old snapshot must not slow the host's statements down.  So do
 * those of a lead that the worker can't get hold of.  A lead that is near to
 * move is settled all the same.
 */
static bool
only_appends(Settle *s, const LeadRow *row, TouchEffect effect)
{
	return IsolationUsesXactSnapshot() ||
		(effect == TOUCHES_ADD &&
		 (lead_is_hot(&s->writers, row) || handover_gathers(row->state.lead_id)));
}

/*
 * The quick way, for touches that change no more than sums; false when the lead
 * is to be locked.  Where the lead is near to move, deltas must not wait: with
 * another's they may move it.
 */
static bool
settled_quickly(Settle *s, LeadGlance *glance, const LeadChange *change, SettleResult *result)
{
	LeadRow		row;
	LeadGlance	again;
	TouchSums	sums;
	TouchEffect effect = effect_of(s, glance, change, &row, &sums);
	TryResult	tried;

	if (effect == TOUCHES_DECIDE)
		return false;
	*result = SETTLE_LATER;
	if (only_appends(s, &row, effect))
	{
		settle_later(s, glance->lead_id, change, effect == TOUCHES_ADD);
		return true;
	}
	/* without a worker the next to settle a lead folds what waits for it */
	if (!handover_served() && deltas_possible(&s->writers))
		return false;
	tried = settle_sums(s, &row, &sums);
	if (tried == TRY_CHANGED)
	{
		/* somebody was quicker since the look-up: once more */
		if (!lead_glance(&s->writers, glance->lead_id, &again))
			return false;
		effect = effect_of(s, &again, change, &row, &sums);
		if (effect == TOUCHES_DECIDE)
			return false;
		tried = settle_sums(s, &row, &sums);
	}
	/* held: by another touch nearly always, and if not the fold does what is due */
	if (tried == TRY_DONE)
		*result = SETTLED;
	else if (change->if_free)
		*result = SETTLE_HELD;
	else
		settle_later(s, glance->lead_id, change, effect == TOUCHES_ADD);
	return true;
}

/*
 * While a snapshot is old, each fold too makes every look-up of the lead slower:
 * one that was folded just now (change->gently) is left to gather more.
 */
static bool
may_rest(Settle *s, LeadGlance *glance, const LeadChange *change)
{
	LeadRow		row;

	return change->gently && lead_peek(&s->writers, glance, s->agreement, &row) &&
		lead_is_hot(&s->writers, &row);
}

/* Settle the lead, locked if it needs to be, or append a delta. */
static SettleResult
settle_glanced(Settle *s, LeadGlance *glance, const LeadChange *change)
{
	LeadRow		row;
	SettleResult result;

	if (may_rest(s, glance, change))
	{
		handover_note(HANDOVER_FOLD_LATER);
		return SETTLE_RESTS;
	}
	if (settled_quickly(s, glance, change, &result))
		return result;
#ifdef REVOPS_TEST_WRONG_FOLD
	fold_begin_early(&s->writers);
#endif
	if (!change->append_only &&
		lead_lock(&s->writers, glance, change->wait, s->agreement, &row) == LEAD_LOCKED)
	{
		settle_use(s, binding_by_id(row.binding_id));
		settle_locked(s, &row, change);
		return SETTLED;
	}
#ifdef REVOPS_TEST_WRONG_FOLD
	fold_end(&s->writers);
#endif
	if (change->if_free)
		return SETTLE_HELD;
	if (!change->fold_only)
		settle_later(s, glance->lead_id, change, false);
	return SETTLE_LATER;
}

/* Look the lead up, and keep its row until it is settled: see lead_peek. */
static bool
glance_and_keep(Settle *s, int64 lead_id, LeadGlance *glance)
{
	MemoryContext before = s->writers.keep;
	bool		found;

	s->writers.keep = s->lead_context;
	found = lead_glance(&s->writers, lead_id, glance);
	s->writers.keep = before;
	return found;
}

bool
settle_hold(Settle *s, int64 lead_id)
{
	MemoryContext old = MemoryContextSwitchTo(s->lead_context);
	LeadGlance	glance;
	LeadRow		row;
	bool		held;

	held = !lead_glance(&s->writers, lead_id, &glance) ||
		lead_lock(&s->writers, &glance, false, s->agreement, &row) == LEAD_LOCKED;
	MemoryContextSwitchTo(old);
	MemoryContextReset(s->lead_context);
	return held;
}

SettleResult
settle_lead(Settle *s, int64 lead_id, const LeadChange *change)
{
	MemoryContext old = MemoryContextSwitchTo(s->lead_context);
	SettleResult result = SETTLE_UNKNOWN;
	LeadGlance	seen;
	LeadGlance *glance = change->glance;

	if (writers_full(&s->writers))
		settle_flush(s);
	s->lead_id = lead_id;
	if (glance == NULL && glance_and_keep(s, lead_id, &seen))
		glance = &seen;
	if (glance != NULL)
		result = settle_glanced(s, glance, change);
	MemoryContextSwitchTo(old);
	MemoryContextReset(s->lead_context);
	return result;
}

void
settle_flush(Settle *s)
{
	if (writers_flush(&s->writers))
		CommandCounterIncrement();
}

void
settle_end(Settle *s)
{
	turns_write(s);
	writers_end(&s->writers);
	settle_act_no_more(s);
	faults_write(&s->faults, s->now);
	MemoryContextDelete(s->context);
	CommandCounterIncrement();
}

/* ----- foreseeing ------------------------------------------------------------- */

void
settle_begin_foreseeing(Settle *s, int32 workspace_id)
{
	settle_begin(s, workspace_id, false);
	s->foresees = true;
}

bool
settle_foresee(Settle *s, LeadGlance *glance, TupleTableSlot *roles, Written *written)
{
	LeadRow		row;
	LeadNews	news;
	DecideEnv	env;
	Effects		effects = {0};

	news_init(&news);
	if (glance == NULL)
	{
		news.is_new = true;
		state_init(&row.state, 0, created_at(s, roles));
		row.profile_id = 0;
	}
	else
	{
		if (!lead_peek(&s->writers, glance, s->agreement, &row) ||
			row.agreement_id != s->agreement->agreement_id ||
			(row.state.enrolled && s->agreement->returns))
			return false;
		news.is_back = row.state.gone_at != NO_TIME;
		s->now = settle_moment(s, &row);
		(void) profile_read(&s->writers, s->binding, row.state.lead_id, row.profile_id,
							NULL, s->stored_before);
		if (row.state.enriched)
			roles = enrich_overlay(s, row.state.lead_id, roles);
	}
	s->lead_id = row.state.lead_id;
	s->profile_id = row.profile_id;
	s->roles = roles;
	match_rules(s, roles);
	news.fired = s->fired;
	host_words(s, roles, glance == NULL ? NULL : s->stored_before, &news);
	s->unforeseen = false;
	env_foresee(&env, s);
	decide(s->agreement, &row.state, &news, s->now, &env, &effects);
	if (effects.refusal != NOT_REFUSED)
		return false;
	written_of(s, &effects.next, &effects, s->now, written);
	return true;
}

void
settle_abandon(Settle *s)
{
	writers_end(&s->writers);
	settle_act_no_more(s);
	MemoryContextDelete(s->context);
}
