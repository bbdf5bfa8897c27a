/*
 * decide.h
 *		What becomes of a lead: a pure function of its state, what is new, the
 *		agreement in force, and the moment.
 *
 * Nothing here reads a table, a catalogue or a clock, and nothing is written.
 * The little that must be asked of the outside (which route matches, which rep
 * has the next ticket, when a promise is due) comes through DecideEnv, so that
 * triggers, replays, simulations and tests share one body of rules.
 */
#ifndef REVOPS_DECIDE_H
#define REVOPS_DECIDE_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "decide/timers.h"
#include "decide/track.h"

typedef enum StagePurpose
{
	PURPOSE_NONE,
	PURPOSE_ENTRY,
	PURPOSE_QUALIFIED,
	PURPOSE_ACCEPTED,
	PURPOSE_OPPORTUNITY,
	PURPOSE_WON,
	PURPOSE_NURTURE,
	PURPOSE_DISQUALIFIED,
	N_PURPOSES
} StagePurpose;

/* no moment: -infinity */
#define NO_TIME		PG_INT64_MIN

/* a stage by its place in Agreement.stages */
#define NO_STAGE	(-1)

typedef struct Stage
{
	char	   *code;
	int			position;
	StagePurpose purpose;
	bool		routes;
	bool		has_condition;	/* entry criteria, which DecideEnv evaluates */
	int			nneeds;
	char	  **needs;			/* roles that must be filled to enter: MAX_ASKED at most */
	int64		stay;			/* longest stay, microseconds; 0: as long as it likes */
	int32		stay_calendar;	/* whose business time counts for it; 0: wall time */
	int			stay_to;		/* where a lead goes then, or NO_STAGE: nowhere */
	char	   *stay_reason;	/* NULL: none */
} Stage;

/* roles of a stage, or questions of a transition, that a Verdict can name */
#define MAX_ASKED	64

/* What a transition asks for beside what it leads to. */
typedef struct Transition
{
	bool		lists_reasons;	/* reasons are the only ones that it takes */
	int			nreasons;
	char	  **reasons;
	int			nanswers;
	char	  **answers;		/* questions that must be answered: MAX_ASKED at most */
} Transition;

typedef enum MoveRule
{
	MOVE_REFUSED,
	MOVE_ALLOWED,
	MOVE_NEEDS_REASON
} MoveRule;

typedef enum RuleKind
{
	RULE_FIT,
	RULE_NEGATIVE,
	RULE_DISQUALIFY
} RuleKind;

typedef struct ScoreRule
{
	int32		rule_id;
	char	   *name;
	RuleKind	kind;
	int			points;
	bool		grouped;		/* counted by its FitGroup */
} ScoreRule;

/* Rules of fit whose points together are kept within -cap and cap. */
typedef struct FitGroup
{
	int			cap;
	int			nrules;
	int		   *rules;			/* places in Agreement.rules */
} FitGroup;

/* What is agreed of a lead that sales has: see handoff.h. */
typedef struct HandoffTerms
{
	char	   *no_response;	/* the reason for which attempts are counted; NULL: nothing is agreed */
	char	   *duplicate;		/* the reason that names a survivor */
	int			attempts;		/* before "no response"; 0: as sales likes */
	int			attempts_days;	/* on how many days */
	StagePurpose no_response_to;
} HandoffTerms;

/*
 * What can be promised about a lead.  Of each kind one promise runs at a time:
 * the first policy of the kind that matches makes it.
 */
typedef enum PromiseKind
{
	PROMISE_FIRST_RESPONSE,		/* an answering touch, since the handoff */
	PROMISE_ACCEPTANCE,			/* sales says yes or no, since the handoff */
	PROMISE_ATTEMPTS,			/* so many outbound touches, since the handoff */
	PROMISE_NEXT_TOUCH,			/* an answering touch, since the handoff or the last one */
	PROMISE_STAGE_TIME,			/* it leaves a stage, since it came there */
	PROMISE_CRITERIA,			/* a condition holds, since another one does */
	N_PROMISES
} PromiseKind;

/* a set of kinds, as the lead's row has it of the promises that run */
#define PROMISE_BIT(kind)	(1 << (kind))

/* those made at the handoff, which end when sales does not have the lead any more */
#define PROMISES_OF_HANDOFF	(PROMISE_BIT(PROMISE_STAGE_TIME) - 1)

