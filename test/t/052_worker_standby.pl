#!/usr/bin/perl
#
# 052_worker_standby.pl: on a standby there is no worker; when it is promoted
# there is, and it does what the primary left.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture);
use RevopsWorker qw(worker_node worker_pid hold touch folded_is leads);

my $primary = worker_node('primary', 'postgres', init => { allows_streaming => 1 });
create_fixture($primary, 'postgres');
leads($primary, 'postgres', 1, 10);
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

my $holder = hold($primary, 'postgres', q{key = '1'});
touch($primary, 'postgres', 1);
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'pg_revops%'}), '0', 'a standby has no process of ours');
is($standby->safe_psql('postgres', q{SELECT state, urgent_lag IS NOT NULL OR fold_lag IS NOT NULL FROM revops.worker}), 'standby|t', '... the view answers there');
eval { $holder->quit };
$primary->stop('immediate');

$standby->promote;
folded_is($standby, 'postgres', 'true', 0, 'promoted, it folds what the primary left');
ok(worker_pid($standby, 'postgres'), '... by a worker');
is($standby->safe_psql('postgres', 'SELECT * FROM revops.verify()'), '', 'state equals facts');

$standby->stop;
done_testing();
