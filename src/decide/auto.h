/*
 * auto.h
 *		Moves that an agreement makes by itself: by score, grade, criteria, a lost
 *		deal, attempts made, a stage stayed in for too long, and silence that
 *		counts as acceptance.
 *
 * Pure, as decide() is.  Here it is said which move is next, and which timers
 * wait; decide() makes the move through its guard, as any other that nobody
 * asks for.  An agreement without any of this (Agreement.automatic is false)
 * is asked nothing more.
 */
#ifndef REVOPS_AUTO_H
#define REVOPS_AUTO_H

#include "decide/decide.h"

/* A move that is to be made now. */
typedef struct AutoStep
{
	int			to;
	Cause		cause;
	const char *reason;			/* NULL: none */
} AutoStep;

/*
 * Are further points or touches more than sums to the lead, because a move of
 * its stage waits for them?
 */
extern bool auto_listens(const Agreement *agreement, const LeadState *state);

/*
 * Does the lead reach the floors of some move of its stage, or enough touches?
 * Then that move must be decided about: its condition may still not hold.
 */
extern bool auto_reaches(const Agreement *agreement, const LeadState *state, TimestampTz now);

/*
 * The next move of the lead by what is known of it: the first by position that
 * applies.  A stage in which it has been within this decision is not entered
 * again, and there is room for so many moves: what had to stop there is told in
 * effects->stopped_at_stage.  False: none.
 */
extern bool auto_next(const Agreement *agreement, const LeadState *state, const LeadNews *news,
					  TimestampTz now, const DecideEnv *env, Effects *effects, AutoStep *step);

/*
 * What a timer of the lead's stage brings about that fires now; tells of a stay
 * that is over in effects->stay_over.  False: it moves nothing.
 */
extern bool auto_due(const Agreement *agreement, const LeadState *state, const LeadNews *news,
					 TimestampTz now, const DecideEnv *env, Effects *effects, AutoStep *step);

/* Set the timers of the stage in which the decision leaves the lead. */
extern void auto_timers(const Agreement *agreement, const LeadState *before, const LeadNews *news,
						TimestampTz now, const DecideEnv *env, Effects *effects);

#endif							/* REVOPS_AUTO_H */
