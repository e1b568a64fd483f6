#!/bin/sh
# Starts the server; the environment says where (../README.md).
cd "$(dirname "$0")"
exec .venv/bin/python server.py
