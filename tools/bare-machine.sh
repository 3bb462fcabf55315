#!/usr/bin/env bash
# Proves the README's two commands on a machine that has nothing but Debian 12, Rust, Node, gcc, make and git: a new root,
# which sees nothing of this machine's /usr, and in it a clone of HEAD. Before each release.
#
#   tools/bare-machine.sh [FOLDER]      as root; FOLDER, where the root is made, must be empty or absent
#                                       [default: a new temporary folder]
#   KEEP=1 tools/bare-machine.sh        leaves the root where it is
#
# Needs debootstrap. What leads to the registries of Debian, Rust and npm from here (mirrors, proxies, certificates) is read
# from this machine's configuration and goes along into the root; cargo's credentials and npm's tokens stay here. It takes
# about 8 GB of disk. All that it mounts and starts ends with it, however it ends: both are in namespaces of their own.
set -euo pipefail
asked=${1:+$(realpath -m "$1")}
cd "$(dirname "$0")/.."

RELEASE=bookworm
HOME_INSIDE=/root
CLONE=$HOME_INSIDE/mohr

summary=()
running=

main() {
    check_host
    make_folder "$asked"
    trap clean_up EXIT
    trap 'exit 130' INT TERM HUP
    echo "== a bare root in $root"
    bootstrap
    bring_configuration
    bring_rust
    bring_node
    bring_clone
    write_commands
    assert_bare
    local failed=0
    prove "cargo run --release -- demo" "$HOME_INSIDE/demo.sh" || failed=1
    prove "make test" "$HOME_INSIDE/make-test.sh" || failed=1
    printf '\n== %s, Debian %s, %s, Node %s and nothing else\n' \
        "$(git -C "$root$CLONE" log -1 --format='%h %s')" "$(cat "$root/etc/debian_version")" "$(inside rustc --version)" "$(inside node --version)"
    printf '%s\n' "${summary[@]}"
    [ "$failed" -eq 0 ] || die "a bare machine does NOT do what the README says"
    echo "A bare machine does what the README says."
}

die() {
    echo "bare-machine.sh: $*" >&2
    exit 1
}

check_host() {
    [ "$(id -u)" -eq 0 ] || die "needs root: it makes a root of its own and mounts in it"
    local tool
    for tool in debootstrap unshare apt-get rustc node npm git; do
        command -v "$tool" >/dev/null || die "$tool is missing (or not in root's PATH)"
    done
    git diff --quiet HEAD || echo "bare-machine.sh: changes that are not committed are not tested" >&2
}

make_folder() {
    if [ -n "$1" ]; then
        if [ -e "$1" ] && [ -n "$(ls -A "$1")" ]; then die "$1 is not empty"; fi
        mkdir -p "$1"
        root=$1
    else
        root=$(mktemp -d "${TMPDIR:-/tmp}/mohr-bare.XXXXXX")
    fi
}

clean_up() {
    if [ -n "$running" ]; then
        kill -KILL "$running" 2>/dev/null || true
        wait "$running" 2>/dev/null || true
    fi
    if [ "${KEEP:-}" = 1 ]; then
        echo "the root is kept: $root"
    else
        # Nothing is mounted in it here; should it be all the same, what is mounted is not emptied.
        rm -rf --one-file-system "$root"
    fi
}

# Debian's own sources of this machine: "URI suite" a line. Others' packages would not be bare.
debian_sources() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v release="$RELEASE" '$3 == "main" && $2 ~ "^" release "(-updates|-security)?$" { print $1, $2 }' | sort -u
}

bootstrap() {
    local mirror
    mirror=$(debian_sources | awk -v release="$RELEASE" '$2 == release { print $1; exit }')
    [ -n "$mirror" ] || die "no source of $RELEASE in this machine's apt configuration"
    # It leaves a log of its own, and mounts while it works.
    unshare --mount --propagation private debootstrap --variant=minbase --include=ca-certificates,gcc,git,libc6-dev,make \
        "$RELEASE" "$root" "$mirror" >"$root/output" 2>&1 || { tail -n 20 "$root/output" >&2; die "debootstrap failed"; }
    rm "$root/output"
    debian_sources | sed 's/^/deb /; s/$/ main/' >"$root/etc/apt/sources.list"
    # Proxies, certificates and what a snapshot's dates need; not what this machine runs after an installation.
    apt-config dump | grep -E '^Acquire::' >"$root/etc/apt/apt.conf.d/90acquire" || true
}

bring_configuration() {
    local file
    for file in resolv.conf hosts; do
        if [ -e "/etc/$file" ]; then cp -L "/etc/$file" "$root/etc/$file"; fi
    done
    if [ -d /usr/local/share/ca-certificates ]; then
        cp -rL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
        # It warns of its own bundle, which is there already.
        inside update-ca-certificates >/dev/null 2>&1 || die "this machine's certificates do not go into a bare Debian"
    fi
    # npm's effective way to its registry, wherever it is configured.
    local key value
    for key in registry proxy https-proxy noproxy strict-ssl cafile; do
        value=$(npm config get "$key")
        case $value in '' | null | undefined) continue ;; esac
        if [ "$key" = cafile ]; then value=$(bring_certificates "$value"); fi
        printf '%s=%s\n' "$key" "$value"
    done >"$root$HOME_INSIDE/.npmrc"
    for file in config config.toml; do
        if [ -f "${CARGO_HOME:-$HOME/.cargo}/$file" ]; then
            install -D -m 600 "${CARGO_HOME:-$HOME/.cargo}/$file" "$root$HOME_INSIDE/.cargo/$file"
        fi
    done
}

