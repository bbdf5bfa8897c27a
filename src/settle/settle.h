/*
 * settle.h
 *		The one door: every change of a lead's state goes through here.
 *
 * A settle is begun for one workspace, is told of leads one after the other,
 * and is ended.  In between the current user is the owner of the lead's
 * binding, restricted, with the search path pinned, because expressions of the
 * binding run then; while rules run it is revops_reader.
 *
 * Touches that change no more than sums replace the row if nobody else does.
 * Else the lead is locked without waiting (verbs wait), what waits for it is
 * folded in, decide() says what becomes of it, and rows are written in bulk.
 * A lead that is busy gets a delta instead.
 *
 * Nothing is kept over an error: the caller's (sub)transaction undoes it all.
 */
#ifndef REVOPS_SETTLE_H
#define REVOPS_SETTLE_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "decide/decide.h"
#include "define/binding.h"
#include "define/definitions.h"
#include "settle/faults.h"
#include "settle/fold.h"
#include "settle/lead_row.h"
#include "settle/past.h"
#include "settle/written.h"
#include "settle/writer.h"

typedef struct Settle
{
	Definitions *def;
	const Agreement *agreement;
	Binding    *binding;		/* of the lead at hand */
	Program    *program;
	bool		rules_ready;	/* ruleset_prepare() was called for its scoring rules */
	bool		careful;		/* catch what a rule raises, rule by rule */
	bool		adopt;			/* see settle_adopt */
	bool		foresees;		/* see settle_begin_foreseeing */
	TimestampTz now;			/* moment of the decision at hand */
	TimestampTz told_at;		/* see settle_at */
	char	   *actor;			/* see settle_actor; NULL: not asked yet */
	Oid			actor_id;
	Writers		writers;
	Faults		faults;
	MemoryContext context;		/* of the whole settle */
	MemoryContext lead_context; /* reset for each lead */

	/* the lead at hand, as route and policy conditions see it */
	int64		lead_id;
	int64		profile_id;
	TupleTableSlot *roles;		/* NULL: to be read when asked for */
	TupleTableSlot *stored;		/* slots for profiles read back */
	TupleTableSlot *stored_before;
	TupleTableSlot *merged;		/* roles with what enrich() has filled: see enrich.h */
	uint64	   *fired;

	/* what the host's row says, where we have written into it: see write_back.h */
	TupleTableSlot *spoken;		/* stage and owner as the host has them; NULL: the row itself */
	bool		unspoken;		/* nothing that the row says of them is news */
	bool		own_write;		/* the row at hand was written by us */
	bool		deferred;		/* out: some lead was busy and got a delta */
	bool		unforeseen;		/* out: who gets the lead was not foreseen */
	WrittenHolds holds;			/* does the row have what it should?  NULL: it is not at hand */
	void	   *holds_arg;

	struct Turns *turns;		/* of teams, taken here: see turns.h */
	struct Bitmapset *full;		/* reps, by place, who can take no more: see capacity.h */
	int		   *loads;			/* open leads by place of the rep; -1: not counted yet; NULL: none is */
	struct RouteTrace *trace;	/* who is told of routes, and nothing is taken: see team.h */

	Oid			reader;			/* revops_reader, as which rules run; 0: not asked yet */

	/* to be restored at the end */
	Oid			user;
	int			sec_context;
	int			guc_level;		/* 0: nothing was evaluated yet */
} Settle;

/* What is new about a lead that is there already; change_init() is nothing. */
typedef struct LeadChange
{
	const TouchSums *sums;		/* NULL: no touches */
	LeadGlance *glance;			/* what a look-up saw of the lead; NULL: look */
	TupleTableSlot *roles;		/* the host's row as it is now; NULL: unchanged */
	const char *new_key;		/* NULL: unchanged */
	bool		is_gone;
	bool		is_back;
	OpportunityNews opportunity;
	TimestampTz opportunity_at;
	uint32		due;			/* timers that fire: DUE_... */
	int32		due_seq;		/* timer.seq */
	bool		lost;			/* its deal is lost, and there is no other */
	bool		step_due;		/* the timer of its track's next step fires */
	bool		overrides;		/* what people have set is read anew; with rescore */
	bool		silence_due;	/* the timer of its silence fires */
	bool		breach_seen;	/* what is due of running clocks is to be done */
	bool		recount;		/* running clocks are reckoned anew, where their policies say so */
	bool		falls;			/* the timer of lead.fall_at fires */
	Verb		verb;
	struct Enrichment *enrichment;	/* roles to be filled; NULL: none */
	const struct Answer *answer;	/* to a question; NULL: none */
	bool		forget;			/* erase the personal roles first */
	bool		rescore;		/* compute fit and sums anew */
	bool		wait;			/* verbs may wait for the lead */
	bool		append_only;	/* no lead may be locked: append a delta */
	bool		fold_only;		/* nothing new: a busy lead is left alone */
	bool		gently;			/* and so is a hot one: it is to gather more */
	bool		if_free;		/* a busy lead is left alone: its news are told again */
} LeadChange;

