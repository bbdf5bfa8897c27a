/*
 * host_write.c
 *		See host_write.h.
 *
 * The order matters: lock the host's row, then read what the lead is, then
 * write.  Whoever changes the lead later leaves word again.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/attempt.h"
#include "base/errors.h"
#include "base/owner.h"
#include "capture/host_write.h"
#include "capture/own_write.h"
#include "settle/host_words.h"

/* a trigger or constraint of the host's may wait for others: no longer than this */
#define LOCK_TIMEOUT	"50ms"

/* What is known of a lead, read when its row is locked. */
typedef struct LeadNow
{
	bool		there;
	bool		waits;			/* a profile of it is not folded yet */
	Written		written;
	char	   *words[LEAD_ROLES];	/* stage and owner as its profile has them */
} LeadNow;

/* ----- a host ---------------------------------------------------------------- */

static void
refuse_replica(Binding *binding, Relation host)
{
	Oid			type = OIDOID;
	Datum		value = ObjectIdGetDatum(RelationGetRelid(host));
	OwnerScope	scope;
	bool		isnull;
	bool		is_target;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s "
							  "WHERE s.srrelid = $1 OR s.srrelid IN "
							  "(SELECT t.relid FROM pg_catalog.pg_partition_tree($1) t))",
							  1, &type, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "reading subscriptions failed");
	is_target = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
										   1, &isnull));
	owner_leave(&scope);
	if (is_target)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_BINDING),
				 errmsg("rows of \"%s\" are not written back: a subscription writes the table",
						RelationGetRelationName(host)),
				 errdetail("What is written here would differ from the publisher, and be overwritten by it."),
				 errhint("Attach the table on the publisher, or detach binding \"%s\" and attach it without write_back.",
						 binding->name)));
}

static void
find_step(void *arg)
{
	HostWrite  *write = arg;
	Binding    *binding = binding_by_id(write->capture.binding_id);
	Definitions *def = definitions_of(binding->workspace_id);

	if (binding->fills == NULL || def->agreement == NULL)
		return;
	write->capture.binding = binding;
	write->fill.def = def;
	if (!ConditionalLockRelationOid(binding->host, RowExclusiveLock))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("the table of binding \"%s\" is locked", binding->name)));
}

static void
prepare_step(void *arg)
{
	HostWrite  *write = arg;
	Binding    *binding = write->capture.binding;

	refuse_replica(binding, write->capture.host);
	fill_prepare(&write->fill, binding, write->fill.def, RelationGetDescr(write->capture.host));
}

/* The relation and what is pinned must not belong to a step's subtransaction. */
ErrorData *
host_write_open(HostWrite *write, int32 binding_id)
{
	ErrorData  *error;
	OwnerScope	scope;

	memset(write, 0, sizeof(HostWrite));
	write->capture.binding_id = binding_id;
	write->capture.careful = true;
	error = attempt(find_step, write);
	if (error != NULL || write->capture.binding == NULL)
		return error;
	write->capture.host = try_table_open(write->capture.binding->host, NoLock);
	if (write->capture.host == NULL)
		return NULL;
	error = attempt(prepare_step, write);
	if (error != NULL)
	{
		table_close(write->capture.host, NoLock);
		write->capture.host = NULL;
		return error;
	}
	restricted_enter(&scope, write->capture.binding->owner);
	write->run = binding_run_begin(write->capture.binding, RelationGetDescr(write->capture.host),
								   NULL, NULL);
	restricted_leave(&scope);
	write->row = MakeSingleTupleTableSlot(RelationGetDescr(write->capture.host), &TTSOpsHeapTuple);
	return NULL;
}

void
host_write_close(HostWrite *write)
{
	if (write->capture.host == NULL)
		return;
	ExecDropSingleTupleTableSlot(write->row);
	binding_run_end(write->run);
	table_close(write->capture.host, NoLock);
}

/* ----- as the binding's owner --------------------------------------------------- */

static void
set_locally(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
}

/*
 * The host's triggers find what is beside their table, as in most sessions of
 * its applications; our own SQL is qualified.
 */
