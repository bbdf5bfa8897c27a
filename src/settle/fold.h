/*
 * fold.h
 *		What is known of a lead beside its state row: deltas that wait, touches,
 *		profile, the clock that runs.
 *
 * The rule (holds): lock the lead, THEN take a new snapshot, then read and
 * delete its deltas, in one transaction.  Whoever commits a touch and its delta
 * meanwhile must be seen whole or not at all: all reads of one fold go under
 * that one snapshot, from fold_begin to fold_end.
 */
#ifndef REVOPS_FOLD_H
#define REVOPS_FOLD_H

#include "postgres.h"

#include "define/definitions.h"
#include "settle/lead_row.h"
#include "settle/writer.h"

/* touches whose points caps may limit, up to which each is remembered */
#define MAX_CAPPED	2

/*
 * Sums of touches, in forward-decay units of one agreement.  What caps may limit
 * is not in them: how much it counts depends on the lead's other touches, and is
 * found out when the lead is settled (capped.h).
 */
typedef struct TouchSums
{
	double		pos;
	double		neg;
	int			touches;
	bool		answers;		/* some of them may keep a promise */
	TimestampTz answer_at;		/* the earliest of these; DT_NOBEGIN: it is not known */
	bool		converses;		/* some are a conversation */
	bool		stops;			/* some stop the steps of a track */
	bool		recount;		/* a touch was taken back: sum anew */
	uint8		ncapped;
	TimestampTz last_touch_at;
	TimestampTz capped_at[MAX_CAPPED];
	int32		capped_signal[MAX_CAPPED];	/* signal_id */
} TouchSums;

extern void sums_init(TouchSums *sums);

/*
 * The lead is locked: all reads of it go under one snapshot from now on, taken
 * at the first of them.
 */
extern void fold_begin(Writers *writers);
extern void fold_end(Writers *writers);
#ifdef REVOPS_TEST_WRONG_FOLD
/*
 * For a test build that breaks the rule: the fold reads under a snapshot taken
 * before the lock, and loses what was committed in between.  fold_end ends it.
 */
extern void fold_begin_early(Writers *writers);
#endif

/* Add a touch of this signal; sign -1 takes one back and asks for a recount. */
extern void sums_add(TouchSums *sums, const Definitions *def, const Signal *signal,
					 TimestampTz occurred_at, int sign);

/* The two halves of it: that there was a touch, and what it counts (either sign, or 0). */
extern void sums_add_touch(TouchSums *sums, const Signal *signal, TimestampTz occurred_at);
extern void sums_add_points(TouchSums *sums, const Definitions *def, double points,
							TimestampTz occurred_at);

/* Add the sums of other touches. */
extern void sums_merge(TouchSums *into, const TouchSums *other);

/* All that waits for one lead. */
typedef struct PendingDeltas
{
	int			n;
	TouchSums	sums;
	bool		profile;		/* a newer profile waits */
	bool		is_gone;		/* the last word on its presence */
	bool		is_back;
	OpportunityNews opportunity;
	TimestampTz opportunity_at;
	bool		lost;
	char	   *new_key;		/* NULL: unchanged */
	Jsonb	   *personal;		/* of the newest profile; NULL: as lead_identity has it */
} PendingDeltas;

/* Read the lead's deltas and delete them; the lead must be locked. */
extern void deltas_take(Writers *writers, int64 lead_id, int32 agreement_id,
						PendingDeltas *pending);

/* Append a delta for a lead that could not be locked. */
typedef struct DeltaNews
{
	int64		lead_id;
	const TouchSums *sums;		/* NULL: none */
	int64		profile_id;		/* 0: none */
	bool		is_gone;
	bool		is_back;
	OpportunityNews opportunity;
	TimestampTz opportunity_at;
	bool		lost;			/* its deal is lost, and there is no other */
	const char *new_key;		/* NULL: unchanged */
	Jsonb	   *personal;		/* personal roles of that profile */
	bool		lazy;			/* it changes nothing but sums: it may wait */
} DeltaNews;
extern void delta_append(Writers *writers, const Definitions *def,
						 const DeltaNews *news, TimestampTz now);

