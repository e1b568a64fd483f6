#!/bin/sh
# install.sh [VERSION]: installs Haraka into installed/VERSION beside this script. Safe to run again.
set -eu
cd "$(dirname "$0")"

version=${1:-$(sed -n 's/^version = "\(.*\)"/\1/p' adapter.toml)}
case $version in
    # Their template literals and domains are of another time.
    1.* | 2.[0-7].*) set -- node@8.17.0 ;;
    # A dependency that these releases forgot to name.
    2.8.15 | 2.8.16) set -- openssl-wrapper@0.3.4 ;;
    *) set -- ;;
esac
exec ../node/install.sh . Haraka "$version" "$@"
