#!/usr/bin/env bash
# `make run`: builds what changed and opens the window, or serves the same UI where there is no display.
set -euo pipefail
. "$(dirname "$0")/steps.sh"
cd "$(root)"

command -v cargo >/dev/null || fail "Rust is missing. Install it from rustup, then try again."
command -v npm >/dev/null || fail "Node.js (20 or newer, with npm) is missing. Install it, then try again."

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  setup/system.sh run
  runtime=$(setup/runtime.sh)
  make --no-print-directory ui agent
  say "Building the app (minutes the first time, seconds after)"
  cargo build --release --locked -p sandpit -p sandpit-gateway --features sandpit/custom-protocol
  say "Opening the window"
  SANDPIT_RUNTIME=$runtime exec target/release/sandpit
fi

say "There is no display here, so the UI is served for a browser."
setup/system.sh serve
runtime=$(setup/runtime.sh)
make --no-print-directory ui agent
say "Building the server (minutes the first time, seconds after)"
cargo build --release --locked -p sandpit-gateway
SANDPIT_RUNTIME=$runtime target/release/sandpitd serve --listen "127.0.0.1:${SANDPIT_PORT:-0}" | setup/show-url.sh
