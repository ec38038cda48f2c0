#!/usr/bin/env python3
"""Writes cnn-import/tests/exported: the nets of python/tests/nets.py, as `cnn_export` exports them. Needs torch."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "python" / "tests")]

import cnn_export  # noqa: E402
import nets  # noqa: E402

FOLDER = ROOT / "cnn-import" / "tests" / "exported"


def main():
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or nets.NETS:
        model, shape = nets.made(name)
        cnn_export.export(model, shape, FOLDER / f"{name.lower()}.json")


if __name__ == "__main__":
    main()
