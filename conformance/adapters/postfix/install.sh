#!/bin/sh
# Installs Postfix of a Debian release into installed/RELEASE beside this script. Safe to run again.
#
#   install.sh [RELEASE]
set -eu
cd "$(dirname "$0")"

release=${1:-$(sed -n 's/^version = "\(.*\)"$/\1/p' adapter.toml)}
installed=$PWD/installed/$release

../debian/root.sh "$installed/root" "$release" postfix
echo "Postfix $(chroot "$installed/root" postconf -d -h mail_version)" | tee "$installed/.done.part"
mv "$installed/.done.part" "$installed/.done"
