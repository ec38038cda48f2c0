"""Trains LeNet-5 on `digits/`, and writes its weights and a fixture for tests.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0
    venv/bin/python tools/train_lenet5.py

Writes `models/weights/lenet5.safetensors` and `tests/data/lenet5_digits.safetensors`, in about ten minutes on one core.
The seed and the single thread reproduce the same weights on the same kind of CPU with the same versions; another CPU may
round differently and end at slightly different ones.

    --validate         trains without 900 of the training digits and reports on those; writes nothing.
                       The settings below were chosen with it: the test digits are used only for the final report.
    --fixtures         keeps the existing weights, and writes and reports the rest.
    --epochs N         how often each digit is used (EPOCHS).

The net will also read photographs, cut out and centred like MNIST's digits. Their strokes are thicker or thinner, paler,
blurred or noisy, so `augment` makes such digits from clean ones, in addition to moving and bending them.
"""

import argparse
import gzip
import math
import time
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
SEED = 1998
EPOCHS = 200
BATCH = 64
PEAK_RATE = 3e-3
WEIGHT_DECAY = 1e-2
HELD_OUT = 900
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


def uniform(count, low, high):
    """One number per image, shaped to multiply images."""
    return torch.empty(count, 1, 1, 1).uniform_(low, high)


def some(count, share):
    """True for this share of the images, at random."""
    return torch.rand(count, 1, 1, 1) < share


def warp(x):
    """Rotates, scales, shears, shifts and bends each image in its own way."""
    n = len(x)
    turn, shear, slant = (uniform(n, -limit, limit).view(n) for limit in (0.26, 0.2, 0.1))
    width, height = (uniform(n, 0.85, 1.15).view(n) for _ in range(2))
    shift = torch.empty(n, 2).uniform_(-2 / 16, 2 / 16)
    cos, sin = torch.cos(turn), torch.sin(turn)
    rows = torch.stack([cos / width, (shear - sin) / width, shift[:, 0],
                        (slant + sin) / height, cos / height, shift[:, 1]], 1)
    grid = F.affine_grid(rows.view(n, 2, 3), x.shape, align_corners=False)
    bend = F.interpolate(torch.randn(n, 2, 6, 6), x.shape[2:], mode="bicubic", align_corners=True)
    strength = uniform(n, 0, 0.07)
    return F.grid_sample(x, grid + (bend * strength).permute(0, 2, 3, 1), align_corners=False)


def restroke(x):
    """Makes strokes thicker or thinner: mixes in the largest or the smallest of the 3x3 neighbours."""
    n = len(x)
    thick = F.max_pool2d(x, 3, 1, 1)
    thin = -F.max_pool2d(-x, 3, 1, 1)
    amount = uniform(n, -0.6, 1) * some(n, 0.6)
    return x + (thick - x) * amount.clamp(min=0) + (thin - x) * (-amount).clamp(min=0)


def camera(x):
    """Blurs, changes the contrast and adds noise, each on some of the images."""
    n = len(x)
    blurred = F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 1)
    x = torch.lerp(x, blurred, uniform(n, 0, 1) * some(n, 0.4))
    x = x.clamp(0, 1) ** torch.where(some(n, 0.4), torch.exp(uniform(n, -0.7, 0.7)), 1)
    x = x * torch.where(some(n, 0.3), uniform(n, 0.5, 1), 1)
    noise = torch.randn_like(x) * uniform(n, 0, 0.12) * some(n, 0.3)
    return (x + noise).clamp(0, 1)


def augment(x):
    return camera(restroke(warp(x)))


def train(images, labels, epochs, report):
    net = lenet5()
    optimizer = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    steps = math.ceil(len(images) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=epochs * steps, pct_start=0.1)
    for epoch in range(1, epochs + 1):
        total = 0.0
        for batch in torch.randperm(len(images)).split(BATCH):
            loss = F.cross_entropy(net(augment(images[batch])), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        if epoch % 10 == 0 or epoch == epochs:
            print(f"epoch {epoch:3}: loss {total / len(images):.4f}{report(net)}", flush=True)
    return net


@torch.no_grad()
def count_right(net, images, labels):
    return int((net(images).argmax(1) == labels).sum())


def validate(images, labels, epochs):
    order = torch.randperm(len(images))
    held, kept = order[:HELD_OUT], order[HELD_OUT:]
    report = lambda net: f", {count_right(net, images[held], labels[held])} of {HELD_OUT} held out are right"
    train(images[kept], labels[kept], epochs, report)


def write(path, tensors, about):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(save(tensors, {"about": about}))


@torch.no_grad()
def write_fixtures(images, labels):
    """Runs the stored weights in both precisions; the fixture is the float64 run, rounded."""
    net = lenet5()
    net.load_state_dict(load_file(WEIGHTS))
    single = count_right(net, images, labels)
    net.double()
    double = count_right(net, images.double(), labels)
    print(f"test digits right, of {len(labels)}: {single} in float32, {double} in float64")
    logits = net(images[:FIXTURE_DIGITS].double())
    write(FIXTURES, {"logits": logits.float(), "probabilities": logits.softmax(1).float()},
          f"LeNet-5's answers to the first {FIXTURE_DIGITS} test digits: PyTorch in float64, rounded")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--fixtures", action="store_true")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(SEED)
    started = time.monotonic()
    if options.validate:
        return validate(*load_digits("train"), options.epochs)
    if not options.fixtures:
        net = train(*load_digits("train"), options.epochs, lambda net: "")
        print(f"trained in {time.monotonic() - started:.0f} s")
        write(WEIGHTS, net.state_dict(), "LeNet-5 trained on digits/ by tools/train_lenet5.py")
    write_fixtures(*load_digits("test"))


if __name__ == "__main__":
    main()
