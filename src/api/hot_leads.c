/*
 * hot_leads.c
 *		Who is hottest at a moment, by an index and without a look at most leads.
 *
 * Within one version and one fit, who is hotter stays so as time passes, and the
 * index lead_rank has the leads in that order, but for what a rank is ahead of
 * the lead's sums.  So there is a stream of leads for each version and fit, from
 * the highest rank down; what the best of the leads still to come in a stream
 * can be worth follows from the rank where it stands.  The stream that promises
 * most is asked next, until none promises more than the last of those found.
 *
 * The leads for which something waits (lead_unfolded), and those whose intent
 * people have set, are worked out before that, and passed over in the streams.  All is read under the statement's
 * snapshot.
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/itup.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/binaryheap.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/owner.h"
#include "define/definitions.h"
#include "define/half_life.h"
#include "settle/row_values.h"
#include "settle/tables.h"
#include "time/decay.h"
#include "time/engine_time.h"

PG_FUNCTION_INFO_V1(revops_hot_leads);

#define N_FITS			101

/* what a bound is put up by, as the sums that it is compared with are not exact */
#define BOUND_TOLERANCE	1e-6

/* columns of the index */
enum
{
	RANK_AGREEMENT_ID = 1, RANK_FIT, RANK_RANK, RANK_LEAD_ID
};

/* columns of the result */
enum
{
	HOT_PLACE, HOT_LEAD_ID, HOT_BINDING, HOT_KEY, HOT_STAGE, HOT_FIT, HOT_INTENT, HOT_SCORE,
	HOT_GRADE, HOT_TEAM, HOT_REP, HOT_LAST_TOUCH_AT, HOT_COLS
};

/* arguments */
enum
{
	ARG_N, ARG_AT, ARG_WORKSPACE, ARG_STAGE, ARG_TEAM, ARG_REP, ARG_BINDING
};

/*
 * How leads are ordered: by score, then intent, what is beyond 100 counted and
 * however little is left of it, then the newer one first.
 */
typedef struct Heat
{
	double		score;
	double		intent;
	double		left;			/* log2 of what is left of one that is 0, in forward-decay units */
	int64		lead_id;
} Heat;

/* A version of the agreement that may have scored leads: its model. */
typedef struct Version
{
	int32		agreement_id;
	int64		half_life;
	double		fit_share;
	int			grade_fit[3];
	int			grade_intent[3];
} Version;

/* The leads of one version and fit, from the highest rank down. */
typedef struct Stream
{
	const Version *version;
	int16		fit;
	IndexScanDesc scan;			/* NULL: not begun */
	Heat		best;			/* none that is still to come is hotter */
} Stream;

/* A lead that may be among the hottest. */
typedef struct Hot
{
	Heat		heat;
	const Version *version;
	TimestampTz last_touch_at;
	HeapTuple	row;
} Hot;

typedef struct BindingName
{
	int32		binding_id;
	char	   *name;
} BindingName;

/* What something that waits makes of a lead; of one whose intent is set it is nothing. */
typedef struct Unfolded
{
	int64		lead_id;		/* hash key */
	bool		anew;			/* the row's sums do not hold */
	double		intent;			/* instead of them, or beside them */
	bool		gone_told;
	bool		gone;
	TimestampTz last_touch_at;
} Unfolded;

/* Who is asked for; 0 or NULL: all. */
typedef struct Filter
{
	text	   *stage;
	int32		team_id;
	int32		rep_id;
	int32		binding_id;
	bool		nobody;			/* a name that nothing has */
} Filter;

typedef struct Search
{
	Definitions *def;
	TimestampTz at;
	int64		n;				/* how many are asked for */
	Filter		filter;
	int			nversions;
	Version    *versions;
	int			nbindings;
	BindingName *bindings;
	HTAB	   *unfolded;		/* NULL: nothing waits */
	Relation	leads;
	Relation	index;
	TupleTableSlot *slot;
	binaryheap *streams;		/* that which promises most first */
	binaryheap *found;			/* the coolest first */
} Search;

