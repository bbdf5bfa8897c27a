#!/bin/bash
#
# run.sh [NAME...]: the benchmarks one after the other, then a table of ratios.
# Runs in the cluster that bench.sh started.
#
set -uo pipefail

out=$REVOPS_WORK/bench
mkdir -p "$out"
failed=0

names=$*
[ -n "$names" ] || names=$(for file in bench/*.sh; do basename "$file" .sh; done | grep -vxE 'bench|run')

for name in $names; do
	echo "==> $name"
	if ! bash "bench/$name.sh" > "$out/$name" 2> >(cat >&2); then
		echo "    $name ended with an error or missed its bar"
		failed=$((failed + 1))
	fi
	cat "$out/$name"
done

echo
cat "$out"/* | perl -MJSON::PP -e '
	printf "%-32s %12s   %s\n", "benchmark", "ratio", "bar";
	for my $line (grep { /^\{"bench"/ } <STDIN>)
	{
		my $b = decode_json($line);
		my $good = !defined $b->{bar} || ($b->{sense} eq "<=" ? $b->{value} <= $b->{bar} : $b->{value} >= $b->{bar});
		printf "%-32s %12.3f   %s %s  %s\n", $b->{bench}, $b->{value}, $b->{sense} // "", $b->{bar} // "none",
			$good ? "met" : "MISSED";
		$missed++ unless $good;
	}
	exit($missed ? 1 : 0)' || failed=$((failed + 1))
[ $failed -eq 0 ]
