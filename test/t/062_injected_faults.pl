#!/usr/bin/perl
#
# 062_injected_faults.pl: nothing that an application does fails because of us.
# In a build in which each function of the extension can be made to raise an
# error when it begins (injected_faults.c), statements of a host run again and
# again while one step after the other fails: once, as by lack of memory, or
# whenever that function is called, as by a table that is missing.  The host's
# statement goes through each time; what was not settled is settled later, and in
# the end every lead is what it would have been.
#
# By default a part of the calls is tried; REVOPS_ALL_FAULTS=1 tries all.
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

my $MOST = $ENV{REVOPS_ALL_FAULTS} ? 1_000_000 : 250;
# where an error may begin
my @ENTRIES = qw(revops_capture_lead revops_capture_touch revops_capture_opportunity end_pending);
# What runs before the subtransaction that catches, and allocates nothing.
my @SPARED = (@ENTRIES, qw(capture_run settle_or_record attempt was_nested check_protocol must_raise give_up attempt_tolerates
  pending_relieve settle_all settle_pending list_pending_leads try_in_memory rid_alone));
# What PostgreSQL calls back while it ends a transaction, cleans up or learns that
# something changed, and asks not to raise anything.
my @SHELTERED = qw(on_transaction_end on_subtransaction_end end_of_xact end_of_subxact free_retired
  unpin_binding forget_tracked on_set_release release_regex on_relcache_flush on_catalog_change);

# ----- the build -------------------------------------------------------------

my $stage;

