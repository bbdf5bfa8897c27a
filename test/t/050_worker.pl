#!/usr/bin/perl
#
# 050_worker.pl: the background worker folds what sessions leave, whichever way
# a holder of the lead ends; fires what is due; goes on after errors; and does
# nothing at all when there is nothing to do.
#
# What would be found only by the look that a worker takes every five minutes
# fails here: polls end sooner.
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

my $node = worker_node('worker', 'postgres', lines => "max_prepared_transactions = 5\n");

sub worker
{
	my ($column) = @_;
	return $node->safe_psql('postgres', "SELECT $column FROM revops.worker");
}

# ----- it waits for the extension ---------------------------------------------

my $pid = worker_pid($node, 'postgres');
create_fixture($node, 'postgres');
leads($node, 'postgres', 1, 20);
ok($node->poll_query_until('postgres', q{SELECT state = 'idle' FROM revops.worker}), 'it begins when the extension is created');
is(worker('pid'), $pid, '... and is the one that was there before');

# ----- a lead that is busy --------------------------------------------------------

my $left = q{SELECT count(*) FROM revops.lead_delta};
for my $end ('COMMIT', 'ROLLBACK')
{
	my $holder = hold($node, 'postgres', q{key = '1'});
	touch($node, 'postgres', 1);
	is($node->safe_psql('postgres', $left), '1', "a touch of a lead that is held waits ($end)");
	$holder->query_safe($end);
	folded_is($node, 'postgres', 'true', 0, "... and is folded when the holder ends by $end");
	$holder->quit;
}

my $holder = hold($node, 'postgres', q{key = '1'}, 'SAVEPOINT s');
touch($node, 'postgres', 1);
$holder->query_safe('ROLLBACK TO s');
folded_is($node, 'postgres', 'true', 0, 'a savepoint that is rolled back gives the lead back at once');
$holder->quit;

$holder = hold($node, 'postgres', q{key = '1'});
touch($node, 'postgres', 1);
my $holder_pid = $holder->query_safe('SELECT pg_backend_pid()');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($holder_pid)");
folded_is($node, 'postgres', 'true', 0, '... and so does a holder that is terminated');
eval { $holder->quit };

$holder = hold($node, 'postgres', q{key = '1'});
touch($node, 'postgres', 1);
$holder->query_safe(q{PREPARE TRANSACTION 'holder'});
touch($node, 'postgres', 1);
is($node->safe_psql('postgres', $left), '2', 'a prepared transaction still holds it');
$holder->quit;
$node->safe_psql('postgres', q{COMMIT PREPARED 'holder'});
folded_is($node, 'postgres', 'true', 0, '... until it is committed');

$node->safe_psql('postgres', q{BEGIN;
	INSERT INTO crm.visit VALUES (100001, 2, 'demo_request', now());
	PREPARE TRANSACTION 'touch'});
$node->safe_psql('postgres', q{COMMIT PREPARED 'touch'});
folded_is($node, 'postgres', 'true', 0, 'a touch of a prepared transaction is folded when it is committed');

# ----- what falls due -------------------------------------------------------------

$node->safe_psql('postgres', q{
	SELECT revops.assign(revops.lead_id('person', '3'), 'ann');
	SELECT revops.advance(revops.lead_id('person', '3'), 'mql');
	SELECT revops.recycle(revops.lead_id('person', '3'), 'timing', now() + interval '1 second')});
is($node->safe_psql('postgres', q{SELECT stage FROM revops.lead_status WHERE key = '3'}), 'nurture', 'a lead is recycled for a second');
ok($node->poll_query_until('postgres', q{SELECT stage = 'lead' FROM revops.lead_status WHERE key = '3'}),
	'... and brought back when it is time');
is($node->safe_psql('postgres', q{SELECT count(*) FROM revops.event e JOIN revops.lead l USING (lead_id) JOIN revops.stage_change s ON s.lead_id = l.lead_id AND s.seq = e.seq
	WHERE l.key = '3' AND e.event = 'stage_changed' AND s.from_stage = 'nurture'}), '1', '... once');
