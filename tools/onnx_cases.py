#!/usr/bin/env python3
"""Writes the cases of cnn-import/tests/cases: small ONNX files, an input, and the output that is expected.

Operators are those of ONNX, one or a few a case, with the outputs of onnx's reference evaluator. Nets are PyTorch's, written by both
of its exporters, with outputs in double precision. Two more files are for the tests of `network!`. Needs onnx, torch and onnxscript.
"""

import io
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn
from torch.nn import functional as F

FOLDER = Path(__file__).resolve().parent.parent / "cnn-import" / "tests" / "cases"
RANDOM = np.random.default_rng(17)


def floats(*shape, low=-1.0, high=1.0):
    # Few digits, so that files are short; exact in single precision.
    return np.asarray(np.round(RANDOM.uniform(low, high, shape) * 64) / 64, np.float32)


class Case:
    """A graph in the making: `input` is the value of the input, `node` adds an operator and returns its output's name."""

    def __init__(self, shape, opset=17, declared=None):
        self.opset, self.nodes, self.tensors, self.shape, self.declared = opset, [], [], shape, declared or shape
        self.image, self.expected = floats(*shape), None

    def tensor(self, array, name=None):
        name = name or f"t{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, op, *inputs, outputs=1, **attributes):
        inputs = [name if isinstance(name, str) else self.tensor(name) for name in inputs]
        names = [f"v{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def model(self, result):
        info = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes, "case", [info("x", TensorProto.FLOAT, self.declared)], [info(result, TensorProto.FLOAT, None)], self.tensors
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)


CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def ints(*values):
    return np.array(values, dtype=np.int64)


@case
def conv_same_upper():
    c = Case((1, 2, 5, 6))
    return c, c.node("Conv", "x", floats(3, 2, 3, 4), floats(3), auto_pad="SAME_UPPER", strides=[2, 2])


@case
def conv_same_lower():
    c = Case((1, 2, 5, 6))
    return c, c.node("Conv", "x", floats(3, 2, 2, 4), auto_pad="SAME_LOWER", kernel_shape=[2, 4])


@case
def conv_asymmetric():
    c = Case((1, 4, 5, 6))
    weight = floats(6, 2, 3, 2)
    return c, c.node("Conv", "x", weight, floats(6), pads=[2, 0, 1, 3], dilations=[1, 2], strides=[1, 2], group=2)


@case
def conv_of_a_sequence():
    c = Case((1, 3, 11))
    y = c.node("Conv", "x", floats(4, 3, 3), floats(4), pads=[1, 2], strides=[2])
    y = c.node("MaxPool", c.node("Relu", y), kernel_shape=[2], strides=[2])
    return c, c.node("Gemm", c.node("Flatten", y), floats(5, 12), transB=1)


@case
def conv_with_a_bias_added():
    c = Case((1, 3, 4, 4))
    return c, c.node("Add", c.node("Conv", "x", floats(5, 3, 1, 1)), floats(5, 1, 1))


@case
def conv_then_a_factor():
    c = Case((1, 3, 4, 4))
    y = c.node("Mul", c.node("Conv", "x", floats(5, 3, 1, 1), floats(5)), floats(1, 5, 1, 1))
    return c, c.node("Add", y, floats(5, 1, 1))


@case
def conv_twice_by_one_weight():
    c = Case((1, 3, 4, 4))
    weight = c.tensor(floats(3, 3, 1, 1), "shared.weight")
    return c, c.node("Conv", c.node("Relu", c.node("Conv", "x", weight)), weight)


@case
def pad_before_conv():
    c = Case((1, 2, 4, 5))
    y = c.node("Pad", "x", ints(0, 0, 1, 0, 0, 0, 2, 1))
    return c, c.node("Conv", y, floats(3, 2, 3, 3), pads=[1, 1, 0, 0])


@case
def pad_with_another_number_before_conv():
    c = Case((1, 2, 4, 5))
    y = c.node("Pad", "x", ints(0, 0, 1, 1, 0, 0, 1, 1), np.float32(0.5))
    return c, c.node("Conv", y, floats(3, 2, 3, 3))


@case
def pad_before_max_pool():
    c = Case((1, 2, 4, 4))
    c.image -= 2
    return c, c.node("MaxPool", c.node("Pad", "x", ints(0, 0, 1, 1, 0, 0, 1, 1)), kernel_shape=[2, 2], strides=[2, 2])


@case
def pad_before_average_pool():
    c = Case((1, 2, 4, 4))
    y = c.node("Pad", "x", ints(0, 0, 1, 1, 0, 0, 1, 1))
    return c, c.node("AveragePool", y, kernel_shape=[2, 2], strides=[2, 2])


@case
def pad_read_twice():
    c = Case((1, 2, 4, 4))
    y = c.node("Pad", "x", ints(0, 0, 1, 1, 0, 0, 1, 1))
    a = c.node("Conv", y, floats(2, 2, 3, 3))
    return c, c.node("Add", a, c.node("MaxPool", y, kernel_shape=[3, 3], strides=[1, 1]))


@case
def pad_by_reflection_and_repetition():
    c = Case((1, 2, 4, 5), opset=18)
    y = c.node("Pad", "x", ints(1, 2, 0, 1), "", ints(2, 3), mode="reflect")
    return c, c.node("Pad", y, ints(0, 0, 0, 1, 0, 0, 2, 0), mode="edge")


