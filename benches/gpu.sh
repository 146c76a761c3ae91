#!/usr/bin/env bash
# Measures this project on a graphics card, beside its peers: `make bench-gpu`.
#
#   benches/gpu.sh run     build what is measured, measure it on this machine, and print one table in Markdown; the measurements
#                          take eight minutes at most
#   benches/gpu.sh pack    put into .tools/bench-gpu what a copy of this repository needs for that on a machine that has a card, the
#                          driver and Python with PyTorch, torchvision, onnx and numpy, but no compiler, browser or network: pieces of
#                          at most 60 MB, which `run` unpacks where there is no cargo
#
# FEATURES (gpu,cuda) are those of the native binary. CAMSCOPE_ADAPTER_FLAGS are Chromium's flags for the adapter.
set -euo pipefail
cd "$(dirname "$0")/.."
pack=.tools/bench-gpu
target=${CARGO_TARGET_DIR:-target}
features=${FEATURES:-gpu,cuda}

# Print the executable that Cargo builds with these arguments.
executable() {
  cargo "$@" --no-run --message-format json | grep -o '"executable":"[^"]*"' | tail -1 | cut -d '"' -f 4
}

build() {
  rm -rf "$pack/building"
  mkdir -p "$pack/building"
  cargo build --release --features "$features" --bin camscope
  install -s "$target/release/camscope" "$pack/building/camscope"
  for test in gpu tuned; do
    install -s "$(executable test --release --features "$features,autotune" --test $test)" "$pack/building/$test-tests"
  done
  install -s "$(executable bench --bench web)" "$pack/building/bench-web"
  rm -rf "$pack/native"
  mv "$pack/building" "$pack/native"
}

# Copy the libraries that programs load to a folder, without those that every system has.
libraries() {
  ldd "${@:2}" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
    grep -vE '/(libc|libm|libdl|libpthread|librt|libstdc\+\+|libgcc_s|ld-linux[^/]*)\.so' | xargs -r cp -Lt "$1"
}

pack() {
  rm -rf "$pack"
  build
  mkdir -p "$pack"/{browser/lib,debs,site}
  (cd "$pack/debs" && apt-get download -q chromium-headless-shell chromium-driver chromium-common libvulkan1 libegl1 libglvnd0)
  for deb in "$pack"/debs/*.deb; do dpkg -x "$deb" "$pack/unpacked"; done
  cp -r "$pack/unpacked/usr/lib/chromium/." "$pack/browser/"
  rm -rf "$pack/browser/locales"
  cp "$pack/unpacked/usr/bin/chromedriver" "$pack/browser/"
  cp -L "$pack"/unpacked/usr/lib/*/lib{vulkan,EGL,GLdispatch}.so.* "$pack/browser/lib/"
  libraries "$pack/browser/lib" "$pack/browser/chromium-headless-shell" "$pack/browser/chromedriver" "$pack/native/camscope"
  cp -r /etc/fonts "$pack/browser/fonts"
  cp "$(fc-match -f '%{file}' sans)" "$pack/browser/fonts/"
  cp -rL dist .tools/peers "$pack/site/"
  find "$pack/site" \( -name '*.br' -o -name '*.gz' \) -delete
  for piece in native browser site; do tar c -C "$pack" $piece | xz -T0 --x86 --lzma2=preset=6 > "$pack/$piece.tar.xz"; done
  rm -rf "$pack"/{debs,unpacked,native,browser,site}
  ls -l "$pack"
  if find "$pack" -size +60M | grep .; then echo "these pieces are larger than 60 MB" >&2; exit 1; fi
}

unpack() {
  for piece in native browser site; do
    [ ! -f "$pack/$piece.tar.xz" ] || { rm -rf "${pack:?}/$piece"; tar xJ -C "$pack" -f "$pack/$piece.tar.xz"; }
  done
  rm -rf dist .tools/peers
  cp -r "$pack/site/dist" dist
  cp -r "$pack/site/peers" .tools/peers
  local here=$PWD/$pack/browser
  mkdir -p "$here/bin" .tools/onnx/bin
  for program in chromium-headless-shell:chromium chromedriver:chromedriver; do
    # What the system has comes first.
    printf '#!/bin/sh\nLD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}%s/lib" exec "%s/%s" "$@"\n' "$here" "$here" \
      "${program%%:*}" > "$here/bin/${program##*:}"
  done
  printf '#!/bin/sh\nexec python3 "$@"\n' > .tools/onnx/bin/python
  chmod +x "$here"/bin/* .tools/onnx/bin/python
  sed -i "s#<fontconfig>#<fontconfig><dir>$here/fonts</dir>#" "$here/fonts/fonts.conf"
  export FONTCONFIG_PATH=$here/fonts PATH=$here/bin:$PATH CAMSCOPE_LIBRARIES=$here/lib
}

case ${1:-} in
  pack) pack ;;
  run)
    if command -v cargo >/dev/null; then build; else unpack; fi
    exec "${PYTHON:-python3}" benches/gpu.py "$pack/native"
    ;;
  *) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
