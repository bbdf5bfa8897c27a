/*
 * launcher.c
 *		The process that starts a worker for each database that is listed.
 *
 * It is connected to no database.  It sleeps until a setting changes, a worker
 * ends, or a session has created, renamed or dropped a database.  A worker that
 * ended is started again, the more slowly the oftener it ends soon.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "base/mailbox.h"
#include "worker/agenda.h"
#include "worker/roster.h"
#include "worker/worker.h"

#define SECOND	INT64CONST(1000000)

/* how often it looks, told or not */
#define LOOK_EVERY		(5 * 60 * SECOND)
/* a worker that lived so long did not fail at its start */
#define LONG_ENOUGH		(10 * SECOND)

/* What the launcher knows of the worker at one place of the roster. */
typedef struct Post
{
	BackgroundWorkerHandle *handle; /* NULL: none was started, or it ended */
	int64		started;
	int64		start_at;		/* not before this time */
	int			failures;		/* in a row */
} Post;

typedef struct Launcher
{
	Post	   *posts;
	MemoryContext context;		/* of one turn of the loop */
	bool		told_missing;	/* of names without database, for this list */
	bool		told_places;	/* that there are too few places */
	bool		told_slots;		/* that no process could be had */
	int64		wakes;			/* when something is to be tried again */
} Launcher;

static void
try_again_at(Launcher *l, Post *post, int64 at)
{
	post->start_at = at;
	l->wakes = Min(l->wakes, at);
}

/* ----- which databases ----------------------------------------------------- */

/* A database that is to have a worker. */
typedef struct Target
{
	Oid			database;
	const char *name;
} Target;

static bool
is_listed(List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

/* A name that is listed, and finds nothing to connect to: told once. */
static void
tell_missing(List *names, List *targets)
{
	ListCell   *name;
	ListCell   *cell;

	foreach(name, names)
	{
		bool		found = false;

		foreach(cell, targets)
			found |= strcmp(((Target *) lfirst(cell))->name, lfirst(name)) == 0;
		if (!found)
			ereport(LOG,
					(errmsg("database \"%s\", listed in \"pg_revops.databases\", does not exist or accepts no connections",
							(char *) lfirst(name)),
					 errhint("Its worker starts when it is there.")));
	}
}

/*
 * The databases listed that can be connected to.  pg_database is read through:
 * a process without a database may have no indexes.
 */
static List *
read_targets(Launcher *l)
{
	List	   *names = roster_names();
	List	   *targets = NIL;
	Relation	rel = table_open(DatabaseRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_catalog(rel, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		Target	   *target;

		if (!form->datallowconn || database_is_invalid_form(form) ||
			!is_listed(names, NameStr(form->datname)))
			continue;
		target = palloc(sizeof(Target));
		target->database = form->oid;
		target->name = pstrdup(NameStr(form->datname));
		targets = lappend(targets, target);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	if (!l->told_missing)
		tell_missing(names, targets);
	l->told_missing = true;
	return targets;
}

static bool
is_target(List *targets, Oid database)
{
	ListCell   *cell;

	foreach(cell, targets)
		if (((Target *) lfirst(cell))->database == database)
			return true;
	return false;
}

/*
 * Is somebody about to drop, rename, move or copy the database?  Then a worker
 * would be in the way.  Read in a transaction.
 */
static bool
is_taken(Oid database)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, database, 0);
	if (LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, RowExclusiveLock, false);
	return false;
}

/* ----- places -------------------------------------------------------------- */

static void
give_place(Launcher *l, int place, Oid database)
{
	memset(&l->posts[place], 0, sizeof(Post));
	roster_give(place, database);
	mailbox_give(mailbox_at(place), database);
}

/* The database's place; a free one becomes its own; -1: there is none. */
static int
place_for(Launcher *l, Oid database)
{
	int			place = roster_find(database);

	if (place < 0 && (place = roster_find(InvalidOid)) >= 0)
		give_place(l, place, database);
	if (place < 0 && !l->told_places)
		ereport(LOG,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("\"pg_revops.databases\" lists more databases than there can be workers"),
				 errhint("Raise \"max_worker_processes\".")));
	l->told_places |= place < 0;
	return place;
}

/* Does a process run, or will one, as far as we started it? */
static bool
is_started(Post *post)
{
	pid_t		pid;
	BgwHandleStatus status;

	if (post->handle == NULL)
		return false;
	status = GetBackgroundWorkerPid(post->handle, &pid);
	return status == BGWH_STARTED || status == BGWH_NOT_YET_STARTED;
}

