#!/bin/bash
#
# cluster.sh: run a command beside a private PostgreSQL cluster with pg_revops
# in it, then leave nothing behind.
#
#     test/cluster.sh COMMAND [ARGUMENT...]
#
# As root it installs the Debian packages that are missing, copies the tree to
# a temporary folder that an unprivileged user owns, and runs itself again as
# that user.  As any other user it needs the packages to be there already, and
# no rights at all: the build goes to a stage (DESTDIR) that the server is told
# of by extension_destdir.
#
# The command runs in the copy of the tree, with PGHOST, PGUSER, PGDATABASE,
# PG_BIN, PG_CONFIG, PGXS_DIR, REVOPS_WORK, REVOPS_STAGE and REVOPS_CONF set.
#
# Environment:
#   KEEP=1            leave the cluster up and print how to reach it
#   PG_CONFIG=path    which PostgreSQL (default: Debian's PostgreSQL 15)
#   BUILD_COPT=flags  further compiler flags, e.g. -DUSE_ASSERT_CHECKING
#   SERVER_CONF=text  further lines for postgresql.conf
#   RUN_AS=user       whom root becomes (default: postgres)
#   REVOPS_SHARED=dir folder with data sets that may not be shipped
#
set -euo pipefail

PACKAGES_BUILD="make gcc libc6-dev postgresql-15 postgresql-server-dev-15"
PACKAGES_TEST="postgresql-15-pgtap postgresql-15-cron libtap-parser-sourcehandler-pgtap-perl libipc-run-perl"

# What the trap has to undo; each is set when there is something to undo.
WORK=
CHILD=
APT_DECISION=

say()
{
	printf '==> %s\n' "$*" >&2
}

die()
{
	printf 'cluster.sh: %s\n' "$*" >&2
	exit 1
}

# ----- packages (root only) ------------------------------------------------

missing_packages()
{
	local package
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^.i' ||
			echo "$package"
	done
}

