#!/bin/bash
#
# uci_incidents.sh [FOLDER [BEFORE]]: 24,918 incidents of a service desk and 141,712 changes
# of their rows (UCI, "Incident management process enriched event log", CC BY 4.0)
# played under promises that this example declares, in the database that PGDATABASE
# names (it must be empty).  FOLDER holds incident_event_log.csv.gz.  BEFORE, a day:
# only the incidents that were opened before it.  To try it privately:
#
#     test/cluster.sh examples/uci_incidents.sh FOLDER
#
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-${REVOPS_SHARED:-$here/../../shared}/data/uci_incident_log}
log=$folder/incident_event_log.csv.gz

if [ ! -e "$log" ]; then
	echo "Skipped: there is no incident log of UCI in $folder."
	exit 0
fi
gzip -dc "$log" | psql -Xq -v ON_ERROR_STOP=1 -v before="${2:-infinity}" -f "$here/uci_incidents.sql"
