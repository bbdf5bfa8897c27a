#
# bpi2013.pm: what examples/bpi2013.sh has to find in the log of BPI Challenge
# 2013, from the XES alone: the declared lifecycle written again, and counted
# case by case.
#
package bpi2013;

use strict;
use warnings;
use Exporter 'import';
use File::Basename;
use lib dirname(__FILE__);
use Time::Local qw(timegm);
our @EXPORT_OK = qw(load_cases figures verdict past_verdict strictly early_ones);

use csv qw(percentile);

# In order; what waits stands before the work that it interrupts.
my $n = 0;
my %POSITION = map { $_ => $n++ } ('Queued/Awaiting Assignment', 'Unmatched/Unmatched', 'Accepted/Assigned',
	'Accepted/Wait', map({ "Accepted/Wait - $_" } qw(User Customer Vendor Implementation)), 'Accepted/In Progress',
	'Completed/In Call', 'Completed/Resolved', 'Completed/Closed', 'Completed/Cancelled');

my %WAITS_FOR = ('Accepted/Wait' => 'other',
	map { ("Accepted/Wait - $_" => lc $_) } qw(User Customer Vendor Implementation));

sub seconds_of
{
	my ($text) = @_;
	$text =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.000([+-])(\d\d):(\d\d)$/ or die "not a time: $text";
	my $offset = ($8 * 60 + $9) * 60;
	return timegm($6, $5, $4, $3, $2 - 1, $1) - ($7 eq '+' ? $offset : -$offset);
}

# Cases in the order of the file, each [events]; an event is a hash of its keys,
# "at" in seconds and "stage".
sub load_cases
{
	my ($file) = @_;
	open my $in, '-|', 'gzip', '-dc', $file or die "cannot read $file: $!";
	local $/ = '</trace>';
	my @cases;
	while (my $trace = <$in>)
	{
		my @events;
		while ($trace =~ m{<event>(.*?)</event>}sg)
		{
			my %event = $1 =~ /key="([^"]*)" value="([^"]*)"/g;
			$event{at} = seconds_of($event{'time:timestamp'});
			$event{stage} = "$event{'concept:name'}/$event{'lifecycle:transition'}";
			die "unknown stage $event{stage}" unless defined $POSITION{ $event{stage} };
			push @events, \%event;
		}
		push @cases, \@events if @events;
	}
	close $in or die "reading $file failed";
	return @cases;
}

# Half up, as SQL rounds what it sees with fifteen digits.
sub rounded
{
	my ($value, $digits) = @_;
	return sprintf "%.${digits}f", int($value * 10**$digits + 0.5 + 1e-7) / 10**$digits;
}