static int
compare_heat(const Heat *a, const Heat *b)
{
	if (a->score != b->score)
		return a->score < b->score ? -1 : 1;
	if (a->intent != b->intent)
		return a->intent < b->intent ? -1 : 1;
	if (a->left != b->left)
		return a->left < b->left ? -1 : 1;
	return a->lead_id < b->lead_id ? -1 : a->lead_id > b->lead_id;
}

static int
compare_streams(Datum a, Datum b, void *arg)
{
	return compare_heat(&((Stream *) DatumGetPointer(a))->best,
						&((Stream *) DatumGetPointer(b))->best);
}

static int
compare_found(Datum a, Datum b, void *arg)
{
	return compare_heat(&((Hot *) DatumGetPointer(b))->heat,
						&((Hot *) DatumGetPointer(a))->heat);
}

/* The heat of a lead of this fit and intent (not clamped), of which so much is left. */
static void
set_heat(Heat *heat, const Version *version, int fit, double intent, double left, int64 lead_id)
{
	heat->left = intent > 0.0 ? 0.0 : left;
	heat->intent = Max(intent, 0.0);
	heat->score = version->fit_share * fit +
		(1.0 - version->fit_share) * Min(heat->intent, 100.0);
	heat->lead_id = lead_id;
}

/* ----- what is read first ------------------------------------------------------ */

static Datum
field(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

static int
bound_field(uint64 row, int column)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);

	return isnull ? PG_INT32_MAX : DatumGetInt32(value);
}

/*
 * Run a query of ours with the workspace as its argument, not in parallel, under
 * the statement's snapshot.
 */
