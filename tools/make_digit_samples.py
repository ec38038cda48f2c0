"""Makes the pictures in `digits/samples/`: digits as users would have them, on paper, on a board, in a photograph.

    python3 -m venv venv
    venv/bin/pip install numpy==2.4.6 pillow==13.0.0
    venv/bin/python tools/make_digit_samples.py

Each digit is a few strokes through points in a unit square (`GLYPHS`), drawn with a pen that shakes a little, then put
on a background. The name of a picture begins with the digit it shows. The same versions reproduce the same pixels.
"""

import gzip
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "digits/samples"
OVERSAMPLING = 3

# Strokes as points (x, y), y downwards; a curve runs through the points, and a point given twice is a corner.
GLYPHS = {
    0: [[(.55, .02), (.25, .12), (.1, .45), (.2, .85), (.48, .99), (.8, .8), (.9, .45), (.75, .1), (.5, .03)]],
    1: [[(.3, .22), (.42, .15), (.56, .0), (.56, .0), (.53, .5), (.5, 1.)]],
    2: [[(.14, .24), (.25, .06), (.5, .0), (.78, .1), (.82, .33), (.6, .62), (.1, .97), (.1, .97), (.5, .95),
         (.92, .97)]],
    3: [[(.18, .1), (.45, .0), (.78, .1), (.78, .32), (.42, .46), (.42, .46), (.8, .56), (.88, .78), (.6, .98),
         (.15, .92)]],
    4: [[(.35, .0), (.25, .3), (.1, .6), (.1, .6), (.5, .6), (.92, .56)], [(.7, .2), (.68, .6), (.64, 1.)]],
    5: [[(.26, .03), (.23, .22), (.2, .43), (.2, .43), (.5, .36), (.8, .48), (.84, .75), (.6, .98), (.15, .93)],
        [(.26, .03), (.55, .03), (.86, .0)]],
    6: [[(.7, .0), (.4, .2), (.17, .58), (.25, .92), (.55, .99), (.82, .82), (.75, .58), (.5, .52), (.2, .72)]],
    7: [[(.1, .06), (.5, .05), (.88, .03), (.88, .03), (.65, .4), (.48, .7), (.4, 1.)]],
    8: [[(.78, .14), (.5, .0), (.22, .16), (.35, .4), (.72, .6), (.8, .85), (.5, 1.), (.2, .86), (.3, .62),
         (.68, .4), (.82, .2), (.7, .05)]],
    9: [[(.8, .16), (.52, .0), (.2, .14), (.18, .4), (.45, .52), (.76, .36), (.82, .12), (.8, .5), (.7, 1.)]],
}


def spline(points, steps=40):
    """A Catmull-Rom curve through the points, as [N, 2]."""
    p = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:]):
        parts.append(b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate([*parts, p[-1:]])


def ink(size, digit, box, pen, seed, turn=0.0):
    """The ink of each pixel, 0..1, as [H, W]: `digit` in `box` (left, top, width, height), turned by degrees."""
    rng = np.random.default_rng(seed)
    big = Image.new("L", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING))
    draw = ImageDraw.Draw(big)
    angle = np.deg2rad(turn)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    for points in GLYPHS[digit]:
        corners = {p: p + rng.normal(0, 0.012, 2) for p in dict.fromkeys(points)}
        path = (spline([corners[p] for p in points]) - 0.5) @ rotation + 0.5
        path = (path * box[2:] + box[:2]) * OVERSAMPLING
        knots = rng.uniform(0.8, 1.15, 8)
        radii = np.interp(np.linspace(0, 7, len(path)), range(8), knots) * pen * OVERSAMPLING / 2
        for (x, y), (u, v), r in zip(path, path[1:], radii):
            for s in np.linspace(0, 1, 2 + int(np.hypot(u - x, v - y) / max(r / 4, 1))):
                cx, cy = x + (u - x) * s, y + (v - y) * s
                draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=255)
    return np.asarray(big.resize(size, Image.Resampling.BOX), float) / 255


def grain(size, scale, seed):
    """Smooth noise of about -1..1 whose spots are `scale` pixels wide."""
    cells = (max(2, size[0] // scale), max(2, size[1] // scale))
    noise = np.random.default_rng(seed).normal(0, 1, cells[::-1]).astype(np.float32)
    return np.asarray(Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC), float)


def mix(paper, colour, amount):
    """Paints `colour` over `paper` where there is ink."""
    paper = np.broadcast_to(np.asarray(paper, float), (*amount.shape, 3))
    return paper + (np.asarray(colour, float) - paper) * amount[..., None]


def picture(pixels):
    return Image.fromarray(np.clip(np.round(pixels), 0, 255).astype(np.uint8))


def slopes(size):
    """x and y of each pixel in -1..1."""
    return np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]))


def photo(size, digit, box, pen, seed, turn, paper, colour, light):
    """Paper under uneven light, a little out of focus, with a sensor's noise; `light` is the gradient in x and in y."""
    x, y = slopes(size)
    scene = mix(paper, colour, ink(size, digit, box, pen, seed, turn) * (0.92 + 0.05 * grain(size, 6, seed)))
    scene = np.asarray(picture(scene).filter(ImageFilter.GaussianBlur(1.2)), float)
    shade = 0.75 + light[0] * x + light[1] * y - 0.1 * (x * x + y * y) + 0.012 * grain(size, 30, seed + 1)
    noise = np.random.default_rng(seed + 2).normal(0, 5, scene.shape[:2])
    return picture(scene * shade[..., None] + noise[..., None])


