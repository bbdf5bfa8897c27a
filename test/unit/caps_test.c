/*
 * caps_test.c
 *		Decay, caps, order and deletion together: a million random cases, each
 *		against a naive replay of all touches (B2, B4).
 *
 * A case is a model (half-life, rules with caps, a group with one) and a few
 * touches, told in any order, some of them taken back.  The engine's way: each
 * touch that is told in order adds what its caps leave to the forward-decay sum;
 * one that is told late, or taken back, asks for all to be summed anew.  The
 * naive way: for each touch, look at all others, in plain doubles.
 */
#include "postgres.h"

#include <math.h>

#include "decide/caps.h"
#include "tap.h"
#include "time/decay.h"
#include "world.h"

#define CASES		1000000
#define MAX_TOUCHES	12
#define MAX_SIGNALS	4
#define DAY			(24 * HOUR)

typedef struct Touch
{
	int			signal;
	TimestampTz at;
	bool		taken_back;
} Touch;

typedef struct Model
{
	int64		half_life;
	int			nsignals;
	int			points[MAX_SIGNALS];
	CapPlaces	places[MAX_SIGNALS];
	int			ncaps;
	Cap			caps[MAX_SIGNALS + 2];
} Model;

/* In UTC; months of 30 days will do. */
static PeriodNumbers
periods_at(TimestampTz at)
{
	int32		day = (int32) (at / DAY);

	return (PeriodNumbers) {{0, day, day / 7, day / 30}};
}

static int
random_cap(Model *m)
{
	m->caps[m->ncaps] = (Cap) {1 + random_below(30), random_below(N_PERIODS)};
	return m->ncaps++;
}

static void
random_model(Model *m)
{
	static const int64 half_lives[] = {0, HOUR, DAY, 14 * DAY};
	int			groups[2] = {NO_CAP, NO_CAP};	/* of what takes, and of what adds */

	memset(m, 0, sizeof(Model));
	m->half_life = half_lives[random_below(4)];
	m->nsignals = 1 + random_below(MAX_SIGNALS);
	if (one_in(2))
	{
		groups[0] = random_cap(m);
		groups[1] = m->ncaps;
		m->caps[m->ncaps++] = m->caps[groups[0]];
	}
	for (int s = 0; s < m->nsignals; s++)
	{
		m->points[s] = one_in(5) ? -1 - (int) random_below(10) : 1 + (int) random_below(10);
		m->places[s].own = one_in(3) ? NO_CAP : random_cap(m);
		m->places[s].group = one_in(3) ? NO_CAP : groups[m->points[s] > 0];
	}
}

/* ----- the naive way -------------------------------------------------------------- */

static bool
comes_before(const Touch *touches, int a, int b)
{
	if (touches[a].at != touches[b].at)
		return touches[a].at < touches[b].at;
	if (touches[a].signal != touches[b].signal)
		return touches[a].signal < touches[b].signal;
	return a < b;
}

/* Do two touches use up the same cap of a kind, in the same period? */
static bool
share(const Model *m, const Touch *a, const Touch *b, bool of_group)
{
	int			cap = of_group ? m->places[a->signal].group : m->places[a->signal].own;
	int			other = of_group ? m->places[b->signal].group : m->places[b->signal].own;
	PeriodNumbers here = periods_at(a->at);
	PeriodNumbers there = periods_at(b->at);

	return cap == other && here.of[m->caps[cap].period] == there.of[m->caps[cap].period];
}

/* What the touch's own cap leaves, by looking at all touches before it. */
static double
of_rule(const Model *m, const Touch *touches, int n, int i)
{
	double		amount = abs(m->points[touches[i].signal]);
	double		before = 0;

	if (m->places[touches[i].signal].own == NO_CAP)
		return amount;
	for (int j = 0; j < n; j++)
		if (!touches[j].taken_back && comes_before(touches, j, i) &&
			share(m, &touches[i], &touches[j], false))
			before += amount;
	return fmax(0, fmin(amount, m->caps[m->places[touches[i].signal].own].points - before));
}

/* And what its group's cap leaves of that. */
static double
of_group(const Model *m, const Touch *touches, int n, int i)
{
	double		amount = of_rule(m, touches, n, i);
	double		before = 0;

	if (m->places[touches[i].signal].group == NO_CAP)
		return amount;
	for (int j = 0; j < n; j++)
		if (!touches[j].taken_back && comes_before(touches, j, i) &&
			share(m, &touches[i], &touches[j], true))
			before += of_rule(m, touches, n, j);
	return fmax(0, fmin(amount, m->caps[m->places[touches[i].signal].group].points - before));
}

static double
naive_sum(const Model *m, const Touch *touches, int n, bool positive, TimestampTz at)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
		if (!touches[i].taken_back && (m->points[touches[i].signal] > 0) == positive)
			sum += of_group(m, touches, n, i) *
				(m->half_life == 0 ? 1.0 :
				 exp2(-(double) (at - touches[i].at) / (double) m->half_life));
	return sum;
}

/* ----- the engine's way ----------------------------------------------------------- */

