/*
 * literal.h
 *		Patterns that say no more than "one of these literals is in the text".
 *
 * Pure: no catalogue, no errors but lack of memory.
 */
#ifndef REVOPS_LITERAL_H
#define REVOPS_LITERAL_H

#include "postgres.h"

typedef struct LiteralSet LiteralSet;

/*
 * Reads a regular expression of the forms `lit`, `^lit`, `lit$`, `a|b`,
 * `(a|b)`, `^(a|b)$`, `\m(a|b)\M` and their mixtures; returns NULL, and nothing
 * is meant by it, where the pattern may mean more.  With ignore_case only ASCII
 * literals are taken.  The result is in the current memory context.
 */
extern LiteralSet *literal_from_regex(const char *pattern, int length,
									  bool ignore_case);

/* The same for a LIKE pattern: `lit`, `%lit`, `lit%`, `%lit%`. */
extern LiteralSet *literal_from_like(const char *pattern, int length,
									 bool ignore_case);

/*
 * The text is one of these texts, byte by byte; NULL when there are too many of
 * them to try one by one.
 */
extern LiteralSet *literal_from_texts(const Datum *texts, int count);

/*
 * Do bytes decide only where the text is ASCII?  True where case is folded, or
 * a word's limit is asked for.
 */
extern bool literal_needs_ascii(const LiteralSet *set);

/*
 * Does the text match?  Byte by byte: the caller has looked whether bytes
 * decide.
 */
extern bool literal_match(const LiteralSet *set, const char *text, int length);

/* No byte of 0x80 or above? */
extern bool literal_is_ascii(const char *text, int length);

#endif							/* REVOPS_LITERAL_H */
