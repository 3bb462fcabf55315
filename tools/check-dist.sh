#!/usr/bin/env bash
# Rebuilds web/dist and fails unless every byte of it is what is committed: the pages people are served are the
# ones that can be read here.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "$(git ls-files web/dist)" ]; then
    echo "check-dist.sh: no file of web/dist is committed" >&2
    exit 1
fi

(cd web && npm run --silent build)

changed=$(git diff HEAD --name-status --no-renames -- web/dist)
new=$(git ls-files --others -- web/dist)
if [ -n "$changed$new" ]; then
    {
        echo "check-dist.sh: the build of web/ is not what is committed in web/dist"
        if [ -n "$changed" ]; then
            echo "built otherwise (M), not built (D), staged only (A):"
            sed 's/^/    /' <<<"$changed"
        fi
        if [ -n "$new" ]; then
            echo "built, and not committed:"
            sed 's/^/    /' <<<"$new"
        fi
        echo "Commit web/dist as it now stands if the change is meant."
    } >&2
    exit 1
fi
echo "web/dist: $(git ls-files web/dist | wc -l) files, byte for byte as committed"
