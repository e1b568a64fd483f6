#!/bin/sh
# install.sh FOLDER PACKAGE VERSION [NODE]: installs an npm package into FOLDER/installed/VERSION, with a Node of its own
# where it does not run in today's. Safe to run again: the mark .done comes last.
set -eu
folder=$1 package=$2 version=$3 node=${4:-}
target=$folder/installed/$version

command -v npm >/dev/null || {
    echo "install.sh: npm is missing: install Node 20 with npm (Debian: nodejs npm)" >&2
    exit 1
}
if [ ! -e "$target/.done" ]; then
    rm -rf "$target"
    mkdir -p "$target"
    [ -z "$node" ] || node=node-linux-$(node -p process.arch)@$node
    # Package scripts are not run: servers and plugins do without the native parts that those would build.
    # shellcheck disable=SC2086 # no package where $node is empty
    npm install --prefix "$target" --no-audit --no-fund --ignore-scripts --loglevel=error \
        "$package@$version" $node >&2 || {
        rm -rf "$target"
        echo "install.sh: npm cannot install $package $version (npm view $package versions lists what there is)" >&2
        exit 1
    }
fi
# By the file's text: recent packages do not let themselves be asked.
installed=$(sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' "$target/node_modules/$package/package.json")
echo "$package $installed" | tee "$target/.done"
