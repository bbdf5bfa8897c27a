/*
 * notes.h
 *		What people wrote about a lead in disputes and reviews.
 */
#ifndef REVOPS_NOTES_H
#define REVOPS_NOTES_H

#include "postgres.h"

/* Erase it: facts are append-only to everybody else. */
extern void notes_erase(int64 lead_id);

#endif							/* REVOPS_NOTES_H */
