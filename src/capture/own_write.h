/*
 * own_write.h
 *		Our own UPDATE of a host's row, known again when its triggers fire.
 */
#ifndef REVOPS_OWN_WRITE_H
#define REVOPS_OWN_WRITE_H

#include "capture/fill.h"

typedef struct OwnWrite
{
	Fill	   *fill;
	const Written *written;		/* what is written */
	int			depth;			/* of triggers, of the statement */
	struct OwnWrite *outer;		/* in whose triggers this one is written; NULL: none */
	bool		held;			/* the lead was busy: its new profile waits in a delta */
} OwnWrite;

/* From own_write_begin to own_write_end the UPDATE runs; an error needs an end too. */
extern void own_write_begin(OwnWrite *own, Fill *fill, const Written *written);
extern void own_write_end(OwnWrite *own);

/* The own write whose trigger this is; NULL: it is the application's statement. */
extern OwnWrite *own_write_of(Binding *binding);

/* How deep in triggers are we? */
extern int	trigger_depth(void);

/*
 * The row as the host has spoken of it, after our own write: stage and owner
 * as they were before, where they are now what we made them.  A slot in the
 * current memory context.
 */
extern TupleTableSlot *own_write_spoken(OwnWrite *own, TupleTableSlot *roles,
										TupleTableSlot *old_roles);

#endif							/* REVOPS_OWN_WRITE_H */
