#!/bin/sh
# Installs Sendmail of a Debian release into installed/RELEASE beside this script. Safe to run again.
#
#   install.sh [RELEASE]
set -eu
cd "$(dirname "$0")"

release=${1:-$(sed -n 's/^version = "\(.*\)"$/\1/p' adapter.toml)}
installed=$PWD/installed/$release

../debian/root.sh "$installed/root" "$release" sendmail-bin
# Its own number alone: Debian appends one of its own.
version=$(chroot "$installed/root" dpkg-query -W -f '${source:Upstream-Version}' sendmail-bin)
echo "Sendmail $version" | tee "$installed/.done.part"
mv "$installed/.done.part" "$installed/.done"
