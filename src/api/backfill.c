/*
 * backfill.c
 *		SQL functions by which the rows that a host table held before it was
 *		attached are taken in, a batch a call: revops.backfill() calls them.
 *
 * One session at a time works on a binding: it holds an advisory lock, which
 * goes with its end, or with the transaction that fails.  What it has come to is
 * in revops.backfill, updated in each batch's own transaction.
 *
 * The application goes on writing meanwhile, and must not wait for us, nor we
 * for it: whoever makes a lead that the other is making waits for the other's
 * commit.  We do so for LOCK_WAIT at most; rows that somebody else is just
 * writing are left to the inbox, to be read again when he is done.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/procarray.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "api/past_moves.h"
#include "base/errors.h"
#include "base/owner.h"
#include "capture/host_pages.h"
#include "capture/take_rows.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_backfill_open);
PG_FUNCTION_INFO_V1(revops_backfill_close);
PG_FUNCTION_INFO_V1(revops_history_open);
PG_FUNCTION_INFO_V1(revops_backfill_batch);
PG_FUNCTION_INFO_V1(revops_backfill_check);
PG_FUNCTION_INFO_V1(revops_await_transactions);
PG_FUNCTION_INFO_V1(revops_await_writers);

/* longer than any of our own page locks, shorter than a deadlock is looked for */
#define LOCK_WAIT	"100ms"
/* a row that moves is read again after that at the latest, should we be killed */
#define MOVING_WAIT	USECS_PER_MINUTE

/* the rows of the last batch: after its commit it is asked what has become of them */
static HostPages last_rows;

/* ----- one session at a time -------------------------------------------------- */

/* the binding that this session works on; 0: none */
static int32 held_binding = 0;

static void
set_tag(LOCKTAG *tag, int32 binding_id)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, revops_relation("backfill"), binding_id, 2);
}

static LOCKTAG held_tag;

static void
let_go(void)
{
	if (held_binding == 0)
		return;
	held_binding = 0;
	(void) LockRelease(&held_tag, ExclusiveLock, true);
}

/* A lock of the session outlives an error; this one must not. */
static void
at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		let_go();
}

static void
take_hold(Binding *binding)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(at_end, NULL);
	registered = true;
	let_go();
	set_tag(&held_tag, binding->binding_id);
	if (LockAcquire(&held_tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("binding \"%s\" is being backfilled already", binding->name),
				 errdetail("Another session has called revops.backfill() or revops.adopt_history() and has not come to its end."),
				 errhint("SELECT * FROM revops.backfill_progress shows how far it is; where its session is ended, call again: it goes on from there.")));
	held_binding = binding->binding_id;
}

/*
 * revops.backfill_open(binding_id int): this session backfills the binding from
 * now on; returns the number of pages to be read.
 */
Datum
revops_backfill_open(PG_FUNCTION_ARGS)
{
	Binding    *binding = binding_by_id(PG_GETARG_INT32(0));
	Relation	host;
	ListCell   *cell;
	int64		pages = 0;

	if (IsTransactionBlock())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("revops.backfill() cannot run inside a transaction block"),
				 errdetail("It commits after each batch."),
				 errhint("CALL it by itself, with autocommit on.")));
	host = table_open(binding->host, AccessShareLock);
	host_check_readable(binding, host);
	take_hold(binding);
	foreach(cell, host_leaves(host))
		pages += host_leaf_pages(lfirst_oid(cell));
	table_close(host, NoLock);
	PG_RETURN_INT64(pages);
}

/*
 * revops.history_open(binding_id int): this session loads the history of the
 * binding's leads from now on.  Beside a backfill it could come too late for a
 * lead without knowing.
 */
Datum
revops_history_open(PG_FUNCTION_ARGS)
{
	take_hold(binding_by_id(PG_GETARG_INT32(0)));
	PG_RETURN_VOID();
}

