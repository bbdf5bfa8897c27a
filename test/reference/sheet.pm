#
# sheet.pm: a data set's reference sheet (reference.md), what an example's views
# say, and the comparison of the two, row by row, as TAP.
#
package sheet;

use strict;
use warnings;
use Exporter 'import';
use Test::More;
our @EXPORT_OK = qw(sheet_table view_rows same_rows run_example);

# sheet_table(FOLDER, HEADING, N): the rows of the Nth table (from 1) under the
# heading that begins so, each "cell|cell|...", without the line of names.
sub sheet_table
{
	my ($folder, $heading, $nth) = @_;
	open my $in, '<', "$folder/reference.md" or die "cannot read $folder/reference.md: $!";
	my ($inside, $part, $table, @rows) = (0, '', 0);
	while (my $line = <$in>)
	{
		if ($line =~ /^## /)
		{
			$inside = index($line, "## $heading") == 0;
			$table = 0;
		}
		next unless $inside;
		if ($line !~ /^\|/)
		{
			$part = '';
		}
		elsif ($line =~ /^\|-/)
		{
			$part = 'rows';
			$table++;
		}
		elsif ($part eq 'rows' && $table == ($nth // 1))
		{
			push @rows, join '|', $line =~ /\| ?([^|]*?) ?(?=\|)/g;
		}
	}
	close $in;
	return @rows;
}

# view_rows(DATABASE, QUERY): what psql says, a line a row
sub view_rows
{
	my ($database, $query) = @_;
	open my $in, '-|', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-c', $query
		or die "cannot run psql: $!";
	my @rows = <$in>;
	close $in or die "psql failed: $query";
	chomp @rows;
	return @rows;
}

# same_rows(NAME, FOUND, EXPECTED): each row that is expected is there as often,
# and no other; in any order.
sub same_rows
{
	my ($name, $found, $expected) = @_;
	my %left;
	$left{$_}++ for @$found;
	cmp_ok(scalar @$expected, '>', 0, "$name: there is something to compare with");
	ok($left{$_} && $left{$_}-- > 0, "$name: $_") for sort @$expected;
	my @more = map { ($_) x $left{$_} } sort keys %left;
	is(join("\n", @more), '', "$name: no other row");
}

# run_example(DATABASE, WORDS...): create the database and run the script in it
sub run_example
{
	my ($database, @words) = @_;
	system('dropdb', '--if-exists', $database) == 0 && system('createdb', $database) == 0 or die 'createdb failed';
	local $ENV{PGDATABASE} = $database;
	open my $in, '-|', 'bash', '-c', 'exec "$@" 2>&1', 'example', 'bash', @words or die "cannot run bash: $!";
	my @output = <$in>;
	close $in;
	is($?, 0, "@words[1 .. $#words] runs in $database") or diag(@output);
}

1;
