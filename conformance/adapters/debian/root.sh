#!/bin/sh
# Makes a root folder with Debian packages in it, for servers that cannot be installed beside each other.
#
#   root.sh FOLDER SUITE PACKAGE...
#
# SUITE is a Debian release, such as bookworm. Where FOLDER is there already it does nothing. Needs root and mmdebstrap.
set -eu

folder=$1 suite=$2
shift 2
packages=$(echo "$@" | tr ' ' ,)

[ -d "$folder" ] && exit 0
[ "$(id -u)" = 0 ] || {
    echo "install.sh: needs root: the server runs in a root folder of its own (chroot)" >&2
    exit 1
}
command -v mmdebstrap >/dev/null || {
    echo "install.sh: mmdebstrap is missing: install it (Debian, Ubuntu: apt-get install mmdebstrap)" >&2
    exit 1
}
mkdir -p "$(dirname "$folder")"
rm -rf "$folder.part"
set -- "deb http://deb.debian.org/debian $suite main"
# What has not been released has no updates.
case $suite in
sid | unstable) ;;
*)
    set -- "$@" "deb http://deb.debian.org/debian $suite-updates main" \
        "deb http://deb.debian.org/debian-security $suite-security main"
    ;;
esac
mmdebstrap --quiet --variant=apt --include="$packages" "$suite" "$folder.part" "$@" >&2
# No name is looked up outside.
echo "nameserver 127.0.0.1" > "$folder.part/etc/resolv.conf"
mkdir -p "$folder.part/smtpspec"
mv "$folder.part" "$folder"
