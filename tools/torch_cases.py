"""How the cases in `cnn-compiler/tests/torch` are written: small nets with PyTorch's answers in float64.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 numpy==2.4.6
    for cases in norms moves decoders gradients training; do venv/bin/python tools/torch_$cases.py; done

A case is a net, its input, its tensors by their names, and its output, a line for each; `torch_gradients.py` and
`torch_training.py` say what theirs have besides. Inputs and tensors are exact in float32.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "cnn-compiler/tests/torch"


def numbers(tensor):
    return " ".join(repr(number).removesuffix(".0") for number in tensor.flatten().tolist())


def shape(of):
    return "x".join(map(str, of))


def case(net, input, output, tensors=()):
    named = [("input", input), *dict(tensors).items(), ("output", output)]
    return "\n".join([f"net {net}", *(f"{name} {numbers(tensor)}" for name, tensor in named)])


def write(name, cases):
    (FOLDER / f"{name}.txt").write_text("\n".join(cases) + "\n")
