#!/usr/bin/env bash
# Measures this project on a graphics card, beside its peers: `make bench-gpu`.
#
#   benches/gpu.sh run     measure on this machine what is built, and print one table in Markdown; eight minutes at most
#   benches/gpu.sh pack    put into .tools/bench-gpu what a copy of this repository needs for that on a machine that has a card, the
#                          driver and Python with PyTorch, onnx and numpy, but no compiler, no browser and no network: pieces of at
#                          most 60 MB, which `run` unpacks
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
  mkdir -p $pack/native
  cargo build --release --features "$features" --bin camscope
  install -s "$target/release/camscope" $pack/native/camscope
  install -s "$(executable test --release --features "$features" --test gpu)" $pack/native/gpu-tests
  install -s "$(executable bench --bench web)" $pack/native/bench-web
}

# Copy the libraries that programs load to a folder, without those that belong to the system itself.
libraries() {
  ldd "${@:2}" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
    grep -vE '/(libc|libm|libdl|libpthread|librt|ld-linux[^/]*)\.so' | xargs -r cp -Lt "$1"
}

pack() {
  rm -rf $pack
  build
  mkdir -p $pack/browser/lib $pack/debs $pack/site
  (cd $pack/debs && apt-get download -q chromium-headless-shell chromium-driver chromium-common libvulkan1 libegl1 libglvnd0)
  for deb in $pack/debs/*.deb; do dpkg -x "$deb" $pack/unpacked; done
  cp -r $pack/unpacked/usr/lib/chromium/. $pack/browser/
  rm -rf $pack/browser/locales
  cp $pack/unpacked/usr/bin/chromedriver $pack/browser/
  cp -L $pack/unpacked/usr/lib/*/lib{vulkan,EGL,GLdispatch}.so.* $pack/browser/lib/
  libraries $pack/browser/lib $pack/browser/chromium-headless-shell $pack/browser/chromedriver $pack/native/camscope
  cp -r /etc/fonts $pack/browser/fonts
  cp "$(fc-match -f '%{file}' sans)" $pack/browser/
  cp -rL dist .tools/peers $pack/site/
  find $pack/site -name '*.br' -delete -o -name '*.gz' -delete
  for piece in native browser site; do tar c -C $pack $piece | xz -T0 --x86 --lzma2=preset=6 > $pack/$piece.tar.xz; done
  rm -rf $pack/{debs,unpacked,native,browser,site}
  ls -l $pack
  find $pack -size +60M | grep . && { echo "a piece is larger than 60 MB: carry it in parts"; exit 1; } || true
}

unpack() {
  for piece in native browser site; do
    [ -d $pack/$piece ] || [ ! -f $pack/$piece.tar.xz ] || tar xJ -C $pack -f $pack/$piece.tar.xz
  done
  [ ! -d $pack/site ] || { rm -rf dist .tools/peers; mkdir -p .tools; cp -r $pack/site/dist dist; cp -r $pack/site/peers .tools/peers; }
  [ -d $pack/browser ] || return 0
  local here=$PWD/$pack/browser
  mkdir -p "$here/bin" .tools/onnx/bin /etc/fonts
  [ -f /etc/fonts/fonts.conf ] || cp -r "$here"/fonts/. /etc/fonts/
  mkdir -p ~/.local/share/fonts && cp "$here"/*.ttf ~/.local/share/fonts/ 2>/dev/null || true
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s/lib exec %s/chromium-headless-shell "$@"\n' "$here" "$here" > "$here/bin/chromium"
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s/lib exec %s/chromedriver "$@"\n' "$here" "$here" > "$here/bin/chromedriver"
  [ -e .tools/onnx/bin/python ] || printf '#!/bin/sh\nexec python3 "$@"\n' > .tools/onnx/bin/python
  chmod +x "$here"/bin/* .tools/onnx/bin/python
  export PATH=$here/bin:$PATH
}

case ${1:-run} in
  pack) pack ;;
  run)
    [ -d $pack/native ] || [ -f $pack/native.tar.xz ] || build
    unpack
    # Libraries of the system come first; those that were packed fill the gaps.
    export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}${LD_LIBRARY_PATH:+:}$PWD/$pack/browser/lib
    exec "${PYTHON:-python3}" benches/gpu.py $pack/native
    ;;
  *) sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
