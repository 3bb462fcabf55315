#!/usr/bin/env bash
# Installs what the tests need and the machine lacks: Debian's browsers and media tools, and the npm packages
# of the two lock files. Rust, Node 20, npm, gcc, make and git must be there; Rust's crates come with the build.
# A tool is there when it can do what the tests ask of it (capable.sh), and not when a command has its name.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/capable.sh
source tools/capable.sh

for tool in cargo node npm cc make git; do
    command -v "$tool" >/dev/null ||
        { echo "install.sh: $tool is missing; install Rust, Node 20 with npm, gcc, make and git first" >&2; exit 1; }
done
node -e 'process.exit(+(Number(process.versions.node.split(".")[0]) < 20))' ||
    { echo "install.sh: Node $(node --version) is too old; install Node 20 or later" >&2; exit 1; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/mohr-install.XXXXXX")
trap 'rm -rf "$folder"' EXIT

# Runs every probe. Leaves the failed ones in `incapable`, their packages in `packages` and what they printed in files
# of their names.
probe_all() {
    incapable=() packages=()
    local probe wanted
    while read -r probe wanted; do
        scratch=$folder/scratch
        rm -rf "$scratch"
        mkdir "$scratch"
        if ! ("$probe") >"$folder/$probe" 2>&1 </dev/null; then
            incapable+=("$probe")
            read -ra wanted <<<"$wanted"
            packages+=("${wanted[@]}")
        fi
    done < <(needs)
}

probe_all
if [ "${#incapable[@]}" -gt 0 ]; then
    mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
    sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "install.sh: neither root nor sudo; install by hand: ${packages[*]}" >&2; exit 1; }
        sudo=(sudo)
    fi
    echo "this machine cannot yet: ${incapable[*]}"
    echo "installing ${packages[*]}"
    "${sudo[@]}" apt-get update -q
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
    probe_all
    if [ "${#incapable[@]}" -gt 0 ]; then
        for probe in "${incapable[@]}"; do
            echo "install.sh: still cannot: $probe (tools/capable.sh), with $(needs | sed -n "s/^$probe  *//p") installed. It printed:"
            tail -n 20 "$folder/$probe" | cut -c 1-500 | sed 's/^/    /'
        done >&2
        exit 1
    fi
fi
echo "every tool can do what the tests ask of it ($(needs | wc -l) probes)"

for project in web tests/browser; do
    echo "npm ci in $project"
    (cd "$project" && npm ci --no-audit --no-fund)
done
