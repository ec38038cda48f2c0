"""The paper nets of `models` in PyTorch, with the same tensor names. They return logits.

`build(name)` takes a name of the command line, `resnet50` or `torchvision-resnet50`; the latter is torchvision's own net.
"""

import math
from collections import OrderedDict

import torch
import torch.nn.functional as F
import torchvision
from torch import nn


class Lrn(nn.Module):
    """Local response normalisation with the paper's constants. PyTorch's own divides alpha by the size."""

    def __init__(self, size=5, alpha=1e-4, beta=0.75, k=2.0):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, maps):
        around = self.size // 2
        squares = F.pad(maps.square(), (0, 0, 0, 0, around, around))
        sums = squares.unfold(1, self.size, 1).sum(-1)
        return maps / (self.k + self.alpha * sums) ** self.beta


def chain(*steps):
    """Layers in order: those with tensors as (name, layer), the others without a name."""
    named = [step if isinstance(step, tuple) else (f"step{index}", step) for index, step in enumerate(steps)]
    return nn.Sequential(OrderedDict(named))


def perceptron():
    return chain(("fc", nn.Linear(2, 1)))


def mlp():
    return chain(nn.Flatten(), ("fc1", nn.Linear(784, 128)), nn.Sigmoid(), ("fc2", nn.Linear(128, 10)))


def lenet5():
    return chain(
        ("conv1", nn.Conv2d(1, 6, 5)), nn.Tanh(), nn.AvgPool2d(2),
        ("conv2", nn.Conv2d(6, 16, 5)), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
        ("fc1", nn.Linear(400, 120)), nn.Tanh(),
        ("fc2", nn.Linear(120, 84)), nn.Tanh(),
        ("fc3", nn.Linear(84, 10)))


def classifier(inputs):
    """The last layers of AlexNet and the VGG nets."""
    return [
        nn.Flatten(),
        ("fc6", nn.Linear(inputs, 4096)), nn.ReLU(),
        ("fc7", nn.Linear(4096, 4096)), nn.ReLU(),
        ("fc8", nn.Linear(4096, 1000)),
    ]


def alexnet():
    return chain(
        ("conv1", nn.Conv2d(3, 96, 11, stride=4, padding=2)), nn.ReLU(), Lrn(), nn.MaxPool2d(3, 2),
        ("conv2", nn.Conv2d(96, 256, 5, padding=2, groups=2)), nn.ReLU(), Lrn(), nn.MaxPool2d(3, 2),
        ("conv3", nn.Conv2d(256, 384, 3, padding=1)), nn.ReLU(),
        ("conv4", nn.Conv2d(384, 384, 3, padding=1, groups=2)), nn.ReLU(),
        ("conv5", nn.Conv2d(384, 256, 3, padding=1, groups=2)), nn.ReLU(), nn.MaxPool2d(3, 2),
        *classifier(256 * 6 * 6))


def vgg(*depths, lrn=False):
    """Stages with these numbers of convolutions."""
    steps, channels = [], 3
    for stage, (depth, filters) in enumerate(zip(depths, (64, 128, 256, 512, 512), strict=True), 1):
        for place in range(1, depth + 1):
            steps += [(f"conv{stage}_{place}", nn.Conv2d(channels, filters, 3, padding=1)), nn.ReLU()]
            channels = filters
        if lrn and stage == 1:
            steps.append(Lrn())
        steps.append(nn.MaxPool2d(2))
    return chain(*steps, *classifier(512 * 7 * 7))


class Inception(nn.Module):
    """An inception module."""

    def __init__(self, channels, ones, reduce3, threes, reduce5, fives, pooled):
        super().__init__()
        self.conv1x1 = nn.Conv2d(channels, ones, 1)
        self.reduce3x3, self.conv3x3 = nn.Conv2d(channels, reduce3, 1), nn.Conv2d(reduce3, threes, 3, padding=1)
        self.reduce5x5, self.conv5x5 = nn.Conv2d(channels, reduce5, 1), nn.Conv2d(reduce5, fives, 5, padding=2)
        self.pool_proj = nn.Conv2d(channels, pooled, 1)

    def forward(self, maps):
        threes, fives = self.reduce3x3(maps).relu(), self.reduce5x5(maps).relu()
        pooled = F.max_pool2d(maps, 3, stride=1, padding=1)
        branches = [self.conv1x1(maps), self.conv3x3(threes), self.conv5x5(fives), self.pool_proj(pooled)]
        return torch.cat(branches, 1).relu()


