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
# Later nets, of `tools/paper_nets.py` and of torchvision, for the engines that read ONNX or ncnn's files.
NEWER = ["torchvision-mobilenet_v2", "torchvision-mobilenet_v3_large", "torchvision-efficientnet_b0",
         "torchvision-shufflenet_v2_x1_0", "torchvision-convnext_tiny", "torchvision-squeezenet1_1",
         "torchvision-densenet121", "unet"]
TITLES |= {"torchvision-mobilenet_v2": "MobileNet-v2", "torchvision-mobilenet_v3_large": "MobileNetV3-large",
           "torchvision-efficientnet_b0": "EfficientNet-B0", "torchvision-shufflenet_v2_x1_0": "ShuffleNetV2",
           "torchvision-convnext_tiny": "ConvNeXt-tiny", "torchvision-squeezenet1_1": "SqueezeNet 1.1",
           "torchvision-densenet121": "DenseNet-121", "unet": "U-Net"}
ALL = NAMES + NEWER
# The nets' inputs, but for those of IMAGENET's size.
INPUTS = {"lenet5": (1, 32, 32), "unet": (3, 256, 256)}
IMAGENET = (3, 224, 224)
# This project, listed as an engine.
OURS = ["ours", "ours-f16"]
