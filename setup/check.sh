#!/usr/bin/env bash
# `make check`: what CI demands beside the tests. Formatting, lints, types, licences and sources of dependencies.
set -euo pipefail
. "$(dirname "$0")/steps.sh"
cd "$(root)"

setup/system.sh test
make --no-print-directory target/stamps/node target/stamps/tests-node
say "rustfmt"; cargo fmt --all --check
say "clippy"; cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
say "TypeScript and Biome"; (cd ui && npm run --silent check) && (cd tests && npm run --silent check)
setup/tool.sh cargo-deny '^0.20'
say "cargo-deny"; PATH="$PWD/.sandpit/tools/bin:$PATH" cargo deny --offline --log-level error check bans licenses sources
