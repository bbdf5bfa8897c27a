/*
 * written.h
 *		What the engine says of a lead where it is written into the host's row,
 *		and who notices that a row needs it.
 *
 * A settle that changes what a lead shows leaves word in revops.write_back_due;
 * whoever reads that writes the host's row (capture/write_back.h).  Where the
 * host's row is at hand, in a statement on an inline binding, it is compared
 * first, and made right in that statement.
 */
#ifndef REVOPS_WRITTEN_H
#define REVOPS_WRITTEN_H

#include "postgres.h"

#include "decide/decide.h"
#include "define/binding.h"
#include "define/write_back.h"
#include "settle/lead_row.h"

struct Settle;

/* What a lead shows at a moment. */
typedef struct Written
{
	int64		lead_id;
	int			score;			/* whole points */
	char		grade[3];
	const char *stage;			/* code; NULL: not one of the agreement in force */
	const char *owner;			/* code of the rep; NULL: none */
	TimestampTz due_at;			/* of the promise that runs; NO_TIME: none */
	bool		moved;			/* the stage is news, whatever word the host has there */
	bool		assigned;		/* and so is the owner */
} Written;

/*
 * Asked of the host's row at hand: true when it shows all this, or whoever
 * answers sees to it.
 */
typedef bool (*WrittenHolds) (void *arg, const Written *written);

/* What a lead in this state, after these effects (NULL: none), shows. */
extern void written_of(struct Settle *s, const LeadState *state, const Effects *effects,
					   TimestampTz at, Written *written);

/* The part of it that is score and grade. */
extern void written_scores(const Agreement *agreement, const LeadState *state, TimestampTz at,
						   Written *written);

/*
 * A lead was settled.  `before` is its state until then (NULL: it is new),
 * `told`: the host's row was read for it.  Only for bindings with fills.
 */
extern void written_note(struct Settle *s, Binding *binding, const LeadRow *row,
						 const LeadState *before, const Effects *effects, bool told);

/* The host's row is to be looked at, and written where it does not hold. */
extern void written_due(struct Settle *s, int32 binding_id, int64 lead_id,
						bool moved, bool assigned);

#endif							/* REVOPS_WRITTEN_H */
