/*
 * env.h
 *		What decisions may ask of the outside: routes, turns, promises.
 */
#ifndef REVOPS_ENV_H
#define REVOPS_ENV_H

#include "decide/decide.h"
#include "settle/settle.h"

/* The environment of a settle; answers are about the lead at hand. */
extern void env_init(DecideEnv *env, Settle *s);

/* The same, without taking turns: s->unforeseen is set where a turn would be taken. */
extern void env_foresee(DecideEnv *env, Settle *s);

/* The roles of the lead at hand, read back from its profile where needed. */
extern TupleTableSlot *env_roles(Settle *s);

/*
 * The time that a policy promises from a moment on, in microseconds: another one
 * where its calendar is closed then, if it says so.  counts: the calendar that
 * counts it; 0: wall time.
 */
extern int64 env_promised_time(Settle *s, const Policy *policy, int32 calendar_id,
							   TimestampTz from, int32 *counts);

#endif							/* REVOPS_ENV_H */