static uint64
run_kept(SPIPlanPtr *plan, const char *query, int32 workspace_id)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(workspace_id);

	if (*plan == NULL)
	{
		SPIPlanPtr	made = SPI_prepare_cursor(query, 1, &type, 0);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "preparing a query of hot_leads failed");
		*plan = made;
	}
	if (SPI_execute_plan(*plan, &value, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading what hot_leads needs failed");
	return SPI_processed;
}

/* Any version but a draft may have scored leads that are there. */
static void
read_versions(Search *s, MemoryContext context)
{
	static SPIPlanPtr plan = NULL;
	uint64		n = run_kept(&plan, "SELECT m.agreement_id, m.half_life, m.fit_share, "
							 "m.grade_fit[1], m.grade_fit[2], m.grade_fit[3], "
							 "m.grade_intent[1], m.grade_intent[2], m.grade_intent[3] "
							 "FROM revops.score_model m JOIN revops.agreement a USING (agreement_id) "
							 "WHERE a.workspace_id = $1 AND a.status <> 'draft'", s->def->workspace_id);
	bool		isnull;

	s->nversions = (int) n;
	s->versions = MemoryContextAllocZero(context, sizeof(Version) * Max(n, 1));
	for (uint64 i = 0; i < n; i++)
	{
		Version    *v = &s->versions[i];

		v->agreement_id = DatumGetInt32(field(i, 1, &isnull));
		v->half_life = half_life_usecs(DatumGetIntervalP(field(i, 2, &isnull)));
		v->fit_share = DatumGetFloat8(field(i, 3, &isnull));
		for (int b = 0; b < 3; b++)
		{
			v->grade_fit[b] = bound_field(i, 4 + b);
			v->grade_intent[b] = bound_field(i, 7 + b);
		}
	}
}

/* Their names only: a binding that is compiled reads the host's catalogue. */
static void
read_bindings(Search *s, MemoryContext context)
{
	static SPIPlanPtr plan = NULL;
	uint64		n = run_kept(&plan, "SELECT binding_id, binding FROM revops.binding WHERE workspace_id = $1",
							 s->def->workspace_id);
	bool		isnull;

	s->nbindings = (int) n;
	s->bindings = MemoryContextAllocZero(context, sizeof(BindingName) * Max(n, 1));
	for (uint64 i = 0; i < n; i++)
	{
		s->bindings[i].binding_id = DatumGetInt32(field(i, 1, &isnull));
		s->bindings[i].name = MemoryContextStrdup(context, TextDatumGetCString(field(i, 2, &isnull)));
	}
}

static const char *
binding_name(const Search *s, int32 binding_id)
{
	for (int i = 0; i < s->nbindings; i++)
		if (s->bindings[i].binding_id == binding_id)
			return s->bindings[i].name;
	return NULL;
}

static int32
binding_number(const Search *s, const char *name)
{
	for (int i = 0; i < s->nbindings; i++)
		if (strcmp(s->bindings[i].name, name) == 0)
			return s->bindings[i].binding_id;
	return 0;
}

static void
take_unfolded(Search *s, uint64 row)
{
	bool		isnull;
	int64		lead_id = DatumGetInt64(field(row, 1, &isnull));
	Unfolded   *u = hash_search(s->unfolded, &lead_id, HASH_ENTER, NULL);
	Datum		value;

	value = field(row, 2, &isnull);
	u->anew = !isnull;
	if (isnull)
		value = field(row, 3, &isnull);
	u->intent = isnull ? 0.0 : DatumGetFloat8(value);
	value = field(row, 4, &isnull);
	u->gone_told = !isnull;
	u->gone = !isnull && DatumGetBool(value);
	value = field(row, 5, &isnull);
	u->last_touch_at = isnull ? NO_TIME : DatumGetTimestampTz(value);
}

/* The view that lead_status adds, as it is at the moment; and whose sums do not count. */
static void
query_unfolded(const Search *s)
{
	static SPIPlanPtr plan = NULL;

	PG_TRY();
	{
		engine_look_at(s->at);
		(void) run_kept(&plan, "SELECT u.lead_id, u.intent_anew, u.intent_more, u.gone, u.last_touch_at "
						"FROM revops.lead_unfolded u JOIN revops.lead l USING (lead_id) "
						"WHERE l.workspace_id = $1 "
						"UNION ALL "
						"SELECT l.lead_id, NULL, NULL, NULL, l.last_touch_at FROM revops.lead l "
						"WHERE l.workspace_id = $1 AND l.intent_set IS NOT NULL "
						"AND l.lead_id IN (SELECT o.lead_id FROM revops.score_override o WHERE o.workspace_id = $1 AND o.part = 'intent') "
						"AND NOT EXISTS (SELECT FROM revops.lead_unfolded u WHERE u.lead_id = l.lead_id)",
						s->def->workspace_id);
	}
	PG_CATCH();
	{
		engine_look_at(DT_NOEND);
		PG_RE_THROW();
	}
	PG_END_TRY();
	engine_look_at(DT_NOEND);
}

static void
read_unfolded(Search *s, MemoryContext context)
{
	HASHCTL		ctl = {.keysize = sizeof(int64),.entrysize = sizeof(Unfolded),.hcxt = context};

	query_unfolded(s);
	if (SPI_processed == 0)
		return;
	s->unfolded = hash_create("pg_revops unfolded leads", SPI_processed, &ctl,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (uint64 i = 0; i < SPI_processed; i++)
		take_unfolded(s, i);
}

/* ----- one lead ---------------------------------------------------------------- */

static Datum
column(TupleTableSlot *slot, int place, bool *isnull)
{
	return slot_getattr(slot, place + 1, isnull);
}

static int32
number(TupleTableSlot *slot, int place)
{
	bool		isnull;
	Datum		value = column(slot, place, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

static bool
passes(const Filter *f, TupleTableSlot *slot)
{
	bool		isnull;

	if (f->binding_id != 0 && number(slot, LEAD_COL_BINDING_ID) != f->binding_id)
		return false;
	if (f->team_id != 0 && number(slot, LEAD_COL_TEAM_ID) != f->team_id)
		return false;
	if (f->rep_id != 0 && number(slot, LEAD_COL_REP_ID) != f->rep_id)
		return false;
	return f->stage == NULL ||
		same_varlena(PG_DETOAST_DATUM_PACKED(column(slot, LEAD_COL_STAGE, &isnull)), f->stage);
}

/* Intent of the lead in the slot at the moment, not clamped, what waits counted. */
static double
intent_of(const Search *s, const Version *version, const Unfolded *unfolded, double *left)
{
	bool		isnull;
	Datum		intent_set;
	double		pos;
	double		neg;

	*left = DECAY_NONE;
	intent_set = column(s->slot, LEAD_COL_INTENT_SET, &isnull);
	if (!isnull)
		return DatumGetInt16(intent_set);
	if (unfolded != NULL && unfolded->anew)
		return unfolded->intent;
	pos = DatumGetFloat8(column(s->slot, LEAD_COL_INTENT_POS, &isnull));
	neg = DatumGetFloat8(column(s->slot, LEAD_COL_INTENT_NEG, &isnull));
	/* of one whose sums wait to be folded it is not worth knowing */
	if (unfolded == NULL)
		*left = decay_left(pos, neg);
	return decay_value(pos, version->half_life, s->at) -
		decay_value(neg, version->half_life, s->at) +
		(unfolded == NULL ? 0.0 : unfolded->intent);
}

static void
make_room(binaryheap **heap)
{
	int			space = (*heap)->bh_space;

	if ((*heap)->bh_size < space)
		return;
	*heap = repalloc_huge(*heap, offsetof(binaryheap, bh_nodes) + sizeof(Datum) * 2 * space);
	(*heap)->bh_space = 2 * space;
}

static bool
all_found(const Search *s)
{
	return s->found->bh_size >= s->n;
}

static const Heat *
coolest(const Search *s)
{
	return &((Hot *) DatumGetPointer(binaryheap_first(s->found)))->heat;
}

/* Keep the lead in the slot, instead of the coolest where all are found. */
static void
keep(Search *s, const Heat *heat, const Version *version, TimestampTz last_touch_at)
{
	Hot		   *hot;

	if (all_found(s))
	{
		hot = (Hot *) DatumGetPointer(binaryheap_first(s->found));
		heap_freetuple(hot->row);
	}
	else
		hot = palloc(sizeof(Hot));
	hot->heat = *heat;
	hot->version = version;
	hot->last_touch_at = last_touch_at;
	hot->row = ExecCopySlotHeapTuple(s->slot);
	if (all_found(s))
		binaryheap_replace_first(s->found, PointerGetDatum(hot));
	else
	{
		make_room(&s->found);
		binaryheap_add(s->found, PointerGetDatum(hot));
	}
}

/* The lead in the slot: is it one of the hottest so far? */
static void
consider(Search *s, const Version *version, const Unfolded *unfolded)
{
	bool		isnull;
	int			fit = DatumGetInt16(column(s->slot, LEAD_COL_FIT, &isnull));
	int64		lead_id = DatumGetInt64(column(s->slot, LEAD_COL_LEAD_ID, &isnull));
	TimestampTz touched_at;
	bool		gone;
	double		intent;
	double		left;
	Heat		heat;

	(void) column(s->slot, LEAD_COL_GONE_AT, &gone);
	gone = !gone;
	if (unfolded != NULL && unfolded->gone_told)
		gone = unfolded->gone;
	if (gone || !passes(&s->filter, s->slot))
		return;
	intent = intent_of(s, version, unfolded, &left);
	set_heat(&heat, version, fit, intent, left, lead_id);
	if (all_found(s) && compare_heat(&heat, coolest(s)) <= 0)
		return;
	touched_at = DatumGetTimestampTz(column(s->slot, LEAD_COL_LAST_TOUCH_AT, &isnull));
	if (isnull)
		touched_at = NO_TIME;
	keep(s, &heat, version, unfolded != NULL ? unfolded->last_touch_at : touched_at);
}

/* The leads for which something waits, by their number. */
static void
consider_unfolded(Search *s)
{
	HASH_SEQ_STATUS each;
	Unfolded   *u;
	Relation	pkey;
	IndexScanDesc scan;
	ScanKeyData key;

	if (s->unfolded == NULL)
		return;
	pkey = index_open(RelationGetPrimaryKeyIndex(s->leads), AccessShareLock);
	scan = index_beginscan(s->leads, pkey, GetActiveSnapshot(), 1, 0);
	hash_seq_init(&each, s->unfolded);
	while ((u = hash_seq_search(&each)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(u->lead_id));
		index_rescan(scan, &key, 1, NULL, 0);
		if (!index_getnext_slot(scan, ForwardScanDirection, s->slot))
			continue;
		for (int i = 0; i < s->nversions; i++)
			if (s->versions[i].agreement_id == number(s->slot, LEAD_COL_AGREEMENT_ID))
				consider(s, &s->versions[i], u);
		ExecClearTuple(s->slot);
	}
	index_endscan(scan);
	index_close(pkey, AccessShareLock);
}

/* ----- streams ----------------------------------------------------------------- */

/*
 * The stream's next lead, and with it what the best of those to come can be
 * worth; false at its end.  Leads that are gone come last, and are not read.
 */
static bool
advance(const Search *s, Stream *stream)
{
	const Version *v = stream->version;
	TupleDesc	desc = RelationGetDescr(s->index);
	int32		rank;
	int64		lead_id;
	bool		isnull;
	double		most;

	if (index_getnext_tid(stream->scan, BackwardScanDirection) == NULL)
		return false;
	rank = DatumGetInt32(index_getattr(stream->scan->xs_itup, RANK_RANK, desc, &isnull));
	if (rank == DECAY_GONE_RANK)
		return false;
	if (rank == DECAY_NO_RANK)
	{
		/* nothing to be told apart by: they come in the order that is asked for */
		lead_id = DatumGetInt64(index_getattr(stream->scan->xs_itup, RANK_LEAD_ID, desc, &isnull));
		set_heat(&stream->best, v, stream->fit, 0.0, DECAY_NONE, lead_id);
		return true;
	}
	most = decay_rank_bound(rank);
	set_heat(&stream->best, v, stream->fit,
			 decay_value(most, v->half_life, s->at) * (1.0 + BOUND_TOLERANCE), most, PG_INT64_MAX);
	return true;
}

static void
end_stream(Stream *stream)
{
	if (stream->scan != NULL)
		index_endscan(stream->scan);
	stream->scan = NULL;
}

static bool
begin_stream(const Search *s, Stream *stream)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], RANK_AGREEMENT_ID, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(stream->version->agreement_id));
	ScanKeyInit(&keys[1], RANK_FIT, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(stream->fit));
	stream->scan = index_beginscan(s->leads, s->index, GetActiveSnapshot(), 2, 0);
	stream->scan->xs_want_itup = true;
	index_rescan(stream->scan, keys, 2, NULL, 0);
	return advance(s, stream);
}

/* Look at the lead where the stream stands, unless something waits for it. */
static void
look(Search *s, Stream *stream)
{
	bool		isnull;
	int64		lead_id = DatumGetInt64(index_getattr(stream->scan->xs_itup, RANK_LEAD_ID,
													  RelationGetDescr(s->index), &isnull));

	if (s->unfolded != NULL && hash_search(s->unfolded, &lead_id, HASH_FIND, NULL) != NULL)
		return;
	if (index_fetch_heap(stream->scan, s->slot))
	{
		consider(s, stream->version, NULL);
		ExecClearTuple(s->slot);
	}
}

/* Has the version scored any lead that is there? */
static bool
has_leads(const Search *s, const Version *version)
{
	IndexScanDesc scan = index_beginscan(s->leads, s->index, GetActiveSnapshot(), 1, 0);
	ScanKeyData key;
	bool		any;

	ScanKeyInit(&key, RANK_AGREEMENT_ID, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(version->agreement_id));
	index_rescan(scan, &key, 1, NULL, 0);
	any = index_getnext_tid(scan, ForwardScanDirection) != NULL;
	index_endscan(scan);
	return any;
}

/* All streams, none begun: any of a fit may have a lead of the most intent. */
static void
set_streams(Search *s)
{
	s->streams = binaryheap_allocate(Max(s->nversions, 1) * N_FITS, compare_streams, NULL);
	for (int i = 0; i < s->nversions; i++)
	{
		if (!has_leads(s, &s->versions[i]))
			continue;
		for (int fit = 0; fit < N_FITS; fit++)
		{
			Stream	   *stream = palloc0(sizeof(Stream));

			stream->version = &s->versions[i];
			stream->fit = fit;
			set_heat(&stream->best, stream->version, fit, get_float8_infinity(), 0.0, PG_INT64_MAX);
			binaryheap_add_unordered(s->streams, PointerGetDatum(stream));
		}
	}
	binaryheap_build(s->streams);
}

static void
search_streams(Search *s)
{
	while (!binaryheap_empty(s->streams))
	{
		Stream	   *stream = (Stream *) DatumGetPointer(binaryheap_first(s->streams));
		bool		more;

		CHECK_FOR_INTERRUPTS();
		if (all_found(s) && compare_heat(&stream->best, coolest(s)) <= 0)
			break;
		if (stream->scan == NULL)
			more = begin_stream(s, stream);
		else
		{
			look(s, stream);
			more = advance(s, stream);
		}
		if (more)
			binaryheap_replace_first(s->streams, PointerGetDatum(stream));
		else
		{
			(void) binaryheap_remove_first(s->streams);
			end_stream(stream);
		}
	}
	while (!binaryheap_empty(s->streams))
		end_stream((Stream *) DatumGetPointer(binaryheap_remove_first(s->streams)));
}

/* ----- the result -------------------------------------------------------------- */

static int
reached(const int *bounds, int value)
{
	int			place = 0;

	while (place < 3 && value < bounds[place])
		place++;
	return place;
}

static void
set_name(Datum *v, bool *nulls, int place, const char *name)
{
	nulls[place] = (name == NULL);
	v[place] = name == NULL ? (Datum) 0 : CStringGetTextDatum(name);
}

static void
put_hot(const Search *s, ReturnSetInfo *rsinfo, const Hot *hot, int place)
{
	Datum		v[HOT_COLS];
	bool		nulls[HOT_COLS] = {0};
	Datum		row[LEAD_COLS];
	bool		isnull[LEAD_COLS];
	int			fit;
	int			intent = whole_points(hot->heat.intent);
	char		grade[3];
	Team	   *team;
	Rep		   *rep;

	heap_deform_tuple(hot->row, RelationGetDescr(s->leads), row, isnull);
	fit = DatumGetInt16(row[LEAD_COL_FIT]);
	team = isnull[LEAD_COL_TEAM_ID] ? NULL :
		team_by_id(s->def, DatumGetInt32(row[LEAD_COL_TEAM_ID]));
	rep = isnull[LEAD_COL_REP_ID] ? NULL :
		rep_by_id(s->def, DatumGetInt32(row[LEAD_COL_REP_ID]));
	grade[0] = "ABCD"[reached(hot->version->grade_fit, fit)];
	grade[1] = "1234"[reached(hot->version->grade_intent, intent)];
	grade[2] = '\0';
	v[HOT_PLACE] = Int32GetDatum(place);
	v[HOT_LEAD_ID] = row[LEAD_COL_LEAD_ID];
	set_name(v, nulls, HOT_BINDING, binding_name(s, DatumGetInt32(row[LEAD_COL_BINDING_ID])));
	v[HOT_KEY] = row[LEAD_COL_KEY];
	v[HOT_STAGE] = row[LEAD_COL_STAGE];
	v[HOT_FIT] = Int32GetDatum(fit);
	v[HOT_INTENT] = Int32GetDatum(intent);
	v[HOT_SCORE] = Int32GetDatum(whole_points(hot->heat.score));
	set_name(v, nulls, HOT_GRADE, grade);
	set_name(v, nulls, HOT_TEAM, team == NULL ? NULL : team->code);
	set_name(v, nulls, HOT_REP, rep == NULL ? NULL : rep->code);
	v[HOT_LAST_TOUCH_AT] = TimestampTzGetDatum(hot->last_touch_at);
	nulls[HOT_LAST_TOUCH_AT] = (hot->last_touch_at == NO_TIME);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, v, nulls);
}

