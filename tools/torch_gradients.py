"""Cases of gradients: `python tools/torch_gradients.py`.

A case is a net, the number of images in its minibatch, their numbers, the tensors by their names, the gradient of the output
(`upstream`), the output, the gradients of the input and of the tensors (`d input`, `d layer.weight`), and the running statistics after
the minibatch (`after layer.running_mean`). Inputs and tensors are sixteenths, so that maxima are often shared and kinks are hit.
"""

import random

import torch
from torch.nn import functional as F

import torch_cases
from torch_cases import numbers, shape


class Case:
    """Of a random minibatch of this shape, or of these numbers, which are one image."""

    def __init__(self, layers, input, tensors=(), images=2):
        self.random, self.layers, self.images = random.Random(layers + str(input)), layers, images
        self.input = (self.draw((images, *input)) if isinstance(input, tuple) else input.unsqueeze(0)).requires_grad_()
        self.tensors = {name: self.draw(size) for (name, size) in dict(tensors).items()}

    def draw(self, size):
        values = [self.random.randint(-32, 32) / 16 for _ in range(torch.Size(size).numel())]
        return torch.tensor(values, dtype=torch.float64).reshape(size)

    def lines(self, function, after=(), frozen=False):
        learnt = {name: tensor.requires_grad_() for (name, tensor) in self.tensors.items() if "running" not in name}
        output = function(self.input, *self.tensors.values())
        upstream = self.draw(output.shape)
        output.backward(upstream)
        yield f"net Net: {shape(self.input.shape[1:])} -> {shape(output.shape[1:])} {{ {self.layers}; }}"
        yield f"images {self.images}"
        yield from ["frozen true"] if frozen else []
        yield f"input {numbers(self.input.detach())}"
        for (name, tensor) in self.tensors.items():
            yield f"{name} {numbers(tensor.detach())}"
        yield f"upstream {numbers(upstream)}"
        yield f"output {numbers(output.detach())}"
        yield f"d input {numbers(self.input.grad)}"
        for (name, tensor) in learnt.items():
            yield f"d {name} {numbers(tensor.grad)}"
        for (name, tensor) in after:
            yield f"after {name} {numbers(tensor)}"


def case(layers, input, function, tensors=(), images=2):
    return "\n".join(Case(layers, input, tensors, images).lines(function))


def weighted(layer, input, function, weight, bias=None, images=2):
    """A layer with a weight, and perhaps a bias."""
    # The factors of `scale` have the layer's own name.
    tensors = {"layer" if layer.startswith("scale") else "layer.weight": weight} | ({"layer.bias": bias} if bias else {})
    return case(f"layer: {layer}", input, function, tensors, images)


def convolutions():
    for (layer, input, weight, options) in [
        ("conv(3, 3x3)", (2, 5, 4), (3, 2, 3, 3), {}),
        ("conv(4, 3x2, stride = (2, 1), pad = (1, 0))", (3, 5, 4), (4, 3, 3, 2), {"stride": (2, 1), "padding": (1, 0)}),
        ("conv(4, 3x3, pad = 2, dilation = 2, groups = 2)", (4, 4, 5), (4, 2, 3, 3),
         {"padding": 2, "dilation": 2, "groups": 2}),
        ("conv(6, 3x3, stride = 2, pad = 1, groups = 3)", (3, 6, 5), (6, 1, 3, 3), {"stride": 2, "padding": 1, "groups": 3}),
        ("conv(5, 1x1, stride = 3)", (2, 7, 5), (5, 2, 1, 1), {"stride": 3}),
    ]:
        call = lambda x, w, b=None, options=options: F.conv2d(x, w, b, **options)
        yield weighted(layer, input, call, weight, (weight[0],))
        yield weighted(f"{layer[:-1]}, bias = false)", input, call, weight)
    for (layer, input, weight, filters, options) in [
        ("conv_transpose(3, 2x2, stride = 2)", (2, 3, 2), (2, 3, 2, 2), 3, {"stride": 2}),
        ("conv_transpose(2, 3x3, stride = 2, pad = 1, output_pad = 1)", (3, 3, 2), (3, 2, 3, 3), 2,
         {"stride": 2, "padding": 1, "output_padding": 1}),
        ("conv_transpose(4, 3x2, stride = (1, 3), dilation = (2, 1), groups = 2)", (4, 3, 2), (4, 2, 3, 2), 4,
         {"stride": (1, 3), "dilation": (2, 1), "groups": 2}),
    ]:
        call = lambda x, w, b=None, options=options: F.conv_transpose2d(x, w, b, **options)
        yield weighted(layer, input, call, weight, (filters,))
        yield weighted(f"{layer[:-1]}, bias = false)", input, call, weight)
    yield weighted("linear(4)", (5,), F.linear, (4, 5), (4,), images=3)
    yield weighted("linear(3, bias = false)", (2, 3, 2), lambda x, w: F.linear(x.flatten(1), w), (3, 12))


