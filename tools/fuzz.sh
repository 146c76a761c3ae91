#!/usr/bin/env bash
# Fuzzes the readers of photos and checkpoints with libFuzzer: fuzz.sh [SECONDS_EACH]
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PATH"
# Allows unstable options in the stable compiler, so that no second toolchain is needed.
export RUSTC_BOOTSTRAP=1
target=${CARGO_TARGET_DIR:-fuzz/target}
tools/setup.sh fuzz
cargo fuzz build
"$target/$(rustc -vV | sed -n 's/^host: //p')/release/seeds" fuzz/seeds
tar xzf fuzz/corpus.tar.gz -C fuzz --skip-old-files
for reader in photo checkpoint; do
  cargo fuzz run "$reader" "fuzz/corpus/$reader" "fuzz/seeds/$reader" -- \
    -max_total_time="${1:-60}" -max_len=65536 -rss_limit_mb=4096 -timeout=60 -print_final_stats=1
done
