#
# RevopsLoad.pm: a random load of eight sessions on few leads, and what must
# hold while it runs and after it.
#
# Every session writes host rows of its own only (it is their "writer"), so
# that no two of them ever conflict in a host table: whatever waits, fails or
# deadlocks does so because of the engine.  For the same reason SERIALIZABLE
# transactions only insert: the host's own reads would fail some of them.
#
# All is drawn from one seed.  The operating system decides how sessions
# interleave, so a seed repeats a load, not a schedule.
#
package RevopsLoad;

use strict;
use warnings;
use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use RevopsFixture qw(create_fixture);

our @EXPORT_OK = qw(load_seed load_node load_start load_watch load_finish load_drift
  load_settle load_checks kill_backend kill_server log_faults);

my $CLIENTS = 8;
my $LEADS = 40;
# a lead whose row somebody holds all through a load
my $HELD = $LEADS;

# What was drawn, unless the environment says it: printed, to be repeated.
sub load_seed
{
	my $seed = $ENV{REVOPS_LOAD_SEED} // int(rand(1_000_000)) + 1;
	note("REVOPS_LOAD_SEED=$seed");
	return $seed;
}

# ----- the server and its CRM ------------------------------------------------

sub load_node
{
	my ($name, @conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', join("\n",
		'max_prepared_transactions = 20', 'deadlock_timeout = 100ms', 'log_statement = none',
		'restart_after_crash = on', 'autovacuum_naptime = 5s', @conf, ''));
	$node->start;
	create_fixture($node, 'postgres');
	$node->safe_psql('postgres', host());
	$node->safe_psql('postgres', "INSERT INTO crm.person SELECT n, 'Person ' || n, 'p' || n || '\@example.com', "
		. "(ARRAY['US', 'DE', 'FR'])[n % 3 + 1], 'web', 'software', n * 10, now() FROM generate_series(1, $LEADS) n");
	die 'leads do not have the numbers of their rows'
	  if $node->safe_psql('postgres', 'SELECT count(*) FROM revops.lead WHERE lead_id::text = key') != $LEADS;
	return $node;
}