@case
def average_pool_without_padding_counted():
    c = Case((1, 2, 5, 5))
    return c, c.node("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])


@case
def average_pool_with_padding_counted():
    c = Case((1, 2, 5, 5))
    return c, c.node("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)


@case
def max_pool_rounded_up():
    c = Case((1, 2, 6, 7))
    return c, c.node("MaxPool", "x", kernel_shape=[3, 2], strides=[2, 2], ceil_mode=1)


@case
def max_pool_rounded_up_in_vain():
    c = Case((1, 2, 7, 7))
    return c, c.node("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, dilations=[1, 1])


@case
def global_pools():
    c = Case((1, 3, 4, 5))
    return c, c.node("Sub", c.node("GlobalAveragePool", "x"), c.node("GlobalMaxPool", "x"))


@case
def means_over_maps():
    c = Case((1, 3, 4, 5))
    y = c.node("ReduceMean", "x", axes=[-1, -2], keepdims=0)
    return c, c.node("Gemm", y, floats(3, 4))


@case
def means_over_axes_as_input():
    c = Case((1, 3, 4, 5), opset=18)
    y = c.node("ReduceMean", "x", ints(2, 3), keepdims=1)
    y = c.node("Reshape", y, ints(1, -1))
    return c, c.node("Gemm", y, floats(4, 3), floats(4), transB=1)


@case
def attention_over_space():
    c = Case((1, 3, 4, 5), opset=13)
    mean = c.node("ReduceMean", "x", axes=[1], keepdims=1)
    most = c.node("ReduceMax", "x", axes=[1], keepdims=1)
    gate = c.node("Conv", c.node("Concat", mean, most, axis=1), floats(1, 2, 3, 3), pads=[1, 1, 1, 1])
    return c, c.node("Mul", "x", c.node("Sigmoid", gate))


@case
def means_over_rows_and_columns():
    c = Case((1, 3, 4, 5), opset=13)
    rows = c.node("ReduceMean", "x", axes=[3], keepdims=1)
    return c, c.node("ReduceMax", rows, axes=[2], keepdims=1)


@case
def gemm_scaled():
    c = Case((1, 6))
    return c, c.node("Gemm", "x", floats(6, 4), floats(4), alpha=0.5, beta=2.0)


@case
def gemm_with_one_bias():
    c = Case((1, 6))
    return c, c.node("Gemm", "x", floats(4, 6), floats(1), transB=1)


@case
def mat_mul_then_a_bias():
    c = Case((1, 2, 3, 3))
    y = c.node("MatMul", c.node("Reshape", "x", ints(0, -1)), floats(18, 5))
    return c, c.node("Add", floats(5), y)


@case
def mat_mul_of_maps_in_another_order():
    c = Case((1, 2, 3, 4))
    y = c.node("Conv", "x", floats(5, 2, 1, 1))
    y = c.node("Reshape", c.node("Transpose", y, perm=[0, 2, 3, 1]), ints(1, -1))
    return c, c.node("MatMul", y, floats(60, 3))


@case
def mat_mul_of_pixels():
    c = Case((1, 4, 3, 2))
    y = c.node("Transpose", "x", perm=[0, 2, 3, 1])
    y = c.node("Add", c.node("MatMul", y, floats(4, 6)), floats(6))
    y = c.node("MatMul", c.node("Relu", y), floats(6, 4))
    return c, c.node("Add", "x", c.node("Transpose", y, perm=[0, 3, 1, 2]))


@case
def mat_mul_of_tokens():
    c = Case((1, 4, 3, 2))
    y = c.node("Transpose", c.node("Reshape", "x", ints(1, 4, 6)), perm=[0, 2, 1])
    y = c.node("MatMul", y, floats(4, 5))
    return c, c.node("Reshape", c.node("Transpose", y, perm=[0, 2, 1]), ints(1, 5, 3, 2))


@case
def input_with_channels_last():
    c = Case((1, 4, 5, 3), declared=(1, 4, 5, 3))
    y = c.node("Conv", c.node("Transpose", "x", perm=[0, 3, 1, 2]), floats(2, 3, 3, 3))
    return c, c.node("Flatten", y)


@case
def symbolic_batch():
    c = Case((1, 2, 4, 4), declared=("N", 2, 4, 4))
    y = c.node("Relu", "x")
    batch = c.node("Unsqueeze", c.node("Gather", c.node("Shape", y), np.int64(0), axis=0), ints(0))
    return c, c.node("Reshape", y, c.node("Concat", batch, ints(-1), axis=0))


@case
def shape_arithmetic():
    c = Case((1, 4, 4, 6), declared=("N", 4, 4, 6))
    shape = c.node("Shape", "x")
    height = c.node("Gather", shape, np.int64(2), axis=0)
    half = c.node("Unsqueeze", c.node("Div", c.node("Mul", height, np.int64(3)), np.int64(3)), ints(0))
    to = c.node("Concat", c.node("Slice", shape, ints(0), ints(2)), half, ints(-1), axis=0)
    return c, c.node("Relu", c.node("Reshape", "x", to))


@case
def weights_by_constant_of_shape():
    c = Case((1, 2, 4, 4))
    value = helper.make_tensor("value", TensorProto.FLOAT, [1], [0.5])
    return c, c.node("Conv", "x", c.node("ConstantOfShape", ints(3, 2, 3, 3), value=value))


@case
def weights_of_all_precisions():
    c = Case((1, 3), opset=13)
    y = c.node("MatMul", "x", c.node("Cast", floats(3, 4).astype(np.float16), to=TensorProto.FLOAT))
    y = c.node("MatMul", y, c.node("Cast", floats(4, 2).astype(np.float64), to=TensorProto.FLOAT))
    return c, c.node("Mul", y, c.node("Cast", ints(3), to=TensorProto.FLOAT))


@case
def nodes_in_another_order():
    c = Case((1, 2, 4, 4))
    y = c.node("Tanh", c.node("Relu", c.node("Conv", "x", floats(2, 2, 1, 1))))
    c.nodes.reverse()
    return c, y


@case
def shrinks():
    c = Case((1, 2, 3, 3))
    return c, c.node("Shrink", c.node("Shrink", "x", lambd=0.25), lambd=0.5, bias=0.5)


@case
def batch_norm_then_scale():
    c = Case((1, 3, 4, 4), opset=9)
    tensors = [floats(3), floats(3), floats(3), floats(3, low=0.5), floats(3), floats(3)]
    scale, bias, mean, variance, factor, shift = (tensor.reshape(3, 1, 1).astype(np.float64) for tensor in tensors)
    # onnx's evaluator takes version 9 for training.
    c.expected = ((c.image - mean) / np.sqrt(variance + 1e-3) * scale + bias) * factor + shift
    y = c.node("BatchNormalization", "x", *tensors[:4], epsilon=1e-3)
    y = c.node("Mul", y, c.node("Unsqueeze", tensors[4], axes=[1, 2]))
    return c, c.node("Add", y, c.node("Unsqueeze", tensors[5], axes=[1, 2]))


@case
def standardised_input():
    c = Case((1, 3, 4, 4))
    y = c.node("Div", c.node("Sub", "x", floats(1, 3, 1, 1)), floats(1, 3, 1, 1, low=0.5))
    return c, c.node("Relu", y)


@case
def affine_by_numbers():
    c = Case((1, 3, 4, 4))
    return c, c.node("Sub", np.float32(1), c.node("Add", c.node("Mul", "x", np.float32(0.25)), np.float32(0.5)))


@case
def sums_and_means():
    c = Case((1, 2, 3, 3))
    a, b = c.node("Relu", "x"), c.node("Tanh", "x")
    return c, c.node("Mean", c.node("Sum", "x", a, b), c.node("Max", a, b))


@case
def limits():
    c = Case((1, 2, 3, 3))
    y = c.node("Max", c.node("Min", "x", np.float32(0.5)), np.float32(-0.25))
    return c, c.node("Clip", c.node("Clip", y, np.float32(-0.125)), np.float32(-1), np.float32(0.25))


@case
def clip_by_attributes():
    c = Case((1, 2, 3, 3), opset=10)
    c.image *= 8
    return c, c.node("Clip", "x", min=0.0, max=6.0)


@case
def powers():
    c = Case((1, 2, 3, 3))
    return c, c.node("Pow", c.node("Neg", "x"), np.float32(2))


@case
def excitation_by_vectors():
    c = Case((1, 4, 3, 3))
    y = c.node("Squeeze", c.node("GlobalAveragePool", "x"), ints(2, 3))
    y = c.node("Relu", c.node("Gemm", y, floats(2, 4), transB=1))
    y = c.node("Sigmoid", c.node("Gemm", y, floats(4, 2), transB=1))
    return c, c.node("Mul", c.node("Reshape", y, ints(1, 4, 1, 1)), "x")


@case
def split_and_concat():
    c = Case((1, 5, 3, 3))
    a, b = c.node("Split", "x", ints(2, 3), outputs=2, axis=1)
    return c, c.node("Concat", c.node("Relu", b), a, axis=1)


@case
def split_evenly_by_opset_11():
    c = Case((1, 6, 3, 3), opset=11)
    a, b, d = c.node("Split", "x", outputs=3, axis=1)
    return c, c.node("Add", c.node("Mul", a, b), d)


@case
def slices():
    c = Case((1, 5, 6, 7))
    y = c.node("Slice", "x", ints(1, -5, 0), ints(4, 2**62, -2), ints(1, 2, 3))
    return c, c.node("Relu", y)


@case
def gathers():
    c = Case((1, 3, 4, 4))
    first = c.node("Unsqueeze", c.node("Gather", "x", np.int64(0), axis=1), ints(1))
    rest = c.node("Gather", "x", ints(1, 2), axis=1)
    return c, c.node("Concat", c.node("Mul", first, np.float32(0.5)), rest, axis=1)


@case
def channel_shuffle():
    c = Case((1, 6, 2, 3))
    y = c.node("Transpose", c.node("Reshape", "x", ints(1, 2, 3, 2, 3)), perm=[0, 2, 1, 3, 4])
    y = c.node("Reshape", y, ints(1, 6, 2, 3))
    return c, c.node("Conv", y, floats(2, 6, 1, 1))


@case
def depth_to_space_dcr():
    c = Case((1, 12, 2, 3))
    return c, c.node("DepthToSpace", "x", blocksize=2)


@case
def depth_to_space_crd():
    c = Case((1, 12, 2, 3))
    return c, c.node("DepthToSpace", "x", blocksize=2, mode="CRD")


@case
def space_to_depth():
    c = Case((1, 3, 4, 6))
    return c, c.node("SpaceToDepth", "x", blocksize=2)


@case
def pixel_unshuffle_by_hand():
    c = Case((1, 3, 4, 6))
    y = c.node("Transpose", c.node("Reshape", "x", ints(1, 3, 2, 2, 3, 2)), perm=[0, 1, 3, 5, 2, 4])
    return c, c.node("Relu", c.node("Reshape", y, ints(1, 12, 2, 3)))


@case
def reshape_to_other_maps():
    c = Case((1, 6, 2, 2))
    return c, c.node("Conv", c.node("Reshape", "x", ints(1, 2, 3, 4)), floats(3, 2, 2, 2))


@case
def resize_nearest_asymmetric():
    c = Case((1, 2, 3, 4))
    scales = np.array([1, 1, 2, 3], dtype=np.float32)
    return c, c.node("Resize", "x", "", scales, coordinate_transformation_mode="asymmetric", nearest_mode="floor")


@case
def resize_nearest_half_pixel():
    c = Case((1, 2, 3, 4))
    return c, c.node("Resize", "x", "", np.array([1, 1, 2, 2], dtype=np.float32))


@case
def resize_linear():
    c = Case((1, 2, 3, 4))
    return c, c.node("Resize", "x", "", "", ints(1, 2, 5, 8), mode="linear")


@case
def resize_linear_corners():
    c = Case((1, 2, 3, 4))
    rule = "align_corners"
    return c, c.node("Resize", "x", "", "", ints(1, 2, 6, 7), mode="linear", coordinate_transformation_mode=rule)


@case
def resize_cubic():
    c = Case((1, 2, 4, 4))
    return c, c.node("Resize", "x", "", "", ints(1, 2, 8, 6), mode="cubic")


@case
def conv_transpose():
    c = Case((1, 4, 3, 4))
    options = {"strides": [2, 3], "pads": [1, 0, 1, 0], "output_padding": [1, 2], "group": 2}
    weight, bias = floats(4, 3, 3, 2), floats(6)
    # onnx's evaluator has no groups with a bias.
    x, w, b = (torch.from_numpy(array).double() for array in (c.image, weight, bias))
    c.expected = F.conv_transpose2d(x, w, b, stride=(2, 3), padding=(1, 0), output_padding=(1, 2), groups=2)
    return c, c.node("ConvTranspose", "x", weight, bias, **options)


@case
def conv_transpose_of_uneven_pads():
    c = Case((1, 2, 3, 4))
    return c, c.node("ConvTranspose", "x", floats(2, 3, 3, 2), strides=[2, 1], pads=[1, 0, 0, 1])


@case
def conv_transpose_to_a_size():
    c = Case((1, 2, 3, 3))
    return c, c.node("ConvTranspose", "x", floats(2, 3, 3, 3), strides=[2, 2], output_shape=[6, 6], auto_pad="SAME_UPPER")


def lrn(image, size, alpha, beta, bias):
    """As ONNX defines it; its evaluator normalises as many channels as there are images."""
    squares = np.square(image.astype(np.float64))
    channels = image.shape[1]
    spans = [(max(0, c - (size - 1) // 2), min(channels, c + size // 2 + 1)) for c in range(channels)]
    sums = np.stack([squares[:, first:end].sum(1) for first, end in spans], 1)
    return image / (bias + alpha / size * sums) ** beta


@case
def lrn_of_an_odd_size():
    c = Case((1, 7, 2, 2))
    c.expected = lrn(c.image, 5, 0.5, 0.75, 1)
    return c, c.node("LRN", "x", size=5, alpha=0.5, beta=0.75, bias=1.0)


@case
def lrn_of_an_even_size():
    c = Case((1, 7, 2, 2))
    c.expected = lrn(c.image, 4, 0.5, 0.5, 2)
    return c, c.node("LRN", "x", size=4, alpha=0.5, beta=0.5, bias=2.0)


@case
def instance_norm():
    c = Case((1, 3, 4, 4))
    return c, c.node("InstanceNormalization", "x", floats(3), floats(3))


@case
def group_norm_by_hand():
    c = Case((1, 6, 3, 3))
    one, zero = np.ones(2, dtype=np.float32), np.zeros(2, dtype=np.float32)
    y = c.node("InstanceNormalization", c.node("Reshape", "x", ints(0, 2, -1)), one, zero, epsilon=1e-3)
    y = c.node("Reshape", y, c.node("Shape", "x"))
    return c, c.node("Add", c.node("Mul", y, floats(6, 1, 1)), floats(6, 1, 1))


@case
def group_norm():
    c = Case((1, 6, 3, 3), opset=21)
    return c, c.node("GroupNormalization", "x", floats(6), floats(6), num_groups=3)


@case
def layer_norm_of_pixels():
    c = Case((1, 4, 3, 3))
    y = c.node("Transpose", "x", perm=[0, 2, 3, 1])
    y = c.node("LayerNormalization", y, floats(4), floats(4), epsilon=1e-6)
    return c, c.node("Transpose", y, perm=[0, 3, 1, 2])


@case
def layer_norm_of_all():
    c = Case((1, 2, 3, 3))
    return c, c.node("LayerNormalization", "x", floats(2, 3, 3), floats(2, 3, 3), axis=1)


@case
def layer_norm_by_hand():
    c = Case((1, 4, 3, 3), opset=13)
    difference = c.node("Sub", "x", c.node("ReduceMean", "x", axes=[1], keepdims=1))
    variance = c.node("ReduceMean", c.node("Pow", difference, np.float32(2)), axes=[1], keepdims=1)
    y = c.node("Div", difference, c.node("Sqrt", c.node("Add", variance, np.float32(1e-4))))
    return c, c.node("Add", c.node("Mul", y, floats(4, 1, 1)), floats(4, 1, 1))


@case
def normalised_by_length():
    c = Case((1, 5, 2, 2), opset=13)
    length = c.node("ReduceL2", "x", axes=[1], keepdims=1)
    return c, c.node("Div", "x", c.node("Expand", c.node("Clip", length, np.float32(1e-6)), ints(1, 5, 2, 2)))


@case
def prelu_forms():
    c = Case((1, 3, 2, 2))
    y = c.node("PRelu", "x", floats(3, 1, 1))
    y = c.node("PRelu", c.node("Neg", y), floats(1))
    return c, c.node("PRelu", c.node("Neg", y), floats(3, 2, 2))


@case
def gelu_by_hand():
    c = Case((1, 3, 2, 2))
    c.image *= 3
    erf = c.node("Erf", c.node("Div", "x", np.float32(1.4142135)))
    y = c.node("Mul", "x", c.node("Add", erf, np.float32(1)))
    return c, c.node("Mul", y, np.float32(0.5))


@case
def gelu_with_tanh_by_hand():
    c = Case((1, 3, 2, 2))
    c.image *= 3
    cube = c.node("Mul", c.node("Pow", "x", np.float32(3)), np.float32(0.044715))
    inner = c.node("Mul", c.node("Add", "x", cube), np.float32(0.7978846))
    half = c.node("Mul", "x", np.float32(0.5))
    return c, c.node("Mul", half, c.node("Add", c.node("Tanh", inner), np.float32(1)))


@case
def hard_swish_by_paddle():
    c = Case((1, 3, 2, 2))
    c.image *= 5
    clip = c.node("Clip", c.node("Add", "x", np.float32(3)), np.float32(0), np.float32(6))
    return c, c.node("Div", c.node("Mul", "x", clip), np.float32(6))


@case
def hard_sigmoid_and_hard_swish():
    c = Case((1, 3, 2, 2))
    c.image *= 5
    y = c.node("Mul", "x", c.node("HardSigmoid", "x", alpha=1 / 6, beta=0.5))
    clip = c.node("Clip", c.node("Add", y, np.float32(3)), np.float32(0), np.float32(6))
    return c, c.node("HardSigmoid", c.node("Mul", clip, np.float32(1 / 6)))


@case
def swish_and_mish():
    c = Case((1, 3, 2, 2))
    y = c.node("Mul", c.node("Sigmoid", "x"), "x")
    return c, c.node("Mul", y, c.node("Tanh", c.node("Softplus", y)))


@case
def almost_swish():
    c = Case((1, 3, 2, 2))
    a = c.node("Relu", "x")
    return c, c.node("Mul", a, c.node("Sigmoid", "x"))


@case
def other_activations():
    c = Case((1, 3, 2, 2))
    y = c.node("Elu", c.node("LeakyRelu", "x", alpha=0.25), alpha=0.5)
    y = c.node("Celu", c.node("Selu", y), alpha=2.0)
    y = c.node("Softsign", c.node("ThresholdedRelu", y, alpha=0.125))
    return c, c.node("Add", y, c.node("Softplus", "x"))


@case
def softmax_of_opset_11():
    c = Case((1, 6, 1, 1), opset=11)
    return c, c.node("Softmax", c.node("Flatten", "x"))


@case
def softmax_of_channels():
    c = Case((1, 4, 2, 3), opset=13)
    return c, c.node("Softmax", "x", axis=1)


@case
def logarithm_of_softmax():
    c = Case((1, 5), opset=13)
    return c, c.node("Log", c.node("Softmax", "x", axis=-1))


@case
def densely_connected():
    c = Case((1, 2, 4, 4))
    a = c.node("Conv", "x", floats(2, 2, 3, 3), pads=[1] * 4)
    b = c.node("Conv", c.node("Concat", "x", a, axis=1), floats(2, 4, 3, 3), pads=[1] * 4)
    d = c.node("Conv", c.node("Concat", "x", a, b, axis=1), floats(2, 6, 3, 3), pads=[1] * 4)
    return c, c.node("Concat", "x", a, b, d, axis=1)


@case
def dropout_and_identity():
    c = Case((1, 4), opset=13)
    y = c.node("Dropout", c.node("Identity", "x"), np.float32(0.3))
    return c, c.node("Gemm", y, c.node("Identity", floats(4, 3)))


@case
def every_other_pixel():
    c = Case((1, 3, 7, 6))
    y = c.node("Slice", "x", ints(1, 0), ints(100, 5), ints(2, 3), ints(2, 3))
    return c, c.node("Relu", y)


@case
def channels_in_another_order():
    c = Case((1, 4, 3, 2))
    y = c.node("Gather", "x", ints(2, 3, 1, 0), axis=1)
    y = c.node("Slice", y, ints(-1), ints(-100), ints(1), ints(-1))
    y = c.node("Transpose", c.node("GatherND", c.node("Transpose", y, perm=[1, 0, 2, 3]), ints([3], [0], [2])), perm=[1, 0, 2, 3])
    return c, c.node("Relu", y)


@case
def channels_of_zeros():
    c = Case((1, 2, 4, 3))
    y = c.node("Pad", c.node("Relu", "x"), ints(0, 3, 0, 0, 0, 1, 0, 0))
    return c, c.node("Pad", y, ints(0, 0, 0, 1, 0, 1, 0, 0), np.float32(0.5))


@case
def pad_less_than_nothing():
    c = Case((1, 3, 5, 4))
    c.expected = np.pad(np.maximum(c.image[:, 1:, 2:, :-1], 0), ((0, 0), (0, 0), (0, 1), (1, 0)))
    return c, c.node("Pad", c.node("Relu", "x"), ints(0, -1, -2, 1, 0, 0, 1, -1))


@case
def pad_around():
    c = Case((1, 2, 4, 3), opset=19)
    return c, c.node("Conv", c.node("Pad", "x", ints(0, 0, 1, 2, 0, 0, 3, 0), mode="wrap"), floats(2, 2, 3, 3))


@case
def channels_repeated():
    c = Case((1, 1, 4, 3))
    y = c.node("Conv", c.node("Expand", "x", ints(1, 3, 1, 1)), floats(2, 3, 3, 3))
    return c, c.node("Relu", c.node("Tile", y, ints(1, 2, 1, 1)))


@case
def rows_and_columns_joined():
    c = Case((1, 3, 4, 5))
    y = c.node("Conv", "x", floats(3, 3, 1, 1))
    below = c.node("Concat", "x", y, axis=2)
    beside = c.node("Concat", c.node("Reshape", "x", ints(0, 0, -1)), c.node("Reshape", y, ints(0, 0, -1)), axis=2)
    return c, c.node("Mul", below, c.node("Reshape", beside, ints(0, 0, 8, 5)))


@case
def anchors_of_two_maps():
    """A detector's head: for each pixel of two maps and each of 2 anchors, the scores of 3 classes."""
    c = Case((1, 3, 4, 6))
    scores = []
    for stride in (1, 2):
        y = c.node("Conv", "x", floats(6, 3, 1, 1), strides=[stride, stride])
        y = c.node("Transpose", c.node("Reshape", y, ints(1, 2, 3, 24 // stride**2)), perm=[0, 1, 3, 2])
        scores.append(c.node("Reshape", y, ints(1, -1, 3)))
    return c, c.node("Softmax", c.node("Concat", *scores, axis=1), axis=2)


@case
def channels_last_as_output():
    c = Case((1, 3, 4, 6))
    return c, c.node("Transpose", c.node("Conv", "x", floats(2, 3, 1, 1)), perm=[0, 2, 3, 1])


@case
def a_number_as_output():
    c = Case((1, 3, 4, 6))
    y = c.node("Gemm", c.node("Flatten", c.node("GlobalMaxPool", "x")), floats(3, 1))
    return c, c.node("Squeeze", c.node("Sigmoid", y))


@case
def five_dimensions_as_output():
    c = Case((1, 6, 2, 3))
    return c, c.node("Reshape", c.node("Relu", "x"), ints(1, 2, 3, 2, 3))


@case
def means_of_vectors():
    """A duelling network: the value of a state, and what each action adds."""
    c = Case((1, 5))
    actions = c.node("MatMul", "x", floats(5, 4))
    y = c.node("Sub", actions, c.node("ReduceMean", actions, axes=[1], keepdims=1))
    return c, c.node("Add", c.node("MatMul", "x", floats(5, 1)), y)


@case
def factors_repeated_for_each_pixel():
    c = Case((1, 3, 2, 4))
    y = c.node("Mul", "x", np.ascontiguousarray(np.broadcast_to(floats(1, 3, 1, 1), (1, 3, 2, 4))))
    return c, c.node("Add", c.node("Relu", y), np.ascontiguousarray(np.broadcast_to(floats(1, 3, 1, 1), (1, 3, 2, 4))))


@case
def normalised_by_a_length_and_a_little_more():
    c = Case((1, 3, 2, 4))
    length = c.node("Sqrt", c.node("ReduceSum", c.node("Pow", "x", np.float32(2)), ints(1), keepdims=1))
    return c, c.node("Div", "x", c.node("Add", length, np.float32(1e-10)))


@case
def resize_nearest_by_a_rounded_factor():
    c = Case((1, 2, 5, 3))
    y = c.node("Resize", "x", "", np.array([1, 1, 1.5, 1.5], np.float32), coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    return c, c.node("Relu", y)


@case
def attention_of_branches():
    """Selective kernels: two branches, each channel of which is weighed by a softmax over the branches."""
    c = Case((1, 2, 3, 4))
    one = ints(1)
    a, b = (c.node("Unsqueeze", c.node("Conv", "x", floats(2, 2, 1, 1)), one) for _ in range(2))
    both = c.node("Concat", a, b, axis=1)
    mean = c.node("ReduceMean", c.node("ReduceSum", both, one, keepdims=0), axes=[2, 3], keepdims=0)
    a, b = (c.node("Unsqueeze", c.node("MatMul", mean, floats(2, 2)), one) for _ in range(2))
    weights = c.node("Softmax", c.node("Concat", a, b, axis=1), axis=1)
    product = c.node("Mul", both, c.node("Unsqueeze", weights, ints(3, 4)))
    return c, c.node("ReduceSum", product, one, keepdims=0)


@case
def rows_and_columns_repeated():
    """Coordinate attention: a factor for each row, and one for each column."""
    c = Case((1, 2, 3, 4))
    rows = c.node("Sigmoid", c.node("ReduceMean", "x", axes=[3]))
    columns = c.node("Sigmoid", c.node("ReduceMean", "x", axes=[2]))
    return c, c.node("Mul", c.node("Mul", "x", columns), rows)


@case
def means_of_everything():
    c = Case((1, 2, 3, 4))
    return c, c.node("Sub", "x", c.node("ReduceMean", "x"))


@case
def where_a_maximum_is():
    """Soft arg-max: a number for each column, by a product with a vector and by factors."""
    c = Case((1, 2, 3, 4))
    columns = c.node("ReduceMean", "x", axes=[2], keepdims=0)
    y = c.node("ReduceSum", c.node("Mul", columns, floats(4)), ints(2), keepdims=0)
    return c, c.node("Add", y, c.node("MatMul", columns, floats(4)))


@case
def numbers_of_each_element():
    """A mean picture, an embedding of positions, and shifts of rows and of columns."""
    c = Case((1, 3, 4, 5))
    y = c.node("Div", c.node("Sub", "x", floats(3, 4, 5)), floats(4, 5, low=0.5))
    y = c.node("Add", c.node("Conv", y, floats(2, 3, 3, 3), pads=[1, 1, 1, 1]), floats(1, 2, 4, 5))
    return c, c.node("Sub", floats(1, 4, 1), c.node("Mul", c.node("Relu", y), floats(2, 1, 5)))


@case
def coordinates_joined():
    c = Case((1, 1, 4, 5))
    y = c.node("Conv", c.node("Concat", floats(1, 1, 4, 5), "x", floats(1, 2, 4, 5), axis=1), floats(2, 4, 3, 3))
    y = c.node("Concat", c.node("Flatten", y), floats(1, 3), axis=1)
    return c, c.node("Gemm", y, floats(15, 2))


@case
def boxes_on_a_grid():
    """A detector's boxes: for each of 2 anchors and each pixel, a place on the grid, a size times the anchor's, and a score."""
    c = Case((1, 3, 2, 4))
    y = c.node("Reshape", c.node("Conv", "x", floats(10, 3, 1, 1)), ints(1, 2, 5, 2, 4))
    y = c.node("Sigmoid", c.node("Transpose", y, perm=[0, 1, 3, 4, 2]))
    place, size, score = c.node("Split", y, ints(2, 2, 1), axis=4, outputs=3)
    place = c.node("Mul", c.node("Add", place, floats(1, 2, 2, 4, 2)), np.float32(8))
    size = c.node("Mul", c.node("Pow", size, np.float32(2)), floats(1, 2, 1, 1, 2))
    return c, c.node("Reshape", c.node("Concat", place, size, score, axis=4), ints(1, -1, 5))


@case
def rms_norm_by_hand():
    c = Case((1, 3, 4, 5))
    mean = c.node("ReduceMean", c.node("Mul", "x", "x"), axes=[1])
    inverse = c.node("Reciprocal", c.node("Sqrt", c.node("Add", mean, np.float32(1e-6))))
    y = c.node("Mul", c.node("Mul", "x", inverse), floats(3, 1, 1))
    mean = c.node("ReduceMean", c.node("Pow", y, np.float32(2)), axes=[1])
    return c, c.node("Div", y, c.node("Sqrt", c.node("Add", mean, np.float32(0.5))))


@case
def filters_standardised():
    """As NFNets have them: a batch normalisation in training of a weight."""
    c = Case((1, 2, 4, 5))
    flat = c.node("Reshape", floats(3, 2, 2, 3), ints(1, 3, -1))
    zeros, ones = np.zeros(3, np.float32), np.ones(3, np.float32)
    y = c.node("BatchNormalization", flat, floats(3), zeros, zeros, ones, outputs=3, training_mode=1, epsilon=1e-3)
    return c, c.node("Conv", "x", c.node("Reshape", y[0], ints(3, 2, 2, 3)))


@case
def pooling_of_padded_maps():
    """As NASNet has them: a maximum over padding, and a window of 1x1, which can't lie in it."""
    c = Case((1, 2, 5, 5))
    least = c.node("Pad", c.node("Relu", "x"), ints(0, 0, 1, 0, 0, 0, 1, 2), np.float32(-np.inf))
    y = c.node("MaxPool", least, kernel_shape=[3, 3], strides=[2, 2])
    moved = c.node("Slice", c.node("Sigmoid", "x"), ints(1, 1), ints(5, 5), ints(2, 3))
    moved = c.node("Pad", moved, ints(0, 0, 0, 0, 0, 0, 1, 1))
    return c, c.node("Sub", y, c.node("AveragePool", moved, kernel_shape=[1, 1], strides=[2, 2]))
def global_responses_by_hand():
    c = Case((1, 5, 3, 4))

    def compared(x, lengths, channels):
        return c.node("Div", lengths, c.node("Add", c.node("ReduceMean", lengths, axes=[channels]), np.float32(1e-3)))

    root = c.node("Sqrt", c.node("ReduceSum", c.node("Pow", "x", np.float32(2)), ints(2, 3)))
    y = c.node("Mul", c.node("Mul", floats(5, 1, 1), compared("x", root, 1)), "x")
    y = c.node("Relu", c.node("Add", floats(1, 5, 1, 1), c.node("Add", y, "x")))
    # Channels last, without a bias, and with a weight that is one for all.
    y = c.node("Transpose", y, perm=[0, 2, 3, 1])
    y = c.node("Add", y, c.node("Mul", c.node("Mul", y, compared(y, c.node("ReduceL2", y, axes=[1, 2]), -1)), np.float32(0.75)))
    return c, c.node("Transpose", y, perm=[0, 3, 1, 2])


class Residual(nn.Module):
    def __init__(self, before, channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 2, 3, 2, 1), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.layer1 = nn.Sequential(Residual(2, 2), Residual(2, 2))
        self.layer2 = nn.Sequential(Residual(2, 4, 2), Residual(4, 4))
        self.layer3 = nn.Sequential(Residual(4, 6, 2), Residual(6, 6))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        y = self.layer3(self.layer2(self.layer1(self.stem(x))))
        return self.fc(torch.flatten(self.avgpool(y), 1))


class Up(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.up = nn.ConvTranspose2d(before, after, 2, 2)
        self.conv = nn.Conv2d(2 * after, after, 3, padding=1)

    def forward(self, x, skip):
        return F.relu(self.conv(torch.cat([skip, self.up(x)], 1)))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc1 = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU())
        self.enc2 = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU())
        self.middle = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.ReLU())
        self.up2, self.up1 = Up(8, 4), Up(4, 2)
        self.head = nn.Conv2d(2, 1, 1)

    def forward(self, x):
        a = self.enc1(x)
        b = self.enc2(F.max_pool2d(a, 2))
        y = self.middle(F.max_pool2d(b, 2))
        return torch.sigmoid(self.head(self.up1(self.up2(y, b), a)))


class Mobile(nn.Module):
    """An inverted residual with squeeze and excitation."""

    def __init__(self):
        super().__init__()
        self.expand = nn.Sequential(nn.Conv2d(3, 6, 1, bias=False), nn.BatchNorm2d(6), nn.Hardswish())
        self.depthwise = nn.Sequential(nn.Conv2d(6, 6, 3, 1, 1, groups=6, bias=False), nn.BatchNorm2d(6), nn.SiLU())
        self.fc1, self.fc2 = nn.Conv2d(6, 2, 1), nn.Conv2d(2, 6, 1)
        self.project = nn.Conv2d(6, 3, 1)

    def forward(self, x):
        y = self.depthwise(self.expand(x))
        gate = F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(y, 1)))))
        return x + self.project(gate * y)


class ConvNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.dwconv = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.norm = nn.LayerNorm(4, eps=1e-6)
        self.pwconv1, self.pwconv2 = nn.Linear(4, 8), nn.Linear(8, 4)
        self.gamma = nn.Parameter(torch.rand(4))

    def forward(self, x):
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.gamma * self.pwconv2(F.gelu(self.pwconv1(y)))
        return x + y.permute(0, 3, 1, 2)


class GRN(nn.Module):
    """Global response normalisation as ConvNeXt V2 has it, on H, W, C."""

    def __init__(self, channels):
        super().__init__()
        self.gamma, self.beta = (nn.Parameter(torch.zeros(1, 1, 1, channels)) for _ in range(2))

    def forward(self, x):
        length = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
        return self.gamma * (x * (length / (length.mean(dim=-1, keepdim=True) + 1e-6))) + self.beta + x


class ConvNeXtV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.dwconv = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.norm = nn.LayerNorm(4, eps=1e-6)
        self.pwconv1, self.grn, self.pwconv2 = nn.Linear(4, 8), GRN(8), nn.Linear(8, 4)

    def forward(self, x):
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.pwconv2(self.grn(F.gelu(self.pwconv1(y))))
        return x + y.permute(0, 3, 1, 2)


class Shuffle(nn.Module):
    def __init__(self):
        super().__init__()
        self.branch = nn.Sequential(nn.Conv2d(2, 2, 1), nn.ReLU(), nn.Conv2d(2, 2, 3, padding=1, groups=2))

    def forward(self, x):
        for _ in range(2):
            a, b = x.chunk(2, dim=1)
            n, c, h, w = x.shape
            x = torch.cat((a, self.branch(b)), 1).view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return x


class Norms(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 8, 3)
        self.group = nn.GroupNorm(2, 8)
        self.instance = nn.InstanceNorm2d(8, affine=True)
        self.shuffle = nn.PixelShuffle(2)
        self.prelu = nn.PReLU(2)

    def forward(self, x):
        y = self.prelu(self.shuffle(self.instance(F.mish(self.group(self.conv(x))))))
        y = F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
        return F.normalize(F.interpolate(y, size=(5, 6), mode="nearest"), dim=1)


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(2, 4, 3, padding=1), nn.Conv1d(4, 4, 3, padding=2, dilation=2)
        self.bn = nn.BatchNorm1d(4)
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        y = F.relu(self.bn(self.conv2(F.elu(self.conv1(x)))))
        return F.log_softmax(self.fc(y.mean(2)), dim=1)


class Responses(nn.Module):
    """Local response normalisation, over an even and an odd number of channels."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(2, 6, 3, padding=1), nn.Conv2d(6, 4, 1)
        self.norm1, self.norm2 = nn.LocalResponseNorm(4, alpha=0.5), nn.LocalResponseNorm(3, alpha=0.25, beta=0.5, k=2.0)

    def forward(self, x):
        return self.norm2(self.conv2(F.max_pool2d(self.norm1(F.relu(self.conv1(x))), 2)))


class ResponsesOfASequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv1d(3, 5, 3), nn.LocalResponseNorm(2, alpha=0.5)

    def forward(self, x):
        return self.norm(self.conv(x)).mean(2)


class Focus(nn.Module):
    """Pixels as channels, in the order of YOLO and in that of rows."""

    def __init__(self):
        super().__init__()
        self.conv, self.rest = nn.Conv2d(12, 4, 3, padding=1), nn.Conv2d(9, 2, 1)

    def forward(self, x):
        y = self.conv(torch.cat([x[..., i::2, j::2] for j in range(2) for i in range(2)], 1))[:, :1]
        return self.rest(torch.cat([y[:, :, i::3, j::3] for i in range(3) for j in range(3)], 1))


class ReZero(nn.Module):
    """Single learnt numbers, next to those in code, and batch normalisation that learns none."""

    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.prelu = nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4, affine=False), nn.PReLU()
        self.alpha, self.beta = nn.Parameter(torch.tensor(0.0)), nn.Parameter(torch.zeros(1, 1, 1))
        self.last = nn.BatchNorm2d(4, affine=False)

    def forward(self, x):
        y = self.prelu(self.bn(self.conv(x)))
        y = self.last(y + self.alpha * torch.tanh(y))
        return F.silu(y) * self.beta + 0.5 * y


NETS = {
    "resnet": (ResNet, (3, 24, 24)),
    "unet": (UNet, (1, 8, 8)),
    "mobile": (Mobile, (3, 5, 5)),
    "convnext": (ConvNeXt, (4, 4, 4)),
    "shuffle": (Shuffle, (4, 3, 3)),
    "norms": (Norms, (2, 6, 6)),
    "sequence": (Sequence, (2, 9)),
    "focus": (Focus, (3, 6, 12)),
    "responses": (Responses, (2, 6, 5)),
    "responses_of_a_sequence": (ResponsesOfASequence, (3, 9)),
    "convnext_v2": (ConvNeXtV2, (4, 4, 4)),
    "rezero": (ReZero, (2, 5, 5)),
}


def randomised(model):
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            if tensor.is_floating_point():
                low = 0.5 if name.endswith("running_var") else -0.75
                tensor.copy_(torch.from_numpy(floats(*tensor.shape, low=low)))
    return model.eval()


def exported(model, image, is_new):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if is_new:
            program = torch.onnx.export(model, (image,), dynamo=True, verbose=False)
            program.save(file)
        else:
            torch.onnx.export(model, (image,), file, dynamo=False)
    model = onnx.load_from_string(file.getvalue())
    # What is never read, and says where the files of this machine are.
    for node in model.graph.node:
        kept = [it for it in node.metadata_props if it.key.endswith(("name_scopes", "class_hierarchy"))]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.doc_string = ""
    del model.graph.metadata_props[:], model.graph.value_info[:], model.metadata_props[:]
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
    return model.SerializeToString()


def line(word, numbers):
    return f"{word} {' '.join(f'{number:.9g}' for number in np.asarray(numbers, dtype=np.float64).ravel())}\n"


def of_open_size():
    """Maps of any height and width."""
    c = Case((1, 3, 16, 16), declared=("batch", 3, "height", "width"))
    y = c.node("Relu", c.node("Conv", "x", c.tensor(floats(4, 3, 3, 3), "conv1.weight"), floats(4), pads=[1, 1, 1, 1], strides=[2, 2]))
    y = c.node("Flatten", c.node("GlobalAveragePool", y))
    return c.model(c.node("Gemm", y, c.tensor(floats(5, 4), "fc.weight"), floats(5), transB=1))


def of_two_ports():
    """Two inputs, and two outputs."""
    info = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Conv", ["image", "conv.weight"], ["maps"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["maps", "type"], ["sum"]),
    ]
    inputs = [info("image", TensorProto.FLOAT, [1, 1, 5, 4]), info("type", TensorProto.FLOAT, [1, 2, 1, 1])]
    outputs = [info(name, TensorProto.FLOAT, None) for name in ("sum", "maps")]
    tensors = [numpy_helper.from_array(floats(2, 1, 3, 3), "conv.weight")]
    graph = helper.make_graph(nodes, "case", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def for_the_macro():
    folder = FOLDER.parent.parent.parent / "cnn-macros" / "tests" / "onnx"
    for make in (of_open_size, of_two_ports):
        (folder / f"{make.__name__}.onnx").write_bytes(make().SerializeToString())


def is_of(case, names):
    """Whether it is one of these cases, or one of these nets by an exporter."""
    return case in names or case.rpartition("_")[0] in names


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Those that are named are written anew, or else all.
    only = sys.argv[1:]
    for old in [] if only else FOLDER.glob("*.onnx"):
        old.unlink()
    lines = (FOLDER / "cases.txt").read_text().splitlines(keepends=True) if only else []
    text = "".join("".join(lines[at : at + 3]) for at in range(0, len(lines), 3) if not is_of(lines[at].strip(), only))
    for name, function in CASES.items():
        if only and name not in only:
            continue
        made, result = function()
        model = made.model(result)
        (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())
        # The reference computes in order.
        if name == "nodes_in_another_order":
            model.graph.node.sort(key=lambda node: node.output[0])
        output = made.expected
        if output is None:
            [output] = ReferenceEvaluator(model).run(None, {"x": made.image})
        image = made.image.transpose(0, 3, 1, 2) if name == "input_with_channels_last" else made.image
        text += f"{name}\n" + line("input", image) + line("output", output)
    for name, (build, shape) in NETS.items():
        if only and name not in only:
            continue
        torch.manual_seed(0)
        model = randomised(build())
        image = torch.from_numpy(floats(1, *shape))
        files = {kind: exported(model, image, kind == "dynamo") for kind in ("torchscript", "dynamo")}
        with torch.no_grad():
            output = model.double()(image.double())
        for kind, file in files.items():
            (FOLDER / f"{name}_{kind}.onnx").write_bytes(file)
            text += f"{name}_{kind}\n" + line("input", image) + line("output", output)
    (FOLDER / "cases.txt").write_text(text)
    if not only:
        for_the_macro()


if __name__ == "__main__":
    main()
