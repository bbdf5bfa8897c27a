#!/usr/bin/perl
#
# bank.t: by the view of a KPI (K, K8), calls and their outcome by each column of the
# bank's file are what counting the file gives, and what the data set's reference
# sheet says where it is at hand; hygiene shows the words that stand for none.
#
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/../reference';
use Test::More;

use sheet qw(sheet_table view_rows same_rows run_example);

my $file = 'demo/data/uci_bank/bank-additional-full.csv.gz';
my $folder = ($ENV{REVOPS_SHARED} || '') . '/data/uci_bank';
my @columns = qw(campaign previous poutcome job marital education default housing loan contact month day_of_week pdays contacts);

# the file, counted
my (%n, %yes, @name);
open my $in, '-|', 'gzip', '-dc', $file or die "cannot read $file: $!";
while (my $line = <$in>)
{
	$line =~ s/\r?\n$//;
	my @cell = map { s/^"|"$//gr } split /;/, $line;
	if (!@name)
	{
		@name = @cell;
		next;
	}
	my %row;
	@row{@name} = @cell;
	$row{contacts} = $row{campaign} > 10 ? '11+' : $row{campaign} > 6 ? '7-10' : $row{campaign} > 3 ? '4-6' : $row{campaign};
	$row{pdays} = $row{pdays} == 999 ? 'never (999)' : 'contacted before';
	for my $column (@columns)
	{
		$n{$column}{ $row{$column} }++;
		$yes{$column}{ $row{$column} } += $row{y} eq 'yes' ? 1 : 0;
	}
}
close $in;

sub counted
{
	my ($column) = @_;
	return map { "$_|$n{$column}{$_}|$yes{$column}{$_}|" . sprintf('%.4f', $yes{$column}{$_} / $n{$column}{$_}) } keys %{ $n{$column} };
}

my $database = 'bank';
run_example($database, 'examples/bank.sh');
my %found = map { $_ => [ view_rows($database, "SELECT value, n, positive, rate FROM bank.success WHERE of_column = '$_'") ] } @columns;
same_rows("$_, counted in the file", $found{$_}, [ counted($_) ]) for @columns;

SKIP:
{
	skip 'the reference sheet is not here (set REVOPS_SHARED)', 1 unless -r "$folder/reference.md";
	my %heading = (pdays => 'pdays = 999 or not', contacts => 'campaign buckets');
	same_rows("$_, the sheet", $found{$_}, [ sheet_table($folder, 'bank-additional-full: ' . ($heading{$_} || "success by $_")) ]) for @columns;
}

my @unknown = map { my ($workspace, $role, $column) = @$_; "$workspace|${role}_sentinel|$n{$column}{unknown}|'unknown'" }
	(['people', 'source', 'job'], ['people', 'campaign', 'marital'], ['credit', 'source', 'default'], ['credit', 'campaign', 'housing']);
same_rows('hygiene, words that stand for none',
	[ view_rows($database, q{SELECT workspace, problem, n, example FROM revops.hygiene WHERE problem LIKE '%\_sentinel'}) ], \@unknown);
done_testing();
