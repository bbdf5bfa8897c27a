/*
 * auto_load.c
 *		See auto_load.h.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "define/auto_load.h"
#include "define/load.h"

/* Exact time in microseconds: validation refuses months. */
static int64
exact_time(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);
	Interval   *span = DatumGetIntervalP(value);

	return isnull ? 0 : span->time + span->day * USECS_PER_DAY;
}

/* A stage by the code in a column; NO_STAGE for NULL. */
static int
stage_field(Definitions *def, uint64 row, int column)
{
	char	   *code = text_field(def, row, column);

	return code == NULL ? NO_STAGE : stage_by_code(def->agreement, code, strlen(code));
}

static void
load_stays(Definitions *def)
{
	Agreement  *a = def->agreement;
	uint64		n = read_rows(def, "SELECT stage, longest_stay, stay_calendar_id, stay_to, stay_reason "
							  "FROM revops.stage WHERE agreement_id = $2 AND longest_stay IS NOT NULL");

	for (uint64 i = 0; i < n; i++)
	{
		Stage	   *stage = &a->stages[stage_field(def, i, 1)];

		stage->stay = exact_time(i, 2);
		stage->stay_calendar = int_field(i, 3);
		stage->stay_to = stage_field(def, i, 4);
		stage->stay_reason = text_field(def, i, 5);
		a->automatic = true;
	}
}

static void
load_silence(Definitions *def)
{
	Agreement  *a = def->agreement;

	if (read_rows(def, "SELECT accept_within, accept_calendar_id FROM revops.handoff_rule "
				  "WHERE agreement_id = $2 AND silence_accepts AND accept_within IS NOT NULL") == 0)
		return;
	a->silence_accepts = exact_time(0, 1);
	a->silence_calendar = int_field(0, 2);
	a->automatic = true;
}

/* The least fit and intent of a grade: a letter and a digit. */
static void
take_grade(const Agreement *a, const char *grade, AutoMove *move)
{
	int			letter = grade[0] - 'A';
	int			digit = grade[1] - '1';

	if (letter < 3)
		move->min_fit = Max(move->min_fit, a->grade_fit[letter]);
	if (digit < 3)
		move->min_intent = Max(move->min_intent, a->grade_intent[digit]);
}

static void
load_moves(Definitions *def)
{
	Agreement  *a = def->agreement;

	a->nautos = (int) read_rows(def, "SELECT auto_move, from_stage, to_stage, cause, condition, min_fit, min_intent, min_score, "
								"min_grade, attempts, reason FROM revops.auto_move "
								"WHERE agreement_id = $2 ORDER BY position");
	a->autos = zeroed(def, sizeof(AutoMove) * a->nautos);
	def->auto_texts = zeroed(def, sizeof(char *) * a->nautos);
	for (int i = 0; i < a->nautos; i++)
	{
		AutoMove   *move = &a->autos[i];
		char	   *grade = text_field(def, i, 9);

		move->name = text_field(def, i, 1);
		move->from = stage_field(def, i, 2);
		move->to = stage_field(def, i, 3);
		move->cause = cause_by_name(text_field(def, i, 4));
		def->auto_texts[i] = text_field(def, i, 5);
		move->has_condition = def->auto_texts[i] != NULL;
		move->min_fit = int_field(i, 6);
		move->min_intent = int_field(i, 7);
		move->min_score = int_field(i, 8);
		if (grade != NULL)
			take_grade(a, grade, move);
		move->attempts = int_field(i, 10);
		move->reason = text_field(def, i, 11);
		a->loses |= move->cause == CAUSE_LOST;
	}
	a->automatic |= a->nautos > 0;
}

void
load_auto(Definitions *def)
{
	for (int i = 0; i < def->agreement->nstages; i++)
		def->agreement->stages[i].stay_to = NO_STAGE;
	load_stays(def);
	load_silence(def);
	load_moves(def);
}
