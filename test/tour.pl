#!/usr/bin/perl
#
# tour.pl PAGE DATABASE: runs the commands of a page (README.md, doc/*.md) and
# prints TAP.
#
# From each line "<!-- tour -->" to the next "<!-- end of tour -->" every ```sql
# block is run, all in one psql session, in order.  It passes when no statement
# fails and, where the block is followed by a ```text block, when that text is
# what psql printed (spaces at line ends apart).  A block that begins with
# ```sql error must fail, with the message, DETAIL and HINT of its ```text block.
#
# With --fill the text blocks of the page are rewritten to what was printed.
#
use strict;
use warnings;
use File::Temp qw(tempfile);
use Test::More;

my $fill = @ARGV && $ARGV[0] eq '--fill' && shift @ARGV;
my ($page, $database) = @ARGV;

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
			if ($line =~ /^```\s*$/) { $blocks[-1]{"end_$kind"} = $. if @blocks; undef $kind; next }
			$blocks[-1]{$kind} .= $line if @blocks;
		}
		elsif ($line =~ /^```sql( error)?\s*$/)
		{
			$kind = 'sql';
			push @blocks, { sql => '', line => $., error => defined $1 };
		}
		elsif ($line =~ /^```text\s*$/)
		{
			$kind = 'text';
			@{ $blocks[-1] }{qw(text begin_text)} = ('', $.) if @blocks;
		}
		elsif ($line =~ /^```/) { $kind = 'other' }
	}
	close $in;
	return @blocks;
}

# Terse where nothing is to fail; the whole message where it is.
sub block_script
{
	my ($block) = @_;
	return $block->{sql} unless $block->{error};
	return "\\set ON_ERROR_STOP off\n\\set VERBOSITY default\n$block->{sql}\n"
		. "\\set ON_ERROR_STOP on\n\\set VERBOSITY terse\n";
}

# One session, its output cut at a mark after each block.
sub run_blocks
{
	my ($database, @blocks) = @_;
	my ($out, $file) = tempfile(UNLINK => 1);
	my $mark = "=== end of block ===";
	print $out "\\set VERBOSITY terse\n\\set SHOW_CONTEXT never\n\\pset footer on\n";
	print $out block_script($_) . "\n\\echo $mark\n" for @blocks;
	close $out;
	my $all = `psql -X -q -d $database -v ON_ERROR_STOP=1 -f $file 2>&1`;
	$all =~ s/^psql:\Q$file\E:\d+: //mg;
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

# Rewrite the text blocks, the last first, so that line numbers stay true.
sub fill_page
{
	my ($file, $blocks, $outputs) = @_;
	open my $in, '<', $file or die "cannot read $file: $!";
	my @lines = <$in>;
	close $in;
	for my $i (reverse 0 .. $#$outputs)
	{
		my ($begin, $end) = @{ $blocks->[$i] }{qw(begin_text end_text)};
		next unless defined $begin;
		splice @lines, $begin, $end - $begin - 1, tidy($outputs->[$i]) . "\n";
	}
	open my $out, '>', $file or die "cannot write $file: $!";
	print $out @lines;
	close $out;
}

my @blocks = tour_blocks($page);
my ($rest, @outputs) = run_blocks($database, @blocks);
if ($fill)
{
	fill_page($page, \@blocks, \@outputs);
	die "stopped in the block of line $blocks[@outputs]{line}:\n$rest" if @outputs < @blocks;
	exit 0;
}
ok(@blocks > 0, "$page has commands");
for my $i (0 .. $#blocks)
{
	my $name = "$page line $blocks[$i]{line}";
	if ($i > $#outputs)
	{
		fail("$name runs");
		diag($rest) if $i == @outputs;
	}
	elsif ($blocks[$i]{error} && $outputs[$i] !~ /^ERROR:/m)
	{
		fail("$name fails, as it says");
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
