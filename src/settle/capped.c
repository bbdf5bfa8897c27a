/*
 * capped.c
 *		See capped.h.
 */
#include "postgres.h"

#include "access/genam.h"

#include "settle/capped.h"
#include "settle/engine_scan.h"

/* The lead's touches, moment by moment. */
typedef struct Moments
{
	Writers    *writers;
	const Definitions *def;
	SysScanDesc scan;			/* NULL: these rows, not read yet: */
	const TouchRow *rows;
	int			nrows;
	int		   *net;			/* by place of the signal; the last: of those without one */
	TimestampTz at;
	bool		more;			/* a row of a later moment was read: */
	TouchRow	ahead;
} Moments;

static bool
read_ahead(Moments *m)
{
	HeapTuple	tuple;

	if (m->scan == NULL)
	{
		m->more = m->nrows > 0;
		if (m->more)
		{
			m->ahead = *m->rows++;
			m->nrows--;
		}
		return m->more;
	}
	tuple = engine_scan_next(m->scan);
	m->more = HeapTupleIsValid(tuple);
	if (m->more)
		touch_read(m->writers, m->def, tuple, &m->ahead);
	return m->more;
}

static void
moments_begin(Moments *m, const Definitions *def)
{
	m->def = def;
	m->net = palloc(sizeof(int) * (def->nsignals + 1));
	(void) read_ahead(m);
}

static void
moments_scan(Moments *m, Writers *writers, const Definitions *def, int64 lead_id,
			 TimestampTz since)
{
	m->writers = writers;
	m->scan = touches_scan(writers, lead_id, since);
	moments_begin(m, def);
}

/*
 * Count the touches of the next moment.  Those that were taken back stand beside
 * their retraction, with the same moment and signal.
 */
static bool
moments_next(Moments *m)
{
	if (!m->more)
		return false;
	memset(m->net, 0, sizeof(int) * (m->def->nsignals + 1));
	m->at = m->ahead.occurred_at;
	do
	{
		int			place = m->ahead.signal == NULL ? m->def->nsignals :
			m->ahead.signal - m->def->signals;

		m->net[place] += m->ahead.sign;
	} while (read_ahead(m) && m->ahead.occurred_at == m->at);
	return true;
}

static void
moments_end(Moments *m)
{
	if (m->scan != NULL)
		engine_scan_end(m->scan);
	pfree(m->net);
}

/* Of n touches at a moment what the caps leave, as an amount. */
static int64
counted(const Definitions *def, CapTally *tallies, const Signal *signal,
		const PeriodNumbers *periods, int n)
{
	return caps_take(def->caps, tallies, &signal->caps, periods,
					 (int64) abs(signal->points) * Max(n, 0));
}

static void
add_counted(TouchSums *sums, const Definitions *def, const Signal *signal,
			TimestampTz at, int64 amount)
{
	sums_add_points(sums, def, signal->points > 0 ? amount : -amount, at);
}

/* ----- all anew ---------------------------------------------------------------- */

static void
sum_moment(const Moments *m, CapTally *tallies, TouchSums *sums)
{
	const Definitions *def = m->def;
	PeriodNumbers periods;

	for (int n = m->net[def->nsignals]; n > 0; n--)
		sums_add_touch(sums, NULL, m->at);
	for (int i = 0; i < def->nsignals; i++)
	{
		const Signal *signal = &def->signals[i];

		for (int n = m->net[i]; n > 0; n--)
			sums_add_touch(sums, signal, m->at);
		if (m->net[i] > 0 && !signal->capped)
			sums_add_points(sums, def, (double) signal->points * m->net[i], m->at);
	}
	periods_of(def->zone, m->at, &periods);
	for (int i = 0; i < def->ncapped; i++)
	{
		const Signal *signal = &def->signals[def->capped[i]];

		add_counted(sums, def, signal, m->at,
					counted(def, tallies, signal, &periods, m->net[def->capped[i]]));
	}
}

void
capped_sum(const Definitions *def, const TouchRow *rows, int n, TouchSums *sums)
{
	CapTally   *tallies = palloc0(sizeof(CapTally) * def->ncaps);
	Moments		m = {.rows = rows,.nrows = n};

	sums_init(sums);
	moments_begin(&m, def);
	while (moments_next(&m))
		sum_moment(&m, tallies, sums);
	moments_end(&m);
	pfree(tallies);
}

/* ----- what some of them add ---------------------------------------------------- */

