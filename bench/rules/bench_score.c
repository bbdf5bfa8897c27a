/*
 * bench_score.c
 *		Nothing but the score: a trigger that evaluates a rule set of the installed
 *		pg_revops (which the session has loaded before: LOAD 'pg_revops': rule_table.sql) over the
 *		row that is inserted, and puts its points into the column "score".
 *
 * Rules and points are read from other.rule at the first row of a session.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "define/ruleset.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bench_score);

#define MAX_RULES	256

static struct
{
	RuleSet    *set;			/* NULL: not read yet */
	TupleTableSlot *roles;
	int			rules;
	int			points[MAX_RULES];
	uint64		fired[MAX_RULES / 64];
}			model;

/* Each column of the table is a role of its name and type. */
static void
read_rules(TupleDesc columns)
{
	MemoryContext old;

	SPI_connect();
	if (SPI_execute("SELECT condition, points FROM other.rule ORDER BY rule_id", true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the rules failed");
	old = MemoryContextSwitchTo(TopMemoryContext);
	columns = CreateTupleDescCopy(columns);
	model.roles = MakeSingleTupleTableSlot(columns, &TTSOpsVirtual);
	model.set = ruleset_create(TopMemoryContext, columns);
	model.rules = Min(SPI_processed, MAX_RULES);
	for (int i = 0; i < model.rules; i++)
	{
		RuleLabel	label = {"rule", psprintf("%d", i + 1)};
		bool		isnull;

		ruleset_add(model.set, &label,
					pstrdup(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1)));
		if (ruleset_broken(model.set, i, NULL, NULL))
			elog(ERROR, "rule %d is broken", i + 1);
		model.points[i] = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));
	}
	ruleset_prepare(model.set);
	MemoryContextSwitchTo(old);
	SPI_finish();
}

/* The row's columns as a slot of roles. */
static TupleTableSlot *
roles_of(HeapTuple row, TupleDesc columns)
{
	ExecClearTuple(model.roles);
	heap_deform_tuple(row, columns, model.roles->tts_values, model.roles->tts_isnull);
	return ExecStoreVirtualTuple(model.roles);
}

/* the trigger; "score" is the last column */
Datum
bench_score(PG_FUNCTION_ARGS)
{
	TriggerData *t = (TriggerData *) fcinfo->context;
	TupleDesc	columns = RelationGetDescr(t->tg_relation);
	int			column = columns->natts;
	int			score = 0;
	Datum		value;
	bool		isnull = false;

	if (model.set == NULL)
		read_rules(columns);
	ruleset_match(model.set, roles_of(t->tg_trigtuple, columns), model.fired);
	for (int i = 0; i < model.rules; i++)
		if (model.fired[i / 64] >> (i % 64) & 1)
			score += model.points[i];
	value = Int32GetDatum(Min(Max(score, 0), 100));
	return PointerGetDatum(heap_modify_tuple_by_cols(t->tg_trigtuple, columns, 1, &column, &value, &isnull));
}