/* Where a touch came from: NO_TEXT or an empty text is not told. */
typedef struct TouchOrigin
{
	Datum		source;
	Datum		campaign;
	Datum		content;
} TouchOrigin;

/* Do two touches come from the same?  Nothing told is an empty text. */
extern bool same_origin(const TouchOrigin *a, const TouchOrigin *b);

/* A row of revops.touch, in order of time: scan, and read what the scan gives. */
typedef struct TouchRow
{
	Signal	   *signal;			/* NULL: the code was not defined */
	TimestampTz occurred_at;
	int			sign;
} TouchRow;
extern struct SysScanDescData *touches_scan(Writers *writers, int64 lead_id,
											TimestampTz since);
extern void touch_read(Writers *writers, const Definitions *def,
					   struct HeapTupleData *tuple, TouchRow *row);

/*
 * Sum a lead's touches, all of them, in order of (occurred_at, touch_id), by the
 * definitions' points and caps.
 */
extern void touches_sum_rows(const Definitions *def, const TouchRow *rows, int n,
							 TouchSums *sums);

/* Read the lead's touches, and sum them anew. */
extern void touches_sum(Writers *writers, const Definitions *def, int64 lead_id,
						TouchSums *sums);

/*
 * The touch that a host row brought to this lead and that was not taken back;
 * false when there is none.  Sees what was flushed.
 */
typedef struct RecordedTouch
{
	Signal	   *signal;			/* NULL: the code was not defined */
	TimestampTz occurred_at;
	TouchOrigin origin;			/* in the current context */
} RecordedTouch;
extern bool touch_recorded(Writers *writers, const Definitions *def, int64 lead_id,
						   int32 binding_id, const char *source_key,
						   RecordedTouch *touch);

/* Do touches of the signal count for a policy's promise?  NULL: nothing is said of them. */
extern bool policy_counts(const Policy *policy, const Signal *signal);

/* Earliest answering touch that counts for a policy, at or after a moment, or NO_TIME. */
extern TimestampTz first_answer(Writers *writers, const Definitions *def, int64 lead_id,
								const Policy *policy, TimestampTz since);

/*
 * The lead's profile as of change_id, or its newest (change_id = 0), with its
 * personal roles (NULL: as lead_identity has them), into a role slot of the
 * binding.  Returns the change_id read, 0 when there is none.
 */
extern int64 profile_read(Writers *writers, Binding *binding, int64 lead_id,
						  int64 change_id, Jsonb *personal, TupleTableSlot *roles);

/* Append a profile_change with the roles that are not personal; returns its change_id. */
extern int64 profile_write(Writers *writers, Binding *binding, int64 lead_id,
						   TupleTableSlot *roles, TimestampTz now);

/*
 * Write the lead's personal roles.  The lead must be new or locked: its
 * identity has no other guard.
 */
extern void identity_write(Writers *writers, Binding *binding, int64 lead_id,
						   Jsonb *personal, bool is_new);

/*
 * The same, with those personal roles that were filled by enrich(): they stay
 * with the row, whatever is written later.
 */
extern void identity_enrich(Writers *writers, Binding *binding, int64 lead_id,
							Jsonb *personal, Jsonb *enriched);

/* The personal roles that enrich() has filled; NULL: none. */
extern Jsonb *identity_enriched(Writers *writers, int64 lead_id);

/* Erase the lead's personal roles, and let what is read next see it. */
extern void identity_erase(Writers *writers, int64 lead_id);

/* The clock that runs. */
typedef struct RunningClock
{
	ItemPointerData tid;
	int32		seq;
	TimestampTz started_at;
	TimestampTz due_at;
	Datum		values[CLOCK_COLS]; /* copied into the current context */
	bool		nulls[CLOCK_COLS];
} RunningClock;
extern bool clock_read(Writers *writers, int64 lead_id, int32 clocks, RunningClock *clock);

#endif							/* REVOPS_FOLD_H */