/* The hottest first. */
static void
put_all(Search *s, ReturnSetInfo *rsinfo)
{
	int			n = s->found->bh_size;
	Hot		  **in_order = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Hot *) * Max(n, 1));

	for (int i = n - 1; i >= 0; i--)
		in_order[i] = (Hot *) DatumGetPointer(binaryheap_remove_first(s->found));
	for (int i = 0; i < n; i++)
		put_hot(s, rsinfo, in_order[i], i + 1);
}

/* ----- the function ------------------------------------------------------------ */

/* The number of a name; a filter by a name that nothing has lets nobody pass. */
static void
set_filter(Search *s, FunctionCallInfo fcinfo, int arg)
{
	Filter	   *f = &s->filter;
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	Team	   *team = NULL;
	Rep		   *rep = NULL;

	if (arg == ARG_TEAM && (team = team_by_code(s->def, name, strlen(name))) != NULL)
		f->team_id = team->team_id;
	if (arg == ARG_REP && (rep = rep_by_code(s->def, name, strlen(name))) != NULL)
		f->rep_id = rep->rep_id;
	if (arg == ARG_BINDING)
		f->binding_id = binding_number(s, name);
	f->nobody |= (arg == ARG_TEAM && team == NULL) || (arg == ARG_REP && rep == NULL) ||
		(arg == ARG_BINDING && f->binding_id == 0);
}

