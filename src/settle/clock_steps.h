/*
 * clock_steps.h
 *		What is done about a promise that is not kept: its breach is told, and
 *		the steps of its policy are taken, each once.
 */
#ifndef REVOPS_CLOCK_STEPS_H
#define REVOPS_CLOCK_STEPS_H

#include "settle/clock_row.h"

/*
 * When something is to be done about the clock next, set in the row to be
 * written: the due time, as long as its breach was not told, or a step.  Steps
 * before the start are none.
 */
extern void clock_set_fires(Settle *s, RunningClock *clock);

/* Room for the steps of one decision, and whose they are. */
typedef struct ClockSteps
{
	int			n;
	DueStep		steps[MAX_DUE_STEPS];
	int			positions[MAX_DUE_STEPS];
} ClockSteps;

/*
 * The steps of running clocks whose time has come, for decide() to take; those
 * of policies on trial, and those that were taken often enough, are not among
 * them.  The lead is locked.
 */
extern void clock_steps_due(Settle *s, const LeadState *state, ClockSteps *steps, LeadNews *news);

/*
 * Mark and tell, once each, the breach of every clock whose due time has passed
 * (but not of one that these effects keep), and the steps that were due.  `row`
 * is as before the decision.
 */
extern void clock_steps_fire(Settle *s, const LeadRow *row, const ClockSteps *steps,
							 const Effects *effects);

#endif							/* REVOPS_CLOCK_STEPS_H */
