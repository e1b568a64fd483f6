#!/bin/sh
# Starts the server; the environment says where (../README.md).
cd "$(dirname "$0")"
. ../node/start.sh
exec "$node" server.js
