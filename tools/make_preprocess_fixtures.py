"""Writes the fixtures of `cnn-preprocess/tests/torchvision.rs`: what torchvision, Pillow and OpenCV make of a picture.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 torchvision==0.29.2 pillow==13.0.0 numpy==2.4.6 opencv-python-headless==5.0.0.93
    venv/bin/python tools/make_preprocess_fixtures.py

Each case is a file `cnn-preprocess/tests/data/CASE.png`. Its name says what was done to the photograph, in this order:
turned by 90 degrees or not, reduced to its upper left WIDTHxHEIGHT pixels, made grey or not, resized (`short` side,
`bicubic` for the same with that filter, `square`, `exact` to WIDTHxHEIGHT, to `cover` the crop, or as a `letterbox` of YOLOv5,
which reduces by Pillow, with antialiasing, or by OpenCV (`opencv`), without), cropped to a square or to WIDTHxHEIGHT.
"""

import re
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps
from torchvision.transforms import functional as F

DATA = Path(__file__).resolve().parent.parent / "cnn-preprocess/tests/data"
PHOTOGRAPH = DATA / "chelsea.png"
CASES = [
    "451x300-short256-crop224",
    "100x80-short256-crop224",
    "224x224-short256-crop224",
    "turned-300x451-short97-crop84",
    "333x250-short232-crop64",
    "451x9-short61-crop56",
    "3x300-short61-crop56",
    "1x1-short61-crop56",
    "64x65-short64-crop56",
    "451x300-square64-crop56",
    "451x300-short16-crop15",
    "50x40-short20-crop41",
    "37x23-grey-square28-crop32",
    "451x300-bicubic256-crop224",
    "100x80-bicubic256-crop224",
    "451x300-bicubic16-crop15",
    "3x300-bicubic61-crop56",
    # Inputs that are not square: wide and upright pictures in wide and upright inputs.
    "451x300-short90-crop160x80",
    "451x300-short90-crop80x160",
    "turned-300x451-short90-crop160x81",
    "1x300-short20-crop31x47",
    "451x300-exact120x90-crop100x81",
    "turned-300x451-exact119x91-crop120x90",
    "1x1-exact33x8-crop33x8",
    "30x20-exact61x13-crop40x15",
    "451x300-cover-crop120x90",
    "451x300-cover-crop61x100",
    "turned-300x451-cover-crop120x90",
    "40x31-cover-crop120x47",
    "451x3-cover-crop32x25",
    "1x1-cover-crop9x4",
    "451x300-letterbox-crop120x90",
    "451x300-letterbox-crop61x100",
    "turned-300x451-letterbox-crop120x90",
    "40x31-letterbox-crop100",
    "451x1-letterbox-crop64x32",
    "1x300-letterbox-crop64x32",
    "1x1-letterbox-crop9x4",
    "451x300-opencv-letterbox-crop120x90",
    "turned-300x451-opencv-letterbox-crop160",
    "40x31-opencv-letterbox-crop100x120",
    "451x7-opencv-letterbox-crop64",
]
PATTERN = re.compile(
    r"(?P<turned>turned-)?(?P<width>\d+)x(?P<height>\d+)-(?P<grey>grey-)?"
    r"(?P<resize>short|bicubic|square|exact|cover|letterbox|opencv-letterbox)(?P<size>\d+(x\d+)?)?-crop(?P<crop>\d+(x\d+)?)"
)


def width_and_height(size: str) -> tuple[int, int]:
    sides = [int(side) for side in size.split("x")]
    return sides[0], sides[-1]


def letterbox(picture: Image.Image, size: tuple[int, int], by_opencv: bool) -> Image.Image:
    """`letterbox` of YOLOv5's `utils/augmentations.py` with `auto=False`, for a WIDTHxHEIGHT."""
    scale = min(size[1] / picture.height, size[0] / picture.width)
    # At least a line, where OpenCV would fail.
    inner = tuple(max(round(side * scale), 1) for side in picture.size)
    if by_opencv:
        picture = Image.fromarray(cv2.resize(np.asarray(picture), inner, interpolation=cv2.INTER_LINEAR))
    else:
        picture = picture.resize(inner, Image.Resampling.BILINEAR)
    framed = Image.new(picture.mode, size, (114, 114, 114))
    framed.paste(picture, tuple(round((side - part) / 2 - 0.1) for side, part in zip(size, inner)))
    return framed


def prepare(case: str) -> Image.Image:
    how = PATTERN.fullmatch(case)
    picture = Image.open(PHOTOGRAPH).convert("RGB")
    if how["turned"]:
        picture = picture.transpose(Image.Transpose.ROTATE_270)  # clockwise
    picture = picture.crop((0, 0, int(how["width"]), int(how["height"])))
    if how["grey"]:
        picture = picture.convert("L")
    crop = width_and_height(how["crop"])
    match how["resize"]:
        case "letterbox" | "opencv-letterbox":
            return letterbox(picture, crop, how["resize"] == "opencv-letterbox")
        case "cover":
            picture = ImageOps.cover(picture, crop, Image.Resampling.BILINEAR)
        case "square" | "exact":
            size = width_and_height(how["size"])
            picture = F.resize(picture, [size[1], size[0]], F.InterpolationMode.BILINEAR, antialias=True)
        case "short":
            picture = F.resize(picture, [int(how["size"])], F.InterpolationMode.BILINEAR, antialias=True)
        case "bicubic":
            picture = F.resize(picture, [int(how["size"])], F.InterpolationMode.BICUBIC, antialias=True)
    return F.center_crop(picture, [crop[1], crop[0]])


if __name__ == "__main__":
    for case in CASES:
        # Without the colour profile, which Pillow would copy from the photograph.
        prepare(case).save(DATA / f"{case}.png", optimize=True, icc_profile=None)
