/*
 * handoff.h
 *		What facts say of a lead that sales has, or had: who accepted it, how
 *		often it was tried to reach it, of whom it is a duplicate.
 *
 * Read of a lead that is locked, under the newest snapshot, and only when
 * somebody says something that depends on it.  Touches are facts as soon as
 * they are committed, also those whose sums still wait as deltas.
 */
#ifndef REVOPS_SETTLE_HANDOFF_H
#define REVOPS_SETTLE_HANDOFF_H

#include "settle/settle.h"

/* role by which a host's row says of whom its lead is a duplicate: the key of a row of that table */
#define DUPLICATE_OF_ROLE	"duplicate_of"

/* A move of a lead, as its fact tells it; texts are copies. */
typedef struct ToldMove
{
	int32		seq;			/* 0: there is none */
	TimestampTz at;
	int32		rep_id;			/* who had the lead then; 0: nobody */
	char	   *to_stage;
	char	   *cause;
	char	   *reason;			/* NULL: none */
	char	   *actor;
} ToldMove;

/* The lead's last move, and the one by which sales accepted it last; seq 0: none. */
extern void handoff_last_moves(Settle *s, int64 lead_id, ToldMove *last, ToldMove *accepted);

/* How sales has tried to reach the lead since it got it, up to s->now. */
extern void handoff_attempts(Settle *s, int64 lead_id, Attempts *attempts);

/*
 * The lead that is left in the end when this one is taken as the original, which
 * may itself be a duplicate of another; 0 where that is nobody, is gone, is of
 * another workspace, or is `of` itself.
 */
extern int64 handoff_survivor(Settle *s, int64 lead_id, int64 of);

/* Write down that the lead's last move made it a duplicate, and tell of it. */
extern void handoff_link(Settle *s, const LeadRow *row, int64 survivor_id);

#endif							/* REVOPS_SETTLE_HANDOFF_H */