static void
set_filters(Search *s, FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(ARG_STAGE))
		s->filter.stage = PG_GETARG_TEXT_PP(ARG_STAGE);
	for (int arg = ARG_TEAM; arg <= ARG_BINDING; arg++)
		if (!PG_ARGISNULL(arg))
			set_filter(s, fcinfo, arg);
}

/* All that is asked of other tables, as the owner of ours. */
static void
read_first(Search *s)
{
	MemoryContext context = CurrentMemoryContext;
	OwnerScope	scope;

	owner_enter_reading(&scope);
	read_versions(s, context);
	read_bindings(s, context);
	read_unfolded(s, context);
	owner_leave(&scope);
}

static void
search(Search *s)
{
	s->leads = table_open(engine_table(TABLE_LEAD), AccessShareLock);
	s->index = index_open(engine_index(INDEX_LEAD_RANK), AccessShareLock);
	s->slot = table_slot_create(s->leads, NULL);
	s->found = binaryheap_allocate(128, compare_found, NULL);
	consider_unfolded(s);
	set_streams(s);
	search_streams(s);
	ExecDropSingleTupleTableSlot(s->slot);
}

/*
 * revops.hot_leads(n int, at timestamptz, workspace_id int, only_stage text,
 * only_team text, only_rep text, only_binding text)
 */
