#!/bin/bash
#
# bank.sh [FILE]: what came of 41,188 calls of a bank's campaigns, by how often
# people were called and by who they are, in the database that PGDATABASE names
# (it must be empty).
#
# FILE is bank-additional-full.csv.gz of the data set Bank Marketing (S. Moro,
# P. Cortez, P. Rita, 2014; UCI Machine Learning Repository; CC BY 4.0), of which
# demo/data has a copy.  To try it privately:
#
#     test/cluster.sh examples/bank.sh
#
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
file=${1:-$here/../demo/data/uci_bank/bank-additional-full.csv.gz}

gzip -dc "$file" | psql -Xq -v ON_ERROR_STOP=1 -f "$here/bank.sql"
