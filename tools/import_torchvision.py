#!/usr/bin/env python3
"""Exports torchvision's classifiers by `cnn_export` and by both of PyTorch's ONNX exporters, imports each file, and compares logits.

    python3 tools/import_torchvision.py FOLDER [--by WAY] [NET ...]

WAY is `export`, `torchscript` or `dynamo`; all three by default. Weights and the statistics of batch normalisations are random: equal
initial tensors would be merged by the exporters. `cnn import --verify` compares the logits, layer by layer and as planned, with PyTorch's
in double precision; those of ONNX files also with ONNX Runtime's. What was exported is removed once it is imported; declarations stay
in FOLDER. Needs torch and torchvision, and onnxscript and onnxruntime for ONNX, and takes an hour; not part of CI.
"""

import copy
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch
import torchvision

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

import cnn_export  # noqa: E402
import cnn_export.safetensors  # noqa: E402

CNN = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/cnn"

# One or two of each family without attention.
NETS = """alexnet vgg11 vgg16_bn resnet18 resnet50 resnext50_32x4d densenet121 squeezenet1_0 googlenet inception_v3 mobilenet_v2
mobilenet_v3_large mnasnet1_0 shufflenet_v2_x1_0 efficientnet_b0 efficientnet_v2_s regnet_y_400mf convnext_tiny""".split()

WAYS = ("export", "torchscript", "dynamo")

# Of the largest logit.
TOLERANCE = 1e-5


def randomise(model, generator):
    """Random parameters, which keep activations in range."""

    def uniform(tensor, low, high):
        tensor.copy_(torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype) * (high - low) + low)

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                uniform(parameter, -0.1, 0.1)
            elif parameter.dim() == 1:
                uniform(parameter, 0.7, 1.3)
            elif name.endswith("layer_scale"):
                uniform(parameter, 0.1, 0.3)
            elif parameter.dim() == 4:
                # He et al. 2015: activations keep their size.
                fan_in = parameter[0].numel()
                parameter.normal_(0, (2 / fan_in) ** 0.5, generator=generator)
            else:
                parameter.normal_(0, (1 / parameter.shape[1]) ** 0.5, generator=generator)


def measure(model, generator):
    """Statistics by which activations keep their size. Means are small: a net that takes large ones from small differences again and again,
    as one with the statistics of noise does, is so badly conditioned that engines differ.
    """

    def take(norm, inputs):
        square = inputs[0].square().mean((0, 2, 3))
        norm.running_var.copy_(square)
        norm.running_mean.copy_(square.sqrt() * 0.1 * torch.randn(square.shape, generator=generator))

    norms = [module for module in model.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]
    hooks = [norm.register_forward_pre_hook(take) for norm in norms]
    with torch.no_grad():
        model(torch.randn((1, 3, 299, 299), generator=generator))
    for hook in hooks:
        hook.remove()


def made(net):
    """A net, and an image."""
    generator = torch.Generator().manual_seed(len(net))
    torch.manual_seed(0)
    options = {"init_weights": True, "aux_logits": True} if net in ("googlenet", "inception_v3") else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = torchvision.models.get_model(net, weights=None, **options).eval()
    randomise(model, generator)
    measure(model, generator)
    size = 299 if net == "inception_v3" else 224
    return model, torch.randn((1, 3, size, size), generator=generator)


def exported(folder, model, image, way):
    """The file of a net: the graph of `torch.export`, or by the older exporter to ONNX, which traces, or by the newer one."""
    path = folder / ("net.json" if way == "export" else "net.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if way == "export":
            cnn_export.export(model, image, path)
        else:
            torch.onnx.export(model, (image,), str(path), dynamo=way == "dynamo", verbose=False)
    return path


def logits(model, image, path):
    """The logits of the engines that a file is compared with, by their names."""
    with torch.no_grad():
        found = {"PyTorch": copy.deepcopy(model).double()(image.double()).float()}
    if path.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        results = session.run(None, {session.get_inputs()[0].name: image.numpy()})
        found["ONNX Runtime"] = torch.from_numpy(results[0])
    return found


def imported(path, declared, arguments=()):
    """Runs `cnn import`; its report, and how long it took."""
    begin = time.perf_counter()
    weights = path.with_name("written.safetensors")
    command = [CNN, "import", path, "-o", declared, "-w", weights, "--json", *arguments]
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    weights.unlink(missing_ok=True)
    # A report of outputs that differ is one too.
    if not run.stdout:
        raise RuntimeError(run.stderr)
    return json.loads(run.stdout), seconds


def compared(path, declared, image, logits):
    """The largest difference of a net that was written, relative to the largest logit: of a run layer by layer, and as planned."""
    recorded = path.with_name("recorded.safetensors")
    with open(recorded, "wb") as file:
        cnn_export.safetensors.write({"input.input": image, "output.output": logits}, file)
    report, _ = imported(path, declared, ["--verify", recorded, "--tolerance", TOLERANCE])
    shares = [tensor["max_share"] for tensor in report["verified"]["tensors"] if tensor["name"] == "output.output"]
    # Of numbers that are none, there is no share.
    return [float("nan") if share is None else share for share in shares]


def agrees(folder, net, model, image, way):
    """Whether a net is imported and agrees, layer by layer and as planned, with a line about it."""
    with tempfile.TemporaryDirectory(dir=folder) as at:
        path = exported(Path(at), model, image, way)
        declared = folder / f"{net}.{way}.rs"
        try:
            _, seconds = imported(path, declared)
        except RuntimeError as why:
            print(f"{net:20} {way:12} FAILED\n{why}", flush=True)
            return False, False
        lines = len(declared.read_text().splitlines())
        differences = {name: compared(path, declared, image, of) for name, of in logits(model, image, path).items()}
    said = ", ".join(f"{layers:.1e} and {planned:.1e} from {name}" for name, (layers, planned) in differences.items())
    print(f"{net:20} {way:12} {lines:4} lines, {seconds:4.1f} s, logits differ by {said}", flush=True)
    return [all(both[run] <= TOLERANCE for both in differences.values()) for run in range(2)]


def main(usage, all_nets, made, ways=WAYS):
    """Imports the nets that are named, or all; `made` makes one of them, and an image."""
    folder, *nets = sys.argv[1:] or sys.exit(usage)
    if nets[:1] == ["--by"]:
        ways, nets = (nets[1],), nets[2:]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "cnn-cli", "--no-default-features"], cwd=ROOT, check=True)
    found = [agrees(folder, net, *made(net), way) for net in nets or all_nets for way in ways]
    layers, planned = map(sum, zip(*found))
    print(f"within {TOLERANCE} of the largest logit: {layers} of {len(found)} files layer by layer, {planned} as planned")
    sys.exit(layers < len(found))


if __name__ == "__main__":
    main(__doc__, NETS, made)
