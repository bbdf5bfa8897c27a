/*
 * answers.h
 *		What has been answered about a lead.
 */
#ifndef REVOPS_ANSWERS_H
#define REVOPS_ANSWERS_H

#include "settle/settle.h"

/* An answer, checked. */
typedef struct Answer
{
	const char *question;
	const char *answer;			/* NULL: what was answered is taken back */
	bool		personal;
} Answer;

/*
 * Of these questions those that have no answer about the lead at hand, as bits: n
 * is MAX_ASKED at most.  An answer that was taken back, or erased, is none.
 */
extern uint64 answers_missing(Settle *s, char *const *questions, int n);

/* Write an answer about the lead at hand, which must be locked. */
extern void answer_write(Settle *s, const LeadRow *row, const Answer *answer);

/* Erase what was answered to personal questions about a lead. */
extern void answers_erase(Settle *s, int64 lead_id);

#endif							/* REVOPS_ANSWERS_H */
