#!/usr/bin/perl
#
# crm.t: each CRM of examples/crm attaches by its script, and the engine's leads
# are the canonical rows of that CRM (mappings.sql of the CRM schemas): after
# backfill, and after writes in the CRM's own style, in the mode that its script
# chooses and in the other one.  No faults, no drift, and
# detach, and DROP EXTENSION without it, leave the schemas as they were (A1, A5, A6).
#
# The CRMs' schemas are not in the project: skipped where absent.
#
#     test/examples/crm.t [NAME...]	only these CRMs
#
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $shared = ($ENV{REVOPS_SHARED} || '') . '/crm';
plan skip_all => 'the CRM schemas are not here (set REVOPS_SHARED)' unless -r "$shared/mappings.sql";

my $pg_dump = $ENV{PG_BIN} ? "$ENV{PG_BIN}/pg_dump" : 'pg_dump';
my $work = tempdir(CLEANUP => 1);
my $writes = 'test/examples/crm';

# The CRMs' rows are of January 2026.
$ENV{PGOPTIONS} = "-c pg_revops.now='2026-03-02\\ 09:00+00' -c timezone=UTC -c datestyle=ISO -c client_min_messages=warning";

# What differs from the canonical row, and why; what faults there are, and why.
my $no_lead = 'a touch names a lead that is not known';
my %differs = (
	salesforce_heroku_connect => {
		# two rows have no sfid yet: they are not leads until they have
		only => q{key NOT LIKE 'local:%'},
	},
	# canonical rows are those of the first tenant
	twenty => {
		binding => 'leads Acme',
		faults => [ "tasks Acme: $no_lead: 1", "tasks Globex: $no_lead: 1" ],
	},
	chatwoot => { binding => 'leads 1', 'no deals' => 1 },
	# activities of rows that are deleted, archived, samples or customers: those
	# are no leads, and who asks is told once
	axelor => { faults => ["events: $no_lead: 3"] },
	corteza => { faults => ["tasks: $no_lead: 1"] },
	django_crm => { 'no deals' => 1, faults => ["comments Org 1: $no_lead: 6"] },
	dolibarr => { faults => ["events: $no_lead: 6"] },
	espocrm => { faults => [ "calls: $no_lead: 1", "emails: $no_lead: 1" ] },
	fatfree => { faults => ["comments: $no_lead: 1"] },
	salesforce_airbyte => { faults => ["tasks: $no_lead: 1"] },
	salesforce_dlt => { faults => ["tasks: $no_lead: 1"] },
	hubspot_dlt => { 'no touches' => 1 },
	synthetic_layouts => {
		'no deals' => 1,
		'after backfill' => [
			'partitioned 21', 'under a view 19', 'a joined view 20', 'a materialized view 19', 'heirs in Europe 10', 'heirs in America 10',
			'composite 20', 'characters 20', 'no key 5', 'odd names 20'
		],
		# no lead is lost where a row moves to another partition, or its key is changed
		'after writes' => [
			'partitioned 22', 'under a view 18 gone 1', 'a joined view 20', 'a materialized view 18 gone 1', 'heirs in Europe 10',
			'heirs in America 10', 'composite 20', 'characters 20', 'no key 4 gone 1', 'odd names 21'
		],
	},
	hubspot_dlt => { 'no touches' => 1 },
	# a task of a lead that is deleted
	corteza => { faults => ['tasks: a touch names a lead that is not known: 1'] },
);

# Where only the script's own mode will do, and why.
my %ONE_MODE = (
	hubspot_dlt => 'two rows may have one key, which inline does not take',
	synthetic_layouts => 'two rows may have one key, which inline does not take',
	salesforce_airbyte => 'leads are scanned',
);

sub slurp
{
	my ($file) = @_;
	open my $in, '<', $file or die "cannot read $file: $!";
	local $/;
	return <$in>;
}

# The query of each CRM, as it stands in mappings.sql after its \c line.
sub canonical_queries
{
	my (%query, $name);
	for my $line (split /^/, slurp("$shared/mappings.sql"))
	{
		if ($line =~ /^\\c crm_(\w+)/) { $name = $1 }
		elsif (defined $name) { $query{$name} .= $line }
	}
	s/;\s*$// for values %query;
	return %query;
}

my @columns = qw(key email company title country industry size source campaign stage outcome owner created_at updated_at);

