/*
 * database_worker.c
 *		The background worker of one database: does what waits there, and sleeps.
 *
 * It sleeps on its latch until somebody leaves word in the mailbox, or until
 * the earliest moment at which something is due; there is no polling.  Each
 * page of work is a transaction of its own; between two of them it holds no
 * lock, no snapshot and no plan, so that anything may be dropped.  An error
 * ends the page, is logged and counted, and delays that chore only.
 *
 * What waits is in tables: when a worker starts, and every few minutes, it
 * looks at all of it.  So nothing is lost with a word that was not heard.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/handover.h"
#include "base/mailbox.h"
#include "base/owner.h"
#include "worker/agenda.h"
#include "worker/chores.h"
#include "worker/roster.h"
#include "worker/worker.h"

/* how often it looks at all that waits, told or not */
#define LOOK_EVERY	(5 * 60 * INT64CONST(1000000))

/* no answer within this: the deadlock is ours to end, not the application's */
#define DEADLOCK_TIMEOUT	"100ms"

typedef struct Worker
{
	int			place;			/* of its mailbox and its entry in the roster */
	Agenda		agenda;
	Desk		desk;
	int64		look_at;		/* when to look at all that waits */
	int64		stats_at;		/* when to send statistics that were held back */
	bool		absent;			/* the extension is not in the database */
	MemoryContext context;		/* of one turn of the loop */
} Worker;

static void
leave(int code, Datum place)
{
	mailbox_read_by_none(mailbox_at(DatumGetInt32(place)));
	roster_leave(DatumGetInt32(place));
}

/*
 * What the database or the role may set for its applications is not for us: a
 * worker under REPEATABLE READ would find each lead busy for ever.
 */
