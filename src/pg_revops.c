/*
 * pg_revops.c
 *		Module start: settings and callbacks.  Nothing else lives here.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "define/invalidate.h"
#include "settle/pending.h"
#include "settle/places.h"
#include "settle/tables.h"
#include "time/engine_time.h"
#include "worker/worker.h"

PG_MODULE_MAGIC;

extern void _PG_init(void);

void
_PG_init(void)
{
	engine_time_init();
	invalidate_init();
	tables_init();
	places_init();
	pending_init();
	worker_init();
	MarkGUCPrefixReserved("pg_revops");
}
