/*
 * replay.h
 *		What would have become of the leads under another version of the
 *		agreement: their history is walked through, and nothing is written.
 *
 * A lead's profiles, touches and moves are told to decide() in the order in
 * which the engine came to know of them, moment by moment; what happened at one
 * moment counts together.  Moves that the score made are left out, for the
 * version at hand makes its own; what people and the host did is done again, as
 * far as the transitions of that version let it.
 */
#ifndef REVOPS_REPLAY_H
#define REVOPS_REPLAY_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "define/definitions.h"

/* What was, and what would have been; NO_TIME: it was not. */
typedef struct Replayed
{
	int64		lead_id;
	TimestampTz mql_at;			/* entered the stage of MQLs first within the window */
	TimestampTz would_at;		/* would have done so */
	TimestampTz accepted_at;	/* accepted by sales first, at any time */
	TimestampTz won_at;			/* won first, at any time */
} Replayed;

/*
 * What was recorded until this moment of a binding was taken in by backfill():
 * it is known from when it happened, not from when it was taken in.
 */
typedef struct Backfilled
{
	int32		binding_id;
	TimestampTz until;
} Backfilled;

/* A stage that a version uses for something. */
typedef struct VersionStage
{
	int32		agreement_id;
	StagePurpose purpose;
	char	   *code;
} VersionStage;

typedef struct ReplayTask
{
	Definitions *def;			/* with the version that is tried */
	TimestampTz since;
	TimestampTz until;
	bool		careful;		/* a rule that raises does not match; else it raises */
	int			nbackfilled;
	Backfilled *backfilled;
	int			nstages;
	VersionStage *stages;		/* of all versions: qualified, accepted, won */
	void		(*tell) (void *arg, const Replayed *lead);
	void	   *arg;
} ReplayTask;

/*
 * Walks all leads of the workspace, and tells of each that was or would have been
 * an MQL within [since, until), or was accepted or won then.  Reads under the
 * active snapshot; uses maintenance_work_mem.  The caller runs as revops_reader,
 * restricted, for rules run here.
 */
extern void replay_leads(const ReplayTask *task);

#endif							/* REVOPS_REPLAY_H */
