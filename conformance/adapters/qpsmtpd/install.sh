#!/bin/sh
# Installs qpsmtpd of a Debian release into a root folder of its own. Safe to run again.
#
#   install.sh [RELEASE]
set -eu
cd "$(dirname "$0")"

release=${1:-$(sed -n 's/^version = "\(.*\)"$/\1/p' adapter.toml)}
folder=installed/$release

../debian/root.sh "$folder" "$release" qpsmtpd libio-socket-ssl-perl
version=$(dpkg-query --admindir "$folder/var/lib/dpkg" -W -f '${Version}' qpsmtpd)
echo "qpsmtpd $version" | tee "$folder/.done"
