/*
 * past.h
 *		What a lead went through before the engine knew it, as the host remembers
 *		it: moves that are written down as they were, whatever the transitions say
 *		now.
 */
#ifndef REVOPS_PAST_H
#define REVOPS_PAST_H

#include "postgres.h"

#include "decide/decide.h"

struct Settle;
struct LeadRow;

typedef struct PastMove
{
	const char *stage;			/* code of the stage that it went to */
	TimestampTz at;
	const char *reason;			/* code; NULL: none */
	const char *actor;			/* NULL: not known, whoever adopts it */
} PastMove;

/* In order of time. */
typedef struct Past
{
	int			n;
	PastMove   *moves;
} Past;

/*
 * Write the entry and the moves of a new lead that is not decided upon yet, and
 * change its state accordingly.  A move to what the agreement in force does not
 * know is left out, with a fault.  The lead entered where the last one before its
 * creation went, else where the first one of that moment did, else at the entry
 * stage.  Where the host's row names another stage than the last one, that is a
 * move too: when the row was written last, as far as that is known.  Nobody is
 * told of any of them.
 */
extern void past_write(struct Settle *s, struct LeadRow *row, const Past *past,
					   const LeadNews *news);

#endif							/* REVOPS_PAST_H */
