/*
 * test_rules.c
 *		SQL handles on rule sets, for tests.  Calls the installed pg_revops,
 *		which the session has loaded before (LOAD 'pg_revops').
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "define/ruleset.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(test_rules_define);
PG_FUNCTION_INFO_V1(test_rules_match);
PG_FUNCTION_INFO_V1(test_rules_match_one);
PG_FUNCTION_INFO_V1(test_rules_careful);
PG_FUNCTION_INFO_V1(test_rules_broken);
PG_FUNCTION_INFO_V1(test_rules_roles);
PG_FUNCTION_INFO_V1(test_rules_free);
PG_FUNCTION_INFO_V1(test_rules_texts);
PG_FUNCTION_INFO_V1(test_rules_expression);

/* The set under test, kept over transactions as a definition snapshot would be. */
static RuleSet *kept = NULL;
static TupleDesc kept_roles = NULL;

static RuleSet *
define(TupleDesc roles, ArrayType *texts)
{
	RuleSet    *set = ruleset_create(TopMemoryContext, roles);
	Datum	   *conditions;
	int			count;

	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT,
					  &conditions, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		RuleLabel	label = {"scoring rule", psprintf("r%d", i + 1)};

		ruleset_add(set, &label, TextDatumGetCString(conditions[i]));
	}
	return set;
}

/* test_rules_define(rules text[], lead record): defines the kept set. */
Datum
test_rules_define(PG_FUNCTION_ARGS)
{
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(1);
	TupleDesc	roles = lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(row),
													HeapTupleHeaderGetTypMod(row));

	if (kept != NULL)
		ruleset_free(kept);
	kept = NULL;
	kept = define(roles, PG_GETARG_ARRAYTYPE_P(0));
	if (kept_roles != NULL)
		FreeTupleDesc(kept_roles);
	MemoryContextSwitchTo(TopMemoryContext);
	kept_roles = CreateTupleDescCopy(roles);
	PG_RETURN_INT32(ruleset_count(kept));
}

/* A row as a role slot; with a descriptor of its own, for a rule may redefine. */
static TupleTableSlot *
row_slot(HeapTupleHeader row, TupleDesc kept_one)
{
	TupleDesc	roles = CreateTupleDescCopy(kept_one);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(roles, &TTSOpsVirtual);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row),.t_data = row};

	heap_deform_tuple(&tuple, roles, slot->tts_values, slot->tts_isnull);
	return ExecStoreVirtualTuple(slot);
}

/* The indexes, from 1, of the rules that fired. */
static ArrayType *
fired_rules(const uint64 *fired, int count)
{
	Datum	   *numbers = palloc(sizeof(Datum) * (count + 1));
	int			n = 0;

	for (int i = 0; i < count; i++)
		if (fired[i / 64] & (UINT64CONST(1) << (i % 64)))
			numbers[n++] = Int32GetDatum(i + 1);
	return construct_array(numbers, n, INT4OID, 4, true, TYPALIGN_INT);
}

/* test_rules_match(lead record) returns int[] */
Datum
test_rules_match(PG_FUNCTION_ARGS)
{
	int			count = ruleset_count(kept);
	uint64	   *fired = palloc(sizeof(uint64) * (count / 64 + 1));

	ruleset_prepare(kept);
	/* a rule may put another set in the place of kept */
	ruleset_match(kept, row_slot(PG_GETARG_HEAPTUPLEHEADER(0), kept_roles), fired);
	PG_RETURN_ARRAYTYPE_P(fired_rules(fired, count));
}

/* test_rules_match_one(rule int, lead record) returns boolean */
Datum
test_rules_match_one(PG_FUNCTION_ARGS)
{
	ruleset_prepare(kept);
	PG_RETURN_BOOL(ruleset_match_one(kept, PG_GETARG_INT32(0) - 1,
									 row_slot(PG_GETARG_HEAPTUPLEHEADER(1),
											  kept_roles)));
}

static void
tell(void *arg, int rule, ErrorData *error)
{
	ereport(NOTICE,
			(errmsg("fault of rule %d: %s", rule + 1, error->message),
			 errdetail("%s; context: %s", unpack_sql_state(error->sqlerrcode),
					   error->context)));
}

