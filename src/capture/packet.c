/*
 * packet.c
 *		See packet.h.
 *
 * A text or numeric is kept as it is in a row of a table: with a header of one
 * byte where it is short, so that a slot may point to it where it lies; else
 * with one of four, which is not aligned here: then it is copied.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "capture/packet.h"
#include "define/binding_compile.h"

PG_FUNCTION_INFO_V1(revops_packet_entries);

#ifdef WORDS_BIGENDIAN
#define OWN_ORDER	2
#else
#define OWN_ORDER	1
#endif

#define HEADER_START	3		/* order of bytes, number of roles */
#define ENTRY_START		4		/* length, what, what it has */

/* what an entry has */
#define HAS_KEY		1
#define HAS_OLD_KEY	2
#define HAS_ROLES	4

/* How a value is kept: stored, so numbers stay as they are. */
typedef enum ValueKind
{
	VALUE_TEXT = 1,				/* as of VARLENA */
	VALUE_NUMERIC = 2,
	VALUE_INT8 = 3,
	VALUE_FLOAT8 = 4,
	VALUE_TIMESTAMP = 5,
	VALUE_TIMESTAMPTZ = 6,
	VALUE_DATE = 7,
	VALUE_BOOL = 8,
	VALUE_SHOWN = 9				/* of another type: the text that a profile has of it */
} ValueKind;

#define VALUE_PERSONAL	0x80	/* flag of a kind in the header */

typedef struct PacketRole
{
	ValueKind	kind;
	bool		personal;
	int			role;			/* position in the binding's slot; filling only */
	Oid			type;			/* filling only */
	const char *name;			/* not terminated */
	int			length;			/* of the name */
} PacketRole;

static ValueKind
kind_of_type(Oid type)
{
	switch (type)
	{
		case TEXTOID:
			return VALUE_TEXT;
		case NUMERICOID:
			return VALUE_NUMERIC;
		case INT8OID:
			return VALUE_INT8;
		case FLOAT8OID:
			return VALUE_FLOAT8;
		case TIMESTAMPOID:
			return VALUE_TIMESTAMP;
		case TIMESTAMPTZOID:
			return VALUE_TIMESTAMPTZ;
		case DATEOID:
			return VALUE_DATE;
		case BOOLOID:
			return VALUE_BOOL;
		default:
			return VALUE_SHOWN;
	}
}

static Oid
type_of_kind(ValueKind kind)
{
	static const Oid types[] = {
		[VALUE_TEXT] = TEXTOID,
		[VALUE_NUMERIC] = NUMERICOID,
		[VALUE_INT8] = INT8OID,
		[VALUE_FLOAT8] = FLOAT8OID,
		[VALUE_TIMESTAMP] = TIMESTAMPOID,
		[VALUE_TIMESTAMPTZ] = TIMESTAMPTZOID,
		[VALUE_DATE] = DATEOID,
		[VALUE_BOOL] = BOOLOID,
		[VALUE_SHOWN] = TEXTOID,
	};

	return types[kind];
}

static void
put_number(char *at, int number)
{
	at[0] = (char) (number & 0xFF);
	at[1] = (char) (number >> 8);
}

static int
get_number(const char *at)
{
	return (unsigned char) at[0] | (unsigned char) at[1] << 8;
}

/* ----- filling -------------------------------------------------------------- */

/* What packets of a binding begin with; made once, as the binding is compiled once. */
typedef struct PacketForm
{
	int			nroles;
	PacketRole *roles;			/* those that are mapped, in the order of jsonb's keys */
	int			length;			/* of the header */
	char		header[FLEXIBLE_ARRAY_MEMBER];
} PacketForm;

/* enough for a statement of one row, as most are */
#define FIRST_ROOM	1024

static char *
put_role(char *at, const PacketRole *role)
{
	*at++ = (char) (role->kind | (role->personal ? VALUE_PERSONAL : 0));
	*at++ = (char) role->length;
	memcpy(at, role->name, role->length);
	return at + role->length;
}

