#!/usr/bin/perl
#
# 070_fair_routing.pl: eight sessions route leads at once, and roll back a tenth
# of their transactions (E4).  What is committed is never farther from the
# weights than there are transactions in flight, plus one; the server's death,
# a prepared transaction and one that idles change nothing about it; and when
# they are gone the counts are within one again: nothing adds up.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clients = 8;
my $node = PostgreSQL::Test::Cluster->new('fair');
$node->init;
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5\nsynchronous_commit = off\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_revops;
	SELECT revops.create_workspace('main');
	CREATE TABLE person (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stage text DEFAULT 'mql');
	SELECT revops.attach_lead('person', 'person', '{"stage": "stage"}');
	INSERT INTO revops.team (team) VALUES ('all');
	INSERT INTO revops.rep (rep) SELECT 'r' || n FROM generate_series(1, 6) n;
	INSERT INTO revops.team_member SELECT 1, rep_id, (array[5, 2, 1, 1, 1, 1])[rep_id] FROM revops.rep;
	INSERT INTO revops.route (route, position, team_id) VALUES ('all', 1, 1);
	CREATE VIEW off AS
		SELECT max(abs(a.n - a.total * m.weight / 11.0)) AS worst, max(a.total) AS leads
		FROM revops.team_member m JOIN (SELECT r.rep_id, count(a.rep_id) AS n, (SELECT count(*) FROM revops.assignment) AS total
			FROM revops.rep r LEFT JOIN revops.assignment a USING (rep_id) GROUP BY r.rep_id) a USING (rep_id)});

sub worst { return $node->safe_psql('postgres', 'SELECT round(worst, 2) FROM off'); }

# read committed, repeatable read and serializable; one lead or several; a tenth is rolled back
my %script = (
	one => q{
		\set roll random(1, 10)
		BEGIN;
		INSERT INTO person DEFAULT VALUES;
		\if :roll = 1
		ROLLBACK;
		\else
		COMMIT;
		\endif
	},
	snapshot => q{
		\set roll random(1, 10)
		BEGIN ISOLATION LEVEL REPEATABLE READ;
		SELECT count(*) FROM revops.team;
		INSERT INTO person DEFAULT VALUES;
		\if :roll = 1
		ROLLBACK;
		\else
		COMMIT;
		\endif
	},
	serial => q{
		\set roll random(1, 10)
		BEGIN ISOLATION LEVEL SERIALIZABLE;
		SAVEPOINT s;
		INSERT INTO person DEFAULT VALUES;
		ROLLBACK TO s;
		INSERT INTO person DEFAULT VALUES;
		\if :roll = 1
		ROLLBACK;
		\else
		COMMIT;
		\endif
	});
my @load;
for my $name (sort keys %script)
{
	my $file = $node->basedir . "/$name.sql";
	append_to_file($file, $script{$name});
	push @load, '-f', $file;
}

sub start_load
{
	my ($transactions) = @_;
	return IPC::Run::start(
		[ 'pgbench', '-n', '-c', $clients, '-j', 2, '-t', $transactions, @load, $node->connstr('postgres') ],
		'>', \my $out, '2>', \my $err);
}

# each sample is one snapshot: what is committed
my $load = start_load(600);
my ($seen, $samples) = (0, 0);
while ($load->pumpable)
{
	my $now = worst() || 0;
	$seen = $now if $now > $seen;
	$samples++;
	last if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'}) eq '0'
		&& $samples > 20;
}
ok($load->finish, 'no transaction failed: nobody waits, nothing deadlocks, nothing is refused by its isolation level');
note("$samples samples, off by $seen at most, by ", worst(), ' at the end');
cmp_ok($seen, '<=', $clients + 1, 'never off by more than the transactions in flight plus 1');
my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM revops.turn');
cmp_ok($rows, '<=', $clients + 1, "not more rows of turns than there were transactions at once ($rows)");

# one that idles, and one that is prepared, keep their rows
my $idle = $node->background_psql('postgres');
$idle->query_safe('BEGIN; INSERT INTO person SELECT FROM generate_series(1, 11)');
$node->safe_psql('postgres', q{BEGIN; INSERT INTO person SELECT FROM generate_series(1, 11); PREPARE TRANSACTION 'p'});
$load = start_load(100);
ok($load->finish, 'others go on meanwhile');
cmp_ok(worst(), '<=', $clients + 3, '... as fair as before');

# the server dies in mid load
$load = start_load(5000);
$node->poll_query_until('postgres', 'SELECT leads > 5000 FROM off') or BAIL_OUT('the load does not load');
$node->stop('immediate');
eval { $load->finish };
eval { $idle->quit };
$node->start;
cmp_ok(worst(), '<=', $clients + 3, 'after a crash too');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'p'});

# one session alone
$node->safe_psql('postgres', q{DO $$ BEGIN FOR n IN 1 .. 400 LOOP INSERT INTO person DEFAULT VALUES; END LOOP; END $$});
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.turn'), '1', 'in peace one row is left');
cmp_ok(worst(), '<=', 1, 'and the counts of all that ever was are within 1: nothing added up');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), '0', 'verify() finds no drift');
$node->stop;
done_testing();
