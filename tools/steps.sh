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
