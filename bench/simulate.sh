#!/bin/bash
#
# simulate.sh: a draft with other points, tried by revops.simulate() on all of
# the history of a million leads with ten touches each, against a bare UPDATE of
# one column of the leads' table.  CPU time of the backend, each run in a
# database of its own, rounds interleaved; the ratio is the median of the rounds'
# ratios.
#
#   BENCH_RESCORE_LEADS   how many leads (default 1000000)
#   BENCH_RESCORE_ROUNDS  how many rounds (default 3)
#
set -euo pipefail
shopt -s inherit_errexit

# shellcheck source=./bench/rescore/lib.sh
source bench/rescore/lib.sh
make_leads
draft=$(sql "$template" -c "SELECT revops.draft_agreement()")
# floors as a workspace begins with, so that many leads come near them
sql "$template" -c "UPDATE revops.score_model SET mql_fit = 50, mql_intent = 20 WHERE agreement_id = $draft"
sql "$template" -c "UPDATE revops.score_rule SET points = points + sign(points)::int WHERE agreement_id = $draft AND points <> 0"
simulated="revops.simulate($draft, '$moment'::timestamptz - interval '60 days', '$moment'::timestamptz)"
compare simulate_vs_update 1 "SELECT * FROM $simulated \\g /dev/null" \
	"SET pg_revops.now = '$moment'; SELECT format('    MQLs: %s, by the draft %s, both %s', mqls, mqls_draft, in_both) FROM $simulated WHERE week IS NULL"
