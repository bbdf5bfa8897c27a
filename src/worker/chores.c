/*
 * chores.c
 *		See chores.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/handover.h"
#include "base/owner.h"
#include "capture/capture.h"
#include "capture/write_back.h"
#include "define/invalidate.h"
#include "time/engine_time.h"
#include "worker/chores.h"
#include "worker/errands.h"
#include "worker/meanings.h"
#include "worker/merges.h"
#include "worker/outbox.h"
#include "worker/rollups.h"
#include "worker/versions.h"

/* Small pages: locks are held for some milliseconds only. */
#define PAGE	200

/* events that are looked at, and purged where they are old, at a time */
#define PURGE_PAGE	1000

/* changes that are rolled up together: the more, the more often they are of one sum */
#define ROLL_UP_PAGE	1000

void
chore_begin(Desk *desk, Chore chore)
{
	desk->after[chore] = 0;
	switch (chore)
	{
		case CHORE_FOLD:
		case CHORE_INBOX:
		case CHORE_WRITE_BACK:
			break;
		case CHORE_FOLD_LATER:
			/* what comes from here on asks for another round */
			(void) mailbox_take(desk->box, HANDOVER_FOLD_LATER);
			break;
		case CHORE_ROLL_UP:
			(void) mailbox_take(desk->box, HANDOVER_ROLL_UP);
			break;
		case CHORE_DUE:
			/* before the tables are read: an earlier time told meanwhile stays */
			(void) pg_atomic_exchange_u64(&desk->box->due, DT_NOEND);
			break;
	}
}

/* Touches of those that were busy are to leave them alone until they are folded. */
static void
ask_for_leads(Desk *desk, const Errands *page)
{
	for (int i = 0; i < page->n; i++)
	{
		const Errand *errand = &page->items[i];

		if (errand->outcome == ERRAND_BUSY)
			gathering_ask(&desk->box->gathering, errand->lead_id);
		else if (errand->outcome != ERRAND_RESTS)
			gathering_end(&desk->box->gathering, errand->lead_id);
	}
}

static PageResult
fold_page(Desk *desk, Chore chore)
{
	Errands		page;
	PageResult	result;
	LeadList	except;

	held_except(&desk->held, chore, &except);
	errands_fold(&page, desk->after[chore], PAGE, chore == CHORE_FOLD ? FOLD_URGENT : FOLD_GENTLY,
				 &except);
	desk->after[chore] = page.last;
	result.done = page.done;
	result.passed = held_take(&desk->held, chore, &page);
	ask_for_leads(desk, &page);
	result.ends = page.n < PAGE;
	return result;
}

static PageResult
inbox_page(Desk *desk)
{
	PageResult	result = {0};
	TimestampTz now = engine_clock();
	int64		last;

	if (desk->after[CHORE_INBOX] == 0)
		desk->inbox_from = now;
	result.done = inbox_settle(desk->after[CHORE_INBOX], PAGE, &last);
	desk->after[CHORE_INBOX] = last;
	result.ends = last == 0;
	if (result.done == INBOX_BUSY)
	{
		/* whoever reads it tells when it has ended, unless it is rolled back */
		result.done = 0;
		desk->inbox_due = GetCurrentTimestamp() + USECS_PER_SEC;
	}
	else if (result.ends)
		desk->inbox_due = DT_NOEND;
	return result;
}

static PageResult
write_back(Desk *desk)
{
	PageResult	result = {0};
	int64		last;

	result.done = write_back_page(desk->after[CHORE_WRITE_BACK], PAGE, true, &last);
	desk->after[CHORE_WRITE_BACK] = last;
	result.ends = last == 0;
	if (result.ends)
		desk->write_back_due = write_back_next(PG_INT64_MIN);
	return result;
}

static PageResult
roll_up(void)
{
	PageResult	result = {0};

	result.done = rollups_keep(ROLL_UP_PAGE);
	/* one page a round: who reads the KPIs can wait for them better than the machine for us */
	result.ends = true;
	if (result.done == ROLL_UP_PAGE)
		handover_note(HANDOVER_ROLL_UP);
	return result;
}

