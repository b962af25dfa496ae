#!/usr/bin/env bash
# Prepares the Python programs that judge our files from outside: nbformat, which JupyterLab reads notebooks with,
# and schemathesis, which asks every route of an OpenAPI document.
set -euo pipefail
. "$(dirname "$0")/steps.sh"
peers="$(root)/.sandpit/peers"
made_from=$(hash_of "$(root)/setup/peers.lock" "$0")
is_done "$peers/.made-from" "$made_from" && exit 0
say "Installing what judges our files from outside"
rm -rf "$peers"
/usr/bin/python3 -m venv "$peers"
"$peers/bin/python3" -m pip install --quiet --disable-pip-version-check --no-input -r "$(root)/setup/peers.lock"
echo "$made_from" > "$peers/.made-from"
