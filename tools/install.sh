#!/usr/bin/env bash
# Installs what the tests need and the machine lacks: Debian's browsers and media tools, and the npm packages
# of the two lock files. Rust, Node 20, npm and gcc must be there; Rust's crates come with the build.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in cargo node npm cc git; do
    command -v "$tool" >/dev/null || { echo "install.sh: $tool is missing; install Rust, Node 20 with npm, gcc and git first" >&2; exit 1; }
done

# A package is missing when the command it is wanted for is.
packages=()
while read -r command package; do
    command -v "$command" >/dev/null || packages+=("$package")
done <<'NEEDED'
chromium chromium
firefox-esr firefox-esr
identify imagemagick
exiftool libimage-exiftool-perl
pdftotext poppler-utils
sqlite3 sqlite3
NEEDED

if [ "${#packages[@]}" -gt 0 ]; then
    sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "install.sh: neither root nor sudo; install by hand: ${packages[*]}" >&2; exit 1; }
        sudo=(sudo)
    fi
    echo "installing ${packages[*]}"
    "${sudo[@]}" apt-get update -q
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
fi

for folder in web tests/browser; do
    echo "npm ci in $folder"
    (cd "$folder" && npm ci --no-audit --no-fund)
done