static void
enter_host(HostWrite *write, OwnerScope *scope)
{
	Oid			schema = RelationGetNamespace(write->capture.host);

	restricted_enter(scope, write->capture.binding->owner);
	set_locally("search_path", psprintf("%s, pg_temp",
										quote_identifier(get_namespace_name(schema))));
	set_locally("lock_timeout", LOCK_TIMEOUT);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

static void
leave_host(OwnerScope *scope)
{
	SPI_finish();
	restricted_leave(scope);
}

/* ----- the row --------------------------------------------------------------------- */

/* Lock the host's row and keep it; false when it is not there, or hidden from us. */
static bool
lock_row(HostWrite *write, const HostKey *key, bool *policies)
{
	Relation	host = write->capture.host;
	OwnerScope	scope;
	bool		found;

	enter_host(write, &scope);
	if (SPI_execute_with_args(psprintf("SELECT h FROM %s h WHERE %s FOR NO KEY UPDATE NOWAIT",
									   host_name(host), key->text.data),
							  key->nargs, key->types, key->values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "locking a host row failed");
	found = SPI_processed > 0;
	if (found)
		host_row_store(0, write->row);
	*policies = check_enable_rls(RelationGetRelid(host), InvalidOid, true) == RLS_ENABLED;
	leave_host(&scope);
	return found;
}

/* The lead is there, and its row is not for us: somebody must be told. */
static void
hidden_row(HostWrite *write)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("a row of \"%s\" cannot be written back: role %s does not see it",
					RelationGetRelationName(write->capture.host),
					GetUserNameFromId(write->capture.binding->owner, true)),
			 errdetail("A policy of row-level security hides it from the binding's owner."),
			 errhint("Give the role BYPASSRLS or a policy of its own.")));
}

static char *
text_at(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

static void
take_lead(const RowToWrite *row, LeadNow *lead)
{
	Written    *w = &lead->written;
	bool		isnull;
	Datum		value;

	lead->there = true;
	w->lead_id = row->lead_id;
	w->moved = row->moved;
	w->assigned = row->assigned;
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	w->score = isnull ? 0 : DatumGetInt32(value);
	strlcpy(w->grade, text_at(2), sizeof(w->grade));
	w->stage = text_at(3);
	w->owner = text_at(4);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 5, &isnull);
	w->due_at = isnull ? NO_TIME : DatumGetTimestampTz(value);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 6, &isnull);
	lead->waits = DatumGetBool(value);
	lead->words[LEAD_STAGE] = text_at(7);
	lead->words[LEAD_OWNER] = text_at(8);
}

static void
copy_words(LeadNow *lead, MemoryContext context)
{
	Written    *w = &lead->written;
	MemoryContext old = MemoryContextSwitchTo(context);

	w->stage = w->stage == NULL ? NULL : pstrdup(w->stage);
	w->owner = w->owner == NULL ? NULL : pstrdup(w->owner);
	for (int i = 0; i < LEAD_ROLES; i++)
		if (lead->words[i] != NULL)
			lead->words[i] = pstrdup(lead->words[i]);
	MemoryContextSwitchTo(old);
}

/*
 * The view takes much longer to plan than to ask for one lead: the plan is kept
 * for good, and PostgreSQL makes it anew when what it reads has changed.
 */
static SPIPlanPtr
lead_plan(void)
{
	static SPIPlanPtr kept = NULL;
	Oid			type = INT8OID;
	SPIPlanPtr	plan;

	if (kept != NULL)
		return kept;
	plan = SPI_prepare_cursor("SELECT s.score, s.grade, s.stage, s.rep, s.sla_due_at, "
							  "EXISTS (SELECT FROM revops.lead_delta d WHERE d.lead_id = $1 AND d.profile_id IS NOT NULL), "
							  "p.profile ->> 'stage', p.profile ->> 'owner' "
							  "FROM revops.lead_status s LEFT JOIN LATERAL "
							  "(SELECT c.profile FROM revops.profile_change c WHERE c.lead_id = $1 "
							  "ORDER BY c.change_id DESC LIMIT 1) p ON true WHERE s.lead_id = $1",
							  1, &type, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "preparing the look at a lead failed");
	kept = plan;
	return kept;
}

