#!/bin/bash
#
# run.sh: all tests, one after the other, in the cluster that cluster.sh gives
# us.  Arguments choose kinds: regress modules isolation pgtap tap unit data
# examples tour meta; none means all.  Exit status 10 when a test failed.
#
set -uo pipefail

OUT=$REVOPS_WORK/out
LOG=$REVOPS_WORK/server.log
passed=0
failed=0
skipped=0

mkdir -p "$OUT"

pass()
{
	passed=$((passed + $2))
	printf 'ok    %-34s %3d\n' "$1" "$2"
}

fail()
{
	failed=$((failed + $2))
	printf 'FAIL  %-34s %3d\n' "$1" "$2"
}

skip()
{
	skipped=$((skipped + 1))
	printf 'skip  %-34s %s\n' "$1" "$2"
}

# Print the end of a file under a heading, so that a failure explains itself.
show()
{
	[ -s "$1" ] || return 0
	echo "----- $2"
	tail -n "${3:-60}" "$1"
	echo "-----"
}

log_mark()
{
	wc -c < "$LOG"
}

show_log_since()
{
	tail -c +"$(($1 + 1))" "$LOG" > "$OUT/log.part"
	show "$OUT/log.part" "server log" 20
}

# ----- expected-output tests -------------------------------------------------

# Does the file create the extension before it uses or drops it?
creates_extension()
{
	grep -v '^ *\(--\|#\)' "$1" | grep -iE '(^|[^_])revops\.|(CREATE|DROP) EXTENSION .*pg_revops' |
		head -1 | grep -qi '^ *CREATE EXTENSION'
}

# A database with the extension, from which others are copied: that takes a third
# of the time that creating it does.
AS_NEW=extension_as_new
make_template()
{
	psql -qX -c "CREATE DATABASE $AS_NEW TEMPLATE template0" && psql -qXd "$AS_NEW" -c "CREATE EXTENSION pg_revops"
}

drop_template()
{
	psql -qX -c "DROP DATABASE $AS_NEW"
}

# make_database NAME FILE: the database of an expected-output test, with what
# pg_regress would set for it
make_database()
{
	local template=$AS_NEW setting
	! creates_extension "$2" || template=template0
	set -- "$1"
	for setting in "lc_messages = 'C'" "lc_monetary = 'C'" "lc_numeric = 'C'" "lc_time = 'C'" \
		"bytea_output = 'hex'" "timezone_abbreviations = 'Default'"; do
		set -- "$@" -c "ALTER DATABASE \"$1\" SET $setting"
	done
	psql -qX -c "CREATE DATABASE \"$1\" TEMPLATE $template STRATEGY = FILE_COPY" "${@:2}"
}

# One database for each test: no test can lean on another one.
run_expected()
{
	local kind=$1 program=$2 suffix=$3 base=${4:-test} file name dir mark
	make_template
	for file in "$base"/$suffix; do
		[ -e "$file" ] || { skip "$kind" "no test of this kind"; break; }
		name=$(basename "$file")
		name=${name%.*}
		dir=$OUT/$kind/$name
		mkdir -p "$dir"
		mark=$(log_mark)
		if make_database "${kind}_$name" "$file" > "$dir/stdout" 2>&1 &&
			"$program" --inputdir="$base" --outputdir="$dir" --bindir="$PG_BIN" \
			--host="$PGHOST" --port="$PGPORT" --user="$PGUSER" \
			--dbname="${kind}_$name" --use-existing "$name" > "$dir/stdout" 2>&1; then
			pass "$kind/$name" 1
		else
			fail "$kind/$name" 1
			[ -s "$dir/regression.diffs" ] || show "$dir/stdout" "output"
			show "$dir/regression.diffs" "regression.diffs" 100
			show_log_since "$mark"
		fi
	done
	drop_template
}

test_regress()
{
	run_expected regress "$PGXS_DIR/src/test/regress/pg_regress" 'sql/*.sql'
}

