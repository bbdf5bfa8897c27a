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

$node->stop;
done_testing();
