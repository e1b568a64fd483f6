#!/bin/sh
# install.sh FOLDER PACKAGE VERSION [OTHER@VERSION...]: installs an npm package, and others beside it, into
# FOLDER/installed/VERSION. `node@VERSION` among the others is a Node of its own, for a release that does not run in
# today's. Safe to run again: the mark .done comes last.
set -eu
folder=$1 package=$2 version=$3
shift 3
target=$folder/installed/$version

command -v npm >/dev/null || {
    echo "install.sh: npm is missing: install Node 20 with npm (Debian: nodejs npm)" >&2
    exit 1
}
if [ ! -e "$target/.done" ]; then
    rm -rf "$target"
    mkdir -p "$target"
    for other; do
        shift
        set -- "$@" "$(echo "$other" | sed "s/^node@/node-linux-$(node -p process.arch)@/")"
    done
    # Package scripts are not run: servers and plugins do without the native parts that those would build.
    npm install --prefix "$target" --no-audit --no-fund --ignore-scripts --loglevel=error \
        "$package@$version" "$@" >&2 || {
        rm -rf "$target"
        echo "install.sh: npm cannot install $package $version (npm view $package versions lists what there is)" >&2
        exit 1
    }
fi
# By the file's text: recent packages do not let themselves be asked.
installed=$(sed -n 's/^ *"version" *: *"\([^"]*\)".*/\1/p' "$target/node_modules/$package/package.json")
echo "$package $installed" | tee "$target/.done"
