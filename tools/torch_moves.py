"""Cases of layers that move numbers or resize maps: `python tools/torch_moves.py`."""

import torch
from torch import nn
from torch.nn import functional as F

import torch_cases
from torch_cases import shape

CASES = []


def case(layer, size, function):
    """A layer of an input of this size."""
    count = 1
    for part in size:
        count *= part
    numbers = torch.randint(-99, 100, (count,), generator=GENERATOR).double() / 8
    given = numbers.reshape(1, *size)
    found = function(given)
    net = f"Net: {shape(size)} -> {shape(found.shape[1:])} {{ {layer}; }}"
    CASES.append(torch_cases.case(net, given, found))


def resizes():
    """Sizes up and down, even and odd, to and from one pixel."""
    sizes = [((3, 4), (6, 8)), ((3, 5), (7, 3)), ((1, 1), (3, 2)), ((4, 6), (1, 1)), ((2, 7), (5, 14)), ((5, 3), (2, 9))]
    for height_width, to in sizes:
        text = f"{to[0]}x{to[1]}"
        case(f"resize({text})", (2, *height_width), lambda x: F.interpolate(x, size=to, mode="nearest"))
        for mode in ["bilinear", "bicubic"]:
            for align in [False, True]:
                more = f", mode = {mode}" + (", align_corners = true" if align else "")
                call = lambda x: F.interpolate(x, size=to, mode=mode, align_corners=align)
                case(f"resize({text}{more})", (2, *height_width), call)
    for factor, text in [(2, "2"), (3, "3"), ((2, 3), "2x3"), ((1, 4), "1x4")]:
        case(f"upsample({text})", (3, 2, 3), nn.Upsample(scale_factor=factor))
        for mode in ["bilinear", "bicubic"]:
            case(f"upsample({text}, mode = {mode})", (1, 3, 4), nn.Upsample(scale_factor=factor, mode=mode))
            up = nn.Upsample(scale_factor=factor, mode=mode, align_corners=True)
            case(f"upsample({text}, mode = {mode}, align_corners = true)", (1, 3, 4), up)


def shuffles():
    for factor in [1, 2, 3]:
        area = factor * factor
        case(f"pixel_shuffle({factor})", (2 * area, 2, 3), nn.PixelShuffle(factor))
        case(f"pixel_unshuffle({factor})", (2, 2 * factor, 3 * factor), nn.PixelUnshuffle(factor))
    for groups in [1, 2, 3, 6]:
        case(f"channel_shuffle({groups})", (6, 2, 1), lambda x: F.channel_shuffle(x, groups))


def parts():
    case("channels(1..4)", (5, 2, 3), lambda x: x[:, 1:4])
    case("channels(0..7)", (9,), lambda x: x[:, :7])
    case("reshape(3x2x4)", (2, 3, 4), lambda x: x.reshape(1, 3, 2, 4))
    case("reshape(24)", (2, 3, 4), lambda x: x.reshape(1, 24))
    case("reshape(2x1x6)", (12,), lambda x: x.reshape(1, 2, 1, 6))
    for size, to in [((5, 6), (2, 3)), ((4, 4), (4, 1)), ((7, 8), (2, 1)), ((9, 6), (2, 5))]:
        case(f"crop({to[0]}x{to[1]})", (2, *size), lambda x: center_crop(x, *to))
    case("crop((1, 0, 2, 3))", (2, 5, 6), lambda x: x[:, :, 1:3, 0:3])


def center_crop(x, height, width):
    """torchvision's `center_crop`, for inputs that are large enough."""
    top = int(round((x.shape[2] - height) / 2.0))
    left = int(round((x.shape[3] - width) / 2.0))
    return x[:, :, top : top + height, left : left + width]


def pads():
    modes = [("", {}), (", value = 1.5", {"value": 1.5})]
    modes += [(", mode = reflect", {"mode": "reflect"}), (", mode = replicate", {"mode": "replicate"})]
    # Top, left, bottom, right.
    for text, (top, left, bottom, right) in [("1", (1, 1, 1, 1)), ("2x1", (2, 1, 2, 1)), ("(0, 3, 2, 1)", (0, 3, 2, 1))]:
        for more, arguments in modes:
            case(f"pad({text}{more})", (2, 3, 4), lambda x: F.pad(x, (left, right, top, bottom), **arguments))
    case("pad(9, mode = replicate)", (1, 1, 2), lambda x: F.pad(x, (9, 9, 9, 9), mode="replicate"))


def main():
    for part in [resizes, shuffles, parts, pads]:
        part()
    torch_cases.write("moves", CASES)


GENERATOR = torch.Generator().manual_seed(1)

if __name__ == "__main__":
    main()
