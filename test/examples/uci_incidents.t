#!/usr/bin/perl
#
# uci_incidents.t: F2, F3: examples/uci_incidents.sh plays a service desk's log under
# declared promises.  First touches are those of the data set's reference sheet, what
# the desk says of its own SLA stands beside as the sheet has it, and the pausable
# clocks of the solution are equal to a computation from the log alone.  Of a week
# of incidents; in make test-long (REVOPS_LONG=1) of all, beside the sheet.
#
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/../reference';
use Test::More;

use sheet qw(sheet_table view_rows same_rows run_example);

my $folder = ($ENV{REVOPS_SHARED} || '') . '/data/uci_incident_log';
plan skip_all => 'the incident log of UCI is not here (set REVOPS_SHARED)'
	unless -r "$folder/reference.md" && -r "$folder/incident_event_log.csv.gz";

my $database = 'uci_incidents';
run_example($database, 'examples/uci_incidents.sh', $folder, $ENV{REVOPS_LONG} ? 'infinity' : '2016-03-03');

if ($ENV{REVOPS_LONG})
{
	# the sheet counts two incidents whose first event is before their opening as less than 0 hours, and so has another mean
	my @touch = map { join '|', (split /\|/)[ 0, 1, 3, 4, 6 .. 9 ] } grep { /^first Active/ } sheet_table($folder, 'First touch');
	same_rows('first touch', [ view_rows($database, 'SELECT * FROM desk.first_touch') ], \@touch);
	same_rows('made_sla as the desk has it', [ view_rows($database, 'SELECT priority, incidents, made_sla, their_rate FROM desk.sla') ],
		[ map { join '|', (split /\|/)[ 0 .. 3 ] } sheet_table($folder, 'Per incident (last event): priority') ]);
	is((view_rows($database, q{SELECT sum(kept) FROM revops.kpi_sla_compliance('year') WHERE policy = 'touched'}))[0], 16377,
		'within four hours, by the KPI');
}
same_rows('the first solution of each incident, without waiting for the user',
	[ view_rows($database, 'SELECT * FROM desk.sla_clocks') ], [ view_rows($database, 'SELECT * FROM desk.sla_naive') ]);
is((view_rows($database, 'SELECT count(*) FROM revops.sla_clock_change WHERE change = \'paused\''))[0] > 100, 1, 'clocks were paused');
is_deeply([ view_rows($database, 'SELECT * FROM revops.verify()') ], [], 'no drift');
is_deeply([ view_rows($database, 'SELECT message FROM revops.fault') ], [], 'no fault');
done_testing();
