/*
 * past_moves.c
 *		See past_moves.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "api/past_moves.h"
#include "base/attempt.h"
#include "base/owner.h"
#include "capture/capture.h"

typedef struct PastOfLead
{
	char	   *key;
	Past		past;
} PastOfLead;

struct PastMoves
{
	int			n;
	PastOfLead *leads;			/* in order of their keys */
};

static bool
any_moves(int32 binding_id)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(binding_id);
	OwnerScope	scope;
	bool		any;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT FROM revops.adopted_move WHERE binding_id = $1 LIMIT 1",
							  1, &type, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "looking for moves of the past failed");
	any = SPI_processed > 0;
	owner_leave(&scope);
	return any;
}

typedef struct Reading
{
	Binding    *binding;
	Relation	host;
	Tuplestorestate *rows;
	Datum	   *keys;
	int			nkeys;
} Reading;

/* The keys of the rows.  One that can't be told fails when its row is taken. */
static void
read_keys(void *arg)
{
	Reading    *r = arg;
	BindingRun *run = binding_run_begin(r->binding, RelationGetDescr(r->host), NULL, NULL);
	Rows		rows;
	TupleTableSlot *row;

	rows_begin(&rows, r->rows, RelationGetDescr(r->host));
	while ((row = rows_next(&rows)) != NULL)
	{
		char	   *key = binding_key(run, row);

		if (key != NULL)
			r->keys[r->nkeys++] = CStringGetTextDatum(key);
	}
	rows_end(&rows);
	binding_run_end(run);
}

static void
fill_move(PastMove *move, HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;

	move->at = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 2, &isnull));
	move->stage = SPI_getvalue(tuple, desc, 3);
	move->reason = SPI_getvalue(tuple, desc, 4);
	move->actor = SPI_getvalue(tuple, desc, 5);
}

/* The query's rows, in order of key and time, into the current context. */
static PastMoves *
group_moves(SPITupleTable *table, uint64 n)
{
	PastMoves  *result = palloc0(sizeof(PastMoves));
	PastMove   *moves = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(PastMove) * n);
	PastOfLead *leads = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(PastOfLead) * n);

	for (uint64 i = 0; i < n; i++)
	{
		char	   *key = SPI_getvalue(table->vals[i], table->tupdesc, 1);

		if (i == 0 || strcmp(leads[result->n - 1].key, key) != 0)
			leads[result->n++] = (PastOfLead) {key, {0, &moves[i]}};
		fill_move(&moves[i], table->vals[i], table->tupdesc);
		leads[result->n - 1].past.n++;
	}
	result->leads = leads;
	return result;
}

PastMoves *
past_moves_read(Binding *binding, Relation host, Tuplestorestate *rows)
{
	Reading		reading = {binding, host, rows};
	Oid			types[3] = {INT4OID, TEXTARRAYOID, INT4OID};
	Datum		values[3] = {Int32GetDatum(binding->binding_id), (Datum) 0,
	Int32GetDatum(binding->workspace_id)};
	MemoryContext context = CurrentMemoryContext;
	PastMoves  *result = NULL;
	OwnerScope	scope;

	if (binding->kind != BINDING_LEAD || !any_moves(binding->binding_id))
		return NULL;
	reading.keys = MemoryContextAllocHuge(context,
										  sizeof(Datum) * Max(tuplestore_tuple_count(rows), 1));
	restricted_enter(&scope, binding->owner);
	if (attempt(read_keys, &reading) != NULL)
		reading.nkeys = 0;
	restricted_leave(&scope);
	values[1] = PointerGetDatum(construct_array(reading.keys, reading.nkeys, TEXTOID, -1, false,
												TYPALIGN_INT));
	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT m.key, m.at, m.stage, r.reason, m.actor FROM revops.adopted_move m "
							  "LEFT JOIN revops.reason r ON r.workspace_id = $3 AND r.reason = m.reason "
							  "WHERE m.binding_id = $1 AND m.key = ANY ($2) ORDER BY m.key, m.at, m.move_id",
							  3, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading moves of the past failed");
	if (SPI_processed > 0)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		result = group_moves(SPI_tuptable, SPI_processed);
		MemoryContextSwitchTo(old);
	}
	owner_leave(&scope);
	return result;
}

static int
compare_lead(const void *key, const void *lead)
{
	return strcmp(key, ((const PastOfLead *) lead)->key);
}

const Past *
past_moves_of(const PastMoves *moves, const char *key)
{
	PastOfLead *lead = bsearch(key, moves->leads, moves->n, sizeof(PastOfLead), compare_lead);

	return lead == NULL ? NULL : &lead->past;
}
