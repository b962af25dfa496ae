#!/usr/bin/env bash
# Runs the embedded engine's tests, as they are compiled, once more by an ordinary user when root runs the tests.
# Needs SANDPIT_AGENT and SANDPIT_RUNTIME. Leaves nothing behind: the user is a number, what it must reach is mounted in
# a private mount namespace.
set -euo pipefail
cd "$(dirname "$0")/.."
uid=61184

if [ "$(id -u)" != 0 ]; then
  echo "▸ Not root: the tests have run as an ordinary user already"
  exit 0
fi

work=$(mktemp -d /tmp/sandpit-ordinary.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/home" "$work/runtime"
chown "$uid:$uid" "$work/home"
install -m 755 "$SANDPIT_AGENT" "$work/sandpit-agent"

echo "▸ Building the tests"
# As `make test` builds the whole workspace, so that nothing is compiled twice.
cargo test --locked --no-run --workspace --features sandpit/custom-protocol --message-format=json 2>/dev/null |
  python3 -c 'import json, sys
for line in sys.stdin:
    made = json.loads(line)
    if made.get("executable") and made["profile"]["test"] and "/crates/engine-embedded" in made["package_id"]:
        print(made["executable"])' > "$work/programs"
[ -s "$work/programs" ] || { echo "no test program was built" >&2; exit 1; }

index=0
while read -r program; do
  index=$((index + 1))
  install -m 755 "$program" "$work/$index-$(basename "$program")"
done < "$work/programs"
mkdir "$work/devices"
export uid work

unshare --mount --propagation private bash -euc '
  mount --bind "$SANDPIT_RUNTIME" "$work/runtime"
  # udev lets everyone use the tunnel device; where no udev runs, this does, in here.
  if [ -c /dev/net/tun ]; then
    mount -t tmpfs -o mode=755 devices "$work/devices"
    mknod -m 0666 "$work/devices/tun" c 10 200
    mount --bind "$work/devices/tun" /dev/net/tun
  fi
  cd "$work/home"
  for program in "$work"/[0-9]*; do
    setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all \
      env HOME="$work/home" TMPDIR="$work/home" SANDPIT_AGENT="$work/sandpit-agent" SANDPIT_RUNTIME="$work/runtime" "$program"
  done
'
