#!/usr/bin/perl
#
# 015_definitions.pl: definitions through dump and restore: without a warning,
# with several jobs, by another superuser, dumped by a member of revops_admin,
# and data on its own.  Restored rows are taken as they are; later ones are
# checked and logged again.
#
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('definitions');
$node->init;
$node->start;

sub digests
{
	my ($db) = @_;
	my %digest;
	my $relations = $node->safe_psql($db, q{
		SELECT relkind, relname FROM pg_class
		WHERE relnamespace = 'revops'::regnamespace AND relkind IN ('r', 'S')});
	for (split /\n/, $relations)
	{
		my ($kind, $name) = split /\|/;
		$digest{$name} = $node->safe_psql($db, $kind eq 'r'
			# "numbered" is an OID of the database at hand
			? qq{SELECT md5(string_agg((to_jsonb(t) - 'numbered')::text, E'\\n' ORDER BY (to_jsonb(t) - 'numbered')::text))
				FROM revops.$name t}
			: qq{SELECT last_value, is_called FROM revops.$name});
	}
	return \%digest;
}

sub restored_well
{
	my ($db, $expected, $how) = @_;
	is_deeply(digests($db), $expected, "$how: every table and sequence is the same");
	my ($status, undef, $error) = $node->psql($db, q{UPDATE revops.stage SET routes = true});
	like($error, qr/cannot be edited/, "$how: versions in force are guarded");
	($status, undef, $error) = $node->psql($db, q{INSERT INTO revops.rep (workspace_id, rep) VALUES (9, 'x')});
	like($error, qr/rep_workspace_id_fkey/, "$how: references are checked");
	is($node->safe_psql($db, q{
		INSERT INTO revops.team (team) VALUES ('new');
		SELECT after ->> 'team' FROM revops.definition_change ORDER BY change_id DESC LIMIT 1}),
		'new', "$how: changes are logged");
	$node->safe_psql($db, q{SELECT revops.detach('leads'); DROP EXTENSION pg_revops});
}

$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(source jobs plain data);
$node->safe_psql('postgres', 'CREATE ROLE other_super SUPERUSER LOGIN');
$node->safe_psql('source', q{
	CREATE EXTENSION pg_revops;
	CREATE TABLE crm_lead (id int PRIMARY KEY, seats int);
	CREATE ROLE dumper LOGIN IN ROLE revops_admin;
	GRANT SELECT ON crm_lead TO dumper;
	SELECT revops.create_workspace('acme', 'Europe/Berlin');
	SELECT revops.create_workspace('bare', bare => true);
	SELECT revops.attach_lead('leads', 'crm_lead', '{"seats": "seats"}');
	INSERT INTO revops.calendar (calendar, time_zone) VALUES ('office', 'UTC');
	INSERT INTO revops.calendar_hours VALUES (1, 1, '09:00', '17:00');
	INSERT INTO revops.calendar_exception VALUES (1, '2026-01-01', NULL, NULL);
	INSERT INTO revops.team (team) VALUES ('north'), ('south');
	INSERT INTO revops.rep (rep, calendar_id) VALUES ('ann', 1), ('ben', NULL);
	INSERT INTO revops.team_member VALUES (1, 1, 2), (2, 2, 1);
	INSERT INTO revops.route (route, position, condition, team_id) VALUES ('large', 1, 'seats > 4', 1);
	INSERT INTO revops.exchange_rate VALUES (1, 'USD', '2026-01-01', 0.9);
	INSERT INTO revops.turn VALUES (1, nextval('revops.turn_shard'), 7, '{1,2}', '{2,1}', '{0.25,-0.25}');
	INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
	VALUES (revops.draft_agreement(), 'seats', 'fit', 'seats > 3', 50);
	SELECT revops.adopt_agreement(3);
	SELECT revops.draft_agreement()});
my $expected = digests('source');
cmp_ok(scalar keys %$expected, '>', 40, 'tables and sequences compared');

my $dump = $node->basedir . '/definitions';
my ($out, $error);
ok(run_log([ 'pg_dump', '-Fc', '-f', "$dump.dump", '-U', 'dumper', '-d', $node->connstr('source') ], '2>', \$error),
	'a member of revops_admin dumps');
is($error, '', '... without a warning');

$node->command_ok([ 'pg_restore', '-j', '4', '--exit-on-error', '-U', 'other_super', '-d', $node->connstr('jobs'), "$dump.dump" ],
	'restore with four jobs by another superuser');
restored_well('jobs', $expected, 'jobs');

$node->command_ok([ 'pg_dump', '-f', "$dump.sql", '-d', $node->connstr('source') ], 'plain dump');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', "$dump.sql", '-d', $node->connstr('plain') ],
	'restore of a plain dump');
restored_well('plain', $expected, 'plain');

$node->safe_psql('data', 'CREATE EXTENSION pg_revops; CREATE TABLE crm_lead (id int PRIMARY KEY, seats int)');
$node->command_ok([ 'pg_dump', '-a', '-f', "$dump.data.sql", '-d', $node->connstr('source') ], 'dump of the data alone');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', "$dump.data.sql", '-d', $node->connstr('data') ],
	'restore of the data alone');
restored_well('data', $expected, 'data alone');

$node->stop;
done_testing();
