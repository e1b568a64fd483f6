#!/bin/sh
# Compiles the agent against the stub, raises every event at it, and writes the event stream that it sends to FILE.
#
#   test.sh FILE
#
# `smtpspec adapter check FILE` then says whether it is one.
set -eu
[ $# = 1 ] || {
    echo "test.sh: expected one argument: the file to write the event stream to" >&2
    exit 2
}
case $1 in /*) file=$1 ;; *) file=$PWD/$1 ;; esac
cd "$(dirname "$0")"

for program in mcs mono; do
    command -v $program >/dev/null || {
        echo "test.sh: $program is missing: install it (Debian, Ubuntu: apt-get install mono-mcs mono-runtime)" >&2
        exit 1
    }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mcs -target:library -out:"$scratch/Microsoft.Exchange.Data.Transport.dll" stub/*.cs
mcs -warnaserror -target:library -r:"$scratch/Microsoft.Exchange.Data.Transport.dll" \
    -out:"$scratch/SmtpSpec.dll" Agent.cs EventLine.cs EventStream.cs
mcs -warnaserror -r:"$scratch/Microsoft.Exchange.Data.Transport.dll" -r:"$scratch/SmtpSpec.dll" \
    -out:"$scratch/test.exe" test/Program.cs
timeout 60 mono "$scratch/test.exe" > "$file"
# The hello and fifteen events.
[ "$(wc -l < "$file")" = 16 ] || {
    echo "test.sh: expected 16 lines in $file" >&2
    exit 1
}
