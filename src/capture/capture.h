/*
 * capture.h
 *		What the triggers of attached tables have in common.
 *
 * A host's statement must not fail because of us.  Each trigger call runs as a
 * step in an internal subtransaction: fast first; when that fails, once more
 * in careful mode, where what a rule or expression raises costs that rule its
 * match and no more.  When even that fails, the fault is recorded and the keys
 * go to the inbox.  A binding with on_error = 'raise', and a strict one's
 * refusal of a move, fail the statement: that is what they are for.
 */
#ifndef REVOPS_CAPTURE_H
#define REVOPS_CAPTURE_H

#include "postgres.h"

#include "commands/trigger.h"
#include "lib/stringinfo.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "define/binding.h"
#include "settle/settle.h"

typedef enum Awaited
{
	AWAITED_UNKNOWN,
	AWAITED,
	NOT_AWAITED
} Awaited;

/* A lead for which something in the inbox may have waited. */
typedef struct Arrival
{
	int32		binding_id;
	char	   *key;
} Arrival;

typedef struct Capture
{
	TriggerData *trigger;		/* NULL: rows of the inbox are read again */
	Relation	host;
	struct AttrMap *map;		/* rows of a partition or child to the host's; NULL: they are */
	int32		binding_id;
	Binding    *binding;
	bool		careful;		/* catch what expressions and rules raise */
	bool		probe;			/* do not assume that inserted keys are new */
	bool		stale;			/* the transition tables may not be the last word */
	bool		taking;			/* rows that no statement told: they wait for no lead */
	bool		in_block;		/* of a transaction block: touches are settled at its commit */
	Settle		settle;
	List	   *keys;			/* for the inbox */
	List	   *displaced;		/* leads whose key another row has taken */
	struct Filling *filling;	/* see write_back.h; NULL: no row was compared */
	MemoryContext context;		/* the caller's */

	/* see queue.h */
	int64		statement;		/* first entry that was appended; 0: none */
	struct Packet *packet;		/* entries that are not written yet; NULL: none */
	struct PacketRow *row;		/* to be written when the step has gone well; NULL: none */
	struct QueueEntry *entry;	/* of the inbox, being settled; NULL: none */
	struct InboxPage *page;		/* that it is of */
	Awaited		awaited;		/* does anything wait for leads? */
	List	   *arrivals;		/* leads that are known now; of Arrival */
} Capture;

typedef void (*CaptureStep) (Capture *capture);

/*
 * Run a trigger call: checks the protocol, finds the binding (the trigger's
 * one argument), which must be of this kind and of the trigger's table or of
 * one that it is a partition or child of, and runs the step as said above.  A
 * row trigger of a queued binding is run as a statement of one row.  Raises
 * only what must be raised.
 */
extern void capture_run(FunctionCallInfo fcinfo, const char *function,
						BindingKind kind, CaptureStep step);

/* What an entry of the inbox, or a row read again, is given to. */
typedef void (*CaptureAgain) (Capture *capture, BindingRun *run,
							  TupleTableSlot *row, const char *key);

/*
 * Where the transition tables may not be the last word (capture->stale), all
 * rows that they name are read again by key: a trigger of the host has written
 * the same table meanwhile, or old and new rows do not pair.  Returns whether
 * it was so; the capture's settle has been begun, and is not ended.
 */
extern bool capture_reread(Capture *capture, CaptureAgain again);

/* The keys of the statement's rows, old and new, each once, into capture->keys. */
extern void capture_keys(Capture *capture);

/* The same keys in order, each once; sorts the list that it is given. */
extern List *capture_distinct(List *keys);

/*
 * Settle up to batch entries of the inbox that are due, those numbered after
 * `after`; returns how many succeeded.  *last is the last one tried, 0 for none.
 * While somebody else reads the inbox nothing is done: INBOX_BUSY.
 */
#define INBOX_BUSY	(-1)
extern int	inbox_settle(int64 after, int32 batch, int64 *last);

/*
 * Put keys of host rows into the inbox, to be read again by settle(): what is
 * done when a whole statement could not be settled (at once), and with a touch
 * that is planned (when it is due).
 */
extern void inbox_put(int32 binding_id, List *keys, TimestampTz at);

/* The same with leads that read what a statement wrote; unknown ones are passed over. */
extern void inbox_put_looked_up(int32 binding_id, List *keys, TimestampTz at);

