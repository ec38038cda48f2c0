"""The time of a training step here and in PyTorch, in turns, in one session.

    work/venv/bin/python training.py [NET ...] [--threads 1 2] [--rounds 3] [--compile] [--clock cpu]

    work/venv/bin/python training.py --memory [NET ...]

Each turn is two seconds or three steps; PyTorch's is the better of both layouts. What counts is the ratio of medians. CPU time is less
disturbed by other programs, but says nothing of several threads. `--memory` compares the most memory that three steps take, each in a
process of its own: of PyTorch's, what it had after it was imported is not counted.
"""

import argparse
import multiprocessing
import pathlib
import statistics
import subprocess
import time

import torch
import torch.nn.functional as F
import torchvision
from torch import nn

HERE = pathlib.Path(__file__).parent


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


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for outputs, stride in ((16, 1), (32, 2), (64, 2)):
        for block in range(3):
            layers.append(Basic(inputs, outputs, stride if block == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def head():
    net = torchvision.models.resnet50()
    for name, parameter in net.named_parameters():
        parameter.requires_grad = name.startswith("fc.")
    return net


NETS = {
    "lenet5": (LeNet5, (64, 1, 32, 32), 10),
    "resnet20": (resnet20, (64, 3, 32, 32), 10),
    "resnet18": (torchvision.models.resnet18, (8, 3, 224, 224), 1000),
    "googlenet": (lambda: torchvision.models.googlenet(init_weights=False, aux_logits=True), (4, 3, 224, 224), 1000),
    "head": (head, (8, 3, 224, 224), 1000),
}


def torch_step(make, shape, classes, layout, compiled):
    """A function that does one step."""
    net = make().train().to(memory_format=layout)
    if make is head:
        net.eval()
    run = torch.compile(net) if compiled else net
    optimiser = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.01, momentum=0.9, weight_decay=5e-4)
    x = torch.randn(shape).contiguous(memory_format=layout)
    y = torch.randint(classes, (shape[0],))

    def step():
        optimiser.zero_grad(set_to_none=True)
        out = run(x)
        if torch.is_tensor(out):
            loss = F.cross_entropy(out, y)
        else:
            heads = F.cross_entropy(out.aux_logits1, y) + F.cross_entropy(out.aux_logits2, y)
            loss = F.cross_entropy(out.logits, y) + 0.3 * heads
        loss.backward()
        optimiser.step()

    return step


LAYOUTS = {"nchw": torch.contiguous_format, "nhwc": torch.channels_last}
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def turn(step, seconds, clock):
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = clock()
        step()
        times.append(1e3 * (clock() - start))
    return times


def compare(net, threads, options):
    make, shape, classes = NETS[net]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    steps = {f"torch {name}": torch_step(make, shape, classes, layout, False) for name, layout in LAYOUTS.items()}
    if options.compile:
        steps["torch.compile"] = torch_step(make, shape, classes, torch.channels_last, True)
    ours = subprocess.Popen(
        [options.program, net, str(threads), options.clock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    times = {name: [] for name in ["ours", *steps]}
    clock = CLOCKS[options.clock]
    for step in steps.values():
        turn(step, 0, clock)
    for _ in range(options.rounds):
        ours.stdin.write(f"{options.seconds}\n")
        ours.stdin.flush()
        times["ours"] += [float(number) for number in ours.stdout.readline().split()]
        for name, step in steps.items():
            times[name] += turn(step, options.seconds, clock)
    _, memory = ours.communicate()
    medians = {name: statistics.median(all) for name, all in times.items()}
    best = min(value for name, value in medians.items() if name != "ours")
    shown = "  ".join(f"{name} {value:.2f} (least {min(times[name]):.2f})" for name, value in medians.items())
    print(f"{net} {threads}t  ratio {medians['ours'] / best:.2f}  {shown}  {memory.strip()}", flush=True)


def peak(process="self"):
    """The most memory that a process had, in MB."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1e3


def torch_memory(net, layout):
    make, shape, classes = NETS[net]
    torch.set_num_threads(1)
    before = peak()
    turn(torch_step(make, shape, classes, layout, False), 0, time.perf_counter)
    return peak() - before


def compare_memory(net, options):
    ours = subprocess.Popen([options.program, net, "1", "wall"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ours.stdin.write("0\n0\n0\n")
    ours.stdin.flush()
    for _ in range(3):
        ours.stdout.readline()
    found = peak(ours.pid)
    ours.communicate()
    torchs = {}
    for name, layout in LAYOUTS.items():
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            torchs[name] = pool.apply(torch_memory, (net, layout))
    shown = "  ".join(f"torch {name} {megabytes:.0f} MB" for name, megabytes in torchs.items())
    print(f"{net} memory  ratio {found / min(torchs.values()):.2f}  ours {found:.0f} MB  {shown}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nets", nargs="*", default=list(NETS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--program", default=HERE / "target/release/peer-training")
    options = parser.parse_args()
    for net in options.nets if options.memory else []:
        compare_memory(net, options)
    for threads in [] if options.memory else options.threads:
        for net in options.nets:
            compare(net, threads, options)


if __name__ == "__main__":
    main()
