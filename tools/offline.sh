#!/usr/bin/env bash
# Writes the list of files into a built site's service worker: offline.sh FOLDER. The list has each file's SHA-256, so a changed
# file makes a new version. Weights have their digest in their names and are only listed.
set -euo pipefail
cd "$1"
export LC_ALL=C
list() { find . -type f "$@" ! -name '*.br' ! -name '*.gz' ! -name sw.js -printf '%P\n' | sort; }
files=$(list ! -name '*.bpk' | tr '\n' '\0' | xargs -0 sha256sum | awk '{ printf "  \"%s\": \"%s\",\n", $2, $1 }')
weights=$(list -name '*.bpk' | awk '{ printf "  \"%s\",\n", $0 }')
# The worker's code without the lists.
code=$(awk '
  /^const (FILES|WEIGHTS|VERSION) = / { skip = !/;$/; next }
  skip { if (/^[}\]];/) skip = 0; next }
  { print }
' sw.js)
version=$(echo "$files$weights$code" | sha256sum | cut -c1-12)
FILES=$files WEIGHTS=$weights VERSION=$version awk '
  /^const FILES = / { print "const FILES = {\n" ENVIRON["FILES"] "\n};"; skip = !/};/; next }
  /^const WEIGHTS = / { print "const WEIGHTS = [\n" ENVIRON["WEIGHTS"] "\n];"; skip = !/\];/; next }
  /^const VERSION = / { print "const VERSION = \"" ENVIRON["VERSION"] "\";"; next }
  skip { if (/^[}\]];/) skip = 0; next }
  { print }
' sw.js > sw.js.new
mv sw.js.new sw.js
echo "offline: version $version, $(grep -c . <<< "$files") files, $(grep -c . <<< "$weights") networks"
