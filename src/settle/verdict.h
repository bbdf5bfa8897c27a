/*
 * verdict.h
 *		What the guard has against a move, in words.
 */
#ifndef REVOPS_VERDICT_H
#define REVOPS_VERDICT_H

#include "settle/settle.h"

/* The roles that are empty, the questions without an answer: lists of char *. */
extern List *verdict_roles(const Agreement *agreement, int to, const Verdict *verdict);
extern List *verdict_answers(const Agreement *agreement, int from, int to,
							 const Verdict *verdict);

/* Such a list as words, with commas between them. */
extern char *verdict_words(List *words);

/* All of it, as stage_change.violated has it; NULL: nothing is unmet. */
extern char *verdict_text(const Agreement *agreement, int from, int to,
						  const Verdict *verdict);

/*
 * The same for a person who is refused, in sentences: what is missing, and what
 * to do about it.
 */
extern char *verdict_detail(const Settle *s, int from, int to, const Verdict *verdict);
extern char *verdict_hint(const Verdict *verdict);

#endif							/* REVOPS_VERDICT_H */
