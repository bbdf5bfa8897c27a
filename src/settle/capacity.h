/*
 * capacity.h
 *		How much reps can take: their places (see sql/29_capacity.sql).
 *
 * A place is a row of revops.place.  Taking one is to lock it without waiting,
 * and to write the lead's number into it: a lock is a reservation that a
 * rollback or a crash gives back, so that no cap is ever exceeded and nobody
 * waits.  A place that another transaction holds counts as taken; where that
 * one rolls back, it was free after all, and a lead that waits gets it later.
 */
#ifndef REVOPS_CAPACITY_H
#define REVOPS_CAPACITY_H

#include "postgres.h"

#include "settle/settle.h"

/*
 * Take a place of each kind that the rep has a cap of, for the lead at hand.
 * False, and none is taken, when one of them is full.
 */
extern bool capacity_take(Settle *s, Rep *rep);

/* Is there a place of each kind?  None is taken. */
extern bool capacity_has(Settle *s, Rep *rep);

/* How many open leads a rep has who is counted; read once a settle. */
extern int	capacity_load(Settle *s, Rep *rep);

/*
 * The lead's places follow what was decided: whose it is and whether it is open.
 * A lead that was not given by a turn takes an open place even beyond the cap.
 */
extern void capacity_settle(Settle *s, const LeadRow *row, const Effects *effects);

#endif							/* REVOPS_CAPACITY_H */
