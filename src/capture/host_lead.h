/*
 * host_lead.h
 *		A person's row in a host's table of leads: found by the e-mail, made,
 *		filled in.
 *
 * The host's table is asked, not lead_identity: it holds rows that nobody has
 * told us of yet, and its own transaction's.  Its statements run as the current
 * user, whose rights and policies count; the binding's filter runs as the
 * binding's owner, restricted, as it always does.
 */
#ifndef REVOPS_HOST_LEAD_H
#define REVOPS_HOST_LEAD_H

#include "postgres.h"

#include "storage/itemptr.h"

#include "capture/form.h"
#include "define/binding.h"

typedef struct HostLeads
{
	Binding    *binding;
	Relation	host;
	BindingRun *run;
	TupleTableSlot *slot;
	char	   *table;			/* its name, quoted */
	char	   *match;			/* condition on the e-mail, its normal form being $1 */
	const RoleColumn *email;
} HostLeads;

typedef struct HostLead
{
	HeapTuple	row;
	char	   *key;
	ItemPointerData tid;
	Oid			relation;		/* that the row is in: the table, or a part of it */
} HostLead;

/* Open the binding's table.  Raises RV005 when it is gone. */
extern void host_leads_begin(HostLeads *leads, Binding *binding);

/*
 * See by which index a lead is found: one of the host's over lower(btrim(e-mail)),
 * else over lower(e-mail).  Raises RV005 when there is none: each form would read
 * the whole table.
 */
extern void host_leads_by(HostLeads *leads, const RoleColumn *email);
extern void host_leads_end(HostLeads *leads);

/* What is compared of an address: lower case, by the column's collation. */
extern char *host_leads_normal(const HostLeads *leads, const char *address);

/*
 * The lead with this e-mail (normal form); of several the one that was created
 * first.  Sees what the transaction sees, or with `newest` all that is committed.
 */
extern bool host_leads_find(HostLeads *leads, const char *normal, bool newest, HostLead *lead);

/*
 * Make a lead of the form's fields; false when a unique index or a trigger of the
 * host's is against it.  With `must`, the index raises (23505), and so does an
 * insertion that a trigger suppresses (09000).  Raises RV005 when the new row is
 * none of the binding's, because of its filter, or has no key.
 */
extern bool host_leads_insert(HostLeads *leads, const Form *form, bool must, HostLead *lead);

/*
 * Write the form's fields into columns of the row that are NULL or blank, as far
 * as the current user may; the lead's row is that then.  What was written is
 * listed in *filled, what the row has otherwise and keeps in *left (roles: char *).
 * False when the row is not there any more as it was found: find it again.
 */
extern bool host_leads_fill(HostLeads *leads, HostLead *lead, const Form *form,
							List **filled, List **left);

#endif							/* REVOPS_HOST_LEAD_H */
