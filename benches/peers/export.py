"""Writes nets for every engine: `export.py [NET ...]`, the five by default.

Writes to `$PEERS_DIR/nets`. Weights and the image are derived from names (`tools/golden.py`):

| file | content |
| --- | --- |
| NET.safetensors | the weights, for this project and candle |
| NET.onnx | for ONNX Runtime, OpenVINO, tract, rten, burn |
| NET.rten.onnx | without the LRN operator, which rten lacks |
| NET.ncnn.param, NET.ncnn.bin | for ncnn, converted by pnnx |
| NET.1.pt2, NET.2.pt2 | the five, for PyTorch, compiled ahead of time by Inductor for one thread and two |
| lenet5.tflite | for LiteRT |
| NET.input.f32, NET.input.safetensors, NET.expected.f64 | the image, and PyTorch's logits in float64 |
"""

import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from safetensors.torch import save_file
from torch import nn

import common

sys.path.insert(0, str(common.ROOT / "tools"))
import golden  # noqa: E402
import paper_nets  # noqa: E402


class OnnxLrn(torch.autograd.Function):
    """Local response normalisation, exported as ONNX's operator of that name."""

    @staticmethod
    def forward(_, maps, size, alpha, beta, k):
        return nn.functional.local_response_norm(maps, size, alpha, beta, k)

    @staticmethod
    def symbolic(graph, maps, size, alpha, beta, k):
        lrn = graph.op("LRN", maps, size_i=size, alpha_f=alpha, beta_f=beta, bias_f=k)
        lrn.setType(maps.type())
        return lrn


class ExportedLrn(nn.LocalResponseNorm):
    """PyTorch's layer, for the exporter."""

    def forward(self, maps):
        return OnnxLrn.apply(maps, self.size, self.alpha, self.beta, self.k)


def replace_lrn(net, layer):
    """`net` with PyTorch's layer, which divides alpha by the size."""
    for name, child in net.named_children():
        if isinstance(child, paper_nets.Lrn | nn.LocalResponseNorm):
            alpha = child.alpha * (child.size if isinstance(child, paper_nets.Lrn) else 1)
            setattr(net, name, layer(child.size, alpha, child.beta, child.k))
    return net


def build(name):
    """The net in float32 with its weights, and those weights by name."""
    net = paper_nets.build(name).eval().requires_grad_(False)
    tensors = {key: golden.weight(key, "", tuple(value.shape)) for key, value in net.state_dict().items()
               if not key.endswith("num_batches_tracked")}
    net.load_state_dict(tensors, strict=False)
    return net, {key: value.float().contiguous() for key, value in tensors.items()}


def write_onnx(net, image, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(replace_lrn(net, ExportedLrn), (image,), str(path), dynamo=False, opset_version=17,
                          input_names=["input"], output_names=["output"], do_constant_folding=True)
    replace_lrn(net, nn.LocalResponseNorm)
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return model


def write_without_lrn(model, path):
    """LRN as multiplication, average pooling over channels, and arithmetic. Writes nothing if there is none."""
    graph, nodes, fresh = model.graph, [], iter(range(1 << 30))
    shapes = {value.name: [d.dim_value for d in value.type.tensor_type.shape.dim] for value in graph.value_info}

    def constant(array):
        name = f"constant{next(fresh)}"
        graph.initializer.append(numpy_helper.from_array(array, name))
        return name

    def add(kind, inputs, output=None, **attributes):
        output = output or f"value{next(fresh)}"
        nodes.append(helper.make_node(kind, inputs, [output], f"node{next(fresh)}", **attributes))
        return output

    for node in graph.node:
        if node.op_type != "LRN":
            nodes.append(node)
            continue
        lrn = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        maps = node.input[0]
        _, channels, height, width = shapes[maps]
        flat = constant(np.array([1, 1, channels, height * width], np.int64))
        around = lrn["size"] // 2
        mean = add("AveragePool", [add("Reshape", [add("Mul", [maps, maps]), flat])], kernel_shape=[lrn["size"], 1],
                   strides=[1, 1], pads=[around, 0, around, 0], count_include_pad=1)
        mean = add("Reshape", [mean, constant(np.array(shapes[maps], np.int64))])
        scaled = add("Mul", [mean, constant(np.array([lrn["alpha"]], np.float32))])
        base = add("Add", [scaled, constant(np.array([lrn["bias"]], np.float32))])
        divisor = add("Pow", [base, constant(np.array([lrn["beta"]], np.float32))])
        add("Div", [maps, divisor], node.output[0])
    if len(nodes) == len(graph.node):
        return
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)


def write_ncnn(net, image, name):
    import pnnx

    with tempfile.TemporaryDirectory() as folder:
        here = os.getcwd()
        os.chdir(folder)  # pnnx writes its files next to its input
        try:
            # A name without a dash: pnnx makes a Python module of it.
            pnnx.export(net, "net.pt", image, fp16=False, optlevel=2)
            for kind in ("param", "bin"):
                shutil.move(f"net.ncnn.{kind}", common.NETS / f"{name}.ncnn.{kind}")
        finally:
            os.chdir(here)


def write_aot(net, image, name):
    import torch._inductor
    import torch._inductor.config as config

    exported = torch.export.export(net, (image,))
    for threads in (1, 2):
        torch.set_num_threads(threads)
        with config.patch({"freezing": True, "cpp.threads": threads}):
            torch._inductor.aoti_compile_and_package(
                exported, package_path=str(common.NETS / f"{name}.{threads}.pt2"))


def main():
    common.NETS.mkdir(parents=True, exist_ok=True)
    written = []
    for name in sys.argv[1:] or common.NAMES:
        net, tensors = build(name)
        image = golden.uniform("input", (1, *common.INPUTS.get(name, common.IMAGENET)))
        image.numpy().tofile(common.NETS / f"{name}.input.f32")
        save_file({"input": image[0].contiguous()}, common.NETS / f"{name}.input.safetensors")
        save_file(tensors, common.NETS / f"{name}.safetensors")
        with torch.no_grad():
            expected = net.double()(image.double())[0].numpy()
            expected.astype("<f8").tofile(common.NETS / f"{name}.expected.f64")
            net = replace_lrn(net.float(), nn.LocalResponseNorm)
            model = write_onnx(net, image, common.NETS / f"{name}.onnx")
            write_without_lrn(model, common.NETS / f"{name}.rten.onnx")
            write_ncnn(net, image, name)
            if name == "lenet5":
                import tflite
                tflite.write(tensors, common.NETS / "lenet5.tflite")
        if name in common.NAMES:
            written.append((name, net, image))
        print(f"{name}: {sum(t.numel() for t in tensors.values()):,} numbers, logits up to {abs(expected).max():.4g}",
              flush=True)
    # Last, since it takes minutes.
    with torch.no_grad():  # required by Inductor for freezing
        for name, net, image in written:
            write_aot(net, image, name)


if __name__ == "__main__":
    main()
