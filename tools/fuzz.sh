#!/usr/bin/env bash
# Builds the fuzz targets under AddressSanitizer and runs them, on stable Rust:
#
#     tools/fuzz.sh SECONDS [TARGET ...]
#
# SECONDS is the time of all targets together, without building; one target runs per core at a time. Exits with 1 if a target found
# something, and says what it was and how to run it again. New inputs that reach new code are kept in fuzz/corpus, which git
# ignores.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ ${1:-} =~ ^[0-9]+$ ]] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
seconds=$1
shift
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
    for target in fuzz/fuzz_targets/*.rs; do
        targets+=("$(basename "$target" .rs)")
    done
fi

host=$(rustc -vV | sed -n 's/^host: //p')
built=fuzz/target/$host/release
# Builds like `cargo fuzz`, but with RUSTC_BOOTSTRAP instead of a nightly compiler, and without tracing comparisons, each of which
# would be a call in loops over pixels.
flags=(
    --cfg fuzzing
    -Zsanitizer=address
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cforce-frame-pointers
)
RUSTC_BOOTSTRAP=1 RUSTFLAGS="${flags[*]}" \
    cargo build --manifest-path fuzz/Cargo.toml --target "$host" --release "${targets[@]/#/--bin=}"

cores=$(getconf _NPROCESSORS_ONLN)
most=$((cores < ${#targets[@]} ? cores : ${#targets[@]}))
each=$((seconds * most / ${#targets[@]}))
each=$((each > 0 ? each : 1))

# Runs a target for its share of the time, with its output in a log.
run() {
    local target=$1 artifacts=fuzz/artifacts/$1 sanitizer=detect_leaks=0:quarantine_size_mb=32 options=()
    [ -e "fuzz/dictionaries/$target" ] && options+=("-dict=fuzz/dictionaries/$target")
    # A kernel that misses its workspace by a few pixels must not hit other memory.
    [ "$target" = kernels ] && sanitizer+=:redzone=1024:max_redzone=2048
    mkdir -p "$artifacts" "fuzz/corpus/$target"
    ASAN_OPTIONS=$sanitizer "$built/$target" -max_total_time="$each" -timeout=120 -rss_limit_mb=3000 -max_len=4096 \
        -print_final_stats=1 -artifact_prefix="$artifacts/" "${options[@]}" \
        "fuzz/corpus/$target" "fuzz/seeds/$target" > "$artifacts/log" 2>&1
}

# Reports what a target has found.
report() {
    local target=$1 log=fuzz/artifacts/$1/log input
    grep -E -A 12 'panicked at|^==[0-9]+==|ERROR: libFuzzer' "$log" | cut -c 1-400 | head -n 60
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    [ -n "$input" ] || { tail -n 20 "$log"; return 0; }
    printf '\n%s fails on this input of %s bytes:\n' "$target" "$(wc -c < "$input")"
    base64 "$input"
    printf 'To run it again:\n    base64 -d > input    # of the lines above\n    %s/%s input\n' "$built" "$target"
}

fuzz() {
    local target=$1
    if run "$target"; then
        printf '%s: %s inputs\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "fuzz/artifacts/$target/log")"
    else
        printf '\n== %s failed\n%s\n\n' "$target" "$(report "$target")"
        return 1
    fi
}

processes=()
for index in "${!targets[@]}"; do
    [ "$index" -lt "$most" ] || wait -n || true
    fuzz "${targets[$index]}" &
    processes+=($!)
done
failed=0
for process in "${processes[@]}"; do
    wait "$process" || failed=1
done
exit "$failed"
