#!/usr/bin/env bash
# Runs the tests whose name contains a word: Rust tests by module, file or function, transcripts and tests of web/ and
# of the browsers by file or title. Rust in the dev profile; the browsers drive that binary.
set -euo pipefail
cd "$(dirname "$0")/.."

word=${1:-}
if [ -z "$word" ]; then
    echo "one.sh: which one? make one T=journey" >&2
    exit 2
fi
path=${word//:://}
function=${word##*::}
found=0
failed=0

run() {
    found=1
    printf '\n== %s\n' "$*"
    "$@" || failed=1
}

# Files below FOLDER whose name or one of whose test's titles contains the word.
files() {
    local folder=$1
    find "$folder" \( -name node_modules -o -name dist \) -prune -o -name '*.test.*' -print | sort | while read -r file; do
        if [[ ${file##*/} = *"$word"* ]] || grep -E "^ *(test|it|describe)\(" "$file" | grep -qF "$word"; then
            echo "$file"
        fi
    done
}

# rust TARGET… -- FILE…: the target's tests if one of its files has the word in its path or in a test's name.
rust() {
    local target=()
    while [ "$1" != -- ]; do target+=("$1"); shift; done
    shift
    if printf '%s\n' "$@" | grep -qF -- "$path" || grep -qE "^ *fn \w*$function" "$@"; then
        run cargo test --locked --quiet "${target[@]}" -- "$word"
    fi
}

mapfile -t sources < <(find src -name '*.rs')
mapfile -t integration < <(find tests/it tests/cli -name '*.rs' -o -name '*.txt')
rust --lib -- "${sources[@]}"
rust --test it -- "${integration[@]}"
for file in tests/*.rs; do
    name=$(basename "$file" .rs)
    if [[ $name = *"$word"* ]]; then
        run cargo test --locked --quiet --test "$name"
    else
        rust --test "$name" -- "$file"
    fi
done

mapfile -t web < <(files web)
if [ "${#web[@]}" -gt 0 ]; then
    run npm --prefix web run --silent test -- "${web[@]##*/}"
fi

mapfile -t browser < <(files tests/browser)
if [ "${#browser[@]}" -gt 0 ]; then
    run cargo build --locked --quiet --bins --example age-speed
    target=${CARGO_TARGET_DIR:-target}
    [[ $target = /* ]] || target=$PWD/$target
    export MOHR_BIN=$target/debug/mohr
    run node --test --test-reporter=spec --test-timeout=900000 "${browser[@]}"
fi

if [ "$found" -eq 0 ]; then
    echo "one.sh: no test's name contains $word" >&2
    exit 2
fi
exit "$failed"
