#!/usr/bin/perl
#
# 025_backfill.pl (A5): a backfill that is killed goes on behind its last
# commit, other sessions see how far it is and are refused a second one, and
# the application writes the same rows meanwhile: at the end every lead is what
# its row says.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture);

my $ROWS = 6000;

my $node = PostgreSQL::Test::Cluster->new('backfill');
$node->init;
$node->append_conf('postgresql.conf', "restart_after_crash = on\nautovacuum = off\n");
$node->start;
create_fixture($node, 'postgres');
# A role that waits at one row while somebody holds the gate shut.  It is none
# that the binding should have, but says that it is.
$node->safe_psql('postgres', q{
	CREATE TABLE crm.gate (shut_at int);
	INSERT INTO crm.gate VALUES (NULL);
	CREATE FUNCTION crm.pass(id int, size int) RETURNS int LANGUAGE plpgsql STABLE AS $$
	BEGIN
		WHILE id = (SELECT shut_at FROM crm.gate) AND NOT pg_try_advisory_xact_lock_shared(1) LOOP
			PERFORM pg_sleep(0.005);
		END LOOP;
		RETURN size;
	END $$;
});

# A partitioned table that is attached when it has its rows.
sub make_table
{
	my ($table) = @_;
	$node->safe_psql('postgres', qq{
		CREATE TABLE crm.$table (id int, region text, size int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
		CREATE TABLE crm.${table}_a PARTITION OF crm.$table FOR VALUES IN ('a');
		CREATE TABLE crm.${table}_b PARTITION OF crm.$table FOR VALUES IN ('b');
		INSERT INTO crm.$table SELECT n, CASE WHEN n <= $ROWS / 2 THEN 'a' ELSE 'b' END, n % 300 FROM generate_series(1, $ROWS) n;
		SELECT revops.attach_lead('$table', 'crm.$table', '{"company_size": "crm.pass(id, size)"}');
	});
}

# Rows of a leaf page in the middle of the first partition.
sub rows_of_a_page
{
	my ($table) = @_;
	return split /\n/, $node->safe_psql('postgres', qq{
		SELECT id FROM crm.${table}_a WHERE (ctid::text::point)[0] =
			(SELECT (ctid::text::point)[0] FROM crm.${table}_a WHERE id = $ROWS / 4) ORDER BY id});
}

# A session that does what it is told; returns when it has done it.
sub open_session
{
	my ($commands) = @_;
	my $held = { in => '', out => '', err => '' };
	$held->{psql} = IPC::Run::start(
		[ 'psql', '-X', '-q', '-A', '-t', '-d', $node->connstr('postgres') ],
		'<', \$held->{in}, '>', \$held->{out}, '2>', \$held->{err});
	$held->{in} .= "$commands; SELECT 'it is done';\n";
	my $until = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default // 180);
	$held->{psql}->pump until $held->{out} =~ /it is done/ || $held->{err} =~ /ERROR/ || $until->is_expired;
	die "could not do $commands: $held->{err}" if $held->{out} !~ /it is done/;
	return $held;
}

sub close_session
{
	my ($held, $commands) = @_;
	$held->{in} .= ($commands // '') . ";\n\\q\n";
	$held->{psql}->finish;
}

sub shut_gate
{
	my ($id) = @_;
	$node->safe_psql('postgres', "UPDATE crm.gate SET shut_at = $id");
	return open_session('SELECT pg_advisory_lock(1)');
}

# A backfill in a session of its own, until it stands at the gate.
sub start_backfill
{
	my ($table, $out, $err) = @_;
	my $session = IPC::Run::start(
		[ 'psql', '-X', '-q', '-A', '-t', '-d', $node->connstr('postgres'), '-c', "CALL revops.backfill('$table', 100)" ],
		'<', \undef, '>', $out, '2>', $err);
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
		or die "the backfill never came to the gate: $$err";
	return $session;
}

sub progress
{
	my ($table, $columns) = @_;
	return $node->safe_psql('postgres', "SELECT $columns FROM revops.backfill_progress WHERE binding = '$table'");
}

# Leads that are not as their rows.
sub wrong_leads
{
	my ($table) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT coalesce(string_agg(coalesce(l.key, r.id::text) || ': ' || coalesce(l.size, 'none') || ' for ' || coalesce(r.size::text, 'none'), ', '), 'none')
		FROM (SELECT l.key, p.profile ->> 'company_size' AS size FROM revops.lead l
		      JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
		      JOIN revops.binding b ON b.binding_id = l.binding_id WHERE b.binding = '$table' AND l.gone_at IS NULL) l
		FULL JOIN crm.$table r ON l.key = r.id || '|' || r.region
		WHERE l.size IS DISTINCT FROM r.size::text});
}

sub settled
{
	my ($table) = @_;
	is(wrong_leads($table), 'none', "$table: every lead is what its row says");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), '0', "$table: verify() finds no drift");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.inbox'), '0', "$table: nothing waits");
}

# ----- killed, and gone on with -------------------------------------------------
make_table('killed');
my @page = rows_of_a_page('killed');
my $middle = $page[ @page / 2 ];
my $gate = shut_gate($middle);
my ($out, $err) = ('', '');
my $session = start_backfill('killed', \$out, \$err);

