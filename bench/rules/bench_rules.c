/*
 * bench_rules.c
 *		Rules evaluated three ways over the same rows: by hand-written C, by
 *		ExprStates with the stock operators, by a rule set of the installed
 *		pg_revops (which the session has loaded before: LOAD 'pg_revops').
 *
 * Each way starts from a stored heap tuple, which is deformed anew; the last two
 * go through the projection into the role slot, as the engine does.
 */
#include "postgres.h"

#include <time.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "define/ruleset.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(bench_rules);

/* The columns of the benchmark's table, in order. */
enum
{
	ID, EMAIL, TITLE, COMPANY, COUNTRY, INDUSTRY, SOURCE, SEGMENT, CAMPAIGN,
	NOTES, PHONE, COMPANY_SIZE, VISITS, REVENUE, COLUMNS
};

/* rules that are evaluated together, at most */
#define MAX_RULES	256

typedef struct Bench
{
	HeapTuple  *tuples;
	int			count;
	TupleDesc	host;
	TupleTableSlot *host_slot;
	TupleTableSlot *role_slot;
	EState	   *estate;
	ExprContext *econtext;
	ProjectionInfo *projection;
	int			rules;
	ExprState **stock;
	RuleSet    *set;
} Bench;

/* ---------- by hand ---------- */

static bool
is_ascii(const char *s, int n)
{
	uint64		block;

	for (; n >= 8; s += 8, n -= 8)
	{
		memcpy(&block, s, 8);
		if (block & UINT64CONST(0x8080808080808080))
			return false;
	}
	for (; n > 0; n--)
		if (*s++ & 0x80)
			return false;
	return true;
}

static inline char
small(char c)
{
	return (c >= 'A' && c <= 'Z') ? c + 32 : c;
}

static inline bool
begins(const char *s, int n, const char *word, int length)
{
	if (length > n)
		return false;
	for (int i = 0; i < length; i++)
		if (small(s[i]) != word[i])
			return false;
	return true;
}

#define BEGINS(word) begins(s + i, n - i, word, sizeof(word) - 1)

static bool
leads(const char *s, int n)
{
	for (int i = 0; i < n; i++)
		switch (small(s[i]))
		{
			case 'v':
				if (BEGINS("vp") || BEGINS("vice president"))
					return true;
				break;
			case 'c':
				if (BEGINS("chief"))
					return true;
				break;
			case 'h':
				if (BEGINS("head of"))
					return true;
				break;
			case 'd':
				if (BEGINS("director"))
					return true;
				break;
		}
	return false;
}

static bool
sells(const char *s, int n)
{
	for (int i = 0; i < n; i++)
		switch (small(s[i]))
		{
			case 'r':
				if (BEGINS("revenue"))
					return true;
				break;
			case 's':
				if (BEGINS("sales"))
					return true;
				break;
			case 'm':
				if (BEGINS("marketing"))
					return true;
				break;
			case 'g':
				if (BEGINS("growth"))
					return true;
				break;
			case 'd':
				if (BEGINS("demand"))
					return true;
				break;
		}
	return false;
}

static bool
incorporated(const char *s, int n)
{
	for (int i = 0; i < n; i++)
		switch (small(s[i]))
		{
			case 'g':
				if (BEGINS("gmbh") || BEGINS("group"))
					return true;
				break;
			case 'h':
				if (BEGINS("holding"))
					return true;
				break;
			case 'p':
				if (BEGINS("plc"))
					return true;
				break;
		}
	return false;
}

static bool
asks(const char *s, int n)
{
	for (int i = 0; i < n; i++)
		switch (small(s[i]))
		{
			case 'p':
				if (BEGINS("pricing"))
					return true;
				break;
			case 'd':
				if (BEGINS("demo"))
					return true;
				break;
			case 't':
				if (BEGINS("trial"))
					return true;
				break;
			case 'q':
				if (BEGINS("quote"))
					return true;
				break;
			case 'b':
				if (BEGINS("budget"))
					return true;
				break;
		}
	return false;
}

static bool
banks(const char *s, int n)
{
	for (int i = 0; i < n; i++)
		if (small(s[i]) == 'b' && BEGINS("bank"))
			return true;
	return false;
}

static bool
studies(const char *s, int n)
{
	int			i = n - 4;

	return n >= 4 && BEGINS(".edu");
}

static bool
stock_regex(Datum subject, const char *pattern)
{
	return DatumGetBool(DirectFunctionCall2Coll(texticregexeq, DEFAULT_COLLATION_OID,
												subject, CStringGetTextDatum(pattern)));
}

