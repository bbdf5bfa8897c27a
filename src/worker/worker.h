/*
 * worker.h
 *		The background worker: one launcher, and one process for each database
 *		that is listed in pg_revops.databases.
 *
 * It does what revops.settle() and revops.run_due() do, when it is time.  All of
 * it exists only where the library is in shared_preload_libraries.
 */
#ifndef REVOPS_WORKER_H
#define REVOPS_WORKER_H

#include "postgres.h"

#include "fmgr.h"

/* Defines the settings and, while preloaded, announces everything. */
extern void worker_init(void);

/* Registers what sessions do for workers, see stand_aside.c. */
extern void stand_aside_init(void);

/* Registers the launcher. */
extern void launcher_register(void);

/* Bodies of the two kinds of process; for PostgreSQL to call by name. */
extern PGDLLEXPORT void revops_launcher_main(Datum arg);
extern PGDLLEXPORT void revops_worker_main(Datum place);

#endif							/* REVOPS_WORKER_H */
