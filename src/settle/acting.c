/*
 * acting.c
 *		As whom a settle acts: see settle.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "settle/settle.h"

/* What users wrote is evaluated from now on as this role, restricted. */
static void
act_as(Settle *s, Oid role)
{
	if (s->guc_level == 0)
	{
		s->guc_level = NewGUCNestLevel();
		RestrictSearchPath();
	}
	SetUserIdAndSecContext(role, s->sec_context | SECURITY_RESTRICTED_OPERATION);
}

void
settle_as(Settle *s, const Binding *binding)
{
	act_as(s, binding->owner);
	binding_pin_zone(binding);
}

void
settle_act_for(Settle *s, Oid user)
{
	if (user != s->actor_id)
		s->actor = NULL;
	s->actor_id = user;
}

const char *
settle_actor(Settle *s)
{
	if (s->actor == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(s->context);

		s->actor = GetUserNameFromId(s->actor_id, true);
		/* a role that was dropped while it was in use */
		if (s->actor == NULL)
			s->actor = psprintf("%u", s->actor_id);
		MemoryContextSwitchTo(old);
	}
	return s->actor;
}

void
settle_rules_begin(Settle *s)
{
	if (!OidIsValid(s->reader))
		s->reader = get_role_oid("revops_reader", false);
	act_as(s, s->reader);
}

void
settle_rules_end(Settle *s)
{
	act_as(s, s->binding->owner);
}

void
settle_act_no_more(Settle *s)
{
	if (s->guc_level > 0)
		AtEOXact_GUC(false, s->guc_level);
	SetUserIdAndSecContext(s->user, s->sec_context);
}
