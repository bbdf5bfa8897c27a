#!/usr/bin/perl
#
# compare.pl [--tap] DATABASE: every figure that the demo found in DATABASE
# against the same figure computed here from the CSV files alone.
#
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);

use bank qw(load_bank bank_figures);
use incident qw(load_log incident_figures);

my $tap = @ARGV && $ARGV[0] eq '--tap' ? shift @ARGV : undef;
my ($database) = @ARGV;
my $data = dirname(__FILE__) . '/../../demo/data';

sub lines_of
{
	my ($view) = @_;
	open my $in, '-|', 'psql', '-XAtq', '-d', $database, '-c', "SELECT line FROM $view ORDER BY n"
		or die "cannot run psql: $!";
	my @lines = <$in>;
	close $in or die "reading $view failed";
	chomp @lines;
	return @lines;
}

my ($n, $equal) = (0, 0);

sub compare
{
	my ($name, $found, $expected) = @_;
	my $last = $#$found > $#$expected ? $#$found : $#$expected;
	for my $i (0 .. $last)
	{
		my ($f, $e) = ($found->[$i] // '(nothing)', $expected->[$i] // '(nothing)');
		my $same = $f eq $e;
		$n++;
		$equal++ if $same;
		print(($same ? 'ok' : 'not ok'), " $n - $name: $e\n") if $tap;
		print(($tap ? '# ' : ''), "$name: the engine says $f, the file says $e\n") unless $same;
	}
}

compare('bank', [ lines_of('bank.figures') ],
	[ bank_figures(load_bank("$data/uci_bank/bank-additional-full.csv.gz")) ]);
compare('incidents', [ lines_of('desk.figures') ],
	[ incident_figures(load_log("$data/uci_incident_log/incident_event_log.csv.gz")) ]);
if ($tap)
{
	print "1..$n\n";
}
else
{
	print "$equal of $n figures equal those computed from the files without a database (test/reference).\n";
}
exit($equal == $n ? 0 : 1);
