#!/usr/bin/perl
#
# tour.pl README DATABASE: runs the tour of the README and prints TAP.
#
# From the line "<!-- tour -->" to "<!-- end of tour -->" every ```sql block is
# run, all in one psql session, in order.  It passes when no statement fails
# and, where the block is followed by a ```text block, when that text is what
# psql printed (spaces at line ends apart).
#
use strict;
use warnings;
use File::Temp qw(tempfile);
use Test::More;

my ($readme, $database) = @ARGV;

sub tour_blocks
{
	my ($file) = @_;
	my (@blocks, $kind, $inside);
	open my $in, '<', $file or die "cannot read $file: $!";
	while (my $line = <$in>)
	{
		$inside = 1 if $line =~ /^<!-- tour -->/;
		$inside = 0 if $line =~ /^<!-- end of tour -->/;
		next unless $inside;
		if (defined $kind)
		{
			if ($line =~ /^```\s*$/) { undef $kind; next }
			$blocks[-1]{$kind} .= $line if @blocks;
		}
		elsif ($line =~ /^```sql\s*$/)
		{
			$kind = 'sql';
			push @blocks, { sql => '', line => $. };
		}
		elsif ($line =~ /^```text\s*$/) { $kind = 'text' }
		elsif ($line =~ /^```/) { $kind = 'other' }
	}
	close $in;
	return @blocks;
}

# One session, its output cut at a mark after each block.
sub run_blocks
{
	my ($database, @blocks) = @_;
	my ($out, $file) = tempfile(UNLINK => 1);
	my $mark = "=== end of block ===";
	print $out "\\set VERBOSITY terse\n\\pset footer on\n";
	print $out "$_->{sql}\n\\echo $mark\n" for @blocks;
	close $out;
	my $all = `psql -X -q -d $database -v ON_ERROR_STOP=1 -f $file 2>&1`;
	my @outputs = split /^\Q$mark\E\n/m, $all, -1;
	my $rest = pop @outputs;
	return ($rest, @outputs);
}

sub tidy
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/^\n+|\n+$//g;
	return $text;
}

my @blocks = tour_blocks($readme);
my ($rest, @outputs) = run_blocks($database, @blocks);
ok(@blocks > 0, 'the tour has commands');
for my $i (0 .. $#blocks)
{
	my $name = "README line $blocks[$i]{line}";
	if ($i > $#outputs)
	{
		fail("$name runs");
		diag($rest) if $i == @outputs;
	}
	elsif (defined $blocks[$i]{text})
	{
		is(tidy($outputs[$i]), tidy($blocks[$i]{text}), "$name prints what it says");
	}
	else
	{
		pass("$name runs");
	}
}
done_testing();
