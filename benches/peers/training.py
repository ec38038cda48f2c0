"""The time of a training step here and in PyTorch (eager and compiled, in both layouts), candle and Burn, in turns, as Markdown.

    work/venv/bin/python training.py [NET ...] [--engines ours torch-nhwc ...] [--threads 1 2] [--rounds 3] [--clock cpu]

Every engine is a process with the same weights, the same minibatch and SGD (`turns.py`), and is timed only if the losses of its first three
steps are right. Each turn is two seconds or three steps. What counts is the ratio of medians. CPU time is less disturbed by other
programs, but says nothing of several threads. `--memory` shows the most memory of each engine on one thread instead, after three
steps: of PyTorch's, what it had after it was imported is not counted.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

import common
from table import digits
from turns import Engine, Failed, Task, compare, peak

NETS = {"lenet5": "LeNet-5, 64", "resnet20": "ResNet-20 on 32x32, 64", "resnet18": "ResNet-18, 8",
        "googlenet": "GoogLeNet with both heads, 4", "head": "the head of ResNet-50, 8"}
TORCH = [sys.executable, common.HERE / "torch_training.py"]
COMMANDS = {
    "ours": [common.FOLDER / "target-ours/release/peer-training"],
    **{name: [*TORCH, name] for name in ("torch-nchw", "torch-nhwc", "compile-nchw", "compile-nhwc")},
    "candle": [common.FOLDER / "target/release/peer-training-candle"],
    "burn": [common.FOLDER / "target-burn/release/peer-training-burn"],
}
# Columns of the table, with the engines of which the fastest counts.
COLUMNS = {"this project": ["ours"], "PyTorch": ["torch-nchw", "torch-nhwc"], "torch.compile": ["compile-nchw", "compile-nhwc"],
           "candle": ["candle"], "Burn": ["burn"]}
# Of the losses: relative to their change in three steps, so that wrong gradients are found; and relative to the largest, where
# dropout makes them random.
TOLERANCE = 0.05
RANDOM = {"googlenet": 0.05}
# For loading and compiling a net, and for one turn.
PATIENCE = 1800


def task(net, engine):
    # candle's SGD has no momentum and no weight decay.
    expected = np.fromfile(common.NETS / f"{net}.{'plain-losses' if engine == 'candle' else 'losses'}.f64", "<f8")
    tolerance = RANDOM.get(net, TOLERANCE * np.ptp(expected) / abs(expected).max())
    return Task(COMMANDS[engine], expected, tolerance, PATIENCE)


def write(net):
    """Writes the net's weights and losses, unless they exist. The losses are written last."""
    if not (common.NETS / f"{net}.plain-losses.f64").exists():
        subprocess.run([*TORCH, "write", net], check=True)


def table(rows, threads, clock):
    """The measured nets in Markdown, and what failed."""
    lines = [f"{clock} time of a step on {threads} thread{'s' if threads > 1 else ''}, median (least), ms", "",
             f"| net, images of a minibatch | {' | '.join(COLUMNS)} | of the best peer |", f"| --- |{' ---: |' * (len(COLUMNS) + 1)}"]
    for net in dict.fromkeys(row["net"] for row in rows):
        times = {row["engine"]: row[clock] for row in rows if row["net"] == net and "failed" not in row}
        median = lambda engine: times[engine]["median_ms"]
        best = {column: min(found, key=median) for column, engines in COLUMNS.items() if (found := times.keys() & set(engines))}
        peers = [engine for column, engine in best.items() if column != "this project"]
        fastest = min(peers, key=median, default=None)
        tried = {row["engine"] for row in rows if row["net"] == net}
        cells = [
            cell(times[best[column]], best[column], best[column] == fastest) if column in best
            else "failed" if tried & set(engines) else ""
            for column, engines in COLUMNS.items()
        ]
        ratio = f"{median('ours') / median(fastest):.2f} of {fastest}" if "ours" in times and fastest else ""
        lines.append(f"| {NETS[net]} | {' | '.join(cells)} | {ratio} |")
    lines += [""] + [f"- {row['net']}, {row['engine']}: {row['failed']}" for row in rows if "failed" in row]
    others = [row["others"] for row in rows if "others" in row]
    return "\n".join([*lines, f"Other programs used {min(others):.2f} to {max(others):.2f} processors." if others else ""])


def cell(times, engine, fastest):
    layout = engine.partition("-")[2]
    text = f"{digits(times['median_ms'])} ({digits(times['min_ms'])})" + (f" {layout}" if layout else "")
    return f"**{text}**" if fastest else text


def memory(net, engines):
    """A line with the most memory of the engines, in MB."""
    script = "import torch_training, turns, os; print(turns.peak(os.getpid()))"
    imported = float(subprocess.run([sys.executable, "-c", script], cwd=common.HERE, check=True, stdout=subprocess.PIPE).stdout)
    shown = []
    for name in engines:
        try:
            engine = Engine(name, task(net, name), net, 1)
        except (Failed, OSError) as failure:
            shown.append(f"{name} failed: {failure}")
            continue
        shown.append(f"{name} {peak(engine.process.pid) - (imported if COMMANDS[name][:2] == TORCH else 0):.0f}")
        engine.end()
    return f"{net}, MB: {', '.join(shown)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("nets", nargs="*", default=list(NETS), metavar="NET", help=", ".join(NETS))
    parser.add_argument("--engines", nargs="+", default=list(COMMANDS), choices=COMMANDS)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3, help="turns of each engine (3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of a turn, at least (2)")
    parser.add_argument("--least", type=int, default=3, help="steps of a turn, at least (3)")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--memory", action="store_true", help="memory in place of time; without what is compiled")
    options = parser.parse_args()
    if unknown := set(options.nets) - set(NETS):
        parser.error(f"no such net: {', '.join(sorted(unknown))}; there are {', '.join(NETS)}")
    for net in options.nets:
        write(net)
        if options.memory:
            # A compiler's memory would be counted with the steps'.
            print(memory(net, [name for name in options.engines if not name.startswith("compile")]), flush=True)
    for threads in [] if options.memory else options.threads:
        rows = []
        for net in options.nets:
            print(f"{net}, {threads} thread{'s' if threads > 1 else ''}", flush=True)
            tasks = {name: task(net, name) for name in options.engines}
            rows += compare(net, threads, tasks, options.rounds, options.seconds, options.least)
        print(f"\n{table(rows, threads, options.clock)}\n", flush=True)


if __name__ == "__main__":
    main()