static void
set_role(PacketRole *role, const Binding *binding, int position)
{
	Form_pg_attribute att = TupleDescAttr(binding->roles, position);

	role->kind = kind_of_type(att->atttypid);
	role->personal = binding->personal[position];
	role->role = position;
	role->type = att->atttypid;
	role->name = NameStr(att->attname);
	role->length = strlen(role->name);
}

static PacketForm *
make_form(const Binding *binding)
{
	int			natts = binding->roles->natts;
	PacketForm *form = palloc(offsetof(PacketForm, header) + HEADER_START +
							  (size_t) natts * (2 + NAMEDATALEN));
	char	   *at = form->header + HEADER_START;

	form->nroles = 0;
	form->roles = palloc(sizeof(PacketRole) * Max(natts, 1));
	for (int i = 0; i < natts; i++)
	{
		PacketRole *role = &form->roles[form->nroles];

		if (!binding->mapped[binding->plan->json_order[i]])
			continue;
		set_role(role, binding, binding->plan->json_order[i]);
		at = put_role(at, role);
		form->nroles++;
	}
	form->header[0] = OWN_ORDER;
	put_number(form->header + 1, form->nroles);
	form->length = at - form->header;
	return form;
}

static const PacketForm *
form_of(Binding *binding)
{
	if (binding->form == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(binding->plan->context);

		binding->form = make_form(binding);
		MemoryContextSwitchTo(old);
	}
	return binding->form;
}

Packet *
packet_make(Binding *binding)
{
	Packet	   *packet = palloc(sizeof(Packet));

	packet->form = form_of(binding);
	packet->room = Min(PACKET_SIZE, packet->form->length + FIRST_ROOM);
	packet->data = (char *) palloc(packet->room + VARHDRSZ) + VARHDRSZ;
	/* more roles than there is room for: every entry goes as a row of its own */
	if (packet->form->length > PACKET_SIZE)
		packet->room = 0;
	else
		memcpy(packet->data, packet->form->header, packet->form->length);
	packet_begin(packet, 0);
	return packet;
}

void
packet_begin(Packet *packet, int64 first)
{
	packet->first = first;
	packet->entries = 0;
	packet->used = packet->form->length;
}

/* Each of these gives the place behind what was put, NULL where there is no room. */

static char *
put_bytes(char *at, char *limit, const void *bytes, size_t length)
{
	if (length > (size_t) (limit - at))
		return NULL;
	memcpy(at, bytes, length);
	return at + length;
}

/* Zero-terminated. */
static char *
put_key(char *at, char *limit, const char *key)
{
	return put_bytes(at, limit, key, strlen(key) + 1);
}

static char *
put_varlena(char *at, char *limit, struct varlena *value)
{
	size_t		length = VARSIZE_ANY_EXHDR(value);

	if (VARATT_IS_SHORT(value))
		return put_bytes(at, limit, value, VARSIZE_SHORT(value));
	if (length + VARHDRSZ_SHORT > VARATT_SHORT_MAX)
		return put_bytes(at, limit, value, VARSIZE(value));
	if (length + VARHDRSZ_SHORT > (size_t) (limit - at))
		return NULL;
	SET_VARSIZE_SHORT(at, length + VARHDRSZ_SHORT);
	memcpy(at + VARHDRSZ_SHORT, VARDATA(value), length);
	return at + VARHDRSZ_SHORT + length;
}