# What the CRM has and what the engine has.  Functions, not views: the CRMs'
# tables are altered, dropped and swapped below.
sub sides
{
	my ($name, $query) = @_;
	my $only = $differs{$name}{only} // 'true';
	my $bindings = $differs{$name}{binding} // 'leads%';
	my $values = join ', ', map { /_at$/ ? "(r.roles ->> '$_')::timestamptz" : "r.roles ->> '$_'" } @columns[1 .. $#columns];
	my $columns = join ', ', @columns;
	my $types = join ', ', map { $_ . (/_at$/ ? ' timestamptz' : ' text') } @columns;
	return <<"SQL";
CREATE SCHEMA compared;
CREATE FUNCTION compared.crm() RETURNS TABLE ($types) LANGUAGE sql AS \$\$
SELECT * FROM ($query) AS q ($columns) WHERE $only \$\$;
CREATE FUNCTION compared.engine() RETURNS TABLE ($types) LANGUAGE sql AS \$\$
SELECT r.key, $values
FROM (SELECT l.key, p.profile || coalesce(i.personal, '{}') AS roles
      FROM revops.lead l JOIN revops.binding b USING (binding_id)
      JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
      LEFT JOIN revops.lead_identity i ON i.lead_id = l.lead_id
      WHERE b.binding LIKE '$bindings' AND l.gone_at IS NULL) AS r \$\$;
SQL
}

# One line for each row that one side has and the other has not.
sub comparison
{
	my ($label, @left_out) = @_;
	my %out = map { $_ => 1 } @left_out;
	my $columns = join ', ', grep { !$out{$_} } @columns;
	return <<"SQL";
SELECT '$label: the CRM has', d FROM (SELECT $columns FROM compared.crm() EXCEPT ALL SELECT $columns FROM compared.engine()) AS d ORDER BY key;
SELECT '$label: the engine has', d FROM (SELECT $columns FROM compared.engine() EXCEPT ALL SELECT $columns FROM compared.crm()) AS d ORDER BY key;
SELECT '$label: leads', count(*) FROM compared.crm();
SQL
}

# Where there are no canonical rows: how many leads each binding has, and how many are gone.
sub counts
{
	my ($label) = @_;
	return <<"SQL";
SELECT '$label: counts', b.binding || ' ' || count(*) FILTER (WHERE l.gone_at IS NULL) || coalesce(' gone ' || nullif(count(l.gone_at), 0), '')
FROM revops.lead l JOIN revops.binding b USING (binding_id) GROUP BY b.binding_id ORDER BY b.binding_id;
SQL
}

# updated_at is left out after writes: a change of it alone is no news (18).
sub session
{
	my ($name, $query, $script) = @_;
	my $compare = sub { defined $query ? comparison(@_) : counts(@_) };
	my $later = -e "$writes/$name.sql" ? <<"SQL" : '';
\\o /dev/null
\\i $writes/$name.sql
CALL revops.settle();
\\o
@{[$compare->('after writes', 'updated_at')]}
SQL
	# what the real CRM has beyond the schemas' files
	my $before = -e "$writes/$name.before.sql" ? "\\i $writes/$name.before.sql" : '';
	return join '', <<"SQL",
\\set QUIET on
\\pset format unaligned
\\pset tuples_only on
\\o /dev/null
\\i $shared/$name.sql
$before
\\i $script
\\o
SQL
	  defined $query ? sides($name, $query) : '', $compare->('after backfill'), $later, <<'SQL', <<"SQL";
SELECT 'bindings', count(*) FROM revops.binding;
SELECT 'touches', count(*) > 0 FROM revops.touch;
SELECT 'deals', count(*) > 0 FROM revops.opportunity WHERE lead_id IS NOT NULL;
SELECT 'fault', b.binding, f.message, sum(f.occurrences), min(f.detail) FROM revops.fault f LEFT JOIN revops.binding b USING (binding_id) GROUP BY 1, 2, 3 ORDER BY 2, 3;
SELECT 'created', l.key, l.created_at, p.profile -> 'created_at'
FROM revops.lead l JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id
WHERE l.created_at <> coalesce((p.profile ->> 'created_at')::timestamptz, '2026-03-02 09:00+00');
SELECT 'stage', l.key, l.stage, said.stage
FROM revops.lead l JOIN revops.binding b USING (binding_id) JOIN revops.profile_change p ON p.lead_id = l.lead_id AND p.change_id = l.profile_id,
     LATERAL (SELECT CASE WHEN b.stage_map ? (p.profile ->> 'stage') THEN b.stage_map ->> (p.profile ->> 'stage') ELSE p.profile ->> 'stage' END AS stage) AS said
WHERE l.gone_at IS NULL AND l.stage <> said.stage AND NOT EXISTS (SELECT FROM revops.opportunity o WHERE o.lead_id = l.lead_id);
SELECT 'drift', v FROM revops.verify() AS v;
SQL
DROP SCHEMA IF EXISTS compared CASCADE;
SQL
}

# The ways to be rid of us, each in a database of its own: what remains is dumped.
my %RIDDANCE = (
	detached => q{SELECT count(revops.detach(binding)::text) > 0 FROM (SELECT binding FROM revops.binding WHERE detached_at IS NULL ORDER BY kind = 'lead', binding_id) AS b},
	dropped => 'DROP EXTENSION pg_revops CASCADE',
);

sub rid
{
	my ($name, $how) = @_;
	my $database = "crm_$name";
	if ($how eq 'dropped')
	{
		$database = "dropped_$name";
		system('createdb', '-T', "crm_$name", $database) == 0 or die 'createdb failed';
	}
	return system(qq{psql -Xqd $database -o /dev/null -v ON_ERROR_STOP=1 -c "$RIDDANCE{$how}" && $pg_dump -s -N revops -d $database > $work/$name.$how}) == 0;
}

# The CRM without us, the same writes done: what has to remain.
sub plain_session
{
	my ($name) = @_;
	my $said = join '', map { -e "$writes/$name$_" ? slurp("$writes/$name$_") : '' } '.before.sql', '.sql';
	$said =~ s/^CALL revops\..*$//mg;
	return <<"SQL";
\\o /dev/null
\\i $shared/$name.sql
$said
\\! $pg_dump -s -N revops -d plain_$name > $work/$name.plain
SQL
}

# Run some text in a database of its own: psql's status, and what it said.
sub run_in
{
	my ($database, $text) = @_;
	open my $out, '>', "$work/$database.sql" or die "cannot write: $!";
	print $out $text;
	close $out;
	system('createdb', '-T', 'crm_template', $database) == 0 or die 'createdb failed';
	my $said = `psql -Xqd $database -v ON_ERROR_STOP=1 -f $work/$database.sql 2>&1`;
	return ($?, split /\n/, $said);
}

sub schemas_same
{
	my ($name, $how) = @_;
	my ($before, $after) = map { my $f = "$work/$name.$_"; -e $f ? slurp($f) : '' } 'plain', $how;
	# a word of pg_dump's own against injection, new each time
	s/^\\(?:un)?restrict .*$//mg for $before, $after;
	# the extension itself
	s/^--\n-- Name: (?:EXTENSION )?pg_revops;[^\n]*\n--\n\n[^;]*;\n\n+//mg for $before, $after;
	return $before ne '' && $before eq $after;
}

sub test_crm
{
	my ($name, $query) = @_;
	run_in("plain_$name", plain_session($name));
	test_side($name, $name, $query, "crm_$name", "examples/crm/$name.sql") or return;
	for my $how ('dropped', 'detached')
	{
		ok(rid($name, $how) && schemas_same($name, $how), "$name: $how, its schemas are as they were")
		  or diag(`diff $work/$name.plain $work/$name.$how | head -20`);
	}
	return if $ONE_MODE{$name};
	my %other = (inline => 'queued', queued => 'inline');
	my $script = slurp("examples/crm/$name.sql");
	my ($mode) = $script =~ /mode => '(inline|queued)'/;
	$script =~ s/mode => '(inline|queued)'/mode => '$other{$1}'/g;
	open my $out, '>', "$work/$name.other" or die "cannot write: $!";
	print $out $script;
	close $out;
	test_side($name, "$name, $other{$mode}", $query, "other_$name", "$work/$name.other");
	return;
}

# One attachment, and what the engine makes of the CRM's rows by it.
sub test_side
{
	my ($name, $label, $query, $database, $script) = @_;
	my ($status, @said) = run_in($database, session($name, $query, $script));
	my %lines;
	push @{ $lines{ (split /\|/, $_)[0] } }, $_ for @said;
	my $show = sub { diag($_) for @_; return };

	is($status, 0, "$label: the script attaches it") or return $show->(@said > 20 ? @said[-20 .. -1] : @said);
	for my $when ('after backfill', 'after writes')
	{
		if (my $counts = $differs{$name}{$when})
		{
			is_deeply([ map { (split /\|/, $_)[1] } @{ $lines{"$when: counts"} // [] } ], $counts, "$label: leads of each binding, $when");
			next;
		}
		my @wrong = (@{ $lines{"$when: the CRM has"} // [] }, @{ $lines{"$when: the engine has"} // [] });
		my ($leads) = $lines{"$when: leads"}[0] =~ /\|(\d+)/;
		ok(!@wrong && $leads > 10, "$label: $leads leads are those of the CRM, $when") or $show->(@wrong);
	}
	# where the CRM does not know, it is when the row was first read; the layouts
	# change it, and the first is kept
	is_deeply(defined $query ? $lines{created} // [] : [], [], "$label: leads are as old as the CRM says") or $show->(@{ $lines{created} });
	is_deeply($lines{stage} // [], [], "$label: leads are in the stages that the CRM says") or $show->(@{ $lines{stage} });
	# binding, message, how often
	my @faults = map { join ': ', (split /\|/, $_)[1 .. 3] } @{ $lines{fault} // [] };
	is_deeply(\@faults, $differs{$name}{faults} // [], "$label: no faults but those that are meant") or $show->(@{ $lines{fault} });
	for my $facts ('touches', 'deals')
	{
		is($lines{$facts}[0] // '', "$facts|t", "$label: there are $facts") unless $differs{$name}{"no $facts"};
	}
	is_deeply($lines{drift} // [], [], "$label: no drift") or $show->(@{ $lines{drift} });
	return 1;
}

my %query = canonical_queries();
system(q{createdb crm_template && psql -Xqd crm_template -c 'CREATE EXTENSION pg_revops'}) == 0 or die 'no template';
my @names = @ARGV ? @ARGV : sort map { m{/(\w+)\.sql$} ? $1 : () } grep { !/mappings/ } glob("$shared/*.sql");
cmp_ok(scalar @names, '>=', 18, 'the CRMs are there') unless @ARGV;
for my $name (@names)
{
	ok(-e "examples/crm/$name.sql", "$name: there is a script") and test_crm($name, $query{$name});
}
done_testing();
