#!/usr/bin/env python3
"""What bounds the layers of a net: `cnn bench NET --layers --json | tools/bounds.py --bandwidth 45`.

For each layer: the time of its multiplications at the core's peak (those of its algorithm, so fewer than declared with
Winograd's), the time to read its weights from memory, and the longer of the two as a share of the measured time. A layer
that skips zeros computes and reads less: `--nonzero fc6=0.66` gives the remaining share. Layers under 1 % of the time are
summed up. Prints Markdown.
"""

import argparse
import json
import re
import sys

SHAPES = re.compile(r"(\d+)x(\d+)x(\d+) -> (?:(\d+)x(\d+)x(\d+)|(\d+)): ")
KERNEL = re.compile(r"conv (\d+)x")
WINOGRAD = re.compile(r"F\((\d), (\d)\)")
PLANAR = re.compile(r"F\((\d)x1, (\d)x\d\)")


def work(layer):
    """Actual multiplications, and floats of packed weights."""
    macs, shapes = layer["macs"], SHAPES.match(layer["does"])
    if not macs:
        return 0, 0
    height, width = (int(shapes[5]), int(shapes[6])) if shapes and shapes[5] else (1, 1)
    if re.search(r"(max|avg)_pool 2x2", layer["does"]):
        height, width = 2 * height, 2 * width
    planar = PLANAR.match(layer["algorithm"] or "")
    if planar:
        tile, taps = map(int, planar.groups())
        products = (tile + taps - 1) / taps
        return macs * products * -(-height // tile) / height, macs / (height * width) * products
    winograd = WINOGRAD.match(layer["algorithm"] or "")
    if not winograd:
        return macs, macs / (height * width)
    tile, taps = map(int, winograd.groups())
    products = (tile + taps - 1) ** 2
    # A stride splits a filter into one per phase.
    kernel, stride = int(KERNEL.search(layer["does"])[1]), round(int(shapes[2]) / height)
    filters = stride**2 * macs / (height * width * kernel**2)
    tiles = -(-height // tile) * -(-width // tile)
    return filters * products * tiles, filters * products


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bandwidth", type=float, required=True, help="GB/s that one core reads from memory")
    parser.add_argument("--nonzero", action="append", default=[], metavar="LAYER=SHARE", help="inputs that are not zero")
    options = parser.parse_args()
    nonzero = {layer: float(share) for layer, share in (pair.split("=") for pair in options.nonzero)}
    report = json.load(sys.stdin)
    if report.get("layers") is None or report["threads"] != 1:
        sys.exit("this needs the output of `cnn bench NET --layers --json` on one thread")
    peak, total = report["peak_gflops"], sum(layer["min_ms"] for layer in report["layers"])
    small = sum(4 * work(layer)[1] for layer in report["layers"]) < 1e6
    print(f"{report['net']}: {total:.4g} ms, {peak:.0f} GFLOP/s at most\n")
    print("| layer | µs | share | arithmetic, µs | weights, µs | bound by | of the bound |")
    print("| --- | ---: | ---: | ---: | ---: | --- | ---: |")
    rest, arithmetic_time, weights_time = [], 0.0, 0.0
    for layer in report["layers"]:
        macs, floats = (count * nonzero.get(layer["name"], 1.0) for count in work(layer))
        micros = 1e3 * layer["min_ms"]
        arithmetic, weights = 2e-3 * macs / peak, 0.0 if small else 4e-3 * floats / options.bandwidth
        arithmetic_time, weights_time = arithmetic_time + arithmetic, weights_time + weights
        if micros < 10 * total:
            rest.append(micros)
            continue
        name, does = layer["name"], layer["does"].partition(": ")[2] or layer["does"]
        bound, least = ("memory", weights) if weights > arithmetic else ("arithmetic", arithmetic)
        cells = [f"{arithmetic:.1f}", f"{weights:.1f}", bound, f"{least / micros:.0%}"] if macs else ["", "", "its map", ""]
        print(f"| {name}: {does} | {micros:.1f} | {micros / total / 10:.1f} % |", " | ".join(cells), "|")
    print(f"| {len(rest)} others | {sum(rest):.1f} | {sum(rest) / total / 10:.1f} % | | | | |")
    print(f"\nAll arithmetic: {arithmetic_time / 1e3:.4g} ms; all weights: {weights_time / 1e3:.4g} ms.")


if __name__ == "__main__":
    main()
