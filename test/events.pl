#!/usr/bin/perl
#
# events.pl: every kind of event that the code writes is in the catalogue
# (sql/53_event_kind.sql) and the other way round, and a comment says of each
# what seq names.
#
use strict;
use warnings;
use FindBin;
use Test::More;

chdir "$FindBin::Bin/.." or die $!;

sub slurp
{
	my ($file) = @_;
	open my $handle, '<', $file or die "$file: $!";
	local $/;
	return <$handle>;
}

my %written;
my %sql = map { $_ => slurp($_) } glob 'sql/[0-9]*.sql';
my $c = join "\n", map { slurp($_) } glob 'src/*/*.c';

# in C: effects_event(s, lead, "kind", seq), and a family by prefix
while ($c =~ /effects_event\(\s*[^;]*?("[a-z_]+"|psprintf\("nurture_%s"[^;]*?)\s*,[^;]*;/gs)
{
	my $kind = $1;
	if ($kind =~ /nurture/)
	{
		my $changes = slurp('src/settle/nurture.c');
		$written{"nurture_$_"} = 1 for $changes =~ /\bchange = (?:[^";]*\? )?"([a-z_]+)"/g, $changes =~ /\bchange = [^;]*: "([a-z_]+)"/g;
		next;
	}
	$kind =~ tr/"//d;
	$written{$kind} = 1;
}

# what becomes of a clock is told by one function
my $clocks = join "\n", map { slurp($_) } glob 'src/settle/clock*.c';
$written{$1} = 1 while $clocks =~ /"(sla_[a-z]+)"/g;

# in SQL: inserts that name the kind, and those of the agreement by prefix
for my $text (values %sql)
{
	$written{$1} = 1 while $text =~ /INSERT INTO revops\.event \(.*?'([a-z_]+)'\s*\n/gs;
	delete $written{agreement_};
	$written{"agreement_$1"} = 1 while $text =~ /agreement_event\(\w+, '([a-z]+)'\)/g;
}
for my $told ($sql{'sql/84_versions.sql'} =~ /\btold := (.*?);/gs)
{
	$written{"agreement_$_"} = 1 for $told =~ /(?:^|THEN |ELSE )'([a-z]+)'/g;
}

my %catalogue = map { $_ => 1 } $sql{'sql/53_event_kind.sql'} =~ /^    \('([a-z_]+)', \d+, '/mg;
cmp_ok(scalar keys %catalogue, '>', 20, 'the catalogue has kinds');
is(join("\n", grep { !$catalogue{$_} } sort keys %written), '', 'what the code writes is in the catalogue');
is(join("\n", grep { !$written{$_} } sort keys %catalogue), '', 'what is in the catalogue is written');

my ($comment) = $sql{'sql/50_facts.sql'} =~ /COMMENT ON COLUMN revops\.event\.event IS '(.*?)';\n/s;
is(join("\n", grep { $comment !~ /\b$_\b/ } sort keys %catalogue), '', 'the comment of event.event names every kind');

done_testing();
