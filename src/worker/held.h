/*
 * held.h
 *		Leads that a worker leaves alone: those that were busy, until leads are
 *		freed, and those that failed, until their rules may have changed.
 *
 * So new work behind many such leads is not slowed down by trying them again
 * and again.  Leads that find no room are tried each time.
 */
#ifndef REVOPS_HELD_H
#define REVOPS_HELD_H

#include "postgres.h"

#include "worker/errands.h"

typedef struct Held
{
	LeadList	all;			/* both kinds */

	/* private */
	MemoryContext context;
	int			room;
	bool	   *busy;			/* of which kind each is */
} Held;

/* Nobody yet; memory is taken from this context. */
extern void held_init(Held *held, MemoryContext context);

/* Hold the leads of a page that were not settled; was any of them busy? */
extern bool held_take(Held *held, const Errands *page);

/* Let those go that were busy, or all. */
extern void held_free_busy(Held *held);
extern void held_free_all(Held *held);

#endif							/* REVOPS_HELD_H */
