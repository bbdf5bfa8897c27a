/*
 * owner.h
 *		Whose rights count: our own fixed queries run as the owner of our
 *		tables, what users wrote runs restricted.
 */
#ifndef REVOPS_OWNER_H
#define REVOPS_OWNER_H

#include "postgres.h"

#include "executor/spi.h"

typedef struct OwnerScope
{
	Oid			user;
	int			sec_context;
	int			guc_level;
} OwnerScope;

/*
 * From owner_enter to owner_leave SPI is connected, queries run as the owner
 * of schema revops with the search path pinned, under the newest snapshot (in
 * a parallel query: its own).  An error undoes all of it.
 */
extern void owner_enter(OwnerScope *scope);
extern void owner_leave(OwnerScope *scope);

/* The same, but queries run under the snapshot that is active: the statement's. */
extern void owner_enter_reading(OwnerScope *scope);

/*
 * From restricted_enter to restricted_leave what users wrote (expressions,
 * rules) is compiled or run as this user, with SECURITY_RESTRICTED_OPERATION
 * and the search path pinned.  An error undoes it.
 */
extern void restricted_enter(OwnerScope *scope, Oid user);
extern void restricted_leave(OwnerScope *scope);

/*
 * Makes a time zone the session's until the GUC nest level that the caller has
 * opened ends.  One that does not exist is passed over.
 */
extern void pin_zone(const char *zone);

/* The schema revops; raises when the extension is not there. */
extern Oid	revops_schema(void);

/* Its owner; raises when the extension is not there. */
extern Oid	revops_owner(void);

/* A relation of ours by name; raises when it is not there. */
extern Oid	revops_relation(const char *name);

#endif							/* REVOPS_OWNER_H */
