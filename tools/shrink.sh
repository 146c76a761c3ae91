#!/usr/bin/env bash
# Trunk's hook after a release build: wasm-opt, where there is one, takes a tenth off the page, the service worker learns the
# files, and node packs every file for servers that hand out packed ones. (The engines are left by wasm-opt: on their megabytes it takes minutes.)
set -euo pipefail
[ "${TRUNK_PROFILE:-}" = release ] || exit 0
if command -v wasm-opt >/dev/null; then
  # What rustc's code may hold; `--all-features` would let in what no browser knows yet.
  features=(bulk-memory multivalue mutable-globals nontrapping-float-to-int reference-types sign-ext simd)
  for page in "$TRUNK_STAGING_DIR"/{app-*,words,check,teach,about}_bg.wasm; do
    if wasm-opt --merge-similar-functions -Oz --converge "${features[@]/#/--enable-}" "$page" -o "$page.small"; then mv "$page.small" "$page"; else rm -f "$page.small"; fi
  done
fi
"$(dirname "$0")/offline.sh" "$TRUNK_STAGING_DIR"
if command -v node >/dev/null; then
  node "$(dirname "$0")/compress.mjs" "$TRUNK_STAGING_DIR"
else
  echo "no node on the PATH: dist/ goes without .br and .gz files"
fi