/* the word for a kind, as policies and clocks carry it */
extern const char *promise_name(PromiseKind kind);

/* and back; N_PROMISES for a word that is none */
extern PromiseKind promise_by_name(const char *name);

/* What is done around the due time of a promise. */
typedef enum SlaAction
{
	SLA_TELL,					/* an event */
	SLA_ESCALATE,				/* an event that is addressed to somebody */
	SLA_REASSIGN,				/* another rep of a team is to keep it */
	SLA_QUEUE,					/* anybody of a team is */
	SLA_MOVE					/* to another stage */
} SlaAction;

/* A step of a promise that is to be taken now. */
typedef struct DueStep
{
	PromiseKind kind;
	SlaAction	action;
	int32		team_id;		/* 0: the lead's own */
	int			to_stage;		/* SLA_MOVE */
	const char *reason;			/* NULL: none */
} DueStep;

/* steps that one decision takes at most: bits of Effects.steps_taken */
#define MAX_DUE_STEPS	32

/* A move that leads of a stage make by themselves: see auto.h. */
typedef struct AutoMove
{
	int			from;
	int			to;
	int			cause;			/* Cause: what the move waits for */
	char	   *name;
	char	   *reason;			/* NULL: none */
	int			min_fit;
	int			min_intent;
	int			min_score;
	int			attempts;		/* 0: it does not wait for any */
	bool		has_condition;	/* which DecideEnv evaluates */
} AutoMove;

/* The versioned part of the definitions, compiled; immutable once built. */
typedef struct Agreement
{
	int32		agreement_id;
	int32		version;		/* within the workspace: what people call it */
	int64		half_life;		/* microseconds; 0: nothing fades */
	int			fit_base;
	double		fit_share;
	int			mql_fit;
	int			mql_intent;
	int			mql_score;
	int			grade_fit[3];	/* lower bounds of A, B, C */
	int			grade_intent[3];	/* lower bounds of 1, 2, 3 */
	int			nstages;
	Stage	   *stages;
	int			by_purpose[N_PURPOSES]; /* stage, or NO_STAGE */
	uint8	   *moves;			/* MoveRule, nstages x nstages, [from][to] */
	Transition **asks;			/* the same, NULL where it asks for nothing; NULL: none does */
	int			promises;		/* PROMISE_BITs of the kinds that some policy makes */
	bool		guarded;		/* some stage or transition asks for more than a reason */
	int			nrules;
	ScoreRule  *rules;
	int			ngroups;
	FitGroup   *groups;			/* those that have a cap */
	int			ntracks;
	Track	   *tracks;			/* in order of position */
	int			silence_track;	/* that silence brings leads into, or NO_TRACK */
	bool		spares;			/* some track keeps leads from the rep who had them */
	bool		renews;			/* some track brings leads back by renewed intent */
	bool		returns;		/* some track brings leads back by a condition */
	double		border_log2[4]; /* see borders_set() */
	HandoffTerms handoff;
	bool		automatic;		/* it moves leads by itself as auto.h says, or bounds a stay */
	int			nautos;
	AutoMove   *autos;			/* in order of position */
	bool		loses;			/* some automatic move waits for a lost deal */
	int64		silence_accepts;	/* time after which silence is acceptance; 0: it never is */
	int32		silence_calendar;	/* whose business time counts for it; 0: wall time */
} Agreement;

/*
 * What people have set in place of what the rules say, for as long as it holds;
 * NOT_SET: nothing.
 */
#define NOT_SET		(-1)

typedef struct Overrides
{
	int16		fit;			/* 0 to 100 */
	int16		intent;			/* 0 to 100; it does not fade */
	int16		disqualified;	/* 0 or 1 */
} Overrides;

/* The part of a lead's state that decisions read and change. */
typedef struct LeadState
{
	int64		lead_id;
	int			stage;			/* NO_STAGE: not a stage of this agreement */
	TimestampTz created_at;
	TimestampTz stage_since;
	TimestampTz assigned_at;	/* NO_TIME: never */
	TimestampTz gone_at;		/* NO_TIME: there */
	TimestampTz last_touch_at;	/* NO_TIME: never */
	double		intent_pos;		/* log2, forward decay */
	double		intent_neg;
	int32		team_id;		/* 0: none */
	int32		rep_id;			/* 0: none */
	int32		moves;
	int32		assignments;
	int32		clocks;
	int32		touches;
	int16		running;		/* PROMISE_BITs of the clocks that run */
	int16		fit;			/* overrides counted, as in the next one */
	bool		disqualified;
	bool		handed_over;
	bool		enrolled;		/* in a track: see track.h */
	bool		awaited;		/* it has a timer of its silence */
	bool		held;			/* it would move, but for what is missing: see Hold */
	bool		enriched;		/* some of its roles were filled by enrich() */
	Overrides	set;
} LeadState;

