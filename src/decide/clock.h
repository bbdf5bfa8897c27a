/*
 * clock.h
 *		The promises that run for a lead: when they start, are kept, and end.
 *
 * These are steps of decide(), and as pure: they read the state as decided so
 * far (effects->next) and what is new, and write the clock's part of the
 * effects.  The tables are written by settle/effects.c.
 */
#ifndef REVOPS_CLOCK_H
#define REVOPS_CLOCK_H

#include "decide/decide.h"

/* Nothing is decided about clocks yet. */
extern void clock_effects_init(Effects *effects);

/*
 * The lead has somebody now: where its stage has promises and none was made
 * since the lead came to sales, those of the first matching policy of each kind
 * count from this moment on.
 */
extern void clock_start(const Agreement *agreement, const LeadNews *news, const DecideEnv *env,
						TimestampTz from, Effects *effects);

/* Touches keep the promises that run, or are late; one of the next touch starts anew. */
extern void clock_answer(const LeadNews *news, const DecideEnv *env, Effects *effects);

/*
 * What the lead's row says of the clocks that run: it keeps a promise, or time
 * does not count while it says so.  Where it says that a promise is to be made,
 * that counts from now on.
 */
extern void clock_conditions(const Agreement *agreement, const LeadNews *news,
							 const DecideEnv *env, TimestampTz now, Effects *effects);

/* Somebody else is to keep the promise: it is made anew. */
extern void clock_renew(PromiseKind kind, const DecideEnv *env, TimestampTz at, Effects *effects);

/*
 * The lead has come to the stage of effects->next: the time in the one left has
 * ended, and that in this one begins.  A decision of sales is what an
 * acceptance waits for.
 */
extern void clock_stage(const Agreement *agreement, const LeadNews *news, const DecideEnv *env,
						TimestampTz at, Effects *effects);

/*
 * What runs of these kinds is void: the lead leaves the hands of sales, or is
 * gone.  The next handoff promises anew.
 */
extern void clock_void(int kinds, TimestampTz at, Effects *effects);

#endif							/* REVOPS_CLOCK_H */
