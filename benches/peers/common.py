"""Paths, and what is compared."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Everything large: nets, the virtual environment, builds.
FOLDER = Path(os.environ.get("PEERS_DIR", HERE / "work")).resolve()
NETS = FOLDER / "nets"

NAMES = ["lenet5", "alexnet", "vgg16", "inception-v1", "resnet50"]
TITLES = {"lenet5": "LeNet-5", "alexnet": "AlexNet", "vgg16": "VGG-16", "inception-v1": "Inception-v1",
          "resnet50": "ResNet-50"}
# This project, listed as an engine.
OURS = ["ours", "ours-f16"]
