#!/bin/sh
# Starts the server; the environment says where (../README.md).
cd "$(dirname "$0")"
# Before Python's own library: up to 3.11 that has an smtpd of its own.
installed=$(echo "installed/$SMTPSPEC_VERSION"/lib/python*/site-packages)
PYTHONPATH=../python:$installed exec "installed/$SMTPSPEC_VERSION/bin/python" -B -W ignore server.py
