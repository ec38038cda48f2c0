"""Times the nets in every engine, in turns, and writes `results.json`; `--help` lists the options.

For each net and number of threads, every engine is a separate process that has loaded the net (`turns.py`).
"""

import argparse
import datetime
import itertools
import json
import os
import platform
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import common
from common import OURS
from turns import Task, compare

# Relative to the largest magnitude of the logits in float64, with a separate one for weights in half precision.
TOLERANCE = 1e-4
TOLERANCES = {"ours-f16": 1e-3}
NATIVE = {
    "ours": common.FOLDER / "target-ours/release/peer-ours",
    "ours-f16": common.FOLDER / "target-ours/release/peer-ours",
    "burn": common.FOLDER / "target-burn/release/peer-burn",
    **{name: common.FOLDER / f"target/release/peer-{name}" for name in ("candle", "onnxruntime", "rten", "tract")},
}
PYTHON = {"openvino": "openvino", "ncnn": "ncnn", "torch": "torch", "torch-eager": "torch", "litert": "ai-edge-litert"}
# The package whose version in `Cargo.lock` is an engine's.
CRATES = {"candle": "candle-core", "rten": "rten", "tract": "tract-onnx"}
DEFAULT = ["ours", "ours-f16", "onnxruntime", "openvino", "ncnn", "torch", "litert", "tract", "rten", "candle"]
# LiteRT's files need a converter with many dependencies, except for the net that `tflite.py` writes.
ONLY = {"litert": ["lenet5"], "ours-f16": ["alexnet"], "torch": common.NAMES, "candle": common.NAMES, "burn": common.NAMES}


def command(engine):
    if engine in NATIVE:
        return [NATIVE[engine], *(["--f16"] if engine == "ours-f16" else [])]
    return [sys.executable, common.HERE / "engines.py", engine]


def tasks(net, engines):
    """What the engines are asked, by name."""
    expected = np.fromfile(common.NETS / f"{net}.expected.f64", "<f8")
    return {name: Task(command(name), expected, TOLERANCES.get(name, TOLERANCE)) for name in engines}


def versions(engines):
    lock = tomllib.loads((common.HERE / "Cargo.lock").read_text())["package"]
    crates = {package["name"]: package["version"] for package in lock}
    found = {}
    for engine in engines:
        if engine in OURS:
            git = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=common.ROOT, capture_output=True, text=True)
            found[engine] = git.stdout.strip()
        elif engine in CRATES:
            found[engine] = crates[CRATES[engine]]
        elif engine == "burn":
            burn = tomllib.loads((common.HERE / "burn/Cargo.toml").read_text())
            found[engine] = burn["dependencies"]["burn"]["version"].lstrip("=")
        else:
            try:
                found[engine] = version(PYTHON.get(engine, engine))
            except PackageNotFoundError:
                found[engine] = "not installed"
    return found


def machine():
    info = Path("/proc/cpuinfo").read_text()
    field = lambda name: next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith(name)), "")
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, cwd=common.ROOT).stdout.strip()
    return {"cpu": f"{field('model name')} (family {field('cpu family')}, model {field('model')})", "cores": os.cpu_count(),
            "vectors": [flag for flag in ("avx2", "fma", "avx512f", "avx512_vnni", "asimd") if flag in field("flags").split()],
            "system": f"{platform.system()} {platform.release()}", "rustc": rustc, "python": platform.python_version()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--nets", nargs="+", default=common.NAMES, choices=common.ALL)
    parser.add_argument("--engines", nargs="+", default=DEFAULT, choices=[*NATIVE, *PYTHON])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each engine (5)")
    parser.add_argument("--seconds", type=float, default=0.4, help="of a turn, at least (0.4)")
    parser.add_argument("--least", type=int, default=15, help="runs of each engine over all rounds, at least (15)")
    parser.add_argument("--output", type=Path, default=common.FOLDER / "results.json")
    parser.add_argument("--resume", action="store_true", help="go on with the output: what it has is kept and not timed again")
    parser.add_argument("--again", action="store_true", help="time the chosen nets again; the output keeps what it has of others")
    options = parser.parse_args()

    results = {"date": datetime.date.today().isoformat(), "machine": machine(), "versions": versions(options.engines), "rows": []}
    if (options.resume or options.again) and options.output.exists():
        old = json.loads(options.output.read_text())
        results["rows"] = old["rows"]
        results["versions"] = old["versions"] | results["versions"]
    for net, threads in itertools.product(options.nets, options.threads):
        chosen = [engine for engine in options.engines if net in ONLY.get(engine, common.ALL)]
        here = [row for row in results["rows"] if (row["net"], row["threads"]) == (net, threads)]
        if options.resume and {row["engine"] for row in here} >= set(chosen):
            continue
        print(f"{net}, {threads} thread{'s' if threads > 1 else ''}", flush=True)
        least = -(-options.least // options.rounds)
        rows = compare(net, threads, tasks(net, chosen), options.rounds, options.seconds, least)
        results["rows"] = [row for row in results["rows"] if row not in here] + rows
        options.output.write_text(json.dumps(results, indent=1))
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
