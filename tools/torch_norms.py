"""Cases of normalisations, scales, gates and functions of one number: `python tools/torch_norms.py`."""

import numpy as np
import torch
from torch.nn import functional as F

from torch_cases import case, shape, write

MAP = (4, 3, 2)
VECTOR = (6,)
EDGES = [-1000, -20, -3, -1, -0.5, -0.25, -0.1, 0, 0.1, 0.25, 0.5, 1, 3, 20, 1000]


def f32(number):
    """An argument as the layer has it."""
    return float(np.float32(number))


class Cases:
    def __init__(self):
        self.random = np.random.default_rng(1)
        self.text = []

    def draw(self, of, scale=1.0, shift=0.0):
        values = np.float32(shift + scale * self.random.standard_normal(of)).astype(np.float64)
        return torch.from_numpy(np.atleast_1d(values))

    def add(self, call, input, output, **tensors):
        net = f"Net: {shape(input.shape)} -> {shape(output.shape)} {{ layer: {call}; }}"
        # The factors of `scale` have the layer's own name.
        tensors = {"layer" if call == "scale" else f"layer.{role}": tensor for role, tensor in tensors.items()}
        self.text.append(case(net, input, output, tensors))

    def function(self, call, function):
        input = torch.tensor([f32(edge) for edge in EDGES], dtype=torch.float64)
        self.add(call, input, function(input))

    def norm(self, name, arguments, function, affine, of, shift=0.0):
        """`affine` is the shape of the weight, and whether there is a bias, or nothing."""
        input = self.draw(of, 1.5, shift)
        tensors = {}
        if affine:
            dims, bias = affine
            tensors = {"weight": self.draw(dims, 0.5, 1.0)} | ({"bias": self.draw(dims)} if bias else {})
        call = f"{name}({', '.join(arguments)})" if arguments else name
        output = function(input.unsqueeze(0), tensors.get("weight"), tensors.get("bias")).squeeze(0)
        self.add(call, input, output, **tensors)


def channels_last(function):
    """A function over the last dimension, over the channels."""
    return lambda x, *rest: function(x.movedim(1, -1), *rest).movedim(-1, 1)


def functions(cases):
    cases.function("hard_tanh", F.hardtanh)
    cases.function("hard_tanh(min = -0.3, max = 2)", lambda x: F.hardtanh(x, f32(-0.3), 2.0))
    cases.function("celu", F.celu)
    cases.function("celu(0.3)", lambda x: F.celu(x, f32(0.3)))
    cases.function("threshold(0.25, 20)", lambda x: F.threshold(x, 0.25, 20.0))
    cases.function("threshold(-0.1, -2)", lambda x: F.threshold(x, f32(-0.1), -2.0))
    cases.function("log_sigmoid", F.logsigmoid)
    cases.function("softplus(beta = 2, threshold = 1)", lambda x: F.softplus(x, 2.0, 1.0))
    cases.function("hard_shrink", F.hardshrink)
    cases.function("soft_shrink(0.3)", lambda x: F.softshrink(x, f32(0.3)))


def norms(cases):
    for of in [MAP, VECTOR]:
        for shift in [0.0, 300.0]:
            cases.norm("layer_norm", [], channels_last(
                lambda x, w, b: F.layer_norm(x, x.shape[-1:], w, b, f32(1e-5))), (of[:1], True), of, shift)
            cases.norm("layer_norm", ["over = all", "eps = 0.1"],
                       lambda x, w, b: F.layer_norm(x, x.shape[1:], w, b, f32(0.1)), (of, True), of, shift)
            cases.norm("layer_norm", ["over = all", "affine = false"],
                       lambda x, w, b: F.layer_norm(x, x.shape[1:], eps=f32(1e-5)), None, of, shift)
            cases.norm("group_norm", ["2"], lambda x, w, b: F.group_norm(x, 2, w, b, f32(1e-5)), (of[:1], True), of, shift)
            cases.norm("group_norm", ["1", "eps = 0.01", "affine = false"],
                       lambda x, w, b: F.group_norm(x, 1, eps=f32(0.01)), None, of, shift)
            cases.norm("rms_norm", [], channels_last(
                lambda x, w, b: F.rms_norm(x, x.shape[-1:], w, f32(1e-6))), (of[:1], False), of, shift)
            cases.norm("rms_norm", ["eps = 0.1", "over = all"],
                       lambda x, w, b: F.rms_norm(x, x.shape[1:], w, f32(0.1)), (of, False), of, shift)
            cases.norm("l2_norm", [], lambda x, w, b: F.normalize(x, dim=1, eps=f32(1e-12)), None, of, shift)
            cases.norm("l2_norm", ["over = all", "eps = 50"],
                       lambda x, w, b: F.normalize(x.flatten(1), dim=1, eps=50.0).reshape(x.shape), None, of, shift)
    for shift in [0.0, 300.0]:
        cases.norm("instance_norm", [], lambda x, w, b: F.instance_norm(x, eps=f32(1e-5)), None, MAP, shift)
        cases.norm("instance_norm", ["affine = true", "eps = 0.1"],
                   lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=f32(0.1)), (MAP[:1], True), MAP, shift)


def products(cases):
    for of in [MAP, VECTOR]:
        cases.norm("scale", [], lambda x, w, b: x * w.reshape(1, -1, *[1] * (x.dim() - 2)), (of[:1], False), of)
        cases.norm("scale", ["-0.3"], lambda x, w, b: x * f32(-0.3), None, of)
        cases.norm("glu", [], lambda x, w, b: F.glu(x, dim=1), None, of)



def responses(cases):
    def grn(eps):
        """timm's `GlobalResponseNorm`."""
        def call(x, w, b):
            length = x.norm(p=2, dim=(2, 3), keepdim=True)
            w, b = (tensor.reshape(1, -1, 1, 1) for tensor in (w, b))
            return x + torch.addcmul(b, w, x * length / (length.mean(dim=1, keepdim=True) + eps))
        return call
    for shift in [0.0, 300.0]:
        cases.norm("grn", [], grn(f32(1e-6)), (MAP[:1], True), MAP, shift)
        cases.norm("grn", ["eps = 0.1"], grn(f32(0.1)), (MAP[:1], True), MAP, shift)


if __name__ == "__main__":
    cases = Cases()
    functions(cases)
    norms(cases)
    products(cases)
    responses(cases)
    write("norms", cases.text)
