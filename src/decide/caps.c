/*
 * caps.c
 *		See caps.h.
 */
#include "postgres.h"

#include "decide/caps.h"

/* Where a period is in a tally; -1: nowhere, nothing was used in it. */
static int
find_period(const CapTally *tally, int32 period)
{
	for (int i = 0; i < 2; i++)
		if (tally->period[i] == period)
			return i;
	return -1;
}

static int32
used_in(const CapTally *tally, int32 period)
{
	int			place = find_period(tally, period);

	return place < 0 ? 0 : tally->used[place];
}

/* What one cap leaves. */
static int64
take(const Cap *cap, CapTally *tally, const PeriodNumbers *moment, int64 points)
{
	int32		period = moment->of[cap->period];
	int			place = find_period(tally, period);
	int64		counted;

	if (place < 0)
	{
		tally->period[1] = tally->period[0];
		tally->used[1] = tally->used[0];
		tally->period[0] = period;
		tally->used[0] = 0;
		place = 0;
	}
	counted = Min(points, (int64) cap->points - tally->used[place]);
	tally->used[place] += (int32) counted;
	return counted;
}

int64
caps_take(const Cap *caps, CapTally *tallies, const CapPlaces *places,
		  const PeriodNumbers *moment, int64 points)
{
	if (places->own != NO_CAP)
		points = take(&caps[places->own], &tallies[places->own], moment, points);
	if (places->group != NO_CAP)
		points = take(&caps[places->group], &tallies[places->group], moment, points);
	return points;
}

bool
caps_used_up(const Cap *caps, const CapTally *tallies, const CapPlaces *places,
			 const PeriodNumbers *moment)
{
	/* where the group is full but the rule is not, the rule's cap is still used */
	int			place = places->own != NO_CAP ? places->own : places->group;

	return place != NO_CAP &&
		used_in(&tallies[place], moment->of[caps[place].period]) >= caps[place].points;
}

bool
cap_differs(const Cap *cap, const CapTally *a, const CapTally *b, const PeriodNumbers *moment)
{
	int32		period = moment->of[cap->period];

	/* the period before may come once more */
	return used_in(a, period) != used_in(b, period) ||
		used_in(a, period - 1) != used_in(b, period - 1);
}
