#!/bin/bash
#
# rescore.sh: CALL revops.rescore() of a million leads with ten touches each after
# a version was put into force that changes the points of every rule and signal,
# so that each lead's sums and fit are other ones, against a bare UPDATE of one
# column of the same table.  CPU time of the backend, each run in a database of
# its own, rounds interleaved; the ratio is the median of the rounds' ratios.
#
#   BENCH_RESCORE_LEADS   how many leads (default 1000000)
#   BENCH_RESCORE_ROUNDS  how many rounds (default 3)
#
set -euo pipefail
shopt -s inherit_errexit

# shellcheck source=./bench/rescore/lib.sh
source bench/rescore/lib.sh
make_leads
new_version "UPDATE revops.score_rule SET points = points + sign(points)::int WHERE agreement_id = :draft AND points <> 0;"
compare rescore_vs_update 2 "CALL revops.rescore(1, 20000);" \
	"SELECT format('    of %s leads %s were written, %s failed, %s were busy', leads_seen, leads_changed, leads_failed, leads_busy) FROM revops.rescore_progress"
