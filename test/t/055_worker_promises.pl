#!/usr/bin/perl
#
# 055_worker_promises.pl: F2, F4: the background worker does what is due of
# promises by itself: it sleeps until the earliest moment and wakes for an earlier
# one, warns, tells breaches, gives leads on, reckons clocks anew when a calendar
# changes, and runs what people wrote as revops_reader, not as superuser.  And of
# time that is set forth and back nothing is done twice.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture);
use RevopsWorker qw(worker_node worker_pid leads);

my $node = worker_node('promises', 'postgres');
worker_pid($node, 'postgres');
create_fixture($node, 'postgres');

sub ask { return $node->safe_psql('postgres', "SELECT $_[0]") }

sub told
{
	my ($event, $key, $name) = @_;
	ok($node->poll_query_until('postgres', qq{SELECT count(*) = 1 FROM revops.event e JOIN revops.lead l USING (lead_id)
		WHERE e.event = '$event' AND l.key = '$key'}), $name);
}

# Who a rule runs as is a rule's condition: nobody else gets a clock.
$node->safe_psql('postgres', q{
	CREATE FUNCTION public.as_reader() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT current_user = 'revops_reader' $$;
	INSERT INTO revops.calendar (calendar, time_zone) VALUES ('always', 'UTC');
	INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
	SELECT calendar_id, d, '00:00', '24:00' FROM revops.calendar, generate_series(1, 7) d WHERE calendar = 'always';
	SELECT revops.draft_agreement() AS draft \gset
	DELETE FROM revops.sla_policy WHERE agreement_id = :draft;
	INSERT INTO revops.sla_policy (agreement_id, policy, position, condition, target, calendar_id, on_change) VALUES
		(:draft, 'at once', 1, 'public.as_reader() AND country = ''FR''', '500 milliseconds', NULL, 'keep'),
		(:draft, 'in an hour', 2, 'public.as_reader() AND country = ''US''', '1 hour', (SELECT calendar_id FROM revops.calendar WHERE calendar = 'always'), 'recompute');
	INSERT INTO revops.sla_step (agreement_id, policy, position, step, after, action, at_most) VALUES
		(:draft, 'at once', 1, 'soon', '-300 milliseconds', 'tell', NULL),
		(:draft, 'at once', 2, 'somebody else', '0', 'reassign', 1);
	SELECT revops.adopt_agreement(:draft)});

# one that is due in an hour, and the worker sleeps
leads($node, 'postgres', 1, 1);
$node->safe_psql('postgres', q{SELECT revops.advance(revops.lead_id('person', '1'), 'mql')});
ok($node->poll_query_until('postgres', q{SELECT next_due_at BETWEEN now() + interval '30 minutes' AND now() + interval '61 minutes' AND state = 'idle' FROM revops.worker}),
	'the worker sleeps until the promise is due, in an hour');

# one that is due much earlier wakes it
leads($node, 'postgres', 2, 2);
$node->safe_psql('postgres', q{UPDATE crm.person SET country = 'FR' WHERE id = 2; SELECT revops.advance(revops.lead_id('person', '2'), 'mql')});
told('sla_warned', 2, 'it wakes for an earlier one, and warns');
told('sla_step', 2, '... gives the lead on when that is due');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 2 FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE e.event = 'sla_breached' AND l.key = '2'}),
	'... and tells when the next one does not keep it either');
is(ask(q{count(*) FROM revops.sla_clock_change h JOIN revops.lead l USING (lead_id) WHERE l.key = '2' AND h.change = 'step' AND h.position = 2}), '1',
	'... which is not gone on with for ever');
is(ask(q{string_agg(a.cause, ' ' ORDER BY a.seq) FROM revops.assignment a JOIN revops.lead l USING (lead_id) WHERE l.key = '2'}), 'route sla', 'who got it, and why');
is(ask(q{bool_and(c.breached_at = c.due_at) FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) WHERE l.key = '2'}), 't', 'a breach is of the due time, whenever it is told');
is(ask('count(*) FROM revops.fault'), '0', 'rules were run as revops_reader: no fault');

# a day off: the clock that runs follows, by the worker
my $due = ask(q{due_at FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) WHERE l.key = '1'});
$node->safe_psql('postgres', q{INSERT INTO revops.calendar_exception (calendar_id, day)
	SELECT calendar_id, (now() AT TIME ZONE 'UTC')::date + d FROM revops.calendar, generate_series(0, 1) d WHERE calendar = 'always'});
ok($node->poll_query_until('postgres', qq{SELECT c.due_at >= '$due'::timestamptz + interval '1 hour' FROM revops.sla_clock c JOIN revops.lead l USING (lead_id) WHERE l.key = '1'}),
	'a holiday moves the clock that runs, by the worker');
is(ask(q{count(*) FROM revops.sla_clock_change WHERE change = 'recomputed'} ), '1', '... once');
told('sla_recomputed', 1, '... and tells');

# the engine's time is set forth a week, back, and forth again: what was due in between is told once
for my $now ("now() + interval '7 days'", "now() - interval '1 day'", "now() + interval '7 days'", "now() + interval '8 days'")
{
	$node->safe_psql('postgres', qq{SELECT set_config('pg_revops.now', ($now)::text, false); SELECT revops.run_due()});
}
is(ask(q{count(*) FROM revops.event e JOIN revops.lead l USING (lead_id) WHERE e.event = 'sla_breached' AND l.key = '1'}), '1', 'time that jumps forth and back tells a breach once');
is(ask('count(*) FROM revops.event WHERE event LIKE \'sla%\''), ask(q{count(DISTINCT (lead_id, event, seq)) FROM revops.event WHERE event LIKE 'sla%'}), 'nothing is told twice');
is(ask('count(*) FROM revops.verify()'), '0', 'state equals facts');
$node->stop;
done_testing();