cmp_ok(worker('due_fired'), '>=', 1, '... by the worker');

# B6: a version of the agreement comes into force at its moment, by the worker, once
sub version_due
{
	my ($note, $in) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT revops.draft_agreement(note => '$note') AS draft \\gset
		SELECT FROM revops.propose_agreement(:draft);
		SELECT FROM revops.approve_agreement(:draft, 'marketing');
		SELECT FROM revops.approve_agreement(:draft, 'sales');
		SELECT FROM revops.activate_agreement(:draft, now() + interval '$in');
		SELECT :draft});
}
sub version_active
{
	my ($version, $name) = @_;
	ok($node->poll_query_until('postgres', "SELECT status = 'active' FROM revops.agreement WHERE agreement_id = $version"), $name);
}

my $version = version_due('in a second', '1 second');
version_active($version, 'a version comes into force at its moment');
is($node->safe_psql('postgres', "SELECT active_from BETWEEN due_at AND due_at + interval '1 minute' FROM revops.agreement WHERE agreement_id = $version"),
	't', '... and not before');
is($node->safe_psql('postgres', "SELECT count(*) FROM revops.event WHERE event = 'agreement_activated' AND seq = $version"), '1', '... once');

# somebody holds the agreement when the moment comes: the worker goes on with the rest, and tries again
$version = version_due('while held', '1 second');
my $drafter = $node->background_psql('postgres');
$drafter->query_safe('BEGIN; SELECT FROM revops.draft_agreement()');
$node->safe_psql('postgres', q{
	SELECT revops.assign(revops.lead_id('person', '7'), 'ann');
	SELECT revops.advance(revops.lead_id('person', '7'), 'mql');
	SELECT revops.recycle(revops.lead_id('person', '7'), 'timing', now() + interval '2 seconds')});
ok($node->poll_query_until('postgres', q{SELECT stage = 'lead' FROM revops.lead_status WHERE key = '7'}),
	'while somebody is at the agreement, what else is due is done');
is($node->safe_psql('postgres', "SELECT status FROM revops.agreement WHERE agreement_id = $version"), 'approved', '... and the version waits');
$drafter->query_safe('ROLLBACK');
$drafter->quit;
version_active($version, '... until they have done');

# a version that cannot be put into force keeps nobody from anything, and is tried again later
$node->safe_psql('postgres', q{INSERT INTO revops.signal (signal) VALUES ('fair')});
$version = $node->safe_psql('postgres', q{
	SELECT revops.draft_agreement() AS draft \gset
	INSERT INTO revops.score_rule (agreement_id, rule, kind, signal, points) VALUES (:draft, 'fair', 'intent', 'fair', 5);
	SELECT FROM revops.propose_agreement(:draft);
	SELECT FROM revops.approve_agreement(:draft, 'marketing');
	SELECT FROM revops.approve_agreement(:draft, 'sales');
	ALTER TABLE revops.signal DISABLE TRIGGER validate;
	DELETE FROM revops.signal WHERE signal = 'fair';
	ALTER TABLE revops.signal ENABLE TRIGGER validate;
	SELECT FROM revops.activate_agreement(:draft, now() + interval '1 second');
	SELECT :draft});
ok($node->poll_query_until('postgres', "SELECT tries = 1 AND try_at > now() + interval '30 seconds' FROM revops.agreement WHERE agreement_id = $version"),
	'a version that cannot work is tried again later');
is($node->safe_psql('postgres', "SELECT count(*) FROM revops.event WHERE event = 'agreement_failed' AND seq = $version"), '1', '... and told of');
ok($node->poll_query_until('postgres', q{SELECT state = 'idle' FROM revops.worker}), '... and the worker rests');
is($node->safe_psql('postgres', "SELECT w.next_due_at <= a.try_at FROM revops.worker w, revops.agreement a WHERE agreement_id = $version"), 't', '... until then');
$node->safe_psql('postgres', "SELECT revops.withdraw_agreement($version)");

# ----- errors ---------------------------------------------------------------------

