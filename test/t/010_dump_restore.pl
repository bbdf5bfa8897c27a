#!/usr/bin/perl
#
# 010_dump_restore.pl: pg_dump, restore into a new database: definitions, facts
# and state are the same by digest of every table, and the engine goes on.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture add_leads digests counts);

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->start;

$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
create_fixture($node, 'source');
add_leads($node, 'source', 1, 200);
# leads in a track, the step of which is due after the restore (G2)
$node->safe_psql('source', "SET pg_revops.now = '2026-03-03 09:00+00'; SELECT revops.enrol(lead_id, 're_engagement') FROM revops.lead WHERE key IN ('1', '2', '3')");

# what is queued waits in packets, whose values must not depend on numbers of this
# database: those of types and their labels will be others there
$node->safe_psql('restored', "CREATE TYPE before AS ENUM ('x')");
$node->safe_psql('source', q{
	CREATE SCHEMA later;
	CREATE TYPE later.mood AS ENUM ('sad', 'glad');
	CREATE TABLE later.lead (id int PRIMARY KEY, mood later.mood, moods later.mood[], size int, email text, since date);
	SELECT revops.attach_lead('later', 'later.lead',
		'{"mood": "mood", "moods": "moods", "company_size": "size", "email": "email", "since": "since"}', mode => 'queued');
	INSERT INTO later.lead SELECT n, (enum_range(NULL::later.mood))[1 + n % 2], ARRAY['glad', 'sad']::later.mood[], n,
		'p' || n || '@example.com', date '2026-01-01' + n FROM generate_series(1, 500) n;
	UPDATE later.lead SET size = size + 1 WHERE id <= 10});
my $later = q{
	SELECT count(*), sum((p.profile ->> 'company_size')::int), count(DISTINCT i.personal), string_agg(DISTINCT p.profile ->> 'moods', ' '),
		bool_and(p.profile ->> 'mood' = CASE key::int % 2 WHEN 0 THEN 'sad' ELSE 'glad' END AND (p.profile ->> 'since')::date = date '2026-01-01' + key::int)
	FROM revops.lead l JOIN revops.binding USING (binding_id) JOIN revops.profile_change p ON p.change_id = l.profile_id
	JOIN revops.lead_identity i ON i.lead_id = l.lead_id WHERE binding = 'later'};
my $later_said = '500|' . (500 * 501 / 2 + 10) . '|500|{glad,sad}|t';

# a version that waits for its moment, and a proposal that sales has yet to approve (B6)
my ($scheduled, $proposed) = split /\|/, $node->safe_psql('source', q{
	SELECT revops.draft_agreement(note => 'next century'), revops.draft_agreement(note => 'proposed')});
$node->safe_psql('source', qq{
	SELECT revops.propose_agreement($scheduled), revops.approve_agreement($scheduled, 'marketing', 'yes'),
		revops.approve_agreement($scheduled, 'sales'), revops.activate_agreement($scheduled, '2100-01-01 00:00+00');
	SELECT revops.propose_agreement($proposed), revops.refuse_agreement($proposed, 'marketing', 'not yet');
	SELECT revops.propose_agreement($proposed), revops.approve_agreement($proposed, 'marketing')});
my $history = 'SELECT md5(string_agg(h::text, chr(10) ORDER BY change_id)), count(*) FROM revops.agreement_history h';
my $history_before = $node->safe_psql('source', $history);

is($node->safe_psql('source', q{
	SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid::regclass::text)
	FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
	JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
	WHERE e.extname = 'pg_revops' AND d.deptype = 'e' AND c.relkind IN ('r', 'p', 'S')
	AND c.oid <> ALL (e.extconfig)}),
	'', 'every table and sequence of the extension is dumped');

my $dump = $node->basedir . '/source.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('source') ], 'pg_dump');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'pg_restore');

my ($before, $after) = (digests($node, 'source'), digests($node, 'restored'));
cmp_ok(scalar keys %$before, '>', 20, 'tables compared');
is($after->{$_}, $before->{$_}, "$_ is the same") for sort keys %$before;

is($node->safe_psql('restored', 'SELECT count(*) FROM revops.verify()'), '0', 'no drift in the restored database');

add_leads($node, 'restored', 201, 250);
my $counts = counts($node, 'restored');
is($counts->{leads}, 250, 'new leads are scored after the restore');
is($counts->{unstaged}, 0, '... and staged');
is($node->safe_psql('restored', 'SELECT count(*) FROM revops.verify()'), '0', '... without drift');

# a plain-text dump, and data on its own
my $plain = $node->basedir . '/source.sql';
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->command_ok([ 'pg_dump', '-f', $plain, '-d', $node->connstr('source') ], 'pg_dump, plain');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $plain, '-d', $node->connstr('plain') ],
	'restore of a plain dump');
is_deeply(digests($node, 'plain'), $before, 'the same by digest');

for my $database ('restored', 'plain')
{
	cmp_ok($node->safe_psql($database, 'SELECT count(*) FROM revops.inbox_packet'), '>', 0, "packets wait in database $database");
	$node->safe_psql($database, 'CALL revops.settle()');
	is($node->safe_psql($database, $later), $later_said, '... and settle as they were told');
	is($node->safe_psql($database, 'SELECT count(*) FROM revops.inbox_entry'), '0', '... all of them');
	is($node->safe_psql($database, 'SELECT count(*) FROM revops.verify()'), '0', '... without drift');

	is($node->safe_psql($database, "SET pg_revops.now = '2026-03-04 09:00+00'; SELECT FROM revops.run_due(); SELECT count(*) FROM revops.nurture_due WHERE step = 'still of interest'"),
		'3', 'steps of tracks fall due in the restored database');
	is($node->safe_psql($database, "SET pg_revops.now = '2026-03-04 09:01+00'; INSERT INTO crm.visit VALUES (9001, 1, 'email_reply', '2026-03-04 09:01+00'); SELECT end_cause FROM revops.enrolment WHERE ended_at IS NOT NULL"),
		'signal', '... and a reply stops them');

	is($node->safe_psql($database, $history), $history_before, 'the history of the agreement is the same');
	is($node->safe_psql($database, "SELECT revops.approve_agreement($proposed, 'sales')"), 'approved', '... what was proposed can be approved');
	is($node->safe_psql($database, "SET pg_revops.now = '2099-12-31 23:59+00'; SELECT FROM revops.run_due(); SELECT status FROM revops.agreement WHERE agreement_id = $scheduled"),
		'approved', '... and the version that waits for its moment waits');
	is($node->safe_psql($database, "SET pg_revops.now = '2100-01-01 00:00+00'; SELECT FROM revops.run_due(); SELECT status, active_from = due_at FROM revops.agreement WHERE agreement_id = $scheduled"),
		'active|t', '... and is put into force then');
}

$node->stop;
done_testing();