def test_digit(digit, nth):
    """The nth image of a digit in the test set, whose digits take turns, 0 to 9."""
    data = gzip.decompress((ROOT / "digits/test-images-idx3-ubyte.gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28)[10 * nth + digit]


def transparent(size, amount):
    """Black ink on a transparent background."""
    alpha = np.round(amount * 255).astype(np.uint8)
    black = np.zeros((*alpha.shape, 3), np.uint8)
    return Image.fromarray(np.dstack([black, alpha]), "RGBA")


def ruled(size, step, both):
    """White paper with pale blue lines, every `step` pixels, down the page and (`both`) across it."""
    lines = np.zeros((size[1], size[0]))
    lines[step // 2::step] = 1
    if both:
        lines[:, step // 2::step] = 1
    return mix((252, 251, 247), (205, 218, 235), lines)


def board(size, digit, box, pen, seed):
    """Chalk, which leaves gaps, on a wiped blackboard."""
    amount = ink(size, digit, box, pen, seed, 4)
    gaps = np.clip(0.85 + 0.3 * grain(size, 2, seed), 0, 1)
    surface = 44 + 5 * grain(size, 60, seed + 1) + 2 * grain(size, 2, seed + 2)
    return picture(mix(surface[..., None] * (0.9, 1.05, 0.97), (232, 232, 224), amount * gaps))


def samples():
    """The pictures: name, picture, options for saving, description."""
    yield ("0-squared-paper.jpg", picture(mix(ruled((420, 420), 30, True), (35, 60, 165), ink(
        (420, 420), 0, (120, 90, 180, 240), 9, 10, -6))), {"quality": 75}, "blue ballpoint on squared paper")
    yield ("1-thin-pen.png", picture(255 - 235 * ink((300, 400), 1, (70, 60, 160, 280), 4, 11)), {},
           "a thin black pen on white, greyscale")
    yield ("2-chalk.jpg", board((480, 360), 2, (140, 60, 180, 240), 17, 12), {"quality": 70}, "chalk on a blackboard")
    yield ("3-photo.jpg", photo((800, 600), 3, (290, 150, 210, 290), 22, 13, 7, (206, 204, 198), (38, 36, 44),
           (.14, .08)), {"quality": 60}, "as photographed: uneven light, noise, turned a little, felt pen")
    yield ("4-thick-pen.png", picture(255 - 255 * ink((280, 280), 4, (50, 40, 180, 200), 28, 14)), {},
           "a thick brush in a paint program, greyscale")
    yield ("5-small-in-a-page.png", picture(mix(255, (10, 10, 10), ink((600, 780), 5, (415, 90, 66, 92), 8, 15)
        )).convert("P", palette=Image.Palette.ADAPTIVE, colors=16), {},
           "small, near a corner of a large page, 16 colours")
    yield ("6-transparent.png", transparent((256, 256), ink((256, 256), 6, (60, 40, 140, 180), 18, 16)), {},
           "black ink on a transparent background")
    yield ("7-thick-pen.png", picture(mix(255, (0, 0, 0), ink((320, 240), 7, (95, 35, 130, 170), 24, 17))), {},
           "a thick pen on a wide white page, in colour mode")
    yield ("7-night-mode.png", picture(mix((18, 18, 20), (250, 240, 120), ink(
        (240, 320), 7, (50, 60, 140, 200), 13, 21, -5))), {}, "yellow on near-black, as drawn on a phone at night")
    yield ("8-lined-paper.jpg", picture(mix(ruled((500, 380), 38, False), (30, 42, 120), ink(
        (500, 380), 8, (185, 95, 120, 180), 7, 18, 5))), {"quality": 75}, "dark blue ink over the lines of lined paper")
    yield ("9-photo.jpg", photo((640, 480), 9, (235, 110, 170, 250), 12, 19, -8, (190, 184, 170), (52, 58, 96),
           (-.16, .1)), {"quality": 60}, "as photographed: greyish paper, darker to the right, ballpoint")
    yield ("2-test-digit.png", Image.fromarray(test_digit(2, 3)), {}, "an unchanged test digit, white on black")
    yield ("5-test-digit-large.jpg", Image.fromarray(255 - test_digit(5, 8)).resize(
        (300, 400), Image.Resampling.BICUBIC), {"quality": 70},
           "a test digit, black on white, enlarged and stretched to 300x400")
    yield ("3-pencil.jpg", photo((520, 400), 3, (190, 90, 150, 210), 7, 20, 4, (246, 246, 242), (138, 138, 142),
           (.05, -.1)), {"quality": 65}, "as photographed: soft grey pencil, little contrast")
    yield ("8-fax.png", picture(255 - 255 * ink((200, 260), 8, (45, 40, 110, 180), 9, 22, -4)).convert(
        "1", dither=Image.Dither.NONE), {}, "one bit per pixel")


README = """# Sample digits

Pictures to try a digit reader on. A name begins with the digit shown. All are drawn by `tools/make_digit_samples.py`, which can
make them again; nobody's handwriting was photographed. They are in the public domain (CC0 1.0), except for the two test digits,
which come from MNIST as described in `../README.md`.

| file | size | shows |
| --- | --- | --- |
"""


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, image, options, what in samples():
        image.save(FOLDER / name, optimize=True, **options)
        rows.append(f"| `{name}` | {image.width}x{image.height} | {what} |\n")
    (FOLDER / "README.md").write_text(README + "".join(sorted(rows)))


if __name__ == "__main__":
    main()
