#!/bin/bash
#
# all.sh: what "make test" runs.  Every test in a private cluster; the last
# line says "N passed, N failed" whatever happens, and the exit status is
# non-zero unless all passed.
#
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

status=0
WITH_TEST_PACKAGES=1 BUILD_COPT="-DUSE_ASSERT_CHECKING" \
	bash "$here/cluster.sh" bash test/run.sh || status=$?

case $status in
	0) exit 0 ;;
	10) exit 1 ;;				# run.sh counted failures and said so
esac
echo "the tests could not be run (exit status $status): see above"
echo "0 passed, 1 failed"
exit 1
