#!/bin/bash
#
# demo.t: the demo runs, and every figure that it prints is the one that
# test/reference computes from the files without a database.  Prints TAP.
#
set -uo pipefail
if ! bash demo/run.sh > "$REVOPS_WORK/out/demo.log" 2>&1; then
	tail -20 "$REVOPS_WORK/out/demo.log" | sed 's/^/# /'
fi
perl test/reference/compare.pl --tap demo
