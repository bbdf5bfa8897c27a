/*
 * host_words.h
 *		What the host's own stage, owner and team columns say of a lead.
 */
#ifndef REVOPS_HOST_WORDS_H
#define REVOPS_HOST_WORDS_H

#include "settle/settle.h"

/* A role's value as text; NO_TEXT for NULL. */
static inline Datum
role_text(TupleTableSlot *roles, int role)
{
	return roles->tts_isnull[role] ? NO_TEXT : roles->tts_values[role];
}

/* Nothing, or no more than an empty text: it says nothing. */
static inline bool
is_empty(Datum code)
{
	return code == NO_TEXT || VARSIZE_ANY_EXHDR(code) == 0;
}

/*
 * Into the news what the row says where it changed (before = NULL: at all),
 * translated by the binding's stage map; s->spoken is asked where it is set, and
 * nothing is said where s->unspoken is.  A word that nothing defines is noted as
 * a fault.
 */
extern void host_words(Settle *s, TupleTableSlot *now, TupleTableSlot *before,
					   LeadNews *news);

#endif							/* REVOPS_HOST_WORDS_H */
