/*
 * stage_map.c
 *		See stage_map.h.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "define/stage_map.h"

typedef struct StageWord
{
	char	   *word;
	int			length;			/* of word, in bytes */
	Datum		code;			/* text; 0: it says nothing */
} StageWord;

struct StageMap
{
	int			n;
	StageWord	words[FLEXIBLE_ARRAY_MEMBER];	/* in order */
};

static int
compare_bytes(const char *a, int a_length, const char *b, int b_length)
{
	int			order = memcmp(a, b, Min(a_length, b_length));

	return order != 0 ? order : a_length - b_length;
}

static int
compare_words(const void *a, const void *b)
{
	const StageWord *x = a;
	const StageWord *y = b;

	return compare_bytes(x->word, x->length, y->word, y->length);
}

static Datum
code_of(const JsonbValue *value)
{
	if (value->type != jbvString)
		return (Datum) 0;
	return PointerGetDatum(cstring_to_text_with_len(value->val.string.val,
													value->val.string.len));
}

StageMap *
stage_map_compile(Jsonb *stage_map)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	v;
	StageMap   *map;
	StageWord  *word = NULL;

	if (stage_map == NULL || !JB_ROOT_IS_OBJECT(stage_map))
		return NULL;
	map = palloc(offsetof(StageMap, words) + sizeof(StageWord) * JB_ROOT_COUNT(stage_map));
	map->n = 0;
	it = JsonbIteratorInit(&stage_map->root);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			word = &map->words[map->n++];
			word->word = pnstrdup(v.val.string.val, v.val.string.len);
			word->length = v.val.string.len;
		}
		else if (token == WJB_VALUE && word != NULL)
			word->code = code_of(&v);
	}
	qsort(map->words, map->n, sizeof(StageWord), compare_words);
	return map;
}

Datum
stage_map_code(const StageMap *map, Datum word)
{
	StageWord	wanted = {0};
	const StageWord *found;

	if (map == NULL || map->n == 0)
		return word;
	wanted.word = VARDATA_ANY(word);
	wanted.length = VARSIZE_ANY_EXHDR(word);
	found = bsearch(&wanted, map->words, map->n, sizeof(StageWord), compare_words);
	return found == NULL ? word : found->code;
}

const char *
stage_map_word(const StageMap *map, const char *code)
{
	int			length = strlen(code);

	for (int i = 0; map != NULL && i < map->n; i++)
	{
		Datum		meant = map->words[i].code;

		if (meant != (Datum) 0 && VARSIZE_ANY_EXHDR(meant) == length &&
			memcmp(VARDATA_ANY(meant), code, length) == 0)
			return map->words[i].word;
	}
	return code;
}
