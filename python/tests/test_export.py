"""What is written, and what is refused. The numbers of declared nets are compared in `cnn-import/tests/exported.rs`."""

import json
import stat
import struct
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import cnn_export
import nets
from cnn_export import ExportError
from cnn_export.__main__ import main

TYPES = {"F32": torch.float32, "F64": torch.float64, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}


def tensors(path):
    """The tensors of a safetensors file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    assert length % 8 == 0
    found, numbers = {}, data[8 + length :]
    for name, it in json.loads(data[8 : 8 + length]).items():
        begin, end = it["data_offsets"]
        part = bytearray(numbers[begin:end])
        flat = torch.frombuffer(part, dtype=TYPES[it["dtype"]]) if part else torch.empty(0, dtype=TYPES[it["dtype"]])
        found[name] = flat.reshape(it["shape"])
    return found


def program(folder, body):
    """A program that stands in for `cnn`."""
    path = folder / "cnn"
    path.write_text(f"#!{sys.executable}\nimport pathlib, sys\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", list(nets.NETS))
def test_nets_are_exported_with_what_they_compute(tmp_path, name):
    model, shape = nets.made(name)
    files = cnn_export.export(model, shape, tmp_path / "net.json")
    assert listed(tmp_path) == ["net.json", "net.recorded.safetensors", "net.state.safetensors"]
    graph, state, recorded = json.loads(files.graph.read_text()), tensors(files.state), tensors(files.recorded)
    assert graph["weights"] == "net.state.safetensors"
    shapes = list(shape.values()) if isinstance(shape, dict) else [shape]
    assert [it["shape"] for it in graph["inputs"]] == [[1, *shape] for shape in shapes]
    names = [it["name"] for it in graph["inputs"]]
    assert names == (list(shape) if isinstance(shape, dict) and len(shape) > 1 else ["input"])
    assert set(recorded) == {f"input.{name}" for name in names} | {f"output.{it['name']}" for it in graph["outputs"]}
    # Tensors are those of the state dict, under its names, but for what was computed.
    for name, tensor in state.items():
        if not name.startswith("const_"):
            assert torch.equal(tensor, model.state_dict()[name]), name
    known = {it["value"] for it in graph["inputs"]}
    for node in graph["nodes"]:
        text = json.dumps(node["arguments"])
        for value in [part.split('"')[0] for part in text.split('{"value": "')[1:]]:
            assert value in known, node
        known |= {output["name"] for output in node["outputs"]}
    assert {it["value"] for it in graph["outputs"]} <= known


def test_recorded_outputs_are_those_of_the_model(tmp_path):
    model, shape = nets.made("Ports")
    recorded = tensors(cnn_export.export(model, shape, tmp_path / "net.json").recorded)
    with torch.no_grad():
        result = model(recorded["input.image"], recorded["input.weights"])
    assert torch.allclose(recorded["output.maps"], result["maps"], atol=1e-6)
    assert torch.allclose(recorded["output.scores_type"], result["scores"]["type"], atol=1e-6)


def test_a_model_stays_as_it_is(tmp_path):
    model, shape = nets.made("Perceptron")
    model.train()
    model.layers[1].eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    cnn_export.export(model, shape, tmp_path / "net.json")
    assert model.training and not model.layers[1].training and model.layers[3].training
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_an_input_of_ones_own_is_recorded(tmp_path):
    model, _ = nets.made("Sequence")
    image = torch.arange(60.0).reshape(1, 3, 20)
    files = cnn_export.export(model, image, tmp_path / "net.json")
    assert torch.equal(tensors(files.recorded)["input.input"], image)


def test_the_program_gets_the_graph_and_all_files_are_there(tmp_path):
    body = """
