/*
 * invalidate.c
 *		See invalidate.h.
 *
 * Definitions are spread over a dozen tables.  A statement trigger on each of
 * them (revops.definition_changed) invalidates the relcache entry of one of
 * them, revops.workspace: the anchor.  The callback only counts: it must not
 * look anything up, and nothing may be freed while an outer frame uses it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "define/invalidate.h"

PG_FUNCTION_INFO_V1(revops_definition_changed);

static uint64 definitions = 1;
static uint64 relations = 1;
static Oid	anchor = InvalidOid;
static HTAB *watched = NULL;
static bool changed_here = false;

static void
on_relcache_flush(Datum arg, Oid relid)
{
	if (relid == InvalidOid || !OidIsValid(anchor) || relid == anchor)
		definitions++;
	if (relid == InvalidOid ||
		(watched != NULL && hash_search(watched, &relid, HASH_FIND, NULL) != NULL))
		relations++;
}

/*
 * A transaction that changed definitions may have filled caches with its own
 * uncommitted rows; when it rolls back they must go too.
 */
static void
on_transaction_end(XactEvent event, void *arg)
{
	if (!changed_here)
		return;
	if (event == XACT_EVENT_ABORT)
		definitions++;
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT ||
		event == XACT_EVENT_PREPARE)
		changed_here = false;
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId mine,
					  SubTransactionId parent, void *arg)
{
	if (changed_here && event == SUBXACT_EVENT_ABORT_SUB)
		definitions++;
}

void
invalidate_init(void)
{
	CacheRegisterRelcacheCallback(on_relcache_flush, (Datum) 0);
	RegisterXactCallback(on_transaction_end, NULL);
	RegisterSubXactCallback(on_subtransaction_end, NULL);
}

/*
 * The anchor's OID is looked up here, never in the callback.  Until it is
 * known every flush counts as a change, which is safe.
 */
static void
resolve_anchor(void)
{
	Oid			nsp = get_namespace_oid("revops", true);

	anchor = OidIsValid(nsp) ? get_relname_relid("workspace", nsp) : InvalidOid;
}

uint64
definitions_generation(void)
{
	if (!OidIsValid(anchor) || !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(anchor)))
	{
		resolve_anchor();
		definitions++;
	}
	return definitions;
}

uint64
relations_generation(void)
{
	return relations;
}

void
watch_relation(Oid relid)
{
	if (watched == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(Oid);
		ctl.entrysize = sizeof(Oid);
		ctl.hcxt = TopMemoryContext;
		watched = hash_create("pg_revops watched relations", 32, &ctl,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	(void) hash_search(watched, &relid, HASH_ENTER, NULL);
}

/*
 * revops.definition_changed(): statement trigger on every definition table.
 */
Datum
revops_definition_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"definition_changed\" was not called by trigger manager")));

	resolve_anchor();
	if (OidIsValid(anchor))
		CacheInvalidateRelcacheByRelid(anchor);
	definitions++;
	changed_here = true;
	return PointerGetDatum(NULL);
}
