#!/usr/bin/perl
#
# 062_injected_faults.pl: nothing that an application does fails because of us.
# In a build in which each function of the extension can be made to raise an
# error when it begins (injected_faults.c), statements of a host run again and
# again while one step after the other fails: once, as by lack of memory, or
# whenever that function is called, as by a table that is missing.  The host's
# statement goes through each time; what was not settled is settled later, and in
# the end every lead is what it would have been.  So it is tried for bindings that
# settle at once, for queued ones (packets of the inbox), for replicated ones (row
# triggers), for leads that look up other tables and statements on these, and for
# rows that are written back.
#
# By default 120 of the calls are tried, in make test-long 2,000 (REVOPS_FAULTS);
# REVOPS_FAULTS_IN=regexp tries only scenarios of such names.
#
use strict;
use warnings;
use File::Temp;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsFixture qw(create_fixture $NOW);

my $MOST = $ENV{REVOPS_FAULTS} // 120;
# where an error may begin
my @ENTRIES = qw(revops_capture_lead revops_capture_touch revops_capture_opportunity revops_capture_lookup
  revops_fill_row end_pending);
# of what no statement of the host's waits for
my @OUR_ENTRIES = qw(write_back_page);
# What runs before the subtransaction that catches, and allocates nothing.
my @SPARED = (@ENTRIES, @OUR_ENTRIES, qw(capture_run settle_or_record attempt ask_nested must_raise give_up attempt_tolerates
  pending_relieve settle_all settle_pending list_pending_leads attempt_in_memory rid_alone
  try_step packet_row_write attempt_undivided give_back_shared end_owner));
# What PostgreSQL calls back while it ends a transaction, cleans up or learns that
# something changed, and asks not to raise anything; and what undoes, in a handler,
# what an error has left.
my @SHELTERED = qw(on_transaction_end on_subtransaction_end end_of_xact end_of_subxact free_retired
  unpin_binding forget_tracked on_set_release release_regex on_relcache_flush on_catalog_change own_write_end);

# ----- the build -------------------------------------------------------------

my $stage;

