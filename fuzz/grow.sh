#!/usr/bin/env bash
# Grows the seeds of a target: fuzzes it, keeps what is needed (cmin), and takes the smallest inputs that reach code which
# the seeds written by hand do not, as corpus/seeds/TARGET/grown/. Usage: fuzz/grow.sh TARGET [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."

target="$1"
seconds="${2:-600}"
most=60
seeds="corpus/seeds/$target"
found="fuzz/corpus/$target"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

mkdir -p "$found" "$scratch/seeds"
if [ "$seconds" -gt 0 ]; then
    cargo fuzz run --sanitizer none "$target" "$found" "$seeds" -- \
        -dict="fuzz/dictionaries/$target.dict" -max_len=1024 -max_total_time="$seconds" -print_final_stats=1
fi
cargo fuzz cmin --sanitizer none "$target" "$found"

# What is written by hand comes first. Counters off: an input counts if it reaches new code, not if it repeats the old.
find "$seeds" -maxdepth 1 -type f -exec cp {} "$scratch/seeds" \;
if [ "$target" = conversation ]; then
    find corpus/conversations -name '*.smtp' | while read -r file; do
        cp "$file" "$scratch/seeds/$(basename "$(dirname "$file")")-$(basename "$file")"
    done
fi
ls "$scratch/seeds" > "$scratch/by-hand"
cargo fuzz run --sanitizer none "$target" "$scratch/seeds" "$found" -- -merge=1 -use_counters=0

rm -rf "$seeds/grown"
mkdir "$seeds/grown"
find "$scratch/seeds" -type f -size -2k -printf '%s %f\n' | sort -n | cut -d' ' -f2 |
    { grep -vxFf "$scratch/by-hand" || true; } | head -n "$most" |
    while read -r name; do cp "$scratch/seeds/$name" "$seeds/grown/$name"; done
echo "$target: $(find "$seeds/grown" -type f | wc -l) grown seeds"