# Debian makes a system cluster when it first installs a server.  Unless the
# machine's owner has decided about that, decide "no" while we install.
forbid_system_cluster()
{
	local dir=/etc/postgresql-common
	if grep -qsE '^[[:space:]]*create_main_cluster' $dir/createcluster.conf $dir/createcluster.d/*.conf; then
		return
	fi
	mkdir -p $dir/createcluster.d
	APT_DECISION=$dir/createcluster.d/pg_revops-private-cluster.conf
	echo 'create_main_cluster = false' > "$APT_DECISION"
}

install_packages()
{
	local missing
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null || die "these Debian packages are needed, and there is no apt-get here:" $missing
	say "installing" $missing
	forbid_system_cluster
	apt-get -o DPkg::Lock::Timeout=600 -qq update
	# shellcheck disable=SC2086  # a list of words
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qq -y \
		install --no-install-recommends $missing >/dev/null
	[ -z "$APT_DECISION" ] || rm -f "$APT_DECISION"
	APT_DECISION=
}

wanted_packages()
{
	if [ "${WITH_TEST_PACKAGES:-0}" = 1 ]; then
		echo "$PACKAGES_BUILD $PACKAGES_TEST"
	else
		echo "$PACKAGES_BUILD"
	fi
}

# ----- the folder and the clean-up -----------------------------------------

make_work_folder()
{
	local base=${TMPDIR:-/tmp}
	# a socket's path may have 107 bytes at most
	[ ${#base} -le 40 ] || base=/tmp
	WORK=$(mktemp -d "$base/pg_revops.XXXXXX")
	chmod 700 "$WORK"
}

copy_tree()
{
	tar -C "$1" --exclude=./.git --exclude='*.o' --exclude='*.so' --exclude='*.bc' \
		--exclude=./stage --exclude=./tmp_check -cf - . | tar -C "$2" -xf -
}

stop_servers()
{
	local pidfile
	# more than ours: a TAP test that was killed may have left a node
	find "$WORK" -name postmaster.pid 2>/dev/null | while read -r pidfile; do
		"$PG_BIN/pg_ctl" -D "$(dirname "$pidfile")" -m immediate stop >/dev/null 2>&1 || true
	done
}

stop_child()
{
	local n=0
	[ -n "$CHILD" ] || return 0
	kill -TERM -- "-$CHILD" 2>/dev/null || kill -TERM "$CHILD" 2>/dev/null || return 0
	while kill -0 "$CHILD" 2>/dev/null && [ $n -lt 200 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	kill -KILL -- "-$CHILD" 2>/dev/null || true
}

clean_up()
{
	local status=$?
	trap '' EXIT INT TERM HUP
	stop_child
	[ -z "$APT_DECISION" ] || rm -f "$APT_DECISION"
	if [ -n "$WORK" ] && [ -d "$WORK" ]; then
		if [ "${KEEP:-0}" = 1 ] && [ $status -lt 128 ]; then
			[ "$(id -u)" = 0 ] || describe_kept
		elif [ "$(id -u)" = 0 ]; then
			rm -rf "$WORK"
		else
			stop_servers
			# root made the folder itself and removes it after us
			find "$WORK" -mindepth 1 -delete 2>/dev/null || true
			[ "${REVOPS_OUTER:-0}" = 1 ] || rm -rf "$WORK"
		fi
	fi
	exit $status
}

catch_signals()
{
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
}

# Run in the background and wait, because bash holds a trap back until a
# foreground command is over.
run_child()
{
	local status=0
	"$@" <&0 &
	CHILD=$!
	wait "$CHILD" || status=$?
	CHILD=
	return $status
}

describe_kept()
{
	[ -f "$WORK/data/postmaster.pid" ] || return 0
	echo
	echo "The cluster stays up.  To look at it:"
	echo "    psql -h $WORK -U postgres ${KEEP_DATABASE:-postgres}"
	echo "To end it and remove everything:"
	echo "    $(as_owner)$PG_BIN/pg_ctl -D $WORK/data -m immediate stop && rm -rf $WORK"
}

as_owner()
{
	[ "${REVOPS_OUTER:-0}" = 1 ] && echo "runuser -u $(id -un) -- " || true
}

# ----- as root: become somebody else ---------------------------------------

run_as_other()
{
	local root=$1 user=${RUN_AS:-postgres} shared
	shift
	# shellcheck disable=SC2046  # a list of words
	install_packages $(wanted_packages)
	id "$user" >/dev/null 2>&1 || die "there is no user \"$user\"; set RUN_AS to an unprivileged user"
	make_work_folder
	mkdir "$WORK/tree"
	copy_tree "$root" "$WORK/tree"
	shared=$(lend_shared "$user")
	chown -R "$user" "$WORK"
	REVOPS_OUTER=1 REVOPS_WORK=$WORK REVOPS_SHARED=$shared HOME=$WORK \
		run_child setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups \
		bash "$WORK/tree/test/cluster.sh" "$@"
}

# Data sets beside the project: readable to the user as they are, or copied
# into the temporary folder.
lend_shared()
{
	local user=$1 data=$REVOPS_SHARED/data set
	[ -d "$data" ] || return 0
	if setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups test -r "$data" -a -x "$data"; then
		echo "$REVOPS_SHARED"
		return
	fi
	mkdir -p "$WORK/shared/data"
	for set in olist_funnel maven_crm bpi2013_incidents; do
		[ ! -d "$data/$set" ] || cp -r "$data/$set" "$WORK/shared/data/"
	done
	echo "$WORK/shared"
}

# ----- as a plain user: build, start, run ----------------------------------

find_postgres()
{
	if [ -z "${PG_CONFIG:-}" ]; then
		PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config
		[ -x $PG_CONFIG ] || PG_CONFIG=$(command -v pg_config || true)
	fi
	[ -n "$PG_CONFIG" ] && [ -x "$PG_CONFIG" ] ||
		die "PostgreSQL 15 was not found. Install, as root: $(wanted_packages); or set PG_CONFIG"
	PG_BIN=$("$PG_CONFIG" --bindir)
	PGXS_DIR=$(dirname "$(dirname "$(dirname "$("$PG_CONFIG" --pgxs)")")")
	[ -x "$PG_BIN/initdb" ] || die "$PG_BIN has no initdb: install the package postgresql-15"
	[ -d "$("$PG_CONFIG" --includedir-server)" ] ||
		die "the server's headers are missing: install the package postgresql-server-dev-15"
	export PG_CONFIG PG_BIN PGXS_DIR
}

build()
{
	say "building with $("$PG_CONFIG" --version)"
	make -s -j2 with_llvm=no PG_CONFIG="$PG_CONFIG" COPT="${BUILD_COPT:-}"
	make -s with_llvm=no PG_CONFIG="$PG_CONFIG" DESTDIR="$REVOPS_STAGE" install >/dev/null
}

# How the server finds an extension that is not installed in the system.
extension_settings()
{
	local major
	major=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
	if [ "$major" -ge 18 ]; then
		echo "extension_control_path='$REVOPS_STAGE$("$PG_CONFIG" --sharedir):\$system'"
	else
		echo "extension_destdir='$REVOPS_STAGE'"
	fi
	echo "dynamic_library_path='$REVOPS_STAGE$("$PG_CONFIG" --pkglibdir):\$libdir'"
}

start_cluster()
{
	say "starting a private cluster in $WORK"
	"$PG_BIN/initdb" -D "$WORK/data" -A trust -N -U postgres --locale=C.UTF-8 -E UTF8 >/dev/null
	{
		cat "$REVOPS_CONF"
		echo "listen_addresses=''"
		echo "unix_socket_directories='$WORK'"
		echo "fsync=off"
		# its snapshots would make leads hot, and have them get deltas, by chance
		echo "autovacuum=off"
		echo "jit=off"
		echo "shared_buffers=256MB"
		echo "max_wal_size=4GB"
		echo "max_prepared_transactions=10"
		echo "timezone='UTC'"
		echo "log_timezone='UTC'"
		printf '%s\n' "${SERVER_CONF:-}"
	} >> "$WORK/data/postgresql.conf"
	if ! "$PG_BIN/pg_ctl" -D "$WORK/data" -l "$WORK/server.log" -w start >/dev/null; then
		tail -20 "$WORK/server.log" >&2
		die "the server did not start"
	fi
}

run_here()
{
	local root=$1
	shift
	find_postgres
	if [ -n "${REVOPS_WORK:-}" ]; then
		WORK=$REVOPS_WORK
	else
		make_work_folder
		mkdir "$WORK/tree"
		copy_tree "$root" "$WORK/tree"
	fi
	export REVOPS_WORK=$WORK REVOPS_STAGE=$WORK/stage REVOPS_CONF=$WORK/extension.conf
	export PGHOST=$WORK PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PSQLRC=/dev/null
	export PATH=$PG_BIN:$PATH LC_ALL=C.UTF-8 TMPDIR=$WORK/tmp
	unset PGOPTIONS PGSERVICE PGPASSWORD PGCLIENTENCODING PGTZ TZ
	mkdir -p "$TMPDIR"
	cd "$WORK/tree"
	build
	extension_settings > "$REVOPS_CONF"
	start_cluster
	# a group of its own, so that all of it can be ended
	run_child setsid "$@"
}

main()
{
	local root
	[ $# -gt 0 ] || die "usage: test/cluster.sh COMMAND [ARGUMENT...]"
	root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
	: "${REVOPS_SHARED:=$(dirname "$root")/shared}"
	export REVOPS_SHARED
	catch_signals
	cd /
	if [ "$(id -u)" = 0 ]; then
		run_as_other "$root" "$@"
	else
		run_here "$root" "$@"
	fi
}

main "$@"
