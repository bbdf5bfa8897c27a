#!/bin/bash
#
# bpi2013.sh [FOLDER [MODE]]: a service desk's 7,554 incidents and 65,533 events
# (BPI Challenge 2013, Volvo IT) through the lifecycle, in the database that
# PGDATABASE names (it must be empty).  MODE is
#
#     inline    (default) played event by event, settled by each statement
#     queued    the same, settled after the commit
#     history   taken in at the end: adopt_history() and backfill()
#     strict    the cases that began before April 2012, and moves that the lifecycle
#               does not know are refused
#
# The data set is not part of this project (its terms do not allow that); FOLDER
# holds bpi_challenge_2013_incidents.xes.gz.  To try it privately:
#
#     test/cluster.sh examples/bpi2013.sh FOLDER
#
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-${REVOPS_SHARED:-$here/../../shared}/data/bpi2013_incidents}
log=$folder/bpi_challenge_2013_incidents.xes.gz

if [ ! -e "$log" ]; then
	echo "Skipped: there is no log of BPI Challenge 2013 in $folder."
	exit 0
fi
gzip -dc "$log" |
	perl "$here/xes.pl" concept:name lifecycle:transition org:group org:resource impact product \
		'resource country' 'organization involved' time:timestamp |
	psql -Xq -v ON_ERROR_STOP=1 -v mode="${2:-inline}" -f "$here/bpi2013.sql"