def inception_v1():
    """Without the auxiliary classifiers, which do not run at inference."""
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    return chain(
        ("conv1", nn.Conv2d(3, 64, 7, stride=2, padding=3)), nn.ReLU(), pool(), Lrn(),
        ("reduce2", nn.Conv2d(64, 64, 1)), nn.ReLU(),
        ("conv2", nn.Conv2d(64, 192, 3, padding=1)), nn.ReLU(), Lrn(), pool(),
        ("inception3a", Inception(192, 64, 96, 128, 16, 32, 32)),
        ("inception3b", Inception(256, 128, 128, 192, 32, 96, 64)), pool(),
        ("inception4a", Inception(480, 192, 96, 208, 16, 48, 64)),
        ("inception4b", Inception(512, 160, 112, 224, 24, 64, 64)),
        ("inception4c", Inception(512, 128, 128, 256, 24, 64, 64)),
        ("inception4d", Inception(512, 112, 144, 288, 32, 64, 64)),
        ("inception4e", Inception(528, 256, 160, 320, 32, 128, 128)), pool(),
        ("inception5a", Inception(832, 256, 160, 320, 32, 128, 128)),
        ("inception5b", Inception(832, 384, 192, 384, 48, 128, 128)), nn.AvgPool2d(7), nn.Flatten(),
        ("fc", nn.Linear(1024, 1000)))


class DoubleConv(nn.Module):
    """Two convolutions of U-Net."""

    def __init__(self, channels, filters):
        super().__init__()
        self.double_conv = nn.Sequential(
            nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(),
            nn.Conv2d(filters, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU())

    def forward(self, maps):
        return self.double_conv(maps)


class Down(nn.Module):
    """A level down."""

    def __init__(self, channels):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(channels, 2 * channels))

    def forward(self, maps):
        return self.maxpool_conv(maps)


