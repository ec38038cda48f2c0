"""Engines that take turns: each is a process under the protocol of `harness/src/lib.rs`.

Their answers are compared with float64 first. Then they take turns for several rounds; during a turn all other processes are
stopped, so threads that spin while waiting disturb nobody.
"""

import dataclasses
import datetime
import itertools
import json
import os
import select
import signal
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import common


class Failed(Exception):
    """An engine that does not follow the protocol."""


@dataclasses.dataclass
class Task:
    """What an engine is asked."""

    # The program and the arguments before `NET THREADS OUTPUT`.
    command: list
    # Its answer in float64.
    expected: np.ndarray
    # Relative to the answer's largest magnitude.
    tolerance: float
    # Seconds for loading the net, and for one turn.
    patience: float = 240


class Engine:
    """A process that has loaded a net."""

    def __init__(self, name, task, net, threads):
        self.name, self.patience, self.unread = name, task.patience, b""
        with tempfile.NamedTemporaryFile(suffix=".f32") as output:
            self.log = tempfile.TemporaryFile("w+")
            self.process = subprocess.Popen(
                [*task.command, net, str(threads), output.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=self.log, env=environment(threads), cwd=common.HERE, bufsize=0)
            try:
                if self.line().strip() != "ready":
                    raise Failed("did not get ready")
                self.error = difference(np.fromfile(output.name, "<f4"), task.expected)
                if not self.error <= task.tolerance:
                    raise Failed(f"differs by {self.error:.1e} of the largest expected number")
            except BaseException:
                self.end()
                raise
        self.process.send_signal(signal.SIGSTOP)

    def line(self):
        """Its next answer. Other lines before it, about plugins and the like, are skipped."""
        while True:
            while b"\n" not in self.unread:
                readable, _, _ = select.select([self.process.stdout], [], [], self.patience)
                some = os.read(self.process.stdout.fileno(), 1 << 20) if readable else b""
                if not some:
                    raise Failed(self.reason() if readable else f"no answer in {self.patience:.0f} s")
                self.unread += some
            line, _, self.unread = self.unread.partition(b"\n")
            if line.startswith((b"ready", b"{")):
                return line.decode()

    def reason(self):
        """Why it has ended: the last line that it wrote to its log."""
        self.log.seek(0)
        last = [line for line in self.log.read().splitlines() if line.strip()][-1:]
        return last[0].strip() if last else "ended without an answer"

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


def peak(process):
    """The most memory that a process had so far, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1e3


def environment(threads):
    libraries = Path(np.__file__).parent.parent.glob("onnxruntime/capi/libonnxruntime.so.*")
    return dict(os.environ, OMP_NUM_THREADS=str(threads), ORT_DYLIB_PATH=str(next(libraries, "")),
                PEERS_DIR=str(common.FOLDER))


def difference(found, expected):
    if found.shape != expected.shape:
        raise Failed(f"{found.size} numbers in place of {expected.size}")
    return float(abs(found - expected).max() / abs(expected).max())


def busy():
    """Seconds in which the processors were busy, since the start."""
    numbers = [int(number) for number in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")


def summary(times):
    ordered = sorted(itertools.chain.from_iterable(times))
    return {"min_ms": ordered[0] / 1e6, "median_ms": statistics.median(ordered) / 1e6} if ordered else None


def compare(net, threads, tasks, rounds, seconds, least):
    """Rows of the results, one per engine; `tasks` are by engine, `seconds` and `least` runs are of one turn."""
    rows, running, start, before = {}, [], datetime.datetime.now(), busy()

    def failed(name, failure):
        rows[name] = {"net": net, "threads": threads, "engine": name, "failed": str(failure)}
        print(f"  {name}: {failure}", flush=True)

    try:
        for name, task in tasks.items():
            try:
                running.append(Engine(name, task, net, threads))
                rows[name] = {"net": net, "threads": threads, "engine": name, "error": running[-1].error, "wall": [], "cpu": []}
            except (Failed, OSError) as failure:
                failed(name, failure)
        for number in range(rounds):
            # Each round begins with another engine.
            first = number % max(1, len(running))
            for engine in running[first:] + running[:first]:
                try:
                    wall, cpu = engine.turn(seconds, least)
                except (Failed, OSError) as failure:
                    failed(engine.name, failure)
                    running.remove(engine)
                    engine.end()
                    continue
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