extern void change_init(LeadChange *change);

typedef enum SettleResult
{
	SETTLED,
	SETTLE_LATER,				/* busy, or not worth it: a delta was appended */
	SETTLE_HELD,				/* busy, and left alone as if_free asks */
	SETTLE_RESTS,				/* left alone, gently: it is to be tried again */
	SETTLE_UNKNOWN				/* no such lead */
} SettleResult;

/*
 * Raises RV002 for an unknown workspace and RV006 for one without an active
 * agreement.  All memory is below the current context.
 */
extern void settle_begin(Settle *s, int32 workspace_id, bool careful);

/*
 * A settle that is told of no leads, and reads no definitions: what is said is
 * but appended, by the settle's writers.
 */
extern void settle_begin_appending(Settle *s);

/*
 * Expressions of this binding are evaluated from now on: as its owner,
 * restricted, in its time zone.  settle_use does it for a lead binding.
 */
extern void settle_as(Settle *s, const Binding *binding);

/*
 * Rule text is written by people who may not act as the binding's owner: rules
 * and conditions are compiled and run as revops_reader, which owns nothing.
 * From settle_rules_begin to settle_rules_end; an error needs no end.
 */
extern void settle_rules_begin(Settle *s);
extern void settle_rules_end(Settle *s);

/*
 * What the settle is told from now on happened then (NO_TIME: now): decisions
 * are dated so, but never before the lead's last settle.
 */
extern void settle_at(Settle *s, TimestampTz at);

/*
 * All that the settle is told is history (see LeadNews.adopt): leads get their
 * stage, owner, score and sums, and nothing is done about it.  Where something
 * waits for a lead that is there already, that is news: it is decided as usual.
 */
extern void settle_adopt(Settle *s);

/* Who brings it about: the user when the settle began, or who is told here. */
extern void settle_act_for(Settle *s, Oid user);
extern const char *settle_actor(Settle *s);

/* The settle acts as who began it again, with that one's settings. */
extern void settle_act_no_more(Settle *s);

/* Work on leads of this binding from now on. */
extern void settle_use(Settle *s, Binding *binding);

/* A lead that is not there yet.  Its key must be new to the binding. */
extern void settle_new(Settle *s, TupleTableSlot *roles, const char *key);

/* The same for one whose moves of the past are known; NULL: they are not. */
extern void settle_old(Settle *s, TupleTableSlot *roles, const char *key, const Past *past);

/*
 * Lock a lead that is there before what it is to be settled by is read: what
 * others say of it from then on waits in deltas.  False when somebody else has
 * it, and, as lead_lock says, under REPEATABLE READ and SERIALIZABLE.
 */
extern bool settle_hold(Settle *s, int64 lead_id);

/*
 * A lead that is there.  Raises RV003 when a verb, or a strict host, asks for a
 * move that the transitions refuse.
 */
extern SettleResult settle_lead(Settle *s, int64 lead_id, const LeadChange *change);

/*
 * Begin a settle that is used to foresee only: nothing is written, and what is
 * wrong with rules is left for the next settle to tell.  settle_abandon ends it.
 */
extern void settle_begin_foreseeing(Settle *s, int32 workspace_id);

/*
 * What a lead would show after its row was settled, as far as can be said
 * without a lock and without a turn of a team's round robin.  glance NULL: it
 * would be new.  False where it can't be told.
 */
extern bool settle_foresee(Settle *s, LeadGlance *glance, TupleTableSlot *roles,
						   Written *written);

extern void settle_abandon(Settle *s);

/* Write what was collected, and make it visible to what is read next. */
extern void settle_flush(Settle *s);

/* Write what is left, note the faults, restore the user. */
extern void settle_end(Settle *s);

#endif							/* REVOPS_SETTLE_H */