static inline bool
same(Datum value, const char *literal)
{
	text	   *t = (text *) DatumGetPointer(value);
	int			n = strlen(literal);

	return VARSIZE_ANY_EXHDR(t) == n && memcmp(VARDATA_ANY(t), literal, n) == 0;
}

/* A subject with a byte above ASCII goes to the stock operators, as it must. */
#define TEXT_RULE(bit, column, function, pattern) \
	do { \
		if (!nulls[column] && \
			(ascii[column] ? function(start[column], length[column]) : stock_regex(values[column], pattern))) \
			mask |= 1 << (bit); \
	} while (0)
#define RULE(bit, column, condition) \
	do { \
		if (!nulls[column] && (condition)) \
			mask |= 1 << (bit); \
	} while (0)

/* The twenty rules of rules.sh, in their order. */
static uint64
by_hand(Datum *values, bool *nulls)
{
	static const int texts[] = {EMAIL, TITLE, COMPANY, NOTES};
	const char *start[COLUMNS] = {0};
	int			length[COLUMNS] = {0};
	bool		ascii[COLUMNS] = {0};
	uint64		mask = 0;

	for (int i = 0; i < lengthof(texts); i++)
	{
		int			k = texts[i];
		text	   *t = (text *) DatumGetPointer(values[k]);

		if (nulls[k])
			continue;
		start[k] = VARDATA_ANY(t);
		length[k] = VARSIZE_ANY_EXHDR(t);
		ascii[k] = is_ascii(start[k], length[k]);
	}
	TEXT_RULE(0, TITLE, leads, "(vp|vice president|chief|head of|director)");
	TEXT_RULE(1, TITLE, sells, "(revenue|sales|marketing|growth|demand)");
	TEXT_RULE(2, COMPANY, incorporated, "(gmbh|group|holding|plc)");
	TEXT_RULE(3, NOTES, asks, "(pricing|demo|trial|quote|budget)");
	TEXT_RULE(4, EMAIL, studies, "\\.edu$");
	TEXT_RULE(5, COMPANY, banks, "bank");
	RULE(6, CAMPAIGN, VARSIZE_ANY_EXHDR(DatumGetPointer(values[CAMPAIGN])) >= 4 &&
		 memcmp(VARDATA_ANY(DatumGetPointer(values[CAMPAIGN])), "abm-", 4) == 0);
	RULE(7, COUNTRY, same(values[COUNTRY], "US") || same(values[COUNTRY], "CA") ||
		 same(values[COUNTRY], "GB") || same(values[COUNTRY], "DE"));
	RULE(8, INDUSTRY, same(values[INDUSTRY], "software") ||
		 same(values[INDUSTRY], "fintech") || same(values[INDUSTRY], "health"));
	RULE(9, SOURCE, same(values[SOURCE], "webinar") ||
		 same(values[SOURCE], "referral") || same(values[SOURCE], "partner"));
	RULE(10, COUNTRY, same(values[COUNTRY], "US"));
	RULE(11, INDUSTRY, same(values[INDUSTRY], "software"));
	RULE(12, SOURCE, same(values[SOURCE], "partner"));
	RULE(13, SEGMENT, same(values[SEGMENT], "enterprise"));
	RULE(14, COMPANY_SIZE, DatumGetInt64(values[COMPANY_SIZE]) >= 50 &&
		 DatumGetInt64(values[COMPANY_SIZE]) <= 500);
	RULE(15, COMPANY_SIZE, DatumGetInt64(values[COMPANY_SIZE]) > 1000);
	RULE(16, VISITS, DatumGetInt64(values[VISITS]) >= 3);
	RULE(17, REVENUE, DatumGetFloat8(values[REVENUE]) > 1e6);
	mask |= (uint64) !nulls[PHONE] << 18;
	mask |= (uint64) nulls[TITLE] << 19;
	return mask;
}

/* ---------- the three ways ---------- */

static uint64
way_hand(Bench *bench)
{
	slot_getallattrs(bench->host_slot);
	return by_hand(bench->host_slot->tts_values, bench->host_slot->tts_isnull);
}

static uint64
way_stock(Bench *bench)
{
	uint64		mask = 0;
	MemoryContext old;

	bench->econtext->ecxt_scantuple = bench->host_slot;
	bench->econtext->ecxt_scantuple = ExecProject(bench->projection);
	old = MemoryContextSwitchTo(bench->econtext->ecxt_per_tuple_memory);
	for (int i = 0; i < bench->rules; i++)
	{
		bool		isnull;
		Datum		value = ExecEvalExpr(bench->stock[i], bench->econtext, &isnull);

		if (!isnull && DatumGetBool(value))
			mask |= UINT64CONST(1) << i;
	}
	MemoryContextSwitchTo(old);
	ResetExprContext(bench->econtext);
	return mask;
}