sub build
{
	my $dir = File::Temp::tempdir('faultsXXXX', TMPDIR => 1, CLEANUP => 1);
	my $make = "make -s -j2 -C $dir/tree with_llvm=no PG_CONFIG='$ENV{PG_CONFIG}'";
	chomp(my $includes = `$ENV{PG_CONFIG} --includedir-server`);
	my $copt = "-finstrument-functions -finstrument-functions-exclude-file-list=$includes -Wno-error " . ($ENV{BUILD_COPT} // '');
	$stage = "$dir/stage";
	chmod 0755, $dir;
	system("mkdir $dir/tree && tar -cf - Makefile *.control src sql test/test.mk | tar -C $dir/tree -xf - "
		. "&& cp $FindBin::Bin/injected_faults.c $dir/tree/src/base/") == 0 or die 'copying failed';
	system("find $dir/tree -name '*.o' -delete; $make COPT='$copt' >/dev/null && $make install DESTDIR=$stage >/dev/null") == 0
	  or die 'building failed';
	return slurp_file($ENV{REVOPS_CONF}) =~ s/\Q$ENV{REVOPS_STAGE}\E/$stage/gr;
}

# name => offsets, and offset => name: static functions of two files may share a name
sub functions_of
{
	my ($library) = @_;
	my (%offsets, %name, %address);
	for (split /\n/, `nm $library`)
	{
		my ($at, $kind, $name) = /^([0-9a-f]+) ([tT]) (\S+)$/ or next;
		push @{ $address{$name} }, hex $at;
	}
	my $base = $address{revops_capture_lead}[0];
	for my $name (keys %address)
	{
		(my $plain = $name) =~ s/\..*//;
		push @{ $offsets{$plain} }, map { $_ - $base } @{ $address{$name} };
		$name{ $_ - $base } = $plain for @{ $address{$name} };
	}
	return (\%offsets, \%name);
}

my $conf = build();
my $node = PostgreSQL::Test::Cluster->new('faults');
$node->init;
$node->append_conf('postgresql.conf', "$conf\nlog_statement = none\nlog_min_messages = fatal\nrestart_after_crash = on\n");
$node->start;
create_fixture($node, 'postgres');
$node->safe_psql('postgres', q{
	CREATE FUNCTION arm(in_function boolean, wanted bigint, sqlstate text, entries bigint[], spared bigint[], sheltered bigint[]) RETURNS void
		LANGUAGE c AS '$libdir/pg_revops', 'injected_faults_arm';
	CREATE FUNCTION disarm() RETURNS bigint[] LANGUAGE c AS '$libdir/pg_revops', 'injected_faults_disarm';
});
my ($offsets, $name) = functions_of(`find $stage -name pg_revops.so` =~ s/\n.*//sr);
my ($entries, $our_entries, $spared, $sheltered) = map { offsets_of(@$_) } \(@ENTRIES, @OUR_ENTRIES, @SPARED, @SHELTERED);

sub offsets_of
{
	return '{' . join(',', map { @{ $offsets->{$_} // [] } } @_) . '}';
}

# ----- other bindings --------------------------------------------------------

# The fixture's tables and bindings once more, of another mode.
sub attach_again
{
	my ($schema, $options) = @_;
	return qq{
		CREATE SCHEMA $schema;
		CREATE TABLE $schema.person (LIKE crm.person INCLUDING ALL);
		CREATE TABLE $schema.visit (LIKE crm.visit INCLUDING ALL);
		CREATE TABLE $schema.deal (LIKE crm.deal INCLUDING ALL);
		SELECT revops.attach_lead('${schema}_person', '$schema.person', '{
			"created_at": "created_at", "email": "lower(email)", "person_name": "name", "country": "country",
			"source": "source", "industry": "industry", "company_size": "size"}', mode => 'queued', $options);
		SELECT revops.attach_touch('${schema}_visit', '$schema.visit', '${schema}_person',
			'{"lead": "person_id", "signal": "kind", "occurred_at": "at"}');
		SELECT revops.attach_opportunity('${schema}_deal', '$schema.deal', '${schema}_person',
			'{"lead": "person_id", "won": "won", "amount": "amount", "opened_at": "opened_at"}');};
}

# Leads whose country is their company's, and leads whose rows are written back.
$node->safe_psql('postgres', attach_again('que', 'replicated => false') . attach_again('rep', 'replicated => true') . q{
	CREATE SCHEMA look;
	CREATE TABLE look.company (id bigint PRIMARY KEY, country text, size int);
	CREATE TABLE look.person (id bigint PRIMARY KEY, company_id bigint);
	SELECT revops.attach_lead('look_person', 'look.person', '{
		"country": "(SELECT c.country FROM look.company c WHERE c.id = company_id)",
		"company_size": "(SELECT c.size FROM look.company c WHERE c.id = company_id)"}');
	SELECT revops.attach_lookup('look_company', 'look.company', 'look_person', '{
		"lead": "(SELECT array_agg(p.id::text) FROM look.person p WHERE p.company_id = company.id)"}');
	CREATE SCHEMA fill;
	CREATE TABLE fill.person (id bigint PRIMARY KEY, country text, size int, stage text, owner text, score int, version int DEFAULT 1);
	SELECT revops.attach_lead('fill_person', 'fill.person', '{"country": "country", "company_size": "size", "stage": "stage"}',
		write_back => '{"stage": "stage", "owner": "owner", "score": "score"}');
	CREATE TABLE fill.later (LIKE fill.person INCLUDING ALL);
	SELECT revops.attach_lead('fill_later', 'fill.later', '{"country": "country", "company_size": "size", "stage": "stage"}',
		mode => 'queued', write_back => '{"stage": "stage", "owner": "owner", "score": "score"}', bump => '{"version": "version + 1"}');});

# ----- statements of a host --------------------------------------------------

# What is done for number N, and before it: each N has rows of its own.
sub of_people
{
	my ($schema) = @_;
	my $us = qq{INSERT INTO $schema.person VALUES (:n, 'P', 'p:n\@example.com', 'US', 'web', 'software', 100, '$NOW')};
	my $french = qq{INSERT INTO $schema.person VALUES (:n, 'P', 'p:n\@example.com', 'FR', 'web', 'software', 10, '$NOW')};
	my $visit = qq{INSERT INTO $schema.visit VALUES (:n, :n, 'demo_request', '$NOW')};
	return (
		insert => { do => $us },
		update => { before => $french, do => qq{UPDATE $schema.person SET country = 'US', size = 100 WHERE id = :n} },
		touch => { before => $us, do => $visit },
		commit => { before => $us, do => "BEGIN; $visit; COMMIT" },
		'take back' => { before => "$us; $visit", do => qq{DELETE FROM $schema.visit WHERE id = :n} },
		deal => { before => $us, do => qq{INSERT INTO $schema.deal VALUES (:n, :n, 1000, true, '$NOW')} },
		delete => { before => $us, do => qq{DELETE FROM $schema.person WHERE id = :n} });
}

my %people = of_people('crm');
my %queued = of_people('que');
my %replicated = of_people('rep');
my $filled = q{SELECT id, stage, owner IS NULL, score, version FROM fill.person WHERE id BETWEEN :from AND :to};
my %SCENARIO = (
	%people,
	(map { ("queued $_" => $queued{$_}) } qw(insert update touch deal delete)),
	(map { ("replicated $_" => { %{ $replicated{$_} }, do => "SET session_replication_role = replica; $replicated{$_}{do}; RESET session_replication_role" }) }
		qw(insert update), 'take back'),
	# a reply ends the track that the lead is in (G2)
	'in a track' => {
		before => "$people{insert}{do}; SELECT revops.enrol(revops.lead_id('person', ':n'), 'outreach')",
		do => qq{INSERT INTO crm.visit VALUES (:n, :n, 'email_reply', timestamptz '$NOW' + interval '1 second')},
		rows => q{SELECT l.key::int, l.enrolled, l.awaited, e.end_cause, e.changes, (SELECT count(*) FROM revops.nurture_change c WHERE c.lead_id = e.lead_id)
			FROM revops.enrolment e JOIN revops.lead l USING (lead_id) WHERE l.key::int BETWEEN :from AND :to} },
	'looking up' => {
		before => q{INSERT INTO look.company VALUES (:n, 'US', 100)},
		do => q{INSERT INTO look.person VALUES (:n, :n)} },
	'looked up' => {
		before => q{INSERT INTO look.company VALUES (:n, 'FR', 10); INSERT INTO look.person VALUES (:n, :n)},
		do => q{UPDATE look.company SET country = 'US', size = 100 WHERE id = :n} },
	'filled insert' => { do => q{INSERT INTO fill.person VALUES (:n, 'US', 100)}, rows => $filled },
	'filled update' => {
		before => q{INSERT INTO fill.person VALUES (:n, 'FR', 10)},
		do => q{UPDATE fill.person SET country = 'US', size = 100 WHERE id = :n}, rows => $filled },
	# the inbox is read, the row is due
	'written later' => {
		before => q{INSERT INTO fill.later VALUES (:n, 'US', 100); SELECT revops.read_inbox(0, 1000)},
		do => q{SELECT revops.write_back_batch((SELECT max(due_id) - 1 FROM revops.write_back_due), 1)},
		ours => 1, rows => $filled =~ s/fill.person/fill.later/r },
);

my $number = 0;
my %expected;					# of a scenario: its lead when nothing fails

sub of_number
{
	my ($sql, $n) = @_;
	return ($sql // '') =~ s/:n/$n/gr;
}

# Run the scenario once for each way to fail: [in_function, wanted, SQLSTATE].
# Returns what psql said of each: an error of the host's, a warning, and disarm().
sub run
{
	my ($scenario, @ways) = @_;
	my $script = "\\pset format unaligned\n\\pset tuples_only on\nSET pg_revops.now = '$NOW';\n";
	my @runs;
	for my $way (@ways)
	{
		my $n = ++$number;
		my ($in_function, $wanted, $sqlstate) = @$way;
		$script .= of_number($SCENARIO{$scenario}{before}, $n) . ";\n"
		  . "\\echo run $n\n"
		  . "SELECT arm('$in_function', $wanted, '$sqlstate', '" . ($SCENARIO{$scenario}{ours} ? $our_entries : $entries) . "', '$spared', '$sheltered') \\g /dev/null\n"
		  . of_number($SCENARIO{$scenario}{do}, $n) . ";\n"
		  . "SELECT 'said ' || disarm()::text;\nROLLBACK;\n";
		push @runs, { n => $n, way => $way, error => '', warning => '' };
	}
	my ($file, $path) = File::Temp::tempfile(UNLINK => 1);
	print $file $script;
	close $file;
	my $out = `psql -X -q -h '@{[$node->host]}' -p @{[$node->port]} -d postgres -f $path 2>&1`;
	my $run;
	for (split /\n/, $out)
	{
		if (/^run (\d+)/) { ($run) = grep { $_->{n} == $1 } @runs[($1 - $runs[0]{n}) .. ($1 - $runs[0]{n})]; }
		elsif (/^said \{(.*)\}/) { $run->{said} = [split /,/, $1]; }
		elsif (/ERROR:|FATAL:|PANIC:|server closed/) { $run->{error} = $_; }
		elsif (/WARNING:/ && !/no transaction in progress/) { $run->{warning} = $_; }
	}
	return @runs;
}

sub where
{
	my ($run) = @_;
	my ($in_function, $wanted) = @{ $run->{way} };
	return $name->{ $run->{said} ? $run->{said}[2] : $in_function eq 't' ? $wanted : 0 };
}

# What the leads of these runs are, apart from their numbers and times, and their
# rows where we write them: by number.
sub leads
{
	my ($scenario, @runs) = @_;
	my ($from, $to) = ($runs[0]{n}, $runs[-1]{n});
	my $rows = ($SCENARIO{$scenario}{rows} // '') =~ s/:from/$from/r =~ s/:to/$to/r;
	my %leads = map { $_->{n} => '' } @runs;
	/^(\d+)\|(.*)/ and $leads{$1} .= "$2\n" for split /\n/, $node->safe_psql('postgres', qq{
		SELECT l.key::int, stage, fit, touches, team_id, rep_id IS NULL, running, clocks, moves, assignments, gone_at IS NOT NULL,
			(SELECT string_agg(status, ' ') FROM revops.opportunity o WHERE o.lead_id = l.lead_id),
			(SELECT string_agg(to_stage || ' ' || cause, ', ' ORDER BY seq) FROM revops.stage_change c WHERE c.lead_id = l.lead_id)
		FROM revops.lead l WHERE l.key::int BETWEEN $from AND $to;
		$rows});
	return \%leads;
}

# Runs whose lead is not what it would have been.
sub wrong
{
	my ($scenario, @runs) = @_;
	my $leads = leads($scenario, @runs);
	return grep { $leads->{ $_->{n} } ne $expected{$scenario} } @runs;
}

# What waits is settled, however long it has to be patient; then what that has
# brought to be written back, or has written.
sub settle
{
	$node->safe_psql('postgres', "SET pg_revops.now = '$NOW'; CALL revops.settle()");
	$node->safe_psql('postgres', "SET pg_revops.now = '$NOW'; UPDATE revops.inbox SET at = '-infinity' WHERE lead_key IS NULL; CALL revops.settle()");
	$node->safe_psql('postgres', "SET pg_revops.now = '$NOW'; UPDATE revops.write_back_due SET at = '-infinity'; CALL revops.settle(); CALL revops.settle()");
}

sub faults_without_key
{
	return $node->safe_psql('postgres', 'SELECT count(*) FROM revops.fault WHERE key IS NULL AND lead_id IS NULL');
}

# Those of which nobody was told either, by a warning or a fault that names the lead.
sub untold
{
	my ($scenario, @runs) = @_;
	my %named = map { $_ => 1 } split /\n/, $node->safe_psql('postgres',
		'SELECT DISTINCT u.key FROM revops.fault f LEFT JOIN revops.lead l USING (lead_id) CROSS JOIN LATERAL (VALUES (f.key), (l.key)) AS u (key)');
	return grep { $_->{warning} eq '' && !$named{ $_->{n} } } wrong($scenario, @runs);
}

sub try_scenario
{
	my ($scenario) = @_;
	my ($whole) = run($scenario, ['f', 1 << 62, 'XX000']);
	my ($calls, undef, undef, @functions) = @{ $whole->{said} };
	settle();
	$expected{$scenario} = leads($scenario, $whole)->{ $whole->{n} };
	my $step = int(($calls + $MOST - 1) / $MOST);
	my @once = run($scenario, map { ['f', 1 + $_ * $step, '53200'] } 0 .. int(($calls - 1) / $step));
	my $before = faults_without_key();
	my @always = run($scenario, map { ['t', $_, '42P01'] } @functions);
	my @all = (@once, @always);
	my %bad;

	note("$scenario: $calls calls of " . @functions . ' functions; ' . @once . ' calls and ' . @always . ' functions made to fail');
	# what a session does once is not done again
	cmp_ok(scalar(grep { $_->{said} && $_->{said}[1] > 0 } @all), '>', @all * 0.3, "$scenario: steps are made to fail");
	# what is ours alone may be told to whoever calls it
	push @{ $bad{ where($_) } }, $_->{error}
	  for grep { $SCENARIO{$scenario}{ours} ? $_->{error} !~ /^(psql:.*ERROR:  injected fault)?$/ : $_->{error} ne '' } @all;
	is(join("\n", map { "$_: " . @{ $bad{$_} } . " times, $bad{$_}[0]" } sort keys %bad), '', '... and no statement of the host fails');
	is(join("\n", map { where($_) . ": $_->{warning}" } grep { $_->{warning} ne '' } @once), '', '... what fails once is settled, or waits');
	settle();
	is(join("\n", map { where($_) } wrong($scenario, @once)), '', '... and settled right');
	# where not even the keys can be read, the fault names the binding
	my @untold = untold($scenario, @always);
	cmp_ok(scalar(@untold), '<=', faults_without_key() - $before, '... what always fails is settled once it does not, or somebody is told')
	  or diag(join " ", map { where($_) } @untold);
}

my $wanted = $ENV{REVOPS_FAULTS_IN} // '.';
try_scenario($_) for grep { /$wanted/ } qw(insert update touch commit deal delete), sort grep { / / } keys %SCENARIO;
# ----- a missing table of ours -----------------------------------------------

# Each of our tables is away under another name while a session that has not seen
# it writes all of the host's; then it is back.
sub try_without
{
	my ($table) = @_;
	my @runs = map { { scenario => $_, n => ++$number, warning => '' } } grep { !$SCENARIO{$_}{ours} } sort keys %expected;
	my $now = "SET pg_revops.now = '$NOW';\n";
	my $before = faults_without_key();
	$node->safe_psql('postgres', $now . join('', map { of_number($SCENARIO{ $_->{scenario} }{before}, $_->{n}) . ";\n" } @runs));
	$node->safe_psql('postgres', "ALTER TABLE revops.$table RENAME TO elsewhere");
	my ($status, undef, $said) = $node->psql('postgres',
		$now . join('', map { of_number($SCENARIO{ $_->{scenario} }{do}, $_->{n}) . ";\n" } @runs), on_error_stop => 0);
	$node->safe_psql('postgres', "ALTER TABLE revops.elsewhere RENAME TO $table");
	settle();
	my $warnings = () = $said =~ /WARNING:/g;
	my @untold = map { untold($_->{scenario}, $_) } @runs;
	return (
		(map { "$table: $_" } grep { /ERROR:|FATAL:|PANIC:|server closed/ } split /\n/, $said),
		@untold > $warnings + faults_without_key() - $before ? "$table: nobody is told of " . join ', ', map { $_->{scenario} } @untold : ());
}

my @tables = split /\n/, $node->safe_psql('postgres', q{SELECT relname FROM pg_class WHERE relnamespace = 'revops'::regnamespace AND relkind = 'r' ORDER BY 1});
cmp_ok(scalar(@tables), '>', 25, 'our tables, one missing after the other:');
is(join("\n", map { try_without($_) } @tables), '', '... no statement of the host fails, and what was not settled is told');
# as the warnings say
$node->safe_psql('postgres', "SET pg_revops.now = '$NOW'; CALL revops.rescore()");
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), 0, 'state equals facts');
$node->stop;
done_testing();