# What the lifecycle says of a move: ('allowed' or what it lacks, the reason that is kept)
sub verdict
{
	my ($from, $to) = @_;
	my $was_completed = $from =~ m{^Completed/(In Call|Resolved)$};
	return ('transition', '') if $from =~ m{/(Closed|Cancelled)$};
	return $to =~ m{/Closed$} ? ('allowed', '') : $to =~ /^Completed/ ? ('transition', '') : ('reason', $WAITS_FOR{$to} // '')
		if $was_completed;
	return ('transition', '') if $to =~ m{/Closed$};
	return ('reason', '') if $to =~ m{/Cancelled$};
	return ('allowed', '') if $POSITION{$to} > $POSITION{$from};
	return defined $WAITS_FOR{$to} ? ('allowed', $WAITS_FOR{$to}) : ('reason', '');
}

# The stays of a case: [stage, since, until]; the last has no end.
sub stays_of
{
	my ($case) = @_;
	my @stays;
	for my $event (@$case)
	{
		next if @stays && $stays[-1][0] eq $event->{stage};
		$stays[-1][2] = $event->{at} if @stays;
		push @stays, [ $event->{stage}, $event->{at} ];
	}
	return @stays;
}

sub spread_lines
{
	my (%hours) = @_;
	return map {
		my @h = @{ $hours{$_} };
		my $sum = 0;
		$sum += $_ for @h;
		join '|', $_, scalar @h, rounded($sum / @h, 3), rounded(percentile(0.5, @h), 3), rounded(percentile(0.9, @h), 3);
	} keys %hours;
}

# how a side stage compares with the others: below all of them
sub rank
{
	my ($stage) = @_;
	return $stage =~ m{/Cancelled$} ? -1 : $POSITION{$stage};
}

# stage|entered|advanced|won|moved_forward|moved_back|disqualified|still_there
sub conversion_lines
{
	my (@paths) = @_;
	my %count;
	for my $path (@paths)
	{
		for my $i (0 .. $#$path)
		{
			my $here = $path->[$i];
			my @later = @$path[ $i + 1 .. $#$path ];
			my $c = $count{$here} //= [ (0) x 7 ];
			$c->[0]++;
			$c->[1]++ if grep { rank($_) > rank($here) } @later;
			$c->[2]++ if grep { m{/Closed$} } $here, @later;
			my $next = $later[0];
			$c->[ !defined $next ? 6 : $next =~ m{/Cancelled$} ? 5 : rank($next) > rank($here) ? 3 : 4 ]++;
		}
	}
	return map { join '|', $_, @{ $count{$_} } } keys %count;
}

# What is said of a move of the past: whether the lifecycle knows it, and the
# reason as the desk gives it; whether one was needed then is not judged.
sub past_verdict
{
	my ($from, $to) = @_;
	my ($what) = verdict($from, $to);
	return ($what eq 'transition' ? $what : 'allowed', $WAITS_FOR{$to} // '');
}

# name => [lines], for cases that go where their events say, each move judged by
# a function as verdict() is
sub figures
{
	my ($judge, @cases) = @_;
	my (%moves, %hours, %back, @paths);
	for my $case (@cases)
	{
		my @stays = stays_of($case);
		push @paths, [ map { $_->[0] } @stays ];
		for my $i (1 .. $#stays)
		{
			my ($from, $to) = ($stays[ $i - 1 ], $stays[$i]);
			$moves{ join '|', $from->[0], $to->[0], $judge->($from->[0], $to->[0]) }++;
			$back{ $from->[0] =~ /^Completed/ && $to->[0] !~ /^Completed/ ? 'reopened' : 'sent back' }++
				if $POSITION{ $to->[0] } < $POSITION{ $from->[0] };
			push @{ $hours{ $from->[0] } }, ($from->[2] - $from->[1]) / 3600;
		}
	}
	return (
		moves_between => [ map { "$_|$moves{$_}" } keys %moves ],
		stays => [ spread_lines(%hours) ],
		back => [ map { "$_|$back{$_}" } keys %back ],
		conversion => [ conversion_lines(@paths) ]);
}

# the sample of the strict run
sub early_ones
{
	my (@cases) = @_;
	my $end = timegm(0, 0, 0, 1, 3, 2012);
	return grep { $_->[0]{at} < $end } @cases;
}

# The same where what the lifecycle does not allow is refused: the row stays as
# it was, and the next event finds it there.
sub strictly
{
	my (@cases) = @_;
	my (%refused, %end, @went);
	for my $case (@cases)
	{
		my @path = ($case->[0]);
		for my $event (@$case[ 1 .. $#$case ])
		{
			my $from = $path[-1]{stage};
			my ($what) = $from eq $event->{stage} ? 'allowed' : verdict($from, $event->{stage});
			if ($what eq 'allowed')
			{
				push @path, $event;
			}
			else
			{
				$refused{ join '|', $from, $event->{stage}, $what, 'RV003' }++;
			}
		}
		$end{ $path[-1]{stage} =~ s{/}{|}r }++;
		push @went, \@path;
	}
	my %figures = figures(\&verdict, @went);
	return (%figures,
		refusals => [ map { "$_|$refused{$_}" } keys %refused ],
		end_state => [ map { "$_|$end{$_}" } keys %end ]);
}

1;
