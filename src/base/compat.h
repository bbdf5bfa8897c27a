/*
 * compat.h
 *		The one place where PostgreSQL's major versions differ for us.
 *
 * Call sites are written for the newest version; what an older one lacks is
 * supplied here under the new name.
 */
#ifndef REVOPS_COMPAT_H
#define REVOPS_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "pg_revops needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "storage/proc.h"
#include "utils/guc.h"

#if PG_VERSION_NUM >= 170000
#define RevopsLocalTransactionId() (MyProc->vxid.lxid)
#define RevopsMyProcNumber() (MyProcNumber)
#else
#define RevopsLocalTransactionId() (MyProc->lxid)
#define RevopsMyProcNumber() (MyProc->pgprocno)

/* Pin the search path; the caller has opened a GUC nest level. */
static inline void
RestrictSearchPath(void)
{
	set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
					  PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}
#endif

/* The relation's file, for ReadRecentBuffer. */
#if PG_VERSION_NUM >= 160000
#define RevopsRelFile(rel) ((rel)->rd_locator)
#else
#define RevopsRelFile(rel) ((rel)->rd_node)
#endif

/* Since PostgreSQL 16 the resource owner ends what was being read or written. */
#if PG_VERSION_NUM >= 160000
#define RevopsAbortBufferIO() ((void) 0)
#else
#define RevopsAbortBufferIO() AbortBufferIO()
#endif

/* Does the role own the database? */
#if PG_VERSION_NUM >= 160000
#define RevopsOwnsDatabase(database, role) \
	object_ownercheck(DatabaseRelationId, (database), (role))
#else
#define RevopsOwnsDatabase(database, role) pg_database_ownercheck((database), (role))
#endif

/* May be given its value while a parallel query runs; minor releases of 2024 brought it. */
#ifndef GUC_ALLOW_IN_PARALLEL
#define GUC_ALLOW_IN_PARALLEL 0
#endif

/* Memory of settings; NULL where there is none. */
#if PG_VERSION_NUM < 160000
#include <stdlib.h>

#define guc_malloc(elevel, size) malloc(size)
#define guc_strdup(elevel, text) strdup(text)
#define guc_free(pointer) free(pointer)
#endif

/* Raises 42501 where the current user may not read what an analysed query reads. */
#if PG_VERSION_NUM >= 160000
#define RevopsCheckRights(query) \
	((void) ExecCheckPermissions((query)->rtable, (query)->rteperminfos, true))
#else
#define RevopsCheckRights(query) ((void) ExecCheckRTPerms((query)->rtable, true))
#endif

/* A virtual generated column is not in the tuple: put its expression instead. */
#if PG_VERSION_NUM >= 180000
#include "rewrite/rewriteHandler.h"
#define RevopsExpandGenerated(node, rel) \
	expand_generated_columns_in_expr((node), (rel), 1)
#else
#define RevopsExpandGenerated(node, rel) (node)
#endif

#endif							/* REVOPS_COMPAT_H */
