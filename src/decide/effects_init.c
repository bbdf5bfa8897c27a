/*
 * effects_init.c
 *		Effects of a decision before anything is decided: see decide.h.
 */
#include "postgres.h"

#include "decide/clock.h"
#include "decide/decide.h"
#include "decide/nurture.h"

void
effects_init(Effects *effects, const LeadState *state, const LeadNews *news)
{
	effects->next = *state;
	effects->nmoves = 0;
	effects->nassignments = 0;
	clock_effects_init(effects);
	effects->ntimers = 0;
	effects->hold.to = NO_STAGE;
	effects->survivor_id = 0;
	effects->refusal = NOT_REFUSED;
	effects->stay_over = effects->stopped = false;
	effects->quiet = news->adopt;
	nurture_effects_init(&effects->nurture);
}
