#!/bin/bash
#
# lint.sh [--orphans-only] [--tap]: static checks that need no server.
# cppcheck, clang-tidy and shellcheck are used where they are installed.
#
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

PG_CONFIG=${PG_CONFIG:-$([ -x /usr/lib/postgresql/15/bin/pg_config ] && echo /usr/lib/postgresql/15/bin/pg_config || echo pg_config)}
count=0
bad=0
orphans_only=0
tap=0
for argument in "$@"; do
	case $argument in
		--orphans-only) orphans_only=1 ;;
		--tap) tap=1 ;;
		*) echo "usage: test/lint.sh [--orphans-only] [--tap]" >&2; exit 2 ;;
	esac
done

# result NAME TEXT: no text means that the check found nothing.
result()
{
	count=$((count + 1))
	if [ -z "$2" ]; then
		echo "ok $count - $1"
	else
		bad=$((bad + 1))
		echo "not ok $count - $1"
		echo "$2" | sed 's/^/#   /' | head -60
	fi
}

absent()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2 is not installed"
}

# every test has an expected output, every expected output a test
orphans()
{
	local file name
	for file in test/sql/*.sql; do
		[ -e "$file" ] || continue
		name=$(basename "$file" .sql)
		[ -e "expected/$name.out" ] || echo "$file has no expected/$name.out"
	done
	for file in test/specs/*.spec; do
		[ -e "$file" ] || continue
		name=$(basename "$file" .spec)
		[ -e "expected/$name.out" ] || echo "$file has no expected/$name.out"
	done
	for file in expected/*.out; do
		[ -e "$file" ] || continue
		# NAME_1.out is another accepted output of NAME
		name=$(basename "$file" .out)
		[ -e "test/sql/$name.sql" ] || [ -e "test/specs/$name.spec" ] ||
			[ -e "test/sql/${name%_[0-9]}.sql" ] || [ -e "test/specs/${name%_[0-9]}.spec" ] ||
			echo "$file has no test"
	done
}

long_files()
{
	find src test bench sql \( -name '*.[ch]' -o -path 'sql/[0-9]*.sql' \) | while read -r file; do
		[ "$(wc -l < "$file")" -lt 900 ] || echo "$file has $(wc -l < "$file") lines"
	done
}

install_script()
{
	# statements of the script itself; a function's body is another matter
	grep -niE '^[[:space:]]*(CREATE|ALTER)\b[^;]*\b(OR REPLACE|IF NOT EXISTS)\b' sql/[0-9]*.sql
}

unfinished()
{
	grep -rnE '\b(TODO|FIXME|XXX)\b|for now|placeholder' --include='*.[ch]' --include='[0-9]*.sql' src sql
}

# what a merge leaves where nobody has decided
merge_marks()
{
	grep -rnE '^(<{7}|>{7}) ' --include='*.[ch]' --include='*.sql' --include='*.sh' --include='*.md' \
		--include='*.out' --include='*.spec' --include='*.p[lm]' --include='*.t' --include='Makefile' .
}

dependencies()
{
	# layers may include what is in their own list only
	local layer allowed
	while read -r layer allowed; do
		grep -nE '^#include "[a-z]+/' src/"$layer"/*.[ch] 2>/dev/null |
			grep -vE "#include \"($layer|$allowed|access|catalog|commands|common|executor|lib|libpq|mb|miscadmin|nodes|optimizer|parser|port|postmaster|regex|rewrite|statistics|storage|tcop|tsearch|utils|jit|replication|partitioning|portability|foreign|datatype|pgtime|fmgr|funcapi)/"
	done <<-'LAYERS'
	base base
	time base
	decide base|time
	define base|time|decide
	settle base|time|define|decide
	capture base|time|define|decide|settle
	worker base|time|define|decide|settle|capture
	api base|time|define|decide|settle|capture|worker
	LAYERS
}

run_cppcheck()
{
	# errors do not return; macros of base/compat.h may be nothing on one
	# version; a struct that the callee fills is no uninitialised argument
	cppcheck --quiet --enable=warning,portability,performance --inline-suppr --std=c11 \
		--suppress=missingInclude --suppress=missingIncludeSystem --suppress=unknownMacro \
		--suppress=selfAssignment --suppress=ctuuninitvar -DUSE_ASSERT_CHECKING -DPG_VERSION_NUM=150000 \
		'-Dereport(level,...)=abort()' '-Delog(level,...)=abort()' -Isrc src 2>&1
}

run_clang_tidy()
{
	local checks='-*,bugprone-*,clang-analyzer-*' off
	# what PostgreSQL's own style and macros set off everywhere
	for off in easily-swappable-parameters reserved-identifier narrowing-conversions macro-parentheses \
		branch-clone assignment-in-if-condition sizeof-expression multiple-statement-macro \
		implicit-widening-of-multiplication-result; do
		checks="$checks,-bugprone-$off"
	done
	checks="$checks,-clang-analyzer-security.insecureAPI.*,-clang-analyzer-core.FixedAddressDereference"
	find src -name '*.c' -print0 |
		xargs -0 -r -n 1 -P 2 sh -c 'clang-tidy --quiet --checks="$1" "$3" -- -std=gnu11 -DUSE_ASSERT_CHECKING -Isrc -I"$2"' \
			tidy "$checks" "$("$PG_CONFIG" --includedir-server)" 2>&1 |
		grep -E '(warning|error):' | grep -E '(^|/)src/' | sed "s|$PWD/||" | sort -u
}

run_shellcheck()
{
	# SC2154: variables may come from a file that is read in
	find . -name '*.sh' -not -path './.git/*' -print0 | xargs -0 -r \
		shellcheck -s bash -S warning -e SC2154 .ci/run
}

result "every test has its expected output and the other way round" "$(orphans)"
result "no OR REPLACE and no IF NOT EXISTS in the install script" "$(install_script)"
result "no unfinished places" "$(unfinished)"
result "no marks of a merge" "$(merge_marks)"
result "no file of 900 lines or more" "$(long_files)"
result "includes follow the layers" "$(dependencies)"

if [ $orphans_only -eq 0 ]; then
	if command -v cppcheck >/dev/null; then result cppcheck "$(run_cppcheck)"; else absent cppcheck cppcheck; fi
	if command -v clang-tidy >/dev/null; then result clang-tidy "$(run_clang_tidy)"; else absent clang-tidy clang-tidy; fi
	if command -v shellcheck >/dev/null; then result shellcheck "$(run_shellcheck)"; else absent shellcheck shellcheck; fi
fi

echo "1..$count"
[ $tap -eq 1 ] || echo "$((count - bad)) of $count checks found nothing"
[ $bad -eq 0 ]
