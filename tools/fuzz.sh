#!/usr/bin/env bash
# Builds all fuzz targets under AddressSanitizer and runs them, on stable Rust:
#
#     tools/fuzz.sh SECONDS [TARGET ...]
#
# SECONDS is the time of all targets together, without building. Ends with 1 if a target found something; what it was, and how
# to run it again, is said. New inputs that reach new code are kept in fuzz/corpus, which git ignores.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ ${1:-} =~ ^[0-9]+$ ]] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
seconds=$1
shift

host=$(rustc -vV | sed -n 's/^host: //p')
# As `cargo fuzz` builds, but that RUSTC_BOOTSTRAP makes do for a nightly compiler.
flags=(
    --cfg fuzzing
    -Zsanitizer=address
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    -Cforce-frame-pointers
)
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="${flags[*]}"
cargo build --manifest-path fuzz/Cargo.toml --target "$host" --release --bins

targets=("$@")
if [ ${#targets[@]} = 0 ]; then
    for target in fuzz/fuzz_targets/*.rs; do
        targets+=("$(basename "$target" .rs)")
    done
fi
each=$((seconds / ${#targets[@]}))
failed=()

# Runs a target for its share of the time.
run() {
    local target=$1 artifacts=fuzz/artifacts/$1 options=()
    mkdir -p "$artifacts" "fuzz/corpus/$target"
    [ -e "fuzz/dictionaries/$target" ] && options+=("-dict=fuzz/dictionaries/$target")
    [ -d "fuzz/seeds/$target" ] && options+=("fuzz/seeds/$target")
    printf '\n== %s, %s s\n' "$target" "$each"
    # Large redzones, so that a kernel that misses by some pixels does not land in other memory.
    ASAN_OPTIONS="redzone=1024:max_redzone=2048:detect_leaks=0" \
        "fuzz/target/$host/release/$target" \
        -max_total_time="$each" -timeout=30 -rss_limit_mb=3000 -max_len=4096 -len_control=20 -print_final_stats=1 \
        -artifact_prefix="$artifacts/" "fuzz/corpus/$target" "${options[@]}" \
        > "$artifacts/log" 2>&1 || return 1
    grep -E 'stat::(number_of_executed_units|peak_rss_mb)' "$artifacts/log"
}

for target in "${targets[@]}"; do
    run "$target" && continue
    failed+=("$target")
    artifact=$(sed -n 's/.*Test unit written to //p' "fuzz/artifacts/$target/log" | tail -1)
    tail -n 40 "fuzz/artifacts/$target/log"
    if [ -n "$artifact" ]; then
        printf '\n%s fails on this input:\n' "$target"
        head -c 4096 "$artifact" | od -A d -t x1z
        printf 'it is again: fuzz/target/%s/release/%s %s\n' "$host" "$target" "$artifact"
        printf 'and there:   base64 -d > input <<< %s\n' "$(base64 -w 0 "$artifact")"
    fi
done

if [ ${#failed[@]} != 0 ]; then
    printf '\nfailed: %s\n' "${failed[*]}" >&2
    exit 1
fi
printf '\nnothing found\n'
