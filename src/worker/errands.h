/*
 * errands.h
 *		Leads that are to be settled outside of anybody's statement: to fold
 *		what waits for them, to fire what is due, to rescore.
 *
 * Leads are tried, never waited for.  Pages go by lead, so that locked leads
 * starve nobody.  One that raises is recorded as a fault and left alone.
 */
#ifndef REVOPS_ERRANDS_H
#define REVOPS_ERRANDS_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef enum ErrandOutcome
{
	ERRAND_DONE,
	ERRAND_BUSY,				/* somebody holds the lead */
	ERRAND_RESTS,				/* left alone for the moment */
	ERRAND_FAILED				/* it raised, or there is no such lead */
} ErrandOutcome;

/* One lead to be settled, and why. */
typedef struct Errand
{
	int32		workspace_id;
	int64		lead_id;
	int64		timer_id;		/* 0: none */
	bool		timer_holds;	/* it has not become void since it was set */
	bool		falls;			/* it is one of falls.h */
	bool		step;			/* a track's next step is due */
	bool		override;		/* it is the end of one (overrides.h) */
	bool		recount;		/* running clocks are reckoned anew */
	bool		silence;		/* a lead may have been silent */
	uint32		due;			/* it is one that decide() set: DUE_... */
	int32		seq;			/* of the timer */
	bool		breach;
	bool		fresh;			/* what waits to be folded began to wait a moment ago */
	ErrandOutcome outcome;
} Errand;

typedef struct Errands
{
	int			n;
	Errand	   *items;
	int			done;			/* how many were settled */
	int64		last;			/* greatest lead among them */
} Errands;

/* Leads that are not to be tried. */
typedef struct LeadList
{
	int			n;
	int64	   *leads;
} LeadList;

/*
 * Folds what waits for up to batch leads after this one: all, of those where a
 * delta is urgent, or gently, those whose deltas are all fresh left alone while
 * an old snapshot makes folds dear.
 */
typedef enum FoldManner
{
	FOLD_ALL,
	FOLD_URGENT,
	FOLD_GENTLY
} FoldManner;
extern void errands_fold(Errands *page, int64 after, int32 batch, FoldManner manner,
						 const LeadList *except);

/* Computes these leads of a workspace anew, each locked and decided about. */
extern void errands_rescore(Errands *page, int32 workspace_id, const LeadList *leads);

/* Fires up to batch timers that are due at the moment. */
extern void errands_timers(Errands *page, TimestampTz now, int32 batch, const LeadList *except);

/* Tells up to batch breaches of promises that are due at the moment. */
extern void errands_breaches(Errands *page, TimestampTz now, int32 batch, const LeadList *except);

#endif							/* REVOPS_ERRANDS_H */
