/*
 * schedule_test.c
 *		The round robin is as fair as a round robin can be.
 */
#include "postgres.h"

#include <math.h>

#include "define/schedule.h"
#include "tap.h"

#define MEMBERS 20

/* Farthest distance of any member from its exact share, over all prefixes. */
static double
worst_distance(int n, const int64 *weights, int64 total)
{
	int32	   *turns = palloc0(sizeof(int32) * total);
	int64		count[MEMBERS] = {0};
	double		worst = 0;

	schedule_fill(n, weights, turns);
	for (int64 t = 0; t < total; t++)
	{
		if (turns[t] < 0 || turns[t] >= n)
			return 1e9;
		count[turns[t]]++;
		for (int i = 0; i < n; i++)
		{
			double		share = (double) weights[i] * (t + 1) / total;

			worst = fmax(worst, fabs(count[i] - share));
		}
	}
	for (int i = 0; i < n; i++)
		if (count[i] != weights[i])
			worst = 1e9;
	pfree(turns);
	return worst;
}

static bool
fair(int n, int64 *weights)
{
	int64		total = schedule_reduce(n, weights);
	double		bound = n == 1 ? 0 : 1 - 1.0 / (2 * n - 2);

	return worst_distance(n, weights, total) <= bound + 1e-9;
}

void
test_schedule(void)
{
	int64		usual[] = {5, 2, 1, 1, 1, 1};
	int64		lone[] = {17};
	int64		equal[] = {300, 300, 300, 300};
	int64		steep[] = {1000, 1};
	int64		widest[] = {1000, 999, 998, 1};
	bool		all = true;

	ok(schedule_reduce(4, equal) == 4 && equal[0] == 1, "equal weights are one round");
	ok(fair(6, usual), "5, 2, 1, 1, 1, 1");
	ok(fair(1, lone) && lone[0] == 1, "a lone member");
	ok(fair(2, steep), "1000 and 1");
	ok(fair(4, widest), "1000, 999, 998, 1");
	for (int round = 0; round < 1000 && all; round++)
	{
		int			n = 1 + random_below(MEMBERS);
		int64		weights[MEMBERS];

		for (int i = 0; i < n; i++)
			weights[i] = 1 + random_below(one_in(3) ? 50 : 4);
		all = fair(n, weights);
		if (!all)
			for (int i = 0; i < n; i++)
				ok(false, "weight " INT64_FORMAT, weights[i]);
	}
	ok(all, "1000 random teams are within Tijdeman's bound at every turn");
}
