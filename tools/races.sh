#!/usr/bin/env bash
# Runs the kernels' tests, which share each kernel among several threads, under ThreadSanitizer, on stable Rust. It takes a few
# minutes. Exits with 1 if two threads touch the same float, and says where.
#
#     tools/races.sh [NAME OF A TEST]
set -euo pipefail
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
folder=target/races
mkdir -p "$folder"
# The standard library is not instrumented, so accesses ordered by its channels and reference counts look like races: these are
# libtest's.
printf 'race:std::sync::mpmc\nrace:alloc::sync::Arc\nrace:test::\n' > "$folder/suppressions"
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"
export TSAN_OPTIONS="suppressions=$PWD/$folder/suppressions exitcode=1"
cargo test --target "$host" --target-dir "$folder" -p cnn-runtime --test kernels -- --test-threads 1 "$@"
