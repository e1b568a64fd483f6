#!/bin/sh
# Starts the server; the environment says where (../README.md).
cd "$(dirname "$0")"
. ../node/run.sh
exec "$node" server.js
