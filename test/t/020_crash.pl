#!/usr/bin/perl
#
# 020_crash.pl: the server dies without a checkpoint, with a transaction open;
# after the restart state follows from the facts and the engine goes on.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture add_leads digests counts);

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->append_conf('postgresql.conf', "fsync = on\nmax_prepared_transactions = 5\n");
$node->start;
create_fixture($node, 'postgres');
add_leads($node, 'postgres', 1, 100);
$node->safe_psql('postgres', q{
	CREATE TABLE crm.later (id int PRIMARY KEY, size int);
	SELECT revops.attach_lead('later', 'crm.later', '{"company_size": "size"}', mode => 'queued');
	INSERT INTO crm.later SELECT n, n FROM generate_series(1, 1000) n});
my $before = digests($node, 'postgres');

# a transaction that never commits
my ($in, $out, $err) = ('', '', '');
my $session = IPC::Run::start(
	[ 'psql', '-X', '-q', '-A', '-t', '-d', $node->connstr('postgres') ],
	'<', \$in, '>', \$out, '2>', \$err);
$in .= "BEGIN; INSERT INTO crm.person SELECT n, 'Person ' || n, 'p' || n || '\@example.com', 'US', 'web', 'software', 80, now() FROM generate_series(1001, 1100) n; INSERT INTO crm.later SELECT n, n FROM generate_series(1001, 1100) n; SELECT 'written';\n";
my $until = IPC::Run::timer(180);
$session->pump until $out =~ /written/ || $err =~ /ERROR/ || $until->is_expired;
like($out, qr/written/, 'a transaction is open when the server dies') or diag($err);

$node->stop('immediate');
eval { $session->finish };
$node->start;

is_deeply(digests($node, 'postgres'), $before, 'what was committed is there, nothing else');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), '0', 'verify() finds no drift');
add_leads($node, 'postgres', 101, 200);
my $counts = counts($node, 'postgres');
is($counts->{leads}, 200, 'the engine goes on');
is($counts->{unstaged}, 0, '... and every lead has a stage');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), '0', '... without drift');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT key) FROM revops.inbox_entry'), '1000|1000', 'what was queued is there, each once');
$node->safe_psql('postgres', 'CALL revops.settle()');
is($node->safe_psql('postgres', q{SELECT count(*), sum((profile ->> 'company_size')::int) FROM revops.lead l JOIN revops.binding USING (binding_id)
	JOIN revops.profile_change p ON p.change_id = l.profile_id WHERE binding = 'later'}), '1000|500500', '... and settles');

$node->stop;
done_testing();
