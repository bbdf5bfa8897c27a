#!/bin/bash
#
# write_back.sh: what it costs that score and stage of each lead stand in the host's
# own rows.  COPY of many new leads, by five rules:
#   without  nothing is written back
#   after    the same, and then one UPDATE of all rows from revops.lead_status by hand
#   inline   an inline binding fills the rows before they are written
#   queued   a queued binding: the COPY, then settle() reads and writes the rows
# Informational: CPU time of the backend a lead, medians of the rounds, and the bytes
# a lead of the host's table afterwards (an UPDATE leaves every row twice).
#
#   BENCH_LEADS   how many leads (default 100000)
#   BENCH_ROUNDS  how many rounds (default 3)
#
# What it needs is said in bench/write/lib.sh.  Prints a table to standard error,
# ratios as one JSON object a line to standard output; it has no bar.
#
set -euo pipefail
shopt -s inherit_errexit

leads=${BENCH_LEADS:-100000}
rounds=${BENCH_ROUNDS:-3}
# shellcheck source=./bench/write/lib.sh
source bench/write/lib.sh

# make_empty: a template with a workspace, five rules and a table that is not attached
make_empty()
{
	$admin -c "CREATE DATABASE $template"
	sql "$template" <<-END
		CREATE EXTENSION pg_revops;
		CREATE FUNCTION cpu() RETURNS bigint LANGUAGE sql AS
			\$\$ SELECT (split_part(s, ' ', 1))::bigint FROM pg_read_file('/proc/' || pg_backend_pid() || '/schedstat') AS s \$\$;
		SELECT revops.create_workspace('acme') \g /dev/null
		SELECT revops.draft_agreement() AS draft \gset
		INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points)
			SELECT :draft, 'size ' || n, 'fit', format('company_size > %s', n * 100), 10 FROM generate_series(1, 5) AS n;
		SELECT revops.adopt_agreement(:draft) \g /dev/null
		CREATE TABLE lead (id int PRIMARY KEY, email text, country text, size int, score int, stage text);
	END
	chmod 777 "$work"
	sql "$template" -c "COPY (SELECT n, 'p' || n || '@example.com', 'DE', n % 700 FROM generate_series(1, $leads) AS n) TO '$work/leads'"
}

# run VARIANT: prints microseconds of CPU a lead, and bytes a lead
run()
{
	local variant=$1 mode=inline back=NULL then_do='' database
	case $variant in
		inline) back="'{\"score\": \"score\", \"stage\": \"stage\"}'" ;;
		queued)
			back="'{\"score\": \"score\", \"stage\": \"stage\"}'" mode=queued
			then_do='CALL revops.settle();'
			;;
		after) then_do="UPDATE lead h SET score = s.score, stage = s.stage FROM revops.lead_status s
			WHERE s.binding = 'leads' AND s.key = h.id::text;" ;;
	esac
	database=$(copy_of run)
	sql "$database" -F ' ' <<-END
		SELECT revops.attach_lead('leads', 'lead', '{"email": "email", "country": "country", "company_size": "size"}',
			mode => '$mode', write_back => $back) \g /dev/null
		SELECT cpu() AS before \gset
		COPY lead (id, email, country, size) FROM '$work/leads';
		$then_do
		SELECT round((cpu() - :before) / 1000.0 / $leads, 2), pg_total_relation_size('lead') / $leads;
	END
	drop_copy run
}

make_empty
for ((round = 1; round <= rounds; round++)); do
	for variant in without after inline queued; do
		run "$variant" >> "$work/figures.$variant"
	done
done
printf '%-10s %12s %12s\n' variant 'us a lead' 'bytes a lead' >&2
for variant in without after inline queued; do
	cost=$(cut -d' ' -f1 "$work/figures.$variant" | median)
	bytes=$(cut -d' ' -f2 "$work/figures.$variant" | median)
	printf '%-10s %12s %12s\n' "$variant" "$cost" "$bytes" >&2
done
# ratio NAME VARIANT: of its cost to that of the COPY with an UPDATE by hand
ratio()
{
	echo "{\"bench\":\"$1\",\"value\":$(paste -d' ' "$work/figures.$2" "$work/figures.after" | awk '{ print $1 / $3 }' | median)}"
}
ratio write_back_inline_vs_update inline
ratio write_back_queued_vs_update queued