class Up(nn.Module):
    """A level up."""

    def __init__(self, channels):
        super().__init__()
        self.up = nn.ConvTranspose2d(channels, channels // 2, 2, stride=2)
        self.conv = DoubleConv(channels, channels // 2)

    def forward(self, maps, level):
        return self.conv(torch.cat([level, self.up(maps)], 1))


class UNet(nn.Module):
    """U-Net with padding and batch normalisation."""

    def __init__(self, width=32):
        super().__init__()
        self.inc = DoubleConv(3, width)
        for level in range(4):
            setattr(self, f"down{level + 1}", Down(width << level))
            setattr(self, f"up{level + 1}", Up(16 * width >> level))
        self.outc = chain(("conv", nn.Conv2d(width, 1, 1)))

    def forward(self, maps):
        levels = [self.inc(maps)]
        for down in (self.down1, self.down2, self.down3, self.down4):
            levels.append(down(levels[-1]))
        maps = levels.pop()
        for up in (self.up1, self.up2, self.up3, self.up4):
            maps = up(maps, levels.pop())
        return self.outc(maps)


def espcn():
    return chain(
        ("conv1", nn.Conv2d(1, 64, 5, padding=2)), nn.Tanh(),
        ("conv2", nn.Conv2d(64, 32, 3, padding=1)), nn.Tanh(),
        ("conv3", nn.Conv2d(32, 9, 3, padding=1)), nn.PixelShuffle(3))


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.twin = chain(
            ("conv1", nn.Conv2d(1, 64, 10)), nn.ReLU(), nn.MaxPool2d(2),
            ("conv2", nn.Conv2d(64, 128, 7)), nn.ReLU(), nn.MaxPool2d(2),
            ("conv3", nn.Conv2d(128, 128, 4)), nn.ReLU(), nn.MaxPool2d(2),
            ("conv4", nn.Conv2d(128, 256, 4)), nn.ReLU(), nn.Flatten(),
            ("fc", nn.Linear(9216, 4096)), nn.Sigmoid())
        self.decision = nn.Linear(4096, 1)

    def forward(self, left, right):
        return self.decision((self.twin(left) - self.twin(right)).abs())


class Cbs(nn.Sequential):
    """A convolution, its batch normalisation, and SiLU."""

    def __init__(self, channels, filters, size=1, stride=1, pad=None):
        conv = nn.Conv2d(channels, filters, size, stride, size // 2 if pad is None else pad, bias=False)
        super().__init__(OrderedDict(conv=conv, bn=nn.BatchNorm2d(filters, eps=1e-3), act=nn.SiLU()))


class Bottleneck(nn.Module):
    def __init__(self, filters, residual):
        super().__init__()
        self.cv1, self.cv2, self.residual = Cbs(filters, filters), Cbs(filters, filters, 3), residual

    def forward(self, maps):
        result = self.cv2(self.cv1(maps))
        return maps + result if self.residual else result


class C3(nn.Module):
    """A cross stage partial block."""

    def __init__(self, channels, filters, count, residual=True):
        super().__init__()
        half = filters // 2
        self.cv1, self.cv2, self.cv3 = Cbs(channels, half), Cbs(channels, half), Cbs(filters, filters)
        self.m = nn.Sequential(*(Bottleneck(half, residual) for _ in range(count)))

    def forward(self, maps):
        return self.cv3(torch.cat([self.m(self.cv1(maps)), self.cv2(maps)], 1))


class Sppf(nn.Module):
    """Spatial pyramid pooling."""

    def __init__(self, filters):
        super().__init__()
        self.cv1, self.cv2, self.pool = Cbs(filters, filters // 2), Cbs(2 * filters, filters), nn.MaxPool2d(5, 1, 2)

    def forward(self, maps):
        all = [self.cv1(maps)]
        for _ in range(3):
            all.append(self.pool(all[-1]))
        return self.cv2(torch.cat(all, 1))


class YoloV5n(nn.Module):
    """YOLOv5n for 80 classes, up to its three maps of boxes."""

    def __init__(self):
        super().__init__()
        heads = nn.Module()
        heads.m = nn.ModuleList(nn.Conv2d(channels, 255, 1) for channels in (64, 128, 256))
        up, nothing = nn.Upsample(scale_factor=2), nn.Identity()
        self.model = nn.ModuleList([
            Cbs(3, 16, 6, 2, 2), Cbs(16, 32, 3, 2), C3(32, 32, 1), Cbs(32, 64, 3, 2), C3(64, 64, 2), Cbs(64, 128, 3, 2),
            C3(128, 128, 3), Cbs(128, 256, 3, 2), C3(256, 256, 1), Sppf(256), Cbs(256, 128), up, nothing,
            C3(256, 128, 1, False), Cbs(128, 64), up, nothing, C3(128, 64, 1, False), Cbs(64, 64, 3, 2), nothing,
            C3(128, 128, 1, False), Cbs(128, 128, 3, 2), nothing, C3(256, 256, 1, False), heads])

    def forward(self, maps):
        layer, kept, levels = self.model, {}, []
        # Which earlier result is next to the present one.
        joined = {12: 6, 16: 4, 19: 14, 22: 10}
        for index in range(24):
            maps = torch.cat([maps, kept[joined[index]]], 1) if index in joined else layer[index](maps)
            kept[index] = maps
            if index in (17, 20, 23):
                levels.append(maps)
        return [head(level) for head, level in zip(layer[24].m, levels, strict=True)]


class Same(nn.Conv2d):
    """A convolution with Keras's padding "same": of an odd number of rows or columns, one more is at the end."""

    def forward(self, maps):
        sides = []
        for size, kernel, stride in zip(maps.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            around = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            sides += [around // 2, around - around // 2]
        return super().forward(F.pad(maps, sides))


def conv_norm(channels, filters, kernel=3, stride=1, groups=1):
    """A convolution of MLPerf Tiny and its batch normalisation."""
    conv = Same(channels, filters, kernel, stride=stride, groups=groups)
    return chain(("conv", conv), ("bn", nn.BatchNorm2d(filters, eps=1e-3)))


class Basic(nn.Module):
    """A residual block of MLPerf Tiny."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1, self.conv2 = conv_norm(channels, filters, stride=stride), conv_norm(filters, filters)
        self.downsample = Same(channels, filters, 1, stride=2) if stride == 2 else nn.Identity()

    def forward(self, maps):
        return (self.conv2(self.conv1(maps).relu()) + self.downsample(maps)).relu()


def tiny_resnet8():
    return chain(
        ("stem", conv_norm(3, 16)), nn.ReLU(),
        ("stage1", Basic(16, 16, 1)), ("stage2", Basic(16, 32, 2)), ("stage3", Basic(32, 64, 2)),
        nn.AvgPool2d(8), nn.Flatten(), ("fc", nn.Linear(64, 10)))


def separable(channels, filters, stride=1):
    return chain(
        ("depthwise", conv_norm(channels, channels, stride=stride, groups=channels)), nn.ReLU(),
        ("pointwise", conv_norm(channels, filters, 1)), nn.ReLU())


def tiny_ds_cnn():
    return chain(
        ("stem", conv_norm(1, 64, (10, 4), 2)), nn.ReLU(),
        ("layers", nn.Sequential(*(separable(64, 64) for _ in range(4)))),
        nn.AvgPool2d((24, 5)), nn.Flatten(), ("fc", nn.Linear(64, 12)))


def tiny_mobilenet_v1():
    widths = [8, 16, 32, 32, 64, 64, *[128] * 6, 256, 256]
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    layers = (separable(*numbers) for numbers in zip(widths, widths[1:], strides, strict=False))
    return chain(
        ("stem", conv_norm(3, 8, stride=2)), nn.ReLU(), ("layers", nn.Sequential(*layers)),
        nn.AvgPool2d(3), nn.Flatten(), ("fc", nn.Linear(256, 2)))


def tiny_autoencoder():
    def dense(features, outputs):
        return chain(("fc", nn.Linear(features, outputs)), ("bn", nn.BatchNorm1d(outputs, eps=1e-3)), nn.ReLU())

    def four(features):
        return nn.Sequential(dense(features, 128), *(dense(128, 128) for _ in range(3)))

    return chain(("encoder", four(640)), ("code", dense(128, 8)), ("decoder", four(8)), ("fc", nn.Linear(128, 640)))


def resnet(name):
    """torchvision's net, but with the stride of a bottleneck in its first convolution, as in the paper."""
    net = build(f"torchvision-{name}")
    for block in net.modules():
        if isinstance(block, torchvision.models.resnet.Bottleneck):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
    return net


NETS = {
    "perceptron": perceptron,
    "mlp": mlp,
    "lenet5": lenet5,
    "alexnet": alexnet,
    "vgg11": lambda: vgg(1, 1, 2, 2, 2),
    "vgg11-lrn": lambda: vgg(1, 1, 2, 2, 2, lrn=True),
    "vgg13": lambda: vgg(2, 2, 2, 2, 2),
    "vgg16": lambda: vgg(2, 2, 3, 3, 3),
    "vgg19": lambda: vgg(2, 2, 4, 4, 4),
    "inception-v1": inception_v1,
    "unet": UNet,
    "espcn": espcn,
    "siamese": Siamese,
    "yolov5n": YoloV5n,
    "tiny-resnet8": tiny_resnet8,
    "tiny-ds-cnn": tiny_ds_cnn,
    "tiny-mobilenet-v1": tiny_mobilenet_v1,
    "tiny-autoencoder": tiny_autoencoder,
    **{f"resnet{layers}": lambda layers=layers: resnet(f"resnet{layers}") for layers in (18, 34, 50, 101, 152)},
}


def build(name):
    """The net of this name, with arbitrary weights."""
    if name in NETS:
        return NETS[name]()
    short = name.removeprefix("torchvision-")
    # The weights are replaced later, so they need not come from slow distributions.
    quick = {"init_weights": False} if short in ("googlenet", "inception_v3") or short.startswith("vgg") else {}
    return torchvision.models.get_model(short, weights=None, **quick)
