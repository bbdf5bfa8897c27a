/*
 * markov.c
 *		Removal effects of a Markov chain of order 1: by which part conversions
 *		would be fewer if whoever comes to a channel never converted.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(revops_markov_effects);

/* the matrix of so many is 8 MB, and inverted within seconds */
#define MAX_CHANNELS	1000

/*
 * State 0 is the start, then the channels.  visits is I - Q at first, Q being the
 * probabilities of going from one of these to another, and its inverse in the
 * end: how often each state is visited from each.
 */
typedef struct Chain
{
	int			states;
	double	   *visits;			/* by row */
	double	   *converts;		/* probability of converting as the next step */
} Chain;

static pg_attribute_noreturn() void
refuse(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("markov_effects: this is no chain"),
			 errdetail("%s", detail),
			 errhint("revops.attribution_markov() makes the arguments from the paths of leads.")));
}

/* A one-dimensional array of so many elements, none of them NULL. */
static void *
elements(ArrayType *array, Oid type, int *n)
{
	if (ARR_NDIM(array) > 1 || ARR_HASNULL(array) || ARR_ELEMTYPE(array) != type)
		refuse("An array has several dimensions, or a NULL.");
	*n = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	return ARR_DATA_PTR(array);
}

/* Probabilities from counts; each state must be left now and then. */
static void
fill(Chain *chain, const int32 *froms, const int32 *tos, const int64 *counts, int n)
{
	int			states = chain->states;
	double	   *left = palloc0(sizeof(double) * states);

	for (int i = 0; i < n; i++)
	{
		if (froms[i] < 0 || froms[i] >= states || tos[i] < 1 || tos[i] > states + 1)
			refuse("A state is not one of the chain.");
		if (counts[i] < 1)
			refuse("A count is below 1.");
		left[froms[i]] += (double) counts[i];
	}
	for (int i = 0; i < states; i++)
		if (left[i] == 0)
			refuse("A state is never left.");
	for (int i = 0; i < n; i++)
	{
		double		p = (double) counts[i] / left[froms[i]];

		if (tos[i] < states)
			chain->visits[(Size) froms[i] * states + tos[i]] -= p;
		else if (tos[i] == states)
			chain->converts[froms[i]] += p;
	}
	for (int i = 0; i < states; i++)
		chain->visits[(Size) i * states + i] += 1;
	pfree(left);
}

static void
swap_rows(double *a, int states, int i, int j)
{
	if (i == j)
		return;
	for (int k = 0; k < states; k++)
	{
		double		kept = a[(Size) i * states + k];

		a[(Size) i * states + k] = a[(Size) j * states + k];
		a[(Size) j * states + k] = kept;
	}
}

/* Row with the largest value of a column, from a row on. */
static int
pivot_of(const double *a, int states, int column)
{
	int			best = column;

	for (int i = column + 1; i < states; i++)
		if (fabs(a[(Size) i * states + column]) > fabs(a[(Size) best * states + column]))
			best = i;
	if (!(fabs(a[(Size) best * states + column]) > 0))
		refuse("Some states lead to each other only, and never end.");
	return best;
}

/* Gauss and Jordan, with the largest pivot of the column. */
static double *
inverse(double *a, int states)
{
	double	   *inv = palloc0(sizeof(double) * states * states);

	for (int i = 0; i < states; i++)
		inv[(Size) i * states + i] = 1;
	for (int c = 0; c < states; c++)
	{
		int			p = pivot_of(a, states, c);
		double		scale;

		CHECK_FOR_INTERRUPTS();
		swap_rows(a, states, c, p);
		swap_rows(inv, states, c, p);
		scale = 1 / a[(Size) c * states + c];
		for (int k = 0; k < states; k++)
		{
			a[(Size) c * states + k] *= scale;
			inv[(Size) c * states + k] *= scale;
		}
		for (int i = 0; i < states; i++)
		{
			double		factor = a[(Size) i * states + c];

			if (i == c || factor == 0)
				continue;
			for (int k = 0; k < states; k++)
			{
				a[(Size) i * states + k] -= factor * a[(Size) c * states + k];
				inv[(Size) i * states + k] -= factor * inv[(Size) c * states + k];
			}
		}
	}
	return inv;
}

/* Probability of converting sooner or later from a state. */
static double
converts_from(const Chain *chain, int state)
{
	double		sum = 0;

	for (int k = 0; k < chain->states; k++)
		sum += chain->visits[(Size) state * chain->states + k] * chain->converts[k];
	return sum;
}

/*
 * Who ever comes to the channel comes with the probability of a visit divided by
 * how often those come back who are there; who came converts from there on.
 */
static ArrayType *
effects_of(const Chain *chain)
{
	int			states = chain->states;
	Datum	   *values = palloc(sizeof(Datum) * states);
	bool	   *nulls = palloc0(sizeof(bool) * states);
	double		whole = converts_from(chain, 0);
	int			lower = 1;

	values[0] = Float8GetDatum(whole);
	for (int c = 1; c < states; c++)
	{
		double		comes = chain->visits[c] / chain->visits[(Size) c * states + c];

		nulls[c] = !(whole > 0);
		values[c] = Float8GetDatum(nulls[c] ? 0 : comes * converts_from(chain, c) / whole);
	}
	return construct_md_array(values, nulls, 1, &states, &lower, FLOAT8OID, sizeof(float8),
							  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/* revops.markov_effects(channels int, froms int[], tos int[], counts bigint[]) */
Datum
revops_markov_effects(PG_FUNCTION_ARGS)
{
	int			channels = PG_GETARG_INT32(0);
	int			nfroms,
				ntos,
				ncounts;
	int32	   *froms = elements(PG_GETARG_ARRAYTYPE_P(1), INT4OID, &nfroms);
	int32	   *tos = elements(PG_GETARG_ARRAYTYPE_P(2), INT4OID, &ntos);
	int64	   *counts = elements(PG_GETARG_ARRAYTYPE_P(3), INT8OID, &ncounts);
	Chain		chain;

	if (channels < 0 || channels > MAX_CHANNELS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("markov_effects: a chain of %d channels is too large", channels),
				 errdetail("It may have from 0 to %d.", MAX_CHANNELS),
				 errhint("Attribute to a dimension of fewer values, or to a shorter window.")));
	if (nfroms != ntos || nfroms != ncounts)
		refuse("Its arrays have different lengths.");
	chain.states = channels + 1;
	chain.visits = palloc0(sizeof(double) * chain.states * chain.states);
	chain.converts = palloc0(sizeof(double) * chain.states);
	fill(&chain, froms, tos, counts, nfroms);
	chain.visits = inverse(chain.visits, chain.states);
	PG_RETURN_ARRAYTYPE_P(effects_of(&chain));
}
