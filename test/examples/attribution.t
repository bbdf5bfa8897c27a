#!/usr/bin/perl
#
# attribution.t: examples/attribution.sh gives the figures of the data set's reference
# sheet, to the last digit shown.  The data is not in the project: skipped where absent.
#
use strict;
use warnings;
use Test::More;

my $folder = ($ENV{REVOPS_SHARED} || '') . '/data/attribution_touchpoints';
plan skip_all => 'the touchpoints are not here (set REVOPS_SHARED)' unless -r "$folder/reference.md";

# rows of the table under a heading, the last one before the next heading or table
sub reference_table
{
	my ($heading, $columns) = @_;
	open my $in, '<', "$folder/reference.md" or die "cannot read the reference: $!";
	my (@rows, $inside);
	while (my $line = <$in>)
	{
		$inside = index($line, "## $heading") == 0 if $line =~ /^## /;
		next unless $inside && $line =~ /^\| (?!-)/;
		my @cells = $line =~ /\| ([^|]*?) (?=\|)/g;
		push @rows, \@cells if @cells == $columns;
	}
	close $in;
	return @rows;
}

my $database = 'attribution';
system('createdb', $database) == 0 or die 'createdb failed';
my $output = `PGDATABASE=$database bash examples/attribution.sh '$folder' 2>&1`;
is($?, 0, 'the example runs') or diag($output);

# the rows that psql prints, which reads the query as it is
sub ask
{
	my ($query) = @_;
	open my $file, '>', "$ENV{REVOPS_WORK}/attribution.sql" or die "cannot write the query: $!";
	print $file $query;
	close $file;
	my $answer = `psql -XAtqd $database -f "$ENV{REVOPS_WORK}/attribution.sql"`;
	chomp $answer;
	return $answer;
}

my %model = ('first' => 'first', 'last' => 'last', 'linear' => 'linear', 'position 40/20/40' => 'position_40_20_40',
	'time decay (half-life 7 d)' => 'time_decay', 'Markov order 1' => 'markov');
my $compared = 0;
for (['Attributed conversions', 7, 'credit'], ['Attributed value', 6, 'amount'])
{
	my ($heading, $columns, $figure) = @$_;
	my ($names, @rows) = reference_table($heading, $columns);
	for my $row (@rows)
	{
		for my $i (1 .. $#$row)
		{
			my $digits = length(($row->[$i] =~ /\.(\d+)/)[0] // '');
			my $found = ask("SELECT round($figure, $digits) FROM revops.attribution_kept "
				. "WHERE dimension = 'source' AND value = '$row->[0]' AND model = '$model{$names->[$i]}'");
			is($found, $row->[$i], "$heading, $names->[$i]: $row->[0]");
			$compared++;
		}
	}
}
is($compared, 55, 'all figures of the sheet were compared');

my (undef, @effects) = reference_table('Markov chain', 2);
is(scalar @effects, 5, 'the sheet has five removal effects');
is(ask("SELECT round(removal_effect::numeric, 8) FROM revops.attribution_removal WHERE dimension = 'source' AND value = '$_->[0]'"),
	$_->[1], "removal effect: $_->[0]") for @effects;

my ($all, $converting, $null, $mean, $median, $longest, $median_days, $mean_days, $single) = @{ (reference_table('Path rule', 9))[-1] };
is(ask("SELECT converting + not_converting, converting, not_converting FROM revops.attribution_removal WHERE dimension = 'source' LIMIT 1"),
	"$all|$converting|$null", 'paths');
is(ask("SELECT round(avg(touches), 4), percentile_cont(0.5) WITHIN GROUP (ORDER BY touches), max(touches), "
	. "round((percentile_cont(0.5) WITHIN GROUP (ORDER BY days))::numeric, 5), round(avg(days)::numeric, 5), count(*) FILTER (WHERE touches = 1) "
	. "FROM (SELECT touches, extract(epoch FROM converted_at - occurred_at)::float8 / 86400 AS days "
	. "FROM revops.attribution_path('revenue', lookback => NULL) WHERE n = 1) p"),
	join('|', $mean, $median + 0, $longest, $median_days, $mean_days, $single), 'lengths of paths');
is(ask("SELECT round(probability::numeric, 10) FROM revops.attribution_removal WHERE dimension = 'source' LIMIT 1"), '0.1933515674', 'probability of a conversion');
my ($top, @top) = reference_table('Top 15 converting paths', 3);
is(ask(<<'END'), join("\n", map { join '|', @$_ } @top), 'the fifteen most frequent paths');
SELECT path, count(*), round(sum(amount), 2)
FROM (SELECT string_agg(source, ' > ' ORDER BY n) AS path, min(amount) AS amount
      FROM revops.attribution_path('revenue', lookback => NULL) GROUP BY opportunity_id) p
GROUP BY path ORDER BY 2 DESC, path COLLATE "C" LIMIT 15
END
is(ask('SELECT count(*) FROM revops.verify()'), '0', 'no drift');
done_testing();
