"""Times the nets in every engine, in turns, and writes `results.json`; `--help` lists the options.

For each net and number of threads, every engine is a separate process that has loaded the net (`harness/src/lib.rs` has
the protocol). Their answers are compared with float64 first. Then they take turns for several rounds; during a turn all other
processes are stopped, so threads that spin while waiting disturb nobody.
"""

import argparse
import datetime
import itertools
import json
import os
import platform
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import common
from common import OURS

# Relative to the largest magnitude of the logits in float64, with a separate one for weights in half precision.
TOLERANCE = 1e-4
TOLERANCES = {"ours-f16": 1e-3}
# For loading a net, and for one turn.
PATIENCE = 240
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


class Failed(Exception):
    """An engine that does not follow the protocol."""


class Engine:
    """A process that has loaded a net."""

    def __init__(self, name, net, threads):
        self.name, self.unread = name, b""
        with tempfile.NamedTemporaryFile(suffix=".f32") as output:
            self.log = tempfile.TemporaryFile("w+")
            self.process = subprocess.Popen(
                [*command(name), net, str(threads), output.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=self.log, env=environment(threads), cwd=common.HERE, bufsize=0)
            try:
                if self.line().strip() != "ready":
                    raise Failed("did not get ready")
                self.error = difference(output.name, net)
                if not self.error <= TOLERANCES.get(name, TOLERANCE):
                    raise Failed(f"differs by {self.error:.1e} of the largest logit")
            except Failed:
                self.process.kill()
                raise
        self.process.send_signal(signal.SIGSTOP)

    def line(self):
        """Its next answer. Other lines before it, about plugins and the like, are skipped."""
        while True:
            while b"\n" not in self.unread:
                readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
                some = os.read(self.process.stdout.fileno(), 1 << 20) if readable else b""
                if not some:
                    self.log.seek(0)
                    last = [line for line in self.log.read().splitlines() if line.strip()][-1:]
                    raise Failed(last[0] if last else "no answer")
                self.unread += some
            line, _, self.unread = self.unread.partition(b"\n")
            if line.startswith((b"ready", b"{")):
                return line.decode()

    def turn(self, seconds, least):
        """Nanoseconds of runs: wall-clock and CPU time."""
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(f"run {seconds} {least}\n".encode())
        times = json.loads(self.line())
        self.process.send_signal(signal.SIGSTOP)
        return times["wall"], times["cpu"]

    def used(self):
        """Seconds of CPU time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.kill()
        self.process.wait()


def command(engine):
    if engine in NATIVE:
        return [NATIVE[engine], *(["--f16"] if engine == "ours-f16" else [])]
    return [sys.executable, common.HERE / "engines.py", engine]


def environment(threads):
    libraries = Path(np.__file__).parent.parent.glob("onnxruntime/capi/libonnxruntime.so.*")
    return dict(os.environ, OMP_NUM_THREADS=str(threads), ORT_DYLIB_PATH=str(next(libraries, "")),
                PEERS_DIR=str(common.FOLDER))


def difference(path, net):
    expected = np.fromfile(common.NETS / f"{net}.expected.f64", "<f8")
    found = np.fromfile(path, "<f4")
    if found.shape != expected.shape:
        raise Failed(f"{found.size} logits in place of {expected.size}")
    return float(abs(found - expected).max() / abs(expected).max())


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


def busy():
    """Seconds in which the processors were busy, since the start."""
    numbers = [int(number) for number in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")


def summary(times):
    ordered = sorted(itertools.chain.from_iterable(times))
    return {"min_ms": ordered[0] / 1e6, "median_ms": statistics.median(ordered) / 1e6} if ordered else None


def compare(net, threads, chosen, options):
    """Rows of the results, one per engine."""
    rows, running, start, before = {}, [], datetime.datetime.now(), busy()
    try:
        for name in chosen:
            rows[name] = row = {"net": net, "threads": threads, "engine": name}
            try:
                running.append(Engine(name, net, threads))
                row.update(error=running[-1].error, wall=[], cpu=[])
            except Failed as failure:
                row["failed"] = str(failure)
                print(f"  {name}: {failure}", flush=True)
        for number in range(options.rounds):
            # Each round begins with another engine.
            first = number % max(1, len(running))
            for engine in running[first:] + running[:first]:
                wall, cpu = engine.turn(options.seconds, -(-options.least // options.rounds))
                rows[engine.name]["wall"].append(wall)
                rows[engine.name]["cpu"].append(cpu)
        others = busy() - before - sum(engine.used() for engine in running)
    finally:
        for engine in running:
            engine.end()
    elapsed = (datetime.datetime.now() - start).total_seconds()
    for row in rows.values():
        if "wall" in row:
            row.update(runs=sum(map(len, row["wall"])), rounds=[summary([wall])["median_ms"] for wall in row["wall"]],
                       wall=summary(row["wall"]), cpu=summary(row["cpu"]), others=round(max(0.0, others) / elapsed, 2))
            print(f"  {row['engine']:12} {row['wall']['median_ms']:9.4f} ({row['wall']['min_ms']:.4f}) ms,"
                  f" {row['runs']} runs, differs by {row['error']:.0e}")
    print(f"  took {elapsed:.0f} s; other processes used {max(0.0, others) / elapsed:.2f} processors", flush=True)
    return list(rows.values())


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
        results["rows"] = [row for row in results["rows"] if row not in here] + compare(net, threads, chosen, options)
        options.output.write_text(json.dumps(results, indent=1))
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
