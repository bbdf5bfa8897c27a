#!/usr/bin/perl
#
# olist.t: examples/olist.sh gives the figures of the data set's reference
# sheet, row by row.  The data is not in the project: skipped where absent.
#
use strict;
use warnings;
use File::Basename;
use Test::More;

my $folder = ($ENV{REVOPS_SHARED} || '') . '/data/olist_funnel';
plan skip_all => 'the Olist data set is not here (set REVOPS_SHARED)' unless -r "$folder/reference.md";

# rows of the table under a heading: "first|n|positive|rate"
sub reference_table
{
	my ($heading) = @_;
	open my $in, '<', "$folder/reference.md" or die "cannot read the reference: $!";
	my (@rows, $inside);
	while (my $line = <$in>)
	{
		$inside = index($line, "## $heading") == 0 if $line =~ /^## /;
		next unless $inside && $line =~ /^\| (?!-)/;
		my @cells = $line =~ /\| ([^|]*?) (?=\|)/g;
		push @rows, join '|', @cells if $cells[1] =~ /^\d+$/;
	}
	close $in;
	return @rows;
}

my $database = 'olist';
system('createdb', $database) == 0 or die 'createdb failed';
my $output = `PGDATABASE=$database bash examples/olist.sh '$folder' 2>&1`;
is($?, 0, 'the example runs') or diag($output);

my %view = ('Conversion by origin' => 'by_origin', 'Conversion by first-contact month' => 'by_month');
for my $heading (sort keys %view)
{
	my @expected = sort(reference_table($heading));
	my $found = `psql -XAtqd $database -c 'SELECT * FROM olist.$view{$heading}'`;
	my @found = sort split /\n/, $found;
	cmp_ok(scalar @expected, '>', 5, "$heading: the reference has rows");
	is($found[$_] // '(nothing)', $expected[$_] // '(nothing)', "$heading: $expected[$_]")
		for 0 .. ($#expected > $#found ? $#expected : $#found);
}
is(`psql -XAtqd $database -c 'SELECT count(*) FROM revops.verify()'`, "0\n", 'no drift');
done_testing();
