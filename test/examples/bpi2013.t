#!/usr/bin/perl
#
# bpi2013.t: examples/bpi2013.sh gives the figures of the data set's reference
# sheet and those that test/reference/bpi2013.pm computes from the log alone, row
# by row: moves between stages, cases by end state, time in each stage, what went
# back and forth.  The data is not in the project: skipped where absent.
#
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/../reference';
use Test::More;

use bpi2013 qw(load_cases figures verdict past_verdict strictly early_ones);
use sheet qw(sheet_table view_rows same_rows run_example);

my $folder = ($ENV{REVOPS_SHARED} || '') . '/data/bpi2013_incidents';
my $log = "$folder/bpi_challenge_2013_incidents.xes.gz";
plan skip_all => 'the log of BPI Challenge 2013 is not here (set REVOPS_SHARED)'
	unless -r "$folder/reference.md" && -r $log;

my @cases = load_cases($log);

# Each view against rows that were computed here, or with what the sheet has.
sub compare
{
	my ($database, %expected) = @_;
	same_rows("$database $_", [ view_rows($database, "SELECT * FROM vinst.$_") ], $expected{$_})
		for sort keys %expected;
	is_deeply([ view_rows($database, 'SELECT * FROM revops.verify()') ], [], "$database: no drift");
	is_deeply([ view_rows($database, 'SELECT message FROM revops.fault') ], [], "$database: no fault");
}

# "check|ours|in the file's header": what the header has is no more than ours
sub first_two { return map { join '|', (split /\|/)[ 0, 1 ] } @_ }

my %sheet = (
	events_by_status => [ first_two(sheet_table($folder, 'Events per status vs header')) ],
	events_by_sub_status => [ sheet_table($folder, 'Events per status + sub status') ],
	end_state => [ sheet_table($folder, 'Last event of the case') ],
	time_to_complete => [ sheet_table($folder, 'Time to first Completed event') ],
	waiting => [ sheet_table($folder, 'Waiting time per sub status') ],
	clock => [ sheet_table($folder, 'SLA clock without') ],
	top_products => [ sheet_table($folder, 'Top 10', 1) ]);
my @shape = grep { /^(?:cases|events|mean case duration s|total duration s|distinct)\b(?! out| whose)/ }
	first_two(sheet_table($folder, 'Shape'));
# what only who was there from the beginning can know: who had the case when
my %people = (
	# without mean and 90th percentile
	sla_clock => [ map { join '|', (split /\|/)[ 0 .. 2, 5 .. 7 ] } @{ $sheet{clock} } ],
	shape => \@shape,
	routing => [ sheet_table($folder, 'Routing') ],
	top_groups => [ sheet_table($folder, 'Top 10', 2) ],
	top_countries => [ sheet_table($folder, 'Top 10', 3) ],
	top_organizations => [ sheet_table($folder, 'Top 10', 4) ]);

# ----- played as it happened, each move recorded ------------------------------------
my %told = figures(\&verdict, @cases);
# settled after the commit: in make test-long
for my $mode ('inline', $ENV{REVOPS_LONG} ? 'queued' : ())
{
	run_example("bpi2013_$mode", 'examples/bpi2013.sh', $folder, $mode);
	compare("bpi2013_$mode", %sheet, %people, %told);
}

# the figures that the sheet is best known for, and ours of the lifecycle, as numbers
my %known = (
	"SELECT count(*) FROM vinst.promised WHERE outcome = 'kept'" => 5781,
	"SELECT count(*) FROM vinst.cases" => 7554,
	"SELECT count(*) FROM vinst.events" => 65533,
	"SELECT cases FROM vinst.reopened" => 514,
	"SELECT value FROM vinst.routing WHERE measure LIKE '%ping-pong%'" => 1258,
	"SELECT cases FROM vinst.end_state WHERE sub_status = 'Closed'" => 5573,
	"SELECT cases FROM vinst.end_state WHERE sub_status = 'In Call'" => 1882,
	"SELECT hours FROM vinst.waiting WHERE stage = 'Completed/Resolved'" => '687769.09',
	"SELECT hours FROM vinst.waiting WHERE stage = 'Accepted/Wait - User'" => '463412.49',
	"SELECT hours FROM vinst.waiting WHERE stage = 'Accepted/In Progress'" => '321502.27',
	"SELECT hours FROM vinst.waiting WHERE stage = 'Queued/Awaiting Assignment'" => '301989.35');
is((view_rows('bpi2013_inline', $_))[0], $known{$_}, $_) for sort keys %known;

# ----- taken in afterwards ----------------------------------------------------------
run_example('bpi2013_history', 'examples/bpi2013.sh', $folder, 'history');
compare('bpi2013_history', %sheet, figures(\&past_verdict, @cases));

# ----- refused ----------------------------------------------------------------------
my @early = early_ones(@cases);
run_example('bpi2013_strict', 'examples/bpi2013.sh', $folder, 'strict');
compare('bpi2013_strict', strictly(@early));
is_deeply([ view_rows('bpi2013_strict', 'SELECT * FROM vinst.moves WHERE violation') ], [],
	'nothing that the lifecycle does not allow has passed');

done_testing();
