/*
 * outbox.h
 *		Purges events that are older than is to be kept (table event_retention).
 */
#ifndef REVOPS_OUTBOX_H
#define REVOPS_OUTBOX_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* How often the worker looks whether there is anything to purge. */
#define PURGE_EVERY	(60 * USECS_PER_SEC)

/*
 * Looks at up to batch events of each workspace, and purges those that are old
 * and that no consumer waits for; true when there may be more to look at.
 * Where another session is at it, it is left to that one.  What fails is a
 * fault, and no error.
 */
extern bool outbox_purge(TimestampTz now, int32 batch);

/* Is it purging now?  The trigger that keeps facts as they are asks for it. */
extern bool outbox_is_purging(void);

#endif							/* REVOPS_OUTBOX_H */
