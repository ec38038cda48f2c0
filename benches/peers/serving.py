"""The protocol of `harness/src/lib.rs`, for engines that are called from Python."""

import json
import sys
import time

import numpy as np


def serve(run, answer, output):
    """Like `Job::serve`: `run` runs the net, and `answer` gives what is written to the file `output`."""
    run()
    np.asarray(answer(), "<f4").ravel().tofile(output)
    print("ready", flush=True)
    for line in sys.stdin:
        _, seconds, least = line.split()
        wall, cpu = measure(run, float(seconds), int(least))
        print(json.dumps({"wall": wall, "cpu": cpu}), flush=True)


def measure(run, seconds, least):
    """Like `measure` in `harness/src/lib.rs`."""
    wall_clock, cpu_clock = time.perf_counter_ns, time.process_time_ns
    warm = wall_clock() + 0.2e9 * seconds
    run()
    while wall_clock() < warm:
        run()
    wall, cpu = [], []
    group = start = wall_clock()
    group_cpu, group_runs = cpu_clock(), 0
    while True:
        before = wall_clock()
        run()
        after = wall_clock()
        wall.append(after - before)
        group_runs += 1
        if after - group >= 1_000_000:
            now = cpu_clock()
            cpu.append((now - group_cpu) // group_runs)
            group, group_cpu, group_runs = wall_clock(), now, 0
        if len(wall) >= 20_000 or len(wall) >= least and after - start >= 1e9 * seconds:
            return wall, cpu