/* The lead, as the views show it now. */
static void
read_lead(const RowToWrite *row, LeadNow *lead)
{
	Datum		value = Int64GetDatum(row->lead_id);
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;

	memset(lead, 0, sizeof(LeadNow));
	owner_enter(&scope);
	if (SPI_execute_plan(lead_plan(), &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "reading a lead failed");
	if (SPI_processed == 1)
	{
		take_lead(row, lead);
		copy_words(lead, context);
	}
	owner_leave(&scope);
}

/*
 * Has the host said something in this column that the engine has not read yet?
 * Of an inline binding all that is committed was read, or waits in a delta.
 */
static bool
unread(HostWrite *write, const FillColumn *column, const LeadNow *lead, TupleTableSlot *roles)
{
	Datum		said;
	const char *known;

	if (column->role < 0 || !write->capture.binding->queued)
		return false;
	said = role_text(roles, column->role);
	known = lead->words[column->role];
	if (said == NO_TEXT || known == NULL)
		return said != NO_TEXT || known != NULL;
	return strcmp(TextDatumGetCString(said), known) != 0;
}

/* ----- the UPDATE ---------------------------------------------------------------------- */

typedef struct Update
{
	StringInfoData set;
	StringInfoData returning;
	HostKey		key;
	Oid		   *types;
	Datum	   *values;
	char	   *nulls;
	int			nargs;
	int			n;				/* columns that are written */
	FillColumn *columns[N_WRITTEN];
} Update;

static void
update_init(Update *update, const WriteBack *fills)
{
	int			room = update->key.nargs + N_WRITTEN + fills->nbumps;

	initStringInfo(&update->set);
	initStringInfo(&update->returning);
	update->types = palloc(sizeof(Oid) * room);
	update->values = palloc(sizeof(Datum) * room);
	update->nulls = palloc(room);
	memset(update->nulls, ' ', room);
	memcpy(update->types, update->key.types, sizeof(Oid) * update->key.nargs);
	memcpy(update->values, update->key.values, sizeof(Datum) * update->key.nargs);
	update->nargs = update->key.nargs;
	update->n = 0;
}

static void
update_add(Update *update, HostWrite *write, FillColumn *column, Datum value, bool isnull)
{
	const char *name = quote_identifier(write->fill.binding->fills->columns[column->item]);

	update->types[update->nargs] = column->type;
	update->values[update->nargs] = value;
	update->nulls[update->nargs++] = isnull ? 'n' : ' ';
	appendStringInfo(&update->set, "%s%s = $%d", update->n == 0 ? "" : ", ", name, update->nargs);
	appendStringInfo(&update->returning, "%sh.%s", update->n == 0 ? "" : ", ", name);
	update->columns[update->n++] = column;
}

/* The columns that do not hold; none where the row counts as no lead any more. */
static void
find_columns(HostWrite *write, const LeadNow *lead, Update *update, RowToWrite *row)
{
	TupleTableSlot *roles;
	OwnerScope	scope;

	restricted_enter(&scope, write->capture.binding->owner);
	binding_pin_zone(write->capture.binding);
	if (binding_accepts(write->run, write->row))
	{
		roles = binding_project_careful(write->run, write->row, NULL, NULL);
		for (int i = 0; i < write->fill.n; i++)
		{
			FillColumn *column = &write->fill.columns[i];
			ErrorData  *error;
			bool		isnull;
			Datum		value;

			if (unread(write, column, lead, roles))
				continue;
			error = fill_try_value(&write->fill, column, &lead->written, &value, &isnull);
			if (error != NULL)
				row->refused = error;
			else if (fill_needed(column, &write->fill, &lead->written, value, isnull,
							write->row, roles))
				update_add(update, write, column, value, isnull);
		}
	}
	restricted_leave(&scope);
}

/* The type of a column, as a cast names it. */
static char *
column_type(Relation host, const char *column)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(host), column);

	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of \"%s\", which is set with each write-back, does not exist",
						column, RelationGetRelationName(host)),
				 errhint("Detach the table, and attach it with the columns that it has now.")));
	return format_type_extended(get_atttype(RelationGetRelid(host), attnum), -1,
								FORMAT_TYPE_FORCE_QUALIFY);
}

/*
 * The query for what the host's rules set: the expressions stand in it as they
 * were checked, over a row that has the table's name.
 */
static char *
bumps_query(HostWrite *write, const Update *update)
{
	const WriteBack *fills = write->fill.binding->fills;
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT b.* FROM %s AS h CROSS JOIN LATERAL (SELECT ",
					 host_name(write->capture.host));
	for (int i = 0; i < fills->nbumps; i++)
		appendStringInfo(&query, "%s(%s)::%s", i == 0 ? "" : ", ", fills->bumps[i].expression,
						 column_type(write->capture.host, fills->bumps[i].column));
	appendStringInfo(&query, " FROM (SELECT h.*) AS %s) AS b WHERE %s",
					 quote_identifier(RelationGetRelationName(write->capture.host)),
					 update->key.text.data);
	return query.data;
}

/*
 * What the host's rules set at each write, of the row that is locked.  The search
 * path is pinned as it is where the expressions are checked, not the host's: who
 * may create an operator beside the table must not have it run here as the
 * binding's owner.
 */
