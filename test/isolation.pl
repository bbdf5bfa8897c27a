#!/usr/bin/perl
#
# isolation.pl: run one spec of the isolation tester, and compare what it prints
# with what is expected.
#
# usage: test/isolation.pl TESTER TEMPLATE SPEC EXPECTED FOLDER
#
# Each permutation gets a database of its own, copied from TEMPLATE (file by file:
# half the time of copying through the log): it finds the
# extension as new as can be, so that a spec needs no teardown.  (pg_isolation_regress
# runs all of them in one database, by one session: it would have to drop and create
# the extension each time, which takes the longer the more often a session has done
# it, as every plan that it ever made is asked about every object that changes.)
#
# What is printed goes to FOLDER/results/NAME.out, the difference to
# FOLDER/regression.diffs.  Ends non-zero where there is one.
#
use strict;
use warnings;
use File::Basename;
use File::Path;

my ($tester, $template, $spec, $expected, $folder) = @ARGV;
@ARGV == 5 or die "usage: $0 TESTER TEMPLATE SPEC EXPECTED FOLDER\n";
my $name = basename($spec, '.spec');
my $database = "isolation_$name";

# what pg_regress sets for every test
$ENV{PGTZ} = 'PST8PDT';
$ENV{PGDATESTYLE} = 'Postgres, MDY';
$ENV{PGAPPNAME} = "isolation/$name";
$ENV{PGOPTIONS} = join ' ', map { "-c $_" } qw(intervalstyle=postgres_verbose bytea_output=hex
	timezone_abbreviations=Default lc_messages=C lc_monetary=C lc_numeric=C lc_time=C);

# what all permutations have in common, and each of them
my ($common, @permutations) = ('');
open(my $in, '<', $spec) or die "$spec: $!\n";
while (my $line = <$in>)
{
	if ($line =~ /^permutation\b/) { push @permutations, $line }
	elsif (@permutations) { $permutations[-1] .= $line }
	else { $common .= $line }
}
close $in;
@permutations or die "$spec: it names no permutation\n";

sub run
{
	system(@_) == 0 or die "$spec: $_[0] failed\n";
}

sub psql
{
	run('psql', '-qXd', 'postgres', map { ('-c', $_) } 'SET client_min_messages = warning', @_);
}

my %unused;
mkpath("$folder/results");
my $results = "$folder/results/$name.out";
open(my $out, '>', $results) or die "$results: $!\n";
for my $i (0 .. $#permutations)
{
	psql(qq{DROP DATABASE IF EXISTS "$database"}, qq{CREATE DATABASE "$database" TEMPLATE "$template" STRATEGY = FILE_COPY});
	open(my $one, '>', "$folder/one.spec") or die "$folder/one.spec: $!\n";
	print $one $common, $permutations[$i];
	close $one;
	open(my $printed, '-|', qq{"$tester" "dbname=$database" < "$folder/one.spec" 2>&1}) or die "$tester: $!\n";
	my @lines = <$printed>;
	my $ended = close $printed;
	# how many sessions there are is said each time, and so are the steps of the other permutations
	$unused{$_}++ for grep { /^unused step name:/ } @lines;
	print $out grep { !/^unused step name:/ && !($i > 0 && /^Parsed test spec with/) } @lines;
	print $out "the tester ended with status $?\n" if !$ended;
}
psql(qq{DROP DATABASE "$database"});
print $out grep { $unused{$_} == @permutations } sort keys %unused;
close $out;
exit(system(qq{diff -U3 "$expected" "$results" > "$folder/regression.diffs"}) == 0 ? 0 : 1);