# What the CRM of this load has beside the fixture's tables, and its helpers.
sub host
{
	my $host = q{
	CREATE SEQUENCE crm.visit_id;
	ALTER TABLE crm.visit ALTER id SET DEFAULT nextval('crm.visit_id'), ADD writer int;
	CREATE INDEX ON crm.visit (writer);
	CREATE SEQUENCE crm.deal_id;
	ALTER TABLE crm.deal ALTER id SET DEFAULT nextval('crm.deal_id'), ADD writer int;
	CREATE INDEX ON crm.deal (writer);
	CREATE SEQUENCE crm.person_id START 1000;
	-- touches that no host row brought
	CREATE TABLE crm.recorded (person_id bigint NOT NULL);

	CREATE FUNCTION crm.kind(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
		SELECT (ARRAY['page_visit', 'page_visit', 'content_download', 'webinar', 'demo_request', 'call', 'pricing_visit'])[n] $$;

	-- a verb: the transitions may refuse it, nothing else may
	CREATE FUNCTION crm.act(lead bigint, verb int) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		CASE verb
			WHEN 1, 2 THEN PERFORM revops.accept(lead);
			WHEN 3 THEN PERFORM revops.reject(lead, 'no_budget');
			WHEN 4 THEN PERFORM revops.recycle(lead, 'timing', revops.engine_now() + interval '1 second');
			WHEN 5 THEN PERFORM revops.forget(lead);
			ELSE PERFORM revops.assign(lead, CASE verb % 2 WHEN 0 THEN 'ann' ELSE 'bob' END);
		END CASE;
	EXCEPTION
		WHEN SQLSTATE 'RV003' OR SQLSTATE 'RV008' THEN
			NULL;
		WHEN internal_error THEN
			-- a build that is wrong on purpose may go on: see 061_wrong_fold.pl
			IF current_setting('load.tolerant', true) IS DISTINCT FROM 'on' THEN
				RAISE;
			END IF;
	END $$;

	CREATE FUNCTION crm.record(lead bigint, kind text) RETURNS void LANGUAGE sql AS $$
		INSERT INTO crm.recorded VALUES (lead);
		SELECT revops.record_touch(lead, kind) $$;

	-- caps that the load soon reaches
	SELECT revops.draft_agreement() AS draft \gset
	INSERT INTO revops.score_group VALUES (:draft, 'content', 'intent', 40, 'week');
	UPDATE revops.score_rule SET cap = 10, cap_period = 'day', score_group = 'content' WHERE agreement_id = :draft AND rule = 'page_visit';
	UPDATE revops.score_rule SET cap = 25, score_group = 'content' WHERE agreement_id = :draft AND rule = 'webinar';
	UPDATE revops.score_rule SET score_group = 'content' WHERE agreement_id = :draft AND rule = 'content_download';
	SELECT revops.adopt_agreement(:draft);

	-- every lead in one snapshot: what the view says it has, and what there is; of the first ones also what it is worth
	CREATE VIEW crm.drift AS
		SELECT s.lead_id, s.key, s.touches AS shown, coalesce(t.touches, 0) AS there
		FROM revops.lead_status s
		LEFT JOIN (SELECT lead_id, sum(sign) AS touches FROM revops.touch GROUP BY 1) t USING (lead_id)
		WHERE s.touches IS DISTINCT FROM coalesce(t.touches, 0)
		UNION ALL
		SELECT s.lead_id, s.key || ' (worth)', s.intent, round(w.intent::numeric, 3)
		FROM revops.lead_status s,
			 LATERAL (SELECT least(greatest(coalesce(sum(value), 0), 0), 100) AS intent FROM revops.explain_touches(s.lead_id)) w
		WHERE s.lead_id <= LEADS_WEIGHED AND abs(s.intent - w.intent) > 0.501;
	-- one lead or all, within a transaction that has touched some or not
	CREATE FUNCTION crm.look(lead bigint DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		seen text;
	BEGIN
		IF lead IS NULL THEN
			SELECT string_agg(format('lead %s shows %s touches and has %s', key, shown, there), ', ') INTO seen FROM crm.drift;
		ELSE
			SELECT format('lead %s shows %s touches and has %s', key, s.touches, t.there) INTO seen
			FROM revops.lead_status s, LATERAL (SELECT coalesce(sum(sign), 0) AS there FROM revops.touch t WHERE t.lead_id = s.lead_id) t
			WHERE s.lead_id = lead AND s.touches <> t.there;
		END IF;
		IF seen IS NOT NULL THEN
			RAISE EXCEPTION '%', seen;
		END IF;
	END $$;
	};
	$host =~ s/LEADS_WEIGHED/$LEADS/;
	return $host;
}

# ----- the load --------------------------------------------------------------

my $touch = q{INSERT INTO crm.visit (person_id, kind, at, writer) VALUES (:lead, crm.kind(:kind), now() - :ago * interval '1 minute', :client_id);};
my $touches = qq{INSERT INTO crm.visit (person_id, kind, at, writer) SELECT (:lead + n * :ago) % $LEADS + 1, crm.kind(:kind), now(), :client_id FROM generate_series(1, :several) n;};
my $newcomer = q{INSERT INTO crm.person SELECT nextval('crm.person_id'), 'New', 'n@example.com', 'DE', 'fair', 'software', :ago, now() FROM generate_series(1, :several) n;};
my $of_mine = 'WHERE writer = :client_id ORDER BY md5(id::text || :ago) LIMIT 1 FOR UPDATE SKIP LOCKED';
my $deal = q{INSERT INTO crm.deal (person_id, amount, opened_at, writer) VALUES (:lead, :ago, now(), :client_id);};

# [weight, statement]: what one statement of a transaction may be
my %statements = (
	# nothing of the host is read
	blind => [
		[ 30, $touch ], [ 8, $touches ], [ 4, $newcomer ], [ 3, $deal ],
		[ 6, "SAVEPOINT s;\n$touch\nROLLBACK TO s;" ],
		[ 4, "SAVEPOINT s;\n$touches\nSAVEPOINT t;\n$touch\nROLLBACK TO t;\n$touch\nRELEASE s;" ],
		[ 4, "SELECT crm.record(:lead, crm.kind(:kind));" ],
	],
	any => [
		[ 30, $touch ], [ 6, $touches ], [ 3, $newcomer ], [ 3, $deal ],
		[ 5, "SAVEPOINT s;\n$touch\nROLLBACK TO s;" ],
		[ 4, "SAVEPOINT s;\n$touches\nSAVEPOINT t;\n$touch\nROLLBACK TO t;\n$touch\nRELEASE s;" ],
		[ 4, "SELECT crm.record(:lead, crm.kind(:kind));" ],
		[ 6, "DELETE FROM crm.visit WHERE id = (SELECT id FROM crm.visit $of_mine);" ],
		[ 3, "UPDATE crm.visit SET person_id = :lead WHERE id = (SELECT id FROM crm.visit $of_mine);" ],
		[ 2, "UPDATE crm.visit SET kind = crm.kind(:kind) WHERE id = (SELECT id FROM crm.visit $of_mine);" ],
		[ 3, "SAVEPOINT s;\nDELETE FROM crm.visit WHERE id = (SELECT id FROM crm.visit $of_mine);\nROLLBACK TO s;" ],
		[ 6, "UPDATE crm.person SET size = :ago * 5 WHERE id = :mine;" ],
		[ 2, "UPDATE crm.deal SET won = true WHERE id = (SELECT id FROM crm.deal $of_mine);" ],
		[ 1, "DELETE FROM crm.deal WHERE id = (SELECT id FROM crm.deal $of_mine);" ],
		[ 6, "SELECT crm.look(:lead);" ],
	],
);
# touches of the lead that somebody holds
push @{$statements{$_}}, [ 4, "INSERT INTO crm.visit (person_id, kind, at, writer) VALUES ($HELD, crm.kind(:kind), now(), :client_id);" ]
  for keys %statements;

# One statement, drawn when the script runs.
sub drawn
{
	my ($of, $except) = @_;
	my @of = grep { !defined $except || $_->[1] !~ $except } @{$statements{$of}};
	my $total = 0;
	$total += $_->[0] for @of;
	my ($text, $upto, $word) = ("\\set what random(1, $total)\n", 0, 'if');
	for my $choice (@of)
	{
		$upto += $choice->[0];
		$text .= "\\$word :what <= $upto\n$choice->[1]\n";
		$word = 'elif';
	}
	return "$text\\endif\n";
}

# Leads have the numbers of their rows: load_node() makes it so.
my $draw = qq{
\\set lead random_zipfian(1, $LEADS - 1, 1.3)
\\set mine random(0, $LEADS / $CLIENTS - 1) * $CLIENTS + :client_id + 1
\\set kind random(1, 7)
\\set ago random(1, 60)
\\set several random(1, 4)
};

# One to seven statements.
sub transaction
{
	my ($begin, $of, $except) = @_;
	my $text = "\\set n random(1, 7)\n$draw$begin\n";
	for my $i (1 .. 7)
	{
		$text .= "\\if :n >= $i\n" . drawn($of, $except) . "$draw\\endif\n";
	}
	return $text;
}

my $end = "\\if random(1, 7) = 1\nROLLBACK;\n\\else\nCOMMIT;\n\\endif\n";

# weight => script, by name
sub scripts
{
	return (
		'block@30' => transaction('BEGIN;', 'any') . $end,
		'alone@25' => $draw . drawn('any', qr/SAVEPOINT/),
		'repeatable_read@14' => transaction("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) FROM crm.person;", 'any') . $end,
		'serializable@10' => transaction('BEGIN ISOLATION LEVEL SERIALIZABLE;', 'blind') . $end,
		'verb@12' => transaction("\\set verb random(1, 8)\nBEGIN;\nSELECT crm.act(:lead, :verb);", 'any') . $end,
		# a verb reads the newest state: the old snapshot's facts are older
		'verb_repeatable_read@3' => transaction("\\set verb random(1, 8)\nBEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT crm.act(:lead, :verb);", 'any', qr/crm.look/) . $end,
		'prepared@4' => "\\set turn random(1, 1000000)\n" . transaction('BEGIN;', 'blind')
		  . "PREPARE TRANSACTION 'p:client_id.:turn';\n" . $draw . drawn('blind', qr/SAVEPOINT/)
		  . "\\if random(1, 3) = 1\nROLLBACK PREPARED 'p:client_id.:turn';\n\\else\nCOMMIT PREPARED 'p:client_id.:turn';\n\\endif\n",
		# somebody thinks while deltas gather
		'hold@2' => "\\set hot random(1, 3)\nBEGIN;\nSELECT crm.act(:hot, 6);\n\\sleep 50 ms\nCOMMIT;\n",
		'fold@5' => "SELECT revops.fold_batch(0, 100);\n",
		'fold_urgent@3' => "SELECT revops.fold_batch(0, 100, true);\n",
		'rescore@2' => "SELECT revops.rescore_batch(1, 0, 100);\n",
		'rescore_hot@10' => "SELECT revops.rescore_batch(1, 0, 4);\n",
		'settle@2' => "CALL revops.settle();\n",
		'look@10' => "SELECT crm.look();\n",
		'run_due@2' => "SELECT revops.run_due();\n",
	);
}

sub script_files
{
	my %script = scripts();
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my @arguments;
	for my $name (sort keys %script)
	{
		my ($base, $weight) = split /@/, $name;
		append_to_file("$dir/$base.sql", $script{$name});
		push @arguments, '-f', "$dir/$base.sql\@$weight";
	}
	return @arguments;
}

# ----- sessions beside it ----------------------------------------------------

sub session_start
{
	my ($node) = @_;
	my $s = { in => '', out => '', err => '', limit => IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default) };
	$s->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
		'<', \$s->{in}, '>', \$s->{out}, '2>', \$s->{err}, $s->{limit});
	return $s;
}

