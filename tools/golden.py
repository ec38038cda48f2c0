"""Writes the expected answers of the nets of `models`: `models/tests/golden/NET.safetensors`.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 torchvision==0.29.2 numpy==2.4.6 safetensors==0.8.0
    venv/bin/python tools/golden.py [NET ...]

A file holds the logits of some cases, each under the name `SALT/INPUT`: PyTorch's in float64, rounded to float32. Weights and
inputs are not in the file, because the generator of `models/src/seeded.rs` derives them from names: weights from `SALT` and a
tensor's name, the input from `INPUT`.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from paper_nets import NETS, build

FOLDER = Path(__file__).resolve().parent.parent / "models/tests/golden"
# torchvision's ResNet-18 and 34 are the paper's, with the same names.
TORCHVISION = [
    f"torchvision-{name}" for name in (
        "alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "googlenet", "resnet50", "resnet101", "resnet152",
        "resnext50_32x4d", "squeezenet1_0", "squeezenet1_1", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large",
        "densenet121", "densenet169", "efficientnet_b0", "shufflenet_v2_x1_0", "regnet_y_400mf", "convnext_tiny",
        "inception_v3")
]
INPUTS = {
    "perceptron": (2,), "mlp": (1, 28, 28), "lenet5": (1, 32, 32), "unet": (3, 256, 256), "espcn": (1, 85, 85),
    "siamese": [(1, 105, 105), (1, 105, 105)], "yolov5n": (3, 320, 320),
    "tiny-resnet8": (3, 32, 32), "tiny-ds-cnn": (1, 49, 10), "tiny-mobilenet-v1": (3, 96, 96), "tiny-autoencoder": (640,),
    "torchvision-inception_v3": (3, 299, 299),
}
IMAGENET = (3, 224, 224)
# Salt and input of each case. Nets with more parameters than `MANY`, and those with large outputs, have fewer.
CASES = [("first.", "one"), ("first.", "two"), ("second.", "one"), ("second.", "two")]
FEW_CASES = [("first.", "one"), ("second.", "two")]
MANY = 50_000_000
LARGE = ("unet", "espcn", "yolov5n")
# Of more numbers than this, files have every second one, or third, ….
MOST = 1 << 16
# Residual sums grow from block to block. Where they then decide gates (hard sigmoid and hard swish have a slope between -3 and 3
# alone), rounding errors grow with them: with the usual salts, PyTorch's own float32 is off by 5e-5, with these by 4e-6.
# The only logit of the Siamese net, a sum of differences, may be near zero by chance, as with the usual salts.
SALTS = {
    "torchvision-mobilenet_v3_large": {"first.": "fourth.", "second.": "eighth."},
    "siamese": {"first.": "third.", "second.": "sixth."},
}
GAIN = 6.0
CHUNK = 1 << 22


def splitmix64(state):
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def uniform(name, shape):
    """Float32 numbers in [-1, 1) that depend only on the name."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    numbers = np.empty(math.prod(shape), np.float32)
    for start in range(0, numbers.size, CHUNK):
        part = numbers[start:start + CHUNK]
        index = np.arange(start + 1, start + 1 + part.size, dtype=np.uint64)
        bits = splitmix64(index * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)) >> np.uint64(40)
        part[:] = bits.astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
    return torch.from_numpy(numbers.reshape(shape))


def weight(name, salt, shape):
    numbers = uniform(salt + name, shape)
    if name.endswith("running_var"):
        return 1 + 0.5 * numbers
    if name.endswith(("running_mean", "bias")):
        return 0.1 * numbers
    # ConvNeXt's `layer_scale` is [channels, 1, 1].
    if len(shape) == 1 or name.endswith("layer_scale"):
        return 1 + 0.2 * numbers
    return numbers * float(np.float32(math.sqrt(GAIN / math.prod(shape[1:]))))


def images(name, value):
    """The inputs of a net: parts of the numbers that depend on a name."""
    shapes = INPUTS.get(name, IMAGENET)
    shapes = shapes if isinstance(shapes, list) else [shapes]
    lengths = [math.prod(shape) for shape in shapes]
    parts = uniform(value, (sum(lengths),)).double().split(lengths)
    return [part.reshape(1, *shape) for part, shape in zip(parts, shapes, strict=True)]


def some(outputs):
    """The outputs one after another, or some of their numbers."""
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    numbers = torch.cat([output[0].float().flatten() for output in outputs])
    return numbers[::math.ceil(len(numbers) / MOST)]


def logits(net, name, salt, inputs):
    """The logits of a net for each input; of one that does not end in a function, the output."""
    state = net.state_dict()
    tensors = {key: weight(key, salt, tuple(value.shape)) for key, value in state.items()
               if not key.endswith("num_batches_tracked")}
    net.load_state_dict(tensors, strict=False)
    answers = [some(net(*images(name, value))) for value in inputs]
    # Numbers that hardly depend on the input would hide mistakes.
    for answer, other in zip(answers, answers[1:], strict=False):
        assert (answer - other).abs().max() > 5e-3 * answer.abs().max(), f"{name} gives much the same for all inputs"
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nets", nargs="*", metavar="NET", help="all by default")
    chosen = parser.parse_args().nets or [*NETS, *TORCHVISION]
    FOLDER.mkdir(exist_ok=True)
    for name in chosen:
        net = build(name).double().eval().requires_grad_(False)
        many = sum(value.numel() for value in net.parameters()) > MANY or name in LARGE
        salts = SALTS.get(name, {})
        cases = [(salts.get(salt, salt), value) for salt, value in (FEW_CASES if many else CASES)]
        golden = {}
        for salt in dict.fromkeys(salt for salt, _ in cases):
            inputs = [value for other, value in cases if other == salt]
            for value, answer in zip(inputs, logits(net, name, salt, inputs), strict=True):
                assert answer.isfinite().all()
                golden[f"{salt}/{value}"] = answer.contiguous()
        save_file(golden, FOLDER / f"{name}.safetensors")
        scale = max(answer.abs().max().item() for answer in golden.values())
        print(f"{name}: {len(golden)} cases of {len(answer)} logits, the largest {scale:.4g}", flush=True)


if __name__ == "__main__":
    main()
