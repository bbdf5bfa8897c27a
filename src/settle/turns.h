/*
 * turns.h
 *		Turns of teams: who gets the next lead.
 *
 * The accounts of a team's schedule (see schedule.h) are kept in rows of
 * revops.turn.  A settle takes a row that nobody holds, the lowest, or makes one
 * where all are held; it takes its turns in memory, and writes the row once,
 * when it ends.  So nobody waits for anybody, in any isolation level, and what
 * is rolled back, crashes or stays prepared leaves turns as it leaves leads: no
 * turn is lost, and the counts that are committed are never farther from the
 * weights than one for each row, of which there are as many as there were
 * transactions at once.
 */
#ifndef REVOPS_TURNS_H
#define REVOPS_TURNS_H

#include "postgres.h"

#include "settle/settle.h"

/*
 * The place in the team of the member whose turn it is; -1 when all are away.
 * away NULL: all are there.  A team of one needs no turns.
 */
extern int	turns_next(Settle *s, Team *team, const bool *away);

/* Whose turn it would be; nothing is taken, and no row is locked. */
extern int	turns_peek(Settle *s, Team *team, const bool *away);

/* The turn that was taken last for the team was none: whose it was can't take the lead. */
extern void turns_undo(Settle *s, Team *team);

/* A lead that the member was given does not count. */
extern void turns_credit(Settle *s, Team *team, int place);

/* Write what was taken; called once, when the settle ends. */
extern void turns_write(Settle *s);

#endif							/* REVOPS_TURNS_H */
