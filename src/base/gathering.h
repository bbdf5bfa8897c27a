/*
 * gathering.h
 *		Leads whose touches are to gather, so that the worker gets at them.
 *
 * A lead that is touched without a pause is held by one touch or another at
 * nearly every moment, each of which leaves the deltas of those that found it
 * so: the worker, which never waits, would hardly ever fold them.  So it names
 * the leads that it found busy; touches that change no more than sums append
 * deltas to these and let the row be, until the worker has folded them.
 *
 * In shared memory, one for each mailbox.  Only the worker writes.  Whoever
 * reads what is no longer, or not yet, true does what is right all the same.
 */
#ifndef REVOPS_GATHERING_H
#define REVOPS_GATHERING_H

#include "postgres.h"

#include "port/atomics.h"

/* that many at a time: the hottest of all; of more, the latest count */
#define GATHERING_MOST	16

typedef struct Gathering
{
	pg_atomic_uint32 any;		/* are there any? */
	pg_atomic_uint64 leads[GATHERING_MOST]; /* 0: none */
} Gathering;

/* Nobody, in memory that is new. */
extern void gathering_init(Gathering *gathering);

/* Touches of this lead are to gather; or they need not any longer. */
extern void gathering_ask(Gathering *gathering, int64 lead_id);
extern void gathering_end(Gathering *gathering, int64 lead_id);

/* Nobody's need any longer. */
extern void gathering_clear(Gathering *gathering);

/* Are touches of this lead to gather? */
extern bool gathering_has(Gathering *gathering, int64 lead_id);

#endif							/* REVOPS_GATHERING_H */