/* Some touches of a lead are new: what do its touches count with and without them? */
typedef struct News
{
	const Definitions *def;
	int			n;
	const Signal *signal[MAX_CAPPED];
	TimestampTz at[MAX_CAPPED];
	PeriodNumbers periods[MAX_CAPPED];
	bool		met[MAX_CAPPED];
	CapTally   *with;
	CapTally   *without;
} News;

/* The new ones; false where one is of a signal that has no caps any more. */
static bool
take_news(News *news, const Definitions *def, const TouchSums *sums)
{
	news->def = def;
	news->n = sums->ncapped;
	for (int i = 0; i < news->n; i++)
	{
		news->signal[i] = signal_by_id(unconstify(Definitions *, def), sums->capped_signal[i]);
		news->at[i] = sums->capped_at[i];
		news->met[i] = false;
		if (news->signal[i] == NULL || !news->signal[i]->capped)
			return false;
		periods_of(def->zone, news->at[i], &news->periods[i]);
	}
	news->with = palloc0(sizeof(CapTally) * def->ncaps);
	news->without = palloc0(sizeof(CapTally) * def->ncaps);
	return true;
}

static TimestampTz
reach_of(const Definitions *def, int cap, TimestampTz at)
{
	return cap == NO_CAP ? at : period_reach(def->caps[cap].period, at);
}

/*
 * From when on touches bear on what this one counts: those of its rule's period,
 * and of its group's; and what those of the group use up is limited by the caps
 * of their own rules.
 */
static TimestampTz
reach_of_touch(const Definitions *def, const Signal *signal, TimestampTz at)
{
	TimestampTz since = reach_of(def, signal->caps.own, at);
	TimestampTz group_since = reach_of(def, signal->caps.group, at);

	since = Min(since, group_since);
	for (int i = 0; signal->caps.group != NO_CAP && i < def->ncapped; i++)
	{
		const Signal *other = &def->signals[def->capped[i]];

		if (other->caps.group == signal->caps.group)
			since = Min(since, reach_of(def, other->caps.own, group_since));
	}
	return since;
}

static TimestampTz
reach_of_news(const News *news)
{
	TimestampTz since = DT_NOEND;

	for (int i = 0; i < news->n; i++)
		since = Min(since, reach_of_touch(news->def, news->signal[i], news->at[i]));
	return since;
}

/* How many of the new ones are of this signal and moment?  They are met then. */
static int
meet(News *news, const Signal *signal, TimestampTz at)
{
	int			n = 0;

	for (int i = 0; i < news->n; i++)
		if (news->signal[i] == signal && news->at[i] == at)
		{
			news->met[i] = true;
			n++;
		}
	return n;
}

/* Can no touch that is still to come make a difference? */
static bool
is_done(const News *news, const Moments *m)
{
	PeriodNumbers periods;

	for (int i = 0; i < news->n; i++)
		if (!news->met[i] &&
			!caps_used_up(news->def->caps, news->with, &news->signal[i]->caps, &news->periods[i]))
			return false;
	if (!m->more)
		return true;
	periods_of(news->def->zone, m->ahead.occurred_at, &periods);
	for (int i = 0; i < news->def->ncaps; i++)
		if (cap_differs(&news->def->caps[i], &news->with[i], &news->without[i], &periods))
			return false;
	return true;
}

/* What the new ones change at one moment; less of what was counted can't be subtracted. */
static void
count_moment(const Moments *m, News *news, TouchSums *sums)
{
	const Definitions *def = news->def;
	PeriodNumbers periods;

	periods_of(def->zone, m->at, &periods);
	for (int i = 0; i < def->ncapped; i++)
	{
		const Signal *signal = &def->signals[def->capped[i]];
		int			all = m->net[def->capped[i]];
		int			fresh = meet(news, signal, m->at);
		int64		with;
		int64		without;

		if (all <= 0 && fresh == 0)
			continue;
		with = counted(def, news->with, signal, &periods, all);
		without = counted(def, news->without, signal, &periods, all - fresh);
		if (with < without)
			sums->recount = true;
		else
			add_counted(sums, def, signal, m->at, with - without);
	}
}

void
capped_count(Writers *writers, const Definitions *def, int64 lead_id, TouchSums *sums)
{
	News		news;
	Moments		m = {0};
	bool		done = false;

	sums->recount |= !take_news(&news, def, sums);
	sums->ncapped = 0;
	if (sums->recount)
		return;
	moments_scan(&m, writers, def, lead_id, reach_of_news(&news));
	while (!done && !sums->recount && moments_next(&m))
	{
		count_moment(&m, &news, sums);
		done = is_done(&news, &m);
	}
	moments_end(&m);
	/* a touch that is not there can't be weighed */
	sums->recount |= !done;
	pfree(news.with);
	pfree(news.without);
}
