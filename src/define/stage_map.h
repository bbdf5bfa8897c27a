/*
 * stage_map.h
 *		What the host's stages are called here, both ways.
 *
 * Compiled once for each binding, in the binding's memory context: the words
 * sorted, so that a row's word is found without a look into the jsonb.
 */
#ifndef REVOPS_STAGE_MAP_H
#define REVOPS_STAGE_MAP_H

#include "postgres.h"

#include "utils/jsonb.h"

typedef struct StageMap StageMap;

/*
 * From binding.stage_map, which its trigger has checked, in the current memory
 * context; NULL (no map) gives NULL.  A value that is neither text nor null, as
 * a restore may bring, counts as null.
 */
extern StageMap *stage_map_compile(Jsonb *stage_map);

/*
 * The code of a host's word, a text that lives as long as the map; the word
 * itself where the map (which may be NULL) has it not; 0 where it says that
 * the word says nothing.
 */
extern Datum stage_map_code(const StageMap *map, Datum word);

/* The host's word for a code: the code itself where no word means it. */
extern const char *stage_map_word(const StageMap *map, const char *code);

#endif							/* REVOPS_STAGE_MAP_H */
