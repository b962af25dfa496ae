#!/usr/bin/env bash
# Runs tests once more by an ordinary user when root runs the tests: those of the embedded engine as they are compiled, or
# load and faults on the `sandpitd` of `make test`.
# Needs SANDPIT_AGENT and SANDPIT_RUNTIME. Leaves nothing behind: the user is a number, what it must reach is copied, or
# mounted in a private mount namespace.
# Usage: tests/as-ordinary-user.sh engine|load
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:?usage: tests/as-ordinary-user.sh engine|load}
uid=61184

if [ "$(id -u)" != 0 ]; then
  echo "▸ Not root: the tests have run as an ordinary user already"
  exit 0
fi

work=$(mktemp -d /tmp/sandpit-ordinary.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/home" "$work/runtime" "$work/devices" "$work/programs"
chown "$uid:$uid" "$work/home"
install -m 755 "$SANDPIT_AGENT" "$work/sandpit-agent"

# The engine's test programs, and what runs them one after another.
prepare_engine() {
  echo "▸ Building the tests"
  # As `make test` builds the whole workspace, so that nothing is compiled twice.
  cargo test --locked --no-run --workspace --features sandpit/custom-protocol --message-format=json 2>/dev/null |
    python3 -c 'import json, sys
for line in sys.stdin:
    made = json.loads(line)
    if made.get("executable") and made["profile"]["test"] and "/crates/engine-embedded" in made["package_id"]:
        print(made["executable"])' > "$work/list"
  [ -s "$work/list" ] || { echo "no test program was built" >&2; exit 1; }
  local index=0 program
  while read -r program; do
    index=$((index + 1))
    install -m 755 "$program" "$work/programs/$index-$(basename "$program")"
  done < "$work/list"
  run='for program in "$work"/programs/*; do "$program"; done'
}

# The suite in the user's home, where Vite may write; Node itself may be where only root looks. What differs for this user
# are its rights, not how much there is: root has tried that.
prepare_load() {
  export SANDPIT_LOAD_EXECS=300 SANDPIT_LOAD_FILES=20000 SANDPIT_LOAD_KILLS=10 SANDPIT_LOAD_MIB=256 SANDPIT_LOAD_SANDBOXES=20
  install -m 755 "${SANDPIT_BIN:-target/debug}/sandpitd" "$(readlink -f "$(command -v node)")" "$work/programs"
  mkdir "$work/home/tests"
  cp -r tests/load tests/support tests/package.json "$work/home/tests"
  mkdir "$work/home/tests/node_modules"
  chown -R "$uid:$uid" "$work/home/tests"
  run='cd tests && SANDPIT_BIN="$work/programs" "$work/programs/node" node_modules/vitest/vitest.mjs run --configLoader runner --config load/vitest.config.ts'
}

"prepare_$what"
modules=$PWD/tests/node_modules
export uid work run modules

unshare --mount --propagation private bash -euc '
  mount --bind "$SANDPIT_RUNTIME" "$work/runtime"
  [ ! -d "$work/home/tests" ] || mount --bind "$modules" "$work/home/tests/node_modules"
  # udev lets everyone use the tunnel device; where no udev runs, this does, in here.
  if [ -c /dev/net/tun ]; then
    mount -t tmpfs -o mode=755 devices "$work/devices"
    mknod -m 0666 "$work/devices/tun" c 10 200
    mount --bind "$work/devices/tun" /dev/net/tun
  fi
  cd "$work/home"
  setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all \
    env HOME="$work/home" TMPDIR="$work/home" SANDPIT_AGENT="$work/sandpit-agent" SANDPIT_RUNTIME="$work/runtime" \
    bash -euc "$run"
'
