/*
 * write_back.c
 *		See write_back.h.
 */
#include "postgres.h"

#include "define/write_back.h"

const char *const written_names[N_WRITTEN] = {
	[WRITTEN_SCORE] = "score",
	[WRITTEN_GRADE] = "grade",
	[WRITTEN_STAGE] = "stage",
	[WRITTEN_OWNER] = "owner",
	[WRITTEN_SLA_DUE] = "sla_due",
};

/* A text of a jsonb object by its name; NULL where it is something else. */
static char *
text_of(Jsonb *json, const char *name)
{
	JsonbValue	buffer;
	JsonbValue *value = getKeyJsonValueFromContainer(&json->root, name, strlen(name), &buffer);

	if (value == NULL || value->type != jbvString)
		return NULL;
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* The words for stages that several mean, as a map from the stage to the word. */
static StageMap *
words_of(Jsonb *write_back)
{
	JsonbValue	buffer;
	JsonbValue *value = getKeyJsonValueFromContainer(&write_back->root, "stage_words",
													 strlen("stage_words"), &buffer);

	return value == NULL ? NULL : stage_map_compile(JsonbValueToJsonb(value));
}

static void
compile_bumps(WriteBack *plan, Jsonb *bump)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	v;
	Bump	   *next = NULL;

	if (bump == NULL || !JB_ROOT_IS_OBJECT(bump))
		return;
	plan->bumps = palloc0(sizeof(Bump) * JB_ROOT_COUNT(bump));
	it = JsonbIteratorInit(&bump->root);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			next = &plan->bumps[plan->nbumps];
			next->column = pnstrdup(v.val.string.val, v.val.string.len);
		}
		else if (token == WJB_VALUE && next != NULL && v.type == jbvString)
		{
			next->expression = pnstrdup(v.val.string.val, v.val.string.len);
			plan->nbumps++;
		}
	}
}

WriteBack *
write_back_compile(Jsonb *write_back, Jsonb *bump)
{
	WriteBack  *plan;

	if (write_back == NULL || !JB_ROOT_IS_OBJECT(write_back))
		return NULL;
	plan = palloc0(sizeof(WriteBack));
	for (int i = 0; i < N_WRITTEN; i++)
		plan->columns[i] = text_of(write_back, written_names[i]);
	plan->words = words_of(write_back);
	compile_bumps(plan, bump);
	return plan;
}
