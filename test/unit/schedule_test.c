/*
 * schedule_test.c
 *		The round robin is as fair as a round robin can be (E3, E4).
 */
#include "postgres.h"

#include <math.h>

#include "define/schedule.h"
#include "tap.h"

#define MEMBERS 101

static double
worst_of(int n, const double *accounts)
{
	double		worst = 0;

	for (int i = 0; i < n; i++)
		worst = fmax(worst, fabs(accounts[i]));
	return worst;
}

/*
 * Farthest distance of any member's count from its exact share, over all
 * prefixes of so many turns, counted apart from the accounts; huge where the
 * accounts say anything else.
 */
static double
worst_distance(int n, const int32 *weights, int64 turns)
{
	double		accounts[MEMBERS] = {0};
	int64		count[MEMBERS] = {0};
	double		worst = 0;
	int64		total = 0;

	for (int i = 0; i < n; i++)
		total += weights[i];
	for (int64 t = 1; t <= turns; t++)
	{
		int			place = schedule_next(n, weights, accounts, NULL, 0);

		if (place < 0 || place >= n)
			return 1e9;
		count[place]++;
		for (int i = 0; i < n; i++)
		{
			double		distance = (double) weights[i] * t / total - count[i];

			if (fabs(distance - accounts[i]) > 1e-7)
				return 1e9;
			worst = fmax(worst, fabs(distance));
		}
	}
	return worst;
}

static double
bound(int n)
{
	return (n == 1 ? 0 : 1 - 1.0 / (2 * n - 2)) + 1e-7;
}

static bool
fair(int n, const int32 *weights, int64 turns)
{
	return worst_distance(n, weights, turns) <= bound(n);
}

static int
random_team(int most, int32 *weights)
{
	int			n = 1 + random_below(most);

	for (int i = 0; i < n; i++)
		weights[i] = 1 + random_below(one_in(3) ? 1000 : 4);
	return n;
}

static void
constant_teams(void)
{
	int32		usual[] = {5, 2, 1, 1, 1, 1};
	int32		lone[] = {17};
	int32		steep[] = {1000, 1};
	int32		widest[] = {1000, 999, 998, 1};
	int32		hundred[MEMBERS] = {100};
	bool		all = true;

	for (int i = 1; i < MEMBERS; i++)
		hundred[i] = 1;
	ok(fair(6, usual, 5000), "5, 2, 1, 1, 1, 1");
	ok(fair(1, lone, 100), "a lone member");
	ok(fair(2, steep, 5000), "1000 and 1");
	ok(fair(4, widest, 20000), "1000, 999, 998, 1");
	ok(fair(MEMBERS, hundred, 20000), "100 and a hundred of 1");
	ok(fair(6, usual, 1000000), "a million turns: no drift");
	for (int round = 0; round < 1000 && all; round++)
	{
		int32		weights[20];
		int			n = random_team(20, weights);

		all = fair(n, weights, 2000);
	}
	ok(all, "1000 random teams are within Tijdeman's bound at every turn");
}

/* Turns that are rolled back are turns that never were. */
static void
rollbacks(void)
{
	double		worst = 0;

	for (int round = 0; round < 200; round++)
	{
		int32		weights[20];
		double		accounts[20] = {0};
		int			n = random_team(20, weights);

		for (int t = 0; t < 2000; t++)
		{
			double		before[20];

			memcpy(before, accounts, sizeof(before));
			for (int batch = random_below(8); batch >= 0; batch--)
				(void) schedule_next(n, weights, accounts, NULL, 0);
			if (one_in(10))
				memcpy(accounts, before, sizeof(before));
			worst = fmax(worst, worst_of(n, accounts) - bound(n));
		}
	}
	ok(worst <= 0, "rollbacks leave no trace");
}

/* Who is away loses nothing and gains nothing; nobody's account runs away. */
static void
absences(void)
{
	double		worst = 0;
	double		burst = 0;

	for (int round = 0; round < 300; round++)
	{
		int32		weights[20];
		double		accounts[20] = {0};
		double		frozen[20];
		bool		away[20] = {0};
		int			n = random_team(20, weights);

		for (int t = 0; t < 4000; t++)
		{
			if (one_in(50))
				for (int i = 0; i < n; i++)
					away[i] = one_in(3);
			memcpy(frozen, accounts, sizeof(frozen));
			(void) schedule_next(n, weights, accounts, away, 0);
			for (int i = 0; i < n; i++)
				if (away[i] && accounts[i] != frozen[i])
					worst = 1e9;
			worst = fmax(worst, worst_of(n, accounts));
		}
	}
	ok(worst < 3, "absences at random: no account is ever off by 3 (%.2f)", worst);

	/* long away: at most one turn more than its share among the next ones */
	for (int round = 0; round < 1000; round++)
	{
		int32		weights[20];
		double		accounts[20] = {0};
		bool		away[20] = {0};
		int			n = 1 + random_team(19, weights);
		int64		total = 0;
		int			got = 0;

		weights[n - 1] = 1 + random_below(4);
		for (int i = 0; i < n; i++)
			total += weights[i];
		for (int t = random_below(50); t >= 0; t--)
			(void) schedule_next(n, weights, accounts, NULL, 0);
		away[n - 1] = true;
		for (int t = 0; t < 1000; t++)
			(void) schedule_next(n, weights, accounts, away, 0);
		for (int t = 1; t <= 50; t++)
		{
			got += schedule_next(n, weights, accounts, NULL, 0) == n - 1;
			burst = fmax(burst, got - (double) weights[n - 1] * t / total);
		}
	}
	ok(burst < 2, "who returns gets no burst: %.2f turns over its share at most", burst);
}

