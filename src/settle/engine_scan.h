/*
 * engine_scan.h
 *		Reading our own tables by an index.
 */
#ifndef REVOPS_ENGINE_SCAN_H
#define REVOPS_ENGINE_SCAN_H

#include "postgres.h"

#include "settle/writer.h"

/*
 * Is anything waiting for any lead?  Cheap: looks at the table's size only.  A
 * "no" holds for a lead that was locked before it was asked.
 */
extern bool deltas_possible(Writers *writers);

/*
 * All reads from here to the thaw go under one snapshot, taken at the first of
 * them.
 */
extern void engine_freeze(Writers *writers);
extern void engine_thaw(Writers *writers);

/* The snapshot that reads go under: that one, else the newest. */
extern struct SnapshotData *engine_snapshot(Writers *writers);

/*
 * Index scans over our tables.  In a SERIALIZABLE transaction they leave no
 * predicate locks, which pages of index and table would share between
 * leads: two transactions with nothing in common would fail each other.  What
 * is read here is kept right by the lead's lock.
 */
extern struct SysScanDescData *engine_scan(Writers *writers, EngineTable table,
										   Oid index, int nkeys,
										   struct ScanKeyData *keys);
/* The next row, NULL at the end; good until the next call. */
extern struct HeapTupleData *engine_scan_next(struct SysScanDescData *scan);
extern void engine_scan_end(struct SysScanDescData *scan);

/* A column of a row; 0 when it is NULL. */
extern Datum engine_column(Writers *writers, EngineTable table,
						   struct HeapTupleData *tuple, int column);

#endif							/* REVOPS_ENGINE_SCAN_H */
