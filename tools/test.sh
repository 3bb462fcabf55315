#!/usr/bin/env bash
# Runs every test. Rust is built in the release profile alone: one set of artefacts, and the browser tests drive that
# very binary.
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/steps.sh

# Where cargo puts things, as an absolute path: the browser tests run in a folder of their own.
target=${CARGO_TARGET_DIR:-target}
[[ $target = /* ]] || target=$PWD/$target
browser_tests() { (cd tests/browser && MOHR_BIN="$target/release/mohr" npm test --silent); }

step "installing what is missing" tools/install.sh || finish tests
step "web/dist is what web/ builds" tools/check-dist.sh
step "web: types, lints, formatting" in_web check
step "web: unit tests" complete in_web test
step "rust: formatting" cargo fmt --check
step "rust: clippy" cargo clippy --locked --release --all-targets -- -D warnings
step "rust: documentation" rustdoc --release
if step "rust: build" cargo build --locked --release; then
    step "rust: tests" complete cargo test --locked --release
    step "browsers: Chromium and Firefox" complete browser_tests
else
    skip "rust: tests"
    skip "browsers: Chromium and Firefox"
fi
finish tests
