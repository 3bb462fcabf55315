#!/usr/bin/env bash
# What can be known in a minute, in the dev profile: types, lints, unit tests, and the tests that read our own sources
# and documents. The tests against a running server and the browsers are left to test.sh and one.sh.
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/steps.sh

step "rust: formatting" cargo fmt --check
step "rust: clippy" cargo clippy --locked --all-targets -- -D warnings
step "rust: documentation" rustdoc
step "rust: unit tests" cargo test --locked --quiet --lib
step "rust: layers and documents" cargo test --locked --quiet --test it -- layering:: documents:: prose::
if [ -d web/node_modules ]; then
    step "web: types" in_web check
    step "web: unit tests" in_web test
else
    failed=1
    skip "web: run tools/install.sh once, then again"
fi
finish checks