/* revops.backfill_close(): this session has done its work */
Datum
revops_backfill_close(PG_FUNCTION_ARGS)
{
	let_go();
	host_pages_forget(&last_rows);
	PG_RETURN_VOID();
}

/* ----- progress ------------------------------------------------------------------ */

typedef struct Progress
{
	int32		binding_id;
	bool		act;
	int32		batch;
	Oid			leaf;			/* 0: none yet */
	Oid			file;
	int64		next;
	int64		leaf_pages;
	int64		done;			/* pages of earlier leaves */
	bool		finished;
} Progress;

static Datum
column(int n)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, n, &isnull);

	return isnull ? (Datum) 0 : value;
}

static void
read_progress(Progress *progress, int32 binding_id)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(binding_id);
	OwnerScope	scope;

	memset(progress, 0, sizeof(Progress));
	progress->binding_id = binding_id;
	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT f.act, f.batch, f.leaf, f.leaf_file, f.next_block, f.leaf_blocks, f.blocks_before "
							  "FROM revops.backfill f JOIN revops.binding b USING (binding_id) "
							  "WHERE f.binding_id = $1 AND f.finished_at IS NULL AND b.detached_at IS NULL FOR UPDATE OF f",
							  1, &type, &value, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the progress of a backfill failed");
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_REVOPS_INVALID_BINDING),
				 errmsg("binding %d is not being backfilled", binding_id),
				 errdetail("It was detached, or its row of revops.backfill was deleted."),
				 errhint("CALL revops.backfill() with the binding's name.")));
	progress->act = DatumGetBool(column(1));
	progress->batch = DatumGetInt32(column(2));
	progress->leaf = DatumGetObjectId(column(3));
	progress->file = DatumGetObjectId(column(4));
	progress->next = DatumGetInt64(column(5));
	progress->leaf_pages = DatumGetInt64(column(6));
	progress->done = DatumGetInt64(column(7));
	owner_leave(&scope);
}

static void
write_progress(const Progress *p, const TakenRows *taken, int64 rows_read)
{
	Oid			types[] = {INT4OID, OIDOID, OIDOID, INT8OID, INT8OID, INT8OID, BOOLOID, INT8OID,
	INT8OID, INT8OID, INT8OID, INT8OID, INT8OID};
	Datum		values[] = {Int32GetDatum(p->binding_id), ObjectIdGetDatum(p->leaf),
		ObjectIdGetDatum(p->file), Int64GetDatum(p->next), Int64GetDatum(p->leaf_pages),
		Int64GetDatum(p->done), BoolGetDatum(p->finished), Int64GetDatum(rows_read),
		Int64GetDatum(taken->taken), Int64GetDatum(taken->known),
		Int64GetDatum(taken->passed_over), Int64GetDatum(taken->failed),
	Int64GetDatum(list_length(taken->held))};
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args("UPDATE revops.backfill SET leaf = $2, leaf_name = $2::regclass::text, leaf_file = $3, "
							  "next_block = $4, leaf_blocks = $5, blocks_before = $6, "
							  "blocks_total = greatest(blocks_total, $6 + $5), "
							  "updated_at = clock_timestamp(), finished_at = CASE WHEN $7 THEN clock_timestamp() END, "
							  "rows_read = rows_read + $8, rows_taken = rows_taken + $9, rows_known = rows_known + $10, "
							  "rows_passed_over = rows_passed_over + $11, rows_failed = rows_failed + $12, "
							  "rows_moving = rows_moving + $13 WHERE binding_id = $1",
							  lengthof(types), types, values, NULL, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "writing the progress of a backfill failed");
	owner_leave(&scope);
}

