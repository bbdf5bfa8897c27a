/*
 * engine_scan.c
 *		See engine_scan.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "utils/snapmgr.h"

#include "settle/engine_scan.h"

void
engine_freeze(Writers *writers)
{
	writers->frozen = true;
}

void
engine_thaw(Writers *writers)
{
	writers->frozen = false;
	if (writers->snapshot != NULL)
		UnregisterSnapshot(writers->snapshot);
	writers->snapshot = NULL;
}

Snapshot
engine_snapshot(Writers *writers)
{
#ifdef REVOPS_TEST_TORN_FOLD	/* what comes between two snapshots: widened, to be hit surely */
	pg_usleep(500);
#endif
	if (!writers->frozen)
		return GetLatestSnapshot();
	if (writers->snapshot == NULL)
		writers->snapshot = RegisterSnapshot(GetLatestSnapshot());
	return writers->snapshot;
}

SysScanDesc
engine_scan(Writers *writers, EngineTable table, Oid index, int nkeys, ScanKey keys)
{
	PushActiveSnapshot(engine_snapshot(writers));
	return systable_beginscan(writer_rel(writers, table), index, true,
							  IsolationIsSerializable() ? SnapshotAny : GetActiveSnapshot(),
							  nkeys, keys);
}

HeapTuple
engine_scan_next(SysScanDesc scan)
{
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (!IsolationIsSerializable() ||
			table_tuple_satisfies_snapshot(scan->heap_rel, scan->slot, GetActiveSnapshot()))
			break;
	return tuple;
}

void
engine_scan_end(SysScanDesc scan)
{
	systable_endscan(scan);
	PopActiveSnapshot();
}

bool
deltas_possible(Writers *writers)
{
	if (!writers->deltas_seen)
		writers->deltas_seen = RelationGetNumberOfBlocks(writer_rel(writers, TABLE_LEAD_DELTA)) > 0;
	return writers->deltas_seen;
}

Datum
engine_column(Writers *writers, EngineTable table, HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column + 1,
									 RelationGetDescr(writers->tables[table].rel), &isnull);

	return isnull ? (Datum) 0 : value;
}
