/*
 * faults.h
 *		What goes wrong without failing the host's statement.
 *
 * Faults are collected while a settle runs and written at its end, one row for
 * each kind with a count, so that a bad rule over a million rows is one row.
 */
#ifndef REVOPS_FAULTS_H
#define REVOPS_FAULTS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef struct Faults
{
	List	   *notes;
	MemoryContext context;
} Faults;

/* Where a fault happened; zero and NULL: not known. */
typedef struct FaultPlace
{
	int32		binding_id;
	int64		lead_id;
	const char *key;
} FaultPlace;

extern void faults_init(Faults *faults, MemoryContext context);

/* Note a fault; all texts are copied. */
extern void fault_note(Faults *faults, const FaultPlace *place, const char *object,
					   int sqlstate, const char *message, const char *detail);

/* Write them through SPI as the extension's owner, and forget them. */
extern void faults_write(Faults *faults, TimestampTz now);

#endif							/* REVOPS_FAULTS_H */