/* The leaf to read now: where the batch before stopped, or the next one that there is. */
static void
choose_leaf(Progress *p, List *leaves)
{
	Oid			leaf = InvalidOid;
	Oid			file;
	ListCell   *cell;

	foreach(cell, leaves)
	{
		leaf = lfirst_oid(cell);
		if (leaf >= p->leaf)
			break;
	}
	if (cell == NULL)			/* all that come later are gone */
		leaf = InvalidOid;
	if (!OidIsValid(leaf))
	{
		p->finished = true;
		return;
	}
	file = host_leaf_file(leaf);
	if (leaf == p->leaf && file == p->file)
		return;
	/* a new leaf, or one that was written anew: VACUUM FULL, CLUSTER, TRUNCATE, REFRESH */
	p->leaf = leaf;
	p->file = file;
	p->next = 0;
	/* rows of later pages will be written when the triggers are there */
	p->leaf_pages = host_leaf_pages(leaf);
}

/* After the last page of a leaf. */
static void
leave_leaf(Progress *p, List *leaves)
{
	ListCell   *cell;

	p->finished = true;
	foreach(cell, leaves)
	{
		if (lfirst_oid(cell) <= p->leaf)
			continue;
		p->finished = false;
		p->done += p->leaf_pages;
		p->leaf = lfirst_oid(cell);
		p->file = host_leaf_file(p->leaf);
		p->next = 0;
		p->leaf_pages = host_leaf_pages(p->leaf);
		break;
	}
}

/* ----- a batch ------------------------------------------------------------------- */

typedef struct Batch
{
	Binding    *binding;
	Relation	host;
	List	   *movers;			/* transactions that are about to change rows of it */
	PastMoves  *past;
} Batch;

static List *
moving(void *arg)
{
	Batch	   *batch = arg;

	return host_pages_moving(&last_rows, batch->binding, batch->host, &batch->movers);
}

static const Past *
past_of(void *arg, const char *key)
{
	return past_moves_of(((Batch *) arg)->past, key);
}

static void
take_batch(Batch *batch, const Progress *p, TakenRows *taken)
{
	TakeRows	what = {.binding_id = p->binding_id,.host = batch->host,
		.rows = last_rows.rows,.adopt = !p->act,.moving = moving,.arg = batch,
	.past = batch->past == NULL ? NULL : past_of};
	int			level = NewGUCNestLevel();

	(void) set_config_option("lock_timeout", LOCK_WAIT, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	take_rows(&what, taken);
	AtEOXact_GUC(true, level);
	/* whoever came in between has seen nothing of what was just written; should we be killed ... */
	taken->held = list_concat(taken->held, moving(batch));
	if (taken->held != NIL)
		inbox_put(p->binding_id, taken->held, engine_clock() + MOVING_WAIT);
}

static Datum
text_array(List *texts)
{
	Datum	   *values = palloc(sizeof(Datum) * Max(list_length(texts), 1));
	int			n = 0;
	ListCell   *cell;

	foreach(cell, texts)
		values[n++] = CStringGetTextDatum((char *) lfirst(cell));
	return PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
xid_array(List *xids)
{
	Datum	   *values = palloc(sizeof(Datum) * Max(list_length(xids), 1));
	int			n = 0;
	ListCell   *cell;

	foreach(cell, xids)
		values[n++] = TransactionIdGetDatum((TransactionId) lfirst_int(cell));
	return PointerGetDatum(construct_array(values, n, XIDOID, sizeof(TransactionId), true,
										   TYPALIGN_INT));
}

/*
 * revops.backfill_batch(binding_id int, OUT finished boolean, OUT moving text[]):
 * takes the next rows in.
 */
Datum
revops_backfill_batch(PG_FUNCTION_ARGS)
{
	int32		binding_id = PG_GETARG_INT32(0);
	Batch		batch = {0};
	Progress	p;
	TakenRows	taken = {0};
	Relation	host;
	List	   *leaves;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {0};
	int64		rows_read = 0;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (held_binding != binding_id)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this session does not backfill binding %d", binding_id),
				 errhint("CALL revops.backfill() with the binding's name.")));
	read_progress(&p, binding_id);
	batch.binding = binding_by_id(binding_id);
	host = table_open(batch.binding->host, AccessShareLock);
	host_check_readable(batch.binding, host);
	leaves = host_leaves(host);
	batch.host = host;
	choose_leaf(&p, leaves);
	host_pages_forget(&last_rows);
	if (!p.finished)
	{
		host_pages_read(&last_rows, batch.binding, host, p.leaf, p.next, p.leaf_pages, p.batch);
		batch.past = past_moves_read(batch.binding, host, last_rows.rows);
		take_batch(&batch, &p, &taken);
		p.next = last_rows.next;
		rows_read = last_rows.nrows;
		if (last_rows.at_end)
			leave_leaf(&p, leaves);
	}
	write_progress(&p, &taken, rows_read);
	table_close(host, NoLock);

	values[0] = BoolGetDatum(p.finished);
	values[1] = text_array(taken.held);
	nulls[1] = taken.held == NIL;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* The texts of an array, added to a list without repeating any. */
static List *
add_texts(List *texts, ArrayType *array)
{
	Datum	   *values;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *key = TextDatumGetCString(values[i]);
		ListCell   *cell;

		foreach(cell, texts)
			if (strcmp(lfirst(cell), key) == 0)
				break;
		if (cell == NULL)
			texts = lappend(texts, key);
	}
	return texts;
}

