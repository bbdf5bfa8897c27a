/*
 * schedule.c
 *		See schedule.h.
 *
 * With a turn's entitlement counted, a member may take the turn when its
 * account has at least 1/(2n-2) in it; among those, the one whose deadline is
 * nearest takes it: the moment when its account would come to 1 - 1/(2n-2).
 *
 * Where some are away the accounts of the others need not add up to nothing.
 * Each is then seen against its share of what they add up to, so that they stay
 * fair among themselves, whatever those who are away are owed.
 */
#include "postgres.h"

#include "define/schedule.h"

/* two deadlines, or an account and what it needs, that differ by less are the same */
#define NOTHING		1e-9

/* small beside 1/(2n-2) for a thousand members, large beside rounding */
#define CARRIED		1e-4

static bool
is_there(const bool *away, int i)
{
	return away == NULL || !away[i];
}

int
schedule_next(int n, const int32 *weights, double *accounts, const bool *away)
{
	int64		total = 0;
	double		sum = 0;
	double		grain;
	double		best_deadline = 0;
	int			there = 0;
	int			best = -1;
	bool		may = false;	/* the best one may take the turn */

	for (int i = 0; i < n; i++)
	{
		if (!is_there(away, i))
			continue;
		there++;
		total += weights[i];
		sum += accounts[i];
	}
	if (there == 0)
		return -1;
	grain = there > 1 ? 1.0 / (2 * there - 2) : 0;
	for (int i = 0; i < n; i++)
	{
		double		share = (double) weights[i] / total;
		double		seen;
		double		deadline;
		bool		eligible;

		if (!is_there(away, i))
			continue;
		seen = accounts[i] + share - sum * share;
		eligible = seen >= grain - NOTHING;
		deadline = (1 - grain - seen) / weights[i];
		accounts[i] += share;
		if (best >= 0 && (may > eligible ||
						  (may == eligible && deadline >= best_deadline - NOTHING / weights[i])))
			continue;
		best = i;
		best_deadline = deadline;
		may = eligible;
	}
	accounts[best] -= 1;
	return best;
}

void
schedule_credit(int n, const int32 *weights, double *accounts, int place)
{
	int64		total = 0;

	for (int i = 0; i < n; i++)
		total += weights[i];
	for (int i = 0; i < n; i++)
		accounts[i] -= (double) weights[i] / total;
	accounts[place] += 1;
}

double
schedule_carry(double account)
{
	return account * CARRIED;
}
