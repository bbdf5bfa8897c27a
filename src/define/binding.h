/*
 * binding.h
 *		What a host's row means: key, filter and roles, compiled.
 *
 * A binding projects a host row into a role slot: the standard roles of its
 * kind at fixed positions (NULL where not mapped), then the host's further
 * roles.  Rules see role slots only.
 */
#ifndef REVOPS_BINDING_H
#define REVOPS_BINDING_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "define/profile.h"

typedef enum BindingKind
{
	BINDING_LEAD,
	BINDING_TOUCH,
	BINDING_OPPORTUNITY,
	BINDING_LOOKUP				/* what the leads' roles look up */
} BindingKind;

/* positions (0-based) of the standard roles of a lead in its role slot */
typedef enum LeadRole
{
	LEAD_CREATED_AT,			/* timestamptz */
	LEAD_STAGE,					/* text, and so are all that follow but three */
	LEAD_OWNER,
	LEAD_TEAM,
	LEAD_SOURCE,
	LEAD_CAMPAIGN,
	LEAD_SEGMENT,
	LEAD_EMAIL,					/* personal */
	LEAD_PHONE,					/* personal */
	LEAD_PERSON_NAME,			/* personal */
	LEAD_COMPANY,
	LEAD_TITLE,
	LEAD_COUNTRY,
	LEAD_REGION,
	LEAD_CITY,
	LEAD_INDUSTRY,
	LEAD_COMPANY_SIZE,			/* bigint */
	LEAD_LANGUAGE,
	LEAD_AMOUNT,				/* numeric */
	LEAD_CURRENCY,
	LEAD_UPDATED_AT,			/* timestamptz: a change of it alone is none */
	LEAD_REASON,				/* code: why the host moves the lead */
	LEAD_ROLES
} LeadRole;

typedef enum TouchRole
{
	TOUCH_LEAD,					/* text: the lead's key */
	TOUCH_SIGNAL,				/* text */
	TOUCH_OCCURRED_AT,			/* timestamptz */
	TOUCH_SOURCE,				/* where it came from: these three are its origin */
	TOUCH_CAMPAIGN,
	TOUCH_CONTENT,
	TOUCH_ROLES
} TouchRole;

typedef enum OpportunityRole
{
	OPPORTUNITY_LEAD,			/* text: the lead's key */
	OPPORTUNITY_WON,			/* boolean */
	OPPORTUNITY_LOST,			/* boolean */
	OPPORTUNITY_AMOUNT,			/* numeric */
	OPPORTUNITY_CURRENCY,		/* text */
	OPPORTUNITY_OPENED_AT,		/* timestamptz */
	OPPORTUNITY_CLOSED_AT,		/* timestamptz */
	OPPORTUNITY_OWNER,			/* text, as the four that follow: what the deal is told by */
	OPPORTUNITY_PRODUCT,
	OPPORTUNITY_NATURE,			/* new, renewal, expansion */
	OPPORTUNITY_REASON,			/* why it was won or lost */
	OPPORTUNITY_COMPETITOR,
	OPPORTUNITY_ROLES
} OpportunityRole;

typedef enum LookupRole
{
	LOOKUP_LEAD,				/* text, or text[]: keys of leads */
	LOOKUP_ROLES
} LookupRole;

typedef struct Binding
{
	int32		binding_id;
	int32		workspace_id;
	int32		lead_binding_id;	/* touches and opportunities: of their leads */
	BindingKind kind;
	char	   *name;
	Oid			host;
	Oid			owner;			/* expressions and rules run as this role */
	bool		strict;			/* on_violation = 'strict' */
	bool		raise;			/* on_error = 'raise' */
	bool		queued;			/* mode = 'queued' */
	bool		key_unique;		/* false: two rows may have one key */
	bool		replicated;		/* triggers fire for each row, in replicas too */
	char	   *zone;			/* of timestamps without one */
	Jsonb	   *stage_map;		/* NULL: the host's words are our codes */
	struct StageMap *stages;	/* the same, compiled: stage_map.h */
	Jsonb	   *write_back;		/* NULL: nothing is written back */
	Jsonb	   *bump;			/* NULL: the host has no such rules */
	struct WriteBack *fills;	/* both, compiled: write_back.h; NULL: nothing */
	TupleDesc	roles;			/* descriptor of the role slot */
	bool	   *mapped;			/* one a role */
	bool	   *personal;		/* one a role */
	struct BindingPlan *plan;	/* compiled steps: binding_compile.h */
	struct PacketForm *form;	/* of the inbox's packets: packet.c; NULL: not made yet */
} Binding;

/* What is told of a role that fails for one row, in careful projection. */
typedef void (*RoleFault) (void *arg, const char *role, ErrorData *error);

