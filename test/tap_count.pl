#!/usr/bin/perl
#
# tap_count.pl FILE EXIT-STATUS: read TAP, print "passed<TAB>failed<TAB>skipped
# <TAB>reason".  A bad plan, a test that stopped early or a non-zero exit
# status counts as a failure of its own.
#
use strict;
use warnings;
use TAP::Parser;

my ($file, $status) = @ARGV;
open my $in, '<', $file or die "cannot read $file: $!";
my $tap = do { local $/; <$in> } // '';
close $in;

if ($tap !~ /\S/)
{
	print join("\t", 0, 1, 0, "no tests were run (exit status $status)"), "\n";
	exit;
}
my $parser = TAP::Parser->new({ tap => $tap });
my ($passed, $failed, $skipped) = (0, 0, 0);
my @reasons;
while (my $result = $parser->next)
{
	next unless $result->is_test;
	if (!$result->is_ok || $result->has_todo)
	{
		$failed++;
		push @reasons, 'TODO tests are not allowed' if $result->has_todo;
	}
	elsif ($result->has_skip)
	{
		$skipped++;
		push @reasons, $result->explanation;
	}
	else
	{
		$passed++;
	}
}

if (defined $parser->skip_all)
{
	$skipped = 1;
	push @reasons, $parser->skip_all;
}
elsif ($parser->parse_errors)
{
	$failed++;
	push @reasons, $parser->parse_errors;
}
elsif ($status && !$failed)
{
	$failed++;
	push @reasons, "exit status $status";
}

my %seen;
print join("\t", $passed, $failed, $skipped,
	join('; ', grep { !$seen{$_}++ } @reasons)), "\n";
