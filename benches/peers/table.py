"""Prints results as tables in Markdown: `table.py [RESULTS.json] [--clock cpu] [--brief]`."""

import argparse
import json
import sys
from pathlib import Path

import common

LABELS = {"ours": "this project", "ours-f16": "this project, f16", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "torch": "PyTorch (AOTInductor)",
          "torch-eager": "PyTorch (eager)", "litert": "LiteRT", "burn": "Burn"}


def label(engine):
    return LABELS.get(engine, engine)


def load(path):
    """The results, and the times of each net and number of threads: `{(net, threads): {engine: row}}`."""
    results = json.loads(path.read_text())
    groups = {}
    for row in results["rows"]:
        if "failed" not in row:
            groups.setdefault((row["net"], row["threads"]), {})[row["engine"]] = row
    return results, groups


def best_peer(rows, clock):
    """The peer with the smallest median; `None` without peers."""
    peers = [row for engine, row in rows.items() if engine not in common.OURS]
    return min(peers, key=lambda row: row[clock]["median_ms"], default=None)


def digits(milliseconds):
    """Three significant digits, or all before the point."""
    return f"{milliseconds:.4f}" if milliseconds < 0.1 else f"{milliseconds:#.3g}" if milliseconds < 100 else f"{milliseconds:.0f}"


def ratio(rows, clock, ours="ours"):
    best = best_peer(rows, clock)
    return rows[ours][clock]["median_ms"] / best[clock]["median_ms"] if best and ours in rows else None


def full(results, groups, clock):
    """A table for each number of threads: engines by nets."""
    engines = list(dict.fromkeys(row["engine"] for row in results["rows"]))
    for threads in sorted({threads for _, threads in groups}):
        nets = [net for net in common.ALL if (net, threads) in groups]
        print(f"\n{threads} thread{'s' if threads > 1 else ''}: median (least), ms\n")
        print("| |", " | ".join(common.TITLES[net] for net in nets), "|")
        print("| --- |", " | ".join("---:" for _ in nets), "|")
        for engine in engines:
            cells = []
            for net in nets:
                rows = groups[net, threads]
                row = rows.get(engine)
                if row is None:
                    cells.append("–")
                    continue
                cell = f"{digits(row[clock]['median_ms'])} ({digits(row[clock]['min_ms'])})"
                cells.append(f"**{cell}**" if row is best_peer(rows, clock) else cell)
            if any(cell != "–" for cell in cells):
                print(f"| {label(engine)} |", " | ".join(cells), "|")
        for ours in common.OURS:
            ratios = [ratio(groups[net, threads], clock, ours) for net in nets]
            if any(value is not None for value in ratios):
                cells = ["–" if value is None else f"{value:.2f}" for value in ratios]
                print(f"| {label(ours)} / best peer |", " | ".join(cells), "|")


def brief(groups, clock):
    """One table, as in the repository's README."""
    counts = sorted({threads for _, threads in groups})
    print("| net |", " | ".join(f"{count} thread{'s' if count > 1 else ''} | best peer | ratio" for count in counts), "|")
    print("| --- |", " | ".join("---: | ---: | ---:" for _ in counts), "|")
    for net in common.ALL:
        if all((net, count) not in groups for count in counts):
            continue
        cells = []
        for rows in (groups.get((net, threads), {}) for threads in counts):
            best, ours = best_peer(rows, clock), rows.get("ours")
            cells.append(f"{digits(ours[clock]['median_ms'])} ms" if ours else "–")
            cells.append(f"{digits(best[clock]['median_ms'])} ms, {label(best['engine'])}" if best else "–")
            cells.append("–" if ratio(rows, clock) is None else f"{ratio(rows, clock):.2f}")
        print(f"| {common.TITLES[net]} |", " | ".join(cells), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=common.FOLDER / "results.json")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall",
                        help="cpu: time on a processor, which other programs do not prolong; right for one thread only")
    parser.add_argument("--brief", action="store_true", help="the table of the README")
    options = parser.parse_args()
    if not options.results.exists():
        sys.exit(f"{options.results} is missing: run.py writes it")
    results, groups = load(options.results)
    if options.brief:
        brief(groups, options.clock)
        return
    machine = results["machine"]
    print(f"{results['date']}, {machine['cpu']}, {machine['cores']} cores, {' '.join(machine['vectors'])};"
          f" {machine['system']}, {machine['rustc']}.")
    print("Versions: " + ", ".join(f"{label(engine)} {version}" for engine, version in results["versions"].items()) + ".")
    full(results, groups, options.clock)
    failed = [row for row in results["rows"] if "failed" in row]
    if failed:
        print("\nNot timed: " + "; ".join(f"{label(r['engine'])} on {r['net']}, {r['threads']}: {r['failed']}" for r in failed))
    worst = max((row["error"] for rows in groups.values() for row in rows.values()), default=0)
    others = [row["others"] for rows in groups.values() for row in rows.values()]
    print(f"\nAll outputs are within {worst:.0e} of the largest logit in float64. Other programs used "
          f"{min(others, default=0):.2f} to {max(others, default=0):.2f} processors meanwhile.")


if __name__ == "__main__":
    main()
