#!/usr/bin/perl
#
# 041_timers.pl: timers of three kinds are due at one moment and fired by several
# sessions at once while the server is killed (kill -9) again and again: none is
# lost and none fires twice (F4, F6).
#
#   REVOPS_CRASHES  how often the server is killed (default 5)
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $crashes = $ENV{REVOPS_CRASHES} // 5;
my $n = 600 * $crashes;
my $seed = $ENV{REVOPS_LOAD_SEED} // int(rand(1e9));
srand($seed);
diag("seed $seed, $crashes crashes");

my $node = PostgreSQL::Test::Cluster->new('timers');
$node->init;
$node->append_conf('postgresql.conf', "fsync = on\nrestart_after_crash = on\n");
$node->start;
$node->safe_psql('postgres', qq{
	CREATE EXTENSION pg_revops;
	SET pg_revops.now = '2026-03-02 09:00+00';
	SELECT revops.create_workspace('acme');
	CREATE TABLE lead (id int PRIMARY KEY, size int);
	CREATE TABLE act (id int PRIMARY KEY, lead int, kind text, at timestamptz);
	SELECT revops.draft_agreement() AS draft \\gset
	INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES (:draft, 'mid-size', 'fit', 'company_size > 10', 80);
	SELECT revops.adopt_agreement(:draft);
	SELECT revops.attach_lead('leads', 'lead', '{"company_size": "size"}');
	SELECT revops.attach_touch('acts', 'act', 'leads', '{"lead": "lead", "signal": "kind", "occurred_at": "at"}');
	INSERT INTO lead SELECT i, 100 FROM generate_series(1, $n) i;
	INSERT INTO act SELECT i, i, 'demo_request', '2026-03-02 09:00+00' FROM generate_series(1, $n) i;
	SELECT count(revops.recycle(lead_id, 'timing', '2026-03-20 09:00+00')) FROM revops.lead WHERE key::int % 2 = 0;
	SELECT revops.register_consumer('check', from_beginning => true)});
my $running = $node->safe_psql('postgres', "SELECT count(*) FROM revops.sla_clock WHERE stopped_at IS NULL");
my $falls = $node->safe_psql('postgres', "SELECT count(*) FROM revops.timer WHERE timer = 'intent_falls'");
is($running, $n / 2, 'promises run');
cmp_ok($falls, '>', 0, 'leads are going to fall');

# fires what is due, a few at a time, until the server is gone or nothing is left
sub firing
{
	my $name = $node->basedir . '/fire.sql';
	if (!-e $name)
	{
		append_to_file($name, "SET pg_revops.now = '2026-03-21 09:00+00';\n" . "SELECT revops.run_due(17);\n" x (10 * $n / 17));
	}
	return IPC::Run::start([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $name, '-d', $node->connstr('postgres') ],
		'>', '/dev/null', '2>', '/dev/null');
}

# The server and all its processes, at once; it can start again once they are gone.
sub crash
{
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	# stopped, it starts no process that we would not see, and that would keep its memory
	kill 'STOP', $postmaster;
	my @children = split ' ', `ps -o pid= --ppid $postmaster`;
	$node->kill9;
	kill 'KILL', @children;
	for my $child (@children)
	{
		select undef, undef, undef, 0.01 while kill 0, $child;
	}
}

my $midway = 0;
for (1 .. $crashes)
{
	my @sessions = map { firing() } 1 .. 3;
	select undef, undef, undef, 0.1 + rand(0.3);
	crash();
	eval { $_->finish } for @sessions;
	$node->start;
	$midway++ if $node->safe_psql('postgres', "SELECT count(*) FROM revops.timer WHERE due_at < '2026-03-21'") > 0;
}
cmp_ok($midway, '>', 0, "the server died while timers waited, $midway times");
$node->safe_psql('postgres', "SET pg_revops.now = '2026-03-21 09:00+00';\n" . "SELECT revops.run_due(10000) \\g /dev/null\n" x 5);

is($node->safe_psql('postgres', "SELECT count(*) FROM revops.timer WHERE due_at <= '2026-03-21 09:00+00'"), '0', 'no timer is left');
is($node->safe_psql('postgres', "SELECT count(*), count(DISTINCT (lead_id, seq)) FROM revops.event WHERE event = 'sla_breached'"), "$running|$running",
	'each promise is told as broken, once');
is($node->safe_psql('postgres', q{SELECT count(*) FROM revops.sla_clock c WHERE stopped_at IS NULL AND breached_at IS DISTINCT FROM due_at}), '0',
	'... in one transaction with its clock');
is($node->safe_psql('postgres', "SELECT count(*), count(DISTINCT lead_id) FROM revops.event WHERE event = 'came_back'"), $n / 2 . '|' . $n / 2,
	'each recycled lead has come back, once');
is($node->safe_psql('postgres', q{SELECT count(*) FROM revops.event e FULL JOIN revops.stage_change c ON c.lead_id = e.lead_id AND c.seq = e.seq AND c.cause = 'due'
	WHERE e.event = 'came_back' AND c.seq IS NULL OR c.cause = 'due' AND e.event IS NULL}), '0', '... in one transaction with its move');
is($node->safe_psql('postgres', q{SELECT count(*) FROM revops.intent_fall f FULL JOIN (SELECT * FROM revops.event WHERE event = 'intent_fell') e
	USING (lead_id, seq) WHERE f.lead_id IS NULL OR e.lead_id IS NULL}), '0', 'each fall has its event');
is($node->safe_psql('postgres', q{SELECT count(*) FROM (SELECT FROM revops.intent_fall GROUP BY lead_id, border, at HAVING count(*) > 1) f}), '0', '... and no fall is told twice');
is($node->safe_psql('postgres', "SELECT count(*) = count(DISTINCT key) AND count(*) = (SELECT count(*) FROM revops.event) FROM revops.read_events('check', 1000000)"),
	't', 'a consumer gets every event, each once');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), '0', 'no drift');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.fault'), '0', 'no fault');
$node->stop;
done_testing();
