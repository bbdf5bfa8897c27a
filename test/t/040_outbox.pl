#!/usr/bin/perl
#
# 040_outbox.pl: consumers of events (F6) over a dump and restore into another
# cluster, and over kill -9 of the server and of readers under load: every event
# is delivered, and what is delivered again has the same key.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IPC::Run ();
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture add_leads $NOW);

my $at = "SET pg_revops.now = '$NOW';";

# what a consumer is given, page after page: id => key; commits all but the last page of $left pages
sub take
{
	my ($node, $database, $consumer, $max, $pages) = @_;
	my %got;
	while (!defined $pages || $pages-- > 0)
	{
		my @rows = split /\n/, $node->safe_psql($database, "$at SELECT token, event_id, key FROM revops.read_events('$consumer', $max)");
		last unless @rows;
		my $token;
		for my $row (@rows)
		{
			($token, my $id, my $key) = split /\|/, $row;
			$got{$id} = $key;
		}
		$node->safe_psql($database, "$at SELECT revops.commit_events('$consumer', $token)");
	}
	return \%got;
}

sub all_keys
{
	my ($node, $database, $where) = @_;
	return { map { split /\|/ } split /\n/, $node->safe_psql($database, "SELECT event_id, revops.event_key(e) FROM revops.event e WHERE $where") };
}

# ----- another cluster -------------------------------------------------------

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init;
$old->start;
create_fixture($old, 'postgres');
# numbers of transactions that the new cluster has yet to come to
$old->safe_psql('postgres', "$at SELECT revops.register_consumer('all', from_beginning => true), revops.register_consumer('idle', from_beginning => true), revops.register_consumer('half', from_beginning => true)");
add_leads($old, 'postgres', 1, 40);
$old->safe_psql('postgres', "SELECT pg_current_xact_id() FROM generate_series(1, 3) \\g /dev/null\n" x 300);
add_leads($old, 'postgres', 41, 60);

my $all = take($old, 'postgres', 'all', 1000);
my $half = take($old, 'postgres', 'half', 10, 2);
is_deeply($all, all_keys($old, 'postgres', 'true'), 'a consumer gets all there is');
is(scalar keys %$half, 20, 'another has read two pages');
add_leads($old, 'postgres', 61, 70);
# handed out, not committed
$old->safe_psql('postgres', "$at SELECT count(*) FROM revops.read_events('all', 3)");
my $before = all_keys($old, 'postgres', 'true');

my $dump = $old->basedir . '/old.dump';
$old->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $old->connstr('postgres') ], 'pg_dump');
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
$new->start;
$new->safe_psql('postgres', 'CREATE DATABASE crm');
$new->command_ok([ 'pg_restore', '--exit-on-error', '-d', $new->connstr('crm'), $dump ], 'restore in another cluster');
isnt($new->safe_psql('crm', 'SELECT revops.system_identifier()'), $old->safe_psql('postgres', 'SELECT revops.system_identifier()'),
	'which it is');
is($new->safe_psql('crm', "SELECT count(*) FROM revops.event WHERE txid >= pg_snapshot_xmax(pg_current_snapshot())") > 0, 1,
	'some events are of transactions that this cluster has not come to');
is($new->safe_psql('crm', 'SELECT string_agg(DISTINCT state, \' \') FROM revops.event_consumers'), 'restored', 'consumers say so');
is_deeply(all_keys($new, 'crm', 'true'), $before, 'every event has the key it had');

# the engine goes on before anybody reads, one transaction being open when the first one does
add_leads($new, 'crm', 71, 80);
my ($in, $out, $err) = ('', '', '');
my $session = IPC::Run::start([ 'psql', '-X', '-q', '-A', '-t', '-d', $new->connstr('crm') ], '<', \$in, '>', \$out, '2>', \$err);
$in .= "$at BEGIN; INSERT INTO crm.person VALUES (500, 'P', 'late\@example.com', 'US', 'web', 'software', 80, now());"
	. "INSERT INTO crm.visit VALUES (500, 500, 'demo_request', '$NOW'); SELECT 'written';\n";
my $until = IPC::Run::timer(180);
$session->pump until $out =~ /written/ || $err =~ /ERROR/ || $until->is_expired;
like($out, qr/written/, 'a transaction has written events') or diag($err);
is($new->safe_psql('crm', "$at SELECT count(*) FROM revops.read_events('all', 5)"), '0', 'the first read notes where the cluster begins');
is($new->safe_psql('crm', "$at SELECT count(*) FROM revops.read_events('all', 5)"), '0', '... and waits for who was writing then');
$in .= "COMMIT;\n\\q\n";
$session->finish;
add_leads($new, 'crm', 81, 85);

my $after = all_keys($new, 'crm', 'true');
my %missing = map { $_ => $after->{$_} } grep { !$all->{$_} } keys %$after;
my $rest = take($new, 'crm', 'all', 7);
is_deeply($rest, \%missing, 'a consumer gets what it had not committed, of before and after, and nothing else');
%missing = map { $_ => $after->{$_} } grep { !$half->{$_} } keys %$after;
is_deeply(take($new, 'crm', 'half', 7), \%missing, '... also one that had put events aside');
is_deeply(take($new, 'crm', 'idle', 1000), $after, '... also one that had never read');
is(scalar keys %{take($new, 'crm', $_, 1000)}, 0, "nothing more for $_") for qw(all half idle);
# as the numbers of transactions come to those of the old cluster
$new->safe_psql('crm', "SELECT pg_current_xact_id() FROM generate_series(1, 3) \\g /dev/null\n" x 500);
is(scalar keys %{take($new, 'crm', $_, 1000)}, 0, "... and nothing of the old cluster comes again for $_") for qw(all half idle);
add_leads($new, 'crm', 86, 90);
is_deeply(take($new, 'crm', 'all', 1000), all_keys($new, 'crm', "event_id > " . (sort { $b <=> $a } keys %$after)[0]), 'what is new comes');
$new->safe_psql('crm', "$at SELECT revops.register_consumer('later'), revops.register_consumer('everything', from_beginning => true)");
is_deeply(take($new, 'crm', 'everything', 1000), all_keys($new, 'crm', 'true'), 'one that is registered now gets all from the beginning');
is(scalar keys %{take($new, 'crm', 'later', 1000)}, 0, '... or from now on');
add_leads($new, 'crm', 91, 92);
is(scalar keys %{take($new, 'crm', 'later', 1000)}, scalar keys %{take($new, 'crm', 'everything', 1000)}, '... the same for both');