Datum
revops_hot_leads(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Search		s = {0};

	if (!PG_ARGISNULL(ARG_N) && PG_GETARG_INT32(ARG_N) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a number of leads can't be negative"),
				 errdetail("n is %d.", PG_GETARG_INT32(ARG_N)),
				 errhint("NULL asks for all.")));
	InitMaterializedSRF(fcinfo, 0);
	s.n = PG_ARGISNULL(ARG_N) ? PG_INT64_MAX : PG_GETARG_INT32(ARG_N);
	s.at = PG_ARGISNULL(ARG_AT) ? engine_now() : PG_GETARG_TIMESTAMPTZ(ARG_AT);
	if (TIMESTAMP_NOT_FINITE(s.at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("leads have no score at an infinite moment"),
				 errdetail("\"at\" is %s.", s.at == DT_NOEND ? "infinity" : "-infinity"),
				 errhint("NULL asks for the present moment.")));
	if (PG_ARGISNULL(ARG_WORKSPACE) || s.n == 0)
		return (Datum) 0;
	s.def = definitions_of(PG_GETARG_INT32(ARG_WORKSPACE));
	read_first(&s);
	set_filters(&s, fcinfo);
	if (s.filter.nobody)
		return (Datum) 0;
	search(&s);
	put_all(&s, rsinfo);
	index_close(s.index, AccessShareLock);
	table_close(s.leads, AccessShareLock);
	return (Datum) 0;
}
