#
# Logical replication into attached tables: the initial copy, rows that arrive,
# change and go, TRUNCATE; into a partitioned table too.  A binding that does not
# say that it is replicated sees none of it.
#
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->start;

my $tables = q{
	CREATE SCHEMA crm;
	CREATE TABLE crm.lead (id int PRIMARY KEY, stage text, size int);
	CREATE TABLE crm.call (id int PRIMARY KEY, lead int);
	CREATE TABLE crm.plain (id int PRIMARY KEY, stage text);
};
$publisher->safe_psql('postgres', $tables . q{
	CREATE TABLE crm.part (id int PRIMARY KEY, stage text);
	INSERT INTO crm.lead VALUES (1, 'lead', 10), (2, 'mql', 20);
	INSERT INTO crm.call VALUES (1, 1);
	INSERT INTO crm.part VALUES (1, 'lead'), (150, 'mql');
	INSERT INTO crm.plain VALUES (1, 'lead');
	CREATE PUBLICATION crm FOR ALL TABLES;
});
$subscriber->safe_psql('postgres', $tables . q{
	CREATE TABLE crm.part (id int PRIMARY KEY, stage text) PARTITION BY RANGE (id);
	CREATE TABLE crm.part_1 PARTITION OF crm.part FOR VALUES FROM (0) TO (100);
	CREATE TABLE crm.part_2 (stage text, id int NOT NULL);
	ALTER TABLE crm.part ATTACH PARTITION crm.part_2 FOR VALUES FROM (100) TO (1000);
	CREATE EXTENSION pg_revops;
	SELECT revops.create_workspace('main', 'UTC', 'EUR');
	SELECT revops.attach_lead('leads', 'crm.lead', '{"stage": "stage", "company_size": "size"}', mode => 'queued', replicated => true);
	SELECT revops.attach_touch('calls', 'crm.call', 'leads', '{"lead": "lead", "signal": "''call''"}');
	SELECT revops.attach_lead('parts', 'crm.part', '{"stage": "stage"}', mode => 'queued', replicated => true);
	SELECT revops.attach_lead('plain', 'crm.plain', '{"stage": "stage"}', mode => 'queued');
});
# a table that is not yet a subscription's target
$subscriber->safe_psql('postgres', q{
	CREATE TABLE crm.filled (id int PRIMARY KEY, stage text, score int);
	SELECT revops.attach_lead('filled', 'crm.filled', '{"stage": "stage"}', write_back => '{"score": "score"}');
	INSERT INTO crm.filled VALUES (1, 'lead');
});
$publisher->safe_psql('postgres', 'CREATE TABLE crm.filled (id int PRIMARY KEY, stage text, score int); INSERT INTO crm.filled VALUES (2, \'lead\', 7)');
my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION crm CONNECTION '$connection' PUBLICATION crm");
$subscriber->wait_for_subscription_sync($publisher, 'crm');

sub leads
{
	my ($binding) = @_;
	$publisher->wait_for_catchup('crm');
	$subscriber->safe_psql('postgres', 'CALL revops.settle()');
	return $subscriber->safe_psql('postgres', qq{
		SELECT string_agg(concat_ws(' ', l.key, l.stage, l.touches, CASE WHEN l.gone_at IS NOT NULL THEN 'gone' END), ', ' ORDER BY l.key)
		FROM revops.lead l JOIN revops.binding b USING (binding_id) WHERE b.binding = '$binding'});
}

is(leads('leads'), '1 lead 1, 2 mql 0', 'the initial copy is seen, and its touches');
is(leads('parts'), '1 lead 0, 150 mql 0', 'and that of a partitioned table');

