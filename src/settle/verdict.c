/*
 * verdict.c
 *		See verdict.h.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "settle/verdict.h"
#include "time/period.h"

static List *
named(char *const *names, int n, uint64 bits)
{
	List	   *list = NIL;

	for (int i = 0; i < n; i++)
		if (bits >> i & 1)
			list = lappend(list, names[i]);
	return list;
}

List *
verdict_roles(const Agreement *agreement, int to, const Verdict *verdict)
{
	return named(agreement->stages[to].needs, agreement->stages[to].nneeds, verdict->roles);
}

List *
verdict_answers(const Agreement *agreement, int from, int to, const Verdict *verdict)
{
	const Transition *asks;

	if (verdict->answers == 0)
		return NIL;
	asks = agreement->asks[from * agreement->nstages + to];
	return named(asks->answers, asks->nanswers, verdict->answers);
}

char *
verdict_words(List *words)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, words)
		appendStringInfo(&text, "%s%s", text.len == 0 ? "" : ", ", (char *) lfirst(lc));
	return text.data;
}

static void
add(StringInfo text, const char *separator, const char *words)
{
	appendStringInfo(text, "%s%s", text->len == 0 ? "" : separator, words);
}

char *
verdict_text(const Agreement *agreement, int from, int to, const Verdict *verdict)
{
	StringInfoData text;

	if (verdict->unmet == 0)
		return NULL;
	initStringInfo(&text);
	if (verdict->unmet & GUARD_TRANSITION)
		add(&text, "; ", "transition");
	if (verdict->unmet & GUARD_REASON)
		add(&text, "; ", "reason");
	if (verdict->unmet & GUARD_NEEDS)
		add(&text, "; ", psprintf("needs: %s", verdict_words(verdict_roles(agreement, to, verdict))));
	if (verdict->unmet & GUARD_ANSWERS)
		add(&text, "; ", psprintf("answers: %s",
								  verdict_words(verdict_answers(agreement, from, to, verdict))));
	if (verdict->unmet & GUARD_CONDITION)
		add(&text, "; ", "condition");
	if (verdict->unmet & GUARD_ATTEMPTS)
		add(&text, "; ", psprintf("attempts: %d of %d on %d of %d days", verdict->attempts.made,
								  agreement->handoff.attempts, verdict->attempts.days,
								  agreement->handoff.attempts_days));
	if (verdict->unmet & GUARD_SURVIVOR)
		add(&text, "; ", "survivor");
	return text.data;
}

/* What there was, what is missing, and when it can be there. */
static char *
attempts_detail(const Settle *s, const Attempts *made)
{
	const HandoffTerms *terms = &s->agreement->handoff;
	int			missing = Max(terms->attempts - made->made, 0);
	int			days = Max(terms->attempts_days - made->days, 0);
	PeriodNumbers today;
	int			y,
				m,
				d;

	periods_of(s->def->attempts_zone, s->now, &today);
	/* one a day from now on; a day that has one already does not count again */
	j2date(today.of[PERIOD_DAY] + (made->today ? days : Max(days - 1, 0)), &y, &m, &d);
	return psprintf("Attempts since %s: %d of %d, on %d of %d days; missing: %d, further days: %d. It may be said on %04d-%02d-%02d at the earliest.",
					timestamptz_to_str(made->since), made->made, terms->attempts, made->days,
					terms->attempts_days, Max(missing, days), days, y, m, d);
}

char *
verdict_detail(const Settle *s, int from, int to, const Verdict *verdict)
{
	const Agreement *a = s->agreement;
	StringInfoData text;

	initStringInfo(&text);
	if (verdict->unmet & GUARD_NEEDS)
		add(&text, " ", psprintf("Empty roles that the stage needs: %s.",
								 verdict_words(verdict_roles(a, to, verdict))));
	if (verdict->unmet & GUARD_ANSWERS)
		add(&text, " ", psprintf("Questions without an answer: %s.",
								 verdict_words(verdict_answers(a, from, to, verdict))));
	if (verdict->unmet & GUARD_CONDITION)
		add(&text, " ", psprintf("Entry criteria that do not hold: %s.", s->def->stage_texts[to]));
	if (verdict->unmet & GUARD_ATTEMPTS)
		add(&text, " ", attempts_detail(s, &verdict->attempts));
	if (verdict->unmet & GUARD_SURVIVOR)
		add(&text, " ", psprintf("Reason \"%s\" needs the lead that this one is a duplicate of.",
								 a->handoff.duplicate));
	return text.data;
}

char *
verdict_hint(const Verdict *verdict)
{
	StringInfoData text;

	initStringInfo(&text);
	if (verdict->unmet & GUARD_NEEDS)
		add(&text, " ", "Fill the columns of the lead's row that have these roles, or call revops.enrich().");
	if (verdict->unmet & GUARD_ANSWERS)
		add(&text, " ", "revops.answer_question() writes an answer down.");
	if (verdict->unmet & GUARD_CONDITION)
		add(&text, " ", "Change what the criteria speak of in the lead's row, and try again.");
	if (verdict->unmet & GUARD_ATTEMPTS)
		add(&text, " ", "Each attempt is a touch: a row of your activities, revops.record_touch(), or revops.done_step().");
	if (verdict->unmet & GUARD_SURVIVOR)
		add(&text, " ", "Call revops.duplicate(lead_id, of_lead_id), or map the role duplicate_of to a column with that row's key.");
	return text.data;
}