/* test_rules_careful(lead record) returns int[] */
Datum
test_rules_careful(PG_FUNCTION_ARGS)
{
	uint64	   *fired = palloc(sizeof(uint64) * (ruleset_count(kept) / 64 + 1));

	ruleset_prepare(kept);
	ruleset_match_careful(kept, row_slot(PG_GETARG_HEAPTUPLEHEADER(0), kept_roles),
						  fired, tell, NULL);
	PG_RETURN_ARRAYTYPE_P(fired_rules(fired, ruleset_count(kept)));
}

/* test_rules_broken(rule int) returns text: SQLSTATE and message, or null */
Datum
test_rules_broken(PG_FUNCTION_ARGS)
{
	const char *message;
	int			sqlstate;

	ruleset_prepare(kept);
	if (!ruleset_broken(kept, PG_GETARG_INT32(0) - 1, &message, &sqlstate))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s %s", unpack_sql_state(sqlstate),
											  message)));
}

/* test_rules_roles() returns int[]: what the rules read */
Datum
test_rules_roles(PG_FUNCTION_ARGS)
{
	Bitmapset  *roles = ruleset_roles(kept);
	Datum	   *numbers = palloc(sizeof(Datum) * (bms_num_members(roles) + 1));
	int			n = 0;

	for (int i = -1; (i = bms_next_member(roles, i)) >= 0;)
		numbers[n++] = Int32GetDatum(i);
	PG_RETURN_ARRAYTYPE_P(construct_array(numbers, n, INT4OID, 4, true,
										  TYPALIGN_INT));
}

/* test_rules_free() */
Datum
test_rules_free(PG_FUNCTION_ARGS)
{
	if (kept != NULL)
		ruleset_free(kept);
	kept = NULL;
	PG_RETURN_VOID();
}

/*
 * test_rules_texts(rule text, subjects text[]) returns boolean[]: one rule over
 * the one role "s", for many subjects; null where the rule is broken.
 */
Datum
test_rules_texts(PG_FUNCTION_ARGS)
{
	RuleLabel	label = {"rule", "texts"};
	TupleDesc	roles = CreateTemplateTupleDesc(1);
	RuleSet    *set;
	TupleTableSlot *slot;
	Datum	   *subjects;
	bool	   *nulls;
	int			count;
	Datum	   *results;

	TupleDescInitEntry(roles, 1, "s", TEXTOID, -1, 0);
	set = ruleset_create(CurrentMemoryContext, roles);
	ruleset_add(set, &label, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (ruleset_broken(set, 0, NULL, NULL))
		PG_RETURN_NULL();
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT,
					  &subjects, &nulls, &count);
	results = palloc(sizeof(Datum) * count);
	slot = MakeSingleTupleTableSlot(roles, &TTSOpsVirtual);
	ruleset_prepare(set);
	for (int i = 0; i < count; i++)
	{
		ExecClearTuple(slot);
		slot->tts_values[0] = subjects[i];
		slot->tts_isnull[0] = nulls[i];
		ExecStoreVirtualTuple(slot);
		results[i] = BoolGetDatum(ruleset_match_one(set, 0, slot));
	}
	ruleset_free(set);
	PG_RETURN_ARRAYTYPE_P(construct_array(results, count, BOOLOID, 1, true,
										  TYPALIGN_CHAR));
}

/*
 * test_rules_expression(expression text, host regclass, want regtype) returns
 * regtype: the type of the expression over the host's columns.
 */
Datum
test_rules_expression(PG_FUNCTION_ARGS)
{
	RuleLabel	label = {"role", "size"};
	Relation	host = table_open(PG_GETARG_OID(1), AccessShareLock);
	Bitmapset  *columns;
	Expr	   *expr = expression_parse(text_to_cstring(PG_GETARG_TEXT_PP(0)),
										host, PG_GETARG_OID(2), false, &label, &columns);

	table_close(host, NoLock);
	PG_RETURN_OID(exprType((Node *) expr));
}
