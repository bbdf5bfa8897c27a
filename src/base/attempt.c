/*
 * attempt.c
 *		See attempt.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xloginsert.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/condition_variable.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/attempt.h"
#include "base/compat.h"

bool
attempt_tolerates(int sqlerrcode)
{
	if (sqlerrcode == ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED)
		return false;
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case MAKE_SQLSTATE('2', '5', '0', '0', '0'):	/* transaction state */
		case MAKE_SQLSTATE('4', '0', '0', '0', '0'):	/* serialization, deadlock */
		case MAKE_SQLSTATE('5', '7', '0', '0', '0'):	/* cancel, shutdown */
			return false;
		default:
			return true;
	}
}

bool
attempt_lacks_resources(int sqlerrcode)
{
	return ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_INSUFFICIENT_RESOURCES;
}

/* Ends the subtransaction after an error; returns the error, or raises it. */
static ErrorData *
give_up(MemoryContext context, ResourceOwner owner)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (!attempt_tolerates(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

ErrorData *
attempt(AttemptStep step, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	if (IsInParallelMode())
	{
		step(arg);
		return NULL;
	}

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		step(arg);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		error = give_up(context, owner);
	}
	PG_END_TRY();
	return error;
}

/*
 * What PostgreSQL does of this kind when a subtransaction is rolled back.  No
 * trigger is called with a lightweight lock held: all of them are the step's.
 */
static void
give_back_shared(void)
{
	LWLockReleaseAll();
	pgstat_report_wait_end();
	RevopsAbortBufferIO();
	UnlockBuffers();
	XLogResetInsertion();
	ConditionVariableCancelSleep();
	LockErrorCleanup();
}

/* What the step held is given back; or, where it went well, its locks go to the caller's owner. */
static void
end_owner(ResourceOwner owner, ResourceOwner caller, bool well)
{
	CurrentResourceOwner = caller;
	if (owner == NULL)
		return;
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_BEFORE_LOCKS, well, false);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_LOCKS, well, false);
	ResourceOwnerRelease(owner, RESOURCE_RELEASE_AFTER_LOCKS, well, false);
	ResourceOwnerDelete(owner);
}

ErrorData *
attempt_undivided(AttemptStep step, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner caller = CurrentResourceOwner;
	volatile ResourceOwner owner = NULL;
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		owner = ResourceOwnerCreate(caller, "pg_revops step");
		CurrentResourceOwner = owner;
		step(arg);
		end_owner(owner, caller, true);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		give_back_shared();
		end_owner(owner, caller, false);
		if (!attempt_tolerates(error->sqlerrcode))
			ReThrowError(error);
	}
	PG_END_TRY();
	return error;
}

ErrorData *
attempt_in_memory(AttemptStep step, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		step(arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	return error;
}
