/*
 * descent.c
 *		See descent.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/relcache.h"

#include "base/errors.h"
#include "capture/descent.h"

/* What a relation is a partition or child of. */
static List *
parents_of(Oid relid)
{
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *parents = NIL;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		parents = lappend_oid(parents, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	table_close(inherits, AccessShareLock);
	return parents;
}

bool
descends(Oid relid, Oid ancestor)
{
	List	   *parents;
	ListCell   *cell;

	if (relid == ancestor)
		return true;
	parents = parents_of(relid);
	foreach(cell, parents)
	{
		if (descends(lfirst_oid(cell), ancestor))
			return true;
	}
	return false;
}

Relation
descent_open(Relation relation, Oid host)
{
	Relation	opened;

	if (RelationGetRelid(relation) == host)
		return relation;
	(void) ConditionalLockRelationOid(host, AccessShareLock);
	opened = RelationIdGetRelation(host);
	if (!RelationIsValid(opened))
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_BINDING),
				 errmsg("the table that \"%s\" is a part of does not exist any more",
						RelationGetRelationName(relation)),
				 errdetail("It had OID %u.", host)));
	return opened;
}

void
descent_close(Relation relation, Relation host)
{
	if (host != relation)
		RelationClose(host);
}
