"""Writes the fixtures of `cnn-preprocess/tests/torchvision.rs`: torchvision's results of resizing and cropping a picture.

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 torchvision==0.29.2 pillow==13.0.0 numpy==2.4.6
    venv/bin/python tools/make_preprocess_fixtures.py

Each case is a file `cnn-preprocess/tests/data/CASE.png`. Its name says what was done to the photograph, in this order:
turned by 90 degrees or not, reduced to its upper left WIDTHxHEIGHT pixels, made grey or not, resized (`short` side,
`bicubic` for the same with that filter, or `square`), cropped.
"""

import re
from pathlib import Path

from PIL import Image
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
]
PATTERN = re.compile(r"(turned-)?(\d+)x(\d+)-(grey-)?(short|bicubic|square)(\d+)-crop(\d+)")


def prepare(case: str) -> Image.Image:
    turned, width, height, grey, resize, side, crop = PATTERN.fullmatch(case).groups()
    picture = Image.open(PHOTOGRAPH).convert("RGB")
    if turned:
        picture = picture.transpose(Image.Transpose.ROTATE_270)  # clockwise
    picture = picture.crop((0, 0, int(width), int(height)))
    if grey:
        picture = picture.convert("L")
    side = int(side)
    filtered = F.InterpolationMode.BICUBIC if resize == "bicubic" else F.InterpolationMode.BILINEAR
    picture = F.resize(picture, [side, side] if resize == "square" else [side], filtered, antialias=True)
    return F.center_crop(picture, [int(crop)])


if __name__ == "__main__":
    for case in CASES:
        # Without the colour profile, which Pillow would copy from the photograph.
        prepare(case).save(DATA / f"{case}.png", optimize=True, icc_profile=None)
