/*
 * owner.c
 *		See owner.h.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/owner.h"

Oid
revops_schema(void)
{
	return get_namespace_oid("revops", false);
}

Oid
revops_relation(const char *name)
{
	Oid			relid = get_relname_relid(name, revops_schema());

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"revops.%s\" does not exist", name),
				 errhint("CREATE EXTENSION pg_revops makes it.")));
	return relid;
}

Oid
revops_owner(void)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID,
										ObjectIdGetDatum(revops_schema()));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema revops");
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
enter_under(OwnerScope *scope, Snapshot snapshot)
{
	Oid			owner = revops_owner();

	GetUserIdAndSecContext(&scope->user, &scope->sec_context);
	SetUserIdAndSecContext(owner, scope->sec_context |
						   SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	scope->guc_level = NewGUCNestLevel();
	RestrictSearchPath();
	PushActiveSnapshot(snapshot);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
owner_enter(OwnerScope *scope)
{
	enter_under(scope, IsInParallelMode() ? GetActiveSnapshot() : GetLatestSnapshot());
}

void
owner_enter_reading(OwnerScope *scope)
{
	enter_under(scope, GetActiveSnapshot());
}

void
owner_leave(OwnerScope *scope)
{
	SPI_finish();
	PopActiveSnapshot();
	AtEOXact_GUC(false, scope->guc_level);
	SetUserIdAndSecContext(scope->user, scope->sec_context);
}

void
pin_zone(const char *zone)
{
	if (strcmp(zone, pg_get_timezone_name(session_timezone)) != 0 && pg_tzset(zone) != NULL)
		(void) set_config_option("TimeZone", zone, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

void
restricted_enter(OwnerScope *scope, Oid user)
{
	GetUserIdAndSecContext(&scope->user, &scope->sec_context);
	SetUserIdAndSecContext(user, scope->sec_context | SECURITY_RESTRICTED_OPERATION);
	scope->guc_level = NewGUCNestLevel();
	RestrictSearchPath();
}

void
restricted_leave(OwnerScope *scope)
{
	AtEOXact_GUC(false, scope->guc_level);
	SetUserIdAndSecContext(scope->user, scope->sec_context);
}
