/*
 * definitions.h
 *		The definitions of a workspace, compiled into plain C.
 *
 * An immutable snapshot per backend and workspace, built at first use and
 * again when definitions_generation() has moved on.  A snapshot in use by an
 * outer frame stays valid until the end of the transaction.
 */
#ifndef REVOPS_DEFINITIONS_H
#define REVOPS_DEFINITIONS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "executor/tuptable.h"

#include "decide/caps.h"
#include "decide/decide.h"
#include "define/binding.h"
#include "define/ruleset.h"

typedef struct Signal
{
	int32		signal_id;
	char	   *code;
	bool		answers;		/* keeps the promise of a first response */
	bool		inbound;
	bool		buying;			/* of that nature: a wish to buy, not interest in a topic */
	bool		converses;		/* silence after it is waited for: see nurture_track.conversation */
	bool		stops;			/* it stops the steps of some track */
	bool		attempt;		/* it is an attempt to reach the lead: see handoff_rule */
	int			points;			/* by the active agreement; 0: does not score */
	bool		capped;			/* it scores, and some cap may limit its points */
	CapPlaces	caps;			/* places in Definitions.caps */
} Signal;

/* What a cap of a rep bounds. */
typedef enum CapPeriod
{
	CAP_OPEN,					/* leads at a time */
	CAP_DAY,
	CAP_WEEK,
	CAP_MONTH,
	N_CAP_PERIODS
} CapPeriod;

typedef struct Rep
{
	int32		rep_id;
	char	   *code;
	int32		calendar_id;	/* 0: none of the rep's own */
	bool		active;
	int			nabsences;
	struct Absence *absences;	/* in order of their beginning */
	int			ncaps;
	CapPeriod	caps[N_CAP_PERIODS];	/* those that the rep has a cap of */
	bool		counted;		/* whose open leads take places */
	uint64	   *skills;			/* bits by place in Definitions.needs; NULL: no need is known */
} Rep;

/* When a rep is away. */
typedef struct Absence
{
	TimestampTz from;
	TimestampTz until;
} Absence;

/* Leads that need a skill. */
typedef struct SkillNeed
{
	char	   *skill;
	char	   *condition;
	int32		team_id;		/* 0: in all teams */
} SkillNeed;

typedef enum WhenAway
{
	AWAY_QUEUE,
	AWAY_HOLD,
	AWAY_OTHER_TEAM
} WhenAway;

typedef struct Team
{
	int32		team_id;
	char	   *code;
	int			n;				/* members, in order of rep_id */
	int32	   *rep_ids;
	int32	   *weights;
	bool		least_loaded;	/* gets it, in place of whose turn it is */
	bool		capped;			/* some member has a cap */
	bool		only_in_hours;	/* of the members' own calendars */
	WhenAway	when_away;
	int32		other_team_id;	/* AWAY_OTHER_TEAM */
} Team;

typedef struct Route
{
	int32		route_id;
	int32		team_id;		/* 0: rep_id alone */
	int32		rep_id;			/* 0: by turns of the team */
	bool		to_queue;
	TimestampTz valid_from;
	TimestampTz valid_until;
	int32		calendar_id;	/* 0: at any time */
	bool		in_hours;		/* of the calendar; else outside of them */
	char	   *name;
	char	   *condition;		/* NULL: every lead */
} Route;

/* What is done around the due time of a promise: see sla_step. */
typedef struct PolicyStep
{
	int			position;		/* 1 to MAX_POLICY_STEPS */
	char	   *name;
	int64		after;			/* the due time, microseconds; negative: before it */
	SlaAction	action;
	int32		rep_id;			/* 0: none */
	int32		team_id;		/* 0: none */
	int			to_stage;		/* SLA_MOVE; else NO_STAGE */
	char	   *reason;			/* NULL: none */
	int			at_most;		/* SLA_REASSIGN */
} PolicyStep;

/* so that the positions of steps are bits of an int */
#define MAX_POLICY_STEPS	30

typedef struct Policy
{
	int32		policy_id;
	char	   *name;
	PromiseKind promise;
	char	   *condition;		/* NULL: every lead */
	char	   *pauses_when;	/* NULL: never */
	char	   *kept_when;		/* NULL: by what its promise says alone */
	int64		target;			/* microseconds */
	int64		after_hours;	/* the same, for a start while its calendar is closed */
	bool		after_hours_wall;
	bool		from_creation;	/* time counts from the lead's creation */
	bool		recomputes;		/* clocks that run follow changes of it */
	int32		calendar_id;	/* 0: wall time */
	int			stage;			/* that PROMISE_STAGE_TIME is about; else NO_STAGE */
	int			attempts;		/* that PROMISE_ATTEMPTS counts; else 0 */
	TimestampTz trial_until;	/* nothing is told or done before; NO_TIME: no trial */
	int			nsignals;		/* that alone count; 0: all that can */
	int32	   *signals;		/* signal_id */
	int			nsteps;
	PolicyStep *steps;			/* in order of time, then position */
} Policy;

/* What a step of a track is; decisions know its position alone. */
typedef struct TrackStep
{
	int32		position;
	char	   *name;
	int64		after;			/* microseconds */
	int32		calendar_id;	/* 0: wall time */
	struct Signal *attempt;		/* its touch, once it is done; NULL: it is no attempt */
} TrackStep;

