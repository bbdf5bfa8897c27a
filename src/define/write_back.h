/*
 * write_back.h
 *		Which columns of the host the engine fills, compiled.
 */
#ifndef REVOPS_WRITE_BACK_H
#define REVOPS_WRITE_BACK_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "define/stage_map.h"

typedef enum WrittenItem
{
	WRITTEN_SCORE,
	WRITTEN_GRADE,
	WRITTEN_STAGE,
	WRITTEN_OWNER,
	WRITTEN_SLA_DUE,
	N_WRITTEN
} WrittenItem;

/* The names of the items, as binding.write_back has them. */
extern const char *const written_names[N_WRITTEN];

typedef struct Bump
{
	char	   *column;
	char	   *expression;
} Bump;

typedef struct WriteBack
{
	char	   *columns[N_WRITTEN]; /* NULL: not written */
	StageMap   *words;			/* of stages that several words mean: {"stage": "word"}; or NULL */
	int			nbumps;
	Bump	   *bumps;			/* what the host's own rules set at each write */
} WriteBack;

/*
 * From binding.write_back and binding.bump, which their trigger has checked, in
 * the current memory context; NULL where nothing is written back.
 */
extern WriteBack *write_back_compile(Jsonb *write_back, Jsonb *bump);

#endif							/* REVOPS_WRITE_BACK_H */
