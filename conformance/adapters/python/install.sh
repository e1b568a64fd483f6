#!/bin/sh
# For the install.sh of the adapters written in Python: installs PACKAGE, a distribution on PyPI, into
# installed/VERSION of the folder that it is called in. Another interpreter than python3, as old releases need it, is
# named by the variable PYTHON.
#
#   ../python/install.sh PACKAGE VERSION [MORE...]
set -eu

package=$1 version=$2
shift 2
python=${PYTHON:-python3}
folder=installed/$version

command -v "$python" >/dev/null || {
    echo "install.sh: $python is missing: install Python 3.9 or newer, or name another in the variable PYTHON" >&2
    exit 1
}
if [ ! -s "$folder/.done" ]; then
    rm -rf "$folder"
    mkdir -p installed
    "$python" -m venv "$folder" || {
        rm -rf "$folder"
        echo "install.sh: $python cannot make a virtual environment: install its venv module (Debian: python3-venv)" >&2
        exit 1
    }
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$package==$version" "$@"
    "$folder/bin/python" - "$package" > "$folder/.part" <<END
import sys
from importlib.metadata import version
print(sys.argv[1], version(sys.argv[1]))
END
    mv "$folder/.part" "$folder/.done"
fi
cat "$folder/.done"
