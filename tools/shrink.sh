#!/usr/bin/env bash
# Trunk's hook after a release build: wasm-opt, where there is one, takes a tenth off the page. (The engines are left:
# their Trunk links would want it too, and on their megabytes it takes minutes.)
set -euo pipefail
[ "${TRUNK_PROFILE:-}" = release ] && command -v wasm-opt >/dev/null || exit 0
# What rustc's code may hold; `--all-features` would let in what no browser knows yet.
features=(bulk-memory multivalue mutable-globals nontrapping-float-to-int reference-types sign-ext simd)
for page in "$TRUNK_STAGING_DIR"/{app-*,check,teach,about}_bg.wasm; do
  if wasm-opt --merge-similar-functions -Oz --converge "${features[@]/#/--enable-}" "$page" -o "$page.small"; then mv "$page.small" "$page"; else rm -f "$page.small"; fi
done
