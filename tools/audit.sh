#!/usr/bin/env bash
# Checks licences, sources and known vulnerabilities of all dependencies of the native binary and the page, and the workflows. Writes the
# software bills of materials of both into sbom/ (CycloneDX).
#   audit.sh [sbom]   with sbom: only the bills of materials
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PATH"

list() {
  local name=$1
  shift
  cargo cyclonedx --quiet --format json --spec-version 1.5 --override-filename "$name" "$@"
  mv "$name.json" sbom/
  rm -f crates/*/"$name.json" # one per package; the root's is complete
  for crate in burn image wgpu; do
    grep -q "\"name\": \"$crate\"" "sbom/$name.json" || { echo "sbom/$name.json does not name $crate" >&2; exit 1; }
  done
}

tools/setup.sh cyclonedx
mkdir -p sbom
list camscope-native --features gpu
list camscope-site --no-default-features --features "page engine gpu relaxed" --target wasm32-unknown-unknown
[ "${1:-}" != sbom ] || exit 0

tools/setup.sh deny zizmor
.tools/workflows/bin/zizmor --offline --quiet .github
check() { .tools/workflows/bin/check-jsonschema --builtin-schema "$@"; }
check vendor.github-workflows .github/workflows/*.yml
check vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
check vendor.dependabot .github/dependabot.yml

cargo deny --workspace check --hide-inclusion-graph licenses bans sources
if found=$(cargo deny --workspace check --hide-inclusion-graph advisories 2>&1); then
  tail -n 1 <<< "$found"
elif grep -q "failed to fetch advisory database" <<< "$found"; then
  echo "skipped: known faults; the database of advisories cannot be reached from here"
else
  echo "$found" >&2
  exit 1
fi