args = sys.argv[1:]
assert args[0] == "import" and args[2] == "-o" and args[4] == "-w" and args[6:] == ["--name", "Mine"], args
graph = pathlib.Path(args[1])
assert graph.with_name("net.state.safetensors").exists()
pathlib.Path(args[3]).write_text("declaration")
pathlib.Path(args[5]).write_bytes(b"weights")
"""
    cnn = program(tmp_path, body)
    model, shape = nets.made("Perceptron")
    folder = tmp_path / "made"
    files = cnn_export.export(model, shape, folder / "net.rs", folder / "weights.safetensors", cnn=cnn, name="Mine")
    assert files.declaration.read_text() == "declaration" and files.weights.read_bytes() == b"weights"
    assert listed(folder) == ["net.json", "net.recorded.safetensors", "net.rs", "net.state.safetensors", "weights.safetensors"]


def test_nothing_is_written_if_the_program_refuses(tmp_path):
    cnn = program(tmp_path, "sys.exit('error: net.json cannot be imported: 2 parts')")
    model, shape = nets.made("Perceptron")
    with pytest.raises(ExportError, match="net.json cannot be imported: 2 parts"):
        cnn_export.export(model, shape, tmp_path / "net.rs", cnn=cnn)
    assert listed(tmp_path) == ["cnn"]


def test_without_the_program_the_command_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("from torch import nn\ndef small(width):\n    return nn.Sequential(nn.Linear(4, width), nn.ReLU())\n")
    assert main(["mine:small", "--input", "4", "-o", "small.rs", "--kwargs", '{"width": 3}']) == 0
    assert "cnn import small.json -o small.rs -w small.safetensors" in capsys.readouterr().out
    assert listed(tmp_path) == ["__pycache__", "mine.py", "small.json", "small.recorded.safetensors", "small.state.safetensors"] or listed(
        tmp_path
    ) == ["mine.py", "small.json", "small.recorded.safetensors", "small.state.safetensors"]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["torch"], "names no model"),
        (["no_such_module:net"], "can't be imported"),
        (["torch.nn:NoSuchNet"], "has no `NoSuchNet`"),
        (["torch.nn:Linear"], "makes no model"),
        (["torch.nn:Linear", "--kwargs", "{"], "is no JSON"),
        (["torch.nn:ReLU", "--input", "3x"], "is no shape"),
        (["torch.nn:ReLU", "--input", "0x3x3"], "is no shape"),
        (["torch.nn:ReLU", "--input", "a=3"], "either all inputs have names"),
        (["torch.nn:ReLU", "--cnn", "/no/such/cnn"], "is no program"),
        (["torch.nn:ReLU", "-w", "net.state.safetensors"], "is written for something else"),
        (["torch.nn:functional"], "is no torch.nn.Module|makes no model"),
    ],
)
def test_mistakes_are_errors_in_words(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert main([arguments[0], "--input", "4", "-o", "net.rs", *arguments[1:]]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert any(word in error for word in words.split("|")), error
    assert listed(tmp_path) == []


class InPlace(nn.Module):
    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, x):
        return self.change(x * 2)


def part(x):
    x[:, :1] += 1
    return x


def viewed(x):
    y = x.view(1, -1)
    x.relu_()
    return y


def harmless(x):
    y = x.view(1, -1)
    y.relu_()
    return y.add_(1)


@pytest.mark.parametrize("change, is_refused", [(part, True), (viewed, True), (harmless, False)])
def test_views_that_are_changed_in_place_are_refused(tmp_path, change, is_refused):
    if is_refused:
        with pytest.raises(ExportError, match="in place"):
            cnn_export.export(InPlace(change), (3, 4, 4), tmp_path / "net.json")
        assert listed(tmp_path) == []
    else:
        cnn_export.export(InPlace(change), (3, 4, 4), tmp_path / "net.json")


class Depends(nn.Module):
    def forward(self, x):
        return F.relu(x) if x.sum() > 0 else x


def test_models_that_depend_on_numbers_are_refused(tmp_path):
    with pytest.raises(ExportError, match="torch.export can't follow the model"):
        cnn_export.export(Depends(), (3, 4, 4), tmp_path / "net.json")
    assert listed(tmp_path) == []


def test_inputs_must_be_those_of_the_model(tmp_path):
    model, _ = nets.made("Ports")
    for given in [(2, 7, 6), {"picture": (2, 7, 6), "weights": (5,)}, {}, [], torch.zeros(2, 2, 7, 6)]:
        with pytest.raises(ExportError):
            cnn_export.export(model, given, tmp_path / "net.json")
    with pytest.raises(ExportError, match="`forward` has to take tensors"):
        cnn_export.export(model, {"image": {"picture": (2, 7, 6)}, "weights": (5,)}, tmp_path / "net.json")
    with pytest.raises(ExportError, match="no torch.nn.Module"):
        cnn_export.export(lambda x: x, (3,), tmp_path / "net.json")
    assert listed(tmp_path) == []
