/*
 * literal.c
 *		See literal.h.
 *
 * The scan looks up each byte of the text in a table of 256: no literal begins
 * with it (most bytes), or the first of a chain of literals that do.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"

#include "define/literal.h"

/* where a literal must stand */
#define AT_START	0x01		/* ^ */
#define AT_END		0x02		/* $ */
#define WORD_BEGIN	0x04		/* \m before it */
#define WORD_END	0x08		/* \M behind it */

/* of more texts than these, the executor's hash table finds one sooner */
#define MAX_TEXTS 8
/* a table entry is one byte: 0 is "none" */
#define MAX_LITERALS 255

typedef struct Literal
{
	char	   *bytes;			/* folded to lower case when case is ignored */
	int			length;
	uint8		place;
	uint8		next;			/* next with the same first byte, 1-based; or 0 */
} Literal;

struct LiteralSet
{
	bool		ignore_case;
	int			count;
	int			shortest;		/* of the floating ones */
	int			fixed;			/* how many are at the start or the end */
	bool		floating;		/* is there one that is not? */
	bool		whole;			/* is each one all of the text, case told apart? */
	uint8		first[256];		/* 1-based index of a floating literal */
	Literal		literals[FLEXIBLE_ARRAY_MEMBER];
};

/* One reading of a pattern. */
typedef struct Reader
{
	const char *at;
	const char *end;
	bool		ignore_case;
	LiteralSet *set;
} Reader;

static inline char
fold(char c)
{
	return (c >= 'A' && c <= 'Z') ? c + ('a' - 'A') : c;
}

static inline bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_';
}

bool
literal_is_ascii(const char *text, int length)
{
	uint64		block;

	for (; length >= 8; text += 8, length -= 8)
	{
		memcpy(&block, text, 8);
		if (block & UINT64CONST(0x8080808080808080))
			return false;
	}
	for (; length > 0; text++, length--)
		if (IS_HIGHBIT_SET(*text))
			return false;
	return true;
}

bool
literal_needs_ascii(const LiteralSet *set)
{
	if (set->ignore_case)
		return true;
	for (int i = 0; i < set->count; i++)
		if (set->literals[i].place & (WORD_BEGIN | WORD_END))
			return true;
	return false;
}

/* ---------- reading ---------- */

/* Takes one more literal; false when the set is full or it has other bytes than ASCII. */
static bool
take(Reader *reader, const char *bytes, int length, uint8 place)
{
	LiteralSet *set = reader->set;
	Literal    *literal;

	if (set->count >= MAX_LITERALS)
		return false;
	/* a word's limit is known for ASCII only: see is_word */
	if ((reader->ignore_case || (place & (WORD_BEGIN | WORD_END))) &&
		!literal_is_ascii(bytes, length))
		return false;
	literal = &set->literals[set->count++];
	literal->bytes = palloc(length + 1);
	literal->length = length;
	literal->place = place;
	literal->next = 0;
	for (int i = 0; i < length; i++)
		literal->bytes[i] = reader->ignore_case ? fold(bytes[i]) : bytes[i];
	return true;
}

/* Steps over these characters; false when something else comes next. */
static bool
skip(Reader *reader, const char *what)
{
	int			length = strlen(what);

	if (reader->end - reader->at < length ||
		memcmp(reader->at, what, length) != 0)
		return false;
	reader->at += length;
	return true;
}

/*
 * Reads literal characters into buffer; returns how many bytes, 0 when there is
 * none.  Stops at anything that has a meaning of its own.
 */
static int
read_characters(Reader *reader, char *buffer)
{
	int			length = 0;

	while (reader->at < reader->end)
	{
		char		c = *reader->at;

		if (c == '\\')
		{
			/* backslash and no letter, digit or high byte: that character */
			if (reader->at + 1 >= reader->end ||
				IS_HIGHBIT_SET(reader->at[1]) ||
				(is_word(reader->at[1]) && reader->at[1] != '_'))
				break;
			c = reader->at[1];
			reader->at++;
		}
		else if (strchr("^$.[](){}*+?|", c) != NULL)
			break;
		reader->at++;
		buffer[length++] = c;
	}
	return length;
}

