#!/usr/bin/env bash
# Builds the site in dist/ by Trunk, unless it is newer than all that it is made of.
set -euo pipefail
cd "$(dirname "$0")/.."
built=.tools/site-built
sources=(index.html trunk.toml Cargo.toml Cargo.lock .cargo src crates/kernels www tools/shrink.sh tools/offline.sh)
if [ -f dist/index.html ] && [ -f $built ] && [ -z "$(find "${sources[@]}" -newer $built)" ]; then
  echo "dist/ is up to date"
  exit
fi
rm -f $built
# The stamp takes the time the build began, so that an edit made during it counts as newer.
touch $built.begun
# Trunk takes the value of NO_COLOR for a boolean and stops at "1". It finds its own config only under the name Trunk.toml.
env -u NO_COLOR trunk build --release --config trunk.toml
grep -q '\./app[^/]*\.js' dist/index.html ||
  { echo "dist/index.html has no relative link to the page's script: Trunk did not read trunk.toml" >&2; exit 1; }
mv $built.begun $built
