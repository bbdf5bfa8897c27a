#
# RevopsWorker.pm: a cluster with the background worker, for the tests of it.
#
package RevopsWorker;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use Test::More;

use RevopsFixture qw(create_fixture);

our @EXPORT_OK = qw(worker_node worker_pid hold touch folded_is leads);

# A node that is started, with pg_revops preloaded and further settings.
sub worker_node
{
	my ($name, $databases, %conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(%{ $conf{init} // {} });
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_revops'\n"
		. "pg_revops.databases = '$databases'\nlog_statement = none\n" . ($conf{lines} // ''));
	$node->start;
	return $node;
}

# People who were created now: no clock of theirs is due yet.
sub leads
{
	my ($node, $database, $from, $to) = @_;
	$node->safe_psql($database, qq{
		INSERT INTO crm.person SELECT n, 'Person ' || n, 'p' || n || '\@example.com', 'US', 'web', 'software', 80, now()
		FROM generate_series($from, $to) n});
}

# The worker of a database, as soon as it runs (another one than this pid).
sub worker_pid
{
	my ($node, $database, $but) = @_;
	my $who = "backend_type = 'pg_revops worker' AND datname = '$database' AND pid <> " . ($but // 0);
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE $who")
		or die "no worker of $database";
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE $who");
}

# A session that holds leads in an open transaction.
sub hold
{
	my ($node, $database, $condition, $before) = @_;
	my $session = $node->background_psql($database);
	$session->query_safe('BEGIN');
	$session->query_safe($before) if $before;
	$session->query_safe("SELECT count(*) FROM (SELECT FROM revops.lead WHERE $condition FOR UPDATE) l");
	return $session;
}

# One visit to each of these people.
sub touch
{
	my ($node, $database, $from, $to) = @_;
	$to //= $from;
	$node->safe_psql($database, qq{
		INSERT INTO crm.visit SELECT coalesce((SELECT max(id) FROM crm.visit), 0) + n, n, 'demo_request', now()
		FROM generate_series($from, $to) n});
}

# So many deltas are left of leads with these keys, sooner or later.
sub folded_is
{
	my ($node, $database, $condition, $left, $name) = @_;
	ok($node->poll_query_until($database, "SELECT count(*) = $left FROM revops.lead_delta JOIN revops.lead USING (lead_id) WHERE $condition"), $name);
}

1;
