#!/usr/bin/env bash
# Prepares the code runtime that sandboxes see at /opt/sandpit: a Python with ipykernel, numpy, pandas and
# matplotlib, and deno with its Jupyter kernel. Made once, and again only when what it is made from changes.
# Usage: setup/runtime.sh [FOLDER]
set -euo pipefail
. "$(dirname "$0")/steps.sh"

here=$(cd "$(dirname "$0")" && pwd)
target=${1:-${SANDPIT_RUNTIME:-$(data_dir)/runtime}}
# The system's Python: a sandbox sees /usr, and no interpreter under a home folder.
python=/usr/bin/python3
lock=$(hash_of "$here/runtime.lock" "$here/ipykernel_quick.py" "$0")-$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

is_done "$target/.made-from" "$lock" && { echo "$target"; exit 0; }

new=$target.new.$$
trap 'rm -rf "$new"' EXIT
count=$(grep -c . "$here/runtime.lock")
say "Preparing the code runtime: Python and JavaScript kernels, $count packages (once, about 370 MB)" >&2
mkdir -p "$(dirname "$target")"
"$python" -m venv "$new" || fail "Python cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv"
progress() { awk -v n="$count" '/^Collecting/ && ++i % 10 == 0 { printf "  %d of %d packages\n", i, n; fflush() }
                                /^Installing/ { print "  installing"; fflush() }' >&2; }
PIP_USER=0 "$new/bin/python3" -m pip install --disable-pip-version-check --no-input --progress-bar off \
  -r "$here/runtime.lock" | progress

# Its home is /opt/sandpit, whatever folder it was made in.
grep -rlIZ "^#!$new/bin/python" "$new/bin" | xargs -0 -r sed -i "1s|^#!$new/bin/python[0-9.]*|#!/opt/sandpit/bin/python3|"
rm -f "$new"/bin/activate* "$new"/bin/Activate.ps1

# argv[0] is looked up in PATH, so that a package a user installed in the sandbox is seen by the kernel too.
# IPython's history of all sessions is a database on disk that nothing here asks; writing it is a third of a small run.
mkdir -p "$new/share/jupyter/kernels/python3" "$new/share/jupyter/kernels/deno"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
cat > "$new/share/jupyter/kernels/python3/kernel.json" <<JSON
{"argv": ["python3", "{resource_dir}/ipykernel_quick.py", "-f", "{connection_file}", "--HistoryManager.enabled=False"],
 "display_name": "Python $version", "language": "python", "interrupt_mode": "signal"}
JSON
cp "$here/ipykernel_quick.py" "$new/share/jupyter/kernels/python3/"
cat > "$new/share/jupyter/kernels/deno/kernel.json" <<'JSON'
{"argv": ["deno", "jupyter", "--kernel", "--conn", "{connection_file}"],
 "display_name": "TypeScript · Deno", "language": "typescript", "interrupt_mode": "signal"}
JSON

# What a new sandbox's home starts from: ~/.local is a layer over the runtime, so that `pip install` and
# `npm install -g` work as a user, also to replace a package that the runtime brings.
site=lib/python$version/site-packages
mkdir -p "$new/skel/.local/bin" "$new/skel/.local/$site"
printf 'home = /usr/bin\ninclude-system-site-packages = false\n' > "$new/skel/.local/pyvenv.cfg"
ln -s /usr/bin/python3 "$new/skel/.local/bin/python3"
ln -s python3 "$new/skel/.local/bin/python"
for pip in pip pip3; do
  printf '#!/home/sandpit/.local/bin/python3\nimport sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n' > "$new/skel/.local/bin/$pip"
  chmod 755 "$new/skel/.local/bin/$pip"
done
echo "/opt/sandpit/$site" > "$new/skel/.local/$site/sandpit.pth"
printf 'prefix=${HOME}/.local\nupdate-notifier=false\nfund=false\n' > "$new/skel/.npmrc"

# The list of fonts takes matplotlib a second to make; a new home brings it along.
MPLCONFIGDIR="$new/skel/.cache/matplotlib" "$new/bin/python3" -c 'import matplotlib.font_manager' 2>/dev/null

# Bytecode now, since the folder is read-only in a sandbox.
"$new/bin/python3" -m compileall -q -j 0 "$new/lib" >/dev/null || true
"$new/bin/python3" -c 'import ipykernel, numpy, pandas, matplotlib.pyplot' || fail "The code runtime does not import what it should."
"$new/bin/deno" --version >/dev/null || fail "deno does not start."

echo "$lock" > "$new/.made-from"
rm -rf "$target"
mv "$new" "$target"
say "The code runtime is ready" >&2
echo "$target"