# What the session answers; the server must be up.
sub session_ask
{
	my ($s, $sql) = @_;
	$s->{out} = '';
	$s->{limit}->start;
	$s->{in} .= "$sql;\n\\echo answered\n";
	$s->{run}->pump until $s->{out} =~ /^answered$/m;
	$s->{limit}->reset;
	return $s->{out} =~ s/^answered\n//mr . $s->{err};
}

# It may have died with the server.
sub session_end
{
	my ($s) = @_;
	$s->{in} .= "\\q\n";
	eval { $s->{run}->finish };
}

# Beside the load somebody holds a lead until the load has ended, and somebody
# reads under one old snapshot: touches that waited for the one would wait for
# ever, and what the other reads must not change.
my $old_view = q{SELECT md5(string_agg(s::text, ',' ORDER BY lead_id)) FROM (SELECT lead_id, key, stage, touches, rep, last_touch_at FROM revops.lead_status) s};

# Eight sessions of that many transactions each, in the background.
sub load_start
{
	my ($node, $seed, $transactions) = @_;
	my $load = { node => $node, out => '', err => '', checks => 0, wrong => '' };
	$load->{holder} = session_start($node);
	session_ask($load->{holder}, "BEGIN; SELECT revops.assign($HELD, 'bob')");
	$load->{reader} = session_start($node);
	$load->{read} = session_ask($load->{reader}, "BEGIN ISOLATION LEVEL REPEATABLE READ; $old_view");
	$load->{limit} = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
	local $ENV{PGAPPNAME} = 'load';
	$load->{run} = IPC::Run::start(
		[ 'pgbench', '-n', '-c', $CLIENTS, '-j', 2, '-t', $transactions, "--random-seed=$seed",
			'--failures-detailed', script_files(), '-h', $node->host, '-p', $node->port, 'postgres' ],
		'<', \undef, '>', \$load->{out}, '2>', \$load->{err}, $load->{limit});
	return $load;
}

