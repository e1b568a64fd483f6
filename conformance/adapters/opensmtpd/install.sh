#!/bin/sh
# Installs OpenSMTPD as a Debian release has it, in a root folder of its own. Safe to run again.
#
#   install.sh [RELEASE]
set -eu
cd "$(dirname "$0")"

release=${1:-$(sed -n 's/^version = "\(.*\)"$/\1/p' adapter.toml)}
folder=installed/$release

../debian/root.sh "$folder/root" "$release" opensmtpd mount
# The client's name is looked up at each connection.
echo "127.0.0.1 localhost" > "$folder/root/etc/hosts"
version=$(chroot "$folder/root" dpkg-query -W -f '${Version}' opensmtpd)
echo "OpenSMTPD $version" | tee "$folder/.done.part"
mv "$folder/.done.part" "$folder/.done"
