/*
 * load.h
 *		Reading the rows that a snapshot of definitions is compiled from.
 *
 * For use while one is loaded: SPI is connected, as the extension's owner.  What
 * is kept is copied into the snapshot's context.
 */
#ifndef REVOPS_LOAD_H
#define REVOPS_LOAD_H

#include "postgres.h"

#include "define/definitions.h"

/* Read rows of the workspace, $1, and of the version of the agreement, $2; how many. */
extern uint64 read_rows(const Definitions *def, const char *query);

/* A column, counted from 1, of a row just read; NULL is 0, false or NULL. */
extern Datum field(uint64 row, int column, bool *isnull);
extern int32 int_field(uint64 row, int column);
extern bool bool_field(uint64 row, int column);
extern char *text_field(Definitions *def, uint64 row, int column);	/* a copy */

/* The purpose of a stage by its word; PURPOSE_NONE for NULL. */
extern StagePurpose purpose_by_name(const char *name);

/* Cleared memory of the snapshot. */
extern void *zeroed(Definitions *def, Size size);

#endif							/* REVOPS_LOAD_H */
