/*
 * inbox_page.h
 *		Entries of the inbox that are settled together: read, put in order,
 *		deleted or put off.
 */
#ifndef REVOPS_INBOX_PAGE_H
#define REVOPS_INBOX_PAGE_H

#include "postgres.h"

#include "capture/queue.h"

typedef struct InboxPage
{
	QueueEntry **entries;		/* by number */
	QueueEntry **order;			/* as they are settled */
	int			n;
	int			others;			/* entries that waited for leads that arrived */
} InboxPage;

/*
 * Become the one who reads the inbox, until the transaction ends: entries of
 * one lead must not be settled by two sessions at once.  Whoever reads waits
 * for nobody.  With wait = false, false when somebody else reads it.
 */
extern bool inbox_lock(bool wait);

/*
 * Entries that are due (or, not only_due, have been tried before), numbered
 * after `after`, locked; NULL when there are none: up to batch of those that are
 * rows, and of packets as many as it takes to have a batch.  It ends where a
 * transaction ends, unless that is longer.
 */
extern InboxPage *page_read(int64 after, int32 batch, bool only_due);

/* A page of entries that were read already, settled in the order of the list. */
extern InboxPage *page_of(List *entries);

/* The kind of a binding by its name; a hash of binding and key. */
extern BindingKind binding_kind_named(const char *kind);
extern uint64 entry_hash(int32 binding_id, const char *key);

/* The page's entry of that number; NULL when it is not in the page. */
extern QueueEntry *page_entry(const InboxPage *page, int64 inbox_id);

/* Does the entry say that a touch, or all, is there no more? */
extern bool entry_takes_back(const QueueEntry *entry);

/* Is the lead that the entry waits for among those that arrived? */
extern bool has_arrived(const List *arrivals, const QueueEntry *entry);

/*
 * Entries that wait for these leads, locked without waiting.  One that was
 * taken back since, by an entry numbered below `before`, is left to the reader,
 * who strikes it out.
 */
extern List *page_waiting(const List *arrivals, int64 before);

/* Is what waits taken back by an entry of the page that is numbered below `before`? */
extern bool page_takes_back(const InboxPage *page, const QueueEntry *entry, int64 before);

/* Delete entries. */
extern void page_delete(List *entries);

/* Delete what was settled, put off what was not; returns how many were settled. */
extern int	page_finish(InboxPage *page, Faults *faults);

#endif							/* REVOPS_INBOX_PAGE_H */
