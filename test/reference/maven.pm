#
# maven.pm: what examples/maven.sh has to find of the lifecycle in Maven
# Analytics' CRM data, from the CSV alone: moves, stays, accounts.
#
package maven;

use strict;
use warnings;
use Exporter 'import';
use File::Basename;
use lib dirname(__FILE__);
use Time::Local qw(timegm);
our @EXPORT_OK = qw(load_deals deal_figures);

use csv qw(read_csv percentile);

sub day_of
{
	my ($text) = @_;
	return undef unless $text =~ /^(\d+)-(\d+)-(\d+)$/;
	return timegm(0, 0, 0, $3, $2 - 1, $1) / 86400;
}

# load_deals(FILE): a hash of each row, with "engaged" and "closed" as days
sub load_deals
{
	my ($file) = @_;
	my @deals;
	read_csv($file, ',', sub {
		my ($row) = @_;
		$row->{engaged} = day_of($row->{engage_date});
		$row->{closed} = day_of($row->{close_date});
		push @deals, { %$row };
	});
	return @deals;
}

sub rounded
{
	my ($value, $digits) = @_;
	return sprintf "%.${digits}f", int($value * 10**$digits + 0.5 + 1e-7) / 10**$digits;
}

# What a deal is, where its row says so.
my %STATUS = (Prospecting => '(none)', Engaging => 'open', Won => 'won', Lost => 'lost');

# A deal is in Engaging from its first date to its second.
sub moves_and_stays
{
	my (@deals) = @_;
	my (%moves, %days);
	for my $deal (grep { defined $_->{engaged} } @deals)
	{
		$moves{'Prospecting|Engaging||f'}++;
		push @{ $days{'Prospecting|Engaging'} }, 0;
		next unless defined $deal->{closed};
		my $reason = $deal->{deal_stage} eq 'Lost' ? 'not_told' : '';
		$moves{"Engaging|$deal->{deal_stage}|$reason|f"}++;
		push @{ $days{"Engaging|$deal->{deal_stage}"} }, $deal->{closed} - $deal->{engaged};
	}
	my @stays = map {
		my @days = @{ $days{$_} };
		my $sum = 0;
		$sum += $_ for @days;
		join '|', $_, scalar @days, $sum, rounded($sum / @days, 4), rounded(percentile(0.5, @days), 1);
	} keys %days;
	return (moves_between => [ map { "$_|$moves{$_}" } keys %moves ], stays => \@stays);
}

# account|stage|opportunity_since|customer_since|deals|won|lost
sub account_lines
{
	my (@deals) = @_;
	my %of;
	push @{ $of{ $_->{account} } }, $_ for grep { $_->{account} ne '' && defined $_->{engaged} } @deals;
	return map {
		my @its = @{ $of{$_} };
		my @won = sort map { $_->{close_date} } grep { $_->{deal_stage} eq 'Won' } @its;
		my ($first) = sort map { $_->{engage_date} } @its;
		join '|', $_, (@won ? 'customer' : 'opportunity'), $first, $won[0] // '', scalar @its, scalar @won,
			scalar grep { $_->{deal_stage} eq 'Lost' } @its;
	} keys %of;
}

# name of the view => [lines]
sub deal_figures
{
	my (@deals) = @_;
	my (%stage, %both);
	for my $deal (@deals)
	{
		$stage{ $deal->{deal_stage} }++;
		$both{"$STATUS{ $deal->{deal_stage} }|$deal->{deal_stage}"}++;
	}
	return (
		moves_and_stays(@deals),
		cases_by_stage => [ map { "$_|$stage{$_}" } keys %stage ],
		deal_and_lead => [ map { "$_|$both{$_}" } keys %both ],
		accounts => [ account_lines(@deals) ]);
}

1;
