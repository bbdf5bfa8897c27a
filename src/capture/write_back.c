/*
 * write_back.c
 *		See write_back.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/attempt.h"
#include "base/batch_size.h"
#include "base/handover.h"
#include "base/owner.h"
#include "capture/filled_words.h"
#include "capture/host_write.h"
#include "capture/own_write.h"
#include "capture/queue.h"
#include "capture/write_back.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_write_back_batch);

/* a row that the application holds is tried again after this, then twice as long ... */
#define PATIENCE		(INT64CONST(100) * 1000)
/* ... but this at most */
#define LONGEST_WAIT	USECS_PER_MINUTE
/*
 * Rows of the host's that one transaction writes: the application waits for the
 * end of it where it wants one of them, and its rules may take their time.
 */
#define MOST_ROWS		50
/* what fails so often is left alone */
#define MOST_FAILURES	12

typedef enum DueOutcome
{
	DUE_OPEN,
	DUE_DONE,
	DUE_HELD,					/* somebody holds the row */
	DUE_FAILED
} DueOutcome;

typedef struct Due
{
	int64		due_id;
	int32		binding_id;
	int			tries;
	RowToWrite	row;
	DueOutcome	outcome;
} Due;

typedef struct DuePage
{
	int			n;
	Due		   *items;
	int			written;
	Faults		faults;
	HostWrite	write;			/* of the binding at hand */
	Due		   *due;			/* the one at hand */
} DuePage;

/* ----- what is due --------------------------------------------------------------- */

static Datum
field(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static void
take_due(Due *due, int i, MemoryContext context)
{
	bool		isnull;
	char	   *key;

	due->due_id = DatumGetInt64(field(i, 1, &isnull));
	due->row.lead_id = DatumGetInt64(field(i, 2, &isnull));
	due->binding_id = DatumGetInt32(field(i, 3, &isnull));
	due->tries = DatumGetInt32(field(i, 4, &isnull));
	due->row.moved = DatumGetBool(field(i, 5, &isnull));
	due->row.assigned = DatumGetBool(field(i, 6, &isnull));
	key = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 7);
	due->row.key = key == NULL ? NULL : MemoryContextStrdup(context, key);
}

