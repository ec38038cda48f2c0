"""Training steps of PyTorch: `torch_training.py ENGINE NET THREADS OUTPUT` under the protocol of `harness/src/lib.rs`, where ENGINE is
`torch-nchw`, `torch-nhwc`, `compile-nchw` or `compile-nhwc`, and `torch_training.py write NET`.

The latter writes what all engines start with, `NET.training.safetensors`, and what they should answer: `NET.losses.f64` has
the losses of the first three steps in float64, `NET.plain-losses.f64` those of SGD without momentum and weight decay.
"""

import os
import sys
import traceback

# Compiled in this process, without workers that could disturb others.
os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
import torchvision  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from torch import nn  # noqa: E402

import common  # noqa: E402
from serving import serve  # noqa: E402

# As in `harness/src/training.rs`.
RATE, MOMENTUM, WEIGHT_DECAY, HEAD_WEIGHT, LOSSES = 0.01, 0.9, 5e-4, 0.3, 3


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        return self.fc3(torch.tanh(self.fc2(torch.tanh(self.fc1(x.flatten(1))))))


class Basic(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        same = stride == 1 and inputs == outputs
        down = lambda: nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.downsample = nn.Identity() if same else down()

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.downsample(x))


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Basic(16, 16, 1), Basic(16, 16, 1), Basic(16, 16, 1))
        self.layer2 = nn.Sequential(Basic(16, 32, 2), Basic(32, 32, 1), Basic(32, 32, 1))
        self.layer3 = nn.Sequential(Basic(32, 64, 2), Basic(64, 64, 1), Basic(64, 64, 1))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def head():
    """ResNet-50 with a trunk that is frozen, statistics included."""
    net = torchvision.models.resnet50()
    # Statistics that fit the weights, so that activations have a usual size.
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        net(minibatch("head")[0])
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name.startswith("fc.")
    return net.eval()


# The nets, the shapes of their minibatches, and their classes.
NETS = {
    "lenet5": (LeNet5, (64, 1, 32, 32)),
    "resnet20": (ResNet20, (64, 3, 32, 32)),
    "resnet18": (torchvision.models.resnet18, (8, 3, 224, 224)),
    "googlenet": (lambda: torchvision.models.googlenet(init_weights=False, aux_logits=True), (4, 3, 224, 224)),
    "head": (head, (8, 3, 224, 224)),
}
LAYOUTS = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}


def minibatch(net):
    """The images and the classes of `harness/src/training.rs`."""
    shape = NETS[net][1]
    mixed = torch.arange(np.prod(shape)) * 0x9E3779B1 & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 15) * 0x2C1B3C6D & 0xFFFFFFFF
    numbers = ((mixed ^ mixed >> 12) >> 8) / 2**23 - 1
    return numbers.reshape(shape), torch.arange(shape[0]) % 10


def build(net):
    """The net with seeded weights."""
    torch.manual_seed(0)
    return NETS[net][0]()


def sgd(net, **options):
    return torch.optim.SGD([parameter for parameter in net.parameters() if parameter.requires_grad], lr=RATE, **options)


def step(run, optimiser, images, targets):
    """Does one step, and gives the loss from before it. `run` is the net, or the compiled net."""
    optimiser.zero_grad(set_to_none=True)
    out = run(images)
    if torch.is_tensor(out):
        loss = F.cross_entropy(out, targets)
    else:
        heads = F.cross_entropy(out.aux_logits1, targets) + F.cross_entropy(out.aux_logits2, targets)
        loss = F.cross_entropy(out.logits, targets) + HEAD_WEIGHT * heads
    loss.backward()
    optimiser.step()
    return loss.item()


def write(name):
    file = lambda extension: common.NETS / f"{name}.{extension}"
    common.NETS.mkdir(parents=True, exist_ok=True)
    state = {key: tensor for key, tensor in build(name).state_dict().items() if tensor.is_floating_point()}
    save_file(state, file("training.safetensors"))
    images, targets = minibatch(name)
    for kind, options in {"losses": {"momentum": MOMENTUM, "weight_decay": WEIGHT_DECAY}, "plain-losses": {}}.items():
        net = build(name).double()
        optimiser = sgd(net, **options)
        losses = [step(net, optimiser, images.double(), targets) for _ in range(LOSSES)]
        np.array(losses).tofile(file(f"{kind}.f64"))
        print(f"{name} {kind}: {losses}")


def train(engine, name, threads, output):
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    kind, layout = engine.split("-")
    net = build(name)
    net.load_state_dict(load_file(common.NETS / f"{name}.training.safetensors"), strict=False)
    net = net.to(memory_format=LAYOUTS[layout])
    optimiser = sgd(net, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    images, targets = minibatch(name)
    images = images.contiguous(memory_format=LAYOUTS[layout])
    run = torch.compile(net) if kind == "compile" else net
    losses = []

    def once():
        loss = step(run, optimiser, images, targets)
        if len(losses) < LOSSES:
            losses.append(loss)

    def answer():
        while len(losses) < LOSSES:
            once()
        return losses

    serve(once, answer, output)


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(sys.argv[2])
    else:
        try:
            train(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
        except Exception as error:
            # The runner reports the last line; PyTorch ends its messages with advice.
            traceback.print_exc()
            sys.exit(f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}")