/* Another epoch begins from next to nothing: its own counts are within 1. */
static void
epochs(void)
{
	double		worst = 0;

	for (int round = 0; round < 500; round++)
	{
		double		accounts[20] = {0};
		double		begun[20];

		for (int epoch = 0; epoch < 5; epoch++)
		{
			int32		weights[20];
			int			n = random_team(20, weights);

			for (int i = 0; i < 20; i++)
				begun[i] = accounts[i] = schedule_carry(accounts[i]);
			for (int t = random_below(300); t >= 0; t--)
			{
				(void) schedule_next(n, weights, accounts, NULL, 0);
				for (int i = 0; i < n; i++)
					worst = fmax(worst, fabs(accounts[i] - begun[i]));
			}
		}
	}
	ok(worst <= 1, "weights and members that change: within 1 in each epoch (%.4f)", worst);
}

/* Epochs of one turn each: it goes round. */
static void
short_epochs(void)
{
	int32		weights[] = {1, 1, 1, 1};
	double		accounts[4] = {0};
	int			count[4] = {0};
	bool		round_robin = true;

	for (int t = 0; t < 400; t++)
	{
		count[schedule_next(4, weights, accounts, NULL, 0)]++;
		if (t % 3 == 0)
			for (int i = 0; i < 4; i++)
				accounts[i] = schedule_carry(accounts[i]);
	}
	for (int i = 0; i < 4; i++)
		round_robin &= count[i] >= 80;
	ok(round_robin, "short epochs among equals: nobody is always the first");
}

/*
 * Schedules that are used at once, as many as there are transactions; whoever
 * takes a turn now and then joins its own with another that is free.  Together
 * they are off by one for each of them at most, whatever is made and joined, and
 * by one when one goes on alone.  A member of a large weight is not forgotten while
 * many of small ones are owed something.
 */
#define AT_ONCE		8
#define JOINED_EACH	16

static void
take_turns(int n, const int32 *weights, double accounts[AT_ONCE][101], bool *made, int most, int turns,
		   double *worst)
{
	for (int t = 0; t < turns; t++)
	{
		int			row = random_below(most);
		int			other = random_below(AT_ONCE);
		double		sums[101] = {0};

		if (!made[row])
			memset(accounts[row], 0, sizeof(accounts[row]));
		made[row] = true;
		if (t % JOINED_EACH == 0 && other != row && made[other])
			made[other] = !schedule_join(n, accounts[row], accounts[other]);
		(void) schedule_next(n, weights, accounts[row], NULL, row % n);
		for (int r = 0; r < AT_ONCE; r++)
			for (int i = 0; i < n && made[r]; i++)
				sums[i] += accounts[r][i];
		*worst = fmax(*worst, worst_of(n, sums));
	}
}

static void
at_once(int n, const int32 *weights, double *together, double *alone)
{
	double		accounts[AT_ONCE][101];
	bool		made[AT_ONCE] = {0};
	double		ignored = 0;

	for (int round = 0; round < 5; round++)
	{
		take_turns(n, weights, accounts, made, AT_ONCE, 3000, together);
		/* what an account has too much is worked off as its share comes in */
		take_turns(n, weights, accounts, made, 1, 3000, &ignored);
		take_turns(n, weights, accounts, made, 1, 500, alone);
	}
}

static void
several_at_once(void)
{
	int32		heavy[101];
	double		together = 0;
	double		alone = 0;

	for (int i = 0; i < 101; i++)
		heavy[i] = i == 0 ? 100 : 1;
	for (int round = 0; round < 20; round++)
		at_once(101, heavy, &together, &alone);
	ok(together <= AT_ONCE + 1 && alone <= 1,
	   "100:1x100, eight schedules at once: off by %.2f, and by %.2f when one goes on alone", together, alone);
	together = alone = 0;
	for (int round = 0; round < 200; round++)
	{
		int32		weights[20];
		int			n = random_team(20, weights);

		at_once(n, weights, &together, &alone);
	}
	ok(together <= AT_ONCE + 1 && alone <= 1,
	   "random teams, eight schedules at once: off by %.2f, and by %.2f when one goes on alone", together, alone);
}

static void
credits(void)
{
	int32		weights[] = {5, 2, 1, 1, 1, 1};
	double		accounts[6] = {0};
	double		worst = 0;
	int			count[6] = {0};
	int			leads = 0;

	for (int t = 0; t < 20000; t++)
	{
		int			place = schedule_next(6, weights, accounts, NULL, 0);

		count[place]++;
		leads++;
		/* every tenth of one member's leads is junk */
		if (place == 1 && count[1] % 10 == 0)
		{
			schedule_credit(6, weights, accounts, place);
			count[place]--;
			leads--;
		}
		for (int i = 0; i < 6; i++)
			worst = fmax(worst, fabs(count[i] - weights[i] * leads / 11.0));
	}
	ok(worst <= 2, "a lead that is credited counts for nobody (%.2f)", worst);
}

void
test_schedule(void)
{
	int32		one[] = {1};
	double		account[] = {0};
	bool		away[] = {true};

	ok(schedule_next(0, one, account, NULL, 0) == -1 && schedule_next(1, one, account, away, 0) == -1,
	   "nobody there: nobody's turn");
	constant_teams();
	rollbacks();
	absences();
	epochs();
	short_epochs();
	several_at_once();
	credits();
}
