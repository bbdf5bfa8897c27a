/*
 * want.h
 *		Does a worker want to know that leads were freed?
 *
 * In shared memory, one for each mailbox.  The worker says that it wants to
 * know before it tries leads; whoever ends a transaction asks afterwards.  One
 * answer of a kind is enough until the worker tries again.  That leads may have
 * been freed is the weaker answer: the worker may take its time over it, and so
 * has to be told meanwhile when leads were freed indeed.
 */
#ifndef REVOPS_WANT_H
#define REVOPS_WANT_H

#include "postgres.h"

#include "port/atomics.h"

typedef pg_atomic_uint32 Want;

/* Nothing is wanted; in memory that is new. */
extern void want_init(Want *want);

/* It is about to try leads: each answer is wanted. */
extern void want_any(Want *want);

/* It passed nobody over: none is. */
extern void want_none(Want *want);

/* Leads were freed, surely or maybe: is the worker to be told? */
extern bool want_take(Want *want, bool surely);

#endif							/* REVOPS_WANT_H */
