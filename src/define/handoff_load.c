/*
 * handoff_load.c
 *		See handoff_load.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "define/handoff_load.h"
#include "define/load.h"

/* The signals that the rule lists; where it lists none, all that go out. */
static void
load_attempts(Definitions *def, int column)
{
	bool		isnull;
	Datum		array = field(0, column, &isnull);
	Datum	   *codes = NULL;
	int			n = 0;

	if (!isnull)
		deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
						  &codes, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *code = TextDatumGetCString(codes[i]);
		Signal	   *signal = signal_by_code(def, code, strlen(code));

		if (signal != NULL)
			signal->attempt = true;
	}
	for (int i = 0; isnull && i < def->nsignals; i++)
		def->signals[i].attempt = !def->signals[i].inbound;
}

void
load_handoff(Definitions *def)
{
	HandoffTerms *terms = &def->agreement->handoff;

	if (read_rows(def, "SELECT h.no_response_reason, h.duplicate_reason, h.attempts, h.attempts_days, "
				  "h.no_response_to, m.zone, h.attempts_signals "
				  "FROM revops.handoff_rule h JOIN revops.score_model m USING (agreement_id) "
				  "WHERE agreement_id = $2") == 0)
		return;
	terms->no_response = text_field(def, 0, 1);
	terms->duplicate = text_field(def, 0, 2);
	terms->attempts = int_field(0, 3);
	terms->attempts_days = int_field(0, 4);
	terms->no_response_to = purpose_by_name(text_field(def, 0, 5));
	if (terms->attempts == 0)
		return;
	load_attempts(def, 7);
	/* it was checked when it was saved; a server that has lost it counts days all the same */
	def->attempts_zone = pg_tzset(text_field(def, 0, 6));
	if (def->attempts_zone == NULL)
		def->attempts_zone = pg_tzset("GMT");
}