/* In order of binding and lead, so that what is due twice is written once. */
static void
read_dues(DuePage *page, int64 after, int32 batch, bool only_due)
{
	Oid			types[4] = {INT8OID, INT4OID, BOOLOID, TIMESTAMPTZOID};
	Datum		v[4] = {Int64GetDatum(after), Int32GetDatum(batch), BoolGetDatum(only_due),
	TimestampTzGetDatum(engine_clock())};
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args("WITH due AS MATERIALIZED (SELECT d.* FROM revops.write_back_due d "
							  "WHERE d.due_id > $1 AND (NOT $3 OR d.at <= $4) "
							  "ORDER BY d.due_id LIMIT $2 FOR UPDATE SKIP LOCKED) "
							  "SELECT d.due_id, d.lead_id, d.binding_id, d.tries, d.moved, d.assigned, l.key "
							  "FROM due d LEFT JOIN revops.lead l USING (lead_id) "
							  "ORDER BY d.binding_id, d.lead_id, d.due_id",
							  4, types, v, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading what is to be written back failed");
	page->n = (int) SPI_processed;
	page->items = MemoryContextAllocZero(context, sizeof(Due) * Max(page->n, 1));
	for (int i = 0; i < page->n; i++)
		take_due(&page->items[i], i, context);
	owner_leave(&scope);
}

/* ----- writing ---------------------------------------------------------------------- */

static void
write_step(void *arg)
{
	DuePage    *page = arg;

	host_write_row(&page->write, &page->due->row, true);
}

/* What became of an attempt; a fault where the host's rules are against it. */
static void
settle_outcome(DuePage *page, ErrorData *error)
{
	Due		   *due = page->due;
	FaultPlace	place = {due->binding_id, due->row.lead_id, due->row.key};

	if (error == NULL)
	{
		page->written += due->row.written;
		if (due->row.overruled != NULL)
			fault_note(&page->faults, &place, "write-back", ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION,
					   psprintf("column \"%s\" was written back, and the host's rules made something else of it",
								due->row.overruled),
					   "The host's value stays.");
		error = due->row.refused;
	}
	due->outcome = DUE_DONE;
	if (error == NULL)
		return;
	due->outcome = error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ? DUE_HELD : DUE_FAILED;
	if (due->outcome == DUE_FAILED)
		fault_note(&page->faults, &place, "write-back", error->sqlerrcode, error->message,
				   due->tries + 1 < MOST_FAILURES ? error->detail :
				   "It was tried a dozen times: the row is left alone until its lead changes.");
	FreeErrorData(error);
}

/* The same lead is due again: what was done counts for both. */
static bool
same_row(const Due *a, const Due *b)
{
	return a->binding_id == b->binding_id && a->row.lead_id == b->row.lead_id;
}

static void
write_one(DuePage *page, int i)
{
	page->due = &page->items[i];
	/* the lead has no row of ours any more, or its binding fills nothing now */
	if (page->due->row.key == NULL || page->write.capture.host == NULL)
		page->due->outcome = DUE_DONE;
	else
		settle_outcome(page, attempt(write_step, page));
}

/* The rows of one binding, from the first on; returns the one after the last. */
static int
write_binding(DuePage *page, int first)
{
	int			end = first;
	ErrorData  *error;

	while (end < page->n && page->items[end].binding_id == page->items[first].binding_id)
		end++;
	page->due = &page->items[first];
	error = host_write_open(&page->write, page->due->binding_id);
	if (error != NULL)
	{
		settle_outcome(page, error);
		for (int i = first; i < end; i++)
			page->items[i].outcome = page->items[first].outcome;
		return end;
	}
	for (int i = first; i < end; i++)
	{
		Due		   *due = &page->items[i];

		if (i + 1 < end && same_row(due, due + 1))
		{
			due[1].row.moved |= due->row.moved;
			due[1].row.assigned |= due->row.assigned;
		}
		else
			write_one(page, i);
	}
	host_write_close(&page->write);
	for (int i = end - 2; i >= first; i--)
		if (page->items[i].outcome == DUE_OPEN)
			page->items[i].outcome = page->items[i + 1].outcome;
	return end;
}

/* ----- what remains --------------------------------------------------------------------- */

/* When to try again; NO_TIME: never. */
static TimestampTz
next_try(const Due *due, TimestampTz now)
{
	if (due->outcome == DUE_HELD)
		return now + Min(PATIENCE << Min(due->tries, 10), LONGEST_WAIT);
	if (due->outcome == DUE_FAILED && due->tries + 1 < MOST_FAILURES)
		return now + queue_patience(due->tries + 1, false);
	return NO_TIME;
}

static void
finish(DuePage *page)
{
	TimestampTz now = engine_clock();
	Datum	   *done = palloc(sizeof(Datum) * page->n);
	int			ndone = 0;
	Oid			types[2] = {INT8OID, TIMESTAMPTZOID};
	Oid			array_type = INT8ARRAYOID;
	Datum		array;
	OwnerScope	scope;

	owner_enter(&scope);
	for (int i = 0; i < page->n; i++)
	{
		TimestampTz at = next_try(&page->items[i], now);
		Datum		v[2] = {Int64GetDatum(page->items[i].due_id), TimestampTzGetDatum(at)};

		if (at == NO_TIME)
			done[ndone++] = v[0];
		else if (SPI_execute_with_args("UPDATE revops.write_back_due SET at = $2, tries = tries + 1 WHERE due_id = $1",
									   2, types, v, NULL, false, 0) != SPI_OK_UPDATE)
			elog(ERROR, "keeping what is to be written back failed");
	}
	array = PointerGetDatum(construct_array(done, ndone, INT8OID, sizeof(int64),
											FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	if (SPI_execute_with_args("DELETE FROM revops.write_back_due WHERE due_id = ANY ($1)",
							  1, &array_type, &array, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "deleting what was written back failed");
	owner_leave(&scope);
	faults_write(&page->faults, now);
}

int
write_back_page(int64 after, int32 batch, bool only_due, int64 *last)
{
	DuePage		page = {0};

	*last = 0;
	if (RecoveryInProgress() || SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA ||
		IsolationUsesXactSnapshot())
		return 0;
	read_dues(&page, after, Min(batch, MOST_ROWS), only_due);
	if (page.n == 0)
		return 0;
	faults_init(&page.faults, CurrentMemoryContext);
	for (int i = 0; i < page.n;)
		i = write_binding(&page, i);
	for (int i = 0; i < page.n; i++)
		*last = Max(*last, page.items[i].due_id);
	finish(&page);
	return page.written;
}

TimestampTz
write_back_next(TimestampTz after)
{
	Oid			type = TIMESTAMPTZOID;
	Datum		value = TimestampTzGetDatum(after);
	OwnerScope	scope;
	bool		isnull;
	TimestampTz next;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT min(at) FROM revops.write_back_due WHERE at > $1",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading what is to be written back next failed");
	value = field(0, 1, &isnull);
	next = isnull ? DT_NOEND : DatumGetTimestampTz(value);
	owner_leave(&scope);
	return next;
}

/* revops.write_back_batch(after bigint, batch int, only_due bool): the last of the page, or NULL */
Datum
revops_write_back_batch(PG_FUNCTION_ARGS)
{
	int32		batch = batch_size(fcinfo, 1);
	int64		last;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	(void) write_back_page(PG_GETARG_INT64(0), batch, !PG_ARGISNULL(2) && PG_GETARG_BOOL(2), &last);
	if (last == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(last);
}

/* ----- in the application's own statement -------------------------------------------------- */

/* What the capture of an inline statement knows of the rows that it fills. */
typedef struct Filling
{
	Capture    *capture;
	Fill		fill;
	bool		broken;			/* the host lacks a column */
	TupleTableSlot *row;		/* at hand */
	TupleTableSlot *roles;
	const char *key;
	List	   *uneven;			/* of RowToWrite, in the capture's context */
} Filling;

static void
keep_uneven(Filling *filling, const Written *w)
{
	MemoryContext old = MemoryContextSwitchTo(filling->capture->context);
	RowToWrite *row = palloc0(sizeof(RowToWrite));

	row->lead_id = w->lead_id;
	row->key = pstrdup(filling->key);
	row->moved = w->moved;
	row->assigned = w->assigned;
	filling->uneven = lappend(filling->uneven, row);
	MemoryContextSwitchTo(old);
}

/* See WrittenHolds.  What the column's type refuses is met again when it is written. */
static bool
row_holds(void *arg, const Written *w)
{
	Filling    *filling = arg;

	for (int i = 0; i < filling->fill.n; i++)
	{
		FillColumn *column = &filling->fill.columns[i];
		bool		isnull;
		Datum		value;

		if (fill_try_value(&filling->fill, column, w, &value, &isnull) != NULL ||
			fill_needed(column, &filling->fill, w, value, isnull, filling->row, filling->roles))
		{
			keep_uneven(filling, w);
			break;
		}
	}
	return true;
}

static void
prepare_step(void *arg)
{
	Filling    *filling = arg;
	Capture    *capture = filling->capture;

	fill_prepare(&filling->fill, capture->binding, capture->settle.def,
				 RelationGetDescr(capture->host));
}

static Filling *
filling_of(Capture *capture)
{
	Filling    *filling = capture->filling;
	MemoryContext old;

	if (filling != NULL)
		return filling;
	old = MemoryContextSwitchTo(capture->context);
	filling = palloc0(sizeof(Filling));
	filling->capture = capture;
	/* a column that is gone is a matter of the write-back alone, which tells of it */
	filling->broken = attempt(prepare_step, filling) != NULL;
	capture->filling = filling;
	MemoryContextSwitchTo(old);
	return filling;
}

void
write_back_row(Capture *capture, TupleTableSlot *row, const char *key,
			   TupleTableSlot *roles, TupleTableSlot *old_roles)
{
	Settle	   *s = &capture->settle;
	OwnWrite   *own = own_write_of(capture->binding);
	Filling    *filling;

	s->spoken = NULL;
	s->holds = NULL;
	s->own_write = own != NULL;
	if (own != NULL)
	{
		if (old_roles != NULL)
			s->spoken = own_write_spoken(own, roles, old_roles);
		return;
	}
	s->spoken = filled_spoken(capture->binding, key, roles);
	filling = filling_of(capture);
	if (filling->broken)
		return;
	filling->row = row;
	filling->roles = roles;
	filling->key = key;
	s->holds = row_holds;
	s->holds_arg = filling;
}

/* One row of the statement, and what it is written with. */
typedef struct RestRow
{
	HostWrite  *write;
	Capture    *capture;
	RowToWrite *row;
} RestRow;

static void
rest_step(void *arg)
{
	RestRow    *rest = arg;

	host_write_row(rest->write, rest->row, false);
}

/* It did not go: left to whoever reads what is due, who tells why. */
static void
leave_due(Capture *capture, const RowToWrite *row)
{
	Oid			types[5] = {INT8OID, INT4OID, TIMESTAMPTZOID, BOOLOID, BOOLOID};
	Datum		v[5] = {Int64GetDatum(row->lead_id), Int32GetDatum(capture->binding_id),
		TimestampTzGetDatum(engine_clock()), BoolGetDatum(row->moved),
	BoolGetDatum(row->assigned)};
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_with_args("INSERT INTO revops.write_back_due (lead_id, binding_id, at, tries, moved, assigned) "
							  "VALUES ($1, $2, $3, 0, $4, $5)",
							  5, types, v, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "leaving what is to be written back failed");
	owner_leave(&scope);
	handover_note(HANDOVER_WRITE_BACK);
}

void
write_back_rest(Capture *capture)
{
	Filling    *filling = capture->filling;
	HostWrite	write;
	RestRow		rest = {&write, capture, NULL};
	ListCell   *cell;
	bool		open;
	OwnWrite   *own;

	if (capture->binding->fills == NULL)
		return;
	own = own_write_of(capture->binding);
	if (own != NULL)
		own->held |= capture->settle.deferred;
	filled_words_done(capture->binding_id);
	if (filling == NULL || filling->uneven == NIL)
		return;
	/* what is read of leads would leave a serializable transaction's predicate locks */
	open = !IsolationIsSerializable() &&
		host_write_open(&write, capture->binding_id) == NULL && write.capture.host != NULL;
	foreach(cell, filling->uneven)
	{
		rest.row = lfirst(cell);
		if (!open || attempt(rest_step, &rest) != NULL ||
			rest.row->overruled != NULL || rest.row->refused != NULL)
			leave_due(capture, rest.row);
	}
	if (open)
		host_write_close(&write);
}