# what is old is purged, of both clusters
$new->safe_psql('crm', "INSERT INTO revops.event_retention (workspace_id, keep, lapse) VALUES (1, '1 day', '1 year')");
take($new, 'crm', $_, 1000) for qw(all half idle);
$new->safe_psql('crm', "SET pg_revops.now = '2026-03-20 10:00+00'; DO \$\$ BEGIN FOR i IN 1 .. 40 LOOP PERFORM revops.run_due(20); END LOOP; END \$\$");
is($new->safe_psql('crm', "SELECT count(*) FROM revops.event WHERE at < '2026-03-19'"), '0', 'old events of both clusters are purged');
is($new->safe_psql('crm', 'SELECT purged_unread FROM revops.event_retention'), '0', '... of which none was unread');
$_->stop for $old, $new;

# ----- crashes under load ----------------------------------------------------

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->append_conf('postgresql.conf', "fsync = on\nrestart_after_crash = on\n");
$node->start;
create_fixture($node, 'postgres');
$node->safe_psql('postgres', "SELECT revops.register_consumer('forward', from_beginning => true), revops.register_consumer('check', from_beginning => true)");
my $file = $node->basedir . '/forwarded';
my $top = "$FindBin::Bin/../..";
my %environment = (PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');

# a writer: leads, moves and rollbacks in transactions that overlap, from a number on
sub writer
{
	my ($from) = @_;
	my $script = '';
	for my $i (0 .. 400)
	{
		my $id = $from + $i;
		$script .= "BEGIN; INSERT INTO crm.person VALUES ($id, 'P', 'p$id\@example.com', 'US', 'web', 'software', 80, now());\n"
			. "INSERT INTO crm.visit VALUES ($id, $id, 'demo_request', now());\n"
			. ($i % 7 == 0 ? "ROLLBACK;\n" : $i % 3 == 0 ? "SELECT pg_sleep(0.002); COMMIT;\n" : "COMMIT;\n");
	}
	my $name = $node->basedir . "/writer.$from";
	append_to_file($name, $script);
	return IPC::Run::start([ 'psql', '-X', '-q', '-o', '/dev/null', '-f', $name, '-d', $node->connstr('postgres') ], '>', '/dev/null', '2>', '/dev/null');
}

sub forward
{
	local %ENV = (%ENV, %environment);
	my $pid = fork;
	die 'fork failed' unless defined $pid;
	if ($pid == 0)
	{
		setpgrp;
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		exec('bash', "$top/examples/forward_events.sh", 'forward', $file, 5) or POSIX::_exit(1);
	}
	return $pid;
}

# The server and all its processes, at once; it can start again once they are gone.
sub crash
{
	my ($server) = @_;
	my $postmaster = (split /\n/, slurp_file($server->data_dir . '/postmaster.pid'))[0];
	# stopped, it starts no process that we would not see, and that would keep its memory
	kill 'STOP', $postmaster;
	my @children = split ' ', `ps -o pid= --ppid $postmaster`;
	$server->kill9;
	kill 'KILL', @children;
	for my $child (@children)
	{
		select undef, undef, undef, 0.01 while kill 0, $child;
	}
}

my $seed = $ENV{REVOPS_LOAD_SEED} // int(rand(1e9));
srand($seed);
diag("seed $seed");
my $rounds = 4;
for my $round (1 .. $rounds)
{
	my @writers = map { writer($round * 10000 + $_ * 1000) } 1 .. 3;
	for (1 .. 4)
	{
		my $pid = forward();
		select undef, undef, undef, 0.05 + rand(0.3);
		kill 'KILL', -$pid;
		waitpid $pid, 0;
	}
	my $pid = forward();
	select undef, undef, undef, rand(0.2);
	crash($node);
	eval { $_->finish } for @writers;
	kill 'KILL', -$pid;
	waitpid $pid, 0;
	$node->start;
}
my $pid = forward();
waitpid $pid, 0;
is($?, 0, 'after the last crash the consumer reads to the end');

my %lines;
open my $forwarded, '<', $file or die "$file: $!";
while (my $line = <$forwarded>)
{
	my ($key) = split /\t/, $line;
	$lines{$key}++;
}
close $forwarded;
my %written = map { $_ => 1 } values %{all_keys($node, 'postgres', 'true')};
cmp_ok(scalar keys %written, '>', 100, 'events were written: ' . keys %written);
is(scalar(grep { !$lines{$_} } keys %written), 0, 'none is lost');
is(scalar(grep { !$written{$_} } keys %lines), 0, 'none is of a transaction that was rolled back or lost');
is(scalar(grep { $_ > 1 } values %lines), 0, 'by the key each is received once');
is($node->safe_psql('postgres', "SELECT state, events_behind FROM revops.event_consumers WHERE consumer = 'forward'"), 'current|0', 'the view says so');
is_deeply(take($node, 'postgres', 'check', 100), all_keys($node, 'postgres', 'true'), 'one that read nothing meanwhile gets the same');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), '0', 'no drift');
$node->stop;
done_testing();
