#!/usr/bin/perl
#
# 053_worker_write_back.pl: the background worker writes into the host's rows what
# the engine says of their leads, soon after the commit that changed it; passes
# over rows that the application holds, and comes back; and rests when all is
# written, for its own write is no news to it.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsWorker qw(worker_node worker_pid);

my $node = worker_node('write_back', 'postgres');
worker_pid($node, 'postgres');

$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_revops;
	SELECT revops.create_workspace('acme');
	CREATE SCHEMA crm;
	CREATE TABLE crm.inl (id int PRIMARY KEY, stage text, score int, version int DEFAULT 1);
	CREATE TABLE crm.que (LIKE crm.inl INCLUDING ALL);
	CREATE TABLE crm.act (id int PRIMARY KEY, lead int);
	CREATE TABLE crm.qact (id int PRIMARY KEY, lead int);
	SELECT revops.attach_lead('inl', 'crm.inl', '{"stage": "stage"}',
		write_back => '{"score": "score", "stage": "stage"}', bump => '{"version": "version + 1"}');
	SELECT revops.attach_lead('que', 'crm.que', '{"stage": "stage"}', mode => 'queued',
		write_back => '{"score": "score", "stage": "stage"}', bump => '{"version": "version + 1"}');
	SELECT revops.attach_touch('act', 'crm.act', 'inl', '{"lead": "lead", "signal": "''demo_request''"}');
	SELECT revops.attach_touch('qact', 'crm.qact', 'que', '{"lead": "lead", "signal": "''demo_request''"}');
	INSERT INTO crm.inl SELECT n FROM generate_series(1, 50) n;
	INSERT INTO crm.que SELECT n FROM generate_series(1, 50) n});

sub written_is
{
	my ($condition, $what) = @_;

	return ok($node->poll_query_until('postgres', "SELECT $condition"), $what);
}

sub all_written
{
	my ($what) = @_;

	return written_is(q{NOT EXISTS (SELECT FROM (SELECT 'inl' AS binding, * FROM crm.inl UNION ALL SELECT 'que', * FROM crm.que) h
		LEFT JOIN revops.lead_status l ON l.binding = h.binding AND l.key = h.id::text
		WHERE (h.score, h.stage) IS DISTINCT FROM (l.score, l.stage))
		AND NOT EXISTS (SELECT FROM revops.write_back_due) AND NOT EXISTS (SELECT FROM revops.inbox)}, $what);
}

all_written('new leads of both modes have their score and stage');
is($node->safe_psql('postgres', 'SELECT max(version) FROM crm.inl'), '1', '... inline without a second version of the row');
is($node->safe_psql('postgres', 'SELECT min(version) || \' \' || max(version) FROM crm.que'), '2 2', '... queued with one');

$node->safe_psql('postgres', q{
	INSERT INTO crm.act SELECT n, n FROM generate_series(1, 50) n;
	INSERT INTO crm.qact SELECT n, n FROM generate_series(1, 50) n});
all_written('touches of both are written back');
$node->safe_psql('postgres', q{SELECT revops.advance(lead_id, 'mql') FROM revops.lead WHERE key::int <= 10});
all_written('and so is what people do');
my $versions = $node->safe_psql('postgres', 'SELECT (SELECT sum(version) FROM crm.inl), (SELECT sum(version) FROM crm.que)');

my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; SELECT id FROM crm.inl WHERE id = 20 FOR UPDATE');
$node->safe_psql('postgres', q{SELECT revops.advance(lead_id, 'mql') FROM revops.lead WHERE key IN ('20', '21')});
written_is(q{(SELECT stage FROM crm.inl WHERE id = 21) = 'mql'}, 'a row that the application holds keeps no other waiting');
is($node->safe_psql('postgres', 'SELECT stage FROM crm.inl WHERE id = 20'), 'lead', '... is left as it is');
$holder->query_safe('COMMIT');
$holder->quit;
all_written('... and written when it is free');

# the worker's own writes must not wake it for ever
written_is(q{state = 'idle' FROM revops.worker}, 'the worker rests');
is($node->safe_psql('postgres', q{SELECT max(c.n) FROM (SELECT count(*) AS n FROM revops.stage_change GROUP BY lead_id) c}), '2',
	'no move is told twice');
is($node->safe_psql('postgres', q{SELECT count(*) FROM revops.stage_change WHERE cause = 'host'}), '0', '... and none is taken for the host\'s');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.fault'), '0', 'nothing went wrong');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), '0', 'verify finds no drift');
is($node->safe_psql('postgres', 'SELECT errors FROM revops.worker'), '0', 'nor did any page of the worker fail');
done_testing();
