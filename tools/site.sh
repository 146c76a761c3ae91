#!/usr/bin/env bash
# Builds the site in dist/ with Trunk, unless it is newer than all its sources.
set -euo pipefail
cd "$(dirname "$0")/.."
built=.tools/site-built
sources=(index.html trunk.toml Cargo.toml Cargo.lock .cargo src crates/kernels www tools/shrink.sh tools/offline.sh)
if [ -f dist/index.html ] && [ -f $built ] && [ -z "$(find "${sources[@]}" -newer $built)" ]; then
  echo "dist/ is up to date"
  exit
fi
rm -f $built
# The stamp has the time at which the build began, so an edit during the build counts as newer.
touch $built.begun
# Trunk parses the value of NO_COLOR as a boolean and stops at "1". By itself it finds only a config named Trunk.toml.
env -u NO_COLOR trunk build --release --config trunk.toml
grep -q '"\./page-[^/]*\.js"' dist/index.html ||
  { echo "dist/index.html has no relative link to the page's script: Trunk did not read trunk.toml" >&2; exit 1; }
mv $built.begun $built