# By what the views of KPIs, which read the roll-ups, differ from their functions,
# which read the facts: each in one snapshot; '': by nothing.
my $kpi_drift = join "\nUNION ALL\n", map { my $kpi = $_; map { qq{
	SELECT '$kpi by $_', * FROM (
		(SELECT k::text FROM revops.kpi_$kpi('$_') k EXCEPT ALL SELECT k::text FROM revops.kpi_${kpi}_$_ k)
		UNION ALL
		(SELECT k::text FROM revops.kpi_${kpi}_$_ k EXCEPT ALL SELECT k::text FROM revops.kpi_$kpi('$_') k)) d (k)}} qw(week month) }
  qw(funnel stage_conversion acceptance sla_compliance source pipeline deals revenue);

# Look at all leads, each time in one snapshot, until the load ends or the
# server is gone; after so many times, once, do what is to be done.
sub load_watch
{
	my ($load, $after, $do) = @_;
	while ($load->{run}->pumpable)
	{
		$load->{run}->pump_nb;
		my ($status, $drift) = $load->{node}->psql('postgres', $load->{checks} % 5 == 4 ? $kpi_drift : 'SELECT * FROM crm.drift');
		last if $status != 0;
		$load->{checks}++;
		$load->{wrong} ||= $drift;
		if (defined $after && $load->{checks} == $after)
		{
			$do->();
			last;
		}
	}
}

# What the sessions complain of; '': no transaction failed.
sub load_finish
{
	my ($load, $killed) = @_;
	eval { $load->{run}->finish };
	if (!$killed)
	{
		$load->{wrong} ||= 'the old snapshot changed' if session_ask($load->{reader}, $old_view) ne $load->{read};
		session_ask($load->{holder}, $load->{checks} % 2 ? 'COMMIT' : 'ROLLBACK');
	}
	session_end($load->{$_}) for qw(reader holder);
	return '' if $killed;
	my ($failed) = $load->{out} =~ /^number of failed transactions: (\d+)/m;
	my @errors = grep { !/setting random seed/ } split /\n/, $load->{err};
	return join "\n", "the sessions ended with an error:", @errors if @errors || !defined $failed;
	return $failed eq '0' ? '' : $load->{out};
}

# ----- what must hold --------------------------------------------------------