/*
 * revops.backfill_check(binding_id int, INOUT moving text[], OUT movers xid[]):
 * adds what has moved between the batch and its commit, and waits in the inbox
 * now.
 */
Datum
revops_backfill_check(PG_FUNCTION_ARGS)
{
	int32		binding_id = PG_GETARG_INT32(0);
	Batch		batch = {.binding = binding_by_id(binding_id)};
	TupleDesc	desc;
	List	   *late;
	Datum		values[2];
	bool		nulls[2] = {0};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	batch.host = table_open(batch.binding->host, AccessShareLock);
	late = moving(&batch);
	table_close(batch.host, NoLock);
	if (late != NIL)
		inbox_put(binding_id, late, engine_clock() + MOVING_WAIT);
	host_pages_forget(&last_rows);
	if (!PG_ARGISNULL(1))
		late = add_texts(late, PG_GETARG_ARRAYTYPE_P(1));
	values[0] = text_array(late);
	nulls[0] = late == NIL;
	values[1] = xid_array(batch.movers);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* revops.await_transactions(xids xid[]): waits until all of them have ended */
Datum
revops_await_transactions(PG_FUNCTION_ARGS)
{
	Datum	   *xids;
	int			n;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), XIDOID, sizeof(TransactionId), true,
					  TYPALIGN_INT, &xids, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		TransactionId xid = DatumGetTransactionId(xids[i]);

		if (TransactionIdIsNormal(xid) && TransactionIdIsInProgress(xid) &&
			!TransactionIdIsCurrentTransactionId(xid))
			XactLockTableWait(xid, NULL, NULL, XLTW_None);
	}
	PG_RETURN_VOID();
}

/*
 * revops.await_writers(binding_id int): waits until all have ended who are
 * writing the binding's table now
 */
Datum
revops_await_writers(PG_FUNCTION_ARGS)
{
	Binding    *binding = binding_by_id(PG_GETARG_INT32(0));
	Relation	host = table_open(binding->host, AccessShareLock);
	List	   *tables = list_append_unique_oid(host_leaves(host), RelationGetRelid(host));
	List	   *tags = NIL;
	ListCell   *cell;

	foreach(cell, tables)
	{
		LOCKTAG    *tag = palloc(sizeof(LOCKTAG));

		SET_LOCKTAG_RELATION(*tag, MyDatabaseId, lfirst_oid(cell));
		tags = lappend(tags, tag);
	}
	WaitForLockersMultiple(tags, ShareLock, false);
	table_close(host, NoLock);
	PG_RETURN_VOID();
}
