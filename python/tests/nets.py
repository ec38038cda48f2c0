"""Small nets as people write them, each with its input; the importer's tests have their graphs, which `tools/export_cases.py` writes."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

NETS = {}


def net(*shape, **shapes):
    def add(make):
        NETS[make.__name__] = (make, shapes or shape)
        return make

    return add


class Bottleneck(nn.Module):
    def __init__(self, channels, mid, out, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, mid, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(mid)
        self.conv2 = nn.Conv2d(mid, mid, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(mid)
        self.conv3 = nn.Conv2d(mid, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


@net(2, 12, 12)
class Residual(nn.Module):
    """Blocks, repeats, and batch normalisations."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(Bottleneck(4, 2, 8), Bottleneck(8, 2, 8), Bottleneck(8, 2, 8))
        self.layer2 = nn.Sequential(Bottleneck(8, 3, 12, 2), Bottleneck(12, 3, 12), Bottleneck(12, 3, 12))
        self.fc = nn.Linear(12, 5)

    def forward(self, x):
        x = F.relu(self.bn(self.stem(x)))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Double(nn.Sequential):
    def __init__(self, channels, out):
        super().__init__(
            nn.Conv2d(channels, out, 3, padding=1),
            nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
            nn.Conv2d(out, out, 3, padding=1),
            nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
        )


@net(3, 16, 12)
class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([Double(3, 4), Double(4, 6), Double(6, 8)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(8, 6, 2, stride=2), nn.ConvTranspose2d(6, 4, 2, stride=2)])
        self.merge = nn.ModuleList([Double(12, 6), Double(8, 4)])
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        kept = []
        for index, down in enumerate(self.down):
            x = down(x if index == 0 else F.max_pool2d(x, 2))
            kept.append(x)
        for up, merge, skip in zip(self.up, self.merge, kept[-2::-1]):
            x = merge(torch.cat([skip, up(x)], dim=1))
        return torch.sigmoid(self.head(x))


@net(4, 6, 5)
class Upscaler(nn.Module):
    """All kinds of larger maps."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.SiLU())
        self.up = nn.Sequential(nn.Conv2d(8, 12, 3, padding="same"), nn.PixelShuffle(2))
        self.down = nn.PixelUnshuffle(2)
        self.last = nn.Conv2d(12, 3, 1)

    def forward(self, x):
        y = self.up(self.body(x))
        y = y + F.interpolate(x[:, :3], scale_factor=2, mode="bilinear", align_corners=False)
        y = F.interpolate(y, size=(9, 7), mode="bilinear", align_corners=True)
        y = F.interpolate(y, scale_factor=2.0)
        y = F.interpolate(y, size=(12, 10), mode="bicubic")
        return self.last(self.down(y))


class ChannelsLast(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.first = nn.Linear(channels, 4 * channels)
        self.second = nn.Linear(4 * channels, channels)
        self.layer_scale = nn.Parameter(torch.full((channels, 1, 1), 0.25))

    def forward(self, x):
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.second(F.gelu(self.first(y))).permute(0, 3, 1, 2)
        return x + self.layer_scale * y


@net(3, 8, 12)
class ConvNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 4, 4), ChannelsLast(4))
        self.blocks = nn.Sequential(*[Block(4) for _ in range(3)])
        self.head = nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 3))

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean([-2, -1]))


class GlobalResponseNorm(nn.Module):
    """As timm has it."""

    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        length = x.norm(p=2, dim=(2, 3), keepdim=True)
        compared = x * (length / (length.mean(dim=1, keepdim=True) + 1e-6))
        return x + torch.addcmul(self.bias.view(1, -1, 1, 1), self.weight.view(1, -1, 1, 1), compared)


@net(3, 6, 5)
class ConvNeXtV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.act, self.drop = nn.Conv2d(3, 8, 1), nn.GELU(), nn.Dropout(0.0)
        self.grn, self.fc2 = GlobalResponseNorm(8), nn.Conv2d(8, 3, 1)

    def forward(self, x):
        return x + self.fc2(self.grn(self.drop(self.act(self.fc1(x)))))


@net(image=(2, 7, 6), weights=(5,))
class Ports(nn.Module):
    """Two inputs, and a dict of outputs."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 5, 3)
        self.fc = nn.Linear(5, 4)

    def forward(self, image, weights):
        maps = torch.tanh(self.conv(image)) * weights[:, :, None, None]
        return {"maps": maps, "scores": {"type": torch.softmax(self.fc(maps.amax((2, 3))), dim=-1)}}


