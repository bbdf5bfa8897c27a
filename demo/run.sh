#!/bin/bash
#
# run.sh: the demo itself, in the cluster that PGHOST points to; in a database
# "demo" that it creates.  Ends with a comparison of every figure with what
# test/reference computes from the files without a database.
#
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

started=$SECONDS
data=$PWD/demo/data
createdb demo
psql -Xqd demo -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION pg_revops'
psql -Xqd demo -v ON_ERROR_STOP=1 -v VERBOSITY=terse \
	-v bank_program="gzip -dc '$data/uci_bank/bank-additional-full.csv.gz'" < demo/bank.sql
psql -Xqd demo -v ON_ERROR_STOP=1 -v VERBOSITY=terse \
	-v incident_program="gzip -dc '$data/uci_incident_log/incident_event_log.csv.gz'" < demo/incidents.sql

echo
echo "== 3. Are these figures right?"
echo
echo "Recomputed from the facts by verify(): $(psql -XAtqd demo -c 'SELECT count(*) FROM revops.verify()') rows of drift."
status=0
perl test/reference/compare.pl demo || status=$?
echo "Took $((SECONDS - started)) s."
exit $status
