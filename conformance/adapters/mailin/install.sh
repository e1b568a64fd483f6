#!/bin/sh
# Builds a server around mailin-embedded. Safe to run again.
#
#   install.sh [VERSION]
set -eu
cd "$(dirname "$0")"

default=$(sed -n 's/^version = "\(.*\)"$/\1/p' adapter.toml)
version=${1:-$default}
folder=installed/$version

command -v cargo >/dev/null || {
    echo "install.sh: cargo is missing: install Rust (https://rustup.rs)" >&2
    exit 1
}
if [ ! -f "$folder/.done" ]; then
    mkdir -p "$folder"
    cp -R Cargo.toml src "$folder"
    locked=
    if [ "$version" = "$default" ]; then
        cp Cargo.lock "$folder"
        locked=--locked
    else
        sed -i "s/=$default/=$version/" "$folder/Cargo.toml"
        # The state machine is a crate of its own, released with each: a newer one would bring its fixes.
        case $version in
            0.6.*) mailin=0.5.0 ;;
            0.7.0) mailin=0.6.0 ;;
            0.7.1) mailin=0.6.1 ;;
            0.8.0) mailin=0.6.2 ;;
            0.8.1) mailin=0.6.3 ;;
            0.8.2) mailin=0.6.4 ;;
            *)
                echo "install.sh: version $version is not known here: 0.6.0 to $default are" >&2
                exit 1
                ;;
        esac
        cargo update --quiet --manifest-path "$folder/Cargo.toml" --package mailin --precise "$mailin"
    fi
    cargo build --quiet --release $locked --manifest-path "$folder/Cargo.toml" --target-dir "$folder/target"
    cp "$folder/target/release/smtpspec-mailin" "$folder"
    rm -rf "$folder/target" "$folder/src"
    touch "$folder/.done"
fi
echo "mailin-embedded $version"
