/*
 * writer.h
 *		Bulk writing into our own tables.
 *
 * Rows are collected and written by table_multi_insert, their index entries
 * after them, with each relation opened once a settle.  This bypasses
 * triggers, policies, checks and defaults, so it is done only on a table that
 * has none for INSERT; into any other the rows go through SQL.
 */
#ifndef REVOPS_WRITER_H
#define REVOPS_WRITER_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

#include "settle/tables.h"

/*
 * Rows that a writer collects before all writers must be flushed.  Enough for
 * several pages, which is what table_multi_insert gains by; few enough that
 * the rows of all tables stay in the processor's cache until their index
 * entries are made (1000 cost an eighth more).
 */
#define WRITER_BATCH	200
/* rows that one lead may add beyond that */
#define WRITER_SLACK	24
/* memory that is kept from one full batch to the next */
#define WRITER_BATCH_MEMORY	(1024 * 1024)

typedef struct Writer
{
	Relation	rel;
	ResultRelInfo *result;		/* with its indexes; NULL: none needed yet */
	TupleTableSlot **slots;
	int			used;
	int			made;			/* slots that exist */
	TupleTableSlot *locked;		/* see writer_lock_slot; NULL: not made yet */
	TupleTableSlot *updated;	/* of writer_update; NULL: not made yet */
	bool		direct;			/* straight into the heap */
	bool		plain_indexes;	/* of result: all are */
} Writer;

typedef struct Writers
{
	EState	   *estate;
	MemoryContext context;		/* of relations and slots */
	MemoryContext batch;		/* of collected tuples */
	bool		frozen;			/* reads go under one snapshot: see engine_freeze */
	struct SnapshotData *snapshot;	/* that snapshot; NULL: nothing was read yet */
	struct LeadSearch *lead_search; /* see lead_find.c; NULL: none was looked up */
	uint32		lead_blocks;	/* size of revops.lead when it was opened; 0: not asked yet */
	bool		deltas_seen;	/* some lead had a delta: look for them */
	bool		renames_known;	/* it was asked whether renames wait ... */
	bool		renames_seen;	/* ... and they may */
	MemoryContext keep;			/* rows of leads that are looked up are copied there; NULL: not */
	bool		roomy;			/* batch keeps WRITER_BATCH_MEMORY when reset */
	int64		unrolled;		/* lead last noted for the roll-ups; 0: none */
	Writer		tables[N_TABLES];
} Writers;

/* Nothing is opened yet.  All memory is below the current context. */
extern void writers_begin(Writers *writers);

/* The relation of a table, opened with RowExclusiveLock until writers_end. */
extern Relation writer_rel(Writers *writers, EngineTable table);

/* The index of the table's primary key; raises when somebody dropped it. */
extern Oid	writer_pkey(Writers *writers, EngineTable table);

/* Collect a row; the values are copied. */
extern void writer_add(Writers *writers, EngineTable table,
					   Datum *values, bool *nulls);

/*
 * What the KPIs count of this lead changes: roll_up() is to look at it again
 * (table unrolled_lead).  Rows of stage_change, assignment, sla_clock and
 * opportunity are noted by those who write them here; this is for all else.  A
 * deal without a lead is noted by its own number, negative.
 */
extern void writer_note_unrolled(Writers *writers, int64 lead_id);

/*
 * Does inserting run nothing but our own code and PostgreSQL's?  Not so where
 * somebody gave the table a trigger, a check or an index on an expression.
 */
extern bool writer_is_plain(Writers *writers, EngineTable table);

/*
 * Insert a row at once into such a table.  *tid is the row's from the moment on
 * when it is in the table, though its index entries may still fail.
 */
extern void writer_insert(Writers *writers, EngineTable table,
						  Datum *values, bool *nulls, ItemPointer tid);

/*
 * A slot for a row of the table that is locked, for all of the settle.  Whoever
 * fills it clears it, for it pins a buffer.
 */
extern TupleTableSlot *writer_lock_slot(Writers *writers, EngineTable table);

/*
 * Replace the row at `tid`, which the caller has locked, at once.  On return
 * `tid` is the new version's.
 */
extern void writer_update(Writers *writers, EngineTable table, ItemPointer tid,
						  Datum *values, bool *nulls);

/* Replace the row at `tid`, unless somebody did before, or holds it. */
typedef enum TryResult
{
	TRY_DONE,
	TRY_CHANGED,				/* it is not the last version any more */
	TRY_HELD
} TryResult;
extern TryResult writer_try_update(Writers *writers, EngineTable table, ItemPointer tid,
							  Datum *values, bool *nulls);

/* Delete the row at `tid`, which the caller has locked, or is alone to delete. */
extern void writer_delete(Writers *writers, EngineTable table, ItemPointer tid);

/* Is a batch full, so that it is time to flush? */
extern bool writers_full(Writers *writers);

/* Write all that was collected; false when there was nothing. */
extern bool writers_flush(Writers *writers);

/* Flush, close the relations (locks stay), free the memory. */
extern void writers_end(Writers *writers);

#endif							/* REVOPS_WRITER_H */