sub build
{
	my $dir = File::Temp::tempdir('faultsXXXX', TMPDIR => 1, CLEANUP => 1);
	my $make = "make -s -C $dir/tree with_llvm=no PG_CONFIG='$ENV{PG_CONFIG}'";
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
my $entries = '{' . join(',', map { @{ $offsets->{$_} // [] } } @ENTRIES) . '}';
my $spared = '{' . join(',', map { @{ $offsets->{$_} // [] } } @SPARED) . '}';
my $sheltered = '{' . join(',', map { @{ $offsets->{$_} // [] } } @SHELTERED) . '}';

# ----- statements of a host --------------------------------------------------

# What is done for number N, and before it: each N has rows of its own.
my %SCENARIO = (
	insert => { do => qq{INSERT INTO crm.person VALUES (:n, 'P', 'p:n\@example.com', 'US', 'web', 'software', 100, '$NOW')} },
	update => {
		before => qq{INSERT INTO crm.person VALUES (:n, 'P', 'p:n\@example.com', 'FR', 'web', 'software', 10, '$NOW')},
		do => qq{UPDATE crm.person SET country = 'US', size = 100 WHERE id = :n} },
	touch => {
		before => qq{INSERT INTO crm.person VALUES (:n, 'P', 'p:n\@example.com', 'US', 'web', 'software', 100, '$NOW')},
		do => qq{INSERT INTO crm.visit VALUES (:n, :n, 'demo_request', '$NOW')} },
	commit => {
		before => qq{INSERT INTO crm.person VALUES (:n, 'P', 'p:n\@example.com', 'US', 'web', 'software', 100, '$NOW')},
		do => qq{BEGIN; INSERT INTO crm.visit VALUES (:n, :n, 'demo_request', '$NOW'); COMMIT} },
	deal => {
		before => qq{INSERT INTO crm.person VALUES (:n, 'P', 'p:n\@example.com', 'US', 'web', 'software', 100, '$NOW')},
		do => qq{INSERT INTO crm.deal VALUES (:n, :n, 1000, true, '$NOW')} },
	delete => {
		before => qq{INSERT INTO crm.person VALUES (:n, 'P', 'p:n\@example.com', 'US', 'web', 'software', 100, '$NOW')},
		do => q{DELETE FROM crm.person WHERE id = :n} },
);

my $number = 0;

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
		  . "SELECT arm('$in_function', $wanted, '$sqlstate', '$entries', '$spared', '$sheltered') \\g /dev/null\n"
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

# What leads of these numbers are, apart from their numbers and times: each kind
# with how many there are.
sub leads
{
	my ($from, $to) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT count(*), stage, fit, touches, team_id, rep_id IS NULL, running, clocks, moves, assignments, gone_at IS NOT NULL,
			(SELECT string_agg(status, ' ') FROM revops.opportunity o WHERE o.lead_id = l.lead_id),
			(SELECT string_agg(to_stage || ' ' || cause, ', ' ORDER BY seq) FROM revops.stage_change c WHERE c.lead_id = l.lead_id)
		FROM revops.lead l WHERE l.key::int BETWEEN $from AND $to
		GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 ORDER BY 1 DESC});
}

# What waits is settled, however long it has to be patient.
sub settle
{
	$node->safe_psql('postgres', "SET pg_revops.now = '$NOW'; CALL revops.settle()");
	$node->safe_psql('postgres', "SET pg_revops.now = '$NOW'; UPDATE revops.inbox SET at = '-infinity' WHERE lead_key IS NULL; CALL revops.settle()");
}

sub faults_without_key
{
	return $node->safe_psql('postgres', 'SELECT count(*) FROM revops.fault WHERE key IS NULL AND lead_id IS NULL');
}

# Runs whose lead is not what it would have been, and of which nobody was told by
# a warning or a fault that names the lead.
sub untold
{
	my ($expected, @runs) = @_;
	return grep {
		my $n = $_->{n};
		$_->{warning} eq '' && leads($n, $n) ne $expected
		  && !$node->safe_psql('postgres', "SELECT count(*) FROM revops.fault f LEFT JOIN revops.lead l USING (lead_id) WHERE '$n' IN (f.key, l.key)")
	} @runs;
}

sub try_scenario
{
	my ($scenario) = @_;
	my ($whole) = run($scenario, ['f', 1 << 62, 'XX000']);
	my ($calls, undef, undef, @functions) = @{ $whole->{said} };
	my $expected = leads($whole->{n}, $whole->{n});
	my $step = int(($calls + $MOST - 1) / $MOST);
	my @once = run($scenario, map { ['f', 1 + $_ * $step, '53200'] } 0 .. int(($calls - 1) / $step));
	my $before = faults_without_key();
	my @always = run($scenario, map { ['t', $_, '42P01'] } @functions);
	my @all = (@once, @always);
	my %bad;

	note("$scenario: $calls calls of " . @functions . ' functions; ' . @once . ' calls and ' . @always . ' functions made to fail');
	# what a session does once is not done again
	cmp_ok(scalar(grep { $_->{said} && $_->{said}[1] > 0 } @all), '>', @all * 0.3, "$scenario: steps are made to fail");
	push @{ $bad{ where($_) } }, $_->{error} for grep { $_->{error} ne '' } @all;
	is(join("\n", map { "$_: " . @{ $bad{$_} } . " times, $bad{$_}[0]" } sort keys %bad), '', '... and no statement of the host fails');
	is(join("\n", map { where($_) . ": $_->{warning}" } grep { $_->{warning} ne '' } @once), '', '... what fails once is settled, or waits');
	settle();
	is(leads($once[0]{n}, $once[-1]{n}), $expected =~ s/^1\|/@{[scalar @once]}|/r, '... and settled right');
	# where not even the keys can be read, the fault names the binding
	my @untold = untold($expected, @always);
	cmp_ok(scalar(@untold), '<=', faults_without_key() - $before, '... what always fails is settled once it does not, or somebody is told')
	  or diag(join ' ', map { where($_) } @untold);
}

try_scenario($_) for qw(insert update touch commit deal delete);
# as the warnings say
$node->safe_psql('postgres', "SET pg_revops.now = '$NOW'; CALL revops.rescore()");
is($node->safe_psql('postgres', 'SELECT count(*) FROM revops.verify()'), 0, 'state equals facts');
$node->stop;
done_testing();
