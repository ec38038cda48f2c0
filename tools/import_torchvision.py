#!/usr/bin/env python3
"""Exports torchvision's classifiers by `cnn_export` and by both of PyTorch's ONNX exporters, imports each file, and compares logits.

    python3 tools/import_torchvision.py FOLDER [--by WAY] [NET ...]

WAY is `export`, `torchscript` or `dynamo`; all three by default. Weights and the statistics of batch normalisations are random: equal initial tensors would be merged by the exporters. FOLDER
keeps what was exported, so a second run only imports. Nets run layer by layer in double precision. Needs torch and torchvision,
and onnxscript for ONNX, and takes an hour and some gigabytes; not part of CI.
"""

import subprocess
import sys
import warnings
from pathlib import Path

import torch
import torchvision

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

import cnn_export  # noqa: E402

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
    """Statistics that are those of activations: with any others, a deep net is so badly conditioned that engines differ."""
    norms = [module for module in model.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    if norms:
        model.train()
        with torch.no_grad():
            model(torch.randn((4, 3, 299, 299), generator=generator))
    model.eval()


def exported(folder, net, ways):
    """The files of a net: by the graph of `torch.export`, by the older exporter to ONNX, which traces, and by the newer one."""
    ends = {"export": "json", "torchscript": "onnx", "dynamo": "onnx"}
    paths = {way: folder / f"{net}.{way}.{ends[way]}" for way in ways}
    expected = folder / f"{net}.logits"
    if all(path.exists() for path in [*paths.values(), expected]):
        return paths
    generator = torch.Generator().manual_seed(len(net))
    torch.manual_seed(0)
    options = {"init_weights": True, "aux_logits": True} if net in ("googlenet", "inception_v3") else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = torchvision.models.get_model(net, weights=None, **options).eval()
    randomise(model, generator)
    measure(model, generator)
    image = torch.randn((1, 3, 224, 224), generator=generator)
    if net == "inception_v3":
        image = torch.randn((1, 3, 299, 299), generator=generator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for way, path in paths.items():
            if way == "export":
                cnn_export.export(model, image, path)
            else:
                torch.onnx.export(model, (image,), str(path), dynamo=way == "dynamo", verbose=False)
    with torch.no_grad():
        logits = model.double()(image.double())
    image.numpy().astype("<f4").tofile(folder / f"{net}.input")
    logits.numpy().astype("<f8").tofile(expected)
    return paths


def main():
    folder, *nets = sys.argv[1:] or sys.exit(__doc__)
    ways = WAYS
    if nets[:1] == ["--by"]:
        ways, nets = (nets[1],), nets[2:]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    tool = ["cargo", "run", "--quiet", "--release", "-p", "cnn-import", "--example", "import", "--"]
    passed, total = 0, 0
    for net in nets or NETS:
        for exporter, path in exported(folder, net, ways).items():
            total += 1
            declared, weights = path.with_suffix(".rs"), path.with_suffix(".safetensors")
            files = [path, declared, weights, folder / f"{net}.input", folder / f"{net}.logits"]
            run = subprocess.run([*tool, *map(str, files)], cwd=ROOT, capture_output=True, text=True)
            weights.unlink(missing_ok=True)
            if run.returncode != 0:
                print(f"{net:20} {exporter:12} FAILED\n{run.stderr}", flush=True)
                continue
            lines, difference = len(declared.read_text().splitlines()), float(run.stdout.split()[-1])
            passed += difference <= TOLERANCE
            print(f"{net:20} {exporter:12} {lines:5} lines, logits differ by {difference:.1e} of the largest", flush=True)
    print(f"{passed} of {total} files agree within {TOLERANCE}")
    sys.exit(passed != total)


if __name__ == "__main__":
    main()