typedef struct Sums
{
	double		pos;
	double		neg;
	CapTally	tallies[MAX_SIGNALS + 2];
	TimestampTz last;
	int			last_signal;
} Sums;

static void
sums_begin(Sums *sums)
{
	memset(sums, 0, sizeof(Sums));
	sums->pos = sums->neg = DECAY_NONE;
	sums->last = PG_INT64_MIN;
}

static void
count(const Model *m, Sums *sums, const Touch *touch)
{
	PeriodNumbers periods = periods_at(touch->at);
	int			points = m->points[touch->signal];
	int64		counted = caps_take(m->caps, sums->tallies, &m->places[touch->signal],
									&periods, abs(points));
	double	   *sum = points > 0 ? &sums->pos : &sums->neg;

	if (counted > 0)
		*sum = decay_add(*sum, decay_touch((double) counted, touch->at, m->half_life));
	sums->last = touch->at;
	sums->last_signal = touch->signal;
}

/* In order of time, of those that are told and not taken back. */
static void
sum_anew(const Model *m, Sums *sums, const Touch *touches, int n)
{
	bool		done[MAX_TOUCHES] = {0};

	sums_begin(sums);
	for (;;)
	{
		int			next = -1;

		for (int i = 0; i < n; i++)
			if (!done[i] && !touches[i].taken_back &&
				(next < 0 || comes_before(touches, i, next)))
				next = i;
		if (next < 0)
			return;
		done[next] = true;
		count(m, sums, &touches[next]);
	}
}

static void
tell(const Model *m, Sums *sums, const Touch *touches, int n)
{
	const Touch *touch = &touches[n - 1];

	if (touch->at > sums->last || (touch->at == sums->last && touch->signal >= sums->last_signal))
		count(m, sums, touch);
	else
		sum_anew(m, sums, touches, n);
}

static bool
agrees(double log2_sum, const Model *m, double plain, TimestampTz at)
{
	return fabs(decay_value(log2_sum, m->half_life, at) - plain) <= 1e-6 * fmax(1, plain);
}

static bool
case_agrees(void)
{
	Model		m;
	Touch		touches[MAX_TOUCHES] = {0};
	Sums		sums;
	int			n = 1 + random_below(MAX_TOUCHES);
	int64		span = one_in(2) ? 3 * DAY : 90 * DAY;

	random_model(&m);
	sums_begin(&sums);
	for (int i = 0; i < n; i++)
	{
		/* few moments, so that some meet */
		touches[i].at = NOW - (int64) random_below(50) * (span / 50);
		touches[i].signal = random_below(m.nsignals);
		tell(&m, &sums, touches, i + 1);
		if (one_in(6))
		{
			touches[random_below(i + 1)].taken_back = true;
			sum_anew(&m, &sums, touches, i + 1);
		}
	}
	return agrees(sums.pos, &m, naive_sum(&m, touches, n, true, NOW), NOW) &&
		agrees(sums.neg, &m, naive_sum(&m, touches, n, false, NOW), NOW);
}

/* A clock that is set back over midnight brings the day before once more. */
static bool
day_comes_back(void)
{
	Cap			cap = {10, PERIOD_DAY};
	CapPlaces	places = {0, NO_CAP};
	CapTally	tally = {{0}};
	PeriodNumbers today = {{0, 100, 14, 3}};
	PeriodNumbers tomorrow = {{0, 101, 14, 3}};

	return caps_take(&cap, &tally, &places, &today, 7) == 7 &&
		caps_take(&cap, &tally, &places, &tomorrow, 7) == 7 &&
		caps_take(&cap, &tally, &places, &today, 7) == 3 &&
		caps_used_up(&cap, &tally, &places, &today) &&
		!caps_used_up(&cap, &tally, &places, &tomorrow) &&
		caps_take(&cap, &tally, &places, &tomorrow, 7) == 3;
}

/* What the group leaves out uses up the rule's cap; a full group is not the end of that. */
static bool
group_after_rule(void)
{
	Cap			caps[2] = {{10, PERIOD_EVER}, {4, PERIOD_DAY}};
	CapPlaces	places = {0, 1};
	CapTally	tallies[2] = {{{0}}};
	PeriodNumbers today = {{0, 100, 14, 3}};
	PeriodNumbers tomorrow = {{0, 101, 14, 3}};

	return caps_take(caps, tallies, &places, &today, 6) == 4 &&
		!caps_used_up(caps, tallies, &places, &today) &&
		caps_take(caps, tallies, &places, &today, 2) == 0 &&
		caps_take(caps, tallies, &places, &tomorrow, 6) == 2 &&
		caps_used_up(caps, tallies, &places, &tomorrow);
}

void
test_caps(void)
{
	int			wrong = 0;

	for (int i = 0; i < CASES; i++)
		wrong += !case_agrees();
	ok(wrong == 0, "B2: decay, caps, order and deletion as a naive replay has them, %d random cases, %d wrong",
	   CASES, wrong);
	ok(day_comes_back(), "B2: a day that comes back goes on where it was");
	ok(group_after_rule(), "B2: first the rule's cap, then the group's");
}
