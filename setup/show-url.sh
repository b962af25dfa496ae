#!/usr/bin/env bash
# Reads the line that `sandpitd serve` prints when it is ready and shows it as a URL to open.
set -euo pipefail
. "$(dirname "$0")/steps.sh"
read -r ready
say "Sandpit is ready. Open this in a browser on this machine:"
/usr/bin/python3 -c 'import json,sys; r=json.loads(sys.argv[1]); print("\n    %s/#token=%s\n" % (r["url"].rstrip("/"), r.get("token", "")))' "$ready"
say "Stop it with Ctrl+C. The sandboxes go on, and are there again next time."
cat
