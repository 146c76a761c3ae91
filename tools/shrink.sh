#!/usr/bin/env bash
# Trunk's hook after a release build. It shrinks the page's program by a tenth with wasm-opt if that is installed (the engines would take
# minutes), writes the page of licences, lists the files in the service worker, and compresses every file with node for servers that
# send compressed files. With QUICK=1, which `make serve` sets, it only updates the service worker.
set -euo pipefail
[ "${TRUNK_PROFILE:-}" = release ] || exit 0
here=$(dirname "$0")
if [ "${QUICK:-}" = 1 ]; then
  echo '<!doctype html><title>Licences</title><p>make build makes this page.</p>' > "$TRUNK_STAGING_DIR/licences.html"
  exec "$here/offline.sh" "$TRUNK_STAGING_DIR"
fi
if command -v wasm-opt >/dev/null; then
  # Features that rustc's code uses; `--all-features` would allow features that no browser has yet.
  features=(bulk-memory multivalue mutable-globals nontrapping-float-to-int reference-types sign-ext simd)
  for page in "$TRUNK_STAGING_DIR"/page-*_bg.wasm; do
    if wasm-opt --merge-similar-functions -Oz --converge "${features[@]/#/--enable-}" "$page" -o "$page.small"; then mv "$page.small" "$page"; else rm -f "$page.small"; fi
  done
fi
# The page of licences is made once per set of crates, because reading their texts takes a minute.
page=".tools/licences-$(cat Cargo.lock "$here"/licences.hbs "$here"/about.toml | sha256sum | cut -c1-12).html"
if [ ! -f "$page" ]; then
  cargo about -L error generate --offline --locked -c "$here/about.toml" --no-default-features \
    --features "page engine gpu relaxed" "$here/licences.hbs" -o "$page.new"
  mv "$page.new" "$page"
fi
cp "$page" "$TRUNK_STAGING_DIR/licences.html"
"$here/offline.sh" "$TRUNK_STAGING_DIR"
if command -v node >/dev/null; then
  node "$here/compress.mjs" "$TRUNK_STAGING_DIR"
else
  echo "no node on the PATH: dist/ goes without .br and .gz files"
fi
