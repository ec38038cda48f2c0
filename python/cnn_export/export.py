"""Exports a model: its graph, its tensors, and an input with its outputs."""

import contextlib
import copy
import inspect
import json
import os
import re
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import torch
from torch.utils import _pytree as pytree

from . import safetensors
from .graph import FORMAT, Graph


class ExportError(Exception):
    """Why a model can't be exported, in words. No file is written then."""


@dataclass
class Files:
    """What was written."""

    #: The graph, for `cnn import`.
    graph: Path
    #: The tensors that it reads.
    state: Path
    #: An input and its outputs.
    recorded: Path
    #: The declaration, if `cnn` was found.
    declaration: Optional[Path]
    #: The weights of the declared net, if `cnn` was found.
    weights: Optional[Path]
    #: The command that writes those two.
    command: list


def export(model, input, path, weights=None, cnn=None, name=None, seed=0):
    """Exports a model, as it computes at inference.

    `input` is the shape of an input without its batch, `(3, 224, 224)`; a list of shapes, or a dict of them by the names of
    parameters of `forward`; in the place of a shape there may be a tensor, with its batch of 1, which is recorded then. `path` is
    the declaration to write, `resnet50.rs`; the other files are next to it. `weights` is the file of its weights, by default
    `resnet50.safetensors`. `cnn` is the program; by default it is searched in PATH. If it isn't found, or if `path` ends with
    `.json`, only the graph is written, with its tensors, and `Files.command` says how to go on. `name` is the name of the net.

    Raises `ExportError`, also with what `cnn import` says of parts that can't be declared.
    """
    path = Path(path)
    stem = path.with_suffix("") if path.suffix in (".rs", ".json") else path
    weights = Path(weights) if weights else beside(stem, ".safetensors")
    graph, state, recorded = (beside(stem, end) for end in (".json", ".state.safetensors", ".recorded.safetensors"))
    declaration = beside(stem, ".rs")
    if len({graph, state, recorded, declaration, weights}) < 5:
        raise ExportError(f"{weights} is written for something else: name another file for the weights")
    program = None
    if path.suffix != ".json":
        program = find(cnn)
    with inference(model) as model:
        args, kwargs, names = inputs(model, input, torch.Generator().manual_seed(seed))
        description, tensors, outputs = describe(model, args, kwargs, names, state.name)
        record = recording(model, args, kwargs, names, outputs)
    command = [program or "cnn", "import", str(graph), "-o", str(declaration), "-w", str(weights)]
    command += ["--name", name] if name else []
    # Everything is complete before anything is in its place.
    stem.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{stem.name}.", dir=stem.parent) as folder:
        folder = Path(folder)
        new = {graph: folder / graph.name, state: folder / state.name, recorded: folder / recorded.name}
        new[graph].write_text(text(description), encoding="utf-8")
        for of, written in ((state, tensors), (recorded, record)):
            with open(new[of], "wb") as file:
                safetensors.write(written, file)
        if program:
            new[declaration], new[weights] = folder / declaration.name, folder / f"new.{weights.name}"
            run = [program, "import", str(new[graph]), "-o", str(new[declaration]), "-w", str(new[weights])]
            done = subprocess.run(run + command[7:], capture_output=True, text=True)
            if done.returncode != 0:
                message = done.stderr.strip() or f"`{' '.join(run)}` failed"
                raise ExportError(message.replace(str(folder) + os.sep, "").removeprefix("error: "))
        weights.parent.mkdir(parents=True, exist_ok=True)
        for to, made in new.items():
            shutil.move(made, to)
    done = program is not None
    return Files(graph, state, recorded, declaration if done else None, weights if done else None, command)


def text(description):
    """JSON with a line for each node."""

    def value(of):
        if isinstance(of, list) and of:
            return "[\n  " + ",\n  ".join(json.dumps(it) for it in of) + "\n ]"
        return json.dumps(of)

    return "{\n " + ",\n ".join(f"{json.dumps(name)}: {value(of)}" for name, of in description.items()) + "\n}\n"


def beside(stem, end):
    return stem.with_name(stem.name + end)


def find(cnn):
    """The program `cnn`, or `None`. One that is named must be there."""
    if cnn is None:
        return shutil.which("cnn")
    found = shutil.which(str(cnn))
    if found is None:
        raise ExportError(f"{cnn} is no program: name the program `cnn`, or leave it out to write the graph alone")
    return found


@contextlib.contextmanager
def inference(model):
    """The model as it computes at inference, for as long as it is exported."""
    if not isinstance(model, torch.nn.Module):
        raise ExportError(f"a {type(model).__name__} is no torch.nn.Module")
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield model
    finally:
        for module, mode in modes.items():
            module.training = mode


