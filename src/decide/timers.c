/*
 * timers.c
 *		Timers that decisions set: see timers.h.
 */
#include "postgres.h"

#include "decide/decide.h"

static const char *const timer_names[N_TIMERS] = {
	[TIMER_RECYCLE] = "recycle_due",
	[TIMER_STAY] = "stay_over",
	[TIMER_SILENCE] = "silent_accept",
};

const char *
timer_name(TimerKind kind)
{
	return timer_names[kind];
}

void
effects_set_timer(Effects *effects, TimerKind kind, TimestampTz due_at)
{
	if (due_at != NO_TIME)
		effects->timers[effects->ntimers++] = (TimerSet) {kind, due_at};
}
