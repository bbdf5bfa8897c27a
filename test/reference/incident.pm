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
our @EXPORT_OK = qw(load_log minute_of cases_of handovers business_minutes business_due @WORKING_HOURS);

use csv qw(read_csv);

# The declared calendar: Monday to Friday, from 08:00 to 18:00, UTC.
our @WORKING_HOURS = (8 * 60, 18 * 60);

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

1;
