#!/bin/sh
# Installs Exim as a Debian release has it, in a root folder of its own. Safe to run again.
#
#   install.sh [RELEASE]
set -eu
cd "$(dirname "$0")"

release=${1:-$(sed -n 's/^version = "\(.*\)"$/\1/p' adapter.toml)}
folder=installed/$release

../debian/root.sh "$folder/root" "$release" exim4-daemon-heavy mount
version=$(chroot "$folder/root" dpkg-query -W -f '${Version}' exim4-daemon-heavy)
echo "Exim $version" | tee "$folder/.done.part"
mv "$folder/.done.part" "$folder/.done"
