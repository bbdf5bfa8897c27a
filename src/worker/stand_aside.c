/*
 * stand_aside.c
 *		What sessions do for the workers, by the commands that they run.
 *
 * A worker is connected to its database, which nobody could drop, rename, move
 * or copy any more.  So whoever is about to do it takes the lock that the
 * command takes anyway, asks the worker to end and waits until it is gone;
 * under that lock no new one can connect.  When the command is over, whichever
 * way, the launcher starts what should run.
 *
 * Some commands leave work without a transaction end that would tell: the
 * extension is created or dropped, a prepared transaction is ended.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "base/handover.h"
#include "base/mailbox.h"
#include "worker/agenda.h"
#include "worker/roster.h"
#include "worker/worker.h"

/* A worker that is in the middle of a page ends within this; else it is made to. */
#define ASK_FOR		(2 * INT64CONST(1000000))
#define INSIST_FOR	(3 * INT64CONST(1000000))
#define POLL_MS		5

static ProcessUtility_hook_type utility_before = NULL;

/* at the end of this transaction the databases may be other ones */
static bool databases_change = false;

static bool
is_gone(int pid, int64 until)
{
	while (BackendPidGetProc(pid) != NULL)
	{
		if (agenda_clock() > until)
			return false;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 POLL_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

/* The worker of the database ends; a new one waits for our transaction. */
static void
ask_to_end(const char *name, LOCKMODE lockmode)
{
	Oid			database = get_database_oid(name, true);
	int			place;
	int			pid;

	if (!OidIsValid(database) || (place = roster_find(database)) < 0 ||
		!(superuser() || RevopsOwnsDatabase(database, GetUserId())))
		return;
	LockSharedObject(DatabaseRelationId, database, 0, lockmode);
	pid = roster_read(place).pid;
	if (pid == 0)
		return;
	mailbox_leave(mailbox_at(place), MAILBOX_STOP);
	if (is_gone(pid, agenda_clock() + ASK_FOR))
		return;
	if (roster_read(place).pid == pid)
		(void) kill(pid, SIGTERM);
	/* if it is still there, the command says that it is in the way */
	(void) is_gone(pid, agenda_clock() + INSIST_FOR);
}

static DefElem *
option_named(List *options, const char *name)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *option = lfirst(cell);

		if (strcmp(option->defname, name) == 0)
			return option;
	}
	return NULL;
}

/* CREATE DATABASE copies a template, which nobody may be connected to. */
static void
before_create(CreatedbStmt *stmt)
{
	DefElem    *template = option_named(stmt->options, "template");
	const char *name = "template1";

	if (template != NULL && template->arg != NULL)
		name = defGetString(template);
	databases_change = true;
	ask_to_end(name, ShareLock);
}

static void
before_alter(AlterDatabaseStmt *stmt)
{
	databases_change = true;
	if (option_named(stmt->options, "tablespace") != NULL)
		ask_to_end(stmt->dbname, AccessExclusiveLock);
}

static void
before_rename(RenameStmt *stmt)
{
	if (stmt->renameType != OBJECT_DATABASE)
		return;
	databases_change = true;
	ask_to_end(stmt->subname, AccessExclusiveLock);
}

static void
before_drop(DropdbStmt *stmt)
{
	databases_change = true;
	ask_to_end(stmt->dbname, AccessExclusiveLock);
}

static void
before(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_DropdbStmt:
			before_drop((DropdbStmt *) stmt);
			break;
		case T_CreatedbStmt:
			before_create((CreatedbStmt *) stmt);
			break;
		case T_AlterDatabaseStmt:
			before_alter((AlterDatabaseStmt *) stmt);
			break;
		case T_RenameStmt:
			before_rename((RenameStmt *) stmt);
			break;
		default:
			break;
	}
}

/* Does the command leave anything that nobody noted? */
static bool
leaves_work(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_CreateExtensionStmt:
			return strcmp(((CreateExtensionStmt *) stmt)->extname, "pg_revops") == 0;
		case T_DropStmt:
			return ((DropStmt *) stmt)->removeType == OBJECT_EXTENSION;
		case T_TransactionStmt:
			return ((TransactionStmt *) stmt)->kind == TRANS_STMT_COMMIT_PREPARED ||
				((TransactionStmt *) stmt)->kind == TRANS_STMT_ROLLBACK_PREPARED;
		default:
			return false;
	}
}

static void
utility(PlannedStmt *pstmt, const char *query, bool read_only_tree,
		ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *env,
		DestReceiver *dest, QueryCompletion *completion)
{
	bool		leaves = leaves_work(pstmt->utilityStmt);

	if (context == PROCESS_UTILITY_TOPLEVEL)
		before(pstmt->utilityStmt);
	if (utility_before != NULL)
		utility_before(pstmt, query, read_only_tree, context, params, env, dest, completion);
	else
		standard_ProcessUtility(pstmt, query, read_only_tree, context, params, env, dest, completion);
	if (leaves)
		handover_note(HANDOVER_LOOK);
}

static void
end_of_xact(XactEvent event, void *arg)
{
	if (!databases_change || (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT))
		return;
	databases_change = false;
	roster_wake_launcher();
}

void
stand_aside_init(void)
{
	utility_before = ProcessUtility_hook;
	ProcessUtility_hook = utility;
	RegisterXactCallback(end_of_xact, NULL);
}
