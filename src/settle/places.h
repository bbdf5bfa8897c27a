/*
 * places.h
 *		Where leads were found last.
 *
 * Shared by all backends where the library was preloaded, so that a new session
 * finds what others have found; a backend's own else.  Whoever recalls a place
 * must see from the row there whether it is what was looked for: nothing is
 * invalidated, and nothing is locked, so that a place may be another lead's, or
 * put together from two.
 */
#ifndef REVOPS_PLACES_H
#define REVOPS_PLACES_H

#include "postgres.h"

#include "storage/buf.h"
#include "storage/itemptr.h"

typedef struct Place
{
	ItemPointerData root;		/* as an index entry names it */
	Buffer		buffer;			/* where its page was; or InvalidBuffer */
} Place;

/* Announces the shared memory; called once, when the library is loaded. */
extern void places_init(void);

/* What was remembered for something of this hash, in this database; false: nothing. */
extern bool place_recall(uint64 hash, Place *place);

/* Remember it, instead of whatever had the same number. */
extern void place_remember(uint64 hash, const Place *place);

#endif							/* REVOPS_PLACES_H */
