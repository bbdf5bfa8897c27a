/*
 * team.h
 *		Where routes lead, and who of a team gets the lead at hand.
 */
#ifndef REVOPS_TEAM_H
#define REVOPS_TEAM_H

#include "postgres.h"

#include "settle/settle.h"

/* Why somebody can't have a lead. */
typedef enum Obstacle
{
	NO_OBSTACLE,
	OBSTACLE_SWITCHED_OFF,
	OBSTACLE_TIME_OFF,
	OBSTACLE_HOURS,				/* outside of the rep's own */
	OBSTACLE_SPARED,			/* it is to be another's */
	OBSTACLE_SKILL,
	OBSTACLE_FULL,				/* as many leads as the rep may have */
	OBSTACLE_LOADED				/* more than others, in a team where the least loaded gets it */
} Obstacle;

/* Is the rep switched on, and has no time off now? */
extern bool team_rep_is_there(Settle *s, const Rep *rep);

/* See DecideEnv.route: the first route that is valid, holds, and leads to somebody. */
extern bool team_route(Settle *s, RouteTarget *target);

/*
 * See DecideEnv.pick_rep: whose turn it is among those who are there and can; a
 * settle that foresees takes no turn.  The schedule's turn is taken for good,
 * with what the rep may have (see settle_end).
 */
extern void team_pick(Settle *s, Pick *pick);

/*
 * Who follows what is asked, where somebody wants to know why: told of each
 * route that is looked at, and of each member of each team.  Nothing is taken.
 */
typedef struct RouteTrace
{
	void		(*route) (struct RouteTrace *trace, const Route *route, const char *verdict);
	void		(*member) (struct RouteTrace *trace, const Team *team, const Rep *rep,
						   Obstacle obstacle, bool chosen);
	void		(*nobody) (struct RouteTrace *trace, const Team *team, TimestampTz retry_at);
} RouteTrace;

#endif							/* REVOPS_TEAM_H */
