#!/bin/sh
# Installs the server under test into .venv beside this script. Safe to run again.
set -eu
cd "$(dirname "$0")"

version=1.4.6

command -v python3 >/dev/null || {
    echo "install.sh: python3 is missing: install Python 3.9 or newer" >&2
    exit 1
}
rm -f .installed
[ -x .venv/bin/python ] || python3 -m venv .venv || {
    rm -rf .venv
    echo "install.sh: python3 cannot make a virtual environment: install its venv module (Debian: python3-venv)" >&2
    exit 1
}
.venv/bin/python -m pip install --quiet --disable-pip-version-check "aiosmtpd==$version"
.venv/bin/python -c 'import aiosmtpd; print("aiosmtpd", aiosmtpd.__version__)'
touch .installed
