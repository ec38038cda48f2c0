"""The command line: `python -m cnn_export torchvision.models:resnet50 --input 3x224x224 -o resnet50.rs -w resnet50.safetensors`"""

import argparse
import importlib
import json
import os
import sys

import torch

from .export import ExportError, export


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m cnn_export",
        description="Exports a PyTorch model for cnn: a declaration in Rust, its weights, and a recorded input with its outputs.",
    )
    parser.add_argument("model", metavar="MODULE:NAME", help="a function or a class that makes the model, or the model itself")
    parser.add_argument(
        "--input",
        metavar="[NAME=]CxHxW",
        action="append",
        required=True,
        help="the shape of an input, without its batch; once for each input",
    )
    parser.add_argument("-o", "--output", metavar="NET.rs", required=True, help="the declaration; NET.json for the graph alone")
    parser.add_argument("-w", "--weights", metavar="W.safetensors", help="the weights; by default NET.safetensors")
    parser.add_argument("--kwargs", metavar="JSON", default="{}", help="arguments of the function: '{\"num_classes\": 10}'")
    parser.add_argument("--state", metavar="FILE.pt", help="a state dict to load first, as torch.save has written it")
    parser.add_argument("--name", help="the name of the net; by default that of the file")
    parser.add_argument("--cnn", metavar="PATH", help="the program cnn; by default it is searched in PATH")
    given = parser.parse_args(arguments)
    try:
        files = export(model(given), shapes(given.input), given.output, given.weights, given.cnn, given.name)
    except ExportError as why:
        print(f"error: {why}", file=sys.stderr)
        return 1
    if files.declaration is None:
        print(f"wrote {files.graph}, {files.state} and {files.recorded}; to make a declaration of it:\n  {' '.join(files.command)}")
    else:
        print(f"wrote {files.declaration}, {files.weights} and {files.recorded}, from {files.graph} and {files.state}")
    return 0


def model(given):
    """The model that the command line names."""
    module, _, name = given.model.partition(":")
    if not module or not name:
        raise ExportError(f"`{given.model}` names no model: write `torchvision.models:resnet50`, for example")
    # Modules of the folder that this is run in.
    sys.path.insert(0, os.getcwd())
    try:
        found = importlib.import_module(module)
    except ImportError as why:
        raise ExportError(f"the module `{module}` can't be imported: {why}") from why
    for part in name.split("."):
        if not hasattr(found, part):
            raise ExportError(f"`{module}` has no `{part}`")
        found = getattr(found, part)
    try:
        kwargs = json.loads(given.kwargs)
    except ValueError as why:
        raise ExportError(f"--kwargs is no JSON: {why}") from why
    if not isinstance(found, torch.nn.Module):
        try:
            found = found(**kwargs)
        except Exception as why:
            raise ExportError(f"`{given.model}` makes no model: {type(why).__name__}: {why}") from why
    if given.state:
        try:
            found.load_state_dict(torch.load(given.state, map_location="cpu", weights_only=True))
        except Exception as why:
            raise ExportError(f"{given.state} can't be loaded: {why}") from why
    return found


def shapes(listed):
    """Shapes as a list, or by names."""

    def shape(text):
        try:
            return tuple(int(size) for size in text.split("x"))
        except ValueError:
            raise ExportError(f"`{text}` is no shape: write `3x224x224`, or a number of features") from None

    named = [text.partition("=") for text in listed if "=" in text]
    if not named:
        return [shape(text) for text in listed]
    if len(named) < len(listed):
        raise ExportError("either all inputs have names, or none has")
    return {name: shape(text) for name, _, text in named}


if __name__ == "__main__":
    sys.exit(main())
