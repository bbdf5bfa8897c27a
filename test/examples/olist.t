#!/usr/bin/perl
#
# olist.t: examples/olist.sh gives the figures of the data set's reference
# sheet, row by row, by the views of the KPIs, and hygiene shows the traps that
# the sheet names (K).  The data is not in the project: skipped where absent.
#
use strict;
use warnings;
use File::Basename;
use Test::More;

my $folder = ($ENV{REVOPS_SHARED} || '') . '/data/olist_funnel';
plan skip_all => 'the Olist data set is not here (set REVOPS_SHARED)' unless -r "$folder/reference.md";

# rows of the table under a heading: "first|n|positive|rate", or the first columns of it
sub reference_table
{
	my ($heading, $columns) = @_;
	open my $in, '<', "$folder/reference.md" or die "cannot read the reference: $!";
	my (@rows, $inside);
	while (my $line = <$in>)
	{
		$inside = index($line, "## $heading") == 0 if $line =~ /^## /;
		next unless $inside && $line =~ /^\| (?!-)/;
		my @cells = $line =~ /\| ([^|]*?) (?=\|)/g;
		last if $heading =~ /^Routing/ && $cells[0] eq 'sdr_id';
		next unless $cells[1] =~ /^\d+$/;
		splice @cells, $columns if $columns;
		push @rows, join '|', @cells;
	}
	close $in;
	return @rows;
}

my $database = 'olist';
system('createdb', $database) == 0 or die 'createdb failed';
my $output = `PGDATABASE=$database bash examples/olist.sh '$folder' 2>&1`;
is($?, 0, 'the example runs') or diag($output);

my %view = (
	'Conversion by origin' => 'by_origin',
	'Conversion by first-contact month' => 'by_month',
	'Conversion by landing page' => 'by_landing_page',
	'Won per month' => 'won_per_month',
	'Won deals by business_segment' => 'by_business_segment');
for my $heading (sort keys %view)
{
	my @expected = sort(reference_table($heading));
	my $found = `psql -XAtqd $database -c 'SELECT * FROM olist.$view{$heading}'`;
	my @found = sort split /\n/, $found;
	cmp_ok(scalar @expected, '>', 5, "$heading: the reference has rows");
	is($found[$_] // '(nothing)', $expected[$_] // '(nothing)', "$heading: $expected[$_]")
		for 0 .. ($#expected > $#found ? $#expected : $#found);
}
my @leading = reference_table('Routing load', 3);
is(scalar @leading, 10, 'won deals per representative: the reference has rows');
my %rep = map { (split /\|/)[0] => $_ } split /\n/, `psql -XAtqd $database -c 'SELECT * FROM olist.by_representative'`;
is($rep{ (split /\|/)[0] }, $_, "won deals per representative: $_") for @leading;

my ($n) = map { (split /\|/)[2] } grep { /^n\|/ } reference_table('Time from first contact to won');
open my $sheet, '<', "$folder/reference.md" or die "cannot read the reference: $!";
my ($mean) = map { /^\| mean \| [\d.]+ \| ([\d.]+) \|/ ? $1 : () } <$sheet>;
close $sheet;
is(`psql -XAtqd $database -c 'SELECT * FROM olist.time_to_won'`, "$n|$mean\n", 'time from first contact to won: n, and mean in days');

# the traps that the sheet names, by hygiene
my %trap = map { my ($problem, @rest) = split /\|/; $problem => join '|', @rest }
	split /\n/, `psql -XAtqd $database -c 'SELECT problem, n, example FROM revops.hygiene'`;
is($trap{closed_before_opened} =~ /^1\|/ ? 1 : 0, 1, 'hygiene: one deal was won before its first contact');
is($trap{source_sentinel}, "1099|'unknown'", 'hygiene: an origin that stands for none');
is($trap{source_missing} =~ /^60\|/ ? 1 : 0, 1, 'hygiene: leads without an origin');
is($trap{won_without_amount} =~ /^842\|/ ? 1 : 0, 1, 'hygiene: the file has no amounts');

# cohorts that are cut off: on the day of the last first contact those of the last 162 days still grow
my $cut = `psql -XAtqd $database -c "SET pg_revops.now = '2018-05-31 23:59:59+00'" -c "SELECT n, example FROM revops.hygiene WHERE problem = 'truncated_cohort'"`;
my ($young, $first) = $cut =~ /^(\d+)\|([\d-]+)$/m;
my $known = `psql -XAtqd $database -c "SELECT count(*), min(first_contact_date) FROM olist.mql WHERE first_contact_date > timestamp '2018-05-31 23:59:59' - interval '162.5888 days'"`;
is("$young|$first\n", $known, 'hygiene: the cohorts of the last nine tenths of the cycle');
is(`psql -XAtqd $database -c 'SELECT count(*) FROM revops.verify()'`, "0\n", 'no drift');
done_testing();
