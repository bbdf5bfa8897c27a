/*
 * handover.c
 *		See handover.h.
 *
 * PostgreSQL calls back after the transaction has left the array of running
 * ones: its rows are visible and its row locks are void by then.
 */
#include "postgres.h"

#include "access/xact.h"

#include "base/handover.h"
#include "base/mailbox.h"

static int	noted = 0;
static TimestampTz noted_due = DT_NOEND;
static int	own = 0;

void
handover_note(int work)
{
	noted |= work;
}

void
handover_due(TimestampTz at)
{
	noted_due = Min(noted_due, at);
}

int
handover_own(void)
{
	int			work = own;

	own = 0;
	return work;
}

/* Leads may be free now: the word for it, when the worker wants to know. */
static uint32
freed(Mailbox *box, int work)
{
	bool		surely = (work & HANDOVER_LEADS_FREED) != 0;

	if (!surely && !TransactionIdIsValid(GetTopTransactionIdIfAny()))
		return 0;
	if (!want_take(&box->want, surely))
		return 0;
	return surely ? HANDOVER_LEADS_FREED : MAILBOX_MAYBE_FREED;
}

static void
tell(int work, TimestampTz due)
{
	Mailbox    *box = mailbox_mine();
	uint32		word;

	if (box == NULL)
		return;
	if (mailbox_is_read_by_me())
	{
		own |= work;
		(void) mailbox_lower_due(box, due);
		return;
	}
	word = (work & ~HANDOVER_LEADS_FREED) | freed(box, work);
	if (due != DT_NOEND)
		mailbox_due(box, due);
	if (word != 0)
		mailbox_leave(box, word);
}

static void
end_of_xact(XactEvent event, void *arg)
{
	int			work = noted;
	TimestampTz due = noted_due;

	switch (event)
	{
		case XACT_EVENT_COMMIT:
			break;
		case XACT_EVENT_ABORT:
			work &= HANDOVER_LEADS_FREED;
			due = DT_NOEND;
			break;
		case XACT_EVENT_PREPARE:
			/* whoever commits it tells: see stand_aside.c */
			work = 0;
			due = DT_NOEND;
			break;
		default:
			return;
	}
	noted = 0;
	noted_due = DT_NOEND;
	tell(work, due);
}

/* A savepoint that is rolled back gives its locks back at once. */
static void
end_of_subxact(SubXactEvent event, SubTransactionId mine,
			   SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && !mailbox_is_read_by_me())
		tell(noted & HANDOVER_LEADS_FREED, DT_NOEND);
}

void
handover_init(void)
{
	RegisterXactCallback(end_of_xact, NULL);
	RegisterSubXactCallback(end_of_subxact, NULL);
}

bool
handover_served(void)
{
	Mailbox    *box = mailbox_mine();

	return box != NULL && mailbox_has_reader(box);
}

bool
handover_gathers(int64 lead_id)
{
	Mailbox    *box = mailbox_mine();

	return box != NULL && gathering_has(&box->gathering, lead_id);
}
