"""Computes what LeNet-5 answers to test digits with PyTorch, as a fixture for tests.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0
    venv/bin/python tools/lenet5_digits.py

Reads `models/weights/lenet5.safetensors`, which `cnn train` made (`models/weights/README.md`), and writes
`tests/data/lenet5_digits.safetensors`: logits and probabilities in float64, rounded.
"""

import gzip
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "models/weights/lenet5.safetensors"
FIXTURES = ROOT / "tests/data/lenet5_digits.safetensors"
FIXTURE_DIGITS = 100


def read_idx(path):
    """An IDX file of unsigned bytes: 00 00 08, the number of dimensions, each as a big-endian u32, the data."""
    data = gzip.decompress(path.read_bytes())
    assert data[:3] == b"\x00\x00\x08", path
    rank = data[3]
    shape = np.frombuffer(data, ">u4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load_digits(part):
    """Images as [N, 1, 32, 32] in 0..1, padded by 2 zeros on every side, and labels as [N]."""
    images = read_idx(ROOT / f"digits/{part}-images-idx3-ubyte.gz")
    labels = read_idx(ROOT / f"digits/{part}-labels-idx1-ubyte.gz")
    images = torch.from_numpy(images.astype(np.float32) / np.float32(255))
    return F.pad(images, (2, 2, 2, 2))[:, None], torch.from_numpy(labels.astype(np.int64))


def lenet5():
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(1, 6, 5), tanh1=nn.Tanh(), pool1=nn.AvgPool2d(2),
        conv2=nn.Conv2d(6, 16, 5), tanh2=nn.Tanh(), pool2=nn.AvgPool2d(2), flatten=nn.Flatten(),
        fc1=nn.Linear(400, 120), tanh3=nn.Tanh(),
        fc2=nn.Linear(120, 84), tanh4=nn.Tanh(),
        fc3=nn.Linear(84, 10)))


@torch.no_grad()
def main():
    images, labels = load_digits("test")
    net = lenet5()
    net.load_state_dict(load_file(WEIGHTS))
    net.double()
    logits = net(images.double())
    print(f"test digits right, of {len(labels)}: {int((logits.argmax(1) == labels).sum())}")
    logits = logits[:FIXTURE_DIGITS]
    about = f"LeNet-5's answers to the first {FIXTURE_DIGITS} test digits: PyTorch in float64, rounded"
    tensors = {"logits": logits.float(), "probabilities": logits.softmax(1).float()}
    FIXTURES.write_bytes(save(tensors, {"about": about}))


if __name__ == "__main__":
    main()
