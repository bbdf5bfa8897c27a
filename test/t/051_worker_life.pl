#!/usr/bin/perl
#
# 051_worker_life.pl: the background worker comes back after whatever ends it,
# follows the list of databases, and is in nobody's way.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture);
use RevopsWorker qw(worker_node worker_pid hold touch folded_is leads);

my $node = worker_node('life', 'postgres, Gone',
	lines => "restart_after_crash = on\nmax_prepared_transactions = 5\n");
create_fixture($node, 'postgres');
leads($node, 'postgres', 1, 10);

# A touch that only the worker can settle.
sub works
{
	my ($name) = @_;
	my $holder = hold($node, 'postgres', q{key = '1'});
	touch($node, 'postgres', 1);
	$holder->query_safe('COMMIT');
	$holder->quit;
	folded_is($node, 'postgres', 'true', 0, $name);
}

sub gone_is
{
	my ($query, $name) = @_;
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pg_revops worker' AND $query"), $name);
}

# ----- what ends it ---------------------------------------------------------------

my $pid = worker_pid($node, 'postgres');
works('it works');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
$pid = worker_pid($node, 'postgres', $pid);
works('terminated, it is started again');

my $launcher = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_revops launcher'});
$node->safe_psql('postgres', "SELECT pg_terminate_backend($launcher)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'pg_revops launcher' AND pid <> $launcher"),
	'so is the launcher');
is(worker_pid($node, 'postgres'), $pid, '... which finds the worker running');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
$pid = worker_pid($node, 'postgres', $pid);
works('... and starts it again when it ends');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
works('a cancel does not end it');
is(worker_pid($node, 'postgres'), $pid, '... indeed');

# work that waits while everything dies
my $holder = hold($node, 'postgres', q{key = '1'});
touch($node, 'postgres', 1);
kill 'KILL', $pid;
eval { $holder->quit };
$node->poll_query_until('postgres', 'SELECT true') or die 'the server did not recover';
$pid = worker_pid($node, 'postgres', $pid);
folded_is($node, 'postgres', 'true', 0, 'killed, and the server with it, it starts by folding what was left');

$holder = hold($node, 'postgres', q{key = '1'});
touch($node, 'postgres', 1);
my @all = split /\n/, $node->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
push @all, slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
$node->kill9;
eval { $holder->quit };
# its children end when they notice
for (1 .. 1800)
{
	last unless kill 0, @all;
	select undef, undef, undef, 0.1;
}
$node->start;
folded_is($node, 'postgres', 'true', 0, '... as it does when the postmaster was killed');

$holder = hold($node, 'postgres', q{key = '1'});
touch($node, 'postgres', 1);
$node->stop('fast');
eval { $holder->quit };
$node->start;
folded_is($node, 'postgres', 'true', 0, '... and after a shutdown, which waits for nobody');

# ----- the extension is dropped and comes back -----------------------------------------

$pid = worker_pid($node, 'postgres');
$node->safe_psql('postgres', 'SET client_min_messages = warning; DROP EXTENSION pg_revops CASCADE; DROP SCHEMA crm CASCADE');
ok(1, 'DROP EXTENSION is not hindered');
create_fixture($node, 'postgres');
leads($node, 'postgres', 1, 10);
works('created again it is found');
is(worker_pid($node, 'postgres'), $pid, '... by the same process');

# ----- databases -------------------------------------------------------------------------

like(slurp_file($node->logfile), qr/database "Gone", listed in "pg_revops.databases", does not exist/, 'a name without database is told of');
$node->safe_psql('postgres', 'CREATE DATABASE "Gone"');
my $other = worker_pid($node, 'Gone');
ok($other, 'a database that is created gets its worker');
$node->safe_psql('postgres', 'DROP DATABASE "Gone"');
ok(1, 'DROP DATABASE finds no worker in the way');

