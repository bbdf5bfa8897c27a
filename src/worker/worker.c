/*
 * worker.c
 *		See worker.h.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/handover.h"
#include "base/mailbox.h"
#include "worker/roster.h"
#include "worker/worker.h"

void
worker_init(void)
{
	roster_define_settings();
	/* pg_upgrade wants databases that nobody is connected to */
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	mailboxes_announce();
	roster_announce();
	handover_init();
	stand_aside_init();
	launcher_register();
}
