/*
 * tracks.c
 *		See tracks.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "define/load.h"
#include "define/tracks.h"

/* Exact time in microseconds: validation refuses months.  NULL is `absent`. */
static int64
exact_time(uint64 row, int column, int64 absent)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);
	Interval   *span = isnull ? NULL : DatumGetIntervalP(value);

	return isnull ? absent : span->time + span->day * USECS_PER_DAY;
}

/* The words of an array, copied; false when it is NULL. */
static bool
words(Definitions *def, uint64 row, int column, int *n, char ***list)
{
	bool		isnull;
	Datum		value = field(row, column, &isnull);
	Datum	   *elements;
	bool	   *nulls;

	*n = 0;
	if (isnull)
		return false;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, n);
	*list = zeroed(def, sizeof(char *) * *n);
	for (int i = 0; i < *n; i++)
		(*list)[i] = nulls[i] ? "" :
			MemoryContextStrdup(def->context, TextDatumGetCString(elements[i]));
	return true;
}

static BackTo
back_to_by_name(const char *name)
{
	return strcmp(name, "not_rejecter") == 0 ? BACK_TO_OTHER :
		strcmp(name, "route") == 0 ? BACK_TO_ROUTE : BACK_TO_OWNER;
}

/* The signals that stop a track's steps: those named, else all that show a wish to buy. */
static void
load_stops(Definitions *def, uint64 row, int column, TrackText *text)
{
	int			n;
	char	  **codes;

	text->stops = zeroed(def, sizeof(bool) * def->nsignals);
	if (words(def, row, column, &n, &codes))
		for (int i = 0; i < n; i++)
		{
			Signal	   *signal = signal_by_code(def, codes[i], strlen(codes[i]));

			if (signal != NULL)
				text->stops[signal - def->signals] = true;
		}
	else
		for (int i = 0; i < def->nsignals; i++)
			text->stops[i] = def->signals[i].inbound && def->signals[i].buying;
	for (int i = 0; i < def->nsignals; i++)
		def->signals[i].stops |= text->stops[i];
}

static void
load_conversation(Definitions *def, uint64 row, int column)
{
	int			n;
	char	  **codes;

	(void) words(def, row, column, &n, &codes);
	for (int i = 0; i < n; i++)
	{
		Signal	   *signal = signal_by_code(def, codes[i], strlen(codes[i]));

		if (signal != NULL)
			signal->converses = true;
	}
}

static void
load_track(Definitions *def, int i)
{
	Agreement  *a = def->agreement;
	Track	   *track = &a->tracks[i];
	char	   *back_stage = text_field(def, i, 9);

	track->code = text_field(def, i, 1);
	track->sequence = bool_field(i, 2);
	track->takes_rest = bool_field(i, 3);
	(void) words(def, i, 4, &track->nreasons, &track->reasons);
	track->silent_after = exact_time(i, 5, 0);
	track->back_after = exact_time(i, 6, -1);
	track->back_intent = int_field(i, 7);
	def->track_texts[i].back_when = text_field(def, i, 8);
	track->back_when = def->track_texts[i].back_when != NULL;
	track->back_stage = back_stage == NULL ? NO_STAGE :
		stage_by_code(a, back_stage, strlen(back_stage));
	track->back_to = back_to_by_name(text_field(def, i, 10));
	load_stops(def, i, 11, &def->track_texts[i]);
	if (track->silent_after > 0)
	{
		a->silence_track = i;
		load_conversation(def, i, 12);
	}
	a->spares |= track->back_to != BACK_TO_OWNER;
	a->renews |= track->back_intent > 0;
	a->returns |= track->back_when;
}

/* Steps of all tracks, from rows in order of track and position. */
static void
load_steps(Definitions *def)
{
	Agreement  *a = def->agreement;
	uint64		n = read_rows(def, "SELECT t.place, s.position, s.step, s.after, s.calendar_id, "
							  "CASE WHEN s.counts_as_attempt THEN s.channel END "
							  "FROM revops.nurture_step s JOIN (SELECT track, row_number() OVER (ORDER BY position)::int - 1 AS place "
							  "FROM revops.nurture_track WHERE agreement_id = $2) t USING (track) "
							  "WHERE s.agreement_id = $2 ORDER BY 1, 2");
	uint64		row = 0;

	for (int i = 0; i < a->ntracks; i++)
	{
		Track	   *track = &a->tracks[i];
		uint64		first = row;

		while (row < n && int_field(row, 1) == i)
			row++;
		track->nsteps = (int) (row - first);
		track->positions = zeroed(def, sizeof(int) * track->nsteps);
		def->track_texts[i].steps = zeroed(def, sizeof(TrackStep) * track->nsteps);
		for (int k = 0; k < track->nsteps; k++)
		{
			TrackStep  *step = &def->track_texts[i].steps[k];
			char	   *channel = text_field(def, first + k, 6);

			track->positions[k] = step->position = int_field(first + k, 2);
			step->name = text_field(def, first + k, 3);
			step->after = exact_time(first + k, 4, 0);
			step->calendar_id = int_field(first + k, 5);
			step->attempt = channel == NULL ? NULL :
				signal_by_code(def, channel, strlen(channel));
		}
	}
}

void
load_tracks(Definitions *def)
{
	Agreement  *a = def->agreement;

	a->silence_track = NO_TRACK;
	a->ntracks = (int) read_rows(def, "SELECT track, kind = 'sequence', coalesce(purpose, '') = 'recycled', reasons, "
								 "silent_after, back_after, back_intent, back_when, back_stage, back_to, stops_on, conversation "
								 "FROM revops.nurture_track WHERE agreement_id = $2 ORDER BY position");
	a->tracks = zeroed(def, sizeof(Track) * a->ntracks);
	def->track_texts = zeroed(def, sizeof(TrackText) * a->ntracks);
	for (int i = 0; i < a->ntracks; i++)
		load_track(def, i);
	load_steps(def);
}