static TimestampTz
moment_field(int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
									  column, &isnull);

	return isnull ? DT_NOEND : DatumGetTimestampTz(value);
}

/*
 * When is something due next?  True when there is something that was due
 * already and is not done: its lead is busy, or somebody is at the agreement.
 *
 * Timers are asked for between two bounds: of a table that was never analysed
 * the planner believes a third to lie below one bound, and goes through all leads
 * to find theirs; between two it believes few.
 */
static bool
look_ahead(Desk *desk, TimestampTz now)
{
	Oid			types[2] = {TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum		v[2] = {TimestampTzGetDatum(now), TimestampTzGetDatum(desk->inbox_from)};
	OwnerScope	scope;
	bool		isnull;
	bool		left;

	owner_enter(&scope);
	if (SPI_execute_with_args("SELECT least((SELECT min(due_at) FROM revops.timer WHERE due_at > $1), "
							  "(SELECT min(fires_at) FROM revops.sla_clock WHERE fires_at > $1), "
							  "(SELECT min(try_at) FROM revops.agreement WHERE try_at > $1 AND status = 'approved')), "
							  "(SELECT min(at) FROM revops.inbox WHERE at > $2), "
							  "EXISTS (SELECT FROM revops.timer JOIN revops.lead USING (lead_id) "
							  "WHERE due_at BETWEEN '-infinity' AND $1) "
							  "OR EXISTS (SELECT FROM revops.sla_clock JOIN revops.lead USING (lead_id) "
							  "WHERE fires_at BETWEEN '-infinity' AND $1)",
							  2, types, v, NULL, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "reading what is due next failed");
	desk->inbox_due = moment_field(2);
	(void) mailbox_lower_due(desk->box, Min(moment_field(1), desk->inbox_due));
	left = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull));
	owner_leave(&scope);
	return left;
}

/* Now and then; is there more of it at once? */
static bool
purge(Desk *desk, TimestampTz now)
{
	if (now < desk->purge_at)
		return false;
	if (outbox_purge(now, PURGE_PAGE))
		return true;
	merges_follow(now);
	desk->purge_at = now + PURGE_EVERY;
	return false;
}

/*
 * Events of what is due go to the outside, each once: they must not be lost in
 * a crash after somebody has read them.
 */
static PageResult
due_page(Desk *desk)
{
	PageResult	result = {0};
	TimestampTz now = engine_clock();
	Errands		timers;
	Errands		breaches;
	LeadList	except;
	bool		passed;
	int			versions;

	(void) set_config_option("synchronous_commit", "local", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
	/* first, so that what falls due at the same moment is settled by it */
	versions = versions_activate(now, &passed);
	held_except(&desk->held, CHORE_DUE, &except);
	errands_timers(&timers, now, PAGE, &except);
	(void) held_take(&desk->held, CHORE_DUE, &timers);
	ask_for_leads(desk, &timers);
	held_except(&desk->held, CHORE_DUE, &except);
	errands_breaches(&breaches, now, PAGE, &except);
	(void) held_take(&desk->held, CHORE_DUE, &breaches);
	ask_for_leads(desk, &breaches);
	(void) meanings_note();
	result.done = versions + timers.done + breaches.done;
	result.ends = timers.n < PAGE && breaches.n < PAGE && !purge(desk, now);
	if (result.ends)
		result.passed = look_ahead(desk, now) || passed;
	return result;
}

PageResult
chore_page(Desk *desk, Chore chore)
{
	uint64		definitions = definitions_generation();

	/* a rule that failed may have been corrected */
	if (definitions != desk->definitions)
		held_free_all(&desk->held);
	desk->definitions = definitions;
	switch (chore)
	{
		case CHORE_FOLD:
		case CHORE_FOLD_LATER:
			return fold_page(desk, chore);
		case CHORE_INBOX:
			return inbox_page(desk);
		case CHORE_WRITE_BACK:
			return write_back(desk);
		case CHORE_ROLL_UP:
			return roll_up();
		case CHORE_DUE:
			break;
	}
	return due_page(desk);
}
