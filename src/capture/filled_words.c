/*
 * filled_words.c
 *		See filled_words.h.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "capture/filled_words.h"

typedef struct KeptWords
{
	uint64		hash;			/* of binding and key: hash key */
	int32		binding_id;
	char	   *key;
	bool		used;			/* it was asked for */
	FilledWords words;
} KeptWords;

/* in TopTransactionContext: gone with the transaction that it is of */
static HTAB *kept = NULL;
static LocalTransactionId kept_in;

static bool
is_kept(void)
{
	return kept != NULL && kept_in == RevopsLocalTransactionId();
}

static void
make_table(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(uint64);
	ctl.entrysize = sizeof(KeptWords);
	ctl.hcxt = TopTransactionContext;
	kept = hash_create("pg_revops filled words", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	kept_in = RevopsLocalTransactionId();
}

static uint64
hash_of(int32 binding_id, const char *key)
{
	return hash_bytes_extended((const unsigned char *) key, strlen(key), binding_id);
}

static char *
copy_word(const char *word)
{
	return word == NULL ? NULL : MemoryContextStrdup(TopTransactionContext, word);
}

static void
free_word(char *word)
{
	if (word != NULL)
		pfree(word);
}

static void
free_words(KeptWords *entry)
{
	pfree(entry->key);
	free_word(entry->words.stage.said);
	free_word(entry->words.stage.put);
	free_word(entry->words.owner.said);
	free_word(entry->words.owner.put);
}

static void
forget(KeptWords *entry)
{
	uint64		hash = entry->hash;

	free_words(entry);
	hash_search(kept, &hash, HASH_REMOVE, NULL);
}

static KeptWords *
find(int32 binding_id, const char *key)
{
	uint64		hash = hash_of(binding_id, key);
	KeptWords  *entry;

	if (!is_kept() || hash_get_num_entries(kept) == 0)
		return NULL;
	entry = hash_search(kept, &hash, HASH_FIND, NULL);
	if (entry == NULL || entry->binding_id != binding_id || strcmp(entry->key, key) != 0)
		return NULL;
	return entry;
}

static FilledWord
copy_filled(const FilledWord *word)
{
	return (FilledWord) {word->filled, copy_word(word->said), copy_word(word->put)};
}

void
filled_words_keep(int32 binding_id, const char *key, const FilledWords *words)
{
	uint64		hash = hash_of(binding_id, key);
	KeptWords  *entry = find(binding_id, key);
	KeptWords	copy;
	bool		found;

	if (entry != NULL)
		forget(entry);
	if (words == NULL)
		return;
	if (!is_kept())
		make_table();
	/* all that may fail comes first: an entry is whole */
	copy.hash = hash;
	copy.binding_id = binding_id;
	copy.used = false;
	copy.key = copy_word(key);
	copy.words.stage = copy_filled(&words->stage);
	copy.words.owner = copy_filled(&words->owner);
	entry = hash_search(kept, &hash, HASH_ENTER, &found);
	if (found)
		free_words(entry);
	*entry = copy;
}

/* The host's word in the place of ours, unless somebody has changed it since. */
static void
restore_word(TupleTableSlot *spoken, int role, const FilledWord *word)
{
	if (!word->filled || spoken->tts_isnull[role] != (word->put == NULL) ||
		(word->put != NULL &&
		 strcmp(TextDatumGetCString(spoken->tts_values[role]), word->put) != 0))
		return;
	spoken->tts_isnull[role] = (word->said == NULL);
	spoken->tts_values[role] = word->said == NULL ? (Datum) 0 : CStringGetTextDatum(word->said);
}

TupleTableSlot *
filled_spoken(Binding *binding, const char *key, TupleTableSlot *roles)
{
	KeptWords  *entry = find(binding->binding_id, key);
	TupleTableSlot *spoken;

	if (entry == NULL)
		return NULL;
	entry->used = true;
	spoken = binding_role_slot(binding);
	ExecClearTuple(spoken);
	memcpy(spoken->tts_values, roles->tts_values, sizeof(Datum) * binding->roles->natts);
	memcpy(spoken->tts_isnull, roles->tts_isnull, sizeof(bool) * binding->roles->natts);
	restore_word(spoken, LEAD_STAGE, &entry->words.stage);
	restore_word(spoken, LEAD_OWNER, &entry->words.owner);
	return ExecStoreVirtualTuple(spoken);
}

void
filled_words_done(int32 binding_id)
{
	HASH_SEQ_STATUS all;
	KeptWords  *entry;

	if (!is_kept() || hash_get_num_entries(kept) == 0)
		return;
	hash_seq_init(&all, kept);
	while ((entry = hash_seq_search(&all)) != NULL)
		if (entry->used && entry->binding_id == binding_id)
			forget(entry);
}
