#
# bank.pm: every figure that the demo prints about the bank's contacts, from
# the CSV alone.  The rules are written here a second time, by hand, so that
# the engine has something independent to agree with.
#
package bank;

use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Exporter 'import';
our @EXPORT_OK = qw(load_bank bank_score bank_figures success_by $MQL_FIT);

use csv qw(read_csv);

our $MQL_FIT = 60;
my $BASE = 30;

# The fit score by the rules that demo/bank.sql declares.  Never by "duration".
sub bank_score
{
	my ($row) = @_;
	my $fit = $BASE;
	$fit += 40 if $row->{poutcome} eq 'success';
	$fit += 10 if $row->{previous} > 0;
	$fit += 15 if $row->{job} eq 'student' || $row->{job} eq 'retired';
	$fit += 5  if $row->{education} eq 'university.degree';
	$fit += 10 if $row->{contact} eq 'cellular';
	$fit += 5  if $row->{marital} eq 'single';
	$fit += 5  if $row->{default} eq 'no';
	$fit += 15 if $row->{euribor3m} < 2;
	$fit -= 10 if $row->{job} eq 'blue-collar';
	$fit -= 10 if $row->{campaign} > 6;
	$fit -= 10 if $row->{contact} eq 'telephone' && $row->{month} eq 'may';
	return $fit < 0 ? 0 : $fit > 100 ? 100 : $fit;
}

sub load_bank
{
	my ($file) = @_;
	my @rows;
	read_csv($file, ';', sub {
		my ($row) = @_;
		$row->{id} = @rows + 1;
		$row->{won} = $row->{y} eq 'yes' ? 1 : 0;
		$row->{fit} = bank_score($row);
		$row->{mql} = $row->{fit} >= $MQL_FIT ? 1 : 0;
		push @rows, $row;
	});
	return \@rows;
}

# value => [people, won] of one column
sub success_by
{
	my ($rows, $column) = @_;
	my %by;
	for my $row (@$rows)
	{
		$by{ $row->{$column} }[0]++;
		$by{ $row->{$column} }[1] += $row->{won};
	}
	return \%by;
}

# The lines "figure|group|value" that the demo must print, in its order.
sub bank_figures
{
	my ($rows) = @_;
	my @out;
	my $people = @$rows;
	my $won = grep { $_->{won} } @$rows;
	my @mql = grep { $_->{mql} } @$rows;
	my $mql_won = grep { $_->{won} } @mql;

	push @out, "leads scored||$people";
	push @out, "won||$won";
	push @out, sprintf 'conversion %%||%.2f', 100 * $won / $people;
	push @out, 'MQLs||' . @mql;
	push @out, "MQLs won||$mql_won";
	push @out, sprintf 'conversion of MQLs %%||%.2f', 100 * $mql_won / @mql;

	for my $column (qw(contact poutcome))
	{
		my $by = success_by($rows, $column);
		for my $value (sort keys %$by)
		{
			my ($n, $w) = @{ $by->{$value} };
			push @out, sprintf '%s|%s|%d|%d|%.2f', $column, $value, $n, $w, 100 * $w / $n;
		}
	}
	push @out, lift_lines($rows, $won);
	return @out;
}

# Tenths by score, highest first; equal scores in the order of the file.
# As SQL's ntile(10): the first (n mod 10) tenths have one person more.
sub lift_lines
{
	my ($rows, $won) = @_;
	my @sorted = sort { $b->{fit} <=> $a->{fit} || $a->{id} <=> $b->{id} } @$rows;
	my $average = $won / @$rows;
	my ($size, $more) = (int(@sorted / 10), @sorted % 10);
	my (@out, $start);
	$start = 0;
	for my $tenth (1 .. 10)
	{
		my $n = $size + ($tenth <= $more ? 1 : 0);
		my @part = @sorted[ $start .. $start + $n - 1 ];
		my $w = grep { $_->{won} } @part;
		push @out, sprintf 'decile|%d|%d|%d|%d|%d|%.2f|%.2f', $tenth, $n,
			$part[-1]{fit}, $part[0]{fit}, $w, 100 * $w / $n, $w / $n / $average;
		$start += $n;
	}
	return @out;
}

1;