static char *
put_value(char *at, char *limit, const PacketRole *role, Datum value)
{
	switch (role->kind)
	{
		case VALUE_TEXT:
		case VALUE_NUMERIC:
			return put_varlena(at, limit, PG_DETOAST_DATUM_PACKED(value));
		case VALUE_INT8:
		case VALUE_FLOAT8:
		case VALUE_TIMESTAMP:
		case VALUE_TIMESTAMPTZ:
			{
				int64		number = DatumGetInt64(value);

				return put_bytes(at, limit, &number, sizeof(number));
			}
		case VALUE_DATE:
			{
				int32		day = DatumGetDateADT(value);

				return put_bytes(at, limit, &day, sizeof(day));
			}
		case VALUE_BOOL:
			{
				char		truth = DatumGetBool(value) ? 1 : 0;

				return put_bytes(at, limit, &truth, 1);
			}
		case VALUE_SHOWN:
			break;
	}
	return put_varlena(at, limit, (struct varlena *) cstring_to_text(profile_shown(value, role->type)));
}

static inline int
bitmap_length(int nroles)
{
	return (nroles + 7) / 8;
}

static char *
put_roles(const PacketForm *form, char *at, char *limit, TupleTableSlot *roles)
{
	char	   *bitmap = at;
	int			nroles = form->nroles;

	if (limit - at < bitmap_length(nroles))
		return NULL;
	memset(bitmap, 0, bitmap_length(nroles));
	at += bitmap_length(nroles);
	for (int i = 0; i < nroles && at != NULL; i++)
	{
		const PacketRole *role = &form->roles[i];

		if (roles->tts_isnull[role->role])
			continue;
		bitmap[i / 8] |= 1 << i % 8;
		at = put_value(at, limit, role, roles->tts_values[role->role]);
	}
	return at;
}

static bool
add(Packet *packet, QueueWhat what, const char *key, const char *old_key,
	TupleTableSlot *roles)
{
	char	   *begin = packet->data + packet->used;
	char	   *limit = packet->data + packet->room;
	char	   *at = begin + ENTRY_START;

	if (packet->entries == PACKET_ENTRIES || packet->used + ENTRY_START > packet->room)
		return false;
	begin[2] = (char) what;
	begin[3] = (char) ((key == NULL ? 0 : HAS_KEY) | (old_key == NULL ? 0 : HAS_OLD_KEY) |
					   (roles == NULL ? 0 : HAS_ROLES));
	if (key != NULL)
		at = put_key(at, limit, key);
	if (at != NULL && old_key != NULL)
		at = put_key(at, limit, old_key);
	if (at != NULL && roles != NULL)
		at = put_roles(packet->form, at, limit, roles);
	if (at == NULL)
		return false;
	put_number(begin, at - begin);
	packet->used = at - packet->data;
	packet->entries++;
	return true;
}

static void
grow(Packet *packet)
{
	packet->data = (char *) repalloc(packet->data - VARHDRSZ, PACKET_SIZE + VARHDRSZ) + VARHDRSZ;
	packet->room = PACKET_SIZE;
}

bool
packet_add(Packet *packet, QueueWhat what, const char *key, const char *old_key,
		   TupleTableSlot *roles)
{
	if (add(packet, what, key, old_key, roles))
		return true;
	if (packet->room == PACKET_SIZE || packet->room == 0)
		return false;
	grow(packet);
	return add(packet, what, key, old_key, roles);
}

/* ----- reading --------------------------------------------------------------- */

static void refuse(void) pg_attribute_noreturn();

static void
refuse(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_REVOPS_INVALID_DEFINITION),
			 errmsg("a packet of the inbox cannot be read"),
			 errdetail("Its bytes are not those of a packet."),
			 errhint("If a row of revops.inbox_packet was written by hand, delete it; revops.reconcile() finds what it told.")));
}

/* The next bytes, of which there must be so many. */
static char *
take(char **at, const char *end, size_t length)
{
	char	   *taken = *at;

	if (length > (size_t) (end - taken))
		refuse();
	*at += length;
	return taken;
}

