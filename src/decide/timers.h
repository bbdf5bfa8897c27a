/*
 * timers.h
 *		What falls due by time alone, of what decide() sets.
 *
 * A timer is a row of table timer; it fires once, and reaches decide() as a bit
 * of LeadNews.due.
 */
#ifndef REVOPS_TIMERS_H
#define REVOPS_TIMERS_H

#include "datatype/timestamp.h"

/* A lead has one timer of a kind at most.  What is new comes at the end. */
typedef enum TimerKind
{
	TIMER_RECYCLE,				/* the date of a recycled lead has come */
	TIMER_STAY,					/* the longest stay in its stage is over */
	TIMER_SILENCE,				/* sales has said nothing for so long that it counts as acceptance */
	TIMER_WAITING,				/* somebody of its team may be there now */
	N_TIMERS
} TimerKind;

/* the word for a kind, as timer.timer carries it */
extern const char *timer_name(TimerKind kind);

/* bits of LeadNews.due: timers that fire now */
#define DUE_RECYCLE		(1u << TIMER_RECYCLE)
#define DUE_STAY		(1u << TIMER_STAY)
#define DUE_SILENCE		(1u << TIMER_SILENCE)
#define DUE_WAITING		(1u << TIMER_WAITING)

/* those that are void once the lead has moved */
#define DUE_VOID_BY_MOVE	(DUE_RECYCLE | DUE_STAY | DUE_SILENCE)

typedef struct TimerSet
{
	TimerKind	kind;
	TimestampTz due_at;
} TimerSet;

#endif							/* REVOPS_TIMERS_H */