like(progress('killed', 'state, pid IS NOT NULL, percent BETWEEN 10 AND 40, rows_read BETWEEN 1000 AND 2000, rows_taken = rows_read, rows_estimated'),
	qr/^running\|t\|t\|t\|t\|\d+$/, 'another session sees how far it is');
my ($code, $stdout, $stderr) = $node->psql('postgres', "CALL revops.backfill('killed')");
is($code, 3, 'a second one is refused');
like($stderr, qr/binding "killed" is being backfilled already/, '... with a clear error');
my $before = progress('killed', 'rows_read');
my $pid = progress('killed', 'pid');

kill 'KILL', $pid or die "cannot kill $pid";
eval { $session->finish };
eval { close_session($gate) };
$node->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back';
is(progress('killed', "state, rows_read = $before"), 'stopped|t', 'killed, it stopped where its last commit was');
my $started_at = progress('killed', 'started_at');
# the application goes on before anybody calls again
$node->safe_psql('postgres', qq{
	UPDATE crm.killed SET size = size + 1000 WHERE id IN ($page[0], $middle, $ROWS);
	DELETE FROM crm.killed WHERE id IN (1, $ROWS - 1);
	INSERT INTO crm.killed VALUES ($ROWS + 1, 'a', 7);
});
$node->safe_psql('postgres', "CALL revops.backfill('killed', 500)");
is(progress('killed', "state, percent, started_at = '$started_at', rows_read < $ROWS + $ROWS / 10, rows_failed"), 'finished|100.0|t|t|0',
	'called again, it goes on from there to the end');
settled('killed');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), '0', 'and holds nothing then');

# a session that was cancelled lets go as well
$gate = shut_gate($page[0]);
($out, $err) = ('', '');
$session = start_backfill('killed', \$out, \$err);
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM revops.backfill_progress WHERE binding = 'killed'");
$session->finish;
like($err, qr/canceling statement due to user request/, 'a backfill can be cancelled');
is(progress('killed', 'state'), 'stopped', '... and lets go of the binding');
close_session($gate);

# a table that was written anew is read from its start
$node->safe_psql('postgres', "VACUUM FULL crm.killed_a");
$node->safe_psql('postgres', "CALL revops.backfill('killed')");
is(progress('killed', "state, rows_known >= $ROWS - 2, rows_taken"), 'finished|t|0', 'a table that was written anew meanwhile is read from its start');
settled('killed');

# ----- rows of the batch at hand are written meanwhile -----------------------------
make_table('written');
@page = rows_of_a_page('written');
$middle = $page[ @page / 2 ];
$gate = shut_gate($middle);
($out, $err) = ('', '');
$session = start_backfill('written', \$out, \$err);
# taken already, of the page at hand behind the gate and before it, and far ahead
$node->safe_psql('postgres', qq{
	UPDATE crm.written SET size = size + 1000 WHERE id IN (5, $page[-1], $ROWS);
	DELETE FROM crm.written WHERE id IN (6, $page[1], $page[-2], $ROWS - 1);
	UPDATE crm.written SET region = 'b' WHERE id = 7;
	INSERT INTO crm.written VALUES ($ROWS + 1, 'a', 7);
});
# and by a transaction that is open when the batch comes to its end
my $open = open_session("BEGIN; DELETE FROM crm.written WHERE id = $page[2]");
close_session($gate);
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'transactionid'")
	or die "the backfill does not wait for the writer: $err";
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks l JOIN revops.backfill_progress p USING (pid) WHERE p.binding = 'written' AND (l.mode = 'RowExclusiveLock' OR l.locktype = 'transactionid' AND l.granted)"),
	'0', 'the backfill waits for it, and holds nothing that anybody could wait for');
close_session($open, 'COMMIT');
$session->finish;
is($err, '', 'the backfill comes to its end');
like(progress('written', 'state, rows_failed, rows_moving'), qr/^finished\|0\|[1-9]/, '... and has read again what was written meanwhile');
settled('written');

# ----- many writers -------------------------------------------------------------------
make_table('busy');
my @writers;
for my $n (1 .. 2)
{
	push @writers, IPC::Run::start(
		[ 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', qq{
			DO \$\$
			BEGIN
				FOR i IN 1 .. 600 LOOP
					UPDATE crm.busy SET size = i WHERE id = (i * 37 + $n * 3) % $ROWS + 1 AND id % 2 = $n - 1;
					DELETE FROM crm.busy WHERE id = (i * 53) % $ROWS + 1 AND id % 2 = $n - 1;
					INSERT INTO crm.busy VALUES ($ROWS + 2 * i + $n, 'b', i);
					IF i % 3 = 0 THEN COMMIT; END IF;
				END LOOP;
			END \$\$}],
		'<', \undef, '>', \my $ignored, '2>', \my $complaint);
}
$node->safe_psql('postgres', "CALL revops.backfill('busy', 50)");
$_->finish for @writers;
is(scalar(grep { $_->result(0) != 0 } @writers), 0, 'no writer failed');
like(progress('busy', 'state, rows_failed'), qr/^finished\|0$/, 'the backfill of a busy table comes to its end');
$node->safe_psql('postgres', 'CALL revops.settle()');
settled('busy');
is(scalar(() = slurp_file($node->logfile) =~ /deadlock detected/g), 0, 'nobody met a deadlock');

$node->stop;
done_testing();
