/*
 * chore.c
 *		See chore.h.
 */
#include "postgres.h"

#include "worker/chore.h"

const char *
chore_activity(Chore chore)
{
	static const char *const activities[] = {
		[CHORE_FOLD] = "folding",
		[CHORE_INBOX] = "reading the inbox",
		[CHORE_DUE] = "firing what is due",
		[CHORE_FOLD_LATER] = "folding",
		[CHORE_WRITE_BACK] = "writing back",
		[CHORE_ROLL_UP] = "rolling up",
	};

	return activities[chore];
}

const char *
chore_name(Chore chore)
{
	static const char *const names[] = {
		[CHORE_FOLD] = "fold",
		[CHORE_INBOX] = "inbox",
		[CHORE_DUE] = "due",
		[CHORE_FOLD_LATER] = "fold later",
		[CHORE_WRITE_BACK] = "write back",
		[CHORE_ROLL_UP] = "roll up",
	};

	return names[chore];
}
