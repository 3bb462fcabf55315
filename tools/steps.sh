# Steps and their summary, for check.sh and test.sh, which source this. A step that fails does not hide what comes after
# it, unless that needs the step.
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

# complete COMMAND…: runs tests, none of which may leave itself out. What was not run is not proved.
complete() {
    local log status=0
    log=$(mktemp)
    "$@" 2>&1 | tee "$log"
    [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
    # As Node's runner sums up, and as Rust's does.
    if grep -E '^(ℹ|#) (skipped|todo|cancelled) [1-9]|^test result: .* [1-9][0-9]* ignored' "$log"; then
        echo "tests were left out" >&2
        status=1
    fi
    rm -f "$log"
    return "$status"
}

skip() {
    summary+=("skipped          $1")
}

# finish WHAT, such as "tests"
finish() {
    printf '\n== Summary (%d min %d s)\n' $((SECONDS / 60)) $((SECONDS % 60))
    printf '%s\n' "${summary[@]}"
    if [ "$failed" -eq 0 ]; then echo "All $1 passed."; else echo "Some $1 FAILED."; fi
    exit "$failed"
}

in_web() { (cd web && npm run --silent "$@"); }
rustdoc() { RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items "$@"; }
