#!/usr/bin/env bash
# Installs and builds the engines, and exports the nets: everything that `run.py` and `cold.py` need, or `training.py`.
#   setup.sh [--training] [--burn]
# Writes to $PEERS_DIR, by default `work` next to this file: about 10 GB, most of it PyTorch. Existing parts are kept.
set -euo pipefail
cd "$(dirname "$0")"
export PEERS_DIR=${PEERS_DIR:-$PWD/work}
mkdir -p "$PEERS_DIR"
python=$PEERS_DIR/venv/bin/python
training= burn=
for option; do
    case $option in
    --training) training=1 ;;
    --burn) burn=1 ;;
    *)
        echo "no such option: $option; usage: setup.sh [--training] [--burn]" >&2
        exit 2
        ;;
    esac
done
# The peers may use everything that this processor has. This project is built as its users build it.
native() {
    RUSTFLAGS="-C target-cpu=native" cargo build --release "$@"
}

[ -x "$python" ] || python3 -m venv "$PEERS_DIR/venv"
"$python" -m pip install --quiet --requirement requirements.txt

if [ "$training" ]; then
    native --target-dir "$PEERS_DIR/target" -p peer-training-candle
    cargo build --release --target-dir "$PEERS_DIR/target-ours" -p peer-training
    [ -z "$burn" ] || native --target-dir "$PEERS_DIR/target-burn" --manifest-path training/burn/Cargo.toml
    echo "ready: PEERS_DIR=$PEERS_DIR $python training.py"
    exit
fi

# Exports the nets whose last file is missing.
missing=()
for net in lenet5 alexnet vgg16 inception-v1 resnet50; do
    [ -f "$PEERS_DIR/nets/$net.2.pt2" ] || missing+=("$net")
done
[ ${#missing[@]} -eq 0 ] || "$python" export.py "${missing[@]}"

native --target-dir "$PEERS_DIR/target" -p peer-candle -p peer-onnxruntime -p peer-rten -p peer-tract
ln -sf "$PEERS_DIR/nets/resnet50.safetensors" embedded/resnet50.safetensors
cargo build --release --target-dir "$PEERS_DIR/target-ours" -p peer-ours -p peer-embedded
cargo build --profile small --manifest-path ../../Cargo.toml --target-dir "$PEERS_DIR/target-ours" -p first
cargo build --release --manifest-path ../../Cargo.toml --target-dir "$PEERS_DIR/target-ours" -p cnn-cli
[ -z "$burn" ] || native --target-dir "$PEERS_DIR/target-burn" --manifest-path burn/Cargo.toml
echo "ready: $python run.py; $python table.py; $python chart.py; $python cold.py"
