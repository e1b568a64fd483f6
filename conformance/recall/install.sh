#!/bin/sh
# install.sh [ID...]: installs both versions of each bug in recall.toml, or of those bugs only whose ids fit. Safe to run
# again. What cannot be installed here is skipped, and listed at the end.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
adapters=${SMTPSPEC_ADAPTERS:-$here/../adapters}

program=
for built in "${SMTPSPEC_PROGRAM:-}" "$root/target/release/smtpspec" "$root/target/debug/smtpspec"; do
    if [ -x "$built" ]; then
        program=$built
        break
    fi
done
if [ -z "$program" ]; then
    command -v cargo >/dev/null || {
        echo "install.sh: cargo is missing: install Rust (https://rustup.rs)" >&2
        exit 1
    }
    cargo build --release --locked --manifest-path "$root/Cargo.toml" -p smtpspec >&2
    program=$root/target/release/smtpspec
fi

list=$("$program" recall --installs "$@")
skipped=
some=
# A here-document, not a pipe: what is set in the loop is read behind it.
while read -r target version; do
    if "$adapters/$target/install.sh" "$version" </dev/null; then
        some=yes
    else
        echo "install.sh: skipped $target $version" >&2
        skipped="$skipped
    $target $version"
    fi
done <<END
$list
END
if [ -n "$skipped" ]; then
    echo "skipped, for the reasons above:$skipped"
fi
[ -n "$some" ]
