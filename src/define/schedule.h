/*
 * schedule.h
 *		Whose turn it is: a fair schedule for weighted members, of whom some may
 *		be away.
 *
 * Each member has an account: the turns that it was entitled to less those that
 * it got.  A turn entitles every member that is there to its share of one, and
 * costs the one who takes it one.  What the accounts say is all that there is
 * to know, so that turns of several schedules add up, a turn can be taken back,
 * and who was away finds its account as it left it: no burst.
 *
 * While all are there, and from accounts of nothing, no account is ever farther
 * from nothing than 1 - 1/(2n-2): the best bound there is (R. Tijdeman, The
 * chairman assignment problem, 1980).  Needs no server.
 */
#ifndef REVOPS_SCHEDULE_H
#define REVOPS_SCHEDULE_H

#include "postgres.h"

/*
 * Take a turn: the place (0 .. n-1) of the member whose turn it is, -1 when all
 * are away.  away NULL: all are there.  The accounts are brought up to date.
 * Among equals it is who comes first from place first on (0 .. n-1), round.
 */
extern int	schedule_next(int n, const int32 *weights, double *accounts, const bool *away,
						  int first);

/*
 * Add to the accounts what another schedule of the same members says, as far as
 * none of them comes to be farther than a turn from nothing: the same part of each
 * member's, so that both go on to add up to what they did.  True: all of it.
 */
extern bool schedule_join(int n, double *accounts, double *others);

/*
 * Take a turn back from the member at a place, as if it had never been: shared
 * by all of them, since nobody remembers who was away.
 */
extern void schedule_credit(int n, const int32 *weights, double *accounts, int place);

/*
 * The account that a new epoch (other members or weights) begins with, for who
 * had this one before: next to nothing, so that the bound holds from the first
 * turn on; not nothing, so that who was owed a turn is the first among equals.
 */
extern double schedule_carry(double account);

#endif							/* REVOPS_SCHEDULE_H */
