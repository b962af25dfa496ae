#!/usr/bin/env bash
# Installs one of the project's command-line tools from crates.io into .sandpit/tools, once.
# Usage: setup/tool.sh NAME VERSION [OPTION OF CARGO INSTALL]…
set -euo pipefail
. "$(dirname "$0")/steps.sh"
name=$1 version=$2; shift 2
tools="$(root)/.sandpit/tools"
command -v "$name" >/dev/null && exit 0
[ -x "$tools/bin/$name" ] && exit 0
say "Installing $name (once, some minutes)"
cargo install --quiet --locked --root "$tools" "$name" --version "$version" "$@"