static uint64
way_ours(Bench *bench)
{
	uint64		fired[MAX_RULES / 64];
	uint64		mask;

	bench->econtext->ecxt_scantuple = bench->host_slot;
	ruleset_match(bench->set, ExecProject(bench->projection), fired);
	mask = fired[0];
	for (int i = 1; i < (bench->rules + 63) / 64; i++)
		mask = mask * 31 + fired[i];
	return mask;
}

/* ---------- set-up and measuring ---------- */

static void
load_rows(Bench *bench, Relation rel)
{
	TableScanDesc scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);

	bench->tuples = palloc(sizeof(HeapTuple) * 100000);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot) &&
		   bench->count < 100000)
		bench->tuples[bench->count++] = ExecCopySlotHeapTuple(slot);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/* Projects every column into a role of the same name and type. */
static void
make_projection(Bench *bench)
{
	List	   *targets = NIL;

	for (int i = 0; i < bench->host->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(bench->host, i);
		Var		   *var = makeVar(1, i + 1, att->atttypid, att->atttypmod,
								  att->attcollation, 0);

		targets = lappend(targets, makeTargetEntry((Expr *) var, i + 1, NULL, false));
	}
	bench->projection = ExecBuildProjectionInfo(targets, bench->econtext,
												bench->role_slot, NULL, bench->host);
}

static void
make_rules(Bench *bench, ArrayType *texts)
{
	Datum	   *text_of;

	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT,
					  &text_of, NULL, &bench->rules);
	if (bench->rules > MAX_RULES)
		elog(ERROR, "there are more than %d rules", MAX_RULES);
	bench->stock = palloc(sizeof(ExprState *) * bench->rules);
	bench->set = ruleset_create(CurrentMemoryContext, bench->host);
	for (int i = 0; i < bench->rules; i++)
	{
		RuleLabel	label = {"rule", psprintf("%d", i + 1)};
		char	   *rule = TextDatumGetCString(text_of[i]);

		bench->stock[i] = ExecInitExpr(condition_parse(rule, bench->host, BOOLOID,
													   &label), NULL);
		ruleset_add(bench->set, &label, rule);
		if (ruleset_broken(bench->set, i, NULL, NULL))
			elog(ERROR, "rule %d is broken", i + 1);
	}
	ruleset_prepare(bench->set);
}

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* One pass over all rows, `loops` times; returns ns a row. */
static double
measure(Bench *bench, uint64 (*way) (Bench *), int loops, uint64 *sum)
{
	double		start = now_ns();

	*sum = 0;
	for (int loop = 0; loop < loops; loop++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < bench->count; i++)
		{
			ExecStoreHeapTuple(bench->tuples[i], bench->host_slot, false);
			*sum = *sum * 31 + way(bench);
		}
	}
	return (now_ns() - start) / loops / bench->count;
}

/*
 * bench_rules(leads regclass, rules text[], ways text[], rounds int, loops int)
 * returns TABLE (round int, way text, ns float8, digest bigint)
 */
Datum
bench_rules(PG_FUNCTION_ARGS)
{
	Relation	rel = table_open(PG_GETARG_OID(0), AccessShareLock);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Bench		bench = {0};
	Datum	   *ways;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	bench.host = CreateTupleDescCopy(RelationGetDescr(rel));
	load_rows(&bench, rel);
	bench.host_slot = MakeSingleTupleTableSlot(bench.host, &TTSOpsHeapTuple);
	bench.role_slot = MakeSingleTupleTableSlot(bench.host, &TTSOpsVirtual);
	bench.estate = CreateExecutorState();
	bench.econtext = CreateExprContext(bench.estate);
	make_projection(&bench);
	make_rules(&bench, PG_GETARG_ARRAYTYPE_P(1));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT,
					  &ways, NULL, &count);

	for (int round = 0; round < PG_GETARG_INT32(3); round++)
		for (int i = 0; i < count; i++)
		{
			char	   *name = TextDatumGetCString(ways[i]);
			uint64		sum;
			double		ns = measure(&bench, strcmp(name, "hand") == 0 ? way_hand :
									 strcmp(name, "stock") == 0 ? way_stock : way_ours,
									 PG_GETARG_INT32(4), &sum);
			Datum		row[] = {Int32GetDatum(round), ways[i], Float8GetDatum(ns),
			Int64GetDatum((int64) sum)};
			bool		nulls[4] = {false};

			tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
		}
	ruleset_free(bench.set);
	ExecDropSingleTupleTableSlot(bench.host_slot);
	ExecDropSingleTupleTableSlot(bench.role_slot);
	FreeExecutorState(bench.estate);
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}
