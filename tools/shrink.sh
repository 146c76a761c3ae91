#!/usr/bin/env bash
# Trunk's hook after a release build: wasm-opt, where there is one, takes a tenth off the page, the licences of all that it is made of
# become a page, the service worker learns the files, and node packs every file for servers that hand out packed ones. (wasm-opt leaves
# the engines alone: on their megabytes it takes minutes.) With QUICK=1, as `make serve` has it, only the service worker is seen to.
set -euo pipefail
[ "${TRUNK_PROFILE:-}" = release ] || exit 0
here=$(dirname "$0")
if [ "${QUICK:-}" = 1 ]; then
  echo '<!doctype html><title>Licences</title><p>make build makes this page.</p>' > "$TRUNK_STAGING_DIR/licences.html"
  exec "$here/offline.sh" "$TRUNK_STAGING_DIR"
fi
if command -v wasm-opt >/dev/null; then
  # What rustc's code may hold; `--all-features` would let in what no browser knows yet.
  features=(bulk-memory multivalue mutable-globals nontrapping-float-to-int reference-types sign-ext simd)
  for page in "$TRUNK_STAGING_DIR"/{app-*,words,check,teach,about}_bg.wasm; do
    if wasm-opt --merge-similar-functions -Oz --converge "${features[@]/#/--enable-}" "$page" -o "$page.small"; then mv "$page.small" "$page"; else rm -f "$page.small"; fi
  done
fi
# The page of licences, made once for a set of crates: reading their texts takes a minute.
page=".tools/licences-$(cat Cargo.lock "$here"/licences.hbs "$here"/about.toml | sha256sum | cut -c1-12).html"
if [ ! -f "$page" ]; then
  cargo about -L error generate --offline --locked -c "$here/about.toml" --no-default-features \
    --features "app words check teach about engine gpu relaxed" "$here/licences.hbs" -o "$page.new"
  mv "$page.new" "$page"
fi
cp "$page" "$TRUNK_STAGING_DIR/licences.html"
"$here/offline.sh" "$TRUNK_STAGING_DIR"
if command -v node >/dev/null; then
  node "$here/compress.mjs" "$TRUNK_STAGING_DIR"
else
  echo "no node on the PATH: dist/ goes without .br and .gz files"
fi
