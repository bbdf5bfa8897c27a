/*
 * schedule.c
 *		See schedule.h.
 *
 * At turn t a member may take the turn when its share of t turns is ahead of
 * its count by at least 1/(2n-2); among those, the one whose deadline is
 * nearest takes it.  All in integers: no rounding, so no drift.
 */
#include "postgres.h"

#include "define/schedule.h"

static int64
gcd(int64 a, int64 b)
{
	while (b != 0)
	{
		int64		r = a % b;

		a = b;
		b = r;
	}
	return a;
}

int64
schedule_reduce(int n, int64 *weights)
{
	int64		divisor = 0;
	int64		sum = 0;

	for (int i = 0; i < n; i++)
		divisor = gcd(weights[i], divisor);
	for (int i = 0; i < n; i++)
	{
		weights[i] /= divisor;
		sum += weights[i];
	}
	return sum;
}

void
schedule_fill(int n, const int64 *weights, int32 *turns)
{
	int64	   *count = palloc0(sizeof(int64) * n);
	int64		grain = n > 1 ? 2 * n - 2 : 1;
	int64		total = 0;

	for (int i = 0; i < n; i++)
		total += weights[i];
	for (int64 t = 1; t <= total; t++)
	{
		int			best = -1;
		int64		best_slack = 0;

		for (int i = 0; i < n; i++)
		{
			int64		ahead = (weights[i] * t - total * count[i]) * grain;
			int64		slack = total * (grain - 1) - ahead;

			if (n > 1 && ahead < total)
				continue;
			/* slack / weight is the time to the deadline */
			if (best < 0 || slack * weights[best] < best_slack * weights[i])
			{
				best = i;
				best_slack = slack;
			}
		}
		Assert(best >= 0);
		turns[t - 1] = best;
		count[best]++;
	}
	pfree(count);
}
