/*
 * rollup.c
 *		SQL functions that add up what the roll-ups of the KPIs hold: arrays of
 *		counts, and samples, which are sorted arrays of the values that medians
 *		and percentiles are of.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(revops_counts_add);
PG_FUNCTION_INFO_V1(revops_counts_negated);
PG_FUNCTION_INFO_V1(revops_samples_merge);
PG_FUNCTION_INFO_V1(revops_samples_quantile);

/* The elements of an array without NULLs, of one dimension or none. */
static int
elements_of(ArrayType *array, char **data)
{
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_ELEMENT_ERROR),
				 errmsg("counts and samples are arrays of one dimension without NULL")));
	*data = ARR_DATA_PTR(array);
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

static ArrayType *
copy_in(MemoryContext context, ArrayType *array)
{
	ArrayType  *copy = MemoryContextAlloc(context, VARSIZE(array));

	memcpy(copy, array, VARSIZE(array));
	return copy;
}

/*
 * revops.counts_add(bigint[], bigint[]): element by element; NULL is nothing.
 * As the transition function of counts_sum() it adds to its state in place.
 */
Datum
revops_counts_add(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	bool		in_place = AggCheckCallContext(fcinfo, &context) != 0;
	ArrayType  *sum;
	char	   *to;
	char	   *from;
	int			n;

	if (!in_place)
		context = CurrentMemoryContext;
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(copy_in(context, PG_GETARG_ARRAYTYPE_P(1)));
	sum = PG_GETARG_ARRAYTYPE_P(0);
	if (!in_place)
		sum = copy_in(context, sum);
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(sum);
	n = elements_of(sum, &to);
	if (elements_of(PG_GETARG_ARRAYTYPE_P(1), &from) != n)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays of counts of %d and %d elements cannot be added", n,
						elements_of(PG_GETARG_ARRAYTYPE_P(1), &from))));
	for (int i = 0; i < n; i++)
		((int64 *) to)[i] += ((int64 *) from)[i];
	PG_RETURN_POINTER(sum);
}

/* revops.counts_negated(bigint[]) */
Datum
revops_counts_negated(PG_FUNCTION_ARGS)
{
	ArrayType  *counts = PG_GETARG_ARRAYTYPE_P_COPY(0);
	char	   *data;
	int			n = elements_of(counts, &data);

	for (int i = 0; i < n; i++)
		((int64 *) data)[i] = -((int64 *) data)[i];
	PG_RETURN_POINTER(counts);
}

/* ----- samples --------------------------------------------------------------- */

typedef struct Sample
{
	float8	   *values;
	int			n;
} Sample;

static Sample
sample_arg(FunctionCallInfo fcinfo, int arg)
{
	Sample		sample = {NULL, 0};
	char	   *data;

	if (PG_ARGISNULL(arg))
		return sample;
	sample.n = elements_of(PG_GETARG_ARRAYTYPE_P(arg), &data);
	sample.values = (float8 *) data;
	return sample;
}

static int
compare_values(const void *a, const void *b)
{
	return float8_cmp_internal(*(const float8 *) a, *(const float8 *) b);
}

/* The same, sorted: a copy. */
static Sample
sorted_arg(FunctionCallInfo fcinfo, int arg)
{
	Sample		sample = sample_arg(fcinfo, arg);
	float8	   *copy;

	if (sample.n == 0)
		return sample;
	copy = palloc(sizeof(float8) * sample.n);
	memcpy(copy, sample.values, sizeof(float8) * sample.n);
	qsort(copy, sample.n, sizeof(float8), compare_values);
	sample.values = copy;
	return sample;
}

static ArrayType *
make_sample(int n)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(float8) * n;
	ArrayType  *array;

	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a sample of %d values is too large", n)));
	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = FLOAT8OID;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;
	return array;
}

/*
 * revops.samples_merge(samples, added, removed float8[]): the sample is sorted,
 * NULL is none.  What is removed must be there.
 */
Datum
revops_samples_merge(PG_FUNCTION_ARGS)
{
	Sample		old = sample_arg(fcinfo, 0);
	Sample		added = sorted_arg(fcinfo, 1);
	Sample		removed = sorted_arg(fcinfo, 2);
	int			n = old.n + added.n - removed.n;
	ArrayType  *result;
	float8	   *to;
	int			left = 0;
	int			right = 0;
	int			gone = 0;

	if (n <= 0 && removed.n == old.n + added.n)
		PG_RETURN_NULL();
	result = make_sample(Max(n, 0));
	to = (float8 *) ARR_DATA_PTR(result);
	while (left < old.n || right < added.n)
	{
		float8		next;

		if (right == added.n || (left < old.n && float8_le(old.values[left], added.values[right])))
			next = old.values[left++];
		else
			next = added.values[right++];
		if (gone < removed.n && float8_eq(next, removed.values[gone]))
			gone++;
		else if (n-- > 0)
			*to++ = next;
		else
			break;
	}
	if (gone < removed.n || n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("a roll-up of the KPIs is not that of the facts"),
				 errdetail("A value that is to be taken out of it is not in it: facts were written by other means than the engine's."),
				 errhint("SELECT revops.discard_rollups(): they are made anew by revops.roll_up().")));
	PG_RETURN_POINTER(result);
}

/* revops.samples_quantile(samples float8[], fraction float8): as percentile_cont() */
Datum
revops_samples_quantile(PG_FUNCTION_ARGS)
{
	Sample		sample = sample_arg(fcinfo, 0);
	float8		fraction = PG_GETARG_FLOAT8(1);
	float8		at;
	int			low;
	int			high;

	if (sample.n == 0)
		PG_RETURN_NULL();
	if (!(fraction >= 0 && fraction <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("fraction %g of a quantile is not between 0 and 1", fraction)));
	at = fraction * (sample.n - 1);
	low = (int) floor(at);
	high = (int) ceil(at);
	if (low == high)
		PG_RETURN_FLOAT8(sample.values[low]);
	PG_RETURN_FLOAT8(sample.values[low] + (at - low) * (sample.values[high] - sample.values[low]));
}
