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
	[TIMER_WAITING] = "route_waiting",
};

const char *
timer_name(TimerKind kind)
{
	return timer_names[kind];
}

void
effects_set_timer(Effects *effects, TimerKind kind, TimestampTz due_at)
{
	int			i = 0;

	if (due_at == NO_TIME)
		return;
	/* what is decided last counts */
	while (i < effects->ntimers && effects->timers[i].kind != kind)
		i++;
	effects->timers[i] = (TimerSet) {kind, due_at};
	effects->ntimers = Max(effects->ntimers, i + 1);
}
