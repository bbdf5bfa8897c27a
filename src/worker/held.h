/*
 * held.h
 *		Leads that a worker leaves alone: those that were busy, until leads are
 *		freed, and those that failed, until their rules may have changed.
 *
 * So new work behind many such leads is not slowed down by trying them again
 * and again.  A lead that was busy is left alone by the chore that found it so
 * and by no other: what may wait must not make urgent work for it wait as well.
 * Leads that find no room are tried each time.
 */
#ifndef REVOPS_HELD_H
#define REVOPS_HELD_H

#include "postgres.h"

#include "worker/chore.h"
#include "worker/errands.h"

/* Leads, with room for so many. */
typedef struct HeldLeads
{
	LeadList	list;
	int			room;
} HeldLeads;

typedef struct Held
{
	MemoryContext context;
	HeldLeads	busy[N_CHORES];	/* by the chore that found them so */
	HeldLeads	failed;
} Held;

/* Nobody yet; memory is taken from this context. */
extern void held_init(Held *held, MemoryContext context);

/* Hold the leads of a chore's page that were not settled; was any of them busy? */
extern bool held_take(Held *held, Chore chore, const Errands *page);

/* The leads that a chore leaves alone; made in the current memory context. */
extern void held_except(const Held *held, Chore chore, LeadList *except);

/* Let those go that were busy for a chore, or all. */
extern void held_free_busy(Held *held, Chore chore);
extern void held_free_all(Held *held);

#endif							/* REVOPS_HELD_H */
