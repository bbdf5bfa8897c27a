/*
 * own_write.c
 *		See own_write.h.
 *
 * The UPDATE fires the host's triggers, ours among them, one level deeper than
 * the statement.  What a trigger of the host's writes then is deeper still, and
 * is the host's; where that makes us write, too, one own write is in another.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"

#include "capture/fill.h"
#include "capture/own_write.h"
#include "settle/host_words.h"

static OwnWrite *current = NULL;

int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

void
own_write_begin(OwnWrite *own, Fill *fill, const Written *written)
{
	own->fill = fill;
	own->written = written;
	own->depth = trigger_depth();
	own->held = false;
	own->outer = current;
	current = own;
}

void
own_write_end(OwnWrite *own)
{
	current = own->outer;
}

OwnWrite *
own_write_of(Binding *binding)
{
	if (current == NULL || current->fill->binding->binding_id != binding->binding_id ||
		trigger_depth() != current->depth + 1)
		return NULL;
	return current;
}

TupleTableSlot *
own_write_spoken(OwnWrite *own, TupleTableSlot *roles, TupleTableSlot *old_roles)
{
	TupleTableSlot *spoken = binding_role_slot(own->fill->binding);

	ExecCopySlot(spoken, roles);
	for (int i = 0; i < own->fill->n; i++)
	{
		FillColumn *column = &own->fill->columns[i];

		/* a trigger of the host's may have made something else of it: that is news */
		if (column->role < 0 || !fill_means(column, own->fill, own->written, roles))
			continue;
		spoken->tts_values[column->role] = old_roles->tts_values[column->role];
		spoken->tts_isnull[column->role] = old_roles->tts_isnull[column->role];
	}
	return spoken;
}
