#!/usr/bin/env bash
# Fetches what the project needs and leaves alone what is there and right.
# Usage: tools/setup.sh [rust|trunk|wasm-opt|models|photos|browser|firefox|fonts|vulkan|nginx|axe|deny|about|fuzz|cyclonedx|zizmor]...   (nothing named: all, in this order)
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/camscope"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"
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

fail() { echo "setup: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null; }

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

# Version of the tool $1, empty when it is missing. (Trunk stops at NO_COLOR=1.)
version_of() { env -u NO_COLOR "$1" --version 2>/dev/null | cut -d' ' -f2 || true; }

# Built for a fast build, not for a fast tool; the shared target folder makes it a mere relink for the next clone.
install_tool() {
  local minutes=$1 crate=$2 version=$3
  shift 3
  echo "setup: building $crate $version into .tools/ (about $minutes minutes on two cores the first time)"
  SECONDS=0
  CARGO_TARGET_DIR="$cache/tools" CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo install "$crate" --version "$version" --no-default-features --force --root .tools --quiet "$@"
  echo "setup: $crate took $SECONDS s"
}

setup_trunk() {
  local bindgen
  bindgen=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/"/, "", $3); print $3 }' Cargo.lock)
  [ -n "$bindgen" ] || fail "Cargo.lock names no wasm-bindgen."
  # --locked fails for the one (its lock names a crate the registry lacks), its absence for the other.
  [ "$(version_of wasm-bindgen)" = "$bindgen" ] || install_tool 3 wasm-bindgen-cli "$bindgen"
  [ "$(version_of trunk)" = "$trunk_version" ] || install_tool 5 trunk "$trunk_version" --locked
}

setup_wasm_opt() {
  have wasm-opt && return
  if ! have npm; then
    echo "setup: no wasm-opt and no npm on the PATH; going on without (the page's code stays a tenth larger)"
    return
  fi
  echo "setup: installing wasm-opt (npm's binaryen $binaryen_version) into .tools/"
  npm install --silent --no-fund --no-audit --prefix .tools/npm "binaryen@$binaryen_version" &&
    ln -sf ../npm/node_modules/.bin/wasm-opt .tools/bin/wasm-opt ||
    echo "setup: npm could not install it; going on without"
}

setup_models() { python3 -B tools/models.py "$CARGO_TARGET_DIR/release/camscope"; }

setup_photos() { python3 -B tools/photos.py; }

has_browser() {
  have chromedriver && { have chromium || have chromium-browser || have google-chrome; }
}

setup_browser() {
  has_browser && return
  local hint="the browser tests need Chromium and ChromeDriver on the PATH"
  have apt-get || fail "$hint; install both with your system's packages."
  [ "$(id -u)" = 0 ] || fail "$hint; run: sudo apt-get install chromium chromium-driver"
  echo "setup: installing Debian's chromium and chromium-driver"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null
  has_browser || fail "$hint; apt-get installed its packages but they are not there."
}

# The second browser of the tests.
setup_firefox() {
  if ! have firefox-esr && ! have firefox; then
    try_debian "no Firefox is here; its tests will be skipped" firefox-esr
  fi
  if have firefox-esr || have firefox; then
    have geckodriver || install_tool 3 geckodriver "$geckodriver_version" --locked
  fi
}

# Debian's packages (all but the first word) where they can be had, else what goes without them (the first).
try_debian() {
  local hint=$1
  shift
  if ! have apt-get || [ "$(id -u)" != 0 ]; then
    echo "setup: $hint (Debian: $*)"
    return
  fi
  echo "setup: installing Debian's $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # Only programs are wanted, not servers that run from now on.
  RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@" >/dev/null || echo "setup: $hint"
}

# An adapter made of software for the tests of the graphics kernels, where there is no other.
setup_vulkan() {
  local drivers=(/usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json)
  for driver in "${drivers[@]}"; do [ -e "$driver" ] && return; done
  try_debian "no Vulkan driver is here; the graphics kernels' tests will be skipped" mesa-vulkan-drivers libvulkan1
}

# For the pictures of the page in Korean.
setup_fonts() {
  fc-list :lang=ko 2>/dev/null | grep -q . || try_debian "no Korean font is here; pictures of the page in Korean will show boxes" fonts-nanum fontconfig
}

# For the test of docs/deploy.md.
setup_nginx() { have nginx || try_debian "no nginx is here; the test of docs/deploy.md will be skipped" nginx-light; }

# The rules of accessibility that the browser tests hold the page to.
setup_axe() {
  [ -f .tools/axe/node_modules/axe-core/axe.min.js ] && return
  have npm || fail "the browser tests need axe-core, which npm brings; install Node.js."
  echo "setup: installing npm's axe-core $axe_version into .tools/"
  npm install --silent --no-fund --no-audit --prefix .tools/axe "axe-core@$axe_version"
}

# Looks at licences, sources and known faults of what the project is built with.
setup_deny() { [ "$(version_of cargo-deny)" = "$deny_version" ] || install_tool 6 cargo-deny "$deny_version" --locked; }

# Gathers the licences of what the site is made of, for its page of licences.
setup_about() { [ "$(version_of cargo-about)" = "$about_version" ] || install_tool 3 cargo-about "$about_version" --locked --features cli; }

# Runs libFuzzer on what reads files from outside.
setup_fuzz() { [ "$(version_of cargo-fuzz)" = "$fuzz_version" ] || install_tool 2 cargo-fuzz "$fuzz_version" --locked; }

# Lists what the programs are made of, for machines (a software bill of materials).
setup_cyclonedx() {
  [ "$(cargo cyclonedx --version 2>/dev/null | cut -d' ' -f2)" = "$cyclonedx_version" ] || install_tool 2 cargo-cyclonedx "$cyclonedx_version" --locked
}

# Look at the workflows under .github: what could be misused, and whether they are written as they must be.
setup_zizmor() {
  [ "$(.tools/workflows/bin/zizmor --version 2>/dev/null | cut -d' ' -f2)" = "$zizmor_version" ] && return
  echo "setup: installing zizmor $zizmor_version and check-jsonschema $schemas_version (PyPI) into .tools/"
  python3 -m venv .tools/workflows
  .tools/workflows/bin/pip install -q --disable-pip-version-check "zizmor==$zizmor_version" "check-jsonschema==$schemas_version"
}

[ $# -gt 0 ] || set -- rust trunk wasm-opt models photos browser firefox fonts vulkan nginx axe deny about fuzz cyclonedx zizmor
for step in "$@"; do
  case "$step" in
    rust | trunk | wasm-opt | models | photos | browser | firefox | fonts | vulkan | nginx | axe | deny | about | fuzz | cyclonedx | zizmor) "setup_${step/-/_}" ;;
    *) fail "no step is called '$step'; there are rust, trunk, wasm-opt, models, photos, browser, firefox, fonts, vulkan, nginx, axe, deny, about, fuzz, cyclonedx, zizmor." ;;
  esac
done
