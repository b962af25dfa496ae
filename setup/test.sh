#!/usr/bin/env bash
# `make test`: every test there is. A component that a test needs is installed here; missing means failed.
set -euo pipefail
. "$(dirname "$0")/steps.sh"
cd "$(root)"

setup/system.sh test
setup/tool.sh cargo-nextest '^0.9'
setup/tool.sh tauri-driver '^2'
export PATH="$PWD/.sandpit/tools/bin:$PATH"
export SANDPIT_RUNTIME
SANDPIT_RUNTIME=$(setup/runtime.sh)
setup/peers.sh
make --no-print-directory ui agent target/stamps/tests-node
export SANDPIT_AGENT=$PWD/target/release/sandpit-agent

say "UI: unit tests"
(cd ui && npm test --silent)

say "Rust: unit tests, engine contract, isolation, invariants"
cargo nextest run --locked --workspace --features sandpit/custom-protocol --no-fail-fast
say "The embedded engine as an ordinary user"
tests/as-ordinary-user.sh engine

say "Building the app for its journeys"
cargo build --locked --workspace --bins --features sandpit/custom-protocol
say "Conformance: the official client over sandpitd serve; journeys: the real window, and Chromium"
(cd tests && npm test --silent)
say "OpenAPI: schemathesis over every route"
(cd tests && npm run --silent openapi)
say "Load and faults"
(cd tests && npm run --silent load)
say "Load and faults as an ordinary user"
tests/as-ordinary-user.sh load
