/*
 * answers.c
 *		See answers.h.
 *
 * A lead has few answers: they are read one after the other, in order.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "settle/answers.h"
#include "settle/engine_scan.h"
#include "settle/row_values.h"

static SysScanDesc
scan_answers(Settle *s, int64 lead_id)
{
	ScanKeyData key;

	/* some may have been collected in this very settle */
	settle_flush(s);
	ScanKeyInit(&key, ANSWER_LEAD_ID + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(lead_id));
	return engine_scan(&s->writers, TABLE_ANSWER, writer_pkey(&s->writers, TABLE_ANSWER), 1, &key);
}

uint64
answers_missing(Settle *s, char *const *questions, int n)
{
	uint64		missing = n < 64 ? (UINT64CONST(1) << n) - 1 : ~UINT64CONST(0);
	SysScanDesc scan = scan_answers(s, s->lead_id);
	HeapTuple	tuple;

	/* in index order: the last word on a question counts */
	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		Datum		code = engine_column(&s->writers, TABLE_ANSWER, tuple, ANSWER_QUESTION);
		bool		none = engine_column(&s->writers, TABLE_ANSWER, tuple, ANSWER_ANSWER) == NO_TEXT;
		char	   *question = TextDatumGetCString(code);

		for (int i = 0; i < n; i++)
		{
			if (strcmp(questions[i], question) != 0)
				continue;
			missing &= ~(UINT64CONST(1) << i);
			if (none)
				missing |= UINT64CONST(1) << i;
		}
	}
	engine_scan_end(scan);
	return missing;
}

void
answer_write(Settle *s, const LeadRow *row, const Answer *answer)
{
	SysScanDesc scan = scan_answers(s, row->state.lead_id);
	Datum		v[ANSWER_COLS];
	bool		nulls[ANSWER_COLS] = {0};
	HeapTuple	tuple;
	int32		seq = 0;

	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
		seq = DatumGetInt32(engine_column(&s->writers, TABLE_ANSWER, tuple, ANSWER_SEQ));
	engine_scan_end(scan);
	v[ANSWER_LEAD_ID] = Int64GetDatum(row->state.lead_id);
	v[ANSWER_SEQ] = Int32GetDatum(seq + 1);
	v[ANSWER_WORKSPACE_ID] = Int32GetDatum(row->workspace_id);
	v[ANSWER_AGREEMENT_ID] = Int32GetDatum(s->agreement->agreement_id);
	v[ANSWER_AT] = TimestampTzGetDatum(s->now);
	v[ANSWER_PERSONAL] = BoolGetDatum(answer->personal);
	v[ANSWER_QUESTION] = CStringGetTextDatum(answer->question);
	set_text(v, nulls, ANSWER_ANSWER, code_text(answer->answer));
	v[ANSWER_ACTOR] = CStringGetTextDatum(settle_actor(s));
	writer_add(&s->writers, TABLE_ANSWER, v, nulls);
}

void
answers_erase(Settle *s, int64 lead_id)
{
	SysScanDesc scan = scan_answers(s, lead_id);
	TupleDesc	desc = RelationGetDescr(writer_rel(&s->writers, TABLE_ANSWER));
	HeapTuple	tuple;
	bool		erased = false;

	while (HeapTupleIsValid(tuple = engine_scan_next(scan)))
	{
		Datum		v[ANSWER_COLS];
		bool		nulls[ANSWER_COLS];
		ItemPointerData tid;

		tuple = heap_copytuple(tuple);
		heap_deform_tuple(tuple, desc, v, nulls);
		if (!DatumGetBool(v[ANSWER_PERSONAL]) || nulls[ANSWER_ANSWER])
			continue;
		nulls[ANSWER_ANSWER] = true;
		tid = tuple->t_self;
		writer_update(&s->writers, TABLE_ANSWER, &tid, v, nulls);
		erased = true;
	}
	engine_scan_end(scan);
	if (erased)
		CommandCounterIncrement();
}
