/*
 * faults.c
 *		See faults.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "settle/faults.h"

/* kinds of fault that one settle keeps apart */
#define MAX_NOTES	100

typedef struct FaultNote
{
	FaultPlace	place;
	char	   *object;
	char	   *message;
	char	   *detail;
	int			sqlstate;
	int			occurrences;
} FaultNote;

void
faults_init(Faults *faults, MemoryContext context)
{
	faults->notes = NIL;
	faults->context = context;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static char *
copy_text(const char *text)
{
	return text == NULL ? NULL : pstrdup(text);
}

void
fault_note(Faults *faults, const FaultPlace *place, const char *object,
		   int sqlstate, const char *message, const char *detail)
{
	MemoryContext old;
	FaultNote  *note;
	ListCell   *cell;

	foreach(cell, faults->notes)
	{
		note = lfirst(cell);
		if (note->place.binding_id == place->binding_id &&
			same_text(note->object, object) && same_text(note->message, message))
		{
			note->occurrences++;
			return;
		}
	}
	if (list_length(faults->notes) >= MAX_NOTES)
		return;
	old = MemoryContextSwitchTo(faults->context);
	note = palloc(sizeof(FaultNote));
	note->place = *place;
	note->place.key = copy_text(place->key);
	note->object = copy_text(object);
	note->message = copy_text(message);
	note->detail = copy_text(detail);
	note->sqlstate = sqlstate;
	note->occurrences = 1;
	faults->notes = lappend(faults->notes, note);
	MemoryContextSwitchTo(old);
}

static void
set_text_arg(Datum *values, char *nulls, int i, const char *text)
{
	nulls[i] = text == NULL ? 'n' : ' ';
	values[i] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
write_note(const FaultNote *note, TimestampTz now)
{
	Oid			types[9] = {TIMESTAMPTZOID, INT4OID, INT8OID, TEXTOID, TEXTOID,
	TEXTOID, TEXTOID, TEXTOID, INT4OID};
	Datum		values[9];
	char		nulls[9];

	memset(nulls, ' ', sizeof(nulls));
	values[0] = TimestampTzGetDatum(now);
	values[1] = Int32GetDatum(note->place.binding_id);
	nulls[1] = note->place.binding_id == 0 ? 'n' : ' ';
	values[2] = Int64GetDatum(note->place.lead_id);
	nulls[2] = note->place.lead_id == 0 ? 'n' : ' ';
	set_text_arg(values, nulls, 3, note->place.key);
	set_text_arg(values, nulls, 4, note->object);
	set_text_arg(values, nulls, 5, unpack_sql_state(note->sqlstate));
	set_text_arg(values, nulls, 6, note->message);
	set_text_arg(values, nulls, 7, note->detail);
	values[8] = Int32GetDatum(note->occurrences);
	if (SPI_execute_with_args("INSERT INTO revops.fault (at, binding_id, lead_id, key, object, "
							  "sqlstate, message, detail, occurrences) "
							  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
							  9, types, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "writing a fault failed");
}

void
faults_write(Faults *faults, TimestampTz now)
{
	OwnerScope	scope;
	ListCell   *cell;

	if (faults->notes == NIL)
		return;
	owner_enter(&scope);
	foreach(cell, faults->notes)
		write_note(lfirst(cell), now);
	owner_leave(&scope);
	faults->notes = NIL;
}