PacketReader *
packet_open(bytea *body)
{
	PacketReader *reader = palloc(sizeof(PacketReader));

	reader->data = reader->at = VARDATA_ANY(body);
	reader->end = reader->data + VARSIZE_ANY_EXHDR(body);
	(void) take(&reader->at, reader->end, HEADER_START);
	reader->foreign = reader->data[0] != OWN_ORDER;
	reader->nroles = get_number(reader->data + 1);
	/* two bytes a role at least: no more memory than the packet is worth */
	if (reader->nroles * 2 > reader->end - reader->at)
		refuse();
	reader->roles = palloc(sizeof(PacketRole) * Max(reader->nroles, 1));
	for (int i = 0; i < reader->nroles; i++)
	{
		PacketRole *role = &reader->roles[i];
		unsigned char *start = (unsigned char *) take(&reader->at, reader->end, 2);

		role->kind = start[0] & ~VALUE_PERSONAL;
		role->personal = (start[0] & VALUE_PERSONAL) != 0;
		role->length = start[1];
		role->name = take(&reader->at, reader->end, role->length);
		if (role->kind < VALUE_TEXT || role->kind > VALUE_SHOWN)
			refuse();
	}
	reader->header = reader->at - reader->data;
	return reader;
}

static char *
take_key(char **at, const char *end)
{
	char	   *key = *at;

	if (memchr(key, 0, end - key) == NULL)
		refuse();
	*at += strlen(key) + 1;
	return key;
}

bool
packet_next(PacketReader *reader, PacketEntry *entry)
{
	char	   *at = reader->at;
	int			length;
	int			has;

	if (at == reader->end)
		return false;
	entry->begin = take(&at, reader->end, ENTRY_START);
	length = get_number(entry->begin);
	has = (unsigned char) entry->begin[3];
	if (length < ENTRY_START || length > reader->end - entry->begin)
		refuse();
	entry->end = entry->begin + length;
	entry->what = (unsigned char) entry->begin[2];
	entry->key = has & HAS_KEY ? take_key(&at, entry->end) : NULL;
	entry->old_key = has & HAS_OLD_KEY ? take_key(&at, entry->end) : NULL;
	entry->roles = has & HAS_ROLES ? at : NULL;
	if (entry->what > QUEUE_TRUNCATED)
		refuse();
	/* its values can't be read, but its key can */
	if (reader->foreign && entry->key != NULL)
	{
		entry->what = QUEUE_REREAD;
		entry->roles = NULL;
	}
	reader->at = entry->end;
	return true;
}

/* A text or numeric where it lies, or an aligned copy of it. */
static Datum
take_varlena(char **at, const char *end)
{
	char	   *from = *at;
	struct varlena *copy;
	varattrib_4b header = {{0}};
	size_t		size;

	if (end > from && VARATT_IS_SHORT(from) && !VARATT_IS_1B_E(from))
		return PointerGetDatum(take(at, end, VARSIZE_SHORT(from)));
	memcpy(&header.va_4byte.va_header, take(at, end, VARHDRSZ), VARHDRSZ);
	if (!VARATT_IS_4B_U(&header))
		refuse();
	size = VARSIZE_4B(&header);
	if (size < VARHDRSZ)
		refuse();
	(void) take(at, end, size - VARHDRSZ);
	copy = palloc(size);
	memcpy(copy, from, size);
	return PointerGetDatum(copy);
}

static Datum
take_value(char **at, const char *end, ValueKind kind)
{
	int64		number;
	int32		day;

	switch (kind)
	{
		case VALUE_TEXT:
		case VALUE_NUMERIC:
		case VALUE_SHOWN:
			break;
		case VALUE_INT8:
		case VALUE_FLOAT8:
		case VALUE_TIMESTAMP:
		case VALUE_TIMESTAMPTZ:
			memcpy(&number, take(at, end, sizeof(number)), sizeof(number));
			return Int64GetDatum(number);
		case VALUE_DATE:
			memcpy(&day, take(at, end, sizeof(day)), sizeof(day));
			return DateADTGetDatum(day);
		case VALUE_BOOL:
			return BoolGetDatum(*take(at, end, 1) != 0);
	}
	return take_varlena(at, end);
}