@net(4, 6, 6)
class Functional(nn.Module):
    """Written without modules, as far as that goes."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 12, 3)
        self.fc = nn.Linear(20, 6)
        self.bias = nn.Parameter(torch.randn(6))

    def forward(self, x):
        a, b, c = F.relu(self.conv(x)).chunk(3, dim=1)
        first, rest = torch.split(a, [1, 3], dim=1)
        y = torch.cat((a * torch.sigmoid(b) - c, rest, first), 1)
        mean, largest = y.mean((2, 3)), y[:, 2:6, 1:3, ::1].amax(dim=(-1, -2))
        z = torch.cat([mean, largest, F.avg_pool2d(c, 2).view(1, -1)[:, :8]], dim=1)
        return F.log_softmax(self.fc(z) + self.bias, dim=1)


class Tower(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 4, 3, stride=2), nn.ReLU())


@net(left=(2, 9, 8), right=(2, 9, 8))
class Siamese(nn.Module):
    """A module that is called twice."""

    def __init__(self):
        super().__init__()
        self.tower = Tower()
        self.fc = nn.Linear(24, 1)

    def forward(self, left, right):
        distance = self.tower(left) - self.tower(right)
        return torch.sigmoid(self.fc((distance * distance).flatten(1))).squeeze(1)


@net(3, 6, 6)
class Recurrent(nn.Module):
    """One convolution three times, with something else in between; and two layers with one weight."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.first = nn.Linear(3, 3, bias=False)
        self.second = nn.Linear(3, 3, bias=False)
        self.second.weight = self.first.weight

    def forward(self, x):
        for _ in range(3):
            x = x + F.relu(self.conv(x))
        return self.second(F.relu(self.first(x.mean((2, 3)))))


@net(3, 20)
class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(3, 6, 5, padding=2), nn.BatchNorm1d(6), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(6, 4, 3, dilation=2), nn.ReLU()
        )
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(F.adaptive_avg_pool1d(self.layers(x), 1).squeeze(-1))


@net(10)
class Perceptron(nn.Module):
    """What is for training: dropout, how fast statistics change, and biases that are still zeros."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(10, 8), nn.BatchNorm1d(8, momentum=0.01, eps=0.001), nn.ReLU(), nn.Dropout(0.3))
        self.last = nn.Linear(8, 3)
        nn.init.zeros_(self.last.bias)

    def forward(self, x):
        return self.last(F.dropout(self.layers(x), 0.1, self.training))


@net(3, 5, 5)
class Buffers(nn.Module):
    """Numbers that are not trained, and a weight that is computed."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.2, 0.3, 0.25]).view(1, 3, 1, 1))
        self.conv = weight_norm(nn.Conv2d(3, 4, 3))
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        return self.conv((x - self.mean) / self.std).mul_(self.scale).flatten(1)


@net(3, 6, 6)
class Half(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2)
        self.fc = nn.Linear(16, 3)
        self.half()

    def forward(self, x):
        return self.fc(F.hardswish(self.conv(x)).flatten(1)).float()


