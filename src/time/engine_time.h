/*
 * engine_time.h
 *		Where every moment in the engine comes from.
 */
#ifndef REVOPS_ENGINE_TIME_H
#define REVOPS_ENGINE_TIME_H

#include "postgres.h"
#include "datatype/timestamp.h"

/* Defines the setting pg_revops.now (superuser only); called from _PG_init. */
extern void engine_time_init(void);

/*
 * The moment of a settle: pg_revops.now where it is set, else the clock.  Take
 * it after the lead is locked; a settle never runs before the lead's last one.
 */
extern TimestampTz engine_clock(void);

/* The moment of a read: pg_revops.now where set, else the transaction's time. */
extern TimestampTz engine_now(void);

/*
 * Reads of this session see this moment instead, until it is called with
 * DT_NOEND.  Who calls it undoes it, after an error too; parallel workers are
 * not told.
 */
extern void engine_look_at(TimestampTz at);

#endif							/* REVOPS_ENGINE_TIME_H */