/* Reads `lit|lit|lit)` behind an opening parenthesis. */
static bool
read_group(Reader *reader, char *buffer, uint8 place, int *first)
{
	*first = reader->set->count;
	for (;;)
	{
		int			length = read_characters(reader, buffer);

		if (length == 0 || !take(reader, buffer, length, place))
			return false;
		if (skip(reader, ")"))
			return true;
		if (!skip(reader, "|"))
			return false;
	}
}

/* Reads one branch: limits, a literal or a group, limits. */
static bool
read_branch(Reader *reader, char *buffer)
{
	uint8		place = 0;
	int			first = reader->set->count;

	if (skip(reader, "^"))
		place |= AT_START;
	if (skip(reader, "\\m"))
		place |= WORD_BEGIN;

	if (skip(reader, "(?:") || skip(reader, "("))
	{
		if (!read_group(reader, buffer, place, &first))
			return false;
	}
	else
	{
		int			length = read_characters(reader, buffer);

		if (length == 0 || !take(reader, buffer, length, place))
			return false;
	}

	place = 0;
	if (skip(reader, "\\M"))
		place |= WORD_END;
	if (skip(reader, "$"))
		place |= AT_END;
	for (int i = first; i < reader->set->count; i++)
	{
		Literal    *literal = &reader->set->literals[i];

		literal->place |= place;
		if ((place & WORD_END) && !literal_is_ascii(literal->bytes, literal->length))
			return false;
	}
	return true;
}

/* Fills the table, once all literals are known. */
static void
index_literals(LiteralSet *set)
{
	set->shortest = INT_MAX;
	set->whole = !set->ignore_case;
	for (int i = set->count - 1; i >= 0; i--)
	{
		Literal    *literal = &set->literals[i];
		uint8		byte;

		if (literal->place != (AT_START | AT_END))
			set->whole = false;
		if (literal->place & (AT_START | AT_END))
		{
			set->fixed++;
			continue;
		}
		set->floating = true;
		set->shortest = Min(set->shortest, literal->length);
		if (literal->length == 0)
			continue;
		byte = literal->bytes[0];
		literal->next = set->first[byte];
		set->first[byte] = i + 1;
		if (set->ignore_case && byte >= 'a' && byte <= 'z')
			set->first[byte - ('a' - 'A')] = i + 1;
	}
}

static LiteralSet *
make_set(int literals, bool ignore_case)
{
	LiteralSet *set = palloc0(offsetof(LiteralSet, literals) +
							  sizeof(Literal) * Min(literals, MAX_LITERALS));

	set->ignore_case = ignore_case;
	return set;
}

LiteralSet *
literal_from_regex(const char *pattern, int length, bool ignore_case)
{
	Reader		reader = {pattern, pattern + length, ignore_case, NULL};
	char	   *buffer = palloc(length + 1);
	int			bars = 0;

	for (int i = 0; i < length; i++)
		bars += (pattern[i] == '|');
	reader.set = make_set(bars + 1, ignore_case);

	do
	{
		if (!read_branch(&reader, buffer))
			return NULL;
	} while (skip(&reader, "|"));
	if (reader.at != reader.end)
		return NULL;
	index_literals(reader.set);
	return reader.set;
}

