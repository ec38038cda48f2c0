#!/usr/bin/env python3
"""Exports YOLO's nets by ultralytics with random weights, boxes decoded as its exporter does, imports each file, and compares all outputs.

    python3 tools/import_yolo.py FOLDER [NET ...]

Needs ultralytics, onnx and onnxruntime, and `cnn` in target/release or target/debug; not part of CI.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnx import numpy_helper
from ultralytics import YOLO

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

# Of detection, segmentation, poses and classification; later ones have attention.
NETS = "yolov3-tiny yolov5n yolov6n yolov8n yolov8n-cls yolov8n-seg yolov8n-pose yolov8-p2 yolov9t".split()
SIZE = 96


def recorded(path):
    """Next to the file, an image and ONNX Runtime's outputs, as ONNX's test data has them."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    [given] = session.get_inputs()
    image = np.random.default_rng(0).random((1, 3, SIZE, SIZE), dtype=np.float32)
    folder = path.parent / "test_data_set_0"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    named = [("input", given, image)]
    named += [("output", *both) for both in zip(session.get_outputs(), session.run(None, {given.name: image}))]
    for index, (kind, port, numbers) in enumerate(named):
        tensor = numpy_helper.from_array(numbers, port.name)
        (folder / f"{kind}_{max(index - 1, 0)}.pb").write_bytes(tensor.SerializeToString())


def agrees(folder, net):
    torch.manual_seed(0)
    path = folder / Path(YOLO(f"{net}.yaml").export(format="onnx", imgsz=SIZE, simplify=False, verbose=False)).name
    recorded(path)
    cnn = next(cnn for cnn in (TARGET / "release/cnn", TARGET / "debug/cnn") if cnn.exists())
    declared = path.with_suffix(".rs")
    command = [cnn, "import", path, "-o", declared, "-w", path.with_suffix(".safetensors"), "--verify", "--tolerance", "1e-5"]
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    lines = len(declared.read_text().splitlines()) if run.returncode == 0 else 0
    print(f"{net:14} {lines:4} lines, {(run.stdout + run.stderr).strip().splitlines()[-1]}", flush=True)
    return run.returncode == 0


def main():
    folder, *nets = sys.argv[1:] or sys.exit(__doc__)
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    found = [agrees(folder, net) for net in nets or NETS]
    print(f"{sum(found)} of {len(found)} agree within 1e-5 of the largest number")
    sys.exit(not all(found))


if __name__ == "__main__":
    main()
