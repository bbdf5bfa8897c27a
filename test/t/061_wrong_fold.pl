#!/usr/bin/perl
#
# 061_wrong_fold.pl: the load of 060 has teeth.  It is run against builds whose
# fold is wrong on purpose, and must find that out: state differs from facts.
#
# REVOPS_TEST_WRONG_FOLD locks a lead and reads what waits for it under one
# snapshot, taken before the lock; REVOPS_TEST_TORN_FOLD reads under several.  In
# both the window, microseconds by nature, is widened.
#
use strict;
use warnings;
use File::Temp;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsLoad qw(load_seed load_node load_start load_watch load_finish load_drift load_settle);

my $ROUNDS = 20;

# Build the tree again with the switch: what has it alone is compiled anew.
sub build
{
	my ($flag) = @_;
	my $dir = File::Temp::tempdir('wrongXXXX', TMPDIR => 1, CLEANUP => 1);
	my $make = "make -s -C $dir/tree with_llvm=no PG_CONFIG='$ENV{PG_CONFIG}' COPT='-D$flag " . ($ENV{BUILD_COPT} // '') . "'";
	chmod 0755, $dir;
	system("mkdir $dir/tree && tar -cf - Makefile *.control src sql test/test.mk | tar -C $dir/tree -xf -") == 0 or die 'copying failed';
	system("grep -l $flag $dir/tree/src/*/*.c | xargs touch && $make >/dev/null && $make install DESTDIR=$dir/stage >/dev/null") == 0
	  or die 'building failed';
	# the settings that name the stage, with this one in its place
	return slurp_file($ENV{REVOPS_CONF}) =~ s/\Q$ENV{REVOPS_STAGE}\E/$dir\/stage/gr;
}

# The first complaint of a load on such a build, or '' when it is content.
sub complaint
{
	my ($node, $seed) = @_;
	my $load = load_start($node, $seed, 150);
	load_watch($load);
	my $complaint = load_finish($load);
	load_settle($node, 0);
	return (grep { /\d/ } $complaint =~ /(lead \d+ shows.*)/ ? $1 : '', $load->{wrong}, load_drift($node))[0] // '';
}

sub found_out
{
	my ($flag, $name, $seed) = @_;
	my $node = load_node($name, build($flag), 'load.tolerant = on');
	# any touch might move a lead, and none does (no fit is 100)
	$node->safe_psql('postgres', q{
		SELECT revops.draft_agreement() AS draft \gset
		UPDATE revops.score_model SET mql_fit = 0, mql_intent = 100, mql_score = 100
		WHERE agreement_id = :draft;
		SELECT revops.adopt_agreement(:draft);
	});
	my $found = '';
	for my $round (1 .. $ROUNDS)
	{
		$found = complaint($node, $seed + $round);
		note("$flag, round $round: $found");
		last if $found ne '';
	}
	$node->stop;
	isnt($found, '', "a load of at most $ROUNDS rounds finds out that $flag is wrong");
}

my $seed = load_seed();
found_out('REVOPS_TEST_WRONG_FOLD', 'wrong', $seed);
found_out('REVOPS_TEST_TORN_FOLD', 'torn', $seed);
done_testing();
