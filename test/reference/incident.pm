#
# incident.pm: every figure that the demo prints about the incident log, from
# the CSV alone, with its own business calendar.
#
package incident;

use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Exporter 'import';
use Time::Local qw(timegm);
our @EXPORT_OK = qw(load_log minute_of cases_of handovers business_minutes business_due incident_figures
	$TARGET @WORKING_HOURS);

use csv qw(read_csv percentile);

# The declared calendar: Monday to Friday, from 08:00 to 18:00, UTC.
our @WORKING_HOURS = (8 * 60, 18 * 60);

# The declared promise: a first response within so many working minutes of
# the first assignment to a group.
our $TARGET = 60;

# The declared lifecycle.  Any other move is written down as a violation.
my @AWAITING = map { "Awaiting $_" } ('User Info', 'Vendor', 'Problem', 'Evidence');
my %ALLOWED = (
	New => { map { $_ => 1 } 'Active', @AWAITING, 'Resolved' },
	Active => { map { $_ => 1 } @AWAITING, 'Resolved' },
	(map { $_ => { map { $_ => 1 } 'Active', @AWAITING, 'Resolved' } } @AWAITING),
	Resolved => { map { $_ => 1 } 'Closed', 'Active' },
);

# A state that shows that somebody works on the case is a response.
my %ANSWERS = map { $_ => 1 } 'Active', @AWAITING, 'Resolved', 'Closed';

my %day_cache;

# "29/2/2016 01:16" as minutes since 1970, UTC; undef for "?"
sub minute_of
{
	my ($text) = @_;
	return undef if $text eq '?';
	my ($day, $hour, $minute) = $text =~ m{^(\d+/\d+/\d{4}) (\d\d):(\d\d)$} or die "not a time: $text";
	my $midnight = $day_cache{$day} //= do {
		my ($d, $m, $y) = split '/', $day;
		timegm(0, 0, 0, $d, $m - 1, $y) / 60;
	};
	return $midnight + 60 * $hour + $minute;
}

# All events in the order of the file.
sub load_log
{
	my ($file) = @_;
	my @events;
	read_csv($file, ',', sub {
		my ($row) = @_;
		$row->{line} = @events + 1;
		$row->{at} = minute_of($row->{sys_updated_at});
		push @events, $row;
	});
	return \@events;
}

# number => [events], in the order given
sub cases_of
{
	my ($events) = @_;
	my %cases;
	push @{ $cases{ $_->{number} } }, $_ for @$events;
	return \%cases;
}

# How often a case went from one known group to another.
sub handovers
{
	my ($case) = @_;
	my ($n, $last) = (0, undef);
	for my $event (@$case)
	{
		my $group = $event->{assignment_group};
		next if $group eq '?';
		$n++ if defined $last && $last ne $group;
		$last = $group;
	}
	return $n;
}

# 1970-01-01 was a Thursday
sub working_day
{
	my ($day) = @_;
	return ($day + 3) % 7 < 5;
}

# Working minutes between two moments, the second not before the first.
sub business_minutes
{
	my ($from, $to) = @_;
	my $sum = 0;
	for my $day (int($from / 1440) .. int($to / 1440))
	{
		next unless working_day($day);
		my ($opens, $closes) = map { $day * 1440 + $_ } @WORKING_HOURS;
		$opens = $from if $opens < $from;
		$closes = $to if $closes > $to;
		$sum += $closes - $opens if $closes > $opens;
	}
	return $sum;
}

# The moment that lies a number of working minutes after another.
sub business_due
{
	my ($from, $minutes) = @_;
	my $day = int($from / 1440);
	while (1)
	{
		if (working_day($day))
		{
			my ($opens, $closes) = map { $day * 1440 + $_ } @WORKING_HOURS;
			$opens = $from if $opens < $from;
			if ($closes > $opens)
			{
				return $opens + $minutes if $minutes <= $closes - $opens;
				$minutes -= $closes - $opens;
			}
		}
		$day++;
	}
}

# Events as the demo replays them: by time, those of one minute by the file.
sub in_time_order
{
	my ($case) = @_;
	return [ sort { $a->{at} <=> $b->{at} || $a->{line} <=> $b->{line} } @$case ];
}