typedef enum Cause
{
	CAUSE_ENTRY,
	CAUSE_SCORE,
	CAUSE_DISQUALIFIER,
	CAUSE_ACCEPT,
	CAUSE_REJECT,
	CAUSE_RECYCLE,
	CAUSE_ADVANCE,
	CAUSE_HOST,
	CAUSE_OPPORTUNITY,
	CAUSE_WON,
	CAUSE_DUE,
	CAUSE_ROUTE,
	CAUSE_KEPT,
	CAUSE_ASSIGN,
	CAUSE_UNROUTED,
	CAUSE_ADOPTED,				/* a move of the past, as the host remembers it */
	CAUSE_RENEWED,				/* a recycled lead's renewed intent */
	CAUSE_CONDITION,			/* the condition of its track's way back */
	CAUSE_RELEASED,				/* it came back, and not to the rep who had it */
	CAUSE_NO_RESPONSE,			/* sales has tried often enough */
	CAUSE_DUPLICATE,			/* another lead is the same person */
	CAUSE_OVERTURNED,			/* its rejection was disputed, and did not hold */
	CAUSE_GRADE,				/* automatic moves: its grade */
	CAUSE_CRITERIA,				/* agreed criteria */
	CAUSE_LOST,					/* its deal is lost */
	CAUSE_ATTEMPTS,				/* enough attempts were made */
	CAUSE_STAY,					/* it has stayed for as long as it may */
	CAUSE_SILENCE,				/* nobody of sales has said anything in the agreed time */
	CAUSE_WAITED,				/* somebody of its team is there now */
	CAUSE_REASSIGNED,			/* another rep is to have it */
	CAUSE_RETURNED,				/* it is anybody's of its team again */
	CAUSE_ACCOUNT,				/* who has its account */
	CAUSE_SURVIVOR,				/* who has the lead that it seems to be a duplicate of */
	CAUSE_SLA,					/* a promise about it was not kept */
	N_CAUSES
} Cause;

/* the word for a cause, as facts carry it */
extern const char *cause_name(Cause cause);

/* and back; N_CAUSES for a word that is none */
extern Cause cause_by_name(const char *name);

/* What speaks against a move: GUARD_... bits, 0: nothing. */
#define GUARD_TRANSITION	(1 << 0)	/* the agreement has no such transition */
#define GUARD_REASON		(1 << 1)	/* it needs a reason, or takes others only */
#define GUARD_CONDITION		(1 << 2)	/* the stage's entry criteria do not hold */
#define GUARD_NEEDS			(1 << 3)	/* roles that the stage needs are empty */
#define GUARD_ANSWERS		(1 << 4)	/* questions have no answer */
#define GUARD_ATTEMPTS		(1 << 5)	/* too few attempts for "no response" */
#define GUARD_SURVIVOR		(1 << 6)	/* a duplicate, and nobody says of whom */

/* How sales has tried to reach a lead since it was handed over. */
typedef struct Attempts
{
	TimestampTz since;			/* when it came to sales */
	int32		made;
	int32		days;			/* on so many different ones */
	bool		today;			/* the day at hand is one of them */
} Attempts;

typedef struct Verdict
{
	int			unmet;
	uint64		roles;			/* of Stage.needs, those that are empty */
	uint64		answers;		/* of Transition.answers, those that are missing */
	Attempts	attempts;		/* with GUARD_ATTEMPTS */
} Verdict;

/* A move that the engine would make by itself, and that the guard stops. */
typedef struct Hold
{
	int			to;				/* NO_STAGE: none */
	Cause		cause;
	const char *reason;
	TimestampTz at;				/* moment that the move is to have: of the deal, say */
	int			from;			/* out: where it was held */
	Verdict		verdict;		/* out */
} Hold;

