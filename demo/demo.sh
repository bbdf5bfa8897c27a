#!/bin/bash
#
# demo.sh: pg_revops on real data, in a private cluster that is gone afterwards.
#
#     make demo              about two minutes
#     KEEP=1 make demo       leaves the cluster up and prints how to reach it
#
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KEEP_DATABASE=demo exec bash "$here/../test/cluster.sh" bash demo/run.sh
