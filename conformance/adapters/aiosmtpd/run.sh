#!/bin/sh
# Starts the server; the environment says where (../README.md).
cd "$(dirname "$0")"
PYTHONPATH=../python exec "installed/$SMTPSPEC_VERSION/bin/python" -B server.py
