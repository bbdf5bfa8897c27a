/*
 * take_rows.h
 *		Rows of a host table that no trigger has told: those that were there
 *		before it was attached, or that a scan finds.
 *
 * They go the way of a statement's rows, in bulk: first with keys believed to
 * be new, where the first ones are; when that fails, each looked up, and what an
 * expression or rule raises costs that rule its match; when even that fails, row
 * by row, and only those that fail are left out, with a fault.
 *
 * Rows that are known and say nothing new change nothing, so that rows may be
 * taken as often as one likes.
 */
#ifndef REVOPS_TAKE_ROWS_H
#define REVOPS_TAKE_ROWS_H

#include "postgres.h"

#include "capture/capture.h"
#include "capture/touches.h"
#include "settle/past.h"

/* What became of the rows. */
typedef struct TakenRows
{
	int64		taken;			/* new, or with something new to say */
	int64		known;			/* there already, and the same */
	int64		passed_over;	/* filtered out, without a key, or of no known lead */
	int64		failed;			/* each with a fault */
	List	   *held;			/* keys (char *) to be read again, after whoever holds them: one of
								 * several rows of a key, or a row that somebody else is just taking */
} TakenRows;

typedef struct TakeRows
{
	int32		binding_id;
	Relation	host;			/* the binding's table */
	Tuplestorestate *rows;		/* with its descriptor */
	bool		adopt;			/* history: see settle_adopt */
	bool		look;			/* do not begin by believing keys new */

	/* rows that are just being changed, by key (char *), which are left out; NULL: none */
	List	   *(*moving) (void *arg);
	void	   *arg;

	/* moves of the past by the lead's key; NULL: none are known */
	const Past *(*past) (void *arg, const char *key);
} TakeRows;

/*
 * Take the rows, as the current user for the actor, in an own subtransaction or
 * several.  Raises RV002 for an unknown binding, and what attempt() does not
 * tolerate.
 */
extern void take_rows(const TakeRows *what, TakenRows *taken);

/* The walk through the rows, as the kinds of bindings see it. */
typedef struct Taking
{
	const TakeRows *what;
	TakenRows  *taken;
	List	   *left_out;		/* keys of what->moving, sorted */
	bool		look;
	Touches		touches;		/* of a touch binding */
	List	   *deals;			/* of an opportunity binding: what is to be told to leads */
} Taking;

/* Is the row with this key to be left out? */
extern bool taking_leaves(const Taking *taking, const char *key);

/* What to do with a row, one for each kind of binding; arg is the Taking. */
extern void take_lead_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg);
extern void take_touch_row(Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg);
extern void take_opportunity_row(Capture *capture, BindingRun *run, TupleTableSlot *row,
								 void *arg);

/*
 * Tell the leads what deals of the past have told: of each lead in the order in
 * which it happened, whatever the order of the rows.
 */
extern void settle_adopted(Capture *capture, Taking *taking);

#endif							/* REVOPS_TAKE_ROWS_H */
