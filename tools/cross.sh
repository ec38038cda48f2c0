#!/usr/bin/env bash
# Tests this project on other processors: the kernels' tests on AArch64 with NEON (emulated by QEMU), on 32 bits (x86) and on
# WebAssembly with and without vectors (Node), LeNet-5 on WebAssembly and on a Cortex-M4 (QEMU), where it learns, too.
#
#   tools/cross.sh [aarch64] [i686] [wasm] [cortex-m]    all four by default
#
# Needs Debian's packages, which include the standard library's source for targets that may be missing from rustup:
#
#   apt-get install --no-install-recommends rustc-web cargo-web rust-web-src lld-22 nodejs qemu-user qemu-system-arm \
#       gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-multilib
#
# The standard library is built for each target, which takes minutes; target/cross keeps it. That is why this is not part of
# .ci/run.
set -euo pipefail
cd "$(dirname "$0")/.."

for program in /usr/bin/cargo /usr/bin/rustc wasm-ld-22 ld.lld-22 node qemu-aarch64 qemu-system-arm aarch64-linux-gnu-gcc; do
    command -v "$program" >/dev/null || { echo "$program is missing: the top of tools/cross.sh lists the packages" >&2; exit 1; }
done

# Do not use rustup's toolchain, if there is one. Building the standard library is not a stable feature.
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$PWD/target/cross"
cargo=/usr/bin/cargo

aarch64() {
    local target=aarch64-unknown-linux-gnu
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu" \
        "$cargo" test -Zbuild-std=std,panic_unwind --release --target "$target" -p cnn-runtime --test kernels
}

# Also descriptors with wild numbers, between inaccessible pages: here, counts of 2^28 are enough to overflow.
i686() {
    "$cargo" test -Zbuild-std=std,panic_unwind --release --target i686-unknown-linux-gnu -p cnn-runtime --test kernels --test sound
}

# Cargo with WebAssembly's linker; the first argument is the target's features.
wasm_cargo() {
    local features=$1
    shift
    RUSTFLAGS="-C linker=/usr/bin/wasm-ld-22 -C target-feature=$features" \
        "$cargo" "$@" --release --target wasm32-unknown-unknown
}

wasm() {
    local features
    for features in +simd128 -simd128; do
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="node $PWD/tools/cross.mjs tests" \
            wasm_cargo "$features" test -Zbuild-std=std,panic_abort -p cnn-runtime --test kernels
        (cd examples/wasm && wasm_cargo "$features" build -Zbuild-std=core,alloc)
        node tools/cross.mjs lenet5 target/cross/wasm32-unknown-unknown/release/lenet5_wasm.wasm
        wc -c target/cross/wasm32-unknown-unknown/release/lenet5_wasm.wasm
    done
}

cortex_m() {
    local target=thumbv7em-none-eabihf
    local program
    # Their digit is number 7 of the test digits; the second one learns others afterwards.
    for program in lenet5-cortex-m learn; do
        (cd examples/cortex-m && RUSTFLAGS="-C linker=ld.lld-22 -C link-arg=-Tlink.x" \
            "$cargo" run -Zbuild-std=core --release --target "$target" --bin "$program") | node tools/cross.mjs scores 7
        size "target/cross/$target/release/$program"
    done
}

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(aarch64 i686 wasm cortex-m)
for part in "${parts[@]}"; do
    case $part in
        aarch64) aarch64 ;;
        i686) i686 ;;
        wasm) wasm ;;
        cortex-m) cortex_m ;;
        *) echo "$part: aarch64, i686, wasm or cortex-m" >&2; exit 1 ;;
    esac
done
