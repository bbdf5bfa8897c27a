/*
 * known.c
 *		See known.h.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/attempt.h"
#include "base/owner.h"
#include "settle/host_words.h"
#include "settle/known.h"
#include "settle/team.h"

/* What a lead is matched by, in the order of take_identity()'s arguments. */
static const int matched_by[] = {LEAD_EMAIL, LEAD_PHONE, LEAD_PERSON_NAME, LEAD_COMPANY, LEAD_COUNTRY};

#define MATCHED_BY	((int) lengthof(matched_by))
#define MAX_OWNERS	3

/* One query of ours, which may raise. */
typedef struct Asked
{
	Settle	   *s;
	Datum		roles[MATCHED_BY];	/* NO_TEXT: none */
	KnownOwner	owners[MAX_OWNERS];
	int			n;
} Asked;

static bool
same_text(Datum a, Datum b)
{
	if (a == NO_TEXT || b == NO_TEXT)
		return a == b;
	return DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, a, b));
}

static bool
changed(TupleTableSlot *now, TupleTableSlot *before)
{
	for (int i = 0; i < MATCHED_BY; i++)
		if (!same_text(role_text(now, matched_by[i]),
					   before == NULL ? NO_TEXT : role_text(before, matched_by[i])))
			return true;
	return false;
}

/*
 * A query of ours, planned once in a session: PostgreSQL plans it anew when what it
 * calls has changed.
 */
static SPIPlanPtr
kept_plan(SPIPlanPtr *kept, const char *query, int nargs, Oid *types)
{
	if (*kept == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(query, nargs, types, CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "preparing the matching of leads failed");
		*kept = plan;
	}
	return *kept;
}

static void
take_step(void *arg)
{
	static SPIPlanPtr kept = NULL;
	Asked	   *asked = arg;
	Oid			types[2 + MATCHED_BY] = {INT4OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum		args[2 + MATCHED_BY];
	char		nulls[3 + MATCHED_BY] = {0};
	OwnerScope	scope;

	memset(nulls, ' ', 2 + MATCHED_BY);
	args[0] = Int32GetDatum(asked->s->def->workspace_id);
	args[1] = Int64GetDatum(asked->s->lead_id);
	for (int i = 0; i < MATCHED_BY; i++)
	{
		args[2 + i] = asked->roles[i];
		if (asked->roles[i] == NO_TEXT)
			nulls[2 + i] = 'n';
	}
	owner_enter(&scope);
	if (SPI_execute_plan(kept_plan(&kept, "SELECT revops.take_identity($1, $2, $3, $4, $5, $6, $7)",
								   2 + MATCHED_BY, types), args, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "matching a lead failed");
	owner_leave(&scope);
}

static void
owners_step(void *arg)
{
	static SPIPlanPtr kept = NULL;
	Asked	   *asked = arg;
	Oid			type = INT8OID;
	Datum		lead_id = Int64GetDatum(asked->s->lead_id);
	OwnerScope	scope;

	owner_enter(&scope);
	if (SPI_execute_plan(kept_plan(&kept, "SELECT cause, team_id, rep_id FROM revops.known_owners($1)", 1, &type),
						 &lead_id, NULL, false, MAX_OWNERS) != SPI_OK_SELECT)
		elog(ERROR, "looking for a lead's owner failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		KnownOwner *owner = &asked->owners[asked->n++];
		bool		isnull;

		owner->cause = cause_by_name(SPI_getvalue(tuple, desc, 1));
		owner->team_id = DatumGetInt32(SPI_getbinval(tuple, desc, 2, &isnull));
		if (isnull)
			owner->team_id = 0;
		owner->rep_id = DatumGetInt32(SPI_getbinval(tuple, desc, 3, &isnull));
		if (isnull)
			owner->rep_id = 0;
	}
	owner_leave(&scope);
}

/* Run a query; in a careful settle an error is noted, and what it wrote is undone. */
static bool
ask(Asked *asked, AttemptStep step)
{
	Settle	   *s = asked->s;
	FaultPlace	place = {s->binding->binding_id, s->lead_id, NULL};
	ErrorData  *error;

	if (!s->careful)
	{
		step(asked);
		return true;
	}
	error = attempt(step, asked);
	if (error == NULL)
		return true;
	fault_note(&s->faults, &place, "matching", error->sqlerrcode, error->message, error->detail);
	FreeErrorData(error);
	return false;
}

void
known_take(Settle *s, TupleTableSlot *now, TupleTableSlot *before)
{
	Asked		asked = {.s = s};

	if (s->foresees || !changed(now, before))
		return;
	for (int i = 0; i < MATCHED_BY; i++)
		asked.roles[i] = role_text(now, matched_by[i]);
	(void) ask(&asked, take_step);
}

bool
known_owner(Settle *s, KnownOwner *owner)
{
	Asked		asked = {.s = s};

	if (s->foresees)
	{
		/* what is new is matched when it is there */
		s->unforeseen = true;
		return false;
	}
	/* leads of the same statement are looked at, too */
	settle_flush(s);
	if (!ask(&asked, owners_step))
		return false;
	for (int i = 0; i < asked.n; i++)
	{
		Rep		   *rep = asked.owners[i].rep_id == 0 ? NULL : rep_by_id(s->def, asked.owners[i].rep_id);

		*owner = asked.owners[i];
		if (owner->cause == CAUSE_DUPLICATE || (rep != NULL && team_rep_is_there(s, rep)))
			return true;
	}
	return false;
}
