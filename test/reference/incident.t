#!/usr/bin/perl
#
# incident.t: our reading of the incident log agrees with figures that others
# computed from the same file (the data set's reference sheet).
#
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Test::More;

use csv qw(content_sha256 percentile);
use incident qw(load_log minute_of cases_of handovers business_minutes business_due);

my $file = dirname(__FILE__) . '/../../demo/data/uci_incident_log/incident_event_log.csv.gz';

my ($sha, $size) = content_sha256($file);
is($sha, 'fd184bbfd62329cfe093e99da2ea7071905f2ead91900b448eb2635870821bef', 'the content is the original');
is($size, 46212397, 'its size too');

my $events = load_log($file);
my $cases = cases_of($events);
is(scalar @$events, 141712, 'events');
is(scalar keys %$cases, 24918, 'incidents');

my %states;
$states{ $_->{incident_state} }++ for @$events;
is_deeply(\%states, {
	Active => 38716, New => 36407, Resolved => 25751, Closed => 24985,
	'Awaiting User Info' => 14642, 'Awaiting Vendor' => 707, 'Awaiting Problem' => 461,
	'Awaiting Evidence' => 38, -100 => 5,
}, 'events by state');
is(scalar(grep { $_->{made_sla} eq 'true' } @$events), 132497, 'events with made_sla true');
is(scalar(grep { $_->{assignment_group} eq '?' } @$events), 14213, 'events without a group');

my @last = map { $_->[-1] } values %$cases;
is(scalar(grep { $_->{incident_state} eq 'Closed' } @last), 24918, 'all end closed');
is(scalar(grep { $_->{made_sla} eq 'true' } @last), 15803, 'incidents with made_sla true at the end');

my @resolved = grep { $_->{resolved_at} ne '?' } @last;
my @hours = map { (minute_of($_->{resolved_at}) - minute_of($_->{opened_at})) / 60 } @resolved;
my $sum = 0;
$sum += $_ for @hours;
is(scalar @resolved, 23362, 'incidents with a resolution time');
is(sprintf('%.3f', percentile(0.5, @hours)), '22.100', 'median hours to resolve');
is(sprintf('%.3f', $sum / @hours), '178.172', 'mean hours to resolve');
is(sprintf('%.3f', percentile(0.9, @hours)), '381.548', '90th percentile of hours to resolve');

my @first;
for my $case (values %$cases)
{
	my ($touch) = grep { $_->{incident_state} =~ /^(Active|Resolved|Closed)$/ } @$case;
	push @first, ($touch->{at} - minute_of($touch->{opened_at})) / 60 if $touch;
}
is(scalar @first, 24918, 'incidents that became active, resolved or closed');
is(sprintf('%.3f', percentile(0.5, @first)), '0.417', 'median hours to that');
is(scalar(grep { $_ <= 24 } @first), 18975, 'of them within 24 hours');

my %handovers;
$handovers{ handovers($_) }++ for values %$cases;
is_deeply(\%handovers, {
	0 => 15343, 1 => 5312, 2 => 2020, 3 => 1040, 4 => 530, 5 => 270, 6 => 146, 7 => 104, 8 => 54,
	9 => 30, 10 => 22, 11 => 18, 12 => 8, 13 => 7, 14 => 5, 15 => 2, 16 => 1, 17 => 1, 18 => 3,
	22 => 1, 25 => 1,
}, 'incidents by hand-overs between groups');

# the calendar, by hand: Friday 2016-03-04, Monday 2016-03-07
my ($friday, $monday) = (minute_of('4/3/2016 17:30'), minute_of('7/3/2016 08:15'));
is(business_minutes($friday, $monday), 45, 'a weekend counts nothing');
is(business_due($friday, 45), $monday, '... and the due time crosses it');
is(business_due($friday, 30), minute_of('4/3/2016 18:00'), 'the last minute of the day counts');
is(business_due(minute_of('5/3/2016 12:00'), 0), minute_of('7/3/2016 08:00'), 'nothing, from a closed moment: the opening');
is(business_minutes(minute_of('7/3/2016 07:00'), minute_of('8/3/2016 19:00')), 1200, 'two whole days');
done_testing();
