/*
 * world.h
 *		What surrounds a decision in the tests: an agreement, an environment
 *		that answers as it is told, effects as text.
 */
#ifndef UNIT_WORLD_H
#define UNIT_WORLD_H

#include "decide/decide.h"

/* microseconds */
#define HOUR	INT64CONST(3600000000)
/* the moment of every decision */
#define NOW		(1000000 * HOUR)

/* The default lifecycle, with the rules and floors that the cases speak of. */
extern const Agreement *default_agreement(void);

typedef struct World
{
	bool		routes;			/* some route matches: number 9, team 7 */
	bool		promises;		/* some policy matches: two hours, calendar 3 */
	int32		inactive;		/* this rep is away */
	int			tickets;		/* drawn so far; the reps of a team are 100 and on */
	const Agreement *agreement;	/* whose stages ask; NULL: nothing is asked */
	bool		criteria_fail;	/* entry criteria do not hold */
	uint64		empty;			/* roles that are empty, of any stage's needs */
	uint64		open;			/* questions without an answer, of any transition's */
	Attempts	attempts;		/* to reach the lead; four on three days are agreed */
	int32		accepted_by;	/* rep who has accepted it; 0: nobody */
	uint64		holds;			/* automatic moves whose conditions hold, by place */
	int			tries;			/* outbound touches since the lead entered its stage */
	bool		timeless;		/* no calendar tells when time is over */
} World;

/* An environment that answers from the world. */
extern void world_env(World *world, DecideEnv *env);

/* What was decided, in words; the text is static. */
extern const char *effects_text(const Agreement *agreement, const Effects *effects);

#endif							/* UNIT_WORLD_H */
