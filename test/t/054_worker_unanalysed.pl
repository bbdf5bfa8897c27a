#!/usr/bin/perl
#
# 054_worker_unanalysed.pl: F4, on a database that nobody has analysed: the worker
# does not read all leads in each round in which it fires what is due.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture);
use RevopsWorker qw(worker_node worker_pid leads);

my $breaches = 20;
my $node = worker_node('unanalysed', 'postgres', lines => "autovacuum = off\n");
my $pid = worker_pid($node, 'postgres');
create_fixture($node, 'postgres');
$node->safe_psql('postgres', q{
	SELECT revops.draft_agreement() AS draft \gset
	UPDATE revops.sla_policy SET target = '20 milliseconds', calendar_id = NULL WHERE agreement_id = :draft;
	SELECT revops.adopt_agreement(:draft)});
leads($node, 'postgres', 1, 50);

sub number
{
	return $node->safe_psql('postgres', "SELECT $_[0]");
}

# How often leads were read whole, or found by an index, as far as processes have told.
sub scans
{
	my ($kind) = @_;
	return number("${kind}_scan FROM pg_stat_user_tables WHERE relid = 'revops.lead'::regclass");
}

my $before = number('rounds FROM revops.worker_state()');
my $found = scans('idx');
my $whole = scans('seq');
for my $n (1 .. $breaches)
{
	$node->safe_psql('postgres', qq{SELECT revops.advance(revops.lead_id('person', '$n'), 'mql')});
	$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM revops.sla_clock WHERE stopped_at IS NULL AND breached_at IS NULL}) or die;
}
my $rounds = number('rounds FROM revops.worker_state()') - $before;
cmp_ok($rounds, '>=', $breaches, 'promises are broken in rounds of their own');
is(number(q{count(*) FROM revops.event WHERE event = 'sla_breached'}), $breaches, '... each told once');
# it tells what it counted when it ends
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
worker_pid($node, 'postgres', $pid);
cmp_ok(scans('idx') - $found, '>=', $breaches, '... their leads are found by an index');
cmp_ok(scans('seq') - $whole, '<', $breaches / 4, '... not by reading all leads');
is(number('count(*) FROM revops.verify()'), '0', 'state equals facts');
$node->stop;
done_testing();
