/*
 * shared_area.c
 *		See shared_area.h.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "base/shared_area.h"

static SharedArea *areas = NULL;
static shmem_request_hook_type request_before = NULL;
static shmem_startup_hook_type startup_before = NULL;

static void
request(void)
{
	if (request_before != NULL)
		request_before();
	for (SharedArea *area = areas; area != NULL; area = area->next)
		RequestAddinShmemSpace(area->size());
}

static void
startup(void)
{
	if (startup_before != NULL)
		startup_before();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	for (SharedArea *area = areas; area != NULL; area = area->next)
	{
		bool		found;

		*area->place = ShmemInitStruct(area->name, area->size(), &found);
		if (!found)
			area->init(*area->place);
	}
	LWLockRelease(AddinShmemInitLock);
}

void
shared_area_announce(SharedArea *area)
{
	Assert(process_shared_preload_libraries_in_progress);
	if (areas == NULL)
	{
		request_before = shmem_request_hook;
		shmem_request_hook = request;
		startup_before = shmem_startup_hook;
		shmem_startup_hook = startup;
	}
	area->next = areas;
	areas = area;
}
