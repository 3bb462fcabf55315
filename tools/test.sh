#!/usr/bin/env bash
# Runs every test. A step that fails does not hide what comes after it, unless that needs the step.
# Rust is built in the release profile alone: one set of artefacts, and the browser tests drive that very binary.
set -uo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"

summary=()
failed=0

# step NAME COMMAND…
step() {
    local name=$1 start=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if "$@"; then
        summary+=("ok      $(printf '%4d' $((SECONDS - start))) s  $name")
    else
        summary+=("FAILED  $(printf '%4d' $((SECONDS - start))) s  $name")
        failed=1
        return 1
    fi
}

skip() {
    summary+=("skipped          $1")
}

finish() {
    printf '\n== Summary (%d min %d s)\n' $((SECONDS / 60)) $((SECONDS % 60))
    printf '%s\n' "${summary[@]}"
    if [ "$failed" -eq 0 ]; then echo "All tests passed."; else echo "Some tests FAILED."; fi
    exit "$failed"
}

in_web() { (cd web && npm run --silent "$@"); }
# Where cargo puts things, as an absolute path: the browser tests run in a folder of their own.
target=${CARGO_TARGET_DIR:-target}
[[ $target = /* ]] || target=$PWD/$target
browser_tests() { (cd tests/browser && MOHR_BIN="$target/release/mohr" npm test --silent); }

step "installing what is missing" tools/install.sh || finish
step "web/dist is what web/ builds" tools/check-dist.sh
step "web: types, lints, formatting" in_web check
step "web: unit tests" in_web test
step "rust: formatting" cargo fmt --check
step "rust: clippy" cargo clippy --locked --release --all-targets -- -D warnings
if step "rust: build" cargo build --locked --release; then
    step "rust: tests" cargo test --locked --release
    step "browsers: Chromium and Firefox" browser_tests
else
    skip "rust: tests"
    skip "browsers: Chromium and Firefox"
fi
finish