$publisher->safe_psql('postgres', q{
	INSERT INTO crm.lead VALUES (3, 'lead', 30), (4, 'lead', 40);
	INSERT INTO crm.call VALUES (2, 3), (3, 4);
	INSERT INTO crm.part VALUES (2, 'lead'), (151, 'lead');
	INSERT INTO crm.plain VALUES (2, 'lead');
});
is(leads('leads'), '1 lead 1, 2 mql 0, 3 lead 1, 4 lead 1', 'rows arrive');
$publisher->safe_psql('postgres', q{
	UPDATE crm.lead SET stage = 'mql' WHERE id = 3;
	UPDATE crm.lead SET id = 5 WHERE id = 4;
	DELETE FROM crm.lead WHERE id = 2;
	DELETE FROM crm.call WHERE id = 2;
	UPDATE crm.part SET stage = 'mql' WHERE id IN (2, 151);
	DELETE FROM crm.part WHERE id = 1;
});
is(leads('leads'), '1 lead 1, 2 mql 0 gone, 3 mql 0, 5 lead 1', 'change, are renamed, and go');
is(leads('parts'), '1 lead 0 gone, 150 mql 0, 151 mql 0, 2 mql 0', 'in partitions as well');
$publisher->safe_psql('postgres', 'BEGIN; INSERT INTO crm.lead VALUES (6, NULL, 1); ROLLBACK');
$publisher->safe_psql('postgres', q{
	BEGIN;
	DELETE FROM crm.lead WHERE id = 3;
	INSERT INTO crm.lead VALUES (3, 'mql', 31);
	COMMIT;
});
is(leads('leads'), '1 lead 1, 2 mql 0 gone, 3 mql 0, 5 lead 1', 'a row that is deleted and written again is the same lead');
is($subscriber->safe_psql('postgres', q{SELECT count(*) FROM revops.stage_change c JOIN revops.lead l USING (lead_id) WHERE l.key = '3' AND l.binding_id = 1}),
	2, 'with no more moves');
$publisher->safe_psql('postgres', 'TRUNCATE crm.lead, crm.part');
is(leads('leads'), '1 lead 1 gone, 2 mql 0 gone, 3 mql 0 gone, 5 lead 1 gone', 'TRUNCATE is told');
is(leads('parts'), '1 lead 0 gone, 150 mql 0 gone, 151 mql 0 gone, 2 mql 0 gone', 'of a partitioned table too');
is(leads('plain'), '', 'a binding that is not replicated sees none of it');
is($subscriber->safe_psql('postgres', q{SELECT string_agg(DISTINCT t.tgenabled::text, '') FROM revops.binding b, revops.captures(b.binding_id) c
	JOIN pg_trigger t ON t.tgrelid = c.host AND t.tgname = c.trigger_name WHERE b.binding = 'plain'}), 'O', 'as its triggers tell');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM revops.fault'), 0, 'no fault');

# A6: rows of a subscription's target are not written back
is($subscriber->safe_psql('postgres', q{SELECT string_agg(id || ' ' || coalesce(score::text, '-'), ', ' ORDER BY id) FROM crm.filled}), '1 0, 2 7',
	'a row was filled when the application wrote it, one that arrived was not');
is($subscriber->safe_psql('postgres', q{SELECT revops.record_touch(revops.lead_id('filled', '1'), 'demo_request'); CALL revops.settle(); SELECT score FROM crm.filled WHERE id = 1}) =~ s/.*\n//sr, '0',
	'... and not done where one began to write it later');
like($subscriber->safe_psql('postgres', q{SELECT message FROM revops.fault WHERE object = 'write-back'}), qr/a subscription writes the table/, '... which is told');
is($subscriber->safe_psql('postgres', q{SELECT problem FROM revops.binding_health WHERE binding = 'filled' ORDER BY 1}), "fault\nwrite_back_fails", '... and shown');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), 0, 'no drift');
unlike(slurp_file($subscriber->logfile), qr/ERROR/, 'the subscriber has logged no error');
my ($status, undef, $error) = $subscriber->psql('postgres', q{SELECT revops.attach_lead('refused', 'crm.lead', '{"stage": "stage"}', write_back => '{"stage": "stage"}', mode => 'queued', filter => 'size > 0')});
like($error, qr/rows of binding "refused" cannot be written back.*a subscription writes the table/s, 'write-back is refused where a subscription writes the table');
$subscriber->stop;
$publisher->stop;
done_testing();
