#!/usr/bin/perl
#
# 012_create_crm.pl: A7 and A8 over a dump: a CRM that create_crm() made for a plain
# user is dumped with its rows and restored attached, forms are captured as before,
# and what is left after DROP EXTENSION is as if there had never been one.
#
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crm');
$node->init;
$node->start;

my @tables = qw(rep account campaign campaign_spend lead opportunity activity);

# all rows of the CRM, by table
sub rows
{
	my ($database) = @_;
	return { map { $_ => $node->safe_psql($database, "SELECT t::text FROM crm.$_ AS t ORDER BY 1") } @tables };
}

# pg_dump of the CRM's definitions, without what differs from run to run
sub definitions
{
	my ($database) = @_;
	my ($stdout, $stderr) = run_command([ 'pg_dump', '-s', '-n', 'crm', '-d', $node->connstr($database) ]);
	return join("\n", grep { !/^\\(un)?restrict / } split /\n/, $stdout);
}

my $form = q{SELECT created, stage, fit, rep FROM revops.capture('{"email": "%s", "country": "DE", "signal": "demo_request"}')};

$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE DATABASE source; CREATE DATABASE restored');
$node->safe_psql('source', q{
	CREATE EXTENSION pg_revops;
	SELECT revops.create_workspace('acme');
	INSERT INTO revops.rep (rep) VALUES ('ann');
	INSERT INTO revops.team (team) VALUES ('all');
	INSERT INTO revops.team_member (team_id, rep_id) SELECT team_id, rep_id FROM revops.team, revops.rep;
	INSERT INTO revops.route (route, position, team_id) SELECT 'all', 1, team_id FROM revops.team;
	SELECT revops.draft_agreement() AS draft \gset
	INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
		VALUES (:draft, 'home', 'fit', $$country = 'DE'$$, 60);
	SELECT revops.adopt_agreement(:draft);
	GRANT CREATE ON DATABASE source TO keeper;
	GRANT revops_admin TO keeper;
	SET SESSION AUTHORIZATION keeper;
	SELECT revops.create_crm();
	INSERT INTO crm.account (company, domain) VALUES ('Acme', 'acme.example');
	INSERT INTO crm.campaign (campaign) VALUES ('spring');
	INSERT INTO crm.campaign_spend (campaign_id, spent_on, amount) VALUES (1, '2026-03-01', 500);
	INSERT INTO crm.opportunity (opportunity, amount) VALUES ('pilot', 100);
});
is($node->safe_psql('source', "SET SESSION AUTHORIZATION keeper; " . sprintf($form, 'mia@acme.example')),
	't|mql|60|ann', 'a form makes a lead, which is scored and routed (A8)');
$node->safe_psql('source', q{SET SESSION AUTHORIZATION keeper;
	INSERT INTO crm.activity (lead_id, direction, kind) SELECT lead_id, 'inbound', 'webinar' FROM crm.lead});

my $dump = $node->basedir . '/source.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('source') ], 'pg_dump');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'pg_restore');

is_deeply(rows('restored'), rows('source'), 'the tables are dumped with their rows (A7)');
is(definitions('restored'), definitions('source'), '... and their definitions, triggers included');
is($node->safe_psql('restored', "SELECT string_agg(DISTINCT relowner::regrole::text, ',') FROM pg_class WHERE relnamespace = 'crm'::regnamespace"),
	'keeper', '... and are the user\'s');
is($node->safe_psql('restored', "SET SESSION AUTHORIZATION keeper; " . sprintf($form, 'Mia <MIA@acme.example>')),
	'f|mql|60|ann', 'after the restore a form finds its lead');
is($node->safe_psql('restored', "SET SESSION AUTHORIZATION keeper; " . sprintf($form, 'tom@acme.example')),
	't|mql|60|ann', '... or makes a new one');
is($node->safe_psql('restored', 'SELECT touches FROM revops.lead_status ORDER BY lead_id'), "3\n1", '... touches go on');
is($node->safe_psql('restored', 'SELECT count(*) FROM revops.verify()'), '0', '... without drift');

# DROP EXTENSION: the tables and their rows stay, and nothing of ours is in them
my $attached = rows('restored');
$node->safe_psql('restored', 'SET client_min_messages = warning; DROP EXTENSION pg_revops CASCADE');
is_deeply(rows('restored'), $attached, 'DROP EXTENSION leaves the rows');
unlike(definitions('restored'), qr/FUNCTION revops\.|revops_[0-9]/, '... and no trace in the definitions');
is($node->safe_psql('restored', "SET SESSION AUTHORIZATION keeper; INSERT INTO crm.lead (email) VALUES ('eve\@acme.example') RETURNING email"),
	'eve@acme.example', '... and the tables work on');

# what is left restores where there is no extension
$node->safe_psql('postgres', 'CREATE DATABASE alone');
my $plain = $node->basedir . '/plain.sql';
$node->command_ok([ 'pg_dump', '-f', $plain, '-d', $node->connstr('restored') ], 'pg_dump without the extension');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $plain, '-d', $node->connstr('alone') ],
	'... is restored');
is_deeply(rows('alone'), rows('restored'), '... the same');

$node->stop;
done_testing();
