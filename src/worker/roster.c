/*
 * roster.c
 *		See roster.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/lwlock.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "base/compat.h"
#include "base/mailbox.h"
#include "base/shared_area.h"
#include "worker/roster.h"

typedef struct Roster
{
	LWLock		lock;			/* of the entries */
	pg_atomic_uint32 launcher;	/* number of its PGPROC + 1; 0: none */
	WorkerReport entries[FLEXIBLE_ARRAY_MEMBER];
} Roster;

static Roster *roster = NULL;
static char *databases_setting = NULL;

/* Names as they are written in a connection string: case counts. */
static bool
check_databases(char **newval, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*newval);
	List	   *names;
	bool		fine = SplitGUCList(copy, ',', &names);

	if (!fine)
		GUC_check_errdetail("List syntax is invalid.");
	list_free(names);
	pfree(copy);
	return fine;
}

void
roster_define_settings(void)
{
	DefineCustomStringVariable("pg_revops.databases",
							   "Databases that are to have a background worker.",
							   "Names, separated by commas. Counts where pg_revops is in shared_preload_libraries.",
							   &databases_setting, "", PGC_SIGHUP, GUC_LIST_INPUT,
							   check_databases, NULL, NULL);
}

List *
roster_names(void)
{
	List	   *names;

	(void) SplitGUCList(pstrdup(databases_setting), ',', &names);
	return names;
}

static Size
area_size(void)
{
	return offsetof(Roster, entries) + sizeof(WorkerReport) * max_worker_processes;
}

static void
area_init(void *memory)
{
	Roster	   *fresh = memory;

	memset(fresh, 0, area_size());
	LWLockInitialize(&fresh->lock, LWLockNewTrancheId());
	pg_atomic_init_u32(&fresh->launcher, 0);
}

void
roster_announce(void)
{
	static SharedArea area = {"pg_revops roster", area_size, area_init, (void **) &roster};

	shared_area_announce(&area);
}

/* Lock an entry to be written; roster_unlock() ends it. */
static WorkerReport *
entry(int place)
{
	Assert(place >= 0 && place < mailboxes_count());
	LWLockAcquire(&roster->lock, LW_EXCLUSIVE);
	return &roster->entries[place];
}

static void
unlock(void)
{
	LWLockRelease(&roster->lock);
}

void
roster_give(int place, Oid database)
{
	WorkerReport *report = entry(place);

	memset(report, 0, sizeof(WorkerReport));
	report->database = database;
	unlock();
}

WorkerReport
roster_read(int place)
{
	WorkerReport copy;

	LWLockAcquire(&roster->lock, LW_SHARED);
	copy = roster->entries[place];
	LWLockRelease(&roster->lock);
	return copy;
}

int
roster_find(Oid database)
{
	for (int i = 0; i < mailboxes_count(); i++)
		if (roster_read(i).database == database)
			return i;
	return -1;
}

bool
roster_enter(int place)
{
	WorkerReport *report = entry(place);
	bool		mine = OidIsValid(report->database) && report->pid == 0;

	if (mine)
	{
		report->pid = MyProcPid;
		report->state = WORKER_STARTING;
		report->started_at = GetCurrentTimestamp();
	}
	unlock();
	return mine;
}

void
roster_leave(int place)
{
	WorkerReport *report = entry(place);

	report->pid = 0;
	report->state = WORKER_NOT_RUNNING;
	unlock();
	roster_wake_launcher();
}

void
roster_state(int place, WorkerState state, Chore chore)
{
	WorkerReport *report = entry(place);

	report->state = state;
	report->chore = chore;
	unlock();
}

void
roster_count(int place, Chore chore, int done, bool round_ends)
{
	WorkerReport *report = entry(place);

	report->rounds += round_ends;
	switch (chore)
	{
		case CHORE_FOLD:
		case CHORE_FOLD_LATER:
			report->leads_folded += done;
			break;
		case CHORE_INBOX:
			report->inbox_read += done;
			break;
		case CHORE_DUE:
			report->due_fired += done;
			break;
		case CHORE_WRITE_BACK:
			/* not counted: what waits is in revops.write_back_due */
			break;
		case CHORE_ROLL_UP:
			/* nor this: what waits is in revops.unrolled_lead */
			break;
	}
	unlock();
}

void
roster_error(int place, Chore chore, const char *message)
{
	int			bytes = pg_mbcliplen(message, strlen(message), LAST_ERROR_SIZE - 1);
	WorkerReport *report = entry(place);

	report->errors++;
	report->last_error_at = GetCurrentTimestamp();
	report->last_error_chore = chore;
	memcpy(report->last_error, message, bytes);
	report->last_error[bytes] = '\0';
	unlock();
}

void
roster_launcher_is_me(bool is_me)
{
	pg_atomic_write_u32(&roster->launcher, is_me ? RevopsMyProcNumber() + 1 : 0);
}

void
roster_wake_launcher(void)
{
	uint32		launcher = pg_atomic_read_u32(&roster->launcher);

	if (launcher != 0)
		wake_process(launcher - 1);
}