LiteralSet *
literal_from_like(const char *pattern, int length, bool ignore_case)
{
	Reader		reader = {pattern, pattern + length, ignore_case, NULL};
	char	   *buffer = palloc(length + 1);
	uint8		place = AT_START | AT_END;
	int			used = 0;

	for (; skip(&reader, "%");)
		place &= ~AT_START;
	for (; reader.at < reader.end && *reader.at != '%'; reader.at++)
	{
		if (*reader.at == '_')
			return NULL;
		if (*reader.at == '\\' && ++reader.at >= reader.end)
			return NULL;
		buffer[used++] = *reader.at;
	}
	for (; skip(&reader, "%");)
		place &= ~AT_END;
	if (reader.at != reader.end)
		return NULL;
	/* nothing but %: the start alone decides */
	if (used == 0 && !(place & AT_START))
		place &= ~AT_END;

	reader.set = make_set(1, ignore_case);
	if (!take(&reader, buffer, used, place))
		return NULL;
	index_literals(reader.set);
	return reader.set;
}

LiteralSet *
literal_from_texts(const Datum *texts, int count)
{
	Reader		reader = {0};

	if (count > MAX_TEXTS)
		return NULL;
	reader.set = make_set(count, false);
	for (int i = 0; i < count; i++)
	{
		text	   *one = DatumGetTextPP(texts[i]);

		if (!take(&reader, VARDATA_ANY(one), VARSIZE_ANY_EXHDR(one),
				  AT_START | AT_END))
			return NULL;
	}
	index_literals(reader.set);
	return reader.set;
}

/* ---------- matching ---------- */

static inline bool
same_bytes(const char *text, const char *literal, int length, bool ignore_case)
{
	if (!ignore_case)
		return memcmp(text, literal, length) == 0;
	for (int i = 0; i < length; i++)
		if (fold(text[i]) != literal[i])
			return false;
	return true;
}

/* Is the literal at this place of the text, and are its limits kept? */
static inline bool
stands_at(const Literal *literal, const char *text, int length, int at,
		  bool ignore_case)
{
	int			behind = at + literal->length;

	if (behind > length ||
		!same_bytes(text + at, literal->bytes, literal->length, ignore_case))
		return false;
	if (!(literal->place & (WORD_BEGIN | WORD_END)))
		return true;
	if ((literal->place & WORD_BEGIN) &&
		(!is_word(text[at]) || (at > 0 && is_word(text[at - 1]))))
		return false;
	if ((literal->place & WORD_END) &&
		(!is_word(text[behind - 1]) ||
		 (behind < length && is_word(text[behind]))))
		return false;
	return true;
}

/* The literals that stand at the start, at the end, or are all of the text. */
static bool
match_fixed(const LiteralSet *set, const char *text, int length)
{
	for (int i = 0; i < set->count; i++)
	{
		const Literal *literal = &set->literals[i];
		int			at = 0;

		if (!(literal->place & (AT_START | AT_END)) ||
			literal->length > length)
			continue;
		if (literal->place & AT_END)
			at = length - literal->length;
		if ((literal->place & AT_START) && at != 0)
			continue;
		if (stands_at(literal, text, length, at, set->ignore_case))
			return true;
	}
	return false;
}

static pg_attribute_always_inline bool
scan(const LiteralSet *set, const char *text, int length, bool ignore_case)
{
	int			last = length - set->shortest;

	for (int at = 0; at <= last; at++)
	{
		uint8		k = set->first[(uint8) text[at]];

		for (; k != 0; k = set->literals[k - 1].next)
			if (stands_at(&set->literals[k - 1], text, length, at, ignore_case))
				return true;
	}
	return false;
}

/* Is the whole text one of the literals? */
static inline bool
match_whole(const LiteralSet *set, const char *text, int length)
{
	for (int i = 0; i < set->count; i++)
		if (set->literals[i].length == length &&
			memcmp(set->literals[i].bytes, text, length) == 0)
			return true;
	return false;
}

bool
literal_match(const LiteralSet *set, const char *text, int length)
{
	if (set->whole)
		return match_whole(set, text, length);
	if (set->fixed > 0 && match_fixed(set, text, length))
		return true;
	if (!set->floating)
		return false;
	if (set->shortest == 0)
		return true;			/* LIKE '%' */
	if (set->ignore_case)
		return scan(set, text, length, true);
	return scan(set, text, length, false);
}