static bool
is_told(const char *bitmap, int role)
{
	return (bitmap[role / 8] & (1 << role % 8)) != 0;
}

Jsonb *
packet_entry_profile(PacketReader *reader, const PacketEntry *entry, bool personal)
{
	ProfileValue *values;
	char	   *at = entry->roles;
	char	   *bitmap;
	int			n = 0;

	if (entry->roles == NULL)
		return NULL;
	values = palloc(sizeof(ProfileValue) * Max(reader->nroles, 1));
	bitmap = take(&at, entry->end, bitmap_length(reader->nroles));
	for (int i = 0; i < reader->nroles; i++)
	{
		const PacketRole *role = &reader->roles[i];
		Datum		value;

		if (!is_told(bitmap, i))
			continue;
		value = take_value(&at, entry->end, role->kind);
		if (role->personal != personal)
			continue;
		values[n++] = (ProfileValue) {role->name, role->length, type_of_kind(role->kind), value};
	}
	return personal && n == 0 ? NULL : profile_from_values(values, n);
}

/* Would a packet of the binding, as it is now, begin as this one does? */
static bool
tells_as(const PacketReader *reader, const PacketForm *form)
{
	return reader->header == form->length &&
		memcmp(reader->data, form->header, form->length) == 0;
}

/* Values of these have the types of the roles, whose kinds are the same. */
static void
fill_slot(const PacketRole *roles, PacketReader *reader, const PacketEntry *entry,
		  TupleTableSlot *slot)
{
	char	   *at = entry->roles;
	char	   *bitmap = take(&at, entry->end, bitmap_length(reader->nroles));

	for (int i = 0; i < reader->nroles; i++)
	{
		int			role = roles[i].role;

		slot->tts_isnull[role] = !is_told(bitmap, i);
		if (slot->tts_isnull[role])
			continue;
		slot->tts_values[role] = take_value(&at, entry->end, roles[i].kind);
		if (roles[i].kind == VALUE_SHOWN)
			slot->tts_isnull[role] = !profile_read_shown(slot->tts_values[role], roles[i].type,
														 &slot->tts_values[role]);
	}
}

void
packet_entry_to_slot(PacketReader *reader, const PacketEntry *entry, Binding *binding,
					 TupleTableSlot *slot)
{
	const PacketForm *form = form_of(binding);

	if (entry->roles != NULL && !tells_as(reader, form))
	{
		profile_to_slot(binding, packet_entry_profile(reader, entry, false),
						packet_entry_profile(reader, entry, true), slot);
		return;
	}
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, binding->roles->natts * sizeof(bool));
	if (entry->roles != NULL)
		fill_slot(form->roles, reader, entry, slot);
	ExecStoreVirtualTuple(slot);
}

/* ----- erasing ----------------------------------------------------------------- */

static bool
key_is_among(const char *key, const List *keys)
{
	ListCell   *cell;

	foreach(cell, keys)
		if (key != NULL && strcmp(key, lfirst(cell)) == 0)
			return true;
	return false;
}

/* Write the entry without its personal roles; gives the place behind it. */
static char *
put_without_personal(char *to, const PacketReader *reader, const PacketEntry *entry)
{
	char	   *begin = to;
	char	   *from = entry->roles;
	char	   *bitmap;
	char	   *new_bitmap;

	memcpy(to, entry->begin, entry->roles - entry->begin);
	to += entry->roles - entry->begin;
	bitmap = take(&from, entry->end, bitmap_length(reader->nroles));
	new_bitmap = to;
	memcpy(new_bitmap, bitmap, bitmap_length(reader->nroles));
	to += bitmap_length(reader->nroles);
	for (int i = 0; i < reader->nroles; i++)
	{
		char	   *value = from;

		if (!is_told(bitmap, i))
			continue;
		(void) take_value(&from, entry->end, reader->roles[i].kind);
		if (reader->roles[i].personal)
			new_bitmap[i / 8] &= ~(1 << i % 8);
		else
		{
			memcpy(to, value, from - value);
			to += from - value;
		}
	}
	put_number(begin, to - begin);
	return to;
}

