#!/usr/bin/perl
#
# 030_standby.pl: every view and KPI answers on a streaming standby, with the
# same rows as on the primary.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture add_leads digests views $NOW);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "pg_revops.now = '$NOW'\n");
$primary->start;
create_fixture($primary, 'postgres');
add_leads($primary, 'postgres', 1, 100);

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

add_leads($primary, 'postgres', 101, 200);
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

is($standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()'), 't', 'the standby is one');
my @views = views($primary, 'postgres');
cmp_ok(scalar @views, '>', 5, 'views to read');
for my $view (@views)
{
	my $sql = "SELECT count(*), md5(string_agg(v::text, E'\\n' ORDER BY v::text)) FROM $view v";
	is($standby->safe_psql('postgres', $sql), $primary->safe_psql('postgres', $sql),
		"$view answers on the standby as on the primary");
}
is_deeply(digests($standby, 'postgres'), digests($primary, 'postgres'), 'tables are the same');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), '0', 'verify() runs on the standby and finds no drift');

my ($status, undef, $error) = $standby->psql('postgres', 'SELECT revops.run_due()');
isnt($status, 0, 'run_due() is refused on the standby');
like($error, qr/read-only|recovery/, '... and says why');

# A6: what is to be written back waits for a promotion
$primary->safe_psql('postgres', q{
	CREATE TABLE crm.filled (id int PRIMARY KEY, score int);
	SELECT revops.attach_lead('filled', 'crm.filled', '{}', write_back => '{"score": "score"}');
	INSERT INTO crm.filled VALUES (1);
	SELECT revops.record_touch(revops.lead_id('filled', '1'), 'demo_request');
});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($standby->safe_psql('postgres', 'SELECT revops.write_back_batch(0, 100) IS NULL, (SELECT count(*) FROM revops.write_back_due)'), 't|1',
	'nothing is written back on the standby, and what is due is seen there');
is($standby->safe_psql('postgres', 'SELECT write_back_lag IS NOT NULL FROM revops.worker'), 't', '... also by the view');
$standby->promote;
is($standby->safe_psql('postgres', 'CALL revops.settle(); SELECT f.score = l.score, f.score > 0, (SELECT count(*) FROM revops.write_back_due) FROM crm.filled f, revops.lead_status l WHERE l.binding = \'filled\''), 't|t|0',
	'... after its promotion it is written');

$standby->stop;
$primary->stop;
done_testing();
