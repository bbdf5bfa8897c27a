/*
 * worker_state.c
 *		revops.worker_state(): how this database's background worker does.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/mailbox.h"
#include "commands/dbcommands.h"
#include "worker/roster.h"

PG_FUNCTION_INFO_V1(revops_worker_state);

/* columns of revops.worker_state() */
enum
{
	STATE,
	PID,
	STARTED_AT,
	ROUNDS,
	LEADS_FOLDED,
	INBOX_READ,
	DUE_FIRED,
	ERRORS,
	LAST_ERROR,
	LAST_ERROR_AT,
	LAST_ERROR_CHORE,
	NEXT_DUE_AT,
	STATE_COLS
};

static bool
is_listed(void)
{
	const char *name = get_database_name(MyDatabaseId);
	ListCell   *cell;

	foreach(cell, roster_names())
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

/* Why there is no worker. */
static const char *
why_none(void)
{
	if (mailboxes_count() == 0)
		return "not preloaded";
	if (RecoveryInProgress())
		return "standby";
	return is_listed() ? "not running" : "not listed";
}

static const char *
state_name(const WorkerReport *report)
{
	switch (report->state)
	{
		case WORKER_NOT_RUNNING:
			break;
		case WORKER_STARTING:
			return "starting";
		case WORKER_IDLE:
			return "idle";
		case WORKER_WORKING:
			return chore_activity(report->chore);
		case WORKER_AFTER_ERROR:
			return "waiting after an error";
		case WORKER_NO_EXTENSION:
			return "no extension";
	}
	return why_none();
}

static void
set_report(const WorkerReport *report, TimestampTz due, Datum *v, bool *nulls)
{
	v[STATE] = CStringGetTextDatum(state_name(report));
	v[PID] = Int32GetDatum(report->pid);
	nulls[PID] = nulls[STARTED_AT] = report->pid == 0;
	v[STARTED_AT] = TimestampTzGetDatum(report->started_at);
	v[ROUNDS] = Int64GetDatum(report->rounds);
	v[LEADS_FOLDED] = Int64GetDatum(report->leads_folded);
	v[INBOX_READ] = Int64GetDatum(report->inbox_read);
	v[DUE_FIRED] = Int64GetDatum(report->due_fired);
	v[ERRORS] = Int64GetDatum(report->errors);
	nulls[LAST_ERROR] = nulls[LAST_ERROR_AT] = nulls[LAST_ERROR_CHORE] = report->last_error_at == 0;
	v[LAST_ERROR] = CStringGetTextDatum(report->last_error);
	v[LAST_ERROR_AT] = TimestampTzGetDatum(report->last_error_at);
	v[LAST_ERROR_CHORE] = CStringGetTextDatum(chore_name(report->last_error_chore));
	v[NEXT_DUE_AT] = TimestampTzGetDatum(due);
	nulls[NEXT_DUE_AT] = due == DT_NOEND;
}

/* revops.worker_state(): one row, whether or not there is a worker */
Datum
revops_worker_state(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		v[STATE_COLS];
	bool		nulls[STATE_COLS] = {0};
	int			place = roster_find(MyDatabaseId);

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (place >= 0)
	{
		WorkerReport report = roster_read(place);

		set_report(&report, (TimestampTz) pg_atomic_read_u64(&mailbox_at(place)->due), v, nulls);
	}
	else
	{
		memset(nulls, true, sizeof(nulls));
		nulls[STATE] = false;
		v[STATE] = CStringGetTextDatum(why_none());
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), v, nulls)));
}
