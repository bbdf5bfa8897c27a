#!/bin/bash
#
# forward_events.sh CONSUMER FILE [PAGE]: forwards the events that a consumer has
# not committed to a file, one line each (key, tab, JSON), until there are none.
#
# The file stands for whatever receives events: a queue, a webhook, another
# database.  Delivery is at least once: a page is committed only after it has
# been received, so that a crash in between delivers it again.  The receiver
# makes it exactly once: it knows each event by its key, which never changes,
# and takes none twice.
#
# Run it from a scheduler or in a loop, woken by LISTEN revops_events where the
# consumer was registered with notify => true.  One process a consumer: a second
# one fails, or finds its token void.  The database is given by PGHOST,
# PGDATABASE and so on.
#
set -euo pipefail

consumer=$1
file=$2
page_size=${3:-500}
page=$(mktemp)
trap 'rm -f "$page" "$page.new"' EXIT

# events of one page, a line each: token, key, JSON (which has no tab or line break in it)
read_page()
{
	psql -XAtq -v ON_ERROR_STOP=1 -F $'\t' -v consumer="$consumer" -v max="$page_size" <<'SQL'
SELECT token, key, json_build_object('key', key, 'event', event, 'version', version, 'at', at, 'workspace', workspace_id,
                                     'lead', lead_id, 'binding', binding, 'lead_key', lead_key, 'payload', payload)
FROM revops.read_events(:'consumer', :max);
SQL
}

commit_page()
{
	psql -XAtq -v ON_ERROR_STOP=1 -v consumer="$consumer" -v token="$1" <<'SQL'
SELECT revops.commit_events(:'consumer', :token);
SQL
}

# A line that was cut off by a crash was not received.
mend()
{
	touch "$file"
	if [ -s "$file" ] && [ "$(tail -c 1 "$file" | wc -l)" -eq 0 ]; then
		sed -i '$d' "$file"
	fi
}

# What is not there yet, in the order in which it came, and safely on disk.
receive()
{
	awk -F '\t' 'FILENAME == ARGV[1] { have[$1]; next } !($2 in have) { print $2 "\t" $3 }' "$file" "$page" > "$page.new"
	cat "$page.new" >> "$file"
	sync "$file"
}

while true; do
	read_page > "$page"
	[ -s "$page" ] || break
	mend
	receive
	commit_page "$(head -n 1 "$page" | cut -f 1)" > /dev/null
done