# Whatever the sessions left prepared is ended, one way or the other.
sub end_prepared
{
	my ($node) = @_;
	for my $gid (split /\n/, $node->safe_psql('postgres', 'SELECT gid FROM pg_prepared_xacts ORDER BY gid'))
	{
		my $how = $gid =~ /[02468]$/ ? 'COMMIT' : 'ROLLBACK';
		$node->safe_psql('postgres', "$how PREPARED '$gid'");
	}
}

# Everything is folded: by settle(), or, where a worker runs, by nobody's call.
sub load_settle
{
	my ($node, $worker) = @_;
	end_prepared($node);
	if ($worker)
	{
		$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM revops.lead_delta')
		  or diag('the worker did not fold everything');
	}
	else
	{
		$node->safe_psql('postgres', 'CALL revops.settle()');
	}
}

# How state differs from facts; '': not at all.
sub load_drift
{
	my ($node) = @_;
	return join "\n", grep { $_ ne '' } map { $node->safe_psql('postgres', $_) }
	  'SELECT * FROM revops.verify()', 'SELECT * FROM crm.drift', q{
		SELECT l.key, l.touches, v.visits
		FROM revops.lead l
		LEFT JOIN (SELECT person_id::text AS key, count(*) AS visits
			FROM (SELECT person_id FROM crm.visit UNION ALL SELECT person_id FROM crm.recorded) t GROUP BY 1) v USING (key)
		WHERE l.touches IS DISTINCT FROM coalesce(v.visits, 0)};
}

sub load_checks
{
	my ($node, $worker) = @_;
	load_settle($node, $worker);
	is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.lead_delta'), '0',
		$worker ? '... the worker folds all that waited' : '... settle() folds all that waited');
	is(load_drift($node), '', '... state equals facts, and every touch counts once');
	is($node->safe_psql('postgres', q{
		SELECT l.key, p.profile ->> 'company_size', h.size
		FROM revops.lead l
		JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
		FULL JOIN crm.person h ON h.id::text = l.key
		WHERE l.gone_at IS NULL AND (p.profile ->> 'company_size')::int IS DISTINCT FROM h.size}),
		'', '... the last word on a lead is the last');
	is($node->safe_psql('postgres', q{
		SELECT o.key, o.status, d.id, d.won
		FROM (SELECT * FROM revops.opportunity WHERE status <> 'gone') o
		FULL JOIN crm.deal d ON d.id::text = o.key
		WHERE o.status IS DISTINCT FROM CASE WHEN d.won THEN 'won' ELSE 'open' END}),
		'', '... and so it is with deals');
	is($node->safe_psql('postgres', $kpi_drift), '', '... KPIs say by roll-ups what they say by facts');
	$node->safe_psql('postgres', 'DO $$ BEGIN WHILE revops.roll_up(100) > 0 LOOP NULL; END LOOP; END $$');
	is($node->safe_psql('postgres', $kpi_drift), '', '... also when all is rolled up');
	is($node->safe_psql('postgres', 'SELECT serve, because FROM revops.rollup_status'), 't|', '... and the roll-ups were right all the time');
	is($node->safe_psql('postgres', 'SELECT object, message, detail FROM revops.fault'), '', '... no fault was recorded');
	is($node->safe_psql('postgres', 'SELECT * FROM revops.inbox_entry'), '', '... and nothing waits in the inbox');
}

# ----- ends ------------------------------------------------------------------

# One of the sessions' server processes dies: the server starts again by itself.
sub kill_backend
{
	my ($node) = @_;
	my $pid = $node->safe_psql('postgres',
		q{SELECT pid FROM pg_stat_activity WHERE application_name = 'load' ORDER BY xact_start LIMIT 1});
	kill 'KILL', $pid or die "no process $pid";
	$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'load'})
	  or die 'the server did not start again';
}

# All of the server dies at once, and is started again.
sub kill_server
{
	my ($node) = @_;
	# stopped, it starts no process that we would not see
	kill 'STOP', $node->{_pid};
	my @pids = ($node->{_pid}, split ' ', `ps -o pid= --ppid $node->{_pid}`);
	$node->kill9;
	kill 'KILL', @pids;
	# until they are gone the shared memory is theirs
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		last unless grep { kill 0, $_ } @pids;
		usleep(100_000);
	}
	$node->start;
}

# What a log must not hold, however the server was killed.
sub log_faults
{
	my ($node) = @_;
	my @faults = grep { /deadlock detected|could not serialize|tuple concurrently|PANIC|TRAP:|leak/ }
	  split /\n/, slurp_file($node->logfile);
	return join "\n", @faults > 20 ? @faults[0 .. 19] : @faults;
}

1;