test_isolation()
{
	local file name dir mark
	make_template
	for file in test/specs/*.spec; do
		name=$(basename "$file" .spec)
		dir=$OUT/isolation/$name
		mkdir -p "$dir"
		mark=$(log_mark)
		if test/isolation.pl "$PGXS_DIR/src/test/isolation/isolationtester" "$AS_NEW" \
			"$file" "test/expected/$name.out" "$dir" > "$dir/stdout" 2>&1; then
			pass "isolation/$name" 1
		else
			fail "isolation/$name" 1
			show "$dir/stdout" "output"
			show "$dir/regression.diffs" "regression.diffs" 100
			show_log_since "$mark"
		fi
	done
	drop_template
}

# Tests that need C of their own, built beside the extension.
test_modules()
{
	local module
	for module in test/modules/*; do
		if make -s -C "$module" install with_llvm=no PG_CONFIG="$PG_CONFIG" \
			COPT="${BUILD_COPT:-}" DESTDIR="$REVOPS_STAGE" > "$OUT/module.out" 2>&1; then
			run_expected modules "$PGXS_DIR/src/test/regress/pg_regress" 'sql/*.sql' "$module"
		else
			fail "modules/$(basename "$module")" 1
			show "$OUT/module.out" "output"
		fi
	done
}

# ----- tests that speak TAP --------------------------------------------------

# run_tap LABEL COMMAND...: count what it prints; a bad plan, a death or an
# exit status is a failure even where every line says "ok".
run_tap()
{
	local label=$1 file status=0 counts good bad skips reason mark
	shift
	file=$OUT/$(echo "$label" | tr '/ ' '__')
	mark=$(log_mark)
	"$@" > "$file.tap" 2> "$file.err" || status=$?
	counts=$(perl test/tap_count.pl "$file.tap" "$status")
	IFS=$'\t' read -r good bad skips reason <<< "$counts"
	if [ "$bad" -gt 0 ]; then
		passed=$((passed + good))
		fail "$label" "$bad"
		[ -z "$reason" ] || echo "$reason"
		grep -nE '^ *not ok|^ *#|^psql|ERROR' "$file.tap" | head -40
		show "$file.err" "standard error" 40
		show "$OUT/${label%/*}/tmp_check/log/regress_log_$(basename "$label")" "log of the test" 40
		show_log_since "$mark"
	elif [ "$good" -gt 0 ]; then
		pass "$label" "$good"
	fi
	[ "$skips" -eq 0 ] || { skip "$label" "${reason:-no reason given}"; skipped=$((skipped + skips - 1)); }
}

test_unit()
{
	if [ -e test/unit/Makefile ]; then
		run_tap unit make -s -C test/unit check PG_CONFIG="$PG_CONFIG"
	else
		skip unit "no test of this kind"
	fi
}

test_pgtap()
{
	local file
	createdb pgtap
	if ! psql -Xqd pgtap -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION pg_revops' \
		-c 'CREATE EXTENSION pgtap' > "$OUT/pgtap.out" 2>&1; then
		fail "pgtap (the database)" 1
		show "$OUT/pgtap.out" "output"
		return
	fi
	for file in test/pgtap/*.sql; do
		run_tap "pgtap/$(basename "$file" .sql)" \
			psql -XAtqd pgtap -v ON_ERROR_STOP=1 -f "$file"
	done
}

# Clusters of their own: dump and restore, crash, standby.
# run_clusters LABEL FILE [VARIABLE=VALUE...]: one such test.
run_clusters()
{
	local label=$1 file=$2
	shift 2
	mkdir -p "$OUT/${label%/*}"
	run_tap "$label" \
		env -u PGHOST -u PGUSER -u PGDATABASE -u PGPORT \
		PERL5LIB="$PGXS_DIR/src/test/perl" TEMP_CONFIG="$REVOPS_CONF" \
		PG_REGRESS="$PGXS_DIR/src/test/regress/pg_regress" \
		TESTDIR="$OUT/${label%/*}" PGPORT=65432 "$@" perl "$file"
}

test_tap()
{
	local file
	for file in test/t/*.pl; do
		[ -e "$file" ] || { skip tap "no test of this kind"; return; }
		run_clusters "tap/$(basename "$file" .pl)" "$file"
	done
}

# claim LABEL: true for the first who asks: kinds that both halves of the run work
# through are done once.
claim()
{
	mkdir -p "$OUT/claimed/${1%/*}" && mkdir "$OUT/claimed/$1" 2> /dev/null
}

# Programs in any language that print TAP; the shared cluster is theirs to use.
run_programs()
{
	local dir=$1 file
	for file in test/"$dir"/*.t; do
		[ -e "$file" ] || { skip "$dir" "no test of this kind"; return; }
		claim "$dir/$(basename "$file" .t)" || continue
		run_tap "$dir/$(basename "$file" .t)" "$file"
	done
}

test_data()
{
	run_programs reference
}

test_examples()
{
	run_programs examples
}

test_long()
{
	run_programs long
	local name
	for name in bpi2013 maven uci_incidents; do
		run_tap "long/$name" env REVOPS_LONG=1 "test/examples/$name.t"
	done
	run_clusters long/060_random_load test/t/060_random_load.pl \
		REVOPS_LOAD_SECONDS="${REVOPS_LOAD_SECONDS:-300}"
	run_clusters long/041_timers test/t/041_timers.pl REVOPS_CRASHES="${REVOPS_CRASHES:-50}"
	run_clusters long/062_injected_faults test/t/062_injected_faults.pl REVOPS_FAULTS="${REVOPS_FAULTS:-2000}"
}

test_meta()
{
	run_tap meta/lint bash test/lint.sh --orphans-only --tap
	run_tap meta/versions perl test/versions.pl
	run_tap meta/roles perl test/roles.pl
	run_tap meta/events perl test/events.pl
}

# The commands of the README and of the pages in doc, each page in a database
# of its own.
test_tour()
{
	local page name
	for page in README.md doc/*.md; do
		grep -q '^<!-- tour -->' "$page" || continue
		name=$(basename "$page" .md)
		claim "tour/$name" || continue
		createdb "tour_$name"
		run_tap "tour/$name" perl test/tour.pl "$page" "tour_$name"
	done
}

# ----- all of them -----------------------------------------------------------

kinds=${*:-meta unit data regress modules isolation pgtap tap examples tour}
[ "${LONG:-0}" != 1 ] || kinds="$kinds long"

run_kinds()
{
	local kind
	for kind in "$@"; do
		echo "==> $kind"
		"test_$kind"
	done
}

# A machine has two cores at least, and a test keeps one of them busy: kinds that
# make clusters of their own (tap), and those whose databases nobody else's tests
# look into, run beside the others, and report in the end.  Whoever is done first
# helps with what both may do.
beside=
first=
both=
for kind in $kinds; do
	case $kind in
		tap) beside="$beside $kind" ;;
		tour | examples) both="$both $kind" ;;
		*) first="$first $kind" ;;
	esac
done

started=$SECONDS
lane=
if [ -n "$beside$both" ] && [ -n "$first" ]; then
	lane=$OUT/beside.lane
	(
		# shellcheck disable=SC2086
		run_kinds $beside $both
		echo "$passed $failed $skipped" > "$lane.counts"
	) > "$lane" 2>&1 &
	kinds="$first $both"
fi
# shellcheck disable=SC2086
run_kinds $kinds
if [ -n "$lane" ]; then
	wait $!
	cat "$lane"
	read -r lane_passed lane_failed lane_skipped < "$lane.counts" ||
		{ lane_passed=0; lane_failed=1; lane_skipped=0; }
	passed=$((passed + lane_passed))
	failed=$((failed + lane_failed))
	skipped=$((skipped + lane_skipped))
fi

echo "==> took $((SECONDS - started)) s"
[ $skipped -eq 0 ] || echo "==> $skipped skipped (reasons above), not counted as passed"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] || exit 10
[ $passed -gt 0 ] || exit 10
