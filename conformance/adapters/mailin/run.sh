#!/bin/sh
# Starts the server; the environment says where (../README.md).
cd "$(dirname "$0")" || exit
version=${SMTPSPEC_VERSION:-$(sed -n 's/^version = "\(.*\)"$/\1/p' adapter.toml)}
export SMTPSPEC_SERVER="mailin-embedded $version"
exec "installed/$version/smtpspec-mailin"
