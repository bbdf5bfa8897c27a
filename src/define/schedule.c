/*
 * schedule.c
 *		See schedule.h.
 *
 * With a turn's entitlement counted, a member may take the turn when its
 * account has at least 1/(2n-2) in it; among those, the one whose deadline is
 * nearest takes it: the moment when its account would come to 1 - 1/(2n-2).
 *
 * Accounts that were added up, or that a cap or an absence has left behind, may be
 * past their deadlines, several at once.  The nearest deadline would then be that
 * of a small weight again and again, while a large one is not served at all: so
 * among those whose deadline is past, who is owed most takes the turn.  From
 * accounts of nothing there is never more than one such, and it is the same.
 *
 * Where some are away the accounts of the others need not add up to nothing.
 * Each is then seen against its share of what they add up to, so that they stay
 * fair among themselves, whatever those who are away are owed.
 */
#include "postgres.h"

#include <math.h>

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

/* How a member stands when a turn is to be taken. */
typedef struct Claim
{
	int			place;			/* -1: nobody's */
	bool		late;			/* the deadline is past */
	bool		may;			/* it may take the turn */
	double		seen;			/* the account, this turn's entitlement counted */
	double		deadline;
	double		weight;
} Claim;

/* Does it come before the best one so far?  Among equals the earlier one stays. */
static bool
comes_before(const Claim *claim, const Claim *best)
{
	if (best->place < 0)
		return true;
	if (claim->late != best->late)
		return claim->late;
	if (claim->late)
		return claim->seen > best->seen + NOTHING;
	if (claim->may != best->may)
		return claim->may;
	return claim->deadline < best->deadline - NOTHING / claim->weight;
}

int
schedule_next(int n, const int32 *weights, double *accounts, const bool *away, int first)
{
	int64		total = 0;
	double		sum = 0;
	double		grain;
	int			there = 0;
	Claim		best = {.place = -1};

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
	for (int k = 0; k < n; k++)
	{
		int			i = (first + k) % n;
		double		share = (double) weights[i] / total;
		Claim		claim = {.place = i,.weight = weights[i]};

		if (!is_there(away, i))
			continue;
		claim.seen = accounts[i] + share - sum * share;
		claim.may = claim.seen >= grain - NOTHING;
		claim.deadline = (1 - grain - claim.seen) / weights[i];
		claim.late = claim.deadline < -NOTHING;
		accounts[i] += share;
		if (comes_before(&claim, &best))
			best = claim;
	}
	accounts[best.place] -= 1;
	return best.place;
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

/* How much of the addend the account has room for, both signs alike. */
static double
room_for(double account, double addend)
{
	double		room = addend > 0 ? 1 - account : 1 + account;

	return fabs(addend) <= room ? 1 : Max(room, 0) / fabs(addend);
}

bool
schedule_join(int n, double *accounts, double *others)
{
	double		part = 1;

	for (int i = 0; i < n; i++)
		if (others[i] != 0)
			part = Min(part, room_for(accounts[i], others[i]));
	for (int i = 0; i < n; i++)
	{
		double		taken = others[i] * part;

		accounts[i] += taken;
		others[i] -= taken;
	}
	return part == 1;
}

double
schedule_carry(double account)
{
	return account * CARRIED;
}
