#!/usr/bin/perl
#
# 060_random_load.pl: eight sessions write few leads, hot ones most, in random
# transactions of every kind (RevopsLoad.pm), while somebody holds a lead and a
# snapshot is old; then a backend is killed in mid load, then the whole server.
# Nothing fails, waits for ever or deadlocks, no touch is lost or doubled, what
# views show is right in every snapshot, and in the end state equals facts.
#
# REVOPS_LOAD_SEED repeats a load; REVOPS_LOAD_SECONDS goes on for that long.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Time::HiRes qw(time);

use RevopsLoad qw(load_seed load_node load_start load_watch load_finish load_checks
  kill_backend kill_server log_faults);

my $seed = load_seed();
my $seconds = $ENV{REVOPS_LOAD_SECONDS} // 0;

sub undisturbed
{
	my ($node, $seed, $worker) = @_;
	my $load = load_start($node, $seed, 120);
	load_watch($load);
	is(load_finish($load), '', "$seed: no transaction fails");
	is($load->{wrong}, '', "... the view is right in every snapshot ($load->{checks})");
	load_checks($node, $worker);
}

# The load ends with what is killed; what had been committed is there.
sub killed
{
	my ($node, $seed, $worker, $what, $kill) = @_;
	# more than will run: the load must not have ended by itself
	my $load = load_start($node, $seed, 100_000);
	load_watch($load, 10 + $seed % 7, sub { $kill->($node) });
	load_finish($load, 1);
	is($load->{wrong}, '', "$seed: $what is killed: the view was right in every snapshot ($load->{checks})");
	load_checks($node, $worker);
}

sub rounds
{
	my ($node, $worker, $until) = @_;
	do
	{
		undisturbed($node, $seed++, $worker);
		killed($node, $seed++, $worker, 'a backend', \&kill_backend);
		killed($node, $seed++, $worker, 'the server', \&kill_server);
	} while (time < $until);
	is(log_faults($node), '', 'no deadlock, no serialization failure, no panic, no leak');
}

my $node = load_node('load');
rounds($node, 0, time + $seconds / 2);
$node->stop;

SKIP:
{
	my $served = load_node('served', "shared_preload_libraries = 'pg_revops'", "pg_revops.databases = 'postgres'");
	skip 'there is no worker in this build', 1
	  if $served->safe_psql('postgres', q{SELECT to_regclass('revops.worker') IS NULL}) eq 't';
	rounds($served, 1, time + $seconds / 2);
	$served->stop;
}
done_testing();
