#!/bin/bash
#
# olist.sh [FOLDER]: attach pg_revops to Olist's marketing funnel and print the
# KPIs, in the database that PGDATABASE names (it must be empty).
#
# The data set is not part of this project (its licence does not allow that);
# FOLDER holds olist_marketing_qualified_leads_dataset.csv and
# olist_closed_deals_dataset.csv.  The server reads the files, so that it needs
# the right to (and you the right to COPY from files).  To try it privately:
#
#     test/cluster.sh examples/olist.sh FOLDER
#
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-${REVOPS_SHARED:-$here/../../shared}/data/olist_funnel}

if [ ! -e "$folder/olist_closed_deals_dataset.csv" ]; then
	echo "Skipped: there is no Olist data in $folder."
	exit 0
fi
psql -Xq -v ON_ERROR_STOP=1 -v dir="$folder" -f "$here/olist.sql"