def poolings():
    for (arguments, input, options) in [
        ("2x2", (3, 5, 6), {"kernel_size": 2}),
        ("3x3, stride = 2, pad = 1", (2, 6, 7), {"kernel_size": 3, "stride": 2, "padding": 1}),
        ("3x2, stride = (2, 3), pad = (1, 0), ceil = true", (2, 6, 7),
         {"kernel_size": (3, 2), "stride": (2, 3), "padding": (1, 0), "ceil_mode": True}),
        ("3x3, stride = 3, pad = 1, ceil = true", (2, 5, 6),
         {"kernel_size": 3, "stride": 3, "padding": 1, "ceil_mode": True}),
    ]:
        yield case(f"max_pool({arguments})", input, lambda x, options=options: F.max_pool2d(x, **options))
        yield case(f"avg_pool({arguments})", input, lambda x, options=options: F.avg_pool2d(x, **options))
        yield case(f"avg_pool({arguments}, count_include_pad = false)", input,
                   lambda x, options=options: F.avg_pool2d(x, **options, count_include_pad=False))
    yield case("max_pool(2x3, stride = 1, dilation = (2, 1))", (2, 5, 5),
               lambda x: F.max_pool2d(x, (2, 3), stride=1, dilation=(2, 1)))
    yield case("global_avg_pool", (3, 4, 3), lambda x: F.adaptive_avg_pool2d(x, 1))
    yield case("global_max_pool", (3, 4, 3), lambda x: F.adaptive_max_pool2d(x, 1))
    for (input, size) in [((2, 5, 7), (2, 3)), ((2, 3, 2), (5, 7))]:
        text = shape(size)
        yield case(f"adaptive_avg_pool({text})", input, lambda x, size=size: F.adaptive_avg_pool2d(x, size))
        yield case(f"adaptive_max_pool({text})", input, lambda x, size=size: F.adaptive_max_pool2d(x, size))
    yield case("channel_mean", (5, 3, 2), lambda x: x.mean(1, keepdim=True))
    yield case("channel_max", (5, 3, 2), lambda x: x.max(1, keepdim=True).values)


def moves():
    yield case("flatten", (2, 3, 2), lambda x: x.flatten(1))
    yield case("reshape(4x1x3)", (2, 3, 2), lambda x: x.reshape(-1, 4, 1, 3))
    yield case("channels(1..3)", (5, 2, 2), lambda x: x[:, 1:3])
    yield case("pixel_shuffle(2)", (8, 2, 3), lambda x: F.pixel_shuffle(x, 2))
    yield case("pixel_unshuffle(2)", (2, 4, 6), lambda x: F.pixel_unshuffle(x, 2))
    yield case("channel_shuffle(3)", (6, 2, 2), lambda x: F.channel_shuffle(x, 3))
    yield case("crop((1, 0, 2, 3))", (2, 5, 6), lambda x: x[:, :, 1:3, 0:3])
    for (more, options) in [(", value = 1.5", {"value": 1.5}), (", mode = reflect", {"mode": "reflect"}),
                            (", mode = replicate", {"mode": "replicate"})]:
        yield case(f"pad((0, 3, 2, 1){more})", (2, 3, 4), lambda x, options=options: F.pad(x, (3, 1, 0, 2), **options))
    for (from_size, size) in [((3, 4), (6, 8)), ((3, 5), (7, 3)), ((4, 6), (1, 1))]:
        yield case(f"resize({shape(size)})", (2, *from_size), lambda x, size=size: F.interpolate(x, size=size))
        for mode in ["bilinear", "bicubic"]:
            for (more, align) in [("", False), (", align_corners = true", True)]:
                call = lambda x, size=size, mode=mode, align=align: F.interpolate(
                    x, size=size, mode=mode, align_corners=align)
                yield case(f"resize({shape(size)}, mode = {mode}{more})", (2, *from_size), call)


