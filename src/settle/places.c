/*
 * places.c
 *		See places.h.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/atomics.h"

#include "base/shared_area.h"
#include "settle/places.h"

/*
 * As many as serve the leads that are touched again and again; 16 bytes each.
 * A backend's own take memory only where one was remembered.
 */
#define SHARED_PLACES	262144
#define OWN_PLACES		65536

/* Two words, each read and written as a whole. */
typedef struct Kept
{
	pg_atomic_uint64 whose;		/* tag and block; 0: free */
	pg_atomic_uint64 where;		/* buffer and offset */
} Kept;

static Kept own_places[OWN_PLACES];
static Kept *shared_places = NULL;

static Size
area_size(void)
{
	return sizeof(Kept) * SHARED_PLACES;
}

static void
area_init(void *memory)
{
	Kept	   *fresh = memory;

	for (int i = 0; i < SHARED_PLACES; i++)
	{
		pg_atomic_init_u64(&fresh[i].whose, 0);
		pg_atomic_init_u64(&fresh[i].where, 0);
	}
}

void
places_init(void)
{
	static SharedArea area = {"pg_revops places", area_size, area_init,
	(void **) &shared_places};

	if (process_shared_preload_libraries_in_progress)
		shared_area_announce(&area);
}

/* Where something that hashes so is kept, and how it is told from others there. */
static Kept *
kept_for(uint64 hash, uint32 *tag)
{
	hash = hash_combine64(hash, murmurhash32(MyDatabaseId));
	*tag = Max((uint32) (hash >> 32), 1);
	return shared_places != NULL ? &shared_places[hash % SHARED_PLACES] :
		&own_places[hash % OWN_PLACES];
}

bool
place_recall(uint64 hash, Place *place)
{
	uint32		tag;
	Kept	   *kept = kept_for(hash, &tag);
	uint64		whose = pg_atomic_read_u64(&kept->whose);
	uint64		where = pg_atomic_read_u64(&kept->where);

	if ((uint32) (whose >> 32) != tag)
		return false;
	ItemPointerSet(&place->root, (BlockNumber) whose, (OffsetNumber) where);
	place->buffer = (Buffer) (where >> 32);
	return true;
}

void
place_remember(uint64 hash, const Place *place)
{
	uint32		tag;
	Kept	   *kept = kept_for(hash, &tag);

	pg_atomic_write_u64(&kept->where, (uint64) (uint32) place->buffer << 32 |
						ItemPointerGetOffsetNumberNoCheck(&place->root));
	pg_atomic_write_u64(&kept->whose, (uint64) tag << 32 |
						ItemPointerGetBlockNumberNoCheck(&place->root));
}
