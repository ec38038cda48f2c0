"""Cases of transposed convolutions, poolings and merges: `python tools/torch_decoders.py`.

Inputs and tensors are sixteenths.
"""

import random

import torch
from torch.nn import functional as F

import torch_cases


class Case:
    def __init__(self, net, shape):
        self.random, self.net, self.tensors = random.Random(net), net, {}
        self.input = self.draw(shape)

    def draw(self, shape):
        values = [self.random.randint(-32, 32) / 16 for _ in range(torch.Size(shape).numel())]
        return torch.tensor(values, dtype=torch.float64).reshape(shape)

    def tensor(self, name, shape):
        self.tensors[name] = self.draw(shape)
        return self.tensors[name]

    def end(self, output):
        return torch_cases.case(self.net, self.input, output, self.tensors)


def transposed(shape, filters, size, arguments="", function=None, bias=True, **options):
    """A transposed convolution, perhaps with a function after it."""
    groups = options.get("groups", 1)
    outputs = F.conv_transpose2d(
        torch.zeros(shape).unsqueeze(0), torch.zeros(shape[0], filters // groups, *size), **options)
    text = f"conv_transpose({filters}, {size[0]}x{size[1]}{arguments})"
    text = f"{text} -> {function}" if function else text
    case = Case(f"Net: {torch_cases.shape(shape)} -> {torch_cases.shape(outputs[0].shape)} {{ up: {text}; }}", shape)
    weight = case.tensor("up.weight", (shape[0], filters // groups, *size))
    bias = case.tensor("up.bias", (filters,)) if bias else None
    output = F.conv_transpose2d(case.input.unsqueeze(0), weight, bias, **options)[0]
    return case.end(getattr(torch, function)(output) if function else output)


def transposed_cases():
    yield transposed((3, 4, 5), 2, (1, 1))
    yield transposed((4, 3, 5), 5, (2, 2), ", stride = 2", stride=2)
    yield transposed((3, 4, 3), 4, (4, 4), ", stride = 2, pad = 1", stride=2, padding=1)
    yield transposed((2, 4, 3), 9, (3, 3), ", stride = 2, pad = 1, output_pad = 1", stride=2, padding=1, output_padding=1)
    yield transposed((2, 3, 4), 3, (3, 2), ", stride = (2, 3), pad = (1, 0), output_pad = (1, 2)",
                     stride=(2, 3), padding=(1, 0), output_padding=(1, 2))
    yield transposed((6, 3, 3), 9, (3, 3), ", stride = 2, groups = 3, bias = false", bias=False, stride=2, groups=3)
    yield transposed((5, 4, 4), 5, (3, 3), ", stride = 2, pad = 1, groups = 5", stride=2, padding=1, groups=5)
    yield transposed((2, 4, 4), 3, (3, 3), ", dilation = 2", dilation=2)
    yield transposed((2, 3, 4), 3, (3, 3), ", stride = 2, dilation = (2, 3), pad = 2", stride=2, dilation=(2, 3), padding=2)
    yield transposed((2, 3, 4), 3, (2, 2), ", stride = 4", stride=4)
    yield transposed((2, 5, 5), 3, (1, 1), ", stride = 2, pad = 1, output_pad = 1", stride=2, padding=1, output_padding=1)
    yield transposed((1, 1, 1), 17, (4, 4), function="tanh")
    yield transposed((1, 1, 1), 1, (1, 1), ", dilation = 3, output_pad = 2", dilation=3, output_padding=2)
    yield transposed((20, 3, 3), 18, (2, 2), ", stride = 2", "relu", stride=2)


def plain(net, function):
    """A net of layers without tensors, over an input that the net declares."""
    shape = tuple(map(int, net.split()[1].split("x")))
    case = Case(net, shape)
    return case.end(function(case.input))


def pooling_cases():
    for (shape, size) in [((3, 5, 7), (2, 3)), ((2, 7, 4), (3, 4)), ((2, 6, 9), (3, 3)), ((1, 3, 2), (5, 7)),
                          ((17, 5, 5), (4, 1)), ((3, 4, 4), (1, 1)), ((9, 5, 3), (2, 3)), ((2, 1, 1), (2, 2))]:
        for (name, function) in [("avg", F.adaptive_avg_pool2d), ("max", F.adaptive_max_pool2d)]:
            text = f"adaptive_{name}_pool({size[0]}x{size[1]})"
            net = f"Net: {torch_cases.shape(shape)} -> {shape[0]}x{size[0]}x{size[1]} {{ {text}; }}"
            yield plain(net, lambda x, function=function, size=size: function(x.unsqueeze(0), size)[0])
    for channels in [1, 7, 16, 35, 300]:
        for (name, function) in [("mean", torch.mean), ("max", torch.amax)]:
            net = f"Net: {channels}x3x2 -> 1x3x2 {{ channel_{name}; }}"
            yield plain(net, lambda x, function=function: function(x, dim=0, keepdim=True))


def merge_cases():
    for (name, function) in [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("max", torch.maximum)]:
        for shape in ["5x3x4", "17x2x1", "1x4x3"]:
            net = f"Net: {shape} -> {shape} {{ {name} {{ skip; relu; avg_pool(3x1, stride = 1, pad = (1, 0)); }}; }}"
            yield plain(net, lambda x, function=function: function(
                function(x, torch.relu(x)), F.avg_pool2d(x, (3, 1), stride=1, padding=(1, 0))))
            net = f"Net: {shape} -> {shape} {{ {name} {{ skip; global_max_pool; }}; }}"
            yield plain(net, lambda x, function=function: function(x, x.amax((1, 2), keepdim=True)))
            net = f"Net: {shape} -> {shape} {{ {name} {{ channel_max; skip; }} -> tanh; }}"
            yield plain(net, lambda x, function=function: torch.tanh(function(x.amax(0, keepdim=True), x)))
            net = f"Net: {shape} -> {shape} {{ {name} {{ channel_mean; global_avg_pool; }}; }}"
            yield plain(net, lambda x, function=function: function(
                x.mean(0, keepdim=True), x.mean((1, 2), keepdim=True)))


def cases():
    yield from transposed_cases()
    yield from pooling_cases()
    yield from merge_cases()


if __name__ == "__main__":
    torch_cases.write("decoders", cases())