# What becomes of one case: moves, violations, the promise.
sub story_of
{
	my ($events) = @_;
	my %story = (moves => 0, violations => 0, handovers => handovers($events),
		opened => minute_of($events->[0]{opened_at}), end => $events->[-1]{incident_state});
	my $state = $events->[0]{incident_state};
	for my $event (@$events)
	{
		my $next = $event->{incident_state};
		if ($next ne $state)
		{
			$story{moves}++;
			$story{violations}++ unless $ALLOWED{$state}{$next};
			$state = $next;
		}
		$story{started} //= $event->{at} if $event->{assignment_group} ne '?';
		$story{answered} //= $event->{at} if defined $story{started} && $ANSWERS{$next};
		if ($next =~ /^(Active|Resolved|Closed)$/ && (!defined $story{touched} || $event->{at} < $story{touched}))
		{
			$story{touched} = $event->{at};
		}
	}
	promise_of(\%story);
	return \%story;
}

sub promise_of
{
	my ($story) = @_;
	return unless defined $story->{started};
	$story->{due} = business_due($story->{started}, $TARGET);
	return unless defined $story->{answered};
	$story->{outcome} = $story->{answered} <= $story->{due} ? 'kept' : 'late';
	$story->{response} = business_minutes($story->{started}, $story->{answered});
}

sub spread
{
	my ($name, $unit, @values) = @_;
	my $sum = 0;
	$sum += $_ for @values;
	return sprintf '%s|%d|%.3f|%.3f|%.3f|%s', $name, scalar @values, percentile(0.5, @values),
		$sum / @values, percentile(0.9, @values), $unit;
}

sub month_of
{
	my ($minute) = @_;
	my (undef, undef, undef, undef, $month, $year) = gmtime($minute * 60);
	return sprintf '%04d-%02d', $year + 1900, $month + 1;
}

# Promises by the month in which they were due.
sub promise_lines
{
	my (@stories) = @_;
	my %month;
	for my $story (grep { defined $_->{started} } @stories)
	{
		my $count = $month{ month_of($story->{due}) } //= { kept => 0, late => 0, running => 0 };
		$count->{ $story->{outcome} // 'running' }++;
	}
	return map {
		my $count = $month{$_};
		my $ended = $count->{kept} + $count->{late};
		sprintf 'promises|%s|%d|%d|%d|%s', $_, $count->{kept}, $count->{late}, $count->{running},
			$ended ? sprintf('%.2f', 100 * $count->{kept} / $ended) : '';
	} sort keys %month;
}

# The lines "figure|..." that the demo must print, in its order.
sub incident_figures
{
	my ($events) = @_;
	my $cases = cases_of($events);
	my @stories = map { story_of(in_time_order($_)) } values %$cases;
	my @last = map { $_->[-1] } values %$cases;
	my (%end, %handovers, @out);

	push @out, 'cases||' . @stories, 'events||' . @$events;
	$end{ $_->{end} }++ for @stories;
	push @out, map { "end state|$_|$end{$_}" } sort keys %end;
	push @out, 'moves||' . sum(map { $_->{moves} } @stories);
	push @out, 'moves outside the lifecycle||' . sum(map { $_->{violations} } @stories);
	$handovers{ $_->{handovers} >= 5 ? '5 or more' : $_->{handovers} }++ for @stories;
	push @out, map { "hand-overs|$_|$handovers{$_}" } sort keys %handovers;
	push @out, 'hand-overs in all||' . sum(map { $_->{handovers} } @stories);
	push @out, spread('opened to first work', 'hours',
		map { ($_->{touched} - $_->{opened}) / 60 } grep { defined $_->{touched} } @stories);
	push @out, spread('opened to resolved (input)', 'hours',
		map { (minute_of($_->{resolved_at}) - minute_of($_->{opened_at})) / 60 } grep { $_->{resolved_at} ne '?' } @last);
	push @out, 'no resolution time (input)||' . grep { $_->{resolved_at} eq '?' } @last;
	push @out, spread('assigned to first response', 'working minutes',
		map { $_->{response} } grep { defined $_->{response} } @stories);
	push @out, 'no group named, no promise||' . grep { !defined $_->{started} } @stories;
	push @out, 'promises kept||' . grep { ($_->{outcome} // '') eq 'kept' } @stories;
	push @out, 'promises late||' . grep { ($_->{outcome} // '') eq 'late' } @stories;
	push @out, 'promises running||' . grep { defined $_->{started} && !defined $_->{outcome} } @stories;
	push @out, promise_lines(@stories);
	push @out, 'made_sla true at the end (input)||' . grep { $_->{made_sla} eq 'true' } @last;
	return @out;
}

sub sum
{
	my $sum = 0;
	$sum += $_ for @_;
	return $sum;
}

1;
