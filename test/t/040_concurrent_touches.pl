#!/usr/bin/perl
#
# 040_concurrent_touches.pl: many sessions touch few leads, in transactions,
# savepoints and rollbacks, while others take touches back, fold, rescore and
# change the leads.  Nothing fails or deadlocks, no touch is lost or doubled,
# and state equals facts.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture add_leads);

my $node = PostgreSQL::Test::Cluster->new('touches');
$node->init;
$node->append_conf('postgresql.conf', "deadlock_timeout = 100ms\nlog_statement = none\n");
$node->start;
create_fixture($node, 'postgres');
add_leads($node, 'postgres', 1, 20);
$node->safe_psql('postgres', q{
	CREATE SEQUENCE crm.visit_id START 100000;
	ALTER TABLE crm.visit ALTER id SET DEFAULT nextval('crm.visit_id');
});

my $visit = q{INSERT INTO crm.visit (person_id, kind, at) VALUES (:lead, 'page_visit', now());};
my %script = (
	'touch@6' => qq{\\set lead random(1, 5)\n$visit\n},
	'pair@4' => qq{\\set lead random(1, 5)\nBEGIN;\n$visit\n\\set lead random(1, 5)\n$visit\nCOMMIT;\n},
	'undone@2' => qq{\\set lead random(1, 5)\nBEGIN;\n$visit\nSAVEPOINT s;\n$visit\nROLLBACK TO s;\n$visit\nCOMMIT;\n},
	'rolled_back@1' => qq{\\set lead random(1, 5)\nBEGIN;\n$visit\nROLLBACK;\n},
	'taken_back@2' => qq{\\set lead random(1, 5)\nDELETE FROM crm.visit WHERE id = (SELECT id FROM crm.visit WHERE person_id = :lead ORDER BY id DESC LIMIT 1 FOR UPDATE SKIP LOCKED);\n},
	'old_snapshot@1' => qq{\\set lead random(1, 5)\nBEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT 1;\n$visit\nCOMMIT;\n},
	'changed@2' => qq{\\set lead random(1, 5)\nUPDATE crm.person SET size = 10 + random() * 300 WHERE id = :lead;\n},
	'folded@2' => "SELECT revops.fold_batch(0, 100);\n",
	'rescored@1' => "SELECT revops.rescore_batch(1, 0, 100);\n",
);
my $dir = PostgreSQL::Test::Utils::tempdir();
my @files;
for my $name (sort keys %script)
{
	my ($base, $weight) = split /@/, $name;
	append_to_file("$dir/$base.sql", $script{$name});
	push @files, '-f', "$dir/$base.sql\@$weight";
}
$node->command_ok(
	[ 'pgbench', '-n', '-c', 8, '-j', 2, '-t', 400, '--random-seed=42', @files,
		'-h', $node->host, '-p', $node->port, 'postgres' ],
	'3,200 transactions by eight sessions: none fails');

$node->safe_psql('postgres', 'CALL revops.settle()');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.lead_delta'), '0', 'settle() folds all that waited');
is($node->safe_psql('postgres', 'SELECT * FROM revops.verify()'), '', 'state equals facts');
is($node->safe_psql('postgres', q{
	SELECT l.key, l.touches, v.visits
	FROM revops.lead l LEFT JOIN (SELECT person_id::text AS key, count(*) AS visits FROM crm.visit GROUP BY 1) v USING (key)
	WHERE l.touches IS DISTINCT FROM coalesce(v.visits, 0)}), '', 'every touch counts once');
is($node->safe_psql('postgres', q{
	SELECT l.key, p.profile ->> 'company_size', h.size
	FROM revops.lead l JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
	JOIN crm.person h ON h.id::text = l.key
	WHERE (p.profile ->> 'company_size')::int IS DISTINCT FROM h.size}), '', 'the last word on a lead is the last');
is($node->safe_psql('postgres', 'SELECT object, message FROM revops.fault'), '', 'no fault was recorded');
unlike(slurp_file($node->logfile), qr/deadlock detected|could not serialize|PANIC|TRAP|leak/,
	'no deadlock, no serialization failure, no leak');

$node->stop;
done_testing();
