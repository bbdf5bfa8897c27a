#!/bin/bash
#
# make_reference.sh DATABASE: prints the reference in Markdown, from the
# catalogue of a database that has the extension.  What it says are the
# comments of the objects: change those, then write doc/reference.md anew:
#
#   test/cluster.sh bash -c 'psql -qc "CREATE EXTENSION pg_revops" && doc/make_reference.sh postgres' > doc/reference.md
#
set -euo pipefail
database=${1:?usage: doc/make_reference.sh DATABASE}
root=$(dirname "${BASH_SOURCE[0]}")/..

# The SQLSTATEs of class RV, with the comments that precede them.
sqlstates()
{
	sed -n 's/^\/\* \(.*\) \*\/$/\1/p; s/^#define ERRCODE_REVOPS_[A-Z_]*[[:space:]]*MAKE_SQLSTATE(\(.*\))$/\1/p' \
		"$root/src/base/errors.h" |
		sed "s/^'\(.\)', *'\(.\)', *'\(.\)', *'\(.\)', *'\(.\)'$/\1\2\3\4\5/" |
		awk '/^RV[0-9]+$/ { print "| `" $0 "` | " said " |"; next } { said = $0 }'
}

part()
{
	psql -X -A -t -q -d "$database" -v ON_ERROR_STOP=1 -v part="$1" -f "$root/doc/reference.sql"
}

cat <<'HEAD'
# Reference

This page is made from the comments of the objects by `doc/make_reference.sh`; psql shows the same
with `\d+`, `\df+` and `\dd revops.*`. Everything is in the schema `revops`.

[Settings](#settings) · [SQLSTATEs](#sqlstates) · [Views](#views) ·
[Functions and procedures](#functions-and-procedures) · [KPIs](#kpis) ·
[Tables of definitions](#tables-of-definitions) · [Tables of facts](#tables-of-facts) ·
[Tables of state](#tables-of-state) · [Trigger functions](#trigger-functions) ·
[Sequences](#sequences)

*May read*, *may change* and *may call* name the groups `revops_reader`, `revops_marketing`,
`revops_sales` and `revops_admin` without their prefix; every group may do what reader may.

## Settings
HEAD
part settings
printf '\n## SQLSTATEs\n\n| SQLSTATE | raised when |\n|---|---|\n'
sqlstates
cat <<'MORE'

Standard codes are used where they fit: `42501` (no right), `23503` and `23505` (a definition names
what is not there, or a name is taken), `22023` (a date not in the future), `22004` (an argument that
must be given is NULL).

## Views
MORE
part views
printf '\n## Functions and procedures\n'
part functions
cat <<'MORE'

## KPIs

Each is a function of (grain, since, until) and two views over all time, `_week` and `_month`, with
the same columns.
MORE
part kpis
printf '\n## Tables of definitions\n\nWhat people write; every change is kept in `definition_change`.\n'
part definitions
printf '\n## Tables of facts\n\nAppend-only: UPDATE, DELETE and TRUNCATE raise `RV007` for everybody.\n'
part facts
printf '\n## Tables of state\n\nWritten by the engine alone.\n'
part state
printf '\n## Trigger functions\n\nCalled by triggers only.\n\n| function | what it does |\n|---|---|\n'
part triggers
printf '\n## Sequences\n\n'
part sequences
