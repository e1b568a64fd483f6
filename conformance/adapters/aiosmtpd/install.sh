#!/bin/sh
# Installs the server under test into installed/VERSION: the version that is named, or that of adapter.toml. Safe to
# run again.
set -eu
cd "$(dirname "$0")"

version=${1:-$(sed -n 's/^version = "\(.*\)"$/\1/p' adapter.toml)}
# Old releases can be installed in any Python, but run in those of their time only.
case $version in
    1.0a*) old=python3.8 ;;
    1.0* | 1.1) old=python3.10 ;;
    *) old= ;;
esac
if [ -n "$old" ] && [ -z "${PYTHON:-}" ] && [ ! -e "installed/$version/.done" ]; then
    "$old" -c '' 2>/dev/null || {
        echo "install.sh: aiosmtpd $version needs $old: install it, or name its interpreter in the variable PYTHON" >&2
        exit 1
    }
    export PYTHON="$old"
fi
../python/install.sh aiosmtpd "$version"
