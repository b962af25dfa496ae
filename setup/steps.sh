# Sourced by the set-up scripts: says what is being done, and does nothing twice.
# A stamp file holds the hash of what a step was made from; the step runs again only when it changes.

say() { printf '\033[1;33m▸\033[0m %s\n' "$*"; }
fail() { printf '\033[1;31m✗ %s\033[0m\n' "$*" >&2; exit 1; }

root() { cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd; }

# data_dir: where the app keeps its state (the same rule as crates/gateway).
data_dir() { printf '%s' "${SANDPIT_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/sandpit}"; }

# is_done STAMP HASH
is_done() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

hash_of() { cat "$@" | sha256sum | cut -d' ' -f1; }
