/*
 * binding_compile.h
 *		How a binding is kept once it is compiled.  Private to binding.c,
 *		binding_load.c, binding_compile.c and profile.c.
 */
#ifndef REVOPS_BINDING_COMPILE_H
#define REVOPS_BINDING_COMPILE_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/pg_list.h"
#include "nodes/primnodes.h"
#include "pgtime.h"
#include "utils/jsonb.h"

#include "define/binding.h"
#include "define/lookup.h"

/*
 * How a role gets its value.  All but the last two need neither a query nor an
 * ExprState, whose making costs more than a single-row statement can afford.
 */
typedef enum StepKind
{
	STEP_COLUMN,				/* the column itself, or binary-coercible */
	STEP_INT2,					/* smallint as bigint */
	STEP_INT4,					/* integer as bigint */
	STEP_FLOAT4,				/* real as double precision */
	STEP_CALL,					/* a built-in cast function of the column */
	STEP_TIMESTAMP,				/* a timestamp without zone, read in the binding's */
	STEP_DATE,					/* midnight of a date, in the binding's zone */
	STEP_OUTPUT,				/* the column as text, by its output function */
	STEP_LOOKUP,				/* looked up for all rows at once: see lookup.h */
	STEP_EXPRESSION
} StepKind;

typedef struct RoleStep
{
	int			role;			/* position in the role slot */
	StepKind	kind;
	bool		can_raise;
	AttrNumber	attnum;			/* column, for all but the last two kinds */
	Oid			atttype;		/* its type when compiled */
	Oid			collation;
	FmgrInfo	function;		/* STEP_CALL, STEP_OUTPUT */
	Expr	   *expr;			/* STEP_EXPRESSION */
	int			lookup;			/* STEP_LOOKUP: number in the lookup plan */
} RoleStep;

typedef enum KeyKind
{
	KEY_INT2,
	KEY_INT4,
	KEY_INT8,
	KEY_TEXT,
	KEY_BPCHAR,
	KEY_NUMERIC,
	KEY_FLOAT4,
	KEY_FLOAT8,
	KEY_DATETIME,
	KEY_OTHER,					/* its output function, uuid among them */
	KEY_PINNED					/* the same, under settings of ours */
} KeyKind;

typedef struct KeyPart
{
	AttrNumber	attnum;
	Oid			atttype;
	Oid			basetype;
	KeyKind		kind;
	FmgrInfo	output;
} KeyPart;

typedef struct BrokenRole
{
	int			role;
	ErrorData  *error;
} BrokenRole;

typedef struct BindingPlan
{
	MemoryContext context;		/* the Binding, this and all below live here */
	int			pins;			/* runs that are open */
	int			nsteps;
	RoleStep   *steps;
	int			nexpressions;	/* steps of kind STEP_EXPRESSION */
	LookupPlan *lookups;		/* steps of kind STEP_LOOKUP; NULL: there are none */
	Bitmapset  *lookup_columns; /* numbers of the host's columns that they name */
	pg_tz	   *zone;			/* the binding's; NULL: there is no such zone */
	bool		sees_zone;		/* the session's TimeZone matters to an expression */
	bool		allocates;		/* some step makes a new value */
	bool		can_raise;		/* some step can raise */
	AttrNumber	last_attnum;	/* highest column that a step or key reads */
	Expr	   *filter;			/* NULL: every row */
	ErrorData  *filter_error;
	int			nkeys;
	KeyPart    *keys;
	ErrorData  *key_error;
	int			nbroken;
	BrokenRole *broken;
	int		   *json_order;		/* roles in the order of jsonb's keys */
	List	   *tracked;		/* CachedExpressions: valid while no function changed */
} BindingPlan;

/* One row of binding_role, as read. */
typedef struct RoleSource
{
	char	   *role;
	char	   *expression;
	AttrNumber	attnum;			/* 0: not a plain column, or its number is void */
	Jsonb	   *columns;		/* that it reads, with numbers; NULL: void */
	Oid			type;
	bool		personal;
} RoleSource;

/* A binding as read, before it is compiled. */
typedef struct BindingSource
{
	char	   *filter;
	Jsonb	   *filter_columns;
	char	   *host_name;
	int			nkeys;
	char	  **key_columns;
	AttrNumber *key_attnums;	/* 0: number is void */
	int			nroles;
	RoleSource *roles;
} BindingSource;

/*
 * Compile: fills binding->roles, mapped, personal and plan.  The current
 * memory context is the binding's.  What does not compile is kept as broken.
 */
extern void binding_compile(Binding *binding, const BindingSource *source);

/*
 * The one identifier that a text is, when it is no more than a column's name;
 * else NULL.  Raises a syntax error.  Result is in the current memory context.
 */
extern char *binding_plain_column(const char *text);

#endif							/* REVOPS_BINDING_COMPILE_H */
