/*
 * rollups.h
 *		Keeping the roll-ups of the KPIs.
 */
#ifndef REVOPS_ROLLUPS_H
#define REVOPS_ROLLUPS_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* Take so many changes of leads into the roll-ups; returns how many it took. */
extern int	rollups_keep(int32 batch);

/* The same, where an error is a fault and no more: for who has other things to do too. */
extern void rollups_try(TimestampTz now, int32 batch);

#endif							/* REVOPS_ROLLUPS_H */
