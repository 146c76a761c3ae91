#!/usr/bin/env bash
# Trunk's hook after a release build: wasm-opt, where there is one, takes a tenth off the page. (The engines are left:
# their Trunk links would want it too, and on their megabytes it takes minutes.)
set -euo pipefail
[ "${TRUNK_PROFILE:-}" = release ] && command -v wasm-opt >/dev/null || exit 0
for page in "$TRUNK_STAGING_DIR"/app-*_bg.wasm; do
  if wasm-opt -Oz --all-features "$page" -o "$page.small"; then mv "$page.small" "$page"; else rm -f "$page.small"; fi
done
