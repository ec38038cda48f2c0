#!/usr/bin/env python3
"""Writes cnn-import/tests/resnet50: torchvision's ResNet-50 by `cnn_export` and by both of PyTorch's ONNX exporters, without its tensors,
which would be 100 MB each. Tests fill in zeros. Needs torch, torchvision, onnx and onnxscript.
"""

import sys
import tempfile
import warnings
from pathlib import Path

import onnx
import torch
import torchvision

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

import cnn_export  # noqa: E402

FOLDER = ROOT / "cnn-import" / "tests" / "resnet50"


def made():
    """With numbers that differ: exporters merge equal tensors, such as the biases of a net that was never trained."""
    torch.manual_seed(0)
    model = torchvision.models.resnet50(weights=None).eval()
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            if tensor.dim() == 1:
                tensor.uniform_(0.7, 1.3)
    return model


def main():
    FOLDER.mkdir(exist_ok=True)
    warnings.simplefilter("ignore")
    net, image = made(), torch.randn(1, 3, 224, 224)
    with tempfile.TemporaryDirectory() as at:
        files = cnn_export.export(net, image, Path(at) / "export.json")
        (FOLDER / "export.json").write_text(files.graph.read_text())
        for way in ("torchscript", "dynamo"):
            path = Path(at) / f"{way}.onnx"
            torch.onnx.export(net, (image,), str(path), dynamo=way == "dynamo", verbose=False)
            # Tensors in a file of their own, which stays here.
            model = onnx.load(path)
            # What is never read, and says where the files of this machine are.
            for node in model.graph.node:
                kept = [it for it in node.metadata_props if it.key.endswith(("name_scopes", "class_hierarchy"))]
                del node.metadata_props[:]
                node.metadata_props.extend(kept)
                node.doc_string = ""
            del model.graph.metadata_props[:], model.graph.value_info[:], model.metadata_props[:]
            for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
                del value.metadata_props[:]
            options = {"save_as_external_data": True, "location": "tensors", "size_threshold": 256, "convert_attribute": False}
            onnx.save(model, FOLDER / f"{way}.onnx", **options)
            (FOLDER / "tensors").unlink()


if __name__ == "__main__":
    main()
