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
built=fuzz/target/$host/release
failed=()

# Runs a target for its share of the time.
run() {
    local target=$1 artifacts=fuzz/artifacts/$1 sanitizer=detect_leaks=0:quarantine_size_mb=32 options=()
    mkdir -p "$artifacts" "fuzz/corpus/$target"
    [ -e "fuzz/dictionaries/$target" ] && options+=("-dict=fuzz/dictionaries/$target")
    # So that a kernel that misses its workspace by some pixels does not find other memory there.
    [ "$target" = kernels ] && sanitizer+=:redzone=1024:max_redzone=2048
    ASAN_OPTIONS=$sanitizer "$built/$target" -max_total_time="$each" -timeout=120 -rss_limit_mb=3000 -max_len=4096 \
        -print_final_stats=1 -artifact_prefix="$artifacts/" "${options[@]}" \
        "fuzz/corpus/$target" "fuzz/seeds/$target" > "$artifacts/log" 2>&1 || return 1
    awk '/^stat::number_of_executed_units/ { print $2 " inputs" }' "$artifacts/log"
}

# Says what a target has found.
report() {
    local target=$1 log=fuzz/artifacts/$1/log input
    grep -E -A 12 'panicked at|^==[0-9]+==|ERROR: libFuzzer|undefined symbol' "$log" | cut -c 1-400 | head -n 60
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    [ -n "$input" ] || { tail -n 20 "$log"; return 0; }
    printf '\n%s fails on this input, %s bytes:\n' "$target" "$(wc -c < "$input")"
    base64 "$input"
    printf 'To run it again:\n    base64 -d > input    # with the lines above\n    %s/%s input\n' "$built" "$target"
}

for target in "${targets[@]}"; do
    printf '\n== %s, %s s\n' "$target" "$each"
    run "$target" || { failed+=("$target"); report "$target"; }
done

if [ ${#failed[@]} != 0 ]; then
    printf '\nfailed: %s\n' "${failed[*]}" >&2
    exit 1
fi
printf '\nnothing found\n'