/*
 * Of a machine with another order of bytes it is not known where a value ends:
 * such an entry keeps its key alone, which is all that is read of it.
 */
static char *
put_key_alone(char *to, const PacketEntry *entry)
{
	int			length = entry->key + strlen(entry->key) + 1 - entry->begin;

	memcpy(to, entry->begin, length);
	to[3] &= HAS_KEY;
	put_number(to, length);
	return to + length;
}

bytea *
packet_without_personal(bytea *body, const List *keys)
{
	PacketReader *reader = packet_open(body);
	bytea	   *result = palloc(VARSIZE_ANY_EXHDR(body) + VARHDRSZ);
	char	   *to = VARDATA(result);
	PacketEntry entry;

	memcpy(to, reader->data, reader->header);
	to += reader->header;
	while (packet_next(reader, &entry))
	{
		if (!key_is_among(entry.key, keys))
		{
			memcpy(to, entry.begin, entry.end - entry.begin);
			to += entry.end - entry.begin;
		}
		else if (reader->foreign)
			to = put_key_alone(to, &entry);
		else if (entry.roles != NULL)
			to = put_without_personal(to, reader, &entry);
		else
		{
			memcpy(to, entry.begin, entry.end - entry.begin);
			to += entry.end - entry.begin;
		}
	}
	SET_VARSIZE(result, to - (char *) result);
	return result;
}

/* ----- for people to look at ------------------------------------------------------ */

/* columns of revops.packet_entries() */
enum
{
	ENTRY_N,
	ENTRY_KEY,
	ENTRY_WHAT,
	ENTRY_OLD_KEY,
	ENTRY_ROLES,
	ENTRY_PERSONAL,
	ENTRY_COLS
};

static void
show_entry(ReturnSetInfo *result, PacketReader *reader, const PacketEntry *entry, int n)
{
	Datum		v[ENTRY_COLS];
	bool		nulls[ENTRY_COLS] = {0};
	Jsonb	   *roles = packet_entry_profile(reader, entry, false);
	Jsonb	   *personal = packet_entry_profile(reader, entry, true);

	v[ENTRY_N] = Int32GetDatum(n);
	set_text(v, nulls, ENTRY_KEY, code_text(entry->key));
	v[ENTRY_WHAT] = code_text(queue_what_name(entry->what));
	set_text(v, nulls, ENTRY_OLD_KEY, code_text(entry->old_key));
	set_text(v, nulls, ENTRY_ROLES, roles == NULL ? NO_TEXT : JsonbPGetDatum(roles));
	set_text(v, nulls, ENTRY_PERSONAL, personal == NULL ? NO_TEXT : JsonbPGetDatum(personal));
	tuplestore_putvalues(result->setResult, result->setDesc, v, nulls);
}

/* revops.packet_entries(body bytea): the entries, numbered from 0 */
Datum
revops_packet_entries(PG_FUNCTION_ARGS)
{
	PacketReader *reader = packet_open(PG_GETARG_BYTEA_PP(0));
	MemoryContext per_entry = AllocSetContextCreate(CurrentMemoryContext, "pg_revops packet entry",
													ALLOCSET_DEFAULT_SIZES);
	PacketEntry entry;

	InitMaterializedSRF(fcinfo, 0);
	for (int n = 0; packet_next(reader, &entry); n++)
	{
		MemoryContext old = MemoryContextSwitchTo(per_entry);

		show_entry((ReturnSetInfo *) fcinfo->resultinfo, reader, &entry, n);
		MemoryContextSwitchTo(old);
		MemoryContextReset(per_entry);
	}
	return (Datum) 0;
}
