/*
 * host_words.c
 *		See host_words.h.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/errors.h"
#include "define/stage_map.h"
#include "settle/handoff.h"
#include "settle/host_words.h"
#include "settle/known.h"

static bool
role_changed(Settle *s, TupleTableSlot *now, TupleTableSlot *before, int role)
{
	if (!s->binding->mapped[role])
		return false;
	if (before == NULL)
		return true;
	if (now->tts_isnull[role] || before->tts_isnull[role])
		return now->tts_isnull[role] != before->tts_isnull[role];
	return !same_varlena(PG_DETOAST_DATUM_PACKED(now->tts_values[role]),
					  PG_DETOAST_DATUM_PACKED(before->tts_values[role]));
}

/* A code that the host writes and no definition knows. */
static void
unknown_code(Settle *s, const char *kind, Datum code, Datum word)
{
	FaultPlace	place = {s->binding->binding_id, s->lead_id, NULL};

	fault_note(&s->faults, &place, kind, ERRCODE_REVOPS_UNKNOWN_OBJECT,
			   psprintf("%s \"%s\" is not defined", kind, TextDatumGetCString(code)),
			   code == word ? "The host's row names it; the lead keeps what it had." :
			   psprintf("The host's row says \"%s\", which the stage map calls so; the lead keeps what it had.",
						TextDatumGetCString(word)));
}

/* A role's value as text, whatever its type. */
static char *
role_word(TupleDesc desc, TupleTableSlot *roles, int role)
{
	Oid			output;
	bool		is_varlena;

	getTypeOutputInfo(TupleDescAttr(desc, role)->atttypid, &output, &is_varlena);
	return OidOutputFunctionCall(output, roles->tts_values[role]);
}

static void
host_owner(Settle *s, TupleTableSlot *roles, LeadNews *news)
{
	Datum		code = role_text(roles, LEAD_OWNER);
	Rep		   *rep;

	/* an empty owner on a new lead says nothing: routing finds one */
	news->owner_told = !news->is_new;
	news->host_rep_id = 0;
	if (is_empty(code))
		return;
	Assert(code != NO_TEXT);
	news->owner_told = true;
	rep = rep_by_code(s->def, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));
	if (rep == NULL)
	{
		unknown_code(s, "rep", code, code);
		news->owner_told = false;
	}
	else
		news->host_rep_id = rep->rep_id;
}

static void
host_team(Settle *s, TupleTableSlot *roles, LeadNews *news)
{
	Datum		code = role_text(roles, LEAD_TEAM);
	Team	   *team;

	news->team_told = !news->is_new;
	news->host_team_id = 0;
	if (is_empty(code))
		return;
	Assert(code != NO_TEXT);
	news->team_told = true;
	team = team_by_code(s->def, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));
	if (team == NULL)
	{
		unknown_code(s, "team", code, code);
		news->team_told = false;
	}
	else
		news->host_team_id = team->team_id;
}

/* The host's word for a stage, as the binding translates it. */
static void
host_stage(Settle *s, TupleTableSlot *roles, LeadNews *news)
{
	Datum		word = role_text(roles, LEAD_STAGE);
	Datum		code;

	if (word == NO_TEXT)
		return;
	word = PointerGetDatum(PG_DETOAST_DATUM_PACKED(word));
	code = stage_map_code(s->binding->stages, word);
	if (is_empty(code))
		return;
	Assert(code != NO_TEXT);
	news->stage_told = true;
	news->host_stage = stage_by_code(s->agreement, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));
	if (news->host_stage == NO_STAGE)
		unknown_code(s, "stage", code, word);
}

/* Verbs whose reasons suit a move to this stage. */
static int
verbs_to(const Agreement *a, int stage)
{
	switch (a->stages[stage].purpose)
	{
		case PURPOSE_DISQUALIFIED:
			return REASON_REJECT | REASON_ADVANCE;
		case PURPOSE_NURTURE:
			return REASON_RECYCLE | REASON_ADVANCE;
		default:
			return REASON_ADVANCE;
	}
}

/* Does some move to this stage need a reason? */
static bool
wants_reason(const Agreement *a, int stage)
{
	for (int from = 0; from < a->nstages; from++)
		if (a->moves[from * a->nstages + stage] == MOVE_NEEDS_REASON)
			return true;
	return false;
}

/* Of whom the lead is a duplicate, where the binding has a role for it: the key of a row of the same table. */
static void
host_survivor(Settle *s, TupleTableSlot *roles, LeadNews *news)
{
	TupleDesc	desc = s->binding->roles;
	FaultPlace	place = {s->binding->binding_id, s->lead_id, NULL};
	int			role = LEAD_ROLES;
	char	   *key;

	while (role < desc->natts && strcmp(NameStr(TupleDescAttr(desc, role)->attname), DUPLICATE_OF_ROLE) != 0)
		role++;
	if (role == desc->natts || roles->tts_isnull[role])
		return;
	key = role_word(desc, roles, role);
	news->host_survivor_id = handoff_survivor(s, lead_find(&s->writers, s->binding->binding_id, key),
											  s->lead_id);
	if (news->host_survivor_id == 0)
		fault_note(&s->faults, &place, DUPLICATE_OF_ROLE, ERRCODE_REVOPS_UNKNOWN_OBJECT,
				   psprintf("no lead \"%s\" survives", key),
				   "The host's row says that its lead is a duplicate of that one, which is not there, is the lead itself, or is a duplicate of it.");
}

/* Why the host moves the lead, as its row says: a code that a verb would take. */
static void
host_reason(Settle *s, TupleTableSlot *roles, LeadNews *news)
{
	Datum		code = role_text(roles, LEAD_REASON);
	Reason	   *reason;

	if (news->host_stage == NO_STAGE || is_empty(code) ||
		!wants_reason(s->agreement, news->host_stage))
		return;
	code = PointerGetDatum(PG_DETOAST_DATUM_PACKED(code));
	reason = reason_by_code(s->def, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code));
	if (reason == NULL)
		unknown_code(s, "reason", code, code);
	else if (reason->verbs & verbs_to(s->agreement, news->host_stage))
		news->host_reason = reason->code;
	if (news->host_reason != NULL && s->agreement->handoff.duplicate != NULL &&
		strcmp(news->host_reason, s->agreement->handoff.duplicate) == 0)
		host_survivor(s, roles, news);
}

void
host_words(Settle *s, TupleTableSlot *now, TupleTableSlot *before, LeadNews *news)
{
	if (s->def->matches)
		known_take(s, now, before);
	news->strict = s->binding->strict;
	if (s->unspoken)
		return;
	if (s->spoken != NULL)
		now = s->spoken;
	if (role_changed(s, now, before, LEAD_STAGE))
	{
		host_stage(s, now, news);
		host_reason(s, now, news);
	}
	if (role_changed(s, now, before, LEAD_OWNER))
		host_owner(s, now, news);
	if (role_changed(s, now, before, LEAD_TEAM))
		host_team(s, now, news);
}