typedef enum VerbKind
{
	VERB_NONE,
	VERB_ACCEPT,
	VERB_REJECT,
	VERB_RECYCLE,
	VERB_ADVANCE,
	VERB_ASSIGN,
	VERB_ENROL,
	VERB_DONE,					/* the step that fell due last is done */
	VERB_LEAVE,
	VERB_NO_RESPONSE,
	VERB_DUPLICATE,
	VERB_OVERTURN,				/* the rejection does not hold */
	VERB_REASSIGN,				/* to another rep of team_id (0: of its own), by turns */
	VERB_RETURN					/* to the pool of that team */
} VerbKind;

typedef struct Verb
{
	VerbKind	kind;
	int			to_stage;		/* VERB_ADVANCE */
	const char *reason;			/* code, checked by the caller; NULL: none */
	TimestampTz until;			/* VERB_RECYCLE, VERB_NO_RESPONSE */
	int32		rep_id;			/* VERB_ASSIGN; VERB_ACCEPT: 0 leaves it with who has it */
	int32		team_id;
	int			track;			/* VERB_ENROL */
	int64		survivor_id;	/* VERB_DUPLICATE */
	int32		seq;			/* VERB_OVERTURN: of the move that was the rejection */
	int64		cool_down;		/* VERB_REASSIGN: not sooner after it was given, microseconds */
} Verb;

typedef enum OpportunityNews
{
	OPPORTUNITY_NONE,
	OPPORTUNITY_OPENED,
	OPPORTUNITY_IS_WON
} OpportunityNews;

/* What the lead's row says of a clock that runs. */
typedef enum PauseNews
{
	PAUSE_AS_BEFORE,
	PAUSE_BEGINS,
	PAUSE_ENDS
} PauseNews;

/* What is new about a lead; news_init() makes it nothing. */
typedef struct LeadNews
{
	bool		is_new;			/* state holds the lead's id and times only */
	const uint64 *fired;		/* scoring rules that match now; NULL: as before */
	bool		set_told;		/* what people have set is told, together with fired */
	Overrides	set;

	/* from the host's row, where it changed there */
	bool		stage_told;
	int			host_stage;
	const char *host_reason;	/* code, checked by the caller; NULL: none */
	bool		owner_told;
	int32		host_rep_id;
	bool		team_told;
	int32		host_team_id;
	bool		is_gone;
	bool		is_back;

	/* touches */
	bool		touched;
	bool		resummed;		/* the sums replace the state's */
	double		intent_pos;
	double		intent_neg;
	int			touches;
	TimestampTz last_touch_at;

	/*
	 * The clocks that run, as far as they were read: all of them where others
	 * than the first response's run, else that one where a touch may answer it.
	 */
	struct
	{
		TimestampTz due_at;		/* NO_TIME: not read */
		TimestampTz answered_at;	/* when touches kept it, or NO_TIME */
		TimestampTz last_at;	/* PROMISE_NEXT_TOUCH: the latest touch that would */
		bool		kept_now;	/* the row keeps it */
		PauseNews	pause;
	}			clocks[N_PROMISES];

	int			nsteps;			/* of clocks that run, to be taken now */
	const DueStep *steps;

	OpportunityNews opportunity;
	TimestampTz opportunity_at;

	Hold		held;			/* what a lead that is held waits for */
	uint32		due;			/* timers that fire: DUE_... */
	int64		host_survivor_id;	/* lead that the host's row says is the same; 0: none */
	NurtureNews nurture;
	Verb		verb;
	bool		strict;			/* the host's illegal moves are refused */
	bool		lost;			/* its deal is lost, and there is no other */
	bool		retime;			/* timers of its stage are set anew: another version counts */

	/*
	 * All of this is history: it is taken in, and nothing is done about it.  No
	 * move by score or rule, no route, no promise, no answer, no event.
	 */
	bool		adopt;
	bool		stage_is_hosts; /* the host's row names a stage: deals of the past move nothing */
} LeadNews;

typedef struct Move
{
	int			from;			/* NO_STAGE at entry */
	int			to;
	Cause		cause;
	const char *reason;
	TimestampTz at;
	int64		spent;			/* microseconds in the stage left */
	Verdict		violated;		/* what the host's move disregards */
	int16		fit;
	int16		intent;
	int16		score;
	int32		team_id;		/* after the move's own handoff */
	int32		rep_id;
} Move;

typedef struct Assignment
{
	int32		team_id;
	int32		rep_id;
	int32		from_team_id;
	int32		from_rep_id;
	int32		route_id;
	Cause		cause;
	const char *reason;
	TimestampTz at;
} Assignment;