$node->safe_psql('postgres', 'CREATE DATABASE "Gone"');
$other = worker_pid($node, 'Gone');
$node->safe_psql('postgres', 'ALTER DATABASE "Gone" RENAME TO renamed');
gone_is(q{datname = 'renamed'}, 'nor does ALTER DATABASE RENAME; the new name is not listed');
$node->safe_psql('postgres', 'ALTER DATABASE renamed RENAME TO "Gone"');
$other = worker_pid($node, 'Gone');
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE "Gone"');
ok(1, 'nor does CREATE DATABASE that copies it');
$other = worker_pid($node, 'Gone', $other);
ok($other, '... after which it has a worker again');

my $session = $node->background_psql('Gone');
my ($status, undef, $error) = $node->psql('postgres', 'DROP DATABASE "Gone"');
like($error, qr/is being accessed by other users/, 'a DROP DATABASE that fails');
$session->quit;
$other = worker_pid($node, 'Gone', $other);
ok($other, '... leaves a worker in the end');

$node->safe_psql('postgres', 'CREATE ROLE nobody LOGIN');
($status, undef, $error) = $node->psql('postgres', 'DROP DATABASE "Gone"', extra_params => [ '-U', 'nobody' ]);
like($error, qr/must be owner/, 'who may not drop a database');
is(worker_pid($node, 'Gone'), $other, '... may not stop its worker either');
is(worker_pid($node, 'postgres'), $pid, 'the other database went on all the time');

# ----- the list ----------------------------------------------------------------------------

sub list
{
	my ($databases) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET pg_revops.databases = '$databases'");
	$node->reload;
}

list('postgres');
gone_is(q{datname = 'Gone'}, 'a database that is listed no more has no worker');
is(worker_pid($node, 'postgres'), $pid, '... the other one has');
list('');
gone_is('true', 'an empty list: none');
is($node->safe_psql('postgres', 'SELECT state FROM revops.worker'), 'not listed', '... which the view tells');
$holder = hold($node, 'postgres', q{key = '1'});
touch($node, 'postgres', 1);
$holder->query_safe('COMMIT');
$holder->quit;
list('Gone, postgres, postgres');
folded_is($node, 'postgres', 'true', 0, 'listed again: what was left meanwhile is folded');
worker_pid($node, 'Gone');
($status, undef, $error) = $node->psql('postgres', q{ALTER SYSTEM SET pg_revops.databases = '"postgres'});
like($error, qr/invalid value.*\n.*List syntax is invalid/, 'what is no list is refused');

# ----- too few processes -----------------------------------------------------------------------

$node->append_conf('postgresql.conf', 'max_worker_processes = 3');
my $log = -s $node->logfile;
$node->restart;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 2 FROM pg_stat_activity WHERE backend_type LIKE 'pg_revops%'}),
	'where one process is left (the server takes one itself), one database has a worker');
for (1 .. 1800)
{
	last if slurp_file($node->logfile, $log) =~ /no process is left/;
	select undef, undef, undef, 0.1;
}
like(slurp_file($node->logfile, $log), qr/no process is left for the pg_revops worker of database.*\n.*\n.*HINT:  Raise "max_worker_processes"/, '... and the log says how to have more');

# ----- none preloaded --------------------------------------------------------------------------

$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
is($node->safe_psql('postgres', 'SELECT state, pid FROM revops.worker'), 'not preloaded|', 'not preloaded: the view says so');
$holder = hold($node, 'postgres', q{key = '1'});
touch($node, 'postgres', 1);
$holder->query_safe('COMMIT');
$holder->quit;
is($node->safe_psql('postgres', 'SELECT urgent_lag IS NOT NULL OR fold_lag IS NOT NULL FROM revops.worker'), 't', '... and what waits');
$node->safe_psql('postgres', 'SET default_transaction_isolation = serializable; CALL revops.settle()');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.lead_delta'), '0', '... and settle() does its work');
is($node->safe_psql('postgres', 'SELECT * FROM revops.verify()'), '', 'state equals facts');

$node->stop;
done_testing();
