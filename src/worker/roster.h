/*
 * roster.h
 *		Which databases are to have a worker, and how each one does.
 *
 * One entry for each mailbox, at the same place.  The launcher gives entries to
 * databases, each worker writes its own, sessions read.
 */
#ifndef REVOPS_ROSTER_H
#define REVOPS_ROSTER_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "worker/chore.h"

typedef enum WorkerState
{
	WORKER_NOT_RUNNING,
	WORKER_STARTING,
	WORKER_IDLE,
	WORKER_WORKING,				/* at its current chore */
	WORKER_AFTER_ERROR,			/* nothing to do but what failed and waits to be tried again */
	WORKER_NO_EXTENSION
} WorkerState;

#define LAST_ERROR_SIZE	512

typedef struct WorkerReport
{
	Oid			database;
	int			pid;			/* 0: none runs */
	WorkerState state;
	Chore		chore;			/* while working */
	TimestampTz started_at;
	int64		rounds;
	int64		leads_folded;
	int64		inbox_read;
	int64		due_fired;
	int64		errors;
	TimestampTz last_error_at;	/* 0: none yet */
	Chore		last_error_chore;
	char		last_error[LAST_ERROR_SIZE];
} WorkerReport;

/* Defines pg_revops.databases; called from _PG_init. */
extern void roster_define_settings(void);

/* Announces the shared memory; called from _PG_init while preloaded. */
extern void roster_announce(void);

/* The names in pg_revops.databases: a list of char *. */
extern List *roster_names(void);

/* Give the entry to a database, its counts at 0. */
extern void roster_give(int place, Oid database);

/* A copy of the entry. */
extern WorkerReport roster_read(int place);

/* The place of a database's entry; -1 when it has none. */
extern int	roster_find(Oid database);

/*
 * This process is the worker of the entry from now on.  False when another one
 * is, or no database has the entry.
 */
extern bool roster_enter(int place);

/* It no longer is. */
extern void roster_leave(int place);

/* What the worker does now. */
extern void roster_state(int place, WorkerState state, Chore chore);

/* Add to the counts. */
extern void roster_count(int place, Chore chore, int done, bool round_ends);

/* A chore failed. */
extern void roster_error(int place, Chore chore, const char *message);

/* The process that launches; wakes it, when there is one. */
extern void roster_launcher_is_me(bool is_me);
extern void roster_wake_launcher(void);

#endif							/* REVOPS_ROSTER_H */
