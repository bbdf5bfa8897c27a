/*
 * filled_words.h
 *		The host's own words for stage and owner, of rows that were filled.
 *
 * Before a row is written its columns are filled (fill_row.c); when the
 * statement ends its lead is settled, and the settle must know what the host said
 * from what was put there.  Kept from the one trigger to the other, for rows where
 * it makes a difference; a row that is written again forgets what was kept before.
 */
#ifndef REVOPS_FILLED_WORDS_H
#define REVOPS_FILLED_WORDS_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "define/binding.h"

/* One of them: what the row said, and what it says now; NULL: nothing. */
typedef struct FilledWord
{
	bool		filled;
	char	   *said;
	char	   *put;
} FilledWord;

typedef struct FilledWords
{
	FilledWord	stage;
	FilledWord	owner;
} FilledWords;

/* Keep them (copied) for a row, or, with NULL, forget what was kept. */
extern void filled_words_keep(int32 binding_id, const char *key, const FilledWords *words);

/*
 * The row's roles as the host gave them, in a slot in the current memory context;
 * NULL where they are as they stand.
 */
extern TupleTableSlot *filled_spoken(Binding *binding, const char *key,
									 TupleTableSlot *roles);

/* The statement was settled: forget what was asked for of this binding. */
extern void filled_words_done(int32 binding_id);

#endif							/* REVOPS_FILLED_WORDS_H */