# Copies a file of certificates to the same place inside, unless one is there, and prints the place.
bring_certificates() {
    if [ ! -e "$root$1" ]; then install -D -m 644 "$1" "$root$1"; fi
    printf '%s' "$1"
}

# The toolchain itself, without rustup.
bring_rust() {
    local sysroot
    sysroot=$(rustc --print sysroot)
    cp -a "$sysroot/bin" "$sysroot/lib" "$root/usr/local/"
    if [ -d "$sysroot/libexec" ]; then cp -a "$sysroot/libexec" "$root/usr/local/"; fi
    inside cargo --version >/dev/null || die "this machine's Rust does not run in a bare Debian"
}

bring_node() {
    local modules
    modules=$(npm root --global)
    [ -d "$modules/npm" ] || die "no npm in $modules"
    install -m 755 "$(node -p process.execPath)" "$root/usr/local/bin/node"
    mkdir -p "$root/usr/local/lib/node_modules"
    cp -rL "$modules/npm" "$root/usr/local/lib/node_modules/"
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
    ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
    inside npm --version >/dev/null || die "this machine's Node does not run in a bare Debian"
}

bring_clone() {
    git init -q "$root$CLONE"
    # The repository may belong to the person who became root.
    GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
        git -C "$root$CLONE" fetch -q --depth 1 "file://$PWD" "$(git rev-parse HEAD)"
    git -C "$root$CLONE" checkout -q --detach FETCH_HEAD
    rm -f "$root$CLONE/.git/FETCH_HEAD"
}

# The environment of a new login, and of this machine's only what leads to the registries.
environment() {
    printf '%s\0' "HOME=$HOME_INSIDE" USER=root LANG=C.UTF-8 "TERM=${TERM:-dumb}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    env -0 | grep -zE '^(CARGO_(HTTP|NET|REGISTRIES|REGISTRY|SOURCE)_|([Hh][Tt][Tt][Pp][Ss]?|[Nn][Oo]|[Aa][Ll][Ll])_[Pp][Rr][Oo][Xx][Yy]=|(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|GIT_SSL_CAINFO|CURL_CA_BUNDLE)=)' |
        grep -zvE '^[^=]*(TOKEN|PASSWORD|CREDENTIAL)' || true
}

inside() { (become_inside "$@"); }

# Becomes a command in the root, in namespaces of its own: what it mounts is seen by nobody else, and what it starts and
# leaves behind is killed with it.
become_inside() {
    local variables=()
    mapfile -d '' variables < <(environment)
    exec env -i "${variables[@]}" unshare --mount --pid --fork --kill-child --propagation private \
        bash -euc '
            root=$1; shift
            mount -t proc proc "$root/proc"
            mount -t sysfs -o ro sysfs "$root/sys"
            mount --bind /dev "$root/dev"
            mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
            mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
            exec chroot "$root" /usr/bin/env -C '"$HOME_INSIDE"' "$@"' bash "$root" "$@"
}

write_commands() {
    # As somebody does who reads the first lines, opens the page and presses Ctrl-C.
    cat >"$root$HOME_INSIDE/demo.sh" <<'INSIDE'
#!/bin/bash
set -euo pipefail
cd "$HOME/mohr"
set -m
cargo run --release -- demo >"$HOME/demo.out" 2>&1 &
demo=$!
url=
while [ -z "$url" ]; do
    sleep 1
    kill -0 "$demo" 2>/dev/null || { tail -n 30 "$HOME/demo.out"; echo "the demo ended before it had begun"; exit 1; }
    url=$(grep -oE -m1 'http://127\.0\.0\.1:[0-9]+/fa/' "$HOME/demo.out" || true)
done
sleep 2
sed '1,/Running `/d' "$HOME/demo.out"
for words in "inbox --identity" "open CASE" "reply CASE" "Stop with Ctrl-C"; do
    grep -q "$words" "$HOME/demo.out" || { echo "the demo does not say: $words"; exit 1; }
done
node -e '
    (async () => {
        const get = async (path) => {
            const response = await fetch(new URL(path, process.argv[1]));
            if (!response.ok) throw new Error(`${path}: ${response.status}`);
            return response.text();
        };
        if (!(await get("")).includes("<html lang=\"fa\"")) throw new Error("the page is not the page in Persian");
        for (const path of ["report", "/api/v1/profile"]) await get(path);
        console.log(`${process.argv[1]} answers, and its report page and profile`);
    })().catch((error) => { console.error(error); process.exit(1); });' "$url"
kill -INT -- "-$demo"
wait "$demo" || { echo "the demo did not end well after Ctrl-C: $?"; exit 1; }
INSIDE
    cat >"$root$HOME_INSIDE/make-test.sh" <<'INSIDE'
#!/bin/bash
cd "$HOME/mohr" && make test
INSIDE
    chmod +x "$root$HOME_INSIDE"/*.sh
}

# A root in which the tests' tools are already there proves nothing about their installation.
assert_bare() {
    local found
    found=$(inside bash -c 'for tool in chromium firefox-esr ffmpeg convert exiftool pdftotext sqlite3; do command -v $tool; done' || true)
    [ -z "$found" ] || die "the root is not bare: it has $found"
}

# prove NAME COMMAND…
prove() {
    local start=$SECONDS name=$1
    shift
    printf '\n== %s\n' "$name"
    # In the background, so that a signal is not left waiting for the end.
    become_inside "$@" &
    running=$!
    local status=0
    wait "$running" || status=$?
    running=
    if [ "$status" -eq 0 ]; then
        summary+=("passed  $(printf '%5d' $((SECONDS - start))) s  $name")
    else
        summary+=("FAILED  $(printf '%5d' $((SECONDS - start))) s  $name")
        return 1
    fi
}

main