# a rule that raises for one lead
$node->safe_psql('postgres', q{
	SELECT revops.draft_agreement() AS draft \gset
	INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
		VALUES (:draft, 'raises', 'fit', '1 / (company_size - 7) > 0', 1);
	SELECT revops.adopt_agreement(:draft)});
$holder = hold($node, 'postgres', q{key IN ('4', '5')});
$node->safe_psql('postgres', q{UPDATE crm.person SET size = CASE id WHEN 4 THEN 7 ELSE 9 END WHERE id IN (4, 5)});
$holder->query_safe('COMMIT');
$holder->quit;
folded_is($node, 'postgres', 'true', 0, 'a rule that raises keeps no lead from being settled');
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM revops.fault WHERE object LIKE '%raises%' AND sqlstate = '22012'}), '>=', 1, '... and is told of as a fault');

# a chore that cannot be done at all
$node->safe_psql('postgres', 'ALTER TABLE revops.lead_delta RENAME TO elsewhere');
my $log = -s $node->logfile;
$node->safe_psql('postgres', q{CREATE EXTENSION IF NOT EXISTS pg_revops});   # makes it look at all there is
ok($node->poll_query_until('postgres', q{SELECT errors > 0 FROM revops.worker_state()}), 'an error is counted');
ok($node->poll_query_until('postgres', q{SELECT state = 'waiting after an error' FROM revops.worker_state()}), '... and that it is waiting to try again is told');
like($node->safe_psql('postgres', q{SELECT last_error_step || ': ' || last_error FROM revops.worker_state()}),
	qr/^fold.*: relation "revops.lead_delta" does not exist/, '... with what happened, and where');
like(slurp_file($node->logfile, $log), qr/CONTEXT:.*background worker of pg_revops, folding/s, 'the log has it too');
is($node->safe_psql('postgres', 'SELECT pid FROM revops.worker_state()'), $pid, 'it is the same process');
$node->safe_psql('postgres', 'ALTER TABLE revops.elsewhere RENAME TO lead_delta');
$holder = hold($node, 'postgres', q{key = '1'});
touch($node, 'postgres', 1);
$holder->query_safe('COMMIT');
$holder->quit;
folded_is($node, 'postgres', 'true', 0, 'when the reason is gone it goes on');
ok($node->poll_query_until('postgres', q{SELECT state = 'idle' FROM revops.worker}), '... and is idle again');

# ----- many leads that stay locked starve nobody --------------------------------------

leads($node, 'postgres', 1001, 1510);
$holder = hold($node, 'postgres', q{key::int BETWEEN 1001 AND 1500});
my $other = hold($node, 'postgres', q{key::int BETWEEN 1501 AND 1510});
touch($node, 'postgres', 1001, 1510);
$other->query_safe('COMMIT');
$other->quit;
folded_is($node, 'postgres', 'key::int BETWEEN 1501 AND 1510', 0, 'leads behind 500 that stay locked are folded');
is($node->safe_psql('postgres', $left), '500', '... while those wait');
$holder->query_safe('ROLLBACK');
$holder->quit;
folded_is($node, 'postgres', 'true', 0, '... until they are free');

# ----- how idle it is ------------------------------------------------------------------

SKIP:
{
	skip 'no /proc here', 1 unless -r "/proc/$pid/stat";
	my @pids = split /\n/, $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'pg_revops%' ORDER BY 1});
	# user and system time in ticks, both processes
	my $ticks = sub { my $sum = 0; for (@pids) { my @stat = split / /, slurp_file("/proc/$_/stat") =~ s/.*\) //sr; $sum += $stat[11] + $stat[12] } $sum };
	my ($before, $after);
	# statistics that were held back are sent within ten seconds
	for (1 .. 10)
	{
		$before = $ticks->();
		sleep 5;
		$after = $ticks->();
		last if $after == $before;
	}
	is($after, $before, 'five seconds of idleness take no processor time');
}

is($node->safe_psql('postgres', 'SELECT * FROM revops.verify()'), '', 'state equals facts');
$node->stop;
done_testing();
