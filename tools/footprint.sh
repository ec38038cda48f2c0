#!/usr/bin/env bash
# Builds the nets of examples/footprint for a Cortex-M4, runs each in QEMU, and prints what it takes: flash (code, weights and
# constants), memory (workspace and statics), and stack.
#
#     tools/footprint.sh
#
# Needs `rustup target add thumbv7em-none-eabihf`, and Debian's packages qemu-system-arm and llvm (for `llvm-size`).
set -euo pipefail
cd "$(dirname "$0")/../examples/footprint"

target=thumbv7em-none-eabihf
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-../../target/footprint} RUSTFLAGS="-C link-arg=-Tlink.x"
program=$CARGO_TARGET_DIR/$target/release/footprint

row() {
    NET=$1 ATTRIBUTES=$2 cargo build --quiet --release --target $target
    local printed workspace stack finite flash ram
    printed=$(timeout 60 qemu-system-arm -machine mps2-an386 -nographic -semihosting-config enable=on,target=native -kernel "$program")
    read -r _ workspace _ stack _ finite <<<"$printed"
    [ "$finite" = true ] || { echo "$1 gives no numbers: $printed" >&2; exit 1; }
    read -r code constants ram < <(llvm-size -A "$program" | awk '
        $1 == ".text" || $1 == ".vector_table" { code += $2 }
        $1 == ".rodata" { constants += $2 }
        $1 == ".bss" || $1 == ".data" || $1 == ".uninit" { ram += $2 }
        END { print code, constants, ram }')
    printf '| %s | %s | %d | %d | %d | %d | %d |\n' "$1" "${2:+\`$2\`}" "$code" "$constants" "$ram" "$workspace" "$stack"
}

echo '| net | attribute | code | weights and constants | memory | of it workspace | stack |'
echo '| --- | --- | ---: | ---: | ---: | ---: | ---: |'
for net in lenet5 resnet8 ds-cnn mobilenet-v1 autoencoder; do
    row "$net" ''
    row "$net" '#[memory(small)]'
done
row resnet8 '#[workspace(max = 262_144)]'