/* What is said of a track in words and signals. */
typedef struct TrackText
{
	char	   *back_when;		/* condition, or NULL */
	bool	   *stops;			/* by place in Definitions.signals */
	TrackStep  *steps;
} TrackText;

/* verbs that a reason is for, as bits */
#define REASON_REJECT	(1 << 0)
#define REASON_RECYCLE	(1 << 1)
#define REASON_ADVANCE	(1 << 2)

typedef struct Reason
{
	char	   *code;
	int			verbs;			/* REASON_... */
} Reason;

typedef struct Definitions
{
	int32		workspace_id;
	int32		agreement_id;	/* 0: none is in force */
	char	   *currency;
	bool		writes_back;	/* some binding of leads writes into the host's rows */
	bool		matches;		/* leads are matched to accounts, or compared with each other */
	bool		notifies;		/* some consumer of events wants a NOTIFY */
	Agreement  *agreement;		/* NULL: none is in force */
	int			nsignals;
	Signal	   *signals;		/* by code */
	int			ncaps;			/* of intent */
	Cap		   *caps;
	int			ncapped;
	int		   *capped;			/* places of the signals that are, in order of their rules */
	pg_tz	   *zone;			/* of the caps' periods; NULL: none has any */
	pg_tz	   *attempts_zone;	/* of the days on which attempts are made; NULL: none are agreed */
	int			nreps;
	Rep		   *reps;
	int			nteams;
	Team	   *teams;
	int			nroutes;
	Route	   *routes;
	bool		counted;		/* some rep is */
	pg_tz	   *reporting_zone;	/* of the caps of reps; NULL: none has any */
	int			nneeds;
	SkillNeed  *needs;
	int			npolicies;
	Policy	   *policies;
	bool		watches;		/* some policy of any version pauses, or is kept, by the lead's row */
	int			nreasons;
	Reason	   *reasons;
	char	  **rule_texts;		/* conditions of agreement->rules */
	TrackText  *track_texts;	/* of agreement->tracks */
	char	  **stage_texts;	/* conditions of agreement->stages; NULL: none */
	char	  **auto_texts;		/* conditions of agreement->autos; NULL: none */
	MemoryContext context;
	uint64		generation;
	uint64		serial;			/* changes with every build, backend-wide */
} Definitions;

/*
 * The definitions of a workspace.  Raises RV002 when there is no such
 * workspace.
 */
extern Definitions *definitions_of(int32 workspace_id);

/*
 * The same with another version of the agreement than the one in force: a draft
 * that is tried, a retired one that explains the past.  What is edited in place
 * (signals, reps, teams, routes) is as it is now.  Raises RV002 for a version
 * that the workspace does not have.
 */
extern Definitions *definitions_of_version(int32 workspace_id, int32 agreement_id);

/* Look-ups; NULL when there is none. */
extern Signal *signal_by_code(Definitions *def, const char *code, int len);
extern Signal *signal_by_id(Definitions *def, int32 signal_id);
extern Rep *rep_by_code(Definitions *def, const char *code, int len);
extern Rep *rep_by_id(Definitions *def, int32 rep_id);
extern Team *team_by_code(Definitions *def, const char *code, int len);
extern Team *team_by_id(Definitions *def, int32 team_id);
extern Reason *reason_by_code(Definitions *def, const char *code, int len);

/*
 * The rules of a workspace compiled against the roles of one lead binding.
 * Lives as long as the Definitions it was built from.
 */
typedef struct Program
{
	Definitions *definitions;
	Binding    *binding;
	RuleSet    *scoring;		/* one rule an agreement->rules entry */
	RuleSet    *routing;		/* conditions of routes */
	int		   *route_rule;		/* place in routing; -1: unconditional */
	int		   *need_rule;		/* of Definitions.needs, likewise */
	RuleSet    *promising;		/* conditions of policies */
	int		   *policy_rule;	/* place in promising; -1: unconditional */
	int		   *policy_pause;	/* the same of pauses_when; -1: it has none */
	int		   *policy_kept;	/* and of kept_when */
	RuleSet    *returning;		/* conditions of the tracks' ways back */
	int		   *track_rule;		/* place in returning; -1: it has none */
	RuleSet    *entering;		/* conditions of stages */
	int		   *stage_rule;		/* place in entering; -1: unconditional */
	int		  **stage_needs;	/* one a role of Stage.needs: place in the role slot; -1: the binding has none */
	RuleSet    *moving;			/* conditions of automatic moves */
	int		   *auto_rule;		/* place in moving; -1: unconditional */
	bool		told;			/* rules that don't compile were noted as faults */
	uint64		fallen;			/* program_fallen() when they were */
} Program;

extern Program *program_for(Definitions *def, Binding *binding);

/*
 * An empty set of rules over the binding's roles, for the caller to fill; rules
 * that read a role which no longer compiles will be broken in it.
 */
extern RuleSet *binding_ruleset(MemoryContext context, const Binding *binding);

/* How often a rule of the program has ceased to be sound since it was compiled. */
extern uint64 program_fallen(const Program *program);

#endif							/* REVOPS_DEFINITIONS_H */
