"""Time from a program's start to its first answer, and its peak memory: `cold.py [NET ...]`.

Each program loads a net, runs it once on one thread, and prints a number of the answer. They are started in turns, 21 times
each, with their files in the page cache. The time is from just before the start until the program has printed or, if it writes a
file, has ended. Memory is the largest resident set of one more start, as reported by GNU time, because a process started from
Python inherits Python's. Programs that are not built are left out. The results are also written to `cold.json`.
"""

import datetime
import json
import os
import statistics
import subprocess
import sys
import time

import common
from run import machine, versions
from turns import environment

STARTS = 21


def programs(net):
    """Commands by label."""
    native, ours = common.FOLDER / "target/release", common.FOLDER / "target-ours/release"
    once = [net, "1", "--once"]
    found = {
        "this project, embedded": [ours / "peer-embedded", *once] if net == "resnet50" else [common.FOLDER / "target-ours/small/first"],
        "this project, embedded, exact": [ours / "peer-embedded-exact", *once],
        "this project, from a file": [ours / "peer-ours", *once],
        "cnn run": [ours / "cnn", "run", net, "--weights", common.NETS / f"{net}.safetensors", "--input",
                            common.NETS / f"{net}.input.safetensors", "--output", common.FOLDER / "output.safetensors"],
        "rten": [native / "peer-rten", *once],
        "Burn": [common.FOLDER / "target-burn/release/peer-burn", *once],
        "candle": [native / "peer-candle", *once],
        "tract": [native / "peer-tract", *once],
        "ONNX Runtime": [native / "peer-onnxruntime", *once],
    }
    if net != "resnet50":
        del found["this project, embedded, exact"]
    return {name: command for name, command in found.items() if command[0].exists()}


def start(command):
    """Milliseconds to the first answer, and of CPU time."""
    answer, write = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_CLOSE, answer)]
    begin = time.perf_counter()
    process = os.posix_spawn(command[0], command, environment(1), file_actions=actions)
    os.close(write)
    os.read(answer, 4096)
    elapsed = time.perf_counter() - begin
    while os.read(answer, 4096):
        pass
    os.close(answer)
    _, status, used = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{command[0]} failed")
    return 1e3 * elapsed, 1e3 * (used.ru_utime + used.ru_stime)


def memory(command):
    """Peak memory in megabytes."""
    time_program = "/usr/bin/time"
    if not os.path.exists(time_program):
        raise SystemExit("GNU time is missing, which tells memory: on Debian, `apt-get install time`")
    done = subprocess.run([time_program, "-f", "%M", *command], env=environment(1), capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-1]) * 1024 / 1e6


def main():
    rows = []
    for net in sys.argv[1:] or ["lenet5", "resnet50"]:
        print(f"\n| {common.TITLES[net]} | first answer, ms: median (least) | on a processor, ms | memory, MB | executable, MB |")
        print("| --- | ---: | ---: | ---: | ---: |")
        chosen = {name: [os.fspath(word) for word in command] for name, command in programs(net).items()}
        starts = {name: [] for name in chosen}
        for _ in range(STARTS):
            for name, command in chosen.items():
                starts[name].append(start(command))
        for name, command in chosen.items():
            elapsed, cpu = zip(*starts[name], strict=True)
            size = os.path.getsize(command[0]) / 1e6
            row = {"net": net, "program": name, "median_ms": statistics.median(elapsed), "min_ms": min(elapsed),
                   "cpu_ms": statistics.median(cpu), "memory_mb": memory(command), "size_mb": size}
            rows.append(row)
            print(f"| {name} | {row['median_ms']:.1f} ({row['min_ms']:.1f}) | {row['cpu_ms']:.1f} | {row['memory_mb']:.1f} |"
                  f" {size:.1f} |", flush=True)
    results = {"date": datetime.date.today().isoformat(), "machine": machine(), "starts": STARTS,
               "versions": versions(["ours", "rten", "candle", "tract", "onnxruntime"]), "rows": rows}
    (common.FOLDER / "cold.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
