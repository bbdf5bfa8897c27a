/*
 * chore.h
 *		What a worker does, in the order in which it looks for it.
 */
#ifndef REVOPS_CHORE_H
#define REVOPS_CHORE_H

typedef enum Chore
{
	CHORE_FOLD,					/* urgent deltas, at once */
	CHORE_INBOX,				/* host rows to be read again */
	CHORE_DUE,					/* timers and breaches */
	CHORE_FOLD_LATER,			/* all deltas, now and then */
	CHORE_WRITE_BACK,			/* rows of the host's that show their leads */
	CHORE_ROLL_UP				/* the sums that the KPIs read, now and then */
} Chore;

#define N_CHORES (CHORE_ROLL_UP + 1)

/* What it is doing, as a participle: "folding"; and the word for one that failed. */
extern const char *chore_activity(Chore chore);
extern const char *chore_name(Chore chore);

#endif							/* REVOPS_CHORE_H */