typedef enum ClockOutcome
{
	CLOCK_RUNS,
	CLOCK_KEPT,
	CLOCK_LATE,
	CLOCK_VOID
} ClockOutcome;

typedef enum Refusal
{
	NOT_REFUSED,
	REFUSED_MOVE,				/* no such transition */
	REFUSED_NO_REASON,			/* the transition needs a reason */
	REFUSED_REASON,				/* it takes other reasons only */
	REFUSED_UNMET,				/* criteria, roles or answers: see refused_for */
	REFUSED_NO_STAGE,			/* the agreement has no stage for the verb */
	REFUSED_NOT_HANDED_OVER,	/* sales does not have the lead */
	REFUSED_GONE,				/* the host deleted the lead */
	REFUSED_NO_STEP,			/* no step waits to be done */
	REFUSED_NOT_ENROLLED,		/* the lead is in no track */
	REFUSED_ACCEPTED,			/* somebody has accepted the lead already */
	REFUSED_WITHDRAWN,			/* it was recycled or rejected, and can't be accepted any more */
	REFUSED_MOVED_ON			/* the rejection in dispute is not its last move */
} Refusal;

/* How a clock ends that ran when the decision was made. */
typedef struct ClockStop
{
	ClockOutcome outcome;
	TimestampTz at;
} ClockStop;

/* A clock that starts. */
typedef struct ClockStart
{
	TimestampTz from;			/* since when the promise counts */
	TimestampTz created_at;		/* when the lead was created: told to DecideEnv.promise */
	int			policy;			/* place in the policies; see DecideEnv */
	TimestampTz due_at;
	int32		calendar_id;	/* calendar that counted; 0: wall time */
	int64		target;			/* time promised, microseconds */
	bool		paused;			/* time does not count yet */
} ClockStart;

#define MAX_MOVES		8
#define MAX_ASSIGNMENTS	8

typedef struct Effects
{
	LeadState	next;
	int			nmoves;
	Move		moves[MAX_MOVES];
	int			nassignments;
	Assignment	assignments[MAX_ASSIGNMENTS];
	int			stops;			/* PROMISE_BITs of clocks that ran before and end */
	ClockStop	stop[N_PROMISES];
	int			starts;			/* PROMISE_BITs of clocks that start */
	ClockStart	start[N_PROMISES];
	int			pauses;			/* PROMISE_BITs of clocks that run on, but are paused from now on */
	int			resumes;		/* and of those that are not any more */
	uint32		steps_taken;	/* by place in LeadNews.steps: those that came about */
	int			ntimers;
	TimerSet	timers[N_TIMERS];	/* to be set */
	NurtureEffects nurture;
	bool		quiet;			/* nobody is told */
	Hold		hold;			/* move that the lead is held back from */
	int64		survivor_id;	/* the last move says that this lead is the same; 0: none */
	Refusal		refusal;		/* the verb, or a strict host, was refused */
	int			refused_from;
	int			refused_to;
	Verdict		refused_for;
	bool		stay_over;		/* to be told: it has stayed for as long as it may */
	bool		stopped;		/* to be told: there was no room for a further automatic move */
	int			stopped_at_stage;	/* to this one */
} Effects;

/* Where a route leads. */
typedef struct RouteTarget
{
	int32		route_id;
	int32		team_id;		/* 0: none */
	int32		rep_id;			/* who gets the lead; 0: whose turn in the team it is */
	bool		to_queue;		/* it waits in the team */
} RouteTarget;

/* Who of a team gets a lead: asked with the first three. */
typedef struct Pick
{
	int32		team_id;		/* out: the team that has it, where another stands in */
	int32		not_rep_id;		/* who must not get it; 0: anybody may */
	bool		fresh;			/* nor those from whom it was taken, while not_rep_id is there */
	int32		rep_id;			/* 0: nobody can */
	TimestampTz retry_at;		/* when it is to be tried again; NO_TIME: it is not */
} Pick;

/* Who should get a lead before routes are tried. */
typedef struct KnownOwner
{
	Cause		cause;			/* CAUSE_ACCOUNT, CAUSE_SURVIVOR; CAUSE_DUPLICATE: nobody is to get it */
	int32		team_id;		/* 0: none */
	int32		rep_id;
} KnownOwner;

