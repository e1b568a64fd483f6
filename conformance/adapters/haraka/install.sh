#!/bin/sh
# install.sh [VERSION]: installs Haraka into installed/VERSION beside this script. Safe to run again.
set -eu
cd "$(dirname "$0")"

version=${1:-$(sed -n 's/^version = "\(.*\)"/\1/p' adapter.toml)}
case $version in
    1.* | 2.*) node=8.17.0 ;;
    *) node= ;;
esac
exec ../node/install.sh . Haraka "$version" $node
