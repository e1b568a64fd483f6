#!/bin/sh
# Starts the server; the environment says where (../README.md).
cd "$(dirname "$0")"
: "${SMTPSPEC_VERSION:=$(sed -n 's/^version = "\(.*\)"/\1/p' adapter.toml)}"
export SMTPSPEC_VERSION
. ../node/run.sh
exec "$node" server.js
