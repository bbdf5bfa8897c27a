#!/bin/bash
#
# attribution.sh [FOLDER]: attach pg_revops to an advertiser's touchpoints (customers,
# what reached them, what they bought) and print what each channel is owed by every
# model, in the database that PGDATABASE names (it must be empty).
#
# The data set is not part of this project (its licence does not allow that);
# FOLDER holds attribution_data.csv.  The server reads the file, so that it needs
# the right to (and you the right to COPY from files).  To try it privately:
#
#     test/cluster.sh examples/attribution.sh FOLDER
#
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-${REVOPS_SHARED:-$here/../../shared}/data/attribution_touchpoints}

if [ ! -e "$folder/attribution_data.csv" ]; then
	echo "Skipped: there are no touchpoints in $folder."
	exit 0
fi
psql -XqAt -v ON_ERROR_STOP=1 -v file="$folder/attribution_data.csv" -f "$here/attribution.sql"
