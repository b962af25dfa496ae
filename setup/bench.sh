#!/usr/bin/env bash
# `make bench`: measures what the design promises, beside its peers in the same run. Prints one table and writes it
# as JSON to tests/results.
set -euo pipefail
. "$(dirname "$0")/steps.sh"
cd "$(root)"

setup/system.sh bench
setup/tool.sh tauri-driver '^2'
export PATH="$PWD/.sandpit/tools/bin:$PATH"
export SANDPIT_RUNTIME SANDPIT_AGENT=$PWD/target/release/sandpit-agent SANDPIT_BIN=$PWD/target/release
SANDPIT_RUNTIME=$(setup/runtime.sh)
make --no-print-directory ui agent target/stamps/tests-node
say "Building the app, and the empty window it is measured beside"
cargo build --release --locked -p sandpit -p sandpit-gateway --features sandpit/custom-protocol --bins --example empty-window
cargo build --release --locked -p sandpit-tests --bin sandpit-bench

mkdir -p tests/results
say "Sandboxes, agent and code contexts"
target/release/sandpit-bench tests/results/agent.json
say "The window"
(cd tests && npm run --silent bench)
say "Also written to tests/results, as JSON"
