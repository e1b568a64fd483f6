#!/usr/bin/env bash
# Builds every fuzz target and runs each over its seeds and for some thousand executions from there. Needs stable Rust
# and a C++ compiler; installs cargo-fuzz below target/ if it is not there. Two minutes on two cores, most of them to build.
set -euo pipefail
cd "$(dirname "$0")/.."

runs="${1:-4000}"
tools="$PWD/target/tools"
export PATH="$PATH:$tools/bin"
if ! cargo fuzz --version > /dev/null 2>&1; then
    cargo install cargo-fuzz --locked --root "$tools"
fi

# core forbids unsafe code, so an address sanitizer has nothing to find; without one, stable Rust will do.
cargo fuzz build --sanitizer none

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
for target in $(cargo fuzz list); do
    seeds=("corpus/seeds/$target")
    if [ "$target" = conversation ]; then
        seeds+=(corpus/conversations)
    fi
    count="$(find "${seeds[@]}" -type f | wc -l)"
    mkdir "$scratch/$target"
    # Behind the seeds themselves, each of which is one execution.
    if ! cargo fuzz run --sanitizer none "$target" "$scratch/$target" "${seeds[@]}" -- \
        -dict="fuzz/dictionaries/$target.dict" -max_len=1024 -seed=1 -timeout=60 -rss_limit_mb=1024 \
        -max_total_time=60 -runs="$((count + runs))" -print_final_stats=1 > "$scratch/$target.log" 2>&1; then
        tail -n 40 "$scratch/$target.log" >&2
        echo "the fuzz target $target has found something: fuzz/README.md says what to do with it" >&2
        exit 1
    fi
    line="$(sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\) second.*/\1 executions in \2 s/p' "$scratch/$target.log")"
    printf '%-14s %s\n' "$target" "$line"
done