static void
add_bumps(HostWrite *write, Update *update)
{
	const WriteBack *fills = write->fill.binding->fills;
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;

	if (fills->nbumps == 0)
		return;
	restricted_enter(&scope, write->capture.binding->owner);
	pin_zone(write->capture.binding->zone);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(bumps_query(write, update), update->key.nargs, update->key.types,
							  update->key.values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "reading what the host's rules set failed");
	for (int i = 0; SPI_processed == 1 && i < fills->nbumps; i++)
	{
		Form_pg_attribute att = TupleDescAttr(SPI_tuptable->tupdesc, i);
		int			arg = update->nargs++;
		bool		isnull;
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull);
		MemoryContext old = MemoryContextSwitchTo(context);

		update->types[arg] = att->atttypid;
		update->nulls[arg] = isnull ? 'n' : ' ';
		update->values[arg] = isnull ? (Datum) 0 : datumCopy(value, att->attbyval, att->attlen);
		appendStringInfo(&update->set, ", %s = $%d", quote_identifier(fills->bumps[i].column), arg + 1);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	restricted_leave(&scope);
}

/* Has a trigger of the host's made something else of what was written? */
static const char *
overruled(HostWrite *write, const Update *update, MemoryContext context)
{
	for (int i = 0; i < update->n; i++)
	{
		FillColumn *column = update->columns[i];
		int			arg = update->key.nargs + i;
		bool		isnull;
		bool		was_null = update->nulls[arg] == 'n';
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
										  i + 1, &isnull);

		if (!fill_same(column, update->values[arg], was_null, value, isnull))
			return MemoryContextStrdup(context,
									   write->fill.binding->fills->columns[column->item]);
	}
	return NULL;
}

static void
run_update(HostWrite *write, const Update *update, RowToWrite *row, bool own)
{
	MemoryContext context = CurrentMemoryContext;
	StringInfoData query;
	OwnerScope	scope;

	initStringInfo(&query);
	appendStringInfo(&query, "UPDATE %s AS h SET %s WHERE %s RETURNING %s",
					 host_name(write->capture.host), update->set.data, update->key.text.data,
					 update->returning.data);
	enter_host(write, &scope);
	/* what is deferred could not run as the binding's owner, restricted */
	if (own && SPI_execute("SET CONSTRAINTS ALL IMMEDIATE", false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "setting constraints failed");
	if (SPI_execute_with_args(query.data, update->nargs, update->types, update->values,
							  update->nulls, false, 0) != SPI_OK_UPDATE_RETURNING)
		elog(ERROR, "writing a host row failed");
	if (SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("the host's rules let no row of \"%s\" be written back",
						RelationGetRelationName(write->capture.host)),
				 errdetail("An UPDATE of the row, which is there, changed %llu rows: a trigger or a policy of the host's suppresses it.",
						   (unsigned long long) SPI_processed)));
	row->overruled = overruled(write, update, context);
	leave_host(&scope);
	row->written = true;
}

/* A deadlock or 40001 costs our subtransaction only: it is tried again. */
static void
write_row(HostWrite *write, const LeadNow *lead, const Update *update, RowToWrite *row, bool own)
{
	OwnWrite	mark;

	own_write_begin(&mark, &write->fill, &lead->written);
	PG_TRY();
	{
		run_update(write, update, row, own);
	}
	PG_CATCH();
	{
		own_write_end(&mark);
		if (ERRCODE_TO_CATEGORY(geterrcode()) == ERRCODE_TRANSACTION_ROLLBACK)
			errcode(ERRCODE_LOCK_NOT_AVAILABLE);
		PG_RE_THROW();
	}
	PG_END_TRY();
	own_write_end(&mark);
	if (mark.held)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("lead %lld is busy", (long long) row->lead_id)));
}

void
host_write_row(HostWrite *write, RowToWrite *row, bool own)
{
	LeadNow		lead;
	Update		update;
	bool		policies;
	bool		found;

	row->written = false;
	row->overruled = NULL;
	row->refused = NULL;
	/* a key that the column's type can't hold any more is of no row */
	if (!host_key_condition(&write->capture, row->key, &update.key))
		return;
	found = lock_row(write, &update.key, &policies);
	read_lead(row, &lead);
	/* whoever folds what waits leaves word again */
	if (!lead.there || lead.waits)
		return;
	if (!found && policies)
		hidden_row(write);
	if (!found)
		return;
	update_init(&update, write->fill.binding->fills);
	find_columns(write, &lead, &update, row);
	if (update.n == 0)
		return;
	add_bumps(write, &update);
	write_row(write, &lead, &update, row, own);
}
