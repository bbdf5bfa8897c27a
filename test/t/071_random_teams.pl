#!/usr/bin/perl
#
# 071_random_teams.pl: teams, weights, absences and caps drawn at random, and
# sessions that insert, take back to savepoints and roll back at once (E3, E4).
# The bounds of fairness and of the caps hold for each team; with the seed
# (REVOPS_SEED) the same teams and scripts come again.
#
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{REVOPS_SEED} || int(rand(1_000_000)) + 1;
srand($seed);
diag("REVOPS_SEED=$seed");
my $clients = 8;

# two lists of weights that other schedules fail on, and random ones
my @teams = ([ 5, 2, 1, 1, 1, 1 ], [ 100, (1) x 100 ]);
push @teams, [ map { 1 + int(rand(10)) } 1 .. 2 + int(rand(7)) ] for 1 .. 6;
my (@members, @away, @caps);
my $rep = 0;
for my $t (0 .. $#teams)
{
	for my $m (0 .. $#{ $teams[$t] })
	{
		$rep++;
		push @members, '(' . ($t + 1) . ", $rep, $teams[$t][$m])";
		next if $t < 2 || $m == 0;
		push @away, $rep if rand() < 0.25;
		# the last three teams have caps: their shares are not the weights', their caps are tested
		push @caps, "($rep, 'open', " . (1 + int(rand(4))) . ')' if $t >= 5 && rand() < 0.5;
	}
}
my $n_teams = @teams;

my $node = PostgreSQL::Test::Cluster->new('random_teams');
$node->init;
$node->append_conf('postgresql.conf', "synchronous_commit = off\n");
$node->start;
$node->safe_psql('postgres', qq{
	CREATE EXTENSION pg_revops;
	SELECT revops.create_workspace('main');
	CREATE TABLE person (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, team text, stage text DEFAULT 'mql');
	SELECT revops.attach_lead('person', 'person', '{"campaign": "team", "stage": "stage"}');
	INSERT INTO revops.team (team) SELECT 't' || n FROM generate_series(1, $n_teams) n;
	INSERT INTO revops.rep (rep) SELECT 'r' || n FROM generate_series(1, $rep) n;
	INSERT INTO revops.team_member VALUES } . join(', ', @members) . qq{;
	INSERT INTO revops.route (route, position, condition, team_id)
		SELECT team, team_id, format('campaign = %L', team), team_id FROM revops.team});
$node->safe_psql('postgres', "INSERT INTO revops.time_off (rep_id, starts_at, ends_at) VALUES ($_, '2000-01-01', '2100-01-01')") for @away;
$node->safe_psql('postgres', 'INSERT INTO revops.rep_cap VALUES ' . join(', ', @caps)) if @caps;
$node->safe_psql('postgres', q{
	CREATE VIEW off AS
	WITH share AS (
		SELECT team_id, rep_id, weight::numeric / sum(weight) OVER (PARTITION BY team_id) AS part FROM revops.team_member m
		WHERE NOT EXISTS (SELECT FROM revops.time_off t WHERE t.rep_id = m.rep_id)),
	got AS (SELECT team_id, rep_id, count(*) AS n FROM revops.assignment GROUP BY 1, 2),
	total AS (SELECT team_id, sum(n) AS n FROM got GROUP BY 1)
	SELECT s.team_id, round(max(abs(coalesce(g.n, 0) - t.n * s.part)), 3) AS worst
	FROM share s JOIN total t USING (team_id) LEFT JOIN got g USING (team_id, rep_id)
	WHERE s.team_id <= 5 GROUP BY 1});

my $insert = "INSERT INTO person (team) VALUES ('t' || (1 + floor(random() * $n_teams)::int));\n";
my @load;
for my $i (1 .. 6)
{
	my $text = 'BEGIN ISOLATION LEVEL ' . ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')[ $i % 3 ] . ";\n";
	for (1 .. 1 + int(rand(3)))
	{
		$text .= $insert;
		$text .= "SAVEPOINT s;\n$insert" . (rand() < 0.5 ? 'ROLLBACK TO s' : 'RELEASE s') . ";\n" if rand() < 0.5;
	}
	$text .= "\\set roll random(1, 10)\n\\if :roll = 1\nROLLBACK;\n\\else\nCOMMIT;\n\\endif\n";
	append_to_file($node->basedir . "/$i.sql", $text);
	push @load, '-f', $node->basedir . "/$i.sql";
}
my $load = IPC::Run::run(
	[ 'pgbench', '-n', '-c', $clients, '-j', 2, '-t', 200, "--random-seed=$seed", @load, $node->connstr('postgres') ],
	'>', \my $out, '2>', \my $err);
ok($load, 'no transaction failed') or diag($err);

sub worst { return $node->safe_psql('postgres', 'SELECT max(worst) FROM off') }
cmp_ok(worst(), '<=', $clients + 1, 'each team is off by the transactions in flight plus 1 at most: ' . worst());
# what a member of weight 1 of 200 was given too many takes that many times 200 leads to come right
$node->safe_psql('postgres', qq{DO \$\$ BEGIN FOR n IN 1 .. 400 LOOP INSERT INTO person (team) SELECT 't' || t FROM generate_series(1, $n_teams) t; END LOOP;
	FOR n IN 1 .. 1600 LOOP INSERT INTO person (team) VALUES ('t2'); END LOOP; END \$\$});
cmp_ok(worst(), '<=', 1, 'and by 1 when one session went on alone: ' . worst());
is($node->safe_psql('postgres', 'SELECT max(n) FROM (SELECT count(*) AS n FROM revops.turn WHERE team_id <= 5 GROUP BY team_id) t'),
	'1', 'what the sessions left uneven is made even, and their rows are gone');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.assignment a JOIN revops.time_off USING (rep_id)'),
	'0', 'nobody who is away was given a lead (' . @away . ' were)');
is($node->safe_psql('postgres', q{SELECT count(*) FROM revops.rep_cap c WHERE leads < (SELECT count(*) FROM revops.assignment a WHERE a.rep_id = c.rep_id)}),
	'0', 'no cap is exceeded (' . @caps . ' reps have one)');
is($node->safe_psql('postgres', q{SELECT count(*) FROM revops.rep_cap c WHERE leads > (SELECT count(*) FROM revops.assignment a WHERE a.rep_id = c.rep_id)
	AND NOT EXISTS (SELECT FROM revops.time_off t WHERE t.rep_id = c.rep_id)}),
	'0', '... and each is filled: what was rolled back gave its place back');
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), '0', 'verify() finds no drift');
$node->stop;
done_testing();