/* Databases that are listed no more, or gone. */
static void
clear_places(Launcher *l, List *targets)
{
	for (int place = 0; place < mailboxes_count(); place++)
	{
		WorkerReport report = roster_read(place);

		if (!OidIsValid(report.database) || is_target(targets, report.database))
			continue;
		if (report.pid != 0 || is_started(&l->posts[place]))
			mailbox_leave(mailbox_at(place), MAILBOX_STOP);
		else
			give_place(l, place, InvalidOid);
	}
}

/* ----- starting ------------------------------------------------------------ */

static bool
start(Post *post, int place, const char *database)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	/* it is ours to start it again */
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = Int32GetDatum(place);
	worker.bgw_notify_pid = MyProcPid;
	strlcpy(worker.bgw_library_name, "pg_revops", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "revops_worker_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_type, "pg_revops worker", sizeof(worker.bgw_type));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "pg_revops worker of database \"%s\"", database);
	return RegisterDynamicBackgroundWorker(&worker, &post->handle);
}

/* One that we started is there no more: when shall the next one be started? */
static void
note_end(Launcher *l, Post *post, int64 now)
{
	post->failures = now - post->started > LONG_ENOUGH ? 1 : post->failures + 1;
	pfree(post->handle);
	post->handle = NULL;
	try_again_at(l, post, now + agenda_backoff(post->failures));
}

static void
tell_full(Launcher *l, const Target *target)
{
	if (!l->told_slots)
		ereport(LOG,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no process is left for the pg_revops worker of database \"%s\"",
						target->name),
				 errdetail("It is tried again and again; revops.settle() and revops.run_due() do its work meanwhile."),
				 errhint("Raise \"max_worker_processes\".")));
	l->told_slots = true;
}

static void
launch(Launcher *l, int place, const Target *target, int64 now)
{
	Post	   *post = &l->posts[place];
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	bool		started = start(post, place, target->name);

	MemoryContextSwitchTo(old);
	post->started = now;
	if (started)
	{
		l->told_slots = false;
		return;
	}
	post->handle = NULL;
	tell_full(l, target);
	try_again_at(l, post, now + agenda_backoff(++post->failures));
}

static void
keep_running(Launcher *l, const Target *target)
{
	int			place = place_for(l, target->database);
	int64		now = agenda_clock();
	Post	   *post;

	if (place < 0)
		return;
	post = &l->posts[place];
	if (roster_read(place).pid != 0 || is_started(post))
		return;
	if (post->handle != NULL)
		note_end(l, post, now);
	if (post->start_at > now)
		l->wakes = Min(l->wakes, post->start_at);
	else if (is_taken(target->database))
		try_again_at(l, post, now + SECOND);
	else
		launch(l, place, target, now);
}

static void
look(Launcher *l)
{
	List	   *targets;
	ListCell   *cell;

	l->wakes = agenda_clock() + LOOK_EVERY;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	MemoryContextSwitchTo(l->context);
	targets = read_targets(l);
	clear_places(l, targets);
	foreach(cell, targets)
		keep_running(l, lfirst(cell));
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(l->context);
}

/* ----- the process --------------------------------------------------------- */

static void
forget_launcher(int code, Datum arg)
{
	roster_launcher_is_me(false);
}

static void
obey(Launcher *l)
{
	/* exit code 0 would mean that it is not to be started again */
	if (ProcDiePending)
		proc_exit(1);
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
		l->told_missing = l->told_places = false;
	}
}

void
revops_launcher_main(Datum arg)
{
	Launcher	l = {0};

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	l.posts = MemoryContextAllocZero(TopMemoryContext, sizeof(Post) * mailboxes_count());
	l.context = AllocSetContextCreate(TopMemoryContext, "pg_revops launcher",
									  ALLOCSET_DEFAULT_SIZES);
	before_shmem_exit(forget_launcher, 0);
	roster_launcher_is_me(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	for (;;)
	{
		ResetLatch(MyLatch);
		obey(&l);
		MemoryContextReset(l.context);
		look(&l);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 (long) Max((l.wakes - agenda_clock() + 999) / 1000, 0),
						 PG_WAIT_EXTENSION);
	}
}

void
launcher_register(void)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 1;
	strlcpy(worker.bgw_library_name, "pg_revops", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "revops_launcher_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_type, "pg_revops launcher", sizeof(worker.bgw_type));
	strlcpy(worker.bgw_name, "pg_revops launcher", sizeof(worker.bgw_name));
	RegisterBackgroundWorker(&worker);
}