def inputs(model, given, generator):
    """The arguments of a call, and the names of its inputs."""
    numbers = [tensor for tensor in [*model.parameters(), *model.buffers()] if tensor.is_floating_point()]
    like = numbers[0] if numbers else torch.zeros(1)

    def made(shape):
        if isinstance(shape, torch.Tensor):
            if shape.dim() == 0 or shape.shape[0] != 1:
                raise ExportError(f"an input has the shape {tuple(shape.shape)}: its batch must be 1")
            return shape
        if not isinstance(shape, (tuple, list)):
            kind = type(shape).__name__
            raise ExportError(f"an input is a {kind}: `forward` has to take tensors; put the model into one whose `forward` makes the {kind}")
        if not shape or not all(isinstance(size, int) and size > 0 for size in shape):
            raise ExportError(f"{shape} is no shape: give channels, height and width, such as (3, 224, 224)")
        # In single precision first: any machine makes the same numbers then.
        return torch.randn((1, *shape), generator=generator).to(device=like.device, dtype=like.dtype)

    parameters = [name for name in inspect.signature(model.forward).parameters]
    if isinstance(given, dict):
        kwargs = {name: made(shape) for name, shape in given.items()}
        args, names = (), list(kwargs)
        missing = [name for name in kwargs if name not in parameters]
        if missing and "kwargs" not in parameters:
            raise ExportError(f"`forward` has no parameter `{missing[0]}`, but {', '.join(parameters) or 'none'}")
    else:
        if isinstance(given, torch.Tensor) or (isinstance(given, (tuple, list)) and given and isinstance(given[0], int)):
            given = [given]
        args, kwargs = tuple(made(shape) for shape in given), {}
        names = [parameters[index] if index < len(parameters) else f"input_{index}" for index in range(len(args))]
    if not names:
        raise ExportError("a model needs an input: give its shape, such as (3, 224, 224)")
    return args, kwargs, fields(names, "input")


def fields(names, kind):
    """Names as those of fields in Rust, which differ; the only one is called what it is."""
    if len(names) == 1:
        return [kind]
    found = []
    for name in names:
        word = re.sub(r"[^a-z0-9]", "_", name.lower()).strip("_")
        if not re.match(r"[a-z]", word) or word in ("self", "super", "crate"):
            word = f"{kind}_{word}".rstrip("_")
        free, number = word, 2
        while free in found:
            free, number = f"{word}_{number}", number + 1
        found.append(free)
    return found


def describe(model, args, kwargs, names, state):
    """The graph as JSON, the tensors that it reads, and the names of its outputs."""
    program = exported(model, args, kwargs)
    graph = Graph(program)
    if graph.faults:
        raise ExportError("parts of the model can't be exported:\n  " + "\n  ".join(graph.faults))
    of_user = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in program.graph_signature.user_inputs]
    listed = [*args, *kwargs.values()]
    if len(of_user) != len(listed):
        raise ExportError(f"the model has {len(of_user)} inputs, and {len(listed)} were given")
    nodes = graph.nodes()
    results = graph.outputs()
    paths = output_names(program, len(results))
    kept = [(path, node) for path, node in zip(paths, results) if node is not None]
    outputs = fields([path for path, _ in kept], "output")
    description = {
        "format": FORMAT,
        "producer": f"torch {torch.__version__}",
        "model": f"{type(model).__module__}.{type(model).__qualname__}",
        "weights": state,
        "inputs": [
            {"name": name, "value": node.name, "shape": list(tensor.shape), "type": str(tensor.dtype).removeprefix("torch.")}
            for name, node, tensor in zip(names, of_user, listed)
        ],
        "outputs": [{"name": name, "value": graph.name(node)} for name, (_, node) in zip(outputs, kept)],
        "nodes": nodes,
        "shared": graph.used(),
    }
    return description, graph.tensors, {path: name for name, (path, _) in zip(outputs, kept)}


def exported(model, args, kwargs):
    """The program that `torch.export` makes of a model."""
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            return torch.export.export(model, args, kwargs)
    except Exception as why:
        lines = [line for line in str(why).splitlines() if line.strip()]
        raise ExportError("torch.export can't follow the model: " + "\n".join(lines[:8])) from why


def output_names(program, count):
    """What outputs are called in the structure that the model returns: keys of a dict, fields of a tuple, or numbers."""
    spec = program.call_spec.out_spec
    leaves = pytree.tree_unflatten(list(range(count)), spec)
    paths, _ = pytree.tree_flatten_with_path(leaves)
    named = [""] * count
    for path, index in paths:
        named[index] = joined(path)
    return named


def joined(path):
    """The place of an output as a word: `boxes_0`."""
    return "_".join(str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", "")))) for key in path)


def recording(model, args, kwargs, names, outputs):
    """The inputs, and what the model makes of them in double precision, rounded to single."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exact = copy.deepcopy(model).double()
            result = exact(*(it.double() for it in args), **{name: it.double() for name, it in kwargs.items()})
        except Exception:
            # Models that make numbers of a type of their own.
            result = model(*args, **kwargs)
    record = {f"input.{name}": tensor.float() for name, tensor in zip(names, [*args, *kwargs.values()])}
    paths, _ = pytree.tree_flatten_with_path(result)
    for path, tensor in paths:
        name = outputs.get(joined(path))
        if name is not None:
            record[f"output.{name}"] = tensor.float()
    return record
