#!/bin/bash
#
# maven.sh [FOLDER [MODE]]: 8,800 sales opportunities of a CRM (Maven Analytics),
# open, won or lost, through the lifecycle, in the database that PGDATABASE names
# (it must be empty).  MODE is
#
#     inline    (default) played day by day, settled by each statement; a move that
#               the lifecycle does not know would be refused
#     queued    the same, settled after the commit, moves recorded whatever they are
#     history   taken in at the end: adopt_history() and backfill()
#
# The data set is not part of this project (no licence is known); FOLDER holds
# sales_pipeline.csv, accounts.csv, products.csv and sales_teams.csv.  The server
# reads the files, so that it needs the right to (and you the right to COPY from
# files).  To try it privately:
#
#     test/cluster.sh examples/maven.sh FOLDER
#
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-${REVOPS_SHARED:-$here/../../shared}/data/maven_crm}

if [ ! -e "$folder/sales_pipeline.csv" ]; then
	echo "Skipped: there is no CRM data of Maven Analytics in $folder."
	exit 0
fi
psql -Xq -v ON_ERROR_STOP=1 -v dir="$folder" -v mode="${2:-inline}" -f "$here/maven.sql"