@net(6, 6, 8)
class Norms(nn.Module):
    """Normalisations with tensors and without."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.InstanceNorm2d(6),
            nn.InstanceNorm2d(6, affine=True),
            nn.GroupNorm(3, 6, affine=False),
            nn.BatchNorm2d(6, affine=False),
            nn.GroupNorm(1, 6),
            nn.LayerNorm([6, 6, 8]),
            nn.BatchNorm2d(6),
        )

    def forward(self, x):
        return F.normalize(self.layers(x), dim=1)


@net(6, 5, 4)
class Activations(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.LeakyReLU(0.2, inplace=True), nn.ELU(0.9), nn.CELU(1.5), nn.SELU(), nn.Mish(), nn.Softplus(), nn.Hardtanh(-0.5, 3.0),
            nn.ReLU6(), nn.Hardsigmoid(), nn.LogSigmoid(), nn.Threshold(-0.6, -1.0), nn.PReLU(), nn.PReLU(6), nn.GELU("tanh"), nn.RReLU(),
            nn.Tanh(), nn.Softplus(2.0, 5.0), nn.Hardshrink(0.25), nn.Softshrink(0.125), nn.Hardswish(), nn.GLU(dim=1),
        )

    def forward(self, x):
        x = torch.clamp(self.layers(x), min=-0.2)
        return F.softmax(x.clamp(max=0.9) * x.pow(2) / 0.5 - (1 - x), dim=1)


@net(2, 11, 9)
class Pools(nn.Module):
    def __init__(self):
        super().__init__()
        self.pools = nn.ModuleList(
            [
                nn.MaxPool2d(3, 2, 1, ceil_mode=True),
                nn.AvgPool2d((3, 2), 2, (1, 0), count_include_pad=False),
                nn.AvgPool2d(3, 2, 1),
                nn.MaxPool2d(2, 1, dilation=(1, 2)),
                nn.AdaptiveAvgPool2d((5, 4)),
                nn.AdaptiveMaxPool2d(3),
                nn.AvgPool2d((3, 2), 2, 1, divisor_override=5),
            ]
        )

    def forward(self, x):
        return tuple(pool(F.pad(x, (1, 0, 0, 2), mode="reflect" if index % 2 else "constant")) for index, pool in enumerate(self.pools))


@net(6, 5, 4)
class Responses(nn.Module):
    """Layers that PyTorch computes by several operators."""

    def __init__(self):
        super().__init__()
        self.odd = nn.LocalResponseNorm(5, alpha=0.1, beta=0.75, k=2.0)
        self.even = nn.LocalResponseNorm(4, alpha=0.2)
        self.conv = nn.Conv2d(6, 6, 1)

    def forward(self, x):
        return F.softsign(self.even(self.conv(self.odd(x))))


@net(3, 8, 10)
class Focus(nn.Module):
    """Pixels as channels, slice by slice."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(12, 4, 3, padding=1)

    def forward(self, x):
        return self.conv(torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1))