def batch_norm(input, frozen, images, eps=1e-3, momentum=0.3, affine=True):
    """With the statistics of the minibatch, which are in float64, or with the running ones."""
    channels = (input[0],)
    names = [*(["weight", "bias"] if affine else []), "running_mean", "running_var"]
    more = "" if affine else ", affine = false"
    made = Case(f"layer: batch_norm(eps = {eps}, momentum = {momentum}{more})", input,
                {f"layer.{name}": channels for name in names}, images)
    var = made.tensors["layer.running_var"]
    var.copy_(var.abs() + 0.5)
    mean, var = made.tensors["layer.running_mean"].clone(), var.clone()
    function = lambda x, *tensors: F.batch_norm(
        x, mean, var, *(tensors[:2] if affine else []), training=not frozen, momentum=float32(momentum), eps=float32(eps))
    lines = made.lines(function, [] if frozen else [("layer.running_mean", mean), ("layer.running_var", var)], frozen)
    return "\n".join(lines)


def float32(number):
    """The number as the language keeps it."""
    return torch.tensor(number, dtype=torch.float32).double().item()


def grn(x, weight, bias, eps):
    """timm's `GlobalResponseNorm`."""
    length = x.norm(p=2, dim=(2, 3), keepdim=True)
    weight, bias = (tensor.reshape(1, -1, 1, 1) for tensor in (weight, bias))
    return x + torch.addcmul(bias, weight, x * length / (length.mean(dim=1, keepdim=True) + eps))


def norms():
    for (input, images) in [((3, 2, 4), 3), ((5,), 4), ((2, 2, 2), 1)]:
        yield batch_norm(input, False, images)
        yield batch_norm(input, True, images)
    for frozen in (False, True):
        yield batch_norm((3, 2, 4), frozen, 3, affine=False)
    eps = float32(0.01)
    for (channels, *size) in [(4, 3, 2), (6,)]:
        input, first = (channels, *size), [0, *range(2, 2 + len(size)), 1]
        last = lambda x, first=first: x.permute(first)
        back = lambda x, size=size: x.permute(0, -1, *range(1, 1 + len(size)))
        yield weighted("layer_norm(eps = 0.01)", input,
                       lambda x, w, b: back(F.layer_norm(last(x), w.shape, w, b, eps)), (channels,), (channels,))
        yield weighted("layer_norm(eps = 0.01, over = all)", input,
                       lambda x, w, b: F.layer_norm(x, w.shape, w, b, eps), input, input)
        yield weighted("rms_norm(eps = 0.01)", input,
                       lambda x, w: back(F.rms_norm(last(x), w.shape, w, eps)), (channels,))
        yield weighted("rms_norm(eps = 0.01, over = all)", input, lambda x, w: F.rms_norm(x, w.shape, w, eps), input)
        yield weighted("group_norm(2, eps = 0.01)", input, lambda x, w, b: F.group_norm(x, 2, w, b, eps), (channels,), (channels,))
        yield case("l2_norm", input, lambda x: F.normalize(x, dim=1, eps=float32(1e-12)))
        yield case("l2_norm(over = all, eps = 50)", input, lambda x: F.normalize(x.flatten(1), dim=1, eps=50).reshape(x.shape))
    yield weighted("instance_norm(eps = 0.01, affine = true)", (3, 2, 4),
                   lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=eps), (3,), (3,))
    yield case("group_norm(3, eps = 0.01, affine = false)", (6, 2, 2), lambda x: F.group_norm(x, 3, eps=eps))
    for (arguments, eps, input) in [("", 1e-6, (6, 3, 2)), ("(eps = 0.5)", 0.5, (3, 1, 1))]:
        yield weighted(f"grn{arguments}", input, lambda x, w, b, eps=float32(eps): grn(x, w, b, eps), input[:1], input[:1])
    # The length of a channel of zeros has no gradient.
    zeros = torch.tensor([[0, 0], [1.5, -2], [0, 0.5]], dtype=torch.float64).reshape(3, 1, 2)
    made = Case("layer: grn", zeros, {"layer.weight": (3,), "layer.bias": (3,)}, images=1)
    yield "\n".join(made.lines(lambda x, w, b: grn(x, w, b, float32(1e-6))))
    for size in [1, 3, 4, 5]:
        # PyTorch divides alpha by the size.
        yield case(f"lrn(size = {size}, window = torch, alpha = 0.25, beta = 0.75, k = 1.5)", (6, 2, 2),
                   lambda x, size=size: F.local_response_norm(x, size, alpha=0.25 * size, beta=0.75, k=1.5))


