#!/usr/bin/env bash
# Installs the Debian packages that a purpose needs, and only those that are missing.
# Usage: setup/system.sh serve|run|test|bench
set -euo pipefail
. "$(dirname "$0")/steps.sh"

# What an embedded sandbox and its code runtime need, and a compiler's linker.
serve="bubblewrap passt build-essential pkg-config python3 python3-venv"
# What the window needs.
run="$serve libwebkit2gtk-4.1-dev libgtk-3-dev librsvg2-dev xdg-utils"
# What drives the real window and Chromium in the tests.
test="$run webkit2gtk-driver xvfb xauth x11-utils xdotool dbus dbus-x11 chromium procps vim-tiny less htop git"
# Peers that the benchmarks measure beside Sandpit.
bench="$test socat nginx-light"

wanted=${!1:?usage: setup/system.sh serve|run|test|bench}
missing=()
for package in $wanted; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

command -v apt-get >/dev/null || fail "This set-up knows Debian and Ubuntu. Please install by your own means: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail "Please install as root, then try again: apt-get install ${missing[*]}"
  as_root=(sudo)
fi
say "Installing ${#missing[@]} system packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