/* What a decision must ask of the outside. */
typedef struct DecideEnv
{
	void	   *arg;
	/* where the first matching route leads; false: none matches */
	bool		(*route) (void *arg, RouteTarget *target);
	/* who of a team gets the lead */
	void		(*pick_rep) (void *arg, Pick *pick);
	/* is the rep still active, and not away for days? */
	bool		(*rep_active) (void *arg, int32 rep_id);
	/* first policy of the kind that matches, its due time for this rep; false: no promise */
	bool		(*promise) (void *arg, PromiseKind kind, int stage, int32 rep_id,
							ClockStart *start);
	/* of tracks; NULL: nothing is decided about them */
	const NurtureEnv *nurture;

	/*
	 * What the guard asks, only of a move that is about to be made; NULL where
	 * nobody knows, and then all three are taken as given.
	 */
	/* do the stage's entry criteria hold? */
	bool		(*may_enter) (void *arg, int stage);
	/* which of the roles that the stage needs are empty? */
	uint64		(*empty_roles) (void *arg, int stage);
	/* which of the transition's questions have no answer? */
	uint64		(*unanswered) (void *arg, int from, int to);
	/* how has sales tried to reach the lead?  NULL: taken as often enough */
	void		(*attempts) (void *arg, Attempts *attempts);
	/* rep who has accepted the lead; 0: none, or nobody knows */
	int32		(*accepted_by) (void *arg);

	/* of automatic moves; NULL where nobody knows: then none is made for it */
	/* does the condition of the move in this place of Agreement.autos hold? */
	bool		(*auto_holds) (void *arg, int place);
	/* how many outbound touches of the lead are there from this moment on? */
	int			(*tries) (void *arg, TimestampTz since);
	/* when so much time is over; false: nobody can tell */
	bool		(*time_up) (void *arg, int64 span, int32 calendar_id, TimestampTz from,
							TimestampTz *at);
	/* who should get the lead before routes are tried; NULL, or false: nobody */
	bool		(*known_owner) (void *arg, KnownOwner *owner);
} DecideEnv;

/* News of nothing. */
extern void news_init(LeadNews *news);

/* A state of nothing, but for its lead_id and created_at. */
extern void state_init(LeadState *state, int64 lead_id, TimestampTz created_at);

/* Fit of a lead by the rules that fired; tells whether one disqualifies. */
extern int	decide_fit(const Agreement *agreement, const uint64 *fired,
					   bool *disqualified);

/* Take fit and disqualification from the rules that fired, and from what people have set. */
extern void decide_take_fit(const Agreement *agreement, const uint64 *fired, LeadState *state);

/* Intent at a moment, 0 to 100, not rounded: what touches left, or what people have set. */
extern double decide_intent(const Agreement *agreement, const LeadState *state, TimestampTz at);

/* Score of a lead: both halves by the model's share, 0 to 100, not rounded. */
extern double decide_score(const Agreement *agreement, int fit, double intent);

/* The stage with this code, or NO_STAGE. */
extern int	stage_by_code(const Agreement *agreement, const char *code, int len);

/*
 * Could further points of intent, or touches, move the lead?  Where they could
 * not, and no promise runs, touches change its sums and nothing else.
 */
extern bool decide_intent_matters(const Agreement *agreement, const LeadState *state);

/* Nothing is decided yet: the state stays as it is. */
extern void effects_init(Effects *effects, const LeadState *state, const LeadNews *news);

/* Have this timer set with what is decided; NO_TIME: none is. */
extern void effects_set_timer(Effects *effects, TimerKind kind, TimestampTz due_at);

/* Does the lead reach all three floors of an MQL, and may it become one; or those of another move? */
extern bool decide_intent_qualifies(const Agreement *agreement, const LeadState *state,
									TimestampTz now);

/* Would its fit and intent move the lead at this moment, up or out? */
extern bool decide_score_moves(const Agreement *agreement, const LeadState *state,
							   TimestampTz now);

/* Add touches to the lead's sums, in any order. */
extern void decide_add_touches(LeadState *state, double pos, double neg, int touches,
							   TimestampTz last_touch_at);

/*
 * Decide.  `effects` is overwritten; effects->next is the lead's new state.
 * When effects->refusal is set nothing else in it counts.
 */
extern void decide(const Agreement *agreement, const LeadState *state,
				   const LeadNews *news, TimestampTz now,
				   const DecideEnv *env, Effects *effects);

#endif							/* REVOPS_DECIDE_H */