/*
 * A binding by its number.  Owned by the backend's cache, in a memory context of
 * its own: valid until the transaction ends, and longer while a run of it is
 * open; call again after a commit.  Raises RV002 when there is none.  Reads our
 * tables through SPI as the extension's owner, under the newest snapshot;
 * compiles as the binding's owner, restricted.  A host table that is gone is no
 * error: the descriptor and profiles still work, every mapped role is broken.
 */
extern Binding *binding_by_id(int32 binding_id);

/*
 * One run: the expressions of a binding made ready for the rows of one
 * relation (the host, or a relation with the same descriptor), in the current
 * memory context, to be ended by binding_run_end or by deleting that context.
 * Call it, and project, as binding->owner with SECURITY_RESTRICTED_OPERATION,
 * a pinned search path and binding_pin_zone.  A role whose expression no longer compiles is
 * NULL in every row; each such role is told once to the fault function.
 */
typedef struct BindingRun BindingRun;
extern BindingRun *binding_run_begin(Binding *binding, TupleDesc host,
									 RoleFault fault, void *arg);
extern void binding_run_end(BindingRun *run);

/* Has the binding roles that are looked up in other tables?  See lookup.h. */
extern bool binding_looks_up(const Binding *binding);

/*
 * Look up such roles for all of these rows at once, which have the host's
 * descriptor: binding_run_next then goes to the first of them, and to the next,
 * before it is projected.  Without it each row that is projected is looked up by
 * itself.  Raises 55P03 where a table is locked; what else a role raises, the
 * careful form tells as careful projection does.
 */
extern void binding_run_lookups(BindingRun *run, Tuplestorestate *rows, bool careful,
								RoleFault fault, void *arg);
extern void binding_run_next(BindingRun *run);

/*
 * Do two versions of a host's row differ in a column that looked up roles name?
 * Both are looked up now: what the older one's roles are then need not be what
 * they were, for the row that it named may have changed, or gone, with it.
 */
extern bool binding_looks_up_otherwise(const Binding *binding, TupleTableSlot *a,
									   TupleTableSlot *b);

/*
 * Make the binding's zone the session's, within the GUC nest level that the
 * caller has opened, where an expression or lookup of the binding could tell.
 * Plain columns are read in it anyhow.
 */
extern void binding_pin_zone(const Binding *binding);

/*
 * Does projecting or filtering a row run expressions, so that it matters as whom?
 * Plain columns and their built-in casts run nothing that looks a name up.
 */
extern bool binding_runs_expressions(const Binding *binding);

/*
 * Does the row pass the binding's filter?  (NULL is no.)  Raises RV001 when the
 * filter no longer compiles: any answer would add or lose leads.
 */
extern bool binding_accepts(BindingRun *run, TupleTableSlot *host_row);

/* The filter, planned, over Var(1, column); NULL: none, or one that no longer compiles. */
extern Expr *binding_filter(const Binding *binding);

/*
 * The key as canonical text, palloc'd in the current context: one column as
 * its type prints it, free of session settings (a trailing blank of char(n) and
 * a trailing zero of numeric are dropped: such keys are equal); several joined
 * by '|', with '|' and '\' escaped by '\'.  NULL when any part is NULL,
 * or the binding has no key.  Raises
 * RV005 when a column of the key is gone.
 */
extern char *binding_key(BindingRun *run, TupleTableSlot *host_row);

/*
 * The key's columns in their order: an integer list of numbers, palloc'd in the
 * current context.  Raises RV005 when one of them is gone.
 */
extern List *binding_key_columns(Binding *binding);

/*
 * Project a host row into the run's role slot.  Values live until the next
 * binding_project of this run; those of plain columns point into host_row and
 * live as long as it does.  An expression that raises, raises; the careful
 * form catches it per role, tells the fault function, and yields NULL.
 */
extern TupleTableSlot *binding_project(BindingRun *run, TupleTableSlot *host_row);
extern TupleTableSlot *binding_project_careful(BindingRun *run, TupleTableSlot *host_row,
											   RoleFault fault, void *arg);

/*
 * Does a change of this role alone count as a change?  Of the time at which the
 * row was written last it does not.
 */
extern bool binding_compares_role(const Binding *binding, int role);

/* Are the mapped roles of two role slots the same (binary, after detoasting)? */
extern bool binding_same_roles(Binding *binding, TupleTableSlot *a, TupleTableSlot *b);

/* Does the role's expression read this column of the host?  A lookup is said not to. */
extern bool binding_role_reads(const Binding *binding, int role, AttrNumber attnum);

/* A fresh virtual slot of binding->roles, all NULL, in the current memory context. */
extern TupleTableSlot *binding_role_slot(Binding *binding);

#endif							/* REVOPS_BINDING_H */