@net(3, 11)
class Melody(nn.Module):
    """Layers on a sequence that PyTorch computes by several operators."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv1d(3, 5, 3), nn.LocalResponseNorm(4, alpha=0.5)

    def forward(self, x):
        return self.norm(self.conv(x))


class Excitation(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(self.pool(x))))).expand_as(x)


@net(4, 6, 6)
class Shuffled(nn.Module):
    """Channels in another order, gates, and changes in place."""

    def __init__(self):
        super().__init__()
        self.gates = nn.Sequential(Excitation(4, 2), Excitation(4, 2))
        self.conv = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x):
        x = self.gates(x)
        y = self.shuffle(self.conv(x)).relu_()
        batch, channels, height, width = y.shape
        y = y.view(batch, 2, channels // 2, height, width).transpose(1, 2).reshape(batch, channels, height, width)
        y += x
        y.mul_(0.5).sub_(1)
        return torch.stack([y[:, 0], y[:, 3]], dim=1), y


class Attention(nn.Module):
    """Of channels by a perceptron that is called twice, then of pixels."""

    def __init__(self, channels):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(channels, 2), nn.ReLU(), nn.Linear(2, channels))
        self.spatial = nn.Conv2d(2, 1, 3, padding=1, bias=False)

    def forward(self, x):
        batch, channels, _, _ = x.size()
        mean = self.mlp(F.adaptive_avg_pool2d(x, 1).view(batch, channels))
        largest = self.mlp(F.adaptive_max_pool2d(x, 1).view(batch, channels))
        x = x * torch.sigmoid(mean + largest).view(batch, channels, 1, 1).expand_as(x)
        return x * torch.sigmoid(self.spatial(torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], 1)))


@net(3, 6, 7)
class WrittenOut(nn.Module):
    """Layers that are spelt out, with parts computed twice; and what is repeated to the size of maps."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(8, 4, 1)
        self.attention = nn.Sequential(Attention(4), Attention(4))
        self.weight, self.bias = nn.Parameter(torch.rand(1, 4, 1, 1)), nn.Parameter(torch.rand(1, 4, 1, 1))

    def forward(self, x):
        x = self.first(x)
        u = x.mean(1, keepdim=True)
        s = (x - u).pow(2).mean(1, keepdim=True)
        x = self.weight * ((x - u) / torch.sqrt(s + 1e-6)) + self.bias
        x = self.attention(torch.where(x > 0, x, 0.1 * x))
        x = self.second(torch.cat([x, x.mean((2, 3), keepdim=True).repeat(1, 1, 6, 7)], 1))
        x = x.abs() - torch.minimum(x, x * x)
        return x.amin((2, 3)), torch.where(x > 0.25, x, -1.0).sum(1), x.min(dim=3)[0]


@net(3, 6, 5)
class Reordered(nn.Module):
    """Channels and pixels in other places."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(6, 3, 3, padding=1, padding_mode="circular")

    def forward(self, x):
        x = x[:, [2, 0, 1]].flip(1).repeat(1, 2, 1, 1)
        x = F.softplus(self.conv(x), beta=2)
        x = torch.roll(x, (1, -2), (2, 3))[:, :, ::2, 1:]
        return F.pad(x, (0, 0, 0, 0, 1, 1)).permute(0, 2, 3, 1)


class Split(nn.Module):
    """Half of the channels go through some layers, and all that these give is joined."""

    def __init__(self, channels):
        super().__init__()
        self.first, self.last = nn.Conv2d(channels, 4, 1), nn.Conv2d(6, 4, 1)
        self.m = nn.ModuleList([nn.Conv2d(2, 2, 3, padding=1)])

    def forward(self, x):
        y = list(self.first(x).chunk(2, 1))
        y.extend(layer(y[-1]) for layer in self.m)
        return F.relu(self.last(torch.cat(y, 1)))


@net(3, 8, 8)
class Detector(nn.Module):
    """Scores of two maps, one after another, with those of a pixel next to each other."""

    def __init__(self):
        super().__init__()
        self.fine, self.coarse, self.top = Split(3), Split(4), Split(8)
        self.m = nn.ModuleList([nn.Conv2d(4, 6, 1), nn.Conv2d(4, 6, 1)])

    def forward(self, x):
        fine = self.fine(x)
        coarse = self.coarse(F.max_pool2d(fine, 2))
        top = self.top(torch.cat([F.interpolate(coarse, scale_factor=2.0), fine], 1))
        heads = (layer(x).view(1, 2, 3, -1).transpose(2, 3).reshape(1, -1, 3) for layer, x in zip(self.m, (top, coarse)))
        return torch.cat(list(heads), 1).softmax(-1)


def made(name):
    """A net with random numbers that are no special ones, and its input."""
    torch.manual_seed(len(name))
    make, shape = NETS[name]
    model = make().eval()
    with torch.no_grad():
        for tensor_name, tensor in model.named_buffers():
            if tensor_name.endswith("running_mean"):
                tensor.uniform_(-0.3, 0.3)
            elif tensor_name.endswith("running_var"):
                tensor.uniform_(0.6, 1.4)
        for tensor_name, tensor in model.named_parameters():
            if tensor.dim() == 1 and "last.bias" not in tensor_name:
                tensor.uniform_(0.5, 1.5)
    return model, shape
