#!/usr/bin/env bash
# Judges the dependency graph by deny.toml: known vulnerabilities, licences, bans, sources. The RustSec database
# is fetched; where it cannot be, the copy in ../shared/advisory-db is used, and the output says which it was.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
copy=../shared/advisory-db
cache="${XDG_CACHE_HOME:-$HOME/.cache}/mohr/advisory-dbs"

if [ "$(cargo deny --version 2>/dev/null)" != "cargo-deny $version" ]; then
    cargo install cargo-deny --locked --version "$version"
fi

if timeout 120 cargo deny fetch db; then
    echo "audit.sh: using the RustSec database, fetched just now"
    exec cargo deny check
fi

if [ ! -d "$copy/crates" ]; then
    echo "audit.sh: the RustSec database cannot be fetched, and there is no copy in $copy: nothing was audited" >&2
    exit 1
fi

# cargo-deny looks for a clone in a folder named after the database's address: its last segment and the 64-bit
# xxHash of the whole, in lower case. Its age is the clone's, so the copy's own age is told below.
clone="$cache/advisory-db-3157b0e258782691"
rm -rf "$clone"
mkdir -p "$clone"
cp -R "$copy/crates" "$clone/"
chmod -R u+w "$clone"
git -C "$clone" init -q
git -C "$clone" add -A
git -C "$clone" -c user.name=mohr -c user.email=mohr@localhost -c commit.gpgsign=false \
    commit -q --no-verify -m "Copy of the RustSec advisory database"

config=$(mktemp "${TMPDIR:-/tmp}/mohr-deny.XXXXXX.toml")
trap 'rm -f "$config"' EXIT
awk -v path="$cache" '{ print } /^\[advisories\]$/ { print "db-path = \"" path "\"" }' deny.toml > "$config"

newest=$(grep -rhoE '^date = "[0-9]{4}-[0-9]{2}-[0-9]{2}"' "$clone/crates" | grep -oE '[0-9-]{10}' | sort | tail -n 1)
echo "audit.sh: the RustSec database cannot be fetched; using the copy in $copy" \
    "($(find "$clone/crates" -name 'RUSTSEC-*.md' | wc -l) advisories, the newest of $newest)"

# --offline keeps cargo-deny from fetching again; what the graph needs is fetched here.
cargo fetch --locked
cargo deny --offline --config "$config" check
