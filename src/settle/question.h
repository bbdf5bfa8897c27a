/*
 * question.h
 *		Questions that decisions ask, whose answers may raise.
 *
 * In a careful settle each is asked in a subtransaction of its own: one that
 * raises has the answer that is said here, and is noted as a fault of the
 * definition, which is named by its kind and name.
 */
#ifndef REVOPS_QUESTION_H
#define REVOPS_QUESTION_H

#include "postgres.h"

#include "settle/settle.h"

/* Does a condition hold for the lead at hand?  Rule -1 always does; what raises does not. */
extern bool question_holds(Settle *s, RuleSet *set, int rule, const char *kind, const char *name);

/*
 * When so much time of a calendar (0: wall time) is over, counted from here; not
 * before that moment (NO_TIME: at any).  False: it raised.
 */
extern bool question_due(Settle *s, int64 span, int32 calendar_id, TimestampTz from,
						 TimestampTz not_before, const char *kind, const char *name,
						 TimestampTz *due_at);

/* How much time of a calendar (0: wall time) there is between two moments.  False: it raised. */
extern bool question_left(Settle *s, int32 calendar_id, TimestampTz from, TimestampTz until,
						  const char *kind, const char *name, int64 *left);

/* Is a calendar open then?  What raises is: nobody is kept away by it. */
extern bool question_open(Settle *s, int32 calendar_id, TimestampTz at, const char *kind,
						  const char *name);

#endif							/* REVOPS_QUESTION_H */
