#!/bin/sh
# Installs the server under test into installed/VERSION: the version that is named, or that of adapter.toml. Safe to
# run again.
set -eu
cd "$(dirname "$0")"

version=${1:-$(sed -n 's/^version = "\(.*\)"$/\1/p' adapter.toml)}
# The latter two are for TLS, as `twisted[tls]` has them.
../python/install.sh twisted "$version" pyopenssl service_identity
