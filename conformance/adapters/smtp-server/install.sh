#!/bin/sh
# install.sh [VERSION]: installs smtp-server into installed/VERSION beside this script. Safe to run again.
set -eu
cd "$(dirname "$0")"

version=${1:-$(sed -n 's/^version = "\(.*\)"/\1/p' adapter.toml)}
case $version in
    # Before 3.11 it sets `closed` of a stream, which is read-only since Node 18.
    1.* | 2.* | 3.[0-9].* | 3.10.*) set -- node@8.17.0 ;;
    *) set -- ;;
esac
exec ../node/install.sh . smtp-server "$version" "$@"
