/*
 * queue.h
 *		What is not settled at once is appended to the inbox.
 *
 * A statement on a queued binding appends what it said of each row: the roles
 * as they were projected then, and the moment.  So does a touch or a deal
 * whose lead is not known.  Nothing here reads our tables under the
 * transaction's snapshot (see engine_scan), updates a row or waits, so it
 * serves a host under REPEATABLE READ and SERIALIZABLE; savepoints undo it as
 * they undo any row.
 *
 * inbox.c settles the entries.  They are not coalesced here: to find what the
 * transaction said before of the same row would cost each statement more than
 * another entry, and memory that has no bound.  The reader, who has the
 * transaction's entries before it, settles them as one.
 */
#ifndef REVOPS_QUEUE_H
#define REVOPS_QUEUE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "capture/capture.h"
#include "capture/touches.h"

/* Packets hold these as numbers: what is new comes last. */
typedef enum QueueWhat
{
	QUEUE_REREAD,				/* read the host's row again */
	QUEUE_LOOKED_UP,			/* the same, if it is a known lead: what it reads changed */
	QUEUE_WRITTEN,				/* the row is there; a gone lead is back */
	QUEUE_CHANGED,				/* it was there before, too */
	QUEUE_MOVED,				/* and its stage, owner or team changed */
	QUEUE_OURS,					/* so did they, but it was we who wrote them */
	QUEUE_SEEN,					/* updated, with no role changed */
	QUEUE_REMOVED,				/* gone, or counts no more */
	QUEUE_CANCELLED,			/* a touch that waits for its lead is no more */
	QUEUE_RENAMED,				/* a deal's key changed */
	QUEUE_TRUNCATED				/* all rows are gone */
} QueueWhat;

/* What becomes of an entry that was read. */
typedef enum QueueOutcome
{
	OUTCOME_SETTLED,			/* it is deleted */
	OUTCOME_WAITS,				/* its lead is not known */
	OUTCOME_LEFT,				/* a later entry takes it back */
	OUTCOME_LATER,				/* somebody works on what it concerns */
	OUTCOME_FAILED
} QueueOutcome;

typedef struct QueueEntry
{
	int64		inbox_id;
	int32		binding_id;
	char	   *key;			/* NULL: none */
	char	   *old_key;		/* NULL: unchanged */
	QueueWhat	what;
	TimestampTz at;				/* when it was due */
	TimestampTz told_at;		/* NO_TIME: not known */
	uint64		txid;			/* 0: not known */
	int64		statement;		/* 0: not known */
	int			tries;
	int32		lead_binding_id;
	char	   *lead_key;		/* of the lead that it waits for; NULL: none */
	char	   *actor;			/* NULL: not known */
	Jsonb	   *roles;
	Jsonb	   *personal;
	struct PacketReader *packet;	/* that it is of, which tells the roles; NULL: none */
	struct PacketEntry *packed;
	int64		packet_id;		/* number of that packet */

	/* the reader's */
	BindingKind kind;
	int64		place;			/* order of settling: see inbox.c */
	bool		waited;			/* it was waiting for a lead when it was read */
	bool		superseded;		/* a later entry says all that it does */
	bool		taken_back;		/* a later entry takes back what waits */
	bool		repeated;		/* entries before it may concern the same lead */
	bool		tried;			/* the outcome is known */
	QueueOutcome outcome;
} QueueEntry;

/* The name of what an entry says, as column "what" has it; and back. */
extern const char *queue_what_name(QueueWhat what);
extern QueueWhat queue_what(const char *name);

/* Is the statement at hand to be appended, not settled? */
extern bool queue_wants(const Capture *capture);

/*
 * Begin the capture's settle where the statement is to be appended: without
 * definitions, and without a change of user where no expression is run.
 * queue_end writes what is left, or leaves it as capture->row, and ends it.
 */
extern void queue_begin(Capture *capture);
extern void queue_end(Capture *capture);

/*
 * Append what the statement says of a row; any of key, old_key, roles may be
 * NULL.  On a queued binding entries are packed (packet.h), but for those too
 * large, those that tell no roles but what is to be read again, and those that
 * may take back what waits for a lead: these are found by their key.
 */
extern void queue_put(Capture *capture, QueueWhat what, const char *key,
					  const char *old_key, TupleTableSlot *roles);

/* Append all that a statement on a queued activity table says. */
extern void queue_touches(Capture *capture);

/* A touch names a lead that is not known: it waits for it. */
extern void queue_wait(Capture *capture, TupleTableSlot *roles, const char *key,
					   const char *lead_key);

/* So does a deal, which is kept without its lead meanwhile. */
extern void queue_wait_deal(Capture *capture, TupleTableSlot *roles, const char *key,
							const char *lead_key);

/*
 * A touch that is taken back was not recorded: it may be one that waits.  So may
 * all of the binding's, where its table was truncated (key NULL).
 */
extern void queue_cancel(Capture *capture, TupleTableSlot *roles, const char *key);

/* A lead of the binding at hand is known by this key now: see inbox_arrived. */
extern void queue_arrived(Capture *capture, const char *key);

/* How long an entry waits after this many tries. */
extern int64 queue_patience(int tries, bool for_lead);

/* Settle what waited for the leads that a statement brought. */
extern void inbox_arrived(Capture *capture);

/*
 * What waits for a lead about this row (NULL: any of the binding's), and was
 * told before the entry at hand, is struck out; returns whether anything was.
 */
extern bool inbox_cancel(Capture *capture, const char *key);

/* The same for the page at hand alone, where a deal waits anew. */
extern void inbox_replace(Capture *capture, const char *key);

/* Does an entry about this row (NULL: any of the binding's) wait for a lead? */
extern bool queue_row_waits(Capture *capture, const char *key);

/*
 * Erase what the inbox knows of a person: the personal roles of entries about
 * this lead.  Waits for whoever reads the inbox, and for nobody else.
 */
extern void inbox_forget(int64 lead_id);

/* Settle an entry; a settle has been begun.  Each binding's kind has its own. */
extern void capture_lead_entry(Capture *capture, const QueueEntry *entry,
							   TupleTableSlot *roles);
extern void capture_opportunity_entry(Capture *capture, const QueueEntry *entry,
									  TupleTableSlot *roles);
extern void capture_touch_entry(Capture *capture, Touches *touches,
								const QueueEntry *entry, TupleTableSlot *roles);

#endif							/* REVOPS_QUEUE_H */