/*
 * TRUNCATE tells no rows.  Where it may have left some of the host's, since it
 * named a partition or child, or a parent with ONLY, an entry of the inbox says
 * that all of the binding's rows are to be looked for; returns whether it was so.
 * That is not done at once: two sessions that empty two partitions would wait
 * for each other.
 */
extern bool capture_emptied_part(Capture *capture);

/*
 * A condition for the host row ("h") of a canonical key, with its parameters, in
 * the current memory context; false when no row can have such a key.  Raises RV005
 * for a key that is not of the binding.
 */
typedef struct HostKey
{
	StringInfoData text;
	int			nargs;
	Oid		   *types;			/* room for two a column of the key */
	Datum	   *values;
} HostKey;
extern bool host_key_condition(Capture *capture, const char *key, HostKey *query);

/* The host's qualified and quoted name. */
extern char *host_name(Relation host);

/* The i-th row that SPI has read, a whole row of the host's, copied into a slot. */
extern void host_row_store(uint64 i, TupleTableSlot *slot);

/*
 * The host's row by its key, as it is now, into a slot of the host's.  Where two
 * rows may have one key it is the one that was updated last (role updated_at;
 * none is earliest; then the one that stands last in the table) of those that
 * pass the filter.  Read as whoever the current user is, past row-level
 * security, and raises 42501 where that user may not: rows that are not seen
 * must not be taken for gone.
 */
extern bool host_row_by_key(Capture *capture, const char *key, TupleTableSlot *slot);

/* Of these keys, those of which the host has no row that passes the filter. */
extern List *host_keys_missing(Capture *capture, BindingRun *run, List *keys);

/*
 * One row of the inbox, read again: `row` is the host's row now, NULL when it
 * is not there any more.  The capture's settle has been begun.
 */
extern void capture_lead_again(Capture *capture, BindingRun *run,
							   TupleTableSlot *row, const char *key);
extern void capture_touch_again(Capture *capture, BindingRun *run,
								TupleTableSlot *row, const char *key);
extern void capture_opportunity_again(Capture *capture, BindingRun *run,
									  TupleTableSlot *row, const char *key);

/* Rows of a store, read from its start. */
typedef struct Rows
{
	Tuplestorestate *store;
	int			pointer;
	TupleTableSlot *slot;
	struct AttrMap *map;
	TupleTableSlot *converted;	/* NULL: slot has the right shape already */
} Rows;

extern void rows_begin(Rows *rows, Tuplestorestate *store, TupleDesc desc);

/*
 * Rows of a transition table of the capture's trigger, or where it has none, of
 * the host.  They come in the host's shape, also where the statement named a partition or child of it, whose
 * columns may have other numbers.
 */
extern void capture_rows_begin(Rows *rows, Capture *capture, Tuplestorestate *store);
extern TupleTableSlot *rows_next(Rows *rows);	/* NULL: no more */
extern void rows_end(Rows *rows);

/* What a row of a transition table is given to; what it allocates goes with the row. */
typedef void (*CaptureRow) (Capture *capture, BindingRun *run, TupleTableSlot *row, void *arg);
extern void capture_each_row(Capture *capture, Tuplestorestate *store, CaptureRow take,
							 void *arg);

/* Both versions of an updated row, each with the run that projects it. */
typedef struct RowPair
{
	BindingRun *run;
	BindingRun *old_run;
	TupleTableSlot *row;
	TupleTableSlot *old_row;
} RowPair;

typedef void (*CapturePair) (Capture *capture, const RowPair *pair, void *arg);

/* Every row that the statement updated, in the order of the transition tables. */
extern void capture_each_pair(Capture *capture, CapturePair take, void *arg);

/* What the two versions say. */
typedef struct PairRead
{
	bool		counts;			/* the new one passes the filter */
	char	   *key;
	char	   *old_key;
	TupleTableSlot *roles;
	TupleTableSlot *old_roles;
} PairRead;

/* Read a pair; false when both count and say the same. */
extern bool capture_pair_changed(Capture *capture, const RowPair *pair, PairRead *read);

/* Project a row, carefully where the capture is careful. */
extern TupleTableSlot *capture_project(Capture *capture, BindingRun *run,
									   TupleTableSlot *row);

/* Begin the projection of the host table under a capture. */
extern BindingRun *capture_binding_run(Capture *capture);

#endif							/* REVOPS_CAPTURE_H */