static void
settle_settings(void)
{
	static const char *const settings[][2] = {
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"session_replication_role", "origin"},
		{"lock_timeout", "0"},
		{"deadlock_timeout", DEADLOCK_TIMEOUT},
		/* a lost page of work is done again: what it took is back in the tables */
		{"synchronous_commit", "off"},
		/* statistics of tables that are written and emptied all the time mislead */
		{"jit", "off"},
		{"max_parallel_workers_per_gather", "0"},
		{"enable_seqscan", "off"},
		{"enable_bitmapscan", "off"},
		{"pg_revops.now", ""},
	};

	for (int i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

static void
look_at_all(Worker *w, int64 now)
{
	for (int i = 0; i < N_CHORES; i++)
		agenda_wish(&w->agenda, (Chore) i, now);
	agenda_freed(&w->agenda, true, now);
	held_free_all(&w->desk.held);
	w->absent = false;
	w->look_at = now + LOOK_EVERY;
}

/* Wishes from what was left in the mailbox, and from the time. */
static void
hear(Worker *w, int64 now)
{
	Mailbox    *box = w->desk.box;
	uint32		word = mailbox_take(box, ~(uint32) (HANDOVER_MAY_WAIT | MAILBOX_STOP));
	TimestampTz clock;

	if ((word & HANDOVER_LOOK) != 0 || now >= w->look_at)
		look_at_all(w, now);
	if (w->absent)
		return;
	if ((word & HANDOVER_FOLD) != 0)
		agenda_wish(&w->agenda, CHORE_FOLD, now);
	if ((word & HANDOVER_INBOX) != 0)
		agenda_wish(&w->agenda, CHORE_INBOX, now);
	if ((word & HANDOVER_WRITE_BACK) != 0)
		agenda_wish(&w->agenda, CHORE_WRITE_BACK, now);
	if ((pg_atomic_read_u32(&box->work) & HANDOVER_FOLD_LATER) != 0)
		agenda_wish(&w->agenda, CHORE_FOLD_LATER, now);
	if ((pg_atomic_read_u32(&box->work) & HANDOVER_ROLL_UP) != 0)
		agenda_wish(&w->agenda, CHORE_ROLL_UP, now);
	if ((word & (HANDOVER_LEADS_FREED | MAILBOX_MAYBE_FREED)) != 0)
		agenda_freed(&w->agenda, (word & HANDOVER_LEADS_FREED) != 0, now);

	clock = GetCurrentTimestamp();
	if ((TimestampTz) pg_atomic_read_u64(&box->due) <= clock)
		agenda_wish(&w->agenda, CHORE_DUE, now);
	if (w->desk.inbox_due <= clock)
		agenda_wish(&w->agenda, CHORE_INBOX, now);
	if (w->desk.write_back_due <= clock)
		agenda_wish(&w->agenda, CHORE_WRITE_BACK, now);
}

/* Begin a transaction; false, and none, when the extension is not there. */
static bool
begin_page(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (!OidIsValid(get_extension_oid("pg_revops", true)))
	{
		CommitTransactionCommand();
		return false;
	}
	PushActiveSnapshot(GetTransactionSnapshot());
	SetUserIdAndSecContext(revops_owner(), SECURITY_LOCAL_USERID_CHANGE);
	return true;
}

static void
end_page(Oid user, int sec_context)
{
	SetUserIdAndSecContext(user, sec_context);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/*
 * What the page itself left to do.  A delta that it wrote belongs to a lead
 * that was busy a moment ago: when it is freed we shall be told, and the round
 * of those that may wait takes it too.
 */
static void
hear_myself(Worker *w)
{
	int			left = handover_own();

	if ((left & HANDOVER_FOLD) != 0)
		agenda_page(&w->agenda, CHORE_FOLD, 0, 0, true);
	/* the inbox too: of a queued binding our own UPDATE is read there */
	if ((left & HANDOVER_INBOX) != 0)
		agenda_wish(&w->agenda, CHORE_INBOX, agenda_clock());
	if ((left & HANDOVER_WRITE_BACK) != 0)
		agenda_wish(&w->agenda, CHORE_WRITE_BACK, agenda_clock());
	if ((left & (HANDOVER_FOLD | HANDOVER_FOLD_LATER)) != 0)
		agenda_wish(&w->agenda, CHORE_FOLD_LATER, agenda_clock());
	if ((left & HANDOVER_ROLL_UP) != 0)
		agenda_wish(&w->agenda, CHORE_ROLL_UP, agenda_clock());
}

static void
extension_is_gone(Worker *w)
{
	agenda_clear(&w->agenda);
	held_free_all(&w->desk.held);
	w->desk.inbox_due = DT_NOEND;
	w->desk.write_back_due = DT_NOEND;
	(void) pg_atomic_exchange_u64(&w->desk.box->due, DT_NOEND);
	w->absent = true;
}

static void
do_page(Worker *w, Chore chore)
{
	int64		began = agenda_clock();
	PageResult	result;
	Oid			user;
	int			sec_context;

	/* before anything is tried: whoever frees a lead from here on tells */
	want_any(&w->desk.box->want);
	if (agenda_begin(&w->agenda, chore, began))
	{
		/* nobody's end is waited for: there are none, or they are tried again */
		if (!w->agenda.chores[chore].passed)
			held_free_busy(&w->desk.held, chore);
		chore_begin(&w->desk, chore);
	}
	GetUserIdAndSecContext(&user, &sec_context);
	if (!begin_page())
	{
		extension_is_gone(w);
		return;
	}
	result = chore_page(&w->desk, chore);
	end_page(user, sec_context);

	agenda_page(&w->agenda, chore, agenda_clock() - began, result.done, result.passed);
	hear_myself(w);
	if (result.ends)
		agenda_end(&w->agenda, chore, agenda_clock());
	roster_count(w->place, chore, result.done, result.ends);
	if (!agenda_passed(&w->agenda))
		want_none(&w->desk.box->want);
}

/* An error's context: who was at what. */
static void
tell_chore(void *arg)
{
	errcontext("background worker of pg_revops, %s", chore_activity(*(Chore *) arg));
}

static void
page_failed(Worker *w, Chore chore)
{
	ErrorData  *error;

	MemoryContextSwitchTo(w->context);
	error = CopyErrorData();
	HOLD_INTERRUPTS();
	EmitErrorReport();
	AbortOutOfAnyTransaction();
	FlushErrorState();
	(void) handover_own();
	agenda_failed(&w->agenda, chore, agenda_clock());
	roster_error(w->place, chore, error->message);
	RESUME_INTERRUPTS();
}

static void
work(Worker *w, Chore chore)
{
	ErrorContextCallback context = {error_context_stack, tell_chore, &chore};

	roster_state(w->place, WORKER_WORKING, chore);
	debug_query_string = chore_activity(chore);
	pgstat_report_activity(STATE_RUNNING, chore_activity(chore));
	PG_TRY();
	{
		error_context_stack = &context;
		do_page(w, chore);
	}
	PG_CATCH();
	{
		error_context_stack = context.previous;
		page_failed(w, chore);
	}
	PG_END_TRY();
	error_context_stack = context.previous;
	debug_query_string = NULL;
	MemoryContextSwitchTo(w->context);
}

static void
report_idle(Worker *w)
{
	WorkerState state = WORKER_IDLE;
	long		held_back = pgstat_report_stat(false);

	w->stats_at = held_back > 0 ? agenda_clock() + held_back * 1000 : AGENDA_NEVER;
	if (w->absent)
		state = WORKER_NO_EXTENSION;
	else if (agenda_failing(&w->agenda))
		state = WORKER_AFTER_ERROR;
	roster_state(w->place, state, CHORE_FOLD);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/*
 * When it is time for a chore that is due at a moment of the wall clock; a
 * chore that has its wish already waits for its pause only.
 */
static int64
alarm_at(Worker *w, Chore chore, TimestampTz due, int64 now)
{
	if (due == DT_NOEND || w->agenda.chores[chore].wish_at != AGENDA_NEVER)
		return AGENDA_NEVER;
	return now + Max(due - GetCurrentTimestamp(), 0);
}

/* Sleep until there is word, or something is to be done. */
static void
wait_for_work(Worker *w)
{
	int64		now = agenda_clock();
	int64		until = Min(w->look_at, w->stats_at);
	TimestampTz due = (TimestampTz) pg_atomic_read_u64(&w->desk.box->due);

	until = Min(until, agenda_wakes(&w->agenda));
	until = Min(until, alarm_at(w, CHORE_DUE, due, now));
	until = Min(until, alarm_at(w, CHORE_INBOX, w->desk.inbox_due, now));
	until = Min(until, alarm_at(w, CHORE_WRITE_BACK, w->desk.write_back_due, now));
	if (until > now)
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 (long) ((until - now + 999) / 1000), PG_WAIT_EXTENSION);
}

/* Signals, and what the launcher or a DROP DATABASE asks for. */
static void
obey(Worker *w)
{
	if (ProcDiePending || (pg_atomic_read_u32(&w->desk.box->work) & MAILBOX_STOP) != 0)
		proc_exit(0);
	/* a cancel that came too late for its page */
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

static void
work_for_ever(Worker *w)
{
	bool		idle = false;

	for (;;)
	{
		int64		now;
		Chore		chore;

		ResetLatch(MyLatch);
		obey(w);
		MemoryContextReset(w->context);
		now = agenda_clock();
		hear(w, now);
		if (!w->absent && agenda_next(&w->agenda, now, &chore))
		{
			work(w, chore);
			idle = false;
			continue;
		}
		if (!idle || now >= w->stats_at)
			report_idle(w);
		idle = true;
		wait_for_work(w);
	}
}

void
revops_worker_main(Datum place)
{
	Worker		worker = {.place = DatumGetInt32(place),.stats_at = AGENDA_NEVER};
	Desk	   *desk = &worker.desk;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	if (!roster_enter(worker.place))
		proc_exit(0);
	before_shmem_exit(leave, place);
	desk->box = mailbox_at(worker.place);
	/* a word to stop was for the one before */
	(void) mailbox_take(desk->box, MAILBOX_STOP);
	BackgroundWorkerInitializeConnectionByOid(pg_atomic_read_u32(&desk->box->database),
											  InvalidOid, 0);
	settle_settings();

	agenda_init(&worker.agenda);
	held_init(&desk->held, TopMemoryContext);
	desk->inbox_from = DT_NOBEGIN;
	desk->inbox_due = DT_NOEND;
	desk->write_back_due = DT_NOEND;
	worker.context = AllocSetContextCreate(TopMemoryContext, "pg_revops worker",
										   ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(worker.context);
	mailbox_read_by_me(desk->box);
	/* look_at is past: it begins by looking at all there is */
	work_for_ever(&worker);
}
