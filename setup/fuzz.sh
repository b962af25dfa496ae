#!/usr/bin/env bash
# `make fuzz`: every test named `fuzz_…` for a minute (SECONDS_EACH), guided by coverage. In `make test` the same
# tests run a thousand inputs each. What is found is kept in .sandpit/fuzz and tried first the next time.
# Usage: setup/fuzz.sh [PART-OF-A-NAME]
set -euo pipefail
. "$(dirname "$0")/steps.sh"
cd "$(root)"
setup/tool.sh cargo-bolero '^0.13' --no-default-features
export PATH="$PWD/.sandpit/tools/bin:$PATH"

# path:fn fuzz_name → crate module::tests::fuzz_name
targets() {
  grep -rnoE 'fn fuzz_\w+' crates/*/src | sed -E \
    -e 's|^crates/([^/]+)/src/(.*)\.rs:[0-9]+:fn (fuzz_.*)|\1 \2/tests/\3|' \
    -e 's|/mod/tests/|/tests/|; s|/tests/tests/|/tests/|; s|/|::|g'
}

failed=()
while read -r crate target; do
  case $target in *"${1:-}"*) ;; *) continue ;; esac
  found=.sandpit/fuzz/$crate/$target
  mkdir -p "$found/corpus" "$found/crashes"
  say "$target"
  # No sanitizer, since they ask for a nightly compiler; the code has no `unsafe` worth one.
  cargo bolero test --rustc-bootstrap --sanitizer NONE --no-default-features --package "sandpit-$crate" \
    --corpus-dir "$PWD/$found/corpus" --crashes-dir "$PWD/$found/crashes" -T "${SECONDS_EACH:-60}s" "$target" \
    </dev/null >"$found/log" 2>&1 || failed+=("$target")
  grep -aE 'panicked|^error|DONE' "$found/log" || tail -n 5 "$found/log"
done < <(targets)
[ ${#failed[@]} -eq 0 ] || fail "Failed: ${failed[*]}. Logs and inputs are in .sandpit/fuzz."
