/*
 * overrides.c
 *		See overrides.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/handover.h"
#include "base/owner.h"
#include "settle/effects.h"
#include "settle/overrides.h"

/* columns of overrides_known() */
enum
{
	KNOWN_OVERRIDE_ID = 1, KNOWN_PART, KNOWN_VALUE, KNOWN_HOLDS, KNOWN_ENDED
};

static Datum
field(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static int16 *
place_of(Overrides *set, const char *part)
{
	if (strcmp(part, "fit") == 0)
		return &set->fit;
	return strcmp(part, "intent") == 0 ? &set->intent : &set->disqualified;
}

static void
take_override(uint64 row, Overrides *set, List **ended)
{
	char	   *part = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, KNOWN_PART);
	bool		isnull;
	Datum		value = field(row, KNOWN_VALUE, &isnull);

	if (!isnull && DatumGetBool(field(row, KNOWN_HOLDS, &isnull)))
		*place_of(set, part) = DatumGetInt16(value);
	if (DatumGetBool(field(row, KNOWN_ENDED, &isnull)))
		*ended = lappend_int(*ended, (int) DatumGetInt64(field(row, KNOWN_OVERRIDE_ID, &isnull)));
}

static void
read_overrides(Settle *s, const LeadRow *row, Overrides *set)
{
	Oid			types[2] = {INT8OID, TIMESTAMPTZOID};
	Datum		v[2] = {Int64GetDatum(row->state.lead_id), TimestampTzGetDatum(s->now)};
	MemoryContext context = CurrentMemoryContext;
	MemoryContext spi;
	OwnerScope	scope;
	List	   *ended = NIL;
	ListCell   *cell;

	set->fit = set->intent = set->disqualified = NOT_SET;
	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT k.override_id, k.part, k.value, k.until > $2, "
							  "k.value IS NOT NULL AND k.until <= $2 AND "
							  "CASE k.part WHEN 'fit' THEN l.fit_set WHEN 'intent' THEN l.intent_set "
							  "ELSE l.disqualified_set END IS NOT NULL "
							  "FROM revops.overrides_known($1, $2) k, revops.lead l WHERE l.lead_id = $1",
							  2, types, v, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading overrides failed");
	spi = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
		take_override(i, set, &ended);
	MemoryContextSwitchTo(spi);
	owner_leave(&scope);
	foreach(cell, ended)
		effects_event(s, row->state.lead_id, "override_ended", lfirst_int(cell));
}

void
overrides_news(Settle *s, const LeadRow *row, const LeadChange *change, LeadNews *news)
{
	if (!change->overrides)
		return;
	news->set_told = true;
	read_overrides(s, row, &news->set);
}

static void
set_timer(Settle *s, int64 lead_id, TimestampTz until)
{
	Oid			types[3] = {INT4OID, INT8OID, TIMESTAMPTZOID};
	Datum		v[3] = {Int32GetDatum(s->def->workspace_id), Int64GetDatum(lead_id),
	TimestampTzGetDatum(until)};

	if (SPI_execute_with_args("INSERT INTO revops.timer (workspace_id, lead_id, seq, due_at, timer) "
							  "VALUES ($1, $2, 0, $3, 'override_ends')",
							  3, types, v, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "writing a timer failed");
	handover_due(until);
}

void
overrides_append(Settle *s, int64 lead_id, const char *part, int16 value, const char *reason,
				 TimestampTz until)
{
	Oid			types[8] = {INT8OID, INT4OID, TEXTOID, INT2OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	TEXTOID};
	Datum		v[8] = {Int64GetDatum(lead_id), Int32GetDatum(s->def->workspace_id),
	CStringGetTextDatum(part), Int16GetDatum(value), CStringGetTextDatum(reason),
	TimestampTzGetDatum(s->now), TimestampTzGetDatum(until), CStringGetTextDatum(settle_actor(s))};
	OwnerScope	scope;
	bool		isnull;
	int64		override_id;

	owner_enter(&scope);
	if (SPI_execute_with_args("INSERT INTO revops.score_override (lead_id, workspace_id, part, value, reason, at, until, actor) "
							  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING override_id",
							  8, types, v, value == NOT_SET ? "   n    " : NULL, false, 0) != SPI_OK_INSERT_RETURNING)
		elog(ERROR, "writing an override failed");
	override_id = DatumGetInt64(field(0, 1, &isnull));
	if (value != NOT_SET && !TIMESTAMP_NOT_FINITE(until))
		set_timer(s, lead_id, until);
	owner_leave(&scope);
	effects_event(s, lead_id, "score_overridden", (int32) override_id);
}

bool
overrides_any(Settle *s, int64 lead_id, const char *part)
{
	Oid			types[3] = {INT8OID, TIMESTAMPTZOID, TEXTOID};
	Datum		v[3] = {Int64GetDatum(lead_id), TimestampTzGetDatum(s->now),
	CStringGetTextDatum(part)};
	OwnerScope	scope;
	bool		any;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT FROM revops.overrides_known($1, $2) "
							  "WHERE part = $3 AND value IS NOT NULL AND until > $2",
							  3, types, v, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading overrides failed");
	any = SPI_processed > 0;
	owner_leave(&scope);
	return any;
}
