#!/usr/bin/perl
#
# 061_wrong_fold.pl: the load of 060 has teeth.  It is run against a build whose
# fold is wrong on purpose, and must find that out: state differs from facts.
#
# By default the build is the one that locks a lead and reads what waits for it
# under one snapshot, taken before the lock.  REVOPS_WRONG_FOLD=REVOPS_TEST_TORN_FOLD
# makes it the one that reads under several; that shows more rarely.
#
use strict;
use warnings;
use File::Temp;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;

use RevopsLoad qw(load_seed load_node load_start load_watch load_finish load_drift load_settle);

my $flag = $ENV{REVOPS_WRONG_FOLD} // 'REVOPS_TEST_WRONG_FOLD';
my $rounds = $flag eq 'REVOPS_TEST_WRONG_FOLD' ? 20 : 100;

# Build the tree again with the switch: what has it alone is compiled anew.
sub build
{
	my $dir = File::Temp::tempdir('wrongXXXX', TMPDIR => 1, CLEANUP => 1);
	my $make = "make -s -C $dir/tree with_llvm=no PG_CONFIG='$ENV{PG_CONFIG}' COPT='-D$flag " . ($ENV{BUILD_COPT} // '') . "'";
	chmod 0755, $dir;
	system("mkdir $dir/tree && tar -cf - Makefile *.control src sql test/test.mk | tar -C $dir/tree -xf -") == 0 or die 'copying failed';
	system("grep -l $flag $dir/tree/src/*/*.c | xargs touch && $make >/dev/null && $make install DESTDIR=$dir/stage >/dev/null") == 0
	  or die 'building failed';
	# the settings that name the stage, with this one in its place
	return slurp_file($ENV{REVOPS_CONF}) =~ s/\Q$ENV{REVOPS_STAGE}\E/$dir\/stage/gr;
}

my $seed = load_seed();
my $node = load_node('wrong', build(), 'load.tolerant = on');
# any touch might move a lead, and none does (no fit is 100): leads are locked for each
$node->safe_psql('postgres', q{
	SELECT revops.draft_agreement() AS draft \gset
	UPDATE revops.score_model SET mql_fit = 0, mql_intent = 100, mql_score = 100
	WHERE agreement_id = :draft;
	SELECT revops.activate_agreement(:draft);
});
my $found = '';

for my $round (1 .. $rounds)
{
	my $load = load_start($node, $seed + $round, 150);
	load_watch($load);
	my $complaint = load_finish($load);
	load_settle($node, 0);
	($found) = grep { /\d/ } $complaint =~ /(lead \d+ shows.*)/ ? $1 : '', $load->{wrong}, load_drift($node);
	next if !defined $found;
	note("round $round: $found");
	last;
}
ok($found, "a load of at most $rounds rounds finds out that $flag is wrong");

$node->stop;
done_testing();