def activations():
    shared = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "relu6": F.relu6, "softplus": F.softplus,
              "softsign": F.softsign, "silu": F.silu, "mish": F.mish, "hard_swish": F.hardswish, "log_sigmoid": F.logsigmoid,
              "identity": lambda x: x * 1, "gelu": F.gelu, "gelu(approximate = tanh)": lambda x: F.gelu(x, approximate="tanh"),
              "leaky_relu": lambda x: F.leaky_relu(x, float32(0.01)), "leaky_relu(-0.5)": lambda x: F.leaky_relu(x, -0.5),
              "elu": F.elu, "elu(0.75)": lambda x: F.elu(x, 0.75), "celu": F.celu, "celu(0.75)": lambda x: F.celu(x, 0.75),
              "selu": lambda x: float32(1.050701) * F.elu(x, float32(1.6732632)),
              "hard_sigmoid(alpha = 0.25)": lambda x: torch.clamp(0.25 * x + 0.5, 0, 1),
              "hard_tanh": F.hardtanh, "hard_tanh(min = 0.5, max = 1.5)": lambda x: F.hardtanh(x, 0.5, 1.5),
              "softplus(beta = 2, threshold = 6)": lambda x: F.softplus(x, 2, 6), "hard_shrink(1)": lambda x: F.hardshrink(x, 1),
              "soft_shrink(0.5)": F.softshrink, "threshold(0.5, -1)": lambda x: F.threshold(x, 0.5, -1)}
    # Whole numbers have all kinks among them.
    whole = torch.arange(-8, 9, dtype=torch.float64)
    for (name, function) in shared.items():
        yield case(name, (16,), function)
        yield case(name, whole.clone(), function, images=1)
    yield weighted("prelu", (4, 3, 2), F.prelu, (4,))
    yield weighted("prelu(per = element)", (2, 3, 2),
                   lambda x, w: torch.where(x > 0, x, w * x), (2, 3, 2))
    yield weighted("scale", (4, 3, 2), lambda x, w: x * w.reshape(-1, 1, 1), (4,))
    yield weighted("prelu(per = tensor)", (4, 3, 2), F.prelu, (1,))
    yield weighted("scale(per = tensor)", (4, 3, 2), torch.mul, (1,))
    yield case("scale(0.375)", (4, 3, 2), lambda x: x * 0.375)
    yield case("glu", (6, 2, 3), lambda x: F.glu(x, 1))
    yield case("dropout(0)", (6,), lambda x: x * 1)
    for input in [(7,), (5, 2, 3)]:
        yield case("softmax", input, lambda x: F.softmax(x, 1))
        yield case("log_softmax", input, lambda x: F.log_softmax(x, 1))


def merges():
    functions = [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("max", torch.maximum)]
    for (name, function) in functions:
        yield case(f"{name} {{ skip; relu; avg_pool(3x1, stride = 1, pad = (1, 0)); }}", (3, 3, 4),
                   lambda x, function=function: function(
                       function(x, torch.relu(x)), F.avg_pool2d(x, (3, 1), stride=1, padding=(1, 0))))
        yield case(f"{name} {{ skip; global_avg_pool; channel_mean; }}", (3, 2, 4),
                   lambda x, function=function: function(
                       function(x, x.mean((2, 3), keepdim=True)), x.mean(1, keepdim=True)))
        yield case(f"{name} {{ channel_mean; global_avg_pool; }}", (3, 2, 4),
                   lambda x, function=function: function(x.mean(1, keepdim=True), x.mean((2, 3), keepdim=True)))
    yield case("max { skip; skip; relu; skip; }", (9,), lambda x: torch.maximum(
        torch.maximum(torch.maximum(x, x), torch.relu(x)), x))
    yield case("concat { tanh; skip; relu; }", (3, 2, 2), lambda x: torch.cat([torch.tanh(x), x, torch.relu(x)], 1))


def cases():
    for group in [convolutions, poolings, moves, norms, activations, merges]:
        yield from group()


if __name__ == "__main__":
    torch_cases.write("gradients", cases())
