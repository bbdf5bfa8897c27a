/*
 * packet_row.c
 *		See packet_row.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "base/attempt.h"
#include "capture/packet_row.h"
#include "settle/writer.h"

static Datum
copy_varlena(Datum value)
{
	return datumCopy(value, false, -1);
}

PacketRow *
packet_row_make(const Datum *values, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	PacketRow  *row = palloc0(sizeof(PacketRow));

	memcpy(row->values, values, sizeof(row->values));
	row->values[PACKET_COL_ACTOR] = copy_varlena(values[PACKET_COL_ACTOR]);
	row->values[PACKET_COL_BODY] = copy_varlena(values[PACKET_COL_BODY]);
	ItemPointerSetInvalid(&row->tid);
	MemoryContextSwitchTo(old);
	return row;
}

/* Unless something that a user wrote would run by it. */
static void
write_plainly(void *arg)
{
	PacketRow  *row = arg;
	bool		nulls[PACKET_COLS] = {0};
	Writers		writers;

	writers_begin(&writers);
	row->plain = writer_is_plain(&writers, TABLE_INBOX_PACKET);
	if (row->plain)
		writer_insert(&writers, TABLE_INBOX_PACKET, row->values, nulls, &row->tid);
	writers_end(&writers);
	CommandCounterIncrement();
}

static void
write_anyhow(void *arg)
{
	PacketRow  *row = arg;
	bool		nulls[PACKET_COLS] = {0};
	Writers		writers;

	writers_begin(&writers);
	writer_add(&writers, TABLE_INBOX_PACKET, row->values, nulls);
	writers_end(&writers);
	CommandCounterIncrement();
}

/* No index may know the row: nobody would find it, but for who reads the whole table. */
static void
take_back(void *arg)
{
	PacketRow  *row = arg;
	Writers		writers;

	/* what this command wrote it does not see */
	CommandCounterIncrement();
	writers_begin(&writers);
	writer_delete(&writers, TABLE_INBOX_PACKET, &row->tid);
	writers_end(&writers);
}

ErrorData *
packet_row_write(PacketRow *row)
{
	ErrorData  *error = attempt_undivided(write_plainly, row);
	ErrorData  *failure;

	if (error == NULL)
		return row->plain ? NULL : attempt(write_anyhow, row);
	failure = ItemPointerIsValid(&row->tid) ? attempt(take_back, row) : NULL;
	if (failure != NULL)
		FreeErrorData(failure);
	return error;
}
