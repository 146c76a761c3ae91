#!/usr/bin/env bash
# Builds the site a second time, from a clone in another folder and with all crates recompiled, and compares every file with dist/.
# REPRODUCE_TARGET names a folder in which the compiled crates are kept.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -z "$(git status --porcelain -- index.html trunk.toml Cargo.toml Cargo.lock .cargo src crates www tools)" ] ||
  { echo "reproduce: commit first; the clone has only what is committed" >&2; exit 1; }
[ -f dist/index.html ] || { echo "reproduce: there is no dist/; run: make build" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet . "$folder/camscope"
# The clone uses the same fetched tools, weights and photos.
mkdir "$folder/camscope/.tools"
for tool in "$PWD"/.tools/*; do [ "${tool##*/}" = site-built ] || ln -s "$tool" "$folder/camscope/.tools/"; done
cp -r www/photos "$folder/camscope/www/"
cp www/models/* "$folder/camscope/www/models/"
(
  cd "$folder/camscope"
  export CARGO_TARGET_DIR=${REPRODUCE_TARGET:-$folder/target} PATH="$PWD/.tools/bin:$PATH"
  env -u NO_COLOR trunk build --release --config trunk.toml
)
sums() { (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }
diff <(sums dist) <(sums "$folder/camscope/dist") || { echo "reproduce: these files differ" >&2; exit 1; }
echo "reproduce: $(sums dist | wc -l) files are the same; all together $(sums dist | sha256sum | cut -c1-16)"
