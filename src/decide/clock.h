/*
 * clock.h
 *		The promise that runs for a lead: when it starts, is answered, and ends.
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
 * The lead has somebody now: where its stage has a promise and none was made
 * since the lead came to sales, the first matching policy's counts from this
 * moment on.
 */
extern void clock_start(const Agreement *agreement, const LeadNews *news, const DecideEnv *env,
						TimestampTz from, Effects *effects);

/* An answer keeps the promise that runs, or is late. */
extern void clock_answer(const LeadNews *news, Effects *effects);

/* The lead leaves the hands of sales: what runs is void, and the next handoff promises anew. */
extern void clock_void(TimestampTz at, Effects *effects);

#endif							/* REVOPS_CLOCK_H */
