#!/usr/bin/perl
#
# 056_pg_cron.pl: F4, where the library is not preloaded: pg_cron (Debian's package)
# calls run_due(), and what was due is told, once.  Skipped where it is absent.
#
# pg_cron begins its jobs at whole minutes: this test takes up to one.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture);
use RevopsWorker qw(leads);

my ($library) = run_command([ 'pg_config', '--pkglibdir' ]);
plan skip_all => 'pg_cron is not here (postgresql-15-cron)' unless -e "$library/pg_cron.so";

my $node = PostgreSQL::Test::Cluster->new('cron');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'pg_cron'
cron.database_name = 'postgres'
cron.use_background_workers = on
});
$node->start;
create_fixture($node, 'postgres');
$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron');
is($node->safe_psql('postgres', 'SELECT state FROM revops.worker'), 'not preloaded', 'there is no worker');
$node->safe_psql('postgres', q{
	SELECT revops.draft_agreement() AS draft \gset
	UPDATE revops.sla_policy SET target = '20 milliseconds', calendar_id = NULL WHERE agreement_id = :draft;
	SELECT revops.adopt_agreement(:draft)});
leads($node, 'postgres', 1, 20);
$node->safe_psql('postgres', q{SELECT revops.advance(revops.lead_id('person', n::text), 'mql') FROM generate_series(1, 20) n});
is($node->safe_psql('postgres', q{SELECT count(*) FROM revops.event WHERE event = 'sla_breached'}), '0', 'promises are broken, and nobody has told');
$node->safe_psql('postgres', q{SELECT cron.schedule('promises', '* * * * *', 'SELECT revops.run_due()')});
ok($node->poll_query_until('postgres', q{SELECT count(*) = 20 AND count(DISTINCT lead_id) = 20 FROM revops.event WHERE event = 'sla_breached'}),
	'called by pg_cron each is told, once');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), '0', 'state equals facts');
$node->stop;
done_testing();
